"""The law of the sample coherence of circular Gaussian looks."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from dashboard.model.errors import InputError

MOST_LOOKS = 1e4
_NEGLIGIBLE = 1e-15
_MOST_TERMS = 4000
"""Terms beyond which neighbours are taken together: they differ by less than the law's own rounding."""


def below(values: ArrayLike, looks: float, level: float) -> NDArray[np.float64]:
    """Return the probability that the sample coherence is at most some values where the true coherence is `level`.

    The square of the sample coherence is a mixture of Beta(k + 1, looks - 1) with k of the negative binomial law with
    `looks` and probability 1 - level², whose density is Touzi's with its hypergeometric function summed term by term;
    every term is positive, so nothing cancels however high looks and coherence are. Looks need not be whole.

    Parameters
    ----------
    values
        Coherences of any shape.
    looks
        Independent looks in the window, above 1; see `effective_looks`.
    level
        True coherence, 0 up to but not 1.

    Raises
    ------
    InputError
        If `looks` or `level` is out of range.

    References
    ----------
    R. Touzi, A. Lopes, J. Bruniquel, P. W. Vachon, "Coherence estimation for SAR imagery", IEEE Trans. Geosci. Remote
    Sens. 37(1), 1999.
    """
    numbers, weights = _mixture(looks, level)
    squares = np.clip(np.asarray(values, np.float64), 0.0, 1.0)[..., None] ** 2
    return np.asarray(np.minimum((special.betainc(numbers + 1.0, looks - 1.0, squares) * weights).sum(axis=-1), 1.0))


def expected(looks: float, level: float) -> float:
    """Return the mean of the sample coherence: above the true coherence, the more so the fewer looks.

    Raises
    ------
    InputError
        If `looks` or `level` is out of range.
    """
    k, weights = _mixture(looks, level)
    rising = special.gammaln(k + 1.5) - special.gammaln(k + 1.0)
    means = np.exp(rising + special.gammaln(looks + k) - special.gammaln(looks + k + 0.5))
    return float((means * weights).sum())


def thresholds(looks: float, level: float, far: float, *, tail: Literal["below", "above"] = "below") -> float:
    """Return the sample coherence that is passed by chance at a given rate where the true coherence is `level`.

    Parameters
    ----------
    looks
        Independent looks in the window, above 1.
    level
        True coherence of what did not change, 0 up to but not 1.
    far
        False-alarm rate.
    tail
        ``below``: a loss of coherence is looked for, the threshold is passed downwards. ``above``: coherence is.

    Raises
    ------
    InputError
        If a number is out of range.
    """
    if not 0.0 < far < 1.0:
        raise InputError(f"The false-alarm rate is {far:g}; give one between 0 and 1, such as 0.001.")
    if level == 0.0:
        _mixture(looks, level)
        share = far if tail == "above" else 1.0 - far
        return float(np.sqrt(-np.expm1(np.log(share) / (looks - 1.0)))) if share < 1.0 else 0.0
    share = far if tail == "below" else 1.0 - far
    return float(optimize.brentq(lambda d: float(below(d, looks, level)) - share, 0.0, 1.0, xtol=1e-12))


def _mixture(looks: float, level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not 1.0 < looks <= MOST_LOOKS:
        raise InputError(
            f"Coherence of {looks:g} looks has no law; the window needs more than 1, at most {MOST_LOOKS:g}."
        )
    if not 0.0 <= level < 1.0:
        raise InputError(f"The true coherence is {level:g}; give one from 0 to below 1.")
    if level == 0.0:
        return np.zeros(1), np.ones(1)
    law = stats.nbinom(looks, 1.0 - level**2)
    first, last = int(law.ppf(_NEGLIGIBLE)), int(law.isf(_NEGLIGIBLE))
    if last - first < _MOST_TERMS:
        numbers = np.arange(max(first - 1, 0), last + 2, dtype=np.float64)
        return numbers, law.pmf(numbers)
    edges = np.round(np.linspace(first - 1, last + 1, _MOST_TERMS + 1))
    return (edges[:-1] + edges[1:] + 1.0) / 2.0, np.diff(law.cdf(edges))
