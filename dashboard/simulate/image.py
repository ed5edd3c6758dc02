"""One acquisition's image: the true mean of every pixel, and one draw of what a radar records of it."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy.ndimage import gaussian_filter, shift

from dashboard.simulate.backscatter import BANDS, CROSS_CORNER, table
from dashboard.simulate.events import (
    APRON_DAYS,
    BRIDGE_CUT_DAY,
    DEPOT_DAYS,
    TRENCHES,
    apron_places,
    cut_deck,
    depot_places,
    flood,
    trench,
)
from dashboard.simulate.geometry import Look, Relief, points, ribbon, ruin, squareness, stand
from dashboard.simulate.ground import Grid, Ground
from dashboard.simulate.kernels import fill, illuminate, modulate, rician
from dashboard.simulate.speckle import speckle, speckle_fields
from dashboard.simulate.terrain import terrain
from dashboard.simulate.town import town

Real = NDArray[np.float32]
TREE_M = 15.0
CORRELATION_PX = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """Everything that decides the image of one acquisition in one polarisation."""

    seed: int
    """Of the exercise."""
    number: int
    """Of the acquisition: speckle and weather are drawn from (seed, number)."""
    day: float
    grid: Grid
    look: Look
    band: str
    """``X``, ``C`` or ``L``."""
    polarisation: str
    looks: int


@dataclass(frozen=True, slots=True)
class Truth:
    """Mean power of every pixel, in two parts."""

    diffuse: Real
    """Speckles: (y, x) linear power."""
    steady: Real
    """Does not: (y, x) power of fixed phasors."""


@dataclass(frozen=True, slots=True)
class _Base:
    kinds: NDArray[np.uint8]
    parcels: NDArray[np.uint16]
    texture: Real
    shade: Real
    hills: Real


def draw(shot: Shot) -> Real:
    """Return one realisation of the image, (y, x) linear power: speckle over the truth, phasors fixed."""
    mean = truth(shot)
    rng = np.random.default_rng([shot.seed, 5, shot.number, len(shot.polarisation) + ord(shot.polarisation[1])])
    power, real = speckle_fields(shot.grid.shape, shot.looks, rng, CORRELATION_PX)
    rician(mean.diffuse, mean.steady, power, real)
    return power


def truth(shot: Shot) -> Truth:
    """Return the mean image of one acquisition, weather and season of its day included.

    Method: ground by kind and parcel, times static texture, times a smooth log-normal field of the day; what stands
    up hides ground in shadow and adds layover; corners and vehicles are steady phasors; receiver noise is added.
    """
    base = _base(shot.seed, shot.grid, shot.look)
    band = BANDS[shot.band]
    cross = shot.polarisation[0] != shot.polarisation[1]
    weather = np.random.default_rng([shot.seed, 4, shot.number])
    levels = table(shot.band, shot.polarisation, shot.look.incidence_deg)
    levels[[Ground.WATER, Ground.FLOOD], 0] *= np.float32(10 ** (weather.normal(0, 1.2) / 10))
    kinds = _kinds_of_day(base.kinds, shot)
    diffuse = illuminate(kinds, base.parcels, base.texture, levels, _parcel_gains(shot.seed, shot.day))
    diffuse *= base.shade
    relief = _relief(replace(shot, number=0, polarisation="", looks=0))  # one key for both polarisations
    diffuse *= np.maximum(1.0 - relief.hidden, 0.0)
    diffuse += relief.added * (np.float32(0.12 if cross else 1.0) * (np.float32(0.4) + np.float32(0.6) * base.texture))
    modulate(diffuse, base.hills * _weather_field(weather))
    diffuse += np.float32(10 ** (band.floor_db / 10))
    steady = relief.steady * np.float32(band.corner * (CROSS_CORNER if cross else 1.0))
    return Truth(diffuse, _blurred(steady))


def _blurred(steady: Real) -> Real:
    """Give phasors the width of the impulse response."""
    return np.asarray(gaussian_filter(steady, 0.5, truncate=3.0), np.float32)


@lru_cache(maxsize=2)
def _base(seed: int, grid: Grid, look: Look) -> _Base:
    ground = terrain(seed)
    parcels = rasterize(
        ((shape, n + 1) for n, shape in enumerate(ground.fields)), grid.shape, transform=grid.local, dtype="uint16"
    )
    kinds = np.where(parcels > 0, np.uint8(Ground.FIELD), np.uint8(Ground.GRASS))
    rasterize(((p.shape, int(p.ground)) for p in ground.patches), transform=grid.local, out=kinds)
    parcels = np.where(kinds == Ground.FIELD, parcels, 0).astype(np.uint16)
    rng = np.random.default_rng([seed, 6])
    texture = speckle(grid.shape, 3, rng, 0.8)
    return _Base(kinds, parcels, texture, _trees(kinds == Ground.FOREST, grid, look), _hills(rng, look))


def _trees(forest: NDArray[np.bool_], grid: Grid, look: Look) -> Real:
    """Return the factor of forest edges: bright where crowns lie over towards the radar, dark in their shadow."""
    woods = forest.astype(np.float32)
    step = np.array([-look.away[1], look.away[0]]) / grid.spacing_m  # (rows, columns) per metre away from the radar
    height = np.array(TREE_M)
    crowns = shift(woods, -step * look.layover_m(height), order=1)
    hidden = shift(woods, step * look.shadow_m(height), order=1) * (1 - woods)
    bright = (
        1 + 0.9 * np.clip(crowns - woods, 0, 1) + 0.5 * woods * np.clip(1 - shift(woods, step * 8.0, order=1), 0, 1)
    )
    return np.asarray(bright * (1 - 0.8 * np.clip(hidden, 0, 1)), np.float32)


def _hills(rng: np.random.Generator, look: Look) -> Real:
    """Return the coarse factor of slopes: brighter where the ground turns towards the radar."""
    height = (
        gaussian_filter(rng.standard_normal((121, 121)), 7) * 7
        + gaussian_filter(rng.standard_normal((121, 121)), 3) * 1.5
    )
    rows, cols = np.indices(height.shape) / 120
    height *= 20.0 + 420.0 * np.clip(cols - rows + 0.1, 0, 1)  # metres: flat in the south-west, hills in the north-east
    south, east = np.gradient(height, 100.0)
    rise = east * look.away[0] - south * look.away[1]
    return np.asarray(np.exp(np.clip(rise * 3.0, -0.9, 0.9)), np.float32)


def _weather_field(weather: np.random.Generator) -> Real:
    sigma_db = weather.uniform(0.3, 0.8)
    field = gaussian_filter(weather.standard_normal((121, 121)), 15, mode="reflect")
    field *= sigma_db / field.std()
    return (10 ** (field / 10)).astype(np.float32)


def _parcel_gains(seed: int, day: float) -> Real:
    """Return the gain of every parcel on a day; entry 0, no parcel, is 1."""
    rng = np.random.default_rng([seed, 7])
    count = len(terrain(seed).fields)
    level = rng.normal(0, 1.7, count) - 3.0 * (rng.random(count) < 0.15)
    season = rng.uniform(0.2, 1.3, count) * np.sin(2 * np.pi * day / 150 + rng.uniform(0, 2 * np.pi, count))
    return np.concatenate([[1.0], 10 ** ((level + season) / 10)]).astype(np.float32)


def _kinds_of_day(kinds: NDArray[np.uint8], shot: Shot) -> NDArray[np.uint8]:
    wet = flood(shot.seed, shot.day)
    if wet is None:
        return kinds
    out = kinds.copy()
    rasterize([(wet, int(Ground.FLOOD))], transform=shot.grid.local, out=out)
    return out


@lru_cache(maxsize=1)
def _relief(shot: Shot) -> Relief:
    """Draw buildings, bridges, trenches and vehicles as they are on the day; not to be written to."""
    relief = Relief.empty(shot.grid)
    buildings = town(shot.seed).buildings
    lost = buildings.lost_day <= shot.day
    stand(relief, buildings.take(~lost), shot.look, shot.grid, BANDS[shot.band].aspect_deg)
    ruin(relief, buildings.take(lost), shot.look, shot.grid, np.random.default_rng([shot.seed, 8]))
    _bridges(relief, shot)
    _trenches(relief, shot)
    _vehicles(relief, shot)
    return relief


def _bridges(relief: Relief, shot: Shot) -> None:
    north, south = terrain(shot.seed).bridges
    kept = cut_deck(south)[::2] if shot.day >= BRIDGE_CUT_DAY else (south,)
    for deck in (north, *kept):
        quads = ribbon(deck, 12.0)
        square = squareness(quads, shot.look)
        fill(relief.added, shot.grid.pixels(quads), np.full(len(quads), 0.16, np.float32))
        rail = ribbon(deck, 3.0)
        for height in (0.0, 9.0):
            moved = rail - shot.look.away * shot.look.layover_m(np.array(height))
            fill(relief.steady, shot.grid.pixels(moved), (0.9 + 3.5 * square**4).astype(np.float32))


def _trenches(relief: Relief, shot: Shot) -> None:
    power = table(shot.band, "HH" if shot.band == "L" else "VV", shot.look.incidence_deg)[Ground.BERM, 0]
    for day, course in TRENCHES:
        if shot.day >= day:
            quads = ribbon(trench(course), 11.0)
            fill(relief.added, shot.grid.pixels(quads), np.full(len(quads), power, np.float32))
            crest = (0.12 + 0.9 * squareness(quads, shot.look) ** 6).astype(np.float32)
            fill(relief.steady, shot.grid.pixels(ribbon(trench(course), 3.0)), crest)


def _vehicles(relief: Relief, shot: Shot) -> None:
    for (first, last), places in ((DEPOT_DAYS, depot_places()), (APRON_DAYS, apron_places())):
        if first <= shot.day < last:
            rng = np.random.default_rng([shot.seed, 9, len(places)])
            points(relief, places, (7.0, 4.0), rng.lognormal(2.0, 0.6, len(places)), shot.grid)


def other_side(shot: Shot) -> Shot:
    """Return the same image seen from the opposite direction: what layover and shadow must turn with."""
    return replace(shot, look=Look((shot.look.azimuth_deg + 180.0) % 360.0, shot.look.incidence_deg))
