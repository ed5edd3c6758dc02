"""Laws of drawing: what is done can be undone, what is not touched stays, and what is mended has no fault."""

import math
import struct

import numpy as np
import pytest
import shapely
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dashboard.geo.mending import problem
from dashboard.geo.mercator import LATITUDE_LIMIT_DEG
from dashboard.geo.sketches import (
    add,
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

FEWEST = {Shape.POINT: 1, Shape.TEXT: 1, Shape.LINE: 2, Shape.AREA: 3}
VERTICES = st.tuples(st.floats(-180, 180), st.floats(-85, 85))
GRID = st.tuples(st.sampled_from(np.linspace(-2, 2, 9).tolist()), st.sampled_from(np.linspace(-2, 2, 9).tolist()))
"""Places that meet: doubled, collinear and crossing vertices are the rule."""
WILD = st.tuples(
    *[st.one_of(st.floats(), st.floats(-200, 200), st.sampled_from([180.0, -180.0, 179.999, 90.0, 0.0]))] * 2
)


def paths(shape, vertices=VERTICES, most=8):
    longest = 1 if FEWEST[shape] == 1 else most
    return st.lists(vertices, min_size=FEWEST[shape], max_size=longest).map(tuple)


def sketches(shape, vertices=VERTICES):
    holes = 2 if shape is Shape.AREA else 0
    part = st.lists(paths(shape, vertices), min_size=1, max_size=1 + holes).map(tuple)
    return st.lists(part, min_size=1, max_size=3).map(lambda parts: Sketch(shape, tuple(parts)))


def unfinished(vertices):
    path = st.lists(vertices, max_size=7).map(tuple)
    part = st.lists(path, max_size=3).map(tuple)
    return st.builds(Sketch, st.sampled_from(Shape), st.lists(part, max_size=3).map(tuple))


ANY = st.sampled_from(Shape).flatmap(sketches)
LINES = sketches(Shape.LINE)


def bits(sketch):
    return [struct.pack("<2d", *vertex) for part in sketch.parts for path in part for vertex in path]


def places(sketch, *, beyond=0):
    return [
        (p, q, i)
        for p, part in enumerate(sketch.parts)
        for q, path in enumerate(part)
        for i in range(len(path) + beyond)
    ]


@settings(deadline=None)
@given(ANY)
def test_a_sketch_survives_its_geometry_bit_for_bit(sketch):
    again = sketch_of(geometry_of(sketch), sketch.shape)
    assert again == sketch
    assert bits(again) == bits(sketch)


@settings(deadline=None)
@given(ANY, VERTICES, st.data())
def test_insert_then_remove_is_identity(sketch, vertex, data):
    place = data.draw(st.sampled_from(places(sketch, beyond=1)))
    assert bits(remove(insert(sketch, *place, vertex), *place)) == bits(sketch)
    assert remove(insert(sketch, *place, vertex), *place) == sketch


@settings(deadline=None)
@given(ANY, VERTICES, st.data())
def test_a_moved_vertex_moves_back_and_the_others_never_moved(sketch, vertex, data):
    part, path, index = data.draw(st.sampled_from(places(sketch)))
    moved = move(sketch, part, path, index, vertex)
    assert sum(one != other for one, other in zip(bits(moved), bits(sketch), strict=True)) <= 1
    assert bits(move(moved, part, path, index, sketch.parts[part][path][index])) == bits(sketch)


@settings(deadline=None)
@given(ANY, VERTICES)
def test_what_is_added_last_is_removed_last(sketch, vertex):
    longer = add(sketch, vertex)
    assert longer.vertices == sketch.vertices + 1
    assert remove(longer, *places(longer)[-1]) == sketch


@settings(deadline=None)
@given(ANY)
def test_reversing_twice_is_identity(sketch):
    assert bits(reverse(reverse(sketch))) == bits(sketch)
    assert reverse(reverse(sketch)) == sketch


@settings(deadline=None)
@given(LINES, VERTICES)
def test_a_line_is_continued_at_the_end_that_was_chosen(sketch, vertex):
    at_end, at_start = (add(resume(sketch, which), vertex) for which in (False, True))
    assert at_end.parts[-1][0][-2:] == (sketch.parts[-1][0][-1], vertex)
    assert reverse(at_start).parts[0][0][:2] == (vertex, sketch.parts[0][0][0])


@settings(deadline=None)
@given(ANY, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_shifting_there_and_back_is_within_a_nanodegree(sketch, dx, dy):
    again = shift(shift(sketch, dx, dy), -dx, -dy)
    before, after = (np.array([v for part in s.parts for path in part for v in path]) for s in (sketch, again))
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-9)
    assert shift(sketch, 0.0, 0.0) == sketch


@settings(deadline=None)
@given(LINES, st.data())
def test_joining_what_was_split_is_identity(sketch, data):
    inner = [(p, q, i) for p, q, i in places(sketch) if 0 < i < len(sketch.parts[p][q]) - 1]
    assume(inner)
    place = data.draw(st.sampled_from(inner))
    assert join(*split(sketch, *place)) == sketch
    assert bits(join(*split(sketch, *place))) == bits(sketch)


@settings(deadline=None)
@given(paths(Shape.LINE), paths(Shape.LINE))
def test_splitting_what_was_joined_is_identity(one, other):
    first, second = (Sketch(Shape.LINE, ((path,),)) for path in (one, (one[-1], *other)))
    joined = join(first, second)
    assert split(joined, 0, 0, len(one) - 1) == (first, second)


@settings(deadline=None)
@given(LINES, LINES)
def test_joining_lines_loses_no_vertex(one, other):
    joined = join(one, other)
    assert len(joined.parts) == len(one.parts) + len(other.parts) - 1
    assert one.vertices + other.vertices - joined.vertices in {0, 1}
    before = {vertex for sketch in (one, other) for part in sketch.parts for path in part for vertex in path}
    assert {vertex for part in joined.parts for path in part for vertex in path} == before


RINGS = st.lists(GRID, min_size=3, max_size=7, unique=True).map(
    lambda ring: sorted(ring, key=lambda v: (math.atan2(v[1] - 0.1, v[0] - 0.1), v))
)
HEIGHTS = st.integers(-2048, 2048).map(lambda n: n / 1024)


@settings(deadline=None)
@given(RINGS, HEIGHTS, st.lists(GRID, max_size=2), HEIGHTS)
def test_the_pieces_of_an_area_are_the_area(ring, west, between, east):
    area = shapely.Polygon(ring)
    sketch = Sketch(Shape.AREA, ((tuple(ring),),))
    pieces = pieces_of(sketch, ((-3.0, west), *between, (3.0, east)))
    if not pieces:
        return
    assert len(pieces) > 1
    found = [geometry_of(piece) for piece in pieces]
    assert all(each.is_valid for each in found)
    assert sum(each.area for each in found) == pytest.approx(area.area, rel=1e-9)
    again = pieces[0]
    for piece in pieces[1:]:
        again = join(again, piece)
    assert shapely.symmetric_difference(geometry_of(again), area).area < 1e-9
    assert set(sketch.parts[0][0]) <= {v for piece in pieces for part in piece.parts for path in part for v in path}


@settings(deadline=None)
@given(paths(Shape.LINE, most=30), st.floats(0, 1e6))
def test_a_simplified_line_keeps_its_ends_and_stays_near(path, tolerance):
    lean = simplify(path, tolerance)
    assert (lean[0], lean[-1]) == (path[0], path[-1])
    rest = iter(path)
    assert all(vertex in rest for vertex in lean)  # its own vertices, in order


@settings(deadline=None)
@given(sketches(Shape.AREA, GRID), VERTICES.map(lambda v: (v[0] / 60, v[1] / 30)), st.floats(1, 2e5))
def test_what_a_vertex_catches_on_is_there_bit_for_bit(sketch, vertex, tolerance):
    caught, what = snap(vertex, [geometry_of(sketch)], tolerance)
    if what == "vertex":
        assert struct.pack("<2d", *caught) in bits(sketch)
    elif what == "":
        assert caught == vertex
    else:
        edges = shapely.MultiLineString([(*path, path[0]) for part in sketch.parts for path in part])
        assert edges.distance(shapely.Point(caught)) < 1e-9


@settings(deadline=None)
@given(st.sampled_from(Shape).flatmap(lambda shape: sketches(shape, GRID)))
def test_a_vertex_on_a_vertex_catches_on_it(sketch):
    for part in sketch.parts:
        for path in part:
            assert snap(path[0], [geometry_of(sketch)], 1.0) == (path[0], "vertex")


def pieces_of(sketch, cut):
    """Return the pieces that a cut makes, none if it does not divide the area."""
    try:
        return split_area(sketch, cut)
    except InputError:
        return ()


def check_mended(sketch):
    found = problem(sketch)
    fit = sketch if found is None else found.repaired
    if found is not None:
        assert found.reason.endswith(".")
        assert found.repair
        assert problem(fit) is None, found
    if fit.vertices:
        geometry = geometry_of(fit)
        assert geometry is not None
        assert geometry.is_valid
        west, south, east, north = geometry.bounds
        assert west >= -180
        assert east <= 180
        assert south >= -LATITUDE_LIMIT_DEG
        assert north <= LATITUDE_LIMIT_DEG


@settings(max_examples=400, deadline=None)
@given(unfinished(GRID))
@example(Sketch(Shape.AREA, ((((0, 0), (1, 1), (1, 0), (0, 1)),),)))
@example(Sketch(Shape.AREA, ((((0, 0), (1, 0), (2, 0)),),)))
@example(Sketch(Shape.AREA, ((((0, 0), (1, 0), (1, 1), (0, 1), (0, 0), (-1, 0)),),)))
def test_what_is_mended_on_a_grid_has_no_fault(sketch):
    check_mended(sketch)


@settings(max_examples=400, deadline=None)
@given(unfinished(WILD))
def test_what_is_mended_anywhere_has_no_fault(sketch):
    check_mended(sketch)


@settings(max_examples=200, deadline=None)
@given(unfinished(st.tuples(st.floats(38, 38 + 2e-6), st.floats(48, 48 + 1e-6))))
def test_what_is_mended_in_a_hand_s_breadth_has_no_fault(sketch):
    check_mended(sketch)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([Shape.LINE, Shape.AREA]).flatmap(
        lambda shape: sketches(shape, st.tuples(st.floats(-400, 400), st.floats(-89, 89)))
    )
)
def test_what_is_mended_round_the_world_has_no_fault(sketch):
    check_mended(sketch)


@settings(deadline=None)
@given(ANY)
def test_a_sketch_without_a_problem_comes_through_untouched(sketch):
    found = problem(sketch)
    assume(found is None)
    assert geometry_of(sketch).is_valid
