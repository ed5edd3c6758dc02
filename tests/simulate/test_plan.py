import json
from datetime import timedelta
from pathlib import Path

import pytest
from shapely import box
from shapely.geometry import shape

from dashboard.simulate.events import DAYS, START, events, moment
from dashboard.simulate.front import REACH_M, fronts, write_fronts
from dashboard.simulate.ground import HALF_M
from dashboard.simulate.plan import STACKS, hollow, plan
from dashboard.simulate.truth import write_terrain, write_truth

SEED = 2026
END = START + timedelta(days=DAYS)


def test_there_are_enough_acquisitions_of_enough_constellations() -> None:
    planned = plan()
    assert len(planned) >= 44
    assert len({p.stack.constellation for p in planned}) >= 8
    assert len({p.stack.form for p in planned}) >= 8
    assert len({p.id for p in [*planned, *hollow()]}) == len(planned) + len(hollow())
    assert all(p.start < END and p.received > p.start for p in [*planned, *hollow()])
    past = [p for p in planned if p.start < START]
    assert {p.stack.name for p in past} == {"S1-D"}
    assert len(past) >= 20


def test_the_past_moves_nobodys_number() -> None:
    present = [p for p in plan() if p.start >= START]
    assert [p.number for p in present] == list(range(len(present)))
    assert min(p.number for p in plan() if p.start < START) > max(p.number for p in [*present, *hollow()])


def test_enough_stacks_are_long_enough_for_change_detection() -> None:
    long = [stack for stack in STACKS if len(stack.days) >= 5]
    assert len(long) >= 7
    assert {stack.constellation for stack in long} == {"iceye", "qps-sar", "cosmo-skymed", "alos", "sentinel-1"}


def test_what_cannot_be_calibrated_is_not() -> None:
    without = {stack.constellation for stack in STACKS if not stack.calibrated}
    assert {"qps-sar", "csg"} <= without
    assert not without & {"iceye", "capella", "cosmo-skymed", "alos", "sentinel-1", "sarah"}


def test_events_lie_inside_the_area_and_the_ninety_days() -> None:
    area = box(-HALF_M, -HALF_M, HALF_M, HALF_M)
    for event in events(SEED):
        assert event.outline.is_valid
        assert area.contains(event.outline)
        assert 0 < event.start < (event.end or DAYS) <= DAYS
        assert event.outline.area >= 20 * 4.0**2


def test_the_truth_is_written_with_times_and_signs(tmp_path: Path) -> None:
    found = json.loads(write_truth(tmp_path, SEED).read_text())["features"]
    assert len(found) == len(events(SEED))
    assert {f["properties"]["sign"] for f in found} == {"mixed", "darker", "brighter"}
    assert all(START.isoformat()[:10] <= f["properties"]["from"][:10] < END.isoformat()[:10] for f in found)
    assert all(144 < x < 146 for f in found for x in shape(f["geometry"]).bounds[::2])


def test_the_terrain_names_every_kind_of_the_basemap(tmp_path: Path) -> None:
    found = json.loads(write_terrain(tmp_path, SEED).read_text())["features"]
    kinds = {f["properties"]["kind"] for f in found}
    assert kinds == {"water", "river", "road", "bridge", "built", "forest", "runway", "field"}


def test_the_two_sides_partition_one_square_every_week() -> None:
    snapshots = fronts(SEED)
    assert len(snapshots) == 13
    square = box(-REACH_M, -REACH_M, REACH_M, REACH_M)
    for front in snapshots:
        assert front.blue.is_valid
        assert front.orange.is_valid
        assert front.blue.intersection(front.orange).area == pytest.approx(0, abs=1e-3)
        assert front.blue.union(front.orange).symmetric_difference(square).area == pytest.approx(0, abs=1e-3)


def test_the_line_crosses_the_town_in_the_week_of_the_story() -> None:
    town = box(100, 0, 900, 700)
    before, after = (f for f in fronts(SEED) if f.valid_from in {moment(42 + 4 / 24), moment(49 + 4 / 24)})
    assert before.blue.intersection(town).area > 0.9 * town.area
    assert after.orange.intersection(town).area > 0.4 * town.area


def test_a_snapshot_on_disk_has_both_sides_with_their_colours_and_no_gap(tmp_path: Path) -> None:
    path, valid_from = write_fronts(tmp_path, SEED)[0]
    content = json.loads(path.read_text())
    blue, orange = (shape(f["geometry"]) for f in content["features"])
    assert [f["properties"]["fill"] for f in content["features"]] == ["#5b8def", "#f2994a"]
    assert blue.intersection(orange).area == pytest.approx(0, abs=1e-12)
    assert valid_from == moment(4 / 24)
    assert content["caveats"] == ["EXERCISE - SYNTHETIC DATA"]
