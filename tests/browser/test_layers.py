"""Layers, series, detections and frontlines: what is on the map is what the workspace holds."""

from dataclasses import replace

import numpy as np
import pytest
from driver import address

from dashboard.geo.mercator import to_mercator
from dashboard.model.view import CompareMode, Layer, View
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.fronts import fronts

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def story(workspace) -> View:
    return replace(exercise_view(workspace), compare=CompareMode.B)


def test_a_click_on_the_map_reads_the_series_there(open_page, workspace, story) -> None:
    driver = open_page(address(replace(story, pixel=None)))
    assert driver.length("series-points") == 0
    driver.click_map(0.45, 0.45)
    driver.wait(lambda: driver.view.pixel is not None, "the inspected point in the address")
    driver.wait(lambda: driver.length("series-points"), "the series")
    lon, lat = driver.view.pixel
    x, y = to_mercator(lon, lat)
    extent = driver.extent
    assert (x - extent.x0) / (extent.x1 - extent.x0) == pytest.approx(0.45, abs=0.003)
    assert (extent.y1 - y) / (extent.y1 - extent.y0) == pytest.approx(0.45, abs=0.004)
    stack = [acq for acq in workspace.catalog.acquisitions.find() if acq.platform == "iceye-x98"]
    power = workspace.archive.series([(acq.start, acq.pixels) for acq in stack], "VV", lon, lat).values
    seen = power > 0
    assert seen.sum() == len(stack)
    np.testing.assert_allclose(driver.column("series-points", "y"), 10 * np.log10(power[seen].astype(float)))
    np.testing.assert_allclose(driver.column("series-points", "x"), [acq.start.timestamp() * 1e3 for acq in stack])
    assert driver.length("pixel") == 1


def test_layers_go_off_and_come_back_alone(open_page, story) -> None:
    driver = open_page(address(story))
    of_layer = {
        "Frontline at B": (Layer.FRONTLINE, ["frontline", "sides"]),
        "Frontline at A (dashed)": (Layer.GHOST, ["ghost"]),
        "Ground gained and lost": (Layer.GROUND, ["ground"]),
        "Basemap": (Layer.BASEMAP, ["cover"]),
    }
    names = [name for _, sources in of_layer.values() for name in sources]
    driver.wait(lambda: [name for name in names if not driver.length(name)] == [], "every layer")
    whole = {name: driver.length(name) for name in names}
    for words, (layer, sources) in of_layer.items():
        switch = driver.page.get_by_label(words)
        switch.click()
        driver.wait(lambda sources=sources: not any(driver.length(name) for name in sources), f"{words} off")
        assert layer not in driver.view.layers
        assert {name: driver.length(name) for name in names if name not in (*sources, "cover")} == {
            name: count for name, count in whole.items() if name not in (*sources, "cover")
        }
        switch.click()
        # The basemap is cut anew around the place where the map is now: its number of shapes may differ.
        driver.wait(lambda: all(driver.length(name) for name in names), f"{words} on")
        assert {name: driver.length(name) for name in names[:-1]} == {name: whole[name] for name in names[:-1]}
        assert layer in driver.view.layers


def test_imagery_and_grid_go_off_and_on(open_page, story) -> None:
    driver = open_page(address(story))
    drawn = driver.picture.rgba.copy()
    switch = driver.page.get_by_label("Radar imagery")
    switch.click()
    driver.wait(lambda: not driver.picture.rgba.any(), "no imagery")
    switch.click()
    driver.wait(lambda: bool((driver.picture.rgba == drawn).all()), "the imagery again")
    assert driver.length("grid") == 0
    driver.page.evaluate("document.activeElement.blur()")
    driver.press("r")
    driver.wait(lambda: driver.length("grid") and driver.length("grid-labels"), "the grid")
    driver.press("r")
    driver.wait(lambda: driver.length("grid") == 0, "no grid")


def test_a_detection_is_listed_drawn_and_stored_and_j_and_k_select(open_page, workspace, story) -> None:
    driver = open_page(address(story))
    driver.page.get_by_role("tab", name="Changes").click()
    known = {run.id for run in workspace.catalog.changes.runs()}
    driver.page.get_by_role("button", name="Detect on this view").click()
    driver.wait(lambda: driver.length("changes"), "the changes")
    driver.settle()
    stored = [run for run in workspace.catalog.changes.runs() if run.id not in known]
    assert [(run.before, run.after) for run in stored] == [(story.a, story.b)]
    ids = driver.column("changes", "id")
    assert len(ids) == len(set(ids)) > 1
    rows = driver.page.locator("tbody tr:visible")
    driver.wait(lambda: rows.count() == min(len(ids), 12), "the queue")
    queue = rows.evaluate_all("rows => rows.map(row => row.dataset.id)")
    assert set(queue) <= set(ids)
    assert driver.length("selected") == 0
    chosen = "tr[aria-selected=true]:visible"
    for key, place in (("j", 0), ("j", 1), ("k", 0)):
        driver.press(key)
        driver.wait(
            lambda place=place: (
                driver.page.locator(chosen).evaluate_all("rows => rows.map(row => row.dataset.id)") == [queue[place]]
            ),
            f"change {place} in the list",
        )
    driver.wait(lambda: driver.length("selected") == 1, "the outline of the selected change")


def test_the_frontline_follows_b_and_the_ghost_stays_at_a(open_page, workspace, story) -> None:
    driver = open_page(address(story))
    driver.wait(lambda: driver.length("frontline") and driver.length("ghost"), "both lines")
    driver.settle()  # lines are as fine as the map is wide, and the map has its width a moment after the page
    front, ghost = driver.lines("frontline"), driver.lines("ghost")
    assert front != ghost
    driver.page.get_by_role("tab", name="Front").click()
    get = workspace.catalog.acquisitions.get
    found = fronts(workspace, story.provider, get(story.a).start, get(story.b).start)
    numbers = driver.page.locator("table.numbers")
    driver.wait(numbers.is_visible, "the numbers")
    said = numbers.inner_text()
    for change in found.changes:
        assert f"+{change.gained_km2:.2f}" in said
        assert f"−{change.lost_km2:.2f}" in said
    driver.press("End")
    driver.wait(lambda: driver.lines("frontline") != front, "the line of the last date")
    driver.settle()
    assert driver.lines("ghost") == ghost


def test_keys_work_after_a_switch_was_clicked(open_page, workspace, story) -> None:
    driver = open_page(address(story))
    driver.page.get_by_label("Footprints").click()
    driver.wait(lambda: driver.length("footprints"), "the footprints")
    driver.press_for_picture("ArrowRight")
    assert driver.view.b != story.b
