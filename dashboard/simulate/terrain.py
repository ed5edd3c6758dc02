"""The lasting ground of the exercise: lake, river, roads, fields, forest, airfield. Local metres, painted in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rasterio.features import shapes
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from shapely import LineString, Point, Polygon, box, union_all
from shapely.affinity import rotate, scale, translate
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from dashboard.simulate.ground import HALF_M, Grid, Ground

LANE_DEG = 12.0
"""Direction of the field pattern, counter-clockwise from east."""
RIVER = [(-3600, 3700), (-2700, 2900), (-2000, 2200), (-1350, 1700), (-700, 930), (-250, 300), (130, -330)]
RIVER += [(700, -850), (1500, -1200), (2300, -2000), (3200, -2400), (4000, -3300), (5200, -3900), (6700, -4700)]
HIGHWAY = [
    (-6600, -1000),
    (-4300, -800),
    (-2500, -300),
    (-1200, 120),
    (-480, 620),
    (300, 1130),
    (2000, 1900),
    (6700, 3500),
]
BY_ROAD = [(-5600, -6600), (-4300, -4300), (-2300, -2300), (-700, -1250), (420, -600), (1250, 60), (2000, 1900)]
SHORE_ROAD = [(-2500, -300), (-3300, 900), (-4300, 1700), (-6600, 2100)]
RANGE_ROAD = [(1250, 60), (2400, 100), (3800, -500), (6600, -700)]
DISTRICTS = (
    (480.0, 330.0, 640.0, 600.0, 8.0),
    (-980.0, -310.0, 860.0, 560.0, 21.0),
    (1330.0, 720.0, 560.0, 520.0, 62.0),
    (1060.0, -300.0, 520.0, 400.0, 40.0),
    (-360.0, 1180.0, 430.0, 290.0, 33.0),
)
"""Town districts: centre east, north, half axes (metres), street direction (degrees from east); first come first."""
HALLS = (1950.0, -620.0, 520.0, 420.0, 62.0)
"""The works beside the river, written like a district."""
DEPOT = (2450.0, 560.0, 150.0, 105.0, 62.0)
AIRFIELD = (-3250.0, -3350.0, 18.0)
"""Centre of the runway and its direction, degrees from east."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A piece of one kind of ground."""

    ground: Ground
    kind: str
    """Word of the basemap: water, river, road, built, forest, runway, field, grass."""
    shape: BaseGeometry
    """Local metres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """Everything that stays through the exercise."""

    fields: tuple[Polygon, ...]
    """Parcels; parcel n is number n + 1 in a raster of parcels."""
    patches: tuple[Patch, ...]
    """In the order of painting, later over earlier."""
    river: LineString
    bridges: tuple[LineString, LineString]
    """Decks across the water: the northern and the southern one."""


def smooth(points: list[tuple[int, int]], step: float = 25.0) -> LineString:
    """Return a smooth line through the points."""
    xy = np.asarray(points, float)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    return LineString(CubicSpline(along, xy)(np.linspace(0, along[-1], int(along[-1] / step))))


def oval(east: float, north: float, half_x: float, half_y: float, deg: float) -> Polygon:
    """Return an ellipse turned by `deg`."""
    return rotate(translate(scale(Point(0, 0).buffer(1.0), half_x, half_y), east, north), deg, origin=(east, north))


def uneven(east: float, north: float, half_x: float, half_y: float, deg: float) -> Polygon:
    """Return an ellipse whose edge wanders, the same one for the same arguments."""
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    rng = np.random.default_rng(round(abs(east) * 7 + abs(north)))
    radius = 1.0 + sum(0.32 / n * np.sin(n * angle + rng.uniform(0, 2 * np.pi)) for n in (2, 3, 4, 7, 11))
    ring = Polygon(np.column_stack([radius * np.cos(angle) * half_x, radius * np.sin(angle) * half_y]))
    return rotate(translate(ring, east, north), deg, origin=(east, north))


def districts() -> list[Polygon]:
    """Return the outlines of the town's districts; none overlaps another."""
    taken: BaseGeometry = Polygon()
    found = []
    for district in DISTRICTS:
        outline = uneven(*district).difference(taken.buffer(14.0))
        found.append(max(getattr(outline, "geoms", [outline]), key=lambda part: part.area))
        taken = taken.union(outline)
    return found


