"""The parts of a sheet around its map: banners, title, scale, coordinates, directions, credits."""

import math

from matplotlib.patches import Circle, Polygon

from dashboard.briefing.fonts import printable, width_mm, wrap
from dashboard.briefing.layout import MM_PER_PX, Box
from dashboard.briefing.paper import MM_PER_PT, Ink, Paper
from dashboard.briefing.sheet import CAVEAT, Sheet
from dashboard.geo.coordinates import to_mgrs
from dashboard.geo.geodesy import representative_fraction, scale_bar
from dashboard.geo.look import look_azimuth
from dashboard.geo.mercator import to_lonlat
from dashboard.model.dtg import dtg

SCALE_ROOM = 0.3
"""Of the map's width that the scale bar may take."""


def banners(paper: Paper, sheet: Sheet) -> None:
    """Draw the handling above and below, in the exercise's colours when a caveat says exercise."""
    exercise = any("EXERCISE" in caveat.upper() for caveat in sheet.handling.caveats)
    tokens = paper.tokens
    fill = tokens.exercise if exercise else tokens.banner
    colour = tokens.exercise_text if exercise else tokens.banner_text
    for box in (sheet.layout.banner_top, sheet.layout.banner_bottom):
        paper.rectangle(box, fill)
        _centred(paper, box, sheet.handling.banner, Ink("bold", 9.5 * paper.layout.scale, colour))


def _centred(paper: Paper, box: Box, words: str, ink: Ink) -> None:
    """Write in the middle of a box: on one line, else on as many smaller ones as it takes to show every word."""
    limit = box.width - 6.0
    lines = [words]
    if width_mm(printable(words), ink.kind, ink.size_pt) > limit:
        size = ink.size_pt
        while len(lines) * size * 1.2 * MM_PER_PT > box.height - 0.6 or len(lines) == 1:
            size *= 0.94
            lines = wrap(words, ink.kind, size, limit)
            if len(lines) == 1:
                break
        ink = Ink(ink.kind, size, ink.colour)
    step = ink.size_pt * 1.2 * MM_PER_PT
    y = box.y + (box.height - step * len(lines)) / 2
    for line in lines:
        paper.text(box.x + box.width / 2, y + 0.05, line, ink, align="center")
        y += step


def header(paper: Paper, sheet: Sheet) -> None:
    """Write title, area, extent and as-of time."""
    layout, tokens = sheet.layout, paper.tokens
    box, y = layout.header, layout.header.y
    for line in layout.title_lines:
        paper.text(box.x, y, line, Ink("bold", layout.title_pt))
        y += layout.title_pt * 1.22 * MM_PER_PT
    lon, lat = to_lonlat(*sheet.extent.centre)
    centre = f"{abs(lat):.4f}° {'N' if lat >= 0 else 'S'}  {abs(lon):.4f}° {'E' if lon >= 0 else 'W'}"
    place = Ink("sans", 8.6 * layout.scale, tokens.muted)
    area = "" if sheet.title.startswith(sheet.area) else sheet.area
    paper.text(box.x, y + 0.6, area, place)
    offset = width_mm(printable(area), "sans", place.size_pt) + 4.0 if area else 0.0
    paper.text(box.x + offset, y + 0.75, f"centre {centre}", Ink("mono", 7.4 * layout.scale, tokens.muted))
    when = dtg(sheet.as_of) if sheet.as_of else "undated"
    paper.text(box.right, box.y + 0.2, "AS OF", Ink("bold", 6.2 * layout.scale, tokens.muted), align="right")
    paper.text(box.right, box.y + 2.9 * layout.scale, when, Ink("mono-bold", 13 * layout.scale), align="right")


def registers(paper: Paper, sheet: Sheet) -> None:
    """Mark two opposite corners of the map with their MGRS coordinates."""
    frame, scale, tokens = sheet.layout.map, sheet.layout.scale, paper.tokens
    ink = Ink("mono", 6.4 * scale, tokens.text)
    corners = (
        (frame.x, frame.y, -1, sheet.extent.x0, sheet.extent.y1),
        (frame.right, frame.bottom, 1, sheet.extent.x1, sheet.extent.y0),
    )
    for x, y, side, east, north in corners:
        arm = 2.6 * scale
        paper.line((x - arm, x + arm), (y, y), tokens.text, width_pt=0.7)
        paper.line((x, x), (y - arm, y + arm), tokens.text, width_pt=0.7)
        lon, lat = to_lonlat(east, north)
        words = _mgrs(lon, lat)
        if side < 0:
            paper.text(x + arm + 0.8, y - 3.4 * scale, words, ink)
        else:
            paper.text(x - arm - 0.8, y + 0.9 * scale, words, ink, align="right")


def _mgrs(lon: float, lat: float) -> str:
    return to_mgrs(lon, lat) if -80 <= lat <= 84 else f"{lat:.4f} {lon:.4f} (no MGRS here)"


def footer(paper: Paper, sheet: Sheet) -> None:
    """Draw scale, caveat, credits and the identity of this export below the map."""
    layout, tokens = sheet.layout, paper.tokens
    scale, box = layout.scale, layout.footer
    _scale(paper, sheet, Box(layout.map.x, box.y + 1.4 * scale, layout.map.width * SCALE_ROOM, box.height))
    left = layout.map.x + layout.map.width * SCALE_ROOM + 10 * scale
    column = Box(left, box.y + 1.4 * scale, layout.map.right - left, box.height - 1.4 * scale)
    below = paper.paragraph(column, CAVEAT, Ink("bold", 6.8 * scale))
    identity = [sheet.software, f"export {sheet.export_id}", f"made {dtg(sheet.made)}"]
    if sheet.author:
        identity.append(f"by {sheet.author}")
    last = Ink("mono", 5.8 * scale, tokens.muted)
    paper.text(
        column.x,
        column.bottom - last.line_mm,
        "  ".join(identity),
        paper.fitted("  ".join(identity), last, column.width),
    )
    room = Box(column.x, below + 0.5 * scale, column.width, column.bottom - last.line_mm - below - 0.9 * scale)
    _credits(paper, room, "Sources: " + "; ".join(sheet.credits) if sheet.credits else "")


