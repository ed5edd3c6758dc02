"""A detection on one grid, recorded: read, compared, calibrated, outlined, dated, described."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.change.facts import median_p95
from dashboard.change.points import Dated, object_dates
from dashboard.geo.mercator import extent_of, screen_geobox
from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.errors import ResourceError
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.raster.vectorise import polygons
from dashboard.workflows import detect as pair
from dashboard.workflows.detection.engine import Solved, solve
from dashboard.workflows.detection.floor import crowded, from_score, least_score, left_out, searched_km2
from dashboard.workflows.detection.lattice import lattice
from dashboard.workflows.detection.measures import TStat
from dashboard.workflows.detection.question import Method, Question
from dashboard.workflows.detection.record import Answer, Found, Parameters, recorded
from dashboard.workflows.detection.scans import Scan
from dashboard.workflows.detection.stacks import ChosenStack, chosen_stacks, read_stack, require
from dashboard.workflows.detection.unobserved import outline_of
from dashboard.workflows.extent import Box, box_of
from dashboard.workflows.workspace import Workspace

MOST_VALUES = 300_000_000
"""Pixels times dates times polarisations that one grid holds in memory: 1.2 GB. More is an area run's work."""


def detect(
    workspace: Workspace,
    question: Question,
    *,
    geobox: GeoBox,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> tuple[ChangeRun, tuple[DetectedChange, ...]]:
    """Find what changed between the two periods on a grid and record the run.

    Parameters
    ----------
    workspace
        Where pixels are read and the run is recorded.
    question
        What is asked.
    geobox
        Grid to work on, e.g. the screen's; larger ground is searched by `area.detect_area`.
    report, cancel
        Progress out, stop in.

    Returns
    -------
    tuple[ChangeRun, tuple[DetectedChange, ...]]
        The run as recorded, and its changes, the strongest first. Asking the same again records nothing new.

    Raises
    ------
    InputError
        If nothing was observed both before and after here, or the method asked for needs more looks.
    UnknownUnitsError, NotComparableError, NotFoundError
        If an anchor of the question cannot be used.
    ResourceError
        If the grid with all its looks does not fit in memory.
    CancelledError
        If `cancel` was set; nothing is recorded.
    """
    watch = _Watch(report, cancel)
    chosen = compared(workspace, question, geobox)
    _fits(chosen, geobox)
    if _one_pair(chosen, question):
        return _by_pair(workspace, chosen[0], question, geobox, watch)
    arrays = []
    for number, each in enumerate(chosen):
        watch.say(0.5 * number / len(chosen), f"reading {len(each.passes)} looks of {each.anchor.constellation}")
        arrays.append(read_stack(workspace.archive, each, geobox, cancel))
    solved = solve(arrays, question, chosen, geobox, report=watch.part(0.5, 0.78), cancel=cancel)
    examined = solved.examined
    solved, least = _worth_recording(solved, geobox)
    watch.say(0.8, f"dating {len(solved.patches.found)} objects")
    dated = _dates(arrays, solved)
    watch.say(0.9, f"outlining {len(solved.patches.found)} objects")
    answer = Answer(
        question=question,
        chosen=chosen,
        method=examined.method.value,
        extent=box_of(geobox),
        observed_km2=examined.setting.areas.sum_km2(examined.observed),
        unobserved=outline_of(~examined.observed, geobox),
        basis=solved.basis,
        announced=solved.announced,
        remarks=(*examined.remarks, *left_out(least)),
        found=found_on(solved, geobox, dated),
        parameters=solved.parameters | grid_parameters(geobox),
        trusted=examined.trusted,
    )
    watch.say(0.95, "recording")
    run, changes = recorded(workspace, answer)
    report(Progress(1.0, f"{len(changes)} changes"))
    return run, changes


def compared(workspace: Workspace, question: Question, geobox: GeoBox) -> tuple[ChosenStack, ...]:
    """Return the stacks that looked at a grid both before and after, with the looks between.

    Raises
    ------
    InputError
        If there is none.
    """
    chosen = chosen_stacks(workspace, question, box_of(geobox), between=True)
    require(chosen, question)
    return tuple(each for each in chosen if each.within(question.before) and each.within(question.after))


def grid_over(workspace: Workspace, question: Question, bbox: Box, pixels: int) -> GeoBox:
    """Return a grid over a box, so many pixels across or as many as fit in memory, never finer than the archive.

    Raises
    ------
    InputError
        If no stack looked there both before and after.
    """
    chosen = chosen_stacks(workspace, question, bbox, between=True)
    require(chosen, question)
    extent = extent_of(bbox, margin=0.0)
    wide, high = extent.x1 - extent.x0, extent.y1 - extent.y0
    scale = pixels / max(wide, high)
    screen = screen_geobox(extent, max(round(wide * scale), 1), max(round(high * scale), 1))
    return lattice(screen, chosen, budget=MOST_VALUES / 4)


def found_on(solved: Solved, geobox: GeoBox, dated: Sequence[Dated]) -> tuple[Found, ...]:
    """Return the objects of a grid with their outlines, looks and dates."""
    patches = solved.patches
    outlines = polygons(patches.labels, geobox)
    before, after = (
        _medians(patches.labels, looks, len(patches.found))
        for looks in (solved.examined.seen.looks_before, solved.examined.seen.looks_after)
    )
    when = {each.label: each for each in dated}
    return tuple(
        Found(
            patch=each,
            outline=outlines[each.label],
            p_value=float(p_value),
            looks=(int(before[each.label - 1]), int(after[each.label - 1])),
            dated=when.get(each.label),
        )
        for each, p_value in zip(patches.found, solved.p_values, strict=True)
        if each.label in outlines
    )


def grid_parameters(geobox: GeoBox) -> Parameters:
    """Return what says on which grid a run was made."""
    return {
        "grid_crs": str(geobox.crs),
        "grid_shape": f"{geobox.shape[0]} x {geobox.shape[1]}",
        "grid_transform": " ".join(repr(float(value)) for value in tuple(geobox.affine)[:6]),
    }


class _Watch:
    def __init__(self, report: Report, cancel: CancelToken | None) -> None:
        self.report, self.cancel = report, cancel

    def say(self, done: float, text: str) -> None:
        """Report, and stop here if that was asked for."""
        if self.cancel is not None:
            self.cancel.check()
        self.report(Progress(done, text))

    def part(self, start: float, stop: float) -> Report:
        """Return what reports a step of the whole."""
        return lambda progress: self.say(start + (stop - start) * progress.done, progress.text)


def _fits(chosen: Sequence[ChosenStack], geobox: GeoBox) -> None:
    layers = sum(len(each.passes) * len(each.polarisations) for each in chosen)
    values = int(geobox.shape[0]) * int(geobox.shape[1]) * layers
    if values > MOST_VALUES:
        what = f"{geobox.shape[1]} x {geobox.shape[0]} pixels of {layers} layers are {values:,} values"
        raise ResourceError(f"{what}; one grid holds {MOST_VALUES:,}. Search it as an area, or a smaller part of it.")


def _one_pair(chosen: Sequence[ChosenStack], question: Question) -> bool:
    """Whether there is nothing but one look before and one after, in one polarisation."""
    if len(chosen) > 1 or len(chosen[0].polarisations) > 1 or question.method not in (Method.AUTO, Method.LOG_RATIO):
        return False
    return len(chosen[0].within(question.before)) == len(chosen[0].within(question.after)) == 1


def _by_pair(
    workspace: Workspace, one: ChosenStack, question: Question, geobox: GeoBox, watch: _Watch
) -> tuple[ChangeRun, tuple[DetectedChange, ...]]:
    before, after = (one.within(period)[0].members[0] for period in (question.before, question.after))
    return pair.detect(
        workspace, before, after, polarisation=one.polarisations[0], far=question.far, geobox=geobox,
        report=watch.report, cancel=watch.cancel,
    )  # fmt: skip


def _worth_recording(solved: Solved, geobox: GeoBox) -> tuple[Solved, float]:
    """The objects that a record is kept of, and the score that they begin at."""
    every = [each.score for each in solved.patches.found]
    least = least_score(solved.announced, searched_km2(solved.examined.setting, geobox.shape))
    least = crowded([score for score in every if score >= least], least)
    stay = np.array(every) >= least
    return replace(solved, patches=from_score(solved.patches, least), p_values=solved.p_values[stay]), least


def _dates(arrays: Sequence[xr.DataArray], solved: Solved) -> tuple[Dated, ...]:
    """Date every object by all looks, those between the periods too; none where the method has no such statistic."""
    measure = solved.examined.measure
    if not isinstance(measure, TStat | Scan) or not solved.patches.found:
        return ()
    labels = solved.patches.labels
    inside = np.flatnonzero(labels.any(axis=1)), np.flatnonzero(labels.any(axis=0))
    rows, cols = (slice(int(each[0]), int(each[-1]) + 1) for each in inside)
    part = [each[:, :, rows, cols] for each in arrays]
    return object_dates(part, labels[rows, cols], reference=measure.reference, options=measure.options)


def _medians(labels: NDArray[np.int32], values: NDArray[np.int16], count: int) -> NDArray[np.float64]:
    inside = np.flatnonzero(labels)
    median, _ = median_p95(labels.reshape(-1)[inside], values.reshape(-1)[inside].astype(np.float64), count)
    return np.nan_to_num(median)
