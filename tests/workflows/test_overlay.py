"""Annotations over the map: what is in view is shown, few or many, at its moment, as known, and kept up with edits."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from dashboard.geo.mercator import bbox_of, project, screen_geobox, to_mercator
from dashboard.model.annotation import Annotation, AnnotationKind, Force
from dashboard.model.errors import GridMismatchError
from dashboard.model.palette import tokens
from dashboard.model.sketch import Shape
from dashboard.model.view import Extent, View
from dashboard.workflows import overlay as module
from dashboard.workflows.moment import moment
from dashboard.workflows.overlay import GLYPH_LIMIT, forget, near, overlay
from dashboard.workflows.workspace import Workspace, open_workspace

# odc-geo multiplies affine 3.1's matrices with *, which it would rather see as @.
pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = datetime(2024, 6, 1, tzinfo=UTC)
WIDE = Extent(*to_mercator(34.9, 47.9), *to_mercator(36.1, 49.1))
VIEW = View(extent=WIDE, valid_at=NOW)
SIDES = ("BLUE", "ORANGE", "", "GREEN")
COUNT = 2_600


def geometry(rng: np.random.Generator, shape: Shape) -> shapely.Geometry:
    place, size = rng.uniform((35, 48), (36, 49)), rng.lognormal(-6, 1)
    if shape in (Shape.POINT, Shape.TEXT):
        return shapely.Point(place)
    if shape is Shape.LINE:
        return shapely.LineString(place + rng.normal(0, size, (6, 2)).cumsum(axis=0))
    turn = np.sort(rng.uniform(0, 2 * np.pi, 9))
    return shapely.Polygon(place + size * np.column_stack([np.cos(turn), np.sin(turn)]))


def simulated(count: int, seed: int = 0) -> list[Annotation]:
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        shape, first = list(Shape)[rng.integers(4)], START + timedelta(days=int(rng.integers(300)))
        found.append(
            Annotation(
                id=f"n{number}",
                kind=list(AnnotationKind)[rng.integers(7)],
                shape=shape,
                geometry=geometry(rng, shape),
                title=f"title {number}",
                side=SIDES[rng.integers(4)],
                valid_from=first,
                valid_to=first + timedelta(days=int(rng.integers(1, 400))) if rng.random() < 0.5 else None,
                grade="B2",
            )
        )
    return found


def one(id_: str, where: shapely.Geometry, **fields: object) -> Annotation:
    form = {"Point": Shape.POINT, "LineString": Shape.LINE}.get(where.geom_type, Shape.AREA)
    plain = Annotation(id=id_, kind=AnnotationKind.NOTE, shape=form, geometry=where, valid_from=START)
    return replace(plain, **fields)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, list[Annotation]]]:
    annotations = simulated(COUNT * 2)
    with open_workspace(tmp_path_factory.mktemp("many")) as workspace:
        workspace.catalog.annotations.save_many(annotations, author="a")
        yield workspace, annotations


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path) as workspace:
        yield workspace


def screen(extent: Extent = WIDE, width: int = 700, height: int = 500) -> GeoBox:
    return screen_geobox(extent, width, height)


def part(share: float) -> Extent:
    x, y = WIDE.centre
    half = share * (WIDE.x1 - WIDE.x0) / 2
    return Extent(x - half, y - half, x + half, y + half)


def touching(annotations: list[Annotation], box: GeoBox) -> set[str]:
    """Ids of annotations whose box touches the screen, computed one by one."""
    seen = box.boundingbox
    frame = shapely.box(seen.left, seen.bottom, seen.right, seen.top)
    return {a.id for a in annotations if shapely.box(*project(a.geometry).bounds).intersects(frame)}


def shown(workspace: Workspace, view: View = VIEW) -> set[str]:
    return {glyph.id for glyph in overlay(workspace, view, screen(), "dark").glyphs}


@pytest.mark.parametrize("share", [0.6, 0.2, 0.02])
def test_few_are_given_one_by_one_and_all_of_them(many, share) -> None:
    workspace, annotations = many
    box = screen(part(share), 500, 500)
    expected = touching([a for a in annotations if a.valid_at(NOW)], box)
    found = overlay(workspace, VIEW, box, "dark")
    assert found.picture is None
    assert {glyph.id for glyph in found.glyphs} == expected
    assert found.count == len(found.glyphs) == len(expected)
    by_id = {a.id: a for a in annotations}
    for glyph in found.glyphs:
        given = by_id[glyph.id]
        told = (given.kind, given.shape, given.side, given.title, given.grade)
        assert (glyph.kind, glyph.shape, glyph.side, glyph.title, glyph.grade) == told
        assert glyph.geometry.equals_exact(project(given.geometry), 1e-6)


def test_many_are_a_picture_and_none_disappears(many) -> None:
    workspace, annotations = many
    found = overlay(workspace, VIEW, screen(), "dark")
    valid = [a for a in annotations if a.valid_at(NOW)]
    assert len(valid) > GLYPH_LIMIT
    assert (found.count, found.glyphs) == (len(valid), ())
    assert found.picture is not None
    assert found.picture.shape == (500, 700, 4)
    seen = np.pad(found.picture[..., 3] > 0, 1)
    around = np.max([seen[1 + r : 501 + r, 1 + c : 701 + c] for r in (-1, 0, 1) for c in (-1, 0, 1)], axis=0)
    for annotation in valid:  # to half a pixel: the picture lies on the world's own pixels
        x, y = shapely.get_coordinates(project(annotation.geometry))[0]
        col, row = ~screen().affine @ (x, y)
        assert around[int(row), int(col)], annotation.id
    assert (found.picture[..., 3] == 0).any()


def test_a_dragged_picture_equals_a_new_one(many, monkeypatch) -> None:
    workspace, _ = many
    monkeypatch.setattr(module, "GLYPH_LIMIT", 100)
    box = screen()
    overlay(workspace, VIEW, box, "dark")
    for right, down in ((7, 0), (-3, 11), (130, -90), (0.4, 0.3)):
        there = GeoBox(box.shape, box.affine @ Affine.translation(right, down), box.crs)
        dragged = overlay(workspace, VIEW, there, "dark").picture
        forget()
        fresh = overlay(workspace, VIEW, there, "dark").picture
        assert fresh is not None
        np.testing.assert_array_equal(dragged, fresh)


def test_a_dragged_map_finds_its_picture_again(many, monkeypatch) -> None:
    workspace, _ = many
    monkeypatch.setattr(module, "GLYPH_LIMIT", 100)
    asked = []
    original = module.moved
    monkeypatch.setattr(module, "moved", lambda before, *rest: asked.append(before) or original(before, *rest))
    rng = np.random.default_rng(8)
    for scale in (1.0, 0.77, 0.531):
        forget()
        extent = part(scale)
        for _ in range(6):
            overlay(workspace, VIEW, screen(extent, 701, 503), "dark")
            dx, dy = rng.normal(0, 300, 2)
            extent = Extent(extent.x0 + dx, extent.y0 + dy, extent.x1 + dx, extent.y1 + dy)
        assert [before is None for before in asked[-6:]] == [True, *[False] * 5]


def test_the_colour_is_the_sides_else_the_kinds_in_either_theme(empty) -> None:
    catalog = empty.catalog.annotations
    catalog.save_force(Force("Green", "#11aa22"), author="a")
    catalog.save_many(
        [
            one("sided", shapely.Point(35.2, 48.2), side="GREEN"),
            one("unknown", shapely.Point(35.3, 48.2), side="nobody"),
            one("bare", shapely.Point(35.4, 48.2)),
            one("blue", shapely.Point(35.5, 48.2), side="blue"),
        ],
        author="a",
    )
    for theme in ("dark", "light"):
        colours = {glyph.id: glyph.colour for glyph in overlay(empty, VIEW, screen(), theme).glyphs}
        plain = tokens(theme).kind_note
        assert colours == {"sided": "#11aa22", "unknown": plain, "bare": plain, "blue": tokens(theme).blue_force}


def test_a_picture_has_the_colours_of_its_glyphs(empty, monkeypatch) -> None:
    area = shapely.box(35.2, 48.2, 35.8, 48.8)
    empty.catalog.annotations.save(one("area", area, side="BLUE", kind=AnnotationKind.CONTROL), author="a", base=0)
    monkeypatch.setattr(module, "GLYPH_LIMIT", 0)
    picture = overlay(empty, VIEW, screen(), "dark").picture
    assert picture is not None
    middle = ~screen().affine @ to_mercator(35.5, 48.5)
    red, green, blue, alpha = picture[int(middle[1]), int(middle[0])]
    assert f"#{red:02x}{green:02x}{blue:02x}" == tokens("dark").blue_force
    assert 0 < alpha < 128
    assert (picture[..., 3] == 255).sum() > 1000  # its edge


def test_edits_are_followed_and_only_they_are_read(empty, monkeypatch) -> None:
    catalog = empty.catalog.annotations
    catalog.save_many([one(f"n{i}", shapely.Point(35.1 + i / 10, 48.5)) for i in range(5)], author="a")
    assert shown(empty) == {"n0", "n1", "n2", "n3", "n4"}
    asked = []
    original = type(catalog).drawn
    monkeypatch.setattr(type(catalog), "drawn", lambda self, query: asked.append(query.ids) or original(self, query))
    catalog.remove("n1", author="b", base=catalog.get("n1").version)
    catalog.save(one("n2", shapely.Point(20.0, 48.5)), author="b", base=catalog.get("n2").version)
    catalog.save(one("n9", shapely.Point(35.9, 48.5)), author="b", base=0)
    assert shown(empty) == {"n0", "n3", "n4", "n9"}
    catalog.save(one("n1", shapely.Point(35.15, 48.5)), author="b", base=catalog.get("n1").version)
    assert shown(empty) == {"n0", "n1", "n3", "n4", "n9"}
    assert asked == [("n1", "n2", "n9"), ("n1", "n2", "n9")]
    catalog.save(one("n7", shapely.Point(35.9, 48.6), side="new"), author="b", base=0)
    assert "n7" in shown(empty)
    assert asked[-1] == ()  # another colour takes another rank, so all are read


def test_a_picture_follows_edits_too(empty, monkeypatch) -> None:
    monkeypatch.setattr(module, "GLYPH_LIMIT", 0)
    catalog = empty.catalog.annotations
    catalog.save_many([one("a", shapely.Point(35.2, 48.2)), one("b", shapely.Point(35.7, 48.7))], author="a")
    pictures = [overlay(empty, VIEW, screen(), "dark").picture]
    catalog.save(one("a", shapely.Point(35.4, 48.4)), author="a", base=catalog.get("a").version)
    pictures.append(overlay(empty, VIEW, screen(), "dark").picture)
    spots = []
    for picture in pictures:
        rows, cols = np.nonzero(picture[..., 3])
        spots.append({(int(row) // 20, int(col) // 20) for row, col in zip(rows, cols, strict=True)})
    assert len(spots[0] & spots[1]) >= 1
    assert spots[0] - spots[1]
    assert spots[1] - spots[0]


def test_both_clocks_decide_what_is_there(empty) -> None:
    catalog = empty.catalog.annotations
    first = catalog.save(one("a", shapely.Point(35.2, 48.2), valid_to=NOW), author="a", base=0)
    second = catalog.save(one("b", shapely.Point(35.3, 48.2)), author="a", base=0)
    third = catalog.remove("b", author="a", base=second.number)
    assert shown(empty) == set()
    assert shown(empty, replace(VIEW, valid_at=NOW - timedelta(seconds=1))) == {"a"}
    assert shown(empty, replace(VIEW, valid_at=START - timedelta(seconds=1))) == set()
    assert shown(empty, replace(VIEW, known_at=second.at)) == {"b"}
    assert shown(empty, replace(VIEW, known_at=third.at)) == set()
    before = replace(VIEW, valid_at=NOW - timedelta(seconds=1), known_at=first.at - timedelta(microseconds=1))
    assert shown(empty, before) == set()


def test_a_view_without_a_moment_shows_what_is_valid_at_any(empty) -> None:
    assert moment(empty, View(extent=WIDE)) is None
    catalog = empty.catalog.annotations
    catalog.save_many(
        [
            one("old", shapely.Point(35.2, 48.2), valid_to=START + timedelta(days=1)),
            one("new", shapely.Point(35.3, 48.2), valid_from=datetime(2030, 1, 1, tzinfo=UTC)),
        ],
        author="a",
    )
    assert shown(empty, View(extent=WIDE)) == {"old", "new"}


def test_a_shape_of_many_vertices_costs_what_the_screen_shows(empty) -> None:
    turn = np.linspace(0, 2 * np.pi, 50_000, endpoint=False)
    ring = shapely.Polygon((35.5, 48.5) + 0.4 * np.column_stack([np.cos(turn), np.sin(turn)]))
    empty.catalog.annotations.save(one("ring", ring), author="a", base=0)
    for extent in (WIDE, part(0.05), Extent(*to_mercator(35.898, 48.49), *to_mercator(35.902, 48.51))):
        found = overlay(empty, VIEW, screen(extent, 500, 500), "dark")
        (glyph,) = found.glyphs
        assert shapely.get_num_coordinates(glyph.geometry) < 3000
        frame = shapely.box(extent.x0, extent.y0, extent.x1, extent.y1)
        exact = project(ring)
        pixel = (extent.x1 - extent.x0) / 500
        if exact.boundary.intersects(frame):
            seen, there = glyph.geometry.boundary & frame, exact.boundary & frame
            assert shapely.hausdorff_distance(seen, there) < 2 * pixel
        else:
            assert glyph.geometry.covers(frame)


def test_a_shape_of_many_vertices_is_thinned_once_while_the_map_is_dragged(empty, monkeypatch) -> None:
    line = shapely.LineString(
        np.column_stack([np.linspace(35, 36, 9000), 48.5 + np.random.default_rng(1).normal(0, 0.01, 9000)])
    )
    empty.catalog.annotations.save(one("line", line), author="a", base=0)
    asked = []
    original = module._thinned
    monkeypatch.setattr(module, "_thinned", lambda *given: asked.append(given) or original(*given))
    for shift in (0.0, 500.0, -3000.0):
        moved = Extent(WIDE.x0 + shift, WIDE.y0, WIDE.x1 + shift, WIDE.y1)
        assert overlay(empty, VIEW, screen(moved), "dark").count == 1
    assert len(asked) == 1


def test_a_long_thin_shape_stays_even_when_thinner_than_a_pixel(empty) -> None:
    x = np.linspace(35.1, 35.9, 400)
    sliver = shapely.Polygon(
        [*zip(x, np.full(400, 48.5), strict=True), *zip(x[::-1], np.full(400, 48.50001), strict=True)]
    )
    empty.catalog.annotations.save(one("sliver", sliver), author="a", base=0)
    (glyph,) = overlay(empty, VIEW, screen(), "dark").glyphs
    assert not glyph.geometry.is_empty


def test_shapes_of_too_many_vertices_together_are_a_picture(empty, monkeypatch) -> None:
    monkeypatch.setattr(module, "VERTEX_LIMIT", 15)
    lines = [one(f"n{i}", shapely.LineString([(35.1, 48.1 + i / 20), (35.9, 48.1), (35.9, 48.2)])) for i in range(6)]
    empty.catalog.annotations.save_many(lines, author="a")
    found = overlay(empty, VIEW, screen(), "dark")
    assert found.count == 6
    assert found.picture is not None
    assert found.picture.any()


def test_a_place_names_what_is_near_it_the_nearest_outline_first(empty) -> None:
    spot = shapely.Point(35.5, 48.5)
    empty.catalog.annotations.save_many(
        [
            one("far", shapely.Point(35.6, 48.5)),
            one("point", shapely.Point(35.501, 48.5)),
            one("line", shapely.LineString([(35.4, 48.5005), (35.6, 48.5005)])),
            one("area", shapely.box(35.3, 48.3, 35.7, 48.7)),
            one("past", spot, valid_to=START + timedelta(days=1)),
        ],
        author="a",
    )
    assert near(empty, VIEW, to_mercator(35.5, 48.5), 200.0) == ("area", "line", "point")
    assert near(empty, VIEW, to_mercator(35.5, 48.5), 90.0) == ("area", "line")
    assert near(empty, VIEW, to_mercator(34.0, 48.5), 200.0) == ()


def test_a_grid_that_is_not_north_up_is_refused(empty) -> None:
    turned = GeoBox((10, 10), Affine.rotation(5) @ Affine.scale(10, -10), "EPSG:3857")
    with pytest.raises(GridMismatchError, match="north-up"):
        overlay(empty, VIEW, turned, "dark")


def test_an_empty_catalogue_gives_an_empty_overlay(empty) -> None:
    found = overlay(empty, VIEW, screen(), "dark")
    assert (found.count, found.picture, found.glyphs) == (0, None, ())
    assert bbox_of(WIDE)[0] == pytest.approx(34.9)
