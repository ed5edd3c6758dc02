"""How many false polygons to expect at each score, and how sure one found object is: measured, never assumed."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

from dashboard.change.objects import FEWEST_PIXELS, GROW, MOST_GROW
from dashboard.change.patches import scores as scores_of
from dashboard.change.ratio import p_values
from dashboard.model.change import Announced
from dashboard.model.errors import InputError

CERTAINTY = 0.95
"""The announced figure is the upper end of the one-sided interval of this certainty."""
MOST_SCORES = 128
"""Scores of one announcement; between them the figure of the next lower one holds, which is never too small."""
UNIT_KM2 = 100.0
_SIDE_PX, _SCENES = 800, 4
_MOST_FIELDS = 12
_FAINTEST = 1e-300
_NODES = np.linspace(-7.0, 7.0, 1401)
"""Normal scores at which a speckle law is tabled."""


def announce(
    scores_per_window: Sequence[NDArray[np.floating]], area_km2: float, *, independent: float | None = None
) -> Announced:
    """Say how many false polygons to expect in 100 km2 at each score, from pseudo-events where nothing happened.

    If k polygons reached a score in all windows, the figure is the upper end of the one-sided 95 % Poisson interval of
    their mean. Where many were seen that is little above the mean; where none was seen it is 3 polygons in all that was
    searched, never 0. Windows that share dates repeat each other: k is then taken as if seen in `independent` windows.
    Windows that differ by more than chance (a wet month, a harvest) widen the interval by as much.

    Parameters
    ----------
    scores_per_window
        Scores of all objects of each pseudo-event, in any order; at least one window, which may be empty.
    area_km2
        Observed ground of one window.
    independent
        How many windows without common dates these are worth (`placebo.independent_windows`); without it all of them.

    Raises
    ------
    InputError
        If there is no window or no ground, or `independent` is not above 0 and at most the number of windows.
    """
    windows = len(scores_per_window)
    worth = float(windows) if independent is None else float(independent)
    if not windows or not 0.0 < area_km2 < np.inf:
        raise InputError(
            f"{windows} windows of {area_km2:g} km2 announce nothing; search at least one, on some ground."
        )
    if not 0.0 < worth <= windows:
        raise InputError(f"{windows} windows cannot be worth {worth:g} independent ones; give 1 to {windows}.")
    every = np.sort(np.concatenate([np.asarray(scores, np.float64).reshape(-1) for scores in scores_per_window]))
    levels = _levels(every)
    mean = (every.size - np.searchsorted(every, levels, side="left")) / windows
    wide = 1.0 + _clumping([np.size(scores) for scores in scores_per_window]) * mean
    expected = wide * upper_end(mean * worth / wide) / worth * (UNIT_KM2 / area_km2)
    return Announced(
        scores=tuple(float(level) for level in levels),
        per_100km2=tuple(float(value) for value in np.minimum.accumulate(expected)),
        windows=windows,
        area_km2=float(area_km2),
    )


def _clumping(found: Sequence[int]) -> float:
    """By how much the counts of windows vary beyond Poisson: variance = mean + clumping mean^2."""
    mean = float(np.mean(found))
    if len(found) < 2 or mean == 0.0:
        return 0.0
    return max(float(np.var(found, ddof=1)) - mean, 0.0) / mean**2


def _levels(every: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ascending scores to announce: all that occur or a selection by rank, finest where few are left, and one above."""
    if not every.size:
        return np.zeros(1)
    different = np.unique(every)
    if different.size >= MOST_SCORES:
        left = np.unique(np.geomspace(1, different.size, MOST_SCORES - 1).round().astype(np.int64))
        different = different[different.size - left][::-1]
    return np.append(different, np.nextafter(different[-1], np.inf))


def upper_end(seen: NDArray[np.floating] | float) -> NDArray[np.float64]:
    """Return the upper end of the one-sided 95 % interval of a Poisson mean of which `seen` were counted (any real)."""
    return np.asarray(stats.gamma.ppf(CERTAINTY, np.asarray(seen, np.float64) + 1.0), np.float64)


def confidences(scores: NDArray[np.floating], announced: Announced, area_km2: float) -> NDArray[np.float64]:
    """Return 1 - the expected share of false objects among all found with at least each object's score.

    The false ones are those announced for the searched ground, which is an upper end, so the confidence is a lower one.
    A stronger object is never less sure than a weaker one: each takes the best of the thresholds that include it.

    Parameters
    ----------
    scores
        Of every object found, in any order.
    announced
        From pseudo-events searched by the same rule.
    area_km2
        Observed ground in which they were found.

    Returns
    -------
    Confidences in [0, 1), in the order of `scores`.

    Raises
    ------
    InputError
        If there is no ground.
    """
    if not 0.0 < area_km2 < np.inf:
        raise InputError(f"Objects were found in {area_km2:g} km2; give the ground observed, above 0.")
    plain = np.asarray(scores, np.float64).reshape(-1)
    if not plain.size:
        return np.empty(0)
    different, back = np.unique(plain, return_inverse=True)
    found = plain.size - np.searchsorted(np.sort(plain), different, side="left")
    expected = np.array([announced.at(float(score)) for score in different]) * (area_km2 / UNIT_KM2)
    sure = np.maximum.accumulate(1.0 - np.minimum(expected / found, 1.0))
    return np.asarray(sure[back], np.float64)


