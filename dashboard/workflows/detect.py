"""Detect changes between two looks: an exact test per pixel, objects a person can review, and how to repeat it."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard import __version__
from dashboard.change.objects import FEWEST_PIXELS, ChangeObject, objects
from dashboard.change.rates import confidences
from dashboard.change.ratio import ratio_db, thresholds
from dashboard.geo.geodesy import area_m2
from dashboard.model.acquisition import Acquisition
from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.errors import InputError, NotComparableError, ResourceError, UnknownUnitsError
from dashboard.model.handling import combine
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.model.stack import statistics_refusals
from dashboard.raster.vectorise import polygons
from dashboard.workflows.calibrate import Parameters, Speckle, speckle
from dashboard.workflows.detection.pair import REMARK, announced, score_of
from dashboard.workflows.detection.unobserved import outline_of
from dashboard.workflows.extent import Box, box_of
from dashboard.workflows.observed import PixelAreas, pixel_areas
from dashboard.workflows.passes import members, touching
from dashboard.workflows.searched import full_grid
from dashboard.workflows.workspace import Workspace

METHOD = "log-ratio-f"
_FORM = 2
"""Of the records: runs of the first form had no score, announcement or outline of what was not observed."""
MOST_OBJECTS = 20_000
"""More than this nobody reviews: the question was wrong, not the answer."""
TILE = 2048
"""Pixels along a side read at once: power is held for one tile, the log ratio (4 bytes a pixel) for the whole grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Everything that is compared: two passes on one grid."""

    workspace: Workspace
    before: Acquisition
    after: Acquisition
    before_pass: tuple[Acquisition, ...]
    """Every acquisition of the pass that touches the grid, in order of time."""
    after_pass: tuple[Acquisition, ...]
    polarisation: str
    geobox: GeoBox


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watch:
    report: Report
    cancel: CancelToken | None

    def say(self, done: float, text: str) -> None:
        """Report, and stop here if that was asked for."""
        if self.cancel is not None:
            self.cancel.check()
        self.report(Progress(done, text))


def detect(  # noqa: PLR0913 -- a use case: what, where, how strictly, and who watches
    workspace: Workspace,
    before: Acquisition,
    after: Acquisition,
    *,
    polarisation: str,
    far: float,
    geobox: GeoBox | None = None,
    bbox: Box | None = None,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> tuple[ChangeRun, tuple[DetectedChange, ...]]:
    """Find what changed between two acquisitions and record the run.

    The ratio of mean powers is tested against the F law of unchanged speckle, with the looks and the scene's common
    change measured from the pair; surprising pixels are grown into objects on the whole grid at once, so no tile edge
    cuts one. The acquisitions of each pass are read together. Method and limits: docs/change-detection.md.

    Parameters
    ----------
    workspace
        Where pixels are read and the run is recorded.
    before, after
        Calibrated acquisitions of one stack, with pixels.
    polarisation
        Archived for both.
    far
        False-alarm rate of one pixel, above 0 and below 1.
    geobox
        Grid to work on, e.g. the screen's; without it the full resolution of `after`.
    bbox
        (west, south, east, north) in degrees to crop full resolution to; without it all common ground.
    report, cancel
        Progress out, stop in.

    Returns
    -------
    tuple[ChangeRun, tuple[DetectedChange, ...]]
        The run as recorded, and its changes, the strongest evidence first. Running the same again records nothing new.

    Raises
    ------
    UnknownUnitsError
        If either acquisition is uncalibrated.
    NotComparableError
        If the two are not of one stack, or one has no pixels in this polarisation.
    InputError
        If nothing was observed twice here, or looks are neither stated nor measurable.
    ResourceError
        If the grid is larger than fits in memory, or more is found than anyone could review.
    CancelledError
        If `cancel` was set; nothing is recorded.
    """
    thresholds(far, 1.0, 1.0)  # refuses an impossible rate before anything is read
    _refuse(before, after, polarisation)
    watch = _Watch(report=report, cancel=cancel)
    pair = _pair(workspace, before, after, polarisation, full_grid(workspace, before, after, geobox, bbox))
    ratio = _ratio(pair, watch)
    watch.say(0.6, "measuring speckle")
    areas = pixel_areas(pair.geobox)
    law = speckle(ratio, before, after, areas.middle_m2)
    ratio -= np.float32(law.common_mode_db)
    watch.say(0.7, "growing objects")
    least = int(np.ceil(FEWEST_PIXELS * law.repeats))
    found = objects(ratio, far=far, looks_before=law.before, looks_after=law.after, min_pixels=least)
    if len(found.found) > MOST_OBJECTS:
        what = f"A false-alarm rate of {far:g} leaves {len(found.found):,} objects; one run holds {MOST_OBJECTS:,}"
        raise ResourceError(f"{what}. Give a smaller rate or a smaller area.")
    watch.say(0.8, f"outlining {len(found.found)} objects")
    run = replace(
        _run(pair, areas.sum_km2(np.isfinite(ratio)), _parameters(pair, far, least, areas, law)),
        announced=announced(ratio, law, far=far, min_pixels=least, pixel_km2=areas.middle_m2 / 1e6),
        unobserved=outline_of(np.isnan(ratio), pair.geobox),
    )
    changes = _changes(run, pair, found.found, polygons(found.labels, pair.geobox), watch)
    watch.say(0.95, "recording")
    run = _as_recorded(workspace, run)
    workspace.catalog.changes.add_run(run, changes)
    report(Progress(1.0, f"{len(changes)} changes"))
    return run, changes


def _refuse(before: Acquisition, after: Acquisition, polarisation: str) -> None:
    reasons = statistics_refusals(before, after)
    for acq in (before, after):
        if acq.pixels is not None and acq.pixels.file(polarisation) is None:
            reasons = (*reasons, f"{acq.id} has no pixels in {polarisation}")
    if not reasons:
        return
    what = f"No change statistic between {before.id} and {after.id}: {'; '.join(reasons)}."
    if not (before.calibration.valid and after.calibration.valid):
        raise UnknownUnitsError(f"{what} Ingest calibrated products, or compare the pictures by eye.")
    raise NotComparableError(f"{what} Choose two acquisitions of one stack, or compare the pictures by eye.")


def _pair(workspace: Workspace, before: Acquisition, after: Acquisition, polarisation: str, geobox: GeoBox) -> _Pair:
    box = box_of(geobox)
    passes = []
    for acq in (before, after):
        near = touching(members(workspace, acq), box)
        passes.append(tuple(m for m in near if m.pixels and m.pixels.file(polarisation)))
    return _Pair(
        workspace=workspace,
        before=before,
        after=after,
        before_pass=passes[0],
        after_pass=passes[1],
        polarisation=polarisation,
        geobox=geobox,
    )


def _ratio(pair: _Pair, watch: _Watch) -> NDArray[np.float32]:
    """Log ratio in dB on the whole grid, read and computed tile by tile."""
    height, width = pair.geobox.shape
    ratio = np.full((height, width), np.nan, np.float32)
    tiles = [
        (slice(top, min(top + TILE, height)), slice(left, min(left + TILE, width)))
        for top in range(0, height, TILE)
        for left in range(0, width, TILE)
    ]
    for done, tile in enumerate(tiles):
        watch.say(0.6 * done / len(tiles), f"comparing tile {done + 1} of {len(tiles)}")
        looks = [_power(pair, each, pair.geobox[tile]) for each in (pair.before_pass, pair.after_pass)]
        ratio[tile] = ratio_db(*looks)
    if not np.isfinite(ratio).any():
        what = f"{pair.before.id} and {pair.after.id} have no common observed ground here"
        raise InputError(f"{what}; move the map or the area to where both footprints are.")
    return ratio


def _power(pair: _Pair, among: tuple[Acquisition, ...], geobox: GeoBox) -> NDArray[np.float32]:
    """Power of a pass on a grid, the first valid look winning in order of time."""
    power = np.full(geobox.shape, np.nan, np.float32)
    for member in touching(among, box_of(geobox)):
        if member.pixels is not None:
            look = pair.workspace.archive.read(member.pixels, pair.polarisation, geobox).values
            power = np.where(np.isnan(power), look, power)
    return power


def _parameters(pair: _Pair, far: float, least: int, areas: PixelAreas, law: Speckle) -> Parameters:
    grid = pair.geobox
    own: dict[str, str | float | int | bool] = {
        "far": far,
        "grid_crs": str(grid.crs),
        "grid_shape": f"{grid.shape[0]} x {grid.shape[1]}",
        "grid_transform": " ".join(repr(float(value)) for value in tuple(grid.affine)[:6]),
        "min_pixels": least,
        "pixel_m2": round(areas.middle_m2, 3),
        "polarisation": pair.polarisation,
    }
    return tuple(sorted({**own, **dict(law.parameters)}.items()))


def _run(pair: _Pair, observed_km2: float, parameters: Parameters) -> ChangeRun:
    read = (*pair.before_pass, *pair.after_pass)
    files = (acq.pixels.file(pair.polarisation) for acq in read if acq.pixels)
    run = ChangeRun(
        id="",
        created=datetime.now(UTC),
        method=METHOD,
        parameters=parameters,
        before=pair.before.id,
        after=pair.after.id,
        extent=box_of(pair.geobox),
        observed_km2=observed_km2,
        software=f"nightglass {__version__}",
        inputs=tuple((file.path, file.sha256) for file in files if file),
        handling=combine([acq.handling for acq in read]),
        remarks=(REMARK,),
        looked_before=tuple(acq.id for acq in pair.before_pass),
        looked_after=tuple(acq.id for acq in pair.after_pass),
    )
    facts = [run.method, run.parameters, run.before, run.after, run.extent, run.software, run.inputs, _FORM]
    return replace(run, id=f"{METHOD}-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]}")


def _changes(
    run: ChangeRun,
    pair: _Pair,
    found: tuple[ChangeObject, ...],
    outlines: dict[int, shapely.Polygon | shapely.MultiPolygon],
    watch: _Watch,
) -> tuple[DetectedChange, ...]:
    changes = []
    scores = np.array([score_of(each.p_value) for each in found])
    sure = confidences(scores, run.announced, run.observed_km2) if run.announced else None
    for index, each in enumerate(found):
        if index % 100 == 0:
            watch.say(0.85 + 0.1 * index / len(found), f"describing {len(found)} objects")
        outline = outlines[each.label]
        before, after = (_seen(outline, among) for among in (pair.before_pass, pair.after_pass))
        when = min(acq.start for acq in before), max(acq.start for acq in after)
        digest = hashlib.sha256(run.id.encode() + shapely.to_wkb(outline)).hexdigest()
        changes.append(
            DetectedChange(
                id=f"{run.id}-{digest[:12]}",
                run_id=run.id,
                geometry=outline,
                area_m2=area_m2(outline),
                pixels=each.pixels,
                after=when[0],
                before=when[1],
                magnitude_db=each.median_db,
                sign=each.sign,
                p_value=each.p_value,
                evidence=tuple(acq.id for acq in (*before, *after)),
                handling=run.handling,
                score=float(scores[index]),
                confidence=None if sure is None else float(sure[index]),
                magnitudes=((pair.polarisation, each.median_db, each.p95_db),),
                date_range=when,
            )
        )
    return tuple(sorted(changes, key=lambda change: (change.p_value, -abs(change.magnitude_db), change.id)))


def _seen(outline: shapely.Polygon | shapely.MultiPolygon, among: tuple[Acquisition, ...]) -> tuple[Acquisition, ...]:
    """The acquisitions whose footprint touches an outline; all of a pass when footprints are drawn too tight."""
    return tuple(acq for acq in among if acq.footprint.intersects(outline)) or among


def _as_recorded(workspace: Workspace, run: ChangeRun) -> ChangeRun:
    """The run with the time it was first recorded at, if the same run is on record."""
    known = (old.created for old in workspace.catalog.changes.runs() if old.id == run.id)
    return replace(run, created=next(known, run.created))
