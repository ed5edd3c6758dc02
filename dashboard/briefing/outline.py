"""Shapes as Matplotlib paths."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry


def path_of(geometry: BaseGeometry) -> Path:
    """Return the outline of polygons and lines, however nested, as one compound path; holes come out as holes."""
    parts = shapely.get_parts([geometry])
    while (shapely.get_type_id(parts) >= shapely.GeometryType.MULTIPOINT).any():
        parts = shapely.get_parts(parts)
    areas = shapely.get_dimensions(parts) == 2
    outlines = [*shapely.get_rings(parts[areas]), *parts[~areas]]
    return path_through(shapely.get_coordinates(outline) for outline in outlines)


def path_through(outlines: Iterable[NDArray[np.float64]]) -> Path:
    """Return one compound path over outlines of (n, 2) points each; those of a single point are left out."""
    lines = [line for line in outlines if len(line) >= 2]
    if not lines:
        return Path(np.zeros((0, 2)))
    codes = np.full(sum(len(line) for line in lines), Path.LINETO, np.uint8)
    codes[np.cumsum([0, *(len(line) for line in lines[:-1])])] = Path.MOVETO
    return Path(np.concatenate(lines), codes)


def outline(axes: Axes, geometry: BaseGeometry, **style: Any) -> PathPatch | None:  # noqa: ANN401 - Matplotlib's own
    """Draw a geometry in the axes' own coordinates; nothing for an empty one."""
    if geometry.is_empty:
        return None
    patch = PathPatch(path_of(geometry), **style)
    axes.add_artist(patch)  # not add_patch, which would measure every vertex to set limits that are set anyway
    return patch
