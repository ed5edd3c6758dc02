"""What the map shows of a view: the bytes and palettes that the screen, the export and the tests all draw from."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.geo.mercator import bbox_of, screen_geobox
from dashboard.model.acquisition import AMPLITUDE_SCALE, Acquisition
from dashboard.model.handling import Handling, combine
from dashboard.model.stack import mismatches
from dashboard.model.view import CompareMode, Extent, StretchKind, View
from dashboard.render import compose
from dashboard.render.levels import decibel_bytes, histogram, limits_db, palette, ratio_levels
from dashboard.render.visible import brightness, indexed
from dashboard.workflows import visible
from dashboard.workflows.extent import box_of
from dashboard.workflows.passes import members, touching
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.workspace import Workspace

PALETTE_WIDTH = 1024
"""Pixels across the view's extent on the grid that a palette is computed from, whatever the screen's size."""
_REMEMBERED_HISTOGRAMS = 512
_REMEMBERED_BYTES = 192 * 2**20

_SHOWN = {
    CompareMode.A: (True, False),
    CompareMode.B: (False, True),
}
"""Which of A and B a compare mode reads; every other mode reads both."""

Bytes = NDArray[np.uint8]
Counts = NDArray[np.int64]
Limits = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imagery:
    """The radar picture of a view on one grid, before colour."""

    geobox: GeoBox
    levels_a: Bytes | None
    """(y, x) display bytes of A, 0 = not observed; None when the compare mode does not show A or there is none."""
    levels_b: Bytes | None
    ratio: Bytes | None
    """(y, x) log-ratio bytes, 128 = equal, 0 = not observed twice; only for LOG_RATIO with both A and B."""
    palette_a: Bytes
    """256 greys, or (256, 3) colours of an optical picture; entry 0 is never drawn."""
    palette_b: Bytes
    limits_a: Limits | None
    """Decibels drawn black and white in A; None for an optical picture, which has none."""
    limits_b: Limits | None
    handling: Handling
    """Strictest of every acquisition drawn."""
    same_stack: bool
    """False when A and B are both named and differ in geometry: show the badge."""
    mismatches: tuple[str, ...]
    """Why not, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass:
    """One of A and B with what is drawn beside it."""

    acquisition: Acquisition
    members: tuple[Acquisition, ...]
    """With pixels in the view's polarisation, in order of time."""
    scale: float
    """DN per unit of amplitude."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """A pass as read on the map's grid."""

    drawn: tuple[Acquisition, ...]
    amplitude: NDArray[np.uint16]
    levels: Bytes
    scale: float
    colours: Bytes | None = None
    """(256, 3) of an optical picture; `amplitude` is its brightness then."""


def imagery(workspace: Workspace, view: View, geobox: GeoBox) -> Imagery:
    """Return the radar picture of a view on a grid.

    On `geobox` only what the view's compare mode shows is read. The palettes depend neither on `geobox` nor on the
    compare mode: they come from a canonical grid over the view's extent, of A and B together when both are named and
    of one stack; so the ground does not flicker while modes are tried, and the page is as bright as the screen. Safe
    to call from several threads.

    Raises
    ------
    NotFoundError
        If the view names an acquisition that the catalogue does not hold.
    """
    a, b = (None if name is None else workspace.catalog.acquisitions.get(name) for name in (view.a, view.b))
    reasons = mismatches(a, b) if a is not None and b is not None else ()
    pass_a, pass_b = (None if acq is None else _pass(workspace, acq, view.polarisation) for acq in (a, b))
    wanted = zip((pass_a, pass_b), _SHOWN.get(view.compare, (True, True)), strict=True)
    side_a, side_b = (_side(workspace, each, view, geobox) if shown else None for each, shown in wanted)
    counts_a, counts_b = _histograms(workspace, view, pass_a, pass_b)
    (palette_a, limits_a), (palette_b, limits_b) = (
        (palette(view.stretch, counts), limits_db(view.stretch, counts))
        if side is None or side.colours is None
        else (side.colours, None)
        for side, counts in ((side_a, counts_a), (side_b, counts_b))
    )
    return Imagery(
        geobox=geobox,
        levels_a=None if side_a is None else side_a.levels,
        levels_b=None if side_b is None else side_b.levels,
        ratio=_ratio(side_a, side_b) if view.compare is CompareMode.LOG_RATIO else None,
        palette_a=palette_a,
        palette_b=palette_b,
        limits_a=limits_a,
        limits_b=limits_b,
        handling=combine([member.handling for side in (side_a, side_b) if side for member in side.drawn]),
        same_stack=not reasons,
        mismatches=reasons,
    )


def picture(workspace: Workspace, view: View, geobox: GeoBox) -> compose.Rgba:
    """Return the composed radar picture of a view, (y, x, 4) RGBA, at full opacity.

    BLINK gives B. Where a side is missing or was not observed the picture is transparent; composites of both dates
    are transparent unless both were observed.
    """
    return composed(imagery(workspace, view, geobox), view)


def composed(found: Imagery, view: View) -> compose.Rgba:
    """Return the picture of imagery that was read for this view."""
    empty = np.zeros((*found.geobox.shape, 4), np.uint8)
    a = empty if found.levels_a is None else compose.grey(found.levels_a, found.palette_a)
    b = empty if found.levels_b is None else compose.grey(found.levels_b, found.palette_b)
    match view.compare:
        case CompareMode.A:
            return a
        case CompareMode.B | CompareMode.BLINK:
            return b
        case CompareMode.SWIPE:
            return compose.swipe(a, b, view.split)
        case CompareMode.LOG_RATIO:
            return empty if found.ratio is None else compose.log_ratio(found.ratio)
        case CompareMode.TWO_COLOUR:
            if found.levels_a is None or found.levels_b is None:
                return empty
            return compose.two_colour(found.levels_a, found.levels_b, found.palette_a, found.palette_b)


