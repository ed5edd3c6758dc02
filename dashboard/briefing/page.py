"""A sheet as a figure: the page with its banners, map, column and foot."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from dashboard.briefing.backdrop import locator
from dashboard.briefing.column import flow, roomy
from dashboard.briefing.furniture import banners, compass, footer, header, registers
from dashboard.briefing.ground import draw_map
from dashboard.briefing.layout import Box
from dashboard.briefing.margin import column_entries
from dashboard.briefing.paper import Paper
from dashboard.briefing.sheet import Sheet

_INSET_MM = 30.0


@contextmanager
def printing() -> Iterator[None]:
    """Set what Matplotlib reads while drawing and saving: TrueType fonts as text in a PDF, fine hatches.

    These are settings of the whole process; so exports run in a process of their own.
    """
    settings: dict[Any, Any] = {"pdf.fonttype": 42, "pdf.compression": 6, "hatch.linewidth": 0.6, "text.usetex": False}
    with mpl.rc_context(settings):
        yield


def draw(sheet: Sheet) -> Figure:
    """Return the figure of a sheet at its page's size and 300 dpi."""
    paper = Paper.of(sheet.layout, sheet.theme)
    banners(paper, sheet)
    header(paper, sheet)
    draw_map(paper, sheet)
    registers(paper, sheet)
    footer(paper, sheet)
    column = sheet.layout.column
    inset = _INSET_MM * sheet.layout.scale
    room = Box(column.x, column.y, column.width, column.height - inset - 3.0)
    entries = column_entries(sheet, paper.tokens)
    if not roomy(room, entries, sheet.layout.scale):
        entries = column_entries(sheet, paper.tokens, brief=True)
    flow(paper, room, entries)
    bottom = Box(column.x, column.bottom - inset, column.width, inset)
    wide = column.width - inset - 2.0
    if sheet.surroundings is not None:
        locator(paper, sheet, Box(bottom.x, bottom.y, wide, inset))
    compass(paper, sheet, Box(bottom.right - inset, bottom.y, inset, inset))
    return paper.figure
