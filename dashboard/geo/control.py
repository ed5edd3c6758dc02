"""Which ground changed hands between two snapshots of control."""

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from dashboard.geo.front_sides import ground_of, sides_of
from dashboard.geo.geodesy import area_m2
from dashboard.model.frontline import FrontlineSnapshot, GroundChange

SLIVER_M2 = 100.0
"""Smaller pieces are not drawn: they are two tracings of one border, not ground that moved."""


def ground_changes(before: FrontlineSnapshot, after: FrontlineSnapshot) -> tuple[GroundChange, ...]:
    """Return what each side gained and lost, one entry per side named in either snapshot, sorted by side.

    Gained is the ground held after and not before; lost the reverse. Areas are geodesic and count every piece;
    the geometries leave out pieces below `SLIVER_M2`, which no map can show, so that summing drawn pieces may give
    less than the stated area by those slivers. Gained minus lost therefore equals the difference of the held areas:
    exactly on the plane of degrees, and within 0.005 km2 over two years of real days, as an edge that the other
    border cuts is two geodesics instead of one.
    """
    held_before, held_after = ({side: ground_of(s, side) for side in sides_of(s)} for s in (before, after))
    colours = {area.side: area.colour for snapshot in (before, after) for area in snapshot.areas if area.colour}
    changes = []
    for side in sorted(held_before.keys() | held_after.keys()):
        old, new = held_before.get(side, MultiPolygon()), held_after.get(side, MultiPolygon())
        gained, gained_km2 = drawn_and_km2(shapely.difference(new, old))
        lost, lost_km2 = drawn_and_km2(shapely.difference(old, new))
        changes.append(
            GroundChange(
                side=side,
                gained=gained,
                lost=lost,
                gained_km2=gained_km2,
                lost_km2=lost_km2,
                colour=colours.get(side),
            )
        )
    return tuple(changes)


def drawn_and_km2(ground: BaseGeometry) -> tuple[MultiPolygon, float]:
    """Return the polygons of some ground that are worth drawing, and the geodesic area of all of them in km2."""
    pieces = [(piece, area_m2(piece)) for piece in shapely.get_parts(ground) if isinstance(piece, Polygon)]
    drawn = [piece for piece, area in pieces if area >= SLIVER_M2]
    return MultiPolygon(drawn), sum(area for _, area in pieces) / 1e6
