"""The form below the details: a field for every guess, whatever comes from data is text, marks go with the guess."""

from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dashboard.geo.mercator import extent_of
from dashboard.model.acquisition import Acquisition
from dashboard.model.view import CompareMode, View
from dashboard.plots.told import guessed, told
from dashboard.simulate.products.qps import write_level_13
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take
from dashboard.state.background import Immediate
from dashboard.state.confirming import confirmed, unknown, waiting
from dashboard.state.session import Session
from dashboard.views.acquisitiontext import details
from dashboard.views.app import App
from dashboard.views.chips import chips
from dashboard.views.confirm import form, offer
from dashboard.workflows.ingest import ingest
from dashboard.workflows.workspace import Workspace, open_workspace

TAKE = Take(constellation="qps-sar", platform="qps-sar-7", mode="SL", polarisations=("HH",))
HOSTILE = '"><img src=x onerror=alert(1)>'


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "data") as found:
        write_level_13(tmp_path / "qps", mini_scene(4.0, (30, 40)), TAKE)
        ingest(found, [tmp_path / "qps"])
        yield found


@pytest.fixture
def acq(workspace: Workspace) -> Acquisition:
    (found,) = workspace.catalog.acquisitions.find()
    return found


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(html)
    return parser.tags


def as_is(name: str, value: str) -> str:
    return value


def test_every_field_has_its_own_control_and_its_own_button(acq: Acquisition) -> None:
    made = tags(form("B", acq, as_is))
    buttons = [values for tag, values in made if tag == "button"]
    assert len({values["name"] for values in buttons}) == len(buttons)
    assert len(buttons) == len(waiting(acq)) + len(unknown(acq)) + 2  # and confirm all, and close
    named = {values["name"] for tag, values in made if tag in {"input", "select"}}
    assert named >= {"look", "incidence_deg", "mode"}
    assert "footprint" not in named  # it can be confirmed, not changed
    assert all("disabled" not in values for values in buttons)
    recording = tags(form("B", acq, as_is, busy=True))
    assert sum("disabled" in values for tag, values in recording if tag == "button") == len(buttons) - 1


def test_what_was_typed_stays_and_is_text(acq: Acquisition) -> None:
    html = form("B", replace(acq, platform=HOSTILE), lambda name, value: HOSTILE)
    assert not any(tag == "img" for tag, _ in tags(html))
    assert {values["value"] for tag, values in tags(html) if tag == "input"} == {HOSTILE}


def test_there_is_no_button_where_nothing_is_guessed(acq: Acquisition) -> None:
    sure = replace(
        acq, origin=replace(acq.origin, guessed=frozenset()), handling=replace(acq.handling, caveats=frozenset())
    )
    assert offer("B", sure) == ""
    signed = replace(sure, details=(("proc:confirmed_look", "Kim Lee, 2024-07-01T12:00:00Z"),))
    assert "Correct what was confirmed of B (1)" in offer("B", signed)
    assert "Nothing is guessed any more" in form("B", signed, as_is)


def test_the_marks_of_a_guess_go_with_it(acq: Acquisition) -> None:
    view = View(extent=extent_of(acq.bbox), b=acq.id, compare=CompareMode.B, polarisation="HH")
    sure = replace(acq, origin=replace(acq.origin, guessed=frozenset()))
    for made in (chips(None, acq, view), details("B", acq), told(acq)):
        assert "guessed" in made
    for made in (chips(None, sure, view), details("B", sure), told(sure)):
        assert "guessed" not in made
    assert guessed(sure) == ""
    assert f"{len(acq.origin.guessed)} guessed" in chips(None, acq, view)


def test_the_whole_way_from_the_button_to_the_chip(workspace: Workspace, acq: Acquisition) -> None:
    session = Session(workspace, View(extent=extent_of(acq.bbox), b=acq.id, compare=CompareMode.B), Immediate())
    app = App(session)
    session.start()
    mailbox, card = app.panels.mailbox, app.panels.inspector.confirm.cards["B"]
    mailbox.open()

    def say(**message: str) -> None:
        mailbox._handle(message)

    assert f"({len(waiting(acq))})" in card.html
    say(type="confirm-open", id=acq.id)
    assert "Confirm all" in card.html
    say(type="confirm-fill", name="incidence_deg", value="34.5")
    say(type="confirm-one", field="incidence_deg")
    now = session.reach.b
    assert now is not None
    assert now.incidence_deg == 34.5
    assert confirmed(now) == {"incidence_deg": "34.5"}
    assert "Confirmed: 1" in card.html
    say(type="confirm-all")
    say(type="confirm-close")
    assert "guessed" not in app.panels.inspector._details["B"].object
    assert app.panels.inspector.confirm.cards["A"].html == ""
    say(type="confirm-one", field="look")
    assert "The form is closed" in session.notices.current.text
