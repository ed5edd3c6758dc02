"""The front as a line: where one side's ground meets another's."""

from functools import lru_cache
from itertools import combinations

import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.model.frontline import FrontlineSnapshot


def front_lines(snapshot: FrontlineSnapshot) -> tuple[tuple[str, BaseGeometry], ...]:
    """Return (side, line) pairs, longitude and latitude in degrees.

    Between two sides that share a border it is that border, named after the later side in alphabetical order; the
    outer edge of the mapped area is no front. A snapshot of one side alone, or of sides that do not touch, gives each
    side's whole outline: nothing says which part of it is a front.
    """
    return _lines(_Same(snapshot))


class _Same:
    """Compares snapshots by id: they are immutable, and their areas are costly to hash."""

    __slots__ = ("snapshot",)

    def __init__(self, snapshot: FrontlineSnapshot) -> None:
        self.snapshot = snapshot

    def __hash__(self) -> int:
        return hash(self.snapshot.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.snapshot.id == self.snapshot.id


@lru_cache(maxsize=64)
def _lines(same: _Same) -> tuple[tuple[str, BaseGeometry], ...]:
    outlines = sorted(((a.side, a.geometry.boundary) for a in same.snapshot.areas), key=lambda pair: pair[0])
    shared = [
        (side, shapely.line_merge(_only_lines(shapely.intersection(one, other))))
        for (_, one), (side, other) in combinations(outlines, 2)
    ]
    met = tuple((side, line) for side, line in shared if not line.is_empty)
    return met or tuple(outlines)


def _only_lines(geometry: BaseGeometry) -> BaseGeometry:
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type in {"LineString", "LinearRing"}]
    return shapely.MultiLineString(parts)
