"""What the margin says of annotations: a legend by kind and side, and who said each of a few, when and how surely."""

from collections import Counter

from dashboard.briefing.column import Entry, Swatch
from dashboard.briefing.looks import LOOKS, Style, colour_of, style_of
from dashboard.briefing.names import names
from dashboard.briefing.paper import Ink
from dashboard.briefing.sheet import Sheet
from dashboard.model.annotation import AnnotationKind
from dashboard.model.dtg import dtg
from dashboard.model.palette import Tokens
from dashboard.model.sketch import Shape

MOST_LISTED = 12
"""Up to so many annotations are named one by one."""
_FORMS = {Shape.POINT: "point", Shape.LINE: "line", Shape.AREA: "area", Shape.TEXT: "text"}
_TEXT, _BOLD = Ink("sans", 6.8), Ink("bold", 6.8)


def annotation_entries(sheet: Sheet, tokens: Tokens) -> list[Entry]:
    """Return the legend: one line for every kind, side and form on the sheet, with how many there are."""
    found = Counter((style_of(revision), revision.annotation.shape) for revision in sheet.annotations)
    if not found:
        return []
    forms = Counter(style for style, _ in found)
    entries = [Entry(words=f"Annotations · {len(sheet.annotations):,}", ink=_BOLD, gap=2.2)]
    for (style, shape), count in sorted(found.items(), key=_from_above):
        words = _words(style, count, _FORMS[shape] if forms[style] > 1 else "")
        entries.append(Entry(words=words, ink=_TEXT, swatch=_swatch(style, shape, sheet, tokens)))
    if any(kind is AnnotationKind.FRONTLINE and shape is Shape.LINE for (kind, _), shape in found):
        entries.append(Entry(words="teeth point to the opposing side", ink=_TEXT, gap=0.3))
    notes = ["A1 to F6: reliability of the source, credibility of the information"]
    left_out = names(sheet)[1]
    if left_out:
        notes.append(f"{left_out:,} titles found no room on the map")
    return [*entries, *(Entry(words=words, ink=Ink("sans", 5.6, tokens.muted), gap=0.3) for words in notes)]


def listed(sheet: Sheet, tokens: Tokens) -> list[Entry]:
    """Return every annotation with its author, the time it is valid from and its grade, where they are few."""
    if not 0 < len(sheet.annotations) <= MOST_LISTED:
        return []
    entries = [Entry(words="ANNOTATIONS SHOWN", ink=Ink("bold", 6.0, tokens.muted), gap=3.6, rule=True)]
    for revision in sheet.annotations:
        one = revision.annotation
        title = one.title.strip() or f"untitled {LOOKS[one.kind].words[0]}"
        words = f"{title} · {one.grade} · {dtg(one.valid_from)} · {revision.author}"
        entries.append(Entry(words=words, ink=Ink("sans", 6.0), gap=0.4))
    return entries


def _from_above(counted: tuple[tuple[Style, Shape], int]) -> tuple[int, str, str]:
    """Return what the legend is sorted by: what lies on top comes first."""
    (kind, side), shape = counted[0]
    return -list(LOOKS).index(kind), side, shape.value


def _words(style: Style, count: int, form: str) -> str:
    kind, side = style
    one, many = LOOKS[kind].words
    owner = f", {side}" if side else ""
    as_what = f", {form}" if form else ""
    return f"{one if count == 1 else many}{owner}{as_what}" + (f" ({count:,})" if count > 1 else "")


def _swatch(style: Style, shape: Shape, sheet: Sheet, tokens: Tokens) -> Swatch:
    look, colour = LOOKS[style[0]], colour_of(style, sheet, tokens)
    match shape:
        case Shape.AREA if look.hatch:
            return Swatch(kind="hatch", colour=colour, hatch=look.hatch)
        case Shape.AREA:
            return Swatch(kind="fill", colour=f"{colour}{round(255 * look.fill):02x}", edge=colour)
        case Shape.LINE if style[0] is AnnotationKind.FRONTLINE:
            return Swatch(kind="teeth", colour=colour)
        case Shape.LINE:
            return Swatch(kind="line" if look.dashes == "-" else "dashed", colour=colour, dashes=look.dashes)
        case Shape.POINT:
            return Swatch(kind="marker", colour=colour, letter=look.marker)
    return Swatch(kind="text", colour=tokens.text, letter="Abc")
