"""From the pieces of a run to what is said of the area: all its objects, and the ground that was seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import ResourceError
from dashboard.raster.vectorise import polygons
from dashboard.workflows.detection.area_found import Placed, from_facts
from dashboard.workflows.detection.area_seams import Pixels, neighbourhoods
from dashboard.workflows.detection.area_steps import DATED_PX, Job, Part, handed_over
from dashboard.workflows.detection.area_store import Piece
from dashboard.workflows.detection.area_tiles import CELL
from dashboard.workflows.detection.unobserved import outline_of
from dashboard.workflows.observed import pixel_areas

CLOSE_PX = DATED_PX // 2
"""Neighbourhoods that begin in one square of so many pixels, and are no larger, are finished together."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Searched:
    """What all tiles together say, before objects across borders are finished."""

    objects: tuple[Placed, ...]
    """That lie in one tile."""
    seams: tuple[Part, ...]
    """Neighbourhoods across borders; the pieces with their pixels are written."""
    observed: NDArray[np.int64]
    """(row, column) of cells: pixels seen before and after."""
    lax: int
    """Of these, pixels with at least the energy `Job.lax`."""


def gather(job: Job) -> Searched:
    """Put the pieces of all tiles together.

    Raises
    ------
    ResourceError
        If a piece is missing: somebody else removed it.
    """
    rows, cols = job.layout.cells
    observed = np.zeros((len(rows) - 1, len(cols) - 1), np.int64)
    objects: list[Placed] = []
    handed: list[Pixels] = []
    lax = 0
    for tile in job.layout.tiles():
        piece = held(job, Part(job=job, tile=tile).name)
        objects += from_facts(piece.facts["objects"])
        lax += piece.facts["lax"]
        row, col = piece.facts["cell"]
        counts = piece.arrays["observed"]
        observed[row : row + counts.shape[0], col : col + counts.shape[1]] += counts
        if piece.arrays["place"].size:
            handed.append(handed_over(piece))
    return Searched(objects=tuple(objects), seams=tuple(_seams(job, handed)), observed=observed, lax=lax)


def gathered(job: Job, parts: Iterable[Part]) -> list[Placed]:
    """Return the objects of finished neighbourhoods."""
    return [each for part in parts for each in from_facts(held(job, part.name).facts["objects"])]


def held(job: Job, name: str) -> Piece:
    """Return a piece that was made.

    Raises
    ------
    ResourceError
        If it is not there any more.
    """
    piece = job.store.get(name)
    if piece is None:
        raise ResourceError(f"{name} is gone from {job.store.folder} or was changed there; run the same again.")
    return piece


def observed_km2(job: Job, observed: NDArray[np.int64]) -> float:
    """Return the geodesic area of the pixels that were seen before and after."""
    areas = pixel_areas(job.geobox)
    blocks = []
    for edges, at in zip((areas.rows, areas.cols), job.layout.cells, strict=True):
        middle = (at[:-1] + at[1:]) // 2
        blocks.append(np.clip(np.searchsorted(edges, middle, side="right") - 1, 0, len(edges) - 2))
    return float((observed * areas.m2[np.ix_(*blocks)]).sum()) / 1e6


def unobserved(job: Job, observed: NDArray[np.int64]) -> BaseGeometry | None:
    """Return the outline of the ground of which nothing can be said, in degrees; None where there is none.

    It is drawn in cells, those in which no pixel was seen before and after; what counts as observed counts pixels.
    """
    down, right = (phase % CELL for phase in job.layout.phase)
    corner = job.geobox.affine * Affine.translation(-right, -down) * Affine.scale(CELL)
    outline = outline_of(observed == 0, GeoBox(observed.shape, corner, job.geobox.crs))
    if outline is None:
        return None
    height, width = job.geobox.shape
    whole = GeoBox((1, 1), job.geobox.affine * Affine.scale(width, height), job.geobox.crs)
    found = outline.intersection(polygons(np.ones((1, 1), np.int32), whole)[1])  # cells at the edge reach beyond it
    return None if found.is_empty else found


def _seams(job: Job, handed: Sequence[Pixels]) -> Iterable[Part]:
    if not handed:
        return
    area = job.layout.shape
    for near in _together(neighbourhoods(Pixels.of(handed), area, job.rule), area):
        part = Part(job=job, tile=near.around(area), seam=str(int(near.place[0])))
        job.store.put(part.pixels, Piece(arrays={"place": near.place, "values": near.values}))
        yield part


def _together(every: Iterable[Pixels], area: tuple[int, int]) -> Iterable[Pixels]:
    """Join neighbourhoods that lie close together, so that their ground is read once: they stay apart in the search."""
    close: dict[tuple[int, ...], list[Pixels]] = {}
    for near in every:
        tile = near.around(area)
        small = max(tile.height, tile.width) <= CLOSE_PX
        place = (tile.top // CLOSE_PX, tile.left // CLOSE_PX) if small else (int(near.place[0]), -1, -1)
        close.setdefault(place, []).append(near)
    return [Pixels.of(group) for group in close.values()]
