"""How much and how late: looks over the screen as a picture, over an area as a table, and at one point."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.catalog.codec import micros, moment
from dashboard.catalog.coverage import NOT_STATED
from dashboard.catalog.space import search_boxes, touching
from dashboard.geo.mercator import extent_of, screen_geobox
from dashboard.model.coverage import Box, Coverage, Delay, Measure, ProviderCoverage, Scope, Spot, Strip
from dashboard.model.handling import Handling
from dashboard.model.view import View
from dashboard.render.coverage import classes as shown
from dashboard.render.coverage.footprints import Window, counts, gap_block, gaps, kinds, latest
from dashboard.workflows.coverage_looks import Looks, looks
from dashboard.workflows.workspace import Workspace

SHARE_PX = 700
"""Pixels on the longer side of the grid on which the share of an area that was seen is measured."""
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoveragePicture:
    """What the coverage layer draws."""

    measure: Measure
    picture: NDArray[np.uint8]
    """(y, x) north first; values as `dashboard.render.coverage.classes` says."""
    bounds: tuple[float, float, float, float]
    """(x0, y0, x1, y1), Mercator metres: up to a pixel beyond the screen."""
    start: datetime | None
    """The period that was asked for; None: since ever."""
    as_of: datetime
    """Its end, and what ages are counted from."""
    count: int
    """Looks over the screen."""
    block: int
    """Pixels a side for which one gap was worked out; 1: for every pixel."""
    handling: Handling
    """The strictest of all that it is made from."""


def scope_of(view: View) -> Scope:
    """Return which looks a view counts: those of the brushed period, else of the timeline's window, as known then."""
    start, end = view.brush or view.period or (None, None)
    return Scope(start=start, end=end, known_at=view.known_at, constellations=view.constellations)


def coverage_picture(
    workspace: Workspace, scope: Scope, measure: Measure, geobox: GeoBox, now: datetime | None = None
) -> CoveragePicture:
    """Return one measure of coverage on a screen.

    Parameters
    ----------
    geobox : the screen, EPSG:3857, north up
    now : for ages; None takes the clock

    Raises
    ------
    GridMismatchError
        If the grid is rotated or not north up.
    """
    until = moment_of(scope, now)
    all_looks, window = looks(workspace, scope.known_at), Window.of(geobox)
    order = all_looks.chosen(scope, until)
    order = order[all_looks.footprints.inside(*window.bounds)[order]]
    block = block_of(all_looks, scope, measure, window, until)
    found = values(all_looks, order, measure, window, until, block=block)
    return CoveragePicture(
        measure=measure,
        picture=shown.classes(measure, found, window),
        bounds=window.bounds,
        start=scope.start,
        as_of=until,
        count=len(order),
        block=block,
        handling=all_looks.handling(order),
    )


def moment_of(scope: Scope, now: datetime | None) -> datetime:
    """Return what ages are counted from; None takes the clock."""
    return scope.as_of(now or datetime.now(UTC))


def block_of(found: Looks, scope: Scope, measure: Measure, window: Window, until: datetime) -> int:
    """Return for how many pixels a side one value is worked out on a screen."""
    if measure is not Measure.GAP:
        return 1
    order = found.chosen(scope, until)
    return gap_block(found.footprints, order, window)