def part(line: LineString, first: float, last: float) -> LineString:
    """Return the piece of a line between two shares of its length."""
    return LineString(substring(line, first, last, normalized=True).coords)


def swath(line: LineString, widths: NDArray[np.float64]) -> BaseGeometry:
    """Return the ground along a line: (n, 2) metres to its left and right at n even steps."""
    steps = np.linspace(0, 1, len(widths))
    xy = np.array([line.interpolate(t, normalized=True).coords[0] for t in steps])
    ahead = np.gradient(xy, axis=0)
    normal = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.hypot(*ahead.T)[:, None]
    sides = [xy + normal * widths[:, :1], (xy - normal * widths[:, 1:])[::-1]]
    return Polygon(np.concatenate(sides)).buffer(0)


def wander(rng: np.random.Generator, count: int, low: float, high: float, reach: float) -> NDArray[np.float64]:
    """Return (count, 2) smooth random numbers between low and high."""
    noise = gaussian_filter1d(rng.standard_normal((count, 2)), reach, axis=0)
    share = 0.5 + np.clip(noise / noise.std() / 4, -0.5, 0.5)
    return np.asarray(low + (high - low) * share)


def plot(east: float, north: float, half_x: float, half_y: float, deg: float) -> Polygon:
    """Return a rectangle turned by `deg`."""
    return rotate(box(east - half_x, north - half_y, east + half_x, north + half_y), deg, origin=(east, north))


@lru_cache(maxsize=2)
def terrain(seed: int) -> Terrain:
    """Return the ground of the exercise; the seed moves fields, forests and the shore."""
    rng = np.random.default_rng([seed, 1])
    river = smooth(RIVER)
    water = swath(river, wander(rng, 260, 24.0, 44.0, 3.0))
    roads = {name: smooth(points) for name, points in _ROADS.items()}
    town = union_all(districts()).buffer(15).difference(water.buffer(25))
    airfield = _on_airfield(0, 130, 1350, 420)
    open_ground = union_all([town.buffer(90), airfield, river.buffer(110), plot(*DEPOT).buffer(60), oval(*HALLS)])
    forest = _forest(rng).difference(open_ground)
    patches = [
        Patch(Ground.FOREST, "forest", forest),
        Patch(Ground.GRASS, "grass", river.buffer(95.0)),
        Patch(Ground.GRASS, "grass", airfield),
        Patch(Ground.WATER, "water", union_all([_lake(rng), *_ponds(rng, open_ground)])),
        Patch(Ground.WATER, "river", water),
        Patch(Ground.BUILT, "built", town),
        Patch(Ground.GRAVEL, "built", oval(*HALLS).difference(water.buffer(30))),
        Patch(Ground.GRAVEL, "built", plot(*DEPOT)),
        *(Patch(Ground.ROAD, "road", line.buffer(w).difference(water)) for line, w in _with_widths(roads)),
        *_paved(),
    ]
    bridges = tuple(_deck(roads[name], water) for name in ("highway", "by-road"))
    return Terrain(fields=tuple(_fields(rng)), patches=tuple(patches), river=river, bridges=(bridges[0], bridges[1]))


_ROADS = {"highway": HIGHWAY, "by-road": BY_ROAD, "shore": SHORE_ROAD, "range": RANGE_ROAD}


def _with_widths(roads: dict[str, LineString]) -> Iterator[tuple[LineString, float]]:
    for name, line in roads.items():
        yield line, 8.0 if name == "highway" else 5.5


def _deck(road: LineString, water: BaseGeometry) -> LineString:
    crossing = road.intersection(water.buffer(14.0))
    longest: LineString = max(getattr(crossing, "geoms", [crossing]), key=lambda part: part.length)
    return longest