def _credits(paper: Paper, room: Box, words: str) -> None:
    """Write every credit, in smaller type when they are many: a licence is not met by half of its line."""
    size = 5.8 * paper.layout.scale
    while (
        size > 1.5 and len(wrap(printable(words), "sans", size, room.width)) * Ink("sans", size).line_mm > room.height
    ):
        size *= 0.95
    paper.paragraph(room, printable(words), Ink("sans", size, paper.tokens.muted))


def bar_mm(sheet: Sheet) -> tuple[float, float]:
    """Return (length on paper in millimetres, length on the ground in metres) of the scale bar."""
    width_px = sheet.layout.map_px[2]
    bar = scale_bar(sheet.extent, width_px, at_most_px=width_px * SCALE_ROOM)
    return bar.pixels * MM_PER_PX, bar.length_m


def _scale(paper: Paper, sheet: Sheet, box: Box) -> None:
    tokens, scale = paper.tokens, sheet.layout.scale
    width_px = sheet.layout.map_px[2]
    bar = scale_bar(sheet.extent, width_px, at_most_px=width_px * SCALE_ROOM)
    length, height = bar.pixels * MM_PER_PX, 1.5 * scale
    y = box.y + 3.8 * scale
    for part in range(4):
        cell = Box(box.x + part * length / 4, y, length / 4, height)
        paper.rectangle(cell, tokens.text if part % 2 == 0 else paper.background, tokens.text, width_pt=0.5)
    unit, divisor = ("m", 1.0) if bar.length_m < 1000 else ("km", 1000.0)
    ink = Ink("mono", 6.2 * scale)
    for part in (0, 2, 4):
        words = f"{bar.length_m / divisor * part / 4:g}" + (f" {unit}" if part == 4 else "")
        paper.text(box.x + length * part / 4, box.y + 0.6 * scale, words, ink, align="center" if part else "left")
    fraction = representative_fraction(sheet.extent, sheet.layout.map.width / 1000)
    paper.text(
        box.x, y + 2.6 * scale, f"1 : {fraction:,}".replace(",", "\N{NO-BREAK SPACE}"), Ink("mono-bold", 8.2 * scale)
    )
    words = "Mercator (EPSG:3857), WGS 84, true north up"
    paper.text(box.x, y + 6.3 * scale, words, Ink("sans", 5.8 * scale, tokens.muted))
    if bar.note:
        paper.text(box.x, y + 9.0 * scale, bar.note, Ink("sans", 5.8 * scale, tokens.muted))


def compass(paper: Paper, sheet: Sheet, box: Box) -> None:
    """Draw true north and, for A and B, an arrow in the direction the radar looked."""
    tokens, scale = paper.tokens, sheet.layout.scale
    radius = min(box.width, box.height) / 2 - 4.2 * scale
    x, y = box.x + box.width / 2, box.y + box.height / 2 + 0.8 * scale
    paper.axes.add_patch(Circle((x, y), radius, facecolor="none", edgecolor=tokens.line, linewidth=0.8))
    _needle(paper, (x, y - radius * 0.15), 0.0, radius * 0.9, tokens.text)
    paper.text(x, y - radius - 3.9 * scale, "N", Ink("bold", 7.6 * scale), align="center")
    for letter, acq, colour in (("A", sheet.before, tokens.a), ("B", sheet.after, tokens.b)):
        azimuth = look_azimuth(acq) if acq is not None and acq in sheet.drawn else None
        if azimuth is not None:
            # Side by side when both looked the same way.
            _look(paper, (x, y), azimuth, radius, (letter, colour))
    if any(look_azimuth(acq) is not None for acq in sheet.drawn):
        ink = Ink("sans", 5.6 * scale, tokens.muted)
        paper.text(x, box.bottom - 1.6 * scale, "radar look direction", ink, align="center")


def _direction(azimuth: float) -> tuple[float, float]:
    """Unit vector on the page (y down) of a bearing."""
    return math.sin(math.radians(azimuth)), -math.cos(math.radians(azimuth))


def _needle(paper: Paper, tail: tuple[float, float], azimuth: float, length: float, colour: str) -> None:
    dx, dy = _direction(azimuth)
    tip = (tail[0] + dx * length, tail[1] + dy * length)
    half = length * 0.16
    base = (tip[0] - dx * half * 2.6, tip[1] - dy * half * 2.6)
    paper.line((tail[0], base[0]), (tail[1], base[1]), colour, width_pt=0.9)
    head = [tip, (base[0] - dy * half, base[1] + dx * half), (base[0] + dy * half, base[1] - dx * half)]
    paper.axes.add_patch(Polygon(head, closed=True, facecolor=colour, edgecolor="none"))


def _look(paper: Paper, centre: tuple[float, float], azimuth: float, radius: float, name: tuple[str, str]) -> None:
    letter, colour = name
    dx, dy = _direction(azimuth)
    shift = radius * (0.16 if letter == "A" else -0.16)
    x, y = centre[0] - dy * shift, centre[1] + dx * shift
    _needle(paper, (x - dx * radius * 0.55, y - dy * radius * 0.55), azimuth, radius * 1.3, colour)
    ink = Ink("bold", 6.4 * paper.layout.scale, colour)
    paper.text(x - dx * radius * 0.78, y - dy * radius * 0.78 - 1.2, letter, ink, align="center")
