"""Where the pixels of a SICD are: its own projection (NGA.STND.0024-3), by sarkit."""

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import sarkit.sicd
from lxml import etree
from numpy.typing import NDArray
from sarkit.sicd import projection

from dashboard.model.errors import DamagedProductError
from dashboard.sources.geocode.ellipsoid import from_ecef, to_ecef
from dashboard.sources.geocode.points import ControlPoint, PointSensor
from dashboard.sources.geocode.sensor import GEOD, Floats, Sensor, centre, ground_spacing
from dashboard.sources.nitf.corners import with_middle
from dashboard.sources.xml import Element, find_all, number_at, required_number, text

NEEDED = ("SCPCOA/SideOfTrack", "SCPCOA/ARPPos/X", "Grid/Type", "Grid/TimeCOAPoly", "Grid/Row/UVectECF/X")
"""Without these there is no projection, and the corners stand in."""
LIKE = "urn:SICD:1.4.0"
"""Namespace under which versions that sarkit does not list are handed to it."""
OLD = "urn:SICD:0."
"""Namespaces before the first release have other polynomials."""
HEIGHT_M = 0.01
"""The surface of a height is followed to within this."""
OFF_M = 1.0
"""A point whose way back to the ground misses by more is not in the image."""
ITERATIONS = 12
SLACK_M = 2_000.0
"""By how much more than its own size the image may lie off its stated corners."""
FAILURES = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, ArithmeticError, NotImplementedError,
)  # fmt: skip
"""What sarkit raises over metadata that contradicts itself."""
CORNERS = ("1:FRFC", "2:FRLC", "3:LRLC", "4:LRFC")


class SicdSensor:
    """A `Sensor` by range, range rate and the grid of a SICD; of chips too, whose rows count from the full image."""

    kind = "sensor"

    def __init__(self, root: Element, shape: tuple[int, int], name: str) -> None:
        """Take over the projection's parameters.

        Raises
        ------
        DamagedProductError
            If they are incomplete or contradict the stated corners.
        """
        self.shape = shape
        self.error_m, self.basis = _error(root, name)
        self._name = name
        with _sound(name), quiet():
            tree = _known(root).getroottree()
            self._params = projection.MetadataParams.from_xml(tree)
            offsets = projection.AdjustableParameterOffsets
            self._offsets = offsets.from_xml(tree) if offsets.exists(tree) else None
            scp = np.array([self._params.SCP_Row, self._params.SCP_Col], np.float64)
            first = np.array([self._params.FirstRow, self._params.FirstCol], np.float64)
            self._origin = scp - first
            self._spacing = np.array([self._params.Row_SS, self._params.Col_SS], np.float64)
            self.height_m = float(self._params.SCP_HAE)
            numbers = [*self._origin, *self._spacing, self.height_m, *self._params.SCP]
        if not (np.isfinite(numbers).all() and (self._spacing > 0).all()):
            msg = f"{name}: SCPPixel, FirstRow, FirstCol or Grid spacing (SS) of the SICD is no sound number; damaged."
            raise DamagedProductError(msg)

    def to_ground(self, rows: Floats, cols: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) in degrees of pixel positions on ground of the given heights."""
        rows, cols, heights = (np.asarray(a, np.float64) for a in np.broadcast_arrays(rows, cols, heights))
        grid = (np.stack([rows.ravel(), cols.ravel()], axis=-1) - self._origin) * self._spacing
        with _sound(self._name):
            sets = projection.compute_projection_sets(self._params, grid)
            if self._offsets is not None:
                sets = projection.apply_apos(self._params, sets, self._offsets)
            places, _, _ = projection.r_rdot_to_constant_hae_surface(
                self._params.LOOK, self._params.SCP, sets, heights.ravel(), delta_hae_max=HEIGHT_M, nlim=ITERATIONS
            )
            lon, lat, _ = from_ecef(np.asarray(places))
        return lon.reshape(rows.shape), lat.reshape(rows.shape)

    def to_image(self, lon: Floats, lat: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (rows, columns) of ground points; NaN where the projection does not lead back to them."""
        lon, lat, heights = (np.asarray(a, np.float64) for a in np.broadcast_arrays(lon, lat, heights))
        places = to_ecef(lon.ravel(), lat.ravel(), heights.ravel())
        with _sound(self._name):
            grid, missed, _ = projection.scene_to_image(
                self._params, places, adjust_param_offsets=self._offsets, maxiter=ITERATIONS
            )
        found = np.asarray(grid) / self._spacing + self._origin
        found[~(np.asarray(missed) < OFF_M)] = np.nan
        return found[:, 0].reshape(lon.shape), found[:, 1].reshape(lon.shape)


