"""Changes on the map: all of them, few as shapes, many as a picture whose threshold hides what it would drop."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from dashboard.geo.mercator import extent_of, screen_geobox, to_mercator
from dashboard.model.change import ChangeRun, ChangeSign, DetectedChange
from dashboard.model.errors import GridMismatchError, NotFoundError
from dashboard.render.fills import Areas, Seen, seen
from dashboard.render.strokes import Window
from dashboard.workflows import change_overlay as module
from dashboard.workflows.ahead import reaches
from dashboard.workflows.change_overlay import Asked, change_at, change_overlay
from dashboard.workflows.review import Sieve
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2026, 3, 1, tzinfo=UTC)
BOX = (36.0, 48.0, 36.4, 48.2)
ACROSS, DOWN = 60, 40
ASKED = Asked(run_id="run")
PLACE = extent_of(BOX, margin=0.0)
SCREEN = screen_geobox(PLACE, 600, 400)
SIGNS = tuple(ChangeSign)


def change(number: int, score: float) -> DetectedChange:
    col, row = number % ACROSS, number // ACROSS
    west, south = BOX[0] + 0.4 / ACROSS * (col + 0.2), BOX[1] + 0.2 / DOWN * (row + 0.2)
    return DetectedChange(
        id=f"c{number:05d}", run_id="run", geometry=shapely.box(west, south, west + 0.004, south + 0.003),
        area_m2=1000.0 + number, pixels=9, after=T0, before=T0 + timedelta(days=12), magnitude_db=3.0,
        sign=SIGNS[number % 3], p_value=1e-6, evidence=("a", "b"), score=score,
    )  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    run = ChangeRun(
        id="run", created=T0, method="change-tstat", parameters=(("far", 1e-3),), before="a", after="b", extent=BOX,
        observed_km2=400.0, software="test", inputs=(),
    )  # fmt: skip
    scores = np.random.default_rng(7).lognormal(1.0, 1.0, ACROSS * DOWN)
    with open_workspace(tmp_path_factory.mktemp("many")) as opened:
        opened.catalog.changes.add_run(run, [change(number, float(score)) for number, score in enumerate(scores)])
        yield opened


@pytest.fixture(autouse=True)
def _nothing_held() -> None:
    module.forget()


def test_many_are_a_picture_and_none_is_left_out(world: Workspace) -> None:
    found = change_overlay(world, ASKED, SCREEN)
    assert (found.count, found.changes) == (ACROSS * DOWN, ())
    assert found.picture is not None
    ranks, ranking = found.picture.ranks, found.picture.ranking
    ground = world.catalog.changes.columns("run")
    x, y = to_mercator(*shapely.get_coordinates(shapely.centroid(ground.geometry)).T)
    x0, y0, x1, y1 = found.picture.bounds
    height, width = ranks.shape
    cols, rows = ((x - x0) / (x1 - x0) * width).astype(int), ((y1 - y) / (y1 - y0) * height).astype(int)
    here = ranks[rows, cols]
    assert here.all()
    np.testing.assert_array_equal(ranking.kinds[here], ground.sign)
    np.testing.assert_array_equal(ranking.scores[here], ground.score)
    np.testing.assert_allclose((x1 - x0) / width, SCREEN.affine.a)


def test_few_are_shapes_the_largest_first(world: Workspace) -> None:
    near = screen_geobox(extent_of((36.0, 48.0, 36.05, 48.03), margin=0.0), 600, 400)
    found = change_overlay(world, ASKED, near)
    assert found.picture is None
    assert len(found.changes) >= found.count > 10
    sizes = [each.area_m2 for each in found.changes]
    assert sizes == sorted(sizes, reverse=True)
    high = change_overlay(world, replace(ASKED, sieve=Sieve(min_score=12.0)), SCREEN)
    assert 0 < high.count == len(high.changes)
    assert all(each.score >= 12.0 for each in high.changes)


def test_shapes_of_many_vertices_are_a_picture(world: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "VERTEX_LIMIT", 20)
    near = screen_geobox(extent_of((36.0, 48.0, 36.05, 48.03), margin=0.0), 600, 400)
    assert change_overlay(world, ASKED, near).picture is not None


@pytest.mark.parametrize("place", [0, 1, 700, 2200, ACROSS * DOWN - 1])
def test_a_threshold_needs_no_other_picture_and_hides_just_what_lies_below_it(
    world: Workspace, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GLYPH_LIMIT", -1)
    whole = change_overlay(world, ASKED, SCREEN).picture
    assert whole is not None
    least = float(np.sort(world.catalog.changes.columns("run").score)[place])
    high = change_overlay(world, replace(ASKED, sieve=Sieve(min_score=least)), SCREEN)
    assert high.picture is whole
    assert high.count == ACROSS * DOWN - place
    ground = world.catalog.changes.columns("run")
    alone = np.where(ground.score >= least, whole.ranking.ranks, 0).astype(np.uint16)
    ranks = whole.ranks
    anew = seen(module._of_run(world, "run").areas, alone, module._window(SCREEN)).ranks
    np.testing.assert_array_equal(np.where(whole.ranking.scores[ranks] >= least, ranks, 0), anew)


def test_a_filter_takes_its_changes_off_the_picture(world: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GLYPH_LIMIT", 100)
    found = change_overlay(world, replace(ASKED, sieve=Sieve(signs=frozenset({ChangeSign.DARKER}))), SCREEN)
    assert found.picture is not None
    assert set(np.unique(found.picture.ranking.kinds[found.picture.ranks[found.picture.ranks > 0]])) == {1}


def moved_by(across: int, down: int) -> GeoBox:
    """The screen moved by pixels, as a map does: to rounding."""
    step = SCREEN.affine * Affine.translation(across + 1e-7, down - 1e-7)
    return GeoBox(SCREEN.shape, step, SCREEN.crs)


def test_a_pan_within_what_is_drawn_needs_nothing_and_beyond_it_only_strips(
    world: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GLYPH_LIMIT", -1)
    module.forget()
    drawn: list[int] = []

    def counted(areas: Areas, ranks: np.ndarray, window: Window) -> Seen:
        drawn.append(window.width * window.height)
        return seen(areas, ranks, window)

    monkeypatch.setattr(module, "seen", counted)
    here = change_overlay(world, ASKED, SCREEN)
    assert not reaches(here.bounds, PLACE)
    first = change_overlay(world, ASKED, SCREEN, beyond=True)
    assert reaches(first.bounds, PLACE)
    assert first.picture is not None
    assert sum(drawn) == first.picture.ranks.size  # what the first had is not drawn again
    assert change_overlay(world, ASKED, moved_by(60, -30), beyond=True).picture is first.picture
    assert change_overlay(world, ASKED, moved_by(190, -120)).picture is first.picture
    drawn.clear()
    second = change_overlay(world, ASKED, moved_by(190, -30), beyond=True).picture
    assert second is not None
    assert second is not first.picture
    assert sum(drawn) < 0.25 * second.ranks.size
    module.forget()
    anew = change_overlay(world, ASKED, moved_by(190, -30), beyond=True).picture
    assert anew is not None
    np.testing.assert_array_equal(second.ranks, anew.ranks)
    np.testing.assert_array_equal(second.outlines, anew.outlines)
    assert second.bounds == pytest.approx(anew.bounds)


def test_shapes_reach_beyond_the_screen_and_stay_while_it_lies_among_them(world: Workspace) -> None:
    module.forget()
    screen = screen_geobox(extent_of((36.1, 48.08, 36.15, 48.11), margin=0.0), 600, 400)
    here = change_overlay(world, ASKED, screen)
    assert 0 < here.count == len(here.changes)
    found = change_overlay(world, ASKED, screen, beyond=True)
    assert found.count == here.count < len(found.changes)
    beside = GeoBox(screen.shape, screen.affine * Affine.translation(90, 60), screen.crs)
    assert change_overlay(world, ASKED, beside).changes is found.changes
    known = {each.id for each in found.changes}
    ground = world.catalog.changes.columns("run")
    inside = shapely.intersects(shapely.box(*beside.boundingbox), shapely.transform(ground.geometry, module._metres))
    assert inside.any()
    assert set(ground.ids[inside]) <= known


def test_shapes_reach_no_further_where_that_were_too_many(world: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    module.forget()
    screen = screen_geobox(extent_of((36.1, 48.08, 36.15, 48.11), margin=0.0), 600, 400)
    here = change_overlay(world, ASKED, screen)
    monkeypatch.setattr(module, "GLYPH_LIMIT", here.count)
    found = change_overlay(world, ASKED, screen, beyond=True)
    assert found.changes is here.changes
    assert found.picture is None


def test_a_click_means_the_change_it_falls_on(world: Workspace) -> None:
    wanted = world.catalog.changes.get("c00777")
    x, y = to_mercator(*shapely.get_coordinates(wanted.geometry.centroid)[0])
    assert change_at(world, ASKED, (float(x), float(y)), 5.0) == wanted.id
    west = shapely.bounds(wanted.geometry)[0]
    beside = to_mercator(west - 1e-5, wanted.geometry.centroid.y)
    assert change_at(world, ASKED, beside, 5.0) == wanted.id
    assert change_at(world, ASKED, beside, 0.1) is None
    hidden = replace(ASKED, sieve=Sieve(min_score=wanted.score + 1e-9))
    assert change_at(world, hidden, (float(x), float(y)), 5.0) is None


def test_what_cannot_be_drawn_is_refused(world: Workspace) -> None:
    with pytest.raises(NotFoundError):
        change_overlay(world, Asked(run_id="no such run"), SCREEN)
    with pytest.raises(GridMismatchError, match="north up"):
        change_overlay(world, ASKED, SCREEN.rotate(20))
