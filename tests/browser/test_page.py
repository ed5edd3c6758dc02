"""The page itself: it fits its window, changes its theme, and its numbers are those of the geodesy."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from driver import Driver, address
from pyproj import Geod

from dashboard.geo.coordinates import to_mgrs
from dashboard.geo.mercator import to_lonlat
from dashboard.model.palette import tokens
from dashboard.model.view import CompareMode, View
from dashboard.workflows.exercise import exercise_view

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

POSITION = (Path(__file__).parents[2] / "assets" / "esm" / "position.js").read_text(encoding="utf-8")
IMPORT = f"""async (points) => {{
  const text = {POSITION!r};
  const url = URL.createObjectURL(new Blob([text], {{type: "text/javascript"}}));
  const position = await import(url);
  URL.revokeObjectURL(url);
  return points.map(CALL);
}}"""

SEA = "() => model('map').renderers.find((layer) => layer.name === 'sea-shapes').glyph.fill_color.value"


@pytest.fixture
def story(workspace) -> View:
    return replace(exercise_view(workspace), compare=CompareMode.SWIPE)


def boxes(driver: Driver, selector: str) -> list[dict[str, float]]:
    found = [one.bounding_box() for one in driver.page.locator(selector).all() if one.is_visible()]
    return [box for box in found if box is not None]


def inside(box: dict[str, float], frame: dict[str, float]) -> bool:
    return (
        box["x"] >= frame["x"] - 1
        and box["y"] >= frame["y"] - 1
        and box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
        and box["y"] + box["height"] <= frame["y"] + frame["height"] + 1
    )


def apart(one: dict[str, float], other: dict[str, float]) -> bool:
    return (
        one["x"] + one["width"] <= other["x"] + 0.5
        or other["x"] + other["width"] <= one["x"] + 0.5
        or one["y"] + one["height"] <= other["y"] + 0.5
        or other["y"] + other["height"] <= one["y"] + 0.5
    )


def test_on_a_small_laptop_chips_scale_and_arrows_lie_in_the_map_and_apart(open_page, story) -> None:
    driver = open_page(address(story))
    frame = driver.map_box()
    assert frame["width"] > 500
    assert frame["height"] > 300
    driver.page.mouse.move(frame["x"] + 200, frame["y"] + 250)
    parts = [box for selector in (".chip", ".scale", ".looks figure", ".readout") for box in boxes(driver, selector)]
    assert len(parts) >= 4
    for n, part in enumerate(parts):
        assert inside(part, frame)
        assert all(apart(part, other) for other in parts[n + 1 :])
    window = {"x": 0, "y": 0, "width": 1280, "height": 720}
    for selector in (".mark", ".bar", ".timeline", ".layers", ".inspector"):
        found = boxes(driver, selector)
        assert found, selector
        assert all(inside(box, window) for box in found), selector


@pytest.mark.parametrize(("width", "height", "folded"), [(1280, 720, set()), (390, 844, {"layers", "inspector"})])
def test_panels_are_folded_by_themselves_on_a_phone_only(open_page, story, width, height, folded) -> None:
    driver = open_page(address(story), width=width, height=height, touch=width < 700)
    driver.press_for_picture("ArrowRight")
    assert driver.view.folded == folded


def test_a_phone_shows_map_and_timeline_without_scrolling_sideways(open_page, story) -> None:
    driver = open_page(address(story), width=390, height=844, touch=True)
    assert driver.page.evaluate("document.documentElement.scrollWidth") <= 390
    window = {"x": 0, "y": 0, "width": 390, "height": 844}
    frame = driver.map_box()
    assert inside(frame, window)
    assert frame["width"] > 300
    assert frame["height"] > 300
    (line,) = boxes(driver, ".timeline")
    assert inside(line, window)
    assert line["height"] > 60
    for mark in boxes(driver, ".mark"):
        assert inside(mark, window)


def test_the_theme_changes_in_place(open_page, story) -> None:
    driver = open_page(address(story))
    ground = f"() => [({SEA})(), getComputedStyle(document.body).backgroundColor]"
    view, dark = driver.view, driver.evaluate(ground)
    driver.page.get_by_role("button", name="Light or dark").click()
    driver.wait(lambda: all(a != b for a, b in zip(dark, driver.evaluate(ground), strict=True)), "the light theme")
    driver.settle()
    assert driver.view == view


def test_a_link_can_ask_for_the_light_theme(open_page, story) -> None:
    driver = open_page(f"{address(story)}&theme=light")
    assert driver.evaluate(SEA) == tokens("light").water


def test_the_position_under_the_cursor_is_that_of_the_geodesy(open_page) -> None:
    driver = open_page(wait=False)
    random = np.random.default_rng(20260504)
    points = [[float(lon), float(lat)] for lon, lat in zip(random.uniform(-180, 180, 200), random.uniform(-80, 84, 200),
                                                           strict=True)]  # fmt: skip
    points += [[5.0, 60.0], [2.9, 60.0], [10.0, 78.0], [20.0, 75.0], [36.0, 80.0], [-179.999, 0.001], [145.05, 43.28]]
    found = driver.page.evaluate(IMPORT.replace("CALL", "([lon, lat]) => position.mgrs(lon, lat)"), points)
    assert found == [to_mgrs(lon, lat) for lon, lat in points]
    metres = [[float(x), float(y)] for x, y in random.uniform(-1.5e7, 1.5e7, (50, 2))]
    back = driver.page.evaluate(IMPORT.replace("CALL", "([x, y]) => position.lonlat(x, y)"), metres)
    np.testing.assert_allclose(back, [to_lonlat(x, y) for x, y in metres], rtol=0, atol=1e-9)


def test_the_scale_bar_is_true_on_the_ground(open_page, story) -> None:
    driver = open_page(address(story))
    (bar,) = boxes(driver, ".scale")
    metres = float(driver.page.locator(".scale").get_attribute("data-metres") or "nan")
    frame, extent = driver.map_box(), driver.extent
    y = (extent.y0 + extent.y1) / 2
    across = bar["width"] / frame["width"] * (extent.x1 - extent.x0)
    (west, lat), (east, _) = to_lonlat(extent.x0, y), to_lonlat(extent.x0 + across, y)
    ground = Geod(ellps="WGS84").line_length([west, east], [lat, lat])
    assert ground == pytest.approx(metres, rel=0.002)
    assert math.log10(metres) % 1 == pytest.approx(math.log10(float(str(metres)[0])), abs=1e-6)


def test_the_read_out_follows_the_cursor(open_page, story) -> None:
    driver = open_page(address(story))
    frame, extent = driver.map_box(), driver.extent
    driver.page.mouse.move(frame["x"] + 0.3 * frame["width"], frame["y"] + 0.6 * frame["height"])
    driver.wait(lambda: driver.page.evaluate("window.nightglassCursor"), "the cursor")
    cursor = driver.page.evaluate("window.nightglassCursor")
    x, y = (extent.x0 + 0.3 * (extent.x1 - extent.x0)), (extent.y1 - 0.6 * (extent.y1 - extent.y0))
    lon, lat = to_lonlat(x, y)
    assert (cursor["lon"], cursor["lat"]) == pytest.approx((lon, lat), abs=2e-4)
    assert cursor["mgrs"] == to_mgrs(cursor["lon"], cursor["lat"])
    assert cursor["mgrs"] in driver.page.locator(".readout").inner_text()


def test_the_sheet_of_keys_opens_and_closes_and_typing_is_not_a_key(open_page, story) -> None:
    driver = open_page(address(story))
    driver.press("?")
    sheet = driver.page.locator(".keysheet")
    driver.wait(lambda: sheet.count() and sheet.first.is_visible(), "the sheet of keys")
    driver.press("Escape")
    driver.wait(lambda: not (sheet.count() and sheet.first.is_visible()), "the map without the sheet")
    before = driver.view
    driver.press("/")
    driver.page.wait_for_timeout(100)
    driver.page.keyboard.type("xs")
    driver.settle()
    assert driver.view == before
    box = driver.page.get_by_placeholder("Place, MGRS").first
    box.fill("43.2800, 145.0500")
    driver.press("Enter")
    driver.wait(lambda: driver.view.pixel == (145.05, 43.28), "the place")
