from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from dashboard.model.errors import CancelledError, NotFoundError
from dashboard.model.progress import CancelToken, Progress
from dashboard.model.stack import stack_of, statistics_refusals
from dashboard.model.view import CompareMode, Layer
from dashboard.simulate.front import OSINT, retrieved
from dashboard.simulate.plan import hollow, plan
from dashboard.workflows.exercise import PROVIDER, Scale, build_exercise, delivered, exercise_view
from dashboard.workflows.front_report import band, report
from dashboard.workflows.fronts import providers
from dashboard.workflows.workspace import Workspace, open_workspace

pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")

CAVEAT = "EXERCISE - SYNTHETIC DATA"
SMALL = Scale(half_m=750.0, limit=7)
"""1.5 km, the first seven of the first stack: the story's two among them."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, list[Progress]]]:
    told: list[Progress] = []
    with open_workspace(tmp_path_factory.mktemp("exercise")) as workspace:
        build_exercise(workspace, scale=SMALL, report=told.append)
        yield workspace, told


def test_products_come_in_through_the_real_reader_with_the_caveat(built) -> None:
    workspace, _ = built
    found = workspace.catalog.acquisitions.find()
    with_pixels = [acq for acq in found if acq.pixels is not None]
    there = delivered(workspace)
    assert [acq.id for acq in with_pixels] == [there[p.id] for p in plan()[:7]]
    assert len(found) == len(with_pixels) + len(hollow())
    assert all(CAVEAT in acq.handling.caveats for acq in found)
    assert {acq.origin.reader for acq in with_pixels} == {"iceye"}
    assert all(acq.calibration.valid for acq in with_pixels)


def test_the_side_car_says_what_the_plan_says(built) -> None:
    workspace, _ = built
    planned = plan()[0]
    acq = workspace.catalog.acquisitions.get(delivered(workspace)[planned.id])
    assert abs(acq.start - planned.start) < timedelta(milliseconds=1)
    assert acq.received is not None
    assert abs(acq.received - planned.received) < timedelta(milliseconds=1)
    assert (acq.look, acq.pass_direction) == (planned.stack.look, planned.stack.pass_direction)
    assert acq.incidence_deg == pytest.approx(planned.stack.incidence_deg, abs=0.1)
    assert acq.look_azimuth_deg == pytest.approx(planned.stack.azimuth_deg, abs=0.5)
    assert acq.looks == planned.stack.looks


def test_the_archive_holds_the_simulated_power(built) -> None:
    workspace, _ = built
    planned = plan(SMALL.half_m)[0]
    acq = workspace.catalog.acquisitions.get(delivered(workspace)[planned.id])
    assert acq.pixels is not None
    power = workspace.archive.read(acq.pixels, "VV", planned.grid.geobox)
    assert power.shape == planned.grid.shape
    assert -16 < 10 * np.log10(float(power.mean())) < 3


def test_members_of_a_stack_may_be_compared(built) -> None:
    workspace, _ = built
    found = [acq for acq in workspace.catalog.acquisitions.find() if acq.pixels is not None]
    assert len(stack_of(found[0], found)) == 7
    assert statistics_refusals(found[0], found[1]) == ()


def test_frontlines_are_there_with_both_sides_and_the_caveat(built) -> None:
    workspace, _ = built
    assert workspace.catalog.frontlines.providers() == [PROVIDER, OSINT]
    view = exercise_view(workspace)
    before, after = (workspace.catalog.acquisitions.get(id_).start for id_ in (view.a or "", view.b or ""))
    lines = [workspace.catalog.frontlines.at(PROVIDER, moment) for moment in (before, after)]
    assert lines[0] != lines[1]
    for line in lines:
        assert line is not None
        assert {(area.side, area.colour) for area in line.areas} == {("BLUE", "#5b8def"), ("ORANGE", "#f2994a")}
        assert CAVEAT in line.handling.caveats
    assert len({area.snapshot_id for area in workspace.catalog.frontlines.series(PROVIDER)}) == 13


def test_two_accounts_of_the_front_disagree_and_ground_is_counted_by_sector(built) -> None:
    workspace, _ = built
    view = exercise_view(workspace)
    before, after = (workspace.catalog.acquisitions.get(id_).start for id_ in (view.a or "", view.b or ""))
    found = band(workspace, PROVIDER, OSINT, after)
    assert found is not None
    assert 1 < found.km2 < 60
    between = report(workspace, PROVIDER, before, after)
    assert between is not None
    assert {row.name for row in between.by_unit} == {"Sector North", "Sector Centre", "Sector South"}
    rows = [row for row in between.by_unit if row.side == "ORANGE"]
    (orange,) = (side for side in between.sides if side.side == "ORANGE")
    assert sum(row.net_km2 for row in rows) == pytest.approx(orange.net_km2, rel=1e-3)


def test_the_front_was_known_hours_after_it_was_so(built) -> None:
    workspace, _ = built
    (start, name), (_, second) = workspace.catalog.frontlines.moments(PROVIDER)[:2]
    known = retrieved(start)
    assert providers(workspace, known - timedelta(seconds=1)) == ()
    assert workspace.catalog.frontlines.at(PROVIDER, start, known).id == name
    far_later = start + timedelta(days=7, hours=8)
    assert workspace.catalog.frontlines.at(PROVIDER, far_later).id == second
    assert workspace.catalog.frontlines.at(PROVIDER, far_later, far_later).id == name


def test_the_first_view_tells_the_story(built) -> None:
    workspace, _ = built
    view = exercise_view(workspace)
    assert view.compare is CompareMode.SWIPE
    assert view.provider == PROVIDER
    assert {Layer.FRONTLINE, Layer.GHOST, Layer.GROUND, Layer.IMAGERY} <= view.layers


def test_truth_lies_beside_the_archive_and_nothing_is_left_over(built) -> None:
    workspace, _ = built
    names = {path.name for path in (workspace.root / "exercise").iterdir()}
    assert names == {"truth.geojson", "terrain.geojson", "version", "delivered.json"}
    assert [area.name for area in workspace.catalog.areas.all()] == ["Exercise NIGHTGLASS"]


def test_progress_only_grows_and_ends(built) -> None:
    _, told = built
    done = [progress.done for progress in told]
    assert done == sorted(done)
    assert done[-1] == 1.0
    assert len(done) >= 7


def test_a_finished_exercise_is_not_touched_again(built) -> None:
    workspace, _ = built
    told: list[Progress] = []
    revision = workspace.catalog.revision
    build_exercise(workspace, scale=SMALL, report=told.append)
    assert told == []
    assert workspace.catalog.revision == revision


def test_a_stopped_build_goes_on_where_it_stopped(tmp_path: Path) -> None:
    scale = Scale(half_m=300.0, limit=4)
    token = CancelToken()

    def stop_at_the_third(progress: Progress) -> None:
        if progress.text.endswith(plan()[2].id):
            token.cancel()

    with open_workspace(tmp_path) as workspace:
        with pytest.raises(CancelledError):
            build_exercise(workspace, scale=scale, report=stop_at_the_third, cancel=token)
        assert not (tmp_path / "exercise" / "version").exists()
        assert not list((tmp_path / "exercise").glob("incoming-*"))
        first = {acq.id for acq in workspace.catalog.acquisitions.find()}
        assert first == set(delivered(workspace).values())
        assert set(delivered(workspace)) == {p.id for p in plan()[:2]}
        told: list[Progress] = []
        build_exercise(workspace, scale=scale, report=told.append)
        assert sum("Simulating" in progress.text for progress in told) == 2
        assert {p.id for p in plan()[:4]} == set(delivered(workspace))


def test_the_view_of_an_exercise_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with open_workspace(tmp_path) as workspace, pytest.raises(NotFoundError):
        exercise_view(workspace)


def test_uncalibrated_products_say_why_and_statistics_refuse_them(tmp_path: Path) -> None:
    from dashboard.simulate.product import write_product
    from dashboard.workflows.ingest import ingest

    planned = [p for p in plan(300.0) if not p.stack.calibrated][:2]
    with open_workspace(tmp_path / "workspace") as workspace:
        for n, one in enumerate(planned):
            (tmp_path / str(n)).mkdir()
            ingest(workspace, [write_product(one, tmp_path / str(n), 2026)])
        a, b = workspace.catalog.acquisitions.find()
        assert a.constellation == "qps-sar"
        assert a.pixels is not None
        assert "calibration constant not supplied" in " ".join(statistics_refusals(a, b))
