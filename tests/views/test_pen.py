"""The drawing tools by their messages: what the hand does is what lies on the desk, and what is shown of it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from dashboard.geo.mercator import extent_of, to_mercator
from dashboard.model.sketch import Shape
from dashboard.model.view import View
from dashboard.state.background import Immediate
from dashboard.state.session import Session
from dashboard.views.app import App
from dashboard.workflows.workspace import open_workspace

X, Y = to_mercator(36.2, 48.1)
Pen = Callable[..., None]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, App, Pen]]:
    with open_workspace(tmp_path_factory.mktemp("pen") / "desk") as workspace:
        view = View(extent=extent_of((36.0, 48.0, 36.4, 48.2), margin=0.0), valid_at=datetime(2024, 2, 1, tzinfo=UTC))
        session = Session(workspace, view, Immediate())
        app, stamps = App(session), count()
        session.start()
        app.panels.mailbox.open()

        def pen(op: str, **values: Any) -> None:
            message = {"type": "pen", "op": op, "stamp": next(stamps), **values}
            app.panels.mailbox.source.data = {"json": [json.dumps(message)]}

        yield session, app, pen


@pytest.fixture
def page(opened: tuple[Session, App, Pen]) -> tuple[Session, App, Pen]:
    session, app, _ = opened
    session.drawing.clear()
    session.drawing.steps.past.clear()
    session.drawing.steps.future.clear()
    for there in session.workspace.catalog.annotations.find():
        session.workspace.catalog.annotations.remove(there.annotation.id, author="Kim", base=there.version)
    session.refresh()
    session.notices.clear()
    app.panels.pen.show()
    return opened


def drawn(session: Session, pen: Pen, shape: str, *places: tuple[float, float]) -> None:
    pen("begin", shape=shape)
    for dx, dy in places:
        session.tapped(X + dx, Y + dy)
    pen("finish")


def test_what_is_shown_is_what_lies_on_the_desk(page) -> None:
    session, app, pen = page
    shown = app.panels.pen.pen
    assert (shown.shape, shown.parts, shown.can_undo) == ("", [], False)
    pen("begin", shape="line")
    assert (shown.shape, shown.adding) == ("line", True)
    session.tapped(X, Y)
    session.tapped(X + 1000, Y)
    assert shown.parts[0][0] == [pytest.approx([X, Y], abs=1e-6), pytest.approx([X + 1000, Y], abs=1e-6)]
    assert "km · 2 vertices" in shown.measure
    pen("finish")
    assert not shown.adding
    pen("undo")
    assert shown.adding
    assert shown.can_redo
    pen("redo")
    assert not shown.adding
    pen("aside")
    assert (shown.shape, shown.parts, shown.measure) == ("", [], shown.measure)


def test_each_gesture_does_one_thing_and_undo_takes_it_back(page) -> None:
    session, app, pen = page
    drawn(session, pen, "line", (0, 0), (3000, 0), (6000, 3000))
    shown = app.panels.pen.pen
    for op, values in (
        ("move", {"part": 0, "path": 0, "index": 1, "x": X + 3100, "y": Y + 900, "scale": 1}),
        ("move", {"part": 0, "path": 0, "index": 1, "x": X + 3200, "y": Y + 950, "exact": True}),
        ("insert", {"part": 0, "path": 0, "index": 1, "x": X + 1500, "y": Y + 500, "scale": 1}),
        ("remove", {"part": 0, "path": 0, "index": 0}),
        ("shift", {"dx": 100, "dy": -50}),
        ("reverse", {}),
        ("split", {"part": 0, "path": 0, "index": 1}),
        ("continue", {"start": True}),
        ("trace", {"path": [[X, Y], [X - 900, Y - 900], [X - 2000, Y + 50]], "scale": 1}),
    ):
        before, steps = session.drawing.work, len(session.drawing.steps.past)
        pen(op, **values)
        assert session.drawing.work != before, op
        assert len(session.drawing.steps.past) == steps + 1, op
        after = shown.parts
        pen("undo")
        assert session.drawing.work == before, op
        pen("redo")
        assert shown.parts == after, op


def test_an_exact_move_catches_on_nothing(page) -> None:
    session, _, pen = page
    drawn(session, pen, "line", (0, 0), (3000, 0))
    pen("save")
    drawn(session, pen, "line", (0, 4000), (3000, 4000))
    pen("move", part=0, path=0, index=0, x=X + 3, y=Y + 3, exact=True)
    assert to_mercator(*session.drawing.work.sketch.parts[0][0][0]) == pytest.approx((X + 3, Y + 3), abs=1e-6)
    pen("move", part=0, path=0, index=0, x=X + 3, y=Y + 3, scale=30)
    assert to_mercator(*session.drawing.work.sketch.parts[0][0][0]) == pytest.approx((X, Y), abs=1e-6)


def test_a_problem_is_shown_when_the_drawing_is_finished_and_mended_with_one_click(page) -> None:
    session, app, pen = page
    shown = app.panels.pen.pen
    pen("begin", shape="area")
    for dx, dy in ((0, 0), (3000, 3000), (3000, 0), (0, 3000)):
        session.tapped(X + dx, Y + dy)
        assert shown.problem == "", "an unfinished drawing is no fault"
    pen("finish")
    assert shown.problem
    assert shown.repair
    pen("repair")
    assert shown.problem == ""
    pen("undo")
    assert shown.problem
    assert "km²" in shown.measure


def test_an_area_is_cut_across_and_a_miss_is_said(page) -> None:
    session, app, pen = page
    drawn(session, pen, "area", (0, 0), (4000, 0), (4000, 4000), (0, 4000))
    pen("cut-start")
    assert app.panels.pen.pen.stroke == "cut"
    pen("cut", path=[[X + 9000, Y], [X + 9000, Y + 10]])
    assert "across" in session.notices.current.text
    pen("cut", path=[[X + 2000, Y - 500], [X + 2000, Y + 4500]])
    assert len(app.panels.pen.pen.others) == 1
    assert app.panels.pen.pen.stroke == ""


@pytest.mark.parametrize(
    ("op", "values"),
    [
        ("begin", {"shape": "circle"}), ("begin", {}), ("move", {}), ("move", {"part": "x", "path": 0, "index": 0}),
        ("move", {"part": 0, "path": 0, "index": 0, "x": None, "y": 1, "scale": 1}),
        ("split", {"part": 9, "path": 9, "index": 9}),
        ("remove", {"part": 0, "path": 0, "index": -1}), ("trace", {"path": 5, "scale": 1}),
        ("trace", {"path": [[1], [2]], "scale": 1}), ("trace", {"path": [[0, 0], [1, 1]], "scale": -1}),
        ("cut", {"path": []}), ("shift", {"dx": "east"}),
        ("insert", {"part": 0, "path": 0, "index": 10**30, "x": 0, "y": 0, "scale": 1}),
        ("move", {"part": 0, "path": 0, "index": 0, "x": 0, "y": 1e300, "scale": 1}),
    ],
)  # fmt: skip
def test_what_cannot_be_done_changes_nothing_and_is_said(page, op: str, values: dict[str, object]) -> None:
    session, _, pen = page
    drawn(session, pen, "line", (0, 0), (3000, 0))
    session.notices.clear()
    before = session.drawing.work
    pen(op, **values)
    assert session.drawing.work == before
    assert session.notices.current is not None


def test_what_is_unknown_does_nothing(page) -> None:
    session, _, pen = page
    pen("levitate")
    assert session.drawing.work is None
    assert session.notices.current is None


@pytest.mark.parametrize("shape", Shape)
def test_every_shape_can_be_drawn_saved_and_edited(page, shape: Shape) -> None:
    session, app, pen = page
    drawn(session, pen, shape.value, (0, 0), (5000, 0), (5000, 5000))
    pen("save")
    assert session.drawing.work is None
    assert session.noting.chosen.now.annotation.shape is shape
    app.panels.mailbox.source.data = {"json": [json.dumps({"type": "note-edit"})]}
    app.panels.mailbox.source.data = {"json": []}
    assert app.panels.pen.pen.shape == shape.value
    assert not app.panels.pen.pen.adding
