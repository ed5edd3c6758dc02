"""From the pieces of a run to what is said of the area: all its objects, and the ground that was seen."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import ResourceError
from dashboard.raster.vectorise import polygons
from dashboard.workflows.detection.area_borders import Borders, Groups, together
from dashboard.workflows.detection.area_found import Placed, from_facts
from dashboard.workflows.detection.area_job import Job, Part
from dashboard.workflows.detection.area_store import Piece
from dashboard.workflows.detection.area_tiles import CELL
from dashboard.workflows.detection.floor import MOST_OBJECTS, crowded
from dashboard.workflows.detection.unobserved import outline_of
from dashboard.workflows.observed import pixel_areas


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Searched:
    """What all tiles together say, before objects across borders are finished."""

    objects: int
    """That lie in one tile: how many."""
    seams: tuple[Part, ...]
    """Neighbourhoods across borders."""
    observed: NDArray[np.int64]
    """(row, column) of cells: pixels seen before and after."""
    lax: int
    """Of these, pixels with at least the energy `Job.lax`."""


def gather(job: Job) -> Searched:
    """Put together what the pieces of all tiles say, one after the other: objects and pixels stay where they are.

    Raises
    ------
    ResourceError
        If a piece is missing: somebody else removed it.
    """
    rows, cols = job.layout.cells
    observed = np.zeros((len(rows) - 1, len(cols) - 1), np.int64)
    borders = Borders(job.layout.shape, job.rule)
    objects = lax = 0
    for tile in job.layout.tiles():
        piece = held(job, Part(job=job, tile=tile).name)
        objects += len(piece.facts["objects"])
        lax += piece.facts["lax"]
        row, col = piece.facts["cell"]
        counts = piece.arrays["observed"]
        observed[row : row + counts.shape[0], col : col + counts.shape[1]] += counts
        borders.add(tile, Groups(table=piece.arrays["table"], place=piece.arrays["place"], group=piece.arrays["group"]))
    near = together(borders.neighbourhoods(), job.dated_px // 2)
    seams = tuple(Part(job=job, tile=each.window, members=each.members) for each in near)
    return Searched(objects=objects, seams=seams, observed=observed, lax=lax)


def collected(job: Job, parts: Iterable[Part]) -> tuple[list[Placed], float]:
    """Return the objects of finished parts in reading order, and the score that they begin at.

    No more than twice what one run records is in memory at a time: of more, the weaker are let go as they come.
    """
    kept: list[Placed] = []
    least = job.least
    for part in parts:
        kept += [each for each in placed(job, part) if each.patch.score >= least]
        if len(kept) > 2 * MOST_OBJECTS:
            kept, least = _strongest(kept, least)
    kept, least = _strongest(kept, least)
    return sorted(kept, key=lambda one: one.place), least


def placed(job: Job, part: Part) -> list[Placed]:
    """Return the objects of a finished part."""
    return from_facts(held(job, part.name).facts["objects"])


def all_parts(job: Job, seams: Sequence[Part]) -> Iterator[Part]:
    """Yield every tile, then what was finished across borders."""
    yield from (Part(job=job, tile=tile) for tile in job.layout.tiles())
    yield from seams


def _strongest(found: list[Placed], least: float) -> tuple[list[Placed], float]:
    least = max(least, crowded([each.patch.score for each in found], least))
    return [each for each in found if each.patch.score >= least], least


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
