"""Buildings: upright boxes with a height, in blocks between streets. Each is one row of a few arrays."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from shapely import MultiPoint, Polygon, contains_xy, union_all
from shapely.geometry.base import BaseGeometry

from dashboard.simulate.terrain import AIRFIELD, DISTRICTS, HALLS, districts, hangar_sites, oval, plot, terrain

Floats = NDArray[np.float64]
NEVER = 1e9
BLOCK_M, DEPTH_M, STREET_M = 116.0, 66.0, 17.0

STRIKES = ((45.15, 560.0, 330.0, 310.0), (52.3, 1080.0, -230.0, 170.0), (66.2, -700.0, -430.0, 160.0))
"""Days and circles (east, north, radius in metres) in which blocks were destroyed."""
HANGAR_LOST_DAY = 66.3


@dataclass(frozen=True, slots=True)
class Buildings:
    """n boxes in local metres."""

    centre: Floats
    """(n, 2) east, north."""
    half: Floats
    """(n, 2) half length along the axis and half depth across it."""
    axis_deg: Floats
    """(n,) direction of the length, counter-clockwise from east."""
    height: Floats
    """(n,) metres."""
    gain: Floats
    """(n,) strength of its corner reflection relative to a plain wall."""
    lost_day: Floats
    """(n,) day of its destruction; `NEVER` when it stands to the end."""

    def corners(self) -> Floats:
        """Return (n, 4, 2) corners, counter-clockwise."""
        a = np.radians(self.axis_deg)
        along = np.stack([np.cos(a), np.sin(a)], axis=1) * self.half[:, :1]
        across = np.stack([-np.sin(a), np.cos(a)], axis=1) * self.half[:, 1:]
        signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        return np.stack([self.centre + i * along + j * across for i, j in signs], axis=1)

    def take(self, chosen: NDArray[np.bool_]) -> "Buildings":
        """Return those that are chosen."""
        return Buildings(*(getattr(self, name)[chosen] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Town:
    """All buildings, and the outlines of the blocks that were destroyed."""

    buildings: Buildings
    destroyed: tuple[tuple[float, BaseGeometry], ...]
    """(day, outline of the blocks) per strike."""
    hangar: BaseGeometry
    """Outline of the hangar that was destroyed."""


Row = tuple[float, float, float, float, float, float, float, float]


@lru_cache(maxsize=2)
def town(seed: int) -> Town:
    """Return the built-up part of the exercise."""
    rng = np.random.default_rng([seed, 2])
    water = terrain(seed).river.buffer(34.0 + 32.0)
    roads = union_all([p.shape for p in terrain(seed).patches if p.kind == "road"])
    rows: list[Row] = []
    struck: dict[float, list[Polygon]] = {day: [] for day, *_ in STRIKES}
    for block, deg in _blocks(rng):
        if block.intersects(water) or rng.random() < 0.05:
            continue
        day = _strike(block, rng)
        if day < NEVER:
            struck[day].append(block)
        rows += [row for row in _houses(block, deg, day, rng) if not contains_xy(roads, row[0], row[1])]
    rows += [*_halls(rng, water), *_hangars(), *_farms(rng, seed)]
    table = np.asarray(rows)
    buildings = Buildings(table[:, :2], table[:, 2:4], *table[:, 4:].T)
    outlines = tuple((day, union_all([b.buffer(10) for b in blocks])) for day, blocks in struck.items() if blocks)
    hangar = plot(*hangar_sites()[2], 36, 44, AIRFIELD[2])
    return Town(buildings, outlines, hangar)


def _blocks(rng: np.random.Generator) -> Iterator[tuple[Polygon, float]]:
    for (east, north, _, _, deg), edge in zip(DISTRICTS, districts(), strict=True):
        others = union_all([d for d in districts() if d is not edge and not d.equals(edge)]).buffer(30)
        fringe = edge.buffer(170).difference(others)
        across = DEPTH_M + STREET_M
        for j in range(-14, 15):
            for i in range(-12, 13):
                shift = 0.5 * (BLOCK_M + STREET_M) if j % 2 else 0.0
                local = np.array([i * (BLOCK_M + STREET_M) + shift, j * across])
                c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
                x, y = east + c * local[0] - s * local[1], north + s * local[0] + c * local[1]
                block = plot(x, y, BLOCK_M / 2, DEPTH_M / 2, deg)
                scattered = rng.random() < (0.35 if edge.contains(block.centroid) else 0.16)
                if edge.contains(block) or (scattered and fringe.contains(block)):
                    yield block, deg


def _strike(block: Polygon, rng: np.random.Generator) -> float:
    x, y = block.centroid.coords[0]
    for day, east, north, radius in STRIKES:
        if np.hypot(x - east, y - north) < radius and rng.random() < 0.9:
            return day
    return NEVER


def _houses(block: Polygon, deg: float, day: float, rng: np.random.Generator) -> Iterator[Row]:
    """Yield two rows of houses along the block's long sides, sometimes one hall instead."""
    x, y = block.centroid.coords[0]
    c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
    height = 5.0 + 13.0 * np.exp(-((np.hypot(x - 300, y - 200) / 700) ** 2))
    if rng.random() < 0.07:
        yield x, y, 44.0, 24.0, deg, height * 0.8 + 3, rng.lognormal(0.4, 0.4), _fate(day, rng)
        return
    for side in (-1, 1):
        at = -BLOCK_M / 2
        while at < BLOCK_M / 2 - 10:
            length = min(rng.uniform(14, 40), BLOCK_M / 2 - at)
            off = side * (DEPTH_M / 2 - 9.0) + rng.normal(0, 0.8)
            mid = at + length / 2
            tall = max(4.0, height * rng.lognormal(0, 0.28))
            if rng.random() < 0.9:
                place = (x + c * mid - s * off, y + s * mid + c * off)
                yield *place, length / 2 - 1, rng.uniform(6, 8), deg, tall, rng.lognormal(-0.2, 0.75), _fate(day, rng)
            at += length + rng.uniform(1, 7)


