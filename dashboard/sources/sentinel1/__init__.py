"""Sentinel-1 SAFE."""
