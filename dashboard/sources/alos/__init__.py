"""ALOS-2 and ALOS-4."""