def _fate(day: float, rng: np.random.Generator) -> float:
    return day if rng.random() < 0.88 else NEVER


def _halls(rng: np.random.Generator, water: BaseGeometry) -> Iterator[Row]:
    east, north, _, _, deg = HALLS
    edge = oval(*HALLS)
    c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
    for i in range(-3, 4):
        for j in range(-3, 4):
            x, y = east + c * i * 150 - s * j * 120, north + s * i * 150 + c * j * 120
            if edge.contains(MultiPoint([(x, y)])) and not contains_xy(water, x, y) and rng.random() < 0.85:
                yield x, y, rng.uniform(35, 62), rng.uniform(22, 40), deg, rng.uniform(8, 13), 1.5, NEVER


def _hangars() -> Iterator[Row]:
    for n, (x, y) in enumerate(hangar_sites()):
        yield x, y, 36.0, 30.0, AIRFIELD[2], 15.0, 2.0, HANGAR_LOST_DAY if n == 2 else NEVER


def _farms(rng: np.random.Generator, seed: int) -> Iterator[Row]:
    """Yield farmsteads at the corners of some parcels: a few sheds each."""
    ground = terrain(seed)
    taken = union_all([p.shape for p in ground.patches if p.kind != "grass"]).buffer(40)
    for parcel in ground.fields:
        if rng.random() > 0.11:
            continue
        x, y = parcel.exterior.coords[0]
        if contains_xy(taken, x, y):
            continue
        deg = rng.choice([12.0, 102.0])
        for _ in range(rng.integers(2, 5)):
            dx, dy = rng.uniform(-45, 45, 2)
            yield x + dx, y + dy, rng.uniform(9, 24), rng.uniform(5, 9), deg, rng.uniform(4, 7), 0.7, NEVER
