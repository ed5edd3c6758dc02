"""Detect changes over any area at full resolution: tile by tile, on the workers there are, resumed where it stopped."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dashboard.change.placebo import WITHIN
from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.errors import CancelledError, InputError, ResourceError
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.workflows.cluster import Crew, crew, each
from dashboard.workflows.detection.area_gather import (
    Searched,
    all_parts,
    collected,
    gather,
    observed_km2,
    unobserved,
)
from dashboard.workflows.detection.area_grid import area_grid
from dashboard.workflows.detection.area_job import Part
from dashboard.workflows.detection.area_plan import Area, Plan, plan
from dashboard.workflows.detection.area_steps import finish, search
from dashboard.workflows.detection.area_store import STOPPED
from dashboard.workflows.detection.engine import LAX, whole_scene
from dashboard.workflows.detection.floor import left_out
from dashboard.workflows.detection.question import Question
from dashboard.workflows.detection.record import Answer, Found, Parameters, recorded
from dashboard.workflows.detection.run import grid_parameters
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

    Whatever the method: what it needs of the whole area (common mode, variances, looks, thresholds and announcement)
    is measured once, then the area is searched tile by tile; objects across the borders of tiles are put together, so
    the answer is that of the whole area, however it is cut and in whatever order. Memory is that of a tile in each
    worker. What is finished stays in ``runs/`` below the workspace until all is recorded: the same call goes on where a
    stopped or killed one was.

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
        If more is found than anyone could review, the scheduler or its workers are not there, or the same run is under
        way in another process.
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
    watch = _Watch(report, cancel)
    with area.store.held():
        try:
            answer = _told(area, *_searched(area, scheduler or "", watch))
        except InputError:
            area.store.clear()  # the same question would be refused again: there is nothing to go on with
            raise
        watch.say(_FINISHED, "recording")
        run, changes = recorded(workspace, answer)
        area.store.clear()
    report(Progress(1.0, f"{len(changes)} changes"))
    return run, changes


@dataclass(frozen=True, slots=True)
class _Watch:
    report: Report
    cancel: CancelToken | None

    def say(self, done: float, text: str) -> None:
        """Report, and stop here if that was asked for."""
        if self.cancel is not None:
            self.cancel.check()
        self.report(Progress(done, text))


def _searched(area: Area, scheduler: str, watch: _Watch) -> tuple[Plan, Searched]:
    """Measure, search all tiles, and finish what reaches across their borders, on workers that are gone afterwards."""
    watch.say(0.0, "opening workers")
    with crew(scheduler) as workers:
        try:
            watch.say(_OPENED, "measuring the area")
            [(_, made)] = each(workers, plan, [area], cancel=watch.cancel)
            job = made.job
            watch.say(_PLANNED, f"searching {job.layout.count} tiles")
            tiles = (Part(job=job, tile=tile) for tile in job.layout.tiles())
            stretch = _Stretch(_PLANNED, _SEARCHED, job.layout.count, "searched {} of {} tiles")
            _work(workers, search, tiles, watch, stretch)
            found = gather(job)
            _refuse_many(found.objects + len(found.seams))
            stretch = _Stretch(_SEARCHED, _FINISHED, len(found.seams), "finished {} of {} seams")
            _work(workers, finish, found.seams, watch, stretch)
        except BaseException as error:
            area.store.stop()  # before the workers are waited for: they look at it between two reads
            if isinstance(error, CancelledError):
                raise CancelledError(STOPPED) from error
            raise
    return made, found


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of the progress: where it begins and ends, of how many pieces, in which words."""

    start: float
    stop: float
    count: int
    text: str

    def at(self, done: int) -> tuple[float, str]:
        return self.start + (self.stop - self.start) * done / self.count, self.text.format(done, self.count)


def _work(workers: Crew, work: Callable[[Part], str], parts: Iterable[Part], watch: _Watch, stretch: _Stretch) -> None:
    for done, _ in enumerate(each(workers, work, parts, cancel=watch.cancel), start=1):
        watch.say(*stretch.at(done))


def _refuse_many(count: int) -> None:
    if count > MOST_OBJECTS:
        what = f"{count:,} objects were found; one run holds {MOST_OBJECTS:,}"
        raise ResourceError(f"{what}. Give a smaller false-alarm rate or a smaller area.")


def _told(area: Area, made: Plan, searched: Searched) -> Answer:
    job, question = made.job, area.question
    if not searched.observed.any():
        said = f"{question.before[0]:%Y-%m-%d} to {question.after[1]:%Y-%m-%d}"
        raise InputError(
            f"No ground here was seen both before and after in {said}; move the area or widen the periods."
        )
    objects, least = collected(job, all_parts(job, searched.seams))
    trusted, remarks, own = _compared(made, searched)
    return Answer(
        question=question,
        chosen=job.stacks,
        method=made.method.value,
        extent=box_of(job.geobox),
        observed_km2=observed_km2(job, searched.observed),
        unobserved=unobserved(job, searched.observed),
        basis=made.basis,
        announced=made.announced,
        remarks=(*made.remarks, *remarks, *left_out(least)),
        found=tuple(
            Found(patch=one.patch, outline=one.outline, p_value=float(p), looks=one.looks, dated=one.dated)
            for one, p in zip(objects, made.p([one.patch.peak for one in objects]), strict=True)
        ),
        parameters=made.parameters | grid_parameters(job.geobox) | own,
        trusted=trusted,
    )


def _compared(made: Plan, searched: Searched) -> tuple[bool, tuple[str, ...], Parameters]:
    """Whether false-alarm figures hold for these looks, what is said of it, and the same as parameters."""
    own: Parameters = {"tiled": True}
    if made.usual is None:
        return True, (), own
    excess = searched.lax / float(searched.observed.sum()) / LAX
    trusted = excess <= max(WITHIN, made.usual)
    said = () if trusted else (whole_scene(excess, made.usual),)
    return trusted, said, own | {"scene_excess": round(excess, 3)}
