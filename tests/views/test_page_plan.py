"""Where the map will lie, said before there is a page: tests/browser/test_opening.py asks the browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.view import MERCATOR_LIMIT_M, Extent
from dashboard.views.plan import STACKED_PX, filled, map_place

SIDES = st.integers(200, 4000)
PANELS = st.frozensets(st.sampled_from(["layers", "inspector", "timeline"]))


@given(SIDES, SIDES, st.integers(0, 40), PANELS)
def test_the_map_lies_in_the_window_and_gains_by_folding(
    width: int, height: int, lanes: int, folded: frozenset[str]
) -> None:
    place = map_place(width, height, lanes, folded)
    if place is None:
        assert width <= STACKED_PX or height < 520
        return
    assert place.left >= 0
    assert place.left + place.width <= width
    assert place.top + place.height <= height
    bare = map_place(width, height, lanes, frozenset({"layers", "inspector", "timeline"}))
    assert bare is not None
    assert bare.width == width
    assert bare.width * bare.height >= place.width * place.height


@given(
    st.floats(-1.5e7, 1.5e7), st.floats(-1.5e7, 1.5e7), st.floats(10.0, 1e6), st.floats(10.0, 1e6),
    st.integers(200, 3000), st.integers(200, 3000),
)  # fmt: skip
def test_a_map_shows_the_whole_extent_at_one_scale_about_its_middle(
    x: float, y: float, across: float, up: float, width: int, height: int
) -> None:
    extent = Extent(x, y, x + across, y + up)
    shown = filled(extent, width, height)
    if max(abs(shown.x0), abs(shown.x1), abs(shown.y0), abs(shown.y1)) >= MERCATOR_LIMIT_M:
        return
    assert (shown.x1 - shown.x0) / width == pytest.approx((shown.y1 - shown.y0) / height, rel=1e-6)
    assert shown.centre == pytest.approx(extent.centre, abs=1e-3)
    assert shown.x1 - shown.x0 >= across * (1 - 1e-9)
    assert shown.y1 - shown.y0 >= up * (1 - 1e-9)
    assert filled(shown, width, height) == shown or filled(shown, width, height).centre == pytest.approx(shown.centre)
