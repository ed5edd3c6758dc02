"""The nearest place on lines, with its distance along the geodesic.

Method: candidates are compared on an oblique stereographic plane of the WGS 84 ellipsoid, centred on the lines. It is
conformal, so that near a point the nearest place on the plane is the nearest on the ground; its scale changes by 0.03
percent over 50 km at 500 km from the centre. The distance itself is then computed between the two places found, by
Karney's geodesics: the plane chooses, it never measures.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import InputError

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

STRAIGHT_DEG = 0.01
"""Longer edges are cut: what is straight in degrees bends away from that on the plane, by 3 cm at this length."""
_ELLIPSOID = Geod(ellps="WGS84")


class Plane:
    """A conformal plane in metres around a place; safe to share between threads."""

    def __init__(self, lon: float, lat: float) -> None:
        crs = CRS.from_proj4(f"+proj=stere +lat_0={float(lat)!r} +lon_0={float(lon)!r} +k=1 +ellps=WGS84 +units=m")
        self._there = Transformer.from_crs(CRS.from_epsg(4326), crs, always_xy=True)

    def flat(self, geometries: Shapes) -> Shapes:
        """Return geometries in degrees as geometries in metres, long edges cut first."""
        cut = shapely.segmentize(shapely.force_2d(geometries), STRAIGHT_DEG)
        projected: Shapes = shapely.transform(cut, self._forward)
        return projected

    def degrees(self, xy: Floats) -> Floats:
        """Return (n, 2) positions in metres as longitude and latitude in degrees."""
        return np.column_stack(self._there.transform(xy[:, 0], xy[:, 1], direction="INVERSE"))

    def _forward(self, lonlat: Floats) -> Floats:
        return np.column_stack(self._there.transform(lonlat[:, 0], lonlat[:, 1]))


@dataclass(frozen=True, slots=True)
class Nearest:
    """What was found, an entry per geometry asked about."""

    metres: Floats
    """(n,) along the geodesic; 0 where the lines are met."""
    line: NDArray[np.intp]
    """(n,) index of the line, in the order given."""
    foot: Floats
    """(n, 2) longitude and latitude of the nearest place on it."""


class NearestLines:
    """An index of lines, made once and asked often; safe to share between threads."""

    def __init__(self, lines: list[BaseGeometry]) -> None:
        """Take lines in degrees.

        Raises
        ------
        InputError
            If there is no line: nothing would be nearest.
        """
        given = np.array([line for line in lines if not line.is_empty], dtype=object)
        if not len(given):
            raise InputError("There is no line to measure a distance to; give at least one.")
        west, south, east, north = shapely.total_bounds(given)
        self.plane = Plane((west + east) / 2, (south + north) / 2)
        self._kept = np.flatnonzero([not line.is_empty for line in lines])
        self._segments, self._owner = _segments(self.plane.flat(given))
        self._tree = shapely.STRtree(self._segments)

    def find(self, geometries: Shapes) -> Nearest:
        """Return the nearest place on the lines for each geometry in degrees (not empty): from its own nearest point.

        Parameters
        ----------
        geometries : (n,) points, lines or polygons; a polygon that a line enters is at distance 0
        """
        flat = self.plane.flat(np.asarray(geometries, dtype=object))
        asked, chosen = self._tree.query_nearest(flat, all_matches=False)
        if len(asked) != len(flat):
            raise InputError("A distance was asked for an empty geometry; leave those out.")
        ends = shapely.get_coordinates(shapely.shortest_line(flat, self._segments[chosen]))
        places = self.plane.degrees(ends)
        here, foot = places[0::2], places[1::2]
        metres = np.asarray(_ELLIPSOID.inv(here[:, 0], here[:, 1], foot[:, 0], foot[:, 1])[2], dtype=np.float64)
        met = np.all(ends[0::2] == ends[1::2], axis=1)
        return Nearest(np.where(met, 0.0, metres), self._kept[self._owner[chosen]], foot)


def _segments(lines: Shapes) -> tuple[Shapes, NDArray[np.intp]]:
    """Return the edges of lines as two-point lines, and which line each belongs to."""
    parts, owner = shapely.get_parts(lines, return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    inside = part[1:] == part[:-1]
    ends = np.stack([xy[:-1][inside], xy[1:][inside]], axis=1)
    return np.asarray(shapely.linestrings(ends), dtype=object), owner[part[:-1][inside]]
