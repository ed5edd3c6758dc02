"""The front tab by its messages: two clocks, steps, play, and what waits for a person."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import panel as pn
import pytest
import shapely
from bokeh.document import Document

from dashboard.geo.mercator import extent_of
from dashboard.model.frontline import ControlArea, FrontlineSnapshot
from dashboard.model.view import View
from dashboard.state.background import Immediate
from dashboard.state.session import Session
from dashboard.views.app import App
from dashboard.workflows.workspace import open_workspace

T0 = datetime(2024, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = (0, 1, 4)
HOSTILE = "<img src=x onerror=alert(1)>"
Say = Callable[..., None]


def snapshot(day: int) -> FrontlineSnapshot:
    line = 36.1 + 0.02 * day
    ground = {"BLUE": shapely.box(35.5, 47.5, line, 48.7), HOSTILE: shapely.box(line, 47.5, 37, 48.7)}
    since = T0 + day * DAY
    areas = tuple(ControlArea(side=side, geometry=shapely.MultiPolygon([area])) for side, area in ground.items())
    return FrontlineSnapshot(
        id=f"one-{since:%Y%m%dT%H%MZ}-{day:08}", provider="one", valid_from=since, areas=areas, sha256=str(day),
        retrieved=since + timedelta(hours=6),
    )  # fmt: skip


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, App, Say]]:
    with open_workspace(tmp_path_factory.mktemp("front") / "desk") as workspace:
        for day in DAYS:
            workspace.catalog.frontlines.add(snapshot(day))
        workspace.catalog.frontlines.add(snapshot(9), held=HOSTILE)
        view = View(extent=extent_of((36.0, 48.0, 36.4, 48.2), margin=0.0), valid_at=T0)
        session = Session(workspace, view, Immediate())
        app, stamps = App(session), count()
        session.start()
        app.panels.mailbox.open()

        def say(type_: str, **values: Any) -> None:
            message = {"type": type_, "nonce": next(stamps), **values}
            app.panels.mailbox.source.data = {"json": [json.dumps(message)]}

        yield session, app, say


@pytest.fixture
def page(opened: tuple[Session, App, Say]) -> tuple[Session, App, Say]:
    session, app, _ = opened
    app.panels.inspector.front.stop()
    session.believe(None)
    session.viewing.choose_moment(T0)
    session.notices.clear()
    return opened


def test_a_clock_is_set_in_either_writing_and_released(page) -> None:
    session, app, say = page
    say("clock", name="valid_at", value="021200ZFEB24")
    assert session.viewing.view.valid_at == T0 + 1.5 * DAY
    assert "021200ZFEB24" in app.panels.inspector.front._clock.html
    say("clock", name="known_at", value="2024-02-03T00:00Z")
    assert session.viewing.view.known_at == T0 + 2 * DAY
    say("clock-now")
    assert session.viewing.view.known_at is None
    say("clock-follow")
    assert session.viewing.view.valid_at is None
    say("clock", name="valid_at", value=" ")
    assert session.viewing.view.valid_at is None


@pytest.mark.parametrize("text", ["noon", "2024-02-03T00:00", "991200ZFEB24", "0001-01-01T00:00+14:00", HOSTILE])
def test_what_is_no_time_leaves_the_clock_and_is_said(page, text: str) -> None:
    session, app, say = page
    before = session.viewing.view
    say("clock", name="valid_at", value=text)
    say("clock", name="known_at", value=text)
    assert session.viewing.view == before
    assert session.notices.current is not None
    assert "inside Nightglass" not in session.notices.current.text
    assert HOSTILE not in app._notice.object


def test_steps_go_from_statement_to_statement_and_stop_at_the_ends(page) -> None:
    session, _, say = page
    seen = []
    for _ in range(5):
        say("front-go", by=1)
        seen.append(session.viewing.view.valid_at)
    assert seen == [T0 + day * DAY for day in (1, 4, 4, 4, 4)]
    for _ in range(5):
        say("front-go", by=-1)
    assert session.viewing.view.valid_at == T0


def test_play_shows_every_day_waits_for_the_screen_and_stops_at_the_end(page, monkeypatch: pytest.MonkeyPatch) -> None:
    session, app, say = page
    front, drawn = app.panels.inspector.front, {"on": True}
    document = Document()
    monkeypatch.setattr(type(pn.state), "curdoc", property(lambda _: document), raising=False)
    monkeypatch.setattr(front, "on_screen", lambda: drawn["on"])
    say("front-play")
    assert session.fronttime.playing
    assert "Stop" in front._clock.html
    seen = [session.viewing.view.valid_at]
    drawn["on"] = False
    front._tick()
    assert session.viewing.view.valid_at == seen[-1], "the last day is not on the screen yet"
    drawn["on"] = True
    while session.fronttime.playing:
        front._tick()
        seen.append(session.viewing.view.valid_at)
    assert seen == [T0, T0 + DAY, T0 + 4 * DAY, T0 + 4 * DAY]
    assert not session.fronting.light
    assert not session.noting.light
    assert "Play" in front._clock.html


def test_what_is_held_is_shown_as_text_and_decided(page) -> None:
    session, app, say = page
    app.panels.inspector.open("Front")
    html = app.panels.inspector.front._moved.html
    assert "Accept" in html
    assert HOSTILE not in html
    assert "&lt;img" in html
    say("front-held", id="no-such-thing", accept=True)
    assert "no-such-thing" in session.notices.current.text
    say("front-held", id=snapshot(9).id, accept=True)
    assert session.fronting.moments()[-1] == T0 + 9 * DAY
    assert "Accept" not in app.panels.inspector.front._moved.html
    say("front-held", id=snapshot(9).id, accept=False)
    assert session.fronting.moments()[-1] == T0 + 4 * DAY, "the last decision counts"


@pytest.mark.parametrize(
    "message",
    [{"type": "front-go"}, {"type": "front-go", "by": "x"}, {"type": "front-held"}, {"type": "clock"},
     {"type": "front-step", "provider": "one", "at": "x"}, {"type": "front-step", "provider": "one", "at": 1e300},
     {"type": "front-drawn", "stamp": None}],
)  # fmt: skip
def test_a_message_without_its_parts_changes_nothing(page, message: dict[str, object]) -> None:
    session, _, say = page
    before = session.viewing.view
    kind = str(message.pop("type"))
    say(kind, **message)
    assert session.viewing.view == before
    assert session.notices.current is not None


def test_a_step_on_the_timeline_is_hovered_and_left(page) -> None:
    session, _, say = page
    say("front-step", provider="one", at=(T0 + DAY).timestamp() * 1000)
    assert session.fronting.stepped
    say("front-step", provider="one", at=None)
    assert session.fronting.stepped == ()
