"""Reports between dates and providers, on fronts whose numbers are known."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shapely import MultiPolygon, Point, box

from dashboard.geo.geodesy import area_km2, distance_m
from dashboard.model.frontline import ControlArea, FrontlineSnapshot
from dashboard.model.outline import Outline
from dashboard.workflows.front_report import band, related, report
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2024, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def square(west: float, east: float) -> MultiPolygon:
    return MultiPolygon([box(west, 48, east, 49)])


def snapshot(day: int, at: float, provider: str = "ours", known: int | None = None) -> FrontlineSnapshot:
    """Return a square parted at a longitude, BLUE west of it."""
    return FrontlineSnapshot(
        id=f"{provider}-{day}-{at:g}",
        provider=provider,
        valid_from=T0 + day * DAY,
        areas=(
            ControlArea(side="BLUE", geometry=square(36, at), colour="#5b8def"),
            ControlArea(side="ORANGE", geometry=square(at, 38)),
        ),
        sha256=f"{provider}{day}{at:g}",
        retrieved=T0 + (day if known is None else known) * DAY,
    )


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "w") as workspace:
        workspace.catalog.frontlines.add_many([snapshot(0, 37.0), snapshot(10, 37.1), snapshot(5, 36.9, "theirs")])
        yield workspace


def test_both_sides_are_reported_with_rate_length_and_displacement(workspace: Workspace) -> None:
    found = report(workspace, "ours", T0 + DAY, T0 + 11 * DAY)
    assert found is not None
    assert (found.before.valid_from, found.after.valid_from, found.days) == (T0, T0 + 10 * DAY, 10.0)
    blue, orange = found.sides
    gained = area_km2(square(37.0, 37.1))
    assert (blue.side, blue.gained_km2, blue.lost_km2) == ("BLUE", pytest.approx(gained), pytest.approx(0, abs=1e-6))
    assert blue.rate_km2_day == pytest.approx(gained / 10)
    assert orange.net_km2 == pytest.approx(-blue.net_km2)
    assert (blue.colour, orange.colour) == ("#5b8def", None)
    length = distance_m(37.0, 48, 37.0, 49) / 1e3
    assert blue.length_before_km == pytest.approx(length)  # the outer edge of the square is no front
    assert blue.displacement is not None
    moved = blue.displacement.profile[1]
    assert sorted(moved)[len(moved) // 2] == pytest.approx(distance_m(37.0, 48.5, 37.1, 48.5) / 1e3, rel=0.01)
    assert found.by_unit == ()


def test_ground_is_counted_by_area_and_the_areas_add_up(workspace: Workspace) -> None:
    halves = [Outline("South", "half", box(30, 40, 40, 48.4)), Outline("North", "half", box(30, 48.4, 40, 52))]
    workspace.catalog.outlines.add_many([*halves, Outline("Elsewhere", "half", box(0, 0, 1, 1))])
    found = report(workspace, "ours", T0, T0 + 10 * DAY)
    assert found is not None
    assert [(row.name, row.side) for row in found.by_unit] == [
        ("South", "BLUE"), ("South", "ORANGE"), ("North", "BLUE"), ("North", "ORANGE"),
    ]  # fmt: skip
    for side in found.sides:
        rows = [row for row in found.by_unit if row.side == side.side]
        assert sum(row.net_km2 for row in rows) == pytest.approx(side.net_km2, rel=1e-5)
    south = found.by_unit[0]
    assert south.gained_km2 == pytest.approx(area_km2(box(37, 48, 37.1, 48.4)), rel=1e-5)
    without = report(workspace, "ours", T0, T0 + 10 * DAY, outlines=False)
    assert without is not None
    assert without.by_unit == ()


def test_nothing_is_reported_of_times_without_a_snapshot_or_not_known_yet(workspace: Workspace) -> None:
    assert report(workspace, "ours", T0 - DAY, T0) is None
    assert report(workspace, "nobody", T0, T0 + DAY) is None
    same = report(workspace, "ours", T0, T0 + 10 * DAY, T0 + 9 * DAY)  # the second was retrieved on day 10
    assert same is not None
    assert same.before is same.after
    assert [(side.gained_km2, side.lost_km2, side.rate_km2_day) for side in same.sides] == [(0.0, 0.0, None)] * 2


def test_backwards_in_time_gains_are_losses_and_the_rate_is_of_the_change_asked_for(workspace: Workspace) -> None:
    there, back = (report(workspace, "ours", *dates) for dates in ((T0, T0 + 10 * DAY), (T0 + 10 * DAY, T0)))
    assert there is not None
    assert back is not None
    assert [(s.gained_km2, s.lost_km2) for s in there.sides] == [(s.lost_km2, s.gained_km2) for s in back.sides]


def test_two_providers_disagree_by_the_ground_between_their_lines(workspace: Workspace) -> None:
    found = band(workspace, "ours", "theirs", T0 + 6 * DAY)
    assert found is not None
    assert found.km2 == pytest.approx(area_km2(square(36.9, 37.0)), rel=1e-6)
    assert [(pair.one, pair.other) for pair in found.pairs] == [("BLUE", "ORANGE")]
    assert band(workspace, "ours", "theirs", T0 + 6 * DAY) is found  # made once
    later = band(workspace, "ours", "theirs", T0 + 12 * DAY)
    assert later is not None
    assert later.km2 > found.km2
    assert band(workspace, "ours", "theirs", T0 + 4 * DAY) is None
    assert band(workspace, "ours", "theirs", T0 + 12 * DAY, T0 + 4 * DAY) is None


def test_each_thing_is_measured_against_the_front_of_its_own_date(workspace: Workspace) -> None:
    here = Point(37.05, 48.5)
    items = [(here, T0 + DAY), (here, T0 + 12 * DAY), (here, T0 - DAY), (Point(), T0), (Point(30, 48.5), T0)]
    first, second, before, empty, far = related(workspace, "ours", items)
    assert (first.side, second.side) == ("ORANGE", "BLUE")
    assert first.km == pytest.approx(distance_m(37.05, 48.5, 37.0, 48.5) / 1e3, rel=1e-3)
    assert second.km == pytest.approx(distance_m(37.05, 48.5, 37.1, 48.5) / 1e3, rel=1e-3)
    assert before is None
    assert empty is None
    assert far.side == ""
    known_before = related(workspace, "ours", items, T0 + 9 * DAY)
    assert known_before[1] == first  # nobody knew of the second line
    assert related(workspace, "ours", []) == []
