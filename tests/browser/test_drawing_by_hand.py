"""Drawing by hand: what is drawn is what the catalogue holds, and every step back leads to the exact geometry."""

from collections.abc import Iterator

import numpy as np
import pytest
import shapely
from desk import blank, fresh, latest, recorded, view_to_draw_in
from driver import Driver, address

from dashboard.geo.mercator import project, to_mercator
from dashboard.model.annotation import AnnotationKind
from dashboard.model.sketch import Shape

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LINE = ((0.30, 0.30), (0.42, 0.52), (0.56, 0.33), (0.70, 0.50))
SQUARE = ((0.35, 0.25), (0.65, 0.25), (0.65, 0.55), (0.35, 0.55))
MANY = 110


@pytest.fixture(scope="module")
def page(open_sheet, ledger) -> Driver:
    return open_sheet(address(view_to_draw_in(ledger)), width=1400, height=900)


@pytest.fixture
def driver(page, ledger) -> Iterator[Driver]:
    """Return the page with nothing on the desk and nothing on the map."""
    fresh(page, ledger)
    yield page
    blank(page)


def mercator(geometry) -> list[list[float]]:
    """Return every vertex as the page is told it: a ring without its repeated first."""
    rings = [
        path.coords[: -1 if part.geom_type == "Polygon" else None]
        for part in shapely.get_parts(geometry)
        for path in ([part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part])
    ]
    return [list(to_mercator(*vertex)) for ring in rings for vertex in ring]


def under(driver: Driver, *shares: tuple[float, float]) -> np.ndarray:
    """Return the ground under shares of the map, (n, 2), Mercator metres."""
    return np.array([driver.ground(*driver.spot(*share)) for share in shares])


def vertex(driver: Driver, index: int) -> tuple[float, float]:
    return driver.pixel(*driver.pen.vertices[index])


def chosen(driver: Driver, index: int) -> None:
    """Choose a vertex by clicking it."""
    driver.page.mouse.click(*vertex(driver, index))
    handle = driver.page.locator("g.vertex").nth(index)
    driver.wait(lambda: "chosen" in (handle.get_attribute("class") or ""), f"vertex {index} chosen")


def changed(driver: Driver, act) -> list:
    """Do something and return the parts that it leads to."""
    before = driver.pen.parts
    act()
    driver.wait(lambda: driver.pen.parts != before, "another geometry")
    return driver.pen.parts


@pytest.mark.parametrize(
    ("tool", "shares", "stated", "layer"),
    [
        ("Point", LINE[:1], (Shape.POINT, AnnotationKind.POSITION), "note-points"),
        ("Line", LINE, (Shape.LINE, AnnotationKind.FRONTLINE), "note-lines"),
        ("Area", SQUARE, (Shape.AREA, AnnotationKind.CONTROL), "note-areas"),
        ("Text", LINE[:1], (Shape.TEXT, AnnotationKind.NOTE), "note-labels"),
    ],
)
def test_what_is_clicked_is_what_is_recorded(driver, ledger, tool, shares, stated, layer) -> None:
    drawn = driver.draw(tool, *shares)
    np.testing.assert_allclose(drawn.vertices, under(driver, *shares), atol=driver.metres_per_pixel)
    driver.fill(title="Mill bridge")
    driver.save()
    found = latest(driver, ledger).annotation
    assert (found.shape, found.kind, found.title) == (*stated, "Mill bridge")
    assert mercator(found.geometry) == drawn.vertices
    driver.wait(lambda: driver.length(layer), "it on the map")
    assert driver.column("note-labels", "text") == ["Mill bridge"]


def test_a_front_is_drawn_with_teeth_to_the_right(driver, ledger) -> None:
    driver.draw("Line", (0.3, 0.4), (0.7, 0.4))
    driver.save()
    driver.wait(lambda: driver.length("note-teeth") > 3, "the teeth")
    (line,) = driver.column("note-lines", "ys")
    tips = driver.evaluate("() => model('note-teeth').data.ys.map(tooth => Math.min(...tooth[0][0]))")
    assert max(tips) < min(line), "drawn from west to east, its right is the south"


def test_quick_clicks_at_different_places_are_vertices_and_a_double_click_ends_the_line(driver) -> None:
    driver.begin("Line")
    for share in LINE:
        driver.page.mouse.click(*driver.spot(*share))
    driver.wait(lambda: len(driver.pen.vertices) == len(LINE), "a vertex a click")
    np.testing.assert_allclose(driver.pen.vertices, under(driver, *LINE), atol=driver.metres_per_pixel)
    driver.page.mouse.dblclick(*driver.spot(0.8, 0.3))
    driver.wait(lambda: not driver.pen.adding, "the end of the line")
    assert len(driver.pen.vertices) == len(LINE) + 1


