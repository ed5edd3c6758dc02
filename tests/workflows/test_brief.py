"""An export is whole or absent, marked with the strictest handling of what it shows, or refused by name."""

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.briefing.token import read_token
from dashboard.model.area import Area
from dashboard.model.errors import (
    AccessError,
    CancelledError,
    InputError,
    NotFoundError,
    ResourceError,
)
from dashboard.model.handling import Handling, Rank, Tlp
from dashboard.model.progress import CancelToken, Progress, Report
from dashboard.model.token import encode
from dashboard.model.view import CompareMode, Layer, View
from dashboard.workflows.brief import SnapshotOptions, file_name, sheet_of, snapshot, suggested_name, write_sheet
from dashboard.workflows.process import run_apart
from dashboard.workflows.workspace import open_workspace
from tests.briefing.sheet_workspace import EXERCISE, TIMES, build, front

# rasterio 1.4 and odc-geo multiply affine 3.1's matrices with *, which it would rather see as @.
pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")

SECRET = replace(EXERCISE, rank=Rank.SECRET, tlp=Tlp.AMBER, releasable_to=frozenset({"JPN"}))


def _left_over() -> list[multiprocessing.Process]:
    """Return the processes that an export left; the one that reads products serves the whole run."""
    return [child for child in multiprocessing.active_children() if child.name != "product reader"]


@pytest.fixture(scope="module")
def exercise(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, View]:
    root = tmp_path_factory.mktemp("brief")
    return root, build(root)


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, View]:
    """The same ground, where the later look is marked and may not be released for an hour."""
    root = tmp_path_factory.mktemp("secret")
    return root, build(root, handling=SECRET)


def kept(root: Path, view: View, handling: Handling) -> None:
    """Raise unless the view may be exported when B is handled so."""
    with open_workspace(root) as workspace:
        b = workspace.catalog.acquisitions.get(str(view.b))
        workspace.catalog.acquisitions.add(replace(b, handling=handling), replace=True)
        try:
            sheet_of(workspace, view, SnapshotOptions())
        finally:
            workspace.catalog.acquisitions.add(b, replace=True)


def test_a_snapshot_is_written_by_a_worker_and_reports(exercise, tmp_path) -> None:
    root, view = exercise
    steps: list[Progress] = []
    path = snapshot(root, view, SnapshotOptions(), tmp_path / "sheet.png", report=steps.append)
    assert read_token(path.read_bytes()) == encode(view)
    assert list(tmp_path.iterdir()) == [path]
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == 1.0
    assert not _left_over()


def test_cancelling_leaves_nothing(exercise, tmp_path) -> None:
    root, view = exercise
    cancel = CancelToken()
    with pytest.raises(CancelledError):
        snapshot(root, view, SnapshotOptions(), tmp_path / "a.png", report=lambda _: cancel.cancel(), cancel=cancel)
    assert list(tmp_path.iterdir()) == []
    assert not _left_over()


def test_a_killed_worker_is_a_typed_error_and_leaves_nothing(exercise, tmp_path) -> None:
    root, view = exercise

    def kill(_: Progress) -> None:
        for child in _left_over():
            os.kill(int(child.pid or 0), signal.SIGKILL)

    with pytest.raises(ResourceError, match="signal 9"):
        snapshot(root, view, SnapshotOptions(format="pdf"), tmp_path / "a.pdf", report=kill)
    assert list(tmp_path.iterdir()) == []