def _lake(rng: np.random.Generator) -> Polygon:
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    radius = np.full_like(angle, 2850.0)
    for n, size in ((2, 260.0), (3, 240.0), (5, 150.0), (9, 60.0), (17, 25.0)):
        radius += size * np.sin(n * angle + rng.uniform(0, 2 * np.pi))
    return Polygon(np.column_stack([-5200 + radius * np.cos(angle), 5150 + radius * np.sin(angle)]))


def _ponds(rng: np.random.Generator, taken: BaseGeometry) -> Iterator[Polygon]:
    for _ in range(26):
        east, north = rng.uniform(-HALF_M, HALF_M, 2).round(0)
        pond = uneven(east, north, rng.uniform(25, 110), rng.uniform(20, 60), rng.uniform(0, 180))
        if not pond.intersects(taken):
            yield pond


def _forest(rng: np.random.Generator) -> BaseGeometry:
    grid = Grid(HALF_M + 300, 25.0)
    noise = (
        gaussian_filter(rng.standard_normal(grid.shape), 18) * 18
        + gaussian_filter(rng.standard_normal(grid.shape), 5) * 1.6
    )
    rows, cols = np.indices(grid.shape) / grid.shape[0] - 0.5
    wild = (noise + 2.1 * (cols - rows) - 1.15 > 0).astype(np.uint8)  # the north-east is wooded hills
    woods = [shape(found) for found, value in shapes(wild, mask=wild == 1, transform=grid.local) if value]
    rounded = union_all([w.buffer(-30).buffer(45).simplify(6) for w in woods if w.area > 150_000])
    return union_all([rounded, *_windbreaks()])


def _windbreaks() -> Iterator[Polygon]:
    """Yield the lattice of tree belts that shelters the pastures of this plateau."""
    for offset in range(-9000, 9001, 1500):
        yield rotate(box(-9500, offset - 28, 9500, offset + 28), LANE_DEG, origin=(0, 0))
        if offset % 3000 == 0:
            yield rotate(box(offset - 28, -9500, offset + 28, 9500), LANE_DEG, origin=(0, 0))


def _fields(rng: np.random.Generator) -> Iterator[Polygon]:
    reach = 9000.0
    waiting = [(-reach, -reach, reach, reach)]
    area = box(-HALF_M, -HALF_M, HALF_M, HALF_M)
    while waiting:
        x0, y0, x1, y1 = waiting.pop()
        wide, high = x1 - x0, y1 - y0
        if wide * high < rng.uniform(40_000, 260_000):
            parcel = rotate(box(x0 + 5, y0 + 5, x1 - 5, y1 - 5), LANE_DEG, origin=(0, 0))
            if parcel.intersects(area):
                yield parcel
            continue
        cut = rng.uniform(0.35, 0.65)
        if wide > high * rng.uniform(0.6, 1.3):
            waiting += [(x0, y0, x0 + wide * cut, y1), (x0 + wide * cut, y0, x1, y1)]
        else:
            waiting += [(x0, y0, x1, y0 + high * cut), (x0, y0 + high * cut, x1, y1)]


def _on_airfield(along: float, across: float, half_x: float, half_y: float) -> Polygon:
    east, north, deg = AIRFIELD
    c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
    return plot(east + along * c - across * s, north + along * s + across * c, half_x, half_y, deg)


def _paved() -> Iterator[Patch]:
    yield Patch(Ground.RUNWAY, "runway", _on_airfield(0, 0, 1100, 23))
    yield Patch(Ground.RUNWAY, "runway", _on_airfield(0, 170, 1000, 10))
    for along in (-1000, -350, 350, 1000):
        yield Patch(Ground.RUNWAY, "runway", _on_airfield(along, 85, 10, 90))
    yield Patch(Ground.APRON, "runway", apron())


def apron() -> Polygon:
    """Return the parking area of the airfield, local metres."""
    return _on_airfield(150, 265, 260, 85)


def hangar_sites() -> list[tuple[float, float]]:
    """Return the centres of the hangars behind the apron, local metres."""
    places = [_on_airfield(150 + along, 400, 1, 1).centroid for along in (-200, -100, 0, 100, 200)]
    return [(place.x, place.y) for place in places]
