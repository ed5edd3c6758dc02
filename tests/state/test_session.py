"""The states of one session together, on a real exercise, with work done at once."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dashboard.geo.coordinates import to_mgrs
from dashboard.geo.mercator import bbox_of, to_lonlat
from dashboard.model.stack import mismatches
from dashboard.model.view import CompareMode, Extent, Layer, View
from dashboard.state.background import Immediate
from dashboard.state.notices import Weight
from dashboard.state.pictures import Doing
from dashboard.state.session import Session
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.frames import imagery
from dashboard.workflows.workspace import Workspace, open_workspace

SCREEN = (320, 190)


def begin(workspace: Workspace, view: View | None = None) -> Session:
    session = Session(workspace, view or exercise_view(workspace), Immediate())
    session.start()
    session.viewing.resized(*SCREEN)
    return session


@pytest.fixture
def session(exercise: Workspace) -> Session:
    return begin(exercise)


@pytest.fixture
def uncalibrated(exercise: Workspace) -> str:
    return next(acq.id for acq in exercise.catalog.acquisitions.find() if acq.pixels and not acq.calibration.valid)


def said(session: Session) -> str:
    return session.notices.current.text if session.notices.current else ""


class TestStepping:
    def test_forth_and_back_returns(self, session: Session) -> None:
        start = session.viewing.view
        for by in (1, -1):
            session.step(by)
            assert session.viewing.view != start
            session.step(-by)
            assert session.viewing.view == start

    def test_all_the_way_visits_everything_with_pixels_once_and_keeps_the_ground(self, session: Session) -> None:
        extent = session.viewing.view.extent
        session.reach.choose_b(session.reach.with_pixels[0])
        seen = [session.viewing.view.b]
        while True:
            session.step(1)
            if session.viewing.view.b == seen[-1]:
                break
            seen.append(session.viewing.view.b)
        assert seen == [acq.id for acq in session.reach.with_pixels]
        assert "No later acquisition" in said(session)
        assert session.viewing.view.extent == extent

    def test_within_the_stack_every_step_is_comparable(self, session: Session) -> None:
        anchor = session.reach.b
        assert anchor is not None
        seen = set()
        for _ in range(4):
            session.step(-1, same_stack=True)
            assert session.reach.b is not None
            assert mismatches(anchor, session.reach.b) == ()
            seen.add(session.reach.b.id)
        assert len(seen) == 4

    def test_the_constellation_filter_restricts_stepping(self, session: Session) -> None:
        session.viewing.choose_constellations(("qps-sar",))
        session.step(1)
        assert session.reach.b is not None
        session.step(-1)
        assert session.reach.b is not None
        assert session.reach.b.constellation == "qps-sar"


class TestReach:
    def test_holds_what_touches_the_map_and_nothing_else(self, session: Session, exercise: Workspace) -> None:
        everything = exercise.catalog.acquisitions.find()
        assert [acq.id for acq in session.reach.everything] == [acq.id for acq in everything]
        session.viewing.moved(Extent(0, 0, 1000, 1000))
        assert session.reach.everything == ()

    def test_the_filter_keeps_the_chosen_constellations_in_order_of_time(self, session: Session) -> None:
        session.viewing.choose_constellations(("sarah", "iceye"))
        shown = session.reach.shown
        assert {acq.constellation for acq in shown} == {"sarah", "iceye"}
        assert [acq.start for acq in shown] == sorted(acq.start for acq in shown)
        assert len(session.reach.with_pixels) < len(shown) < len(session.reach.everything)
        session.viewing.choose_constellations(())
        assert session.reach.shown == session.reach.everything

    def test_an_unknown_id_is_none(self, session: Session) -> None:
        assert session.reach.get("no-such-thing") is None
        assert session.reach.get(None) is None

    def test_a_moment_snaps_to_the_last_acquisition_before_it(self, session: Session) -> None:
        for acq in session.reach.with_pixels:
            assert session.reach.snapped(acq.start) == acq

    def test_choosing_b_takes_a_polarisation_it_has(self, exercise: Workspace) -> None:
        session = begin(exercise, replace(exercise_view(exercise), polarisation="HH"))
        session.reach.choose_b(session.reach.with_pixels[0])
        assert session.viewing.view.polarisation == "VV"


class TestGoingThere:
    @pytest.mark.parametrize("text", ["43.2500, 145.0500", "43°15'00\"N 145°03'00\"E", to_mgrs(145.05, 43.25)])
    def test_a_position_in_any_writing_is_centred(self, session: Session, text: str) -> None:
        session.go_to(text)
        lon, lat = to_lonlat(*session.viewing.view.extent.centre)
        assert (lon, lat) == pytest.approx((145.05, 43.25), abs=2e-5)
        assert session.viewing.view.pixel == pytest.approx((145.05, 43.25), abs=2e-5)
        assert session.viewing.undo()

    def test_a_place_is_centred_and_named(self, session: Session) -> None:
        session.go_to("Reykjavik")
        lon, lat = to_lonlat(*session.viewing.view.extent.centre)
        assert (lon, lat) == pytest.approx((-21.9, 64.13), abs=0.2)
        assert "Reykjav" in said(session)

    def test_nonsense_changes_nothing_and_is_told(self, session: Session) -> None:
        before = session.viewing.view
        session.go_to("qqqq zzzz 999")
        assert session.viewing.view == before
        assert "qqqq zzzz 999" in said(session)
        assert session.notices.current is not None
        assert session.notices.current.weight is Weight.WARNING

    def test_an_area_shows_its_suggested_view(self, session: Session) -> None:
        session.viewing.moved(Extent(0, 0, 1000, 1000))
        session.choose_area("Exercise NIGHTGLASS")
        west, _, east, _ = bbox_of(session.viewing.view.extent)
        assert west < 145.05 < east
        assert session.reach.b is not None


class TestTokens:
    def test_a_bad_token_leaves_the_view_and_is_told(self, session: Session) -> None:
        before = session.viewing.view
        session.open_token("v1.rubbish")
        assert session.viewing.view == before
        assert session.notices.current is not None
        assert session.notices.current.weight is Weight.ERROR
        assert "token" in said(session)

    def test_a_view_of_acquisitions_that_are_not_here_names_them(self, session: Session) -> None:
        from dashboard.model.token import encode

        session.open_token(encode(replace(session.viewing.view, b="from-elsewhere")))
        assert "from-elsewhere" in said(session)

    def test_another_session_shows_the_same(self, session: Session, exercise: Workspace) -> None:
        session.step(1)
        session.viewing.compare(CompareMode.LOG_RATIO)
        other = begin(exercise)
        other.open_token(session.viewing.token)
        assert other.viewing.view == session.viewing.view
        assert session.pictures.shown is not None
        assert other.pictures.shown is not None
        np.testing.assert_array_equal(session.pictures.shown.imagery.ratio, other.pictures.shown.imagery.ratio)


class TestPictures:
    def test_the_frame_is_that_of_the_view_on_the_screens_grid(self, session: Session, exercise: Workspace) -> None:
        shown = session.pictures.shown
        assert shown is not None
        assert shown.imagery.geobox.shape == SCREEN[::-1]
        expected = imagery(exercise, session.viewing.view, shown.imagery.geobox)
        np.testing.assert_array_equal(shown.imagery.levels_b, expected.levels_b)
        assert session.pictures.status.doing is Doing.READY

    @pytest.mark.parametrize("mode", [CompareMode.A, CompareMode.B, CompareMode.BLINK, CompareMode.TWO_COLOUR])
    def test_a_mode_that_the_browser_can_make_asks_for_no_frame(self, session: Session, mode: CompareMode) -> None:
        before = session.pictures.shown
        session.viewing.compare(mode)
        session.viewing.opacity(0.3)
        session.viewing.split_at(0.2)
        assert session.pictures.shown is before

    def test_nothing_here_is_said_not_shown_blank(self, session: Session) -> None:
        session.viewing.moved(Extent(0, 0, 1000, 1000))
        assert session.pictures.status.doing is Doing.EMPTY
        assert session.pictures.status.why

    def test_an_unknown_acquisition_fails_in_words(self, session: Session) -> None:
        session.viewing.choose(b="no-such-thing")
        assert session.pictures.status.doing is Doing.FAILED
        assert "no-such-thing" in session.pictures.status.why

    def test_switched_off_imagery_asks_for_nothing_and_comes_back(self, session: Session) -> None:
        session.viewing.show(Layer.IMAGERY, on=False)
        before = session.pictures.shown
        session.step(1)
        assert session.pictures.shown is before
        session.viewing.show(Layer.IMAGERY, on=True)
        assert session.pictures.shown is not before


class TestSeries:
    def test_a_click_reads_the_stack_as_the_archive_has_it(self, session: Session, exercise: Workspace) -> None:
        pixel = exercise_view(exercise).pixel
        assert pixel is not None
        session.viewing.inspect(*pixel)
        series = session.inspecting.series
        assert series is not None
        assert (series.lon, series.lat) == pixel
        items = [(acq.start, acq.pixels) for acq in series.members if acq.pixels is not None]
        power = exercise.archive.series(items, "VV", *pixel).values.astype(np.float64)
        np.testing.assert_allclose(series.power_db["VV"], 10 * np.log10(power), rtol=0, atol=1e-9)
        assert len(series.members) == 11
        assert session.inspecting.loading is False

    def test_outside_every_look_there_are_only_gaps(self, session: Session) -> None:
        session.viewing.inspect(145.2, 43.4)
        series = session.inspecting.series
        assert series is not None
        assert np.isnan(series.power_db["VV"]).all()


class TestDetection:
    def test_a_detection_is_shown_and_stored(self, open_copy: Callable[[], Workspace]) -> None:
        workspace = open_copy()
        session = begin(workspace)
        assert session.changing.refusals == ()
        session.changing.detect(full=False)
        outcome = session.changing.outcome
        assert outcome is not None
        assert session.changing.job.progress is None
        assert outcome.count > 0
        assert (outcome.run.before, outcome.run.after) == (session.viewing.view.a, session.viewing.view.b)
        assert session.changing.run_id == outcome.run.id
        stored = workspace.catalog.changes.find()
        assert len(stored) == outcome.count
        usual = {change.id for change in stored if change.score >= outcome.run.usual_score}
        assert usual
        assert {change.id for change in session.changing.changes} == usual
        with open_workspace(workspace.root) as again:
            assert [run.id for run in again.catalog.changes.runs()] == [outcome.run.id]
        first = session.reviewing.rows[0].id
        session.step_change(1)
        assert session.changing.selected == first
        session.step_change(-1)
        session.step_change(1)
        assert session.changing.selected == first

    @pytest.mark.parametrize("which", ["a", "b"])
    def test_the_uncalibrated_is_refused_by_name(self, session: Session, uncalibrated: str, which: str) -> None:
        session.viewing.choose(**{which: uncalibrated})
        assert any(uncalibrated in reason and "uncalibrated" in reason for reason in session.changing.refusals)

    def test_backward_time_and_nothing_chosen_are_refused(self, session: Session) -> None:
        other = next(acq for acq in session.reach.with_pixels if acq.platform == "iceye-x99")
        session.viewing.choose(a=other.id)
        assert session.changing.refusals == ()  # two stacks, each asked against its own past
        session.viewing.undo()
        session.viewing.exchange()
        assert any("not later" in reason for reason in session.changing.refusals)
        session.viewing.choose(a=session.viewing.view.b)
        assert any("same acquisition" in reason for reason in session.changing.refusals)

    def test_a_refused_detection_does_not_run(self, open_copy: Callable[[], Workspace]) -> None:
        workspace = open_copy()
        session = begin(workspace)
        session.viewing.exchange()
        session.changing.detect(full=False)
        assert session.changing.job.progress is None
        assert session.changing.outcome is None
        assert list(workspace.catalog.changes.runs()) == []

    def test_without_changes_stepping_says_what_to_do(self, session: Session) -> None:
        session.step_change(1)
        assert "detect" in said(session)


class TestFrontline:
    def test_the_line_of_b_the_ghost_of_a_and_the_ground_between(self, session: Session) -> None:
        found = session.fronting.fronts
        assert found is not None
        assert found.before is not None
        assert found.after is not None
        assert session.reach.a is not None
        assert session.reach.b is not None
        assert found.before.valid_from <= session.reach.a.start
        assert found.after.valid_from <= session.reach.b.start
        assert found.before.id != found.after.id
        assert any(change.gained_km2 > 0 for change in found.changes)
        assert session.fronting.provider == "exercise-control"

    def test_one_date_twice_has_no_ground_between(self, session: Session) -> None:
        session.viewing.choose(a=session.viewing.view.b)
        found = session.fronting.fronts
        assert found is not None
        assert found.changes == ()

    def test_the_banner_is_the_strictest_handling_shown(self, session: Session) -> None:
        assert "EXERCISE - SYNTHETIC DATA" in session.handling.banner
