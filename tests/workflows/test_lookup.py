from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, box

from dashboard.model.acquisition import Acquisition, Origin, PixelFile, Pixels
from dashboard.model.errors import NotFoundError
from dashboard.workflows.lookup import comparable, neighbour, snap
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2024, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PIXELS = Pixels(
    crs="EPSG:32637",
    transform=(10.0, 0.0, 5e5, 0.0, -10.0, 4e6),
    shape=(10, 10),
    files=(PixelFile(polarisation="VV", path="x/VV.tif", sha256="ab"),),
)


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "w") as workspace:
        yield workspace


def acquisition(id_: str, day: float = 0, **changes: object) -> Acquisition:
    plain = Acquisition(
        id=id_,
        constellation="sentinel-1",
        track=14,
        start=T0 + day * DAY,
        stop=T0 + day * DAY,
        polarisations=("VV",),
        footprint=box(36, 48, 37, 49),
        origin=Origin(reader="test", reader_version="0", product_sha256=id_),
        pixels=PIXELS,
    )
    return replace(plain, **changes)


def test_comparable_is_one_stack_with_pixels_over_the_same_ground(workspace: Workspace) -> None:
    anchor = acquisition("anchor", 5)
    same = [acquisition("late", 9, footprint=box(36.9, 48.9, 38, 50)), acquisition("early", 1)]
    other = [
        acquisition("track", 2, track=15),
        acquisition("mode", 3, mode="SLF"),
        acquisition("constellation", 4, constellation="iceye"),
        acquisition("polarisation", 6, polarisations=("HH",)),
        acquisition("hollow", 7, pixels=None),
        acquisition("beside", 8, footprint=box(37, 48, 38, 49)),
        acquisition("far", 10, footprint=box(0, 0, 1, 1)),
    ]
    workspace.catalog.acquisitions.add_many([*same, anchor, *other])
    assert [acq.id for acq in comparable(workspace, anchor)] == ["early", "anchor", "late"]
    assert comparable(workspace, acquisition("stranger", constellation="umbra")) == []


def test_comparable_reaches_across_the_antimeridian(workspace: Workspace) -> None:
    split = acquisition("split", footprint=MultiPolygon([box(179, 60, 180, 61), box(-180, 60, -179, 61)]))
    unwrapped = acquisition("unwrapped", 1, footprint=box(180.5, 60, 182, 61))
    elsewhere = acquisition("elsewhere", 2, footprint=box(10, 60, 11, 61))
    workspace.catalog.acquisitions.add_many([split, unwrapped, elsewhere])
    assert [acq.id for acq in comparable(workspace, split)] == ["split", "unwrapped"]
    assert [acq.id for acq in comparable(workspace, unwrapped)] == ["split", "unwrapped"]


@given(days=st.lists(st.integers(0, 5), min_size=1, max_size=8), data=st.data())
def test_stepping_there_and_back_returns(days: list[int], data: st.DataObject) -> None:
    among = [acquisition(f"a{n}", day, track=data.draw(st.sampled_from([14, 15]))) for n, day in enumerate(days)]
    here = data.draw(st.sampled_from(among))
    step, same_stack = data.draw(st.integers(-9, 9)), data.draw(st.booleans())
    there = neighbour(among, here.id, step, same_stack=same_stack)
    if there is not None:
        assert neighbour(among, there.id, -step, same_stack=same_stack) == here
        assert (there.start >= here.start) if step > 0 else (there.start <= here.start)
        assert not same_stack or there.track == here.track
    if not same_stack and abs(step) >= len(among):
        assert there is None


def test_every_acquisition_is_met_in_order_of_time() -> None:
    among = [acquisition("c", 2), acquisition("a", 1), acquisition("b", 1), acquisition("other", 1.5, track=15)]
    met, here = ["a"], "a"
    while (there := neighbour(among, here, 1)) is not None:
        met.append(here := there.id)
    assert met == ["a", "b", "other", "c"]
    assert neighbour(among, "b", 1, same_stack=True) == among[0]
    assert neighbour(among, "a", -1) is None
    assert neighbour(among, "other", 0) == among[3]


def test_stepping_from_nowhere_is_refused() -> None:
    with pytest.raises(NotFoundError, match="'gone' is not among the 1 acquisitions"):
        neighbour([acquisition("a")], "gone", 1)


def test_snap_takes_the_last_that_had_started() -> None:
    among = [acquisition("c", 4), acquisition("a", 1), acquisition("b", 2)]
    for day, expected in ((0, "a"), (1, "a"), (1.9, "a"), (2, "b"), (3.99, "b"), (400, "c")):
        found = snap(among, T0 + day * DAY)
        assert found is not None
        assert found.id == expected
    assert snap([], T0) is None
