"""The survival of an energy from its histogram, prolonged by a generalised Pareto tail."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import InputError

TOP = 100
"""Samples beyond which counts are replaced by the fitted tail."""
_SHARE, _MOST = 0.002, 3000
"""The tail's shape is learned from this share of all samples, at least `TOP` and at most so many."""
_HEAVIEST = 0.9
"""Largest shape: heavier tails have no mean to learn from."""


@dataclass(frozen=True, slots=True, eq=False)
class Survival:
    """P(energy >= e) under no change.

    Counted: ``(1 + samples at or above e) / (1 + samples)``, of independent samples: correlated ones count for what
    they are worth, so that few of them are not taken for many. Between bin edges ln p is a straight line in ln e.
    Beyond the edge u with the last `TOP` samples: ``p = p_u (1 + shape (e - u) / scale) ** (-1 / shape)``, fitted by
    probability-weighted moments (Hosking and Wallis 1987). The shape is never taken below 0: a short tail is prolonged
    as an exponential, so the p-values of what was never seen come out rather too large than too small.
    """

    ln_energy: NDArray[np.float64]
    """Ascending edges up to the start of the tail."""
    ln_p: NDArray[np.float64]
    """Descending."""
    shape: float
    """0 is an exponential tail."""
    scale: float
    samples: int

    @property
    def start(self) -> float:
        """Energy at which the fitted tail takes over."""
        return float(np.exp(self.ln_energy[-1]))

    def p(self, energy: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the p-value of every energy, NaN for NaN."""
        value = np.asarray(energy, np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            counted = np.interp(np.log(np.maximum(value, 0.0)), self.ln_energy, self.ln_p, left=0.0)
        over = np.maximum(value - self.start, 0.0) / self.scale
        fall = over if self.shape == 0.0 else np.log1p(self.shape * over) / self.shape
        ln_p = np.where(over > 0.0, self.ln_p[-1] - fall, counted)
        return np.where(np.isnan(value), np.nan, np.exp(ln_p))

    def energy(self, p: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the lowest energy with each p-value: the inverse of `p` wherever that falls."""
        ln_p = np.log(np.asarray(p, np.float64))
        counted = np.exp(np.interp(-ln_p, -self.ln_p, self.ln_energy))
        fall = np.maximum(self.ln_p[-1] - ln_p, 0.0)
        over = fall if self.shape == 0.0 else np.expm1(self.shape * fall) / self.shape
        return np.asarray(np.where(fall > 0.0, self.start + self.scale * over, counted))


def survival(counts: NDArray[np.int64], edges: NDArray[np.float64], *, worth: float = 1.0) -> Survival:
    """Return the survival of a histogram.

    Parameters
    ----------
    counts
        Samples in every bin.
    edges
        Lower edge of every bin, ascending, the first 0 or above.
    worth
        Independent samples that one sample is worth, above 0 and at most 1.

    Raises
    ------
    InputError
        If there is no sample.
    """
    samples = int(counts.sum())
    if not samples:
        raise InputError("No pseudo-event was observed anywhere, so nothing can be calibrated; give more dates before.")
    above = np.cumsum(counts[::-1])[::-1]
    start = int(np.flatnonzero(above >= min(TOP, samples))[-1])
    learned = int(np.flatnonzero(above >= min(max(TOP, min(int(_SHARE * samples), _MOST)), samples))[-1])
    shape, scale = _pareto(counts[learned:], edges[learned:])
    scale += shape * (edges[start] - edges[learned])
    first = 1 if edges[0] <= 0.0 else 0
    kept = slice(min(first, start), start + 1)
    ln_p = np.log((1.0 + worth * above[kept]) / (1.0 + worth * samples))
    with np.errstate(divide="ignore"):
        ln_energy = np.log(edges[kept])
    return Survival(ln_energy, ln_p, shape, scale, samples)


def _pareto(counts: NDArray[np.int64], edges: NDArray[np.float64]) -> tuple[float, float]:
    """(shape, scale) of the excess over the first edge, every sample in the middle of its bin."""
    middle = np.append((edges[:-1] + edges[1:]) / 2.0, edges[-1]) - edges[0]
    total = counts.sum()
    mean = float((counts * middle).sum() / total)
    rank = (total - np.cumsum(counts) + (counts - 1) / 2.0) / max(total - 1, 1)  # share of samples above, ties halved
    weighted = float((counts * middle * rank).sum() / total)
    spread = mean - 2.0 * weighted
    shape = 2.0 - mean / spread if spread > 1e-6 * mean else 0.0  # all in one bin: no spread to learn from
    shape = float(np.clip(shape, 0.0, _HEAVIEST))
    return (shape if shape > 1e-6 else 0.0), max(mean * (1.0 - shape), 1e-9)
