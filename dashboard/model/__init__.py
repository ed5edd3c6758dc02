"""Frozen values that every other room speaks in: acquisitions, views, handling, errors."""
