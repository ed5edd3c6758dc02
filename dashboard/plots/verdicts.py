"""The lane of detected changes: how many of each interval were judged as what, as small stacked bars. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, GlyphRenderer
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.model.dtg import dtg
from dashboard.model.palette import Tokens
from dashboard.model.review import VERDICT_WORDS, Verdict

BAR_COLUMNS = ("left", "right", "bottom", "top", "colour", "fill", "dtg", "title", "facts", "note")
NOT_REVIEWED = 0
FALSE_ALARM = 5
DISPUTED = 6
"""Columns of the counts; between the first two the verdicts in the order of their keys."""
KINDS = 7
_ORDER = (1, 2, 3, 4, FALSE_ALARM, DISPUTED, NOT_REVIEWED)
"""From the foot of a bar to its top."""
_FILL = {NOT_REVIEWED: 0.35, FALSE_ALARM: 0.0}
_HIGH = 0.84
"""Height of the tallest bar, of its lane."""
_LEAST = 0.12
"""Height of the smallest part: one change among thousands is still seen."""
_GAP = 0.06
"""Of an interval: left free between bars."""


def kind_colours(tokens: Tokens) -> tuple[str, ...]:
    """Return the colours of the counts' columns."""
    return (
        tokens.muted, tokens.verdict_damage, tokens.verdict_earthworks, tokens.verdict_water, tokens.verdict_moved,
        tokens.verdict_false, tokens.warning,
    )  # fmt: skip


def kind_words() -> tuple[str, ...]:
    """Return the names of the counts' columns."""
    return ("not reviewed", *(VERDICT_WORDS[verdict] for verdict in Verdict), "disputed")


def verdict_bars(fig: figure) -> tuple[ColumnDataSource, GlyphRenderer]:
    """Add the bars to a timeline; false alarms are hollow, what nobody has reviewed is muted."""
    source = ColumnDataSource({name: [] for name in BAR_COLUMNS}, name="verdict-bars")
    bars = fig.quad(
        left="left", right="right", bottom="bottom", top="top", source=source, fill_color="colour", fill_alpha="fill",
        line_color="colour", line_width=1,
    )  # fmt: skip
    bars.nonselection_glyph = None
    return source, bars


def bar_columns(
    edges: Sequence[datetime], counts: NDArray[np.integer[Any]], level: int, tokens: Tokens
) -> dict[str, list[Any]]:
    """Return the parts of the bars.

    Parameters
    ----------
    edges : k + 1 ascending moments
    counts : (k, 7): not reviewed, the five verdicts by their keys, disputed
    level : middle of the lane
    """
    columns: dict[str, list[Any]] = {name: [] for name in BAR_COLUMNS}
    if len(counts) == 0 or counts.max() == 0:
        return columns
    most, colours, words = int(counts.sum(axis=1).max()), kind_colours(tokens), kind_words()
    times = [moment.timestamp() * 1000.0 for moment in edges]
    for index, row in enumerate(counts.tolist()):
        if not sum(row):
            continue
        heights = _heights(row, most)
        foot, gap = level - _HIGH / 2, _GAP * (times[index + 1] - times[index])
        number = f"{sum(row):,} change{'s' if sum(row) > 1 else ''} first seen"
        said = "<br>".join(f"{row[kind]:,} {words[kind]}" for kind in _ORDER if row[kind])
        for kind in _ORDER:
            if not row[kind]:
                continue
            values = {
                "left": times[index] + gap, "right": times[index + 1] - gap, "bottom": foot,
                "top": foot + heights[kind], "colour": colours[kind], "fill": _FILL.get(kind, 0.9),
                "dtg": f"{dtg(edges[index])} – {dtg(edges[index + 1])}", "title": number, "facts": said, "note": "",
            }  # fmt: skip
            foot += heights[kind]
            for name, value in values.items():
                columns[name].append(value)
    return columns


def _heights(row: Sequence[int], most: int) -> list[float]:
    """Return the height of each part: in proportion, but none too small to be seen and all within the lane."""
    wanted = [max(_HIGH * number / most, _LEAST) if number else 0.0 for number in row]
    return [height * min(1.0, _HIGH / sum(wanted)) for height in wanted]
