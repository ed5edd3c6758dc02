"""Confirming guesses: the row, the item and the log of who said so change together, or not at all."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from dashboard.catalog.acquisitions import Acquisitions
from dashboard.model.acquisition import Acquisition, LookSide
from dashboard.model.errors import CatalogError, InputError, NotFoundError
from dashboard.simulate.products.blacksky import write_ortho
from dashboard.simulate.products.qps import write_level_13
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.take import Take
from dashboard.simulate.products.umbra import write_gec
from dashboard.workflows.confirm_fields import confirm, confirmable
from dashboard.workflows.ingest import ingest
from dashboard.workflows.stac_valid import faults
from dashboard.workflows.workspace import Workspace, open_workspace

TINY = mini_scene(4.0, (30, 40))
TAKE = Take(constellation="qps-sar", platform="qps-sar-7", mode="SL", polarisations=("HH",))
NOW = datetime(2024, 7, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "data") as found:
        write_level_13(tmp_path / "qps", TINY, TAKE)
        (entry,) = ingest(found, [tmp_path / "qps"])
        assert entry.status == "added", entry
        yield found


def only(workspace: Workspace) -> Acquisition:
    (found,) = workspace.catalog.acquisitions.find()
    return found


def item(workspace: Workspace) -> dict:
    found = only(workspace)
    return json.loads((workspace.archive.root / found.constellation / found.id / "item.json").read_text())


def test_a_confirmed_guess_is_none_any_more_and_says_who_and_when(workspace: Workspace) -> None:
    before = only(workspace)
    assert {"look", "start"} <= before.origin.guessed
    ingested = item(workspace)["properties"]["proc:ingested"]
    done = confirm(workspace, before.id, {"look": None, "incidence_deg": "34.5"}, "Ana  Lyst", now=NOW)
    assert only(workspace) == done
    assert done.origin.guessed == before.origin.guessed - {"look", "incidence_deg"}
    assert (done.look, done.incidence_deg) == (LookSide.RIGHT, 34.5)
    stated = dict(done.details)
    assert stated["proc:confirmed_look"] == "Ana Lyst, 2024-07-01T12:00:00Z"
    assert stated["proc:confirmed_incidence_deg"] == "Ana Lyst, 2024-07-01T12:00:00Z: 34.5"
    written = item(workspace)
    assert written["properties"]["view:incidence_angle"] == 34.5
    assert written["properties"]["proc:ingested"] == ingested
    assert not faults(written)
    assert [path.name for path in (workspace.archive.root / done.constellation / done.id).glob(".*")] == []


def test_an_unknown_field_can_be_supplied_and_a_guess_withdrawn(workspace: Workspace) -> None:
    name = only(workspace).id
    assert confirmable(only(workspace))["track"] == ""
    done = confirm(workspace, name, {"track": "17", "mode": ""}, "Ana")
    assert (done.track, done.mode) == (17, None)
    assert dict(done.details)["proc:confirmed_mode"].endswith(": unknown")


def test_polarisations_rename_the_images_not_their_files(workspace: Workspace) -> None:
    before = only(workspace)
    done = confirm(workspace, before.id, {"polarisations": "VV"}, "Ana")
    assert done.pixels is not None
    assert before.pixels is not None
    assert [file.polarisation for file in done.pixels.files] == ["VV"]
    assert [file.path for file in done.pixels.files] == [file.path for file in before.pixels.files]
    with pytest.raises(InputError, match="give one for each"):
        confirm(workspace, before.id, {"polarisations": "VV,VH"}, "Ana")


def test_the_category_takes_the_caveat_away(workspace: Workspace) -> None:
    done = confirm(workspace, only(workspace).id, {"category": "corrected, 46 cm"}, "Ana")
    assert "JP-RSD" in done.handling.regimes
    assert not any("TO BE STATED" in caveat for caveat in done.handling.caveats)
    assert "JP-RSD CATEGORY: corrected, 46 cm" in item(workspace)["properties"]["rel:caveats"]


def test_a_second_ingest_leaves_what_a_person_said(workspace: Workspace, tmp_path: Path) -> None:
    done = confirm(workspace, only(workspace).id, {"look": "left"}, "Ana")
    (entry,) = ingest(workspace, [tmp_path / "qps"])
    assert entry.status == "already there"
    assert only(workspace) == done


@pytest.mark.parametrize(
    ("fields", "who", "words"),
    [
        ({"look": "up"}, "Ana", "look='up': it must be left or right"),
        ({"incidence_deg": "91"}, "Ana", "incidence_deg='91': it must be a number from 0 to 90"),
        ({"incidence_deg": "nan"}, "Ana", "must be a number"),
        ({"start": "yesterday"}, "Ana", "start='yesterday'"),
        ({"start": ""}, "Ana", "start cannot be unknown"),
        ({"stop": "2001-01-01T00:00:00Z"}, "Ana", "before it starts"),
        ({"footprint": "POINT(0 0)"}, "Ana", "confirmed as it is, not changed"),
        ({"id": "x"}, "Ana", "'id' is no field"),
        ({"track": None}, "Ana", "no guess to confirm"),
        ({"constellation": None}, "Ana", "stated by the product"),
        ({"category": " "}, "Ana", "category must be named"),
        ({"look": None}, "  ", "Nobody confirms"),
        ({}, "Ana", "No field is named"),
        ({"look": None, "incidence_deg": "high"}, "Ana", "incidence_deg"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_changes(
    workspace: Workspace, fields: dict[str, str | None], who: str, words: str
) -> None:
    before, text = only(workspace), item(workspace)
    with pytest.raises(InputError, match=words):
        confirm(workspace, before.id, fields, who)
    assert only(workspace) == before
    assert item(workspace) == text


def test_a_guessed_detail_is_confirmed_or_corrected_like_any_field(workspace: Workspace, tmp_path: Path) -> None:
    scene = Scene(TINY.geobox, TINY.height_m, {band: np.full(TINY.geobox.shape, 90.0, np.float32) for band in "RGB"})
    write_ortho(tmp_path / "blacksky", scene, Take(constellation="blacksky", platform="blacksky-global-14"))
    (entry,) = ingest(workspace, [tmp_path / "blacksky"])
    assert entry.id is not None
    found = workspace.catalog.acquisitions.get(entry.id)
    assert {"view:sun_elevation", "view:sun_azimuth"} <= found.origin.guessed
    listed = confirmable(found)
    assert listed["view:sun_azimuth"] == dict(found.details)["view:sun_azimuth"] != ""
    done = confirm(workspace, entry.id, {"view:sun_azimuth": None, "view:sun_elevation": "51.5"}, "Ana")
    assert not {"view:sun_elevation", "view:sun_azimuth"} & done.origin.guessed
    assert dict(done.details)["view:sun_elevation"] == "51.5"
    assert dict(done.details)["view:sun_azimuth"] == listed["view:sun_azimuth"]
    again = confirm(workspace, entry.id, {"view:sun_elevation": ""}, "Ana")
    assert "view:sun_elevation" not in dict(again.details)


def test_what_is_not_there_is_named(workspace: Workspace) -> None:
    with pytest.raises(NotFoundError, match="nothing-such"):
        confirm(workspace, "nothing-such", {"look": None}, "Ana")


def test_a_product_of_another_country_has_no_category(workspace: Workspace, tmp_path: Path) -> None:
    write_gec(tmp_path / "umbra", TINY, Take(constellation="umbra", platform="umbra-04", mode="SPOTLIGHT"))
    (entry,) = ingest(workspace, [tmp_path / "umbra"])
    assert entry.id is not None
    assert confirmable(workspace.catalog.acquisitions.get(entry.id)).keys() >= {"look_azimuth_deg"}
    with pytest.raises(InputError, match="it has no category"):
        confirm(workspace, entry.id, {"category": "x"}, "Ana")


def test_a_failing_catalogue_leaves_the_item_as_it_was(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    before = item(workspace)

    def fail(*_: object, **__: object) -> bool:
        raise CatalogError("the disk is full")

    monkeypatch.setattr(Acquisitions, "add", fail)
    with pytest.raises(CatalogError):
        confirm(workspace, only(workspace).id, {"look": None}, "Ana")
    assert item(workspace) == before
    assert len(list((workspace.archive.root / "qps-sar").rglob("*"))) == 3


def test_two_persons_at_once_both_count(workspace: Workspace) -> None:
    name = only(workspace).id
    fields = ["look", "mode", "incidence_deg", "platform", "level", "start"]
    threads = [threading.Thread(target=confirm, args=(workspace, name, {field: None}, "Ana")) for field in fields]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not set(fields) & only(workspace).origin.guessed
