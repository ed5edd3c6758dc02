"""The review tab follows the session, and tells it what is asked, judged and noted."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from review_makers import T0, changes_of, run_of

from dashboard.geo.mercator import extent_of, to_mercator
from dashboard.model.change import ChangeSign
from dashboard.model.review import Verdict
from dashboard.model.view import Layer, View
from dashboard.plots.surface import ALL_SCORES
from dashboard.state.background import Immediate
from dashboard.state.queued import PAGE
from dashboard.state.session import Session
from dashboard.views.app import App
from dashboard.views.review import ReviewView
from dashboard.workflows.review import Order
from dashboard.workflows.workspace import Workspace, open_workspace

COUNT = 30
CENTRE = (36.2, 48.1)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "review") as opened:
        run = run_of()
        opened.catalog.changes.add_run(run, changes_of(run, COUNT, CENTRE))
        yield opened


@pytest.fixture
def view() -> View:
    spot = extent_of((36.15, 48.05, 36.25, 48.15), margin=0.0)
    return View(extent=spot, a="a", b="b", layers=frozenset({Layer.CHANGES}))


def opened(workspace: Workspace, view: View, name: str = "Ada") -> App:
    session = Session(workspace, view, Immediate())
    session.reviewing.author = lambda: name
    app = App(session)
    session.start()
    app.panels.mailbox.open()
    return app


@pytest.fixture
def app(workspace: Workspace, view: View) -> App:
    made = opened(workspace, view)
    made.panels.inspector.open("Changes")
    return made


def session_of(app: App) -> Session:
    return app._session


def tab(app: App) -> ReviewView:
    return app.panels.inspector.review


def say(app: App, kind: str, **values: object) -> None:
    app.panels.mailbox.source.data = {"json": [json.dumps({"type": kind, **values})]}
    app.panels.mailbox.source.data = {"json": []}


def press(app: App, action: str) -> None:
    app.keyboard.press(action, None)


def words(app: App) -> list[str]:
    """Return the verdict column of the page."""
    return [row[1] for row in tab(app).rows.rows]


def ids(app: App) -> list[str]:
    return [row[0] for row in tab(app).rows.rows]


class TestTab:
    def test_nothing_is_made_before_it_is_opened(self, workspace: Workspace, view: View) -> None:
        app = opened(workspace, view)
        press(app, "next-change")
        assert tab(app)._head.html == tab(app)._hand.html == ""
        assert tab(app).rows.rows == []
        app.panels.inspector.open("Changes")
        assert "52.50 km²" in tab(app)._head.html
        assert len(tab(app).rows.rows) == PAGE
        assert "1 of 30" in tab(app)._hand.html

    def test_the_page_of_the_queue_turns_and_a_pick_is_in_hand(self, app: App) -> None:
        first = ids(app)
        say(app, "rows-page", table="changes", page=1)
        assert not set(ids(app)) & set(first)
        say(app, "rows-pick", table="changes", id=ids(app)[3])
        assert session_of(app).reviewing.selected.id == tab(app).rows.selected == ids(app)[3]
        assert f"{PAGE + 4} of 30" in tab(app)._hand.html

    def test_the_card_steps_through_the_queue(self, app: App) -> None:
        press(app, "next-change")
        say(app, "review-step", by=1)
        assert "2 of 30" in tab(app)._hand.html
        say(app, "review-step", by=-1)
        assert "1 of 30" in tab(app)._hand.html

    def test_filters_and_order_reach_queue_and_map(self, app: App) -> None:
        say(app, "review-filter", name="sign", value="darker")
        assert {row[2][0] for row in tab(app).rows.rows} == {"−"}
        drawn = app.panels.map.surface.sources["changes"].data
        assert len(drawn["id"]) == tab(app).rows.total == COUNT // 3
        say(app, "review-order", name="order", value="date")
        assert session_of(app).reviewing.order is Order.DATE
        assert "earliest first, 1 filter<" in tab(app)._head.foot
        for name, value in (("sign", ""), ("area", "1e3"), ("status", "first"), ("verdict", "none"), ("side", "")):
            say(app, "review-filter", name=name, value=value)
        assert {change.area_m2 >= 1e3 for change in session_of(app).reviewing.rows} == {True}
        say(app, "review-filter", name="within_km", value="nowhere")
        assert "no distance" in session_of(app).notices.current.text

    def test_an_empty_queue_says_why_and_shows_all_again(self, app: App) -> None:
        say(app, "review-filter", name="area", value="1e9")
        session_of(app).viewing.brush((T0 - timedelta(days=1), T0 + timedelta(days=1)))
        assert "The run found 30 changes; score, filters and period leave none" in tab(app)._head.foot
        press(app, "next-change")
        assert "loosen" in session_of(app).notices.current.text
        say(app, "review-clear")
        assert tab(app).rows.total == COUNT
        assert session_of(app).viewing.view.brush is None
        assert "Show all" not in tab(app)._head.foot

    def test_a_run_that_found_nothing_says_so(self, app: App, workspace: Workspace) -> None:
        workspace.catalog.changes.add_run(run_of("bare"), [])
        session_of(app).refresh()
        say(app, "review-run", name="run", value="bare")
        assert "This run found no change" in tab(app)._head.foot
        assert "Show all" not in tab(app)._head.foot

    def test_a_brush_on_the_ruler_filters_queue_and_map_but_not_the_lane(self, app: App) -> None:
        lane = dict(app.panels.timeline.plot.bars.data)
        session_of(app).viewing.brush((T0 - timedelta(days=1), T0 + timedelta(days=1)))
        assert 0 < tab(app).rows.total < COUNT
        assert len(app.panels.map.surface.sources["changes"].data["id"]) == tab(app).rows.total
        assert "of the period on the ruler" in tab(app)._head.foot
        assert dict(app.panels.timeline.plot.bars.data) == lane
        press(app, "escape")
        assert tab(app).rows.total == COUNT

    def test_the_evidence_is_one_click_away_and_goes_with_its_change(self, app: App) -> None:
        press(app, "next-change")
        chosen = session_of(app).reviewing.selected.id
        say(app, "review-evidence", id=chosen)
        assert "sha256 archive/pol.tif" in tab(app)._hand.html
        press(app, "next-change")
        assert "sha256" not in tab(app)._hand.html

    def test_another_run_is_chosen_and_left_again(self, app: App, workspace: Workspace) -> None:
        other = run_of("other", announced=None)
        workspace.catalog.changes.add_run(replace(other, before="x"), changes_of(replace(other, before="x"), 4, CENTRE))
        session_of(app).refresh()
        assert tab(app).rows.total == COUNT
        say(app, "review-run", name="run", value="other")
        assert tab(app).rows.total == 4
        assert set(tab(app)._head.expected) == {"expected false polygons: not measured"}
        say(app, "review-run", name="run", value="")
        assert tab(app).rows.total == COUNT

    def test_where_the_acquisitions_are_not_here_the_reason_is_said_once(self, app: App) -> None:
        press(app, "next-change")
        assert tab(app)._hand.html.count("not in this catalogue") == 1
        assert 'class="chips"' not in tab(app)._hand.html

    def test_from_other_ground_one_goes_to_that_of_the_run(self, app: App) -> None:
        assert "review-ground" not in tab(app)._head.html
        session_of(app).viewing.moved(extent_of((10.0, 50.0, 10.1, 50.1), margin=0.0))
        assert "Its ground is not on the map" in tab(app)._head.html
        say(app, "review-ground")
        assert "review-ground" not in tab(app)._head.html

    def test_both_themes_show_it(self, app: App) -> None:
        press(app, "next-change")
        dark = tab(app)._hand.html
        app.retheme("light")
        assert tab(app)._hand.html  # the same words; colours are of pictures alone
        assert app.panels.timeline.plot.bars.data["colour"]
        app.retheme("dark")
        assert tab(app)._hand.html == dark


class TestThreshold:
    def test_it_hides_on_the_map_while_dragged_and_the_queue_follows(self, app: App) -> None:
        session, map_ = session_of(app), app.panels.map
        drawn, before = map_.surface.sources["changes"].data, map_.least.start
        stop = tab(app)._head.stops[20]
        say(app, "review-threshold", score=stop, final=False)
        left = tab(app).rows.total
        assert 0 < left < COUNT
        assert all(change.score >= stop for change in session.reviewing.rows)
        assert map_.surface.sources["changes"].data is drawn  # the page hides them by itself
        assert map_.least.start == before
        say(app, "review-threshold", score=stop, final=True)
        assert map_.least.start == stop
        assert len(map_.surface.sources["changes"].data["id"]) == left
        assert tab(app)._head.at == 21
        say(app, "review-threshold", score=None, final=True)
        assert (tab(app).rows.total, tab(app)._head.at, map_.least.start) == (COUNT, 0, ALL_SCORES)

    def test_what_a_lower_one_brings_back_is_drawn_while_it_is_dragged(self, app: App) -> None:
        stops = tab(app)._head.stops
        say(app, "review-threshold", score=stops[30], final=True)
        few = len(app.panels.map.surface.sources["changes"].data["id"])
        say(app, "review-threshold", score=stops[10], final=False)
        assert len(app.panels.map.surface.sources["changes"].data["id"]) > few
        assert app.panels.map.least.start == stops[10]

    def test_the_changes_on_the_map_carry_their_scores(self, app: App) -> None:
        data = app.panels.map.surface.sources["changes"].data
        scores = {change.id: change.score for change in session_of(app).changing.changes}
        assert dict(zip(data["id"], data["score"], strict=True)) == scores


class TestVerdicts:
    def test_keys_judge_and_go_to_the_next_that_nobody_reviewed(self, app: App, workspace: Workspace) -> None:
        press(app, "next-change")
        for key, verdict in enumerate(Verdict, 1):
            chosen = session_of(app).reviewing.selected.id
            press(app, f"verdict-{key}")
            (review,) = workspace.catalog.reviews.of(chosen)
            assert (review.verdict, review.reviewer) == (verdict, "Ada")
            assert session_of(app).reviewing.selected.id != chosen
        assert words(app)[:6] == ["damage", "works", "water", "moved", "false", "–"]
        assert "Of the <b>5</b> reviewed at this setting, <b>4</b> were real" in tab(app)._head.foot

    def test_without_a_change_in_hand_a_key_says_so(self, app: App, workspace: Workspace) -> None:
        press(app, "verdict-1")
        assert "Choose a change first" in session_of(app).notices.current.text
        assert workspace.catalog.reviews.of_run("run") == []

    def test_from_another_tab_a_key_shows_the_change_before_it_judges(self, app: App, workspace: Workspace) -> None:
        press(app, "next-change")
        app.panels.inspector.open("Series")
        press(app, "verdict-5")
        assert workspace.catalog.reviews.of_run("run") == []
        assert app.panels.inspector.front_tab == "Changes"
        press(app, "verdict-5")
        assert len(workspace.catalog.reviews.of_run("run")) == 1

    def test_undo_takes_the_last_verdict_back_with_its_change_in_hand(self, app: App, workspace: Workspace) -> None:
        press(app, "next-change")
        first = session_of(app).reviewing.selected.id
        press(app, "verdict-1")
        press(app, "undo")
        assert workspace.catalog.reviews.of(first) == []
        assert session_of(app).reviewing.selected.id == first
        press(app, "undo")
        assert "No verdict" in session_of(app).notices.current.text

    def test_undo_belongs_to_the_view_elsewhere_and_to_the_drawing_while_its_tools_are_open(self, app: App) -> None:
        session = session_of(app)
        press(app, "next-change")
        press(app, "verdict-1")
        app.panels.inspector.open("Series")
        press(app, "grid")
        press(app, "undo")
        assert Layer.GRID not in session.viewing.view.layers
        app.panels.inspector.open("Changes")
        session.drawing.open = True
        press(app, "undo")
        assert "Nothing drawn" in session.notices.current.text
        assert tab(app).rows.rows[0][1] == "damage"

    def test_a_note_belongs_to_the_change_it_was_written_on(self, app: App, workspace: Workspace) -> None:
        press(app, "next-change")
        first = session_of(app).reviewing.selected.id
        press(app, "verdict-2")
        say(app, "review-note", id=first, name="review-note", value=" new trench ")
        (review,) = workspace.catalog.reviews.of(first)
        assert (review.note, review.verdict) == ("new trench", Verdict.EARTHWORKS)
        version = review.version
        say(app, "review-note", id=first, name="review-note", value="new trench")
        assert workspace.catalog.reviews.of(first)[0].version == version

    def test_a_second_reviewer_is_blind_until_they_have_judged_and_then_agreement_is_told(
        self, app: App, workspace: Workspace, view: View
    ) -> None:
        press(app, "next-change")
        for key in (1, 1, 5, 2):
            press(app, f"verdict-{key}")
        other = opened(workspace, view, "Kim")
        other.panels.inspector.open("Changes")
        assert set(words(other)) == {"–"}
        assert "Ada" not in tab(other)._head.foot
        press(other, "next-change")
        assert "Ada" not in tab(other)._hand.html
        first = session_of(other).reviewing.selected.id
        for key in (1, 1, 1, 2):
            press(other, f"verdict-{key}")
        assert "Agreement of Ada and Kim" in tab(other)._head.foot
        assert "n = 4" in tab(other)._head.foot
        assert "1 disputed" in tab(other)._head.foot
        session_of(other).show_change(first)
        assert "<b>Ada</b>: confirmed damage" in tab(other)._hand.html

    def test_the_lane_counts_the_verdicts(self, app: App) -> None:
        press(app, "next-change")
        press(app, "verdict-1")
        bars = app.panels.timeline.plot.bars.data
        assert any("1 confirmed damage" in said for said in bars["facts"])


class TestMap:
    def test_what_the_ruler_said_is_not_said_back_to_it(self, app: App) -> None:
        ruler, session = app.panels.timeline.ruler, session_of(app)
        start, end = 1_780_000_000_000.25, 1_781_000_000_000.75
        say(app, "brush", start=start, end=end)
        assert session.viewing.view.brush is not None
        assert (ruler.brush.start, ruler.brush.end) == (0.0, 0.0)  # the page's own hand may be further by now
        session.viewing.brush((T0, T0 + timedelta(days=3)))
        assert ruler.brush.start == T0.timestamp() * 1000
        say(app, "brush", start=start, end=end)
        press(app, "escape")
        assert (ruler.brush.start, ruler.brush.end) == (0.0, 0.0)

    def test_a_click_on_a_change_takes_it_in_hand(self, app: App) -> None:
        change = session_of(app).changing.changes[3]
        inside = change.geometry.representative_point()
        app.panels.map._tapped(*to_mercator(inside.x, inside.y))
        assert session_of(app).reviewing.selected.id == change.id
        assert len(app.panels.map.surface.sources["selected"].data["xs"]) == 1

    def test_the_map_follows_the_change_in_hand(self, app: App) -> None:
        session = session_of(app)
        far = extent_of((36.6, 48.4, 36.7, 48.5), margin=0.0)
        session.viewing.moved(far)
        press(app, "next-change")
        x, y = to_mercator(*session.reviewing.selected.geometry.centroid.coords[0])
        extent = session.viewing.view.extent
        assert extent.x0 < x < extent.x1
        assert extent.y0 < y < extent.y1

    def test_signs_have_their_colours(self, app: App) -> None:
        data = app.panels.map.surface.sources["changes"].data
        assert len(set(data["colour"])) == len(ChangeSign)
