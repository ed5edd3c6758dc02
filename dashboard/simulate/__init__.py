"""Synthetic scenes and stacks whose truth is known."""
