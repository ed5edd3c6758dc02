"""Live detection follows the view while its layer is on, and stops what nobody waits for any more."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dashboard.model.area import Area
from dashboard.model.errors import CatalogError
from dashboard.model.token import decode, encode
from dashboard.model.view import DEFAULT_LAYERS, Extent, Layer, View
from dashboard.state import live as module
from dashboard.state.background import Immediate, attempt
from dashboard.state.pictures import Doing
from dashboard.state.session import Session
from dashboard.workflows.areas import default_view
from dashboard.workflows.workspace import Workspace


class Held:
    """Work that waits until it is let go, piece by piece; what is not live detection runs at once."""

    def __init__(self) -> None:
        self.pieces: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []

    def __call__(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.pieces.append((work, done))

    def later(self, call: Callable[[], None]) -> None:
        call()

    def let_go(self) -> Any:
        work, done = self.pieces.pop(0)
        result = attempt(work)
        done(result)
        return result


@pytest.fixture
def view(exercise: Workspace) -> View:
    return default_view(exercise)


def begin(workspace: Workspace, view: View) -> Session:
    session = Session(workspace, view, Immediate())
    session.viewing.resized(300, 200)
    session.reach.prime()
    session.refresh()
    return session


def moved(view: View, share: float) -> Extent:
    extent = view.extent
    step = share * (extent.x1 - extent.x0)
    return Extent(extent.x0 + step, extent.y0, extent.x1 + step, extent.y1)


def live(view: View) -> View:
    return replace(view, layers=view.layers | {Layer.LIVE})


def test_it_is_asked_for_and_tokens_carry_it(view: View) -> None:
    assert Layer.LIVE not in DEFAULT_LAYERS
    assert decode(encode(live(view))) == live(view)


def test_it_looks_again_for_an_acquisition_and_for_nothing_else(
    open_copy: Callable[[], Workspace], view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = open_copy()
    session = begin(workspace, live(view))
    found, searched = session.living.picture, []
    monkeypatch.setattr(session.living, "_search", lambda *asked: searched.append(asked) or found)
    workspace.catalog.areas.add(Area("Somewhere", (36.0, 48.0, 36.1, 48.1)))  # as a verdict: no pixel is another
    session.refresh()
    assert not searched
    some = workspace.catalog.acquisitions.find()[0]
    workspace.catalog.acquisitions.add(replace(some, id="another"))
    session.refresh()
    assert len(searched) == 1


def test_it_comes_with_the_layer_and_goes_with_it(exercise: Workspace, view: View) -> None:
    session = begin(exercise, view)
    assert session.living.picture is None
    session.viewing.show(Layer.LIVE, on=True)
    found = session.living.picture
    assert found is not None
    assert found.method
    assert session.living.status.doing is Doing.READY
    assert session.living.floor in [0.0, *found.scores.tolist()]
    if found.announced is not None:
        assert found.announced.at(session.living.floor) <= max(5.0, found.announced.per_100km2[-1])
    assert found.handling & session.handling == session.handling
    session.viewing.moved(moved(view, 0.2))
    assert session.living.picture is not found
    session.viewing.show(Layer.LIVE, on=False)
    assert session.living.picture is None


def test_what_cannot_be_compared_is_said_in_its_row(exercise: Workspace, view: View) -> None:
    session = begin(exercise, live(view))
    session.viewing.exchange()
    assert session.living.picture is None
    assert session.living.status.doing is Doing.EMPTY
    assert "not later than A" in session.living.status.why
    session.viewing.exchange()
    assert session.living.picture is not None


def test_nothing_observed_is_nothing_found_and_all_unseen(exercise: Workspace, view: View) -> None:
    session = begin(exercise, live(replace(view, extent=moved(view, 30.0))))
    found = session.living.picture
    assert found is not None
    assert not found.levels.any()
    assert session.living.status.doing is Doing.EMPTY
    assert "no stack looked here" in session.living.status.why


def test_a_search_that_is_superseded_is_stopped_and_only_the_last_is_shown(exercise: Workspace, view: View) -> None:
    session, held = begin(exercise, view), Held()
    living = module.Living(exercise, session.viewing, session.reach, session.changing, held)
    session.viewing.show(Layer.LIVE, on=True)
    assert len(held.pieces) == 1
    for share in (0.1, 0.2, 0.3):
        session.viewing.moved(moved(view, share))
    assert len(held.pieces) == 1  # one in flight, one waiting
    assert living.stopped >= 1
    assert type(held.let_go()).__name__ == "CancelledError"
    assert living.picture is None
    assert living.status.doing is Doing.LOADING
    held.let_go()
    assert not held.pieces
    assert living.status.doing is Doing.READY
    assert living.picture is not None
    wanted, (x0, _, x1, _) = moved(view, 0.3), living.picture.bounds
    assert x0 == pytest.approx(wanted.x0, abs=2 * (x1 - x0) / living.picture.levels.shape[1])


def test_a_search_is_stopped_when_the_layer_goes(exercise: Workspace, view: View) -> None:
    session, held = begin(exercise, view), Held()
    living = module.Living(exercise, session.viewing, session.reach, session.changing, held)
    session.viewing.show(Layer.LIVE, on=True)
    session.viewing.show(Layer.LIVE, on=False)
    held.let_go()
    assert (living.picture, living.status.doing, living.stopped) == (None, Doing.READY, 1)


def test_a_failure_is_said_and_can_be_tried_again(
    exercise: Workspace, view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = begin(exercise, view)

    def broken(*_: object) -> None:
        raise CatalogError("The shelf is empty.")

    with monkeypatch.context() as patch:
        patch.setattr(module, "live", broken)
        session.viewing.show(Layer.LIVE, on=True)
        assert (session.living.status.doing, session.living.status.why) == (Doing.FAILED, "The shelf is empty.")
    session.living.retry()
    assert session.living.status.doing is Doing.READY
    assert np.isfinite(session.living.floor)
