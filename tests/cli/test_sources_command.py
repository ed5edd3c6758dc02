"""`nightglass sources`: every system that is read, and what becomes of every field of it."""

import json
import sys
from collections.abc import Callable

import pytest

from dashboard.cli.main import run

Command = Callable[..., str]

ROWS = {
    "QPS-SAR (iQPS)": ("1.1", "1.2", "1.3", "GeoTIFF + JSON"),
    "ICEYE": ("GRD COG", "SLC COG", "CSI COG"),
    "ICEYE legacy": ("GRD GeoTIFF + XML", "SLC HDF5"),
    "SAR-Lupe": ("SICD", "SIDD", "plain NSIF or NITF image"),
    "SARah": ("SICD", "SIDD", "plain NSIF or NITF image"),
    "COSMO-SkyMed 1st generation": ("SCS", "DGM", "GEC", "GTC"),
    "COSMO-SkyMed 2nd generation": ("SCS", "DGM", "GEC", "GTC"),
    "ALOS-2 PALSAR-2": ("CEOS 1.1", "CEOS 1.5", "CEOS 2.1", "GeoTIFF 1.5 and 2.1"),
    "ALOS-4 PALSAR-3": ("CEOS 1.1", "CEOS 1.5", "CEOS 2.1", "GeoTIFF 1.5 and 2.1"),
    "Sentinel-1 GRD": ("SAFE GRD folder", "SAFE GRD zip"),
    "Sentinel-1 SLC": ("SAFE SLC IW and EW", "SAFE SLC SM"),
    "Sentinel-1 RTC": ("RTC-S1 GeoTIFF",),
    "Capella": ("GEO", "GEC", "SLC", "CSI"),
    "Umbra": ("GEC", "CSI"),
    "SICD of any vendor": ("SICD",),
    "SIDD of any vendor": ("SIDD",),
    "Maxar": ("Ortho", "TIL", "RPB"),
    "BlackSky": ("ortho", "RPC"),
    "UAV": ("GeoTIFF",),
    "STAC": ("item", "GeoParquet"),
    "plain NITF or NSIF": ("NITF 2.1", "NSIF 1.0"),
    "any GeoTIFF": ("GeoTIFF with STAC",),
}
"""Beginning of a system's name -> parts of its forms, all of which must be read."""


@pytest.fixture(name="nightglass")
def _nightglass(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Give a function that runs the command and returns what it prints."""
    monkeypatch.setenv("COLUMNS", "400")

    def command(*words: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["nightglass", "sources", *words])
        with pytest.raises(SystemExit) as left:
            run()
        assert (left.value.code or 0) == code
        printed = capsys.readouterr()
        return printed.out + printed.err

    return command


@pytest.fixture
def listed(nightglass: Command) -> list[dict[str, object]]:
    found = json.loads(nightglass("--json"))
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("name", ROWS)
def test_every_system_is_there_in_every_form(name: str, listed: list[dict[str, object]]) -> None:
    forms = [" ".join(map(str, row["forms"])) for row in listed if str(row["name"]).startswith(name)]  # type: ignore[call-overload]
    assert forms, f"{name} is not among {[row['name'] for row in listed]}"
    assert [part for part in ROWS[name] if not any(part in form for form in forms)] == []


def test_the_table_says_what_the_reading_rests_on(nightglass: Command, listed: list[dict[str, object]]) -> None:
    said = nightglass()
    for row in listed:
        assert str(row["name"]) in said
        assert row["evidence"] in {"verified", "documented", "guessed"}
    assert "guessed: no public document" in said


@pytest.mark.parametrize("name", ["QPS-SAR (iQPS)", "SAR-Lupe", "SARah"])
def test_what_has_no_public_document_is_called_guessed(name: str, listed: list[dict[str, object]]) -> None:
    assert [row["evidence"] for row in listed if row["name"] == name] == ["guessed"]


@pytest.mark.parametrize(
    "name",
    ["QPS-SAR (iQPS)", "COSMO-SkyMed 2nd generation", "SIDD of any vendor", "plain NITF or NSIF", "Umbra"],
)
def test_an_uncalibrated_system_says_why(name: str, listed: list[dict[str, object]]) -> None:
    (said,) = [str(row["calibration"]) for row in listed if row["name"] == name]
    assert said.startswith("none: ")


def test_a_system_shows_every_field_of_it_and_no_other_system(
    nightglass: Command, listed: list[dict[str, object]]
) -> None:
    said = nightglass("cosmo-skymed 2nd")
    (row,) = [row for row in listed if row["name"] == "COSMO-SkyMed 2nd generation"]
    for field in row["fields"]:  # type: ignore[attr-defined]
        assert field["name"] in said
        assert (field["where"] or "absent") in said
    assert "1st generation" not in said


def test_json_of_one_system_is_that_of_the_whole_list(nightglass: Command, listed: list[dict[str, object]]) -> None:
    assert json.loads(nightglass("alos-4", "--json")) == [row for row in listed if row["name"] == "ALOS-4 PALSAR-3"]


def test_an_unknown_name_is_answered_with_those_that_are_known(
    nightglass: Command, listed: list[dict[str, object]]
) -> None:
    said = nightglass("radarsat", code=12)
    assert "'radarsat'" in said
    for row in listed:
        assert str(row["name"]) in said
