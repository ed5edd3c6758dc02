"""Change products of others into the catalogue: their words, their dates, their basis; nothing is measured here."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from dashboard.geo.geodesy import area_m2
from dashboard.model.change import Basis, ChangeRun, ChangeSign, ChangeStatus, DetectedChange
from dashboard.model.errors import CancelledError, InputError, NightglassError, ResourceError
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.raster.vectorise import polygons
from dashboard.sources.dist_alert import (
    DAY_ZERO,
    NO_DATA,
    DistAlert,
    day_of,
    dist_alerts,
    look_time,
    read_dist_alert,
)
from dashboard.sources.footprint import bounds_footprint
from dashboard.workflows.detection.unobserved import outline_of
from dashboard.workflows.ingest import IngestEntry
from dashboard.workflows.observed import pixel_areas
from dashboard.workflows.stated_areas import Areas, areas_of
from dashboard.workflows.workspace import Workspace

METHOD = "opera-dist-alert-s1"
FORM = 1
"""Of the translation below: another one makes another run of the same product."""
STATES = {
    1: ChangeStatus.FIRST, 2: ChangeStatus.PROVISIONAL, 3: ChangeStatus.CONFIRMED,
    4: ChangeStatus.FIRST, 5: ChangeStatus.PROVISIONAL, 6: ChangeStatus.CONFIRMED,
    7: ChangeStatus.ENDED, 8: ChangeStatus.ENDED,
}  # fmt: skip
"""Of the status layer, as the producer documents it: low (1, 2, 3, 7) and high (4, 5, 6, 8) stay apart as polygons."""
MOST_CHANGES = 100_000
"""Polygons of one run: more nobody reviews."""
_DAY = timedelta(days=1)
_TAGS = ("version", "sensor", "low_confidence_alert_threshold", "high_confidence_alert_threshold", "model_source")
"""Of the product's tags: what a reader must know to judge it; the files hold the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What is taken of a product."""

    least_pixels: int = 1
    """Smaller areas are left out, and a remark says how many."""
    dry_run: bool = False
    """Only say what would be done."""

    def __post_init__(self) -> None:
        if self.least_pixels < 1:
            raise InputError(f"An area of {self.least_pixels} pixels is none; give 1 or more.")


