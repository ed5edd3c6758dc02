"""How many looks a pixel really has, and what the whole scene did, measured from the pair itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from dashboard.model.errors import InputError

TAIL = 0.1
"""The spread that is matched is that of the central 80 %: up to a tenth of the area may have changed either way."""
ENOUGH = 5000
"""Independent pixels from which a measurement is good to 5 % (95 % of the time); fewer measure nothing."""
_SAMPLE = 4_000_000
_FEWEST_LOOKS, _MOST_LOOKS = 0.05, 1e5
_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveLooks:
    """What a pair says about its own speckle."""

    before: float
    """Equivalent looks of one pixel before."""
    after: float
    """The same after."""
    low: float
    """Looks after, lower end of the 95 % interval that the number of pixels allows; spatial correlation widens it."""
    high: float
    """Upper end."""
    common_mode_db: float
    """Change that the whole scene shares: what the median ratio is above the law's own median."""
    pixels: float
    """Independent pixels it was measured on."""


def effective_looks(
    ratio_db: NDArray[np.floating], *, proportion: float = 1.0, repeats: float = 1.0
) -> EffectiveLooks | None:
    """Measure the equivalent looks and the common change of a pair, taking most of the area as unchanged.

    The stated looks belong to the native pixel of an ideal scene; resampling, overviews, spatial correlation and
    natural variability between the dates all move the value that the F law needs, and 5 % off doubles small
    false-alarm rates. So the spread between the 10 % and the 90 % point of the log ratio is matched to the spread of
    the law. Area that changed by more lies outside these points and hardly moves them while it is below a tenth;
    more of it makes the answer smaller, and the test that uses it careful rather than trigger-happy.

    Parameters
    ----------
    ratio_db
        Log ratios after / before in dB, any shape; NaN where not observed.
    proportion
        Looks before divided by looks after, as far as known.
    repeats
        Grid pixels for one independent pixel, where a native pixel is drawn on several; at least 1.

    Returns
    -------
    EffectiveLooks | None
        None with fewer than `ENOUGH` independent pixels.

    Raises
    ------
    InputError
        If `proportion` is not positive.
    """
    if not 0.0 < proportion < np.inf:
        raise InputError(f"The proportion of looks is {proportion:g}; it must be above 0 and finite.")
    flat = ratio_db.reshape(-1)
    sample = flat[:: max(1, flat.size // _SAMPLE)]
    sample = sample[np.isfinite(sample)]
    count = sample.size / max(repeats, 1.0)
    if count < ENOUGH:
        return None
    low, median, high = (float(v) for v in np.quantile(sample, [TAIL, 0.5, 1.0 - TAIL]) * (np.log(10.0) / 10.0))
    looks = _looks_of_spread(high - low, proportion)
    relative = _relative_error(looks, proportion, count)
    common = (median - _quantile(looks, proportion, 0.5)) * 10.0 / np.log(10.0)
    return EffectiveLooks(
        before=looks * proportion,
        after=looks,
        low=looks / (1.0 + relative),
        high=looks * (1.0 + relative),
        common_mode_db=float(common),
        pixels=count,
    )


def _quantile(looks: float, proportion: float, share: float) -> float:
    """The `share` point of ln(after / before) when the looks are (looks * proportion, looks) and nothing changed."""
    before, after = looks * proportion, looks
    u = special.betaincinv(after, before, share)
    v = special.betaincinv(before, after, 1.0 - share)  # 1 - u, without cancellation near 1
    return float(np.log(u) - np.log(v) + np.log(proportion))


def _spread(looks: float, proportion: float) -> float:
    return _quantile(looks, proportion, 1.0 - TAIL) - _quantile(looks, proportion, TAIL)


def _looks_of_spread(spread: float, proportion: float) -> float:
    """The looks at which the law has a spread; held between limits far outside any radar's."""
    if spread >= _spread(_FEWEST_LOOKS, proportion):
        return _FEWEST_LOOKS
    if spread <= _spread(_MOST_LOOKS, proportion):
        return _MOST_LOOKS
    bracket = np.log(_FEWEST_LOOKS), np.log(_MOST_LOOKS)
    return float(np.exp(optimize.brentq(lambda ln: _spread(np.exp(ln), proportion) - spread, *bracket, xtol=1e-6)))


def _relative_error(looks: float, proportion: float, count: float) -> float:
    """Half the 95 % interval of the looks, relative: asymptotic variance of two sample quantiles."""
    below, above = _density(looks, proportion, TAIL), _density(looks, proportion, 1.0 - TAIL)
    one = TAIL * (1.0 - TAIL)
    variance = (one / below**2 + one / above**2 - 2.0 * TAIL**2 / (below * above)) / count
    step = 0.01
    slope = (_spread(looks * (1.0 + step), proportion) - _spread(looks * (1.0 - step), proportion)) / (2.0 * step)
    return float(_NORMAL_95 * np.sqrt(variance) / abs(slope))


def _density(looks: float, proportion: float, share: float) -> float:
    """Density of ln r at its `share` point."""
    step = 1e-3
    upper, lower = (_quantile(looks, proportion, share + side) for side in (step, -step))
    return 2.0 * step / (upper - lower)