def values(
    found: Looks, order: NDArray[np.int64], measure: Measure, window: Window, until: datetime, *, block: int
) -> NDArray[np.int64] | NDArray[np.int32]:
    """Return a measure of some looks, oldest first, per pixel of a window, as `classes` takes it."""
    if measure is Measure.LOOKS:
        return counts(found.footprints, order, window)
    if measure is Measure.PROVIDERS:
        return kinds(found.footprints, order, found.providers, window)
    seconds = found.starts[order] // _SECOND
    if measure is Measure.AGE:
        last = latest(found.footprints, order, window)
        # The last one is where there was no look: place -1.
        ages = np.append(micros(until) // _SECOND - seconds, -1).astype(np.int32)
        return ages[last]
    between = gaps(found.footprints, order, seconds, window, block=block)
    once = between.seen & (between.gap < 0)
    return np.where(once, np.iinfo(np.int32).max, between.gap).astype(np.int32)


def spot(workspace: Workspace, scope: Scope, place: tuple[float, float], now: datetime | None = None) -> Spot:
    """Return who looked at one point, exactly.

    Parameters
    ----------
    place : longitude, latitude in degrees
    """
    until = scope.as_of(now or datetime.now(UTC))
    found = looks(workspace, scope.known_at)
    lon = (place[0] + 180.0) % 360.0 - 180.0
    points = shapely.points([lon - 360.0, lon, lon + 360.0], [place[1]] * 3)
    hits = np.unique(found.tree.query(points, predicate="intersects")[1])
    meant = np.zeros(len(found), bool)
    meant[found.chosen(scope, until)] = True
    order = hits[meant[hits]]
    names, numbers = np.unique(found.providers[order], return_counts=True)
    most_first = sorted(zip(numbers.tolist(), names.tolist(), strict=True), key=lambda pair: (-pair[0], pair[1]))
    gap_us, begins = _longest(found.starts[order])
    last = int(order[-1]) if len(order) else None
    return Spot(
        lon=place[0],
        lat=place[1],
        as_of=until,
        looks=len(order),
        by_provider=tuple((found.names[name], number) for number, name in most_first),
        last=None if last is None else moment(int(found.starts[last])),
        last_by="" if last is None else str(found.platforms[last] or found.names[found.providers[last]]),
        gap_s=None if gap_us is None else gap_us / _SECOND,
        gap_from=None if begins is None else moment(begins),
    )


def coverage(workspace: Workspace, scope: Scope, bbox: Box, now: datetime | None = None) -> Coverage:
    """Return who looked at an area, how much and how late, one row a constellation and one for all.

    Looks over any part of the area count; gaps and revisits are between such looks.

    Parameters
    ----------
    bbox : (west, south, east, north) in degrees; west > east crosses the antimeridian

    Raises
    ------
    InputError
        If it is no box in degrees.
    """
    until = scope.as_of(now or datetime.now(UTC))
    found = looks(workspace, scope.known_at)
    order = found.chosen(scope, until)
    order = order[touching(bbox, found.geometry[order])] if len(order) else order
    windows = _windows(bbox)
    rows = []
    for number, name in enumerate(found.names):
        mine = order[found.providers[order] == number]
        if len(mine):
            rows.append(replace(_row(found, mine, until, windows), provider=name))
    optical = found.chosen_optical(scope, until)
    hits = touching(bbox, found.optical[optical]).sum() if len(optical) else 0
    return Coverage(
        bbox=bbox,
        start=scope.start,
        as_of=until,
        rows=tuple(rows),
        total=_row(found, order, until, windows),
        handling=found.handling(order),
        optical=int(hits),
    )


def _row(found: Looks, order: NDArray[np.int64], until: datetime, windows: list[Window]) -> ProviderCoverage:
    starts, arrivals = found.starts[order], found.arrivals[order]
    gap_us, begins = _longest(starts)
    first, last = (moment(int(starts[at])) if len(starts) else None for at in (0, -1))
    stated = arrivals != NOT_STATED
    delays = np.full(len(order), np.nan)
    delays[stated] = (arrivals[stated] - starts[stated]) / _SECOND
    return ProviderCoverage(
        provider="",
        looks=len(order),
        products=int(found.products[order].sum()),
        with_pixels=int(found.with_pixels[order].sum()),
        first=first,
        last=last,
        age_s=None if last is None else (until - last) / timedelta(seconds=1),
        gap_s=None if gap_us is None else gap_us / _SECOND,
        gap_from=None if begins is None else moment(begins),
        revisit_s=float(np.median(np.diff(starts))) / _SECOND if len(starts) > 1 else None,
        delay=_delay(delays),
        share=_share(found, order, windows),
        strip=Strip(starts_s=starts / _SECOND, delays_s=delays),
    )


def _longest(starts: NDArray[np.int64]) -> tuple[int | None, int | None]:
    """Return the longest time from one look to the next and when it began, microseconds; of equal ones the last."""
    if len(starts) < 2:
        return None, None
    between = np.diff(starts)
    at = len(between) - 1 - int(np.argmax(between[::-1]))
    return int(between[at]), int(starts[at])


def _delay(delays: NDArray[np.float64]) -> Delay:
    stated = delays[np.isfinite(delays)]
    if not len(stated):
        return Delay(stated=0, not_stated=len(delays), median_s=None, p90_s=None, worst_s=None)
    middle, high, worst = (float(value) for value in np.percentile(stated, [50, 90, 100]))
    return Delay(
        stated=len(stated), not_stated=len(delays) - len(stated), median_s=middle, p90_s=high, worst_s=worst
    )  # fmt: skip


def _windows(bbox: Box) -> list[Window]:
    """Return grids over an area, one on each side of the antimeridian."""
    made = []
    for west, south, east, north in search_boxes(bbox):
        extent = extent_of((west, south, east, north), margin=0.0)
        across, down = extent.x1 - extent.x0, extent.y1 - extent.y0
        scale = SHARE_PX / max(across, down)
        geobox = screen_geobox(extent, max(1, round(across * scale)), max(1, round(down * scale)))
        made.append(Window.exactly(geobox))
    return made


def _share(found: Looks, order: NDArray[np.int64], windows: list[Window]) -> float:
    seen = whole = 0.0
    for window in windows:
        covered = counts(found.footprints, order, window, small=False) > 0
        seen += float((covered.sum(axis=1) * window.ground).sum())
        whole += float((window.width * window.ground).sum())
    return seen / whole
