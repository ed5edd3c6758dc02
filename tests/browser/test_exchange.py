"""Views as things to hand over: links, exported files, a bad link, a foreign file, two tabs."""

import base64
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from driver import Driver, address

from dashboard.briefing.token import read_token
from dashboard.model.token import decode
from dashboard.model.view import CompareMode, Layer, Stretch, StretchKind, View
from dashboard.workflows.exercise import exercise_view

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DROP = """({text, name}) => {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  window.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


@pytest.fixture
def story(workspace) -> View:
    return replace(exercise_view(workspace), compare=CompareMode.B)


def drop(driver: Driver, content: bytes, name: str) -> None:
    driver.page.evaluate(DROP, {"text": base64.b64encode(content).decode(), "name": name})


def notice(driver: Driver) -> str:
    return " ".join(driver.page.locator(".say").all_inner_texts())


def test_a_link_shows_the_same_view_and_the_same_picture_in_another_browser(open_page, story) -> None:
    chosen = replace(
        story, compare=CompareMode.SWIPE, split=0.37, stretch=Stretch(StretchKind.FIXED, -18.0, 2.5), opacity=0.8,
        layers=story.layers - {Layer.GROUND} | {Layer.GRID},
    )  # fmt: skip
    first = open_page(address(chosen))
    first.press_for_picture("Shift+ArrowRight")
    sent = first.page.url.split("/", 3)[3]
    second = open_page(sent, alone=1)
    assert first.view == second.view
    assert replace(second.view, extent=chosen.extent, b=chosen.b) == chosen
    np.testing.assert_array_equal(first.picture.rgba, second.picture.rgba)
    assert first.picture.box == second.picture.box


@pytest.mark.parametrize("token", ["v1.rubbish", "v1", "<img src=x onerror=alert(1)>"])
def test_a_bad_link_says_so_and_shows_the_default_view(open_page, token: str) -> None:
    driver = open_page(f"?v={quote(token)}")
    driver.wait(lambda: "token" in notice(driver), "the message")
    assert driver.view.a is not None
    assert driver.page.locator(".say img").count() == 0


def test_tabs_are_independent(open_page, story) -> None:
    one, other = open_page(address(story)), open_page(address(story))
    before = other.view
    one.press_for_picture("ArrowRight")
    assert one.view.b != story.b
    other.settle()
    assert other.view == before
    assert other.view.b == story.b


def test_an_exported_file_carries_the_view_and_opens_it_again(open_page, story, tmp_path: Path) -> None:
    driver = open_page(address(replace(story, compare=CompareMode.TWO_COLOUR)))
    driver.press("Control+e")
    driver.page.get_by_role("button", name="Make the file").click()
    link = driver.page.locator("a.download")
    driver.wait(lambda: link.count() == 1 and link.is_visible(), "the finished file", 60.0)
    with driver.page.expect_download() as started:
        link.click()
    path = tmp_path / "sheet.png"
    started.value.save_as(path)
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert decode(read_token(content)) == driver.view
    driver.press("Escape")
    fresh = open_page()
    assert fresh.view.compare is not CompareMode.TWO_COLOUR
    drop(fresh, content, "sheet.png")
    fresh.wait(lambda: fresh.view.compare is CompareMode.TWO_COLOUR, "the view of the file")
    fresh.settle()
    assert fresh.view == driver.view
    np.testing.assert_array_equal(fresh.picture.rgba, driver.picture.rgba)


def test_a_foreign_file_says_so_and_changes_nothing(open_page, story) -> None:
    driver = open_page(address(story))
    before = driver.view
    png = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")
    drop(
        driver,
        png + bytes.fromhex("0000000a49444154789c63000100000500010d0a2db40000000049454e44ae426082"),
        "holiday.png",
    )
    driver.wait(lambda: notice(driver), "the message")
    assert driver.view == before
