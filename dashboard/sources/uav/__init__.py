"""Drone mosaics."""
