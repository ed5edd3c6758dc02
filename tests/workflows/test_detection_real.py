"""Detection on a real stack, from products to dated changes: one new bright thing, and rain that is none."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.catalog.query import AcquisitionQuery
from dashboard.model.change import Basis, ChangeSign
from dashboard.workflows.detection.question import Question
from dashboard.workflows.detection.run import detect
from dashboard.workflows.ingest import ingest
from dashboard.workflows.workspace import open_workspace

STACK = Path(__file__).parents[2].parent / "shared" / "data" / "opera-rtc-s1-california"
SUBURBS = "T137-292319-IW2"
pytestmark = pytest.mark.skipif(not STACK.is_dir(), reason=f"the real Sentinel-1 stack is not at {STACK}")


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with open_workspace(tmp_path_factory.mktemp("suburbs")) as workspace:
        products = list(STACK.glob(f"*/*{SUBURBS}*_VV.tif"))
        assert {entry.status for entry in ingest(workspace, products)} == {"added"}
        yield workspace, workspace.catalog.acquisitions.find(AcquisitionQuery())


def asked(world, before: tuple[str, str], after: tuple[str, str]):
    workspace, acquisitions = world
    last = acquisitions[-1]
    question = Question(
        before=(day(before[0]), day(before[1])), after=(day(after[0]), day(after[1])), anchors=(last.id,)
    )
    return detect(workspace, question, geobox=workspace.archive.native_geobox(last.pixels))


def test_the_building_site_is_first_and_dated_to_the_year_without_looks(world):
    run, changes = asked(world, ("2021-11-01", "2024-01-01"), ("2024-12-01", "2025-02-01"))
    assert (run.method, run.basis) == ("change-tstat", Basis.PLACEBO)
    assert (len(run.looked_before), len(run.looked_after)) == (20, 2)
    strongest = changes[0]
    assert strongest.sign is ChangeSign.BRIGHTER
    assert strongest.magnitude_db > 3
    assert (strongest.after.date().isoformat(), strongest.before.date().isoformat()) == ("2023-12-27", "2024-12-21")
    assert strongest.confirming == 2
    assert strongest.confidence > 0.5


def test_rain_on_the_whole_scene_is_said_and_nothing_in_it_is_called_sure(world):
    run, changes = asked(world, ("2021-11-01", "2022-12-25"), ("2022-12-30", "2023-01-05"))
    assert len(run.looked_after) == 1
    assert dict(run.parameters)["scene_excess"] > 2
    assert any("weather or season" in remark for remark in run.remarks)
    assert {change.confidence for change in changes} <= {None}


def test_a_dry_look_of_the_same_season_is_like_its_past(world):
    run, _ = asked(world, ("2021-11-01", "2023-11-25"), ("2023-12-01", "2023-12-05"))
    assert dict(run.parameters)["scene_excess"] < 2
    assert run.remarks == ()
