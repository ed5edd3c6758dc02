"""The nearest place on lines, with its distance along the geodesic.

Method: candidates are compared on an oblique stereographic plane of the WGS 84 ellipsoid, centred on the lines (J. P.
Snyder, Map Projections: A Working Manual, 1987, equations 3-1, 3-4 and 21-24 to 21-38). It is conformal, so that near a
point the nearest place on the plane is the nearest on the ground; its scale changes by 0.03 percent over 50 km at
500 km from the centre. The distance itself is then computed between the two places found, by Karney's geodesics: the
plane chooses, it never measures.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import InputError

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

STRAIGHT_DEG = 0.01
"""Longer edges are cut: what is straight in degrees bends away from that on the plane, by 3 cm at this length."""
_ELLIPSOID = Geod(ellps="WGS84")
_E = float(np.sqrt(_ELLIPSOID.es))
_CENTRE_LIMIT_DEG = 89.9
"""At the pole itself the formulas divide by nothing."""
_ROUNDS = 6


class Plane:
    """A conformal plane in metres around a place, true to scale there; safe to share between threads.

    The formulas are written out: vertex by vertex, PROJ takes twenty times as long for them.
    """

    def __init__(self, lon: float, lat: float) -> None:
        phi = np.radians(min(max(float(lat), -_CENTRE_LIMIT_DEG), _CENTRE_LIMIT_DEG))
        self._lon = float(lon)
        self._chi = float(_conformal(np.array([phi]))[0])
        width = np.cos(phi) / np.sqrt(1 - (_E * np.sin(phi)) ** 2)
        self._twice = float(2 * _ELLIPSOID.a * width / np.cos(self._chi))

    def flat(self, geometries: Shapes) -> Shapes:
        """Return geometries in degrees as geometries in metres, long edges cut first."""
        cut = shapely.segmentize(shapely.force_2d(geometries), STRAIGHT_DEG)
        projected: Shapes = shapely.transform(cut, self.metres)
        return projected

    def metres(self, lonlat: Floats) -> Floats:
        """Return (n, 2) longitude and latitude in degrees as positions in metres."""
        east, chi = np.radians(lonlat[:, 0] - self._lon), _conformal(np.radians(lonlat[:, 1]))
        sine, cosine, across = np.sin(chi), np.cos(chi), np.cos(chi) * np.cos(east)
        here_sine, here_cosine = np.sin(self._chi), np.cos(self._chi)
        scale = self._twice / (1 + here_sine * sine + here_cosine * across)
        return np.column_stack([scale * cosine * np.sin(east), scale * (here_cosine * sine - here_sine * across)])

    def degrees(self, xy: Floats) -> Floats:
        """Return (n, 2) positions in metres as longitude and latitude in degrees."""
        x, y = xy[:, 0], xy[:, 1]
        away = np.hypot(x, y)
        angle = 2 * np.arctan2(away, self._twice)
        ahead = np.divide(y, away, out=np.zeros_like(y), where=away > 0)
        here_sine, here_cosine = np.sin(self._chi), np.cos(self._chi)
        chi = np.arcsin(np.clip(np.cos(angle) * here_sine + ahead * np.sin(angle) * here_cosine, -1, 1))
        east = np.arctan2(x * np.sin(angle), away * here_cosine * np.cos(angle) - y * here_sine * np.sin(angle))
        return np.column_stack([self._lon + np.degrees(east), np.degrees(_geodetic(chi))])


def _conformal(phi: Floats) -> Floats:
    """Return the conformal latitude of a geodetic one, radians."""
    tangent = np.tan(np.pi / 4 + phi / 2) * _flattened(phi)
    return np.asarray(2 * np.arctan(tangent) - np.pi / 2, dtype=np.float64)


def _geodetic(chi: Floats) -> Floats:
    """Return the geodetic latitude of a conformal one, radians; each round gains more than two digits."""
    tangent, phi = np.tan(np.pi / 4 + chi / 2), chi
    for _ in range(_ROUNDS):
        phi = np.asarray(2 * np.arctan(tangent / _flattened(phi)) - np.pi / 2, dtype=np.float64)
    return phi


def _flattened(phi: Floats) -> Floats:
    bent = _E * np.sin(phi)
    return np.asarray(((1 - bent) / (1 + bent)) ** (_E / 2), dtype=np.float64)


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
        self._tree.query_nearest(
            self._segments[:1]
        )  # built now: a first question from two threads would build it twice

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
