import csv
import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.model.errors import CancelledError, InputError
from dashboard.model.progress import CancelToken
from dashboard.workflows.ingest import exit_code
from dashboard.workflows.ingest_frontline import FrontOptions, ingest_frontlines
from dashboard.workflows.workspace import Workspace, open_workspace

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "deepstate-daily"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "work") as opened:
        yield opened


def front(folder: Path, day: int, west: float, start: int = 0) -> Path:
    """Write the snapshot of a day; `start` turns the ring, which is the same ground."""
    ring = [[west, 49.0], [west + 1, 49.0], [west + 1, 50.0], [west, 50.0]]
    ring = ring[start:] + ring[:start]
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    folder.mkdir(exist_ok=True)
    path = folder / f"front_202405{day:02}.geojson"
    feature = {"type": "Feature", "properties": {"side": "ORANGE"}, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def test_unchanged_days_point_to_the_day_before(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for day, west, start in ((3, 31.0, 0), (1, 30.0, 0), (2, 30.0, 2)):
        front(folder, day, west, start)
    entries = ingest_frontlines(workspace, [folder], provider="Exercise control")
    assert [e.status for e in entries] == ["added"] * 3
    assert entries[1].message == "as the one before"
    found = [workspace.catalog.frontlines.get(e.id) for e in entries]
    assert [s.valid_from.day for s in found] == [1, 2, 3]
    assert [s.same_as for s in found] == [None, found[0].id, None]
    assert {s.provider for s in found} == {"exercise-control"}


def test_a_second_run_and_a_copy_change_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = front(tmp_path / "in", 1, 30.0)
    ingest_frontlines(workspace, [path], provider="p")
    revision = workspace.catalog.revision
    copy = front(tmp_path / "copy", 1, 30.0, start=1)
    entries = ingest_frontlines(workspace, [path, copy], provider="p")
    assert [e.status for e in entries] == ["already there"] * 2
    assert workspace.catalog.revision == revision


def test_a_day_that_comes_late_is_compared_with_the_one_before_it(workspace: Workspace, tmp_path: Path) -> None:
    ingest_frontlines(workspace, [front(tmp_path, 1, 30.0), front(tmp_path, 3, 31.0)], provider="p")
    (entry,) = ingest_frontlines(workspace, [front(tmp_path, 2, 30.0)], provider="p")
    assert workspace.catalog.frontlines.get(entry.id).same_as == workspace.catalog.frontlines.at(
        "p", datetime(2024, 5, 1, tzinfo=UTC)
    ).id  # fmt: skip


def test_one_bad_file_stops_nobody(workspace: Workspace, tmp_path: Path) -> None:
    front(tmp_path / "in", 1, 30.0)
    (tmp_path / "in" / "a_20240502.geojson").write_text("{")
    entries = ingest_frontlines(workspace, [tmp_path / "in"], provider="p")
    assert Counter(e.status.split(":")[0] for e in entries) == {"failed": 1, "added": 1}
    assert exit_code(entries) == 4
    assert "a_20240502.geojson" in next(e.message for e in entries if e.failed)


def test_dry_run_missing_paths_and_cancel(workspace: Workspace, tmp_path: Path) -> None:
    path = front(tmp_path, 1, 30.0)
    (entry,) = ingest_frontlines(workspace, [path], provider="p", options=FrontOptions(dry_run=True))
    assert entry.status == "would add"
    assert workspace.catalog.frontlines.providers() == []
    with pytest.raises(InputError, match="nowhere"):
        ingest_frontlines(workspace, [tmp_path / "nowhere"], provider="p")
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        ingest_frontlines(workspace, [path], provider="p", cancel=token)


def test_every_real_day_is_there_once_with_its_area(workspace: Workspace) -> None:
    if not DATA.is_dir():
        pytest.skip("the shared sample data is not here")
    begun = time.monotonic()
    entries = ingest_frontlines(workspace, [DATA / "deepstate_daily.parquet"], provider="deepstate")
    assert time.monotonic() - begun < 60
    assert Counter(e.status for e in entries) == {"added": 769}
    assert sum(e.message == "as the one before" for e in entries) == 113
    with (DATA / "area_by_day.csv").open() as stream:
        wanted = {row["date"]: float(row["area_km2"]) for row in csv.DictReader(stream)}
    series = workspace.catalog.frontlines.series("deepstate")
    assert {f"{point.valid_from:%Y-%m-%d}" for point in series} == wanted.keys()
    assert all(p.km2 == pytest.approx(wanted[f"{p.valid_from:%Y-%m-%d}"], rel=1e-3) for p in series)
    one = workspace.catalog.frontlines.get(entries[0].id)
    assert one.handling.attributions == {"DeepStateMap"}
    assert not one.handling.redistribution
    again = ingest_frontlines(workspace, [DATA / "originals"], provider="deepstate")
    assert Counter(e.status for e in again) == {"already there": 14}
