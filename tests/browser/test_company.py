"""Several people on one map: two real browsers see each other, and one follows the other."""

import json
import statistics
from collections.abc import Iterator
from dataclasses import replace

import pytest
from driver import Driver, address
from playwright.sync_api import Locator

from dashboard.geo.mercator import to_mercator
from dashboard.model.view import CompareMode, View
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.workspace import Workspace

STORED = "window.localStorage.getItem('nightglass:me')"
WITHIN_S = 1.0
NAMES = ("Kim Lee", "Ada Byron")
_SENT = """() => {
  window.nightglassSent = [];
  model("mailbox").properties.data.change.connect(() => {
    for (const text of model("mailbox").data.json) window.nightglassSent.push(JSON.parse(text));
  });
}"""
# When one's own pointer was somewhere, and when another's was seen there: both on the machine's one clock.
_MARK_OWN = """() => {
  window.nightglassOwn = [];
  window.addEventListener("nightglass:cursor", (event) =>
    window.nightglassOwn.push([Date.now(), event.detail.x]));
}"""
_MARK_SEEN = """() => {
  window.nightglassSeen = [];
  const look = () => {
    const x = window.nightglassPointer?.dataset.x;
    if (x && x !== window.nightglassLast) {
      window.nightglassLast = x;
      window.nightglassSeen.push([Date.now(), Number(x)]);
    }
    requestAnimationFrame(look);
  };
  look();
}"""


@pytest.fixture(scope="module")
def story(workspace: Workspace) -> View:
    return replace(exercise_view(workspace), compare=CompareMode.B)


@pytest.fixture(scope="module")
def pair(contexts, server, story) -> Iterator[tuple[Driver, Driver]]:
    """Return two pages of two people, open for all tests: each browser context remembers a name of its own."""
    kinds = ({"alone": 11}, {"width": 1100, "alone": 12})
    opened = []
    for kind, name in zip(kinds, NAMES, strict=True):
        remembered = json.dumps(json.dumps({"name": name}))
        script = f"location.protocol === 'http:' && window.localStorage.setItem('nightglass:me', {remembered})"
        context = contexts(**kind)
        context.add_init_script(script)
        opened.append(Driver(context.new_page(), server.url))
        opened[-1].goto(address(story))
    yield opened[0], opened[1]
    for each in opened:
        each.close()
    assert [words for each in opened for words in each.complaints()] == []


@pytest.fixture
def two(pair) -> tuple[Driver, Driver]:
    """Return the two pages at rest: nobody follows, no dialog, no pointer on a map."""
    for each, name in zip(pair, NAMES, strict=True):
        each.press("Escape")
        each.page.mouse.move(5, 5)
        each.wait(lambda each=each: others(each).count() == 1 and not is_following(each), "two people")
        if name not in (own(each).get_attribute("title") or ""):
            call_oneself(each, name)
    for each, name in zip(pair, reversed(NAMES), strict=True):
        each.wait(lambda each=each, name=name: name in others(each).first.get_attribute("title"), "the other's name")
        each.wait(lambda each=each: each.page.locator(".pointer").count() == 0, "a map without pointers")
        each.settle()
    return tuple(pair)


def others(driver: Driver):
    return driver.page.locator(".avatar:not(.own)")


def own(driver: Driver):
    return driver.page.locator(".avatar.own")


def point(driver: Driver, across: float, down: float) -> None:
    box = driver.map_box()
    driver.page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
    driver.page.wait_for_timeout(50)  # the page looks at the pointer every 30 ms
    driver.page.mouse.move(box["x"] + across * box["width"] + 1, box["y"] + down * box["height"])


def pan(driver: Driver, by: float = 0.15) -> None:
    box = driver.map_box()
    x, y = box["x"] + 0.3 * box["width"], box["y"] + 0.8 * box["height"]
    driver.page.mouse.move(x, y)
    driver.page.mouse.down()
    driver.page.mouse.move(x + by * box["width"], y, steps=6)
    driver.page.mouse.up()


def said(driver: Driver) -> str:
    """Return the sentence on show."""
    found = driver.page.locator(".say")
    return str(found.first.inner_text()) if found.count() else ""


def follow(follower: Driver) -> None:
    others(follower).first.click()
    follower.wait(lambda: follower.page.locator(".frame").is_visible(), "the frame of following")


def is_following(driver: Driver) -> bool:
    return driver.page.locator(".frame").is_visible()


