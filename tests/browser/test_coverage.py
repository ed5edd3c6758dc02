"""The coverage in a real browser: the layer is what the workspace says, the ruler brushes, the pointer asks."""

import base64
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from driver import Driver, address

from dashboard.geo.mercator import extent_of, to_lonlat
from dashboard.model.coverage import Measure
from dashboard.model.view import CompareMode, Layer, View
from dashboard.render.coverage.classes import CLEAR, FIRST, HATCH
from dashboard.workflows.areas import default_view
from dashboard.workflows.coverage import coverage_picture, scope_of, spot

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_LAYER = """() => {
  const {data} = model("coverage");
  const image = data.image[0];
  const bytes = new Uint8Array(image.buffer, image.byteOffset, image.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode.apply(null, bytes.subarray(i, i + 0x8000));
  return {bytes: btoa(text), shape: image.shape, box: [data.x[0], data.y[0], data.dw[0], data.dh[0]]};
}"""
_RULER = """() => {
  const figure = root => {
    for (const node of root.querySelectorAll("*")) {
      const box = node.getBoundingClientRect();
      if (node.classList.contains("bk-Figure") && Math.abs(box.height - 20) < 2) return box;
      const inside = node.shadowRoot && figure(node.shadowRoot);
      if (inside) return inside;
    }
    return null;
  };
  const {left, top, width, height} = figure(document);
  return [left, top, width, height];
}"""


@pytest.fixture
def story(workspace) -> View:
    """Return a view that shows ground with looks and ground without."""
    view = replace(default_view(workspace), compare=CompareMode.B, pixel=None)
    seen = extent_of(workspace.catalog.acquisitions.get(view.b).bbox, margin=0.6)
    return replace(view, extent=seen, layers=view.layers | {Layer.COVERAGE})


def layer(driver: Driver) -> tuple[np.ndarray, tuple[float, ...]]:
    """Return the layer's classes, north first, and its bounds, waiting for it."""
    driver.wait(lambda: driver.length("coverage"), "the coverage layer")
    found = driver.evaluate(_LAYER)
    height, width = found["shape"]
    x, y, across, up = found["box"]
    bytes_ = np.frombuffer(base64.b64decode(found["bytes"]), np.uint8)
    return bytes_.reshape(height, width)[::-1], (x, y, x + across, y + up)


def agrees(driver: Driver, workspace, measure: Measure) -> bool:
    """Return whether every pixel of the layer says what geometry says of its middle, at a few random ones."""
    picture, (x0, y0, x1, y1) = layer(driver)
    view, rng = driver.view, np.random.default_rng(3)
    height, width = picture.shape
    for row, column in rng.integers((0, 0), (height, width), (40, 2)):
        place = x0 + (column + 0.5) / width * (x1 - x0), y1 - (row + 0.5) / height * (y1 - y0)
        here = spot(workspace, scope_of(view), to_lonlat(float(place[0]), float(place[1])))
        if (picture[row, column] >= FIRST) != (here.looks > 0):
            return False
        if measure is Measure.PROVIDERS and here.looks and picture[row, column] - FIRST != len(here.by_provider) - 1:
            return False
    return True


def same(driver: Driver, picture: np.ndarray) -> bool:
    return bool(np.array_equal(layer(driver)[0], picture))


