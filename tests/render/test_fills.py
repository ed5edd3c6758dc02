"""Areas filled one by one are those filled rank by rank; a picture of all ranks holds that of the higher ones."""

import numpy as np
import pytest
import shapely

from dashboard.model.errors import InputError
from dashboard.render.fills import MOST_RANK, Areas, ranking, seen
from dashboard.render.panned import Laid, laid
from dashboard.render.strokes import MARGIN_PX, Marks, Strokes, Window, mark, strokes

WINDOW = Window(0, -200, 320, 200, (1.0, 1.0))


def blobs(seed: int, spread: float) -> tuple[Strokes, np.ndarray]:
    rng = np.random.default_rng(seed)
    found = []
    for x in range(10, 320, 16):
        for y in range(10, 200, 16):
            corners = np.sort(rng.uniform(0, 2 * np.pi, 9))
            reach = rng.uniform(0.5, 1.0, 9) * spread
            ring = np.column_stack([x + reach * np.cos(corners), y + reach * np.sin(corners)])
            hole = [ring * 0.3 + 0.7 * ring.mean(axis=0)] if rng.random() < 0.3 else []
            found.append(shapely.Polygon(ring, hole).buffer(0))
    ranks = rng.integers(0, 250, len(found)).astype(np.uint16)
    ranks.flags.writeable = False
    return strokes(np.array(found, dtype=object), np.maximum(ranks, 1).astype(np.uint8)), ranks


def by_rank(shapes: Strokes, hidden: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """What `strokes.mark` draws: ground, and outlines two pixels wide."""
    wide = window.grown(MARGIN_PX)
    marks = mark(shapes, wide, Marks.empty(wide), hidden=hidden)
    high = np.maximum(marks.lines[:-1], marks.lines[1:])
    lines = np.maximum(high[:, :-1], high[:, 1:])
    inner = slice(MARGIN_PX, -MARGIN_PX)
    return marks.fills[inner, inner], lines[MARGIN_PX - 1 : -MARGIN_PX, MARGIN_PX - 1 : -MARGIN_PX]


@pytest.mark.parametrize("spread", [0.3, 7.0, 14.0, 60.0])
def test_areas_are_those_filled_rank_by_rank(spread: float) -> None:
    shapes, ranks = blobs(1, spread)
    fills, lines = by_rank(shapes, ranks == 0, WINDOW)
    found = seen(Areas.of(shapes), ranks, WINDOW)
    np.testing.assert_array_equal(found.ranks, np.maximum(fills, lines))
    np.testing.assert_array_equal(found.outlines, (lines > 0) & (lines >= fills))
    assert found.outlines.any()
    assert fills.any() == (spread > 1)


@pytest.mark.parametrize("spread", [0.3, 7.0, 14.0])
def test_a_part_of_a_picture_is_that_part_of_the_whole(spread: float) -> None:
    shapes, ranks = blobs(2, spread)
    areas, part = Areas.of(shapes), Window(37, -151, 100, 80, (1.0, 1.0))
    whole, cut = seen(areas, ranks, WINDOW), seen(areas, ranks, part)
    place = np.s_[49:129, 37:137]
    np.testing.assert_array_equal(cut.ranks, whole.ranks[place])
    np.testing.assert_array_equal(cut.outlines, whole.outlines[place])


@pytest.mark.parametrize("least", [1, 60, 200, 249])
def test_what_is_seen_of_a_rank_does_not_depend_on_lower_ones(least: int) -> None:
    shapes, ranks = blobs(3, 12.0)
    areas = Areas.of(shapes)
    whole, anew = seen(areas, ranks, WINDOW), seen(areas, np.where(ranks >= least, ranks, 0).astype(np.uint16), WINDOW)
    np.testing.assert_array_equal(np.where(whole.ranks >= least, whole.ranks, 0), anew.ranks)
    np.testing.assert_array_equal(whole.outlines & (whole.ranks >= least), anew.outlines)


def test_however_small_every_area_marks_a_pixel() -> None:
    shapes, _ = blobs(4, 0.2)
    each = np.arange(1, len(shapes.bounds) + 1).astype(np.uint16)
    assert set(np.unique(seen(Areas.of(shapes), each, WINDOW).ranks)) == {0, *each.tolist()}


def test_nothing_in_sight_is_nothing_seen() -> None:
    shapes, ranks = blobs(5, 7.0)
    assert not seen(Areas.of(shapes), ranks, Window(10_000, 10_000, 40, 30, (1.0, 1.0))).ranks.any()
    assert not seen(Areas.of(shapes), np.zeros_like(ranks), WINDOW).ranks.any()


def test_only_areas_are_areas() -> None:
    mixed = strokes([shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (5, 5)])], np.ones(2, np.uint8))
    with pytest.raises(InputError, match="polygons only"):
        Areas.of(mixed)


