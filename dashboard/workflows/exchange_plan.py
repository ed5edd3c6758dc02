"""What an import will record: decided annotation by annotation before anything is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import uuid4

import shapely

from dashboard.catalog.annotation_body import body_of
from dashboard.catalog.conflicts import RESOLVED
from dashboard.catalog.query import AnnotationQuery
from dashboard.catalog.revisions import REMOVED, SAVED, SUBJECT
from dashboard.model.annotation import Annotation
from dashboard.model.event import NewEvent
from dashboard.model.sketch import Draft, Shape
from dashboard.sources.exchange.fields import handling_fields, stamp, text_of
from dashboard.sources.exchange.record import Found
from dashboard.workflows.annotate import fields_of
from dashboard.workflows.workspace import Workspace


@dataclass(slots=True)
class Plan:
    """What an import will record; nothing is recorded while it is made."""

    file: str
    author: str
    native: bool
    """Whether this very catalogue wrote the file: only then do its version numbers mean anything."""
    events: list[NewEvent] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    """Ids that the file has used so far."""
    drafts: list[Draft] = field(default_factory=list)
    skipped: int = 0


def known_here(workspace: Workspace, found: Sequence[Found], removed: frozenset[str]) -> dict[str, Annotation | None]:
    """Return what is here of the ids in a file: the present annotation, or None for one that was taken off the map."""
    ids = tuple({one.annotation.id for one in found} - {""})
    if not ids:
        return {}
    present = workspace.catalog.annotations.find(AnnotationQuery(ids=ids, limit=None))
    known: dict[str, Annotation | None] = {one.annotation.id: one.annotation for one in present}
    return dict.fromkeys(removed.intersection(ids)) | known


def removed_here(workspace: Workspace) -> frozenset[str]:
    """Return the ids of all annotations that were ever taken off the map, brought back or not."""
    removed: set[str] = set()
    since = 0
    while events := workspace.catalog.log.events(kinds=(REMOVED, RESOLVED), since=since):
        removed |= {event.subject.removeprefix(SUBJECT) for event in events}
        since = events[-1].number
    return frozenset(removed)


def place(plan: Plan, found: Found, known: dict[str, Annotation | None]) -> None:
    """Put one annotation of a file where it belongs: skipped, drafted, new or edited."""
    id_ = found.annotation.id
    if id_ in plan.taken:
        found.spot.note("its id is in the file before: it got a new one")
        id_ = ""
    there = known.get(id_) if id_ else None
    if there is not None and equal(there, found.annotation):
        plan.skipped += 1
        plan.taken.add(id_)
        return
    base = found.version if id_ in known and plan.native else 0
    annotation = replace(found.annotation, id=id_ or uuid4().hex)
    plan.taken.add(annotation.id)
    if found.reason:
        plan.drafts.append(_draft(found, annotation, base, plan.author))
    else:
        plan.events.append(_event(plan, found, annotation, base))


def _event(plan: Plan, found: Found, annotation: Annotation, base: int) -> NewEvent:
    """Return the event that records an annotation; the log keeps who drew it elsewhere, and when."""
    note = f"imported from {plan.file}, {found.spot.place}"
    if found.author:
        when = "" if found.known_from is None else f", recorded {stamp(found.known_from)}"
        note += f": by {found.author}{when}"
    return NewEvent(
        id=uuid4().hex,
        kind=SAVED,
        subject=SUBJECT + annotation.id,
        author=plan.author,
        base=base,
        body=body_of(annotation) | {"note": note},
    )


def _draft(found: Found, annotation: Annotation, base: int, author: str) -> Draft:
    found.spot.note(f"kept as a draft: {found.reason}")
    fields = fields_of(annotation) | {"handling": text_of(handling_fields(annotation.handling))}
    return Draft(
        id=annotation.id,
        author=author,
        updated=datetime.now(UTC),
        base=base,
        sketch=found.sketch,
        fields=tuple(sorted(fields.items())),
        reason=found.reason,
    )


def equal(one: Annotation, other: Annotation) -> bool:
    """Whether two annotations say the same of the same ground, however the rings of an area are turned.

    The direction of a line is a statement: the opposing side of a frontline is to its right.
    """
    if replace(other, geometry=one.geometry) != one:
        return False
    if one.shape is not Shape.AREA:
        return bool(one.geometry == other.geometry)
    return bool(shapely.normalize(one.geometry) == shapely.normalize(other.geometry))
