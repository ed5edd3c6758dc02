"""The sheet's typefaces: the shipped ones, and Matplotlib's own DejaVu for every glyph they lack."""

import logging
from functools import cache, lru_cache
from typing import Literal

from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.ft2font import FT2Font

from dashboard.model.assets import asset

Face = Literal["sans", "bold", "mono", "mono-bold"]

_FAMILY: dict[str, tuple[str, str]] = {
    "sans": ("IBM Plex Sans", "DejaVu Sans"),
    "bold": ("IBM Plex Sans", "DejaVu Sans"),
    "mono": ("IBM Plex Mono", "DejaVu Sans Mono"),
    "mono-bold": ("IBM Plex Mono", "DejaVu Sans Mono"),
}
# The fallback has other weights than the shipped fonts; that Matplotlib then takes the nearest one is what we want.
logging.getLogger("matplotlib.font_manager").addFilter(lambda record: "font weight" not in record.getMessage())
_PT_PER_MM = 72 / 25.4
_MEASURED_PT = 64.0


@cache
def _shipped() -> frozenset[str]:
    """Register the shipped fonts once a process; return the families found."""
    folder = asset("fonts")
    known = set()
    for path in sorted(folder.rglob("*.ttf")) if folder.is_dir() else ():
        fontManager.addfont(path)
        known.add(get_font(str(path)).family_name)
    return frozenset(known)


@cache
def _resolved(face: Face) -> FontProperties:
    wanted, fallback = _FAMILY[face]
    family = [wanted, fallback] if wanted in _shipped() else [fallback]
    return FontProperties(family=family, weight=_weight(face, wanted))


def _weight(face: Face, family: str) -> int:
    if not face.endswith("bold"):
        return 400
    heavy = sorted(int(entry.weight) for entry in fontManager.ttflist if entry.name == family and _number(entry.weight))
    return next((weight for weight in heavy if weight >= 600), 700)


def _number(weight: object) -> bool:
    return isinstance(weight, int)


def face(kind: Face, size_pt: float) -> FontProperties:
    """Return a typeface at a size in points."""
    properties = _resolved(kind).copy()
    properties.set_size(size_pt)
    return properties


@cache
def _chain(kind: Face) -> FT2Font:
    return get_font(fontManager._find_fonts_by_props(face(kind, _MEASURED_PT)))  # the one way to the fallback chain


def missing(text: str, kind: Face = "sans") -> str:
    """Return the characters of a text that none of the sheet's fonts can draw, each once."""
    maps = [get_font(path).get_charmap() for path in fontManager._find_fonts_by_props(face(kind, _MEASURED_PT))]
    return "".join(dict.fromkeys(c for c in text if not c.isspace() and not any(ord(c) in m for m in maps)))


def printable(text: str) -> str:
    """Return a text with every character that the fonts lack replaced by a question mark."""
    lacking = set(missing(text))
    return "".join("?" if c in lacking else c for c in text)


@lru_cache(8192)
def _advance(kind: Face, text: str) -> float:
    """Width of one line at 64 pt, points."""
    fonts = _chain(kind)
    fonts.set_size(_MEASURED_PT, 72)
    fonts.set_text(text, 0.0)
    return float(fonts.get_width_height()[0]) / 64.0


def width_mm(text: str, kind: Face, size_pt: float) -> float:
    """Return the width of one line of text on paper, millimetres."""
    return _advance(kind, text) * size_pt / _MEASURED_PT / _PT_PER_MM if text else 0.0


def wrap(text: str, kind: Face, size_pt: float, limit_mm: float) -> list[str]:
    """Break text at spaces so that every line fits a width; a single word that is too long is broken inside.

    Parameters
    ----------
    text : one paragraph; newlines are kept as breaks
    limit_mm : greatest width of a line, millimetres
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in (part for long in paragraph.split() for part in _pieces(long, kind, size_pt, limit_mm)):
            longer = f"{line} {word}" if line else word
            if line and width_mm(longer, kind, size_pt) > limit_mm:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines


def _pieces(word: str, kind: Face, size_pt: float, limit_mm: float) -> list[str]:
    if width_mm(word, kind, size_pt) <= limit_mm or len(word) < 2:
        return [word]
    half = len(word) // 2
    return [piece for part in (word[:half], word[half:]) for piece in _pieces(part, kind, size_pt, limit_mm)]
