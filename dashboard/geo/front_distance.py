"""How far things lie from the front, and on which side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dashboard.geo.front import front_lines
from dashboard.geo.front_sides import locator
from dashboard.geo.nearest import NearestLines
from dashboard.model.errors import InputError
from dashboard.model.frontline import FrontlineSnapshot


@dataclass(frozen=True, slots=True)
class FrontRelation:
    """Where something lies with regard to the front of one snapshot."""

    km: float
    """To the nearest place of the line, along the geodesic, from the thing's own nearest point; 0 where it is met."""
    side: str
    """Whose ground its representative point lies on; empty outside all of it."""


class FrontDistance:
    """Measures against one snapshot; made once, asked often, safe to share between threads."""

    def __init__(self, snapshot: FrontlineSnapshot) -> None:
        """Index the front of a snapshot.

        Raises
        ------
        InputError
            If the snapshot has no line.
        """
        self._lines = NearestLines([line for _, line in front_lines(snapshot)])
        self._areas = [(area.side, locator(area.geometry)) for area in snapshot.areas]

    def relate(self, geometries: Sequence[BaseGeometry]) -> list[FrontRelation]:
        """Return the distance and side of each geometry, longitude and latitude in degrees, none empty.

        Where areas of two sides overlap, the one named first in the snapshot counts.

        Raises
        ------
        InputError
            If a geometry is empty.
        """
        shapes = np.asarray(geometries, dtype=object)
        if not len(shapes):
            return []
        if shapely.is_empty(shapes).any():
            msg = f"Geometry {int(np.argmax(shapely.is_empty(shapes)))} is empty and lies nowhere; leave it out."
            raise InputError(msg)
        km = self._lines.find(shapes).metres / 1e3
        return [FrontRelation(float(far), side) for far, side in zip(km, self._sides(shapes), strict=True)]

    def _sides(self, shapes: NDArray[np.object_]) -> list[str]:
        lon, lat = shapely.get_coordinates(shapely.point_on_surface(shapes)).T
        found = np.full(len(shapes), "", dtype=object)
        for side, geometry in reversed(self._areas):
            found[shapely.contains_xy(geometry, lon, lat)] = side
        return [str(side) for side in found]
