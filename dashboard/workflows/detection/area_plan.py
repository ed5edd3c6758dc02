"""What must be known of a whole area before its tiles are searched: measured once, small, the same for every tile."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from odc.geo.geobox import GeoBox

from dashboard import __version__
from dashboard.change.energy import Reference, merged, reference
from dashboard.change.periods import enough
from dashboard.model.progress import CancelToken
from dashboard.workflows.detection.area_grid import AreaGrid
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
COARSE_PX = 512
"""Pixels along the longer side of the copy on which the common mode is measured."""
SAMPLE_PX = 500_000
"""Pixels at full resolution on which variances and strata are measured, about."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """An area run made ready."""

    job: Job
    solved: Solved
    """The rule, the law and the announcement of the question; its objects are still to be found."""
    read: tuple[ChosenStack, ...]


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
        measure=measure,
        even=found.calibration,
        rule=rule,
    )
    key = _key(job, question)
    store = Store(workspace.root / "runs" / question.id / key[:16], key)
    return Plan(job=replace(job, store=store), solved=solved, read=tuple(chosen))


def _reference(
    workspace: Workspace,
    chosen: Sequence[ChosenStack],
    geobox: GeoBox,
    lazy: Sequence[xr.DataArray],
    fixed: Setting,
    cancel: CancelToken | None,
) -> Reference:
    step = max(1, -(-max(map(int, geobox.shape)) // COARSE_PX))
    coarse = geobox if step == 1 else geobox.zoom_out(step)
    small = [read_stack(workspace.archive, one, coarse, cancel) for one in chosen]
    common = reference(small, fixed.periods, fixed.options)
    if step == 1:
        return common
    del small
    samples = []
    for rows, cols in blocks((int(geobox.shape[0]), int(geobox.shape[1])), SAMPLE_PX):
        part = [each[:, :, rows, cols] for each in lazy]
        if _seen_twice(part):
            samples.append(reference(part, fixed.periods, fixed.options))
    whole = [each for each in samples if np.isfinite([each.brightness_edges, each.variability_edges]).all()]
    return merged(common, whole) if whole else common


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


def _key(job: Job, question: Question) -> str:
    """SHA-256 of everything that the pieces of a run follow from."""
    measured = hashlib.sha256()
    for array in _arrays(job):
        measured.update(np.ascontiguousarray(array).tobytes())
    grid = job.geobox
    facts: list[Any] = [
        __version__,
        question.id,
        str(grid.crs),
        [float(value) for value in tuple(grid.affine)[:6]],
        [*job.layout.shape, job.layout.side, *job.layout.phase],
        [job.rule.seed, job.rule.grow, job.rule.least_px, job.rule.resolution_px],
        [job.measure.options.prior_dof, job.measure.options.smooth_px, job.measure.options.common_mode],
        [[one.anchor.id, one.polarisations, [file.sha256 for file in one.files]] for one in job.stacks],
        measured.hexdigest(),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _arrays(job: Job) -> list[Any]:
    known = job.measure.reference
    common = [array for each in known.common for array in (each.values, each.y, each.x)]
    edges = np.array([known.brightness_edges, known.variability_edges])
    even = [] if job.even is None else [job.even.counts.table]
    return [*common, *known.variance, edges, *even]
