"""Umbra."""
