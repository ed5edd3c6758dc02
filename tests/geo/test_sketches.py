"""Drawing step by step: what an analyst's hand does, and what it is told when it cannot be done."""

import numpy as np
import pytest
import shapely
from shapely.geometry import GeometryCollection, LinearRing, LineString, MultiPoint, MultiPolygon, Point, Polygon, box

from dashboard.geo.mercator import to_mercator
from dashboard.geo.sketches import (
    add,
    begin,
    geometry_of,
    insert,
    join,
    move,
    remove,
    resume,
    reverse,
    shift,
    simplify,
    sketch_of,
    snap,
    split,
    split_area,
)
from dashboard.model.errors import InputError
from dashboard.model.sketch import Shape, Sketch

A, B, C, D = (38.0, 48.0), (38.5, 48.25), (39.0, 48.0), (38.5, 47.5)
LINE = Sketch(Shape.LINE, (((A, B, C),),))
AREA = Sketch(Shape.AREA, (((A, B, C, D),),))


def drawn(shape, *vertices):
    sketch = Sketch(shape)
    for vertex in vertices:
        sketch = add(sketch, vertex)
    return sketch


def test_clicks_make_a_line_an_area_and_points():
    assert drawn(Shape.LINE, A, B, C) == LINE
    assert drawn(Shape.AREA, A, B, C, D) == AREA
    assert drawn(Shape.POINT, A, B).parts == (((A,),), ((B,),))
    assert geometry_of(drawn(Shape.POINT, A, B)).equals(MultiPoint([A, B]))


def test_a_hole_and_a_further_part_are_begun_and_filled():
    holed = begin(AREA, hole=True)
    assert geometry_of(holed) is None  # nothing is in it yet
    for vertex in ((38.4, 48.0), (38.5, 48.1), (38.6, 48.0)):
        holed = add(holed, vertex)
    assert len(geometry_of(holed).interiors) == 1
    more = begin(holed)
    for vertex in ((40.0, 48.0), (41.0, 48.0), (41.0, 49.0)):
        more = add(more, vertex)
    assert isinstance(geometry_of(more), MultiPolygon)
    assert more.parts[0] == holed.parts[0]


@pytest.mark.parametrize(
    "sketch",
    [
        Sketch(Shape.LINE),
        drawn(Shape.LINE, A),
        drawn(Shape.AREA, A, B),
        Sketch(Shape.AREA, ((),)),
        Sketch(Shape.LINE, (((A, B), (B, C)),)),
        drawn(Shape.LINE, A, (float("nan"), 48.0)),
        Sketch(Shape.POINT, (((A, B),),)),
    ],
)
def test_what_is_no_geometry_yet_is_none(sketch):
    assert geometry_of(sketch) is None


def test_a_bow_tie_is_built_as_it_is_drawn():
    tie = drawn(Shape.AREA, (0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))
    geometry = geometry_of(tie)
    assert not geometry.is_valid
    assert sketch_of(geometry) == tie


def test_a_closed_line_repeats_its_first_vertex_and_a_ring_does_not():
    assert sketch_of(LinearRing([A, B, C])).parts == (((A, B, C, A),),)
    assert sketch_of(Polygon([A, B, C])).parts == (((A, B, C),),)
    assert sketch_of(Point(*A, 120.0)).parts == (((A,),),)
    assert sketch_of(Point(*A), Shape.TEXT).shape is Shape.TEXT
    assert sketch_of(Polygon(), Shape.AREA) == Sketch(Shape.AREA)


def test_what_cannot_be_one_drawing_is_said():
    with pytest.raises(InputError, match="one by one"):
        sketch_of(GeometryCollection([Point(A), LineString([A, B])]))
    with pytest.raises(InputError, match="draw it as area"):
        sketch_of(Polygon([A, B, C]), Shape.LINE)


