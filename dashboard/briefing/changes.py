"""Detected changes on a sheet: what could not be seen is hatched, and the legend says what the changes promise."""

from collections import Counter
from math import isfinite

import shapely
from matplotlib.axes import Axes
from shapely.geometry.base import BaseGeometry

from dashboard.briefing.column import Entry, Swatch
from dashboard.briefing.outline import outline
from dashboard.briefing.paper import Ink
from dashboard.briefing.sheet import Sheet, Sifted
from dashboard.geo.mercator import bbox_of, project
from dashboard.model.change import Basis, ChangeRun, ChangeSign
from dashboard.model.palette import Tokens
from dashboard.model.view import Layer

HATCH = "////"
"""Matplotlib's name."""
_TEXT, _BOLD = Ink("sans", 6.8), Ink("bold", 6.8)
_NOTE_PT = 5.0
_SLIVER = 1e-3
"""Of the map's area: less is the edge of a footprint that its pixels do not quite reach."""
_WORDS = {
    ChangeSign.BRIGHTER: "brighter after", ChangeSign.DARKER: "darker after", ChangeSign.MIXED: "brighter and darker",
}  # fmt: skip
_UNSTATED = "changed; direction not stated"
_UNSAID = "not observed before and after: nothing is said of it"
_LIVE = "Live detection is on the screen only: nothing of it was recorded. Detect, then brief."


def sign_colours(tokens: Tokens) -> dict[ChangeSign, str]:
    """Return the colour of each sign of change."""
    return {
        ChangeSign.BRIGHTER: tokens.brighter,
        ChangeSign.DARKER: tokens.darker,
        ChangeSign.MIXED: tokens.mixed,
    }


def draw_unobserved(axes: Axes, sheet: Sheet, tokens: Tokens) -> None:
    """Hatch the ground of which the detection can say nothing: no change there is no news."""
    ground = unsaid(sheet)
    if ground is None:
        return
    style = {"edgecolor": tokens.unobserved, "linewidth": 0.0, "alpha": 0.55, "hatch": HATCH}
    outline(axes, project(ground), facecolor="none", zorder=4.9, **style)


def unsaid(sheet: Sheet) -> BaseGeometry | None:
    """Return the ground to hatch for the detection, degrees: not where the picture itself has none and is hatched."""
    ground = None if sheet.run is None else sheet.run.unobserved
    if ground is None or not sheet.has(Layer.CHANGES):
        return None
    ground = ground if ground.is_valid else shapely.make_valid(ground)
    if sheet.imagery is not None and sheet.drawn:
        ground = ground.intersection(shapely.union_all([acq.footprint for acq in sheet.drawn]))
    whole = shapely.box(*bbox_of(sheet.extent))
    shown = ground.intersection(whole)
    return shown if shown.area > _SLIVER * whole.area else None


def change_entries(sheet: Sheet, tokens: Tokens) -> list[Entry]:
    """Return the legend: how many of which sign, from which score, what to expect by chance, what was reviewed."""
    entries = _live(sheet)
    if sheet.run is None or not sheet.has(Layer.CHANGES):
        return entries
    entries.append(Entry(words="Detected changes of backscatter", ink=_BOLD, gap=2.2))
    counts = Counter(change.sign for change in sheet.changes)
    colours = sign_colours(tokens)
    unstated = not any(change.magnitudes or change.magnitude_db for change in sheet.changes)
    entries += [
        Entry(
            words=f"{_UNSTATED if unstated else _WORDS[sign]} ({counts[sign]:,})",
            ink=_TEXT,
            swatch=Swatch(kind="fill", colour=colours[sign] + "40", edge=colours[sign]),
        )
        for sign in ChangeSign
        if counts[sign]
    ]
    entries += [Entry(words=said, ink=_TEXT, gap=0.4) for said in _promises(sheet)]
    if sheet.run.unobserved is not None:
        hatched = unsaid(sheet) is not None
        swatch = Swatch(kind="hatch", colour=tokens.unobserved, hatch=HATCH) if hatched else None
        entries.append(Entry(words=_UNSAID if hatched else f"where {_UNSAID}", ink=_TEXT, swatch=swatch, gap=0.4))
    entries += [Entry(words=remark, ink=_TEXT, gap=0.4) for remark in sheet.run.remarks]
    return [*entries, _identity(sheet.run, tokens)]


def _live(sheet: Sheet) -> list[Entry]:
    return [Entry(words=_LIVE, ink=_TEXT, gap=2.2)] if sheet.has(Layer.LIVE) else []


def _promises(sheet: Sheet) -> list[str]:
    """Return which changes are shown, how many false ones are to be expected, and what reviewing measured."""
    sifted, run = sheet.sifted, sheet.run
    if sifted is None or run is None:
        return []
    shown = f"{len(sheet.changes):,} of the {sifted.held:,} found on this map"
    least = f"score at least {sifted.least:.3g}" if isfinite(sifted.least) else "any score"
    said = [f"{shown} ({'; '.join([least, *sifted.filters])})"]
    if sifted.expected is None:
        said.append("expected false polygons per 100 km²: not measured")
    else:
        said.append(f"expected false polygons per 100 km²: {_figure(sifted.expected)} ({_basis(run)})")
    interval = sifted.precision.interval
    if interval is not None:
        low, high = (f"{100 * share:.0f}" for share in interval)
        real = f"{sifted.precision.real:,} of {sifted.precision.reviewed:,}"
        said.append(f"measured precision: {real} reviewed were real (95 % interval {low} to {high} %)")
        said.append(sifted.sampling.words)
    return [*said, *_verdicts(sifted)]


def _verdicts(sifted: Sifted) -> list[str]:
    """Return what people said of the changes shown; nothing where nobody said anything."""
    if not sifted.verdicts:
        return []
    counts = [f"{words} {count:,}" for words, count in sifted.verdicts]
    return [f"reviewed of those shown: {' · '.join(counts)} · not yet {sifted.unreviewed:,}"]


def _basis(run: ChangeRun) -> str:
    if run.basis is Basis.PLACEBO and run.announced is not None:
        return f"measured on {run.announced.windows:,} pseudo-events before the event"
    return {Basis.STATED: "as the producer states"}.get(run.basis, "by the law of the statistic")


def _figure(expected: float) -> str:
    if expected >= 10:
        return f"{expected:,.0f}"
    return f"{expected:.2g}" if expected >= 0.01 else "under 0.01" if expected > 0 else "0"


def _identity(run: ChangeRun, tokens: Tokens) -> Entry:
    rate = dict(run.parameters).get("far")
    method = [] if run.id.startswith(run.method) else [run.method]
    how = [*method, *([f"false alarms {rate:g} a pixel"] if isinstance(rate, float) else []), run.id]
    return Entry(words="  ".join(how), ink=Ink("mono", _NOTE_PT, tokens.muted), gap=0.3)
