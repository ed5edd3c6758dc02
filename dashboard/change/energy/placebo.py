"""The same energy for pseudo-events inside the quiet past."""

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy import plain
from dashboard.change.energy.options import FEWEST_BEFORE, Options
from dashboard.change.energy.reference import Reference
from dashboard.change.energy.stacks import Asked, asked
from dashboard.change.periods import Periods, pseudo_events


def placebo_energies(
    stacks: Sequence[xr.DataArray],
    periods: Periods,
    *,
    reference: Reference,
    options: Options = Options(),  # noqa: B008 -- frozen
    most: int | None = None,
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield (window number, energy (y, x)) of pseudo-events among the dates before."""
    dates = asked(stacks, periods)
    return plain.placebo_energies(stacks, dates, windows(dates, most), reference, options)


def windows(dates: Sequence[Asked], most: int | None = None) -> tuple[tuple[slice | None, ...], ...]:
    """Return the pseudo-events: a window of dates before for each stack, None for a stack too short for one.

    The stack with the most windows leads; the others' windows begin with their first look at or after its window's
    first, as those of one event would, so that weather which all stacks saw falls into one window.
    """
    each = [_own(stack) for stack in dates]
    lead = max(range(len(each)), key=lambda at: len(each[at]))
    chosen = range(len(each[lead]))
    if most is not None and len(chosen) > most:
        chosen = np.unique(np.linspace(0, len(chosen) - 1, most).round().astype(int))
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
