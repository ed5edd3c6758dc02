"""Every system on one screen: a lane each, what a tick tells, light beside radar, guesses and a word on them."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from driver import Driver, address
from playwright.sync_api import Locator
from pypdf import PdfReader

from dashboard.model.acquisition import Acquisition
from dashboard.model.view import CompareMode, Layer, View
from dashboard.workflows.brief import SnapshotOptions, sheet_of, snapshot
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.frames import picture
from dashboard.workflows.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SYSTEMS = {
    "alos", "blacksky", "capella", "cosmo-skymed", "csg", "iceye", "maxar", "qps-sar", "sar-lupe", "sarah",
    "sentinel-1", "uav", "umbra",
}  # fmt: skip
LEAST_LANE_PX = 11
"""A word of the axis still fits."""
_FIGURE = """() => {
  const wanted = model("timeline");
  const inside = root => {
    for (const node of root.querySelectorAll("*")) {
      if (node.classList.contains("bk-Figure") && Math.abs(node.clientHeight - wanted.outer_height) < 2) {
        const {left, top, width, height} = node.getBoundingClientRect();
        if (height > 60 && width > innerWidth / 2) return [left, top, width, height];
      }
      const found = node.shadowRoot && inside(node.shadowRoot);
      if (found) return found;
    }
    return null;
  };
  return inside(document);
}"""
_TIP = "node => node.shadowRoot?.textContent ?? node.textContent"
_WINDOW = """() => {
  const {x_range, y_range, inner_width, inner_height, min_border_right} = model("timeline");
  return [x_range.start, x_range.end, y_range.start, y_range.end, inner_width, inner_height, min_border_right];
}"""


@pytest.fixture
def by_system(gathered: Workspace) -> dict[str, Acquisition]:
    """Return one acquisition with pixels of each system, the last of those there are."""
    return {acq.constellation: acq for acq in gathered.catalog.acquisitions.find() if acq.pixels is not None}


@pytest.fixture
def story(gathered: Workspace) -> View:
    return replace(exercise_view(gathered), layers=frozenset({Layer.BASEMAP, Layer.IMAGERY}))


def tick(driver: Driver, id_: str) -> tuple[float, float]:
    """Return where an acquisition's tick lies on the page, pixels."""
    left, top, width, _ = driver.evaluate(_FIGURE)
    x0, x1, y0, y1, across, down, right = driver.evaluate(_WINDOW)
    number = driver.column("ticks", "id").index(id_)
    x, y = (driver.column("ticks", name)[number] for name in ("x", "y"))
    return left + width - right - across + (x - x0) / (x1 - x0) * across, top + (y1 - y) / (y1 - y0) * down


def same_as_computed(driver: Driver, workspace: Workspace) -> None:
    """Wait until the browser's picture is the workflow's, byte for byte where there is one."""

    def same() -> bool:
        seen = driver.picture
        expected = picture(workspace, replace(driver.view, extent=driver.extent), seen.geobox)
        opaque = expected[..., 3] > 0
        return (
            seen.rgba.shape == expected.shape
            and bool(opaque.any())
            and bool(np.array_equal(seen.rgba[..., 3] > 0, opaque))
            and bool(np.array_equal(seen.rgba[opaque], expected[opaque]))
        )

    driver.wait(same, "the picture that the workflow computes", 10.0)


def coloured(pixels: np.ndarray) -> float:
    """Return the share of what is drawn whose red, green and blue are not the same."""
    drawn = pixels[pixels[..., 3] > 0][:, :3].astype(int)
    return float((np.ptp(drawn, axis=1) > 6).mean()) if drawn.size else 0.0


def chip(driver: Driver, letter: str) -> str:
    return driver.page.locator(f".chip.{letter}").inner_text()


def banners(driver: Driver) -> set[str]:
    return set(driver.page.locator(".mark").all_inner_texts())


def press(button: Locator) -> None:
    button.focus()
    button.press("Enter")


