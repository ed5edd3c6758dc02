"""What the browser composes is what the workflows compute for every way of comparing, and steps keep the ground."""

from dataclasses import replace

import numpy as np
import pytest
from driver import Driver, address

from dashboard.model.view import CompareMode, Extent, StretchKind, View
from dashboard.views.header import MODES
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.frames import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CAVEAT = "EXERCISE - SYNTHETIC DATA"


def _bounds(extent: Extent) -> tuple[float, float, float, float]:
    return extent.x0, extent.y0, extent.x1, extent.y1


@pytest.fixture
def story(workspace) -> View:
    return replace(exercise_view(workspace), compare=CompareMode.B)


def same_as_computed(driver: Driver, workspace) -> None:
    """Compare the browser's picture with the one that the workflow draws for the address, byte for byte.

    On a busy machine the last compose may come a moment after the address: the picture has to become the same soon.
    """
    driver.wait(lambda: _same(driver, workspace), "the picture that the workflow computes", 10.0)


def _same(driver: Driver, workspace) -> bool:
    seen = driver.picture
    view = replace(driver.view, extent=driver.extent)
    if not np.allclose(seen.bounds, _bounds(view.extent), rtol=0, atol=1e-6):
        return False
    expected = picture(workspace, view, seen.geobox)
    if seen.rgba.shape != expected.shape:
        return False
    opaque = expected[..., 3] > 0
    assert opaque.any()
    return bool(np.array_equal(seen.rgba[..., 3] > 0, opaque) and np.array_equal(seen.rgba[opaque], expected[opaque]))


def test_the_plain_address_opens_the_exercise_with_a_picture_and_its_marking(open_page) -> None:
    driver = open_page()
    pixels = driver.picture.rgba
    assert np.unique(pixels[pixels[..., 3] > 0][:, 0]).size > 20
    banners = driver.page.locator(".mark")
    assert [banner.inner_text() for banner in banners.all()] == [CAVEAT, CAVEAT]
    tops = [box["y"] for banner in banners.all() if (box := banner.bounding_box())]
    assert tops[0] < 5
    assert tops[1] > 720 - 30
    assert driver.view.a is not None
    assert driver.view.b is not None


def test_the_address_says_what_the_map_shows_once_it_has_fitted_the_view(open_page, story) -> None:
    driver = open_page(address(story))
    assert driver.view.extent == driver.extent
    assert replace(driver.view, extent=story.extent) == story


def test_every_compare_mode_draws_what_the_workflow_computes(open_page, workspace, story) -> None:
    driver = open_page(address(replace(story, compare=CompareMode.SWIPE, split=0.55)))
    for words, mode in (("Swipe", CompareMode.SWIPE), *((words, mode) for words, mode in MODES.items())):
        driver.mode(words)
        driver.wait(lambda mode=mode: driver.view.compare is mode, f"the mode {mode}")
        driver.settle()
        if mode is CompareMode.BLINK:
            driver.wait(lambda: driver.seen == "b", "the picture of B")
        same_as_computed(driver, workspace)


@pytest.mark.parametrize("mode", [CompareMode.LOG_RATIO, CompareMode.TWO_COLOUR])
def test_a_link_into_a_composite_draws_what_the_workflow_computes(open_page, workspace, story, mode) -> None:
    driver = open_page(address(replace(story, compare=mode)))
    assert driver.view.compare is mode
    same_as_computed(driver, workspace)


def test_every_stretch_draws_what_the_workflow_computes(open_page, workspace, story) -> None:
    driver = open_page(address(replace(story, compare=CompareMode.TWO_COLOUR)))
    palette = driver.palette("b")
    for words, kind in (("Fixed dB", StretchKind.FIXED), ("Equalise", StretchKind.EQUALISE)):
        driver.mode(words)
        driver.wait(lambda kind=kind: driver.view.stretch.kind is kind, f"the stretch {kind}")
        driver.wait(lambda now=palette: driver.palette("b") != now, "another palette")
        driver.settle()
        same_as_computed(driver, workspace)
        palette = driver.palette("b")


def test_opacity_is_the_alpha_of_the_picture(open_page, story) -> None:
    driver = open_page(address(replace(story, opacity=0.6)))
    alphas = np.unique(driver.picture.rgba[..., 3])
    assert alphas.tolist() == [0, round(255 * 0.6)]


def test_the_arrows_step_to_the_neighbours_in_time_and_keep_the_ground(open_page, workspace, story) -> None:
    driver = open_page(address(story))
    start = replace(driver.view, extent=driver.extent)
    order = [acq.id for acq in workspace.catalog.acquisitions.find() if acq.pixels is not None]
    place = order.index(start.b)
    before = driver.picture.rgba.copy()
    driver.press_for_picture("ArrowRight")
    assert driver.view.b == order[place + 1]
    assert driver.extent == start.extent
    assert (driver.picture.rgba != before).any()
    driver.press_for_picture("ArrowLeft")
    assert replace(driver.view, extent=start.extent) == start
    np.testing.assert_array_equal(driver.picture.rgba, before)
    driver.press_for_picture("ArrowLeft")
    assert driver.view.b == order[place - 1]
    assert driver.extent == start.extent
    same_as_computed(driver, workspace)


def test_shift_steps_stay_in_the_stack(open_page, workspace, story) -> None:
    driver = open_page(address(story))
    stack = [acq.id for acq in workspace.catalog.acquisitions.find() if acq.platform == "iceye-x98"]
    place = stack.index(story.b)
    driver.press_for_picture("Shift+ArrowRight")
    assert driver.view.b == stack[place + 1]
    driver.press_for_picture("Shift+ArrowLeft")
    assert driver.view.b == stack[place]


def test_zooming_with_the_wheel_and_stepping_keeps_the_new_extent(open_page, workspace, story) -> None:
    driver = open_page(address(story))
    start, number = driver.extent, driver.drawn
    box = driver.map_box()
    driver.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.6 * box["height"])
    driver.page.mouse.wheel(0, -240)
    driver.wait(lambda: driver.drawn > number and driver.view.extent != start, "the zoomed picture")
    driver.settle()
    zoomed: Extent = driver.view.extent
    assert zoomed.x1 - zoomed.x0 < start.x1 - start.x0
    driver.press_for_picture("Shift+ArrowLeft")
    assert driver.extent == driver.view.extent == zoomed
    same_as_computed(driver, workspace)
