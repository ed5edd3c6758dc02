"""The exercise by day shows the same ground and the same events as the radar does."""

import numpy as np
from rasterio.features import rasterize
from shapely import Polygon

from dashboard.simulate.daylight import photograph
from dashboard.simulate.ground import Grid
from dashboard.simulate.town import STRIKES, town

SEED = 2026
GRID = Grid(1500.0, 3.0)


def test_a_struck_block_looks_other_and_the_rest_the_same() -> None:
    day = STRIKES[0][0]
    before, after = photograph(SEED, day - 1, GRID), photograph(SEED, day + 1, GRID)
    buildings = town(SEED).buildings
    lost = [Polygon(c) for c, d in zip(buildings.corners(), buildings.lost_day, strict=True) if d == day]
    struck = rasterize([(shape, 1) for shape in lost], GRID.shape, transform=GRID.local).astype(bool)
    changed = np.abs(before.astype(int) - after.astype(int)).max(axis=0) > 40
    assert struck.sum() > 50
    assert changed[struck].mean() > 0.3
    assert changed[~struck].mean() < 0.03


def test_every_pixel_holds_data_and_clouds_cover_their_share() -> None:
    clear = photograph(SEED, 30.5, GRID)
    veiled = photograph(SEED, 30.5, GRID, clouds=0.4)
    assert clear.shape == (3, *GRID.shape)
    assert clear.min() >= 1
    white = (veiled.min(axis=0) > 220) & (clear.min(axis=0) < 200)
    assert 0.15 < white.mean() < 0.45


def test_the_same_day_is_the_same_picture() -> None:
    assert np.array_equal(photograph(SEED, 40.5, GRID), photograph(SEED, 40.5, GRID))
