"""What the annotation layers draw follows the view, both clocks, the theme and the catalogue, and nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from desk_makers import DAY, LINE, T0, begin, saved

from dashboard.geo.mercator import extent_of
from dashboard.model.sketch import Shape
from dashboard.model.view import Layer
from dashboard.state.session import Session
from dashboard.workflows.overlay import GLYPH_LIMIT
from dashboard.workflows.workspace import Workspace, open_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "desk") as opened:
        yield opened


@pytest.fixture
def session(workspace: Workspace) -> Session:
    made = begin(workspace)
    saved(made, *LINE, title="line", side="BLUE")
    saved(made, (36.3, 48.15), shape=Shape.POINT, title="point")
    return made


def count(session: Session) -> int:
    assert session.overlaying.overlaid is not None
    return session.overlaying.overlaid.count


def test_what_was_saved_is_drawn_at_once(session: Session) -> None:
    assert count(session) == 2
    overlaid = session.overlaying.overlaid
    assert overlaid is not None
    assert overlaid.picture is None
    assert any(overlaid.columns["note-lines"].values())


def test_what_somebody_else_saved_is_drawn_when_it_is_heard_of(session: Session, workspace: Workspace) -> None:
    saved(begin(workspace, "Ada"), (36.1, 48.15), shape=Shape.POINT)
    assert count(session) == 2
    session.refresh()
    assert count(session) == 3


def test_it_follows_the_map_and_the_moment(session: Session) -> None:
    session.viewing.choose_moment(T0 - DAY)
    assert count(session) == 0
    session.viewing.choose_moment(T0 + 10 * DAY)
    assert count(session) == 2
    session.viewing.moved(extent_of((10.0, 50.0, 11.0, 51.0)))
    assert count(session) == 0


def test_switched_off_it_draws_nothing_and_comes_back(session: Session) -> None:
    session.viewing.show(Layer.ANNOTATIONS, on=False)
    assert session.overlaying.overlaid is None
    session.viewing.choose_moment(T0 + 2 * DAY)
    assert session.overlaying.overlaid is None
    session.viewing.show(Layer.ANNOTATIONS, on=True)
    assert count(session) == 2


def test_nothing_is_drawn_again_that_has_not_changed(session: Session) -> None:
    before = session.overlaying.overlaid
    session.overlaying.refresh()
    session.viewing.opacity(0.3)
    session.viewing.show(Layer.GRID, on=True)
    assert session.overlaying.overlaid is before
    session.overlaying.theme = "light"
    assert session.overlaying.overlaid is not before


def test_too_many_to_be_shapes_are_one_picture_and_none_is_left_out(workspace: Workspace) -> None:
    session = begin(workspace)
    there = saved(session, (36.2, 48.1), shape=Shape.POINT)
    store = workspace.catalog.annotations
    many = [replace(there.annotation, id=f"n{n}") for n in range(GLYPH_LIMIT)]
    store.save_many(many, author="Kim")
    session.refresh()
    overlaid = session.overlaying.overlaid
    assert overlaid is not None
    assert overlaid.count == GLYPH_LIMIT + 1
    assert overlaid.picture is not None
    assert overlaid.picture[..., 3].any()
    assert not any(any(columns.values()) for columns in overlaid.columns.values())


def test_a_failure_is_told_and_the_next_look_tries_again(session: Session) -> None:
    before = session.overlaying.overlaid
    session.viewing.choose_moment(None)
    session.viewing.choose(b="no-such-thing")
    assert session.notices.current is not None
    assert "no-such-thing" in session.notices.current.text
    session.viewing.choose_moment(T0 + DAY)
    assert session.overlaying.overlaid is not None
    assert before is not None
    assert count(session) == before.count
