"""A watched folder: nothing half arrived is read, nothing is taken in twice, nothing is lost."""

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from ordinary import as_ordinary_user
from rasterio import Affine

from dashboard.catalog.query import AcquisitionQuery
from dashboard.model.errors import CancelledError, CatalogError, DiskFullError, InputError
from dashboard.model.progress import CancelToken
from dashboard.workflows import watch as module
from dashboard.workflows.ingest import IngestEntry
from dashboard.workflows.quarantine import quarantine
from dashboard.workflows.watch import Event, Watch, WatchOptions, open_watch
from dashboard.workflows.watch_ledger import Ledger, Line
from dashboard.workflows.workspace import Workspace, open_workspace

GRID = Affine(10.0, 0.0, 300_000.0, 0.0, -10.0, 5_500_000.0)


def write_tiff(path: Path, seed: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", width=60, height=40, count=1, dtype="float32", crs="EPSG:32636", transform=GRID
    ) as dataset:
        dataset.write(np.random.default_rng(seed).gamma(4.0, 0.02, (40, 60)).astype(np.float32), 1)
    return path


def write_side_car(path: Path, day: int = 6, **changes: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "constellation": "iceye", "start": f"2024-05-{day:02}T15:30:00Z", "polarisation": "VV",
        "units": "linear power gamma0", **changes,
    }  # fmt: skip
    path.write_text(json.dumps(content))
    return path


def product(folder: Path, name: str, day: int = 6) -> None:
    write_tiff(folder / f"{name}_VV.tif", day)
    write_side_car(folder / f"{name}.json", day)


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    folder = tmp_path / "incoming"
    folder.mkdir()
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "data") as opened:
        yield opened


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(module.time, "monotonic", found)
    return found


@pytest.fixture
def watch(workspace: Workspace, incoming: Path, clock: Clock) -> Iterator[Watch]:
    found = open_watch(workspace, incoming)
    found.clock = clock
    yield found
    found.ledger.close()


def said(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.status, event.name) for event in events]


def two_looks(watch: Watch) -> list[Event]:
    assert said(watch.look()) == []
    return watch.look()


def ids(workspace: Workspace) -> list[str]:
    return sorted(acq.id for acq in workspace.catalog.acquisitions.find(AcquisitionQuery()))


def test_what_has_stopped_growing_is_taken_in_once(watch: Watch, incoming: Path, workspace: Workspace) -> None:
    product(incoming, "a")
    assert said(two_looks(watch)) == [("added", "a.json"), ("part of", "a_VV.tif")]
    for _ in range(3):
        assert watch.look() == []
    assert ids(workspace) == ["a"]
    assert workspace.catalog.acquisitions.get("a").pixels is not None
    assert sorted(path.name for path in incoming.iterdir()) == ["a.json", "a_VV.tif", "quarantine"]


def test_what_grows_is_left_alone(watch: Watch, incoming: Path, workspace: Workspace) -> None:
    whole = write_tiff(incoming / "whole.tif").read_bytes()
    (incoming / "whole.tif").unlink()
    write_side_car(incoming / "a.json")
    target = incoming / "a_VV.tif"
    for share in (0.2, 0.5, 0.8):
        target.write_bytes(whole[: int(share * len(whole))])
        assert "a_VV.tif" not in {event.name for event in watch.look()}
        assert ids(workspace) == []  # the side-car alone stands still, and names what still grows
    target.write_bytes(whole)
    assert said(two_looks(watch)) == [("added", "a.json"), ("part of", "a_VV.tif")]


def test_a_folder_waits_until_nothing_inside_changes(watch: Watch, incoming: Path, workspace: Workspace) -> None:
    product(incoming / "delivery", "a")
    watch.look()
    product(incoming / "delivery", "b", 7)
    assert watch.look() == []
    assert said(watch.look()) == [("added", "delivery")]
    assert ids(workspace) == ["a", "b"]
    product(incoming / "delivery", "c", 8)
    assert said(two_looks(watch)) == [("added", "delivery")]
    assert ids(workspace) == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["a.tif.part", "b.crdownload", ".hidden.tif", "d.TMP"])
def test_names_of_unfinished_copies_are_left_alone(watch: Watch, incoming: Path, name: str) -> None:
    write_tiff(incoming / "x.tif").rename(incoming / name)
    for _ in range(3):
        assert watch.look() == []
    assert (incoming / name).exists()


