"""Footprints in longitude and latitude: from a raster's bounds, its valid pixels, or a vendor's polygon."""

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.errors import RasterioError
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import DamagedProductError, NoGeoreferenceError
from dashboard.sources.transformers import LONLAT, between

COARSE_PIXELS = 256
"""Valid pixels are looked at in an overview of about this many pixels a side."""
MAX_POINTS = 20_000
"""Vertices of a vendor's footprint: real ones have five to a few hundred."""
TOLERANCE_DEG = 1e-5
"""Points nearer to a straight line than this, about 1 m, are left out again."""
DENSIFY = 16
"""Points per edge when a straight edge of a map grid becomes a curve in longitude and latitude."""


def bounds_footprint(geobox: GeoBox) -> BaseGeometry:
    """Return the outline of a grid as a lon/lat polygon."""
    rows, columns = geobox.shape
    return _to_lonlat(shapely.box(0, 0, columns, rows), geobox.affine, str(geobox.crs))


def valid_footprint(path: Path, crs: str) -> BaseGeometry | None:
    """Return the convex hull of the valid pixels of an archived file, lon/lat; None when no pixel is valid.

    Read from the overview nearest to `COARSE_PIXELS` a side, where a pixel is valid if one below it is: the hull may
    be one coarse pixel too generous and is never too small.
    """
    try:
        with rasterio.open(path, driver="GTiff") as dataset:
            factor = max(1, max(dataset.shape) // COARSE_PIXELS)
            factor = min((o for o in dataset.overviews(1) if o >= factor), default=factor)
            shape = tuple(-(-side // factor) for side in dataset.shape)
            coarse = dataset.read(1, out_shape=shape)
            grid, across, down = dataset.transform, dataset.width / shape[1], dataset.height / shape[0]
            affine = Affine(grid.a * across, grid.b * down, grid.c, grid.d * across, grid.e * down, grid.f)
    except RasterioError as error:
        msg = f"{path.name} was archived and cannot be read back; the disk may be failing."
        raise DamagedProductError(msg) from error
    hull = _hull(coarse != 0)
    return None if hull is None else _to_lonlat(hull, affine, crs)


def clean_footprint(geometry: Any) -> BaseGeometry:  # noqa: ANN401  untrusted JSON
    """Return a vendor's GeoJSON polygon as a valid 2-D polygon, split at the antimeridian.

    Raises
    ------
    DamagedProductError
        If it is no polygon, leaves the globe, or holds values that are no numbers.
    """
    try:
        with np.errstate(invalid="ignore"):  # NaN is refused below, by name
            shape = geometry if isinstance(geometry, BaseGeometry) else shapely.geometry.shape(geometry)
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, shapely.errors.ShapelyError) as error:
        raise DamagedProductError("The footprint is not a GeoJSON geometry.") from error
    shape = shapely.force_2d(shape)
    if shape.geom_type not in {"Polygon", "MultiPolygon"} or shape.is_empty:
        msg = f"The footprint is a {'n empty' if shape.is_empty else ''} {shape.geom_type}; it must be a polygon."
        raise DamagedProductError(msg.replace("a n", "an"))
    points = shapely.get_coordinates(shape)
    if len(points) > MAX_POINTS:
        msg = f"The footprint has {len(points):,} vertices; the limit is {MAX_POINTS:,}. Simplify it."
        raise DamagedProductError(msg)
    if not np.isfinite(points).all() or np.abs(points[:, 0]).max() > 360 or np.abs(points[:, 1]).max() > 90:
        raise DamagedProductError("The footprint leaves the globe; give longitude and latitude in degrees.")
    return _split(shapely.make_valid(shape) if not shape.is_valid else shape)


def _hull(valid: NDArray[np.bool_]) -> BaseGeometry | None:
    rows = np.flatnonzero(valid.any(axis=1))
    if rows.size == 0:
        return None
    # Only the first and last valid pixel of a row can be corners of the hull.
    left = valid[rows].argmax(axis=1)
    right = valid.shape[1] - valid[rows, ::-1].argmax(axis=1)
    corners = [np.stack([columns, rows + j], axis=1) for columns in (left, right) for j in (0, 1)]
    return shapely.MultiPoint(np.concatenate(corners).astype(np.float64)).convex_hull


def position(affine: Affine, column: Any, row: Any) -> tuple[Any, Any]:  # noqa: ANN401  numbers or arrays
    """Return the map coordinates of a pixel position; written out, for the operator changes with affine's version."""
    return affine.a * column + affine.b * row + affine.c, affine.d * column + affine.e * row + affine.f


def _to_lonlat(pixels: BaseGeometry, affine: Affine, crs: str) -> BaseGeometry:
    """Project a polygon in pixel coordinates; edges are densified first."""
    dense = shapely.segmentize(pixels, max_segment_length=max(pixels.length / 4 / DENSIFY, 1e-9))
    transformer = between(crs, LONLAT)

    def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = position(affine, points[:, 0], points[:, 1])
        found: NDArray[np.float64] = np.stack(transformer.transform(x, y), axis=1)
        if not np.isfinite(found).all():
            raise NoGeoreferenceError("The image's corners are not on the globe; its georeference is wrong.")
        return found

    return _split(shapely.simplify(shapely.transform(dense, project), TOLERANCE_DEG))


def _split(shape: BaseGeometry) -> BaseGeometry:
    """Cut a polygon that crosses the antimeridian in two; a span above 180 degrees is read as a crossing."""
    west, _, east, _ = shape.bounds
    if east - west <= 180 and west >= -180 and east <= 180:
        return shapely.orient_polygons(shape)

    def unroll(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([np.mod(points[:, 0], 360.0), points[:, 1]], axis=1)

    rolled = shapely.transform(shape, unroll)
    east_part = shapely.intersection(rolled, shapely.box(0, -90, 180, 90))
    west_part = shapely.intersection(rolled, shapely.box(180, -90, 360, 90))
    west_part = shapely.transform(west_part, lambda points: points - np.array([360.0, 0.0]))
    return shapely.orient_polygons(shapely.union_all([east_part, west_part]))
