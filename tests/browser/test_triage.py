"""Review in a real browser: twenty changes by keys alone, a note, undo, a second pair of eyes, the slider, a phone."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from driver import Driver, address
from playwright.sync_api import Locator

from dashboard.geo.mercator import extent_of
from dashboard.model.review import Verdict
from dashboard.model.view import CompareMode, Layer, View
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.workspace import Workspace
from tests.views.review_makers import changes_of, run_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

COUNT = 26
REVIEWED = 20
VERDICTS = tuple(Verdict)
_VISIBLE = """() => {
  const renderer = [...Bokeh.documents[0].all_models].find(each => each.name === "changes-shapes");
  return [...renderer.view.filter.compute_indices(renderer.data_source)].length;
}"""


@dataclass(frozen=True)
class Story:
    """A run that one test alone reviews, and the view of it."""

    run: str
    view: View

    @property
    def ids(self) -> list[str]:
        """Its changes in the order of the queue: the surest first."""
        return [f"{self.run}-{index:05d}" for index in range(COUNT)]


def told(workspace: Workspace, name: str, first: int, last: int) -> Story:
    """Return a run between two dates that no other test compares."""
    base = exercise_view(workspace)
    chosen = workspace.catalog.acquisitions.get(base.a)
    same = [acq for acq in workspace.catalog.acquisitions.find() if acq.constellation == chosen.constellation]
    a, b = same[first], same[last]
    run = run_of(name, before=a.id, after=b.id, words="VV")
    west, south, east, north = chosen.bbox
    centre = ((west + east) / 2, (south + north) / 2)
    workspace.catalog.changes.add_run(run, changes_of(run, COUNT, centre, spread=0.012))
    spot = extent_of((centre[0] - 0.012, centre[1] - 0.008, centre[0] + 0.012, centre[1] + 0.008), margin=0.0)
    layers = base.layers | {Layer.CHANGES}
    return Story(name, replace(base, a=a.id, b=b.id, extent=spot, layers=layers, compare=CompareMode.B, pixel=None))


@pytest.fixture
def pages(contexts, server) -> Iterator[Callable[..., Driver]]:
    """Return a function that opens a page for a person by name; nothing may be complained of."""
    made: list[Driver] = []

    def opened(story: Story, name: str = "Ada", **screen: Any) -> Driver:
        context = contexts(**{"width": 1440, "height": 900, **screen}, alone=30 + ("Ada", "Kim").index(name))
        remembered = json.dumps(json.dumps({"name": name}))
        context.add_init_script(
            f"location.protocol === 'http:' && window.localStorage.setItem('nightglass:me', {remembered})"
        )
        made.append(Driver(context.new_page(), server.url))
        made[-1].goto(address(story.view))
        return made[-1]

    yield opened
    for each in made:
        each.close()
    assert [words for each in made for words in each.complaints()] == []


def hand(driver: Driver) -> str:
    """Return the change in hand; nothing while there is none."""
    found = driver.page.locator(".inhand")
    return str(found.get_attribute("data-show")) if found.count() else ""


def verdicts(driver: Driver) -> list[str]:
    return driver.page.locator(".inspector tbody tr:visible td:first-child").all_inner_texts()


def said(driver: Driver) -> str:
    return " ".join(driver.page.locator(".measured").all_inner_texts())


def note(driver: Driver) -> Locator:
    return driver.page.locator("input[name='review-note']")


def given(workspace: Workspace, story: Story, name: str) -> dict[str, Verdict | None]:
    found = workspace.catalog.reviews.of_run(story.run)
    return {each.change_id: each.verdict for each in found if each.reviewer == name}


def judge(driver: Driver, key: int) -> None:
    """Press a verdict's key and wait for the next change in hand."""
    before = hand(driver)
    driver.press(str(key))
    driver.wait(lambda: hand(driver) != before, "the next change in hand")


def test_two_people_review_a_run_by_keys(pages, workspace) -> None:
    story = told(workspace, "by-keys", 0, -1)
    driver = pages(story)
    judges_twenty(driver, workspace, story)
    takes_back(driver, workspace, story)
    notes(driver, workspace, story)
    driver.page.reload()
    driver.wait(lambda: driver.drawn > 0, "the first picture")
    driver.page.get_by_role("tab", name="Changes").click()
    driver.wait(lambda: verdicts(driver)[:5] == ["damage", "works", "water", "moved", "false"], "the verdicts again")
    assert "16 were real" in said(driver)
    driver.close()
    agrees_blindly(pages(story, "Kim"), story)


def judges_twenty(driver: Driver, workspace: Workspace, story: Story) -> None:
    """Review twenty changes without a mouse."""
    ids = story.ids
    driver.wait(lambda: driver.length("changes"), "the changes")
    driver.press("j")
    driver.wait(lambda: driver.length("selected") == 1, "a change in hand")
    driver.press("1")  # another tab is in front: the change is shown before it can be judged
    driver.wait(lambda: hand(driver) == ids[0], "its card")
    assert given(workspace, story, "Ada") == {}
    for index in range(REVIEWED):
        assert hand(driver) == ids[index]
        judge(driver, 1 + index % 5)
    driver.wait(lambda: len(given(workspace, story, "Ada")) == REVIEWED, "twenty verdicts in the catalogue")
    assert given(workspace, story, "Ada") == {ids[index]: VERDICTS[index % 5] for index in range(REVIEWED)}
    driver.wait(lambda: "Of the 20 reviewed at this setting, 16 were real" in said(driver), "the measured precision")
    assert any("confirmed damage" in words for words in driver.column("verdict-bars", "facts"))


