"""What workers do in an area run: each step opens the archive by path, reads one part of the area, and leaves a file.

Everything a step is told is small; everything it finds is in its piece of the store. A step whose piece is there does
nothing. So it does not matter who does a step, how often, or who dies while doing it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.change.energy import Options
from dashboard.change.patches import Patches
from dashboard.change.periods import Periods
from dashboard.change.points import object_dates
from dashboard.model.errors import ResourceError
from dashboard.model.progress import CancelToken
from dashboard.raster.archive import Archive
from dashboard.raster.vectorise import polygons
from dashboard.workflows.detection.area_found import Placed, facts, median_looks
from dashboard.workflows.detection.area_known import known_of
from dashboard.workflows.detection.area_seams import Pixels, Rule, divide
from dashboard.workflows.detection.area_store import Piece, Stopped, Store
from dashboard.workflows.detection.area_tiles import Layout, Tile, part
from dashboard.workflows.detection.floor import from_score
from dashboard.workflows.detection.laws import evened
from dashboard.workflows.detection.looks import ChosenStack
from dashboard.workflows.detection.measures import Seen, TStat
from dashboard.workflows.detection.onset import onset, onset_halo
from dashboard.workflows.detection.stacks import read_stack

CACHE_BYTES = 64 * 2**20
"""Decoded blocks that one worker keeps: what two neighbouring layers of a tile share, no more."""
DATED_PX = 1024
"""An object that is wider is dated by its part within so many pixels, about the strongest pixel."""
_SEEN = ("energy", "before", "after", "onset")
"""Layers before those of the steps, one for each polarisation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything that the steps of one run share."""

    archive: Path
    """The archive's folder, the same path for every worker."""
    store: Store
    stacks: tuple[ChosenStack, ...]
    geobox: GeoBox
    layout: Layout
    periods: Periods
    options: Options
    looks: tuple[int, int]
    rule: Rule
    lax: float
    """Energies from here on are counted: as many as in the past, unless the whole scene changed."""
    least: float = -math.inf
    """Score from which objects are kept."""

    @property
    def measure(self) -> TStat:
        """The statistic, with what it needs of the whole area from the store."""
        known = known_of(self.store)
        return TStat(periods=self.periods, options=self.options, reference=known.reference, looks=self.looks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One step: a tile to search, or some neighbourhoods across borders to finish."""

    job: Job
    tile: Tile
    seam: str = ""
    """Place of the first pixel of neighbourhoods that lie in `tile`; empty for a tile to search."""

    @property
    def name(self) -> str:
        """Return the name of the piece that the step leaves."""
        return f"seam-{self.seam}" if self.seam else f"tile-{self.tile.name}"

    @property
    def pixels(self) -> str:
        """Return the name of the piece that holds the pixels of the neighbourhoods."""
        return f"near-{self.seam}"


def search(step: Part) -> str:
    """Search a tile: finish the objects that lie in it, hand over what reaches across its borders; return the name.

    The piece holds the objects, observed pixels by cell, and pixels of neighbourhoods that go on elsewhere.

    Raises
    ------
    CancelledError
        If the run was stopped.
    NotFoundError, DamagedProductError, DiskFullError
        If a pixel file is missing or damaged, or there is no room for the piece.
    """
    job, stop = step.job, Stopped(step.job.store)
    if job.store.get(step.name) is not None:
        return step.name
    stop.check()
    area = job.layout.shape
    measure = job.measure
    wide = step.tile.widened(job.rule.ring, area)
    outer = wide.widened(max(measure.halo, onset_halo(job.options)), area)
    stacks = read(job, outer, stop)
    stop.check()
    seen = _cropped(job, measure.see(stacks), stacks, wide.inside(outer))
    dates = onset(stacks, job.periods, reference=measure.reference, options=job.options)[wide.inside(outer)]
    layers = _layers(seen, dates)
    own, handed = divide(layers, step.tile, wide, area, job.rule)
    found = from_score(job.rule.search(own, seen.step_db, dates), job.least)
    stop.check()
    inner = [stack[(..., *wide.inside(outer))] for stack in stacks]
    objects = described(job, wide, found, layers, inner)
    energy = layers[0][step.tile.inside(wide)]
    (row, col), counts = job.layout.cell_counts(step.tile, np.isfinite(energy))
    job.store.put(
        step.name,
        Piece(
            facts={"objects": facts(objects), "cell": [row, col], "lax": int((energy >= job.lax).sum())},
            arrays={"observed": counts, "place": handed.place, "values": handed.values},
        ),
    )
    return step.name


def finish(step: Part) -> str:
    """Find and describe the objects of neighbourhoods that were put together from several tiles; return the name.

    Raises
    ------
    As `search`.
    """
    job, stop = step.job, Stopped(step.job.store)
    if job.store.get(step.name) is not None:
        return step.name
    held = job.store.get(step.pixels)
    if held is None:
        raise ResourceError(f"{step.pixels} is gone from {job.store.folder}; leave the folder alone, and run again.")
    layers = handed_over(held).image(job.layout.shape)
    found = from_score(job.rule.search(layers[0], _steps(job, layers), layers[3]), job.least)
    if max(layers.shape[1:]) <= DATED_PX:
        stacks = read(job, step.tile, stop) if found.found else []
        objects = described(job, step.tile, found, layers, stacks)
    else:
        objects = []
        for label in range(1, len(found.found) + 1):
            stop.check()
            objects.append(_apart(job, step.tile, layers, (found, label)))
    job.store.put(step.name, Piece(facts={"objects": facts(objects)}))
    return step.name


def read(job: Job, tile: Tile, cancel: CancelToken | None) -> list[xr.DataArray]:
    """Return every stack on a part of the area, its coordinates those of the area to the last bit."""
    found = [read_stack(archive_at(job.archive), chosen, part(job.geobox, tile), cancel) for chosen in job.stacks]
    y, x = (job.geobox.coordinates[name].values for name in job.geobox.dimensions)
    rows, cols = tile.slices
    return [stack.assign_coords(y=y[rows], x=x[cols]) for stack in found]


@lru_cache(maxsize=2)
def archive_at(root: Path) -> Archive:
    """Return this process's archive, opened once."""
    return Archive(root, CACHE_BYTES)


def described(
    job: Job, tile: Tile, found: Patches, layers: NDArray[np.float32], stacks: Sequence[xr.DataArray]
) -> list[Placed]:
    """Return the objects of an array over `tile` with all that is said of them."""
    if not found.found:
        return []
    dated = object_dates(stacks, found.labels, reference=job.measure.reference, options=job.options)
    looks = median_looks(found.labels, layers[1], layers[2], len(found.found))
    outlines = polygons(found.labels, part(job.geobox, tile))
    first = _first(found.labels, len(found.found))
    width = job.layout.shape[1]
    return [
        Placed(
            place=int((first[at] // tile.width + tile.top) * width + first[at] % tile.width + tile.left),
            patch=patch,
            looks=looks[at],
            dated=dated[at],
            outline=outlines[at + 1],
        )
        for at, patch in enumerate(found.found)
    ]


def _apart(job: Job, tile: Tile, layers: NDArray[np.float32], which: tuple[Patches, int]) -> Placed:
    """Describe one object over `tile`, reading no more of the stacks than `DATED_PX` on a side."""
    found, label = which
    rows, cols = np.nonzero(found.labels == label)
    peak = int(np.argmax(np.nan_to_num(layers[0][rows, cols])))
    top, bottom = _about(int(rows.min()), int(rows.max()) + 1, int(rows[peak]))
    left, right = _about(int(cols.min()), int(cols.max()) + 1, int(cols[peak]))
    own = Patches(
        labels=(found.labels[top:bottom, left:right] == label).astype(np.int32), found=(found.found[label - 1],)
    )
    near = Tile(tile.top + top, tile.left + left, bottom - top, right - left)
    (described_,) = described(job, near, own, layers[:, top:bottom, left:right], read(job, near, Stopped(job.store)))
    if (near.height, near.width) == (int(np.ptp(rows)) + 1, int(np.ptp(cols)) + 1):
        return described_
    whole = (found.labels == label).astype(np.int32)
    place = (int(rows[0]) + tile.top) * job.layout.shape[1] + int(cols[0]) + tile.left
    return replace(
        described_,
        place=place,
        looks=median_looks(whole, layers[1], layers[2], 1)[0],
        outline=polygons(whole, part(job.geobox, tile))[1],
    )


def _about(first: int, last: int, middle: int) -> tuple[int, int]:
    """Ends of the stretch about `middle` within first and last, no longer than `DATED_PX`."""
    start = max(first, min(middle - DATED_PX // 2, last - DATED_PX))
    return start, min(start + DATED_PX, last)


def _first(labels: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    members = np.flatnonzero(labels)
    first = np.full(count + 1, labels.size, np.int64)
    np.minimum.at(first, labels.reshape(-1)[members], members)
    return first[1:]


def _cropped(job: Job, seen: Seen, stacks: Sequence[xr.DataArray], inner: tuple[slice, slice]) -> Seen:
    """The answer without the ring that only smoothing needed, strata made alike."""
    strata = job.measure.strata([stack[(..., *inner)] for stack in stacks])
    return Seen(
        field=evened(known_of(job.store).calibration, seen.field[inner], strata),
        step_db=seen.step_db[(..., *inner)],
        looks_before=seen.looks_before[inner],
        looks_after=seen.looks_after[inner],
        stack_fields=seen.stack_fields[(..., *inner)],
    )


def _layers(seen: Seen, dates: NDArray[np.int16]) -> NDArray[np.float32]:
    looks = (seen.looks_before.astype(np.float32), seen.looks_after.astype(np.float32))
    return np.concatenate(
        [np.stack([seen.field, *looks, dates.astype(np.float32)]), np.asarray(seen.step_db.values, np.float32)]
    )


def _steps(job: Job, layers: NDArray[np.float32]) -> xr.DataArray:
    names = list(dict.fromkeys(name for stack in job.stacks for name in stack.polarisations))
    return xr.DataArray(layers[len(_SEEN) :], dims=("polarisation", "y", "x"), coords={"polarisation": names})


def handed_over(piece: Piece) -> Pixels:
    """Return the pixels that a tile handed over."""
    return Pixels(place=piece.arrays["place"], values=piece.arrays["values"])
