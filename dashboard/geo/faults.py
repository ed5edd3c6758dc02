"""What a fault of a drawing is, and the words and measures that tell of it."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from dashboard.geo.mercator import LATITUDE_LIMIT_DEG, to_mercator
from dashboard.geo.sketch_geometry import positions
from dashboard.model.sketch import Path, Sketch, Vertex

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a drawing cannot be recorded as it is, and what it would be mended."""

    reason: str
    """What is wrong and where, for the person who drew it."""
    repair: str
    """The words of the button: what mending does."""
    repaired: Sketch
    """The drawing without the fault."""


def vertices_of(sketch: Sketch) -> list[Vertex]:
    """Return every vertex in order."""
    return [vertex for part in sketch.parts for path in part for vertex in path]


def _metres(path: Path) -> NDArray[np.float64]:
    """Return (n, 2) ground metres, true to scale near the path."""
    points = positions(path)
    x, y = to_mercator(points[:, 0], points[:, 1])
    scale = np.cos(np.radians(min(float(np.abs(points[:, 1]).min()), LATITUDE_LIMIT_DEG)))
    metres: NDArray[np.float64] = np.column_stack([x - x[0], y - y[0]]) * scale
    return metres


def span_m(path: Path) -> float:
    """Return the diagonal of the box round a path, metres on the ground."""
    return float(np.hypot(*np.ptp(_metres(path), axis=0)))


def width_m(path: Path) -> float:
    """Return the mean width of a ring, metres on the ground: twice its area over its perimeter."""
    ring = shapely.Polygon(_metres(path))
    return float(2 * ring.area / ring.length) if ring.length > 0 else 0.0


def counted(number: int, one: str, many: str = "") -> str:
    """Return ``one vertex``, ``three vertices``."""
    return f"{spelled(number)} {one if number == 1 else many or one + 's'}"


def spelled(number: int) -> str:
    """Return a small number as a word, a large one in digits."""
    return _WORDS[number] if number < len(_WORDS) else f"{number:,}"
