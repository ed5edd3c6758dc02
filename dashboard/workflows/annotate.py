"""From a drawing and its filled-in form to a recorded annotation, and back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dashboard.geo.mending import problem
from dashboard.geo.sketches import geometry_of, sketch_of
from dashboard.model.annotation import DEFAULT_GRADE, Annotation, AnnotationKind, Evidence, EvidenceKind
from dashboard.model.dtg import dtg, parse_moment
from dashboard.model.errors import InputError, NotFoundError
from dashboard.model.event import Event
from dashboard.model.handling import UNMARKED, Handling, Tlp, combine
from dashboard.model.sketch import Shape, Sketch
from dashboard.sources.exchange.fields import handling_in
from dashboard.workflows.workspace import Workspace

Fields = Mapping[str, str]
"""Texts of the form by name."""
FIELD_NAMES = (
    "kind", "title", "side", "opposing", "valid_from", "valid_to", "grade", "sources", "evidence", "tlp", "notes",
)  # fmt: skip
KIND_OF_SHAPE = {
    Shape.POINT: AnnotationKind.POSITION,
    Shape.LINE: AnnotationKind.FRONTLINE,
    Shape.AREA: AnnotationKind.CONTROL,
    Shape.TEXT: AnnotationKind.NOTE,
}
CONFIRMED = "1"
CENTURY = 20
"""Of which a date-time group gives the year."""
INDEPENDENT = 2
"""Observations from different providers that credibility 1 needs."""
OPERATORS = {
    "jaxa": {"alos", "alos-2", "alos-4"},
    "bundeswehr": {"sar-lupe", "sarah"},
    "asi": {"cosmo-skymed", "cosmo-skymed-2"},
}
"""Constellations that answer to one operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One thing to record: an annotation as it shall be, or None to take it off the map."""

    id: str
    base: int
    annotation: Annotation | None


def first_fields(shape: Shape, moment: datetime | None) -> dict[str, str]:
    """Return the form of something new: what its shape suggests, valid from a moment."""
    fields = dict.fromkeys(FIELD_NAMES, "")
    fields.update(kind=KIND_OF_SHAPE[shape].value, grade=DEFAULT_GRADE, valid_from=dtg(moment) if moment else "")
    return fields


def fields_of(annotation: Annotation) -> dict[str, str]:
    """Return the form of an annotation: `annotation_from` of it gives the annotation again."""
    return {
        "kind": annotation.kind.value,
        "title": annotation.title,
        "side": annotation.side,
        "opposing": annotation.opposing,
        "valid_from": written(annotation.valid_from),
        "valid_to": written(annotation.valid_to) if annotation.valid_to else "",
        "grade": annotation.grade,
        "sources": "\n".join(annotation.sources),
        "evidence": "\n".join(f"{link.kind.value}:{link.id}" for link in annotation.evidence),
        "tlp": annotation.handling.tlp.label if annotation.handling.tlp is not None else "",
        "notes": annotation.notes,
    }


def written(moment: datetime) -> str:
    """Return a time as a date-time group, or as ISO where its seconds or its century would be lost."""
    utc = moment.astimezone(UTC)
    whole = not utc.second and not utc.microsecond and utc.year // 100 == CENTURY
    return dtg(utc) if whole else utc.isoformat().replace("+00:00", "Z")


def annotation_from(id_: str, sketch: Sketch, fields: Fields, *, handling: Handling) -> Annotation:
    """Return the annotation that a drawing and its form describe.

    Parameters
    ----------
    handling : what the annotation carries besides the label chosen in the form

    Raises
    ------
    InputError
        If the drawing is no valid geometry or a field cannot be read; the field and the remedy are named.
    """
    wrong = problem(sketch)
    geometry = geometry_of(sketch)
    if wrong is not None or geometry is None:
        raise InputError(wrong.reason if wrong else "There is nothing drawn yet.")
    if not fields.get("valid_from", "").strip():
        raise InputError("Valid from is empty; say since when this is so, like 061530ZMAY24.")
    until = fields.get("valid_to", "").strip()
    return Annotation(
        id=id_,
        kind=_kind(fields.get("kind", "")),
        shape=sketch.shape,
        geometry=geometry,
        title=fields.get("title", "").strip(),
        side=fields.get("side", "").strip(),
        opposing=fields.get("opposing", "").strip(),
        valid_from=_named("Valid from", fields["valid_from"]),
        valid_to=_named("Valid to", until) if until else None,
        sources=tuple(line.strip() for line in fields.get("sources", "").splitlines() if line.strip()),
        grade=fields.get("grade", "") or DEFAULT_GRADE,
        notes=fields.get("notes", "").strip(),
        evidence=_evidence(fields.get("evidence", "")),
        handling=handling & Handling(tlp=_tlp(fields.get("tlp", ""))),
    )


def stated_handling(fields: Fields) -> Handling:
    """Return the handling that a draft brought along, e.g. from the file it came from; `UNMARKED` for none.

    Raises
    ------
    DamagedProductError
        If it cannot be understood: handling is never guessed towards the open side.
    """
    text = fields.get("handling", "")
    return handling_in(json.loads(text), "the draft's handling") if text else UNMARKED


def sketch_of_annotation(annotation: Annotation) -> Sketch:
    """Return the drawing of an annotation, vertex for vertex."""
    return sketch_of(annotation.geometry, annotation.shape)


def record(workspace: Workspace, wishes: Sequence[Wish], *, author: str) -> list[Event]:
    """Record edits, all or none, and return their events in order; one on a stale base is a conflict, kept.

    An annotation carries the strictest handling of what it rests on.

    Raises
    ------
    InputError
        If credibility 1 is claimed without two observations from different providers, or evidence is not there.
    """
    events = workspace.catalog.annotations.save_many(
        [made for wish in wishes if (made := _marked(workspace, wish.annotation)) is not None],
        author=author,
        bases={wish.id: wish.base for wish in wishes},
        removed={wish.id: wish.base for wish in wishes if wish.annotation is None},
    )
    by_subject = {event.subject: event for event in events}
    return [by_subject[f"annotation:{wish.id}"] for wish in wishes]


def _marked(workspace: Workspace, annotation: Annotation | None) -> Annotation | None:
    if annotation is None:
        return None
    providers, handlings = _grounds(workspace, annotation)
    if annotation.grade[1] == CONFIRMED and len(providers) < INDEPENDENT:
        seen = ", ".join(sorted(providers)) or "none"
        msg = (
            f"Credibility 1 needs evidence from {INDEPENDENT} different providers; linked so far: {seen}. "
            "Link another acquisition or choose 2."
        )
        raise InputError(msg)
    return replace(annotation, handling=combine([annotation.handling, *handlings]))


def _grounds(workspace: Workspace, annotation: Annotation) -> tuple[set[str], list[Handling]]:
    """Return whose observations an annotation rests on, and their handling."""
    catalog = workspace.catalog
    providers: set[str] = set()
    handlings: list[Handling] = []
    for link in annotation.evidence:
        try:
            if link.kind is EvidenceKind.ANNOTATION:
                handlings.append(catalog.annotations.get(link.id).annotation.handling)
                continue
            if link.kind is EvidenceKind.CHANGE:
                change = catalog.changes.get(link.id)
                seen, handling = change.evidence, change.handling
            else:
                seen, handling = (link.id,), catalog.acquisitions.get(link.id).handling
        except NotFoundError as error:
            msg = f"Evidence {link.kind.value} {link.id} is not in the catalogue; remove the link or ingest it first."
            raise InputError(msg) from error
        handlings.append(handling)
        providers |= {_provider(workspace, acquisition) for acquisition in seen}
    return providers, handlings


def _provider(workspace: Workspace, acquisition_id: str) -> str:
    """Return who took an acquisition: two constellations of one operator are no independent observers."""
    try:
        constellation = workspace.catalog.acquisitions.get(acquisition_id).constellation
    except NotFoundError:
        return acquisition_id
    return next((owner for owner, names in OPERATORS.items() if constellation in names), constellation)


def _named(field: str, text: str) -> datetime:
    try:
        return parse_moment(text)
    except InputError as error:
        msg = f"{field}: {error}"
        raise InputError(msg) from error


def _kind(text: str) -> AnnotationKind:
    if text and text not in set(AnnotationKind):
        msg = f"Kind {text!r} is none of {', '.join(AnnotationKind)}; choose one of them."
        raise InputError(msg)
    return AnnotationKind(text or AnnotationKind.NOTE)


def _tlp(text: str) -> Tlp | None:
    found = next((label for label in Tlp if label.label == text.strip()), None)
    if found is None and text.strip():
        msg = f"Label {text!r} is none of {', '.join(label.label for label in Tlp)}; choose one of them or none."
        raise InputError(msg)
    return found


def _evidence(text: str) -> tuple[Evidence, ...]:
    links = []
    for line in text.splitlines():
        kind, _, id_ = line.strip().partition(":")
        if not line.strip():
            continue
        if kind not in set(EvidenceKind) or not id_:
            msg = f"Evidence {line.strip()!r} is no acquisition:, change: or annotation: followed by an id."
            raise InputError(msg)
        links.append(Evidence(EvidenceKind(kind), id_.strip()))
    return tuple(dict.fromkeys(links))
