"""Annotations in files of other programs."""
