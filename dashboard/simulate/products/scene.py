"""One known piece of ground: a plain with square targets of known backscatter, alike under no flip and no turn."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely import Polygon, box

Floats = NDArray[np.float64]

CENTRE = (36.7, 50.2)
"""Longitude and latitude of the made-up ground."""
HEIGHT_M = 130.0
PLAIN_DB = {"VV": -11.0, "HH": -10.0, "VH": -18.0, "HV": -17.0}
TARGETS = (
    (-0.62, 0.55, 0.13, 6.0),
    (-0.62, 0.20, 0.10, 3.0),
    (-0.25, 0.58, 0.10, 0.0),
    (0.50, 0.35, 0.16, -4.0),
    (0.15, -0.55, 0.13, 8.0),
    (0.66, -0.60, 0.10, -17.0),
)
"""East and north of the centre and half the side, as shares of half the scene; dB of the like polarisation."""
CROSS_DB = -7.0
"""Of a target in the cross polarisations beside the like ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A square of even backscatter."""

    x: float
    """Centre, metres on the scene's map."""
    y: float
    half_m: float
    lon: float
    lat: float
    db: float
    """Sigma0 in the like polarisations."""

    def sigma0(self, polarisation: str) -> float:
        """Return linear sigma0."""
        cross = 0.0 if polarisation[0] == polarisation[1] else CROSS_DB
        return float(10.0 ** ((self.db + cross) / 10.0))


@dataclass(frozen=True)
class Scene:
    """Ground on a map grid of its own, north up, metres."""

    geobox: GeoBox
    height_m: float = HEIGHT_M
    """Of all of it, above the ellipsoid."""
    drawn: Mapping[str, NDArray[np.float32]] | None = None
    """Polarisation -> (y, x) linear sigma0 on `geobox`, in place of the plain and its targets."""

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The squares; none where the ground was drawn."""
        if self.drawn is not None:
            return ()
        left, bottom, right, top = self.bounds
        half_x, half_y = (right - left) / 2, (top - bottom) / 2
        half = min(half_x, half_y)
        to_lonlat = Transformer.from_crs(str(self.geobox.crs), "OGC:CRS84", always_xy=True)
        found = []
        for east, north, size, db in TARGETS:
            x, y = left + half_x * (1 + east), bottom + half_y * (1 + north)
            lon, lat = to_lonlat.transform(x, y)
            found.append(Target(x=x, y=y, half_m=size * half, lon=lon, lat=lat, db=db))
        return tuple(found)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(left, bottom, right, top) on the scene's map."""
        rows, cols = self.geobox.shape
        grid = self.geobox.affine
        return grid.c, grid.f + grid.e * rows, grid.c + grid.a * cols, grid.f

    @property
    def footprint(self) -> Polygon:
        """Outline in longitude and latitude."""
        left, bottom, right, top = self.bounds
        to_lonlat = Transformer.from_crs(str(self.geobox.crs), "OGC:CRS84", always_xy=True)
        ring = np.array(box(left, bottom, right, top).segmentize((right - left) / 8).exterior.coords)
        return Polygon(np.stack(to_lonlat.transform(ring[:, 0], ring[:, 1]), axis=1))

    @property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude of the middle."""
        left, bottom, right, top = self.bounds
        to_lonlat = Transformer.from_crs(str(self.geobox.crs), "OGC:CRS84", always_xy=True)
        lon, lat = to_lonlat.transform((left + right) / 2, (bottom + top) / 2)
        return float(lon), float(lat)

    def array(self, polarisation: str) -> NDArray[np.float32]:
        """Return (y, x) linear sigma0 on `geobox`."""
        if self.drawn is not None:
            return self.drawn[polarisation]
        rows, cols = self.geobox.shape
        grid = self.geobox.affine
        xs = grid.c + grid.a * (np.arange(cols) + 0.5)
        ys = grid.f + grid.e * (np.arange(rows) + 0.5)
        return self._at(polarisation, *np.meshgrid(xs, ys)).astype(np.float32)

    def sample(self, polarisation: str, lon: Floats, lat: Floats) -> Floats:
        """Return linear sigma0 at places; NaN outside the scene. What writers in radar geometry call."""
        to_map = Transformer.from_crs("OGC:CRS84", str(self.geobox.crs), always_xy=True)
        xs, ys = (np.asarray(v) for v in to_map.transform(lon, lat))
        left, bottom, right, top = self.bounds
        inside = (xs >= left) & (xs <= right) & (ys >= bottom) & (ys <= top)
        found: Floats = np.where(inside, self._at(polarisation, xs, ys), np.nan)
        return found

    def _at(self, polarisation: str, xs: Floats, ys: Floats) -> Floats:
        if self.drawn is not None:
            grid = self.geobox.affine
            picture = self.drawn[polarisation]
            rows = np.clip(((ys - grid.f) / grid.e).astype(int), 0, picture.shape[0] - 1)
            cols = np.clip(((xs - grid.c) / grid.a).astype(int), 0, picture.shape[1] - 1)
            picked: Floats = picture[rows, cols].astype(np.float64)
            return picked
        power = np.full(np.shape(xs), 10.0 ** (PLAIN_DB[polarisation] / 10.0))
        for target in self.targets:
            hit = (np.abs(xs - target.x) <= target.half_m) & (np.abs(ys - target.y) <= target.half_m)
            power = np.where(hit, target.sigma0(polarisation), power)
        return power


def mini_scene(
    spacing_m: float = 2.0, shape: tuple[int, int] = (96, 128), centre: tuple[float, float] = CENTRE
) -> Scene:
    """Return a scene of `shape` (rows, columns) pixels around a place, on the grid of its UTM zone.

    The grid's origin is a multiple of the spacing, so that a product delivered on a map holds whole pixels.
    """
    lon, lat = centre
    zone = (32600 if lat >= 0 else 32700) + int((lon + 180.0) % 360.0 // 6) + 1
    x, y = Transformer.from_crs("OGC:CRS84", zone, always_xy=True).transform(lon, lat)
    rows, cols = shape
    left, top = (round(v / spacing_m) * spacing_m for v in (x - cols / 2 * spacing_m, y + rows / 2 * spacing_m))
    return Scene(GeoBox(shape, Affine(spacing_m, 0, left, 0, -spacing_m, top), f"EPSG:{zone}"))
