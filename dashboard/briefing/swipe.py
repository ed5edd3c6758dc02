"""The swipe line on a sheet, on the very pixel edge where the picture changes, with the dates on its two sides."""

from collections.abc import Iterator

from matplotlib.axes import Axes

from dashboard.briefing.fonts import face, width_mm
from dashboard.briefing.layout import MM_PER_PX, Box
from dashboard.briefing.paper import Paper
from dashboard.briefing.sheet import Sheet
from dashboard.model.dtg import dtg
from dashboard.model.view import CompareMode
from dashboard.render.compose import swipe_column

_CHIP_PT, _SHIFT_MM, _TOP_MM = 8.0, 1.6, 4.6


def split_of(sheet: Sheet) -> float:
    """Return the swipe line as a share of the printed map: the same meridian as in the view."""
    seen, printed = sheet.view.extent, sheet.extent
    x = seen.x0 + sheet.view.split * (seen.x1 - seen.x0)
    return min(max((x - printed.x0) / (printed.x1 - printed.x0), 0.0), 1.0)


def draw_cut(axes: Axes, paper: Paper, sheet: Sheet) -> None:
    """Draw the line and its dates, where the picture is one of a swipe."""
    if not _swiped(sheet):
        return
    extent = sheet.extent
    metres = (extent.x1 - extent.x0) / sheet.layout.map_px[2]
    x = extent.x0 + _column(sheet) * metres
    axes.axvline(x, color=paper.tokens.white, linewidth=2.4, zorder=9)
    axes.axvline(x, color=paper.tokens.accent, linewidth=1.2, zorder=9)
    top = extent.y1 - _TOP_MM * sheet.layout.scale / MM_PER_PX * metres
    for words, side in _chips(sheet):
        colour = paper.tokens.a if side == "right" else paper.tokens.b
        shift = _SHIFT_MM / MM_PER_PX * metres * (-1 if side == "right" else 1)
        axes.text(
            x + shift,
            top,
            words,
            ha=side,
            va="center",
            fontproperties=face("mono-bold", _CHIP_PT * sheet.layout.scale),
            color=paper.on(colour),
            bbox={"boxstyle": "square,pad=0.32", "facecolor": colour, "edgecolor": "none"},
            clip_on=True,
            zorder=9,
        )


def cut_boxes(sheet: Sheet) -> list[Box]:
    """Return what the dates and the line cover, millimetres on the page."""
    if not _swiped(sheet):
        return []
    frame, scale = sheet.layout.map, sheet.layout.scale
    x = frame.x + _column(sheet) * MM_PER_PX
    top, height = frame.y + (_TOP_MM - 2.6) * scale, 5.2 * scale
    boxes = [Box(x - 0.6, top + height + 0.5, 1.2, frame.bottom - top - height - 0.5)]
    for words, side in _chips(sheet):
        width = width_mm(words, "mono-bold", _CHIP_PT * scale) + 3.0 * scale
        boxes.append(Box(x - 0.8 - width if side == "right" else x + 0.8, top, width, height))
    return boxes


def _swiped(sheet: Sheet) -> bool:
    return sheet.view.compare is CompareMode.SWIPE and len(sheet.drawn) >= 2 and sheet.imagery is not None


def _column(sheet: Sheet) -> int:
    return swipe_column(sheet.layout.map_px[2], split_of(sheet))


def _chips(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """Yield the words of each date and which of its edges is at the line."""
    for letter, acq, side in (("A", sheet.before, "right"), ("B", sheet.after, "left")):
        if acq is not None:
            yield f"{letter} {dtg(acq.start)}", side
