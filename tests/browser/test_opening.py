"""The page while it opens: its first picture lies where the map comes to lie, keys wait, and nothing is left over."""

import base64
from dataclasses import replace

import numpy as np
import pytest
from driver import Driver, address

from dashboard.model.view import CompareMode, View
from dashboard.workflows.exercise import exercise_view

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PIXELS = """() => {
  const canvas = document.getElementById("first-look").shadowRoot.querySelector("canvas");
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (let i = 0; i < data.length; i += 0x8000) text += String.fromCharCode.apply(null, data.subarray(i, i + 0x8000));
  return [btoa(text), canvas.width, canvas.height];
}"""
HELD = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts.push(one.value);
}).observe({type: "layout-shift", buffered: true});
"""


@pytest.fixture
def story(workspace) -> View:
    return replace(exercise_view(workspace), compare=CompareMode.SWIPE)


def started(open_page, query: str, **kind: object) -> Driver:
    """Open an empty page of the server's, so that the test can watch the next one from its first moment."""
    driver = open_page("ready", wait=False, **kind)
    driver.page.add_init_script(HELD)
    driver.page.goto(f"{driver.url}/{query}", wait_until="commit")
    return driver


@pytest.mark.parametrize(
    ("window", "folded"),
    [
        ((1280, 720), frozenset()), ((1280, 720), frozenset({"inspector", "timeline"})), ((1680, 640), frozenset()),
        ((900, 700), frozenset({"layers", "inspector"})),
    ],
)  # fmt: skip
def test_the_first_picture_lies_where_the_map_comes_to_lie(open_page, story, window, folded) -> None:
    driver = started(open_page, address(replace(story, folded=folded)), width=window[0], height=window[1])
    place = driver.wait(lambda: driver.page.evaluate("window.nightglassFirst?.place"), "the first picture")
    driver.wait(lambda: driver.drawn, "the map's picture")
    driver.settle()
    box = driver.map_box()
    assert [box["x"], box["y"], box["width"], box["height"]] == pytest.approx(place, abs=0.5)
    assert driver.page.locator("#first-look").count() == 0
    assert driver.drawn == 1  # the frame that the page was built with is the one the map asks for
    assert sum(driver.page.evaluate("window.shifts")) < 0.01


def test_the_first_picture_is_the_one_that_the_map_draws(open_page, story) -> None:
    driver = open_page("ready", wait=False)
    driver.page.route("**/session?*", lambda route: (driver.page.wait_for_timeout(400), route.continue_()))
    driver.page.goto(f"{driver.url}/{address(story)}", wait_until="commit")
    driver.wait(lambda: driver.page.evaluate("window.nightglassFirst"), "the first picture")
    text, width, height = driver.page.evaluate(PIXELS)
    first = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
    driver.wait(lambda: driver.drawn, "the map's picture")
    driver.settle()
    np.testing.assert_array_equal(first, driver.picture.rgba)


def test_keys_that_are_pressed_at_once_wait_for_the_session(open_page, story) -> None:
    driver = started(open_page, address(replace(story, compare=CompareMode.B)))
    driver.wait(lambda: driver.page.evaluate("Boolean(window.nightglassKeys)"), "the page")
    for key in ("s", "x"):
        driver.press(key)
    driver.wait(lambda: driver.drawn, "the map's picture")
    driver.wait(lambda: (driver.view.compare, driver.view.a) == (CompareMode.SWIPE, story.b), "what the keys ask for")
    assert driver.page.evaluate("window.nightglassKeys.length") == 0


def test_a_page_that_gets_no_session_says_so(open_page, story) -> None:
    driver = open_page("ready", wait=False)
    driver.allowed += ["/session", "the server answered 500", "status of 500"]
    driver.page.route("**/session?*", lambda route: route.fulfill(status=500, body=""))
    driver.page.goto(f"{driver.url}/{address(story)}")
    driver.wait(lambda: driver.page.get_by_role("alert").count(), "the words")
    assert "could not be opened" in driver.page.get_by_role("alert").inner_text()
