from dataclasses import replace

import numpy as np
import pytest
from rasterio.features import rasterize
from scipy import stats

from dashboard.simulate.backscatter import BANDS, sigma0_db
from dashboard.simulate.events import Event, events
from dashboard.simulate.geometry import Look, Relief, ruin, stand
from dashboard.simulate.ground import Grid, Ground
from dashboard.simulate.image import Shot, draw, other_side, truth
from dashboard.simulate.terrain import terrain
from dashboard.simulate.town import NEVER, Buildings

SEED = 2026
CROP = Grid(900.0, 5.0)
SHOT = Shot(seed=SEED, number=3, day=10.0, grid=CROP, look=Look(78.0, 32.0), band="X", polarisation="VV", looks=3)
EAST_LOOK = Look(90.0 - 1.3371, 45.0)
"""Looks along the grid's easting: grid convergence is -1.3371 degrees here."""


def one_house(height: float = 20.0) -> Buildings:
    row = np.array([0.0])
    return Buildings(np.zeros((1, 2)), np.array([[30.0, 30.0]]), row, row + height, row + 1.0, row + NEVER)


def inside(event: Event, grid: Grid) -> np.ndarray:
    return rasterize([(event.outline, 1)], grid.shape, transform=grid.local).astype(bool)


def test_the_image_is_drawn_the_same_again() -> None:
    np.testing.assert_array_equal(draw(SHOT), draw(SHOT))


def test_another_acquisition_is_another_draw() -> None:
    mean = truth(SHOT)
    ratios = [draw(replace(SHOT, number=n)) / (mean.diffuse + mean.steady) for n in (3, 4)]
    plain = mean.steady == 0
    assert abs(np.corrcoef(ratios[0][plain], ratios[1][plain])[0, 1]) < 0.05


def test_the_image_scatters_about_its_truth_with_the_stated_looks() -> None:
    mean = truth(SHOT)
    ratio = (draw(SHOT) / (mean.diffuse + mean.steady))[mean.steady == 0][::7]
    assert stats.kstest(ratio, stats.gamma(3, scale=1 / 3).cdf).statistic < 0.02
    assert ratio.mean() == pytest.approx(1.0, abs=0.02)


def test_steady_reflections_fluctuate_less_than_speckle() -> None:
    mean = truth(SHOT)
    bright = mean.steady > 20 * mean.diffuse
    spread = draw(SHOT)[bright] / (mean.steady + mean.diffuse)[bright]
    assert bright.sum() > 100
    assert spread.std() < 0.5 / np.sqrt(3)


@pytest.mark.parametrize(("band", "polarisation"), [("X", "VV"), ("C", "VH"), ("L", "HH")])
def test_water_and_forest_lie_at_their_stated_levels(band: str, polarisation: str) -> None:
    grid = Grid(6000.0, 30.0)
    shot = replace(SHOT, grid=grid, band=band, polarisation=polarisation)
    image = draw(shot)
    for kind, ground in (("water", Ground.WATER), ("forest", Ground.FOREST)):
        patch = next(p.shape for p in terrain(SEED).patches if p.kind == kind).buffer(-60)
        core = rasterize([(patch, 1)], grid.shape, transform=grid.local).astype(bool)
        stated = 10 ** (sigma0_db(ground, band, polarisation, 32.0) / 10) + 10 ** (BANDS[band].floor_db / 10)
        # weather of the day moves water by 1.2 dB (one sigma), hills move forest
        assert 10 * np.log10(image[core].mean() / stated) == pytest.approx(0.0, abs=3.5)


@pytest.mark.parametrize("look", [EAST_LOOK, Look(EAST_LOOK.azimuth_deg + 180.0, 45.0)])
def test_layover_falls_towards_the_radar_and_shadow_away_from_it(look: Look) -> None:
    grid = Grid(150.0, 2.0)
    relief = Relief.empty(grid)
    stand(relief, one_house(), look, grid, 9.0)
    columns = (np.arange(grid.shape[1]) + 0.5) * 2.0 - 150.0
    towards = -np.sign(look.away[0])
    west_east = {name: getattr(relief, name).sum(axis=0) for name in ("added", "steady", "hidden")}
    beyond = columns * towards > 30.0
    behind = columns * towards < -30.0
    assert west_east["added"][beyond].sum() > 0 == west_east["added"][behind].sum()
    assert west_east["steady"][beyond].sum() > 0.9 * west_east["steady"].sum()
    assert west_east["hidden"][behind].sum() > 0 == west_east["hidden"][beyond].sum()


