"""Maxar."""
