"""Where everything stands on a page: boxes in millimetres from the top left corner, the map on whole pixels.

The map's box depends on the title alone (a long title wraps and pushes the map down), so it is known before a single
pixel is read, and the imagery is read on exactly the grid it is printed on.
"""

from dataclasses import dataclass
from enum import StrEnum

from dashboard.briefing.fonts import missing, wrap
from dashboard.model.errors import InputError
from dashboard.model.view import Extent

DPI = 300
MM_PER_PX = 25.4 / DPI
MAX_TITLE = 160
"""Characters; what fits on three lines of the smallest title."""


class Page(StrEnum):
    """The sizes a sheet comes in."""

    A4 = "a4"
    WIDE = "16x9"


def page_of(name: str) -> Page:
    """Return the page of a name.

    Raises
    ------
    InputError
        If there is none.
    """
    try:
        return Page(name)
    except ValueError as error:
        raise InputError(f"Page {name!r} is not known; give {' or '.join(Page)}.") from error


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the page, millimetres from the top left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.y + self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The boxes of one sheet."""

    page: Page
    size_px: tuple[int, int]
    """(width, height) of the page at 300 dpi."""
    scale: float
    """Of type and spacing against A4: a slide is read from further away."""
    title_lines: tuple[str, ...]
    title_pt: float
    banner_top: Box
    banner_bottom: Box
    header: Box
    map: Box
    map_px: tuple[int, int, int, int]
    """(left, top, width, height) of the map in page pixels."""
    column: Box
    footer: Box

    @property
    def size_mm(self) -> tuple[float, float]:
        """(width, height) of the page."""
        return self.size_px[0] * MM_PER_PX, self.size_px[1] * MM_PER_PX


_SIZES = {Page.A4: ((3508, 2480), 1.0, 64.0), Page.WIDE: ((4000, 2250), 1.1, 76.0)}
_MARGIN, _BANNER, _GAP, _TICKS, _CORNER, _FOOTER = 8.0, 6.4, 5.0, 4.6, 4.4, 17.0
_AS_OF = 46.0
"""Width kept right of the title for the as-of time."""


def arrange(page: Page, title: str) -> Layout:
    """Return the layout of a page under a title.

    Raises
    ------
    InputError
        If the title is longer than any page can hold, or holds characters that the sheet cannot print.
    """
    lacking = missing(title, "bold")
    if lacking:
        raise InputError(f"The sheet's fonts lack the characters {lacking[:20]} of the title. Write them otherwise.")
    if len(title) > MAX_TITLE:
        msg = f"The title has {len(title)} characters; a sheet holds at most {MAX_TITLE}. Shorten it."
        raise InputError(msg)
    (width_px, height_px), scale, column_width = _SIZES[page]
    width, height = width_px * MM_PER_PX, height_px * MM_PER_PX
    inner = width - 2 * _MARGIN
    title_pt, lines = _fit_title(title, inner - _AS_OF * scale, scale)
    top = Box(_MARGIN, _MARGIN - 1.5, inner, _BANNER * scale)
    bottom = Box(_MARGIN, height - _MARGIN + 1.5 - _BANNER * scale, inner, _BANNER * scale)
    header = Box(_MARGIN, top.bottom + 2.6 * scale, inner, len(lines) * _line_mm(title_pt) + 5.2 * scale)
    footer_top = bottom.y - 2.2 * scale - _FOOTER * scale
    left = _MARGIN + _TICKS * scale
    right = width - _MARGIN - column_width - _GAP * scale
    map_top = header.bottom + (_CORNER + 0.6) * scale
    map_px = _snap(left, map_top, right - left, footer_top - _TICKS * scale - map_top)
    map_box = Box(*(value * MM_PER_PX for value in map_px))
    column = Box(width - _MARGIN - column_width, header.bottom + 1.2 * scale, column_width, 0.0)
    column = Box(column.x, column.y, column.width, bottom.y - 2.2 * scale - column.y)
    return Layout(
        page=page,
        size_px=(width_px, height_px),
        scale=scale,
        title_lines=tuple(lines),
        title_pt=title_pt,
        banner_top=top,
        banner_bottom=bottom,
        header=header,
        map=map_box,
        map_px=map_px,
        column=column,
        footer=Box(_MARGIN, footer_top, map_box.right - _MARGIN, _FOOTER * scale),
    )


def fill(extent: Extent, layout: Layout) -> Extent:
    """Return the smallest extent around a view's that has exactly the map's aspect: nothing seen is cut off."""
    _, _, width, height = layout.map_px
    metres = max((extent.x1 - extent.x0) / width, (extent.y1 - extent.y0) / height)
    x, y = extent.centre
    return Extent(x - metres * width / 2, y - metres * height / 2, x + metres * width / 2, y + metres * height / 2)


def _fit_title(title: str, limit_mm: float, scale: float) -> tuple[float, list[str]]:
    for size in (17.0, 15.0, 13.0):
        lines = _balanced(title, size * scale, limit_mm)
        if len(lines) == 1 or (size < 17.0 and len(lines) == 2):
            return size * scale, lines
    size = 11.0 * scale
    lines = _balanced(title, size, limit_mm)
    if len(lines) > 3:
        raise InputError(f"The title {title[:40]!r}... does not fit three lines of the page. Shorten it.")
    return size, lines


def _balanced(title: str, size_pt: float, limit_mm: float) -> list[str]:
    """Wrap to as few lines as it takes, then to lines as even as that allows: no last line of one word."""
    lines = wrap(title, "bold", size_pt, limit_mm)
    narrower, limit = lines, limit_mm
    while len(lines) > 1 and len(narrower) == len(lines):
        lines, limit = narrower, limit - 3.0
        narrower = wrap(title, "bold", size_pt, limit)
    return lines


def _line_mm(size_pt: float) -> float:
    return size_pt * 1.22 * 25.4 / 72


def _snap(x: float, y: float, width: float, height: float) -> tuple[int, int, int, int]:
    left, top = round(x / MM_PER_PX), round(y / MM_PER_PX)
    return left, top, round((x + width) / MM_PER_PX) - left, round((y + height) / MM_PER_PX) - top
