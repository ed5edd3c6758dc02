"""Sessions that draw on an empty catalogue, and the hand that clicks."""

from datetime import UTC, datetime, timedelta

from dashboard.catalog.query import AnnotationQuery
from dashboard.geo.mercator import extent_of, to_mercator
from dashboard.model.annotation import Annotation, Revision
from dashboard.model.sketch import Shape, Vertex
from dashboard.model.view import View
from dashboard.state.background import Immediate
from dashboard.state.session import Session
from dashboard.workflows.workspace import Workspace

T0 = datetime(2024, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)
BOX = (36.0, 48.0, 36.4, 48.2)
LINE = ((36.05, 48.05), (36.15, 48.1), (36.25, 48.04))
BOW_TIE = ((36.1, 48.05), (36.2, 48.15), (36.2, 48.05), (36.1, 48.15))


def begin(workspace: Workspace, author: str = "Kim", **view: object) -> Session:
    seen = View(extent=extent_of(BOX, margin=0.0), **({"valid_at": T0 + DAY} | view))
    session = Session(workspace, seen, Immediate())
    session.recording.author = lambda: author
    session.start()
    return session


def click(session: Session, vertex: Vertex) -> None:
    session.tapped(*to_mercator(*vertex))


def draw(session: Session, *vertices: Vertex, shape: Shape = Shape.LINE, **fields: str) -> None:
    """Draw and fill in; nothing is saved yet."""
    session.begin_drawing(shape)
    for vertex in vertices:
        click(session, vertex)
    for name, value in fields.items():
        session.drawing.fill(name, value)


def saved(session: Session, *vertices: Vertex, shape: Shape = Shape.LINE, **fields: str) -> Revision:
    """Draw, fill in and save; return what is on the map."""
    draw(session, *vertices, shape=shape, **fields)
    work = session.drawing.work
    assert work is not None
    session.recording.save()
    assert session.drawing.work is None, said(session)
    return session.workspace.catalog.annotations.get(work.id)


def on_the_map(session: Session) -> dict[str, Annotation]:
    found = session.workspace.catalog.annotations.find(AnnotationQuery(limit=None))
    return {revision.annotation.id: revision.annotation for revision in found}


def said(session: Session) -> str:
    return session.notices.current.text if session.notices.current else ""
