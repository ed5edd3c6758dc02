"""Where the pixels of a GeoTIFF in radar geometry are: its RPCs, else its control points."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rasterio.control import GroundControlPoint
from rasterio.io import DatasetReader
from rasterio.rpc import RPC
from rasterio.warp import transform
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import DamagedProductError, NoGeoreferenceError
from dashboard.sources.facts import Facts
from dashboard.sources.footprint import clean_footprint
from dashboard.sources.geocode.native import sane_shape
from dashboard.sources.geocode.points import ControlPoint, PointSensor
from dashboard.sources.geocode.rpc import Rpc, RpcSensor
from dashboard.sources.geocode.sensor import Sensor, ground_spacing, outline
from dashboard.sources.grid import opened

SMALLEST_M, LARGEST_M = 0.005, 1000.0
"""Sides of a pixel on the ground that can be meant."""
AGREE_PX = 5.0
"""RPCs and control points of one file that are this near to each other say the same."""
MOST_COMPARED = 400
NOWHERE = "its control points or coefficients describe no place; its geometry is damaged."
NUMBERS = {
    "line_offset": "line_off",
    "sample_offset": "samp_off",
    "lat_offset": "lat_off",
    "lon_offset": "long_off",
    "height_offset": "height_off",
    "line_scale": "line_scale",
    "sample_scale": "samp_scale",
    "lat_scale": "lat_scale",
    "lon_scale": "long_scale",
    "height_scale": "height_scale",
}
"""Field of `Rpc` -> name in rasterio and in side-cars."""
TABLES = {
    "line_num": "line_num_coeff",
    "line_den": "line_den_coeff",
    "sample_num": "samp_num_coeff",
    "sample_den": "samp_den_coeff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """What is known beside the geometry itself."""

    height_m: float | None
    """Of the scene; None: that of the geometry."""
    error_m: float | None
    basis: str
    look: tuple[float, float] | None = None
    """(look azimuth, incidence): moves control points with height."""


def place(path: Path, accuracy: Accuracy, beside: Rpc | None = None) -> Sensor:
    """Return where the pixels of a TIFF are.

    Parameters
    ----------
    path : of the TIFF
    accuracy : height, error and look direction
    beside : RPCs of a side-car, for a file that carries none

    Raises
    ------
    NoGeoreferenceError
        If there are neither RPCs nor control points that describe a place.
    DamagedProductError
        If the file cannot be read.
    """
    with opened(path) as dataset:
        shape = sane_shape(dataset.shape, path.name)
        rpc = _own_rpc(dataset, path.name) or beside
        points = _points(dataset)
    if rpc is not None:
        found = RpcSensor(rpc, shape, height_m=accuracy.height_m, error_m=accuracy.error_m, basis=accuracy.basis)
        found.basis += _disagreement(found, points)
        return sane(found, path.name)
    if not points:
        msg = f"{path.name} has neither RPCs nor ground control points; its rows and columns cannot be placed."
        raise NoGeoreferenceError(msg)
    return sane(fitted(points, shape, accuracy, path.name), path.name)


def fitted(points: Sequence[ControlPoint], shape: tuple[int, int], accuracy: Accuracy, name: str) -> PointSensor:
    """Return the surface through control points.

    Raises
    ------
    NoGeoreferenceError
        If there is none: too few points, or points that lie nowhere. The message names `name`.
    """
    try:
        return PointSensor(points, shape, look=accuracy.look, error_m=accuracy.error_m, basis=accuracy.basis)
    except np.linalg.LinAlgError as error:
        raise NoGeoreferenceError(f"{name}: {NOWHERE}") from error
    except NoGeoreferenceError as error:
        raise NoGeoreferenceError(f"{name}: {error}") from error


def sane(sensor: Sensor, name: str) -> Sensor:
    """Return a sensor whose pixels have a size on the ground.

    Raises
    ------
    NoGeoreferenceError
        If they have none: the geometry is damaged. The message names `name`.
    """
    try:
        with np.errstate(all="ignore"):  # what comes out is judged below
            sides = ground_spacing(sensor)
    except np.linalg.LinAlgError as error:
        raise NoGeoreferenceError(f"{name}: {NOWHERE}") from error
    if all(math.isfinite(side) and SMALLEST_M <= side <= LARGEST_M for side in sides):
        return sensor
    msg = (
        f"{name}: its pixels would measure {sides[0]:g} x {sides[1]:g} m on the ground; they have {SMALLEST_M:g} to "
        f"{LARGEST_M:g} m. Its geometry is damaged."
    )
    raise NoGeoreferenceError(msg)


def rpc_of(facts: Facts, path: str) -> Rpc | None:
    """Return the RPCs that a side-car states at a path, or None.

    Raises
    ------
    DamagedProductError, NoGeoreferenceError
        If a part is missing or no number.
    """
    if not isinstance(facts.value(path), Mapping):
        return None
    numbers = {field: facts.need_number(f"{path}/{name}") for field, name in NUMBERS.items()}
    tables = {}
    for field, name in TABLES.items():
        table = facts.numbers(f"{path}/{name}", 20)
        if table is None:
            raise facts.missing(f"{path}/{name}")
        tables[field] = tuple(float(v) for v in table)
    return Rpc(**numbers, **tables)  # type: ignore[arg-type]  # numbers and tables by the names of its fields


def footprint_of(geometry: object, sensor: Sensor) -> BaseGeometry:
    """Return the vendor's polygon if it is stated, else the outline of the image."""
    if isinstance(geometry, Mapping):
        return clean_footprint(geometry)
    rows, cols = outline(sensor, 9)
    lon, lat = sensor.to_ground(rows, cols, np.full(rows.shape, sensor.height_m))
    return clean_footprint(Polygon(np.stack([lon, lat], axis=1)))


