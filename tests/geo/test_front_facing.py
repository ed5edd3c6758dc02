"""Fronts know which way they face: the opposing ground is on their right."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
import shapely
from shapely.geometry import MultiPolygon, box

from dashboard.geo.front import facing_lines, front_lines
from dashboard.model.frontline import ControlArea, FrontlineSnapshot

T0 = datetime(2024, 2, 1, tzinfo=UTC)


def snapshot(**sides):
    areas = tuple(
        ControlArea(side=side, geometry=ground if ground.geom_type == "MultiPolygon" else MultiPolygon([ground]))
        for side, ground in sides.items()
    )
    name = "-".join(f"{side}{ground.wkt}" for side, ground in sides.items())
    return FrontlineSnapshot(id=name, provider="p", valid_from=T0, areas=areas, sha256=name, retrieved=T0)


def beside(line, *, right):
    """Return a point just beside the middle of every edge."""
    found = []
    for part in shapely.get_parts(line):
        for one, other in pairwise(shapely.get_coordinates(part)):
            along = other - one
            aside = np.array([along[1], -along[0]]) * (1e-6 if right else -1e-6)
            found.append(shapely.Point((one + other) / 2 + aside))
    return found


def wavy(turn):
    """Return two sides that share a crooked border, which both draw in a direction of their own."""
    border = [(0.0, 0.0), (0.2, 1.0), (-0.3, 2.0), (0.1, 3.0)]
    west, east = shapely.Polygon([(-2, 3), (-2, 0), *border]), shapely.Polygon([(2, 0), (2, 3), *border[::-1]])
    return (west.reverse(), east) if turn else (west, east.reverse())


@pytest.mark.parametrize("turn", [True, False])
@pytest.mark.parametrize("names", [("BLUE", "ORANGE"), ("ORANGE", "BLUE")])
def test_a_shared_border_has_the_opposing_side_on_its_right(names, turn):
    grounds = dict(zip(names, wavy(turn), strict=True))
    (front,) = facing_lines(snapshot(**grounds))
    assert (front.side, front.opposing) == ("ORANGE", "BLUE")
    assert all(grounds["BLUE"].contains(point) for point in beside(front.line, right=True))
    assert all(grounds["ORANGE"].contains(point) for point in beside(front.line, right=False))
    ((side, line),) = front_lines(snapshot(**grounds))
    assert side == front.side
    assert line.equals(front.line)


def test_an_enclave_is_faced_all_round():
    inner = box(1, 1, 2, 2)
    (front,) = facing_lines(snapshot(alpha=inner, beta=box(0, 0, 3, 3) - inner))
    assert (front.side, front.opposing) == ("beta", "alpha")
    assert all(inner.contains(point) for point in beside(front.line, right=True))


def test_three_sides_face_each_other_in_pairs():
    fronts = facing_lines(snapshot(a=box(0, 0, 1, 2), b=box(1, 0, 2, 1), c=box(1, 1, 2, 2)))
    assert [(f.side, f.opposing) for f in fronts] == [("b", "a"), ("c", "a"), ("c", "b")]


@pytest.mark.parametrize("turned", [True, False])
def test_one_side_alone_has_the_outside_on_its_right(turned):
    ground = MultiPolygon([box(0, 0, 3, 3, ccw=turned) - box(1, 1, 2, 2), box(5, 5, 6, 6, ccw=turned)])
    (front,) = facing_lines(snapshot(occupied=ground))
    assert (front.side, front.opposing) == ("occupied", "")
    assert shapely.get_num_geometries(front.line) == 3
    assert not any(ground.contains(point) for point in beside(front.line, right=True))
    assert all(ground.contains(point) for point in beside(front.line, right=False))
    assert front.line.length == ground.length


def test_snapshots_of_one_name_and_other_ground_are_told_apart():
    one = snapshot(occupied=box(0, 0, 1, 1))
    other = FrontlineSnapshot(
        id=one.id, provider="p", valid_from=T0, retrieved=T0, sha256="other",
        areas=(ControlArea(side="occupied", geometry=MultiPolygon([box(0, 0, 2, 2)])),),
    )  # fmt: skip
    assert [facing_lines(each)[0].line.length for each in (one, other)] == [4, 8]
