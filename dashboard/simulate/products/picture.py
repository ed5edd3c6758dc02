"""What a camera sees of a scene: whole numbers by band, on the scene's map or in a frame turned against it."""

from dataclasses import dataclass
from functools import cached_property
from math import atan2, cos, degrees, radians, sin, tan
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.rpc import RPC
from shapely import Polygon

from dashboard.simulate.products.rational import fit_rpc
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.take import Take

Floats = NDArray[np.float64]

BRIGHTER = {"R": 0, "G": 12, "B": 24, "N": 6, "C": 2, "Y": 4, "RE": 8, "N2": 10, "PAN": 0}
"""Numbers by which a band of made-up ground differs from red."""
DARKEST_DB, PER_DB, FLOOR = -25.0, 6.0, 30.0
STEPS_16 = 8
"""Pictures of 11 bits hold this many times the numbers of those of 8."""
TURN_DEG = 9.0
"""Between a camera's rows and the map's."""
REACH = 1.08
"""A turned frame is this much larger than what fits into the scene: its corners stand out."""


def numbers(scene: Scene, band: str, dtype: str = "uint8") -> NDArray[Any]:
    """Return (y, x) numbers of a band on the scene's map, 0 where nothing was drawn."""
    if scene.drawn is not None:
        drawn = np.asarray(scene.drawn[band if band in scene.drawn else _like(scene, band)], np.float32)
        return _whole(drawn, dtype)
    return _whole(level(scene.array("VV"), band, dtype), dtype)


def level(sigma0: Any, band: str, dtype: str = "uint8") -> Any:  # noqa: ANN401  numbers or arrays
    """Return the number by which a band shows ground of a backscatter: brighter ground, larger number."""
    with np.errstate(divide="ignore"):
        db = 10.0 * np.log10(sigma0)
    return np.rint(FLOOR + PER_DB * (db - DARKEST_DB) + BRIGHTER[band]) * (STEPS_16 if dtype == "uint16" else 1)


def _whole(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    seen = np.isfinite(values)
    whole = np.clip(np.rint(np.where(seen, values, 0)), 1, np.iinfo(dtype).max).astype(dtype)
    whole[~seen] = 0
    return whole


def _like(scene: Scene, band: str) -> str:
    """Return a drawn band that stands in for one that was not drawn."""
    drawn = scene.drawn or {}
    return next(name for name in ("PAN", "G", *drawn) if name in drawn and name != band)


@dataclass(frozen=True)
class Frame:
    """A picture in the geometry of a camera that looks down obliquely: rows and columns turned against the map."""

    scene: Scene
    take: Take

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns): about what fits into the scene."""
        rows, cols = self.scene.geobox.shape
        return int(rows * REACH), int(cols * REACH)

    @cached_property
    def affine(self) -> Affine:
        """From (column, row) corners to the scene's map, for ground at the scene's height."""
        left, bottom, right, top = self.scene.bounds
        side = abs(float(self.scene.geobox.affine.a))
        rows, cols = self.shape
        turned = Affine.rotation(TURN_DEG) @ Affine.scale(side, -side)
        return (
            Affine.translation((left + right) / 2, (bottom + top) / 2)
            @ turned
            @ Affine.translation(-cols / 2, -rows / 2)
        )

    def to_image(self, lon: Floats, lat: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (rows, columns) of ground points, pixel centres at whole numbers."""
        to_map = Transformer.from_crs("OGC:CRS84", str(self.scene.geobox.crs), always_xy=True)
        x, y = (np.asarray(v) for v in to_map.transform(lon, lat))
        # High ground leans away from the camera, to where its line of sight meets the scene's height.
        lean = (np.asarray(heights) - self.scene.height_m) * tan(radians(self.take.incidence_deg))
        azimuth = radians(self.take.look_azimuth_deg)
        x, y = x + lean * sin(azimuth), y + lean * cos(azimuth)
        back = ~self.affine
        return back.d * x + back.e * y + back.f - 0.5, back.a * x + back.b * y + back.c - 0.5

    def numbers(self, band: str, dtype: str) -> NDArray[Any]:
        """Return (rows, cols) numbers of a band; a scene's plain goes on beyond its edge, drawn ground ends there."""
        rows, cols = np.indices(self.shape)
        x, y = self._map(rows + 0.5, cols + 0.5)
        grid, whole = self.scene.geobox.affine, numbers(self.scene, band, dtype)
        down, across = ((y - grid.f) / grid.e), ((x - grid.c) / grid.a)
        inside = (down >= 0) & (down < whole.shape[0]) & (across >= 0) & (across < whole.shape[1])
        picked = whole[np.where(inside, down, 0).astype(int), np.where(inside, across, 0).astype(int)]
        beyond = 0 if self.scene.drawn is not None else whole[0, 0]
        return np.where(inside, picked, beyond).astype(dtype)

    @property
    def corners(self) -> list[tuple[float, float]]:
        """Longitude and latitude of the outer corners: upper left, upper right, lower right, lower left."""
        rows, cols = self.shape
        x, y = self._map(np.array([0.0, 0.0, rows, rows]), np.array([0.0, cols, cols, 0.0]))
        to_lonlat = Transformer.from_crs(str(self.scene.geobox.crs), "OGC:CRS84", always_xy=True)
        lon, lat = to_lonlat.transform(x, y)
        return list(zip(map(float, lon), map(float, lat), strict=True))

    @property
    def footprint(self) -> Polygon:
        """Outline of the picture."""
        return Polygon(self.corners)

    def rpc(self) -> RPC:
        """Return the coefficients that follow this geometry."""
        west, south, east, north = self.footprint.buffer(0.002).bounds
        return fit_rpc(self.to_image, (west, south, east, north), self.scene.height_m)

    def _map(self, rows: NDArray[Any], cols: NDArray[Any]) -> tuple[Floats, Floats]:
        a = self.affine
        return a.a * cols + a.b * rows + a.c, a.d * cols + a.e * rows + a.f


def satellite_azimuth(take: Take) -> float:
    """Return the direction in which the satellite stands, seen from the ground."""
    return (take.look_azimuth_deg + 180.0) % 360.0


def sun(take: Take) -> tuple[float, float]:
    """Return (azimuth, elevation) of the sun: a plain model, good enough for a field that must be filled."""
    lon, lat = 36.7, radians(50.2)
    hour = radians((take.start.hour + take.start.minute / 60 - 12) * 15 + lon)
    tilt = radians(23.44) * sin(2 * np.pi * (take.start.timetuple().tm_yday - 81) / 365)
    up = np.arcsin(sin(lat) * sin(tilt) + cos(lat) * cos(tilt) * cos(hour))
    azimuth = degrees(atan2(-sin(hour), tan(tilt) * cos(lat) - sin(lat) * cos(hour))) % 360
    return round(azimuth, 2), round(degrees(float(up)), 2)
