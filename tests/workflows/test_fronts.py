from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shapely import MultiPolygon, box

from dashboard.geo.geodesy import area_km2
from dashboard.model.frontline import ControlArea, FrontlineSnapshot
from dashboard.workflows.fronts import Fronts, fronts
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2024, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "w") as workspace:
        yield workspace


def snapshot(day: int, east: float, provider: str = "deepstate") -> FrontlineSnapshot:
    ground = ControlArea(side="occupied", geometry=MultiPolygon([box(36, 48, east, 49)]))
    return FrontlineSnapshot(
        id=f"{provider}-{day}",
        provider=provider,
        valid_from=T0 + day * DAY,
        areas=(ground,),
        sha256=f"{day:02x}",
        retrieved=T0 + 99 * DAY,
    )


def test_ground_that_changed_hands_is_measured(workspace: Workspace) -> None:
    old, new = snapshot(0, 37.0), snapshot(7, 37.5)
    workspace.catalog.frontlines.add_many([old, new])
    found = fronts(workspace, "deepstate", T0 + 3 * DAY, T0 + 8 * DAY)
    assert (found.before, found.after) == (old, new)
    (change,) = found.changes
    assert change.side == "occupied"
    assert change.gained_km2 == pytest.approx(area_km2(box(37, 48, 37.5, 49)), rel=1e-3)
    assert change.lost_km2 == pytest.approx(0, abs=5)
    again = fronts(workspace, None, T0 + 4 * DAY, T0 + 9 * DAY)
    assert again.changes is found.changes  # computed once per pair of snapshots


def test_same_snapshot_at_both_times_changes_nothing(workspace: Workspace) -> None:
    workspace.catalog.frontlines.add(snapshot(0, 37.0))
    found = fronts(workspace, "deepstate", T0, T0 + DAY)
    assert found.before == found.after == snapshot(0, 37.0)
    assert found.changes == ()


def test_what_is_not_known_is_left_out(workspace: Workspace) -> None:
    assert fronts(workspace, None, T0, T0 + DAY) == Fronts()
    only = snapshot(5, 37.0)
    workspace.catalog.frontlines.add(only)
    assert fronts(workspace, "nobody", T0, T0 + 9 * DAY) == Fronts()
    assert fronts(workspace, None, T0, T0 + 9 * DAY) == Fronts(after=only)
    assert fronts(workspace, None, None, None) == Fronts()
    assert fronts(workspace, None, T0 + 6 * DAY, None) == Fronts(before=only)


def test_two_workspaces_with_equal_ids_are_kept_apart(workspace: Workspace, tmp_path: Path) -> None:
    workspace.catalog.frontlines.add_many([snapshot(0, 37.0), snapshot(7, 37.5)])
    with open_workspace(tmp_path / "other") as other:
        smaller = replace(snapshot(7, 36.5), sha256="ff")
        other.catalog.frontlines.add_many([snapshot(0, 37.0), smaller])
        moments = (T0, T0 + 8 * DAY)
        (here,), (there,) = (fronts(each, None, *moments).changes for each in (workspace, other))
    assert here.gained_km2 > 1000 > here.lost_km2
    assert there.lost_km2 > 1000 > there.gained_km2
