"""Compile what pictures need before the first person waits for one."""

import numpy as np
import shapely
from odc.geo.geobox import GeoBox

from dashboard.model.view import Stretch, StretchKind
from dashboard.render import compose, levels, vectors


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
    grid = GeoBox.from_bbox((0.0, 0.0, 4.0, 4.0), "EPSG:3857", shape=(4, 4), tight=True)
    vectors.polygons_image([shapely.box(1, 1, 3, 3)], ["#ffffff"], grid)
