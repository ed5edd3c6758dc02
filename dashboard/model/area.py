"""A named piece of ground that people return to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Area:
    """A name and its bounding box."""

    name: str
    bbox: tuple[float, float, float, float]
    """(west, south, east, north) in degrees."""
