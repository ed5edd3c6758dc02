"""Classes of coverage: fixed limits, so that two maps can be compared; brighter colours where more was seen.

A picture is one byte a pixel: 0 and 1 draw the hatch of ground without a look, 2 is ground with one look where there is
no gap to speak of, and from 3 on come the classes, least seen first.
"""

from datetime import datetime, timedelta

import colorcet
import numpy as np
from numpy.typing import NDArray

from dashboard.model.coverage import Measure
from dashboard.model.dtg import dtg
from dashboard.render.coverage.footprints import Window

CLEAR, HATCH, ONCE, FIRST = 0, 1, 2, 3
HATCH_PX = 9
"""From one line of the hatch to the next, along a row."""
ALPHA = 118
"""Of a class, 0 to 255: the picture below stays readable."""
_HOUR, _DAY = 3_600, 86_400
_COUNTS = (1, 2, 3, 5, 9, 17, 33, 65)
"""Looks from which a class begins."""
_KINDS = (1, 2, 3, 4, 5)
_TIMES = (6 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 90 * _DAY)
"""Seconds below which a class lies, shortest last in a picture: short is well seen."""
TITLES = {
    Measure.LOOKS: "Looks",
    Measure.AGE: "Age of the last look",
    Measure.GAP: "Longest gap between looks",
    Measure.PROVIDERS: "Providers that looked",
}
_DARK_END, _BRIGHT_END = 40, 245
"""Of the 256 steps of the colour map: its ends are too near to black and white."""


def classes(measure: Measure, values: NDArray[np.int64] | NDArray[np.int32], window: Window) -> NDArray[np.uint8]:
    """Return the class of every pixel, (y, x).

    Parameters
    ----------
    values : (y, x) looks, providers, or seconds; below 0, and for counts 0, without a look; the largest value of their
        type for one look where the gap is asked for
    """
    timed = measure in (Measure.AGE, Measure.GAP)
    # A few comparisons of whole pictures take a tenth of what a search of every value does.
    picture = np.full(values.shape, FIRST if timed else FIRST - 1, np.uint8)
    for limit in limits(measure):
        picture += values < limit if timed else values >= limit
    if timed:
        picture[values == np.iinfo(values.dtype).max] = ONCE
    unseen = values < 0 if timed else values <= 0
    return np.where(unseen, _hatch(window), picture) if unseen.any() else picture


def _hatch(window: Window) -> NDArray[np.uint8]:
    """Return `HATCH` on the lines and `CLEAR` between them, (y, x)."""
    shifts = (np.arange(HATCH_PX)[:, None] + np.arange(window.width) + window.col) % HATCH_PX == 0
    lines: NDArray[np.uint8] = shifts.astype(np.uint8)[((np.arange(window.height) + window.row) % HATCH_PX).astype(int)]
    return lines


def limits(measure: Measure) -> tuple[int, ...]:
    """Return where classes begin, least first: looks or providers; seconds for times."""
    return {Measure.LOOKS: _COUNTS, Measure.PROVIDERS: _KINDS}.get(measure, _TIMES)


def labels(measure: Measure) -> tuple[str, ...]:
    """Return what each class says, in the order of the picture's values from `FIRST` on."""
    if measure in (Measure.AGE, Measure.GAP):
        bounds = [words(limit) for limit in _TIMES]
        return (f"{bounds[-1]} or more", *(f"under {bound}" for bound in reversed(bounds)))
    starts = limits(measure)
    pairs = zip(starts, (*starts[1:], None), strict=True)
    return tuple(f"{a}" if b == a + 1 else f"{a} or more" if b is None else f"{a}–{b - 1}" for a, b in pairs)


def title(measure: Measure) -> str:
    """Return what a measure is called on a legend."""
    return TITLES[measure]


def period(start: datetime | None, as_of: datetime) -> str:
    """Return the period that a coverage is of, in words."""
    until = dtg(as_of)
    return f"all until {until}" if start is None else f"{dtg(start)} to {until}"


def words(seconds: float) -> str:
    """Return a duration with two digits or so: minutes, hours, days."""
    span = timedelta(seconds=round(seconds))
    if span < timedelta(hours=2):
        return f"{span.total_seconds() / 60:.0f} min"
    if span < timedelta(days=2) and span != timedelta(days=1):
        return f"{span.total_seconds() / _HOUR:.0f} h"
    days = span.total_seconds() / _DAY
    return f"{days:.0f} d" if days >= 10 or days == round(days) else f"{days:.1f} d"


def palette(measure: Measure, once: str, hatch: str) -> list[str]:
    """Return the ``#rrggbbaa`` of every value of a picture.

    Parameters
    ----------
    once, hatch : ``#rrggbb`` of ground with one look, and of the lines over ground with none
    """
    count = len(labels(measure))
    steps = np.linspace(_DARK_END, _BRIGHT_END, count).round().astype(int)
    return [f"{hatch}00", f"{hatch}80", f"{once}{ALPHA:02x}", *(f"{colorcet.bmy[at]}{ALPHA:02x}" for at in steps)]
