"""A scene as a radar sees it: rows are moments of the orbit, columns distances, on the slant or on the ground."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline
from shapely import Polygon

from dashboard.simulate.products.orbit import Orbit, orbit_over
from dashboard.simulate.products.scene import PLAIN_DB, Scene
from dashboard.simulate.products.take import Take

Floats = NDArray[np.float64]

MARGIN_PX = 10
"""Pixels of the plain around the scene."""
KNOTS = 40
"""Places are solved at this many rows and columns; between them the geometry is smooth to far below a millimetre."""
STATES_S = 2.0
"""Seconds from state to state of the orbit."""
STATES_REACH_S = 20.0
"""Seconds that states go on before and after the picture."""
GROUND_DEGREE = 4
"""Of the polynomial from ground range to slant range."""


@dataclass(frozen=True)
class SlantGrid:
    """Where every row and column is, seen from an orbit. Seconds count from the moment the scene's middle is abeam."""

    scene: Scene
    orbit: Orbit
    times: Floats
    """Of the rows, seconds, rising, shape (rows,)."""
    ranges: Floats
    """Slant range of the columns, metres, rising, shape (cols,)."""
    ground_m: Floats | None = None
    """Ground range of the columns from the first; None: the columns are equally spaced in slant range."""
    to_slant: Floats | None = None
    """Coefficients of slant range over ground range in metres, lowest first; None with equal slant steps."""

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return len(self.times), len(self.ranges)

    @property
    def line_s(self) -> float:
        """Seconds from row to row."""
        return float(self.times[1] - self.times[0])

    @cached_property
    def states(self) -> tuple[Floats, Floats, Floats]:
        """(times, positions, velocities) of the orbit around the picture: shapes (n,), (n, 3), (n, 3)."""
        first, last = self.times[0] - STATES_REACH_S, self.times[-1] + STATES_REACH_S
        t = np.arange(first, last + STATES_S, STATES_S)
        return t, self.orbit.position(t), self.orbit.velocity(t)

    @cached_property
    def lonlat(self) -> tuple[Floats, Floats]:
        """Longitude and latitude of every pixel's centre at the scene's height, shape (rows, cols)."""
        rows, cols = np.arange(len(self.times)), np.arange(len(self.ranges))
        knots = [np.linspace(0, n - 1, min(n, KNOTS)) for n in self.shape]
        lon, lat = self.place(knots[0][:, None], knots[1][None, :])
        lon, lat = (RectBivariateSpline(knots[0], knots[1], part)(rows, cols) for part in (lon, lat))
        return lon, lat

    @property
    def lon(self) -> Floats:
        """Longitude of every pixel's centre."""
        return self.lonlat[0]

    @property
    def lat(self) -> Floats:
        """Latitude of every pixel's centre."""
        return self.lonlat[1]

    @property
    def footprint(self) -> Polygon:
        """Lon/lat outline of what holds data: the picture's edge, or the drawn ground's."""
        if self.scene.drawn is not None:
            return self.scene.footprint
        rows, cols = (np.linspace(-0.5, n - 0.5, 9) for n in self.shape)
        lines = [(rows[:1], cols), (rows, cols[-1:]), (rows[-1:], cols[::-1]), (rows[::-1], cols[:1])]
        ring = [np.stack(self.place(*np.broadcast_arrays(r, c)), axis=1) for r, c in lines]
        return Polygon(np.concatenate(ring))

    def place(self, rows: Floats, cols: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) of pixel positions; the centre of the first pixel is (0, 0)."""
        times = self.times[0] + np.asarray(rows) * self.line_s
        return self.orbit.ground(times, self.range_at(np.asarray(cols, np.float64)), self.scene.height_m)

    def range_at(self, cols: Floats) -> Floats:
        """Return the slant range of column positions, metres."""
        if self.to_slant is None or self.ground_m is None:
            equal: Floats = self.ranges[0] + cols * (self.ranges[1] - self.ranges[0])
            return equal
        ground = self.ground_m[0] + cols * (self.ground_m[1] - self.ground_m[0])
        found: Floats = polyval(ground, self.to_slant)
        return found

    def power(self, polarisation: str) -> NDArray[np.float32]:
        """Return (rows, cols) linear sigma0; beyond its edge a scene's plain goes on, drawn ground is empty."""
        found = self.scene.sample(polarisation, self.lon, self.lat)
        if self.scene.drawn is None:
            found = np.where(np.isnan(found), 10.0 ** (PLAIN_DB[polarisation] / 10.0), found)
        return found.astype(np.float32)

    def incidence_deg(self) -> Floats:
        """Return the incidence angle of every column, at the middle row."""
        middle = float(self.times[len(self.times) // 2])
        at = np.linspace(0, len(self.ranges) - 1, 9)
        some = [self.orbit.incidence_deg(middle, float(r), self.scene.height_m) for r in self.range_at(at)]
        fit = np.polynomial.Polynomial.fit(at, some, 4)
        found: Floats = fit(np.arange(len(self.ranges), dtype=np.float64))
        return found


def slant_grid(scene: Scene, take: Take, line_m: float, step_m: float) -> SlantGrid:
    """Return the picture of a scene with equal steps of slant range.

    Parameters
    ----------
    scene : the ground, all of which is covered
    take : from where it is seen
    line_m : metres on the ground from row to row
    step_m : metres of slant range from column to column
    """
    orbit = orbit_over(*scene.centre, scene.height_m, take)
    lon, lat = np.array(scene.footprint.exterior.coords).T
    t, r = orbit.zero_doppler(lon, lat, scene.height_m)
    line_s = line_m / (np.linalg.norm(orbit.velocity(0.0)) * 6_371_000.0 / orbit.radius_m)
    counts = int(np.ptp(t) / line_s) + 2 * MARGIN_PX, int(np.ptp(r) / step_m) + 2 * MARGIN_PX
    times = t.min() - MARGIN_PX * line_s + np.arange(counts[0]) * line_s
    ranges = r.min() - MARGIN_PX * step_m + np.arange(counts[1]) * step_m
    return SlantGrid(scene, orbit, times, ranges)


def ground_grid(scene: Scene, take: Take, line_m: float, step_m: float) -> SlantGrid:
    """Return the picture of a scene with equal steps of ground range; parameters as in `slant_grid`."""
    sine = float(np.sin(np.radians(take.incidence_deg)))
    slant = slant_grid(scene, take, line_m, step_m * sine)
    knots = np.linspace(0, len(slant.ranges) - 1, 400)
    theta = np.radians(slant.incidence_deg())
    sines = np.interp(knots, np.arange(len(theta)), np.sin(theta))
    metres = slant.range_at(knots)
    ground = np.concatenate([[0.0], np.cumsum(np.diff(metres) * 2 / (sines[1:] + sines[:-1]))])
    to_slant: Floats = np.asarray(
        np.polynomial.Polynomial.fit(ground, metres, GROUND_DEGREE).convert().coef, np.float64
    )
    columns: Floats = np.arange(int(ground[-1] / step_m), dtype=np.float64) * step_m
    return replace(slant, ranges=np.asarray(polyval(columns, to_slant)), ground_m=columns, to_slant=to_slant)
