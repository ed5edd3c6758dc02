"""From a sketch to a geometry: recorded when it is sound, kept as a draft with the reason when it is not."""

import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.geo.mending import problem
from dashboard.geo.sketch_world import crossing, parted
from dashboard.geo.sketches import geometry_of
from dashboard.model.sketch import Sketch
from dashboard.sources.exchange.record import Spot

NOTHING = shapely.Point()
UNFINISHED = "It has too few vertices to be drawn."


def drawn(sketch: Sketch, spot: Spot) -> tuple[Sketch, BaseGeometry, str]:
    """Return (sketch, geometry, reason): the reason is empty when the geometry can be recorded.

    A crossing of the antimeridian is split there and doubled vertices are dropped, and both are said: neither changes
    what is drawn. Whatever would change it is left to a person.
    """
    if crossing(sketch) is not None:
        spot.note("it crosses the antimeridian: it was split there")
        sketch = parted(sketch)
    wrong = problem(sketch)
    geometry = geometry_of(sketch)
    if wrong is not None:
        mended = geometry_of(wrong.repaired)
        if geometry is None or mended is None or not _same(geometry, mended):
            return sketch, NOTHING if geometry is None else geometry, wrong.reason
        spot.note("doubled vertices were left out")
        return wrong.repaired, mended, ""
    return (sketch, NOTHING, UNFINISHED) if geometry is None else (sketch, geometry, "")


def _same(one: BaseGeometry, other: BaseGeometry) -> bool:
    """Whether both are sound and the same points."""
    return bool(one.is_valid) and bool(other.is_valid) and bool(one.equals(other))
