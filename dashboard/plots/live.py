"""The layer of live detection: coloured by sign above the least score, hatched where nothing was observed. Pure."""

import numpy as np
from bokeh.models import Range1d
from numpy.typing import NDArray

from dashboard.plots.stepped import LEVELS, NOTHING, SteppedLayer, stepped_layer
from dashboard.plots.surface import ABOVE, Surface

LIVE = "live"
HATCH = 255
"""Value of a line of the hatch."""
HATCH_PX = 9
"""From one line to the next, along a row."""
STEPS, STRIPE_PX = 84, 3
"""Values of a sign, and pixels of a stripe of mixed change along a row."""
STRENGTH, HATCH_STRENGTH = "a6", "80"
UNSEEN, FIRST = 0, 2
"""Values of ground without a look, and of the first step of the first sign."""


def live_layer(made: Surface, least: Range1d) -> SteppedLayer:
    """Add the layer to a composed map: over the imagery and its coverage, under everything drawn."""
    return stepped_layer(made, LIVE, under=ABOVE[0].name, least=least)


def live_picture(
    levels: NDArray[np.uint8], bounds: tuple[float, float, float, float], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Return levels on about as many pixels as the screen has, unseen ground hatched, mixed change striped.

    Each level is repeated a whole number of times, so that its pixels stay where they are; the hatch lies on the
    world's own grid of those pixels and does not move in a pan.

    Parameters
    ----------
    levels : (y, x) as `dashboard.workflows.detection.live.Live` says, north first
    bounds : (x0, y0, x1, y1), Mercator metres
    size : (width, height) of the screen, pixels
    """
    rows, columns = levels.shape
    times = max(1, round(max(size[0] / columns, size[1] / rows)))
    fine = levels if times == 1 else levels.repeat(times, axis=0).repeat(times, axis=1)
    unseen, mixed = fine == UNSEEN, (fine >= FIRST + 2 * STEPS) & (fine < HATCH)
    if not unseen.any() and not mixed.any():
        return fine
    across, down = (bounds[2] - bounds[0]) / fine.shape[1], (bounds[3] - bounds[1]) / fine.shape[0]
    first = round(bounds[0] / across) - round(bounds[3] / down)
    diagonal = np.arange(fine.shape[0])[:, None] + np.arange(fine.shape[1]) + first
    found = np.where(unseen & (diagonal % HATCH_PX == 0), np.uint8(HATCH), fine)
    # Grey on a grey picture is seen by nobody: what grew brighter and darker has stripes of both colours.
    striped = np.where(diagonal // STRIPE_PX % 2 == 0, np.uint8(STEPS), np.uint8(2 * STEPS))
    return np.where(mixed, found - striped, found)


def live_shades(
    scores: NDArray[np.float32], signs: tuple[str, str, str], unobserved: str
) -> tuple[NDArray[np.float64], list[str]]:
    """Return score and colour of every value of the picture.

    Parameters
    ----------
    scores : (steps,) the lowest of each step of a sign, rising
    signs : ``#rrggbb`` of brighter, darker and mixed
    unobserved : ``#rrggbb`` of the hatch

    Returns
    -------
    (256,) scores and colours; what no threshold hides has a score of infinity
    """
    values, colours = np.full(LEVELS, np.inf), [NOTHING] * LEVELS
    for at, sign in enumerate(signs):
        first = FIRST + at * len(scores)
        values[first : first + len(scores)] = scores
        colours[first : first + len(scores)] = [f"{sign}{STRENGTH}"] * len(scores)
    colours[HATCH] = f"{unobserved}{HATCH_STRENGTH}"
    return values, colours
