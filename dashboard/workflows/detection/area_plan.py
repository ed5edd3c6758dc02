"""What must be known of a whole area before its tiles are searched: measured once, small, the same for every tile."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard import __version__
from dashboard.change.placebo import Calibration
from dashboard.model.change import Announced, Basis
from dashboard.raster.archive import Archive
from dashboard.workflows.detection.area_grid import AreaGrid
from dashboard.workflows.detection.area_ground import Ground
from dashboard.workflows.detection.area_job import CACHE_BYTES, DATED_PX, Job
from dashboard.workflows.detection.area_known import NAME, Known, bare, packed
from dashboard.workflows.detection.area_seams import Rule
from dashboard.workflows.detection.area_store import Stopped, Store
from dashboard.workflows.detection.area_tiles import Layout, side_for
from dashboard.workflows.detection.engine import LAX, Examined, Parameters, Solved, decide
from dashboard.workflows.detection.floor import least_score, searched_km2
from dashboard.workflows.detection.laws import DrawnLaw, Law, PlaceboLaw
from dashboard.workflows.detection.looks import ChosenStack
from dashboard.workflows.detection.means import Means
from dashboard.workflows.detection.measures import Measure, Seen
from dashboard.workflows.detection.methods import Case, Taken, chosen_method
from dashboard.workflows.detection.placebos import RECORDED, Limits
from dashboard.workflows.detection.question import Method, Question
from dashboard.workflows.detection.setting import Setting, setting

TILE_BYTES = 900_000_000
"""Stacks of one tile and the work on them; one worker holds one tile."""


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
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        height, width = self.grid.geobox.shape
        return int(height), int(width)

    @property
    def fitting(self) -> int:
        """Side of a square whose looks fit in a worker."""
        return side_for(sum(len(one.passes) * len(one.polarisations) for one in self.stacks), TILE_BYTES)

    @property
    def layout(self) -> Layout:
        """How the area is cut."""
        return Layout(shape=self.shape, side=self.side or self.fitting, phase=self.grid.phase)

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
    """An area run made ready, and what its record says whatever is found."""

    job: Job
    method: Method
    """That is used, never `AUTO`."""
    basis: Basis
    announced: Announced | None
    remarks: tuple[str, ...]
    parameters: Parameters
    chance: Calibration | None
    """P-values of energies; None where these are -log10 of their p-values themselves."""
    usual: float | None
    """By what factor more ground than usual reached `Job.lax` in the worst pseudo-event; None without any."""

    def p(self, peaks: Sequence[float]) -> NDArray[np.float64]:
        """Return the p-values of energies that were made even."""
        values = np.array(peaks, np.float32)
        return np.power(10.0, -values.astype(np.float64)) if self.chance is None else self.chance.p(values)


def plan(area: Area) -> Plan:
    """Measure an area and find out what chance does to the method that its dates allow.

    The common mode comes from a coarse copy of the area, variances, strata and looks from blocks at full resolution
    spread over it, thresholds and the announcement from pseudo-events on such blocks, or from simulated speckle. None
    of it depends on the tiles. What the tiles need of it is left in the store.

    Raises
    ------
    InputError
        If the method asked for needs more looks than there are.
    CancelledError
        If the run was stopped.
    NotFoundError, DamagedProductError
        If a pixel file is missing or damaged.
    """
    stop = Stopped(area.store)
    fixed = setting(area.question, area.stacks, area.grid.geobox)
    with Archive(area.archive, CACHE_BYTES) as archive:
        ground = Ground(archive=archive, stacks=area.stacks, grid=area.grid, setting=fixed, cancel=stop)
        lazy = ground.lazy()
        case = Case(
            arrays=lazy, question=area.question, chosen=area.stacks, setting=fixed, limits=area.limits, cancel=stop,
            scene=ground.reference, sample=cache(ground.sample),
        )  # fmt: skip
        taken = chosen_method(case)
    names = _names(taken.measure, area.stacks)
    solved = decide(_nothing_yet(taken, fixed, names, len(area.stacks)), area.question.far)
    job = _job(area, taken, solved, names)
    return Plan(
        job=job,
        method=taken.method,
        basis=solved.basis,
        announced=solved.announced,
        remarks=taken.remarks,
        parameters=solved.parameters,
        chance=_chance(taken.law),
        usual=_usual(taken.law, job.lax),
    )


def _job(area: Area, taken: Taken, solved: Solved, names: tuple[str, ...]) -> Job:
    law, fixed = taken.law, solved.examined.setting
    placebo = isinstance(law, PlaceboLaw)
    known = Known.of(taken.measure, _chance(law) if placebo and law.stratified else None)
    return Job(
        archive=area.archive,
        store=_keep(area.store, known, solved.parameters),
        stacks=area.stacks,
        geobox=area.grid.geobox,
        layout=area.layout,
        bare=bare(taken.measure),
        options=fixed.options,
        names=names,
        rule=Rule(
            seed=float(solved.parameters["seed"]),
            grow=float(solved.parameters["grow"]),
            least_px=fixed.least_px,
            resolution_px=fixed.resolution_px,
        ),
        lax=law.threshold(LAX) if placebo else math.inf,
        least=least_score(solved.announced, searched_km2(fixed, area.shape)),
        dated_px=min(DATED_PX, area.fitting),
    )


def _keep(store: Store, known: Known, parameters: Parameters) -> Store:
    """Leave what tiles must know in the store, and return the store for pieces that follow from it."""
    piece, digest = packed(known), hashlib.sha256(store.key.encode())
    digest.update(json.dumps([dict(piece.facts), parameters], sort_keys=True).encode())
    for name, array in sorted(piece.arrays.items()):
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    own = replace(store, key=digest.hexdigest())
    own.put(NAME, piece)
    return own


def _chance(law: Law) -> Calibration | None:
    if isinstance(law, PlaceboLaw):
        return law.past.calibration
    return law.calibration if isinstance(law, DrawnLaw) else None


def _usual(law: Law, lax: float) -> float | None:
    if not isinstance(law, PlaceboLaw):
        return None
    known = (each[np.isfinite(each)] for each in law.past.fields)
    return max((float(np.mean(each >= lax)) for each in known if each.size), default=0.0) / LAX


def _names(measure: Measure, stacks: Sequence[ChosenStack]) -> tuple[str, ...]:
    """Polarisations of the steps that a method gives, in its order."""
    if isinstance(measure, Means):
        return measure.names
    return tuple(dict.fromkeys(name for one in stacks for name in one.polarisations))


def _nothing_yet(taken: Taken, fixed: Setting, names: tuple[str, ...], stacks: int) -> Examined:
    """The question before any ground is looked at: what decides of it decides of every tile."""
    nothing, none = np.full((1, 1), np.nan, np.float32), np.zeros((1, 1), np.int16)
    seen = Seen(
        field=nothing,
        step_db=xr.DataArray(
            np.full((len(names), 1, 1), np.nan, np.float32),
            dims=("polarisation", "y", "x"),
            coords={"polarisation": list(names)},
        ),
        looks_before=none,
        looks_after=none,
        stack_fields=np.full((stacks, 1, 1), np.nan, np.float32),
    )
    return Examined(
        method=taken.method, setting=fixed, measure=taken.measure, seen=seen, law=taken.law, even=nothing,
        remarks=taken.remarks,
    )  # fmt: skip
