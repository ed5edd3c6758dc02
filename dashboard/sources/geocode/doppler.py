"""Zero-Doppler geometry: a row is a moment of the orbit, a column a distance from it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Chebyshev

from dashboard.model.acquisition import LookSide
from dashboard.model.errors import DamagedProductError
from dashboard.sources.geocode.ellipsoid import from_ecef, to_ecef
from dashboard.sources.geocode.sensor import Floats

FEWEST_STATES = 3
MOST_STATES = 10_000
DEGREE = 7
"""Of the polynomial through the orbit: below a millimetre over minutes."""
ITERATIONS = 12


class OrbitPath:
    """Position and velocity of the platform as smooth functions of time."""

    def __init__(self, times_s: Floats, positions: Floats) -> None:
        """Fit.

        Parameters
        ----------
        times_s : seconds from any one moment, ascending, shape (n,)
        positions : earth-centred, earth-fixed metres, shape (n, 3)

        Raises
        ------
        DamagedProductError
            If the states are too few, not in order, or not around the earth.
        """
        times, places = np.asarray(times_s, np.float64), np.asarray(positions, np.float64)
        if not FEWEST_STATES <= len(times) <= MOST_STATES or places.shape != (len(times), 3):
            msg = f"The orbit has {len(times):,} states; {FEWEST_STATES} to {MOST_STATES:,} are needed."
            raise DamagedProductError(msg)
        radii = np.linalg.norm(places, axis=1)
        orderly = np.isfinite(times).all() and (np.diff(times) > 0).all()
        if not (orderly and (radii > 6.4e6).all() and (radii < 1e7).all()):
            raise DamagedProductError("The orbit's states are out of order or of no low orbit; the product is damaged.")
        degree = min(DEGREE, len(times) - 1)
        self._fits = [Chebyshev.fit(times, places[:, axis], degree) for axis in range(3)]
        self._rates = [fit.deriv() for fit in self._fits]
        self._bends = [rate.deriv() for rate in self._rates]
        self.span = float(times[0]), float(times[-1])

    def position(self, t: Floats) -> Floats:
        """Return positions, shape (..., 3), metres."""
        return np.stack([fit(t) for fit in self._fits], axis=-1)

    def velocity(self, t: Floats) -> Floats:
        """Return velocities, shape (..., 3), metres per second."""
        return np.stack([rate(t) for rate in self._rates], axis=-1)

    def acceleration(self, t: Floats) -> Floats:
        """Return accelerations, shape (..., 3), metres per second squared."""
        return np.stack([bend(t) for bend in self._bends], axis=-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlane:
    """How rows and columns count time and distance."""

    first_time_s: float
    """Zero-Doppler time of row 0, on the orbit's clock."""
    line_s: float
    """Seconds from row to row; negative when later lines come first."""
    range_of: Callable[[Floats], Floats]
    """Slant range in metres of column positions."""
    column_of: Callable[[Floats], Floats]
    """Column position of slant ranges; the inverse of `range_of`."""


def slant_plane(first_m: float, step_m: float) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]:
    """Return `range_of` and `column_of` for columns at equal steps of slant range."""
    return (lambda cols: first_m + cols * step_m), (lambda ranges: (ranges - first_m) / step_m)


def tabulated(ranges_m: Floats) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]:
    """Return `range_of` and `column_of` from the slant range of every column, strictly rising or falling."""
    ranges = np.asarray(ranges_m, np.float64)
    if len(ranges) < 2 or not np.isfinite(ranges).all() or not ((d := np.diff(ranges)) * np.sign(d[0]) > 0).all():
        raise DamagedProductError("The slant ranges of the columns do not rise steadily; the range model is damaged.")
    columns = np.arange(len(ranges), dtype=np.float64)
    ascending = ranges[-1] > ranges[0]
    known, places = (ranges, columns) if ascending else (ranges[::-1], columns[::-1])

    def range_of(cols: Floats) -> Floats:
        inside = np.clip(cols, 0, len(ranges) - 1)
        slope = np.where(cols < 0, ranges[1] - ranges[0], ranges[-1] - ranges[-2])
        found: Floats = np.interp(inside, columns, ranges) + (cols - inside) * slope
        return found

    def column_of(wanted: Floats) -> Floats:
        inside = np.clip(wanted, known[0], known[-1])
        slope = np.where(
            wanted < known[0],
            (places[1] - places[0]) / (known[1] - known[0]),
            (places[-1] - places[-2]) / (known[-1] - known[-2]),
        )
        found: Floats = np.interp(inside, known, places) + (wanted - inside) * slope
        return found

    return range_of, column_of


