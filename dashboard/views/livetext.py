"""Words of live detection: what was compared how, what its figures rest on, what to expect by chance. Pure."""

from collections.abc import Sequence
from html import escape

from dashboard.model.change import Announced, Basis
from dashboard.model.palette import Tokens
from dashboard.plots.live import HATCH_PX
from dashboard.views.reviewtext import METHODS, NOT_PROOF, rate
from dashboard.workflows.detection.live import Live

SIGNS = ("brighter", "darker", "mixed")


def head(found: Live, colours: Tokens) -> str:
    """Return the title with the method, and what each colour says."""
    both = f"repeating-linear-gradient(135deg, {colours.brighter} 0 3px, {colours.darker} 3px 6px)"
    shades = (colours.brighter, colours.darker, both)
    rows = [
        f'<li><i style="background:{shade}"></i><span>{sign}</span></li>'
        for sign, shade in zip(SIGNS, shades, strict=True)
    ]
    lines = f"repeating-linear-gradient(135deg, {colours.unobserved} 0 1px, transparent 1px {HATCH_PX // 2}px)"
    rows.append(f'<li><i style="background:{lines}"></i><span>not observed</span></li>')
    how = METHODS.get(found.method, found.method) if found.method else "nothing to compare here"
    counted = f" · pixels of {found.pixel_m:,.0f} m" if found.method else ""
    return f'<b>Live detection</b><span class="muted">{escape(how)}{counted}</span><ul>{"".join(rows)}</ul>'


def foot(found: Live, apart: Sequence[str]) -> str:
    """Return what the figures rest on and what must be known of them.

    Parameters
    ----------
    apart : why A and B are not of one stack
    """
    if not found.method:
        return "".join(f'<p class="warn">{escape(remark)}</p>' for remark in found.remarks)
    lines = [f'<p class="muted">{escape(resting(found))} {NOT_PROOF} Not recorded.</p>']
    if apart:
        said = f"A and B are of different stacks ({', '.join(apart)}): each is compared with its own past."
        lines.append(f'<p class="warn">{escape(said)}</p>')
    if found.remarks:
        remarks = "".join(f'<p class="warn">{escape(remark)}</p>' for remark in found.remarks)
        noun = "remark" if len(found.remarks) == 1 else "remarks"
        lines.append(f"<details><summary>{len(found.remarks)} {noun}</summary>{remarks}</details>")
    return "".join(lines)


def resting(found: Live) -> str:
    """Return what the false-alarm figures rest on."""
    if found.announced is None:
        return "No false-alarm figure was measured here: the score orders, it promises nothing."
    windows = found.announced.windows
    if found.basis is Basis.PLACEBO:
        events = "1 pseudo-event" if windows == 1 else f"{windows:,} pseudo-events"
        return f"Expected numbers: measured here on {events} before A."
    return "Expected numbers: the law of the statistic" + (", on simulated speckle." if windows == 0 else ".")


def expected(announced: Announced | None, score: float) -> str:
    """Return what is expected with at least a score."""
    if announced is None:
        return "expected false polygons: not measured"
    return f"{rate(announced.at(score))} expected false polygons per 100 km²"
