"""Faults are told in words that an analyst can act on, and mended as the button says."""

import math

import numpy as np
import pytest

from dashboard.geo.mending import Problem, problem
from dashboard.geo.sketch_thinning import thinned
from dashboard.geo.sketches import geometry_of
from dashboard.model.sketch import Shape, Sketch

NAN = float("nan")


def line(*vertices):
    return Sketch(Shape.LINE, ((vertices,),))


def area(*vertices):
    return Sketch(Shape.AREA, ((vertices,),))


def point(*vertices):
    return Sketch(Shape.POINT, tuple(((vertex,),) for vertex in vertices))


SQUARE = ((38.0, 48.0), (39.0, 48.0), (39.0, 49.0), (38.0, 49.0))
HOLE = ((38.4, 48.4), (38.6, 48.4), (38.5, 48.6))


@pytest.mark.parametrize("sketch", [area(*SQUARE), line(*SQUARE, SQUARE[0]), point(SQUARE[0]), Sketch(Shape.LINE)])
def test_what_is_right_is_left_alone(sketch):
    assert problem(sketch) is None


def test_a_bow_tie_is_told_where_it_crosses_and_split():
    found = problem(area(SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]))
    assert "crosses" in found.reason
    assert "48.5000° N 38.5000° E" in found.reason
    assert found.repair == "Split into two areas"
    assert geometry_of(found.repaired).area == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("sketch", "says", "button", "shape"),
    [
        (line(SQUARE[0], SQUARE[0]), "no length", "Make it a point", Shape.POINT),
        (line((38.0, 48.0), (38.0, 48.00000001)), "no length", "Make it a point", Shape.POINT),
        (line(SQUARE[0]), "2 ends", "Make it a point", Shape.POINT),
        (area(*SQUARE[:2]), "3 corners", "Make it a line", Shape.LINE),
        (area(SQUARE[0]), "3 corners", "Make it a point", Shape.POINT),
        (area((38.0, 48.0), (38.5, 48.0), (39.0, 48.0)), "crosses itself", "Make it a line", Shape.LINE),
        (area((38.0, 48.0), (39.0, 48.0), (38.5, 48.0000001)), "sliver", "Make it a line", Shape.LINE),
        (line(*SQUARE[:2], SQUARE[1]), "one doubled vertex", "Leave out one doubled vertex", Shape.LINE),
        (area(*SQUARE, SQUARE[0]), "one doubled vertex", "Leave out one doubled vertex", Shape.AREA),
        (area(*SQUARE, (37.0, 49.0), SQUARE[3]), "crosses itself", "Redraw its edge", Shape.AREA),
        (line((NAN, 48.0), *SQUARE), "cannot be read", "Leave out one position", Shape.LINE),
        (line((1e300, math.inf), *SQUARE), "cannot be read", "Leave out one position", Shape.LINE),
        (line((38.0, 80.0), (38.0, 88.0)), "outside the map", "Move one vertex to the edge of the map", Shape.LINE),
        (point((38.0, -90.0)), "85.05°", "Move one vertex", Shape.POINT),
        (point((190.0, 10.0)), "beyond ±180°", "Count it from", Shape.POINT),
        (Sketch(Shape.POINT, ((SQUARE,),)), "one position", "Make it four points", Shape.POINT),
        (point(SQUARE[0], SQUARE[0]), "doubled", "Leave out one doubled vertex", Shape.POINT),
        (Sketch(Shape.AREA, ((SQUARE, HOLE[:2]),)), "unfinished", "Leave out one unfinished part", Shape.AREA),
        (Sketch(Shape.AREA, ((SQUARE,), (HOLE,))), "inside another", "Merge into one area", Shape.AREA),
        (Sketch(Shape.LINE, ((SQUARE, HOLE),)), "not told apart", "Tell its parts apart", Shape.LINE),
    ],
)  # fmt: skip
def test_a_fault_is_told_and_mended_as_the_button_says(sketch, says, button, shape):
    found = problem(sketch)
    assert says in found.reason
    assert found.repair.startswith(button)
    assert found.repaired.shape is shape
    assert problem(found.repaired) is None


