"""What is said of the objects of an area: where, by how many looks, since when; the stacks are read where they lie."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage

from dashboard.change.patches import Patches
from dashboard.change.points import Dated, object_dates
from dashboard.model.progress import CancelToken
from dashboard.raster.archive import Archive
from dashboard.raster.vectorise import polygons
from dashboard.workflows.detection.area_found import Placed, median_looks
from dashboard.workflows.detection.area_job import CACHE_BYTES, Job
from dashboard.workflows.detection.area_store import Stopped
from dashboard.workflows.detection.area_tiles import Tile, part
from dashboard.workflows.detection.measures import TStat
from dashboard.workflows.detection.scans import Scan
from dashboard.workflows.detection.stacks import read_stack


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


def dates(job: Job) -> bool:
    """Whether the method of a job says when an object changed."""
    return isinstance(job.bare, TStat | Scan)


def described_in_parts(job: Job, tile: Tile, found: Patches, layers: NDArray[np.float32]) -> list[Placed]:
    """Return the objects of an array over a `tile` that is too large to read the stacks on all of it.

    Those that lie close together are read together, wider ones one by one, by their part about the strongest pixel.
    """
    stop, half = Stopped(job.store), job.dated_px // 2
    close: dict[tuple[int, ...], list[int]] = {}
    boxes = [(box[0], box[1]) for box in ndimage.find_objects(found.labels)]
    for label, (rows, cols) in enumerate(boxes, start=1):
        small = max(rows.stop - rows.start, cols.stop - cols.start) <= half
        close.setdefault((rows.start // half, cols.start // half) if small else (-label,), []).append(label)
    placed = []
    for labels in close.values():
        stop.check()
        rows, cols = _around([boxes[label - 1] for label in labels])
        number = np.zeros(len(boxes) + 1, np.int32)
        number[labels] = np.arange(1, len(labels) + 1)
        own = Patches(labels=number[found.labels[rows, cols]], found=tuple(found.found[label - 1] for label in labels))
        near = Tile(tile.top + rows.start, tile.left + cols.start, *own.labels.shape)
        placed += _read_and_described(job, near, own, layers[:, rows, cols])
    return placed


def _read_and_described(job: Job, tile: Tile, found: Patches, layers: NDArray[np.float32]) -> list[Placed]:
    if max(tile.height, tile.width) > job.dated_px:
        return [_apart(job, tile, found, layers)]
    stacks = read(job, tile, Stopped(job.store)) if dates(job) else []
    return described(job, tile, found, layers, stacks)


def _apart(job: Job, tile: Tile, found: Patches, layers: NDArray[np.float32]) -> Placed:
    """Describe the one object over `tile`, reading no more of the stacks than `Job.dated_px` on a side."""
    rows, cols = np.nonzero(found.labels)
    peak = int(np.argmax(np.nan_to_num(layers[0][rows, cols])))
    top, bottom = _about(0, tile.height, int(rows[peak]), job.dated_px)
    left, right = _about(0, tile.width, int(cols[peak]), job.dated_px)
    near = Tile(tile.top + top, tile.left + left, bottom - top, right - left)
    own = replace(found, labels=found.labels[top:bottom, left:right])
    (part_of,) = _read_and_described(job, near, own, layers[:, top:bottom, left:right])
    return replace(
        part_of,
        place=(int(rows[0]) + tile.top) * job.layout.shape[1] + int(cols[0]) + tile.left,
        looks=median_looks(found.labels, layers[1], layers[2], 1)[0],
        outline=polygons(found.labels, part(job.geobox, tile))[1],
    )


def _around(boxes: Sequence[tuple[slice, slice]]) -> tuple[slice, slice]:
    rows, cols = ([box[axis] for box in boxes] for axis in (0, 1))
    return _hull(rows), _hull(cols)


def _hull(spans: Sequence[slice]) -> slice:
    return slice(min(span.start for span in spans), max(span.stop for span in spans))


def _about(first: int, last: int, middle: int, most: int) -> tuple[int, int]:
    """Ends of the stretch about `middle` within first and last, no longer than `most`."""
    start = max(first, min(middle - most // 2, last - most))
    return start, min(start + most, last)


def _first(labels: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    members = np.flatnonzero(labels)
    first = np.full(count + 1, labels.size, np.int64)
    np.minimum.at(first, labels.reshape(-1)[members], members)
    return first[1:]
