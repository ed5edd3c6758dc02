"""Compile what pictures need before the first person waits for one."""

import numpy as np

from dashboard.model.view import Stretch, StretchKind
from dashboard.render import compose, levels


def warm_up() -> None:
    """Run every compiled path of this room once: table look-ups, ratios, histograms and equalisation.

    A server is ready when this has returned; it takes seconds the first time on a machine, and less from then on
    because our own kernels are kept on disk.
    """
    amplitude = np.full((4, 4), 1000, np.uint16)
    seen = levels.decibel_bytes(amplitude)
    greys = levels.palette(Stretch(StretchKind.EQUALISE), levels.histogram(seen))
    compose.grey(seen, greys)
    compose.two_colour(seen, seen, greys, greys)
    compose.log_ratio(levels.ratio_levels(amplitude, amplitude))