def _disagreement(sensor: RpcSensor, points: Sequence[ControlPoint]) -> str:
    """Return a clause on control points that contradict the RPCs; empty when there are none or they agree."""
    if not points:
        return ""
    table = np.array([[p.row, p.col, p.lon, p.lat, p.height_m] for p in points[:MOST_COMPARED]], np.float64)
    with np.errstate(all="ignore"):
        rows, cols = sensor.to_image(table[:, 2], table[:, 3], table[:, 4])
        apart = float(np.sqrt(np.mean((rows - table[:, 0]) ** 2 + (cols - table[:, 1]) ** 2)))
    if apart <= AGREE_PX:
        return ""
    away = f"{apart:.0f} pixels" if math.isfinite(apart) else "far"
    return f"; but the control points of the file lie {away} from its RPCs, which were used"


def _own_rpc(dataset: DatasetReader, name: str) -> Rpc | None:
    """Return the RPCs in the file's tags."""
    try:
        found: RPC | None = dataset.rpcs
        if found is None:
            return None
        numbers = {field: float(getattr(found, key)) for field, key in NUMBERS.items()}
        tables = {field: tuple(float(v) for v in getattr(found, key)) for field, key in TABLES.items()}
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        msg = f"{name} carries RPCs that are incomplete or no numbers; the product is damaged."
        raise DamagedProductError(msg) from error
    return Rpc(**numbers, **tables)  # type: ignore[arg-type]  # numbers and tables by the names of its fields


def _points(dataset: DatasetReader) -> list[ControlPoint]:
    """Return the control points in WGS 84, counted from the centre of the first pixel."""
    points, crs = dataset.gcps
    if not points:
        return []
    lon, lat = [p.x for p in points], [p.y for p in points]
    if crs is not None and crs.to_epsg() not in {4326, 4979}:
        lon, lat = transform(crs, "OGC:CRS84", lon, lat)[:2]
    return [_point(p, x, y) for p, x, y in zip(points, lon, lat, strict=True)]


def _point(point: GroundControlPoint, lon: float, lat: float) -> ControlPoint:
    return ControlPoint(point.row - 0.5, point.col - 0.5, lon, lat, point.z or 0.0)
