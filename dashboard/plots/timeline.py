"""The timeline: a lane per constellation, one for detected changes, one per front and one for annotations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bokeh.models import (
    ColumnDataSource,
    CustomJS,
    DatetimeTickFormatter,
    FixedTicker,
    HoverTool,
    PanTool,
    Range1d,
    Span,
    WheelZoomTool,
)
from bokeh.plotting import figure

from dashboard.model.acquisition import Acquisition, PassDirection
from dashboard.model.dtg import dtg, iso
from dashboard.model.palette import Tokens
from dashboard.plots.hovering import HOVERED, STEPPED
from dashboard.plots.lanes import NOTE_COLUMNS, NOTES, STEP_COLUMNS, front_lane, milliseconds
from dashboard.plots.told import provider, told
from dashboard.plots.verdicts import verdict_bars

LANE_PX = 24
LEAST_LANE_PX = 15
"""Of many lanes: a word of 11 pixels still fits, and the tick in it."""
LANES_PX = 255
"""Height that lanes grow narrower to stay within: with ruler and axis a third of 900 pixels; beyond it it scrolls."""
AXIS_PX = 26
CHANGES = "changes"
_TIP = """<div style="font:12px 'Plex Mono', monospace; padding:2px 4px; max-width:420px">
<b>@dtg</b> &nbsp;@title<br>@facts{safe}<br><span style="opacity:.7">@note</span></div>"""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The figure, its sources and the two playheads."""

    figure: figure
    ticks: ColumnDataSource
    bars: ColumnDataSource
    """Detected changes by interval and verdict."""
    front: ColumnDataSource
    steps: ColumnDataSource
    """One box a snapshot of a front, for its tooltip."""
    notes: ColumnDataSource
    flags: ColumnDataSource
    """Letters at the top of the playheads."""
    a: Span
    b: Span
    valid: Span
    """Where fronts and annotations are shown for another moment than B's."""


def timeline(period: tuple[datetime, datetime], tokens: Tokens) -> Timeline:
    """Return an empty timeline over a period."""
    fig = figure(
        x_axis_type="datetime", x_range=Range1d(*map(milliseconds, period)), y_range=Range1d(-0.5, 2.5),
        toolbar_location=None, tools="", sizing_mode="stretch_width", height=120, min_border=0,
        min_border_left=112, min_border_right=8, output_backend="canvas", name="timeline",
    )  # fmt: skip
    ticks = ColumnDataSource({name: [] for name in _TICK_COLUMNS}, name="ticks")
    front = ColumnDataSource({name: [] for name in ("xs", "ys", "colour")}, name="front-lines")
    steps = ColumnDataSource({name: [] for name in STEP_COLUMNS}, name="front-steps")
    notes = ColumnDataSource({name: [] for name in NOTE_COLUMNS}, name="note-ticks")
    bars, judged = verdict_bars(fig)
    fig.multi_line(xs="xs", ys="ys", line_color="colour", line_width=1.8, source=front)
    boxes = fig.quad(
        left="left", right="right", bottom="bottom", top="top", source=steps, fill_alpha=0.0, line_alpha=0.0,
        hover_fill_alpha=0.18, hover_fill_color=tokens.accent, hover_line_alpha=0.0,
    )  # fmt: skip
    pins = fig.scatter(
        x="x", y="y", marker="inverted_triangle", size=9, source=notes, fill_color="colour", line_color="colour"
    )
    pins.nonselection_glyph = None
    marks = fig.rect(
        x="x", y="y", width=5, width_units="screen", height=0.62, source=ticks, line_color="colour", line_width=1.2,
        fill_color="colour", fill_alpha="fill",
    )  # fmt: skip
    marks.nonselection_glyph = None
    flags = ColumnDataSource({"x": [], "y": [], "text": [], "colour": []}, name="playhead-flags")
    fig.text(
        x="x", y="y", text="text", source=flags, text_color=tokens.page, text_align="center", text_baseline="top",
        text_font={"value": "Plex Sans"}, text_font_size="11px", text_font_style="bold", padding=2, border_radius=2,
        background_fill_color={"field": "colour"},
    )  # fmt: skip
    a = Span(dimension="height", line_color=tokens.a, line_width=2, name="playhead-a")
    b = Span(dimension="height", line_color=tokens.b, line_width=2, name="playhead-b")
    valid = Span(dimension="height", line_color=tokens.accent, line_width=2, line_dash="dashed", name="playhead-valid")
    for head in (a, b, valid):
        # Bokeh looks for the pointer on a head that lies nowhere, and fails: only a visible one is looked at.
        head.update(editable=True, visible=False)
        fig.add_layout(head)
    pan, wheel = PanTool(dimensions="width"), WheelZoomTool(dimensions="width")
    hover = HoverTool(renderers=[marks], tooltips=_TIP, callback=CustomJS(code=HOVERED), point_policy="snap_to_data")
    said = HoverTool(renderers=[boxes], tooltips=_TIP, callback=CustomJS(code=STEPPED), attachment="vertical")
    pinned = HoverTool(renderers=[pins], tooltips=_TIP)
    counted = HoverTool(renderers=[judged], tooltips=_TIP)
    fig.add_tools(pan, wheel, hover, said, pinned, counted)
    fig.toolbar.active_drag = pan
    fig.toolbar.active_scroll = wheel
    made = Timeline(fig, ticks, bars, front, steps, notes, flags, a, b, valid)
    dress(made, tokens)
    return made


