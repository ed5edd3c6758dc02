"""Confirming in a session: what waits, what is typed, what the others see, and the sentence when it fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.geo.mercator import extent_of
from dashboard.model.acquisition import Acquisition, LookSide
from dashboard.model.view import View
from dashboard.simulate.products.qps import write_level_13
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take
from dashboard.sources.marking import UNSTATED
from dashboard.state.background import Immediate
from dashboard.state.confirming import confirmed, settled, unknown, waiting
from dashboard.state.notices import Weight
from dashboard.state.session import Session
from dashboard.workflows.confirm_fields import CATEGORY
from dashboard.workflows.ingest import ingest
from dashboard.workflows.workspace import Workspace, open_workspace

TAKE = Take(constellation="qps-sar", platform="qps-sar-7", mode="SL", polarisations=("HH",))


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "data") as found:
        write_level_13(tmp_path / "qps", mini_scene(4.0, (30, 40)), TAKE)
        ingest(found, [tmp_path / "qps"])
        yield found


@pytest.fixture
def session(workspace: Workspace) -> Session:
    return begin(workspace)


def begin(workspace: Workspace, *, away: bool = False) -> Session:
    (acq,) = workspace.catalog.acquisitions.find()
    seen = (36.0, 48.0, 36.4, 48.2) if away else acq.bbox
    made = Session(workspace, View(extent=extent_of(seen, margin=0.2), b=acq.id), Immediate())
    made.confirming.author = lambda: "Kim Lee"
    made.start()
    return made


def shown(session: Session) -> Acquisition:
    found = session.reach.b
    assert found is not None
    return found


def said(session: Session) -> str:
    return session.notices.current.text if session.notices.current else ""


def test_what_waits_what_is_confirmed_and_what_nobody_knows_share_no_field(session: Session) -> None:
    acq = shown(session)
    assert set(waiting(acq)) - {CATEGORY} == acq.origin.guessed
    assert (CATEGORY in waiting(acq)) == (UNSTATED in acq.handling.caveats)
    assert confirmed(acq) == {}
    assert unknown(acq)
    assert not set(unknown(acq)) & set(waiting(acq))
    assert set(unknown(acq).values()) == {""}


def test_a_confirmed_guess_leaves_the_form_and_the_map_and_is_signed(session: Session) -> None:
    session.confirming.open(shown(session).id)
    session.confirming.confirm(shown(session), ["look"])
    acq = shown(session)
    assert "look" not in acq.origin.guessed | set(waiting(acq))
    assert confirmed(acq) == {"look": str(acq.look)}
    assert dict(acq.details)["proc:confirmed_look"].startswith("Kim Lee, ")
    assert "look" in said(session)
    assert "To undo, correct it" in said(session)
    assert session.confirming.opened == acq.id  # the rest still waits
    assert session.reach.everything == (acq,)


def test_what_was_typed_is_recorded_and_can_be_corrected_again(session: Session) -> None:
    confirming = session.confirming
    confirming.open(shown(session).id)
    confirming.fill("look", "left")
    assert confirming.typed("look", "right") == "left"
    confirming.confirm(shown(session), ["look"])
    assert shown(session).look is LookSide.LEFT
    confirming.fill("look", "right")
    confirming.confirm(shown(session), ["look"])
    assert shown(session).look is LookSide.RIGHT


def test_one_press_confirms_what_has_a_value_and_what_was_typed_and_nothing_else(session: Session) -> None:
    confirming, before = session.confirming, shown(session)
    confirming.open(before.id)
    confirming.fill("track", "17")
    confirming.confirm_all(before)
    acq = shown(session)
    assert acq.track == 17
    assert acq.origin.guessed == frozenset()
    assert set(unknown(acq)) == set(unknown(before)) - {"track"}
    assert (UNSTATED in acq.handling.caveats) == (UNSTATED in before.handling.caveats)  # nobody stated a category


def test_a_typed_category_goes_with_the_rest(session: Session) -> None:
    acq = shown(session)
    if UNSTATED not in acq.handling.caveats:
        pytest.skip("the simulated product states its category")
    assert CATEGORY not in settled(acq, {})
    session.confirming.open(acq.id)
    session.confirming.fill(CATEGORY, "B")
    session.confirming.confirm_all(acq)
    assert UNSTATED not in session.handling.caveats
    assert waiting(shown(session)) == {}
    assert session.confirming.opened == ""


def test_what_cannot_be_meant_is_said_kept_in_the_field_and_not_recorded(session: Session) -> None:
    confirming, before = session.confirming, shown(session)
    confirming.open(before.id)
    confirming.fill("incidence_deg", "steep")
    confirming.confirm(before, ["incidence_deg"])
    assert session.notices.current is not None
    assert session.notices.current.weight is Weight.ERROR
    assert "steep" in said(session)
    assert "0 to 90" in said(session)
    assert shown(session) == before
    assert confirming.typed("incidence_deg", "") == "steep"
    assert not confirming.busy


def test_closing_drops_what_was_typed(session: Session) -> None:
    confirming = session.confirming
    confirming.open(shown(session).id)
    confirming.fill("look", "left")
    confirming.close()
    confirming.open(shown(session).id)
    assert confirming.typed("look", "right") == "right"


def test_another_session_sees_it_even_where_its_map_is_elsewhere(session: Session, workspace: Workspace) -> None:
    near, far = begin(workspace), begin(workspace, away=True)
    assert "look" in shown(far).origin.guessed
    session.confirming.confirm(shown(session), ["look"])
    for other in (near, far):
        other.refresh()
        assert "look" not in shown(other).origin.guessed


def test_nobody_confirms_twice_at_once(session: Session) -> None:
    session.confirming.busy = True
    before = shown(session)
    session.confirming.confirm(before, ["look"])
    assert "still being recorded" in said(session)
    session.confirming.busy = False
    assert session.workspace.catalog.acquisitions.get(before.id) == before


def test_what_the_product_states_is_refused_in_words(session: Session) -> None:
    sure = shown(session)
    session.confirming.confirm(sure, ["calibration"])
    assert "no field that a person confirms" in said(session)
