"""Where the exercise is: its grid, its kinds of ground, and how pixels lie on it."""

from dataclasses import dataclass
from enum import IntEnum, unique
from functools import cache

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Proj, Transformer
from shapely import transform
from shapely.geometry.base import BaseGeometry

CENTRE = (145.05, 43.28)
"""Longitude and latitude of the middle of the Yausubetsu training area, degrees."""
CRS = "EPSG:32655"
HALF_M = 6000.0
"""Half the side of the area, metres."""


@unique
class Ground(IntEnum):
    """Kinds of surface, as numbers in a raster."""

    GRASS = 0
    FIELD = 1
    FOREST = 2
    WATER = 3
    BUILT = 4
    ROAD = 5
    RUNWAY = 6
    APRON = 7
    GRAVEL = 8
    BERM = 9
    FLOOD = 10


@cache
def origin() -> tuple[float, float]:
    """Return easting and northing of the centre, rounded to 60 m so that every spacing shares the area's corners."""
    east, north = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(*CENTRE)
    return round(east / 60) * 60.0, round(north / 60) * 60.0


@cache
def convergence_deg() -> float:
    """Return grid convergence at the centre: true azimuth minus grid azimuth, degrees."""
    return float(Proj(CRS).get_factors(*CENTRE).meridian_convergence)


def to_degrees(geometry: BaseGeometry) -> BaseGeometry:
    """Return local metres (east, north of the centre) as longitude and latitude."""
    east, north = origin()
    back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(back.transform(xy[:, 0] + east, xy[:, 1] + north))

    return transform(geometry, move)


@dataclass(frozen=True, slots=True)
class Grid:
    """A square of square pixels about the centre."""

    half_m: float
    """Half its side, metres."""
    spacing_m: float

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        side = round(2 * self.half_m / self.spacing_m)
        return side, side

    @property
    def local(self) -> Affine:
        """From (column, row) to local metres."""
        return Affine(self.spacing_m, 0.0, -self.half_m, 0.0, -self.spacing_m, self.half_m)

    @property
    def geobox(self) -> GeoBox:
        """The same grid on the map."""
        east, north = origin()
        west, top = east - self.half_m, north + self.half_m
        return GeoBox(self.shape, Affine(self.spacing_m, 0.0, west, 0.0, -self.spacing_m, top), CRS)

    def pixels(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return local metres (..., 2) as pixel coordinates, (0, 0) at the first pixel's outer corner."""
        out = np.empty_like(xy)
        out[..., 0] = (xy[..., 0] + self.half_m) / self.spacing_m
        out[..., 1] = (self.half_m - xy[..., 1]) / self.spacing_m
        return out
