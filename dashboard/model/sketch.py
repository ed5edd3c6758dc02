"""What is being drawn: vertices in order, complete or not. Every list of vertices is a sketch; not each is a shape."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Vertex = tuple[float, float]
"""Longitude, latitude in degrees."""
Path = tuple[Vertex, ...]
"""The vertices of a line or of a ring; a ring does not repeat its first vertex."""
Part = tuple[Path, ...]
"""One path for a point or a line; the outer ring and its holes for an area."""


class Shape(StrEnum):
    """What kind of drawing it is."""

    POINT = "point"
    LINE = "line"
    AREA = "area"
    TEXT = "text"
    """A point that is drawn as its title."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A drawing in progress: parts of paths of vertices."""

    shape: Shape
    parts: tuple[Part, ...] = ()

    @property
    def vertices(self) -> int:
        """How many there are."""
        return sum(len(path) for part in self.parts for path in part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Work that is not recorded yet, or cannot be as it is: offered again until it is saved or thrown away."""

    id: str
    """Id that the annotation has or will have."""
    author: str
    updated: datetime
    base: int
    """Version of the annotation that the work began from; 0 for a new one."""
    sketch: Sketch
    fields: tuple[tuple[str, str], ...] = ()
    """(name, text) of what was filled in so far, sorted."""
    reason: str = ""
    """Why it cannot be saved as it is; empty for work in progress."""
