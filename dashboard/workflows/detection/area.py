"""Detect changes over any area at full resolution: tile by tile, on the workers there are, resumed where it stopped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.change.placebo import WITHIN
from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.errors import CancelledError, InputError, ResourceError
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.workflows.cluster import Crew, crew, each
from dashboard.workflows.detection.area_found import Placed
from dashboard.workflows.detection.area_gather import Searched, gather, gathered, observed_km2, unobserved
from dashboard.workflows.detection.area_grid import AreaGrid, area_grid
from dashboard.workflows.detection.area_plan import Area, Plan, plan
from dashboard.workflows.detection.area_steps import Part, finish, search
from dashboard.workflows.detection.area_store import STOPPED
from dashboard.workflows.detection.engine import LAX, whole_scene
from dashboard.workflows.detection.floor import crowded, left_out
from dashboard.workflows.detection.looks import ChosenStack
from dashboard.workflows.detection.question import Question
from dashboard.workflows.detection.record import Answer, Found, Parameters, recorded
from dashboard.workflows.detection.run import MOST_VALUES, detect, grid_parameters
from dashboard.workflows.detection.stacks import chosen_stacks, require
from dashboard.workflows.extent import Box, box_of
from dashboard.workflows.workspace import Workspace

MOST_OBJECTS = 1_000_000
"""More than this are not gathered, although fewer are kept: the question was wrong, not the answer."""
_OPENED, _PLANNED, _SEARCHED, _FINISHED = 0.01, 0.1, 0.85, 0.95


def detect_area(  # noqa: PLR0913 -- a use case: what, where, how finely, by whom, and who watches
    workspace: Workspace,
    question: Question,
    *,
    bbox: Box,
    resolution_m: float | None = None,
    scheduler: str | None = None,
    report: Report = silent,
    cancel: CancelToken | None = None,
    tile_px: int | None = None,
) -> tuple[ChangeRun, tuple[DetectedChange, ...]]:
    """Answer a question over an area at full resolution and record the run.

    The area is measured once (common mode, variances, thresholds and announcement from its own past), then searched
    tile by tile; objects across the borders of tiles are put together, so the answer is that of the whole area, however
    it is cut and in whatever order. Memory is that of a tile in each worker. What is finished stays in ``runs/`` below
    the workspace until all is recorded: the same call goes on where a stopped or killed one was.

    A question whose dates or method cannot be calibrated on the past is answered on the whole grid at once, where that
    fits in memory.

    Parameters
    ----------
    workspace
        Where pixels are read and the run is recorded.
    question
        What is asked.
    bbox
        (west, south, east, north), degrees.
    resolution_m
        Side of a pixel; without it the pixels of the finest stack.
    scheduler
        Address of a Dask scheduler, ``tcp://host:port``; without it workers of one's own, one for each core.
    report, cancel
        Progress out, tile by tile; stop in: what was finished is kept.
    tile_px
        Side of a tile; as large as memory allows unless told.

    Returns
    -------
    tuple[ChangeRun, tuple[DetectedChange, ...]]
        The run as recorded, and its changes, the strongest first. Running the same again records nothing new.

    Raises
    ------
    InputError, NotComparableError, UnknownUnitsError
        If the question cannot be answered from the looks there are.
    ResourceError
        If the area is too large for the method, more is found than anyone could review, the scheduler or its workers
        are not there, or the same run is under way in another process.
    DamagedProductError, NotFoundError
        If a pixel file is damaged or missing.
    CancelledError
        If `cancel` was set; nothing is recorded.
    """
    asked = chosen_stacks(workspace, question, bbox, between=True)
    require(asked, question)
    chosen = tuple(one for one in asked if one.within(question.before) and one.within(question.after))
    grid = area_grid(chosen, bbox, resolution_m)
    area = Area(
        archive=workspace.archive.root,
        runs=workspace.root / "runs",
        question=question,
        stacks=chosen,
        grid=grid,
        side=tile_px,
    )
    if area.in_tiles:
        watch = _Watch(report, cancel)
        with area.store.held():
            try:
                answer = _answer(area, scheduler or "", watch)
            except InputError:
                area.store.clear()  # the same question would be refused again: there is nothing to go on with
                raise
            if answer is not None:
                watch.say(_FINISHED, "recording")
                run, changes = recorded(workspace, answer)
            area.store.clear()
        if answer is not None:
            report(Progress(1.0, f"{len(changes)} changes"))
            return run, changes
    _refuse_whole(chosen, grid)
    return detect(workspace, question, geobox=grid.geobox, report=report, cancel=cancel)


@dataclass(frozen=True, slots=True)
class _Watch:
    report: Report
    cancel: CancelToken | None

    def say(self, done: float, text: str) -> None:
        """Report, and stop here if that was asked for."""
        if self.cancel is not None:
            self.cancel.check()
        self.report(Progress(done, text))


def _refuse_whole(chosen: Sequence[ChosenStack], grid: AreaGrid) -> None:
    layers = sum(len(one.passes) * len(one.polarisations) for one in chosen)
    height, width = map(int, grid.geobox.shape)
    if height * width * layers > MOST_VALUES:
        what = f"This method, or these dates, need all of the area at once: {width} x {height} pixels of {layers} looks"
        remedy = "widen the period before so that its past can calibrate it, or give a smaller area or coarser pixels"
        raise ResourceError(f"{what} are more than {MOST_VALUES:,}; {remedy}.")


def _answer(area: Area, scheduler: str, watch: _Watch) -> Answer | None:
    """Measure, search all tiles, and finish what reaches across their borders, on workers."""
    watch.say(0.0, "opening workers")
    with crew(scheduler) as workers:
        try:
            watch.say(_OPENED, "measuring the area")
            [(_, made)] = each(workers, plan, [area], cancel=watch.cancel)
            return None if made is None else _searched(made, area.question, workers, watch)
        except BaseException as error:
            area.store.stop()  # before the workers are waited for: they look at it between two reads
            if isinstance(error, CancelledError):
                raise CancelledError(STOPPED) from error
            raise


def _searched(made: Plan, question: Question, workers: Crew, watch: _Watch) -> Answer:
    tiles = [Part(job=made.job, tile=tile) for tile in made.job.layout.tiles()]
    watch.say(_PLANNED, f"searching {len(tiles)} tiles")
    _work(workers, search, tiles, watch, (_PLANNED, _SEARCHED, "searched {} of {} tiles"))
    found = gather(made.job)
    _refuse_many(len(found.objects) + len(found.seams))
    _work(workers, finish, found.seams, watch, (_SEARCHED, _FINISHED, "finished {} of {} seams"))
    return _told(made, question, found, gathered(made.job, found.seams))


def _work(
    workers: Crew,
    work: Callable[[Part], str],
    parts: Sequence[Part],
    watch: _Watch,
    told: tuple[float, float, str],
) -> None:
    start, stop, text = told
    results = each(workers, work, parts, cancel=watch.cancel)
    for done, _ in enumerate(results, start=1):
        watch.say(start + (stop - start) * done / len(parts), text.format(done, len(parts)))


def _refuse_many(count: int) -> None:
    if count > MOST_OBJECTS:
        what = f"{count:,} objects were found; one run holds {MOST_OBJECTS:,}"
        raise ResourceError(f"{what}. Give a smaller false-alarm rate or a smaller area.")


def _told(made: Plan, question: Question, searched: Searched, across: Sequence[Placed]) -> Answer:
    job, solved = made.job, made.solved
    objects = sorted((*searched.objects, *across), key=lambda one: one.place)
    if not searched.observed.any():
        said = f"{question.before[0]:%Y-%m-%d} to {question.after[1]:%Y-%m-%d}"
        raise InputError(
            f"No ground here was seen both before and after in {said}; move the area or widen the periods."
        )
    least = crowded([one.patch.score for one in objects], job.least)
    objects = [one for one in objects if one.patch.score >= least]
    p_values = solved.examined.law.p(np.array([one.patch.peak for one in objects], np.float32))
    excess = searched.lax / float(searched.observed.sum()) / LAX
    trusted = excess <= max(WITHIN, made.usual)
    own: Parameters = {"scene_excess": round(excess, 3), "tiled": True}
    return Answer(
        question=question,
        chosen=job.stacks,
        method=solved.examined.method.value,
        extent=box_of(job.geobox),
        observed_km2=observed_km2(job, searched.observed),
        unobserved=unobserved(job, searched.observed),
        basis=solved.basis,
        announced=solved.announced,
        remarks=(
            *solved.examined.remarks,
            *(() if trusted else (whole_scene(excess, made.usual),)),
            *left_out(least),
        ),
        found=tuple(
            Found(patch=one.patch, outline=one.outline, p_value=float(p), looks=one.looks, dated=one.dated)
            for one, p in zip(objects, p_values, strict=True)
        ),
        parameters=solved.parameters | grid_parameters(job.geobox) | own,
        trusted=trusted,
    )