def together(leader: Driver, follower: Driver) -> bool:
    """Whether all of the leader's map is in the middle of the follower's, and the dates are the same."""
    mine, his = follower.extent, leader.extent
    near = 0.005 * (his.x1 - his.x0)
    centred = all(abs(a - b) < near for a, b in zip(mine.centre, his.centre, strict=True))
    inside = mine.x0 <= his.x0 + near and mine.x1 >= his.x1 - near and mine.y0 <= his.y0 + near
    dates = (follower.view.a, follower.view.b) == (leader.view.a, leader.view.b)
    return bool(centred and inside and dates)


def call_oneself(driver: Driver, name: str, colour: str = "magenta") -> None:
    own(driver).click()
    dialog = driver.page.get_by_role("dialog", name="You and the others")
    assert "Self-declared: there is no login" in dialog.inner_text()
    dialog.get_by_role("textbox", name="Name").fill(name)
    dialog.get_by_label(colour).check(force=True)
    driver.press("Enter")


def test_a_name_is_typed_once_is_only_text_and_says_that_nobody_has_checked_it(two) -> None:
    one, other = two
    assert "Kim Lee" in others(other).first.get_attribute("title")
    assert "self-declared" in own(one).get_attribute("title")
    before = one.view
    call_oneself(one, "Grace x Hopper")
    other.wait(lambda: others(other).first.inner_text() == "GH", "the new initials")
    one.settle()
    assert one.view == before, "what is typed there is no key of the map"
    remembered = json.loads(one.page.evaluate(STORED))
    assert (remembered["name"], remembered["colour"]) == ("Grace x Hopper", "magenta")
    hostile = "<img src=x onerror='window.hurt=1'>"
    call_oneself(one, hostile)
    other.wait(lambda: hostile in (others(other).first.get_attribute("title") or ""), "the name")
    point(one, 0.5, 0.4)
    other.wait(lambda: other.page.locator(".pointer").count() == 1, "the pointer")
    assert other.page.locator(".pointer span").inner_text() == hostile
    follow(other)
    assert hostile in other.page.locator(".says").inner_text()
    assert other.page.evaluate("window.hurt") is None


def place_of(pointer: Locator) -> tuple[float, float]:
    """Return where the tip of a pointer is, pixels of the page."""
    found = pointer.evaluate("node => { const box = node.getBoundingClientRect(); return [box.left, box.top]; }")
    return found[0], found[1]


def test_a_pointer_is_seen_on_its_ground_whatever_the_other_map_shows(two) -> None:
    one, other = two
    point(one, 0.5, 0.4)
    pointer = other.page.locator(".pointer")
    other.wait(lambda: pointer.count() == 1, "the pointer")
    other.page.wait_for_timeout(400)
    cursor = one.evaluate("() => window.nightglassCursor")
    x, y = float(pointer.get_attribute("data-x")), float(pointer.get_attribute("data-y"))
    assert (x, y) == pytest.approx(to_mercator(cursor["lon"], cursor["lat"]), abs=0.01)

    def away() -> float:
        """Return how far the tip is from where it should be, pixels."""
        frame, extent, (left, top) = other.map_box(), other.extent, place_of(pointer)
        across = (x - extent.x0) / (extent.x1 - extent.x0) * frame["width"]
        down = (extent.y1 - y) / (extent.y1 - extent.y0) * frame["height"]
        return max(abs(left - frame["x"] - across), abs(top - frame["y"] - down))

    assert away() < 2
    pan(other)
    other.settle()
    assert away() < 2
    other.page.mouse.wheel(0, -200)
    other.settle()
    assert away() < 2


def test_the_pointer_leaves_with_the_hand_and_hides_when_it_is_switched_off(two) -> None:
    one, other = two
    pointers = other.page.locator(".pointer")
    point(one, 0.5, 0.4)
    other.wait(lambda: pointers.count() == 1, "the pointer")
    one.page.mouse.move(5, 5)
    other.wait(lambda: pointers.count() == 0, "the map without it")
    point(one, 0.4, 0.4)
    other.wait(lambda: pointers.count() == 1, "the pointer again")
    own(one).click()
    one.page.get_by_label("Show the others my pointer").uncheck()
    other.wait(lambda: pointers.count() == 0, "the map without it")
    one.press("Escape")
    point(one, 0.6, 0.4)
    other.page.wait_for_timeout(500)
    assert pointers.count() == 0
    own(one).click()
    one.page.get_by_label("Show the others my pointer").check()
    one.press("Escape")


