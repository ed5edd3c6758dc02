"""Which passes a question is answered from, and their pixels on one grid."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.catalog.query import AcquisitionQuery
from dashboard.model.acquisition import Acquisition
from dashboard.model.errors import InputError, NotComparableError, UnknownUnitsError
from dashboard.model.progress import CancelToken
from dashboard.model.stack import mismatches
from dashboard.raster.archive import Archive
from dashboard.workflows.detection.looks import ChosenStack, Pass, passes_of
from dashboard.workflows.detection.question import Question
from dashboard.workflows.extent import Box, box_of
from dashboard.workflows.passes import PASS_SECONDS, touching
from dashboard.workflows.workspace import Workspace

__all__ = [
    "ChosenStack",
    "Pass",
    "amplitude_scale",
    "chosen_stacks",
    "in_power",
    "passes_of",
    "read_into",
    "read_stack",
    "require",
    "stack_array",
]

_PASS = timedelta(seconds=PASS_SECONDS)
_DN = 1 << 16

Part = tuple[slice, slice]
"""Rows and columns of a grid."""
_EVERYTHING: Part = (slice(None), slice(None))


def chosen_stacks(
    workspace: Workspace, question: Question, bbox: Box, *, between: bool = False
) -> tuple[ChosenStack, ...]:
    """Return the calibrated looks with pixels over a box that answer a question, stack by stack.

    Parameters
    ----------
    workspace
        The catalogue is asked once a stack.
    question
        Its anchors name the stacks; two that name one stack give one.
    bbox
        (west, south, east, north), degrees.
    between
        Also the looks after the first period and before the second: they are compared with nothing, but show when a
        change happened.

    Returns
    -------
    tuple[ChosenStack, ...]
        In the order of the anchors; a stack without a look in either period here is left out.

    Raises
    ------
    UnknownUnitsError
        If an anchor is uncalibrated.
    NotComparableError
        If an anchor is no radar's, or has none of the polarisations asked for.
    NotFoundError
        If there is no such acquisition.
    """
    chosen: list[ChosenStack] = []
    for name in dict.fromkeys(question.anchors):
        anchor = workspace.catalog.acquisitions.get(name)
        if any(_of_stack(other.anchor, anchor) for other in chosen):
            continue
        polarisations = _polarisations(anchor, question.polarisations)
        query = AcquisitionQuery(
            bbox=bbox,
            period=(question.before[0] - _PASS, question.after[1] + _PASS),
            stack_with=anchor,
            with_pixels=True,
        )
        found = [acq for acq in workspace.catalog.acquisitions.find(query) if _of_stack(anchor, acq)]
        passes = [one for one in passes_of(found) if _asked(one, question, between) and one.files(polarisations)]
        if any(each.start <= question.before[1] or each.start >= question.after[0] for each in passes):
            chosen.append(ChosenStack(anchor=anchor, polarisations=polarisations, passes=tuple(passes)))
    return tuple(chosen)


def read_stack(
    archive: Archive, chosen: ChosenStack, geobox: GeoBox, cancel: CancelToken | None = None
) -> xr.DataArray:
    """Read a stack's looks on a grid.

    Parameters
    ----------
    archive
        Where the pixels are.
    chosen
        Which looks.
    geobox
        Any grid.
    cancel
        Looked at between two reads.

    Returns
    -------
    xr.DataArray
        (time, polarisation, y, x) float32 linear power, NaN where a pass did not look or lacks the polarisation; the
        first valid member of a pass counts. Times are naive UTC, y and x the centres of the pixels on the grid.

    Raises
    ------
    CancelledError
        If `cancel` was set.
    NotFoundError, DamagedProductError
        If a file is missing or cannot be decoded.
    """
    shape = len(chosen.passes), len(chosen.polarisations), *map(int, geobox.shape)
    power = np.empty(shape, np.float32)
    read_into(archive, chosen, geobox, power, [(place, _EVERYTHING) for place in np.ndindex(shape[:2])], cancel)
    return stack_array(power, chosen, geobox)


def read_into(
    archive: Archive,
    chosen: ChosenStack,
    geobox: GeoBox,
    values: NDArray[np.float32] | NDArray[np.uint16],
    jobs: Iterable[tuple[tuple[int, ...], Part]],
    cancel: CancelToken | None = None,
) -> None:
    """Read rectangles of layers into a (time, polarisation, y, x) array on `geobox`, several at once.

    Into float32 goes linear power, NaN where nothing was seen; into uint16 the archive's own amplitude, 0 there, for a
    quick look that is not recorded: not every checksum is verified. Each job is the (time, polarisation) of a layer and
    the (rows, columns) of it that are wanted.

    Raises
    ------
    CancelledError
        If `cancel` was set; some of the array is written then.
    NotFoundError, DamagedProductError
        If a file is missing or cannot be decoded.
    """
    boxes: dict[str, tuple[GeoBox, Box]] = {}

    def layer(job: tuple[tuple[int, ...], Part]) -> None:
        if cancel is not None:
            cancel.check()
        (time, plane), (rows, cols) = job
        grid, box = boxes[str(job[1])]
        _read_layer(
            archive, chosen.passes[time], chosen.polarisations[plane], (grid, box), values[time, plane, rows, cols]
        )

    wanted = list(jobs)
    for _, part in wanted:
        if str(part) not in boxes:
            boxes[str(part)] = geobox[part], box_of(geobox[part])
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 2), thread_name_prefix="stack") as pool:
        try:
            for _ in pool.map(layer, wanted):
                pass
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def stack_array(values: NDArray[np.float32] | NDArray[np.uint16], chosen: ChosenStack, geobox: GeoBox) -> xr.DataArray:
    """Return a stack array over the (time, polarisation, y, x) values of a chosen stack; y and x are pixel centres."""
    y, x = (geobox.coordinates[name].values for name in geobox.dimensions)
    coords = {"time": chosen.times, "polarisation": list(chosen.polarisations), "y": y, "x": x}
    dims = ("time", "polarisation", "y", "x")
    units = "amplitude" if values.dtype == np.uint16 else "linear power"
    return xr.DataArray(values, coords=coords, dims=dims, attrs={"units": units})


def amplitude_scale(chosen: ChosenStack) -> float | None:
    """Return the one scale of all looks of a stack; None where they have several, so that amplitudes say nothing."""
    scales = {acq.pixels.amplitude_scale for each in chosen.passes for acq in each.members if acq.pixels}
    return scales.pop() if len(scales) == 1 else None


def in_power(array: xr.DataArray, chosen: ChosenStack) -> xr.DataArray:
    """Return a stack array as linear power, NaN where nothing was seen, whatever it holds."""
    scale = amplitude_scale(chosen)
    if array.dtype != np.uint16 or scale is None:
        return array
    power = np.take(_powers(scale), array.values, mode="clip")
    power.flags.writeable = False
    return array.copy(data=power).assign_attrs(units="linear power")


def _read_layer(
    archive: Archive,
    one: Pass,
    polarisation: str,
    where: tuple[GeoBox, Box],
    out: NDArray[np.float32] | NDArray[np.uint16],
) -> None:
    """Fill one (y, x) layer; for power every DN goes through a table straight into its place."""
    raw = out.dtype == np.uint16
    amplitude: NDArray[Any] = out if raw else np.empty(out.shape, np.uint16)
    scale = _read_amplitude(archive, one, polarisation, where, amplitude, checked=not raw)
    if not raw:
        np.take(_powers(scale), amplitude, out=out, mode="clip")


def _read_amplitude(
    archive: Archive, one: Pass, polarisation: str, where: tuple[GeoBox, Box], out: NDArray[np.uint16], *, checked: bool
) -> float:
    """Fill one (y, x) layer with DN, of the first member that has any; return their scale."""
    geobox, box = where
    scale, filled = 1.0, False
    for member in touching(one.members, box):
        pixels = member.pixels
        if pixels is None or pixels.file(polarisation) is None:
            continue
        scale = pixels.amplitude_scale
        if not filled:
            archive.amplitude_into(pixels, polarisation, geobox, out, checked=checked)
        else:
            further = np.empty(out.shape, np.uint16)
            archive.amplitude_into(pixels, polarisation, geobox, further, checked=checked)
            np.copyto(out, further, where=out == 0)
        filled = True
    if not filled:
        out.fill(0)
    return scale


@lru_cache(maxsize=8)
def _powers(scale: float) -> NDArray[np.float32]:
    """Linear power of every DN; NaN for 0, no data."""
    table: NDArray[np.float32] = np.square(np.arange(_DN, dtype=np.float32) / np.float32(scale))
    table[0] = np.nan
    table.flags.writeable = False
    return table


def _polarisations(anchor: Acquisition, asked: tuple[str, ...]) -> tuple[str, ...]:
    if anchor.optical:
        raise NotComparableError(f"{anchor.id} is no radar's; choose acquisitions of radar stacks.")
    if not anchor.calibration.valid:
        what = f"No change statistic with {anchor.id}: it is uncalibrated: {anchor.calibration.why_not}."
        raise UnknownUnitsError(f"{what} Ingest calibrated products, or compare the pictures by eye.")
    if anchor.pixels is None:
        raise NotComparableError(f"{anchor.id} has no pixels here; ingest it, or choose another of its stack.")
    archived = tuple(file.polarisation for file in anchor.pixels.files)
    kept = tuple(name for name in archived if not asked or name in asked)
    if not kept:
        what = f"{anchor.id} has {', '.join(archived) or 'no pixels'} and not {', '.join(asked)}"
        raise NotComparableError(f"{what}; ask for one of those, or for another stack.")
    return kept


def _of_stack(anchor: Acquisition, acq: Acquisition) -> bool:
    """Whether two can be compared in numbers: one geometry, one calibrated quantity."""
    same = acq.calibration.valid and acq.calibration.quantity == anchor.calibration.quantity
    return same and not mismatches(anchor, acq)


def _asked(one: Pass, question: Question, between: bool) -> bool:  # noqa: FBT001 - handed down
    (first, last), (again, end) = question.before, question.after
    return first <= one.start <= last or again <= one.start <= end or (between and last < one.start < again)


def require(chosen: Sequence[ChosenStack], question: Question) -> None:
    """Raise unless some stack looked both before and after.

    Raises
    ------
    InputError
        Saying how many looks there are of each.
    """
    counts = [(len(each.within(question.before)), len(each.within(question.after))) for each in chosen]
    if any(before and after for before, after in counts):
        return
    said = "; ".join(
        f"{each.anchor.constellation}: {before} before, {after} after"
        for each, (before, after) in zip(chosen, counts, strict=True)
    )
    what = f"No stack looked here both before and after ({said or 'no looks at all'})"
    raise InputError(f"{what}; widen the periods, move the area, or choose other stacks.")
