"""The looks of a stack: every product of one pass is one look."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from dashboard.model.acquisition import Acquisition, PixelFile
from dashboard.model.handling import Handling, combine
from dashboard.workflows.detection.question import Period
from dashboard.workflows.passes import PASS_SECONDS

_SAME_MOMENT_S = 1.0
"""Products of one look may be stamped a little apart; no platform starts two looks within this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One look of a stack at the area: every product of it."""

    start: datetime
    """Of the first member."""
    members: tuple[Acquisition, ...]
    """In order of time; where they overlap the first one's pixels count."""

    def files(self, polarisations: Sequence[str]) -> tuple[PixelFile, ...]:
        """Return the pixel files of these polarisations."""
        found = (acq.pixels.file(name) for acq in self.members if acq.pixels for name in polarisations)
        return tuple(file for file in found if file is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenStack:
    """The looks of one stack that a question is answered from."""

    anchor: Acquisition
    """The acquisition that names the stack."""
    polarisations: tuple[str, ...]
    passes: tuple[Pass, ...]
    """In order of time, no two at one moment."""

    @property
    def times(self) -> NDArray[np.datetime64]:
        """Start of every pass, naive UTC, in nanoseconds: the coordinate of its array."""
        return np.array([each.start.astimezone(UTC).replace(tzinfo=None) for each in self.passes], "datetime64[ns]")

    @property
    def files(self) -> tuple[PixelFile, ...]:
        """Every pixel file, in order of time."""
        return tuple(file for each in self.passes for file in each.files(self.polarisations))

    @property
    def handling(self) -> Handling:
        """Strictest of all members."""
        return combine(list(dict.fromkeys(acq.handling for each in self.passes for acq in each.members)))

    def within(self, period: Period) -> tuple[Pass, ...]:
        """Return the passes that start in a period."""
        return tuple(each for each in self.passes if period[0] <= each.start <= period[1])


def passes_of(among: Iterable[Acquisition]) -> tuple[Pass, ...]:
    """Group acquisitions of one stack into passes, in order of time: the rule of `workflows.passes.members`, at once.

    Two products of one platform that start at one moment are one look, too: the same echoes, delivered twice, bear
    nothing out.
    """
    passes: list[list[Acquisition]] = []
    for acq in sorted(among, key=lambda each: (each.start, each.id)):
        if passes and _of_one_pass(passes[-1][0], acq):
            passes[-1].append(acq)
        else:
            passes.append([acq])
    return tuple(Pass(start=group[0].start, members=tuple(group)) for group in passes)


def _of_one_pass(first: Acquisition, acq: Acquisition) -> bool:
    if acq.start == first.start:
        return True
    if acq.platform != first.platform or acq.mode != first.mode:
        return False
    apart = (acq.start - first.start).total_seconds()
    if apart <= _SAME_MOMENT_S:
        return True
    stated = first.platform is not None and first.track is not None and acq.track == first.track
    return stated and apart <= PASS_SECONDS and acq.polarisations == first.polarisations
