"""The ruler over the timeline: a drag along it brushes the period that coverage and changes are of."""

from dataclasses import dataclass
from datetime import datetime

from bokeh.models import BoxAnnotation, ColumnDataSource, CustomJS, FixedTicker, Label, Range1d, RangeTool
from bokeh.plotting import figure

from dashboard.model.palette import Tokens
from dashboard.plots.lanes import milliseconds
from dashboard.plots.timeline import Timeline

RULER_PX = 20
SETTLE_MS = 150
"""A drag tells the session its period when it has been still for so long."""
HINT = "drag here to choose a period for coverage and changes"
_NOWHERE = (0.0, 0.0)
_BRUSHED = """
const [start, end] = [Math.min(brush.start, brush.end), Math.max(brush.start, brush.end)];
const there = end > start;
shade.setv({left: start, right: end, visible: there});
box.visible = there;
hint.visible = !there;
clearTimeout(window.nightglassBrushing);
window.nightglassBrushing = setTimeout(() => {
  mailbox.data = {json: [JSON.stringify({type: "brush", start, end, sent: performance.now()})]};
}, settle);
"""


@dataclass(frozen=True, slots=True)
class Ruler:
    """The ruler's figure, the brushed range and what shows it over the lanes."""

    figure: figure
    brush: Range1d
    """Milliseconds since 1970; empty where nothing is brushed."""
    shade: BoxAnnotation
    """Over the lanes."""
    box: BoxAnnotation
    """On the ruler, with edges to drag."""
    track: BoxAnnotation
    hint: Label

    def show(self, period: tuple[datetime, datetime] | None) -> None:
        """Show a period, or none; nothing is sent when it is the same."""
        start, end = _NOWHERE if period is None else map(milliseconds, period)
        if (self.brush.start, self.brush.end) != (start, end):
            self.brush.update(start=start, end=end)

    def dress(self, tokens: Tokens) -> None:
        """Put the theme's colours on."""
        fig = self.figure
        fig.background_fill_color = fig.border_fill_color = tokens.panel
        self.track.update(fill_color=tokens.line, line_color=None, fill_alpha=0.8)
        fig.yaxis.major_label_text_color = tokens.muted
        self.hint.text_color = tokens.muted
        for box, alpha in ((self.shade, 0.10), (self.box, 0.45)):
            box.update(fill_color=tokens.accent, fill_alpha=alpha, line_color=tokens.accent, line_alpha=0.9)


def ruler(lanes: Timeline, mailbox: ColumnDataSource, tokens: Tokens) -> Ruler:
    """Return the ruler of a timeline, which shares its window.

    Parameters
    ----------
    mailbox : gets a message ``brush`` with ``start`` and ``end`` in milliseconds
    """
    window = lanes.figure.x_range
    brush = Range1d(*_NOWHERE, name="brush")
    fig = figure(
        x_axis_type="datetime", x_range=window, y_range=Range1d(0.0, 1.0), height=RULER_PX, toolbar_location=None,
        tools="", sizing_mode="stretch_width", min_border=0, min_border_left=lanes.figure.min_border_left,
        min_border_right=lanes.figure.min_border_right, output_backend="canvas", name="ruler", outline_line_color=None,
    )  # fmt: skip
    # A label at a place of the screen, whatever the window: Bokeh's text glyph knows only data.
    hint = Label(x=6, y=3, x_units="screen", y_units="screen", text=HINT, text_font="Plex Sans", text_font_size="11px")
    fig.add_layout(hint)
    fig.xaxis.visible = False
    fig.grid.visible = False
    fig.yaxis.update(
        ticker=FixedTicker(ticks=[0.5]), major_label_overrides={0.5: "period"}, axis_line_color=None,
        major_tick_line_color=None, minor_tick_line_color=None, major_label_text_font="Plex Sans",
        major_label_text_font_size="12px",
    )  # fmt: skip
    track = BoxAnnotation(level="underlay")
    fig.add_layout(track)
    tool = RangeTool(x_range=brush, start_gesture="pan")
    fig.add_tools(tool)
    box, shade = tool.overlay, BoxAnnotation(visible=False, name="brush-shade", level="underlay")
    box.visible = False
    lanes.figure.add_layout(shade)
    told = CustomJS(
        args={"brush": brush, "shade": shade, "box": box, "hint": hint, "mailbox": mailbox, "settle": SETTLE_MS},
        code=_BRUSHED,
    )
    brush.js_on_change("start", told)
    brush.js_on_change("end", told)
    made = Ruler(fig, brush, shade, box, track, hint)
    made.dress(tokens)
    return made