def test_an_area_is_closed_by_a_click_on_its_first_vertex(driver) -> None:
    driver.begin("Area")
    driver.put(*(driver.spot(*share) for share in SQUARE))
    driver.page.mouse.click(*vertex(driver, 0))
    driver.wait(lambda: not driver.pen.adding, "the closed area")
    assert len(driver.pen.vertices) == len(SQUARE)


def test_a_freehand_stroke_is_simplified_and_keeps_its_course(driver, ledger) -> None:
    driver.begin("Freehand")
    spots = [driver.spot(0.3 + 0.004 * n, 0.4 + 0.12 * np.sin(n / 12)) for n in range(100)]
    driver.wait(lambda: driver.pen.stroke == "trace", "the pencil")
    driver.drag(*spots, steps=1)
    driver.wait(lambda: driver.pen.vertices, "the stroke")
    driver.press("Enter")
    driver.wait(lambda: not driver.pen.adding, "the end")
    drawn = driver.pen.vertices
    assert 8 < len(drawn) < 60
    course = shapely.LineString([driver.ground(*spot) for spot in spots])
    assert shapely.hausdorff_distance(course, shapely.LineString(drawn)) < 4 * driver.metres_per_pixel
    driver.save()
    assert mercator(latest(driver, ledger).annotation.geometry) == drawn


def test_a_new_vertex_snaps_to_the_last_bit_of_a_recorded_one(driver, ledger) -> None:
    driver.draw("Line", *LINE)
    driver.save()
    first = latest(driver, ledger).annotation
    driver.wait(lambda: driver.length("note-lines"), "the line")
    corner = first.geometry.coords[2]
    px, py = driver.pixel(*to_mercator(*corner))
    driver.begin("Line")
    driver.put(driver.spot(0.5, 0.62), (px + 5, py - 4))
    driver.press("Enter")
    driver.save()
    second = latest(driver, ledger).annotation
    assert second.id != first.id
    assert second.geometry.coords[-1] == corner


def test_a_new_vertex_snaps_onto_a_recorded_line(driver, ledger) -> None:
    driver.draw("Line", (0.3, 0.4), (0.7, 0.4))
    driver.save()
    first = latest(driver, ledger).annotation
    driver.wait(lambda: driver.length("note-lines"), "the line")
    px, py = driver.spot(0.5, 0.4)
    driver.begin("Line")
    driver.put(driver.spot(0.5, 0.62), (px, py + 6))
    end = shapely.Point(driver.pen.vertices[-1])
    assert project(first.geometry).distance(end) < 0.01


def test_every_edit_of_a_line_is_undone_and_redone_to_the_last_bit(driver, ledger) -> None:
    states = [driver.draw("Line", *LINE).parts]

    def did(act) -> None:
        states.append(changed(driver, act))

    away = driver.spot(0.45, 0.25)
    did(lambda: driver.drag(vertex(driver, 1), away))
    np.testing.assert_allclose(driver.pen.vertices[1], driver.ground(*away), atol=2 * driver.metres_per_pixel)
    (x0, y0), (x1, y1) = vertex(driver, 2), vertex(driver, 3)
    did(lambda: driver.drag(((x0 + x1) / 2, (y0 + y1) / 2), driver.spot(0.66, 0.25)))
    assert len(driver.pen.vertices) == len(LINE) + 1
    chosen(driver, 2)
    x, y = driver.pen.vertices[2]
    for key, dx, dy in (("ArrowRight", 1, 0), ("ArrowUp", 0, 1), ("Shift+ArrowLeft", -10, 0), ("ArrowDown", 0, -1)):
        did(lambda key=key: driver.press(key))
        x, y = x + dx * driver.metres_per_pixel, y + dy * driver.metres_per_pixel
        np.testing.assert_allclose(driver.pen.vertices[2], (x, y), atol=1e-3)
    did(lambda: driver.press("Delete"))
    assert len(driver.pen.vertices) == len(LINE)
    grip = driver.page.locator("g.grip").bounding_box()
    here = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    before = np.array(driver.pen.vertices)
    did(lambda: driver.drag(here, (here[0] - 40, here[1] + 30)))
    moved = np.array(driver.pen.vertices) - before
    np.testing.assert_allclose(moved, np.tile([-40, -30], (len(before), 1)) * driver.metres_per_pixel, rtol=0.02)
    did(lambda: driver.tool("Turn round"))
    assert driver.pen.vertices == states[-2][0][0][::-1]
    for state in reversed(states[:-1]):
        driver.press("Control+z")
        driver.wait(lambda state=state: driver.pen.parts == state, "the state before, to the last bit")
    for state in states[1:]:
        driver.press("Control+Shift+z")
        driver.wait(lambda state=state: driver.pen.parts == state, "the state after, to the last bit")
    assert not driver.pen.can_redo
    driver.save()
    assert mercator(latest(driver, ledger).annotation.geometry) == states[-1][0][0]


