"""What must be known of a whole area before its tiles are searched: measured once, small, the same for every tile."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from dashboard import __version__
from dashboard.change.energy import Reference, merged, reference
from dashboard.change.periods import enough
from dashboard.model.progress import CancelToken
from dashboard.raster.archive import Archive
from dashboard.workflows.detection.area_grid import AreaGrid
from dashboard.workflows.detection.area_known import NAME, Known, packed
from dashboard.workflows.detection.area_lazy import lazy_stack
from dashboard.workflows.detection.area_seams import Rule
from dashboard.workflows.detection.area_steps import CACHE_BYTES, Job
from dashboard.workflows.detection.area_store import Stopped, Store
from dashboard.workflows.detection.area_tiles import Layout, side_for
from dashboard.workflows.detection.engine import LAX, Examined, Solved, decide
from dashboard.workflows.detection.floor import least_score, searched_km2
from dashboard.workflows.detection.laws import PlaceboLaw
from dashboard.workflows.detection.looks import ChosenStack
from dashboard.workflows.detection.measures import Seen, TStat, lead_looks
from dashboard.workflows.detection.methods import out_of_season
from dashboard.workflows.detection.placebos import RECORDED, Limits, blocks, past
from dashboard.workflows.detection.question import Method, Question
from dashboard.workflows.detection.setting import Setting, setting
from dashboard.workflows.detection.stacks import read_stack

TILE_BYTES = 900_000_000
"""Stacks of one tile and the work on them; one worker holds one tile."""
COARSE_BYTES = 600_000_000
"""Of the copy of one stack on which its common mode is measured; its cells are 16 pixels wide or more."""
SAMPLE_PX = 500_000
"""Pixels at full resolution on which variances and strata are measured, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """What is asked of which ground, before anything was read."""

    archive: Path
    """The archive's folder, the same path for every worker."""
    runs: Path
    """Folder for what runs leave while they are under way."""
    question: Question
    stacks: tuple[ChosenStack, ...]
    grid: AreaGrid
    side: int | None = None
    """Of a tile in pixels; as large as memory allows unless told."""
    limits: Limits = RECORDED
    """How much of the past is looked at."""

    @property
    def looks(self) -> tuple[int, int]:
        """Looks before and after of the stack with most pseudo-events."""
        frames = [xr.DataArray(np.empty(len(one.passes)), {"time": one.times}, ("time",)) for one in self.stacks]
        return lead_looks(frames, self.question.periods)

    @property
    def in_tiles(self) -> bool:
        """Whether the method and the dates allow to calibrate on the past, and so to search tile by tile."""
        return self.question.method in (Method.AUTO, Method.CHANGE_TSTAT) and enough(*self.looks)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        height, width = self.grid.geobox.shape
        return int(height), int(width)

    @property
    def layout(self) -> Layout:
        """How the area is cut."""
        layers = sum(len(one.passes) * len(one.polarisations) for one in self.stacks)
        return Layout(shape=self.shape, side=self.side or side_for(layers, TILE_BYTES), phase=self.grid.phase)

    @property
    def store(self) -> Store:
        """Where pieces of exactly this work are kept: same question, ground, pixels, tiles and software."""
        facts: list[Any] = [
            __version__,
            self.question.id,
            str(self.grid.geobox.crs),
            [float(value) for value in tuple(self.grid.geobox.affine)[:6]],
            [*self.shape, self.layout.side, *self.layout.phase],
            asdict(self.limits),
            [[one.anchor.id, one.polarisations, [file.sha256 for file in one.files]] for one in self.stacks],
        ]
        key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        return Store(self.runs / self.question.id / key[:16], key)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """An area run made ready."""

    job: Job
    solved: Solved
    """The rule, the law and the announcement of the question; its objects are still to be found."""
    usual: float
    """By what factor more ground than usual reached `Job.lax` in the worst pseudo-event."""


