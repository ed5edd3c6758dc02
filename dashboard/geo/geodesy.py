"""Lengths and areas on the ground: geodesics of the WGS 84 ellipsoid, never Mercator metres.

Method: C. F. F. Karney, Algorithms for geodesics, Journal of Geodesy 87 (2013), through PROJ.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from dashboard.geo.mercator import to_lonlat
from dashboard.model.errors import InputError
from dashboard.model.view import Extent

NOTABLE_VARIATION_PERCENT = 2.0
"""Above this a scale bar must say at which latitude it is true."""
_LINES = {"LineString", "LinearRing"}


@cache
def _ellipsoid() -> Geod:
    return Geod(ellps="WGS84")


def area_m2(geometry: BaseGeometry) -> float:
    """Return the geodesic area in square metres of the polygons in a geometry given in degrees.

    Rings may run either way; holes are taken off; points and lines count nothing. Overlapping members of an invalid
    geometry are counted twice: make it valid first.
    """
    return float(sum(_polygon_m2(part) for part in _parts(geometry) if part.geom_type == "Polygon"))


def area_km2(geometry: BaseGeometry) -> float:
    """Return the geodesic area in square kilometres: `area_m2` in the unit people read."""
    return area_m2(geometry) / 1e6


def length_km(geometry: BaseGeometry) -> float:
    """Return the geodesic length in kilometres of the lines in a geometry given in degrees; polygons count nothing."""
    lines = [part for part in _parts(geometry) if part.geom_type in _LINES]
    return sum(_ellipsoid().line_length(*shapely.get_coordinates(line).T) for line in lines) / 1e3


def distance_m(lon0: float, lat0: float, lon1: float, lat1: float) -> float:
    """Return the geodesic distance in metres between two points in degrees."""
    return float(_ellipsoid().inv(lon0, lat0, lon1, lat1)[2])


def bearing_deg(lon0: float, lat0: float, lon1: float, lat1: float) -> float:
    """Return the azimuth at the first point towards the second, degrees clockwise from true north, 0 to 360."""
    return float(_ellipsoid().inv(lon0, lat0, lon1, lat1)[0]) % 360.0


def _parts(geometry: BaseGeometry) -> list[BaseGeometry]:
    """Return the simple members, however deep a collection nests."""
    if not hasattr(geometry, "geoms"):
        return [] if geometry.is_empty else [geometry]
    return [part for member in geometry.geoms for part in _parts(member)]


def _polygon_m2(polygon: BaseGeometry) -> float:
    rings = [_ring_m2(ring) for ring in shapely.get_rings(polygon)]
    return rings[0] - sum(rings[1:])


def _ring_m2(ring: BaseGeometry) -> float:
    lon, lat = shapely.get_coordinates(ring).T
    return abs(float(_ellipsoid().polygon_area_perimeter(lon, lat)[0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleBar:
    """A bar of round length, true at the centre of the map."""

    length_m: float
    """1, 2 or 5 times a power of ten; along the parallel through the centre."""
    pixels: float
    """Its length on the screen."""
    label: str
    """``500 m``, ``20 km``."""
    variation: float
    """Greatest departure of the scale within the map from the scale at its centre, percent."""
    latitude: float
    """Where the bar is true, degrees."""

    @property
    def note(self) -> str:
        """Return what must stand beside the bar when the scale varies too much to ignore, else an empty text."""
        if self.variation <= NOTABLE_VARIATION_PERCENT:
            return ""
        return f"scale true at {abs(self.latitude):.1f}° {'N' if self.latitude >= 0 else 'S'}"


def scale_bar(extent: Extent, width_px: float, *, at_most_px: float = 160) -> ScaleBar:
    """Return the longest round scale bar that fits.

    Parameters
    ----------
    extent : what the map shows, Mercator metres
    width_px : how wide it shows it, pixels
    at_most_px : room for the bar, pixels

    Raises
    ------
    InputError
        If the map or the room has no width.
    """
    if width_px <= 0 or at_most_px <= 0:
        msg = f"A scale bar of at most {at_most_px:g} px on a map of {width_px:g} px cannot be drawn; give more than 0."
        raise InputError(msg)
    room_px = min(at_most_px, width_px / 2)
    length = _round_down(_across_m(extent, room_px / width_px))
    share = room_px / width_px
    for _ in range(3):  # ground length is not proportional to Mercator length on a map of the world
        share *= length / _across_m(extent, share)
    return ScaleBar(
        length_m=length,
        pixels=share * width_px,
        label=f"{length:g} m" if length < 1000 else f"{length / 1000:g} km",
        variation=_variation_percent(extent),
        latitude=to_lonlat(*extent.centre)[1],
    )


def representative_fraction(extent: Extent, width_m_on_paper: float) -> int:
    """Return the N of the scale 1:N at the centre of a map printed `width_m_on_paper` metres wide, to 3 digits.

    Raises
    ------
    InputError
        If the paper has no width.
    """
    if width_m_on_paper <= 0:
        msg = f"A map {width_m_on_paper:g} m wide on paper has no scale; give a width above 0."
        raise InputError(msg)
    # A hundredth of the width at the centre: the scale of a world map changes along its width on the geodesic.
    return int(float(f"{_across_m(extent, 0.01) / (0.01 * width_m_on_paper):.3g}"))


def _across_m(extent: Extent, share: float) -> float:
    """Return the ground length of the middle `share` (at most a half) of the map's width, at its centre."""
    x, y = extent.centre
    half = share * (extent.x1 - extent.x0) / 2
    return distance_m(*to_lonlat(x - half, y), *to_lonlat(x + half, y))


def _round_down(length: float) -> float:
    power = 10.0 ** np.floor(np.log10(length))
    return float(max(step * power for step in (1.0, 2.0, 5.0) if step * power <= length * (1 + 1e-12)))


def _variation_percent(extent: Extent) -> float:
    rows = np.array([extent.centre[1], extent.y0, extent.y1])
    scale = np.cos(np.radians(to_lonlat(np.zeros(3), rows)[1]))
    return float(100 * np.max(np.abs(scale / scale[0] - 1)))
