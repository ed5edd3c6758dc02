"""The front as a line: where one side's ground meets another's."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dashboard.model.frontline import FrontlineSnapshot

_LOOKED_AT = 8
"""Edges that are asked which side lies to their right."""


@dataclass(frozen=True, slots=True)
class FacingLine:
    """A front that knows which way it faces."""

    side: str
    """Whose front it is."""
    opposing: str
    """Whose ground lies to the right of its direction; empty when nobody's is mapped there."""
    line: BaseGeometry
    """LineString or MultiLineString, longitude and latitude in degrees."""


def front_lines(snapshot: FrontlineSnapshot) -> tuple[tuple[str, BaseGeometry], ...]:
    """Return (side, line) pairs, longitude and latitude in degrees.

    Between two sides that share a border it is that border, named after the later side in alphabetical order; the
    outer edge of the mapped area is no front. A snapshot of one side alone, or of sides that do not touch, gives each
    side's whole outline: nothing says which part of it is a front.
    """
    return _lines(_Same(snapshot))


def facing_lines(snapshot: FrontlineSnapshot) -> tuple[FacingLine, ...]:
    """Return the lines of `front_lines`, each turned so that the opposing ground lies to the right of its direction.

    An outline that nobody faces has its own side to the left, whether it is an outer edge or that of a hole.
    """
    return _facing(_Same(snapshot))


class _Same:
    """Compares snapshots by id and hash: they are immutable, and their areas are costly to hash."""

    __slots__ = ("snapshot",)

    def __init__(self, snapshot: FrontlineSnapshot) -> None:
        self.snapshot = snapshot

    @property
    def _key(self) -> tuple[str, str]:
        return self.snapshot.id, self.snapshot.sha256

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._key == other._key


@lru_cache(maxsize=64)
def _facing(same: _Same) -> tuple[FacingLine, ...]:
    areas = sorted(((a.side, a.geometry) for a in same.snapshot.areas), key=lambda pair: pair[0])
    met = [
        FacingLine(side, opposing, _facing_away(line, ground))
        for (opposing, one), (side, ground) in combinations(areas, 2)
        if not (line := _shared(one.boundary, ground.boundary)).is_empty
    ]
    return tuple(met) or tuple(FacingLine(side, "", _outline(ground)) for side, ground in areas)


@lru_cache(maxsize=64)
def _lines(same: _Same) -> tuple[tuple[str, BaseGeometry], ...]:
    outlines = sorted(((a.side, a.geometry.boundary) for a in same.snapshot.areas), key=lambda pair: pair[0])
    shared = [(side, _shared(one, other)) for (_, one), (side, other) in combinations(outlines, 2)]
    met = tuple((side, line) for side, line in shared if not line.is_empty)
    return met or tuple(outlines)


def _shared(one: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    return shapely.line_merge(_only_lines(shapely.intersection(one, other)))


def _only_lines(geometry: BaseGeometry) -> BaseGeometry:
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type in {"LineString", "LinearRing"}]
    return shapely.MultiLineString(parts)


def _facing_away(line: BaseGeometry, ground: BaseGeometry) -> BaseGeometry:
    """Return a line on the edge of a side's ground, every piece with that ground to its left."""
    shapely.prepare(ground)
    turned = [shapely.reverse(part) if _is_right(part, ground) else part for part in shapely.get_parts(line)]
    return turned[0] if len(turned) == 1 else shapely.MultiLineString(turned)


def _is_right(line: BaseGeometry, ground: BaseGeometry) -> bool:
    """Return whether the ground lies to the right of a line on its edge, as most of its longest edges see it."""
    points = shapely.get_coordinates(line)
    start, along = points[:-1], np.diff(points, axis=0)
    longest = np.argsort(-np.hypot(*along.T), kind="stable")[:_LOOKED_AT]
    middle, aside = start[longest] + along[longest] / 2, _right_of(along[longest]) * 1e-3
    return int(_holds(ground, middle + aside).sum()) > int(_holds(ground, middle - aside).sum())


def _right_of(along: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([along[:, 1], -along[:, 0]])


def _holds(ground: BaseGeometry, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = shapely.contains_xy(ground, points[:, 0], points[:, 1])
    return inside


def _outline(ground: BaseGeometry) -> BaseGeometry:
    """Return every edge of an area with the area to its left: outer ones against the clock, those of holes with it."""
    rings = []
    for area in shapely.get_parts(ground):
        shell, *holes = shapely.get_rings(area)
        rings.append(shell if shapely.is_ccw(shell) else shapely.reverse(shell))
        rings.extend(shapely.reverse(hole) if shapely.is_ccw(hole) else hole for hole in holes)
    return shapely.MultiLineString([shapely.LineString(ring) for ring in rings])
