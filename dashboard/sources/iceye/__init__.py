"""ICEYE, current and legacy."""
