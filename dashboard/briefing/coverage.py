"""Coverage on a sheet: the layer as on the screen, its legend with every class, and who looked, how much, how late."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb, to_rgba
from numpy.typing import NDArray

from dashboard.briefing.column import Entry, Swatch
from dashboard.briefing.paper import Ink
from dashboard.briefing.sheet import Covered, Sheet
from dashboard.model.coverage import Coverage, Measure, ProviderCoverage
from dashboard.model.dtg import dtg
from dashboard.model.palette import Tokens
from dashboard.model.view import Layer
from dashboard.render.coverage.classes import FIRST, ONCE, labels, palette, period, title, words

FALLING = "\\\\\\\\"
"""Matplotlib's name of the hatch."""
HATCH_STEP_PX, HATCH_WIDTH_PX = 18, 2
"""On paper: the screen's lines would be finer than a printer draws."""
_OPAQUE = 255
_TEXT, _BOLD = Ink("sans", 6.8), Ink("bold", 6.8)
_SMALL = Ink("sans", 5.8)
_CELL, _CELL_BOLD = Ink("sans", 6.4), Ink("bold", 6.4)
_HEADS = ("Looks", "Last", "Gap", "Median", "90 %")


def draw_coverage(axes: Axes, sheet: Sheet, tokens: Tokens) -> None:
    """Draw the layer over the radar picture and below everything else, as on the screen."""
    covered = sheet.coverage
    if covered is None or not sheet.has(Layer.COVERAGE):
        return
    x0, y0, x1, y1 = covered.bounds
    axes.imshow(
        coverage_rgba(covered, tokens),
        extent=(x0, x1, y0, y1),
        origin="upper",
        interpolation="none",
        aspect="auto",
        zorder=2.1,
    )


def coverage_rgba(covered: Covered, tokens: Tokens) -> NDArray[np.uint8]:
    """Return the layer in the screen's own colours, (y, x, 4); ground without a look is hatched for paper."""
    shades = palette(covered.measure, tokens.mixed, tokens.unobserved)
    table = np.array([[round(_OPAQUE * part) for part in to_rgba(shade)] for shade in shades], np.uint8)
    rows, cols = np.ogrid[: covered.picture.shape[0], : covered.picture.shape[1]]
    # Falling to the right: where the picture beneath is hatched, too, both are read.
    hatch = ((rows - cols) % HATCH_STEP_PX < HATCH_WIDTH_PX).astype(np.uint8)
    picture: NDArray[np.uint8] = table[np.where(covered.picture < ONCE, hatch, covered.picture)]
    return picture


def coverage_entries(sheet: Sheet, tokens: Tokens) -> list[Entry]:
    """Return the legend of the layer: the measure and its period, and what each colour says, best seen first."""
    covered = sheet.coverage
    if covered is None or not sheet.has(Layer.COVERAGE):
        return []
    shades = palette(covered.measure, tokens.mixed, tokens.unobserved)
    table = covered.table
    entries = [
        Entry(words=f"Coverage · {title(covered.measure)}", ink=_BOLD, gap=2.2),
        Entry(words=period(table.start, table.as_of), ink=Ink("mono", 6.2), gap=0.1),
    ]
    if sheet.view.known_at is not None:
        words_ = f"as known at {dtg(sheet.view.known_at)}: what arrived later is not counted"
        entries.append(Entry(words=words_, ink=_TEXT, gap=0.3))
    if sheet.view.constellations:
        entries.append(Entry(words=f"only {', '.join(sorted(sheet.view.constellations))}", ink=_TEXT, gap=0.3))
    rows = [(shades[FIRST + at], label) for at, label in enumerate(labels(covered.measure))][::-1]
    if covered.measure is Measure.GAP:
        rows.append((shades[ONCE], "one look only"))
    entries += [Entry(words=label, ink=_TEXT, swatch=_swatch(shade, tokens)) for shade, label in rows]
    none = Swatch(kind="hatch", colour=tokens.unobserved, hatch=FALLING)
    entries.append(Entry(words="no look in the period", ink=_TEXT, swatch=none))
    if covered.block > 1:
        entries.append(Entry(words=f"one value for {covered.block} × {covered.block} pixels", ink=_SMALL, gap=0.3))
    return entries


def _swatch(shade: str, tokens: Tokens) -> Swatch:
    """Return the sign of a class: filled as it lies over bare ground, edged in its full colour."""
    strength = to_rgba(shade)[3]
    pairs = zip(to_rgb(shade[:7]), to_rgb(tokens.land), strict=True)
    fill = "#" + "".join(f"{round(_OPAQUE * (over * strength + under * (1 - strength))):02x}" for over, under in pairs)
    return Swatch(kind="fill", colour=fill, edge=shade[:7])


def provider_entries(sheet: Sheet, tokens: Tokens, *, brief: bool = False) -> list[Entry]:
    """Return the table of who looked at the map's ground, a line a provider and one for all.

    Parameters
    ----------
    brief : in a few lines of text, where the column has no room for a table
    """
    covered = sheet.coverage
    if covered is None or not sheet.has(Layer.COVERAGE) or not covered.table.rows:
        return []
    table = covered.table
    head = Entry(words="WHO LOOKED AT THIS MAP", ink=Ink("bold", 6.0, tokens.muted), gap=4.2, rule=True)
    if brief:
        return [head, *(Entry(words=said, ink=_SMALL, gap=0.4) for said in _in_words(table))]
    heads = Ink("bold", _SMALL.size_pt, tokens.muted)
    rows = table.rows if len(table.rows) == 1 else (*table.rows, table.total)
    lines = [
        Entry(words=row.provider or "all", ink=_CELL if row.provider else _CELL_BOLD, cells=_cells(row), gap=0.2)
        for row in rows
    ]
    notes = [
        "Last: age of the last look",
        "Gap: longest between looks at any part of the map",
        "Median, 90 %: from sensing to arrival",
        *_apart(table),
    ]
    muted = Ink("sans", _SMALL.size_pt, tokens.muted)
    return [
        head,
        Entry(words="From", ink=heads, cells=_HEADS, gap=0.6),
        *lines,
        Entry(words=" · ".join(notes), ink=muted, gap=0.5),
    ]


def _in_words(table: Coverage) -> list[str]:
    """Return how many looks each provider had, and of all together how long ago, how far apart and how late."""
    whole, late = table.total, table.total.delay
    each = " · ".join(f"{row.provider} {row.looks:,}" for row in table.rows)
    said = [f"last {_time(whole.age_s)} ago", f"longest gap {_time(whole.gap_s)}"]
    if late.median_s is not None:
        said.append(f"arrived after {_time(late.median_s)} (median), {_time(late.p90_s)} (90 %)")
    noun = "look" if whole.looks == 1 else "looks"
    return [each, f"{whole.looks:,} {noun}: " + ", ".join([*said, *_apart(table)])]


def _apart(table: Coverage) -> list[str]:
    """Return what is in no figure: looks that state no arrival, pictures in visible light."""
    late = table.total.delay
    apart = [f"arrival not stated for {late.not_stated:,} of {table.total.looks:,} looks"] if late.not_stated else []
    return apart + ([f"{table.optical:,} visible-band: not counted"] if table.optical else [])


def _cells(row: ProviderCoverage) -> tuple[str, ...]:
    times = (row.age_s, row.gap_s, row.delay.median_s, row.delay.p90_s)
    return (f"{row.looks:,}", *(_time(seconds) for seconds in times))


def _time(seconds: float | None) -> str:
    return "–" if seconds is None else words(seconds)
