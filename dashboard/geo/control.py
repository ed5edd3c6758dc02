"""Which ground changed hands between two snapshots of control."""

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from dashboard.geo.geodesy import area_m2
from dashboard.model.frontline import FrontlineSnapshot, GroundChange

SLIVER_M2 = 100.0
"""Smaller pieces are not drawn: they are two tracings of one border, not ground that moved."""


def ground_changes(before: FrontlineSnapshot, after: FrontlineSnapshot) -> tuple[GroundChange, ...]:
    """Return what each side gained and lost, one entry per side named in either snapshot, sorted by side.

    Gained is the ground held after and not before; lost the reverse. Areas are geodesic and count every piece;
    the geometries leave out pieces below `SLIVER_M2`, which no map can show, so that summing drawn pieces may give
    less than the stated area by those slivers. Gained minus lost therefore equals the difference of the held areas.
    """
    held_before, held_after = _held(before), _held(after)
    colours = {area.side: area.colour for snapshot in (before, after) for area in snapshot.areas if area.colour}
    changes = []
    for side in sorted(held_before.keys() | held_after.keys()):
        old, new = held_before.get(side, MultiPolygon()), held_after.get(side, MultiPolygon())
        gained, gained_km2 = _difference(new, old)
        lost, lost_km2 = _difference(old, new)
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


def _held(snapshot: FrontlineSnapshot) -> dict[str, BaseGeometry]:
    """Return the union of each side's areas, valid."""
    sides: dict[str, list[BaseGeometry]] = {}
    for area in snapshot.areas:
        valid = area.geometry if area.geometry.is_valid else shapely.make_valid(area.geometry, method="structure")
        sides.setdefault(area.side, []).append(valid)
    return {side: parts[0] if len(parts) == 1 else shapely.union_all(parts) for side, parts in sides.items()}


def _difference(held: BaseGeometry, by: BaseGeometry) -> tuple[MultiPolygon, float]:
    """Return the pieces of `held` outside `by` that are worth drawing, and the area of all pieces in km2."""
    found = shapely.get_parts(shapely.difference(held, by))
    pieces = [(piece, area_m2(piece)) for piece in found if isinstance(piece, Polygon)]
    drawn = [piece for piece, area in pieces if area >= SLIVER_M2]
    return MultiPolygon(drawn), sum(area for _, area in pieces) / 1e6
