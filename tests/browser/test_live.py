"""Live detection in a browser: it follows a pan, hides what lies below a score, hatches what is unseen."""

import base64
from dataclasses import replace

import numpy as np
import pytest
from driver import Driver, address

from dashboard.geo.mercator import extent_of, screen_geobox
from dashboard.model.view import CompareMode, Layer, View
from dashboard.plots.live import HATCH, live_picture
from dashboard.plots.stepped import NOTHING
from dashboard.workflows.areas import default_view
from dashboard.workflows.detection.live import live
from dashboard.workflows.detection.question import question_between

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_LAYER = """() => {
  const {data} = model("live");
  const image = data.image[0];
  const bytes = new Uint8Array(image.buffer, image.byteOffset, image.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode.apply(null, bytes.subarray(i, i + 0x8000));
  return {bytes: btoa(text), shape: image.shape, box: [data.x[0], data.y[0], data.dw[0], data.dh[0]]};
}"""
_SHOWN = "() => Array.from(model('live-colours').palette)"
_RESTYLE = """async score => {
  const began = performance.now();
  model("least-score").setv({start: score}, {sync: false});
  const took = performance.now() - began;
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return took;
}"""


@pytest.fixture
def story(workspace) -> View:
    """Return a view that shows ground with looks and ground without, live."""
    view = replace(default_view(workspace), compare=CompareMode.B, pixel=None)
    seen = extent_of(workspace.catalog.acquisitions.get(view.b).bbox, margin=0.4)
    return replace(view, extent=seen, layers=view.layers | {Layer.LIVE})


def layer(driver: Driver) -> tuple[np.ndarray, tuple[float, ...]]:
    """Return the layer's values, north first, and its bounds, waiting for it."""
    driver.wait(lambda: driver.length("live"), "the layer of live detection")
    found = driver.evaluate(_LAYER)
    height, width = found["shape"]
    x, y, across, up = found["box"]
    values = np.frombuffer(base64.b64decode(found["bytes"]), np.uint8).reshape(height, width)
    return values[::-1], (x, y, x + across, y + up)


def settled(driver: Driver) -> tuple[np.ndarray, tuple[float, ...]]:
    """Return the layer when nothing is being searched any more."""
    driver.settle()
    driver.wait(lambda: not driver.page.locator(".layers .loading").count(), "the end of the search")
    return layer(driver)


def expected(driver: Driver, workspace) -> tuple[np.ndarray, tuple[float, ...]]:
    """Return what the workspace says of the ground that the page shows."""
    view, size = driver.view, driver.evaluate("() => [model('map').inner_width, model('map').inner_height]")
    a, b = (workspace.catalog.acquisitions.get(name) for name in (view.a, view.b))
    found = live(workspace, question_between(workspace, a, b), screen_geobox(view.extent, *size))
    return live_picture(found.levels, found.bounds, tuple(size)), found.bounds


def drag(driver: Driver, across: int, down: int) -> None:
    box, before = driver.map_box(), driver.extent
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    driver.page.mouse.move(x, y)
    driver.page.mouse.down()
    driver.page.mouse.move(x + across, y + down, steps=5)
    driver.page.mouse.up()
    driver.wait(lambda: driver.extent != before, "the move")


def test_the_layer_follows_the_map_and_is_what_the_workspace_says(open_page, workspace, story) -> None:
    driver = open_page(address(story))
    first, bounds = settled(driver)
    assert {0, HATCH} <= set(np.unique(first))  # the footprint ends on the screen
    assert (first[first.shape[0] // 2, first.shape[1] // 2]) not in (0, HATCH)
    np.testing.assert_array_equal(first, expected(driver, workspace)[0])
    for step in (-70, 60, -50):  # faster than it is searched: what is superseded is stopped
        drag(driver, step, 25)
    driver.wait(lambda: layer(driver)[1] != bounds, "the layer of the new place")
    picture, bounds = settled(driver)
    wanted, place = expected(driver, workspace)
    assert bounds == pytest.approx(place)
    np.testing.assert_array_equal(picture, wanted)


def test_a_threshold_recolours_on_the_page_alone(open_page, story) -> None:
    driver = open_page(address(story))
    settled(driver)
    scores = np.array(driver.column("live-steps", "score"), dtype=float)
    colours = driver.column("live-steps", "colour")
    driver.evaluate(_RESTYLE, 3.0)
    for score in (0.5, 8.0, 100.0):
        took = driver.evaluate(_RESTYLE, score)
        shown = driver.evaluate(_SHOWN)
        assert took < 150.0
        assert shown == [NOTHING if each < score else colour for each, colour in zip(scores, colours, strict=True)]
        assert shown[HATCH] != NOTHING


def test_the_switch_the_legend_and_its_slider(open_page, story) -> None:
    driver = open_page(address(replace(story, layers=story.layers - {Layer.LIVE})))
    assert driver.length("live") == 0
    legend = driver.page.locator("div.live")
    assert not legend.is_visible()
    switch = driver.page.locator(".layers").get_by_label("Live detection, A to B")
    switch.click()
    settled(driver)
    driver.wait(lambda: legend.is_visible() and "Live detection" in legend.inner_text(), "the legend")
    words = legend.inner_text()
    assert "not observed" in words
    assert "not proof of damage" in words
    assert "expected false polygons" in words
    slider = legend.get_by_role("slider")
    slider.focus()
    driver.press("End")
    driver.wait(lambda: "5.00e+3" in legend.inner_text() or "5000" in legend.inner_text(), "the score in words")
    driver.wait(
        lambda: (
            [level for level, colour in enumerate(driver.evaluate(_SHOWN)) if colour != NOTHING]
            == [85, 169, 253, HATCH]
        ),
        "only the strongest",
    )
    switch.click()
    driver.wait(lambda: driver.length("live") == 0 and not legend.is_visible(), "no layer")


def test_why_it_cannot_be_is_said_in_its_row(open_page, story) -> None:
    driver = open_page(address(replace(story, a=story.b, b=story.a)))
    driver.wait(driver.page.locator(".layers").get_by_text("not later than A").first.is_visible, "the reason")
    assert driver.length("live") == 0


def test_on_a_phone_the_legend_is_one_line_until_it_is_touched(open_page, story) -> None:
    driver = open_page(address(story), width=390, height=844, touch=True)
    layer(driver)
    legend, page = driver.page.locator("div.live"), driver.page
    driver.wait(legend.is_visible, "the legend")
    whole = driver.map_box()
    box = legend.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["width"] * box["height"] < 0.1 * whole["width"] * whole["height"]
    assert not legend.get_by_role("slider").is_visible()
    page.get_by_label("Show the legend and the slider").tap()
    driver.wait(legend.get_by_role("slider").is_visible, "the slider")
    box, people = legend.bounding_box(), page.locator(".people button.own").bounding_box()
    assert box["x"] + box["width"] <= people["x"]
    assert box["y"] >= whole["y"]
    page.get_by_label("Fold the legend").tap()
    driver.wait(lambda: not legend.get_by_role("slider").is_visible(), "the one line")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
