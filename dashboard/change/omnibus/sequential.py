"""Which dates of a stack changed: the omnibus test in sequence, pixel by pixel, at a stated false-alarm rate."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.omnibus import kernels
from dashboard.change.omnibus.full import kernels as full_kernels
from dashboard.change.omnibus.laws import Ratio, table, whole
from dashboard.change.omnibus.levels import Gate, thresholds
from dashboard.model.errors import GridMismatchError, InputError

Looks = float | Mapping[str, float]
_DIMS = ("time", "polarisation", "y", "x")
_PAIR = 2
_MOST_DATES = 2000
"""More dates than any archive has; the tables of thresholds grow with their square."""
_PART = 2000
"""Dates times tiles that a thread takes at once."""
_MEANING = {
    "count": "number of changes",
    "first": "index of the first look with the first change",
    "last": "index of the first look with the last change",
    "p_value": "p-value of no change at all",
    "looks": "usable dates",
    "date": "index of the first look with the change",
    "date_before": "index of the last look without the change",
    "direction": "0 none, 1 brighter, 2 darker, 3 mixed",
}


class Direction(IntEnum):
    """How the ground changed, by Loewner's order of the date's covariance and the mean of the segment before it."""

    NONE = 0
    """No change."""
    BRIGHTER = 1
    """Every combination of polarisations rose."""
    DARKER = 2
    """Every one fell."""
    MIXED = 3
    """Some rose and some fell."""


def sequential_omnibus(  # noqa: PLR0913 -- the question, its rate and its rule; each has a default but the first three
    stack: xr.DataArray,
    looks: Looks,
    *,
    far: float,
    gate: Gate | str = Gate.BOTH,
    most_dates: int = 4,
    full: bool = False,
    covariance: tuple[xr.DataArray, xr.DataArray] | None = None,
    threads: int = 1,
) -> xr.Dataset:
    """Find the dates at which each pixel changed.

    A segment of dates is tested against one common mean: Q of all remaining dates opens it, R_j compares date j with
    the mean of the dates before it, and where R_j is significant a change is reported and a new segment begins. The
    thresholds are those of the exact laws at any real number of looks, for the number of dates that this pixel has.

    Parameters
    ----------
    stack
        (time, polarisation, y, x) linear power; NaN, zero, negative or infinite where not observed. A date counts
        for a pixel when every polarisation was observed.
    looks
        Equivalent number of looks of one date, above 0: one number, or one for each polarisation. It must be known to
        2 to 3 %: 10 % too many doubles the false alarms.
    far
        Probability that a pixel without any change reports one, over the whole stack.
    gate
        ``both`` (default): Q and one date must be significant, at a common level at which both together have
        probability `far`. ``sidak``: dates alone, exactly `far` too. ``q``: the published rule, each at `far`;
        somewhat below `far` in all.
    most_dates
        Changes of a pixel that are written out with date and direction; all are counted.
    full
        Test the whole covariance matrix of two polarisations, not only their intensities.
    covariance
        Real and imaginary part (time, y, x) of the mean product of the first polarisation and the conjugate of the
        second; required with `full`.
    threads
        Threads to use.

    Returns
    -------
    xr.Dataset
        (y, x): ``count`` int16 changes; ``first`` and ``last`` int16 index of the first look with the first and the
        last change, -1 where none; ``p_value`` float64 of Q of all dates, NaN below two; ``looks`` int16 usable dates.
        (change, y, x): ``date`` int16 index of the first look with the change and ``date_before`` of the last look
        without it, -1 beyond `count`; ``direction`` uint8, see `Direction`. Indices count `stack`'s dates.

    Raises
    ------
    InputError
        If looks, rate, gate or shapes are impossible, or `full` lacks its covariance.
    GridMismatchError
        If the covariance is not on the stack's dates and grid.

    References
    ----------
    K. Conradsen, A. A. Nielsen, H. Skriver, "Determining the points of change in time series of polarimetric SAR data",
    IEEE Trans. Geosci. Remote Sens. 54(5), 2016. A. A. Nielsen, H. Skriver, K. Conradsen, "The Loewner order and
    direction of detected change in Sentinel-1 and Radarsat-2 data", IEEE Geosci. Remote Sens. Lett. 17(2), 2020.
    """
    rule = _checked(stack, far, gate, most_dates)
    number = _looks(stack, looks, full=full)
    off = _covariance(stack, covariance) if full else None
    times, pols = stack.shape[:2]
    power = np.ascontiguousarray(stack.values, np.float32).reshape(times, pols, -1)
    gates, steps = thresholds(number, 2 if full else 1, max(times, 2), far, rule)
    tables = kernels.Tables(gates, steps, float(steps.min()), rule is not Gate.SIDAK)
    found = _nothing(power.shape[2], most_dates)
    kernel = partial(kernels.sequential, power, np.array(number), tables, found)
    if off is not None:
        kernel = partial(full_kernels.sequential, power, off, number[0], tables, found)
    edges = [*range(0, power.shape[2], kernels.TILE * max(1, _PART // times)), power.shape[2]]
    with ThreadPoolExecutor(max(1, threads)) as pool:
        list(pool.map(kernel, edges[:-1], edges[1:]))
    return _dataset(stack, found, [whole(number, 2 if full else 1, k) for k in range(2, times + 1)])


def _checked(stack: xr.DataArray, far: float, gate: Gate | str, most_dates: int) -> Gate:
    if stack.ndim != len(_DIMS) or 0 in stack.shape:
        raise InputError(f"The stack is {stack.shape}; give a non-empty (time, polarisation, y, x) array.")
    if stack.shape[0] > _MOST_DATES:
        raise InputError(
            f"The stack has {stack.shape[0]} dates; up to {_MOST_DATES} are tested, so shorten the period."
        )
    if not 0.0 < far < 1.0:
        raise InputError(f"The false-alarm rate is {far:g}; give a share above 0 and below 1, such as 0.001.")
    if most_dates < 1:
        raise InputError(f"{most_dates} changes a pixel were asked for; ask for at least 1.")
    if gate not in tuple(Gate):
        raise InputError(f"The gate is {gate!r}; it is one of {', '.join(Gate)}.")
    return Gate(gate)


def _looks(stack: xr.DataArray, looks: Looks, *, full: bool) -> tuple[float, ...]:
    """One number for each polarisation, or one for the whole matrix."""
    names = [str(name) for name in stack["polarisation"].values] if "polarisation" in stack.coords else []
    if isinstance(looks, Mapping):
        missing = [name for name in names if name not in looks]
        if missing or not names:
            raise InputError(
                f"Looks are given for {', '.join(looks)}; give them for {', '.join(missing or names)} too."
            )
        number = tuple(float(looks[name]) for name in names)
    else:
        number = (float(looks),) * stack.shape[1]
    least = 1.0 if full else 0.0
    for each in number:
        if not least < each < np.inf:
            raise InputError(f"The number of looks is {each:g}; it must be above {least:g} and finite.")
    if full and (len(number) != _PAIR or len(set(number)) > 1):
        raise InputError(f"A full test has {len(number)} polarisations of {number} looks; give two of equal looks.")
    return number[:1] if full else number


def _covariance(stack: xr.DataArray, parts: tuple[xr.DataArray, xr.DataArray] | None) -> NDArray[np.float32]:
    """(time, 2, pixel): real and imaginary part beside the powers."""
    if parts is None:
        raise InputError("A full test needs the covariance of the two polarisations: give its real and imaginary part.")
    grid = (stack.shape[0], *stack.shape[2:])
    for part in parts:
        if part.shape != grid:
            raise GridMismatchError(f"The covariance is {part.shape} and the stack {grid}; read both on one grid.")
    return np.stack([np.asarray(part.values, np.float32).reshape(grid[0], -1) for part in parts], axis=1)


def _nothing(pixels: int, most: int) -> kernels.Found:
    return kernels.Found(
        q=np.full(pixels, np.nan),
        usable=np.zeros(pixels, np.int16),
        changes=np.zeros(pixels, np.int16),
        last=np.full(pixels, -1, np.int16),
        dates=np.full((most, pixels), -1, np.int16),
        before=np.full((most, pixels), -1, np.int16),
        direction=np.zeros((most, pixels), np.uint8),
    )


def _dataset(stack: xr.DataArray, found: kernels.Found, laws: list[Ratio]) -> xr.Dataset:
    present = np.flatnonzero(np.bincount(found.usable, minlength=len(laws) + 2)[2:])
    tables = [table(laws[k]) for k in present]
    row = np.full(len(laws) + 2, -1, np.int32)
    row[present + 2] = np.arange(present.size)
    p_value = np.full(found.q.shape, np.nan)
    if tables:
        ends = np.array([(each.start, each.step) for each in tables])
        kernels.p_values(found, row, ends, np.stack([each.log_p for each in tables]), p_value)
    y, x = (str(name) for name in stack.dims[2:])
    values = {
        "count": found.changes,
        "first": found.dates[0],
        "last": found.last,
        "p_value": p_value,
        "looks": found.usable,
        "date": found.dates,
        "date_before": found.before,
        "direction": found.direction,
    }
    return xr.Dataset(
        {
            name: ((*("change",)[: each.ndim - 1], y, x), each.reshape(*each.shape[:-1], *stack.shape[2:]), _told(name))
            for name, each in values.items()
        },
        coords={name: each for name, each in stack.coords.items() if "polarisation" not in each.dims},
    )


def _told(name: str) -> dict[str, str]:
    return {"long_name": _MEANING[name]}
