"""Coverage in words, as a table and as a small picture: HTML from values. Pure."""

from collections.abc import Sequence
from html import escape

import numpy as np

from dashboard.model.coverage import Coverage, Measure, ProviderCoverage, Spot
from dashboard.model.dtg import dtg, iso
from dashboard.model.palette import Tokens
from dashboard.render.coverage.classes import FIRST, HATCH_PX, ONCE, TITLES, labels, palette, words

_WIDTH, _LANE, _LEFT, _RIGHT = 320, 34, 4, 4
_BINS = 156
"""Columns of a strip: looks nearer to each other than a bar is wide share one."""


def legend(measure: Measure, period: str, block: int, colours: Tokens) -> str:
    """Return the legend of the layer: what it shows, of which period, and what each colour says."""
    shades = palette(measure, colours.mixed, colours.unobserved)
    rows = [(shades[FIRST + at], label) for at, label in enumerate(labels(measure))][::-1]
    if measure is Measure.GAP:
        rows.append((shades[ONCE], "one look only"))
    items = "".join(f'<li><i style="background:{colour[:7]}"></i>{escape(label)}</li>' for colour, label in rows)
    lines = f"repeating-linear-gradient(45deg, {colours.unobserved} 0 1px, transparent 1px {HATCH_PX // 2}px)"
    items += f'<li><i style="background:{lines}"></i>no look</li>'
    coarse = f'<p class="muted">one value for {block} × {block} pixels</p>' if block > 1 else ""
    return f'<b>{TITLES[measure]}</b><span class="muted">{escape(period)}</span><ul>{items}</ul>{coarse}'


def tip(found: Spot) -> str:
    """Return what one point says."""
    if not found.looks:
        return '<b>No look here</b><br><span class="muted">in the period</span>'
    who = " · ".join(f"{escape(name)} {number:,}" for name, number in found.by_provider)
    age = (found.as_of - found.last).total_seconds() if found.last else 0.0
    last = f"last look {words(age)} old: {escape(found.last_by)}" if found.last else ""
    when = f'<span class="mono" title="{iso(found.last)}">{dtg(found.last)}</span>' if found.last else ""
    gap = "one look: no gap to speak of"
    if found.gap_s is not None and found.gap_from is not None:
        gap = f"longest gap {words(found.gap_s)}, from {dtg(found.gap_from)}"
    noun = "look" if found.looks == 1 else "looks"
    return f'<b>{found.looks:,} {noun}</b><br>{who}<br>{last} {when}<br><span class="muted">{gap}</span>'


def table(found: Coverage) -> str:
    """Return the table: who, how much, how late."""
    if not found.rows:
        return f"<p>No look at this area in the period.</p>{_optical(found)}"
    heads = (
        ("From", "constellation"), ("Looks", "passes over any part of the area"), ("Here", "products with pixels here"),
        ("Known", "products known only"), ("Seen", "share of the area seen at least once"),
    )  # fmt: skip
    first = "".join(
        _line(row, f"{row.looks:,}", f"{row.with_pixels:,}", f"{row.known_only:,}", _share(row.share))
        for row in _all(found)
    )
    late = (
        ("From", "constellation"), ("Last", "age of the last look"), ("Gap", "longest from one look to the next"),
        ("Revisit", "median from one look to the next"),
    )  # fmt: skip
    second = "".join(
        _line(row, _time(row.age_s), _time(row.gap_s), _time(row.revisit_s)) for row in _all(found)
    )  # fmt: skip
    return (
        f"<h3>How much</h3><table>{_head(heads)}{first}</table>"
        f"<h3>How often</h3><table>{_head(late)}{second}</table>{_delays(found)}{_optical(found)}"
    )