def test_one_button_mends_several_faults_and_says_so():
    found = problem(line((NAN, 1.0), SQUARE[0], SQUARE[0]))
    assert found.repair == "Leave out one position, then make it a point"
    assert "cannot be read" in found.reason
    assert "no length" in found.reason
    assert found.repaired == point(SQUARE[0])


def test_a_drawing_of_nothing_readable_becomes_an_empty_sheet():
    found = problem(line((NAN, NAN), (NAN, 1.0)))
    assert found == Problem(
        "It has two positions that cannot be read, of 2.", "Leave out two positions", Sketch(Shape.LINE)
    )


def test_a_line_across_the_antimeridian_is_split_there():
    found = problem(line((179.0, 10.0), (-179.0, 12.0), (-178.25, 13.125)))
    assert "11.0000° N 180.0000° E" in found.reason
    assert found.repair == "Split it at the antimeridian"
    assert found.repaired.parts == (
        (((179.0, 10.0), (180.0, 11.0)),),
        (((-180.0, 11.0), (-179.0, 12.0), (-178.25, 13.125)),),
    )
    counted_on = problem(line((179.0, 10.0), (181.0, 12.0), (181.75, 13.125)))
    assert counted_on.repaired == found.repaired


def test_an_area_across_the_antimeridian_keeps_its_ground():
    found = problem(area((179.0, 10.0), (-178.0, 10.0), (-178.0, 12.0), (179.0, 12.0)))
    west, east = sorted(geometry_of(found.repaired).geoms, key=lambda part: part.bounds)
    assert west.bounds == (-180.0, 10.0, -178.0, 12.0)
    assert east.bounds == (179.0, 10.0, 180.0, 12.0)
    assert west.area + east.area == pytest.approx(6.0)


def test_a_hole_crosses_the_antimeridian_with_its_area():
    shell = ((178.0, 10.0), (-178.0, 10.0), (-178.0, 14.0), (178.0, 14.0))
    hole = ((179.0, 11.0), (-179.0, 11.0), (-179.0, 13.0), (179.0, 13.0))
    found = problem(Sketch(Shape.AREA, ((shell, hole),)))
    assert geometry_of(found.repaired).area == pytest.approx(16 - 4)


@pytest.mark.parametrize("south", [1, -1])
def test_an_area_round_a_pole_reaches_the_edge_of_the_map(south):
    ring = tuple((float(lon), south * 75.0) for lon in range(-180, 180, 30))
    found = problem(area(*ring))
    geometry = geometry_of(found.repaired)
    assert geometry.area == pytest.approx(360 * (85.0511287798 - 75), rel=1e-9)
    assert max(abs(geometry.bounds[1]), abs(geometry.bounds[3])) == pytest.approx(85.0511287798)


def test_too_many_vertices_are_thinned_and_the_shape_stays():
    angle = np.linspace(0, 2 * np.pi, 210_000, endpoint=False)
    ring = tuple(zip((38 + np.cos(angle)).tolist(), (48 + np.sin(angle)).tolist(), strict=True))
    found = problem(area(*ring))
    assert "210,000 vertices; the limit is 200,000" in found.reason
    assert found.repaired.vertices < 200_000
    assert geometry_of(found.repaired).area == pytest.approx(np.pi, rel=1e-5)


def test_too_many_points_are_thinned_evenly():
    points = point(*((38 + i * 1e-6, 48.0) for i in range(201)))
    assert thinned(points, 200).parts == points.parts[::2]


def test_too_many_small_parts_leave_the_largest():
    def square(i):
        size = 1e-4 if i % 2 else 2e-4
        x, y = 30 + (i % 30) * 1e-3, 40 + (i // 30) * 1e-3
        return (((x, y), (x + size, y), (x + size, y + size), (x, y + size)),)

    squares = Sketch(Shape.AREA, tuple(square(i) for i in range(600)))
    kept = thinned(squares, 1999)
    assert 1990 < kept.vertices <= 1999
    assert set(squares.parts[::2]) <= set(kept.parts) <= set(squares.parts)