@pytest.mark.parametrize("place", [(0, 0, 3), (0, 0, -1), (0, 1, 0), (1, 0, 0), (-1, 0, 0)])
def test_a_vertex_that_is_not_there_is_said(place):
    for change in (remove, lambda sketch, *where: move(sketch, *where, A)):
        with pytest.raises(InputError, match="no vertex"):
            change(LINE, *place)
    with pytest.raises(InputError, match="no vertex"):
        insert(LINE, place[0], place[1], place[2] + (place[2] > 0), A)


def test_the_last_vertex_of_a_hole_takes_the_hole_with_it():
    holed = Sketch(Shape.AREA, (((A, B, C, D), (B,)),))
    assert remove(holed, 0, 1, 0) == AREA
    assert remove(drawn(Shape.LINE, A), 0, 0, 0) == Sketch(Shape.LINE)


def test_a_shift_is_the_same_distance_on_the_screen_for_every_vertex():
    moved = shift(AREA, 1500.0, -2500.0)
    before, after = (np.array([to_mercator(*v) for v in s.parts[0][0]]) for s in (AREA, moved))
    np.testing.assert_allclose(after - before, np.tile([1500.0, -2500.0], (4, 1)), atol=1e-6)


def test_a_shift_past_the_pole_and_back_loses_nothing():
    high = drawn(Shape.LINE, (10.0, 84.0), (20.0, 89.0))
    again = shift(shift(high, 0.0, 1e7), 0.0, -1e7)
    np.testing.assert_allclose(again.parts[0][0], high.parts[0][0], atol=1e-6)


def test_a_multi_line_read_backwards_begins_where_it_ended():
    two = Sketch(Shape.LINE, (((A, B),), ((C, D),)))
    assert reverse(two).parts == (((D, C),), ((B, A),))
    assert add(resume(two, True), C).parts[-1] == ((B, A, C),)
    with pytest.raises(InputError, match="Only a line"):
        resume(AREA, True)


def test_a_line_is_cut_only_between_its_ends():
    first, second = split(LINE, 0, 0, 1)
    assert (first.parts, second.parts) == ((((A, B),),), (((B, C),),))
    for end in (0, 2):
        with pytest.raises(InputError, match="nothing would be cut off"):
            split(LINE, 0, 0, end)
    with pytest.raises(InputError, match="cut an area along a line"):
        split(AREA, 0, 0, 1)


def test_lines_are_joined_by_their_nearest_ends_and_run_as_the_first_does():
    near = (39.01, 48.0)
    assert join(LINE, drawn(Shape.LINE, near, D)).parts == (((A, B, C, near, D),),)
    assert join(LINE, drawn(Shape.LINE, D, near)).parts == (((A, B, C, near, D),),)
    before = (37.99, 48.0)
    assert join(LINE, drawn(Shape.LINE, D, before)).parts == (((D, before, A, B, C),),)
    assert join(LINE, drawn(Shape.LINE, before, D)).parts == (((D, before, A, B, C),),)
    assert join(LINE, drawn(Shape.LINE, C, D)).parts == (((A, B, C, D),),)
    assert join(LINE, Sketch(Shape.LINE)) == LINE


def test_areas_that_share_an_edge_become_one_and_others_stand_side_by_side():
    west, east, far = (sketch_of(box(x, 48, x + 1, 49)) for x in (38, 39, 50))
    assert geometry_of(join(west, east)).equals(box(38, 48, 40, 49))
    assert join(west, far).parts == (*west.parts, *far.parts)
    tie = drawn(Shape.AREA, (38.0, 48.0), (39.0, 49.0), (39.0, 48.0), (38.0, 49.0))
    assert join(west, tie).parts == (*west.parts, *tie.parts)
    with pytest.raises(InputError, match="cannot be joined"):
        join(west, LINE)


