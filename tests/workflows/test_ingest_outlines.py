"""Outlines into the catalogue: each file all or nothing, one failure stopping no other."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.model.errors import CancelledError, InputError
from dashboard.model.progress import CancelToken
from dashboard.workflows.ingest import exit_code
from dashboard.workflows.ingest_outlines import OutlineOptions, ingest_outlines
from dashboard.workflows.workspace import Workspace, open_workspace


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "w") as workspace:
        yield workspace


def outline(path: Path, west: float, *names: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    ring = [[west, 49.0], [west + 1, 49.0], [west + 1, 50.0], [west, 50.0], [west, 49.0]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    features = [{"type": "Feature", "properties": {"name": name}, "geometry": geometry} for name in names]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_files_and_folders_are_read_and_a_second_run_changes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    outline(folder / "a.geojson", 30, "North", "South")
    outline(folder / "b.json", 31, "East")
    entries = ingest_outlines(workspace, [folder], options=OutlineOptions(level="sector"))
    assert [(entry.status, entry.message) for entry in entries] == [
        ("added", "2 of 2 outlines"), ("added", "1 of 1 outlines"),
    ]  # fmt: skip
    assert [(one.name, one.level) for one in workspace.catalog.outlines.all()] == [
        ("North", "sector"), ("South", "sector"), ("East", "sector"),
    ]  # fmt: skip
    again = ingest_outlines(workspace, [folder], options=OutlineOptions(level="sector"))
    assert [entry.status for entry in again] == ["already there"] * 2


def test_one_bad_file_stops_nobody_and_a_taken_name_is_not_given_away(workspace: Workspace, tmp_path: Path) -> None:
    good, other = outline(tmp_path / "a.json", 30, "North"), outline(tmp_path / "b.json", 33, "New", "North")
    (tmp_path / "c.json").write_text("{")
    entries = ingest_outlines(workspace, [good, other, tmp_path / "c.json"])
    assert [entry.status.split(":")[0] for entry in entries] == ["added", "failed", "failed"]
    assert exit_code(entries) != 0
    assert [one.name for one in workspace.catalog.outlines.all()] == ["North"]
    (entry,) = ingest_outlines(workspace, [other], options=OutlineOptions(replace=True))
    assert entry.status == "added"
    assert workspace.catalog.outlines.all()[0].geometry.bounds[0] == 33


def test_missing_paths_empty_folders_and_cancel(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        ingest_outlines(workspace, [tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no outlines"):
        ingest_outlines(workspace, [tmp_path / "empty"])
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        ingest_outlines(workspace, [outline(tmp_path / "a.json", 30, "x")], cancel=token)
