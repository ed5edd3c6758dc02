"""Capella."""
