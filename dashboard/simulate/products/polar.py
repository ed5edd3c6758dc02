"""A scene in polar format: pixels at equal steps of range and of range rate, seen from one point of the orbit."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.interpolate import RectBivariateSpline
from shapely import Polygon

from dashboard.simulate.products.orbit import Orbit, ecef, orbit_over
from dashboard.simulate.products.scene import PLAIN_DB, Scene
from dashboard.simulate.products.take import Take

Floats = NDArray[np.float64]

KNOTS = 40
MARGIN_PX = 10
SCALE_OVER_ANGLE = (1.0, 0.0, 0.0494)
"""Spatial frequency scale factor over polar angle."""


@dataclass(frozen=True)
class PolarGrid:
    """Where rows (across the range) and columns (along it) are."""

    scene: Scene
    orbit: Orbit
    origin: tuple[int, int]
    """(row, column) of the scene's middle."""
    spacing_m: tuple[float, float]
    """Between rows and between columns, in the slant plane."""
    shape: tuple[int, int]

    @cached_property
    def reference(self) -> Floats:
        """Of the scene, earth-centred metres."""
        lon, lat = self.scene.centre
        return ecef(np.array(lon), np.array(lat), self.scene.height_m)

    @property
    def angle_rate(self) -> float:
        """Of the polar angle, radians per second, at the moment when the middle lies abeam."""
        return -float(np.linalg.norm(self.orbit.velocity(0.0)) / np.linalg.norm(self.orbit.abeam - self.reference))

    @cached_property
    def lonlat(self) -> tuple[Floats, Floats]:
        """Longitude and latitude of every pixel's centre."""
        knots = [np.linspace(0, n - 1, KNOTS) for n in self.shape]
        lon, lat = self.place(knots[0][:, None], knots[1][None, :])
        rows, cols = (np.arange(n) for n in self.shape)
        lon, lat = (RectBivariateSpline(knots[0], knots[1], part)(rows, cols) for part in (lon, lat))
        return lon, lat

    @property
    def footprint(self) -> Polygon:
        """Lon/lat outline of what holds data."""
        if self.scene.drawn is not None:
            return self.scene.footprint
        rows, cols = (np.linspace(-0.5, n - 0.5, 9) for n in self.shape)
        lines = [(rows[:1], cols), (rows, cols[-1:]), (rows[-1:], cols[::-1]), (rows[::-1], cols[:1])]
        ring = [np.stack(self.place(*np.broadcast_arrays(r, c)), axis=1) for r, c in lines]
        return Polygon(np.concatenate(ring))

    def place(self, rows: Floats, cols: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude): on the circle of a range and a range rate, at the scene's height."""
        rows, cols = np.broadcast_arrays(np.asarray(rows, np.float64), np.asarray(cols, np.float64))
        away = (cols - self.origin[1]) * self.spacing_m[1]
        aside = (rows - self.origin[0]) * self.spacing_m[0]
        distance = np.linalg.norm(self.orbit.abeam - self.reference) + away
        rate = aside * self.angle_rate  # the middle lies abeam: no rate there
        speed = np.linalg.norm(self.orbit.velocity(0.0))
        # From the antenna to the ground: so much backwards along the flight, the rest in the plane abeam.
        back = -distance * rate / speed
        across = np.sqrt(distance**2 - back**2)
        up = self.orbit.abeam / self.orbit.radius_m
        side = self.orbit.right * np.cross(self.orbit.forward, up)
        middle = self.reference - self.orbit.abeam
        angle = np.full(rows.shape, np.arctan2(middle @ side, -(middle @ up)))
        for _ in range(20):
            height = _height(self._at(back, across, angle))
            slope = (_height(self._at(back, across, angle + 1e-6)) - height) / 1e-6
            angle = angle - (height - self.scene.height_m) / slope
        return _lonlat(self._at(back, across, angle))

    def power(self, polarisation: str) -> NDArray[np.float32]:
        """Return (rows, cols) linear sigma0; beyond its edge a scene's plain goes on, drawn ground is empty."""
        found = self.scene.sample(polarisation, *self.lonlat)
        if self.scene.drawn is None:
            found = np.where(np.isnan(found), 10.0 ** (PLAIN_DB[polarisation] / 10.0), found)
        return found.astype(np.float32)

    def _at(self, back: Floats, across: Floats, angle: Floats) -> Floats:
        up = self.orbit.abeam / self.orbit.radius_m
        side = self.orbit.right * np.cross(self.orbit.forward, up)
        found: Floats = (
            self.orbit.abeam
            + back[..., None] * self.orbit.forward
            + across[..., None] * (np.sin(angle)[..., None] * side - np.cos(angle)[..., None] * up)
        )
        return found


def polar_grid(scene: Scene, take: Take, aside_m: float, away_m: float) -> PolarGrid:
    """Return the picture of a scene at steps of `aside_m` along the flight and `away_m` of slant range."""
    orbit = orbit_over(*scene.centre, scene.height_m, take)
    start = PolarGrid(scene, orbit, (0, 0), (aside_m, away_m), (2, 2))
    lon, lat = np.array(scene.footprint.exterior.coords).T
    away = start.orbit.abeam - ecef(lon, lat, scene.height_m)
    distance = np.linalg.norm(away, axis=-1)
    rate = (away @ orbit.velocity(0.0)) / distance
    cols = (distance - np.linalg.norm(orbit.abeam - start.reference)) / away_m
    rows = rate / start.angle_rate / aside_m
    origin = int(-rows.min()) + MARGIN_PX, int(-cols.min()) + MARGIN_PX
    shape = origin[0] + int(rows.max()) + MARGIN_PX, origin[1] + int(cols.max()) + MARGIN_PX
    return PolarGrid(scene, orbit, origin, (aside_m, away_m), shape)


def _height(place: Floats) -> Floats:
    to_lonlat = Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
    return np.asarray(to_lonlat.transform(place[..., 0], place[..., 1], place[..., 2])[2])


def _lonlat(place: Floats) -> tuple[Floats, Floats]:
    to_lonlat = Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
    lon, lat, _ = to_lonlat.transform(place[..., 0], place[..., 1], place[..., 2])
    return np.asarray(lon), np.asarray(lat)
