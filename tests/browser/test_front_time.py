"""The front in time, by hand: steps that are hovered, clicked and keyed, and days that are played without a gap."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from desk import blank, fresh, view_to_draw_in
from driver import Driver, address

from dashboard.model.palette import tokens
from dashboard.model.view import DEFAULT_LAYERS, Layer
from dashboard.plots.columns import line_columns
from dashboard.views.layerdata import ground_data
from dashboard.workflows.front_play import frame_at
from dashboard.workflows.fronts import front_series, fronts

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PROVIDER = "exercise-control"
START = 5
PLAYED_S = 60.0
# Where a place of the timeline lies on the page.
_FRAME = """() => {
  const {inner_width, inner_height, outer_width, x_range, y_range} = model("timeline");
  return {inner_width, inner_height, outer_width, x: [x_range.start, x_range.end], y: [y_range.start, y_range.end]};
}"""
# What each front on the map was made of, and how often the address was written meanwhile.
_WATCH = """() => {
  const seen = window.nightglassPlayed = {fronts: [], whole: true, addresses: 0};
  const replace = history.replaceState.bind(history);
  history.replaceState = (...all) => { seen.addresses += 1; replace(...all); };
  const frame = model("front-frame");
  frame.properties.data.change.connect(() => {
    for (const [key, [values]] of Object.entries(frame.data)) {
      const [name, column] = key.split(":");
      if (column && model(name).data[column] !== values) seen.whole = false;
    }
    seen.fronts.push({
      stamp: frame.data.stamp[0],
      lines: model("frontline").data.xs.map(x => Array.from(x)),
      sides: model("sides").data.colour.length,
    });
  });
}"""
_GROUND = "() => model('ground').data.xs.map(part => part.map(ring => ring.map(path => Array.from(path))))"


@pytest.fixture(scope="module")
def page(open_sheet, ledger) -> Driver:
    view = view_to_draw_in(ledger)
    layers = DEFAULT_LAYERS - {Layer.PLACES, Layer.CHANGES}
    driver = open_sheet(address(replace(view, provider=PROVIDER, layers=layers)), width=1400, height=900)
    fresh(driver, ledger)
    driver.page.get_by_role("tab", name="Front").click()
    return driver


@pytest.fixture
def driver(page) -> Iterator[Driver]:
    """Return the page with a front of its own moment, the sixth of thirteen."""
    yield page
    blank(page)
    page.page.mouse.move(5, 5)


@pytest.fixture(scope="module")
def moments(ledger) -> list:
    return sorted({row.valid_from for row in front_series(ledger, PROVIDER)})


def timeline_spot(driver: Driver, x: float, y: float) -> tuple[float, float]:
    """Return the pixel of the page at a time (milliseconds) and a height of the timeline."""
    frame = driver.evaluate(_FRAME)
    box = driver.page.locator(".timeline .bk-Figure").last.bounding_box()
    left = box["x"] + box["width"] - 8 - frame["inner_width"]
    across = (x - frame["x"][0]) / (frame["x"][1] - frame["x"][0]) * frame["inner_width"]
    down = (frame["y"][1] - y) / (frame["y"][1] - frame["y"][0]) * frame["inner_height"]
    return left + across, box["y"] + down


def step_spot(driver: Driver, moment) -> tuple[float, float]:
    """Return the middle of a step's box on the timeline."""
    columns = {
        name: driver.column("front-steps", name) for name in ("provider", "at", "left", "right", "bottom", "top")
    }
    place = list(zip(columns["provider"], columns["at"], strict=True)).index((PROVIDER, moment.timestamp() * 1000))
    left, right, bottom, top = (columns[name][place] for name in ("left", "right", "bottom", "top"))
    return timeline_spot(driver, (left + right) / 2, (bottom + top) / 2)


def go_to(driver: Driver, moment) -> None:
    driver.page.mouse.click(*step_spot(driver, moment))
    driver.wait(lambda: driver.view.valid_at == moment, "the moment of the step")


def lines_at(driver: Driver, workspace, moment) -> list:
    """Return the x coordinates of a front's lines as the map shall draw them."""
    width = int(driver.evaluate("() => model('map').inner_width"))
    frame = frame_at(workspace, PROVIDER, moment, (driver.view.extent, width))
    xs = line_columns([line for _, line in frame.lines], [""] * len(frame.lines))["xs"]
    return [np.asarray(x).tolist() for x in xs]


def test_a_click_on_a_step_goes_there_and_shows_its_front(driver, ledger, moments) -> None:
    for moment in (moments[START], moments[2]):
        go_to(driver, moment)
        wanted = lines_at(driver, ledger, moment)
        driver.wait(lambda wanted=wanted: driver.lines("frontline") == wanted, "its front")
        assert driver.length("teeth")
    assert "valid at" in driver.page.locator(".clock").inner_text()


def test_hovering_a_step_shows_its_ground_and_leaving_it_shows_that_of_a_and_b(driver, ledger, moments) -> None:
    go_to(driver, moments[START])
    driver.page.mouse.move(5, 5)
    driver.settle()
    resting = driver.evaluate(_GROUND)
    for before, after in ((moments[6], moments[7]), (moments[8], moments[9])):
        changes = fronts(ledger, PROVIDER, before, after).changes
        wanted = ground_data(changes, tokens("dark"))
        found = [[[np.asarray(path).tolist() for path in ring] for ring in part] for part in wanted["xs"]]
        assert found != resting
        driver.page.mouse.move(*step_spot(driver, after), steps=3)
        driver.wait(lambda found=found: driver.evaluate(_GROUND) == found, "the ground of the step")
        assert driver.column("ground", "colour") == wanted["colour"]
    assert driver.view.valid_at == moments[START], "looking is not going"
    driver.page.mouse.move(5, 5)
    driver.wait(lambda: driver.evaluate(_GROUND) == resting, "the ground between A and B again")


def test_comma_and_stop_step_through_what_was_stated(driver, ledger, moments) -> None:
    go_to(driver, moments[START])
    for key, place in ((".", START + 1), (".", START + 2), (",", START + 1), (",", START), (",", START - 1)):
        driver.press(key)
        driver.wait(lambda place=place: driver.view.valid_at == moments[place], f"statement {place}")
    wanted = lines_at(driver, ledger, moments[START - 1])
    driver.wait(lambda: driver.lines("frontline") == wanted, "its front")


def test_every_statement_is_played_in_order_whole_and_without_rewriting_the_address(driver, ledger, moments) -> None:
    go_to(driver, moments[0])
    wanted = [lines_at(driver, ledger, moment) for moment in moments]
    driver.wait(lambda: driver.lines("frontline") == wanted[0], "the first front")
    driver.settle()
    driver.evaluate(_WATCH)
    driver.page.get_by_role("button", name="Play", exact=True).click()
    driver.wait(lambda: driver.view.valid_at == moments[-1], "the last statement", PLAYED_S)
    driver.wait(lambda: driver.page.get_by_role("button", name="Play", exact=True).is_visible(), "the end of playing")
    driver.settle()
    seen = driver.page.evaluate("window.nightglassPlayed")
    assert seen["whole"], "line, ground and teeth of one frame are those of one statement"
    assert all(front["sides"] == 2 for front in seen["fronts"])
    stamps = [front["stamp"] for front in seen["fronts"]]
    assert all(one < other for one, other in pairwise(stamps))
    lines = [front["lines"] for front in seen["fronts"]]
    played = [now for before, now in pairwise([wanted[0], *lines]) if now != before]
    assert played == wanted[1:], "each statement once, none passed over"
    assert seen["addresses"] <= 1
