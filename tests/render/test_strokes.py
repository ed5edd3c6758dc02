"""Many shapes as one picture: against geometry computed exactly, and against Datashader."""

import datashader
import geopandas
import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.model.errors import InputError
from dashboard.render.strokes import MARGIN_PX, Marks, Strokes, Window, coloured, mark, strokes
from dashboard.render.strokes_pan import Drawn, moved
from dashboard.render.vectors import cover

WINDOW = Window(30, -70, 60, 40, (10.0, 10.0))
"""x from 300 to 900, y from 300 to 700."""


def drawn(shapes: Strokes, window: Window = WINDOW, hidden: NDArray[np.bool_] | None = None) -> Marks:
    return mark(shapes, window, Marks.empty(window), hidden=hidden)


def of(*geometries: shapely.Geometry, ranks: list[int] | None = None) -> Strokes:
    given_ranks = np.array(ranks or [1] * len(geometries), np.uint8)
    given_ranks.flags.writeable = False
    return strokes(geometries, given_ranks)


def centres(window: Window = WINDOW) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    west, _, _, north = window.bounds
    x = west + (np.arange(window.width) + 0.5) * window.sizes[0]
    y = north - (np.arange(window.height) + 0.5) * window.sizes[1]
    return np.meshgrid(x, y)


def scattered(seed: int, count: int = 60) -> list[shapely.Geometry]:
    rng = np.random.default_rng(seed)
    found: list[shapely.Geometry] = []
    for _ in range(count):
        place = rng.uniform((250, 250), (950, 750))
        size = rng.lognormal(3.0, 1.2)
        walk = place + rng.normal(0, size, (int(rng.integers(2, 12)), 2)).cumsum(axis=0)
        turn = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(4, 20))))
        around = place + size * np.column_stack([np.cos(turn), np.sin(turn)]) * rng.uniform(0.3, 1.5, (len(turn), 1))
        found.append((shapely.Point(place), shapely.LineString(walk), shapely.Polygon(around))[int(rng.integers(3))])
    return found


def shade(marks: Marks) -> NDArray[np.uint8]:
    table = np.zeros((256, 4), np.uint8)
    table[1:] = (9, 8, 7, 255)
    return coloured(marks, table, table)


@pytest.mark.parametrize("seed", range(20))
def test_an_area_fills_exactly_the_pixels_whose_centre_it_holds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turn = np.sort(rng.uniform(0, 2 * np.pi, 24))
    outer = (600, 500) + 260 * np.column_stack([np.cos(turn), np.sin(turn)]) * rng.uniform(0.5, 1.5, (24, 1))
    inner = shapely.Polygon(outer).buffer(-40)
    area = shapely.Polygon(outer).difference(inner.buffer(-20)) if not inner.is_empty else shapely.Polygon(outer)
    area = area if seed % 2 else shapely.reverse(area)
    expected = shapely.contains_xy(area, *centres())
    np.testing.assert_array_equal(drawn(of(area)).fills > 0, expected)


def test_areas_are_filled_where_datashader_fills_them() -> None:
    rng = np.random.default_rng(4)
    squares = [shapely.Point(*rng.uniform((300, 300), (900, 700))).buffer(rng.uniform(20, 90)) for _ in range(40)]
    box = GeoBox((40, 60), Affine(10, 0, 300, 0, -10, 700), "EPSG:3857")
    np.testing.assert_array_equal(drawn(of(*squares)).fills > 0, cover(squares, box) > 0)


def test_lines_run_where_datashader_runs_them_but_for_rounding() -> None:
    lines = [shape for shape in scattered(3, 200) if shape.geom_type == "LineString"]
    canvas = datashader.Canvas(60, 40, x_range=(300, 900), y_range=(300, 700))
    frame = geopandas.GeoDataFrame(geometry=lines)
    theirs = canvas.line(frame, geometry="geometry", agg=datashader.count()).values[::-1] > 0
    ours = drawn(of(*lines)).lines > 0
    assert (ours == theirs).mean() > 0.9
    for one, other in ((ours, theirs), (theirs, ours)):  # what differs lies beside what the other marks
        near = np.pad(other, 1)
        around = np.max([near[1 + r : 41 + r, 1 + c : 61 + c] for r in (-1, 0, 1) for c in (-1, 0, 1)], axis=0)
        assert around[one].all()


