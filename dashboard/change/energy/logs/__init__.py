"""Logarithms of a stack, row by row, and what sums of them say."""
