"""Images taken in bursts, put together again: lines and samples of one image over all swaths."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import DamagedProductError
from dashboard.sources.geocode.native import Native, sane_shape
from dashboard.sources.sentinel1.annotation import Annotation

MOST_OFFSET = 1_000_000
"""Rows or columns between bursts of one product."""
WIDEST_GAP = 0.5
"""Share of a burst's lines that may lie between it and the next one: more means that a time is damaged."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a burst that goes into the whole image."""

    swath: int
    rows: slice
    """Of the whole image."""
    cols: slice
    down: int
    """Rows of the whole image minus lines of the measurement."""
    across: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How swaths and bursts lie in the whole image."""

    shape: tuple[int, int]
    first_line_s: float
    slant_range_m: float
    pieces: tuple[Piece, ...]
    off_grid_px: float
    """By how much bursts and swaths were moved at most to lie on one grid."""


def layout(swaths: Sequence[Annotation]) -> Layout:
    """Return how the images of one polarisation are put together.

    Bursts overlap their neighbours, and swaths too; each overlap is cut in its middle. Nothing is resampled: the
    processor makes all bursts and swaths of a pass on one grid of zero-Doppler time and slant range, and whatever lies
    off it is moved by less than a pixel.

    Raises
    ------
    DamagedProductError
        If the swaths differ in steps, bursts lie apart, or nothing is valid.
    """
    line_s, step_m = swaths[0].line_s, swaths[0].slant_step_m
    if any(abs(s.line_s / line_s - 1) > 1e-6 or abs(s.slant_step_m / step_m - 1) > 1e-6 for s in swaths):
        raise DamagedProductError("The swaths differ in azimuthTimeInterval or rangeSamplingRate; damaged.")
    first_s = min(burst.time_s for swath in swaths for burst in swath.bursts)
    near_m = min(swath.slant_range_m for swath in swaths)
    exact = [[(burst.time_s - first_s) / line_s for burst in swath.bursts] for swath in swaths]
    sideways = [(swath.slant_range_m - near_m) / step_m for swath in swaths]
    across = [_whole(offset, "slantRangeTime", swath) for offset, swath in zip(sideways, swaths, strict=True)]
    valid = [_valid_columns(swath, shift) for swath, shift in zip(swaths, across, strict=True)]
    cuts = _cuts(valid)
    pieces = []
    for k, swath in enumerate(swaths):
        starts = _starts(swath, exact[k])
        rows = _cuts([_valid_lines(swath, b, start) for b, start in enumerate(starts)])
        for b, (start, (top, bottom)) in enumerate(zip(starts, rows, strict=True)):
            if bottom > top and cuts[k][1] > cuts[k][0]:
                down = start - b * swath.lines_per_burst
                pieces.append(Piece(k, slice(top, bottom), slice(*cuts[k]), down, across[k]))
    if not pieces:
        raise DamagedProductError(f"{swaths[0].name} has no valid line in burstList; the product is damaged.")
    size = max(p.rows.stop for p in pieces), max(p.cols.stop for p in pieces)
    shape = sane_shape(size, swaths[0].name)
    off = max(abs(offset - round(offset)) for offset in itertools.chain(sideways, *exact))
    return Layout(shape=shape, first_line_s=first_s, slant_range_m=near_m, pieces=tuple(pieces), off_grid_px=off)


class Debursted:
    """A `Native` of one polarisation over all swaths and bursts."""

    def __init__(self, plan: Layout, images: Sequence[Native], swaths: Sequence[Annotation]) -> None:
        self._plan = plan
        self._images = images
        self._swaths = swaths
        self.shape = plan.shape
        self.polarisations = images[0].polarisations

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) sigma0 of a window, NaN where no burst has valid data."""
        out = np.full((rows.stop - rows.start, cols.stop - cols.start), np.nan, np.float32)
        for piece in self._plan.pieces:
            top, bottom = max(rows.start, piece.rows.start), min(rows.stop, piece.rows.stop)
            left, right = max(cols.start, piece.cols.start), min(cols.stop, piece.cols.stop)
            if top < bottom and left < right:
                lines = slice(top - piece.down, bottom - piece.down)
                samples = slice(left - piece.across, right - piece.across)
                found = self._images[piece.swath].read(polarisation, lines, samples)
                found = np.where(self._valid(piece.swath, lines, samples), found, np.nan)
                out[top - rows.start : bottom - rows.start, left - cols.start : right - cols.start] = found
        return out

    def close(self) -> None:
        """Close the files; reading again opens them again."""
        for image in self._images:
            image.close()

    def _valid(self, swath: int, lines: slice, samples: slice) -> NDArray[np.bool_]:
        """Return where the samples of some lines hold data."""
        bursts = self._swaths[swath].bursts
        first = np.concatenate([burst.first_valid for burst in bursts])[lines]
        last = np.concatenate([burst.last_valid for burst in bursts])[lines]
        at = np.arange(samples.start, samples.stop)
        inside = (at >= first[:, None]) & (at <= last[:, None]) & (first[:, None] >= 0)
        found: NDArray[np.bool_] = inside
        return found


def _starts(swath: Annotation, exact: Sequence[float]) -> list[int]:
    """Return the first row of each burst in the whole image."""
    lines = swath.lines_per_burst
    if max((after - before for before, after in itertools.pairwise(exact)), default=0.0) > lines * (1 + WIDEST_GAP):
        msg = f"{swath.name}: bursts lie farther apart in azimuthTime than their {lines} lines; the product is damaged."
        raise DamagedProductError(msg)
    return [_whole(offset, "azimuthTime", swath) for offset in exact]


def _whole(pixels: float, field: str, swath: Annotation) -> int:
    if abs(pixels) > MOST_OFFSET:
        msg = f"{swath.name}: its {field} lies {pixels:,.0f} pixels from the first one's; the product is damaged."
        raise DamagedProductError(msg)
    return round(pixels)


def _valid_columns(swath: Annotation, shift: int) -> tuple[int, int]:
    """Return the columns of the whole image from the first to after the last that most lines of a swath have."""
    first = np.concatenate([burst.first_valid for burst in swath.bursts])
    last = np.concatenate([burst.last_valid for burst in swath.bursts])
    some = first >= 0
    if not some.any():
        raise DamagedProductError(f"{swath.name} has no valid sample in firstValidSample; the product is damaged.")
    left, right = int(np.median(first[some])), int(np.median(last[some])) + 1
    if not 0 <= left < right <= swath.shape[1] or len(first) != swath.shape[0]:
        msg = (
            f"{swath.name}: firstValidSample {left:,} to lastValidSample {right - 1:,} of {len(first):,} lines do not "
            f"fit an image of {swath.shape[0]:,} lines and {swath.shape[1]:,} samples."
        )
        raise DamagedProductError(msg)
    return left + shift, right + shift


def _valid_lines(swath: Annotation, burst: int, start: int) -> tuple[int, int]:
    """Return the rows of the whole image from the first to after the last valid line of a burst."""
    lines = np.flatnonzero(swath.bursts[burst].first_valid >= 0)
    return (start, start) if len(lines) == 0 else (start + int(lines[0]), start + int(lines[-1]) + 1)


def _cuts(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Cut the overlaps of neighbours, in ascending order, in the middle."""
    found = [list(span) for span in spans]
    for before, after in itertools.pairwise(found):
        if before[1] > after[0]:
            middle = (before[1] + after[0]) // 2
            before[1] = after[0] = middle
    return [(first, max(first, last)) for first, last in found]
