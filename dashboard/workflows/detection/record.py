"""What is kept of a detection: the run with all that it rests on, and every change with its own evidence."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dashboard import __version__
from dashboard.change.patches import Patch
from dashboard.change.points import Dated
from dashboard.change.rates import confidences
from dashboard.geo.geodesy import area_m2
from dashboard.model.acquisition import Acquisition
from dashboard.model.change import Announced, Basis, ChangeRun, ChangeStatus, DetectedChange
from dashboard.model.handling import combine
from dashboard.workflows.detection.question import Question
from dashboard.workflows.detection.stacks import ChosenStack, Pass
from dashboard.workflows.extent import Box
from dashboard.workflows.workspace import Workspace

CONFIRMED, PROVISIONAL = 3, 2
"""Looks after the change that must show it."""
_ID_DIGITS = 16

Parameters = dict[str, str | float | int | bool]
Outline = shapely.Polygon | shapely.MultiPolygon


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One object, wherever it was found: on a screen's grid or put together from tiles."""

    patch: Patch
    outline: Outline
    """Degrees."""
    p_value: float
    looks: tuple[int, int]
    """Valid looks before and after, the median inside."""
    dated: Dated | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything a run is recorded from."""

    question: Question
    chosen: tuple[ChosenStack, ...]
    """With the looks between the periods where those were read."""
    method: str
    extent: Box
    observed_km2: float
    unobserved: BaseGeometry | None
    basis: Basis
    announced: Announced | None
    remarks: tuple[str, ...]
    found: tuple[Found, ...]
    parameters: Parameters = field(default_factory=dict)
    trusted: bool = True
    """Whether the false-alarm figures hold for these looks; no confidence is given where they do not."""


def recorded(workspace: Workspace, answer: Answer) -> tuple[ChangeRun, tuple[DetectedChange, ...]]:
    """Record an answer, all of it or nothing, and return the run and its changes, strongest first.

    The run's id is a hash of what was asked of what, with which parameters and software: asking the same again gives
    the run that is on record.

    Raises
    ------
    CatalogError
        If the same question was answered differently before: the archive was changed by hand.
    """
    run = run_of(answer)
    known = next((old.created for old in workspace.catalog.changes.runs() if old.id == run.id), run.created)
    run = replace(run, created=known)
    changes = changes_of(answer, run)
    workspace.catalog.changes.add_run(run, changes)
    return run, changes


def run_of(answer: Answer) -> ChangeRun:
    """Return the run of an answer as of now."""
    question = answer.question
    before, after = (_ids(answer.chosen, period) for period in (question.before, question.after))
    files = sorted({(file.path, file.sha256) for one in answer.chosen for file in one.files})
    run = ChangeRun(
        id="",
        created=datetime.now(UTC),
        method=answer.method,
        parameters=tuple(sorted(_parameters(answer).items())),
        before=before[-1],
        after=after[0],
        extent=answer.extent,
        observed_km2=answer.observed_km2,
        software=f"nightglass {__version__}",
        inputs=tuple(files),
        handling=combine([one.handling for one in answer.chosen]),
        basis=answer.basis,
        announced=answer.announced,
        remarks=answer.remarks,
        looked_before=before,
        looked_after=after,
        unobserved=answer.unobserved,
    )
    facts = [run.method, run.parameters, before, after, run.extent, run.software, run.inputs]
    return replace(run, id=f"{run.method}-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:_ID_DIGITS]}")


def changes_of(answer: Answer, run: ChangeRun) -> tuple[DetectedChange, ...]:
    """Return the changes of an answer, the strongest first."""
    found = answer.found
    sure = _confidences(answer)
    outlines = [each.outline for each in found]
    areas = [area_m2(outline) for outline in outlines]
    seen = _Evidence.of(answer, outlines)
    made = []
    for number, each in enumerate(found):
        digest = hashlib.sha256(run.id.encode() + shapely.to_wkb(each.outline)).hexdigest()
        after, before = _interval(each, seen, number)
        made.append(
            DetectedChange(
                id=f"{run.id}-{digest[:12]}",
                run_id=run.id,
                geometry=each.outline,
                area_m2=areas[number],
                pixels=each.patch.pixels,
                after=after,
                before=before,
                magnitude_db=_leading(each.patch),
                sign=each.patch.sign,
                p_value=float(np.clip(each.p_value, 0.0, 1.0)),
                evidence=seen.ids(number),
                handling=run.handling,
                score=each.patch.score,
                confidence=None if sure is None else float(sure[number]),
                magnitudes=_magnitudes(each.patch),
                date_range=_date_range(each.dated, after, before),
                status=_status(each.dated),
                looks=each.looks,
                confirming=1 if each.dated is None else max(each.dated.confirming, 1),
                stacks=(1, 1) if each.dated is None else (each.dated.stacks_agreeing, max(each.dated.stacks, 1)),
            )
        )
    return tuple(sorted(made, key=lambda change: (-change.score, change.p_value, change.id)))


def _parameters(answer: Answer) -> Parameters:
    question = answer.question
    return {
        **answer.parameters,
        "question": question.id,
        "method_asked": question.method.value,
        "far": question.far,
        "before": "/".join(moment.astimezone(UTC).isoformat() for moment in question.before),
        "after": "/".join(moment.astimezone(UTC).isoformat() for moment in question.after),
        "stacks": len(answer.chosen),
        "stack_anchors": " ".join(one.anchor.id for one in answer.chosen),
        "polarisations": " ".join(dict.fromkeys(name for one in answer.chosen for name in one.polarisations)),
    }


def _ids(chosen: Sequence[ChosenStack], period: tuple[datetime, datetime]) -> tuple[str, ...]:
    members = {(acq.start, acq.id) for one in chosen for each in one.within(period) for acq in each.members}
    return tuple(name for _, name in sorted(members))


def _confidences(answer: Answer) -> NDArray[np.float64] | None:
    if answer.announced is None or not (answer.trusted and answer.found and answer.observed_km2 > 0.0):
        return None
    scores = np.array([each.patch.score for each in answer.found])
    return confidences(scores, answer.announced, answer.observed_km2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """Which looks touch which outline."""

    acquisitions: tuple[Acquisition, ...]
    """In order of time."""
    starts: tuple[datetime, ...]
    """Of the pass of each."""
    touch: NDArray[np.bool_]
    """(acquisition, outline)."""
    question: Question

    @classmethod
    def of(cls, answer: Answer, outlines: Sequence[Outline]) -> "_Evidence":
        asked = [
            (each, acq)
            for one in answer.chosen
            for each in one.passes
            for acq in each.members
            if _in(each, answer.question.before) or _in(each, answer.question.after) or _dated(answer)
        ]
        asked.sort(key=lambda pair: (pair[0].start, pair[1].start, pair[1].id))
        every = tuple(acq for _, acq in asked)
        different: dict[bytes, int] = {}
        place = [different.setdefault(shapely.to_wkb(acq.footprint), len(different)) for acq in every]
        footprints = shapely.from_wkb(list(different))
        shapely.prepare(footprints)
        touch = np.zeros((len(footprints), len(outlines)), np.bool_)
        for number, footprint in enumerate(footprints):
            touch[number] = shapely.intersects(footprint, np.array(outlines, dtype=object))
        return cls(
            acquisitions=every,
            starts=tuple(each.start for each, _ in asked),
            touch=touch[place] if place else touch,
            question=answer.question,
        )

    def ids(self, outline: int) -> tuple[str, ...]:
        """Return the looks that touch an outline; all of them where footprints are drawn too tight for any."""
        touched = self.touch[:, outline]
        return tuple(
            acq.id for acq, here in zip(self.acquisitions, touched, strict=True) if here or not touched.any()
        )  # fmt: skip

    def last_before(self, outline: int) -> datetime:
        """Return the start of the last look of the first period that touches an outline."""
        return max(self._within(self.question.before, outline))

    def first_after(self, outline: int) -> datetime:
        """Return the start of the first look of the second period that touches an outline."""
        return min(self._within(self.question.after, outline))

    def _within(self, period: tuple[datetime, datetime], outline: int) -> list[datetime]:
        inside = [(at, number) for number, at in enumerate(self.starts) if period[0] <= at <= period[1]]
        return [at for at, number in inside if self.touch[number, outline]] or [at for at, _ in inside]


def _in(each: Pass, period: tuple[datetime, datetime]) -> bool:
    return period[0] <= each.start <= period[1]


def _dated(answer: Answer) -> bool:
    return any(each.dated is not None for each in answer.found)


def _interval(each: Found, seen: _Evidence, number: int) -> tuple[datetime, datetime]:
    """(last look without, first look with): by its own dates, else the edges of the two periods."""
    if each.dated is None:
        return seen.last_before(number), seen.first_after(number)
    return _moment(each.dated.after), _moment(each.dated.before)


def _date_range(dated: Dated | None, after: datetime, before: datetime) -> tuple[datetime, datetime] | None:
    return None if dated is None else (min(_moment(dated.low), after), max(_moment(dated.high), before))


def _moment(stamp: np.datetime64) -> datetime:
    moment: datetime = stamp.astype("datetime64[us]").item()
    return moment.replace(tzinfo=UTC)


def _status(dated: Dated | None) -> ChangeStatus:
    if dated is None:
        return ChangeStatus.FIRST
    if dated.ended:
        return ChangeStatus.ENDED
    if dated.confirming >= CONFIRMED and 2 * dated.confirming > dated.since:
        return ChangeStatus.CONFIRMED
    return ChangeStatus.PROVISIONAL if dated.confirming >= PROVISIONAL else ChangeStatus.FIRST


def _magnitudes(patch: Patch) -> tuple[tuple[str, float, float], ...]:
    return tuple(each for each in patch.magnitudes if np.isfinite(each[1:]).all())


def _leading(patch: Patch) -> float:
    """The median of the polarisation that changed most; 0 where none was measured."""
    medians = [median for _, median, _ in _magnitudes(patch)]
    return max(medians, key=abs, default=0.0)
