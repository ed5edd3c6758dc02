"""Frames of the front: whole, near enough, shared, and fast."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from dashboard.geo.mercator import extent_of, project
from dashboard.model.errors import InputError
from dashboard.model.frontline import ControlArea, FrontlineSnapshot
from dashboard.model.view import Extent
from dashboard.workflows.front_play import frame_at, front_frame
from dashboard.workflows.fronts import front_course, fronts
from dashboard.workflows.workspace import Workspace, open_workspace

DAYS = Path(__file__).parents[2].parent / "shared" / "data" / "deepstate-daily"
T0 = datetime(2024, 2, 1, tzinfo=UTC)
MAP = extent_of((35.5, 47.5, 38.5, 49.5))


def snapshot(name: str, **sides: Polygon) -> FrontlineSnapshot:
    areas = tuple(ControlArea(side=s, geometry=MultiPolygon([g]), colour="#112233") for s, g in sides.items())
    return FrontlineSnapshot(id=name, provider="p", valid_from=T0, areas=areas, sha256=name, retrieved=T0)


def divided(name: str, seed: int) -> FrontlineSnapshot:
    rng = np.random.default_rng(seed)
    front = np.column_stack([37 + 0.05 * np.cumsum(rng.normal(0, 0.05, 3000)), np.linspace(48, 49, 3000)])
    return snapshot(name, WEST=Polygon([*front, (36, 49), (36, 48)]), EAST=Polygon([*front, (38, 49), (38, 48)]))


@given(seed=st.integers(0, 10_000), width=st.sampled_from([40, 300, 1400]))
@settings(max_examples=10, deadline=None)
def test_nothing_is_moved_by_half_a_pixel_and_no_gap_opens_between_sides(seed: int, width: int) -> None:
    given_ = divided(f"{seed}", seed)
    frame = front_frame(given_, MAP, width)
    pixel = (MAP.x1 - MAP.x0) / width
    for (side, colour, drawn), area in zip(frame.sides, given_.areas, strict=True):
        assert (side, colour) == (area.side, area.colour)
        true = shapely.get_coordinates(project(area.geometry))
        away = shapely.distance(shapely.points(true), drawn.boundary)
        assert away.max() <= 0.5 * pixel
        assert shapely.get_num_coordinates(drawn) <= len(true)
    ours, theirs = ({tuple(xy) for xy in shapely.get_coordinates(drawn).tolist()} for _, _, drawn in frame.sides)
    (line,) = (line for _, line in frame.lines)
    assert {tuple(xy) for xy in shapely.get_coordinates(line).tolist()} <= ours & theirs


def test_what_lies_outside_the_map_is_cut_and_a_margin_stays() -> None:
    wide = snapshot("wide", RED=box(20, 40, 50, 60))
    frame = front_frame(wide, MAP, 1000)
    x0, y0, x1, y1 = frame.sides[0][2].bounds
    across, up = MAP.x1 - MAP.x0, MAP.y1 - MAP.y0
    assert (x0, x1) == pytest.approx((MAP.x0 - across / 4, MAP.x1 + across / 4), abs=across / 1000)
    assert (y0, y1) == pytest.approx((MAP.y0 - up / 4, MAP.y1 + up / 4), abs=across / 1000)
    elsewhere = front_frame(wide, Extent(0, 0, 1000, 1000), 1000)
    assert elsewhere.sides[0][2].is_empty
    with pytest.raises(InputError, match="0 pixels"):
        front_frame(wide, MAP, 0)


def test_a_frame_is_made_once_and_is_the_same_for_every_thread() -> None:
    many = [divided(f"thread-{n}", n) for n in range(12)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: (n, front_frame(many[n % 12], MAP, 700)), range(96)))
    for n, frame in found:
        assert frame is front_frame(many[n % 12], MAP, 700)
        assert frame.snapshot_id == many[n % 12].id
        assert len({side for side, _, _ in frame.sides}) == 2


@pytest.fixture(scope="module", name="days")
def _days(tmp_path_factory: pytest.TempPathFactory):
    """Give a workspace with a hundred real days."""
    if not DAYS.is_dir():
        pytest.skip("the real frontline days are not on this machine")
    table = geopandas.read_parquet(DAYS / "deepstate_daily.parquet").iloc[:100]
    with open_workspace(tmp_path_factory.mktemp("days") / "w") as workspace:
        workspace.catalog.frontlines.add_many(
            FrontlineSnapshot(
                id=f"d-{n}", provider="d", valid_from=T0 + timedelta(days=n), sha256=str(n), retrieved=T0,
                areas=(ControlArea(side="occupied", geometry=geometry),),
            )
            for n, geometry in enumerate(table.geometry)
        )  # fmt: skip
        yield workspace


def test_real_days_play_at_more_than_ten_a_second(days: Workspace) -> None:
    whole = extent_of((31, 44, 41, 52))
    course = front_course(days, "d")
    assert len(course) == 100
    started = time.process_time()
    for moment, name in course[:60]:
        frame = frame_at(days, "d", moment + timedelta(hours=5), (whole, 1400))
        assert frame is not None
        assert (frame.snapshot_id, frame.valid_from) == (name, moment)
        found = fronts(days, "d", course[0][0], moment)
        assert found.after is not None
        assert found.after.id == name
    assert time.process_time() - started < 6.0
    again = time.process_time()
    for moment, _ in course[:60]:
        frame_at(days, "d", moment, (whole, 1400))
    assert time.process_time() - again < 0.5
    assert frame_at(days, "d", T0 - timedelta(days=1), (whole, 1400)) is None