def cut(driver: Driver, bounds: tuple[float, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Return the part of the layer that lies within bounds, on so many pixels."""
    picture, (x0, _, x1, y1) = layer(driver)
    pixel = (x1 - x0) / picture.shape[1]
    row, column = round((y1 - bounds[3]) / pixel), round((bounds[0] - x0) / pixel)
    assert min(row, column) >= 0
    return picture[row : row + shape[0], column : column + shape[1]]


def dragged(driver: Driver, across: int, down: int) -> None:
    """Drag the map by pixels."""
    box = driver.map_box()
    x, y = box["x"] + 500, box["y"] + 200
    driver.page.mouse.move(x, y)
    driver.page.mouse.down()
    driver.page.mouse.move(x + across, y + down, steps=6)
    driver.page.mouse.up()


def brushed(driver: Driver, first: float, last: float) -> None:
    """Drag along the ruler between two shares of the timeline's window."""
    left, top, width, height = driver.evaluate(_RULER)
    inner, right = driver.evaluate("() => [model('ruler').inner_width, model('ruler').min_border_right]")
    at = [left + width - right - inner + share * inner for share in (first, last)]
    driver.page.mouse.move(at[0], top + height / 2)
    driver.page.mouse.down()
    for step in range(1, 9):
        driver.page.mouse.move(at[0] + (at[1] - at[0]) * step / 8, top + height / 2)
    driver.page.mouse.up()


def test_the_layer_is_what_the_workspace_says_and_follows_the_map(open_page, workspace, story) -> None:
    driver = open_page(address(replace(story, measure=Measure.PROVIDERS)))
    picture, _ = layer(driver)
    assert {CLEAR, HATCH} <= set(np.unique(picture)[:2])
    assert picture.max() >= FIRST
    assert agrees(driver, workspace, Measure.PROVIDERS)
    screen = coverage_picture(workspace, scope_of(driver.view), Measure.PROVIDERS, driver.picture.geobox)
    driver.wait(lambda: layer(driver)[0].shape[1] > screen.picture.shape[1], "what lies beyond the screen")
    np.testing.assert_array_equal(cut(driver, screen.bounds, screen.picture.shape), screen.picture)
    before, held = driver.extent, layer(driver)[1]
    dragged(driver, -110, -40)
    driver.wait(lambda: driver.extent != before, "the move")
    driver.settle()
    screen = coverage_picture(workspace, scope_of(driver.view), Measure.PROVIDERS, driver.picture.geobox)
    np.testing.assert_array_equal(cut(driver, screen.bounds, screen.picture.shape), screen.picture)
    assert layer(driver)[1] == held  # the page had it already
    dragged(driver, -300, 90)
    driver.wait(lambda: layer(driver)[1][0] != held[0], "the layer of the new place")
    driver.settle()
    assert agrees(driver, workspace, Measure.PROVIDERS)


def test_the_switch_and_the_choice_of_the_layer_panel(open_page, story) -> None:
    driver = open_page(address(replace(story, layers=story.layers - {Layer.COVERAGE})))
    assert driver.length("coverage") == 0
    assert not driver.page.locator(".legend").is_visible()
    switch = driver.page.locator(".layers").get_by_label("Coverage", exact=True)
    switch.click()
    layer(driver)
    legend = driver.page.locator(".legend")
    driver.wait(lambda: legend.is_visible() and "Looks" in legend.inner_text(), "the legend")
    driver.page.get_by_role("combobox", name="Coverage shows").click()
    driver.page.locator("li", has_text="Longest gap between looks").click()
    driver.wait(lambda: "Longest gap" in legend.inner_text() and "one look only" in legend.inner_text(), "its legend")
    assert driver.view.measure is Measure.GAP
    switch.click()
    driver.wait(lambda: driver.length("coverage") == 0 and not legend.is_visible(), "no layer")
    assert Layer.COVERAGE not in driver.view.layers


def test_the_ruler_brushes_a_period_and_escape_forgets_it(open_page, workspace, story) -> None:
    driver = open_page(address(story))
    whole = layer(driver)[0].copy()
    driver.page.get_by_role("tab", name="Coverage").click()
    window = driver.evaluate("() => [model('ruler').x_range.start, model('ruler').x_range.end]")
    brushed(driver, 0.3, 0.5)
    wanted = [window[0] + share * (window[1] - window[0]) for share in (0.3, 0.5)]
    near = pytest.approx(wanted, abs=0.005 * (window[1] - window[0]))
    driver.wait(
        lambda: driver.view.brush and [moment.timestamp() * 1000 for moment in driver.view.brush] == near,
        "the brushed period in the address",
    )
    driver.settle()
    assert driver.view.period is None  # the window stays where it is
    driver.wait(lambda: not same(driver, whole), "the layer of the period")
    driver.settle()
    assert agrees(driver, workspace, Measure.LOOKS)
    card = driver.page.locator(".card:visible").first
    driver.wait(lambda: "to" in card.locator("p.mono").inner_text(), "the period in words")
    earlier = driver.view.brush
    brushed(driver, 0.4, 0.45)  # inside the brushed period: a drag moves it
    driver.wait(lambda: driver.view.brush != earlier, "the moved period")
    assert driver.view.brush[1] - driver.view.brush[0] == pytest.approx(
        earlier[1] - earlier[0], abs=timedelta(seconds=1)
    )
    driver.press("Escape")
    driver.wait(lambda: driver.view.brush is None, "no brushed period")
    driver.wait(lambda: same(driver, whole), "the layer of the whole time")


def test_the_pointer_says_who_looked(open_page, workspace, story) -> None:
    driver = open_page(address(story))
    layer(driver)
    box, tip = driver.map_box(), driver.page.locator(".tip")
    driver.page.mouse.move(box["x"] + box["width"] / 2 + 40, box["y"] + box["height"] / 2)
    driver.wait(lambda: tip.is_visible() and "looks" in tip.inner_text(), "what the point says")
    x, y = driver.extent.centre
    x += 40 / box["width"] * (driver.extent.x1 - driver.extent.x0)
    here = spot(workspace, scope_of(driver.view), to_lonlat(x, y))
    said = tip.inner_text()
    assert f"{here.looks} looks" in said
    assert all(f"{name} {number}" in said for name, number in here.by_provider)
    driver.page.mouse.move(box["x"] + 12, box["y"] + box["height"] - 160)
    driver.wait(lambda: "No look here" in tip.inner_text(), "what a point without a look says")


def test_the_table_is_copied_for_a_spreadsheet(open_page, contexts, workspace, story) -> None:
    driver = open_page(address(story))
    driver.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=driver.url)
    driver.page.get_by_role("tab", name="Coverage").click()
    button = driver.page.get_by_role("button", name="Copy table")
    driver.wait(button.is_visible, "the table")
    button.click()
    driver.wait(driver.page.get_by_text("Copied the coverage table").is_visible, "the notice")
    lines = driver.page.evaluate("navigator.clipboard.readText()").splitlines()
    names = workspace.catalog.acquisitions.constellations()
    assert lines[0].startswith("provider\tlooks\tproducts")
    assert [line.split("\t")[0] for line in lines[1:]] == [*names, "all"]


def test_a_tick_says_delay_geometry_and_calibration(open_page, workspace, story) -> None:
    driver = open_page(address(story))
    for facts in driver.column("ticks", "facts"):
        assert "after sensing" in facts or "arrival not stated" in facts
        assert all(words in facts for words in ("mode ", "look ", "pass ", "incidence ", "level ", "calibrated"))


def test_on_a_phone_the_layer_has_its_legend_and_a_finger_brushes(open_page, story) -> None:
    driver = open_page(address(story), width=390, height=844, touch=True)
    layer(driver)
    legend = driver.page.locator(".legend")
    driver.wait(legend.is_visible, "the legend")
    box = legend.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390 * 0.6
    brushed(driver, 0.3, 0.7)
    driver.wait(lambda: driver.view.brush is not None, "the brushed period")
    assert driver.page.evaluate("document.documentElement.scrollWidth") <= 390