def test_every_system_has_a_lane_and_a_tick_tells_who_and_how_late(open_gathered, story, by_system) -> None:
    assert set(by_system) == SYSTEMS
    driver = open_gathered(address(replace(story, compare=CompareMode.B)), width=1600, height=900)
    lanes = driver.evaluate("() => Array.from(model('timeline').yaxis?.[0]?.major_label_overrides ?? "
                            "model('timeline').left[0].major_label_overrides, pair => pair[1])")  # fmt: skip
    assert set(lanes) >= SYSTEMS
    _, top, _, height = driver.evaluate(_FIGURE)
    panel = driver.page.locator(".timeline").bounding_box()
    assert panel is not None
    assert top >= panel["y"]
    assert top + height <= panel["y"] + panel["height"] + 1
    assert driver.evaluate("() => model('timeline').inner_height") / len(lanes) >= LEAST_LANE_PX
    spots = {name: tick(driver, acq.id) for name, acq in by_system.items()}
    assert len({round(y) for _, y in spots.values()}) == len(SYSTEMS)
    tip = driver.page.locator(".bk-Tooltip:visible")
    for name, words in {
        "sarah": ("sarah-1", "after sensing", "mode ", "look left", "pass descending", "incidence 41°", "calibrated"),
        "qps-sar": ("qps-sar-99", "after sensing", "look left", "incidence 29°", "not calibrated", "guessed:"),
        "blacksky": ("blacksky-global-14", "visible bands", "incidence 12°"),
    }.items():
        driver.page.mouse.move(*spots[name])
        driver.wait(
            lambda words=words: tip.count() == 1 and all(word in tip.evaluate(_TIP) for word in words),
            f"what the tick of {name} tells",
        )


