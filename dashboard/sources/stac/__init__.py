"""STAC in."""
