"""Thresholds of the gate and of the single dates, for every number of usable dates that pixels of a stack have."""

from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate, optimize

from dashboard.change.omnibus.laws import latest, table, whole

Real = NDArray[np.float64]

_BINS = 1 << 13
"""Bins of the lattice on which the joint law of Q and its factors is computed."""


class Gate(StrEnum):
    """What must be significant before a change is reported."""

    BOTH = "both"
    """All remaining dates together and one date; the two levels are raised equally until together they are exact."""
    Q = "q"
    """All remaining dates together at the asked rate, then single dates at the asked rate: the published rule."""
    SIDAK = "sidak"
    """One date, at the level that makes the whole stack's false-alarm rate the asked one."""


def per_date(level: Real | float, dates: NDArray[np.integer] | int) -> Real:
    """Return the level of one test among `dates` - 1 independent ones that together have `level` (Sidak)."""
    return np.asarray(-np.expm1(np.log1p(-np.asarray(level)) / (np.asarray(dates) - 1.0)), np.float64)


@lru_cache(maxsize=32)
def thresholds(looks: tuple[float, ...], order: int, most: int, far: float, gate: Gate) -> tuple[Real, Real]:
    """Return the tables `gate[k, m]` and `step[k, j]` for pixels with k = 2 to `most` usable dates.

    `gate[k, m]` is the value of -2 ln Q of the last m dates, `step[k, j]` that of -2 ln R_j, above which something
    changed. Row 0 of `step` and everything that is not asked for are infinite.
    """
    dates = np.arange(2, most + 1)
    level = both_level(looks, order, most, far) if gate is Gate.BOTH else np.full(dates.size, far)
    single = np.full(dates.size, far) if gate is Gate.Q else per_date(level, dates)
    out = []
    for law, levels in ((_gates, level), (_steps, single)):
        different, back = np.unique(levels, return_inverse=True)
        values = np.full((most + 1, most + 1), np.inf)
        values[2:, 2:] = law(looks, order, most, different)[back]
        out.append(values)
    out[0].flags.writeable = out[1].flags.writeable = False
    return out[0], out[1]


def _gates(looks: tuple[float, ...], order: int, most: int, levels: Real) -> Real:
    """(level, dates 2 to most) of -2 ln Q: exact at some numbers of dates, interpolated in a nearly constant form."""
    nodes = _spaced(most)
    laws = [whole(looks, order, int(k)) for k in nodes]
    freedom = np.array([law.freedom for law in laws], np.float64)
    values = np.stack([table(law).threshold(levels) for law in laws], axis=-1)
    if nodes.size == most - 1:
        return values
    wanted = np.arange(2, most + 1, dtype=np.float64)
    # Degrees of freedom are in proportion to dates - 1, and (z / f - 1) sqrt(f) tends to a normal quantile.
    form = interpolate.CubicSpline(-1.0 / np.sqrt(nodes - 1.0), (values / freedom - 1.0) * np.sqrt(freedom), axis=-1)
    f = (freedom[0] / (nodes[0] - 1.0)) * (wanted - 1.0)
    return np.asarray((form(-1.0 / np.sqrt(wanted - 1.0)) / np.sqrt(f) + 1.0) * f, np.float64)


def _steps(looks: tuple[float, ...], order: int, most: int, levels: Real) -> Real:
    """(level, j 2 to most) of -2 ln R_j: a smooth function of 1 / j, exact for small j."""
    nodes = _spaced(most)
    values = np.stack([table(latest(looks, order, int(j))).threshold(levels) for j in nodes], axis=-1)
    if nodes.size == most - 1:
        return values
    form = interpolate.CubicSpline(-1.0 / nodes, values, axis=-1)
    return np.asarray(form(-1.0 / np.arange(2, most + 1)), np.float64)


def _spaced(most: int) -> NDArray[np.int64]:
    """Every number from 2 to 12, then steps of a sixth, up to `most`: where laws are evaluated."""
    numbers = list(range(2, min(most, 12) + 1))
    while numbers[-1] < most:
        numbers.append(min(most, max(numbers[-1] + 1, round(numbers[-1] * 1.25))))
    return np.array(numbers)


@lru_cache(maxsize=64)
def both_level(looks: tuple[float, ...], order: int, most: int, far: float) -> Real:
    """Return the common level of Q and of the single dates at which both together reject with probability `far`.

    One entry for each number of dates from 2 to `most`. Under no change -2 ln Q is the sum of the independent
    -2 ln R_j; the law of the sum when none of them exceeds its threshold is a convolution of truncated laws, done
    exactly on a lattice.
    """
    nodes = _spaced(most)
    levels = np.array([_joint_level(looks, order, int(k), far) for k in nodes])
    if nodes.size == most - 1:
        return levels
    form = interpolate.PchipInterpolator(np.log(nodes), np.log(levels))
    return np.asarray(np.exp(form(np.log(np.arange(2, most + 1)))), np.float64)


def _joint_level(looks: tuple[float, ...], order: int, dates: int, far: float) -> float:
    """Solve P(Q and some date reject at one level) = far for that level, which lies between far and its root."""
    if dates == 2:
        return far
    law = table(whole(looks, order, dates))
    edges = np.linspace(0.0, float(law.threshold(far**2 / 10.0)), _BINS + 1)
    # The law of R_j hardly depends on j when j is large, so neighbours share one: its exact form at the smallest.
    nodes = _spaced(dates)
    shares = np.diff(np.append(nodes, dates + 1))
    above = [table(latest(looks, order, int(j))).p(edges) for j in nodes]
    free = _sum_law(above, shares)

    def surplus(log_level: float) -> float:
        level = float(np.exp(log_level))
        none = _sum_law([np.maximum(p, float(per_date(level, dates))) for p in above], shares)
        # A sum of m bins' middles lies half a bin per date away from the lattice of edges.
        at = float(law.threshold(level)) / edges[1] - dates / 2.0
        without, both = (float(np.interp(at, np.arange(-1.0, pmf.size), _tail(pmf))) for pmf in (none, free))
        return float(np.log(max(both - without, 1e-300) / far))

    # A little above the root, which independence would reach: the lattice has an error of its own.
    return float(np.exp(optimize.brentq(surplus, np.log(far), 0.45 * np.log(far), xtol=1e-5)))


def _sum_law(above: list[Real], shares: NDArray[np.int64]) -> Real:
    """Probabilities per bin of a sum of independent terms, given the upper tails of each at the edges of bins."""
    spectrum = np.ones(_BINS + 1, np.complex128)
    for tail, share in zip(above, shares, strict=True):
        spectrum *= np.fft.rfft(-np.diff(tail), 2 * _BINS) ** int(share)
    return np.asarray(np.fft.irfft(spectrum, 2 * _BINS), np.float64)


def _tail(pmf: Real) -> Real:
    """Probability of bins after each of -1, 0, 1, ...: summed from the far end, where it is small."""
    return np.append(np.cumsum(pmf[::-1])[::-1], 0.0)
