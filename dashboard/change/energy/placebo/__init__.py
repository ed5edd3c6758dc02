"""The same energy for pseudo-events inside the quiet past: what the statistic finds where nothing happened."""

import os
from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy.options import FEWEST_BEFORE, Options
from dashboard.change.energy.placebo import kernels
from dashboard.change.energy.reference import Reference, fitting, variance_of
from dashboard.change.energy.stacks import Asked, asked
from dashboard.change.energy.strips import Series, each_strip, smoothed
from dashboard.change.periods import Periods, pseudo_events

Window = tuple[slice | None, ...]
"""For each stack, which of its dates before are the pseudo-event's "after"; None for a stack too short to have one."""
_SHARE = 0.25
"""Part of the stacks' own bytes that the windows held at once may take."""
_HELD = 5
"""Bytes held for each pixel of a window: the sum and the count."""


def placebo_energies(
    stacks: Sequence[xr.DataArray],
    periods: Periods,
    *,
    reference: Reference,
    options: Options = Options(),  # noqa: B008 -- frozen
    most: int | None = None,
    threads: int | None = None,
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield (window number, energy (y, x)) of pseudo-events among the dates before, in order of time.

    A pseudo-event takes as many neighbouring dates of each stack as the real question has after; the stack's other
    dates before are its "before". The logarithms are computed once for as many windows as a quarter of the stacks' own
    memory holds, and running sums give each window. A stack whose past is too short for a window is left out.

    Parameters
    ----------
    stacks, periods, reference, options, threads
        As in `change_tstat`; the energies are smoothed and normalised in the same way.
    most
        At most so many windows, equally spread; None for all.

    Raises
    ------
    InputError
        If a stack has other dimensions, its times do not rise, or the reference does not know it.
    GridMismatchError
        If the stacks do not share a grid.
    """
    dates = asked(stacks, periods)
    threads = threads or os.cpu_count() or 1
    series = [Series.of(each, fitting(reference, at, stacks[at]), after=False) for at, each in enumerate(dates)]
    variances = [variance_of(reference, at, each) for at, each in enumerate(dates)]
    every = windows(dates, most)
    held = max(1, int(_SHARE * sum(each.values.nbytes for each in dates) / (_HELD * dates[0].y.size * dates[0].x.size)))
    for begin in range(0, len(every), held):
        some = every[begin : begin + held]
        for number, energy in enumerate(_energies(series, variances, some, options, threads), begin):
            yield number, smoothed(energy, options, threads)


def windows(dates: Sequence[Asked], most: int | None = None) -> tuple[Window, ...]:
    """Return the pseudo-events.

    The stack with the most windows leads; the others' windows begin with their first look at or after its window's
    first, as those of one event would, so that weather which all stacks saw falls into one window.
    """
    each = [_own(stack) for stack in dates]
    lead = max(range(len(each)), key=lambda at: len(each[at]))
    count = len(each[lead])
    chosen = range(count) if most is None or count <= most else np.linspace(0, count - 1, most).round().astype(int)
    found = []
    for number in chosen:
        start = dates[lead].times[dates[lead].before[each[lead][number].start]]
        found.append(tuple(_at(stack, own, start) for stack, own in zip(dates, each, strict=True)))
    return tuple(found)


def _own(stack: Asked) -> tuple[slice, ...]:
    if stack.before.size - stack.after.size < FEWEST_BEFORE:
        return ()
    return pseudo_events(stack.before.size, stack.after.size)


def _at(stack: Asked, own: tuple[slice, ...], start: np.datetime64) -> slice | None:
    if not own:
        return None
    return own[min(int(np.searchsorted(stack.times[stack.before], start)), len(own) - 1)]


def _energies(
    series: Sequence[Series],
    variances: Sequence[NDArray[np.float32]],
    some: Sequence[Window],
    options: Options,
    threads: int,
) -> Iterator[NDArray[np.float32]]:
    """The energies (y, x) of some windows, not smoothed."""
    shape = len(some), series[0].stack.y.size, series[0].stack.x.size
    sums, counts = np.zeros(shape, np.float32), np.zeros(shape, np.uint8)

    prior = options.prior_dof, float(FEWEST_BEFORE)

    def work(rows: slice) -> None:
        for at, (each, variance) in enumerate(zip(series, variances, strict=True)):
            spans = [(part.start, part.stop) for window in some if (part := window[at]) is not None]
            if spans:
                stored, top = each.stack.stored(rows)
                kernels.windows(
                    stored, each.stack.exponent, (rows.start, rows.stop, rows.start - top), each.dates,
                    np.array(spans, np.int64), each.mode, each.rows, each.columns, prior, variance, sums, counts,
                )  # fmt: skip

    each_strip(shape[1], work, threads)
    for total, count in zip(sums, counts, strict=True):
        with np.errstate(invalid="ignore"):
            yield np.asarray(total / count, np.float32)