def test_an_authored_error_of_the_worker_keeps_its_type_and_text_and_the_old_file(exercise, tmp_path) -> None:
    root, view = exercise
    path = tmp_path / "sheet.png"
    path.write_bytes(b"old")
    with pytest.raises(NotFoundError, match="nobody-knows"):
        snapshot(root, replace(view, b="nobody-knows"), SnapshotOptions(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def dawdle(seconds: float, *, report: Report) -> None:
    report(Progress(0.5, "dawdling"))
    time.sleep(seconds)


def test_a_worker_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(ResourceError, match="longer than 0 s"):
        run_apart(dawdle, (60.0,), what="The export", limit_s=0.3)
    assert not _left_over()


def test_a_folder_that_is_not_there_is_named(exercise, tmp_path) -> None:
    root, view = exercise
    with pytest.raises(InputError, match="does not exist"):
        snapshot(root, view, SnapshotOptions(), tmp_path / "no" / "a.png")


def test_a_sheet_written_here_is_whole_and_alone(exercise, tmp_path) -> None:
    root, view = exercise
    with open_workspace(root) as workspace:
        sheet = sheet_of(workspace, view, SnapshotOptions(format="pdf"))
    path = write_sheet(sheet, "pdf", tmp_path / "sheet.pdf")
    assert read_token(path.read_bytes()) == encode(view)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", CompareMode)
def test_the_marking_is_the_strictest_of_what_is_named(secret, mode) -> None:
    root, view = secret
    with open_workspace(root) as workspace:
        sheet = sheet_of(workspace, replace(view, compare=mode), SnapshotOptions())
    assert sheet.handling.banner == "SECRET // TLP:AMBER // REL JPN // EXERCISE - SYNTHETIC DATA"


def test_the_marking_of_a_frontline_counts_only_where_it_is_shown(tmp_path) -> None:
    view = build(tmp_path)
    marked = replace(front(1, Handling(tlp=Tlp.RED)), id="exercise-control-later", valid_from=TIMES[1])
    marked = replace(marked, sha256="f" * 64)
    with open_workspace(tmp_path) as workspace:
        workspace.catalog.frontlines.add(marked)
        shown = sheet_of(workspace, view, SnapshotOptions())
        bare = replace(view, layers=view.layers - {Layer.FRONTLINE, Layer.GHOST, Layer.GROUND})
        hidden = sheet_of(workspace, bare, SnapshotOptions())
    assert "TLP:RED" in shown.handling.banner
    assert "TLP:RED" not in hidden.handling.banner


def test_what_may_not_be_derived_from_is_refused_by_name(exercise) -> None:
    root, view = exercise
    with pytest.raises(AccessError, match=str(view.b)) as caught:
        kept(root, view, replace(EXERCISE, derivatives=False))
    assert "no derived products" in str(caught.value)


def test_an_embargo_is_refused_until_it_ends(exercise) -> None:
    root, view = exercise
    now = datetime.now(UTC)
    with pytest.raises(AccessError, match="under embargo until"):
        kept(root, view, replace(EXERCISE, embargo_until=now + timedelta(hours=1)))
    kept(root, view, replace(EXERCISE, embargo_until=now - timedelta(hours=1)))


def test_changes_and_run_of_just_this_pair_are_shown(exercise) -> None:
    root, view = exercise
    with open_workspace(root) as workspace:
        sheet = sheet_of(workspace, view, SnapshotOptions())
        turned = sheet_of(workspace, replace(view, a=view.b, b=view.a), SnapshotOptions())
    assert len(sheet.changes) == 2
    assert sheet.run is not None
    assert sheet.as_of == TIMES[1]
    assert turned.changes == ()


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ("Nemuro exercise area", "Nemuro-exercise-area_041528ZFEB24_a4_v01.png"),
        ("../../etc/passwd", "etc-passwd_041528ZFEB24_a4_v01.png"),
        ("Zürich / Ōsaka", "Zurich-Osaka_041528ZFEB24_a4_v01.png"),
        ("根室", "area_041528ZFEB24_a4_v01.png"),
    ],
)
def test_a_file_name_is_safe_everywhere(area, expected) -> None:
    assert file_name(area, TIMES[1], SnapshotOptions()) == expected


def test_a_name_that_is_taken_gets_the_next_version(exercise) -> None:
    root, view = exercise
    exports = root / "exports"
    exports.mkdir()
    with open_workspace(root) as workspace:
        first = suggested_name(workspace, view, SnapshotOptions())
        (exports / first).write_bytes(b"")
        second = suggested_name(workspace, view, SnapshotOptions())
        workspace.catalog.areas.add(Area("Town", (145.09, 43.26, 145.12, 43.28)))
        third = suggested_name(workspace, view, SnapshotOptions(page="16x9", format="pdf"))
    assert first == "Nemuro-exercise-area_041528ZFEB24_a4_v01.png"
    assert second == "Nemuro-exercise-area_041528ZFEB24_a4_v02.png"
    assert third == "Town_041528ZFEB24_16x9_v01.pdf"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"page": "letter"}, "a4 or 16x9"),
        ({"format": "jpg"}, "png or pdf"),
        ({"theme": "blue"}, "light or dark"),
        ({"title": "x" * 161}, "at most 160"),
        ({"author": "x" * 61}, "at most 60"),
    ],
)
def test_options_that_cannot_be_are_refused(given, words) -> None:
    with pytest.raises(InputError, match=words):
        SnapshotOptions(**given)
