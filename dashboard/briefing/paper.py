"""The page as a drawing surface in millimetres from its top left corner, over one Matplotlib figure."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from dashboard.briefing.fonts import Face, face, printable, width_mm, wrap
from dashboard.briefing.layout import DPI, MM_PER_PX, Box, Layout
from dashboard.model.palette import Theme, Tokens, tokens

LINE_HEIGHT = 1.24
"""Of a line of text, in its own size."""
MM_PER_PT = 25.4 / 72
_LIGHT = 0.5
"""Luminance above which black is read better than white."""


@dataclass(frozen=True, slots=True)
class Ink:
    """How a text is set."""

    kind: Face = "sans"
    size_pt: float = 7.2
    colour: str = ""
    """``#rrggbb``; empty for the theme's text colour."""

    @property
    def line_mm(self) -> float:
        """Height of one line."""
        return self.size_pt * LINE_HEIGHT * MM_PER_PT


@dataclass(frozen=True, slots=True)
class Paper:
    """A figure of the page's size with one full-page axes in millimetres."""

    figure: Figure
    axes: Axes
    layout: Layout
    tokens: Tokens

    @classmethod
    def of(cls, layout: Layout, theme: Theme) -> "Paper":
        """Return an empty page."""
        colours = tokens(theme)
        paper = colours.panel if theme == "light" else colours.page
        figure = Figure(figsize=(layout.size_px[0] / DPI, layout.size_px[1] / DPI), dpi=DPI, facecolor=paper)
        axes = figure.add_axes((0, 0, 1, 1), zorder=0)
        width, height = layout.size_mm
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        return cls(figure, axes, layout, colours)

    @property
    def background(self) -> str:
        """Colour of the paper."""
        return to_hex(self.figure.get_facecolor())

    def text(self, x: float, y: float, words: str, ink: Ink, *, align: str = "left") -> Text:
        """Write one line whose upper edge is at `y`."""
        baseline = y + ink.size_pt * MM_PER_PT * 0.98
        return self.axes.text(
            x,
            baseline,
            printable(words),
            fontproperties=face(ink.kind, ink.size_pt),
            color=ink.colour or self.tokens.text,
            ha=align,
            va="baseline",
            parse_math=False,
        )

    def paragraph(self, box: Box, words: str, ink: Ink) -> float:
        """Write wrapped text from the top of a box; return the y below it."""
        y = box.y
        for line in wrap(words, ink.kind, ink.size_pt, box.width):
            self.text(box.x, y, line, ink)
            y += ink.line_mm
        return y

    def rectangle(self, box: Box, fill: str | None, edge: str | None = None, *, width_pt: float = 0.5) -> Rectangle:
        """Draw a rectangle."""
        patch = Rectangle(
            (box.x, box.y),
            box.width,
            box.height,
            facecolor=fill or "none",
            edgecolor=edge or "none",
            linewidth=width_pt if edge else 0.0,
        )
        self.axes.add_patch(patch)
        return patch

    def line(self, xs: Sequence[float], ys: Sequence[float], colour: str, *, width_pt: float = 0.5) -> None:
        """Draw an open line."""
        self.axes.plot(xs, ys, color=colour, linewidth=width_pt, solid_capstyle="butt")

    def inset(self, box: Box) -> Axes:
        """Return new axes in a box, on whole pixels."""
        width, height = self.layout.size_px
        left, top = round(box.x / MM_PER_PX), round(box.y / MM_PER_PX)
        right, bottom = round(box.right / MM_PER_PX), round(box.bottom / MM_PER_PX)
        rectangle = (left / width, 1 - bottom / height, (right - left) / width, (bottom - top) / height)
        return self.figure.add_axes(rectangle, zorder=1)

    def on(self, colour: str) -> str:
        """Return black or white, whichever is read better on a colour."""
        red, green, blue = to_rgb(colour)
        light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > _LIGHT
        return self.tokens.black if light else self.tokens.white

    def fitted(self, words: str, ink: Ink, limit_mm: float) -> Ink:
        """Return the ink, smaller where one line of the words would pass the limit."""
        wide = width_mm(printable(words), ink.kind, ink.size_pt)
        return ink if wide <= limit_mm else Ink(ink.kind, ink.size_pt * limit_mm / wide, ink.colour)
