"""What workers do in an area run: each step opens the archive by path, reads one part of the area, and leaves a file.

Everything a step is told is small; everything it finds is in its piece of the store. A step whose piece is there does
nothing. So it does not matter who does a step, how often, or who dies while doing it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.model.errors import ResourceError
from dashboard.workflows.detection.area_borders import Groups
from dashboard.workflows.detection.area_described import dates, described, described_in_parts, read
from dashboard.workflows.detection.area_found import Placed, facts
from dashboard.workflows.detection.area_job import Job, Part, edge_of
from dashboard.workflows.detection.area_known import known_of
from dashboard.workflows.detection.area_seams import Pixels, divide
from dashboard.workflows.detection.area_store import Piece, Stopped
from dashboard.workflows.detection.area_tiles import Tile
from dashboard.workflows.detection.floor import from_score
from dashboard.workflows.detection.laws import evened
from dashboard.workflows.detection.measures import Measure, Seen, TStat
from dashboard.workflows.detection.onset import onset, onset_halo
from dashboard.workflows.detection.scans import Scan

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
    outer = wide.widened(max(measure.halo, onset_halo(job.options) if dates(job) else 0), area)
    inner = wide.inside(outer)
    stacks = read(job, outer, stop)
    stop.check()
    seen = _cropped(job, measure, stacks, inner)
    when = _onset(job, measure, stacks, inner)
    layers = _layers(seen, when)
    own, handed = divide(layers, step.tile, wide, area, job.rule)
    found = from_score(job.rule.search(own, seen.step_db, when), job.least)
    stop.check()
    objects = described(job, wide, found, layers, [stack[(..., *inner)] for stack in stacks])
    _leave(step, layers[0][step.tile.inside(wide)], objects, handed)
    return step.name


def _leave(step: Part, energy: NDArray[np.float32], objects: Sequence[Placed], handed: Pixels) -> None:
    """Leave what was found in a tile in the store; its own piece last, for with it the tile is done."""
    job = step.job
    (row, col), counts = job.layout.cell_counts(step.tile, np.isfinite(energy))
    groups = Groups.of(handed, step.tile, job.layout.shape, job.rule)
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
    when = layers[3] if dates(job) else None
    found = from_score(job.rule.search(layers[0], _steps(job, layers), when), job.least)
    if max(layers.shape[1:]) <= job.dated_px:
        stacks = read(job, tile, stop) if found.found and dates(job) else []
        objects = described(job, tile, found, layers, stacks)
    else:
        objects = described_in_parts(job, tile, found, layers)
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
