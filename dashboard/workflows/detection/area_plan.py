"""What must be known of a whole area before its tiles are searched: measured once, small, the same for every tile."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from odc.geo.geobox import GeoBox

from dashboard import __version__
from dashboard.change.energy import Reference, merged, reference
from dashboard.change.periods import enough
from dashboard.model.progress import CancelToken
from dashboard.workflows.detection.area_grid import AreaGrid
from dashboard.workflows.detection.area_known import Known, packed
from dashboard.workflows.detection.area_lazy import lazy_stack
from dashboard.workflows.detection.area_seams import Rule
from dashboard.workflows.detection.area_steps import Job
from dashboard.workflows.detection.area_store import Store
from dashboard.workflows.detection.area_tiles import Layout, side_for
from dashboard.workflows.detection.engine import Examined, Solved, decide
from dashboard.workflows.detection.laws import PlaceboLaw
from dashboard.workflows.detection.looks import ChosenStack
from dashboard.workflows.detection.measures import Seen, TStat, lead_looks
from dashboard.workflows.detection.placebos import RECORDED, Limits, blocks, past
from dashboard.workflows.detection.question import Method, Question
from dashboard.workflows.detection.setting import Setting, setting
from dashboard.workflows.detection.stacks import read_stack
from dashboard.workflows.workspace import Workspace

TILE_BYTES = 900_000_000
"""Stacks of one tile and the work on them; one worker holds one tile."""
COARSE_BYTES = 600_000_000
"""Of the copy of one stack on which its common mode is measured; its cells are 16 pixels wide or more."""
SAMPLE_PX = 500_000
"""Pixels at full resolution on which variances and strata are measured, about."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """An area run made ready."""

    job: Job
    solved: Solved
    """The rule, the law and the announcement of the question; its objects are still to be found."""
    known: Known
    """For the store, before the first step."""


def plan(  # noqa: PLR0913 -- what, where, with what, and who may stop it
    workspace: Workspace,
    question: Question,
    chosen: Sequence[ChosenStack],
    grid: AreaGrid,
    *,
    side: int | None = None,
    limits: Limits = RECORDED,
    cancel: CancelToken | None = None,
) -> Plan | None:
    """Measure an area and calibrate the question on its past; None where its dates or its method do not allow tiles.

    The common mode comes from a coarse copy of the area, variances and strata from blocks at full resolution spread
    over it, thresholds and the announcement from pseudo-events on such blocks. None of it depends on the tiles.

    Parameters
    ----------
    workspace, question, chosen
        What is asked, and of what.
    grid
        Of the area.
    side
        Of a tile in pixels; as large as memory allows unless told.
    limits
        How much of the past is looked at.
    cancel
        Looked at between reads.

    Raises
    ------
    CancelledError
        If `cancel` was set.
    NotFoundError, DamagedProductError
        If a pixel file is missing or damaged.
    """
    lazy = [lazy_stack(workspace.archive, one, grid.geobox, cancel) for one in chosen]
    fixed = setting(question, chosen, grid.geobox)
    looks = lead_looks(lazy, fixed.periods)
    if question.method not in (Method.AUTO, Method.CHANGE_TSTAT) or not enough(*looks):
        return None
    known = _reference(workspace, chosen, grid.geobox, lazy, fixed, cancel)
    measure = TStat(periods=fixed.periods, options=fixed.options, reference=known, looks=looks)
    found = past(measure, lazy, fixed, limits, cancel)
    if found is None:
        return None
    solved = decide(_nothing_yet(measure, PlaceboLaw(past=found), fixed, lazy), question.far)
    rule = Rule(
        seed=float(solved.parameters["seed"]),
        grow=float(solved.parameters["grow"]),
        least_px=fixed.least_px,
        resolution_px=fixed.resolution_px,
    )
    layers = sum(math.prod(each.shape[:2]) for each in lazy)
    shape = int(grid.geobox.shape[0]), int(grid.geobox.shape[1])
    job = Job(
        archive=workspace.archive.root,
        store=Store(workspace.root, ""),
        stacks=tuple(chosen),
        geobox=grid.geobox,
        layout=Layout(shape=shape, side=side or side_for(layers, TILE_BYTES), phase=grid.phase),
        periods=fixed.periods,
        options=fixed.options,
        looks=looks,
        rule=rule,
    )
    all_ = Known(reference=known, calibration=found.calibration)
    key = _key(job, all_, question)
    store = Store(workspace.root / "runs" / question.id / key[:16], key)
    return Plan(job=replace(job, store=store), solved=solved, known=all_)


def _reference(
    workspace: Workspace,
    chosen: Sequence[ChosenStack],
    geobox: GeoBox,
    lazy: Sequence[xr.DataArray],
    fixed: Setting,
    cancel: CancelToken | None,
) -> Reference:
    steps = [_step(one, geobox) for one in chosen]
    if max(steps) == 1:
        arrays = [read_stack(workspace.archive, one, geobox, cancel) for one in chosen]
        return reference(arrays, fixed.periods, fixed.options)
    parts = []
    for one, step in zip(chosen, steps, strict=True):
        coarse = read_stack(workspace.archive, one, geobox.zoom_out(step), cancel)
        parts.append(reference([coarse], fixed.periods, fixed.options))
    common = replace(
        parts[0],
        common=tuple(mode for each in parts for mode in each.common),
        variance=tuple(level for each in parts for level in each.variance),
    )
    samples = []
    shape = int(geobox.shape[0]), int(geobox.shape[1])
    for rows, cols in blocks(shape, SAMPLE_PX):
        part = [each[:, :, rows, cols] for each in lazy]
        if _seen_twice(part):
            samples.append(reference(part, fixed.periods, fixed.options))
    whole = [each for each in samples if np.isfinite([each.brightness_edges, each.variability_edges]).all()]
    return merged(common, whole) if whole else common


def _step(one: ChosenStack, geobox: GeoBox) -> int:
    """By how much coarser the copy of a stack must be."""
    most = COARSE_BYTES / (4 * len(one.passes) * len(one.polarisations))
    return max(1, math.ceil(math.sqrt(int(geobox.shape[0]) * int(geobox.shape[1]) / most)))


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
        method=Method.CHANGE_TSTAT, setting=fixed, measure=measure, seen=seen, law=law, even=nothing, remarks=()
    )


def _key(job: Job, known: Known, question: Question) -> str:
    """SHA-256 of everything that the pieces of a run follow from."""
    measured, piece = hashlib.sha256(), packed(known)
    for name, array in sorted(piece.arrays.items()):
        measured.update(name.encode() + np.ascontiguousarray(array).tobytes())
    grid = job.geobox
    facts: list[Any] = [
        __version__,
        question.id,
        str(grid.crs),
        [float(value) for value in tuple(grid.affine)[:6]],
        [*job.layout.shape, job.layout.side, *job.layout.phase],
        asdict(job.rule),
        asdict(job.options),
        [[one.anchor.id, one.polarisations, [file.sha256 for file in one.files]] for one in job.stacks],
        dict(piece.facts),
        measured.hexdigest(),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
