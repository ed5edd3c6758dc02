"""What to expect by chance of the two-date method: it has no past, so simulated pairs are searched in its place."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from dashboard.change.objects import objects
from dashboard.change.rates import searched
from dashboard.model.change import Announced
from dashboard.workflows.calibrate import Speckle
from dashboard.workflows.detection.simulated import DrawnZ, sigma_of

REMARK = "one look before and one after: the law of speckle is used, measured on this pair, and could not be checked"
_SCENES = 6
_STEPS = 4096
_ENDS = 8.0
"""Standard deviations between which normal numbers are turned into ratios by a table."""


def score_of(p_value: float) -> float:
    """Return the score of an object: -log10 of the smallest p-value inside."""
    return float(-np.log10(max(p_value, 1e-300)))


def announced(
    ratio_db: NDArray[np.float32], law: Speckle, *, far: float, min_pixels: int, pixel_km2: float
) -> Announced:
    """Say how many false polygons a pair of these looks leaves, neighbours as alike as in its own log ratio.

    Parameters
    ----------
    ratio_db
        (y, x) log ratio without the common mode, for how alike neighbours are.
    law
        The looks that the pair was tested with.
    far, min_pixels
        The rule of the search.
    pixel_km2
        Ground area of a pixel.
    """
    calm = np.where(np.abs(ratio_db) < 3.0 * np.nanstd(ratio_db), ratio_db, np.nan)
    draw = DrawnZ(sigma_of(calm))
    normal = np.linspace(-_ENDS, _ENDS, _STEPS)
    ratios = 10.0 * np.log10(stats.f(2.0 * law.after, 2.0 * law.before).ppf(stats.norm.cdf(normal)).clip(1e-30, 1e30))

    def pipeline(generator: np.random.Generator) -> NDArray[np.float64]:
        drawn = np.interp(draw(generator), normal, ratios).astype(np.float32)
        found = objects(drawn, far=far, looks_before=law.before, looks_after=law.after, min_pixels=min_pixels)
        return np.array([score_of(each.p_value) for each in found.found], np.float64)

    return searched(pipeline, windows=_SCENES, area_km2=draw.pixels * pixel_km2)
