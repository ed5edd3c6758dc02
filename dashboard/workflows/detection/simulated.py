"""Speckle on which nothing changed, as like the user's own as few looks can tell: for questions without a past."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage, stats

from dashboard.change.energy import reference
from dashboard.change.placebo import Calibration, Counts
from dashboard.simulate.speckle import speckle
from dashboard.workflows.detection.laws import DrawnLaw
from dashboard.workflows.detection.measures import TStat
from dashboard.workflows.detection.stacks import ChosenStack

SIDE = 256
"""Pixels along a side of a simulated scene."""
_DRAWS = 4
_USUAL_LOOKS = 4.0
_LEAST_CORRELATION = 0.05
"""Neighbours less alike than this are taken as independent."""
_MOST_SIGMA = 4.0


def speckle_law(measure: TStat, arrays: Sequence[xr.DataArray], chosen: Sequence[ChosenStack]) -> DrawnLaw:
    """Return what chance does to the energy when all that varies is speckle: stacks of the same dates, simulated.

    Looks are those that the products state; neighbours are as alike as in the user's own looks.
    """
    sigma = correlation_px(arrays[0])
    looks = [max(1, round(each.anchor.looks or _USUAL_LOOKS)) for each in chosen]

    def draw(generator: np.random.Generator) -> NDArray[np.float32]:
        scene = [_like(array, count, sigma, generator) for array, count in zip(arrays, looks, strict=True)]
        own = TStat(
            periods=measure.periods,
            options=measure.options,
            reference=reference(scene, measure.periods, measure.options),
            looks=measure.looks,
        )
        return own.see(scene).field

    generator = np.random.default_rng(1)
    counts = Counts.of(draw(generator))
    for _ in range(_DRAWS - 1):
        counts = counts + Counts.of(draw(generator))
    return DrawnLaw(
        draw=draw,
        calibration=Calibration.of(counts, _DRAWS),
        parameters={"simulated_looks": max(looks), "simulated_correlation_px": round(sigma, 3)},
    )


def correlation_px(array: xr.DataArray) -> float:
    """Return how far speckle reaches: sigma of a Gauss in pixels that would make neighbours as alike as they are.

    Measured on the differences of the logarithms of neighbouring dates, in which the ground cancels.
    """
    power = array.values[: min(6, array.shape[0]), 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.diff(np.log(power), axis=0)
    return sigma_of(logs)


def sigma_of(field: NDArray[np.floating]) -> float:
    """Return sigma in pixels of the Gauss that makes neighbours along rows and columns as alike as in (..., y, x)."""
    known = np.isfinite(field)
    count = np.maximum(known.sum(axis=(-2, -1), keepdims=True), 1)
    centred = field - np.where(known, field, 0.0).sum(axis=(-2, -1), keepdims=True, dtype=np.float64) / count
    lags = [_lag(centred[..., :, :-1], centred[..., :, 1:]), _lag(centred[..., :-1, :], centred[..., 1:, :])]
    alike = [lag for lag in lags if np.isfinite(lag)]
    rho = min(sum(alike) / max(len(alike), 1), 0.99)
    if rho <= _LEAST_CORRELATION:
        return 0.0
    return float(min(np.sqrt(-1.0 / (4.0 * np.log(rho))), _MOST_SIGMA))


def _lag(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < 3:
        return float("nan")
    a, b = one[both].astype(np.float64), other[both].astype(np.float64)
    spread = float(np.sqrt((a * a).mean() * (b * b).mean()))
    return float((a * b).mean()) / spread if spread > 0 else float("nan")


def _like(array: xr.DataArray, looks: int, sigma: float, generator: np.random.Generator) -> xr.DataArray:
    dates, bands = array.shape[:2]
    power = np.stack(
        [[speckle((SIDE, SIDE), looks, generator, sigma) for _ in range(bands)] for _ in range(dates)]
    ).astype(np.float32)
    coords = {name: array[name].values for name in ("time", "polarisation")}
    return xr.DataArray(power, coords=coords, dims=array.dims)


@dataclass(frozen=True, slots=True)
class DrawnZ:
    """Draws normal numbers, neighbours alike."""

    sigma: float
    """Of the Gauss that makes them so, in pixels; 0 leaves them independent."""
    pixels: int = SIDE * SIDE
    """Of one scene."""

    def __call__(self, generator: np.random.Generator) -> NDArray[np.float64]:
        """Return one scene."""
        field = generator.standard_normal((SIDE, SIDE))
        if self.sigma <= 0.0:
            return field
        smooth = ndimage.gaussian_filter(field, self.sigma, mode="wrap")
        return np.asarray(smooth / smooth.std())


@dataclass(frozen=True, slots=True)
class DrawnP:
    """Draws -log10 of the p-value of independent two-sided tests, combined, with neighbours alike."""

    tests: int
    sigma: float

    def __call__(self, generator: np.random.Generator) -> NDArray[np.float32]:
        """Return one scene."""
        every = [DrawnZ(self.sigma)(generator) for _ in range(self.tests)]
        p = [np.minimum(2.0 * stats.norm.sf(np.abs(z)), 1.0) for z in every]
        return combined(p)


def combined(p_values: Sequence[NDArray[np.float64]]) -> NDArray[np.float32]:
    """Return -log10 of the p-value of several independent tests together (R. A. Fisher 1932), NaN where none is known.

    A test that is NaN somewhere is left out there.
    """
    stack = np.stack([np.asarray(p, np.float64) for p in p_values])
    known = np.isfinite(stack)
    count = known.sum(axis=0)
    with np.errstate(divide="ignore"):
        logs = np.where(known, -2.0 * np.log(np.maximum(np.where(known, stack, 1.0), 1e-300)), 0.0).sum(axis=0)
    if len(stack) == 1:
        field = logs / (2.0 * np.log(10.0))
    else:
        field = -stats.chi2.logsf(logs, 2 * np.maximum(count, 1)) / np.log(10.0)
    return np.where(count > 0, np.maximum(field, 0.0), np.nan).astype(np.float32)