def forget() -> None:
    """Drop every remembered frame and histogram: for measuring what a first look costs."""
    visible.forget()
    _SIDES.clear()
    _HISTOGRAMS.clear()


def _pass(workspace: Workspace, acquisition: Acquisition, polarisation: str) -> _Pass:
    found = members(workspace, acquisition)
    return _Pass(
        acquisition=acquisition,
        members=tuple(m for m in found if m.pixels is not None and m.pixels.file(polarisation) is not None),
        scale=acquisition.pixels.amplitude_scale if acquisition.pixels else AMPLITUDE_SCALE,
    )


def _side(workspace: Workspace, source: _Pass | None, view: View, geobox: GeoBox) -> _Side | None:
    if source is None:
        return None
    if source.acquisition.optical:
        return _optical_side(workspace, source.acquisition, view, geobox)
    polarisation = view.polarisation
    drawn = tuple(touching(source.members, box_of(geobox)))

    def read() -> _Side | None:
        amplitude = _mosaic(workspace, drawn, polarisation, geobox)
        if amplitude is None:
            return None
        levels = decibel_bytes(amplitude, source.scale)
        for shared in (amplitude, levels):
            shared.flags.writeable = False
        return _Side(drawn=drawn, amplitude=amplitude, levels=levels, scale=source.scale)

    hashes = [file.sha256 for member in drawn if member.pixels and (file := member.pixels.file(polarisation))]
    return _SIDES.get((tuple(geobox.shape), tuple(geobox.affine), str(geobox.crs), source.scale, *hashes), read)


def _optical_side(workspace: Workspace, acquisition: Acquisition, view: View, geobox: GeoBox) -> _Side | None:
    drawn = tuple(touching([acquisition], box_of(geobox)))
    canonical = _canonical(view.extent)

    def read() -> _Side | None:
        bands = visible.read_bands(workspace, acquisition, geobox) if drawn else None
        if bands is None:
            return None
        levels, colours = indexed(bands, visible.limits(workspace, acquisition, canonical))
        amplitude = brightness(bands)
        for shared in (amplitude, levels, colours):
            shared.flags.writeable = False
        return _Side(drawn=drawn, amplitude=amplitude, levels=levels, scale=1.0, colours=colours)

    hashes = [file.sha256 for file in acquisition.pixels.files] if acquisition.pixels else []
    return _SIDES.get((tuple(geobox.shape), tuple(geobox.affine), str(geobox.crs), view.extent, *hashes), read)


def _mosaic(
    workspace: Workspace, drawn: Iterable[Acquisition], polarisation: str, geobox: GeoBox
) -> NDArray[np.uint16] | None:
    """Amplitude of a pass on a grid, the first valid look winning in the order given; None without any."""
    mosaic: NDArray[np.uint16] | None = None
    for member in drawn:
        if member.pixels is None:
            continue
        amplitude = workspace.archive.amplitude(member.pixels, polarisation, geobox)
        mosaic = amplitude if mosaic is None else np.where(mosaic == 0, amplitude, mosaic)
    return mosaic


def _ratio(a: _Side | None, b: _Side | None) -> Bytes | None:
    if a is None or b is None or a.colours is not None or b.colours is not None:
        return None  # light is no backscatter: there is nothing to divide
    return ratio_levels(a.amplitude, b.amplitude, scale_a=a.scale, scale_b=b.scale)


def _histograms(workspace: Workspace, view: View, a: _Pass | None, b: _Pass | None) -> tuple[Counts, Counts]:
    """The counts that the palettes of A and B are made from: joint when they can be compared, else each its own."""
    counts_a, counts_b = (_histogram(workspace, view, each) for each in (a, b))
    if a is not None and b is not None and _of_one_palette(a.acquisition, b.acquisition):
        counts_a = counts_b = counts_a + counts_b
    return counts_a, counts_b


def _of_one_palette(a: Acquisition, b: Acquisition) -> bool:
    return not mismatches(a, b) and a.calibration == b.calibration


def _histogram(workspace: Workspace, view: View, source: _Pass | None) -> Counts:
    if source is None or view.stretch.kind is StretchKind.FIXED:  # a fixed stretch does not look at the data
        return np.zeros(256, np.int64)
    drawn = touching(source.members, bbox_of(view.extent))
    files = (member.pixels.file(view.polarisation) for member in drawn if member.pixels)

    def count() -> Counts:
        amplitude = _mosaic(workspace, drawn, view.polarisation, _canonical(view.extent))
        return np.zeros(256, np.int64) if amplitude is None else histogram(decibel_bytes(amplitude, source.scale))

    return _HISTOGRAMS.get((view.extent, source.scale, *(file.sha256 for file in files if file)), count)


def _canonical(extent: Extent) -> GeoBox:
    height = round(PALETTE_WIDTH * (extent.y1 - extent.y0) / (extent.x1 - extent.x0))
    return screen_geobox(extent, PALETTE_WIDTH, min(max(height, 1), 4 * PALETTE_WIDTH))


def _weight(side: _Side | None) -> int:
    return 64 if side is None else side.amplitude.nbytes + side.levels.nbytes


_HISTOGRAMS: Remembered[Counts] = Remembered(_REMEMBERED_HISTOGRAMS)
"""By extent and content hashes: the same files over the same ground count the same."""
_SIDES: Remembered[_Side | None] = Remembered(_REMEMBERED_BYTES, _weight)
"""Frames by grid and content hashes: a step back, an exchange or a warmed neighbour costs nothing."""
