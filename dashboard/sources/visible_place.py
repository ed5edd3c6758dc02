"""Where a camera's picture lies: on its map grid as delivered, or through RPCs and odd grids onto one in metres."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.crs import CRS
from rasterio.errors import CRSError
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import Geocoding
from dashboard.model.errors import DamagedProductError, NoGeoreferenceError
from dashboard.sources.footprint import bounds_footprint, clean_footprint
from dashboard.sources.geocode.power import GeocodedPower
from dashboard.sources.geocode.rpc import Rpc, RpcSensor
from dashboard.sources.geocode.sensor import Sensor, ground_spacing, outline
from dashboard.sources.geocode.terrain import terrain
from dashboard.sources.product import Given, OpenPower
from dashboard.sources.radar_tiff import sane
from dashboard.sources.tiff_place import MapSensor
from dashboard.sources.visible import MapPicture, Picture, Tile

APART = 0.1
"""Tiles of one picture lie on one lattice within this share of a pixel."""
ALIKE = 1e-6
"""Relative difference of pixel sizes of tiles of one picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """What is stated of a picture's places."""

    error_m: float | None
    basis: str
    shift_per_m: float | None = None
    """Metres on the ground for each metre of height, of pictures laid on one height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A picture on the ground."""

    power: OpenPower
    geocoding: Geocoding
    footprint: BaseGeometry
    pixel_m: float
    """Side of a delivered pixel on the ground."""


def on_map(tiles: Sequence[Tile], bands: Mapping[str, int], accuracy: Accuracy) -> Placed:
    """Return a picture delivered on a map: as it is on a north-up grid in metres, else laid onto one.

    Raises
    ------
    NoGeoreferenceError
        If a tile has no map grid, or the tiles do not share one.
    DamagedProductError
        If a tile lacks a band.
    """
    crs, affine, laid = _shared(tiles)
    name = tiles[0].path.name
    picture = Picture(laid, bands)
    try:
        sensor = sane(MapSensor(crs, affine, picture.shape), name)
        metres = north_up_metres(crs, affine)
        words = f"EPSG:{crs.to_epsg()}" if crs.to_epsg() else crs.to_wkt()
    except CRSError as error:
        msg = f"{name} has a map projection that is not known; warp it to UTM."
        raise NoGeoreferenceError(msg) from error
    pixel_m = max(ground_spacing(sensor))
    geocoding = Geocoding(
        kind="affine",
        heights="as delivered",
        error_m=accuracy.error_m,
        shift_per_m=accuracy.shift_per_m,
        basis=accuracy.basis,
    )
    if metres:
        box = GeoBox(picture.shape, affine, words)
        power: OpenPower = MapPicture(picture, box)
        return Placed(power=power, geocoding=geocoding, footprint=bounds_footprint(box), pixel_m=pixel_m)
    power = GeocodedPower(picture, sensor, terrain(None, 0.0), looks=(1, 1))
    return Placed(power=power, geocoding=geocoding, footprint=_outline(sensor), pixel_m=pixel_m)


def by_rpc(picture: Picture, rpc: Rpc, accuracy: Accuracy, given: Given, name: str) -> Placed:
    """Return a picture in the camera's geometry, laid on a map by its RPCs.

    Raises
    ------
    NoGeoreferenceError
        If the RPCs describe no place; the message names `name`.
    """
    sensor = sane(RpcSensor(rpc, picture.shape, error_m=accuracy.error_m, basis=accuracy.basis), name)
    power = GeocodedPower(picture, sensor, terrain(given.dem, sensor.height_m), looks=(1, 1))
    return Placed(
        power=power, geocoding=power.geocoding, footprint=_outline(sensor), pixel_m=max(ground_spacing(sensor))
    )


def north_up_metres(crs: CRS, affine: Affine) -> bool:
    """Whether a grid can be archived as it is."""
    straight = affine.b == 0 and affine.d == 0 and affine.a > 0 and affine.e < 0
    return bool(crs.is_projected and straight and math.isclose(crs.linear_units_factor[1], 1.0))


def shift_of(incidence_deg: float | None) -> float | None:
    """Return by how many metres ground moves for each metre of height under a camera's line of sight."""
    usable = incidence_deg is not None and incidence_deg < 89.0
    return round(math.tan(math.radians(incidence_deg or 0.0)), 3) if usable else None


def _shared(tiles: Sequence[Tile]) -> tuple[CRS, Affine, list[Tile]]:
    """Return the one map grid of all tiles, and the tiles with their places on it."""
    for tile in tiles:
        if tile.crs is None or tile.affine.is_identity or not np.isfinite(tile.affine[:6]).all():
            msg = f"{tile.path.name} has no map grid; the product is incomplete. Fetch it again."
            raise NoGeoreferenceError(msg)
        if tile.affine.determinant == 0:
            msg = f"{tile.path.name} has a map grid without extent; its georeference is damaged."
            raise NoGeoreferenceError(msg)
    first = tiles[0]
    offsets = [_offset(first, tile) for tile in tiles]
    top, left = (min(offset[axis] for offset in offsets) for axis in (0, 1))
    laid = [replace(t, row=row - top, col=col - left) for t, (row, col) in zip(tiles, offsets, strict=True)]
    crs = first.crs if first.crs is not None else CRS()
    return crs, first.affine @ Affine.translation(left, top), laid


def _offset(first: Tile, other: Tile) -> tuple[int, int]:
    """Return (rows, columns) by which a tile lies from the first one."""
    mine, its = np.array(first.affine[:6]), np.array(other.affine[:6])
    sides = [0, 1, 3, 4]
    if first.crs != other.crs or np.abs(mine[sides] - its[sides]).max() > ALIKE * np.abs(mine[sides]).max():
        msg = f"{other.path.name} has another map or pixel size than {first.path.name}; they are of different pictures."
        raise DamagedProductError(msg)
    inverse = ~first.affine
    x, y = float(its[2]), float(its[5])
    col, row = inverse.a * x + inverse.b * y + inverse.c, inverse.d * x + inverse.e * y + inverse.f
    near = math.isfinite(row) and math.isfinite(col) and abs(row - round(row)) + abs(col - round(col)) < APART
    if not near:
        msg = f"{other.path.name} lies beside the pixels of {first.path.name}; they are of different pictures."
        raise DamagedProductError(msg)
    return round(row), round(col)


def _outline(sensor: Sensor) -> BaseGeometry:
    rows, cols = outline(sensor, 9)
    lon, lat = sensor.to_ground(rows, cols, np.full(rows.shape, sensor.height_m))
    return clean_footprint(Polygon(np.stack([lon, lat], axis=1)))
