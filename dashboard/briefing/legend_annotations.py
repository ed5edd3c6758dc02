"""What the margin says of annotations: a legend by kind and side, and who said each of a few, when and how surely."""

from dashboard.briefing.column import Entry, Swatch
from dashboard.briefing.looks import LOOKS, Style, colour_of, style_of, styles
from dashboard.briefing.names import names
from dashboard.briefing.paper import Ink
from dashboard.briefing.sheet import Sheet
from dashboard.model.annotation import AnnotationKind
from dashboard.model.dtg import dtg
from dashboard.model.palette import Tokens
from dashboard.model.sketch import Shape

MOST_LISTED = 12
"""Up to so many annotations are named one by one."""
_TEXT, _BOLD = Ink("sans", 6.8), Ink("bold", 6.8)


def annotation_entries(sheet: Sheet, tokens: Tokens) -> list[Entry]:
    """Return the legend: one line for every kind and side on the sheet, with how many there are."""
    found = styles(sheet)
    if not found:
        return []
    head = f"Annotations · {len(sheet.annotations):,}"
    entries = [Entry(words=head, ink=_BOLD, gap=2.2)]
    for style, count in reversed(found.items()):  # what lies on top comes first
        entries.append(Entry(words=_words(style, count), ink=_TEXT, swatch=_swatch(style, sheet, tokens)))
    if any(kind is AnnotationKind.FRONTLINE for kind, _ in found):
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


def _words(style: Style, count: int) -> str:
    kind, side = style
    one, many = LOOKS[kind].words
    owner = f", {side}" if side else ""
    return f"{one if count == 1 else many}{owner}" + (f" ({count:,})" if count > 1 else "")


def _swatch(style: Style, sheet: Sheet, tokens: Tokens) -> Swatch:
    """Return the sign of a style: of the forms it really has on the sheet, the one seen best."""
    look, colour = LOOKS[style[0]], colour_of(style, sheet, tokens)
    forms = {revision.annotation.shape for revision in sheet.annotations if style_of(revision) == style}
    if style[0] is AnnotationKind.FRONTLINE and Shape.LINE in forms:
        return Swatch(kind="teeth", colour=colour)
    if Shape.AREA in forms:
        if look.hatch:
            return Swatch(kind="hatch", colour=colour, hatch=look.hatch)
        return Swatch(kind="fill", colour=f"{colour}{round(255 * look.fill):02x}", edge=colour)
    if Shape.LINE in forms:
        return Swatch(kind="line" if look.dashes == "-" else "dashed", colour=colour, dashes=look.dashes)
    if Shape.POINT in forms:
        return Swatch(kind="marker", colour=colour, letter=look.marker)
    return Swatch(kind="text", colour=tokens.text, letter="Abc")
