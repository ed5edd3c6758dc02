"""Reviewing: the queue in hand, verdicts that are safe, undo, and a second reviewer who sees nothing of the first."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from desk_makers import BOX, said
from shapely import MultiPolygon, box

from dashboard.geo.mercator import bbox_of, extent_of
from dashboard.model.change import Announced, ChangeRun, ChangeSign, DetectedChange
from dashboard.model.errors import DiskFullError
from dashboard.model.event import Outcome
from dashboard.model.frontline import ControlArea, FrontlineSnapshot
from dashboard.model.review import Verdict
from dashboard.model.view import Extent, View
from dashboard.state.background import Immediate, attempt
from dashboard.state.queued import PAGE
from dashboard.state.reviewing import Reviewing
from dashboard.state.session import Session
from dashboard.workflows.review import Order
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2024, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)
COUNT = 30
RUN = ChangeRun(
    id="run", created=T0, method="change-tstat", parameters=(("far", 1e-3),), before="a", after="b",
    extent=(36.0, 48.0, 36.4, 48.2), observed_km2=200.0, software="nightglass", inputs=(),
    announced=Announced(scores=(0.0, 10.0, 20.0), per_100km2=(5.0, 1.0, 0.1), windows=8, area_km2=200.0),
)  # fmt: skip


def change(number: int, run: str = "run") -> DetectedChange:
    """Return change `number`: the greater the number, the surer, the smaller and the earlier."""
    west = 36.01 + 0.012 * number
    seen = T0 + (COUNT - number) * DAY
    return DetectedChange(
        id=f"{run}-{number}", run_id=run, geometry=box(west, 48.1, west + 0.002, 48.102),
        area_m2=1e4 - number, pixels=10, after=seen - DAY, before=seen, magnitude_db=-4.0,
        sign=[ChangeSign.DARKER, ChangeSign.BRIGHTER][number % 2], p_value=1e-9, evidence=("a", "b"),
        score=float(number), confidence=0.9,
    )  # fmt: skip


@pytest.fixture(name="workspace")
def _workspace(tmp_path) -> Iterator[Workspace]:
    with open_workspace(tmp_path) as opened:
        opened.catalog.changes.add_run(RUN, [change(number) for number in range(COUNT)])
        yield opened


def front(provider: str, at: float) -> FrontlineSnapshot:
    areas = (
        ControlArea(side="BLUE", geometry=MultiPolygon([box(35, 47, at, 50)])),
        ControlArea(side="ORANGE", geometry=MultiPolygon([box(at, 47, 38, 50)])),
    )
    return FrontlineSnapshot(id=provider, provider=provider, valid_from=T0, retrieved=T0, sha256=provider, areas=areas)


class Held:
    """Work that waits until it is let go, piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[Callable[[], None]] = []

    def __call__(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.pieces.append(lambda: done(attempt(work)))

    def later(self, call: Callable[[], None]) -> None:
        call()

    def go(self) -> None:
        while self.pieces:
            self.pieces.pop(0)()


def begin(workspace: Workspace, author: str = "Kim", background: Any = None, **view: object) -> Session:
    seen = View(extent=extent_of(BOX, margin=0.0), **({"a": "a", "b": "b"} | view))
    session = Session(workspace, seen, background or Immediate())
    session.company.introduce(author)
    session.start()
    return session


@pytest.fixture(name="session")
def _session(workspace: Workspace) -> Session:
    return begin(workspace)


@pytest.fixture(name="desk")
def _desk(session: Session) -> Reviewing:
    return session.reviewing


def held(desk: Reviewing) -> str | None:
    return None if desk.selected is None else desk.selected.id


def stands(workspace: Workspace, number: int = COUNT - 1) -> list[tuple[str, Verdict | None, str]]:
    return [(one.reviewer, one.verdict, one.note) for one in workspace.catalog.reviews.of(f"run-{number}")]


class TestQueue:
    def test_the_surest_come_first_and_pages_hold_them_all(self, desk: Reviewing) -> None:
        assert (desk.total, desk.run, desk.scores) == (COUNT, RUN, (0.0, COUNT - 1.0))
        shown = []
        for page in range(COUNT // PAGE + 1):
            desk.turn(page)
            assert desk.page == page
            shown += [one.id for one in desk.rows]
        assert shown == [f"run-{number}" for number in reversed(range(COUNT))]
        desk.turn(99)
        assert desk.page == COUNT // PAGE
        desk.turn(-4)
        assert desk.page == 0

    def test_order_and_filters_begin_at_the_front(self, desk: Reviewing) -> None:
        desk.turn(1)
        desk.sort("size")
        assert desk.page == 0
        assert [one.id for one in desk.rows] == [f"run-{number}" for number in range(PAGE)]
        desk.filter(signs=frozenset({ChangeSign.BRIGHTER}))
        assert desk.total == COUNT // 2
        assert desk.sieve.signs == {ChangeSign.BRIGHTER}
        desk.filter(signs=frozenset())
        assert desk.total == COUNT

    def test_a_run_opens_where_few_are_false_and_keeps_what_is_chosen_then(self, workspace: Workspace) -> None:
        strict = Announced(scores=(0.0, 12.0, 20.0), per_100km2=(400.0, 5.0, 0.1), windows=8, area_km2=200.0)
        run = replace(RUN, id="strict", created=T0 + DAY, announced=strict)
        workspace.catalog.changes.add_run(run, [change(number, run.id) for number in range(COUNT)])
        desk = begin(workspace).reviewing
        desk.open_run(run.id)
        assert (desk.threshold, desk.total) == (12.0, COUNT - 12)
        desk.threshold_to(3.0)
        desk.refresh()
        assert (desk.threshold, desk.total) == (3.0, COUNT - 3)
        desk.open_run("run")
        assert (desk.threshold, desk.total) == (0.0, COUNT)

    def test_the_threshold_says_what_is_expected(self, desk: Reviewing) -> None:
        assert desk.at(10.0) == (COUNT - 10, 1.0)
        assert desk.total == COUNT
        desk.threshold_to(20.0)
        assert (desk.total, desk.threshold) == (COUNT - 20, 20.0)
        assert desk.summary.expected_false == pytest.approx(0.1 * 2)

    def test_the_brush_filters_queue_and_map_but_not_the_lane(self, session: Session, desk: Reviewing) -> None:
        lane = desk.lane
        assert sum(map(sum, lane.counts)) == COUNT
        session.viewing.brush((T0 + 3 * DAY, T0 + 6 * DAY))
        assert 3 <= desk.total <= 5
        assert {one.id for one in session.changing.changes} == {one.id for one in desk.rows}
        assert desk.lane == lane
        session.viewing.brush(None)
        assert desk.total == COUNT == len(session.changing.changes)

    def test_the_map_shows_what_is_in_the_queue_and_over_it(self, session: Session, desk: Reviewing) -> None:
        desk.threshold_to(25.0)
        assert {one.id for one in session.changing.changes} == {f"run-{number}" for number in range(25, COUNT)}
        narrow = change(27).geometry.bounds
        session.viewing.moved(extent_of(narrow, margin=0.01))
        assert [one.id for one in session.changing.changes] == ["run-27"]
        assert desk.total == COUNT - 25

    def test_a_run_is_chosen_by_hand_or_follows_a_and_b(self, workspace: Workspace, session: Session) -> None:
        desk = session.reviewing
        workspace.catalog.changes.add_run(replace(RUN, id="other", after="c"), [change(3, "other")])
        session.refresh()
        desk.pick("run-4")
        desk.open_run("other")
        assert desk.run is not None
        assert (desk.run.id, desk.total, desk.selected) == ("other", 1, None)
        desk.open_run(None)
        assert desk.run.id == "run"
        session.viewing.choose(b="nothing")
        assert (desk.run, desk.total, desk.rows, desk.lane.edges) == (None, 0, (), ())

    def test_nothing_detected_is_no_queue(self, tmp_path) -> None:
        with open_workspace(tmp_path / "empty") as empty:
            session = begin(empty)
            session.step_change(1)
            assert "No detected change in the queue" in said(session)
            assert session.reviewing.at(3.0) == (0, None)
            session.reviewing.judge(Verdict.WATER)
            assert not session.reviewing.undo()
            assert empty.catalog.log.events() == []


class TestInHand:
    def test_steps_go_round_and_the_page_follows(self, session: Session, desk: Reviewing) -> None:
        session.step_change(1)
        assert (held(desk), desk.place) == ("run-29", 0)
        session.step_change(-1)
        assert (held(desk), desk.place, desk.page) == ("run-0", COUNT - 1, COUNT // PAGE)
        assert session.changing.selected == "run-0"
        for _ in range(PAGE + 1):
            session.step_change(1)
        assert desk.page == 1

    def test_the_map_goes_where_the_change_is(self, session: Session, desk: Reviewing) -> None:
        session.viewing.moved(Extent(0, 0, 5000, 3000))
        session.show_change("run-7")
        west, south, east, north = bbox_of(session.viewing.view.extent)
        x, y = change(7).geometry.centroid.coords[0]
        assert west < x < east
        assert south < y < north
        assert held(desk) == "run-7"

    def test_what_is_not_there_is_told(self, session: Session, desk: Reviewing) -> None:
        desk.pick("run-3")
        desk.pick("nowhere")
        assert "nowhere" in said(session)
        assert held(desk) == "run-3"
        desk.pick(None)
        assert (held(desk), desk.reviews, session.changing.selected) == (None, (), None)

    def test_a_change_that_left_the_queue_gives_its_place_to_the_next(self, desk: Reviewing) -> None:
        desk.pick("run-10")
        desk.filter(signs=frozenset({ChangeSign.BRIGHTER}))
        assert (held(desk), desk.place) == ("run-10", None)
        desk.filter(signs=frozenset())
        assert desk.place == COUNT - 11

    def test_its_distance_is_to_the_front_of_the_provider_on_show(
        self, workspace: Workspace, session: Session, desk: Reviewing
    ) -> None:
        workspace.catalog.frontlines.add_many([front("them", 36.01), front("us", 36.3)])
        session.refresh()
        desk.pick("run-0")
        near = session.changing.relations["run-0"]
        assert near is not None
        assert near.km == 0
        session.viewing.choose_provider("us")
        far = session.changing.relations["run-0"]
        assert far is not None
        assert far.km > 10
        desk.sort(Order.FRONT)
        kilometres = [one.km for one in desk.listed]
        assert None not in kilometres
        assert kilometres == sorted(kilometres)
        desk.filter(within_km=kilometres[2])
        assert desk.total == 3


class TestVerdicts:
    def test_a_verdict_is_safe_and_the_next_is_in_hand(self, workspace: Workspace, desk: Reviewing) -> None:
        desk.step(1)
        desk.judge("damage")
        assert stands(workspace) == [("Kim", Verdict.DAMAGE, "")]
        assert held(desk) == "run-28"
        assert desk.verdict_of("run-29") == desk.listed[0].verdict == "damage"
        assert dict(desk.summary.by_verdict)["damage"] == 1
        with open_workspace(workspace.root) as again:
            assert stands(again) == [("Kim", Verdict.DAMAGE, "")]

    def test_all_of_a_queue_is_gone_through_once(self, workspace: Workspace, desk: Reviewing) -> None:
        rng = random.Random(5)
        desk.pick("run-13")
        for _ in range(COUNT):
            desk.judge(rng.choice(list(Verdict)))
        assert len(workspace.catalog.reviews.of_run("run")) == COUNT
        assert desk.summary.precision.reviewed == COUNT
        assert workspace.catalog.log.head()[0] == COUNT

    def test_only_unreviewed_ones_are_offered(self, desk: Reviewing) -> None:
        desk.filter(verdicts=frozenset({"none"}))
        desk.step(1)
        desk.judge(Verdict.WATER)
        assert (desk.total, held(desk), desk.place) == (COUNT - 1, "run-28", 0)
        assert desk.summary.precision.reviewed == 1

    def test_a_verdict_is_replaced_and_keeps_its_note(self, workspace: Workspace, desk: Reviewing) -> None:
        desk.step(1)
        desk.note("by the river ")
        desk.judge(Verdict.WATER, advance=False)
        desk.judge(Verdict.MOVED, advance=False)
        assert stands(workspace) == [("Kim", Verdict.MOVED, "by the river")]
        assert desk.mine is not None
        assert desk.mine.note == "by the river"
        desk.note("")
        assert stands(workspace) == [("Kim", Verdict.MOVED, "")]

    def test_undo_takes_one_word_at_a_time_back(self, workspace: Workspace, desk: Reviewing) -> None:
        desk.step(1)
        desk.judge(Verdict.WATER, advance=False)
        desk.judge(Verdict.MOVED)
        desk.judge(Verdict.DAMAGE)
        assert desk.undo()
        assert (held(desk), stands(workspace, 28)) == ("run-28", [])
        assert desk.undo()
        assert (held(desk), stands(workspace)) == ("run-29", [("Kim", Verdict.WATER, "")])
        assert desk.undo()
        assert stands(workspace) == []
        assert not desk.undo()
        assert dict(desk.summary.by_verdict)["none"] == COUNT
        assert workspace.catalog.log.verify() == 6
        desk.judge(Verdict.EARTHWORKS, advance=False)
        assert stands(workspace) == [("Kim", Verdict.EARTHWORKS, "")]

    def test_keys_faster_than_the_disk_lose_nothing_and_offer_nothing_twice(self, workspace: Workspace) -> None:
        slow = Held()
        session = begin(workspace, background=slow)
        slow.go()
        desk = session.reviewing
        desk.step(1)
        for verdict in (Verdict.DAMAGE, Verdict.WATER, Verdict.MOVED):
            desk.judge(verdict)
        desk.undo()
        assert held(desk) == "run-26"
        assert workspace.catalog.log.events() == []
        slow.go()
        assert [stands(workspace, number) for number in (29, 28, 27)] == [
            [("Kim", Verdict.DAMAGE, "")], [("Kim", Verdict.WATER, "")], [],
        ]  # fmt: skip
        assert held(desk) == "run-27"
        assert {event.outcome for event in workspace.catalog.log.events()} == {Outcome.APPLIED}

    def test_two_words_on_one_change_at_once_are_based_on_each_other(self, workspace: Workspace) -> None:
        slow = Held()
        desk = begin(workspace, background=slow).reviewing
        slow.go()
        desk.step(1)
        desk.judge(Verdict.DAMAGE, advance=False)
        desk.note("roof")
        desk.judge(Verdict.WATER, advance=False)
        slow.go()
        assert stands(workspace) == [("Kim", Verdict.WATER, "roof")]
        assert {event.outcome for event in workspace.catalog.log.events()} == {Outcome.APPLIED}

    def test_a_full_disk_is_told_and_the_change_stays_in_hand(
        self, workspace: Workspace, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk = session.reviewing
        desk.step(1)

        def full(*_: object, **__: object) -> None:
            raise DiskFullError("No room; nothing was written.")

        with monkeypatch.context() as patch:
            patch.setattr(workspace.catalog.log, "append", full)
            desk.judge(Verdict.DAMAGE)
        assert "No room" in said(session)
        assert (held(desk), desk.mine, desk.verdict_of("run-29")) == ("run-29", None, "none")
        assert not desk.undo()
        desk.judge(Verdict.DAMAGE)
        assert stands(workspace) == [("Kim", Verdict.DAMAGE, "")]

    def test_nothing_is_judged_while_the_map_shows_the_past(self, workspace: Workspace) -> None:
        session = begin(workspace, known_at=T0 + 99 * DAY)
        desk = session.reviewing
        desk.step(1)
        desk.judge(Verdict.DAMAGE)
        assert "known earlier" in said(session)
        desk.note("no")
        desk.undo()
        assert workspace.catalog.log.events() == []


class TestTwoReviewers:
    def test_the_second_sees_nothing_of_the_first_before_judging(self, workspace: Workspace, desk: Reviewing) -> None:
        other = begin(workspace, "Lou").reviewing
        for each in (desk, other):
            each.step(1)
        desk.judge(Verdict.DAMAGE, advance=False)
        desk.note("roof gone")
        other.refresh()
        assert (other.reviews, other.verdict_of("run-29"), other.summary.precision.reviewed) == ((), "none", 0)
        assert sum(counts[0] for counts in other.lane.counts) == COUNT
        other.note("not sure")
        assert [one.reviewer for one in other.reviews] == ["Lou"]
        other.judge(Verdict.FALSE_ALARM, advance=False)
        assert [(one.reviewer, one.note) for one in other.reviews] == [("Kim", "roof gone"), ("Lou", "not sure")]
        assert other.verdict_of("run-29") == "disputed"
        assert (other.summary.precision.disputed, other.summary.doubly) == (1, 1)
        assert other.undo()
        assert [one.reviewer for one in other.reviews] == ["Lou"]

    def test_agreement_is_told_of_what_both_judged(self, workspace: Workspace, desk: Reviewing) -> None:
        other = begin(workspace, "Lou").reviewing
        mine = [Verdict.DAMAGE, Verdict.DAMAGE, Verdict.FALSE_ALARM, Verdict.FALSE_ALARM]
        yours = [Verdict.DAMAGE, Verdict.FALSE_ALARM, Verdict.FALSE_ALARM, Verdict.FALSE_ALARM]
        for each, verdicts in ((desk, mine), (other, yours)):
            each.step(1)
            for verdict in verdicts:
                each.judge(verdict)
        desk.refresh()
        for each in (desk, other):
            assert each.summary.kappa == pytest.approx(0.5)
            assert (each.summary.doubly, each.summary.reviewers) == (4, ("Kim", "Lou"))
            assert each.summary.precision == other.summary.precision

    def test_another_name_is_another_reviewer(self, session: Session, desk: Reviewing) -> None:
        desk.step(1)
        desk.judge(Verdict.DAMAGE, advance=False)
        session.company.introduce("Lou")
        assert (desk.mine, desk.verdict_of("run-29"), desk.reviews) == (None, "none", ())
        session.company.introduce("Kim")
        assert desk.mine is not None
        assert desk.verdict_of("run-29") == "damage"

    def test_one_name_in_two_windows_is_told_and_nothing_lost(self, workspace: Workspace, session: Session) -> None:
        desk, window = session.reviewing, begin(workspace).reviewing
        for each in (desk, window):
            each.step(1)
        window.judge(Verdict.WATER, advance=False)
        desk.judge(Verdict.DAMAGE)
        assert "another window" in said(session)
        assert (held(desk), stands(workspace)) == ("run-29", [("Kim", Verdict.WATER, "")])
        assert desk.mine is not None
        assert desk.mine.verdict is Verdict.WATER
        desk.judge(Verdict.DAMAGE)
        assert stands(workspace) == [("Kim", Verdict.DAMAGE, "")]

    def test_undo_never_takes_back_what_another_window_said(self, workspace: Workspace, session: Session) -> None:
        desk, window = session.reviewing, begin(workspace).reviewing
        desk.step(1)
        desk.judge(Verdict.DAMAGE)
        window.step(1)
        window.judge(Verdict.WATER)
        desk.undo()
        assert "another window" in said(session)
        assert stands(workspace) == [("Kim", Verdict.WATER, "")]


def test_a_key_that_comes_before_the_queue_is_kept_for_it(workspace: Workspace) -> None:
    later = Held()
    session = begin(workspace, background=later)
    session.step_change(1)
    assert session.reviewing.selected is None
    assert "No detected change" not in said(session)
    later.go()
    assert held(session.reviewing) == f"run-{COUNT - 1}"


def test_every_order_has_a_queue(desk: Reviewing) -> None:
    for order in Order:
        desk.sort(order)
        assert desk.total == COUNT