def test_light_is_drawn_in_colour_and_has_no_backscatter(open_gathered, gathered, story, by_system) -> None:
    light = by_system["blacksky"]
    view = replace(story, b=light.id, compare=CompareMode.B)
    driver = open_gathered(address(view), width=1600, height=900)
    assert coloured(driver.picture.rgba) > 0.2
    same_as_computed(driver, gathered)
    assert "visible bands RGB" in chip(driver, "b")
    polarisations = driver.page.locator(".layers").get_by_role("button", name="VV", exact=True)
    assert polarisations.get_attribute("aria-pressed") == "true"
    assert not driver.page.locator(".layers").get_by_role("button", name="R", exact=True).count()
    driver.wait(driver.page.get_by_text("Visible light has no backscatter").is_visible, "why there is no series")
    for words in ("Swipe", "Two-colour"):
        driver.mode(words)
        driver.settle()
        same_as_computed(driver, gathered)
    driver.mode("Swipe")
    driver.settle()
    width = driver.picture.rgba.shape[1]
    assert coloured(driver.picture.rgba[:, : width // 2 - 8]) == 0.0
    assert coloured(driver.picture.rgba[:, width // 2 + 8 :]) > 0.2
    driver.mode("Blink")
    seen = set()
    driver.wait(lambda: seen.add(round(coloured(driver.picture.rgba), 1)) or len(seen) > 1, "both, one after the other")
    driver.mode("Log-ratio")
    word = driver.page.locator(".word")
    driver.wait(lambda: "B is in visible bands" in word.inner_text(), "why there is no log-ratio")
    assert coloured(driver.picture.rgba) == 0.0
    driver.mode("B")
    driver.wait(lambda: not word.is_visible(), "no such word")
    same_as_computed(driver, gathered)
    badge = driver.page.locator(".badge")
    assert "radar / visible bands" in badge.inner_text()
    boxes = [box for each in (badge, *driver.page.locator(".chip").all()) if (box := each.bounding_box())]
    edges = sorted((box["y"], box["y"] + box["height"]) for box in boxes)
    assert all(upper[1] <= lower[0] for upper, lower in pairwise(edges))


def test_a_page_shows_light_in_colour_with_its_legend_and_handling(gathered, story, by_system, tmp_path: Path) -> None:
    light = by_system["maxar"]
    view = replace(story, b=light.id, compare=CompareMode.B, layers=frozenset({Layer.IMAGERY}))
    options = SnapshotOptions(format="pdf")
    (page,) = PdfReader(snapshot(gathered.root, view, options, tmp_path / "page.pdf")).pages
    text = " ".join(page.extract_text().split())
    assert "visible-band image" in text
    assert "visible bands RGB, no backscatter" in text
    assert "radar look direction" not in text
    assert "EXERCISE - SYNTHETIC DATA" in text
    assert all(credit in text for credit in light.handling.attributions)
    assert " dB" not in text
    largest = max((image.image for image in page.images), key=lambda image: image.width * image.height)
    assert coloured(np.asarray(largest.convert("RGBA"))) > 0.05
    alos = sheet_of(gathered, replace(view, b=by_system["alos"].id, polarisation="HH"), SnapshotOptions())
    assert "JP-RSD CATEGORY TO BE STATED BY SUPPLIER" in alos.handling.banner


def test_contradicting_markings_take_the_strictest_and_are_shown(open_gathered, story, by_system) -> None:
    lupe = by_system["sar-lupe"]
    driver = open_gathered(address(replace(story, b=lupe.id, compare=CompareMode.B)), width=1600, height=900)
    assert lupe.handling.conflict
    (banner,) = banners(driver)
    assert banner.startswith("NATO CONFIDENTIAL // REL DEU UKR")
    shown = driver.page.locator("details.acq.b")
    assert "contradicts itself about its marking: the strictest is used" in shown.inner_text()


def test_guesses_are_confirmed_on_one_page_and_gone_from_the_other(open_gathered, gathered, story, by_system) -> None:
    qps = by_system["qps-sar"]
    view = replace(story, b=qps.id, compare=CompareMode.B)
    driver = open_gathered(address(view), width=1600, height=900)
    phone = open_gathered(address(replace(view, folded=frozenset({"layers"}))), width=390, height=844, alone=21)
    guessed = driver.page.locator("details.acq.b .guessed")
    assert guessed.count() >= 8
    for words in ("uncalibrated", f"{len(qps.origin.guessed)} guessed"):
        assert words in chip(driver, "b")
    assert banners(driver) == {"EXERCISE - SYNTHETIC DATA // JP-RSD CATEGORY TO BE STATED BY SUPPLIER"}
    _detection_refuses(driver, qps)
    driver.page.get_by_role("tab", name="Series").click()
    press(driver.page.get_by_role("button", name="Confirm what is guessed of B"))
    form = driver.page.get_by_role("region", name="Fields of B to confirm")
    driver.wait(form.is_visible, "the form")
    _corrected(driver, form, "incidence_deg", "steep")
    press(form.get_by_role("button", name="Confirm incidence"))
    driver.wait(lambda: "it must be a number from 0 to 90" in driver.notice, "the error in words")
    _corrected(driver, form, "incidence_deg", "31")
    press(form.get_by_role("button", name="Confirm incidence"))
    driver.wait(lambda: "Confirmed as analyst" in driver.notice, "the notice")
    assert "To undo" in driver.notice
    driver.wait(lambda: "31°" in chip(driver, "b"), "the corrected angle")
    driver.wait(lambda: "31°" in phone.page.locator(".chip.b").text_content(), "it on the other page")
    _corrected(driver, form, "category", "B")
    press(form.get_by_role("button", name="Confirm all"))
    driver.wait(lambda: guessed.count() == 0 and not form.is_visible(), "no guess, no form")
    for each in (driver, phone):
        each.wait(lambda each=each: "guessed" not in each.page.locator(".chip.b").text_content(), "no mark on the map")
        each.wait(lambda each=each: "CATEGORY: B" in " ".join(banners(each)), "the category in the banner")
        number = each.column("ticks", "id").index(qps.id)
        each.wait(lambda each=each, n=number: "guessed" not in each.column("ticks", "facts")[n], "no mark on the tick")
    now = gathered.catalog.acquisitions.get(qps.id)
    assert now.incidence_deg == 31.0
    assert now.origin.guessed == frozenset()
    assert "analyst" in dict(now.details)["proc:confirmed_incidence_deg"]
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390


def _detection_refuses(driver: Driver, acq: Acquisition) -> None:
    driver.page.get_by_role("tab", name="Changes").click()
    button = driver.page.get_by_role("button", name="Detect on this view")
    driver.wait(button.is_disabled, "the refusal")
    assert driver.page.get_by_text(f"{acq.id} is uncalibrated").is_visible()


def _corrected(driver: Driver, form: Locator, name: str, text: str) -> None:
    field = form.locator(f"[name='{name}']")
    field.fill(text)
    field.blur()
    driver.settle()