def test_a_higher_score_has_a_greater_rank() -> None:
    rng = np.random.default_rng(6)
    score, kind = np.round(rng.exponential(5, 4000), 2), rng.integers(0, 3, 4000).astype(np.uint8)
    found = ranking(score, kind)
    np.testing.assert_array_equal(found.scores[found.ranks], score)
    np.testing.assert_array_equal(found.kinds[found.ranks], kind)
    assert (np.diff(found.scores) >= 0).all()
    assert found.ranks.min() == 1
    empty = ranking(np.zeros(0), np.zeros(0, np.uint8))
    assert (len(empty.ranks), len(empty.scores), len(empty.kinds)) == (0, 1, 1)


def test_of_more_than_there_are_ranks_neighbours_share_one_and_none_is_lost() -> None:
    rng = np.random.default_rng(7)
    score, kind = rng.exponential(5, 90_000), rng.integers(0, 3, 90_000).astype(np.uint8)
    found = ranking(score, kind)
    assert len(found.scores) - 1 <= MOST_RANK
    assert (found.scores[found.ranks] >= score).all()  # a threshold at a score hides no change that has it
    assert (np.diff(found.scores) >= 0).all()
    np.testing.assert_array_equal(found.kinds[found.ranks], kind)
    near = np.argsort(np.argsort(found.scores[found.ranks], kind="stable")) - np.argsort(np.argsort(score))
    assert np.abs(near).max() < 12


@pytest.mark.parametrize("step", [(11, 7), (-90, 40), (0, -3), (300, 0), (900, 900)])
def test_a_picture_that_was_moved_is_the_picture_drawn_anew(step: tuple[int, int]) -> None:
    shapes, ranks = blobs(8, 9.0)
    areas, drawn = Areas.of(shapes), []

    def draw(window: Window) -> tuple[np.ndarray, ...]:
        found = seen(areas, ranks, window)
        drawn.append(window.width * window.height)
        for plane in (found.ranks, found.outlines):
            plane.flags.writeable = False
        return found.ranks, found.outlines

    before = laid(None, WINDOW, draw)
    target = Window(WINDOW.col + step[0], WINDOW.row + step[1], 320, 200, (1.0, 1.0))
    after = laid(before, target, draw)
    for plane, anew in zip(after.planes, draw(target), strict=True):
        np.testing.assert_array_equal(plane, anew)
    assert sum(drawn[1:-1]) <= 320 * 200
    assert before.covers(WINDOW)
    assert not before.covers(target)
    assert after.covers(target)
    assert laid(after, target, lambda _: pytest.fail("drawn again")).covers(target)
    assert not before.covers(Window(0, -200, 320, 200, (2.0, 2.0)))


def test_another_zoom_has_nothing_in_common() -> None:
    shapes, ranks = blobs(9, 9.0)
    areas = Areas.of(shapes)
    coarse = Window(0, -100, 160, 100, (2.0, 2.0))

    def draw(window: Window) -> tuple[np.ndarray, ...]:
        return (seen(areas, ranks, window).ranks,)

    found = laid(laid(None, WINDOW, draw), coarse, draw)
    assert isinstance(found, Laid)
    np.testing.assert_array_equal(found.planes[0], draw(coarse)[0])
