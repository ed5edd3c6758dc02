"""Two browsers on one annotation: edits travel within a second, and a stale one is kept until a person decides."""

from collections.abc import Iterator

import pytest
from desk import blank, fresh, latest, recorded, view_to_draw_in
from driver import Driver, address

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LINE = ((0.30, 0.30), (0.45, 0.50), (0.60, 0.35))
WITHIN_S = 1.0
ROUNDS = 5
# When a layer of the map changed last, on the machine's one clock.
_MARK = """() => {
  window.nightglassLines = 0;
  model("note-lines").properties.data.change.connect(() => { window.nightglassLines = Date.now(); });
}"""


@pytest.fixture(scope="module")
def pages(open_sheet, ledger) -> tuple[Driver, Driver]:
    story = address(view_to_draw_in(ledger))
    return open_sheet(story, alone=21), open_sheet(story, alone=22)


@pytest.fixture
def two(pages, ledger) -> Iterator[tuple[Driver, Driver]]:
    """Return two pages of two browsers, with nothing on either desk and nothing on the map."""
    for each in pages:
        fresh(each, ledger)
    yield pages
    for each in pages:
        blank(each)


def edit(driver: Driver, title: str, share: tuple[float, float]) -> None:
    """Take the chosen line up, move its middle and give it another title."""
    driver.page.locator(".card").get_by_role("button", name="Edit", exact=True).click()
    driver.wait(lambda: driver.pen.shape, "the line on the desk")
    before = driver.pen.parts
    driver.drag(driver.pixel(*driver.pen.vertices[1]), driver.spot(*share))
    driver.wait(lambda: driver.pen.parts != before, "the moved vertex")
    driver.fill(title=title)


def clash(one: Driver, other: Driver, ledger) -> str:
    """Let both edit one line, the one save first; return the line's id."""
    one.draw("Line", *LINE)
    one.fill(title="Ridge")
    one.save()
    id_ = latest(one, ledger).annotation.id
    other.page.get_by_role("tab", name="Notes").click()
    row = other.page.locator(f"tr[data-id='{id_}']")
    other.wait(row.is_visible, "the line in the other's list")
    row.click()
    one.wait(lambda: one.page.locator(".card h3").filter(has_text="Ridge").count(), "its card")
    edit(other, "Ridge, by the other", (0.45, 0.60))
    edit(one, "Ridge, by the one", (0.45, 0.25))
    one.save()
    one.wait(lambda: latest(one, ledger).annotation.title == "Ridge, by the one", "the first edit")
    other.press("Control+Enter")
    other.wait(lambda: ledger.catalog.annotations.conflicts(id_), "the conflict")
    return id_


def card(driver: Driver):
    return driver.page.locator(".card .item.conflict")


def test_an_edit_reaches_the_other_browser_within_a_second(two, ledger) -> None:
    one, other = two
    other.evaluate(_MARK)
    waits = []
    for nth in range(ROUNDS):
        one.draw("Line", *((x, y - 0.02 * nth) for x, y in LINE))
        count = nth + 1
        one.page.evaluate("window.nightglassLines = 0")
        one.save()
        found = one.wait(lambda count=count: len(recorded(ledger)) == count and recorded(ledger)[0], "the line")
        other.wait(lambda count=count: other.length("note-lines") == count, "the line on the other's map")
        waits.append(other.page.evaluate("window.nightglassLines") / 1000 - found.known_from.timestamp())
    print(f"an edit reaches the other: {', '.join(f'{wait * 1e3:.0f} ms' for wait in waits)}")
    assert sorted(waits)[ROUNDS // 2] <= WITHIN_S


def test_a_stale_save_is_shown_to_both_and_the_kept_edit_can_be_taken(two, ledger) -> None:
    one, other = two
    id_ = clash(one, other, ledger)
    assert ledger.catalog.annotations.get(id_).annotation.title == "Ridge, by the one", "nothing is overwritten"
    blank(other)
    for each in two:
        each.page.get_by_role("tab", name="Notes").click()
        each.wait(lambda each=each: card(each).count() == 1, "the conflict card")
        said = card(each).inner_text()
        assert "On the map" in said
        assert "Kept aside" in said
        assert card(each).locator("del").all_inner_texts() == ["Ridge, by the one"]
        assert card(each).locator("ins").all_inner_texts() == ["Ridge, by the other"]
        assert card(each).locator("svg").count() >= 2, "both geometries are drawn"
    (conflict,) = ledger.catalog.annotations.conflicts(id_)
    card(one).get_by_role("button", name="Take the kept edit").click()
    for each in two:
        each.wait(lambda each=each: card(each).count() == 0, "no conflict any more")
    now = ledger.catalog.annotations.get(id_).annotation
    assert now.title == "Ridge, by the other"
    assert now.geometry.equals_exact(conflict.mine.geometry, 0.0)
    assert [each.annotation.title for each in ledger.catalog.annotations.history(id_)] == [
        "Ridge", "Ridge, by the one", "Ridge, by the other"
    ]  # fmt: skip


def test_what_is_on_the_map_can_be_kept_and_the_decision_closes_the_conflict(two, ledger) -> None:
    one, other = two
    id_ = clash(one, other, ledger)
    blank(other)
    other.page.get_by_role("tab", name="Notes").click()
    other.wait(lambda: card(other).count() == 1, "the conflict card")
    card(other).get_by_role("button", name="Keep what is on the map").click()
    other.wait(lambda: not ledger.catalog.annotations.conflicts(id_), "the closed conflict")
    for each in two:
        each.wait(lambda each=each: card(each).count() == 0, "no conflict any more")
    assert ledger.catalog.annotations.get(id_).annotation.title == "Ridge, by the one"
