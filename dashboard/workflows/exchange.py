"""Annotations from files into the catalogue and back: all of a file or nothing, and nothing left out unsaid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from dashboard.catalog.query import AnnotationQuery
from dashboard.catalog.revisions import SUBJECT
from dashboard.model.annotation import Annotation, Force, Revision
from dashboard.model.dtg import dtg
from dashboard.model.errors import AccessError, InputError
from dashboard.model.event import Outcome
from dashboard.model.handling import UNMARKED, Handling, combine
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.sources.exchange.exchange import read_annotations, write_annotations
from dashboard.sources.exchange.record import MAX_FEATURES, FileFacts, Reading, Remarks
from dashboard.workflows.exchange_plan import Plan, known_here, place, removed_here
from dashboard.workflows.workspace import Workspace

_CHUNK = 500
"""Ids looked up in one query."""
_NAMED = 5
"""Refused annotations that are named one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of an import."""

    saved: int
    """Annotations recorded, new and edited; those in conflict are not among them."""
    drafts: int
    """Kept as drafts, each with the reason why it cannot be recorded as it is drawn."""
    skipped: int
    """Already here exactly as the file has them."""
    conflicts: int
    """Edits of a version that is no longer the present one: kept beside it until a person decides."""
    lost: tuple[str, ...]
    """What could not be kept or had to be changed, one line each."""
    ids: tuple[str, ...] = ()
    """Of what was recorded, in the order of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What came of an export."""

    path: Path
    count: int
    lost: tuple[str, ...]
    """What the format could not hold, one line each."""
    handling: Handling
    """Strictest of all that is in the file; its banner is in the file too."""


def import_annotations(
    workspace: Workspace,
    path: Path,
    *,
    author: str,
    handling: Handling = UNMARKED,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Imported:
    """Record the annotations of a GeoJSON, KML, KMZ or GeoPackage file in one transaction.

    What is new gets a new id, unless the file carries one of ours that is unknown here. What is known here is skipped
    when it is equal, else recorded as an edit of the version that the file states, which may end in a conflict. What
    cannot be recorded as it is drawn becomes a draft.

    Parameters
    ----------
    author : who signs for it
    handling : added to what the file states

    Raises
    ------
    InputError
        If there is no such file, its format is none that is read, its content cannot be used or passes a limit.
    CancelledError
        If `cancel` was called; nothing is recorded then.
    DiskFullError
        If there is no room; nothing is recorded then.
    """
    cancel = cancel or CancelToken()
    store = workspace.catalog.annotations
    reading = Reading(path.name, datetime.now(UTC), tuple(store.forces()), cancel=cancel)
    facts, found = read_annotations(path, reading, report=_part(report, 0.0, 0.5))
    plan = Plan(path.name, author, native=facts.catalogue == _catalogue(workspace))
    removed = removed_here(workspace)
    for number, start in enumerate(range(0, len(found), _CHUNK)):
        cancel.check()
        if number % 20 == 0:
            report(Progress(0.5 + 0.1 * start / len(found), f"comparing {start:,} of {len(found):,}"))
        chunk = [replace(one, annotation=_marked(one.annotation, handling)) for one in found[start : start + _CHUNK]]
        known = known_here(workspace, chunk, removed)
        for one in chunk:
            place(plan, one, known)
    cancel.check()
    report(Progress(0.6, f"recording {len(plan.events):,} annotations"))
    events = workspace.catalog.log.append_many(plan.events)
    for draft in plan.drafts:
        workspace.catalog.drafts.keep(draft)
    _learn(workspace, facts.forces, author, reading.remarks)
    report(Progress(1.0, "done"))
    conflicts = sum(event.outcome is Outcome.CONFLICT for event in events)
    return Imported(
        saved=len(events) - conflicts,
        drafts=len(plan.drafts),
        skipped=plan.skipped,
        conflicts=conflicts,
        lost=reading.remarks.lines(),
        ids=tuple(event.subject.removeprefix(SUBJECT) for event in events if event.outcome is Outcome.APPLIED),
    )


def export_annotations(
    workspace: Workspace,
    query: AnnotationQuery,
    path: Path,
    *,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Exported:
    """Write the annotations that match a query to a GeoJSON, KML, KMZ or GeoPackage file, marked.

    The file appears whole or not at all. The page of the query (limit and offset) is observed.

    Raises
    ------
    AccessError
        If the licence of one of them forbids it, or it is under embargo; each is named with its reason.
    InputError
        If the suffix names no format that is written, or there are too many for one file.
    ResourceError
        If the folder cannot be written or the disk is full.
    CancelledError
        If `cancel` was called; no file is written then.
    """
    cancel = cancel or CancelToken()
    now = datetime.now(UTC)
    report(Progress(0.0, "looking for annotations"))
    most = MAX_FEATURES + 1 if query.limit is None else min(query.limit, MAX_FEATURES + 1)
    found = workspace.catalog.annotations.find(replace(query, limit=most))
    if len(found) > MAX_FEATURES:
        raise InputError(f"More than {MAX_FEATURES:,} annotations match; narrow the box, the times or the kinds.")
    cancel.check()
    refuse(found, now)
    facts = FileFacts(
        handling=combine(list({one.annotation.handling: None for one in found})),
        catalogue=_catalogue(workspace),
        forces=tuple(workspace.catalog.annotations.forces()),
        exported=now,
    )
    lost = write_annotations(path, found, facts, report=_part(report, 0.3, 1.0), cancel=cancel)
    report(Progress(1.0, "done"))
    return Exported(path=path, count=len(found), lost=lost, handling=facts.handling)


def refuse(revisions: Sequence[Revision], now: datetime) -> None:
    """Raise if any of the annotations may not leave the application, or not yet.

    A licence that forbids passing the datum on forbids it for an annotation that is that datum. One that rests on
    evidence is a product of it, for which the licence on derived products speaks.

    Raises
    ------
    AccessError
        Naming them and their reasons.
    """
    reasons = [(one, reason) for one in revisions if (reason := _forbidden(one.annotation, now))]
    if not reasons:
        return
    named = "; ".join(f"{one.annotation.title or one.annotation.id}: {reason}" for one, reason in reasons[:_NAMED])
    more = f"; and {len(reasons) - _NAMED:,} more" if len(reasons) > _NAMED else ""
    raise AccessError(f"This may not be exported. {named}{more}. Leave them out, or ask who released them.")


def _forbidden(annotation: Annotation, now: datetime) -> str:
    handling = annotation.handling
    if not handling.derivatives:
        return "its licence allows no derived products"
    if not handling.redistribution and not annotation.evidence:
        return "its licence does not let it be passed on"
    if handling.embargo_until is not None and handling.embargo_until > now:
        return f"under embargo until {dtg(handling.embargo_until)}"
    return ""


def _catalogue(workspace: Workspace) -> str:
    """Return what tells this catalogue from every other: the hash of its first event; empty before there is one."""
    first = workspace.catalog.log.events(limit=1)
    return first[0].hash if first else ""


def _part(report: Report, start: float, stop: float) -> Report:
    return lambda progress: report(Progress(start + (stop - start) * progress.done, progress.text))


def _marked(annotation: Annotation, handling: Handling) -> Annotation:
    return annotation if handling == UNMARKED else replace(annotation, handling=annotation.handling & handling)


def _learn(workspace: Workspace, forces: Sequence[Force], author: str, remarks: Remarks) -> None:
    """Record the forces that a file of ours brings along; one that is known keeps its colour here."""
    here = {force.name: force.colour.lower() for force in workspace.catalog.annotations.forces()}
    for force in forces:
        if force.name not in here:
            workspace.catalog.annotations.save_force(force, author=author)
        elif here[force.name] != force.colour:
            remarks.add(f"{force.name} is {force.colour} in the file and stays {here[force.name]} here")