def test_more_than_a_hundred_steps_lead_back_to_the_first(driver) -> None:
    first = driver.draw("Line", *LINE).parts
    chosen(driver, 1)
    x = first[0][0][1][0]
    for _ in range(MANY):
        # As fast as a held key repeats: each step starts from the place that the one before led to.
        now = driver.pen.parts
        driver.press("ArrowRight")
        driver.wait(lambda now=now: driver.pen.parts != now, "the step")
    assert driver.pen.vertices[1][0] - x == pytest.approx(MANY * driver.metres_per_pixel, rel=1e-6)
    last = driver.pen.parts
    for _ in range(MANY):
        driver.press("Control+z")
    driver.wait(lambda: driver.pen.parts == first, "the first state")
    for _ in range(MANY):
        driver.press("Control+y")
    driver.wait(lambda: driver.pen.parts == last, "the last state")


def test_undo_goes_behind_a_save_and_redo_records_it_again(driver, ledger) -> None:
    drawn = driver.draw("Line", *LINE)
    driver.save()
    found = latest(driver, ledger)
    driver.press("Control+z")
    driver.wait(lambda: driver.pen.parts == drawn.parts, "the drawing on the desk again")
    driver.wait(lambda: ledger.catalog.annotations.history(found.annotation.id)[-1].removed, "its removal")
    driver.wait(lambda: not driver.length("note-lines"), "the empty map")
    driver.press("Control+Shift+z")
    driver.wait(lambda: not driver.pen.shape, "the empty desk")
    again = latest(driver, ledger)
    assert again.annotation.id == found.annotation.id
    assert again.annotation.geometry.equals_exact(found.annotation.geometry, 0.0)


def test_a_line_is_split_and_its_pieces_share_the_vertex(driver, ledger) -> None:
    drawn = driver.draw("Line", *LINE)
    chosen(driver, 2)
    driver.tool("Split here")
    driver.wait(lambda: driver.pen.others, "the other piece")
    driver.save()
    driver.wait(lambda: len(annotations(ledger)) == 2, "two annotations")
    one, other = sorted((each.geometry for each in annotations(ledger)), key=lambda line: -len(line.coords))
    assert mercator(one) == drawn.vertices[:3]
    assert mercator(other) == drawn.vertices[2:]


def annotations(ledger) -> list:
    return [revision.annotation for revision in recorded(ledger)]


def test_lines_are_joined_and_the_joined_one_leaves_the_map(driver, ledger) -> None:
    driver.draw("Line", (0.3, 0.3), (0.45, 0.4))
    driver.save()
    first = latest(driver, ledger).annotation
    driver.wait(lambda: driver.length("note-lines"), "the first line")
    driver.draw("Line", (0.5, 0.42), (0.7, 0.3))
    driver.tool("Join to …")
    changed(driver, lambda: driver.page.mouse.click(*driver.spot(0.375, 0.35)))
    assert len(driver.pen.vertices) == 4
    driver.save()
    driver.wait(lambda: [each.id for each in annotations(ledger)] not in ([], [first.id]), "the joined line")
    (joined,) = annotations(ledger)
    assert set(first.geometry.coords) < set(joined.geometry.coords)
    assert len(joined.geometry.coords) == 4


def test_a_line_is_continued_at_its_start_and_keeps_its_direction(driver) -> None:
    drawn = driver.draw("Line", *LINE)
    chosen(driver, 0)
    driver.tool("Continue")
    driver.wait(lambda: driver.pen.adding, "the pencil")
    driver.put(driver.spot(0.2, 0.5))
    driver.press("Enter")
    driver.wait(lambda: not driver.pen.adding, "the end")
    assert driver.pen.vertices[1:] == drawn.vertices
    np.testing.assert_allclose(driver.pen.vertices[0], under(driver, (0.2, 0.5))[0], atol=driver.metres_per_pixel)


