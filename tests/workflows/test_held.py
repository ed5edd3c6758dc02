"""A sudden shrink waits for a person; everything else comes in."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.model.errors import CatalogError, InputError, NotFoundError
from dashboard.workflows.fronts import front_series, fronts
from dashboard.workflows.held import decide, held
from dashboard.workflows.ingest_frontline import FrontOptions, ingest_frontlines
from dashboard.workflows.workspace import Workspace, open_workspace


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "w") as workspace:
        yield workspace


def day(folder: Path, number: int, **widths: float) -> Path:
    """Write the snapshot of a day of May 2024: each side a box of that width in degrees, one above another."""
    features = []
    for row, (side, width) in enumerate(widths.items()):
        south = 48.0 + row
        ring = [[30, south], [30 + width, south], [30 + width, south + 1], [30, south + 1], [30, south]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"side": side}, "geometry": geometry})
    folder.mkdir(exist_ok=True)
    path = folder / f"front_202405{number:02}.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def at(number: int) -> datetime:
    return datetime(2024, 5, number, 12, tzinfo=UTC)


def shown(workspace: Workspace, number: int) -> int:
    """Return the day of the snapshot that is shown on a day."""
    found = fronts(workspace, "p", at(number), at(number)).after
    assert found is not None
    return found.valid_from.day


def test_a_shrink_beyond_the_share_is_held_and_days_go_on_from_the_last_one_that_counts(
    workspace: Workspace, tmp_path: Path
) -> None:
    widths = {1: 10.0, 2: 9.6, 3: 4.0, 4: 4.1, 5: 9.5}
    entries = ingest_frontlines(workspace, [day(tmp_path / "in", n, RED=w) for n, w in widths.items()], provider="p")
    assert [entry.status for entry in entries] == ["added", "added", "held", "held", "added"]
    assert "RED shrinks by 58.3 %" in entries[2].message
    assert "2024-05-02" in entries[3].message  # compared with the last day that counts, not with the held one
    assert [one.valid_from.day for one in held(workspace)] == [3, 4]
    assert [shown(workspace, n) for n in widths] == [1, 2, 2, 2, 5]
    assert {row.valid_from.day for row in front_series(workspace, "p")} == {1, 2, 5}


@pytest.mark.parametrize(("share", "status"), [(0.05, "held"), (0.2, "held"), (0.31, "added"), (1.0, "added")])
def test_the_share_is_an_option(workspace: Workspace, tmp_path: Path, share: float, status: str) -> None:
    paths = [day(tmp_path / "in", 1, RED=10.0), day(tmp_path / "in", 2, RED=7.0)]
    entries = ingest_frontlines(workspace, paths, provider="p", options=FrontOptions(shrink=share))
    assert [entry.status for entry in entries] == ["added", status]


def test_each_side_is_watched_and_one_that_vanishes_is_a_shrink(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    paths = [day(folder, 1, BLUE=10.0, RED=1.0), day(folder, 2, BLUE=10.0), day(folder, 3, BLUE=11.0, RED=0.9)]
    entries = ingest_frontlines(workspace, paths, provider="p")
    assert [entry.status for entry in entries] == ["added", "held", "held"]
    assert entries[1].message.startswith("RED shrinks by 100.0 %")
    assert entries[2].message.startswith("RED shrinks by 10.0 %")


def test_a_person_accepts_or_refuses_and_what_was_known_before_stays(workspace: Workspace, tmp_path: Path) -> None:
    paths = [day(tmp_path / "in", 1, RED=10.0), day(tmp_path / "in", 2, RED=4.0)]
    ingest_frontlines(workspace, paths, provider="p", options=FrontOptions(retrieved=at(3)))
    (waiting,) = held(workspace)
    event = decide(workspace, waiting.id, True, "ana")
    assert (event.kind, event.subject, event.author) == ("snapshot.accepted", f"snapshot:{waiting.id}", "ana")
    assert held(workspace) == []
    assert [one.accepted for one in held(workspace, decided=True)] == [True]
    assert shown(workspace, 2) == 2
    past = fronts(workspace, "p", at(2), at(2), known_at=event.at - timedelta(microseconds=1)).after
    assert past is not None
    assert past.valid_from.day == 1
    decide(workspace, waiting.id, False, "ben")
    assert shown(workspace, 2) == 1
    assert [e.author for e in workspace.catalog.log.events(subject=event.subject)] == ["ana", "ben"]
    assert workspace.catalog.log.verify() == 2


def test_a_held_snapshot_read_again_is_there_already(workspace: Workspace, tmp_path: Path) -> None:
    paths = [day(tmp_path / "in", 1, RED=10.0), day(tmp_path / "in", 2, RED=4.0), day(tmp_path / "in", 3, RED=9.9)]
    ingest_frontlines(workspace, paths[:2], provider="p")
    entries = ingest_frontlines(workspace, paths, provider="p")
    assert [entry.status for entry in entries] == ["already there", "already there", "added"]
    assert len(held(workspace)) == 1


def test_a_dry_run_says_what_would_be_held(workspace: Workspace, tmp_path: Path) -> None:
    paths = [day(tmp_path / "in", n, RED=w) for n, w in ((1, 10.0), (2, 4.0), (3, 10.0))]
    entries = ingest_frontlines(workspace, paths, provider="p", options=FrontOptions(dry_run=True))
    assert [entry.status for entry in entries] == ["would add", "would hold", "would add"]
    assert held(workspace, decided=True) == []


def test_decisions_need_a_held_snapshot_and_an_author(workspace: Workspace, tmp_path: Path) -> None:
    (entry,) = ingest_frontlines(workspace, [day(tmp_path / "in", 1, RED=10.0)], provider="p")
    with pytest.raises(NotFoundError, match="front held"):
        decide(workspace, entry.id or "", True, "ana")
    with pytest.raises(InputError, match="author"):
        decide(workspace, "x", True, " ")
    with pytest.raises(InputError, match="0 to 1"):
        FrontOptions(shrink=5)
    assert workspace.catalog.log.head()[0] == 0


def test_of_two_decisions_in_one_moment_the_first_counts_and_the_other_person_is_told(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [day(tmp_path / "in", 1, RED=10.0), day(tmp_path / "in", 2, RED=4.0)]
    ingest_frontlines(workspace, paths, provider="p")
    (waiting,) = held(workspace)
    decide(workspace, waiting.id, True, "ana")
    monkeypatch.setattr(workspace.catalog.log, "version", lambda _: 0)  # what ben saw before ana decided
    with pytest.raises(CatalogError, match="in the same moment"):
        decide(workspace, waiting.id, False, "ben")
    assert shown(workspace, 2) == 2
    assert [one.accepted for one in held(workspace, decided=True)] == [True]
