"""How many looks the pixels of a stack have, and how well that is known."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage, special

from dashboard.model.errors import InputError

WELL_KNOWN = 0.05
"""Relative half width of the interval beyond which laws of speckle are not to be used: 5 % more doubles small rates."""
FEWEST_DATES = 3
_WINDOW = 5
_FEWEST_WINDOWS = 400
_PARTS = 8
"""The scene is cut in this many parts a side, which are drawn again and again: its own spread gives the interval."""
_DRAWS = 200
_BINS = np.linspace(np.log(0.05), np.log(1e5), 4001)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enl:
    """Equivalent number of looks of each polarisation, with its 95 % interval."""

    polarisations: tuple[str, ...]
    looks: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def known(self, polarisation: str) -> bool:
        """Return whether the interval is within 5 % of the value, so that laws of speckle may be used."""
        at = self.polarisations.index(polarisation)
        return bool((self.high[at] - self.low[at]) / 2.0 <= WELL_KNOWN * self.looks[at])

    def for_law(self, polarisation: str) -> float:
        """Return the looks for a law of speckle.

        Raises
        ------
        InputError
            If they are not known to 5 %, or not of that polarisation.
        """
        if polarisation not in self.polarisations:
            raise InputError(f"The looks of {polarisation} were not measured, only of {', '.join(self.polarisations)}.")
        at = self.polarisations.index(polarisation)
        if not self.known(polarisation):
            interval = f"between {self.low[at]:.3g} and {self.high[at]:.3g}"
            msg = f"The looks of {polarisation} are {self.looks[at]:.3g}, {interval}"
            raise InputError(f"{msg}; the law of speckle needs them to 5 %: calibrate on the dates before instead.")
        return self.looks[at]


def estimate_enl(stack: xr.DataArray, *, seed: int = 0) -> Enl:
    """Measure the looks of a stack from how much its quietest common kind of ground varies in time.

    Every pixel's variance of ln power in time, what the whole scene shares per date taken out, is pooled over 5 x 5
    pixels; its inverse trigamma is the looks that speckle of this variance has. The mode over the scene is what most
    ground agrees on: texture does not count, for each pixel has its own mean, and ground that changes lies in the tail.
    The interval comes from drawing parts of the scene anew. Ground that varies everywhere gives fewer looks than the
    product states; they are what a law of speckle would need here.

    Parameters
    ----------
    stack
        (time, polarisation, y, x) linear power, NaN where not observed; three dates at least, better ten.
    seed
        Of the drawing.

    Raises
    ------
    InputError
        If there are fewer than three dates, or too few pixels were seen three times.

    References
    ----------
    S. N. Anfinsen, A. P. Doulgeris, T. Eltoft, "Estimation of the equivalent number of looks in polarimetric synthetic
    aperture radar imagery", IEEE Trans. Geosci. Remote Sens. 47(11), 2009: the mode of local estimates. Here they are
    taken in time.
    """
    if stack.shape[0] < FEWEST_DATES:
        raise InputError(f"The stack has {stack.shape[0]} dates; looks are measured from {FEWEST_DATES} or more.")
    names = tuple(str(name) for name in stack["polarisation"].values)
    rng = np.random.default_rng(seed)
    found = [_of_one(stack.values[:, at], name, rng) for at, name in enumerate(names)]
    looks, low, high = zip(*found, strict=True)
    return Enl(polarisations=names, looks=looks, low=low, high=high)


def looks_of_variance(variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the looks whose speckle has a variance of ln power: the inverse of the trigamma function.

    Newton's steps on its reciprocal, which is nearly straight, so that four of them reach double precision.
    """
    looks = 0.5 + 1.0 / variance
    for _ in range(8):
        here = special.polygamma(1, looks)
        looks = looks + here * (1.0 - here / variance) / special.polygamma(2, looks)
    return np.asarray(looks)


