"""Areas filled at once are those filled rank by rank; where they overlap the slow way is taken."""

import numpy as np
import shapely

from dashboard.render.fills import mark_apart
from dashboard.render.strokes import Marks, Strokes, Window, mark, strokes

WINDOW = Window(0, -200, 320, 200, (1.0, 1.0))


def blobs(seed: int, spread: float) -> Strokes:
    rng = np.random.default_rng(seed)
    found = []
    for x in range(10, 320, 16):
        for y in range(10, 200, 16):
            corners = np.sort(rng.uniform(0, 2 * np.pi, 9))
            reach = rng.uniform(0.5, 1.0, 9) * spread
            ring = np.column_stack([x + reach * np.cos(corners), y + reach * np.sin(corners)])
            hole = [ring * 0.3 + 0.7 * ring.mean(axis=0)] if rng.random() < 0.3 else []
            found.append(shapely.Polygon(ring, hole).buffer(0))
    return strokes(np.array(found, dtype=object), rng.integers(1, 127, len(found)).astype(np.uint8))


def by_rank(shapes: Strokes, hidden: np.ndarray) -> Marks:
    return mark(shapes, WINDOW, Marks.empty(WINDOW), hidden=hidden)


def test_areas_apart_are_filled_as_rank_by_rank() -> None:
    shapes = blobs(1, 7.0)
    hidden = np.random.default_rng(2).random(len(shapes.ranks)) < 0.4
    hidden.flags.writeable = False
    once, slowly = mark_apart(shapes, WINDOW, hidden=hidden), by_rank(shapes, hidden)
    assert slowly.fills.any()
    np.testing.assert_array_equal(once.fills, slowly.fills)
    np.testing.assert_array_equal(once.lines, slowly.lines)


def test_areas_that_overlap_are_filled_by_rank() -> None:
    shapes = blobs(3, 14.0)
    hidden = np.zeros(len(shapes.ranks), bool)
    np.testing.assert_array_equal(mark_apart(shapes, WINDOW, hidden=hidden).fills, by_rank(shapes, hidden).fills)


def test_nothing_in_sight_is_nothing_marked() -> None:
    shapes = blobs(4, 7.0)
    away = Window(10_000, 10_000, 40, 30, (1.0, 1.0))
    assert not mark_apart(shapes, away, hidden=np.zeros(len(shapes.ranks), bool)).lines.any()
    assert not mark_apart(shapes, WINDOW, hidden=np.ones(len(shapes.ranks), bool)).fills.any()
