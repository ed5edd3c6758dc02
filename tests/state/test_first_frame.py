"""The frame that a page is built with: made at once, and not a second time when the map has the size foretold."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.model.view import Layer
from dashboard.state.background import Done, Immediate, Work
from dashboard.state.pictures import Doing
from dashboard.state.session import Session
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.workspace import Workspace

SIZE = (320, 190)


class Counting(Immediate):
    """Works at once and counts."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, work: Work, done: Done) -> None:
        self.asked += 1
        super().__call__(work, done)


@pytest.fixture
def background() -> Counting:
    return Counting()


@pytest.fixture
def primed(exercise: Workspace, background: Counting) -> Session:
    session = Session(exercise, exercise_view(exercise), background)
    session.pictures.prime(SIZE)
    return session


def test_the_first_frame_is_there_before_anything_is_asked_in_the_background(
    primed: Session, background: Counting
) -> None:
    assert background.asked == 0
    assert primed.pictures.shown is not None
    assert primed.pictures.shown.number == 1
    assert primed.pictures.shown.imagery.geobox.shape == SIZE[::-1]
    assert primed.pictures.status.doing is Doing.READY


def test_a_map_of_the_size_foretold_asks_for_no_other_frame(primed: Session) -> None:
    first = primed.pictures.shown
    primed.viewing.resized(*SIZE)
    primed.pictures.refresh()
    assert primed.pictures.shown is first


def test_a_map_of_another_size_gets_its_own_frame(primed: Session) -> None:
    primed.viewing.resized(200, 100)
    shown = primed.pictures.shown
    assert shown is not None
    assert shown.number == 2
    assert shown.imagery.geobox.shape == (100, 200)


def test_the_first_frame_is_the_one_that_would_have_been_asked_for(primed: Session, exercise: Workspace) -> None:
    other = Session(exercise, exercise_view(exercise), Immediate())
    other.viewing.resized(*SIZE)
    one, two = (session.pictures.shown.imagery for session in (primed, other))
    for name in ("levels_a", "levels_b", "palette_a", "palette_b"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize(
    ("change", "doing"),
    [
        ({"a": None, "b": None}, Doing.EMPTY),
        ({"b": "nobody"}, Doing.FAILED),
        ({"layers": frozenset({Layer.BASEMAP})}, Doing.READY),
    ],
)
def test_without_a_picture_it_is_said_why(exercise: Workspace, change: dict[str, object], doing: Doing) -> None:
    session = Session(exercise, replace(exercise_view(exercise), **change), Immediate())
    session.pictures.prime(SIZE)
    assert session.pictures.shown is None
    assert session.pictures.status.doing is doing
