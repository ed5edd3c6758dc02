"""Many polygons or points as one picture: past a few thousand, a map layer of shapes is slower than its image."""

from collections.abc import Sequence

import datashader
import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import GridMismatchError, InputError
from dashboard.render.compose import Rgba


def polygons_image(
    geometries: Sequence[BaseGeometry], colours: Sequence[str], geobox: GeoBox, *, alpha: int = 255
) -> Rgba:
    """Return polygons filled with their colours on a north-up grid.

    Parameters
    ----------
    geometries
        Polygons and MultiPolygons in the grid's own coordinates, Mercator metres on the screen.
    colours
        ``#rrggbb`` of each; of two that meet in a pixel, the colour named later in the sequence is on top.
    geobox
        The grid.
    alpha
        Opacity of filled pixels, 0 to 255.

    Returns
    -------
    NDArray[np.uint8]
        (y, x, 4) RGBA, transparent where nothing is. However small, every polygon on the grid fills a pixel.

    Raises
    ------
    GridMismatchError
        If the grid is rotated or not north up.
    InputError
        If there is not one colour per geometry.
    """
    if len(colours) != len(geometries):
        raise InputError(f"{len(geometries)} polygons have {len(colours)} colours; give one each.")
    picture = np.zeros((*geobox.shape, 4), np.uint8)
    last = {colour: index for index, colour in enumerate(colours)}
    for colour in sorted(last, key=last.__getitem__):
        chosen = [shape for shape, own in zip(geometries, colours, strict=True) if own == colour]
        rgb = tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
        picture[cover(chosen, geobox) > 0] = (*rgb, alpha)
    return picture


def cover(geometries: Sequence[BaseGeometry], geobox: GeoBox) -> NDArray[np.uint32]:
    """Return how many polygons cover every pixel's centre, (y, x); one too small for any counts in its own pixel.

    Raises
    ------
    GridMismatchError
        If the grid is rotated or not north up.
    """
    canvas = _canvas(geobox)
    shapes = np.asarray(geometries, dtype=object)
    x0, y0, x1, y1 = geobox.boundingbox
    west, south, east, north = shapely.bounds(shapes).reshape(-1, 4).T
    shapes = shapes[(west < x1) & (east > x0) & (south < y1) & (north > y0)]
    if not len(shapes):
        return np.zeros(geobox.shape, np.uint32)
    frame = geopandas.GeoDataFrame(geometry=list(shapes))
    covered = canvas.polygons(frame, geometry="geometry", agg=datashader.count()).values[::-1].astype(np.uint32)
    inside = shapely.point_on_surface(shapes)
    seen = density(shapely.get_x(inside), shapely.get_y(inside), geobox)
    return np.where(covered > 0, covered, seen)


def density(x: NDArray[np.float64], y: NDArray[np.float64], geobox: GeoBox) -> NDArray[np.uint32]:
    """Return how many points fall into every pixel of a north-up grid, (y, x).

    Raises
    ------
    GridMismatchError
        If the grid is rotated or not north up.
    """
    points = pd.DataFrame({"x": np.asarray(x, np.float64), "y": np.asarray(y, np.float64)})
    counts = _canvas(geobox).points(points, "x", "y", agg=datashader.count()).values
    return np.asarray(counts[::-1], np.uint32)


def _canvas(geobox: GeoBox) -> datashader.Canvas:
    a, b, _, d, e, _ = tuple(geobox.affine)[:6]
    if b != 0 or d != 0 or a <= 0 or e >= 0:
        raise GridMismatchError("The grid is rotated or not north up; draw shapes on a north-up grid.")
    x0, y0, x1, y1 = geobox.boundingbox
    height, width = geobox.shape
    return datashader.Canvas(plot_width=width, plot_height=height, x_range=(x0, x1), y_range=(y0, y1))
