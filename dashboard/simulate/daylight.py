"""The exercise by day: what a camera above it records in red, green and blue, clouds included."""

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy.ndimage import gaussian_filter, shift, zoom
from shapely import Polygon

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
from dashboard.simulate.ground import Grid, Ground
from dashboard.simulate.terrain import terrain
from dashboard.simulate.town import town

COLOURS = {
    Ground.GRASS: (96, 112, 62),
    Ground.FIELD: (139, 128, 82),
    Ground.FOREST: (44, 66, 40),
    Ground.WATER: (38, 58, 70),
    Ground.BUILT: (128, 124, 116),
    Ground.ROAD: (142, 140, 136),
    Ground.RUNWAY: (118, 118, 120),
    Ground.APRON: (150, 150, 148),
    Ground.GRAVEL: (160, 150, 132),
    Ground.BERM: (122, 98, 70),
    Ground.FLOOD: (92, 84, 62),
}
"""Red, green and blue of each kind of ground under a summer sun."""
ROOFS = ((168, 92, 74), (150, 150, 156), (120, 84, 66), (176, 170, 158))
RUBBLE = (138, 130, 122)
SHADE = 0.45
"""Light that is left in a shadow."""
SUN = (-0.5, 0.75)
"""Shadow per metre of height: east and north, metres."""


def photograph(seed: int, day: float, grid: Grid, *, clouds: float = 0.0) -> NDArray[np.uint8]:
    """Return the picture of a day.

    Parameters
    ----------
    seed : of the exercise
    day : of the exercise
    grid : pixels
    clouds : share of the sky that they cover, 0 to 1

    Returns
    -------
    (3, y, x) red, green, blue; 1 to 255, for 0 means no data
    """
    rng = np.random.default_rng([seed, 11, int(day * 24)])
    light = _ground(seed, day, grid)
    light *= _texture(np.random.default_rng([seed, 12]), grid.shape)
    _draw_buildings(light, seed, day, grid)
    light = light * (1 + rng.normal(0, 0.02, grid.shape).astype(np.float32))
    if clouds > 0:
        _veil(light, clouds, rng)
    found: NDArray[np.uint8] = np.clip(np.rint(light), 1, 255).astype(np.uint8)
    return found


def _ground(seed: int, day: float, grid: Grid) -> NDArray[np.float32]:
    """Return (3, y, x) colours of the ground with its fields, floods, trenches and bridges."""
    scene = terrain(seed)
    kinds = np.full(grid.shape, int(Ground.GRASS), np.uint8)
    parcels = rasterize(
        ((shape, n + 1) for n, shape in enumerate(scene.fields)), grid.shape, transform=grid.local, dtype="uint16"
    )
    kinds[parcels > 0] = int(Ground.FIELD)
    shapes = [(patch.shape, int(patch.ground)) for patch in scene.patches]
    wet = flood(seed, day)
    shapes += [] if wet is None else [(wet, int(Ground.FLOOD))]
    shapes += [(trench(course).buffer(5.5), int(Ground.BERM)) for first, course in TRENCHES if day >= first]
    north, south = scene.bridges
    decks = (north, *(cut_deck(south)[::2] if day >= BRIDGE_CUT_DAY else (south,)))
    shapes += [(deck.buffer(6.0), int(Ground.ROAD)) for deck in decks]
    rasterize(shapes, transform=grid.local, out=kinds)
    table = np.array([COLOURS[kind] for kind in Ground], np.float32)
    light: NDArray[np.float32] = np.moveaxis(table[kinds], -1, 0).astype(np.float32)
    rng = np.random.default_rng([seed, 13])
    count = len(scene.fields) + 1
    crops = rng.uniform(0.78, 1.18, (1, count)) * rng.uniform(0.94, 1.06, (3, count))
    crops[:, 0] = 1.0
    found: NDArray[np.float32] = light * crops.astype(np.float32)[:, np.where(kinds == Ground.FIELD, parcels, 0)]
    return found


def _texture(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return small differences of brightness that stay from day to day."""
    coarse = gaussian_filter(rng.standard_normal(shape), 1.2)
    found: NDArray[np.float32] = (1 + 0.05 * coarse / coarse.std()).astype(np.float32)
    return found


def _draw_buildings(light: NDArray[np.float32], seed: int, day: float, grid: Grid) -> None:
    """Draw shadows, then roofs or rubble, and vehicles."""
    buildings = town(seed).buildings
    stands = buildings.lost_day > day
    outlines = [Polygon(corners) for corners in buildings.corners()]
    high = [(shape, float(h)) for shape, h, there in zip(outlines, buildings.height, stands, strict=True) if there]
    if high:
        heights = rasterize(high, grid.shape, transform=grid.local, dtype="float32")
        for share in (0.35, 0.7, 1.0):
            moved = np.array([-SUN[1], SUN[0]]) * share * float(np.mean([h for _, h in high])) / grid.spacing_m
            shaded = shift((heights > 0).astype(np.float32), moved, order=0) * (heights == 0)
            light *= np.where(shaded > 0, np.float32(SHADE ** (1 / 3)), np.float32(1))
    for band in range(3):
        roofs = [
            (shape, float(ROOFS[n % len(ROOFS)][band] if there else RUBBLE[band]))
            for n, (shape, there) in enumerate(zip(outlines, stands, strict=True))
        ]
        roofs += [(shape, 60.0) for shape in _vehicles(day)]
        if roofs:
            rasterize(roofs, transform=grid.local, out=light[band])


def _vehicles(day: float) -> list[Polygon]:
    found = []
    for (first, last), places in ((DEPOT_DAYS, depot_places()), (APRON_DAYS, apron_places())):
        if first <= day < last:
            found += [Polygon([(x - 3, y - 2), (x + 3, y - 2), (x + 3, y + 2), (x - 3, y + 2)]) for x, y in places]
    return found


def _veil(light: NDArray[np.float32], share: float, rng: np.random.Generator) -> None:
    """Lay clouds over the picture: why there is radar."""
    rows, cols = light.shape[1:]
    field = np.zeros((rows, cols), np.float32)
    for size, weight in ((64, 1.0), (128, 0.5), (256, 0.22)):
        coarse = gaussian_filter(rng.standard_normal((size, size)), 5, mode="wrap")
        field += weight * zoom(coarse / coarse.std(), (rows / size, cols / size), order=1)[:rows, :cols]
    level = np.quantile(field, 1 - share)
    cover = np.clip((field - level) / (0.5 * field.std()), 0, 1).astype(np.float32)
    light *= 1 - cover
    light += cover * np.float32(238)