@pytest.mark.parametrize("incidence", [30.0, 45.0])
def test_layover_and_shadow_are_as_long_as_geometry_says(incidence: float) -> None:
    grid = Grid(150.0, 1.0)
    relief = Relief.empty(grid)
    stand(relief, one_house(20.0), Look(EAST_LOOK.azimuth_deg, incidence), grid, 9.0)
    row = grid.shape[0] // 2
    columns = np.arange(grid.shape[1]) + 0.5 - 150.0
    reach = -30.0 - columns[relief.added[row] > 0.01].min()
    assert reach == pytest.approx(20.0 / np.tan(np.radians(incidence)), abs=1.5)
    assert columns[relief.hidden[row] > 0.5].max() - 30.0 == pytest.approx(
        20.0 * np.tan(np.radians(incidence)), abs=1.5
    )


def test_a_wall_turned_away_gives_a_weak_corner() -> None:
    grid = Grid(150.0, 2.0)
    square, turned = Relief.empty(grid), Relief.empty(grid)
    stand(square, one_house(), EAST_LOOK, grid, 9.0)
    stand(turned, replace(one_house(), axis_deg=np.array([45.0])), EAST_LOOK, grid, 9.0)
    assert turned.steady.sum() < 0.1 * square.steady.sum()


def test_a_ruin_has_no_corner_and_no_shadow() -> None:
    grid = Grid(150.0, 2.0)
    relief = Relief.empty(grid)
    ruin(relief, one_house(), EAST_LOOK, grid, np.random.default_rng(0))
    assert relief.steady.max() == relief.hidden.max() == 0 < relief.added.max()


def test_the_image_flips_with_the_look() -> None:
    forward, back = truth(SHOT), truth(other_side(SHOT))
    assert np.corrcoef(forward.steady.ravel(), back.steady.ravel())[0, 1] < 0.5


def test_destroyed_blocks_change_with_both_signs_and_lose_power() -> None:
    strike = next(event for event in events(SEED) if event.id == "strike-1")
    before, after = (truth(replace(SHOT, day=day, number=3)) for day in (44.0, 46.0))
    where = inside(strike, CROP)
    a, b = ((t.diffuse + t.steady)[where] for t in (before, after))
    change = 10 * np.log10(b / a)
    assert (change > 1).mean() > 0.05
    assert (change < -3).mean() > 0.1
    assert b.mean() < a.mean()
    assert where.sum() > 20


@pytest.mark.parametrize(
    ("name", "days", "grid"),
    [
        ("bridge", (47.0, 47.5), CROP),
        ("trench-1", (17.0, 18.0), Grid(3500.0, 10.0)),
        ("flood-high", (25.0, 26.0), Grid(4000.0, 10.0)),
        ("depot", (6.0, 7.0), Grid(3000.0, 6.0)),
    ],
)
def test_other_events_change_with_the_stated_sign(name: str, days: tuple[float, float], grid: Grid) -> None:
    event = next(event for event in events(SEED) if event.id == name)
    before, after = (truth(replace(SHOT, grid=grid, day=day)) for day in days)
    where = inside(event, grid)
    change = 10 * np.log10(
        (after.diffuse + after.steady)[where].mean() / (before.diffuse + before.steady)[where].mean()
    )
    assert where.sum() >= 20
    assert change > 1 if event.sign.value == "brighter" else change < -1


def test_nothing_else_changes_between_two_days_under_the_same_weather() -> None:
    grid = Grid(6000.0, 20.0)
    days = (46.5, 47.1)  # no event between them, one crop season
    before, after = (truth(replace(SHOT, grid=grid, day=day)) for day in days)
    np.testing.assert_array_equal(before.steady, after.steady)
    assert np.abs(10 * np.log10(after.diffuse / before.diffuse)).max() < 0.1