def test_an_unfinished_copy_holds_its_folder(watch: Watch, incoming: Path) -> None:
    product(incoming / "delivery", "a")
    (incoming / "delivery" / "b.tif.part").write_text("x")
    for _ in range(3):
        assert watch.look() == []
    (incoming / "delivery" / "b.tif.part").unlink()
    assert said(two_looks(watch)) == [("added", "delivery")]


def test_a_side_car_that_comes_late_completes_its_product(
    watch: Watch, incoming: Path, workspace: Workspace, clock: Clock
) -> None:
    write_tiff(incoming / "a_VV.tif")  # states no time
    assert said(two_looks(watch)) == [("waiting", "a_VV.tif")]
    clock.now += 100
    assert watch.look() == []
    write_side_car(incoming / "a.json")
    assert ("added", "a.json") in said(two_looks(watch))
    assert ids(workspace) == ["a"]
    clock.now += 10_000
    assert watch.look() == []
    assert not list((incoming / "quarantine").iterdir())


def test_what_fails_is_moved_aside_with_its_reason_when_patience_ends(
    watch: Watch, incoming: Path, clock: Clock
) -> None:
    (incoming / "bad.tif").write_bytes(b"II*\x00 and no more")
    (incoming / "a.vrt").write_text("<VRTDataset/>")
    (incoming / "folder").mkdir()
    (incoming / "folder" / "empty.tif").write_bytes(b"")
    assert {status for status, _ in said(two_looks(watch))} == {"waiting"}
    clock.now += 299
    assert watch.look() == []
    clock.now += 2
    events = watch.look()
    assert sorted(said(events)) == [("quarantined", "a.vrt"), ("quarantined", "bad.tif"), ("quarantined", "folder")]
    aside = incoming / "quarantine"
    assert (aside / "bad.tif").read_bytes() == b"II*\x00 and no more"
    assert (aside / "folder" / "empty.tif").exists()
    assert "looks for" in (aside / "a.vrt.reason.txt").read_text()
    assert "empty.tif" in (aside / "folder.reason.txt").read_text()
    assert sorted(path.name for path in incoming.iterdir()) == ["quarantine"]
    assert watch.look() == []


def test_quarantine_overwrites_nothing(watch: Watch, incoming: Path, clock: Clock) -> None:
    for number in range(3):
        (incoming / "bad.tif").write_bytes(b"II*\x00 %d" % number)
        two_looks(watch)
        clock.now += 301
        watch.look()
    aside = incoming / "quarantine"
    kept = [aside / "bad.tif", aside / "bad.tif.2", aside / "bad.tif.3"]
    assert [path.read_bytes()[-1:] for path in kept] == [b"0", b"1", b"2"]
    assert all(path.with_name(path.name + ".reason.txt").exists() for path in kept)


def test_of_a_folder_only_what_failed_is_moved(
    watch: Watch, incoming: Path, clock: Clock, workspace: Workspace
) -> None:
    product(incoming / "delivery" / "one", "a")
    (incoming / "delivery" / "two").mkdir()
    (incoming / "delivery" / "two" / "bad.tif").write_bytes(b"II*\x00")
    two_looks(watch)
    assert ids(workspace) == ["a"]
    clock.now += 301
    assert said(watch.look()) == [("quarantined", "delivery")]
    assert (incoming / "quarantine" / "delivery" / "two" / "bad.tif").exists()
    assert (incoming / "delivery" / "one" / "a_VV.tif").exists()
    assert said(two_looks(watch)) == [("already there", "delivery")]


