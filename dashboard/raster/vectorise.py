"""From labelled pixels to polygons on the ground."""

from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.features import shapes
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import GridMismatchError

Geometries = NDArray[Any]
"""Array of shapely geometries: one call for all of them."""


def polygons(
    labels: NDArray[np.int32], geobox: GeoBox, *, eight_connected: bool = True, simplify_m: float = 0.0
) -> dict[int, Polygon | MultiPolygon]:
    """Outline every label.

    Parameters
    ----------
    labels : (y, x) object number per pixel; 0 and negative numbers are background
    geobox : grid of the labels
    eight_connected : whether pixels that touch at a corner only are traced together. One label gives one entry
        either way; parts that share no edge become the parts of a MultiPolygon.
    simplify_m : tolerance of simplification in units of the grid (metres on projected grids); 0 keeps the pixel
        edges, so the area on the grid is exactly pixels times pixel area

    Returns
    -------
    Valid polygons in longitude and latitude degrees (WGS 84) by label.

    Raises
    ------
    GridMismatchError
        If the labels do not have the shape of the grid.
    """
    if labels.shape != tuple(geobox.shape):
        msg = f"Labels are {labels.shape} and the grid is {tuple(geobox.shape)}; give the grid they were computed on."
        raise GridMismatchError(msg)
    traced = shapes(
        np.ascontiguousarray(labels, dtype=np.int32),
        mask=labels > 0,
        connectivity=8 if eight_connected else 4,
        transform=geobox.affine,
    )
    outlines = [(int(label), shape(outline)) for outline, label in traced]
    if not outlines:
        return {}
    number = np.array([label for label, _ in outlines])
    whole = _joined(number, _repaired(np.array([outline for _, outline in outlines], dtype=object)))
    if simplify_m > 0:
        whole = _repaired(shapely.simplify(whole, simplify_m))
    transformer = Transformer.from_crs(geobox.crs.to_wkt(), "EPSG:4326", always_xy=True)
    whole = _repaired(shapely.transform(whole, lambda xy: _project(transformer, xy)))
    return dict(zip(np.unique(number).tolist(), whole, strict=True))


def _joined(number: NDArray[np.int64], parts: Geometries) -> Geometries:
    """One geometry for each number, ascending; most have one part only."""
    order = np.argsort(number, kind="stable")
    groups = np.split(parts[order], np.flatnonzero(np.diff(number[order])) + 1)
    joined = [group[0] if len(group) == 1 else shapely.unary_union(group) for group in groups]
    return _repaired(np.array(joined, dtype=object))


def _repaired(geometries: Geometries) -> Geometries:
    """The same, valid and with area only: rings traced with 8-connection touch themselves at corners."""
    bad = ~shapely.is_valid(geometries)
    if bad.any():
        geometries = geometries.copy()
        geometries[bad] = [_areal(geometry) for geometry in shapely.make_valid(geometries[bad])]
    return geometries


def _project(transformer: Transformer, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))


def _areal(geometry: BaseGeometry) -> Polygon | MultiPolygon:
    """Drop the lines and points that a repair may leave beside the polygons."""
    if isinstance(geometry, Polygon | MultiPolygon):
        return geometry
    parts = [part for part in shapely.get_parts(geometry) if part.area > 0]
    return cast("Polygon | MultiPolygon", shapely.unary_union(parts))
