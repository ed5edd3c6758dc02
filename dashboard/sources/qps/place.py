"""Where the pixels of a QPS-SAR image are, by what its GeoTIFF is tagged with or else by the corners in its JSON."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import Geocoding
from dashboard.model.errors import NoGeoreferenceError
from dashboard.sources.footprint import bounds_footprint, clean_footprint
from dashboard.sources.geocode.native import Calibrate, TiffNative, sane_shape
from dashboard.sources.geocode.points import ControlPoint
from dashboard.sources.geocode.power import GeocodedPower
from dashboard.sources.geocode.rpc import Rpc, RpcSensor
from dashboard.sources.geocode.sensor import Sensor, outline
from dashboard.sources.geocode.terrain import terrain
from dashboard.sources.grid import opened
from dashboard.sources.power import Band, TiffPower
from dashboard.sources.product import Given, OpenPower
from dashboard.sources.qps.words import Words
from dashboard.sources.radar_tiff import Accuracy, fitted, sane
from dashboard.sources.tiff_head import check_blocks
from dashboard.sources.tiff_place import control_points, tagged_rpc
from dashboard.sources.units import Formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An image on the ground."""

    power: OpenPower
    geocoding: Geocoding
    footprint: BaseGeometry
    shape: tuple[int, int]
    """(rows, columns) as delivered."""
    complex: bool
    """Whether amplitude and phase were delivered."""
    looks_taken: int = 1
    """Delivered pixels averaged into one look-averaged pixel."""


@dataclass(frozen=True, slots=True)
class _Tags:
    points: list[ControlPoint]
    rpc: Rpc | None
    on_map: bool
    shape: tuple[int, int]
    complex: bool


def place(bands: Sequence[Band], formula: Formula, words: Words, given: Given) -> Placed:
    """Return the image on a map.

    Raises
    ------
    NoGeoreferenceError
        If neither the file nor the JSON says where it is.
    """
    name = bands[0].path.name
    tags = _tags(bands[0])
    if tags.on_map:
        power = TiffPower(bands, formula)
        basis = "map grid of the GeoTIFF; no accuracy is documented"
        geocoding = Geocoding(kind="affine", heights="as delivered", basis=basis)
        return Placed(
            power=power,
            geocoding=geocoding,
            footprint=bounds_footprint(power.geobox),
            shape=tags.shape,
            complex=tags.complex,
        )
    sensor = _sensor(tags, words, name)
    ground = terrain(given.dem, sensor.height_m)
    native = TiffNative(bands, _calibrate(formula))
    geocoded = GeocodedPower(native, sensor, ground, complex_pixels=tags.complex)
    rows, cols = outline(sensor)
    lon, lat = sensor.to_ground(rows, cols, np.full(rows.shape, sensor.height_m))
    return Placed(
        power=geocoded,
        geocoding=_geocoding(geocoded, sensor, words),
        footprint=clean_footprint(Polygon(np.stack([lon, lat], axis=1))),
        shape=tags.shape,
        complex=tags.complex,
        looks_taken=geocoded.looks_taken[0] * geocoded.looks_taken[1],
    )


def _geocoding(power: GeocodedPower, sensor: Sensor, words: Words) -> Geocoding:
    """Points alone do not say how heights move ground: the incidence does, where it is stated."""
    incidence = words.number("incidence_deg", 0.0, 90.0)
    if sensor.kind != "gcp":
        return power.geocoding
    shift = None if not incidence or incidence > 89.0 else round(1 / math.tan(math.radians(incidence)), 3)
    return replace(power.geocoding, shift_per_m=shift)


def _tags(band: Band) -> _Tags:
    with opened(band.path) as dataset:
        points, rpc = control_points(dataset, band.path.name), tagged_rpc(dataset.rpcs)
        on_map = dataset.crs is not None and not dataset.transform.is_identity and not points
        check_blocks(dataset, band.path.name)
        shape = sane_shape(dataset.shape, band.path.name)
        return _Tags(points, rpc, on_map, shape, dataset.dtypes[0].startswith("complex"))


def _sensor(tags: _Tags, words: Words, name: str) -> Sensor:
    if tags.rpc is not None:
        basis = "RPCs of the GeoTIFF; no accuracy is documented"
        return sane(RpcSensor(tags.rpc, tags.shape, error_m=None, basis=basis), name)
    points, basis = tags.points, "control points of the GeoTIFF; no accuracy is documented"
    if not points:
        points, basis = words.corners(tags.shape), "four corners stated in the JSON, straight between them; coarse"
    if not points:
        msg = (
            f"{name} has no map grid, control points or RPCs, and {words.name} states no four named corners of the "
            "image; map their keys with --aliases, or ask the provider for level 1.3."
        )
        raise NoGeoreferenceError(msg)
    return sane(fitted(points, tags.shape, Accuracy(height_m=None, error_m=None, basis=basis), name), name)


def _calibrate(formula: Formula) -> Calibrate:
    def power(values: NDArray[Any], rows: slice, cols: slice) -> NDArray[np.float32]:  # noqa: ARG001
        found = formula.power(values)
        found[(values == 0) | ~np.isfinite(found)] = np.nan
        return found

    return power