def test_what_is_no_product_is_passed_over(watch: Watch, incoming: Path) -> None:
    (incoming / "readme.txt").write_text("hello")
    (incoming / "preview.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert {status for status, _ in said(two_looks(watch))} == {"passed over"}
    assert watch.look() == []
    assert (incoming / "readme.txt").exists()


def test_a_restart_remembers(workspace: Workspace, incoming: Path, clock: Clock) -> None:
    product(incoming, "a")
    (incoming / "bad.tif").write_bytes(b"II*\x00")
    with open_watch(workspace, incoming).ledger as ledger:
        first = Watch(workspace, incoming, WatchOptions(), ledger, clock)
        two_looks(first)
        with pytest.raises(CatalogError, match="watched already"):
            open_watch(workspace, incoming)
    clock.now += 200
    with open_watch(workspace, incoming).ledger as ledger:
        second = Watch(workspace, incoming, WatchOptions(), ledger, clock)
        assert said(two_looks(second)) == []
        clock.now += 101  # 301 s since the first failure, not since the restart
        assert said(second.look()) == [("quarantined", "bad.tif")]
    assert ids(workspace) == ["a"]


def test_a_move_that_was_cut_short_is_done_again(workspace: Workspace, incoming: Path, clock: Clock) -> None:
    bad = incoming / "bad.tif"
    bad.write_bytes(b"II*\x00")
    with open_watch(workspace, incoming).ledger as ledger:
        watch = Watch(workspace, incoming, WatchOptions(), ledger, clock)
        two_looks(watch)
        (watch.aside / "bad.tif.reason.txt").write_text(f"{bad}\nthe rest of a move\n")
        clock.now += 301
        watch.look()
        assert (watch.aside / "bad.tif").exists()
        assert "rest of a move" not in (watch.aside / "bad.tif.reason.txt").read_text()
        (watch.aside / "other.tif.reason.txt").write_text("not about this file")
        (incoming / "other.tif").write_text("x")
        assert quarantine(incoming / "other.tif", watch.aside, "why").name == "other.tif.2"


def test_a_ledger_cut_short_is_read_up_to_there(tmp_path: Path) -> None:
    with Ledger(tmp_path, tmp_path / "in") as ledger:
        for number in range(3):
            ledger.add(Line(name=f"n{number}", signature="s", outcome="taken in", at=1.0, ids=("a",)))
    content = ledger.path.read_bytes()
    for cut in range(len(content) - 60, len(content)):
        ledger.path.write_bytes(content[:cut])
        with Ledger(tmp_path, tmp_path / "in") as again:
            assert {"n0", "n1"} <= again.lines.keys()
            again.add(Line(name="new", signature="s", outcome="taken in", at=2.0))
        with Ledger(tmp_path, tmp_path / "in") as once_more:
            assert {"n0", "n1", "new"} <= once_more.lines.keys()


def test_a_full_disk_is_named_and_tried_again(
    watch: Watch, incoming: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    product(incoming, "a")
    text = "No room in archive"
    full = IngestEntry(incoming / "a.json", "a", "failed", text, exit_code=DiskFullError.exit_code)
    with monkeypatch.context() as patch:
        patch.setattr(module, "ingest", lambda *_, **__: [full])
        events = two_looks(watch)
        assert said(events) == [("held", "a.json"), ("held", "a_VV.tif")]
        assert events[0].text == text
        clock.now += 1000
        assert watch.look() == []  # said once
    clock.now += 61
    assert said(watch.look()) == [("added", "a.json"), ("part of", "a_VV.tif")]


def test_a_ledger_that_cannot_be_written_forgets_nothing(
    watch: Watch, incoming: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    product(incoming, "a")

    def full(_: Line) -> None:
        raise DiskFullError("No room for the ledger")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "add", lambda self, line: full(line))
        assert ("held", "a.json") in said(two_looks(watch))
    clock.now += 61
    assert said(watch.look()) == [("already there", "a.json"), ("part of", "a_VV.tif")]


def test_a_folder_that_vanishes_is_named_and_waited_for(watch: Watch, incoming: Path, workspace: Workspace) -> None:
    product(incoming, "a")
    watch.look()
    incoming.rename(incoming.with_name("away"))
    assert [event.status for event in watch.look()] == ["held"]
    assert watch.look() == []
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.with_name("away").rename(incoming)
    assert ("added", "a.json") in said([*watch.look(), *watch.look()])
    assert ids(workspace) == ["a"]


def test_a_file_that_vanishes_is_no_failure(watch: Watch, incoming: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    product(incoming, "a")
    watch.look()
    real = module.ingest

    def gone(*words: object, **named: object) -> list[IngestEntry]:
        for path in incoming.glob("a*"):
            path.unlink()
        return real(*words, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "ingest", gone)
    assert watch.look() == []
    assert watch.look() == []


def test_an_error_that_nobody_foresaw_ends_nothing(
    watch: Watch, incoming: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, workspace: Workspace
) -> None:
    product(incoming, "a")
    product(incoming, "b", 7)
    real = module.ingest

    def breaks(workspace: Workspace, paths: list[Path], **named: object) -> list[IngestEntry]:
        if paths[0].name.startswith("a"):
            raise ZeroDivisionError
        return real(workspace, paths, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "ingest", breaks)
    events = two_looks(watch)
    assert ids(workspace) == ["b"]
    assert "ZeroDivisionError" in events[0].text
    clock.now += 301
    assert said(watch.look()) == [("quarantined", "a.json"), ("quarantined", "a_VV.tif")]


def test_what_may_not_be_read_is_named(watch: Watch, incoming: Path) -> None:
    (incoming / "locked").mkdir()
    (incoming / "locked" / "x.tif").write_text("x")
    (incoming / "locked").chmod(0)
    try:
        assert "ermission" in as_ordinary_user(lambda: two_looks(watch))[0].text
    finally:
        (incoming / "locked").chmod(0o700)


def test_rows_are_told_before_a_stop_ends_a_look(watch: Watch, incoming: Path) -> None:
    product(incoming, "a")
    product(incoming, "b", 7)
    watch.look()
    stop, rows = CancelToken(), []

    def tell(event: Event) -> None:
        rows.append(event)
        stop.cancel()

    with pytest.raises(CancelledError):
        watch.look(tell=tell, cancel=stop)
    assert said(rows)[0] == ("added", "a.json")
    assert said(watch.look())[-2:] == [("added", "b.json"), ("part of", "b_VV.tif")]


def test_a_stop_ends_a_look(watch: Watch, incoming: Path) -> None:
    product(incoming, "a")
    watch.look()
    stop = CancelToken()
    stop.cancel()
    with pytest.raises(CancelledError):
        watch.look(cancel=stop)
    assert said(watch.look())[0] == ("added", "a.json")


def test_links_are_not_followed(watch: Watch, incoming: Path, tmp_path: Path) -> None:
    product(tmp_path / "elsewhere", "a")
    (incoming / "link").symlink_to(tmp_path / "elsewhere")
    (incoming / "a_VV.tif").symlink_to(tmp_path / "elsewhere" / "a_VV.tif")
    assert two_looks(watch) == []


def test_what_cannot_be_watched_is_refused(workspace: Workspace, incoming: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        open_watch(workspace, tmp_path / "nowhere")
    with pytest.raises(InputError, match="data directory"):
        open_watch(workspace, tmp_path)
    with pytest.raises(InputError, match="too deep"):
        open_watch(workspace, incoming, WatchOptions(quarantine=incoming / "a" / "b"))
    with pytest.raises(InputError, match="holds the watched folder"):
        open_watch(workspace, incoming, WatchOptions(quarantine=tmp_path))
    with open_watch(workspace, incoming).ledger:  # the refusals above let go of the lock
        pass


def test_archives_are_taken_in_and_broken_ones_moved_aside_whole(
    watch: Watch, incoming: Path, workspace: Workspace, clock: Clock, tmp_path: Path
) -> None:
    product(tmp_path / "packed", "a")
    with zipfile.ZipFile(incoming / "good.zip", "w") as packed:
        for path in (tmp_path / "packed").iterdir():
            packed.write(path, path.name)
    whole = (incoming / "good.zip").read_bytes()
    (incoming / "cut.zip").write_bytes(whole[: len(whole) // 2])
    (incoming / "mixed").mkdir()
    product(incoming / "mixed", "b", 7)
    (incoming / "mixed" / "cut.zip").write_bytes(whole[: len(whole) // 2])
    events = two_looks(watch)
    assert sorted(said(events)) == [("added", "good.zip"), ("waiting", "cut.zip"), ("waiting", "mixed")]
    assert ids(workspace) == ["a", "b"]
    clock.now += 301
    assert sorted(said(watch.look())) == [("quarantined", "cut.zip"), ("quarantined", "mixed")]
    aside = incoming / "quarantine"
    assert (aside / "cut.zip").exists()
    assert (aside / "mixed" / "cut.zip").exists()
    assert (incoming / "mixed" / "b_VV.tif").exists()
    assert two_looks(watch)[-1].status == "already there"
