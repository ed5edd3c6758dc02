"""Backscatter through time at one point: one line a polarisation, gaps as gaps, A and B marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from bokeh.models import ColumnDataSource, DatetimeTickFormatter, HoverTool, Range1d, Span
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.model.dtg import dtg
from dashboard.model.palette import Tokens

_QUARTER = (1_767_225_600_000, 1_775_001_600_000)
"""Shown until there is a series: an arbitrary quarter of a year, so that the axis reads like time."""
LEAST_MARGIN_MS = 2 * 86_400_000.0
"""Beside a single look: days on the axis, not a row of hours that run into each other."""
DASHES = ("solid", "dashed", "dotted", "dotdash")


@dataclass(frozen=True, slots=True)
class SeriesPlot:
    """The chart, its source and the marks of A and B."""

    figure: figure
    lines: ColumnDataSource
    points: ColumnDataSource
    a: Span
    b: Span


def series_plot(tokens: Tokens) -> SeriesPlot:
    """Return an empty chart."""
    fig = figure(
        x_axis_type="datetime", x_range=Range1d(*_QUARTER), y_range=Range1d(-25, 5), height=210, name="series",
        sizing_mode="stretch_width", toolbar_location=None, tools="xpan,xwheel_zoom", active_scroll=None,
        min_border_left=44, min_border_right=8, output_backend="canvas",
    )  # fmt: skip
    lines = ColumnDataSource({name: [] for name in ("xs", "ys", "dash", "polarisation")})
    points = ColumnDataSource({name: [] for name in ("x", "y", "dtg", "polarisation", "label")}, name="series-points")
    fig.xaxis.ticker.desired_num_ticks = 5
    fig.multi_line(xs="xs", ys="ys", line_dash="dash", line_color=tokens.muted, line_width=1.2, source=lines)
    dots = fig.scatter(x="x", y="y", size=5, color=tokens.text, source=points)
    a = Span(dimension="height", line_color=tokens.a, line_width=2)
    b = Span(dimension="height", line_color=tokens.b, line_width=2)
    fig.add_layout(a)
    fig.add_layout(b)
    fig.add_tools(HoverTool(renderers=[dots], tooltips="@dtg &nbsp; @polarisation @label"))
    made = SeriesPlot(fig, lines, points, a, b)
    dress_series(made, tokens)
    return made


def dress_series(made: SeriesPlot, tokens: Tokens) -> None:
    """Put the theme's colours on a chart."""
    fig = made.figure
    fig.background_fill_color = tokens.panel
    fig.border_fill_color = tokens.panel
    fig.outline_line_color = tokens.line
    fig.xgrid.grid_line_color = tokens.line
    fig.ygrid.grid_line_color = tokens.line
    fig.renderers[0].glyph.line_color = tokens.muted
    fig.renderers[1].glyph.update(fill_color=tokens.text, line_color=tokens.text)
    for axis in (*fig.xaxis, *fig.yaxis):
        axis.update(
            axis_line_color=tokens.line, major_tick_line_color=tokens.line, minor_tick_line_color=None,
            major_label_text_color=tokens.muted, major_label_text_font="Plex Mono", major_label_text_font_size="11px",
            axis_label_text_color=tokens.muted, axis_label_text_font="Plex Sans", axis_label_text_font_size="12px",
            axis_label_text_font_style="normal",
        )  # fmt: skip
    fig.xaxis.formatter = DatetimeTickFormatter(days="%d %b", months="%b %y", years="%Y", hours="%d %b %H:%M")
    made.a.line_color = tokens.a
    made.b.line_color = tokens.b


def draw_series(
    made: SeriesPlot, moments: Sequence[datetime], power_db: Mapping[str, NDArray[np.float64]], quantity: str
) -> None:
    """Replace the chart's data: dB per polarisation, NaN as a gap."""
    x = np.array([moment.timestamp() * 1000.0 for moment in moments])
    names = list(power_db)
    made.lines.data = {
        "xs": [x for _ in names],
        "ys": [power_db[name] for name in names],
        "dash": [DASHES[index % len(DASHES)] for index in range(len(names))],
        "polarisation": names,
    }
    seen = [(name, i) for name in names for i in np.flatnonzero(np.isfinite(power_db[name])).tolist()]
    made.points.data = {
        "x": [x[i] for _, i in seen],
        "y": [power_db[name][i] for name, i in seen],
        "dtg": [dtg(moments[i]) for _, i in seen],
        "polarisation": [name for name, _ in seen],
        "label": [f"{power_db[name][i]:.1f} dB" for name, i in seen],
    }
    made.figure.yaxis.axis_label = quantity
    _fit(made.figure, x, [power_db[name] for name in names])


def _fit(fig: figure, x: NDArray[np.float64], values: Sequence[NDArray[np.float64]]) -> None:
    finite = np.concatenate([value[np.isfinite(value)] for value in values]) if values else np.empty(0)
    if finite.size:
        fig.y_range.update(start=float(finite.min()) - 1.5, end=float(finite.max()) + 1.5)
    if x.size:
        margin = max(0.04 * (x.max() - x.min()), LEAST_MARGIN_MS)
        fig.x_range.update(start=float(x.min() - margin), end=float(x.max() + margin))


def mark(made: SeriesPlot, a: datetime | None, b: datetime | None) -> None:
    """Put the marks of A and B; None takes a mark away."""
    made.a.location = None if a is None else a.timestamp() * 1000.0
    made.b.location = None if b is None else b.timestamp() * 1000.0