def test_an_area_is_cut_across_and_nothing_of_it_is_lost(driver, ledger) -> None:
    driver.draw("Area", *SQUARE)
    whole = shapely.Polygon(driver.pen.vertices)
    driver.tool("Cut across")
    driver.wait(lambda: driver.pen.stroke == "cut", "the knife")
    driver.drag(driver.spot(0.28, 0.42), driver.spot(0.72, 0.38), steps=12)
    driver.wait(lambda: driver.pen.others, "the other piece")
    driver.save()
    driver.wait(lambda: len(annotations(ledger)) == 2, "two annotations")
    pieces = [project(each.geometry) for each in annotations(ledger)]
    assert sum(piece.area for piece in pieces) == pytest.approx(whole.area, rel=1e-9)
    assert pieces[0].intersection(pieces[1]).area == pytest.approx(0, abs=1e-6 * whole.area)


def test_a_bow_tie_says_why_is_kept_as_a_draft_and_repaired_with_one_click(driver, ledger) -> None:
    driver.draw("Area", SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3])
    said = driver.page.locator(".said.problem")
    driver.wait(said.is_visible, "the reason")
    assert driver.pen.problem
    driver.press("Control+Enter")
    driver.wait(lambda: driver.notice, "why it is not recorded")
    kept = driver.wait(lambda: [each for each in ledger.catalog.drafts.all() if each.reason], "the draft")
    assert kept[0].reason == driver.pen.problem
    assert not annotations(ledger)
    driver.tool(driver.pen.repair)
    driver.wait(lambda: not driver.pen.problem, "the repaired area")
    driver.save()
    assert latest(driver, ledger).annotation.geometry.is_valid
    driver.wait(lambda: not ledger.catalog.drafts.all(), "no draft of what is recorded")


def test_the_same_button_and_the_same_key_count_twice_in_a_row(driver) -> None:
    first = driver.draw("Line", *LINE).parts
    chosen(driver, 1)
    for _ in range(2):
        changed(driver, lambda: driver.press("ArrowUp"))
    for _ in range(2):
        driver.tool("Undo")
    driver.wait(lambda: driver.pen.parts == first, "both steps back")
    driver.page.evaluate("document.activeElement?.blur()")
    driver.tool("Continue")
    driver.wait(lambda: driver.pen.adding, "the pencil")
    driver.press("Escape")
    driver.press("Escape")
    driver.wait(lambda: not driver.pen.shape, "the line put aside")


def touched(driver: Driver, *spots: tuple[float, float]) -> None:
    """Drag a finger along pixels of the page."""
    fingers = driver.page.context.new_cdp_session(driver.page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    send("touchStart", spots[0])
    for spot in spots[1:]:
        send("touchMove", spot)
        driver.page.wait_for_timeout(30)
    send("touchEnd")
    fingers.detach()


def test_a_phone_draws_with_fingers_alone(open_sheet, ledger) -> None:
    phone = open_sheet(address(view_to_draw_in(ledger)), width=390, height=844, touch=True)
    fresh(phone, ledger)
    fold = phone.page.get_by_role("button", name="Fold inspector")
    fold.tap()
    phone.page.get_by_role("tab", name="Notes").tap()
    phone.page.get_by_role("button", name="Draw", exact=True).tap()
    phone.wait(phone.tools.is_visible, "the tools")
    fold.tap()
    phone.wait(lambda: "inspector" in phone.view.folded, "the free map")
    phone.tools.get_by_role("button", name="Line", exact=True).tap()
    phone.wait(lambda: phone.pen.adding, "the pencil")
    for count, share in enumerate(((0.2, 0.3), (0.5, 0.45), (0.75, 0.3)), 1):
        phone.page.touchscreen.tap(*phone.spot(*share))
        phone.wait(lambda count=count: len(phone.pen.vertices) == count, "the vertex")
    phone.tools.get_by_role("button", name="Finish", exact=True).tap()
    phone.wait(lambda: not phone.pen.adding, "the end of the line")
    for button in phone.tools.get_by_role("button").all():
        box = button.bounding_box()
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    x, y = phone.pixel(*phone.pen.vertices[1])
    before = phone.pen.parts
    touched(phone, (x, y), *((x + 6 * n, y - 8 * n) for n in range(1, 6)))
    phone.wait(lambda: phone.pen.parts != before, "the dragged vertex")
    there = phone.pixel(*phone.pen.vertices[1])
    np.testing.assert_allclose(there, (x + 30, y - 40), atol=2)
    phone.tools.get_by_role("button", name="Save", exact=True).tap()
    phone.wait(lambda: not phone.pen.shape, "the empty desk")
    assert mercator(latest(phone, ledger).annotation.geometry)
    phone.close()
