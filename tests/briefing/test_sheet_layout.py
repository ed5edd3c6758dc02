"""The boxes of a page: inside it, apart from each other, the map on whole pixels and of the view's whole extent."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.briefing.fonts import missing, printable, width_mm, wrap
from dashboard.briefing.layout import MM_PER_PX, Page, arrange, fill, page_of
from dashboard.model.errors import InputError
from dashboard.model.view import Extent

WORDS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789", min_size=1, max_size=120)


@pytest.mark.parametrize("page", Page)
@pytest.mark.parametrize("title", ["Short", "A title of many words " * 4, "Wide MMMM WWWW " * 6])
def test_no_box_leaves_the_page_or_meets_another(page: Page, title: str) -> None:
    layout = arrange(page, title.strip())
    width, height = layout.size_mm
    boxes = {
        name: getattr(layout, name) for name in ("banner_top", "header", "map", "column", "footer", "banner_bottom")
    }
    for name, box in boxes.items():
        assert box.x >= 0, name
        assert box.y >= 0, name
        assert box.right <= width, name
        assert box.bottom <= height, name
        assert box.width > 0, name
        assert box.height > 0, name
    for (one, a), (two, b) in combinations(boxes.items(), 2):
        apart = a.right <= b.x or b.right <= a.x or a.bottom <= b.y or b.bottom <= a.y
        assert apart, f"{one} meets {two}"


@pytest.mark.parametrize("page", Page)
def test_the_map_gets_the_most_of_the_page_and_whole_pixels(page: Page) -> None:
    layout = arrange(page, "Title")
    width, height = layout.size_px
    left, top, wide, high = layout.map_px
    assert wide * high > 0.42 * width * height
    assert layout.map.x == left * MM_PER_PX
    assert layout.map.bottom == pytest.approx((top + high) * MM_PER_PX)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(Page),
    st.floats(-1e6, 1e6),
    st.floats(-1e6, 1e6),
    st.floats(1, 1e5),
    st.floats(1, 1e5),
)
def test_the_printed_extent_holds_the_view_at_square_pixels(page, x, y, width, height) -> None:
    layout = arrange(page, "Title")
    seen = Extent(x, y, x + width, y + height)
    printed = fill(seen, layout)
    slack = 1e-6 * max(width, height, 1.0)
    assert printed.x0 <= seen.x0 + slack
    assert printed.x1 >= seen.x1 - slack
    assert printed.y0 <= seen.y0 + slack
    assert printed.y1 >= seen.y1 - slack
    metres_x = (printed.x1 - printed.x0) / layout.map_px[2]
    metres_y = (printed.y1 - printed.y0) / layout.map_px[3]
    assert metres_x == pytest.approx(metres_y, rel=1e-6)


@settings(max_examples=100, deadline=None)
@given(WORDS, st.sampled_from(["sans", "bold", "mono"]), st.floats(4, 18), st.floats(15, 120))
def test_wrapped_lines_fit_and_lose_nothing(text, kind, size, limit) -> None:
    lines = wrap(text, kind, size, limit)
    assert all(width_mm(line, kind, size) <= limit + 1e-9 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_title_that_no_page_can_hold_is_refused() -> None:
    with pytest.raises(InputError, match="at most 160"):
        arrange(Page.A4, "x" * 161)
    with pytest.raises(InputError, match="does not fit three lines"):
        arrange(Page.A4, "W" * 160)


def test_a_title_that_cannot_be_printed_as_written_is_refused() -> None:
    with pytest.raises(InputError, match="lack the characters 根室"):
        arrange(Page.A4, "Nemuro 根室")


def test_an_unknown_page_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="a4 or 16x9"):
        page_of("letter")


def test_a_character_without_a_glyph_is_found_and_replaced() -> None:
    assert missing("Nemuro 根室") == "根室"
    assert printable("Nemuro 根室") == "Nemuro ??"
    assert printable("Дніпро · 12°") == "Дніпро · 12°"
