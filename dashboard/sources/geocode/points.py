"""Ground control points: a smooth surface through a regular grid of them, a polynomial through a few."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline

from dashboard.model.errors import NoGeoreferenceError
from dashboard.sources.geocode.inverse import around, by_newton
from dashboard.sources.geocode.sensor import GEOD, Floats

FEWEST = 3
MOST = 200_000
"""Control points of one image: real ones have four to some thousands."""


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """A pixel whose place is known; the centre of the first pixel is (0, 0)."""

    row: float
    col: float
    lon: float
    lat: float
    height_m: float = 0.0


class PointSensor:
    """A `Sensor` through ground control points.

    Points that form a complete grid carry a bicubic surface; others the polynomial that their number bears (3: plane,
    4 and 5: bilinear, 6 to 9: quadratic, 10 and more: cubic). The points hold at their own heights; ground at another
    height is moved along the look direction where that and the incidence are given.
    """

    kind = "gcp"

    def __init__(
        self,
        points: Sequence[ControlPoint],
        shape: tuple[int, int],
        *,
        look: tuple[float, float] | None = None,
        error_m: float | None = None,
        basis: str = "",
    ) -> None:
        """Fit.

        Parameters
        ----------
        points : at least three that do not lie on one line
        shape : (rows, columns)
        look : (azimuth on the ground in which the radar looked, incidence), degrees; None ignores heights

        Raises
        ------
        NoGeoreferenceError
            If the points are too few, too many, not finite, off the globe or on one line.
        """
        self.shape = shape
        self.error_m = error_m
        self.basis = basis
        self._look = look
        table = _checked(points)
        self._middle = float(table[0, 2])
        east = around(table[:, 2], self._middle)
        rows, cols = np.unique(table[:, 0]), np.unique(table[:, 1])
        values = np.stack([east, table[:, 3], table[:, 4]], axis=1)
        self._surface = (
            _Spline(rows, cols, table, values)
            if min(len(rows), len(cols)) > 1 and len(rows) * len(cols) == len(table)
            else _Polynomial(table, values, shape)
        )
        self.height_m = float(np.mean(table[:, 4]))

    def to_ground(self, rows: Floats, cols: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) of pixel positions."""
        east, lat, own = self._surface.at(np.asarray(rows, np.float64), np.asarray(cols, np.float64))
        lon = around(east + self._middle, 0.0)
        if self._look is None:
            return lon, lat
        azimuth, incidence = self._look
        away = (heights - own) / np.tan(np.radians(incidence))
        moved = GEOD.fwd(lon, lat, np.full_like(lon, azimuth), np.broadcast_to(away, lon.shape))
        return np.asarray(moved[0]), np.asarray(moved[1])

    def to_image(self, lon: Floats, lat: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (rows, columns) of ground points."""
        return by_newton(self.to_ground, self.shape, lon, lat, heights)


class _Spline:
    def __init__(self, rows: Floats, cols: Floats, table: Floats, values: Floats) -> None:
        order = np.lexsort((table[:, 1], table[:, 0]))
        grids = values[order].reshape(len(rows), len(cols), 3)
        degrees = min(3, len(rows) - 1), min(3, len(cols) - 1)
        self._splines = [RectBivariateSpline(rows, cols, grids[..., k], kx=degrees[0], ky=degrees[1]) for k in range(3)]
        self._edges = (rows[0], rows[-1]), (cols[0], cols[-1])

    def at(self, rows: Floats, cols: Floats) -> tuple[Floats, Floats, Floats]:
        """Evaluate; beyond the grid go on along the slope at its edge, where a spline alone would stand still."""
        (top, bottom), (left, right) = self._edges
        r, c = np.clip(rows, top, bottom), np.clip(cols, left, right)
        # One pixel back towards the middle: its difference is the slope, which splines of first degree do not give.
        back_r, back_c = np.where(r > (top + bottom) / 2, r - 1, r + 1), np.where(c > (left + right) / 2, c - 1, c + 1)
        found = []
        for spline in self._splines:
            value = spline.ev(r, c)
            down = (rows - r) * (value - spline.ev(back_r, c)) / (r - back_r)
            across = (cols - c) * (value - spline.ev(r, back_c)) / (c - back_c)
            found.append(value + down + across)
        return found[0], found[1], found[2]


class _Polynomial:
    def __init__(self, table: Floats, values: Floats, shape: tuple[int, int]) -> None:
        self._scale = np.array([max(side, 2) / 2 for side in shape])
        self._terms = _terms(len(table))
        matrix = self._matrix(table[:, 0], table[:, 1])
        try:
            fit, _, rank, _ = np.linalg.lstsq(matrix, values, rcond=1e-9)
        except np.linalg.LinAlgError as error:
            raise NoGeoreferenceError("No surface passes through the ground control points; they are wrong.") from error
        if rank < 3:
            raise NoGeoreferenceError("The ground control points lie on one line; give points on all sides.")
        self._fit = fit

    def at(self, rows: Floats, cols: Floats) -> tuple[Floats, Floats, Floats]:
        found = self._matrix(rows, cols) @ self._fit
        return found[..., 0], found[..., 1], found[..., 2]

    def _matrix(self, rows: Floats, cols: Floats) -> Floats:
        r, c = rows / self._scale[0] - 1.0, cols / self._scale[1] - 1.0
        return np.stack([r**i * c**j for i, j in self._terms], axis=-1)


def _terms(points: int) -> list[tuple[int, int]]:
    if points < 4:
        return [(0, 0), (1, 0), (0, 1)]
    if points < 6:
        return [(0, 0), (1, 0), (0, 1), (1, 1)]
    order = 2 if points < 10 else 3
    return [(i, j) for i in range(order + 1) for j in range(order + 1 - i)]


def _checked(points: Sequence[ControlPoint]) -> NDArray[np.float64]:
    if not FEWEST <= len(points) <= MOST:
        msg = f"The image has {len(points):,} ground control points; between {FEWEST} and {MOST:,} are needed."
        raise NoGeoreferenceError(msg)
    table = np.array([[p.row, p.col, p.lon, p.lat, p.height_m] for p in points], np.float64)
    if not np.isfinite(table).all() or np.abs(table[:, 2]).max() > 360 or np.abs(table[:, 3]).max() > 90:
        raise NoGeoreferenceError("A ground control point is not on the globe; its georeference is wrong.")
    return table
