"""The exercise's annotations: recorded like any analyst's, with the pictures they rest on."""

from datetime import timedelta

from shapely.geometry.base import BaseGeometry

from dashboard.catalog.query import AcquisitionQuery
from dashboard.model.annotation import Annotation, AnnotationKind, Evidence, EvidenceKind
from dashboard.model.handling import Handling
from dashboard.model.sketch import Shape
from dashboard.simulate.notes import Noted, notes
from dashboard.simulate.product import CAVEAT
from dashboard.workflows.annotate import Wish, record
from dashboard.workflows.workspace import Workspace

AUTHOR = "exercise"
SEEN_WITHIN = timedelta(days=12)
"""How long after the event a picture still counts as its evidence."""


def take_in_notes(workspace: Workspace, seed: int) -> int:
    """Record the exercise's annotations that are not there yet and return how many were."""
    there = workspace.catalog.log.version
    todo = [note for note in notes(seed) if not there(f"annotation:{note.id}")]
    for note in todo:
        record(workspace, [Wish(id=note.id, base=0, annotation=_annotation(workspace, note))], author=AUTHOR)
    return len(todo)


def _annotation(workspace: Workspace, note: Noted) -> Annotation:
    return Annotation(
        id=note.id,
        kind=AnnotationKind(note.kind),
        shape=_shape(note.geometry),
        geometry=note.geometry,
        title=note.title,
        side=note.side,
        opposing=note.opposing,
        valid_from=note.valid_from,
        valid_to=note.valid_to,
        grade=note.grade,
        notes=note.notes,
        evidence=_evidence(workspace, note),
        handling=Handling(caveats=frozenset({CAVEAT})),
    )


def _evidence(workspace: Workspace, note: Noted) -> tuple[Evidence, ...]:
    """Return the first picture of every constellation that can show it."""
    if note.seen_after is None:
        return ()
    query = AcquisitionQuery(
        bbox=note.geometry.bounds, period=(note.seen_after, note.seen_after + SEEN_WITHIN), with_pixels=True
    )
    first: dict[str, str] = {}
    for acquisition in workspace.catalog.acquisitions.find(query):
        if acquisition.start >= note.seen_after:
            first.setdefault(acquisition.constellation, acquisition.id)
    return tuple(Evidence(EvidenceKind.ACQUISITION, id_) for id_ in first.values())


def _shape(geometry: BaseGeometry) -> Shape:
    return {"Point": Shape.POINT, "LineString": Shape.LINE}.get(geometry.geom_type, Shape.AREA)