_TICK_COLUMNS = ("x", "y", "id", "colour", "fill", "dtg", "title", "facts", "note")


def dress(made: Timeline, tokens: Tokens) -> None:
    """Put the theme's colours on a timeline."""
    fig = made.figure
    fig.background_fill_color = tokens.panel
    fig.border_fill_color = tokens.panel
    fig.outline_line_color = None
    fig.ygrid.grid_line_color = None
    fig.xgrid.grid_line_color = tokens.line
    for axis in (*fig.xaxis, *fig.yaxis):
        axis.update(
            axis_line_color=None, major_tick_line_color=None, minor_tick_line_color=None,
            major_label_text_color=tokens.muted, major_label_text_font="Plex Sans", major_label_text_font_size="12px",
        )  # fmt: skip
    fig.xaxis.formatter = DatetimeTickFormatter(
        days="%d %b", months="%b %Y", years="%Y", hours="%d %b %H:%MZ", minutes="%H:%MZ"
    )
    made.a.line_color = tokens.a
    made.b.line_color = tokens.b
    made.valid.line_color = tokens.accent


def lanes(acquisitions: Sequence[Acquisition], *, fronts: Sequence[str]) -> list[str]:
    """Return the lane names, top first: constellations by name, changes, a front per provider, annotations."""
    names = sorted({acq.constellation for acq in acquisitions})
    return [*names, CHANGES, *(front_lane(provider, fronts) for provider in fronts), NOTES]


def lay_lanes(made: Timeline, names: Sequence[str]) -> None:
    """Give the figure its lanes and their height."""
    count = len(names)
    made.figure.y_range.update(start=-0.5, end=count - 0.5)
    made.figure.yaxis.ticker = FixedTicker(ticks=list(range(count)))
    made.figure.yaxis.major_label_overrides = {count - 1 - index: name for index, name in enumerate(names)}
    made.figure.height = lanes_px(count)
    made.figure.yaxis.major_label_text_font_size = "12px" if _lane_px(count) >= 20 else "11px"


def lanes_px(count: int) -> int:
    """Return the height of the figure with so many lanes, pixels."""
    return _lane_px(count) * count + AXIS_PX


def _lane_px(count: int) -> int:
    return min(LANE_PX, max(LEAST_LANE_PX, LANES_PX // max(count, 1)))


def flag_columns(
    a: datetime | None, b: datetime | None, valid: datetime | None, top: float, tokens: Tokens
) -> dict[str, list[Any]]:
    """Return the letters at the top of the playheads that are set."""
    all_heads = ((a, "A", tokens.a), (b, "B", tokens.b), (valid, "valid", tokens.accent))
    heads = [(moment, text, colour) for moment, text, colour in all_heads if moment]
    return {
        "x": [milliseconds(moment) for moment, _, _ in heads],
        "y": [top] * len(heads),
        "text": [text for _, text, _ in heads],
        "colour": [colour for _, _, colour in heads],
    }


def tick_columns(acquisitions: Sequence[Acquisition], names: Sequence[str], tokens: Tokens) -> dict[str, list[Any]]:
    """Return one tick an acquisition: solid with pixels, hollow without, coloured by pass direction."""
    level = {name: len(names) - 1 - index for index, name in enumerate(names)}
    colours = {
        PassDirection.ASCENDING: tokens.ascending, PassDirection.DESCENDING: tokens.descending, None: tokens.muted,
    }  # fmt: skip
    return {
        "x": [milliseconds(acq.start) for acq in acquisitions],
        "y": [level[acq.constellation] for acq in acquisitions],
        "id": [acq.id for acq in acquisitions],
        "colour": [colours[acq.pass_direction] for acq in acquisitions],
        "fill": [0.95 if acq.pixels is not None else 0.0 for acq in acquisitions],
        "dtg": [dtg(acq.start) for acq in acquisitions],
        "title": [provider(acq) for acq in acquisitions],
        "facts": [told(acq) for acq in acquisitions],
        "note": [iso(acq.start) for acq in acquisitions],
    }


def facts(acq: Acquisition, *, worth: bool = True) -> str:
    """Return mode, polarisation, pass, look, incidence and resolution on one line; what is missing is left out.

    Parameters
    ----------
    worth : whether to say that it is uncalibrated, where it is
    """
    parts = [
        acq.mode,
        "+".join(acq.polarisations),
        acq.pass_direction,
        f"looks {acq.look}" if acq.look else None,
        f"{acq.incidence_deg:.0f}°" if acq.incidence_deg is not None else None,
        f"{acq.resolution_m:g} m" if acq.resolution_m is not None else None,
        None if acq.pixels is not None else "not ingested",
        "uncalibrated" if worth and not (acq.calibration.valid or acq.pixels is None or acq.optical) else None,
    ]
    return " · ".join(part for part in parts if part)
