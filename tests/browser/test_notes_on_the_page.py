"""Annotations as records: the form reaches the catalogue, history can be compared and brought back, drafts survive."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from desk import blank, fresh, latest, recorded, view_to_draw_in
from driver import Driver, address

from dashboard.model.annotation import AnnotationKind
from dashboard.model.dtg import dtg
from dashboard.model.handling import Tlp

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LINE = ((0.30, 0.30), (0.45, 0.50), (0.60, 0.35))
KEPT_WITHIN_S = 6.0
"""Drafts are kept every two seconds; the rest is patience with a busy machine."""


@pytest.fixture(scope="module")
def page(open_sheet, ledger) -> Driver:
    return open_sheet(address(view_to_draw_in(ledger)), width=1400, height=900)


@pytest.fixture
def driver(page, ledger) -> Iterator[Driver]:
    """Return the page with nothing on the desk, nothing on the map, and both clocks following."""
    fresh(page, ledger)
    yield page
    blank(page)
    for words in ("Follow B", "Now"):
        button = page.page.get_by_role("button", name=words, exact=True)
        if button.count() and button.is_visible() and button.is_enabled():
            button.click()
    page.wait(lambda: page.view.valid_at is None and page.view.known_at is None, "the clocks at rest")


def tab(driver: Driver, name: str) -> None:
    driver.page.get_by_role("tab", name=name).click()


def button(driver: Driver, words: str):
    return driver.page.locator(".card").get_by_role("button", name=words, exact=True)


def titles(driver: Driver) -> list[str]:
    return sorted(driver.column("note-labels", "text"))


def test_the_form_reaches_the_catalogue(driver, ledger) -> None:
    driver.draw("Line", *LINE)
    until = datetime(2026, 8, 1, 6, 30, tzinfo=UTC)
    driver.fill(
        title="Trench <b>north</b>", kind="obstacle", tlp=Tlp.AMBER.label, side="BLUE", opposing="ORANGE",
        valid_from="011200ZJUN26", valid_to=dtg(until), reliability="B", credibility="2",
        sources="https://example.org/a\nradio", notes="seen twice\nfrom the air",
    )  # fmt: skip
    driver.save()
    found = latest(driver, ledger).annotation
    assert (found.title, found.kind, found.grade) == ("Trench <b>north</b>", AnnotationKind.OBSTACLE, "B2")
    assert (found.side, found.opposing, found.handling.tlp) == ("BLUE", "ORANGE", Tlp.AMBER)
    assert (found.valid_from, found.valid_to) == (datetime(2026, 6, 1, 12, tzinfo=UTC), until)
    assert found.sources == ("https://example.org/a", "radio")
    assert found.notes == "seen twice\nfrom the air"
    heading = driver.page.locator(".card h3").filter(has_text="Trench")
    driver.wait(heading.is_visible, "its card")
    assert heading.inner_text() == "Trench <b>north</b>", "what is typed is only text"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"valid_from": "yesterday"}, "Valid from"),
        ({"valid_from": "021200ZJUN26", "valid_to": "011200ZJUN26"}, "before"),
        ({"credibility": "1"}, "Credibility 1 needs"),
        ({"evidence": "acquisition:none"}, "none"),
    ],
)
def test_what_cannot_be_recorded_says_so_and_stays_on_the_desk(driver, ledger, fields, said) -> None:
    drawn = driver.draw("Point", LINE[0])
    driver.fill(**fields)
    driver.press("Control+Enter")
    driver.wait(lambda: said in driver.notice, "the reason")
    assert driver.pen.parts == drawn.parts
    assert not recorded(ledger)
    driver.fill(valid_from="011200ZJUN26", valid_to="", credibility="2", evidence="")
    driver.save()
    assert latest(driver, ledger).annotation.valid_from == datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_evidence_is_linked_with_one_click(driver, ledger) -> None:
    driver.draw("Point", LINE[0])
    button(driver, "+ A").click()
    driver.wait(lambda: driver.view.a in driver.field("evidence").input_value(), "A as evidence")
    button(driver, "+ B").click()
    driver.wait(lambda: driver.view.b in driver.field("evidence").input_value(), "B as evidence")
    driver.save()
    assert [link.id for link in latest(driver, ledger).annotation.evidence] == [driver.view.a, driver.view.b]


def test_a_new_page_shows_what_was_recorded_and_lists_it(driver, ledger) -> None:
    driver.draw("Line", *LINE)
    driver.fill(title="Ridge")
    driver.save()
    found = latest(driver, ledger).annotation
    driver.wait(lambda: driver.length("note-lines"), "the line")
    drawn = driver.lines("note-lines")
    driver.goto(driver.page.url.split("/", 3)[3])
    driver.wait(lambda: driver.length("note-lines"), "the line again")
    assert driver.lines("note-lines") == drawn
    tab(driver, "Notes")
    row = driver.page.locator(f"tr[data-id='{found.id}']")
    driver.wait(row.is_visible, "its row")
    row.click()
    driver.wait(lambda: driver.length("note-chosen"), "its outline")
    assert driver.page.locator(".card h3").filter(has_text="Ridge").is_visible()


def test_history_compares_revisions_and_brings_an_earlier_one_back(driver, ledger) -> None:
    driver.draw("Line", *LINE)
    driver.fill(title="Ridge")
    driver.save()
    first = latest(driver, ledger)
    driver.wait(button(driver, "Edit").is_visible, "the card")
    button(driver, "Edit").click()
    driver.wait(lambda: driver.pen.shape, "the line on the desk")
    before = driver.pen.parts
    driver.drag(driver.pixel(*driver.pen.vertices[1]), driver.spot(0.45, 0.25))
    driver.wait(lambda: driver.pen.parts != before, "the moved vertex")
    driver.fill(title="Ridge, west")
    driver.save()
    second = driver.wait(lambda: latest(driver, ledger) if latest(driver, ledger) != first else None, "the edit")
    assert second.annotation.id == first.annotation.id
    items = driver.page.locator(".card .item")
    driver.wait(lambda: items.count() == 2, "two revisions")
    assert "geometry" in items.first.inner_text()
    assert "title" in items.first.inner_text()
    items.first.get_by_role("button", name="Compare").click()
    driver.wait(items.first.locator("svg").is_visible, "the drawn difference")
    assert items.first.locator("del").all_inner_texts() == ["Ridge"]
    assert items.first.locator("ins").all_inner_texts() == ["Ridge, west"]
    items.last.get_by_role("button", name="Bring back").click()
    driver.wait(lambda: len(ledger.catalog.annotations.history(first.annotation.id)) == 3, "a third revision")
    third = latest(driver, ledger).annotation
    assert third == first.annotation
    assert third.geometry.equals_exact(first.annotation.geometry, 0.0)
    driver.wait(lambda: titles(driver) == ["Ridge"], "the first title on the map")


def test_what_is_removed_leaves_the_map_and_comes_back(driver, ledger) -> None:
    driver.draw("Point", LINE[0])
    driver.fill(title="Well")
    driver.save()
    found = latest(driver, ledger).annotation
    driver.wait(lambda: driver.length("note-points"), "the point")
    button(driver, "Remove").click()
    driver.wait(lambda: not driver.length("note-points"), "the empty map")
    assert not recorded(ledger)
    button(driver, "Bring back").first.click()
    driver.wait(lambda: driver.length("note-points"), "the point again")
    assert latest(driver, ledger).annotation == found


def test_a_draft_is_offered_again_after_the_page_was_closed_without_saving(driver, ledger, open_sheet) -> None:
    lost = open_sheet(address(view_to_draw_in(ledger)), width=1400, height=900)
    drawn = lost.draw("Line", *LINE)
    lost.fill(title="Half a thought")

    def kept():
        return [each for each in ledger.catalog.drafts.all() if dict(each.fields).get("title") == "Half a thought"]

    lost.wait(kept, "the draft", KEPT_WITHIN_S)
    lost.page.close()
    again = open_sheet(address(view_to_draw_in(ledger)), width=1400, height=900)
    tab(again, "Notes")
    card = again.page.locator(".card .item").filter(has_text="Half a thought")
    again.wait(card.is_visible, "the draft on offer")
    card.get_by_role("button", name="Go on").click()
    again.wait(lambda: again.pen.shape, "the draft on the desk")
    assert again.pen.parts == drawn.parts
    assert again.field("title").input_value() == "Half a thought"
    again.save()
    assert latest(again, ledger).annotation.title == "Half a thought"
    again.wait(lambda: not kept(), "no draft of what is recorded")
    again.close()


def test_valid_at_shows_what_is_said_to_be_so_then_and_follows_b_again(driver, ledger) -> None:
    for title, since, until in (("Early", "010000ZJUN26", "100000ZJUN26"), ("Late", "100000ZJUN26", "")):
        driver.draw("Point", LINE[0] if title == "Early" else LINE[1])
        driver.fill(title=title, valid_from=since, valid_to=until)
        driver.save()
    driver.wait(lambda: titles(driver) == ["Late"], "what is valid at B")
    tab(driver, "Front")
    driver.fill(valid_at="051200ZJUN26")
    driver.wait(lambda: titles(driver) == ["Early"], "what was valid earlier")
    clock = driver.page.locator(".clock")
    assert "valid at 051200ZJUN26" in clock.inner_text()
    assert driver.view.valid_at == datetime(2026, 6, 5, 12, tzinfo=UTC)
    driver.fill(valid_at="someday")
    driver.wait(lambda: "someday" in driver.notice, "what cannot be read")
    assert driver.view.valid_at == datetime(2026, 6, 5, 12, tzinfo=UTC)
    button(driver, "Follow B").click()
    driver.wait(lambda: titles(driver) == ["Late"], "what is valid at B again")
    driver.wait(lambda: not clock.is_visible(), "no badge")


def test_as_known_at_hides_what_was_written_later_and_nothing_can_be_drawn_there(driver, ledger) -> None:
    driver.draw("Point", LINE[0])
    driver.fill(title="Rumour")
    driver.save()
    driver.wait(lambda: titles(driver) == ["Rumour"], "the first")
    known = latest(driver, ledger).known_from + timedelta(milliseconds=1)
    driver.draw("Point", LINE[1])
    driver.fill(title="Report")
    driver.save()
    driver.wait(lambda: titles(driver) == ["Report", "Rumour"], "both")
    tab(driver, "Front")
    driver.fill(known_at=known.isoformat())
    driver.wait(lambda: titles(driver) == ["Rumour"], "what was known then")
    assert "as known at" in driver.page.locator(".clock").inner_text()
    driver.wait(lambda: driver.view.known_at == known, "the clock in the address")
    driver.tool("Point")
    driver.wait(lambda: "go back to now" in driver.notice, "why not")
    assert not driver.pen.shape
    tab(driver, "Front")
    button(driver, "Now").click()
    driver.wait(lambda: titles(driver) == ["Report", "Rumour"], "both again")
