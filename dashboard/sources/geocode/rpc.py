"""Rational polynomial coefficients (RPC00B): ground to image by two quotients of cubic polynomials."""

from dataclasses import dataclass

import numpy as np

from dashboard.model.errors import NoGeoreferenceError
from dashboard.sources.geocode.inverse import around, by_newton
from dashboard.sources.geocode.sensor import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Rpc:
    """The ninety numbers, in RPC00B's order and units: degrees, metres, pixels from the first pixel's centre."""

    line_offset: float
    sample_offset: float
    lat_offset: float
    lon_offset: float
    height_offset: float
    line_scale: float
    sample_scale: float
    lat_scale: float
    lon_scale: float
    height_scale: float
    line_num: tuple[float, ...]
    line_den: tuple[float, ...]
    sample_num: tuple[float, ...]
    sample_den: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = [getattr(self, name) for name in self.__slots__ if not isinstance(getattr(self, name), tuple)]
        tables = (self.line_num, self.line_den, self.sample_num, self.sample_den)
        whole = all(len(table) == 20 for table in tables)
        if not whole or not np.isfinite([*numbers, *(c for table in tables for c in table)]).all():
            raise NoGeoreferenceError("The RPCs are incomplete: four times 20 finite coefficients are needed.")
        scales = (self.line_scale, self.sample_scale, self.lat_scale, self.lon_scale, self.height_scale)
        if min(scales) <= 0 or abs(self.lat_offset) > 90 or abs(self.lon_offset) > 360:
            raise NoGeoreferenceError("The RPCs' offsets and scales do not describe a place on the globe.")


class RpcSensor:
    """A `Sensor` by RPCs."""

    kind = "rpc"

    def __init__(
        self, rpc: Rpc, shape: tuple[int, int], *, height_m: float | None = None, error_m: float | None, basis: str
    ) -> None:
        self.shape = shape
        self.height_m = rpc.height_offset if height_m is None else height_m
        self.error_m = error_m
        self.basis = basis
        self._rpc = rpc

    def to_image(self, lon: Floats, lat: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (rows, columns) of ground points; NaN far outside the range that the coefficients were fitted to."""
        rpc = self._rpc
        x = around(np.asarray(lon, np.float64), rpc.lon_offset) / rpc.lon_scale
        y = (np.asarray(lat, np.float64) - rpc.lat_offset) / rpc.lat_scale
        z = (np.asarray(heights, np.float64) - rpc.height_offset) / rpc.height_scale
        terms = _cubic(y, x, z)
        with np.errstate(divide="ignore", invalid="ignore"):
            rows = (terms @ np.array(rpc.line_num)) / (terms @ np.array(rpc.line_den))
            cols = (terms @ np.array(rpc.sample_num)) / (terms @ np.array(rpc.sample_den))
        valid = (np.abs(x) < 2.0) & (np.abs(y) < 2.0)
        rows = np.where(valid, rows * rpc.line_scale + rpc.line_offset, np.nan)
        return rows, np.where(valid, cols * rpc.sample_scale + rpc.sample_offset, np.nan)

    def to_ground(self, rows: Floats, cols: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) of pixel positions, by inverting the quotients."""
        rpc = self._rpc
        # The search runs over the ground in "pixels" of a thousandth of the fitted range.
        sides = (2001, 2001)

        def forward(y: Floats, x: Floats, z: Floats) -> tuple[Floats, Floats]:
            lat = rpc.lat_offset + (y - 1000.0) / 1000.0 * rpc.lat_scale
            lon = rpc.lon_offset + (x - 1000.0) / 1000.0 * rpc.lon_scale
            found_rows, found_cols = self.to_image(lon, lat, z)
            # Degrees stand in for pixels: small numbers that never wrap.
            return found_cols / 1e6, found_rows / 1e6

        y, x = by_newton(forward, sides, np.asarray(cols) / 1e6, np.asarray(rows) / 1e6, heights)
        lat = rpc.lat_offset + (y - 1000.0) / 1000.0 * rpc.lat_scale
        lon = rpc.lon_offset + (x - 1000.0) / 1000.0 * rpc.lon_scale
        return around(lon, 0.0), lat


def _cubic(y: Floats, x: Floats, z: Floats) -> Floats:
    """Return the twenty terms in RPC00B's order; y is latitude, x longitude, z height, each scaled."""
    x, y, z = np.broadcast_arrays(x, y, z)
    one = np.ones_like(x)
    return np.stack(
        [
            one, x, y, z, x * y, x * z, y * z, x * x, y * y, z * z,
            x * y * z, x**3, x * y * y, x * z * z, x * x * y, y**3, y * z * z, x * x * z, y * y * z, z**3,
        ],
        axis=-1,
    )  # fmt: skip