def plan(area: Area) -> Plan | None:
    """Measure an area and calibrate the question on its past; None where there are no pseudo-events to do it on.

    The common mode comes from a coarse copy of the area, variances and strata from blocks at full resolution spread
    over it, thresholds and the announcement from pseudo-events on such blocks. None of it depends on the tiles. What
    the tiles need of it is left in the store.

    Raises
    ------
    CancelledError
        If the run was stopped.
    NotFoundError, DamagedProductError
        If a pixel file is missing or damaged.
    """
    stop, geobox = Stopped(area.store), area.grid.geobox
    fixed = setting(area.question, area.stacks, geobox)
    with Archive(area.archive, CACHE_BYTES) as archive:
        lazy = [lazy_stack(archive, one, geobox, stop) for one in area.stacks]
        measured = _reference(archive, area, lazy, fixed, stop)
        measure = TStat(periods=fixed.periods, options=fixed.options, reference=measured, looks=area.looks)
        found = past(measure, lazy, fixed, area.limits, stop)
    if found is None:
        return None
    solved = decide(_nothing_yet(measure, PlaceboLaw(past=found), fixed, lazy), area.question.far)
    known = Known(reference=measured, calibration=found.calibration)
    job = Job(
        archive=area.archive,
        store=_keep(area.store, known),
        stacks=area.stacks,
        geobox=geobox,
        layout=area.layout,
        periods=fixed.periods,
        options=fixed.options,
        looks=area.looks,
        rule=Rule(
            seed=float(solved.parameters["seed"]),
            grow=float(solved.parameters["grow"]),
            least_px=fixed.least_px,
            resolution_px=fixed.resolution_px,
        ),
        lax=found.calibration.threshold(LAX),
        least=least_score(solved.announced, searched_km2(fixed, area.shape)),
    )
    # Fields of pseudo-events have said what they had to say, and the reference is in the store: both are large.
    law = PlaceboLaw(past=replace(found, fields=(), raw=()))
    bare = replace(measure, reference=Reference(common=(), variance=()))
    light = replace(solved, examined=replace(solved.examined, law=law, measure=bare))
    shares = [float(np.mean(each[np.isfinite(each)] >= job.lax)) for each in found.fields if np.isfinite(each).any()]
    return Plan(job=job, solved=light, usual=max(shares, default=0.0) / LAX)


def _keep(store: Store, known: Known) -> Store:
    """Leave what tiles must know in the store, and return the store for pieces that follow from it."""
    piece, digest = packed(known), hashlib.sha256(store.key.encode())
    digest.update(json.dumps(dict(piece.facts), sort_keys=True).encode())
    for name, array in sorted(piece.arrays.items()):
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    own = replace(store, key=digest.hexdigest())
    own.put(NAME, piece)
    return own


def _reference(
    archive: Archive, area: Area, lazy: Sequence[xr.DataArray], fixed: Setting, stop: CancelToken
) -> Reference:
    geobox = area.grid.geobox
    steps = [_step(one, area.shape) for one in area.stacks]
    if max(steps) == 1:
        arrays = [read_stack(archive, one, geobox, stop) for one in area.stacks]
        return reference(arrays, fixed.periods, fixed.options)
    parts = []
    for one, step in zip(area.stacks, steps, strict=True):
        coarse = read_stack(archive, one, geobox.zoom_out(step), stop)
        parts.append(reference([coarse], fixed.periods, fixed.options))
        del coarse
    common = replace(
        parts[0],
        common=tuple(mode for each in parts for mode in each.common),
        variance=tuple(level for each in parts for level in each.variance),
    )
    samples = []
    for rows, cols in blocks(area.shape, SAMPLE_PX):
        part = [each[:, :, rows, cols] for each in lazy]
        if _seen_twice(part):
            samples.append(reference(part, fixed.periods, fixed.options))
    whole = [each for each in samples if np.isfinite([each.brightness_edges, each.variability_edges]).all()]
    return merged(common, whole) if whole else common


def _step(one: ChosenStack, shape: tuple[int, int]) -> int:
    """By how much coarser the copy of a stack must be."""
    most = COARSE_BYTES / (4 * len(one.passes) * len(one.polarisations))
    return max(1, math.ceil(math.sqrt(shape[0] * shape[1] / most)))


def _seen_twice(part: Sequence[xr.DataArray]) -> bool:
    """Whether some tenth of a block was observed on three dates, so that it has a variance."""
    return any(((np.isfinite(each.values).sum(axis=0) >= 3).mean(axis=(1, 2)) > 0.1).all() for each in part)


def _nothing_yet(measure: TStat, law: PlaceboLaw, fixed: Setting, lazy: Sequence[xr.DataArray]) -> Examined:
    """The question before any ground is looked at: what decides of it decides of every tile."""
    names = list(dict.fromkeys(str(name) for each in lazy for name in each["polarisation"].values))
    nothing = np.full((1, 1), np.nan, np.float32)
    none = np.zeros((1, 1), np.int16)
    seen = Seen(
        field=nothing,
        step_db=xr.DataArray(
            np.full((len(names), 1, 1), np.nan, np.float32),
            dims=("polarisation", "y", "x"),
            coords={"polarisation": names},
        ),
        looks_before=none,
        looks_after=none,
        stack_fields=np.full((len(lazy), 1, 1), np.nan, np.float32),
    )
    return Examined(
        method=Method.CHANGE_TSTAT, setting=fixed, measure=measure, seen=seen, law=law, even=nothing,
        remarks=out_of_season(lazy, fixed.periods),
    )  # fmt: skip
