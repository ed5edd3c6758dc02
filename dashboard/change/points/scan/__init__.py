"""The change points of every pixel of a stack."""