def _of_one(power: NDArray[np.floating], name: str, rng: np.random.Generator) -> tuple[float, float, float]:
    there = (power > 0) & np.isfinite(power)
    logs = np.where(there, np.log(np.where(there, power, 1.0), dtype=np.float32), 0.0)
    count = there.sum(axis=0)
    mean = logs.sum(axis=0) / np.maximum(count, 1)
    for date in range(len(logs)):
        apart = (logs[date] - mean)[there[date]]
        logs[date] -= np.where(there[date], np.median(apart) if apart.size else 0.0, 0.0)
    mean = logs.sum(axis=0) / np.maximum(count, 1)
    squares = (np.where(there, logs - mean, 0.0) ** 2).sum(axis=0, dtype=np.float64)
    usable = count >= FEWEST_DATES
    total, free, share = (
        ndimage.uniform_filter(part.astype(np.float64), _WINDOW, mode="constant")
        for part in (np.where(usable, squares, 0.0), np.where(usable, count - 1, 0), usable)
    )
    kept = usable & (share > 0.5) & (total > 0)
    if kept.sum() < _FEWEST_WINDOWS:
        msg = f"{int(kept.sum())} pixels of {name} were seen {FEWEST_DATES} times among neighbours"
        raise InputError(f"{msg}; looks are measured from {_FEWEST_WINDOWS} or more: take a larger area.")
    looks = np.log(looks_of_variance(total[kept] / free[kept]))
    mode, low, high = _mode_with_interval(looks, _parts(kept), rng)
    margin = 1.0 + _skewed(mode) / float(np.median(free[kept]) * _WINDOW**2)
    return mode, low / margin, high * margin


def _skewed(looks: float) -> float:
    """Return how far off a variance its mode may be, relative, times the degrees of freedom: 1 plus the kurtosis."""
    return 1.0 + float(special.polygamma(3, looks)) / float(special.polygamma(1, looks)) ** 2


def _parts(kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the number of the part of the scene that each kept pixel lies in."""
    rows, columns = (np.arange(size) * _PARTS // size for size in kept.shape)
    return np.asarray((rows[:, None] * _PARTS + columns)[kept], np.int64)


def _mode_with_interval(
    values: NDArray[np.float64], part: NDArray[np.int64], rng: np.random.Generator
) -> tuple[float, float, float]:
    number = np.clip(np.digitize(values, _BINS) - 1, 0, _BINS.size - 2)
    bins = _BINS.size - 1
    each = np.bincount(part * bins + number, minlength=_PARTS**2 * bins).reshape(_PARTS**2, bins).astype(np.float64)
    width = _bandwidth(values)
    peopled = np.flatnonzero(each.sum(axis=1) > 0)
    drawn = rng.multinomial(peopled.size, np.full(peopled.size, 1.0 / peopled.size), _DRAWS)
    modes = np.array([_mode(weights @ each[peopled], width) for weights in drawn])
    mode = _mode(each.sum(axis=0), width)
    low, high = np.quantile(modes, [0.025, 0.975])
    return float(np.exp(mode)), float(np.exp(min(low, mode))), float(np.exp(max(high, mode)))


def _bandwidth(values: NDArray[np.float64]) -> float:
    """Silverman's width of a kernel, windows that share pixels counted once, in bins."""
    low, high = np.quantile(values, [0.25, 0.75])
    spread = max((high - low) / 1.349, 1e-3)
    width = 0.9 * spread * (values.size / _WINDOW**2) ** -0.2
    return max(float(width / (_BINS[1] - _BINS[0])), 1.0)


def _mode(histogram: NDArray[np.float64], width: float) -> float:
    """Return the highest point of a smoothed histogram, between its bins."""
    smooth = ndimage.gaussian_filter1d(histogram, width, mode="constant")
    top = int(np.clip(np.argmax(smooth), 1, smooth.size - 2))
    left, middle, right = (float(value) for value in smooth[top - 1 : top + 2])
    bend = left - 2.0 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    step = float(_BINS[1] - _BINS[0])
    return float(_BINS[top]) + step * (0.5 + shift)
