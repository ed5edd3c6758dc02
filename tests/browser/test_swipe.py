"""Swipe, blink and hold are the browser's own: columns change sides and nothing is sent for it."""

from dataclasses import replace

import numpy as np
import pytest
from driver import Driver, address

from dashboard.model.view import CompareMode, View
from dashboard.render.compose import swipe_column
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.frames import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def story(workspace) -> View:
    return replace(exercise_view(workspace), compare=CompareMode.SWIPE, split=0.5)


def sides(driver: Driver, workspace) -> tuple[np.ndarray, np.ndarray]:
    """Return the pictures of A and of B on the grid of the browser's picture."""
    view = replace(driver.view, extent=driver.extent)
    geobox = driver.picture.geobox
    a, b = (picture(workspace, replace(view, compare=mode), geobox) for mode in (CompareMode.A, CompareMode.B))
    return a, b


def is_split_at(driver: Driver, a: np.ndarray, b: np.ndarray, split: float) -> None:
    column = swipe_column(a.shape[1], split)
    expected = np.concatenate([a[:, :column], b[:, column:]], axis=1)
    np.testing.assert_array_equal(driver.picture.rgba, expected)


def test_dragging_the_line_moves_columns_between_a_and_b_and_sends_nothing(open_page, workspace, story) -> None:
    driver = open_page(address(story))
    a, b = sides(driver, workspace)
    assert (a != b).any()
    is_split_at(driver, a, b, 0.5)
    stamps, box, mouse = driver.stamps, driver.map_box(), driver.page.mouse
    mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.7 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 0.7 * box["height"], steps=3)
    mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.7 * box["height"], steps=3)
    mouse.up()
    driver.wait(lambda: driver.view.split != 0.5, "the split in the address")
    driver.settle()
    assert driver.view.split == pytest.approx(0.3, abs=2 / box["width"])
    is_split_at(driver, a, b, driver.view.split)
    assert driver.stamps == stamps
    assert driver.extent == replace(story, extent=driver.extent).extent


def test_the_bracket_keys_move_the_line_and_s_switches_it_off_and_on(open_page, workspace, story) -> None:
    driver = open_page(address(story))
    a, b = sides(driver, workspace)
    stamps = driver.stamps
    for key, split in (("[", 0.48), ("[", 0.46), ("]", 0.48)):
        driver.press(key)
        driver.wait(lambda split=split: abs(driver.view.split - split) < 1e-9, f"a split of {split}")
    driver.settle()
    is_split_at(driver, a, b, driver.view.split)
    driver.press("s")
    driver.wait(lambda: driver.view.compare is CompareMode.B, "B alone")
    driver.settle()
    np.testing.assert_array_equal(driver.picture.rgba, b)
    driver.press("s")
    driver.wait(lambda: driver.view.compare is CompareMode.SWIPE, "the swipe")
    driver.settle()
    is_split_at(driver, a, b, driver.view.split)
    assert driver.stamps == stamps


def test_holding_b_shows_the_other_date_and_blinking_alternates(open_page, workspace, story) -> None:
    driver = open_page(address(replace(story, compare=CompareMode.B)))
    a, b = sides(driver, workspace)
    stamps = driver.stamps

    def shows(wanted: np.ndarray) -> bool:
        return bool((driver.picture.rgba == wanted).all())

    assert shows(b)
    driver.page.keyboard.down("b")
    driver.wait(lambda: shows(a), "A while the key is held")
    driver.page.keyboard.up("b")
    driver.wait(lambda: shows(b), "B after the key was released")
    assert driver.view.compare is CompareMode.B
    driver.mode("Blink")
    for wanted in (a, b, a, b):
        driver.wait(lambda wanted=wanted: shows(wanted), "the other date", 3.0)
    assert driver.stamps == stamps


def test_a_finger_drags_the_line_on_a_phone(open_page, workspace, story) -> None:
    driver = open_page(address(story), width=390, height=844, touch=True)
    a, b = sides(driver, workspace)
    stamps, box = driver.stamps, driver.map_box()
    assert box["width"] > 300
    touch = driver.page.context.new_cdp_session(driver.page)
    down = box["y"] + 0.7 * box["height"]
    for kind, across in (("touchStart", 0.5), ("touchMove", 0.45), ("touchMove", 0.3)):
        points = [{"x": box["x"] + across * box["width"], "y": down}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    driver.wait(lambda: driver.view.split != 0.5, "the split in the address")
    driver.settle()
    assert driver.view.split == pytest.approx(0.3, abs=2 / box["width"])
    is_split_at(driver, a, b, driver.view.split)
    assert driver.stamps == stamps