def test_a_moving_pointer_sends_ten_a_second_and_a_resting_one_nothing(two) -> None:
    one, _ = two
    one.evaluate(_SENT)
    box = one.map_box()
    start = one.page.evaluate("performance.now()")
    for step in range(60):
        one.page.mouse.move(box["x"] + 100 + 3 * step, box["y"] + 150)
        one.page.wait_for_timeout(20)
    one.page.wait_for_timeout(300)
    seconds = (one.page.evaluate("performance.now()") - start) / 1000
    count = "window.nightglassSent.filter((said) => said.type === 'people-cursor').length"
    sent = one.page.evaluate(count)
    assert 5 <= sent <= 10 * seconds + 1
    last = one.page.evaluate("window.nightglassSent.filter((said) => said.type === 'people-cursor').at(-1)")
    cursor = one.page.evaluate("window.nightglassCursor")
    assert (last["lon"], last["lat"]) == (cursor["lon"], cursor["lat"]), "the last position always arrives"
    one.page.wait_for_timeout(700)
    assert one.page.evaluate(count) == sent


def test_presence_comes_within_a_second(two) -> None:
    one, other = two
    point(one, 0.2, 0.4)
    pointer = other.page.locator(".pointer")
    other.wait(lambda: pointer.count() == 1, "the pointer")
    pointer.evaluate("node => { window.nightglassPointer = node; }")
    one.evaluate(_MARK_OWN)
    other.evaluate(_MARK_SEEN)
    for step in range(40):
        point(one, 0.2 + 0.01 * step, 0.4)
        one.page.wait_for_timeout(60)
    other.page.wait_for_timeout(800)
    sent = {round(x, 3): at for at, x in reversed(one.page.evaluate("window.nightglassOwn"))}
    seen = [(at, round(x, 3)) for at, x in other.page.evaluate("window.nightglassSeen")]
    waits = sorted((at - sent[x]) / 1000 for at, x in seen if x in sent)
    assert len(waits) >= 15
    p95 = waits[round(0.95 * (len(waits) - 1))]
    print(f"presence: {len(waits)} moves, median {statistics.median(waits) * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms")
    assert p95 <= WITHIN_S


def test_a_follower_goes_where_the_other_goes_until_he_goes_himself(two) -> None:
    one, other = two
    follow(other)
    assert "Following Kim Lee" in other.page.locator(".says").inner_text()
    pan(one)
    one.settle()
    other.wait(lambda: together(one, other), "the same place")
    one.press_for_picture("ArrowRight")
    other.wait(lambda: together(one, other), "the same dates")
    other.settle()
    assert is_following(other)
    pan(other)
    other.wait(lambda: not is_following(other), "the end of following")
    other.settle()
    mine = other.view
    one.press_for_picture("ArrowLeft")
    other.page.wait_for_timeout(600)
    assert other.view == mine
    follow(other)
    other.wait(lambda: together(one, other), "the same place again")


def test_following_can_be_stopped_in_three_ways_and_never_goes_round_in_a_circle(two) -> None:
    one, other = two
    for stop in (
        lambda: other.press("Escape"),
        other.page.get_by_role("button", name="Stop", exact=True).click,
        others(other).first.click,
    ):
        follow(other)
        stop()
        other.wait(lambda: not is_following(other), "the end of following")
    follow(other)
    others(one).first.click()
    one.wait(lambda: "already follows you" in said(one), "the reason")
    assert not is_following(one)


def test_a_window_that_changes_its_size_still_follows(two) -> None:
    one, other = two
    follow(other)
    other.wait(lambda: together(one, other), "the same place")
    other.page.set_viewport_size({"width": 1000, "height": 600})
    other.settle()
    assert is_following(other)
    pan(one)
    one.settle()
    other.wait(lambda: together(one, other), "the same place")
    other.page.set_viewport_size({"width": 1100, "height": 720})


def test_a_closed_page_is_gone_within_a_second_and_named_to_who_followed_it(two, open_page, story) -> None:
    one, other = two
    third = open_page(address(story), alone=11)
    other.wait(lambda: others(other).count() == 2, "the third")
    others(other).nth(1).click()
    other.wait(lambda: is_following(other), "the frame of following")
    third.page.goto("about:blank")
    other.wait(lambda: others(other).count() == 1, "the two", patience=WITHIN_S + 0.3)
    other.wait(lambda: "Kim Lee has left" in said(other), "the reason")
    assert not is_following(other)
    assert others(one).count() == 1