def test_a_cut_keeps_corners_holes_and_parts():
    holed = box(0, 0, 4, 4) - box(1, 1, 2, 2)
    far = box(10, 10, 11, 11)
    large, small = split_area(sketch_of(MultiPolygon([holed, far])), ((1.5, -1.0), (1.5, 5.0)))
    assert geometry_of(small).area == pytest.approx(1.5 * 4 - 0.5)
    assert geometry_of(large).area == pytest.approx(2.5 * 4 - 0.5 + 1)
    assert large.parts[-1] == sketch_of(far).parts[0]
    assert shapely.union(geometry_of(large), geometry_of(small)).equals(MultiPolygon([holed, far]))


def test_a_cut_that_ends_on_the_edge_divides_whatever_the_rounding():
    ring = [(38.1, 48.3), (39.7, 48.9), (39.2, 49.6), (38.3, 49.1)]
    area = Sketch(Shape.AREA, ((tuple(ring),),))
    for share in np.linspace(0.05, 0.95, 19):
        one, other = ((1 - share) * np.array(ring[i]) + share * np.array(ring[i + 1]) for i in (0, 2))
        ends = [snap(tuple(end.tolist()), [geometry_of(area)], 500.0) for end in (one, other)]
        assert [what for _, what in ends] == ["edge", "edge"]
        pieces = split_area(area, tuple(vertex for vertex, _ in ends))
        assert len(pieces) == 2
        assert sum(geometry_of(piece).area for piece in pieces) == pytest.approx(geometry_of(area).area)


@pytest.mark.parametrize(
    ("sketch", "cut", "says"),
    [
        (AREA, ((38.4, 48.0), (38.5, 48.0)), "edge to edge"),
        (AREA, ((50.0, 48.0), (51.0, 48.0)), "edge to edge"),
        (AREA, (A, A), "two places"),
        (AREA, (A, (float("nan"), 1.0)), "two places"),
        (LINE, (A, C), "Only an area"),
        (drawn(Shape.AREA, (0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)), ((-1.0, 0.5), (2.0, 0.5)), "Only an area"),
    ],
)
def test_what_cannot_be_cut_is_said(sketch, cut, says):
    with pytest.raises(InputError, match=says):
        split_area(sketch, cut)


def test_a_freehand_line_is_thinned_to_within_the_tolerance():
    x = np.linspace(0, 4, 400)
    path = tuple(zip((38 + x / 10).tolist(), (48 + np.sin(x) / 20).tolist(), strict=True))
    lean = simplify(path, 100.0)
    assert len(lean) < 40
    before, after = (LineString(np.column_stack(to_mercator(*np.array(p).T))) for p in (path, lean))
    assert before.hausdorff_distance(after) <= 101
    assert set(lean) <= set(path)
    assert simplify(path[:2], 1e9) == path[:2]
    with pytest.raises(InputError, match="0 or more"):
        simplify(path, -1.0)


def test_a_vertex_comes_before_a_nearer_edge_and_the_nearest_first():
    line, far = LineString([(0, 0), (1, 0)]), Point(0.5, 5)
    assert snap((0.02, 0.001), [line, far], 5000.0) == ((0.0, 0.0), "vertex")
    caught, what = snap((0.5, 0.001), [far, line], 5000.0)
    assert what == "edge"
    assert caught == pytest.approx((0.5, 0.0))
    assert snap((0.5, 1.0), [line, far], 5000.0) == ((0.5, 1.0), "")
    assert snap((0.5, 1.0), [], 5000.0) == ((0.5, 1.0), "")


def test_parts_are_not_tied_together_by_snapping():
    parts = shapely.MultiLineString([[(0, 0), (1, 0)], [(1, 1), (0, 1)]])
    assert snap((1.0, 0.5), [parts], 20_000.0) == ((1.0, 0.5), "")
    hole = box(0, 0, 4, 4) - box(1, 1, 2, 2)
    assert snap((1.001, 1.001), [hole], 5000.0) == ((1.0, 1.0), "vertex")
