"""Cards of the front tab: what moved, along the line and by area, where providers differ, what is held. Pure HTML."""

from collections.abc import Sequence
from html import escape

import numpy as np

from dashboard.catalog.frontlines import HeldSnapshot
from dashboard.geo.disagreement import Disagreement
from dashboard.geo.displacement import Displacement
from dashboard.model.dtg import dtg
from dashboard.model.palette import Tokens
from dashboard.views.card import button, said
from dashboard.views.layerdata import movement_colours
from dashboard.workflows.front_report import FrontReport

WIDTH, HEIGHT = 320, 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 6, 8, 20
MOST_UNITS = 12
MOST_PAIRS = 6


def report_text(report: FrontReport | None, colours: Tokens) -> str:
    """Return what moved between A and the moment on show."""
    if report is None or report.before.id == report.after.id:
        return ""
    rows = "".join(
        f"<tr><td>{escape(side.side)}</td><td class='n'>{_rate(side.rate_km2_day)}</td>"
        f"<td class='n'>{side.length_before_km:,.1f}</td><td class='n'>{side.length_after_km:,.1f}</td></tr>"
        for side in report.sides
    )
    heads = "".join(f"<th class='n'>{words}</th>" for words in ("km² a day", "front at A, km", "now, km"))
    table = f"<h3>In {report.days:,.1f} days</h3><table><tr><th>Side</th>{heads}</tr>{rows}</table>"
    moved = next((side.displacement for side in reversed(report.sides) if side.displacement is not None), None)
    return table + (profile(moved, colours) if moved is not None else "") + _units(report)


def _rate(km2_day: float | None) -> str:
    return "–" if km2_day is None else f"{km2_day:+,.3f}"


def _units(report: FrontReport) -> str:
    if not report.by_unit:
        return ""
    rows = "".join(
        f"<tr><td>{escape(row.name)}</td><td>{escape(row.side)}</td><td class='n'>+{row.gained_km2:,.2f}</td>"
        f"<td class='n'>−{row.lost_km2:,.2f}</td></tr>"
        for row in report.by_unit[:MOST_UNITS]
    )
    more = len(report.by_unit) - MOST_UNITS
    note = f"<p class='muted'>and {more} more</p>" if more > 0 else ""
    return (
        "<h3>By area</h3><table><tr><th>Area</th><th>Side</th><th class='n'>gained</th><th class='n'>lost</th></tr>"
        f"{rows}</table>{note}"
    )


def profile(moved: Displacement, colours: Tokens) -> str:
    """Return the chart of movement along the front: up where the side gained."""
    along, km = moved.profile
    if not len(along) or not np.any(km):
        return f"<p class='muted'>The line of {escape(moved.side)} did not move.</p>"
    gained, lost = movement_colours(moved.side, colours)
    most = max(float(np.max(np.abs(km))), 0.05)
    length = max(moved.length_before_km, float(along[-1]), 1e-6)
    x = _LEFT + (WIDTH - _LEFT - _RIGHT) * along / length
    middle = _TOP + (HEIGHT - _TOP - _BOTTOM) / 2
    y = middle - (HEIGHT - _TOP - _BOTTOM) / 2 * km / most
    width = max((WIDTH - _LEFT - _RIGHT) / len(along), 1.0)
    bars = "".join(
        f'<rect x="{a - width / 2:.1f}" y="{min(b, middle):.1f}" width="{width:.1f}" height="{abs(b - middle):.1f}" '
        f'fill="{gained if v > 0 else lost}"><title>{d:.1f} km along: {v:+.2f} km</title></rect>'
        for a, b, v, d in zip(x, y, km, along, strict=True)
        if abs(v) > most / 500
    )
    ticks = (
        f'<text x="2" y="{_TOP + 8}">+{most:.2g}</text><text x="2" y="{HEIGHT - _BOTTOM}">−{most:.2g}</text>'
        f'<text x="{_LEFT}" y="{HEIGHT - 5}">0</text>'
        f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 5}" text-anchor="end">{length:,.0f} km along the line at A</text>'
    )
    axis = f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{middle}" y2="{middle}" stroke="{colours.line}"/>'
    words = f"Movement of the line of {escape(moved.side)}, km, along the line"
    return (
        f"<h3>{words}</h3>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{words}">'
        f"{axis}{bars}{ticks}</svg>"
        f"<p class='muted'>Up: {escape(moved.side)} gained ground there. Pieces of about {moved.step_km:.2g} km.</p>"
    )


def band_text(band: Disagreement | None, against: str | None) -> str:
    """Return where two providers differ at the moment on show."""
    if band is None or against is None:
        return ""
    rows = "".join(
        f"<tr><td>{escape(pair.one or 'no side')}</td><td>{escape(pair.other or 'no side')}</td>"
        f"<td class='n'>{pair.km2:,.2f}</td></tr>"
        for pair in band.pairs[:MOST_PAIRS]
    )
    table = (
        f"<table><tr><th>here</th><th>{escape(against)}</th><th class='n'>km²</th></tr>{rows}</table>" if rows else ""
    )
    return (
        f"<h3>Differs from {escape(against)} by {band.km2:,.2f} km²</h3>{table}<p class='muted'>{escape(band.note)}</p>"
    )


def held_text(waiting: Sequence[HeldSnapshot]) -> str:
    """Return the snapshots that a person must decide about before they count."""
    return "".join(
        f'<div class="item conflict"><b>{escape(found.id)}</b><br><span class="muted">valid from '
        f"{dtg(found.valid_from)}</span><p>{escape(found.reason)}</p><div class='row'>"
        f"{button('Accept', said('front-held', id=found.id, accept=True))}"
        f"{button('Refuse', said('front-held', id=found.id, accept=False))}</div></div>"
        for found in waiting[:5]
    )
