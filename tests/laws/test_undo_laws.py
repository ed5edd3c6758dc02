"""Laws of undo: it takes back whatever was done at the desk and on the map, to the last bit."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import to_wkb

from dashboard.catalog.query import AnnotationQuery
from dashboard.geo.mercator import extent_of, to_mercator
from dashboard.model.errors import InputError
from dashboard.model.sketch import Shape
from dashboard.model.view import View
from dashboard.state.background import Immediate
from dashboard.state.drawing import Drawing
from dashboard.state.session import Session
from dashboard.workflows.annotate import FIELD_NAMES
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2024, 2, 1, tzinfo=UTC)
METRES = st.floats(3.9e6, 4.1e6)
PLACE = st.tuples(METRES, METRES)
WILD = st.tuples(st.floats(), st.floats(-1e8, 1e8))
WHERE = st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 9))
"""Part, path, index: mostly there."""

INTENTS = st.one_of(
    st.tuples(st.just("begin"), st.sampled_from(Shape), st.none()),
    *[st.tuples(st.just("add"), PLACE, st.just(1.0))] * 6,
    st.tuples(st.just("add"), WILD, st.just(1.0)),
    st.tuples(st.just("trace"), st.lists(PLACE.map(list), max_size=6), st.just(1.0)),
    *[st.tuples(st.just("move"), WHERE, PLACE, st.just(1.0))] * 2,
    *[st.tuples(st.just("insert"), WHERE, PLACE, st.just(1.0))] * 2,
    st.tuples(st.just("remove"), WHERE),
    st.tuples(st.just("back")),
    st.tuples(st.just("shift"), PLACE),
    st.tuples(st.just("reverse")),
    st.tuples(st.just("go_on"), st.booleans()),
    st.tuples(st.just("finish")),
    st.tuples(st.just("split"), WHERE),
    st.tuples(st.just("cut"), st.lists(PLACE.map(list), min_size=2, max_size=3)),
    st.tuples(st.just("repair")),
    st.tuples(st.just("fill"), st.sampled_from(FIELD_NAMES), st.text(max_size=5)),
    st.tuples(st.just("clear")),
)


def do(drawing: Drawing, intent: tuple[object, ...]) -> None:
    name, *given_ = intent
    if name == "go_on":
        drawing.go_on(at_start=bool(given_[0]))
        return
    arguments: list[object] = []
    for each in given_:
        arguments.extend(each) if isinstance(each, tuple) else arguments.append(each)
    getattr(drawing, str(name))(*arguments)


@settings(max_examples=30, deadline=None)
@given(st.lists(INTENTS, min_size=120, max_size=160))
def test_undo_takes_back_any_hundred_and_more_steps_and_redo_takes_them_again(intents) -> None:
    drawing = Drawing()
    drawing.begin(Shape.LINE, T0)
    seen = ["None", repr(drawing.work)]  # repr writes floats to the last bit, and NaN is equal to itself
    for intent in intents:
        before = repr(drawing.work)
        try:
            do(drawing, intent)
        except InputError:
            assert repr(drawing.work) == before, "what is refused changes nothing"
        if len(drawing.steps.past) == len(seen):
            seen.append(repr(drawing.work))
        assert len(drawing.steps.past) == len(seen) - 1, "one intent is at most one step"
        assert repr(drawing.work) == seen[-1], "what is no step changes nothing"
    for expected in reversed(seen[:-1]):
        step = drawing.steps.undo()
        assert step is not None
        drawing.show(step.before)
        assert repr(drawing.work) == expected
    assert drawing.steps.undo() is None
    for expected in seen[1:]:
        step = drawing.steps.redo()
        assert step is not None
        drawing.show(step.after)
        assert repr(drawing.work) == expected
    assert drawing.steps.redo() is None


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "desk") as opened:
        yield opened


def begun(workspace: Workspace) -> Session:
    view = View(extent=extent_of((36.0, 48.0, 36.4, 48.2), margin=0.0), valid_at=T0)
    session = Session(workspace, view, Immediate())
    session.start()
    return session


def state(session: Session) -> tuple[object, ...]:
    """Return what is on the map and on the desk, geometry as bytes; versions go up, whatever is undone."""
    found = session.workspace.catalog.annotations.find(AnnotationQuery(limit=None, order="title"))
    work = session.drawing.work
    shown = sorted((repr(one.annotation), to_wkb(one.annotation.geometry)) for one in found)
    desk = None if work is None else repr((work.id, work.sketch, work.fields, work.others, work.adding))
    return tuple(shown), desk


def place(rng: random.Random) -> tuple[float, float]:
    return to_mercator(rng.uniform(36.02, 36.38), rng.uniform(48.02, 48.18))


def draw_a_line(session: Session, rng: random.Random) -> None:
    session.begin_drawing(Shape.LINE)
    for _ in range(rng.randint(2, 4)):
        session.tapped(*place(rng))
    session.recording.save()


def edit(session: Session, rng: random.Random) -> None:
    found = session.workspace.catalog.annotations.find()
    if found:
        session.noting.choose(rng.choice(found).annotation.id)
        session.edit_annotation()
        session.drawing.move(0, 0, 0, *place(rng), 0.0)
        session.drawing.fill("title", f"edit {rng.random()}")
        session.recording.save()


def take_off(session: Session, rng: random.Random) -> None:
    found = session.workspace.catalog.annotations.find()
    if found:
        session.recording.remove(rng.choice(found))


def bring_back(session: Session, rng: random.Random) -> None:
    if session.noting.chosen is not None:
        session.recording.bring_back(rng.choice(session.noting.chosen.history))


def cut_in_two(session: Session, rng: random.Random) -> None:
    found = [
        one for one in session.workspace.catalog.annotations.find() if one.annotation.geometry.geom_type == "LineString"
    ]
    if found:
        picked = rng.choice(found)
        session.noting.choose(picked.annotation.id)
        session.edit_annotation()
        session.drawing.insert(0, 0, 1, *place(rng), 0.0)
        session.drawing.split(0, 0, 1)
        session.recording.save()


def join_two(session: Session, rng: random.Random) -> None:
    found = session.workspace.catalog.annotations.find()
    if len(found) > 1:
        one, other = rng.sample(found, 2)
        session.noting.choose(one.annotation.id)
        session.edit_annotation()
        session.drawing.join(other)
        session.recording.save()


@pytest.mark.parametrize("seed", range(4))
def test_undo_takes_back_what_was_recorded_and_redo_records_it_again(workspace: Workspace, seed: int) -> None:
    rng, session = random.Random(seed), begun(workspace)
    start, steps = state(session), session.drawing.steps
    seen: dict[int, tuple[object, ...]] = {}
    while len(steps.past) < 110:
        act = rng.choice([draw_a_line, draw_a_line, edit, edit, take_off, bring_back, cut_in_two, join_two])
        act(session, rng)
        seen[len(steps.past)] = state(session)
    total, recorded = len(steps.past), workspace.catalog.log.head()[0]
    end = state(session)
    while steps.past:
        session.drawing.open = True
        session.undo()
        if len(steps.past) in seen:
            assert state(session) == seen[len(steps.past)]
    assert state(session) == start
    for _ in range(total):
        session.redo()
        if len(steps.past) in seen:
            assert state(session) == seen[len(steps.past)]
    assert state(session) == end
    assert session.noting.conflicts == ()
    assert workspace.catalog.log.head()[0] > recorded, "nothing is taken out of the log: undoing is recorded too"
    workspace.catalog.log.verify()