def searched(
    pipeline: Callable[[np.random.Generator], NDArray[np.float64]], *, windows: int, area_km2: float, seed: int = 0
) -> Announced:
    """Announce from simulated ground on which nothing happened, for a pair or stack without a past of its own.

    Parameters
    ----------
    pipeline
        Draws one simulated scene with a generator, runs the same search as the question, and returns the scores.
    windows
        Scenes to draw; they are independent.
    area_km2
        Ground of one scene.
    seed
        Of the generator: the same question gets the same announcement.

    Returns
    -------
    Announced
        With `windows` 0: nothing of it was measured on the ground in question.
    """
    generator = np.random.default_rng(seed)
    known = announce([pipeline(generator) for _ in range(windows)], area_km2)
    return Announced(scores=known.scores, per_100km2=known.per_100km2, windows=0, area_km2=known.area_km2)


def surprise(p_value: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return -ln p: an energy of mean 1 under no change, for `patches`, from the p-values of any exact test."""
    return np.asarray(-np.log(np.maximum(p_value, np.finfo(np.float64).tiny)), np.float32)


def levels_of(far: float) -> tuple[float, float]:
    """Return the (seed, grow) thresholds of `surprise` at a false-alarm rate of seed pixels: exact, by its law.

    Raises
    ------
    InputError
        If `far` is not between 0 and 1.
    """
    if not 0.0 < far < 1.0:
        raise InputError(f"The false-alarm rate is {far:g}; give a share above 0 and below 1, such as 0.001.")
    return float(-np.log(far)), float(-np.log(max(far, min(MOST_GROW, GROW * far))))


@lru_cache(maxsize=32)
def simulated(
    looks_before: float,
    looks_after: float,
    correlation_px: float = 0.0,
    *,
    far: float,
    pixel_m2: float,
    least_px: int = FEWEST_PIXELS,
) -> Announced:
    """Announce the false polygons of a pair of looks without a past, from speckle searched by the same rule.

    Two looks of gamma speckle on ground that did not change, the exact F test, `surprise`, `patches`. It holds where
    the speckle law does: real ground varies more, which only a past can tell.

    Parameters
    ----------
    looks_before, looks_after
        Equivalent looks of one pixel, above 0.
    correlation_px
        Neighbours d pixels apart correlate by ``exp(-d^2 / (2 correlation_px^2))`` in power; 0 where they do not.
    far
        False-alarm rate of a seed pixel.
    pixel_m2
        Ground of one pixel.
    least_px
        Pixels of the smallest object.

    Raises
    ------
    InputError
        If a value is out of range.
    """
    if not (0.0 <= correlation_px < _SIDE_PX / 10 and pixel_m2 > 0.0):
        raise InputError(f"Speckle correlated over {correlation_px:g} pixels of {pixel_m2:g} m2 cannot be simulated.")
    seed, grow = levels_of(far)

    def scene(generator: np.random.Generator) -> NDArray[np.float64]:
        before, after = (_ln_speckle(generator, looks, correlation_px) for looks in (looks_before, looks_after))
        ratio = (after - before) * (10.0 / np.log(10.0))
        energy = surprise(p_values(ratio, looks_before=looks_before, looks_after=looks_after))
        return scores_of(energy, seed=seed, grow=grow, least_px=least_px, resolution_px=1.0)

    return searched(scene, windows=_SCENES, area_km2=_SIDE_PX**2 * pixel_m2 / 1e6)


def _ln_speckle(generator: np.random.Generator, looks: float, correlation_px: float) -> NDArray[np.float64]:
    """Ln of gamma speckle of mean 1 whose neighbours are correlated.

    Squares of filtered normal fields, as many as the looks have degrees of freedom, are speckle of that many half
    looks; reading them through the quantiles makes looks that are no half numbers, and very many ones, exact too.
    """
    if correlation_px == 0.0:
        return np.log(np.maximum(generator.gamma(looks, 1.0 / looks, (_SIDE_PX, _SIDE_PX)), _FAINTEST))
    fields = int(np.clip(round(2.0 * looks), 1, _MOST_FIELDS))
    power = np.zeros((_SIDE_PX, _SIDE_PX))
    for _ in range(fields):
        normal = ndimage.gaussian_filter(generator.standard_normal(power.shape), correlation_px, mode="wrap")
        power += normal * normal
    power /= fields * _filter_power(correlation_px)
    return np.interp(np.log(np.maximum(power, _FAINTEST)), _ln_quantiles(fields / 2.0), _ln_quantiles(looks))


def _filter_power(width: float) -> float:
    """Variance that white noise of variance 1 keeps after the filter on the grid itself, in two dimensions."""
    impulse = np.zeros(16 * int(np.ceil(width)) + 17)
    impulse[impulse.size // 2] = 1.0
    return float(np.sum(ndimage.gaussian_filter1d(impulse, width) ** 2) ** 2)


def _ln_quantiles(looks: float) -> NDArray[np.float64]:
    """Ln of the gamma quantiles at `_NODES`, each from its nearer tail."""
    law = stats.gamma(looks, scale=1.0 / looks)
    power = np.where(_NODES < 0, law.ppf(stats.norm.cdf(_NODES)), law.isf(stats.norm.sf(_NODES)))
    return np.log(np.maximum(power, _FAINTEST))
