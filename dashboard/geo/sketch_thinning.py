"""Drawings of too many vertices, thinned to as many as can be kept."""

from dataclasses import replace

import numpy as np

from dashboard.geo.mercator import to_mercator
from dashboard.geo.sketch_geometry import FEWEST, positions
from dashboard.geo.snapping import simplify
from dashboard.model.sketch import Part, Path, Shape, Sketch

FIRST_M = 0.1
"""Mercator metres: the first tolerance tried; it doubles until the drawing is small enough."""
SPARED = 8
"""Vertices of a path that is not simplified: there is little to win, and a building would lose its corners."""
_DOUBLINGS = 17


def thinned(sketch: Sketch, limit: int) -> Sketch:
    """Return a drawing of at most `limit` vertices.

    Lines and edges are simplified to within the least tolerance of 10 cm, 20 cm, 40 cm ... that is enough, every part
    staying one. Only where small parts are too many are the smallest left out; of points, every n-th is kept.
    """
    if FEWEST[sketch.shape] == 1:
        return replace(sketch, parts=sketch.parts[:: -(-len(sketch.parts) // limit)])
    lean = sketch
    long = any(len(path) > SPARED for part in sketch.parts for path in part)
    for doubling in range(_DOUBLINGS if long else 0):
        lean = replace(sketch, parts=tuple(_thin(part, FIRST_M * 2**doubling, sketch.shape) for part in lean.parts))
        if lean.vertices <= limit:
            return lean
    return replace(lean, parts=_largest(lean.parts, limit))


def _thin(part: Part, tolerance_m: float, shape: Shape) -> Part:
    thin = _ring if shape is Shape.AREA else simplify
    return tuple(path if len(path) <= SPARED else thin(path, tolerance_m) for path in part)


def _ring(path: Path, tolerance_m: float) -> Path:
    lean = simplify((*path, path[0]), tolerance_m)[:-1]
    return lean if len(lean) >= FEWEST[Shape.AREA] else path


def _largest(parts: tuple[Part, ...], limit: int) -> tuple[Part, ...]:
    """Return the parts with the largest boxes that together have at most `limit` vertices, in their order."""
    spans = [np.ptp(np.column_stack(to_mercator(*positions(part[0]).T)), axis=0).sum() for part in parts]
    left, kept = limit, set()
    for index in np.argsort(spans, kind="stable")[::-1].tolist():
        left -= sum(len(path) for path in parts[index])
        if left < 0:
            break
        kept.add(index)
    return tuple(part for index, part in enumerate(parts) if index in kept)
