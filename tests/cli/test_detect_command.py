"""`nightglass detect`: from two periods to a marked file, or one line that says why not."""

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pyogrio
import pytest

from dashboard.cli.main import run
from dashboard.model.area import Area
from dashboard.model.errors import CancelledError
from dashboard.workflows.extent import box_of
from dashboard.workflows.workspace import open_workspace

sys.path.append(str(Path(__file__).parents[1] / "workflows"))

from pair_workspace import grid
from stack_workspace import SHAPE, fill

BEFORE, AFTER = "2026-02-01/2026-06-10", "2026-06-11/2026-09-01"
W, S, E, N = box_of(grid(SHAPE))
BOX = f"{W},{S},{E},{N}"
PERIODS = ("--before", BEFORE, "--after", AFTER)
Command = Callable[..., str]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("detect-command")
    with open_workspace(folder) as opened:
        fill(opened, before=11, after=3)
        opened.catalog.areas.add(Area("Somewhere, north", (W, S, E, N)))
        opened.catalog.areas.add(Area("Elsewhere", (1.0, 1.0, 2.0, 2.0)))
    return folder


@pytest.fixture
def nightglass(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], root: Path) -> Command:
    def command(*words: object, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["nightglass", "detect", *map(str, words), "--data", str(root)])
        with pytest.raises(SystemExit) as left:
            run()
        printed = capsys.readouterr()
        assert (left.value.code or 0) == code, printed
        return printed.out + printed.err

    return command


def test_a_question_becomes_a_file_and_a_few_lines(nightglass: Command, tmp_path: Path) -> None:
    said = nightglass("--area", BOX, *PERIODS, "--output", tmp_path / "out.gpkg")
    for words in ("changes found with a score of", "false ones expected, ", "km² observed", "method change-tstat",
                  "11 acquisitions before and 3 after", "placebo, looks before", "EXERCISE"):  # fmt: skip
        assert words in said
    rows = pyogrio.read_dataframe(tmp_path / "out.gpkg", layer="changes")
    assert f"{len(rows):,} changes found" in said
    assert {"brighter", "darker"} <= set(rows["sign"])


def test_an_area_by_name_and_every_choice_reaches_the_run(nightglass: Command, tmp_path: Path) -> None:
    said = nightglass(
        "--area", "Somewhere, north", *PERIODS, "--output", tmp_path / "out.geojson", "--method", "log-ratio",
        "--far", 1e-4, "--stack", "look-02", "--polarisation", "vh",
    )  # fmt: skip
    assert "theory, the law of the statistic" in said
    assert "remark: " in said
    facts = json.loads((tmp_path / "out.geojson").read_text())["nightglass"]
    assert facts["parameters"]["far"] == 1e-4
    assert (facts["parameters"]["polarisations"], facts["parameters"]["stack_anchors"]) == ("VH", "look-02")
    assert facts["method"] == "log-ratio"


def test_full_resolution_goes_to_the_area_search(
    nightglass: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dashboard.workflows.detection import area
    from dashboard.workflows.detection.run import detect, grid_over

    asked = {}

    def searched(workspace, question, *, bbox, resolution_m, scheduler, report, cancel):
        asked.update(bbox=bbox, resolution_m=resolution_m, scheduler=scheduler)
        return detect(workspace, question, geobox=grid_over(workspace, question, bbox, 300))

    monkeypatch.setattr(area, "detect_area", searched)
    place = ("--area", BOX, *PERIODS, "--output", tmp_path / "out.gpkg")
    nightglass(*place, "--full", "--scheduler", "tcp://127.0.0.1:8786")
    assert asked == {"bbox": (W, S, E, N), "resolution_m": None, "scheduler": "tcp://127.0.0.1:8786"}
    nightglass(*place, "--resolution", 20)
    assert (asked["resolution_m"], asked["scheduler"]) == (20.0, None)


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (("--area", "Nowhere"), 12, "No area 'Nowhere' in the catalogue; there are Elsewhere, Somewhere, north"),
        (("--area", "1,2,3,200"), 2, "is no box on the globe"),
        (("--area", "170,1,-170,2"), 2, "crosses the antimeridian"),
        (("--area", "Elsewhere"), 12, "No calibrated radar stack looked at this area both before and after"),
        (("--before", "yesterday/today"), 2, "yesterday"),
        (("--before", "2026-02-01/2026-08-01"), 2, "the second after the first is over"),
        (("--far", "2"), 2, "false-alarm rate is 2"),
        (("--method", "guess"), 2, "--method is 'guess'"),
        (("--output", "changes.shp"), 2, "none of .gpkg, .geojson"),
        (("--output", "/nowhere/changes.gpkg"), 2, "there is no folder /nowhere"),
        (("--stack", "look-99"), 12, "look-99"),
        (("--polarisation", "HH"), 8, "has VV, VH and not HH"),
        (("--constellation", "iceye"), 12, "No calibrated radar stack of iceye"),
        (("--stack", "look-00", "--constellation", "iceye"), 2, "not both"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    nightglass: Command, tmp_path: Path, change: tuple[str, ...], code: int, says: str
) -> None:
    options = {"--area": BOX, "--before": BEFORE, "--after": AFTER, "--output": str(tmp_path / "out.gpkg")}
    words = [word for pair in options.items() for word in pair]
    said = nightglass(*words, *change, code=code)
    assert says in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_search_ends_cleanly(
    nightglass: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dashboard.workflows.detection import run as run_module

    def interrupted(*_, **options):
        signal.raise_signal(signal.SIGINT)
        options["cancel"].check()

    monkeypatch.setattr(run_module, "detect", interrupted)
    handler = signal.getsignal(signal.SIGINT)
    code = CancelledError.exit_code
    assert "Cancelled" in nightglass("--area", BOX, *PERIODS, "--output", tmp_path / "out.gpkg", code=code)
    assert signal.getsignal(signal.SIGINT) is handler
    assert list(tmp_path.iterdir()) == []
