"""From labelled pixels to polygons on the ground."""

from collections import defaultdict
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.features import shapes
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import GridMismatchError


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
    found: dict[int, list[Polygon]] = defaultdict(list)
    traced = shapes(
        np.ascontiguousarray(labels, dtype=np.int32),
        mask=labels > 0,
        connectivity=8 if eight_connected else 4,
        transform=geobox.affine,
    )
    for outline, label in traced:
        found[int(label)].append(cast("Polygon", shape(outline)))
    transformer = Transformer.from_crs(geobox.crs.to_wkt(), "EPSG:4326", always_xy=True)
    return {label: _lonlat(parts, transformer, simplify_m) for label, parts in sorted(found.items())}


def _lonlat(parts: list[Polygon], transformer: Transformer, simplify_m: float) -> Polygon | MultiPolygon:
    # Rings traced with 8-connection touch themselves at corners; the union of the repaired parts does not.
    whole = _areal(shapely.make_valid(shapely.unary_union([shapely.make_valid(part) for part in parts])))
    if simplify_m > 0:
        whole = _areal(shapely.make_valid(whole.simplify(simplify_m)))
    return _areal(shapely.make_valid(shapely.transform(whole, lambda xy: _project(transformer, xy))))


def _project(transformer: Transformer, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))


def _areal(geometry: BaseGeometry) -> Polygon | MultiPolygon:
    """Drop the lines and points that a repair may leave beside the polygons."""
    if isinstance(geometry, Polygon | MultiPolygon):
        return geometry
    parts = [part for part in shapely.get_parts(geometry) if part.area > 0]
    return cast("Polygon | MultiPolygon", shapely.unary_union(parts))
