"""Use cases with progress and cancel: ingest, detect, compare fronts, brief."""