@pytest.mark.parametrize("seed", range(10))
def test_a_line_is_marked_without_gaps_and_nowhere_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    line = shapely.LineString(rng.uniform((280, 280), (920, 720), (6, 2)))
    seen = drawn(of(line)).lines > 0
    x, y = centres()
    away = shapely.distance(line, shapely.points(x, y))
    assert (away[seen] <= 7.08).all()  # half a pixel's diagonal
    steps = shapely.line_interpolate_point(line, np.arange(0, line.length, 1.0))
    cols = ((shapely.get_x(steps) - 300) // 10).astype(int)
    rows = ((700 - shapely.get_y(steps)) // 10).astype(int)
    inside = (cols >= 1) & (cols < 59) & (rows >= 1) & (rows < 39)
    for row, col in set(zip(rows[inside], cols[inside], strict=True)):
        assert seen[row - 1 : row + 2, col - 1 : col + 2].any()


def test_the_direction_of_drawing_marks_the_same_pixels() -> None:
    shapes = scattered(9)
    there, back = drawn(of(*shapes)), drawn(of(*shapely.reverse(shapes)))
    for name in ("fills", "lines", "spots"):
        np.testing.assert_array_equal(getattr(there, name), getattr(back, name))


@pytest.mark.parametrize(
    "tiny",
    [
        shapely.Point(433.0, 566.0),
        shapely.LineString([(433.0, 566.0), (433.2, 566.1)]),
        shapely.LineString([(433.0, 566.0), (433.0, 566.0)]),
        shapely.box(432.0, 565.0, 433.0, 566.0),
        shapely.MultiPolygon([shapely.box(432.0, 565.0, 433.0, 566.0)]),
        shapely.GeometryCollection([shapely.MultiPoint([(433.0, 566.0)]), shapely.Point()]),
        shapely.Polygon([(432, 565), (434, 567), (432, 567), (434, 565)]),
    ],
    ids=lambda shape: shape.wkt[:30],
)
def test_what_is_smaller_than_a_pixel_marks_its_pixel(tiny: shapely.Geometry) -> None:
    marks = drawn(of(tiny))
    seen = np.maximum(marks.lines, marks.spots)
    assert np.argwhere(seen).tolist() == [[13, 13]]
    assert shade(drawn(of(tiny), WINDOW.grown(MARGIN_PX)))[13, 13].tolist() == [9, 8, 7, 255]


def test_both_lobes_of_a_bow_tie_are_filled() -> None:
    tie = shapely.Polygon([(400, 400), (800, 600), (800, 400), (400, 600)])
    fills = drawn(of(tie)).fills
    assert fills[20, 15] == 1
    assert fills[20, 45] == 1
    assert fills[12, 30] == 0


def test_of_two_in_a_pixel_the_greater_rank_is_seen_whatever_the_order() -> None:
    low, high = shapely.box(400, 400, 700, 600), shapely.box(500, 450, 800, 650)
    one, other = drawn(of(low, high, ranks=[3, 7])), drawn(of(high, low, ranks=[7, 3]))
    np.testing.assert_array_equal(one.fills, other.fills)
    np.testing.assert_array_equal(one.lines, other.lines)
    assert one.fills[20, 22] == 7
    assert one.fills[28, 12] == 3


def test_a_hidden_shape_leaves_what_it_covered() -> None:
    shapes = of(shapely.box(400, 400, 700, 600), shapely.box(300, 300, 900, 700), ranks=[1, 2])
    hidden = np.array([False, True])
    hidden.flags.writeable = False
    np.testing.assert_array_equal(drawn(shapes, hidden=hidden).fills, drawn(of(shapely.box(400, 400, 700, 600))).fills)
    assert not drawn(shapes, hidden=np.ones(2, bool)).fills.any()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(-90, 90), st.integers(-60, 60), st.integers(-20, 20), st.integers(-20, 20),
    st.sampled_from([(10.0, 10.0), (7.3, 7.3), (11.0, 4.0), (0.37, 0.37)]),
)  # fmt: skip
def test_a_dragged_picture_equals_a_new_one(dx: int, dy: int, grow_x: int, grow_y: int, sizes: tuple) -> None:
    shapes = of(*SCATTERED, ranks=RANKS)
    first = Window(round(600 / sizes[0]) - 30, -round(500 / sizes[1]) - 20, 60, 40, sizes)
    then = Window(first.col + dx, first.row + dy, 60 + grow_x, 40 + grow_y, sizes)

    def draw(window: Window, marks: Marks) -> Marks:
        return mark(shapes, window, marks)

    start = moved(None, first, draw)
    for array in (start.marks.fills, start.marks.lines, start.marks.spots):
        array.flags.writeable = False
    again, fresh = moved(start, then, draw), moved(None, then, draw)
    assert again.window == then
    for name in ("fills", "lines", "spots"):
        np.testing.assert_array_equal(getattr(again.marks, name), getattr(fresh.marks, name))


SCATTERED = scattered(1, 120)
RANKS = np.random.default_rng(2).integers(1, 9, 120).tolist()


def test_dragging_draws_only_what_comes_into_sight() -> None:
    asked = []

    def draw(window: Window, marks: Marks) -> Marks:
        asked.append(window.width * window.height)
        return marks

    start = moved(None, WINDOW, draw)
    moved(start, Window(33, -68, 60, 40, (10.0, 10.0)), draw)
    assert asked == [60 * 40, 60 * 2, 3 * 38]
    asked.clear()
    for elsewhere in (Window(33, -68, 60, 40, (5.0, 5.0)), Window(300, -68, 60, 40, (10.0, 10.0))):
        moved(Drawn(WINDOW, start.marks), elsewhere, draw)
    assert asked == [2400, 2400]


def test_inputs_are_left_as_they_are() -> None:
    shapes = np.array(scattered(5), dtype=object)
    before = [shape.wkb for shape in shapes]
    shapes.flags.writeable = False
    ready = strokes(shapes, np.ones(len(shapes), np.uint8))
    for name in ("x", "y", "starts", "owners", "signs", "spots", "spot_owners", "bounds", "ranks"):
        getattr(ready, name).flags.writeable = False
    drawn(ready)
    assert [shape.wkb for shape in shapes] == before


def test_nothing_is_drawn_of_nothing() -> None:
    ready = of(shapely.Point(), shapely.Polygon(), shapely.GeometryCollection())
    assert not any(getattr(drawn(ready), name).any() for name in ("fills", "lines", "spots"))
    assert not drawn(strokes([], np.zeros(0, np.uint8))).lines.any()


@pytest.mark.parametrize("ranks", [[1], [1, 0]])
def test_every_shape_needs_a_rank(ranks: list[int]) -> None:
    with pytest.raises(InputError, match="2 shapes have"):
        strokes([shapely.Point(0, 0), shapely.Point(1, 1)], np.array(ranks, np.uint8))


def test_points_lie_over_lines_and_lines_over_areas() -> None:
    area, line, point = shapely.box(400, 400, 800, 600), shapely.LineString([(300, 500), (900, 500)]), (600, 500)
    marks = drawn(of(area, line, shapely.Point(point), ranks=[3, 2, 1]), WINDOW.grown(MARGIN_PX))
    fills, lines = np.zeros((256, 4), np.uint8), np.zeros((256, 4), np.uint8)
    fills[1:4], lines[1:4] = (1, 1, 1, 60), [(10, 0, 0, 255), (20, 0, 0, 255), (30, 0, 0, 255)]
    picture = coloured(marks, fills, lines)
    assert picture.shape == (40, 60, 4)
    assert picture[20, 30].tolist() == [10, 0, 0, 255]
    assert picture[20, 15].tolist() == [20, 0, 0, 255]
    assert picture[15, 15].tolist() == [1, 1, 1, 60]
    assert picture[2, 2].tolist() == [0, 0, 0, 0]
