"""Classes of ground whose chance energies are alike: brightness by variability."""

import os
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy.options import Options
from dashboard.change.energy.reference import Reference, fitting, level_and_variance, mean_of, variance_of
from dashboard.change.energy.reference import reference as measured
from dashboard.change.energy.stacks import asked
from dashboard.change.energy.strips import Series, each_strip
from dashboard.change.periods import Periods

STRATA = 9
"""Three classes of brightness by three of variability."""


def stratum(
    stacks: Sequence[xr.DataArray],
    periods: Periods,
    *,
    reference: Reference | None = None,
    options: Options = Options(),  # noqa: B008 -- frozen
    threads: int | None = None,
) -> NDArray[np.uint8]:
    """Return the class of every pixel (y, x): 3 * brightness + variability, each 0 to 2 by the scene's terciles.

    Brightness is the mean ln power before, variability the logarithm of the variance about both means over the
    scene's, both averaged over stacks and polarisations. Water, fields and town fall into different classes, whose
    chance energies differ in their tails. What was not observed is in class 0. Parameters and errors are those of
    `change_tstat`.
    """
    threads = threads or os.cpu_count() or 1
    reference = measured(stacks, periods, options, threads=threads) if reference is None else reference
    dates = asked(stacks, periods)
    series = [Series.of(each, fitting(reference, at, stacks[at])) for at, each in enumerate(dates)]
    scales = [variance_of(reference, at, each)[:, None, None] for at, each in enumerate(dates)]
    found = np.empty((dates[0].y.size, dates[0].x.size), np.uint8)

    def work(rows: slice) -> None:
        measures = [level_and_variance(each.moments(rows)) for each in series]
        bright = mean_of([level for level, _ in measures])
        varied = mean_of([np.log(variance / scale) for (_, variance), scale in zip(measures, scales, strict=True)])
        found[rows] = 3 * _class(bright, reference.brightness_edges) + _class(varied, reference.variability_edges)

    each_strip(found.shape[0], work, threads)
    return found


def brightness(level: NDArray[np.float32], reference: Reference) -> NDArray[np.uint8]:
    """Return the class of brightness (y, x), 0 to 2, of the ``level`` that `change_tstat` gives: `stratum` // 3."""
    return _class(level, reference.brightness_edges)


def _class(values: NDArray[np.float32], edges: tuple[float, float]) -> NDArray[np.uint8]:
    """0 to 2; 0 where unknown."""
    return (values > np.float32(edges[0])).astype(np.uint8) + (values > np.float32(edges[1])).astype(np.uint8)
