"""One side of a snapshot: the ground it holds, and the part of its edge that is front."""

import shapely
from shapely.geometry import MultiLineString, MultiPolygon
from shapely.geometry.base import BaseGeometry

from dashboard.geo.geodesy import length_km
from dashboard.model.frontline import FrontlineSnapshot


def ground_of(snapshot: FrontlineSnapshot, side: str) -> BaseGeometry:
    """Return the union of a side's areas, valid, degrees; empty for a side that is not there."""
    parts = [
        area.geometry if area.geometry.is_valid else shapely.make_valid(area.geometry, method="structure")
        for area in snapshot.areas
        if area.side == side
    ]
    if not parts:
        return MultiPolygon()
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def sides_of(snapshot: FrontlineSnapshot) -> tuple[str, ...]:
    """Return the sides of a snapshot in order of name."""
    return tuple(sorted({area.side for area in snapshot.areas}))


def locator(ground: BaseGeometry) -> BaseGeometry:
    """Return a copy of some ground that answers quickly which places it contains, safe to share between threads.

    A copy, and asked once before it is handed out: preparing a geometry and the first question change it within.
    """
    own = shapely.from_wkb(shapely.to_wkb(ground))
    shapely.prepare(own)
    if not own.is_empty:
        inside = own.point_on_surface()
        shapely.contains_xy(own, inside.x, inside.y)
        shapely.contains(own, inside)
    return own


def front_of(snapshot: FrontlineSnapshot, side: str) -> BaseGeometry:
    """Return the line along which a side meets others, degrees; its whole outline where it meets nobody.

    The outer edge of the mapped ground is no front where two sides meet somewhere; a provider that names one side
    alone does not say which part of its outline is one, so that coasts and borders count there.
    """
    own = ground_of(snapshot, side)
    outline = own.boundary
    others = [ground_of(snapshot, name).boundary for name in sides_of(snapshot) if name != side]
    met = [part for other in others for part in shapely.get_parts(shapely.intersection(outline, other))]
    lines = [part for part in met if part.geom_type in {"LineString", "LinearRing"} and part.length > 0]
    if not lines:
        return outline
    return shapely.line_merge(MultiLineString(lines))


def front_length_km(snapshot: FrontlineSnapshot, side: str | None = None) -> float:
    """Return the geodesic length of the front: of a side, or of all of it, what two sides share counted once."""
    if side is not None:
        return length_km(front_of(snapshot, side))
    lines = [front_of(snapshot, name) for name in sides_of(snapshot)]
    return length_km(shapely.union_all(lines)) if lines else 0.0
