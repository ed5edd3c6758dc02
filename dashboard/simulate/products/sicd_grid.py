"""The grid of a complex picture by range and range rate, as SICD counts it: rows away from the radar, columns along.

Seen from above the picture is not mirrored: columns run with the flight when the radar looks right, against it when it
looks left.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.interpolate import RectBivariateSpline

from dashboard.simulate.products.orbit import SPEED_M_S, Orbit, ecef, orbit_over
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.take import Take

Floats = NDArray[np.float64]

KNOTS = 25
"""Places are solved at this many rows and columns; between them the geometry is smooth to below a millimetre."""
MARGIN_PX = 6
"""Empty pixels around the scene."""
ORDER = 7
"""Of the polynomial of the orbit over time."""


@dataclass(frozen=True)
class SicdGrid:
    """Where every pixel of a picture is."""

    scene: Scene
    take: Take
    polar: bool
    """Polar format (RGAZIM): one moment for all; else range-Doppler (RGZERO): a moment for each column."""
    spacing: tuple[float, float]
    """Slant range between rows and distance between columns, metres."""

    @cached_property
    def orbit(self) -> Orbit:
        """The flight; its time zero is the middle of the collection."""
        return orbit_over(*self.scene.centre, self.scene.height_m, self.take)

    @cached_property
    def centre(self) -> tuple[float, float]:
        """(time, slant range) of the scene's middle."""
        lon, lat = (np.array(v) for v in self.scene.centre)
        t, r = self.orbit.zero_doppler(lon, lat, self.scene.height_m)
        return float(t), float(r)

    @property
    def along(self) -> float:
        """1 when columns run with the flight, -1 against it."""
        return self.orbit.right

    @cached_property
    def ground_speed(self) -> float:
        """Of the beam over the scene, metres per second."""
        t, r = self.centre
        lon, lat = self.orbit.ground(np.array([t - 0.05, t + 0.05]), np.array([r, r]), self.scene.height_m)
        a, b = ecef(lon, lat, self.scene.height_m)
        return float(np.linalg.norm(b - a)) / 0.1

    @cached_property
    def scp(self) -> tuple[int, int]:
        """Row and column of the scene's middle."""
        first, _ = self._edges
        return -first[0], -first[1]

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        first, last = self._edges
        return last[0] - first[0] + 1, last[1] - first[1] + 1

    def seconds(self, y: Floats) -> Floats:
        """Return the moment at which columns `y` metres from the middle lie abeam (range-Doppler)."""
        return self.centre[0] + self.along * y / self.ground_speed

    @property
    def angle_rate(self) -> float:
        """Change of the polar angle, radians per second (polar format)."""
        return -self.along * SPEED_M_S / self.centre[1]

    def per_metre(self, share: float) -> float:
        """Return a change over the longer side of the picture as one over a metre."""
        return share / max(side * spacing for side, spacing in zip(self.shape, self.spacing, strict=True))

    def ground(self) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) of every pixel, shape (rows, columns)."""
        knots = [np.linspace(0, side - 1, min(KNOTS, side)) for side in self.shape]
        x = (knots[0] - self.scp[0])[:, None] * self.spacing[0]
        y = (knots[1] - self.scp[1])[None, :] * self.spacing[1]
        middle = np.array(self.scene.centre)
        rows, cols = (np.arange(side, dtype=np.float64) for side in self.shape)
        surfaces = (
            RectBivariateSpline(knots[0], knots[1], (known - about + 180) % 360 - 180)(rows, cols) + about
            for known, about in zip(self._at(x, y), middle, strict=True)
        )
        lon, lat = surfaces
        return lon, lat

    def outline(self) -> list[tuple[float, float]]:
        """Return (longitude, latitude) of the first, second, third and last corner, clockwise from the first pixel."""
        rows, cols = self.shape
        x = (np.array([0, 0, rows - 1, rows - 1]) - self.scp[0]) * self.spacing[0]
        y = (np.array([0, cols - 1, cols - 1, 0]) - self.scp[1]) * self.spacing[1]
        lon, lat = self._at(x, y)
        return list(zip(lon.tolist(), lat.tolist(), strict=True))

    def arp_polynomial(self) -> Floats:
        """Return the platform's position as a polynomial over seconds from the start, shape (order + 1, 3)."""
        orbit, middle = self.orbit, self.take.duration.total_seconds() / 2
        angle = -orbit.rate * middle
        found = [
            orbit.rate**k
            / math.factorial(k)
            * (
                math.cos(angle + k * math.pi / 2) * orbit.abeam
                + math.sin(angle + k * math.pi / 2) * orbit.radius_m * orbit.forward
            )
            for k in range(ORDER + 1)
        ]
        return np.array(found)

    def _at(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return the place of metres from the middle down (range) and across."""
        ranges = self.centre[1] + x
        if not self.polar:
            return self.orbit.ground(self.seconds(y), ranges, self.scene.height_m)
        return self._by_rate(*np.broadcast_arrays(ranges, y * self.angle_rate))

    def _by_rate(self, ranges: Floats, rates: Floats) -> tuple[Floats, Floats]:
        """Return the place at a range and range rate from where the platform was in the middle of the collection."""
        orbit, (t, _) = self.orbit, self.centre
        here, along = orbit.position(t), orbit.velocity(t) / SPEED_M_S
        up = here / orbit.radius_m
        side = orbit.right * np.cross(along, up)
        forward = -rates / SPEED_M_S
        abeam = np.sqrt(1 - forward**2)
        radius = np.full(ranges.shape, 6_371_000.0 + self.scene.height_m)
        lon = lat = np.zeros(ranges.shape)
        for _ in range(30):  # the point's own distance from the earth's centre settles within a nanometre
            cosine = (orbit.radius_m**2 + ranges**2 - radius**2) / (2 * orbit.radius_m * ranges * abeam)
            sine = np.sqrt(1 - cosine**2)
            sight = forward[..., None] * along + abeam[..., None] * (sine[..., None] * side - cosine[..., None] * up)
            lon, lat, height = _lonlat(here + ranges[..., None] * sight)
            radius = radius + (self.scene.height_m - height)
        return lon, lat

    @cached_property
    def _edges(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the first and last row and column that the scene needs, counted from its middle."""
        lon, lat = np.array(self.scene.footprint.exterior.coords).T
        t, r = self.orbit.zero_doppler(lon, lat, self.scene.height_m)
        x = (r - self.centre[1]) / self.spacing[0]
        y = (t - self.centre[0]) * self.along * self.ground_speed / self.spacing[1]
        low = int(np.floor(x.min())) - MARGIN_PX, int(np.floor(y.min())) - MARGIN_PX
        high = int(np.ceil(x.max())) + MARGIN_PX, int(np.ceil(y.max())) + MARGIN_PX
        return low, high


def _lonlat(place: Floats) -> tuple[Floats, Floats, Floats]:
    to_lonlat = Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
    lon, lat, height = to_lonlat.transform(place[..., 0], place[..., 1], place[..., 2])
    return lon, lat, height
