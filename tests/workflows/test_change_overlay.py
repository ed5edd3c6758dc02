"""Changes on the map: all of them, few as shapes, many as a picture whose threshold hides what it would drop."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely

from dashboard.geo.mercator import extent_of, screen_geobox, to_mercator
from dashboard.model.change import ChangeRun, ChangeSign, DetectedChange
from dashboard.model.errors import GridMismatchError, NotFoundError
from dashboard.workflows import change_overlay as module
from dashboard.workflows.change_overlay import STEPS, Asked, change_at, change_overlay, steps
from dashboard.workflows.review import Sieve
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2026, 3, 1, tzinfo=UTC)
BOX = (36.0, 48.0, 36.4, 48.2)
ACROSS, DOWN = 60, 40
ASKED = Asked(run_id="run")
SCREEN = screen_geobox(extent_of(BOX, margin=0.0), 600, 400)
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


def score_of(level: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The score that a level stands for; below all for no change."""
    rank = np.where(level > STEPS * len(SIGNS), level - STEPS * len(SIGNS), level).astype(int)
    return np.where(rank == 0, -np.inf, scores[np.clip((rank - 1) // len(SIGNS), 0, STEPS - 1)])


def test_many_are_a_picture_and_none_is_left_out(world: Workspace) -> None:
    found = change_overlay(world, ASKED, SCREEN)
    assert (found.count, found.changes) == (ACROSS * DOWN, ())
    assert found.picture is not None
    assert found.picture.levels.shape == (400, 600)
    ground = world.catalog.changes.columns("run")
    x, y = to_mercator(*shapely.get_coordinates(shapely.centroid(ground.geometry)).T)
    x0, y0, x1, y1 = found.picture.bounds
    cols, rows = ((x - x0) / (x1 - x0) * 600).astype(int), ((y1 - y) / (y1 - y0) * 400).astype(int)
    levels = found.picture.levels[rows, cols]
    assert levels.all()
    np.testing.assert_array_equal((levels - 1) % len(SIGNS), ground.sign)
    shown = score_of(levels, found.picture.scores)
    assert (shown <= ground.score).all()
    following = np.append(found.picture.scores[1:], np.inf)[np.searchsorted(found.picture.scores, shown)]
    assert (ground.score <= following).all()


def test_few_are_shapes_the_largest_first(world: Workspace) -> None:
    near = screen_geobox(extent_of((36.0, 48.0, 36.05, 48.03), margin=0.0), 600, 400)
    found = change_overlay(world, ASKED, near)
    assert found.picture is None
    assert found.count == len(found.changes) > 10
    sizes = [each.area_m2 for each in found.changes]
    assert sizes == sorted(sizes, reverse=True)
    high = change_overlay(world, replace(ASKED, sieve=Sieve(min_score=12.0)), SCREEN)
    assert 0 < high.count == len(high.changes)
    assert all(each.score >= 12.0 for each in high.changes)


def test_shapes_of_many_vertices_are_a_picture(world: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "VERTEX_LIMIT", 20)
    near = screen_geobox(extent_of((36.0, 48.0, 36.05, 48.03), margin=0.0), 600, 400)
    assert change_overlay(world, ASKED, near).picture is not None


@pytest.mark.parametrize("step", [0, 1, 11, 30, STEPS - 1])
def test_a_threshold_hides_what_a_new_picture_would_not_have(
    world: Workspace, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GLYPH_LIMIT", -1)
    whole = change_overlay(world, ASKED, SCREEN).picture
    assert whole is not None
    least = float(whole.scores[step])
    anew = change_overlay(world, replace(ASKED, sieve=Sieve(min_score=least)), SCREEN).picture
    assert anew is not None
    np.testing.assert_array_equal(np.where(score_of(whole.levels, whole.scores) >= least, whole.levels, 0), anew.levels)


def test_a_filter_takes_its_changes_off_the_picture(world: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GLYPH_LIMIT", 100)
    found = change_overlay(world, replace(ASKED, sieve=Sieve(signs=frozenset({ChangeSign.DARKER}))), SCREEN)
    assert found.picture is not None
    assert set(np.unique((found.picture.levels[found.picture.levels > 0] - 1) % len(SIGNS))) == {1}


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


def test_steps_hold_about_as_many_changes_each() -> None:
    rng = np.random.default_rng(3)
    score = rng.lognormal(1.0, 2.0, 10_000)
    counts = np.histogram(score, np.append(steps(score), np.inf))[0]
    assert counts.min() > 0.9 * 10_000 / STEPS
    assert counts.max() < 1.1 * 10_000 / STEPS
    assert not steps(np.zeros(0)).any()
    assert set(steps(np.array([3.0]))) == {3.0}


def test_what_cannot_be_drawn_is_refused(world: Workspace) -> None:
    with pytest.raises(NotFoundError):
        change_overlay(world, Asked(run_id="no such run"), SCREEN)
    with pytest.raises(GridMismatchError, match="north up"):
        change_overlay(world, ASKED, SCREEN.rotate(20))