def sensor_of(root: Element, shape: tuple[int, int], name: str) -> Sensor:
    """Return the projection of a SICD, or what its four corners give when it brings none.

    Raises
    ------
    DamagedProductError
        If the metadata contradict themselves.
    NoGeoreferenceError
        If there are no usable corners either.
    """
    points = corner_points(root, shape, name)
    old = str(etree.QName(root).namespace).startswith(OLD)
    if old or any(text(root, path) is None and not find_all(root, f"{path}/Coef") for path in NEEDED):
        return PointSensor(
            with_middle(points), shape, basis="four corners only: the SICD brings no projection that is known"
        )
    found = SicdSensor(root, shape, name)
    if len(points) == len(CORNERS):
        _agree(found, points, name)
    return found


def corner_points(root: Element, shape: tuple[int, int], name: str) -> list[ControlPoint]:
    """Return the image's corners (GeoData/ImageCorners), centres of the outermost pixels."""
    height = number_at(root, "GeoData/SCP/LLH/HAE", name) or 0.0
    places = {str(e.get("index")): e for e in find_all(root, "GeoData/ImageCorners/ICP")}
    last_row, last_col = shape[0] - 1.0, shape[1] - 1.0
    pixels = zip(CORNERS, ((0.0, 0.0), (0.0, last_col), (last_row, last_col), (last_row, 0.0)), strict=True)
    return [
        ControlPoint(
            row, col, required_number(places[key], "Lon", name), required_number(places[key], "Lat", name), height
        )
        for key, (row, col) in pixels
        if key in places
    ]


def _known(root: Element) -> Element:
    """Return the metadata in a namespace that sarkit knows: versions differ little in what the projection needs."""
    if etree.QName(root).namespace in sarkit.sicd.VERSION_INFO:
        return root
    found = copy.deepcopy(root)
    for element in found.iter(etree.Element):
        element.tag = f"{{{LIKE}}}{etree.QName(element).localname}"
    return found


def _agree(sensor: Sensor, points: list[ControlPoint], name: str) -> None:
    """Refuse a projection that puts the image far from its corners."""
    lon, lat = centre(sensor)
    sides = ground_spacing(sensor)
    size = float(np.hypot(sides[0] * sensor.shape[0], sides[1] * sensor.shape[1]))
    corners: NDArray[Any] = np.array([[p.lon, p.lat] for p in points])
    distance = np.inf
    if np.isfinite([lon, lat, size]).all() and np.abs(corners[:, 1]).max() <= 90:
        distance = min(GEOD.inv(lon, lat, *corner)[2] for corner in corners)
    if not distance <= size + SLACK_M:
        msg = (
            f"{name}: the projection puts the image {distance / 1000:.0f} km from its stated corners "
            "(GeoData/ImageCorners); the product is damaged."
        )
        raise DamagedProductError(msg)


def _error(root: Element, name: str) -> tuple[float | None, str]:
    """Return the position error that the product states for its scene centre, and where it comes from."""
    parts = [number_at(root, f"ErrorStatistics/CompositeSCP/{axis}", name) for axis in ("Rg", "Az")]
    stated = [part for part in parts if part is not None]
    if len(stated) < len(parts):
        return None, "SICD projection; the product states no position error"
    return float(np.hypot(stated[0], stated[1])), "SICD projection; ErrorStatistics/CompositeSCP of the product"


@contextmanager
def quiet() -> Iterator[None]:
    """Pass over how sarkit loads its schemas, which Python will do otherwise one day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@contextmanager
def _sound(name: str) -> Iterator[None]:
    try:
        with np.errstate(all="ignore"):  # what is not finite is judged afterwards
            yield
    except FAILURES as error:
        msg = f"{name}: the projection metadata of the SICD (Grid, SCPCOA, Position) contradict themselves; damaged."
        raise DamagedProductError(msg) from error
