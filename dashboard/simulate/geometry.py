"""What a side-looking radar makes of things that stand up: layover towards it, corner lines, shadow away from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely import LineString

from dashboard.simulate.ground import Grid, convergence_deg
from dashboard.simulate.kernels import fill
from dashboard.simulate.town import Buildings

Floats = NDArray[np.float64]
Real = NDArray[np.float32]
CORNER_WIDTH_M = 3.0
FACADE = 0.3
"""Diffuse return of a wall in its layover, per unit of how squarely it faces the radar."""
ROOF = 0.12
CORNER = 12.0
"""Corner return of an 8 m wall seen squarely, linear power over `CORNER_WIDTH_M`."""


@dataclass(frozen=True, slots=True)
class Look:
    """From where the radar sees the ground."""

    azimuth_deg: float
    """Direction on the ground in which it looks, clockwise from true north."""
    incidence_deg: float

    @property
    def away(self) -> Floats:
        """Unit vector (east, north) of the grid, pointing away from the radar."""
        angle = np.radians(self.azimuth_deg - convergence_deg())
        return np.array([np.sin(angle), np.cos(angle)])

    def layover_m(self, height: Floats) -> Floats:
        """Return how far a height is drawn towards the radar, metres on the ground."""
        return np.asarray(height / np.tan(np.radians(self.incidence_deg)))

    def shadow_m(self, height: Floats) -> Floats:
        """Return how far a height hides the ground behind it, metres."""
        return np.asarray(height * np.tan(np.radians(self.incidence_deg)))


@dataclass(frozen=True, slots=True)
class Relief:
    """Images of what stands up, on one grid."""

    steady: Real
    """Power of fixed phasors."""
    added: Real
    """Diffuse power on top of the ground's."""
    hidden: Real
    """Share of each pixel in shadow, 0 and up."""

    @classmethod
    def empty(cls, grid: Grid) -> "Relief":
        """Return flat ground."""
        return cls(*(np.zeros(grid.shape, np.float32) for _ in range(3)))


def stand(relief: Relief, buildings: Buildings, look: Look, grid: Grid, aspect_deg: float) -> None:
    """Draw standing buildings into `relief`: roof, walls in layover, corner lines, shadow.

    Parameters
    ----------
    relief : written to
    buildings : boxes in local metres
    look : where the radar is
    grid : of the images
    aspect_deg : half width of the corner reflection in angle between wall and look
    """
    corners = buildings.corners()
    start, end = corners, np.roll(corners, -1, axis=1)
    edge = end - start
    outward = np.stack([edge[..., 1], -edge[..., 0]], axis=-1) / np.linalg.norm(edge, axis=-1, keepdims=True)
    facing = -(outward @ look.away)
    lay = -look.away * look.layover_m(buildings.height)[:, None]
    dark = look.away * look.shadow_m(buildings.height)[:, None]
    deep = np.minimum(1.0, 1.2 * buildings.half.min(axis=1) / look.layover_m(buildings.height))
    near, far = facing > 0.05, facing < -0.05
    _sweep(relief.hidden, (start, end), (lay * deep[:, None], dark), far, np.ones_like(facing), grid)
    _sweep(relief.added, (start, end), (np.zeros_like(lay), lay), near, FACADE * facing, grid)
    fill(relief.added, grid.pixels(corners + lay[:, None, :]), (ROOF * np.sqrt(buildings.gain)).astype(np.float32))
    squarely = np.exp(-((np.degrees(np.arccos(np.clip(facing, -1, 1))) / aspect_deg) ** 2)) + 0.012
    power = CORNER * squarely * (buildings.height * buildings.gain / 8.0)[:, None]
    thick = np.broadcast_to(-look.away * CORNER_WIDTH_M, lay.shape)
    _sweep(relief.steady, (start, end), (np.zeros_like(lay), thick), near, power, grid)


def _sweep(
    out: Real,
    edges: tuple[Floats, Floats],
    moved: tuple[Floats, Floats],
    chosen: NDArray[np.bool_],
    values: Floats,
    grid: Grid,
) -> None:
    """Fill what the chosen edges of each building (n, 4, 2) pass over between two displacements (n, 2)."""
    start, end = edges
    a, b = (shift[:, None, :] for shift in moved)
    quads = np.stack([start + a, end + a, end + b, start + b], axis=2)[chosen]
    fill(out, np.ascontiguousarray(grid.pixels(quads)), values[chosen].astype(np.float32))


def ruin(relief: Relief, buildings: Buildings, look: Look, grid: Grid, rng: np.random.Generator) -> None:
    """Draw destroyed buildings: no walls, no shadow; rubble brightens the footprint and part of the old layover."""
    corners = buildings.corners()
    rubble = 10 ** (rng.uniform(-15.5, -10.0, len(corners)) / 10)
    fill(relief.added, grid.pixels(corners), rubble.astype(np.float32))
    thrown = corners - (look.away * look.layover_m(buildings.height * 0.45)[:, None])[:, None, :]
    fill(relief.added, grid.pixels(thrown), (rubble * 0.7).astype(np.float32))


def points(relief: Relief, places: Floats, size_m: tuple[float, float], power: Floats, grid: Grid) -> None:
    """Draw small bright things as steady rectangles of a size, metres, at (n, 2) local places."""
    half = np.asarray(size_m) / 2
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)
    fill(relief.steady, grid.pixels(places[:, None, :] + signs * half), power.astype(np.float32))


def ribbon(line: LineString, width_m: float) -> Floats:
    """Return a line of some width as (n, 4, 2) quadrilaterals, one per segment."""
    xy = np.asarray(line.coords)
    ahead = np.diff(xy, axis=0)
    normal = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.linalg.norm(ahead, axis=1)[:, None] * width_m / 2
    return np.stack([xy[:-1] - normal, xy[1:] - normal, xy[1:] + normal, xy[:-1] + normal], axis=1)


def squareness(quads: Floats, look: Look) -> Floats:
    """Return how squarely each segment of a ribbon lies across the look, 0 to 1."""
    ahead = quads[:, 1] - quads[:, 0]
    return np.asarray(np.abs(ahead @ np.array([look.away[1], -look.away[0]])) / np.linalg.norm(ahead, axis=1))