def _delays(found: Coverage) -> str:
    heads = (
        ("From", "constellation"), ("Median", "from sensing to arrival, of looks that state it"),
        ("90 %", "so many arrived within this time"), ("Worst", "the latest"),
        ("Not stated", "looks whose arrival is not stated: never guessed"),
    )  # fmt: skip
    lines = "".join(
        _line(row, _time(late.median_s), _time(late.p90_s), _time(late.worst_s), f"{late.not_stated:,}")
        for row in _all(found)
        for late in (row.delay,)
    )
    return f"<h3>How late: sensing to arrival</h3><table>{_head(heads)}{lines}</table>"


def _all(found: Coverage) -> tuple[ProviderCoverage, ...]:
    return (*found.rows, found.total) if len(found.rows) > 1 else found.rows


def _line(row: ProviderCoverage, *values: str) -> str:
    name = escape(row.provider) if row.provider else "<b>all</b>"
    return f"<tr><td>{name}</td>{''.join(f'<td class=n>{value}</td>' for value in values)}</tr>"


def _head(heads: Sequence[tuple[str, str]]) -> str:
    return "<tr>" + "".join(
        f'<th{" class=n" if at else ""} title="{escape(tip)}">{word}</th>' for at, (word, tip) in enumerate(heads)
    ) + "</tr>"  # fmt: skip


def _share(share: float) -> str:
    return f"{100 * share:.0f} %" if share == 0 or share >= 0.1 else f"{100 * share:.1f} %"


def _time(seconds: float | None) -> str:
    return "–" if seconds is None else words(seconds)


def _optical(found: Coverage) -> str:
    return f"<p class='muted'>{found.optical:,} visible-band: not counted</p>" if found.optical else ""


def strips(found: Coverage, colours: Tokens) -> str:
    """Return the picture of looks over time: a lane a provider, a bar a look, as high as it came late."""
    if found.total.first is None or found.total.last is None:
        return ""
    begin = found.start.timestamp() if found.start else found.total.first.timestamp()
    end = max(found.as_of.timestamp(), begin + 1.0)
    delays = found.total.strip.delays_s
    worst = float(np.nanmax(delays)) if np.isfinite(delays).any() else 0.0
    lanes = "".join(
        _lane(row, at * _LANE, (begin, end), worst, colours) for at, row in enumerate(found.rows)
    )  # fmt: skip
    height = _LANE * len(found.rows) + 16
    edge = found.start or found.total.first
    ends = (
        f'<text x="{_LEFT}" y="{height - 4}">{dtg(edge)}</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{height - 4}" text-anchor="end">{dtg(found.as_of)}</text>'
    )
    scale = f"full height {words(worst)} late" if worst else "no arrival is stated"
    return (
        f'<h3>Looks over time</h3><svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="Looks over time, a bar a '
        f'look, as high as it came late">{lanes}{ends}</svg><p class="muted">a bar: looks; its height: delay of the '
        f"latest, {scale}; grey: arrival not stated</p>"
    )


def _lane(
    row: ProviderCoverage, top: int, period: tuple[float, float], worst: float, colours: Tokens
) -> str:  # fmt: skip
    width = _WIDTH - _LEFT - _RIGHT
    share = (row.strip.starts_s - period[0]) / (period[1] - period[0])
    places = np.clip((share * _BINS).astype(int), 0, _BINS - 1)
    base, high = top + _LANE - 3, _LANE - 17
    bars = ""
    for at in np.unique(places):
        late = row.strip.delays_s[places == at]
        stated = late[np.isfinite(late)]
        tall = 3.0 + (high - 3.0) * float(stated.max()) / worst if len(stated) and worst else 3.0
        colour = colours.accent if len(stated) else colours.muted
        bars += (
            f'<rect x="{_LEFT + width * at / _BINS:.1f}" y="{base - tall:.1f}" width="1.7" height="{tall:.1f}" '
            f'fill="{colour}"><title>{len(late)} {"look" if len(late) == 1 else "looks"}</title></rect>'
        )
    line = f'<line x1="0" x2="{_WIDTH}" y1="{base}" y2="{base}" stroke="{colours.line}"/>'
    return f'<text x="{_LEFT}" y="{top + 11}">{escape(row.provider)} · {row.looks:,}</text>{line}{bars}'
