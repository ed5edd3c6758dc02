"""Nightglass: SAR timelines, detected changes and frontlines over one map, and marked briefings from any view."""

__version__ = "0.1.0"
