"""Two geometries in one small picture: what stayed, what went, what came. Pure SVG text."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.geo.mercator import project
from dashboard.model.palette import Tokens

WIDTH, HEIGHT, MARGIN = 320, 180, 14
_LEAST_M = 50.0
"""Shown across at least, so that a point is not blown up to nothing recognisable."""


def outlines(old: BaseGeometry | None, new: BaseGeometry | None, colours: Tokens, words: str) -> str:
    """Return a picture of a change: the old outline dashed in the colour of A, the new one solid in that of B.

    Parameters
    ----------
    old, new : longitude and latitude in degrees; None where there is nothing
    words : what the picture shows, for those who do not see it
    """
    shapes = [project(shape) if shape is not None else None for shape in (old, new)]
    there = [shape for shape in shapes if shape is not None and not shape.is_empty]
    if not there:
        return ""
    x0, y0, x1, y1 = shapely.total_bounds(np.array(there, dtype=object))
    across = max((x1 - x0) / (WIDTH - 2 * MARGIN), (y1 - y0) / (HEIGHT - 2 * MARGIN), _LEAST_M / WIDTH)
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    paths = []
    for shape, colour, dash in ((shapes[0], colours.a, "5 4"), (shapes[1], colours.b, "none")):
        if shape is not None:
            paths.append(_path(shape, middle, across, f'stroke="{colour}" stroke-dasharray="{dash}"'))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{words}"><title>{words}</title>'
        f"{''.join(paths)}</svg>"
    )


def _path(shape: BaseGeometry, middle: tuple[float, float], across: float, pen: str) -> str:
    d, dots = [], []
    for part in shapely.get_parts(shape):
        rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        for ring in rings:
            points = shapely.get_coordinates(ring)
            x = WIDTH / 2 + (points[:, 0] - middle[0]) / across
            y = HEIGHT / 2 - (points[:, 1] - middle[1]) / across
            if len(points) == 1:
                dots.append(f'<circle cx="{x[0]:.1f}" cy="{y[0]:.1f}" r="5" fill="none" stroke-width="2" {pen}/>')
                continue
            d.append("M" + "L".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True)))
    drawn = f'<path d="{"".join(d)}" fill="none" stroke-width="2" {pen}/>' if d else ""
    return drawn + "".join(dots)
