"""Where the pixels of a Sentinel-1 image are: by its orbit, and by ground range where it was projected to that."""

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
from scipy.spatial import QhullError

from dashboard.model.acquisition import LookSide
from dashboard.model.errors import DamagedProductError
from dashboard.sources.geocode.doppler import ImagePlane, OrbitPath, RangeDoppler, slant_plane
from dashboard.sources.geocode.inverse import around
from dashboard.sources.geocode.sensor import GEOD, Floats
from dashboard.sources.sentinel1.annotation import Annotation, Conversion

ERROR_M = 10.0
BASIS = "documented for Level-1 products on ground of the right height"
DISAGREEMENT_M = 200.0
"""Orbit and geolocation grid of one annotation agree within some metres; more means that one of them is damaged."""
BEYOND = 0.05
"""Share of the swath beyond its edges up to which the polynomials are followed: farther out they run wild."""
BEYOND_PX = 64
LEVEL_M = 1.0
"""Grid points that differ by less in height are one height."""


class GroundRange:
    """A `Sensor` for columns that are equally spaced on the ground.

    The producer made them from slant range with a polynomial for each second or so; the one nearest in time is used,
    as in the product's own geolocation grid.
    """

    kind = "sensor"

    def __init__(self, annotation: Annotation, conversion: Conversion) -> None:
        orbit = OrbitPath(annotation.orbit_times_s, annotation.orbit_positions_m)
        range_of, column_of = slant_plane(0.0, 1.0)  # its columns are metres of slant range
        plane = ImagePlane(
            first_time_s=annotation.first_line_s, line_s=annotation.line_s, range_of=range_of, column_of=column_of
        )
        self.shape = annotation.shape
        self.height_m = float(np.mean(annotation.grid[:, 4]))
        self.error_m: float | None = ERROR_M
        self.basis = BASIS
        self._inner = RangeDoppler(orbit, plane, annotation.shape, LookSide.RIGHT, height_m=self.height_m)
        self._times = annotation.first_line_s, annotation.line_s
        self._spacing = annotation.spacing_m[0]
        self._conversion = conversion
        self._between = (conversion.times_s[1:] + conversion.times_s[:-1]) / 2

    def to_ground(self, rows: Floats, cols: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) of pixel positions."""
        rows, cols = np.broadcast_arrays(np.asarray(rows, np.float64), np.asarray(cols, np.float64))
        k, known = self._record(rows), self._conversion
        slant = _polynomial(known.to_slant[k], cols * self._spacing - known.ground_origin_m[k])
        if not (np.isfinite(slant) & (slant > 0)).all():
            raise DamagedProductError("grsrCoefficients give slant ranges that are none; the product is damaged.")
        return self._inner.to_ground(rows, slant, heights)

    def to_image(self, lon: Floats, lat: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (rows, columns) of ground points; NaN far outside the image."""
        rows, slant = self._inner.to_image(lon, lat, heights)
        seen = np.isfinite(rows)
        k, known = self._record(np.where(seen, rows, 0.0)), self._conversion
        low, high = self._reach
        near = seen & (slant > low) & (slant < high)
        wanted = np.where(near, slant, low) - known.slant_origin_m[k]
        cols = (_polynomial(known.to_ground[k], wanted) + known.ground_origin_m[k]) / self._spacing
        return np.where(near, rows, np.nan), np.where(near, cols, np.nan)

    @cached_property
    def _reach(self) -> tuple[float, float]:
        """Slant ranges between which `to_ground` of the conversion is followed."""
        known, last = self._conversion, (self.shape[1] - 1) * self._spacing
        edges = [_polynomial(known.to_slant, end - known.ground_origin_m) for end in (0.0, last)]
        low, high = float(edges[0].min()), float(edges[1].max())
        beyond = (high - low) * max(BEYOND, BEYOND_PX / self.shape[1])
        return low - beyond, high + beyond

    def _record(self, rows: Floats) -> NDArray[np.intp]:
        first, step = self._times
        return np.searchsorted(self._between, first + rows * step)


