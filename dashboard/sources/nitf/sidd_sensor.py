"""Where the pixels of a SIDD are: a plane through the scene, a grid of degrees, or another of its projections."""

from collections.abc import Callable

import numpy as np
import sarkit.sidd

from dashboard.model.errors import DamagedProductError, NoGeoreferenceError
from dashboard.sources.geocode.ellipsoid import from_ecef
from dashboard.sources.geocode.inverse import around, by_newton
from dashboard.sources.geocode.sensor import GEOD, Floats
from dashboard.sources.nitf.sicd_sensor import FAILURES, quiet
from dashboard.sources.xml import Element, find_all, required_number

Places = Callable[[Floats, Floats], tuple[Floats, Floats, Floats]]
"""(rows, columns) -> (longitude, latitude, height)."""
BASES = {
    "PlaneProjection": "SIDD plane projection, exact on its plane",
    "GeographicProjection": "SIDD geographic projection, exact at its height",
    "CylindricalProjection": "SIDD cylindrical projection, exact on its surface",
    "PolynomialProjection": "SIDD polynomial projection",
}


class SiddSensor:
    """A `Sensor` by the product's surface; ground above or below it is moved along the look direction."""

    kind = "sensor"
    error_m: float | None = None

    def __init__(self, root: Element, shape: tuple[int, int], look: tuple[float, float] | None, name: str) -> None:
        """Take over the projection.

        Parameters
        ----------
        root : metadata
        shape : (rows, columns)
        look : (azimuth in which the radar looked, incidence) in degrees; None ignores heights
        name : for messages

        Raises
        ------
        NoGeoreferenceError
            If the product has no projection.
        DamagedProductError
            If a number of it is missing.
        """
        self.shape = shape
        kind = next((kind for kind in BASES if find_all(root, f"Measurement/{kind}")), None)
        if kind is None:
            msg = f"{name} has none of {', '.join(BASES)} (Measurement); its pixels cannot be placed."
            raise NoGeoreferenceError(msg)
        self.basis = BASES[kind] + ("" if look else "; heights are ignored, for the look angles are not stated")
        makers = {"PlaneProjection": _plane, "GeographicProjection": _degrees}
        self._places = makers.get(kind, _others)(root, name)
        self._look = look
        middle = [np.array([(side - 1) / 2]) for side in shape]
        lon, lat, height = self._places(*middle)
        if not np.isfinite([lon[0], lat[0], height[0]]).all():
            msg = f"{name}: its {kind} (Measurement) places the image nowhere on the globe; damaged."
            raise NoGeoreferenceError(msg)
        self.height_m = float(height[0])

    def to_ground(self, rows: Floats, cols: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) in degrees of pixel positions on ground of the given heights."""
        rows, cols, heights = (np.asarray(a, np.float64) for a in np.broadcast_arrays(rows, cols, heights))
        lon, lat, own = self._places(rows, cols)
        if self._look is None:
            return lon, lat
        azimuth, incidence = self._look
        away = (heights - own) / np.tan(np.radians(incidence))
        moved = GEOD.fwd(lon, lat, np.full(lon.shape, azimuth), away)
        return np.asarray(moved[0]), np.asarray(moved[1])

    def to_image(self, lon: Floats, lat: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (rows, columns) of ground points."""
        return by_newton(self.to_ground, self.shape, lon, lat, heights)


def _plane(root: Element, name: str) -> Places:
    base = "Measurement/PlaneProjection"
    middle = _xyz(root, f"{base}/ReferencePoint/ECEF", name)
    point, spacing = (_pair(root, f"{base}/{what}", name) for what in ("ReferencePoint/Point", "SampleSpacing"))
    down, right = (_xyz(root, f"{base}/ProductPlane/{what}", name) for what in ("RowUnitVector", "ColUnitVector"))

    def places(rows: Floats, cols: Floats) -> tuple[Floats, Floats, Floats]:
        y, x = (rows - point[0]) * spacing[0], (cols - point[1]) * spacing[1]
        return from_ecef(middle + y[..., None] * down + x[..., None] * right)

    return places


def _degrees(root: Element, name: str) -> Places:
    base = "Measurement/GeographicProjection"
    point, spacing = (_pair(root, f"{base}/{what}", name) for what in ("ReferencePoint/Point", "SampleSpacing"))
    lon, lat, height = (float(v) for v in from_ecef(_xyz(root, f"{base}/ReferencePoint/ECEF", name)))

    def places(rows: Floats, cols: Floats) -> tuple[Floats, Floats, Floats]:
        north = lat - (rows - point[0]) * spacing[0] / 3600.0
        east = around(lon + (cols - point[1]) * spacing[1] / 3600.0, 0.0)
        return east, north, np.full(rows.shape, height)

    return places


def _others(root: Element, name: str) -> Places:
    """Return places by sarkit, for projections that are rare."""
    tree = root.getroottree()

    def places(rows: Floats, cols: Floats) -> tuple[Floats, Floats, Floats]:
        try:
            with np.errstate(all="ignore"), quiet():
                return from_ecef(sarkit.sidd.pixel_to_ecef(tree, np.stack([rows, cols], axis=-1)))
        except FAILURES as error:
            msg = f"{name}: the projection of the SIDD (Measurement) contradicts itself; the file is damaged."
            raise DamagedProductError(msg) from error

    return places


def _pair(root: Element, path: str, name: str) -> tuple[float, float]:
    row, col = (required_number(root, f"{path}/{axis}", name) for axis in ("Row", "Col"))
    return row, col


def _xyz(root: Element, path: str, name: str) -> Floats:
    return np.array([required_number(root, f"{path}/{axis}", name) for axis in "XYZ"])
