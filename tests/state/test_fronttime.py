"""The front in time: steps and play in order, what moved, where providers differ, what a person must decide."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import shapely
from desk_makers import BOX, DAY, T0, begin, said, saved
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.model.frontline import OWN, ControlArea, FrontlineSnapshot
from dashboard.model.sketch import Shape
from dashboard.model.view import Layer
from dashboard.state.background import Immediate
from dashboard.state.session import Session
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.front_report import report
from dashboard.workflows.workspace import Workspace, open_workspace

DAYS = (0, 1, 2, 5, 9, 14)
"""Of the statements of provider "one"."""


def snapshot(day: int, *, provider: str = "one", east: float | None = None) -> FrontlineSnapshot:
    line = 36.1 + 0.01 * day if east is None else east
    ground = {"BLUE": shapely.box(35.5, 47.5, line, 48.7), "ORANGE": shapely.box(line, 47.5, 37, 48.7)}
    since = T0 + day * DAY
    return FrontlineSnapshot(
        id=f"{provider}-{since:%Y%m%dT%H%MZ}-{day:08}",
        provider=provider,
        valid_from=since,
        areas=tuple(ControlArea(side=s, geometry=shapely.MultiPolygon([area])) for s, area in ground.items()),
        sha256=f"{provider}{day:03}",
        retrieved=since + timedelta(hours=6),
    )


def filled(workspace: Workspace) -> Workspace:
    for day in DAYS:
        workspace.catalog.frontlines.add(snapshot(day))
    return workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "desk") as opened:
        yield filled(opened)


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with open_workspace(tmp_path_factory.mktemp("fronts") / "desk") as opened:
        yield filled(opened)


@pytest.fixture
def story(exercise: Workspace) -> Session:
    session = Session(exercise, exercise_view(exercise), Immediate())
    session.start()
    return session


class TestSteps:
    @settings(max_examples=60, deadline=None)
    @given(hours=st.integers(-48, 20 * 24), by=st.sampled_from([-1, 1]))
    def test_the_neighbour_is_the_nearest_statement_on_its_side(
        self, read_only: Workspace, hours: int, by: int
    ) -> None:
        now = T0 + timedelta(hours=hours)
        session = begin(read_only, valid_at=now)
        moments = [T0 + day * DAY for day in DAYS]
        assert session.fronting.moments() == moments
        found = session.fronting.neighbour(by)
        after, before = moments[bisect_right(moments, now) :], moments[: bisect_left(moments, now)]
        assert found == (after[0] if by > 0 and after else before[-1] if by < 0 and before else None)
        if found is not None:
            assert session.fronttime.step(by)
            assert session.viewing.view.valid_at == found
            back = session.fronting.neighbour(-by)
            assert back is None or (back < found if by > 0 else back > found)

    def test_play_visits_every_statement_once_in_order_with_its_own_front(self, workspace: Workspace) -> None:
        session = begin(workspace, valid_at=T0 + 30 * DAY)
        assert session.fronting.neighbour(1) is None
        session.fronttime.rewind()
        session.fronting.light = session.noting.light = True
        session.fronttime.playing = True
        seen = []
        while True:
            found = session.fronting.fronts
            assert found is not None
            assert found.after is not None
            assert found.after.valid_from == session.viewing.view.valid_at
            assert session.fronting.frame is not None
            assert session.fronting.frame.now is not None
            seen.append(found.after.valid_from)
            if not session.fronttime.step(1):
                break
        assert seen == [T0 + day * DAY for day in DAYS]

    def test_playing_is_no_step_to_undo(self, workspace: Workspace) -> None:
        session = begin(workspace, valid_at=T0)
        while session.fronttime.step(1):
            pass
        assert not session.viewing.undo()

    def test_rewinding_stays_within_the_timelines_window(self, workspace: Workspace) -> None:
        session = begin(workspace, valid_at=T0 + 30 * DAY, period=(T0 + 4 * DAY, T0 + 10 * DAY))
        session.fronttime.rewind()
        assert session.viewing.view.valid_at == T0 + 5 * DAY

    def test_without_a_front_there_is_no_step(self, tmp_path: Path) -> None:
        with open_workspace(tmp_path / "empty") as empty:
            session = begin(empty)
            session.fronttime.rewind()
            assert not session.fronttime.step(1)
            assert not session.fronttime.step(-1)
            assert session.viewing.view.valid_at == T0 + DAY

    def test_hovering_a_step_shows_the_ground_of_that_step_alone(self, workspace: Workspace) -> None:
        session = begin(workspace)
        fronting = session.fronting
        fronting.hover_step("one", T0 + 5 * DAY)
        gained = {change.side: change.gained_km2 for change in fronting.stepped}
        expected = shapely.box(36.12, 47.5, 36.15, 48.7)
        (blue,) = [change for change in fronting.stepped if change.side == "BLUE"]
        assert blue.gained.symmetric_difference(expected).area == pytest.approx(0.0, abs=1e-12)
        assert gained["BLUE"] > 0
        fronting.hover_step("one", T0)
        assert fronting.stepped == (), "nothing changed in the first one"
        fronting.hover_step("one", T0 + DAY)
        fronting.hover_step("one", None)
        assert fronting.stepped == ()


class TestReport:
    def test_it_is_worked_out_only_while_somebody_looks(self, story: Session, exercise: Workspace) -> None:
        assert story.fronttime.report is None
        story.fronttime.watched = True
        found = story.fronttime.report
        assert found is not None
        assert story.reach.a is not None
        assert story.reach.b is not None
        expected = report(exercise, "exercise-control", story.reach.a.start, story.reach.b.start)
        assert expected is not None
        assert found.before.id == expected.before.id
        assert found.after.id == expected.after.id
        assert [side.net_km2 for side in found.sides] == [side.net_km2 for side in expected.sides]

    def test_it_follows_the_moment_and_rests_while_days_are_played(self, story: Session) -> None:
        story.fronttime.watched = True
        before = story.fronttime.report
        story.fronttime.playing = True
        story.fronttime.step(-1)
        assert story.fronttime.report is before
        story.fronttime.playing = False
        assert story.fronttime.report is not before
        assert story.fronttime.report is not None
        assert story.fronting.fronts is not None
        assert story.fronting.fronts.after is not None
        assert story.fronttime.report.after.id == story.fronting.fronts.after.id

    def test_nothing_of_it_stays_when_there_is_nothing_to_compare(self, story: Session) -> None:
        story.fronttime.watched = True
        assert story.fronttime.report is not None
        story.believe(story.reach.everything[0].start - 400 * DAY)
        assert story.fronttime.report is None
        story.believe(None)

    def test_the_ribbon_needs_no_open_report(self, story: Session) -> None:
        story.viewing.show(Layer.DISPLACEMENT, on=True)
        assert story.fronttime.displacement is not None

    def test_the_band_is_there_while_its_layer_is_on(self, story: Session) -> None:
        assert story.fronttime.band is None
        story.viewing.show(Layer.DISAGREEMENT, on=True)
        assert story.fronttime.against not in {None, "exercise-control"}
        found = story.fronttime.band
        assert found is not None
        assert found.km2 > 0
        story.viewing.choose_against("exercise-control")
        assert story.fronttime.against != "exercise-control", "nobody is compared with himself"
        story.viewing.show(Layer.DISAGREEMENT, on=False)
        assert story.fronttime.band is None

    def test_a_provider_alone_is_compared_with_nobody(self, workspace: Workspace) -> None:
        session = begin(workspace)
        session.viewing.show(Layer.DISAGREEMENT, on=True)
        assert session.fronttime.against is None
        assert session.fronttime.band is None


class TestPast:
    @settings(max_examples=30, deadline=None)
    @given(hours=st.integers(-24, 20 * 24))
    def test_no_front_of_the_future_is_shown_stepped_to_or_drawn_on_the_timeline(
        self, read_only: Workspace, hours: int
    ) -> None:
        then = T0 + timedelta(hours=hours)
        session = begin(read_only, valid_at=T0 + 30 * DAY, known_at=then)
        known = [T0 + day * DAY for day in DAYS if T0 + day * DAY + timedelta(hours=6) <= then]
        assert session.fronting.moments() == known
        assert {row.valid_from for rows in session.fronting.series.values() for row in rows} == set(known)
        found = session.fronting.fronts
        shown = found.after if found is not None else None
        assert (shown.valid_from if shown else None) == (known[-1] if known else None)
        session.fronttime.rewind()
        while session.fronttime.step(1):
            assert session.viewing.view.valid_at in known

    def test_no_acquisition_of_the_future_is_shown(self, exercise: Workspace) -> None:
        every = exercise.catalog.acquisitions.find()
        for then in [
            every[0].start - DAY,
            every[0].start + DAY,
            every[len(every) // 2].start,
            every[-1].stop + 9 * DAY,
        ]:
            session = Session(exercise, exercise_view(exercise), Immediate())
            session.start()
            session.believe(then)
            view = session.viewing.view
            for name in (view.a, view.b):
                acq = session.reach.get(name)
                assert acq is None or (acq.received or acq.stop) <= then
            assert all((acq.received or acq.stop) <= then for acq in session.reach.shown)
            session.step(1)
            assert session.reach.b is None or (session.reach.b.received or session.reach.b.stop) <= then
            other = Session(exercise, exercise_view(exercise), Immediate())
            other.start()
            other.open_token(session.viewing.token)
            assert other.viewing.view == session.viewing.view

    def test_one_undo_leads_back_from_the_past(self, story: Session) -> None:
        before = story.viewing.view
        story.believe(story.reach.everything[0].start - DAY)
        assert story.viewing.view.b is None
        assert "nothing had" in said(story)
        assert story.viewing.undo()
        assert story.viewing.view == before

    def test_no_change_of_the_future_is_shown(self, open_copy: Callable[[], Workspace]) -> None:
        workspace = open_copy()
        session = Session(workspace, exercise_view(workspace), Immediate())
        session.start()
        session.viewing.resized(320, 190)
        session.changing.detect(full=False)
        assert session.changing.changes
        (run,) = session.changing.runs
        session.viewing.believe(run.created - timedelta(microseconds=1))
        assert session.changing.changes == ()
        assert session.changing.runs == ()
        session.viewing.believe(run.created)
        assert session.changing.runs == (run,)


class TestHeld:
    @pytest.fixture
    def session(self, workspace: Workspace) -> Session:
        workspace.catalog.frontlines.add(snapshot(20, east=35.6), held="BLUE shrinks by 80 %")
        session = begin(workspace, valid_at=T0 + 30 * DAY)
        session.fronttime.author = lambda: "Kim"
        return session

    def test_a_held_one_does_not_count_until_a_person_accepts_it(self, session: Session, workspace: Workspace) -> None:
        told: list[int] = []
        session.fronttime.wrote = lambda: told.append(1)
        assert session.fronting.moments()[-1] == T0 + 14 * DAY
        session.fronttime.decide(snapshot(20).id, accept=True)
        assert session.fronting.moments()[-1] == T0 + 20 * DAY
        assert session.fronting.fronts is not None
        assert session.fronting.fronts.after is not None
        assert session.fronting.fronts.after.id == snapshot(20).id
        assert told == [1]
        (event,) = workspace.catalog.log.events()
        assert (event.kind, event.author) == ("snapshot.accepted", "Kim")

    def test_a_refused_one_never_counts_and_is_not_forgotten(self, session: Session, workspace: Workspace) -> None:
        session.fronttime.decide(snapshot(20).id, accept=False)
        assert session.fronting.moments()[-1] == T0 + 14 * DAY
        assert [(one.id, one.accepted) for one in workspace.catalog.frontlines.held()] == [(snapshot(20).id, False)]

    def test_what_was_never_held_is_told(self, session: Session, workspace: Workspace) -> None:
        session.fronttime.decide("no-such-thing", accept=True)
        assert "no-such-thing" in said(session)
        assert workspace.catalog.log.head()[0] == 0

    def test_those_that_wait_are_listed_beside_the_report(self, open_copy: Callable[[], Workspace]) -> None:
        workspace = open_copy()
        workspace.catalog.frontlines.add(snapshot(20, provider="other"), held="reason")
        session = Session(workspace, exercise_view(workspace), Immediate())
        session.start()
        session.fronttime.watched = True
        assert [one.reason for one in session.fronttime.held] == ["reason"]
        session.fronttime.decide(session.fronttime.held[0].id, accept=False)
        assert session.fronttime.held == ()

    def test_those_that_wait_are_listed_without_a_picture_to_compare_with_too(self, session: Session) -> None:
        session.fronttime.watched = True
        assert [one.id for one in session.fronttime.held] == [snapshot(20).id]


def test_areas_that_are_drawn_here_are_a_front_of_their_own(workspace: Workspace) -> None:
    session = begin(workspace)
    assert OWN not in session.fronting.providers
    corners = ((BOX[0], BOX[1]), (36.2, BOX[1]), (36.2, BOX[3]), (BOX[0], BOX[3]))
    saved(session, *corners, shape=Shape.AREA, side="BLUE")
    assert OWN in session.fronting.providers
    session.viewing.choose_provider(OWN)
    assert session.fronting.fronts is not None
    assert session.fronting.fronts.after is not None
    assert [area.side for area in session.fronting.fronts.after.areas] == ["BLUE"]
    session.drawing.open = True
    session.undo()
    assert OWN not in session.fronting.providers
