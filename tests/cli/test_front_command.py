"""`nightglass front`: held snapshots, decisions and reports, as a person at a terminal meets them."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.cli.main import run

Command = Callable[..., str]


@pytest.fixture(name="nightglass")
def _nightglass(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Give a function that runs a command on a data directory and returns what it prints."""
    monkeypatch.setenv("COLUMNS", "200")

    def command(*words: object, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["nightglass", *map(str, words), "--data", str(tmp_path / "data")])
        with pytest.raises(SystemExit) as left:
            run()
        assert (left.value.code or 0) == code
        printed = capsys.readouterr()
        return printed.out + printed.err

    return command


def day(folder: Path, number: int, width: float) -> Path:
    ring = [[30, 49], [30 + width, 49], [30 + width, 50], [30, 50], [30, 49]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"side": "RED"}, "geometry": geometry}
    path = folder / f"front_202405{number:02}.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def test_from_a_held_snapshot_to_a_report(nightglass: Command, tmp_path: Path) -> None:
    paths = [day(tmp_path, 1, 4.0), day(tmp_path, 2, 3.0), day(tmp_path, 3, 4.2)]
    said = nightglass("ingest-frontline", *paths, "--provider", "p", "--retrieved", "2024-05-04")
    assert "2 added, 1 held" in said
    listed = nightglass("front", "held")
    (name,) = re.findall(r"p-20240502T0000Z-\w{8}", listed)
    assert "waits" in listed
    assert "RED shrinks by 25.0 %" in listed
    assert "accepted by ana" in nightglass("front", "accept", name, "--author", "ana")
    assert nightglass("front", "held").strip() == "nothing is held"
    assert "accepted" in nightglass("front", "held", "--all")

    found = json.loads(nightglass("front", "report", "2024-05-01", "030000ZMAY24", "--json"))
    (red,) = found["sides"]
    assert (found["provider"], found["days"], red["side"]) == ("p", 2.0, "RED")
    assert red["gained_km2"] - red["lost_km2"] == pytest.approx(red["net_km2"])
    assert red["moved_km"][1] > 10
    then = json.loads(nightglass("front", "report", "2024-05-01", "2024-05-02", "--known-at", "2024-05-05", "--json"))
    assert then["after"]["valid_from"] == "2024-05-01T00:00:00Z"  # accepted only now
    assert "refused by ben" in nightglass("front", "refuse", name, "--author", "ben")
    table = nightglass("front", "report", "2024-05-01", "2024-05-03", "--provider", "p")
    assert "RED" in table
    assert "km2/day" in table


def test_ground_is_counted_by_the_outlines_taken_in(nightglass: Command, tmp_path: Path) -> None:
    nightglass("ingest-frontline", day(tmp_path, 1, 4.0), day(tmp_path, 2, 4.5), "--provider", "p")
    ring = [[34, 48], [36, 48], [36, 49.5], [34, 49.5], [34, 48]]
    feature = {"properties": {"name": "South"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    outline = tmp_path / "units.geojson"
    outline.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert "1 added" in nightglass("ingest-outlines", outline, "--level", "oblast")
    said = nightglass("front", "report", "2024-05-01", "2024-05-02")
    assert "By area" in said
    assert "South" in said
    assert "oblast" in said


def test_mistakes_are_one_line_and_a_code(nightglass: Command, tmp_path: Path) -> None:
    assert "holds no Nightglass data" in nightglass("front", "held", code=2)
    nightglass("ingest-frontline", day(tmp_path, 1, 4.0), "--provider", "p", "--shrink", "100")
    assert "No snapshot 'x' was held" in nightglass("front", "accept", "x", code=12)
    assert "says nothing" in nightglass("front", "report", "2020-01-01", "2024-05-02", code=2)
    assert "no time" in nightglass("front", "report", "noon", "2024-05-02", code=2)
    assert "0 to 1" in nightglass("ingest-frontline", day(tmp_path, 2, 4.0), "--provider", "p", "--shrink", 500, code=2)