def takes_back(driver: Driver, workspace: Workspace, story: Story) -> None:
    """Undo the last verdict, and give it again."""
    driver.press("Control+z")
    driver.wait(lambda: len(given(workspace, story, "Ada")) == REVIEWED - 1, "one verdict less")
    driver.wait(lambda: hand(driver) == story.ids[REVIEWED - 1], "the change whose verdict was taken back")
    judge(driver, 5)
    driver.wait(lambda: len(given(workspace, story, "Ada")) == REVIEWED, "the verdict again")


def notes(driver: Driver, workspace: Workspace, story: Story) -> None:
    """Write a note: its letters are no keys meanwhile."""
    chosen = hand(driver)
    driver.press("n")
    driver.wait(lambda: note(driver).evaluate("node => node.getRootNode().activeElement === node"), "the note's field")
    driver.page.keyboard.type("j1 new spoil heap 5")
    assert hand(driver) == chosen
    driver.press("Enter")

    def noted() -> bool:
        return [each.note for each in workspace.catalog.reviews.of(chosen)] == ["j1 new spoil heap 5"]

    driver.wait(noted, "the note in the catalogue")
    assert len([verdict for verdict in given(workspace, story, "Ada").values() if verdict]) == REVIEWED
    driver.press("k")
    driver.wait(lambda: hand(driver) != chosen, "keys again")


def agrees_blindly(driver: Driver, story: Story) -> None:
    """Review some of the same changes as a second person: blind before, told of the agreement after."""
    driver.page.get_by_role("tab", name="Changes").click()
    driver.wait(lambda: len(verdicts(driver)) == 12, "the queue")
    assert set(verdicts(driver)) == {"–"}
    assert said(driver) == ""
    driver.press("j")
    driver.wait(lambda: hand(driver) == story.ids[0], "the first change")
    assert "Ada" not in driver.page.locator(".inhand").inner_text()
    for key in (1, 2, 3, 5):
        judge(driver, key)
    driver.wait(lambda: "Agreement of Ada and Kim: κ 0.69, n = 4." in said(driver), "the agreement")
    assert "1 disputed" in said(driver)
    driver.page.locator(".inspector tbody tr:visible").first.click()
    driver.wait(lambda: "Ada: confirmed damage" in driver.page.locator(".inhand").inner_text(), "what Ada had said")


def test_the_slider_hides_on_the_map_and_says_what_to_expect_while_it_is_dragged(pages, workspace) -> None:
    driver = pages(told(workspace, "dragged", 0, -2))
    driver.page.get_by_role("tab", name="Changes").click()
    slider = driver.page.locator("input[name='least']")
    driver.wait(slider.is_visible, "the slider")
    driver.wait(lambda: driver.length("changes") == COUNT, "the changes")
    expected = driver.page.locator(".least output")
    first = expected.inner_text()
    assert driver.evaluate(_VISIBLE) == COUNT
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    driver.page.mouse.move(box["x"] + 8, y)
    driver.page.mouse.down()
    driver.page.mouse.move(box["x"] + 0.6 * box["width"], y, steps=6)
    assert expected.inner_text() != first
    assert 0 < driver.evaluate(_VISIBLE) < COUNT
    driver.page.mouse.up()
    left = driver.evaluate(_VISIBLE)
    driver.wait(lambda: driver.length("changes") == left, "the map without them")
    driver.wait(lambda: f"{left} changes" in driver.page.locator(".inspector .held").inner_text(), "the number left")
    slider.focus()
    b = driver.view.b
    driver.press("Home")
    driver.wait(lambda: driver.length("changes") == COUNT, "all of them")
    assert driver.view.b == b


def test_the_queue_can_be_reviewed_on_a_phone(pages, workspace) -> None:
    story = told(workspace, "on-a-phone", 1, -1)
    driver = pages(story, width=390, height=844, touch=True)
    page = driver.page
    page.locator(".bar").get_by_role("button").filter(has=page.locator("text=query_stats")).tap()
    page.get_by_role("tab", name="Changes").tap()
    driver.wait(lambda: verdicts(driver), "the queue")
    page.locator(".inspector tbody tr:visible").nth(6).tap()
    driver.wait(lambda: hand(driver) == story.ids[6], "the change in hand")
    for words in ("confirmed damage", "false alarm"):
        button = page.get_by_role("button", name=words)
        button.scroll_into_view_if_needed()
        box = button.bounding_box()
        assert box["height"] >= 40
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 390
    button.tap()
    driver.wait(lambda: hand(driver) != story.ids[6], "the next change")
