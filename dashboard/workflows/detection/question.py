"""What is asked of a detection: which looks before, which after, of which stacks, how strictly, by which method."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np

from dashboard.catalog.query import AcquisitionQuery
from dashboard.change.periods import Periods
from dashboard.model.acquisition import Acquisition
from dashboard.model.dtg import iso
from dashboard.model.errors import InputError
from dashboard.model.stack import mismatches
from dashboard.workflows.extent import Box
from dashboard.workflows.passes import members
from dashboard.workflows.workspace import Workspace

Period = tuple[datetime, datetime]
"""First and last moment, both included, UTC."""

DEFAULT_FAR = 1e-3
_DAYS_A_YEAR = 365.25
_ID_DIGITS = 16


class Method(StrEnum):
    """How looks are compared."""

    AUTO = "auto"
    """The best that the dates there are allow; a remark says what was taken instead of `CHANGE_TSTAT`."""
    CHANGE_TSTAT = "change-tstat"
    LOG_RATIO = "log-ratio"
    SEQUENTIAL = "sequential-omnibus"
    CHANGE_POINT = "change-point"
    PWTT = "pwtt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to the archive; equal questions have equal ids."""

    before: Period
    after: Period
    anchors: tuple[str, ...]
    """Acquisition ids, one of each stack that is asked."""
    method: Method = Method.AUTO
    far: float = DEFAULT_FAR
    """False-alarm rate of one seed pixel."""
    polarisations: tuple[str, ...] = ()
    """Only these; empty for all that a stack has."""

    def __post_init__(self) -> None:
        for moment in (*self.before, *self.after):
            if moment.tzinfo is None:
                raise InputError(f"{moment.isoformat()} has no time zone; give moments in UTC.")
        if not self.before[0] <= self.before[1] < self.after[0] <= self.after[1]:
            said = f"before {'/'.join(map(iso, self.before))}, after {'/'.join(map(iso, self.after))}"
            raise InputError(f"{said}: each period must begin before it ends, and the second after the first is over.")
        if not self.anchors:
            raise InputError("No stack is named; give one acquisition of each stack to search.")
        if not 0.0 < self.far < 1.0:
            raise InputError(f"The false-alarm rate is {self.far:g}; give a share above 0 and below 1, such as 0.001.")

    @property
    def periods(self) -> Periods:
        """Return both periods as arrays of times know them: naive UTC."""
        before, after = (tuple(_naive(moment) for moment in period) for period in (self.before, self.after))
        return Periods(before=(before[0], before[1]), after=(after[0], after[1]))

    @property
    def id(self) -> str:
        """Return the same 16 hexadecimal digits for the same question, whatever the order of its stacks."""
        facts = [
            [iso_exact(moment) for moment in (*self.before, *self.after)],
            sorted(set(self.anchors)), self.method.value, self.far, sorted(set(self.polarisations)),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:_ID_DIGITS]


def _naive(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "ns")


def iso_exact(moment: datetime) -> str:
    """Return a moment in UTC to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def question_between(  # noqa: PLR0913 - a pair, and how far to look around it
    workspace: Workspace,
    a: Acquisition,
    b: Acquisition,
    *,
    far: float = DEFAULT_FAR,
    method: Method = Method.AUTO,
    years: float = 1.1,
    after_days: float = 60.0,
) -> Question:
    """Return what an analyst means who looks at A and B: B and what follows it, against A and the year up to it.

    Looks between A and B are in neither period; they only help to tell when a change happened. Where A and B are of
    different stacks, both stacks are asked, each against its own past.

    Parameters
    ----------
    workspace
        Knows the other acquisitions of the passes of A and B.
    a, b
        The pictures compared, A the earlier one.
    far, method
        As in `Question`.
    years
        How far back from A the quiet past reaches; a little more than one takes the same season in.
    after_days
        How long after B looks still speak of the same event.

    Raises
    ------
    InputError
        If B is not later than A.
    """
    start_a = min(member.start for member in members(workspace, a))
    start_b = min(member.start for member in members(workspace, b))
    if start_b <= start_a:
        raise InputError(f"B ({b.id}, {iso(b.start)}) is not later than A ({a.id}, {iso(a.start)}); exchange them.")
    return Question(
        before=(start_a - timedelta(days=years * _DAYS_A_YEAR), start_a),
        after=(start_b, start_b + timedelta(days=after_days)),
        anchors=(b.id,) if not mismatches(a, b) else (b.id, a.id),
        method=method,
        far=far,
    )


def stacks_over(
    workspace: Workspace, bbox: Box, before: Period, after: Period, constellations: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return an acquisition id of every calibrated radar stack that looked at a place before and after.

    The stack with most looks comes first; the one named is its latest look.
    """
    query = AcquisitionQuery(
        bbox=bbox, period=(before[0], after[1]), constellations=tuple(constellations), with_pixels=True
    )
    stacks: list[list[Acquisition]] = []
    for acq in workspace.catalog.acquisitions.find(query):
        if acq.optical or not acq.calibration.valid:
            continue
        stack = next((known for known in stacks if _comparable(known[0], acq)), None)
        if stack is None:
            stacks.append([acq])
        else:
            stack.append(acq)
    both = [
        stack
        for stack in stacks
        if all(any(start <= acq.start <= stop for acq in stack) for start, stop in (before, after))
    ]
    both.sort(key=lambda stack: (-len(stack), stack[-1].id))
    return tuple(stack[-1].id for stack in both)


def _comparable(one: Acquisition, other: Acquisition) -> bool:
    return one.calibration.quantity == other.calibration.quantity and not mismatches(one, other)
