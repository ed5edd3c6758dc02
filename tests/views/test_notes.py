"""The notes tab by its messages: what a person fills in, decides and looks up, and whatever else may arrive."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.geo.mercator import extent_of, to_mercator
from dashboard.model.annotation import Annotation, AnnotationKind
from dashboard.model.sketch import Shape
from dashboard.model.view import View
from dashboard.state.background import Immediate
from dashboard.state.noting import PAGE
from dashboard.state.session import Session
from dashboard.views.app import App
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2024, 2, 1, tzinfo=UTC)
Say = Callable[..., None]
STAMPS = count()
"""Two equal messages are two messages."""


def opened(workspace: Workspace) -> tuple[Session, App, Say]:
    view = View(extent=extent_of((36.0, 48.0, 36.4, 48.2), margin=0.0), valid_at=T0)
    session = Session(workspace, view, Immediate())
    app = App(session)
    session.start()
    app.panels.mailbox.open()

    def say(type_: str, **values: Any) -> None:
        app.panels.mailbox.source.data = {"json": [json.dumps({"type": type_, "stamp": next(STAMPS), **values})]}

    return session, app, say


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "desk") as made:
        yield made


@pytest.fixture
def page(workspace: Workspace) -> tuple[Session, App, Say]:
    return opened(workspace)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, App, Say]]:
    with open_workspace(tmp_path_factory.mktemp("shared") / "desk") as made:
        yield opened(made)


def draw_a_line(session: Session, say: Say, *, save: bool = True) -> None:
    say("pen", op="begin", shape="line")
    for lon, lat in ((36.05, 48.05), (36.15, 48.1), (36.25, 48.04)):
        session.tapped(*to_mercator(lon, lat))
    say("pen", op="finish")
    if save:
        say("pen", op="save")


def said(session: Session) -> str:
    return session.notices.current.text if session.notices.current else ""


def test_a_form_is_filled_in_field_by_field_and_saved(page) -> None:
    session, _, say = page
    draw_a_line(session, say, save=False)
    filled = {
        "title": "Line", "kind": "frontline", "side": "BLUE", "opposing": "ORANGE", "valid_from": "010000ZFEB24",
        "reliability": "B", "credibility": "3", "tlp": "TLP:GREEN", "notes": "a\nb", "sources": "one\ntwo",
    }  # fmt: skip
    for name, value in filled.items():
        say("note-field", name=name, value=value)
    say("pen", op="save")
    assert session.drawing.work is None, said(session)
    assert session.noting.chosen is not None
    there = session.noting.chosen.now.annotation
    assert (there.title, there.grade, there.side, there.opposing) == ("Line", "B3", "BLUE", "ORANGE")
    assert (there.sources, there.notes) == (("one", "two"), "a\nb")
    assert there.handling.tlp is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("grade", "A"),
        ("reliability", ""),
        ("reliability", "AB"),
        ("credibility", "9"),
        ("no-such-field", "x"),
        ("", ""),
    ],
)
def test_a_field_that_does_not_exist_takes_nothing_and_the_form_stays_whole(shared, name: str, value: str) -> None:
    session, app, say = shared
    draw_a_line(session, say, save=False)
    before = session.drawing.work
    say("note-field", name=name, value=value)
    assert session.drawing.work is before
    assert "reload" in said(session)
    say("note-field", name="title", value="still here")
    assert "still here" in app.panels.inspector.notes._desk.html


def test_the_cards_follow_what_is_drawn_chosen_and_put_aside(page) -> None:
    session, app, say = page
    notes = app.panels.inspector.notes
    say("pen", op="begin", shape="area")
    assert "New area" in notes._desk.html
    for corner in ((36.1, 48.05), (36.2, 48.05), (36.2, 48.1)):
        session.tapped(*to_mercator(*corner))
    say("pen", op="aside")
    assert "Go on" in notes._top.html
    (draft,) = session.recording.drafts
    say("draft-resume", id=draft.id)
    assert "Go on" not in notes._top.html
    say("pen", op="save")
    assert "History" in notes._desk.html
    say("note-close")
    assert notes._desk.html == ""
    say("pen", op="begin", shape="line")
    session.tapped(*to_mercator(36.3, 48.15))
    say("pen", op="aside")
    say("draft-discard", id=session.recording.drafts[0].id)
    assert "Drafts" not in notes._top.html


def test_history_is_compared_and_brought_back_by_message(page) -> None:
    session, app, say = page
    draw_a_line(session, say)
    say("note-edit")
    say("note-field", name="title", value="second")
    say("pen", op="save")
    first, second = session.noting.chosen.history
    say("note-compare", version=second.version)
    assert "<ins>second</ins>" in app.panels.inspector.notes._desk.html
    say("note-compare", version=second.version)
    assert "<ins>second</ins>" not in app.panels.inspector.notes._desk.html
    say("note-back", version=first.version)
    assert session.noting.chosen.now.annotation == first.annotation
    say("note-remove")
    assert session.noting.chosen.now.removed
    assert session.noting.listing.total == 0


@pytest.mark.parametrize(("take", "title"), [(True, "Kim's"), (False, "Ada's")])
def test_a_conflict_is_shown_side_by_side_and_decided(page, workspace: Workspace, take: bool, title: str) -> None:
    session, app, say = page
    draw_a_line(session, say)
    ada, _, ada_says = opened(workspace)
    id_ = session.noting.chosen.id
    say("note-edit")
    ada.noting.choose(id_)
    ada_says("note-edit")
    for who, name in ((ada_says, "Ada's"), (say, "Kim's")):
        who("note-field", name="title", value=name)
        who("pen", op="save")
    html = app.panels.inspector.notes._top.html
    assert "On the map" in html
    assert "Kept aside" in html
    assert "Ada&#x27;s" in html
    assert "Kim&#x27;s" in html
    say("note-decide", version=session.noting.conflicts[0].version, take=take)
    assert "Kept aside" not in app.panels.inspector.notes._top.html
    assert workspace.catalog.annotations.get(id_).annotation.title == title


def test_a_new_side_is_named_and_offered(page) -> None:
    session, app, say = page
    draw_a_line(session, say, save=False)
    say("note-force")
    assert "New side" in app.panels.inspector.notes._desk.html
    say("note-force-save", fields={"force-name": " GREEN ", "force-colour": "#00aa44"})
    assert "GREEN" in {force.name for force in session.noting.forces}
    assert ">GREEN</option>" in app.panels.inspector.notes._desk.html
    say("note-force-save", fields={"force-name": "  ", "force-colour": "#00aa44"})
    assert "no name" in said(session)
    say("note-force-save", fields={"force-name": "RED", "force-colour": "red"})
    assert "red" in said(session)
    assert "RED" not in {force.name for force in session.noting.forces}


def test_evidence_is_linked_once_and_what_is_missing_is_said(page) -> None:
    session, _, say = page
    say("note-link", what="a")
    assert "There is no A" in said(session)
    draw_a_line(session, say, save=False)
    session.viewing.choose(a="acq-1")
    for _ in range(2):
        say("note-link", what="a")
    assert session.drawing.work.form["evidence"] == "acquisition:acq-1"
    say("note-link", what="change")
    assert "Select a change" in said(session)
    say("pen", op="save")
    assert "acq-1 is not in the catalogue" in said(session)


def test_the_page_holds_one_page_of_rows_however_many_there_are(workspace: Workspace) -> None:
    workspace.catalog.annotations.save_many(
        [
            Annotation(id=f"n{n:03}", kind=AnnotationKind.NOTE, shape=Shape.POINT, geometry=shapely.Point(36.2, 48.1),
                       title=f"t{n:03}", valid_from=T0) for n in range(123)
        ],
        author="Kim",
    )  # fmt: skip
    session, app, say = opened(workspace)
    rows = app.panels.inspector.notes.rows
    say("note-filter", name="order", value="title")
    seen = []
    for number in range(13):
        say("rows-page", table="annotations", page=number)
        assert (rows.total, rows.page) == (123, number)
        assert len(rows.rows) <= PAGE
        seen += [row[0] for row in rows.rows]
    assert seen == [f"n{n:03}" for n in range(123)]
    say("rows-pick", table="annotations", id="n122")
    assert session.noting.chosen.id == "n122"
    assert rows.selected == "n122"
    say("note-filter", name="words", value="t07")
    assert rows.total == 10
    say("note-filter", name="within_km", value="5 km")
    assert session.noting.within_km == 5.0
    say("note-filter", name="within_km", value="far")
    assert "'far' is no distance" in said(session)
    say("note-filter", name="within_km", value="")
    say("note-filter", name="everywhere", value=True)
    assert session.noting.everywhere


@pytest.mark.parametrize("name", ["listing", "light", "name", "chosen", "_page", "order"])
def test_a_filter_that_does_not_exist_or_fit_changes_nothing(shared, name: str) -> None:
    session, _, say = shared
    before = (session.noting.listing, session.noting.chosen, session.noting.order)
    say("note-filter", name=name, value="nonsense")
    assert (session.noting.listing, session.noting.chosen, session.noting.order) == before
    assert session.notices.current is not None


# Whatever arrives

ABSURD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**40), st.floats(), st.text(max_size=6),
    st.sampled_from(["__class__", "line", "nan", "../..", "<script>", "a\0b", "x" * 5000]),
    st.lists(st.floats(), max_size=3), st.lists(st.lists(st.floats(), max_size=2), max_size=3),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)  # fmt: skip
KEYS = (
    "name", "value", "what", "fields", "version", "take", "id", "format", "op", "shape", "freehand", "start", "part",
    "path", "index", "x", "y", "scale", "exact", "dx", "dy", "by", "accept", "action", "cursor", "token", "why", "text",
    "provider", "at", "table", "page", "x0", "x1", "y0", "y1", "width", "height", "number", "stamp", "lon", "lat",
    "colour", "share", "show",
)  # fmt: skip


@pytest.fixture(scope="module")
def any_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, App, Say]]:
    with open_workspace(tmp_path_factory.mktemp("absurd") / "desk") as made:
        yield opened(made)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_message_is_too_absurd_to_outlive(any_page, data: st.DataObject) -> None:
    session, app, say = any_page
    kind = data.draw(st.sampled_from(sorted(app.panels.mailbox._handlers)))
    values = data.draw(st.dictionaries(st.sampled_from(KEYS), ABSURD, max_size=6))
    if kind == "pen" and data.draw(st.booleans()):
        values["op"] = data.draw(st.sampled_from(sorted(app.panels.pen._gestures)))
    say(kind, **values)
    extent = session.viewing.view.extent
    assert extent.x0 < extent.x1
    assert session.viewing.width > 0


def test_after_all_that_the_page_works(any_page) -> None:
    session, app, say = any_page
    say("no-such-type", x=1)
    for text in ("", "{", "[]", "null", '"x"', "NaN", '{"type": []}', '{"type": {"a": 1}}', "[" * 10_000):
        app.panels.mailbox.source.data = {"json": [text]}
    session.viewing.open_token(Session(session.workspace, View(extent=extent_of((36.0, 48.0, 36.4, 48.2)), valid_at=T0),
                                       Immediate()).viewing.token)  # fmt: skip
    session.recording.put_aside()
    draw_a_line(session, say)
    assert session.drawing.work is None, said(session)
    assert session.noting.chosen is not None
    session.workspace.catalog.log.verify()
