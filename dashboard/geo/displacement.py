"""How far the front moved, place by place along it.

Each place of the line before is given the greater of two distances: its own to the line after, and that of the places
of the line after which have their nearest place there. So a straight line moved sideways gives the move everywhere, a
salient gives its depth over the line it grew from, and a salient given up gives the depth it had. All distances are
geodesic.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from dashboard.geo.control import ground_changes
from dashboard.geo.front_sides import front_length_km, front_of, ground_of, locator
from dashboard.geo.geodesy import area_m2
from dashboard.geo.nearest import NearestLines, Plane, Shapes
from dashboard.model.errors import InputError
from dashboard.model.frontline import FrontlineSnapshot

__all__ = ["Displacement", "Segment", "Strip", "displacement", "front_length_km"]

UNMOVED_KM = 0.001
"""Less than a metre is the rounding of coordinates, not a move."""
SEGMENTS = 400
"""About so many along the front, where no step is given."""
STEPS_KM = (0.05, 5.0)
"""Shortest and longest step chosen by length."""
MAX_SEGMENTS = 20_000
STATIONS = 4
"""Places at which a segment of middling length is measured."""
_ELLIPSOID = Geod(ellps="WGS84")
_TOUCH_DEG = 1e-7
"""About a centimetre: pieces of ground that were cut along a line come back this near to it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the line before."""

    line: LineString
    """Longitude and latitude in degrees."""
    part: int
    """Which unbroken line of the front it belongs to; distances run on from one to the next."""
    km: float
    """Distance of its middle along the front."""
    moved_km: float
    """Positive where the side gained ground there, negative where it lost it."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Ground between the lines before and after: one piece of the ribbon."""

    geometry: BaseGeometry
    """Polygon, longitude and latitude in degrees."""
    gained: bool
    """By the side; lost otherwise."""
    km2: float
    apart: bool
    """Whether it touches only one of the two lines: a pocket that came or went, which no move of a line explains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Displacement:
    """The movement of one side's front between two snapshots."""

    side: str
    segments: tuple[Segment, ...]
    """Along the front before, in order of `km`."""
    ribbon: tuple[Strip, ...]
    """The largest first."""
    length_before_km: float
    length_after_km: float
    step_km: float

    @property
    def profile(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (n,) distance along the front and (n,) movement, kilometres: what a chart draws."""
        return np.array([s.km for s in self.segments]), np.array([s.moved_km for s in self.segments])


def displacement(
    before: FrontlineSnapshot, after: FrontlineSnapshot, side: str, *, step_km: float | None = None
) -> Displacement:
    """Return how far a side's front moved between two snapshots.

    Parameters
    ----------
    side : as both snapshots name it
    step_km : longest segment; by default about a four-hundredth of the front, between 0.05 and 5 km

    Raises
    ------
    InputError
        If the side holds nothing in one of the snapshots, or the step gives too many segments.
    """
    for snapshot in (before, after):
        if all(area.side != side for area in snapshot.areas):
            msg = f"{snapshot.id} names no side {side!r}; choose one of {', '.join(a.side for a in snapshot.areas)}."
            raise InputError(msg)
    old, new = front_of(before, side), front_of(after, side)
    length = front_length_km(before, side)
    step = _step(length, step_km)
    ribbon = _ribbon(before, after, side, (old, new))
    pieces, part = _pieces(old, step)
    moved = _moved(pieces, new, (ground_of(before, side), ground_of(after, side)), ribbon)
    along = _middles(pieces)
    return Displacement(
        side=side,
        segments=tuple(
            Segment(line, int(p), float(km), float(m))
            for line, p, km, m in zip(pieces, part, along, moved, strict=True)
        ),
        ribbon=ribbon,
        length_before_km=length,
        length_after_km=front_length_km(after, side),
        step_km=step,
    )


def _step(length_km: float, wanted: float | None) -> float:
    step = min(max(length_km / SEGMENTS, STEPS_KM[0]), STEPS_KM[1]) if wanted is None else wanted
    if not step > 0 or length_km / step > MAX_SEGMENTS:
        least = length_km / MAX_SEGMENTS
        msg = f"A step of {step:g} km along {length_km:,.0f} km is too short; give {least:.3g} km or more."
        raise InputError(msg)
    return step


def _ribbon(
    before: FrontlineSnapshot, after: FrontlineSnapshot, side: str, lines: tuple[BaseGeometry, BaseGeometry]
) -> tuple[Strip, ...]:
    change = next(found for found in ground_changes(before, after) if found.side == side)
    for line in lines:
        shapely.prepare(line)
    strips = [
        Strip(piece, gained, area_m2(piece) / 1e6, not all(shapely.dwithin(line, piece, _TOUCH_DEG) for line in lines))
        for ground, gained in ((change.gained, True), (change.lost, False))
        for piece in shapely.get_parts(ground)
    ]
    return tuple(sorted(strips, key=lambda strip: -strip.km2))


def _pieces(front: BaseGeometry, step_km: float) -> tuple[list[LineString], NDArray[np.intp]]:
    """Return the front cut into pieces of at most a step, equal along each unbroken line, and their line's number."""
    pieces: list[LineString] = []
    part: list[int] = []
    for number, line in enumerate(shapely.get_parts(front)):
        cut = _cut(shapely.get_coordinates(line), step_km)
        pieces += cut
        part += [number] * len(cut)
    return pieces, np.array(part, dtype=np.intp)


def _cut(xy: NDArray[np.float64], step_km: float) -> list[LineString]:
    along = np.concatenate([[0.0], np.cumsum(_lengths_km(xy))])
    count = max(1, int(np.ceil(along[-1] / step_km - 1e-9)))
    marks = np.linspace(0.0, along[-1], count + 1)
    cuts = np.column_stack([np.interp(marks, along, xy[:, 0]), np.interp(marks, along, xy[:, 1])])
    first = np.searchsorted(along, marks[:-1], side="right")
    last = np.searchsorted(along, marks[1:], side="left")
    return [LineString(np.vstack([cuts[i : i + 1], xy[first[i] : last[i]], cuts[i + 1 : i + 2]])) for i in range(count)]


def _lengths_km(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = _ELLIPSOID.inv(xy[:-1, 0], xy[:-1, 1], xy[1:, 0], xy[1:, 1])[2]
    return np.asarray(lengths, dtype=np.float64) / 1e3


def _middles(pieces: list[LineString]) -> NDArray[np.float64]:
    lengths = np.array([_lengths_km(shapely.get_coordinates(piece)).sum() for piece in pieces])
    return np.cumsum(lengths) - lengths / 2


def _moved(
    pieces: list[LineString],
    new: BaseGeometry,
    grounds: tuple[BaseGeometry, BaseGeometry],
    ribbon: tuple[Strip, ...],
) -> NDArray[np.float64]:
    """Return the signed movement of each piece: the greatest found from either line, kilometres."""
    shapes = np.array(pieces, dtype=object)
    spacing = float(np.median(shapely.length(shapes))) / STATIONS
    here, owner = _stations(shapes, spacing)
    ahead = np.where(_within(grounds[1], here), 1.0, -1.0) * NearestLines([new]).find(here).metres / 1e3
    pocket, closed = _on_pockets(here, ribbon)
    ahead[pocket] = closed
    there, _ = _stations(np.array([new], dtype=object), spacing)
    there = np.delete(there, _on_pockets(there, ribbon)[0])
    back = NearestLines(list(pieces)).find(there)
    behind = np.where(_within(grounds[0], there), -1.0, 1.0) * back.metres / 1e3
    moved = _greatest(np.concatenate([ahead, behind]), np.concatenate([owner, back.line]), len(pieces))
    return np.where(np.abs(moved) < UNMOVED_KM, 0.0, moved)


def _greatest(values: NDArray[np.float64], owner: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """Return the value farthest from 0 of each owner."""
    found = np.zeros(count)
    order = np.argsort(np.abs(values), kind="stable")  # of values given to one owner, the last one written stays
    found[owner[order]] = values[order]
    return found


def _stations(lines: Shapes, spacing_deg: float) -> tuple[Shapes, NDArray[np.intp]]:
    """Return places along lines, vertices among them, and the index of the line that each lies on."""
    xy, owner = shapely.get_coordinates(shapely.segmentize(lines, spacing_deg), return_index=True)
    return np.asarray(shapely.points(xy), dtype=object), owner


def _within(ground: BaseGeometry, points: Shapes) -> NDArray[np.bool_]:
    return np.asarray(shapely.contains(locator(ground), points), dtype=bool)


def _on_pockets(points: Shapes, ribbon: tuple[Strip, ...]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return which points lie on the edge of a pocket that came or went, and how far it opened or closed there.

    The nearest line is not where such an edge came from or went to, however near it is: it is given the radius of the
    largest circle in the pocket.
    """
    pockets = [strip for strip in ribbon if strip.apart]
    if not pockets:
        return np.zeros(0, dtype=np.intp), np.zeros(0)
    shapes = np.array([strip.geometry for strip in pockets], dtype=object)
    point, pocket = shapely.STRtree(shapes).query(points, predicate="dwithin", distance=_TOUCH_DEG)
    radii = np.array([_radius_km(strip.geometry) * (1.0 if strip.gained else -1.0) for strip in pockets])
    return point, radii[pocket]


def _radius_km(pocket: BaseGeometry) -> float:
    lon, lat = shapely.get_coordinates(pocket.centroid)[0]
    flat = Plane(lon, lat).flat(np.array([pocket], dtype=object))[0]
    return float(shapely.maximum_inscribed_circle(flat).length) / 1e3
