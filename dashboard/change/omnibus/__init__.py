"""The sequential omnibus test: at which dates of a stack each pixel changed."""

from dashboard.change.omnibus.levels import Gate
from dashboard.change.omnibus.sequential import Direction, sequential_omnibus

__all__ = ["Direction", "Gate", "sequential_omnibus"]
