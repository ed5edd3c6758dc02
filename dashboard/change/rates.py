"""How many false polygons to expect at each score, and how sure one found object is: measured, never assumed."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from dashboard.model.change import Announced
from dashboard.model.errors import InputError

CERTAINTY = 0.95
"""The announced figure is the upper end of the one-sided interval of this certainty."""
MOST_SCORES = 128
"""Scores of one announcement; between them the figure of the next lower one holds, which is never too small."""
UNIT_KM2 = 100.0
LEAST_TAIL, MOST_TAIL = 8.0, 200
"""Independent objects from which a tail is prolonged, and objects that it is fitted to at most."""
STEEPEST = 4.0
"""Exponent beyond which no tail is believed to fall."""
FURTHEST = 1_000.0
"""Times the highest score up to which it is prolonged."""
_STEPS = 30


def announce(
    scores_per_window: Sequence[NDArray[np.floating]], area_km2: float, *, independent: float | None = None
) -> Announced:
    """Say how many false polygons to expect in 100 km2 at each score, from pseudo-events where nothing happened.

    If k polygons reached a score in all windows, the figure is the upper end of the one-sided 95 % Poisson interval of
    their mean. Where many were seen that is little above the mean; where none was seen it is 3 polygons in all that was
    searched, never 0. Beyond the highest score seen it falls on as a power law, fitted with care to the strongest
    tenth (B. M. Hill, Annals of Statistics 3(5), 1975), where those are enough. Windows that share dates repeat each
    other: k is then taken as if seen in `independent` windows. Windows that differ by more than chance (a wet month, a
    harvest) widen the interval by as much.

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
    beyond, falling = _prolonged(every, worth / windows)
    levels, expected = np.append(levels, beyond), np.append(expected, expected[-1] * falling)
    return Announced(
        scores=tuple(float(level) for level in levels),
        per_100km2=tuple(float(value) for value in np.minimum.accumulate(expected)),
        windows=windows,
        area_km2=float(area_km2),
    )


def _prolonged(every: NDArray[np.float64], worth: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scores beyond the highest of `every`, which rise, and by what factor fewer are expected there.

    The figure at the highest score falls on as a power of the score, the heaviest of the usual tails, with the lower
    end of the one-sided 95 % interval of Hill's exponent, from objects worth `worth` independent ones each. Where too
    few were seen to tell an exponent there are no such scores.
    """
    few = int(min(MOST_TAIL, every.size // 10))
    if few * worth < LEAST_TAIL or every[-few - 1] <= 0.0:
        return np.empty(0), np.empty(0)
    hill = 1.0 / float(np.mean(np.log(every[-few:] / every[-few - 1])).clip(1e-9))
    exponent = min(hill * (1.0 - stats.norm.ppf(CERTAINTY) / np.sqrt(few * worth)), STEEPEST)
    times = np.geomspace(1.0, FURTHEST, _STEPS + 1)[1:]
    return every[-1] * times, times**-exponent


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
    if different.size >= MOST_SCORES - _STEPS:
        left = np.unique(np.geomspace(1, different.size, MOST_SCORES - _STEPS - 1).round().astype(np.int64))
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
