"""Pictures of one change: before, after and their ratio side by side, and its series. HTML from arrays. Pure."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.model.dtg import dtg
from dashboard.model.palette import Tokens
from dashboard.views.layerdata import MINUS

WIDTH, HEIGHT = 336, 118
_LEFT, _RIGHT, _TOP, _FOOT = 30, 6, 6, 16
_FLOOR = HEIGHT - _FOOT
_DASHES = ("", "5 3", "2 2", "7 2 2 2")
Ring = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One line of the series."""

    name: str
    moments: tuple[datetime, ...]
    values_db: NDArray[np.floating]
    """NaN where there was no valid look: a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is marked in the series."""

    interval: tuple[datetime, datetime] | None = None
    """When the change happened."""
    a: datetime | None = None
    b: datetime | None = None


def png(levels: NDArray[np.uint8], colours: Sequence[str] = ()) -> str:
    """Return a picture (y, x) as a data address: in grey, or by a table of up to 256 colours."""
    made = Image.fromarray(np.ascontiguousarray(levels))
    if colours:
        made.putpalette(bytes.fromhex("".join(colour.lstrip("#") for colour in colours)))
    buffer = BytesIO()
    made.save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def chip(
    levels: NDArray[np.uint8],
    rings: Iterable[Ring],
    *,
    letter: str,
    words: str,
    stroke: str,
    colours: Sequence[str] = (),
) -> str:
    """Return one picture with the outline of the change drawn over it.

    Parameters
    ----------
    levels : (y, x), the north row first
    rings : outlines in pixels, (x, y) from the upper left corner
    letter : class of the frame: ``a``, ``b`` or ``ratio``
    words : caption
    stroke : colour of the outline
    colours : table of colours of the levels; grey without one
    """
    height, width = levels.shape
    lines = "".join(
        f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in ring)}" fill="none" stroke="{stroke}" '
        'vector-effect="non-scaling-stroke"/>'
        for ring in rings
    )
    return (
        f'<figure class="{letter}"><svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(words)}">'
        f'<image width="{width}" height="{height}" href="{png(levels, colours)}"/>{lines}</svg>'
        f"<figcaption>{escape(words)}</figcaption></figure>"
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where times and decibels lie in the picture."""

    begin: float
    end: float
    low: float
    high: float

    def x(self, moment: datetime) -> float:
        share = (moment.timestamp() - self.begin) / (self.end - self.begin)
        return _LEFT + min(max(share, 0.0), 1.0) * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _TOP + (self.high - value) / (self.high - self.low) * (_FLOOR - _TOP)

    def holds(self, moment: datetime) -> bool:
        return self.begin <= moment.timestamp() <= self.end


def series(curves: Sequence[Curve], marks: Marks, colour: str, colours: Tokens) -> str:
    """Return the backscatter inside the outline through time: gaps as gaps, the interval of the change, A and B.

    Parameters
    ----------
    colour : of the interval, the sign's
    """
    curves = [curve for curve in curves if np.isfinite(curve.values_db).any()]
    if not curves:
        return '<p class="muted">No look inside the outline has values to show through time.</p>'
    frame, first, last = _framed(curves)
    lines = "".join(
        _curve(curve, frame, _DASHES[index % len(_DASHES)], colours) for index, curve in enumerate(curves)
    )  # fmt: skip
    days = (
        f'<text x="{_LEFT}" y="{HEIGHT - 4}">{dtg(first)}</text>'
        f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{dtg(last)}</text>'
    )
    inside = _grid(frame, colours) + _marked(marks, frame, colour, colours) + lines + days
    return (
        f'<svg class="series" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Backscatter inside the outline '
        f'through time, dB">{inside}</svg>{_legend(curves, colours)}'
    )


def _framed(curves: Sequence[Curve]) -> tuple[_Frame, datetime, datetime]:
    seen = np.concatenate([curve.values_db[np.isfinite(curve.values_db)] for curve in curves])
    moments = [moment for curve in curves for moment in curve.moments]
    first, last = min(moments), max(moments)
    margin = max(0.03 * (last - first).total_seconds(), 86_400.0)
    low, high = float(np.floor(seen.min() - 0.5)), float(np.ceil(seen.max() + 0.5))
    return _Frame(first.timestamp() - margin, last.timestamp() + margin, low, high), first, last


def _marked(marks: Marks, frame: _Frame, colour: str, colours: Tokens) -> str:
    made = ""
    if marks.interval is not None:
        left, right = map(frame.x, marks.interval)
        made += (
            f'<rect x="{left:.1f}" y="{_TOP}" width="{max(right - left, 1.5):.1f}" height="{_FLOOR - _TOP}" '
            f'fill="{colour}" fill-opacity="0.28"><title>changed between {dtg(marks.interval[0])} and '
            f"{dtg(marks.interval[1])}</title></rect>"
        )
    for letter, moment, ink in (("A", marks.a, colours.a), ("B", marks.b, colours.b)):
        if moment is not None and frame.holds(moment):
            at = f"{frame.x(moment):.1f}"
            made += (
                f'<line x1="{at}" x2="{at}" y1="{_TOP}" y2="{_FLOOR}" stroke="{ink}" stroke-width="1.5">'
                f"<title>{letter} {dtg(moment)}</title></line>"
            )
    return made


def _grid(frame: _Frame, colours: Tokens) -> str:
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if (frame.high - frame.low) / step <= 5)
    first = int(np.ceil(frame.low / step)) * step
    return "".join(
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{frame.y(level):.1f}" y2="{frame.y(level):.1f}" '
        f'stroke="{colours.line}"/><text x="{_LEFT - 4}" y="{frame.y(level) + 4:.1f}" text-anchor="end">'
        f"{f'{level}'.replace('-', MINUS)}</text>"
        for level in range(first, int(frame.high) + 1, step)
    )


def _curve(curve: Curve, frame: _Frame, dash: str, colours: Tokens) -> str:
    points = [
        (frame.x(moment), frame.y(float(value)), moment, float(value))
        for moment, value in zip(curve.moments, curve.values_db, strict=True)
        if np.isfinite(value)
    ]
    broken, path = True, ""
    places = iter(points)
    for value in curve.values_db:
        if not np.isfinite(value):
            broken = True
            continue
        x, y, _, _ = next(places)
        path += f"{'M' if broken else 'L'}{x:.1f} {y:.1f}"
        broken = False
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.9"><title>{dtg(moment)} {escape(curve.name)} '
        f"{decibels(value)}</title></circle>"
        for x, y, moment, value in points
    )
    pattern = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="{path}" fill="none" stroke="{colours.muted}" stroke-width="1.2"{pattern}/>'
        f'<g fill="{colours.text}">{dots}</g>'
    )


def _legend(curves: Sequence[Curve], colours: Tokens) -> str:
    items = "".join(
        f'<span><svg class="dash" viewBox="0 0 22 6" aria-hidden="true"><path d="M0 3H22" stroke="{colours.muted}" '
        f'stroke-width="1.5" stroke-dasharray="{_DASHES[index % len(_DASHES)]}"/></svg>{escape(curve.name)}</span>'
        for index, curve in enumerate(curves)
    )
    return f'<p class="key muted">{items}</p>'


def decibels(value: float) -> str:
    """Return a value in decibels with one digit and a true minus sign."""
    return f"{value:.1f} dB".replace("-", MINUS)
