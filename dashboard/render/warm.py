"""Compile what pictures need before the first person waits for one."""

import numpy as np
import shapely

from dashboard.model.view import Stretch, StretchKind
from dashboard.render import compose, fills, levels, strokes
from dashboard.render.coverage import footprints


def warm_up() -> None:
    """Run every compiled path of this room once: table look-ups, ratios, histograms, equalisation and shapes.

    A server is ready when this has returned; it takes seconds the first time on a machine, and less from then on
    because our own kernels are kept on disk.
    """
    amplitude = np.full((4, 4), 1000, np.uint16)
    seen = levels.decibel_bytes(amplitude)
    greys = levels.palette(Stretch(StretchKind.EQUALISE), levels.histogram(seen))
    compose.grey(seen, greys)
    compose.two_colour(seen, seen, greys, greys)
    compose.log_ratio(levels.ratio_levels(amplitude, amplitude))
    window = strokes.Window(0, 0, 16, 16, (1.0, 1.0))
    shapes = strokes.strokes([shapely.box(4, -9, 9, -4), shapely.Point(3, -3)], np.ones(2, np.uint8))
    table = np.zeros((256, 4), np.uint8)
    strokes.coloured(strokes.mark(shapes, window, strokes.Marks.empty(window)), table, table)
    areas = fills.Areas.of(strokes.strokes([shapely.box(2, -9, 9, -2)], np.ones(1, np.uint8)))
    fills.seen(areas, np.ones(1, np.uint16), window)
    _coverage()


def _coverage() -> None:
    looks, order = footprints.footprints([shapely.box(-1, -1, 1, 1)]), np.zeros(1, np.int64)
    window = footprints.Window(-8, -8, 16, 16, (10_000.0, 10_000.0))
    footprints.counts(looks, order, window)
    footprints.latest(looks, order, window)
    footprints.gaps(looks, order, order, window)