def slant_sensor(annotation: Annotation) -> RangeDoppler:
    """Return the sensor of an image in slant range."""
    orbit = OrbitPath(annotation.orbit_times_s, annotation.orbit_positions_m)
    range_of, column_of = slant_plane(annotation.slant_range_m, annotation.slant_step_m)
    plane = ImagePlane(
        first_time_s=annotation.first_line_s, line_s=annotation.line_s, range_of=range_of, column_of=column_of
    )
    height = float(np.mean(annotation.grid[:, 4]))
    return RangeDoppler(orbit, plane, annotation.shape, LookSide.RIGHT, height_m=height, error_m=ERROR_M, basis=BASIS)


def sensor_of(annotation: Annotation) -> GroundRange | RangeDoppler:
    """Return the sensor of an image, whichever way its columns count."""
    if annotation.conversion is not None:
        return GroundRange(annotation, annotation.conversion)
    return slant_sensor(annotation)


def check_grid(annotation: Annotation) -> float:
    """Return by how many metres at most an image's sensor misses the places of the product's own geolocation grid.

    Raises
    ------
    DamagedProductError
        If that is more than can be meant.
    """
    grid = annotation.grid
    rows = (grid[:, 6] - annotation.first_line_s) / annotation.line_s  # lines of bursts overlap, times do not
    lon, lat = sensor_of(annotation).to_ground(rows, grid[:, 1], grid[:, 4])
    _, _, metres = GEOD.inv(lon, lat, around(grid[:, 3], 0.0), grid[:, 2])
    worst = float(np.max(metres))
    if not worst <= DISAGREEMENT_M:
        msg = (
            f"{annotation.name}: its orbit and its geolocationGrid disagree by {worst:,.0f} m; up to "
            f"{DISAGREEMENT_M:.0f} m can be meant. The product is damaged."
        )
        raise DamagedProductError(msg)
    return worst


class GridHeights:
    """A `Terrain` through the heights of the product's geolocation grid, which are far apart: hills are cut off."""

    smooth = True

    def __init__(self, grid: Floats) -> None:
        """Prepare.

        Parameters
        ----------
        grid : rows as in `Annotation`

        Raises
        ------
        DamagedProductError
            If the points lie on one line.
        """
        self._middle = float(grid[0, 3])
        places = np.stack([around(grid[:, 3], self._middle), grid[:, 2]], axis=1)
        heights = grid[:, 4]
        self.words = f"product's grid, {heights.min():.0f} to {heights.max():.0f} m"
        try:
            self._inside = LinearNDInterpolator(places, heights)
        except (QhullError, ValueError) as error:
            raise DamagedProductError(
                "The geolocationGrid's points lie on one line; the product is damaged."
            ) from error
        self._outside = NearestNDInterpolator(places, heights)

    def heights(self, lon: Floats, lat: Floats) -> Floats:
        """Return heights, linear between the grid's points and the nearest one's beyond them."""
        lon, lat = np.broadcast_arrays(around(np.asarray(lon), self._middle), lat)
        found: Floats = self._inside(lon, lat)
        missing = np.isnan(found) & np.isfinite(lon) & np.isfinite(lat)
        if missing.any():
            found[missing] = self._outside(lon[missing], lat[missing])
        return found


def is_level(grid: Floats) -> bool:
    """Whether all points of a geolocation grid lie at one height."""
    return bool(np.ptp(grid[:, 4]) < LEVEL_M)


def over(annotation: Annotation, *, first_line_s: float, slant_range_m: float, shape: tuple[int, int]) -> Annotation:
    """Return the annotation of a larger image with the same steps."""
    return replace(annotation, first_line_s=first_line_s, slant_range_m=slant_range_m, shape=shape)


def _polynomial(coefficients: Floats, x: Floats) -> Floats:
    """Evaluate polynomials of shape (..., n), lowest first, each at its own x of shape (...)."""
    found = np.zeros(np.broadcast_shapes(coefficients.shape[:-1], np.shape(x)))
    with np.errstate(over="ignore", invalid="ignore"):  # damaged coefficients give infinity, which callers refuse
        for power in range(coefficients.shape[-1] - 1, -1, -1):
            found = found * x + coefficients[..., power]
    return found
