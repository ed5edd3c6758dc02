"""When the ground was as before, when an event may have changed it, and which parts of the past can stand in for it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.model.errors import InputError

FEWEST_BEFORE = 8
"""Looks before the event from which its past can judge it."""
BEFORE_EACH_AFTER = 3
"""Looks before that each look after asks for: fewer leave too few pseudo-events that do not overlap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """The two periods of one question."""

    before: tuple[np.datetime64, np.datetime64]
    """First and last instant before the event, UTC, both within."""
    after: tuple[np.datetime64, np.datetime64]
    """First and last instant after it, UTC, both within."""

    def __post_init__(self) -> None:
        (a, b), (c, d) = self.before, self.after
        if np.isnat([a, b, c, d]).any() or not a <= b < c <= d:
            msg = f"The period before is {a} to {b} and the one after {c} to {d}"
            raise InputError(f"{msg}; each must end after it begins, and the second begin after the first has ended.")

    def split(self, times: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which of the times (any shape, UTC) lie before and which after; those in neither are left out."""
        stamps = np.asarray(times, "datetime64[ns]")
        return (
            (stamps >= self.before[0]) & (stamps <= self.before[1]),
            (stamps >= self.after[0]) & (stamps <= self.after[1]),
        )


def pseudo_events(count_before: int, count_after: int) -> tuple[slice, ...]:
    """Return every window of `count_after` neighbouring dates among `count_before`: each is a placebo's "after".

    The dates outside a window are its "before". Nothing happened in any of them, so what the statistic finds there is
    what it finds by chance. There are none without a look after, or with fewer looks before than after.
    """
    if count_after < 1:
        return ()
    return tuple(slice(start, start + count_after) for start in range(count_before - count_after + 1))


def enough(count_before: int, count_after: int) -> bool:
    """Return whether the past has looks enough to calibrate the question on: 8, and three for each look after."""
    return count_after >= 1 and count_before >= max(FEWEST_BEFORE, BEFORE_EACH_AFTER * count_after)
