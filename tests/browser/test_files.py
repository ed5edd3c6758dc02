"""Annotations from files and into files, by hand: the chooser, a drop on the page, a link to download."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from desk import blank, fresh, recorded, view_to_draw_in
from driver import Driver, address

from dashboard.geo.mercator import to_lonlat

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DROP = """({text, name}) => {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  window.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
}"""
BUSY_S = 40.0


@pytest.fixture(scope="module")
def page(open_sheet, ledger) -> Driver:
    return open_sheet(address(view_to_draw_in(ledger)), width=1400, height=900)


@pytest.fixture
def driver(page, ledger) -> Iterator[Driver]:
    """Return the page at its files, with nothing on the map."""
    fresh(page, ledger)
    page.page.get_by_role("tab", name="Notes").click()
    yield page
    blank(page)


def geojson(driver: Driver, **titles: tuple[float, float]) -> bytes:
    """Return points at shares of the map, by title."""
    features = [
        {
            "type": "Feature",
            "properties": {"title": title, "kind": "damage", "valid_from": "2026-06-01T00:00:00Z"},
            "geometry": {"type": "Point", "coordinates": to_lonlat(*driver.ground(*driver.spot(*share)))},
        }
        for title, share in titles.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def said(driver: Driver) -> str:
    return " ".join(driver.page.locator(".card p").all_inner_texts())


def names(ledger) -> set[str]:
    return {revision.annotation.title for revision in recorded(ledger)}


def test_a_file_is_imported_by_the_chooser(driver, ledger) -> None:
    content = geojson(driver, Well=(0.3, 0.3), Depot=(0.6, 0.5))
    driver.page.locator("input[type=file]").set_input_files(
        {"name": "notes.geojson", "mimeType": "application/geo+json", "buffer": content}
    )
    driver.wait(lambda: names(ledger) == {"Well", "Depot"}, "both in the catalogue", BUSY_S)
    driver.wait(lambda: driver.length("note-points") == 2, "both on the map")
    driver.wait(lambda: "Imported 2 annotations" in said(driver), "the report")
    wanted = {f["properties"]["title"]: f["geometry"]["coordinates"] for f in json.loads(content)["features"]}
    for revision in recorded(ledger):
        found = revision.annotation
        assert list(found.geometry.coords[0]) == wanted[found.title], "not a bit moves"


def test_a_file_is_imported_by_dropping_it_on_the_page(driver, ledger) -> None:
    content = geojson(driver, Bridge=(0.5, 0.4))
    driver.page.evaluate(DROP, {"text": base64.b64encode(content).decode(), "name": "notes.geojson"})
    driver.wait(lambda: names(ledger) == {"Bridge"}, "it in the catalogue", BUSY_S)
    driver.wait(lambda: driver.length("note-points") == 1, "it on the map")


def test_a_file_that_is_none_says_so_and_changes_nothing(driver, ledger) -> None:
    driver.page.evaluate(DROP, {"text": base64.b64encode(b"{nothing").decode(), "name": "notes.geojson"})
    driver.wait(lambda: driver.notice, "why not", BUSY_S)
    assert not recorded(ledger)


def test_an_export_downloads_and_carries_the_annotation(driver, ledger, tmp_path: Path) -> None:
    driver.draw("Area", (0.35, 0.25), (0.65, 0.25), (0.65, 0.55))
    driver.fill(title="Yard", kind="damage", side="BLUE", notes="burnt")
    driver.save()
    driver.wait(lambda: driver.length("note-areas"), "it on the map")
    driver.page.get_by_role("button", name="GeoJSON", exact=True).click()
    link = driver.page.locator(".card a[download]")
    driver.wait(link.is_visible, "the finished file", BUSY_S)
    with driver.page.expect_download() as started:
        link.click()
    path = tmp_path / "notes.geojson"
    started.value.save_as(path)
    (feature,) = json.loads(path.read_text(encoding="utf-8"))["features"]
    (found,) = (revision.annotation for revision in recorded(ledger))
    assert feature["properties"]["title"] == "Yard"
    assert shapely.equals_exact(shapely.geometry.shape(feature["geometry"]).normalize(), found.geometry.normalize())
