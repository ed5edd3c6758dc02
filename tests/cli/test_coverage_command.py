"""`nightglass coverage`: the same table as in the inspector, for a terminal and for a spreadsheet."""

import csv
import io
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import shapely

from dashboard.cli.main import run
from dashboard.model.acquisition import Acquisition, Origin
from dashboard.model.area import Area
from dashboard.workflows.workspace import open_workspace

T0 = datetime(2024, 3, 1, tzinfo=UTC)
BOX = ("--bbox", 36.0, 48.0, 36.4, 48.2)
Command = Callable[..., str]


def taken(name: str, day: float, constellation: str, late_h: float | None) -> Acquisition:
    start = T0 + timedelta(days=day)
    return Acquisition(
        id=name, constellation=constellation, platform=f"{constellation}-1", start=start, stop=start,
        footprint=shapely.box(36, 48, 36.4, 48.2), received=None if late_h is None else start + timedelta(hours=late_h),
        origin=Origin(reader="test", reader_version="0", product_sha256=name.ljust(64, "0")),
    )  # fmt: skip


@pytest.fixture(name="nightglass")
def _nightglass(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Give a function that runs a command on a data directory and returns what it prints."""
    monkeypatch.setenv("COLUMNS", "220")
    with open_workspace(tmp_path / "data") as workspace:
        found = [taken("a", 0, "iceye", 6), taken("b", 9, "iceye", None), taken("c", 4, "capella", 30)]
        workspace.catalog.acquisitions.add_many(found)
        workspace.catalog.areas.add(Area("Somewhere", (36.0, 48.0, 36.4, 48.2)))

    def command(*words: object, code: int = 0) -> str:
        arguments = ["nightglass", "coverage", *map(str, words), "--data", str(tmp_path / "data")]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as left:
            run()
        assert (left.value.code or 0) == code
        printed = capsys.readouterr()
        return printed.out + printed.err

    return command


def rows(text: str) -> dict[str, dict[str, str]]:
    return {row["provider"]: row for row in csv.DictReader(io.StringIO(text))}


def test_the_table_names_every_provider_and_all(nightglass: Command) -> None:
    said = nightglass(*BOX, "--time", "2024-03-01/2024-03-15")
    for words in ("capella", "iceye", "all", "9 d", "30 h", "100.0 %", "2024-03-10T00:00:00Z", "6 h"):
        assert words in said
    assert "until 2024-03-15T00:00:00Z" in said


def test_csv_has_plain_numbers_and_says_what_is_not_stated(nightglass: Command) -> None:
    found = rows(nightglass(*BOX, "--time", "2024-03-01/2024-03-15", "--csv"))
    assert list(found) == ["capella", "iceye", "all"]
    iceye = found["iceye"]
    assert (iceye["looks"], iceye["longest_gap_s"], iceye["age_s"]) == ("2", str(9 * 86_400), str(5 * 86_400))
    assert (iceye["delay_median_s"], iceye["delay_stated"], iceye["delay_not_stated"]) == ("21600", "1", "1")
    assert found["all"]["products"] == "3"


def test_an_area_by_name_is_the_same_as_its_box(nightglass: Command) -> None:
    period = ("--time", "2024-03-01/2024-03-15", "--csv")
    assert nightglass("--area", "Somewhere", *period) == nightglass(*BOX, *period)


def test_an_open_period_and_an_earlier_knowledge(nightglass: Command) -> None:
    assert rows(nightglass(*BOX, "--time", "2024-03-05/..", "--csv"))["all"]["looks"] == "2"
    assert rows(nightglass(*BOX, "--time", "/2024-03-05", "--csv"))["all"]["looks"] == "2"
    early = rows(nightglass(*BOX, "--known-at", "2024-03-05T12:00Z", "--csv"))
    assert list(early) == ["iceye", "all"]  # the other one arrived later
    assert early["all"]["until"] == "2024-03-05T12:00:00Z"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "--bbox WEST SOUTH EAST NORTH, or --area"),
        ((*BOX, "--area", "Somewhere"), 2, "Give the place once"),
        (("--area", "Nowhere"), 12, "No area 'Nowhere'"),
        ((*BOX, "--time", "2024-03-01"), 2, "is no period"),
        ((*BOX, "--time", "yesterday/.."), 2, "'yesterday' is no time"),
        ((*BOX, "--time", "2024-03-09/2024-03-01"), 2, "ends"),
        (("--bbox", 36, 49, 37, 48), 2, "south <= north"),
    ],
)
def test_what_cannot_be_answered_is_said_with_its_remedy(nightglass: Command, words, code, said) -> None:
    assert said in nightglass(*words, code=code)


def test_a_folder_without_data_is_refused(monkeypatch, capsys, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["nightglass", "coverage", *map(str, BOX), "--data", str(tmp_path)])
    with pytest.raises(SystemExit) as left:
        run()
    assert left.value.code == 2
    assert "holds no Nightglass data" in capsys.readouterr().err