class RangeDoppler:
    """A `Sensor` from an orbit and the counting of time and range."""

    kind = "sensor"

    def __init__(  # noqa: PLR0913  the geometry of an image has these parts
        self,
        orbit: OrbitPath,
        plane: ImagePlane,
        shape: tuple[int, int],
        look: LookSide,
        *,
        height_m: float,
        error_m: float | None = None,
        basis: str = "",
    ) -> None:
        self.shape = shape
        self.height_m = height_m
        self.error_m = error_m
        self.basis = basis
        self._orbit = orbit
        self._plane = plane
        self._right = 1.0 if look is LookSide.RIGHT else -1.0

    def to_image(self, lon: Floats, lat: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (rows, columns): the moment when the point lies abeam, and its distance then."""
        place = to_ecef(np.asarray(lon, np.float64), np.asarray(lat, np.float64), np.asarray(heights, np.float64))
        plane = self._plane
        t = np.full(place.shape[:-1], plane.first_time_s + plane.line_s * self.shape[0] / 2)
        for _ in range(ITERATIONS):
            away = place - self._orbit.position(t)
            speed = self._orbit.velocity(t)
            bend = np.sum(away * self._orbit.acceleration(t), axis=-1) - np.sum(speed * speed, axis=-1)
            step = np.sum(away * speed, axis=-1) / bend
            t = np.clip(t - step, *self._window())
            if np.max(np.abs(step), initial=0.0) < 1e-9:
                break
        away = place - self._orbit.position(t)
        rows = (t - plane.first_time_s) / plane.line_s
        cols = plane.column_of(np.linalg.norm(away, axis=-1))
        low, high = self._window()
        seen = (t > low) & (t < high) & (self._side(t, away) > 0)
        return np.where(seen, rows, np.nan), np.where(seen, cols, np.nan)

    def to_ground(self, rows: Floats, cols: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude): in the plane abeam, at the range, at the height."""
        rows, cols, heights = (np.asarray(a, np.float64) for a in np.broadcast_arrays(rows, cols, heights))
        t = self._plane.first_time_s + rows * self._plane.line_s
        distance = self._plane.range_of(cols)
        origin, speed = self._orbit.position(t), self._orbit.velocity(t)
        along = speed / np.linalg.norm(speed, axis=-1, keepdims=True)
        down = -(origin - np.sum(origin * along, axis=-1, keepdims=True) * along)
        down /= np.linalg.norm(down, axis=-1, keepdims=True)
        side = self._right * np.cross(down, along)
        angle = _first_angle(origin, distance, heights)
        for _ in range(ITERATIONS):
            too_high, per_radian = _height_error(origin, (down, side), distance, angle, heights)
            step = too_high / per_radian
            angle = np.clip(angle - step, 1e-3, np.pi / 2)
            if np.max(np.abs(step), initial=0.0) < 1e-12:
                break
        lon, lat, _ = from_ecef(_placed(origin, (down, side), distance, angle))
        return lon, lat

    def _window(self) -> tuple[float, float]:
        """Return the times that are searched: the image and its length again on both sides, a second at least."""
        first = self._plane.first_time_s
        last = first + self._plane.line_s * self.shape[0]
        margin = max(abs(last - first), 1.0)
        return min(first, last) - margin, max(first, last) + margin

    def _side(self, t: Floats, away: Floats) -> Floats:
        """Return a positive number where the point lies on the side to which the radar looks."""
        origin = self._orbit.position(t)
        right = np.cross(-origin, self._orbit.velocity(t))
        found: Floats = self._right * np.sum(right * away, axis=-1)
        return found


def _first_angle(origin: Floats, distance: Floats, heights: Floats) -> Floats:
    """Return the angle from straight down by the law of cosines on a sphere."""
    height = np.linalg.norm(origin, axis=-1)
    radius = 6_371_000.0 + heights
    cosine = (height**2 + distance**2 - radius**2) / (2 * height * distance)
    angle: Floats = np.arccos(np.clip(cosine, 0.0, 0.9999))
    return angle


def _placed(origin: Floats, frame: tuple[Floats, Floats], distance: Floats, angle: Floats) -> Floats:
    down, side = frame
    found: Floats = origin + distance[..., None] * (np.cos(angle)[..., None] * down + np.sin(angle)[..., None] * side)
    return found


def _height_error(
    origin: Floats, frame: tuple[Floats, Floats], distance: Floats, angle: Floats, heights: Floats
) -> tuple[Floats, Floats]:
    """Return how far above the wanted height the point lies, and how that grows with the angle."""
    _, _, height = from_ecef(_placed(origin, frame, distance, angle))
    _, _, farther = from_ecef(_placed(origin, frame, distance, angle + 1e-6))
    return height - heights, (farther - height) / 1e-6
