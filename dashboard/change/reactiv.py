"""A whole stack in one picture: colour says when, saturation how much, brightness where. A display, not a detector."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special

from dashboard.model.errors import InputError

FEWEST_DATES = 3
FULL = 2.326
"""Standard errors above speckle's variation at which colour is full: 1 % of ground that never changed gets there."""
LAST_HUE = 5.0 / 6.0
"""Hue of the last date, magenta; the first is red. The whole circle would give both the same colour."""
_BRIGHTEST = 99.0
_ROWS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeckleVariation:
    """The coefficient of variation that fully developed speckle has in amplitude."""

    mean: float
    """Expected, where nothing changes."""
    spread: float
    """Standard error of one date: divided by the root of the number of dates, that of a stack."""


def speckle_variation(looks: float) -> SpeckleVariation:
    """Return the law of the coefficient of variation of amplitude under speckle alone.

    With ``g = Gamma(L) / Gamma(L + 1/2)`` the mean is ``sqrt(L g² - 1)`` and the variance of the estimate from N dates
    ``L g⁴ (4 L² g² - 4 L - 1) / (4 N (L g² - 1))``. Its root is the standard error: leaving the root out, as published
    code does, colours a third of the ground that never changed.

    Raises
    ------
    InputError
        If `looks` is not from 0.5 to 1e4.

    References
    ----------
    E. Colin Koeniguer, J.-M. Nicolas, "Change detection based on the coefficient of variation in SAR time-series of
    urban areas", Remote Sensing 12(13), 2020.
    """
    if not 0.5 <= looks <= 1e4:
        raise InputError(f"{looks:g} looks were given; speckle's variation is known from 0.5 to 10,000.")
    g2 = float(np.exp(2.0 * (special.gammaln(looks) - special.gammaln(looks + 0.5))))
    square = looks * g2 - 1.0
    variance = looks * g2**2 * (4.0 * looks**2 * g2 - 4.0 * looks - 1.0) / (4.0 * square)
    return SpeckleVariation(mean=float(np.sqrt(square)), spread=float(np.sqrt(max(variance, 0.0))))


def reactiv(
    stack: xr.DataArray, looks: float, *, polarisation: str | None = None, brightest: float | None = None
) -> xr.Dataset:
    """Return the colours of a stack: when each pixel was brightest, how much it varied and how bright it became.

    Parameters
    ----------
    stack
        (time, polarisation, y, x) linear power, NaN where not observed.
    looks
        Equivalent looks of one pixel of one date.
    polarisation
        The one to show; the first if None.
    brightest
        Amplitude shown at full brightness; the 99th percentile of the highest amplitudes if None. Give one value to
        tiles that stand side by side.

    Returns
    -------
    xr.Dataset
        Over (y, x): ``hue`` float32 from 0 on the first date to 5/6 on the last, by time, of the brightest look;
        ``saturation`` 0 to 1, full where no more than 1 % of unchanged speckle is; ``value`` 0 to 1; ``variation`` the
        coefficient of variation of amplitude; ``date`` datetime64 of the brightest look. NaN and NaT with fewer than
        three looks.

    Raises
    ------
    InputError
        If looks, polarisation or brightness are out of range, or there are fewer than three dates.
    """
    names = [str(name) for name in stack["polarisation"].values]
    chosen = names[0] if polarisation is None else polarisation
    if chosen not in names:
        raise InputError(f"The stack has no polarisation {chosen}, only {', '.join(names)}.")
    if stack.shape[0] < FEWEST_DATES:
        raise InputError(f"The stack has {stack.shape[0]} dates; {FEWEST_DATES} are the fewest that vary.")
    if brightest is not None and not 0.0 < brightest < np.inf:
        raise InputError(f"The brightest amplitude is {brightest:g}; it must be above 0 and finite.")
    law, power = speckle_variation(looks), stack.values[:, names.index(chosen)]
    parts = [_moments(power[:, top : top + _ROWS]) for top in range(0, power.shape[1], _ROWS)]
    variation, count, highest, when = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _coloured(stack, law, (variation, count, highest, when), brightest)


def rgb(colours: xr.Dataset) -> NDArray[np.uint8]:
    """Return (y, x, 3) uint8 of hue, saturation and value; black where there is none."""
    hue, saturation, value = (np.nan_to_num(colours[name].values) for name in ("hue", "saturation", "value"))
    sixth = hue[..., None] * 6.0 + np.array([5.0, 3.0, 1.0], np.float32)
    away = np.clip(np.minimum(sixth % 6.0, 4.0 - sixth % 6.0), 0.0, 1.0)
    return np.asarray(np.rint(255.0 * value[..., None] * (1.0 - saturation[..., None] * away)), np.uint8)


def _moments(
    power: NDArray[np.floating],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Coefficient of variation of amplitude, looks, highest amplitude and its date, (y, x) each."""
    there = (power >= 0) & np.isfinite(power)
    amplitude = np.sqrt(np.where(there, power, 0.0)).astype(np.float32)
    count = there.sum(axis=0)
    n = np.maximum(count, 1)
    mean = amplitude.sum(axis=0, dtype=np.float64) / n
    squares = (np.where(there, amplitude - mean, 0.0) ** 2).sum(axis=0)
    spread = np.sqrt(squares / np.maximum(n - 1, 1))
    variation = np.where((count >= FEWEST_DATES) & (mean > 0), spread / np.where(mean > 0, mean, 1.0), np.nan)
    return variation, count, amplitude.max(axis=0), np.where(there, amplitude, -1.0).argmax(axis=0)


def _coloured(
    stack: xr.DataArray,
    law: SpeckleVariation,
    moments: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]],
    brightest: float | None,
) -> xr.Dataset:
    variation, count, highest, when = moments
    seen = np.isfinite(variation)
    times = np.asarray(stack["time"].values, "datetime64[ns]")
    share = (times - times[0]) / (times[-1] - times[0])
    excess = (variation - law.mean) * np.sqrt(np.maximum(count, 1)) / (FULL * law.spread)
    top = brightest if brightest is not None else float(np.percentile(highest[seen], _BRIGHTEST)) if seen.any() else 1.0
    pictures = {
        "hue": LAST_HUE * share[when],
        "saturation": np.clip(excess, 0.0, 1.0),
        "value": np.clip(highest / max(top, 1e-30), 0.0, 1.0),
        "variation": variation,
    }
    over = ("y", "x")
    found = {name: (over, np.where(seen, picture, np.nan).astype(np.float32)) for name, picture in pictures.items()}
    date = np.where(seen, times[when], np.datetime64("NaT", "ns"))
    coords = {name: stack[name] for name in over if name in stack.coords}
    return xr.Dataset({**found, "date": (over, date)}, coords=coords)