def import_changes(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    options: ImportOptions | None = None,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> list[IngestEntry]:
    """Record the change products of files and folders, each as one run, all of it or nothing.

    A product is known by its content: recording it again writes nothing.

    Parameters
    ----------
    workspace : whose catalogue takes them
    paths : layers, products' folders, or folders of them
    options : what is taken
    report, cancel : progress out, stop in

    Returns
    -------
    one entry per product: ``added``, ``already there``, ``would add`` or ``failed: <error>``

    Raises
    ------
    InputError
        If a path is missing or holds no change product.
    CancelledError
        If `cancel` was called; products recorded before stay.
    """
    options, cancel = options or ImportOptions(), cancel or CancelToken()
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist; check the path.")
    found = list(dict.fromkeys(each for path in paths for each in dist_alerts(path)))
    entries = []
    for number, (name, folder) in enumerate(found):
        cancel.check()
        report(Progress(number / len(found), name))
        entries.append(_imported(workspace, name, folder, options))
    report(Progress(1.0, f"{len(entries)} products"))
    return entries


def _imported(workspace: Workspace, name: str, folder: Path, options: ImportOptions) -> IngestEntry:
    try:
        run, changes = stated(read_dist_alert(name, folder), least_pixels=options.least_pixels)
        known = next((old.created for old in workspace.catalog.changes.runs() if old.id == run.id), None)
        run = replace(run, created=known or datetime.now(UTC))  # known here since then, whenever it was made
        if not options.dry_run:
            workspace.catalog.changes.add_run(run, changes)
    except CancelledError:
        raise
    except NightglassError as error:
        text = str(error) if name in str(error) else f"{name}: {error}"
        return IngestEntry(folder, None, f"failed: {text}", text, exit_code=error.exit_code)
    status = "already there" if known is not None else "would add" if options.dry_run else "added"
    return IngestEntry(folder, run.id, status, f"{name}: {len(changes):,} changes")


def stated(product: DistAlert, *, least_pixels: int = 1) -> tuple[ChangeRun, tuple[DetectedChange, ...]]:
    """Return a product as a run, as of when it was made, and its changes, the strongest first.

    Each connected area (8 neighbours) of one state of the producer's is one change. Its score is the highest metric
    inside, its day the one most of its pixels state. What the producer does not state stays empty: no magnitude, no
    sign (mixed), no confidence, a p-value of 1.

    Parameters
    ----------
    product : as read
    least_pixels : smaller areas are left out

    Raises
    ------
    ResourceError
        If more is left than anyone could review.
    """
    areas = areas_of(product, least_pixels)
    if len(areas.state) > MOST_CHANGES:
        what = f"{product.name} holds {len(areas.state):,} areas; one run holds {MOST_CHANGES:,}"
        raise ResourceError(f"{what}. Leave small ones out with a least number of pixels.")
    run = _run(product, areas, least_pixels)
    return run, tuple(sorted(_changes(product, areas, run), key=lambda change: (-change.score, change.id)))


def _run(product: DistAlert, areas: Areas, least_pixels: int) -> ChangeRun:
    seen = product.status != NO_DATA
    identity = hashlib.sha256(json.dumps([METHOD, FORM, product.files, least_pixels]).encode()).hexdigest()
    prior = product.tag("prior_dist_s1_product")
    parameters: dict[str, str | float | int | bool] = {
        "product": product.name, "tile": product.tile, "form": FORM, "least_pixels": least_pixels,
        "made": product.made.isoformat(),
        **{name: text for name in _TAGS if (text := product.tag(name)) is not None},
    }  # fmt: skip
    west, south, east, north = bounds_footprint(product.geobox).bounds
    return ChangeRun(
        id=f"{METHOD}-{identity[:16]}",
        created=product.made,
        method=METHOD,
        parameters=tuple(sorted(parameters.items())),
        before=product.before[-1] if product.before else prior or product.name,
        after=product.after[0] if product.after else product.name,
        extent=(west, south, east, north),
        observed_km2=pixel_areas(product.geobox).sum_km2(seen),
        software=f"dist-s1 {product.tag('version') or 'of no stated version'}",
        inputs=product.files,
        handling=product.handling,
        basis=Basis.STATED,
        remarks=tuple(_remarks(product, areas, seen)),
        looked_before=product.before,
        looked_after=product.after,
        unobserved=outline_of(~seen, product.geobox),
    )


def _remarks(product: DistAlert, areas: Areas, seen: NDArray[np.bool_]) -> Iterator[str]:
    version = product.tag("version") or "of no stated version"
    yield f"Found by others: OPERA DIST-ALERT-S1 {product.version}, software dist-s1 {version}; imported as stated."
    low, high = (product.tag(f"{name}_confidence_alert_threshold") for name in ("low", "high"))
    alerts = f" (its alerts: low from {low}, high from {high})" if low and high else ""
    yield f"The score is the producer's metric, distance from the baseline in its standard deviations{alerts}."
    yield "The producer states no magnitude, no direction and no probability: 0 dB, mixed and p = 1 stand for that."
    yield "It states the day a change was first seen; the last look without it is the baseline's, a year before or so."
    blind = float(np.isnan(product.metric[seen]).mean()) if seen.any() else 0.0
    if blind > 0.0:
        prior = product.tag("prior_dist_s1_product") or "an earlier pass"
        share = f"{max(blind, 0.01):.0%} of the observed ground"
        yield f"This pass did not look at {share}: the states there are those of {prior}."
    if not seen.all():
        yield f"{float((~seen).mean()):.1%} of the tile has no data: never observed, or masked as water."
    if areas.left_out:
        yield f"{areas.left_out:,} areas were left out as too small."


def _changes(product: DistAlert, areas: Areas, run: ChangeRun) -> Iterator[DetectedChange]:
    outlines = polygons(areas.labels, product.geobox)
    dates = _Dates(product)
    looks_before = max(1, len({look.date() for name in product.before if (look := look_time(name)) is not None}))
    for place in range(len(areas.state)):
        outline = outlines[place + 1]
        digest = hashlib.sha256(run.id.encode() + shapely.to_wkb(outline)).hexdigest()
        first, latest = (int(day) for day in areas.days[place])
        day, count = int(areas.day[place]), max(1, int(areas.count[place]))
        yield DetectedChange(
            id=f"{run.id}-{int(areas.state[place])}-{digest[:12]}",
            run_id=run.id,
            geometry=outline,
            area_m2=area_m2(outline),
            pixels=int(areas.pixels[place]),
            after=dates.without(day),
            before=dates.seen(day),
            magnitude_db=0.0,
            sign=ChangeSign.MIXED,
            p_value=1.0,
            evidence=dates.evidence(int(areas.last[place])),
            handling=run.handling,
            score=float(areas.score[place]),
            date_range=None if first == latest else (dates.without(first), dates.seen(latest)),
            status=STATES[int(areas.state[place])],
            looks=(looks_before, max(count, int(areas.looks[place]))),
            confirming=count,
        )


class _Dates:
    """What a product's days mean as moments."""

    def __init__(self, product: DistAlert) -> None:
        self._product = product
        self._prior = product.tag("prior_dist_s1_product")
        self._baseline = [look for name in product.before if (look := look_time(name)) is not None]
        named = look_time(self._prior) if self._prior else None
        self._known = {day_of(moment): moment for moment in (named, product.time) if moment is not None}

    def seen(self, day: int) -> datetime:
        """Return the start of the look of a day where the product names it, else the day's last second."""
        return self._known.get(day, DAY_ZERO + (day + 1) * _DAY - timedelta(seconds=1))

    def without(self, day: int) -> datetime:
        """Return the start of the latest baseline look before a day; the product's day 0 where it names none."""
        start = DAY_ZERO + day * _DAY
        return max((look for look in self._baseline if look < start), default=DAY_ZERO)

    def evidence(self, last: int) -> tuple[str, ...]:
        """Return the looks of this pass for what they show, else the product whose states it repeats."""
        if last == day_of(self._product.time) and self._product.after:
            return self._product.after
        return (self._prior or self._product.name,)
