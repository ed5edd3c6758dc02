"""Commands, each a few lines over a workflow."""
