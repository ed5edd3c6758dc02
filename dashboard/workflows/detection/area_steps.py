"""What workers do in an area run: each step opens the archive by path, reads one part of the area, and leaves a file.

Everything a step is told is small; everything it finds is in its piece of the store. A step whose piece is there does
nothing. So it does not matter who does a step, how often, or who dies while doing it.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.patches import Patches
from dashboard.change.points import Dated, object_dates
from dashboard.model.errors import ResourceError
from dashboard.model.progress import CancelToken
from dashboard.raster.archive import Archive
from dashboard.raster.vectorise import polygons
from dashboard.workflows.detection.area_borders import Groups
from dashboard.workflows.detection.area_found import Placed, facts, median_looks
from dashboard.workflows.detection.area_job import CACHE_BYTES, Job, Part, edge_of
from dashboard.workflows.detection.area_known import known_of
from dashboard.workflows.detection.area_seams import Pixels, divide
from dashboard.workflows.detection.area_store import Piece, Stopped
from dashboard.workflows.detection.area_tiles import Tile, part
from dashboard.workflows.detection.floor import from_score
from dashboard.workflows.detection.laws import evened
from dashboard.workflows.detection.measures import Measure, Seen, TStat
from dashboard.workflows.detection.onset import onset, onset_halo
from dashboard.workflows.detection.scans import Scan
from dashboard.workflows.detection.stacks import read_stack

_SEEN = ("energy", "before", "after", "onset")
"""Layers before those of the steps, one for each polarisation."""


def search(step: Part) -> str:
    """Search a tile: finish the objects that lie in it, hand over what reaches across its borders; return the name.

    Its piece holds the objects, observed pixels by cell, and a summary of what goes on elsewhere; the pixels of that
    are in a piece of their own, which only those read who finish it.

    Raises
    ------
    CancelledError
        If the run was stopped.
    NotFoundError, DamagedProductError, DiskFullError
        If a pixel file is missing or damaged, or there is no room for the piece.
    """
    job, stop = step.job, Stopped(step.job.store)
    if _searched(job, step):
        return step.name
    stop.check()
    area, measure = job.layout.shape, job.measure
    wide = step.tile.widened(job.rule.ring, area)
    dating = onset_halo(job.options) if isinstance(measure, TStat | Scan) else 0
    outer = wide.widened(max(measure.halo, dating), area)
    stacks = read(job, outer, stop)
    stop.check()
    seen = _cropped(job, measure, stacks, wide.inside(outer))
    dates = _onset(job, measure, stacks, wide.inside(outer))
    layers = _layers(seen, dates)
    own, handed = divide(layers, step.tile, wide, area, job.rule)
    found = from_score(job.rule.search(own, seen.step_db, dates), job.least)
    stop.check()
    inner = [stack[(..., *wide.inside(outer))] for stack in stacks]
    objects = described(job, wide, found, layers, inner)
    energy = layers[0][step.tile.inside(wide)]
    (row, col), counts = job.layout.cell_counts(step.tile, np.isfinite(energy))
    groups = Groups.of(handed, step.tile, area, job.rule)
    if handed.place.size:
        whole: dict[str, NDArray[Any]] = {"place": handed.place, "values": handed.values, "group": handed.group}
        job.store.put(edge_of(step.tile.name), Piece(arrays=whole))
    job.store.put(
        step.name,
        Piece(
            facts={"objects": facts(objects), "cell": [row, col], "lax": int((energy >= job.lax).sum())},
            arrays={"observed": counts, "table": groups.table, "place": groups.place, "group": groups.group},
        ),
    )
    return step.name


def _searched(job: Job, step: Part) -> bool:
    piece = job.store.get(step.name)
    return piece is not None and (not len(piece.arrays["table"]) or job.store.get(edge_of(step.tile.name)) is not None)


def finish(step: Part) -> str:
    """Find and describe the objects of neighbourhoods that are put together from several tiles; return the name.

    Raises
    ------
    As `search`.
    """
    job, stop = step.job, Stopped(step.job.store)
    if job.store.get(step.name) is not None:
        return step.name
    tile, layers = _put_together(job, step)
    dates = layers[3] if isinstance(job.bare, TStat | Scan) else None
    found = from_score(job.rule.search(layers[0], _steps(job, layers), dates), job.least)
    if max(layers.shape[1:]) <= job.dated_px:
        stacks = read(job, tile, stop) if found.found and dates is not None else []
        objects = described(job, tile, found, layers, stacks)
    else:
        objects = []
        for label in range(1, len(found.found) + 1):
            stop.check()
            objects.append(_apart(job, tile, layers, (found, label)))
    job.store.put(step.name, Piece(facts={"objects": facts(objects)}))
    return step.name


def _put_together(job: Job, step: Part) -> tuple[Tile, NDArray[np.float32]]:
    """The smallest rectangle that holds the pixels of a step, and their layers (layer, y, x), NaN where there is none.

    One tile's pixels are in memory at a time.
    """
    layers = np.full((len(_SEEN) + len(job.names), step.tile.height, step.tile.width), np.nan, np.float32)
    for name, groups in step.members:
        piece = job.store.get(edge_of(name))
        if piece is None:
            what = f"{edge_of(name)} is gone from {job.store.folder}"
            raise ResourceError(f"{what}; leave the folder alone, and run the same again.")
        handed_over(piece).draw(layers, step.tile, job.layout.shape, groups)
    there = np.isfinite(layers[1])  # looks are known of every pixel that was handed over, seen or not
    rows, cols = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    if not rows.size:
        return Tile(step.tile.top, step.tile.left, 1, 1), layers[:, :1, :1]
    inner = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)
    tile = Tile(
        step.tile.top + inner[0].start,
        step.tile.left + inner[1].start,
        inner[0].stop - inner[0].start,
        inner[1].stop - inner[1].start,
    )
    return tile, layers[(slice(None), *inner)]


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
    dated = _dated(job, found, stacks)
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


def _dated(job: Job, found: Patches, stacks: Sequence[xr.DataArray]) -> Sequence[Dated | None]:
    """When every object changed; nothing where the method has no such statistic."""
    measure = job.measure
    if not isinstance(measure, TStat | Scan):
        return [None] * len(found.found)
    return object_dates(stacks, found.labels, reference=measure.reference, options=job.options)


def _apart(job: Job, tile: Tile, layers: NDArray[np.float32], which: tuple[Patches, int]) -> Placed:
    """Describe one object over `tile`, reading no more of the stacks than `Job.dated_px` on a side."""
    found, label = which
    rows, cols = np.nonzero(found.labels == label)
    peak = int(np.argmax(np.nan_to_num(layers[0][rows, cols])))
    top, bottom = _about(int(rows.min()), int(rows.max()) + 1, int(rows[peak]), job.dated_px)
    left, right = _about(int(cols.min()), int(cols.max()) + 1, int(cols[peak]), job.dated_px)
    own = Patches(
        labels=(found.labels[top:bottom, left:right] == label).astype(np.int32), found=(found.found[label - 1],)
    )
    near = Tile(tile.top + top, tile.left + left, bottom - top, right - left)
    stacks = read(job, near, Stopped(job.store)) if isinstance(job.bare, TStat | Scan) else []
    (described_,) = described(job, near, own, layers[:, top:bottom, left:right], stacks)
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


def _about(first: int, last: int, middle: int, most: int) -> tuple[int, int]:
    """Ends of the stretch about `middle` within first and last, no longer than `most`."""
    start = max(first, min(middle - most // 2, last - most))
    return start, min(start + most, last)


def _first(labels: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    members = np.flatnonzero(labels)
    first = np.full(count + 1, labels.size, np.int64)
    np.minimum.at(first, labels.reshape(-1)[members], members)
    return first[1:]


def _cropped(job: Job, measure: Measure, stacks: Sequence[xr.DataArray], inner: tuple[slice, slice]) -> Seen:
    """The answer without the ring that only smoothing needed, strata made alike where chance differs between them."""
    seen, known = measure.see(stacks), known_of(job.store).calibration
    field = seen.field[inner]
    if known is not None:
        field = evened(known, field, measure.strata([stack[(..., *inner)] for stack in stacks]))
    return Seen(
        field=field,
        step_db=seen.step_db[(..., *inner)],
        looks_before=seen.looks_before[inner],
        looks_after=seen.looks_after[inner],
        stack_fields=seen.stack_fields[(..., *inner)],
    )


def _onset(
    job: Job, measure: Measure, stacks: Sequence[xr.DataArray], inner: tuple[slice, slice]
) -> NDArray[np.int16] | None:
    if not isinstance(measure, TStat | Scan):
        return None
    return onset(stacks, measure.periods, reference=measure.reference, options=job.options)[inner]


def _layers(seen: Seen, dates: NDArray[np.int16] | None) -> NDArray[np.float32]:
    looks = (seen.looks_before.astype(np.float32), seen.looks_after.astype(np.float32))
    when = np.zeros(seen.field.shape, np.float32) if dates is None else dates.astype(np.float32)
    return np.concatenate([np.stack([seen.field, *looks, when]), np.asarray(seen.step_db.values, np.float32)])


def _steps(job: Job, layers: NDArray[np.float32]) -> xr.DataArray:
    return xr.DataArray(layers[len(_SEEN) :], dims=("polarisation", "y", "x"), coords={"polarisation": list(job.names)})


def handed_over(piece: Piece) -> Pixels:
    """Return the pixels that a tile handed over."""
    return Pixels(place=piece.arrays["place"], values=piece.arrays["values"], group=piece.arrays["group"])
