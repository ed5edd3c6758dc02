"""What a reviewer looks at: a change before and after on one stretch, their ratio, and the ground's whole history."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from scipy import ndimage

from dashboard.catalog.query import AcquisitionQuery
from dashboard.geo.mercator import project, to_lonlat
from dashboard.model.acquisition import Acquisition
from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.errors import NotFoundError
from dashboard.model.stack import mismatches
from dashboard.render.levels import RATIO_LIMIT_DB
from dashboard.workflows.detection.looks import ChosenStack, Pass, passes_of
from dashboard.workflows.detection.stacks import read_stack
from dashboard.workflows.passes import PASS_SECONDS
from dashboard.workflows.workspace import Workspace

Ring = tuple[tuple[float, float], ...]
Power = NDArray[np.float32]

AROUND = 2.5
"""Width of a chip in widths of the change."""
MOST_LOOKS = 400
"""Of a stack in a history, the latest."""
_STRETCH = (1.0, 99.0)
"""Percentiles drawn black and white."""
_NARROWEST_DB = 3.0
_SMOOTH_PX = 3
_FINEST = 0.5
"""Pixels of a chip are at least so many of the acquisition's own: an object of four pixels is still seen."""
_MOST_INSIDE = 128
"""Pixels along a side that a mean is taken over; larger changes are read coarser."""
_SEEN_SHARE = 0.5
"""Of the change that a look has to cover for its mean to be one of the change."""
_PASS = timedelta(seconds=PASS_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chips:
    """Three small pictures of one change on one grid, north up."""

    polarisation: str
    before: NDArray[np.uint8]
    """(y, x) grey, 1 to 255; 0 = not observed."""
    after: NDArray[np.uint8]
    """(y, x) grey on the stretch of `before`."""
    ratio: NDArray[np.uint8]
    """(y, x) of power averaged over 3 by 3 pixels: 0 = not observed, 128 = equal, 1 to 255 linear in decibels over plus
    and minus `RATIO_LIMIT_DB`."""
    limits_db: tuple[float, float]
    """Drawn black and white in `before` and `after`."""
    outline: tuple[Ring, ...]
    """Rings of the change in pixels (x, y), (0, 0) the upper left corner of the picture."""
    stamps: tuple[datetime, datetime]
    """Start of the look before and of the look after, both of one stack."""
    ids: tuple[str, str]
    """The acquisitions shown; the first of each look."""
    pixel_m: float
    """Side of a pixel on the ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Mean backscatter inside a change over time: one stack, one polarisation."""

    stack: str
    """In words."""
    polarisation: str
    times: tuple[datetime, ...]
    mean_db: tuple[float, ...]
    """Of the mean power inside; NaN where a look saw less than half of it."""
    ids: tuple[str, ...]
    """Acquisition of each look; the first of it."""
    interval: tuple[datetime, datetime]
    """When the change happened: after the first, before the second."""


def chips(
    workspace: Workspace, change: DetectedChange, run: ChangeRun, *, size_px: int = 120, polarisation: str | None = None
) -> Chips | None:
    """Return the last look before a change and the first one after it, both of one stack, and their ratio.

    Parameters
    ----------
    change, run : of the catalogue
    size_px : side of a picture
    polarisation : None, or one that the stack lacks: the one in which the change is strongest

    Returns
    -------
    None where no stack of the run has pixels of both looks here any more.
    """
    for stack in _stacks(workspace, change, run):
        looks = _around(stack, change)
        if looks is None:
            continue
        spacing = stack.anchor.pixels.spacing_m if stack.anchor.pixels else 10.0
        grid, pixel_m = _grid(change, size_px, AROUND, spacing * _FINEST)
        shown = replace(stack, polarisations=(_chosen(stack, change, polarisation),), passes=looks)
        power = read_stack(workspace.archive, shown, grid).values[:, 0]
        if not np.isfinite(power).any(axis=(1, 2)).all():
            continue
        low, high = _limits(power)
        before, after = (_grey(each, low, high) for each in power)
        return Chips(
            polarisation=shown.polarisations[0],
            before=before,
            after=after,
            ratio=_ratio(*power),
            limits_db=(low, high),
            outline=_outline(change, grid),
            stamps=(looks[0].start, looks[1].start),
            ids=(looks[0].members[0].id, looks[1].members[0].id),
            pixel_m=pixel_m,
        )
    return None


def change_series(workspace: Workspace, change: DetectedChange, run: ChangeRun) -> tuple[Line, ...]:
    """Return the mean backscatter inside a change in every look there is, a line per stack and polarisation."""
    found: list[Line] = []
    for stack in _stacks(workspace, change, run):
        spacing = stack.anchor.pixels.spacing_m if stack.anchor.pixels else 10.0
        grid = _inside(change, spacing)
        history = replace(stack, passes=stack.passes[-MOST_LOOKS:])
        power = read_stack(workspace.archive, history, grid).values
        means = _means(power, _mask(change, grid))
        for plane, name in enumerate(history.polarisations):
            found.append(
                Line(
                    stack=_words(stack.anchor),
                    polarisation=name,
                    times=tuple(each.start for each in history.passes),
                    mean_db=tuple(means[:, plane].tolist()),
                    ids=tuple(each.members[0].id for each in history.passes),
                    interval=(change.after, change.before),
                )
            )
    return tuple(found)


def _stacks(workspace: Workspace, change: DetectedChange, run: ChangeRun) -> Iterator[ChosenStack]:
    """Give every stack that the change rests on, with all its looks here; that of its first look comes first."""
    anchors: list[Acquisition] = []
    for id_ in dict.fromkeys((*change.evidence, run.after, run.before)):
        try:
            acq = workspace.catalog.acquisitions.get(id_)
        except NotFoundError:
            continue  # another producer's run may name what is not here
        if acq.pixels is None or acq.optical or any(not mismatches(known, acq) for known in anchors):
            continue
        anchors.append(acq)
    stacks = [_history(workspace, change, anchor) for anchor in anchors]
    stacks.sort(key=lambda stack: all(abs(each.start - change.before) > _PASS for each in stack.passes))
    yield from stacks


def _history(workspace: Workspace, change: DetectedChange, anchor: Acquisition) -> ChosenStack:
    query = AcquisitionQuery(bbox=change.geometry.bounds, stack_with=anchor, with_pixels=True)
    among = [
        acq
        for acq in workspace.catalog.acquisitions.find(query)
        if acq.calibration.valid == anchor.calibration.valid and acq.calibration.quantity == anchor.calibration.quantity
    ]
    names = tuple(file.polarisation for file in anchor.pixels.files) if anchor.pixels else ()
    return ChosenStack(anchor=anchor, polarisations=names, passes=passes_of(among))


def _around(stack: ChosenStack, change: DetectedChange) -> tuple[Pass, Pass] | None:
    """Return the last look of a stack without the change, and its first look with it."""
    without = [each for each in stack.passes if each.start <= change.after + _PASS and each.start < change.before]
    with_it = [each for each in stack.passes if each.start >= change.before - _PASS and each.start > change.after]
    return (without[-1], with_it[0]) if without and with_it else None


def _chosen(stack: ChosenStack, change: DetectedChange, wanted: str | None) -> str:
    if wanted in stack.polarisations and wanted is not None:
        return wanted
    strength = {name: abs(median) for name, median, _ in change.magnitudes}
    return max(stack.polarisations, key=lambda name: strength.get(name, 0.0))


def _grid(change: DetectedChange, size_px: int, around: float, finest_m: float) -> tuple[GeoBox, float]:
    """Return a square grid on the map's projection around a change, and the side of its pixels on the ground."""
    west, south, east, north = project(change.geometry).bounds
    x, y = (west + east) / 2, (south + north) / 2
    shrunk = math.cos(math.radians(to_lonlat(x, y)[1]))
    side = max(around * max(east - west, north - south) / size_px, finest_m / shrunk)
    half = side * size_px / 2
    return GeoBox((size_px, size_px), Affine(side, 0, x - half, 0, -side, y + half), "EPSG:3857"), side * shrunk


def _inside(change: DetectedChange, spacing_m: float) -> GeoBox:
    """Return a grid that covers a change, of the stack's own resolution where that is not too fine for it."""
    _, fine_m = _grid(change, _MOST_INSIDE, 1.0, spacing_m)
    west, south, east, north = project(change.geometry).bounds
    shrunk = math.cos(math.radians(to_lonlat(west, (south + north) / 2)[1]))
    side = fine_m / shrunk
    shape = max(1, math.ceil((north - south) / side)), max(1, math.ceil((east - west) / side))
    return GeoBox(shape, Affine(side, 0, west, 0, -side, north), "EPSG:3857")


def _mask(change: DetectedChange, grid: GeoBox) -> NDArray[np.bool_]:
    """Return the pixels whose centre lies in a change; all it touches where it is too thin for that."""
    shape = project(change.geometry)
    shapely.prepare(shape)
    rows, cols = np.indices(tuple(grid.shape))
    x, y = grid.affine * (cols + 0.5, rows + 0.5)
    inside = np.asarray(shapely.contains_xy(shape, x, y), dtype=bool)
    if inside.any():
        return inside
    half = abs(grid.affine.a) / 2
    return np.asarray(shapely.intersects(shape, shapely.box(x - half, y - half, x + half, y + half)), dtype=bool)


def _means(power: Power, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the mean power in decibels, (time, polarisation), of the pixels inside that were seen."""
    values = power[..., inside]
    seen = np.isfinite(values)
    enough = seen.mean(axis=-1) >= _SEEN_SHARE
    total = np.where(seen, values, 0.0).sum(axis=-1, dtype=np.float64)
    mean = np.divide(total, seen.sum(axis=-1), out=np.full(total.shape, np.nan), where=enough)
    return _decibels(mean)


def _decibels(power: NDArray[np.floating]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 10.0 * np.log10(power, dtype=np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def _limits(power: Power) -> tuple[float, float]:
    """Return the stretch of both looks together: neither is shown brighter than it was."""
    low, high = np.nanpercentile(_decibels(power), _STRETCH)
    return float(low), float(max(high, low + _NARROWEST_DB))


def _grey(power: Power, low: float, high: float) -> NDArray[np.uint8]:
    found = _decibels(power)
    grey = 1 + np.rint(254 * np.clip((found - low) / (high - low), 0, 1))
    return np.where(np.isfinite(power), np.nan_to_num(grey, nan=1), 0).astype(np.uint8)


def _ratio(before: Power, after: Power) -> NDArray[np.uint8]:
    change_db = _decibels(_smooth(after)) - _decibels(_smooth(before))
    level = np.clip(np.rint(128 + 127 * change_db / RATIO_LIMIT_DB), 1, 255)
    seen = np.isfinite(before) & np.isfinite(after) & np.isfinite(change_db)
    return np.where(seen, level, 0).astype(np.uint8)


def _smooth(power: Power) -> NDArray[np.float64]:
    """Return means over neighbours that were seen."""
    seen = np.isfinite(power)
    total = ndimage.uniform_filter(np.where(seen, power, 0.0).astype(np.float64), _SMOOTH_PX, mode="nearest")
    weight = ndimage.uniform_filter(seen.astype(np.float64), _SMOOTH_PX, mode="nearest")
    return np.asarray(np.divide(total, weight, out=np.full(power.shape, np.nan), where=weight > 1e-9))


def _outline(change: DetectedChange, grid: GeoBox) -> tuple[Ring, ...]:
    inverse = ~grid.affine
    parts = shapely.get_parts(project(change.geometry))
    rings = (ring for part in parts for ring in (part.exterior, *part.interiors))
    return tuple(tuple(inverse * point for point in np.asarray(ring.coords).tolist()) for ring in rings)


def _words(acq: Acquisition) -> str:
    """Return what names a stack."""
    track = "" if acq.track is None else f"track {acq.track}"
    parts: Sequence[str | None] = (acq.constellation, acq.mode, acq.pass_direction, track)
    return " ".join(part for part in parts if part)
