"""What the margin column says: A and B, the warning of unlike geometry, and a legend of what is visible only."""

from dashboard.briefing.changes import change_entries
from dashboard.briefing.column import Entry, Swatch
from dashboard.briefing.coverage import coverage_entries, provider_entries
from dashboard.briefing.legend import frontline_entries, imagery_entries
from dashboard.briefing.legend_annotations import annotation_entries, listed
from dashboard.briefing.movement import movement_entries
from dashboard.briefing.paper import Ink
from dashboard.briefing.sheet import Sheet
from dashboard.geo.look import look_azimuth
from dashboard.model.acquisition import Acquisition
from dashboard.model.dtg import dtg
from dashboard.model.palette import Tokens
from dashboard.model.view import Layer

DATED = frozenset(
    {Layer.FRONTLINE, Layer.GHOST, Layer.GROUND, Layer.ANNOTATIONS, Layer.DISPLACEMENT, Layer.DISAGREEMENT}
)
"""Layers that speak of a moment and of what was known of it."""
SMALL_PT, NOTE_PT, HEAD_PT, DTG_PT = 6.8, 5.0, 6.0, 10.0


def column_entries(sheet: Sheet, tokens: Tokens, *, brief: bool = False) -> list[Entry]:
    """Return the column of a sheet from top to bottom.

    Parameters
    ----------
    brief : of the table of providers only the line for all, where there is no room for more
    """
    entries = []
    for letter, acq, colour in (("A", sheet.before, tokens.a), ("B", sheet.after, tokens.b)):
        if acq is not None:
            entries += _side(sheet, letter, acq, colour, tokens)
    entries += _moments(sheet, tokens)
    entries += _warnings(sheet, tokens)
    entries += _legend(sheet, tokens)
    entries += provider_entries(sheet, tokens, brief=brief)
    entries += listed(sheet, tokens)
    return entries


def _moments(sheet: Sheet, tokens: Tokens) -> list[Entry]:
    """Say of which moment fronts and annotations speak where it is not B's, and as known when where it is not now."""
    entries = []
    others = sheet.view.layers & DATED
    if others and sheet.moment is not None and (sheet.after is None or sheet.moment != sheet.after.start):
        entries.append(Entry(words=f"valid at {dtg(sheet.moment)}", ink=Ink("mono-bold", 8.0), gap=3.0))
        entries.append(Entry(words="fronts and annotations, not the imagery", ink=Ink("sans", SMALL_PT), gap=0.1))
    if others and sheet.view.known_at is not None:
        marked = tokens.exercise_text
        words = f"as known at {dtg(sheet.view.known_at)}"
        entries.append(Entry(words=words, ink=Ink("mono-bold", 8.0, marked), gap=3.2, panel=tokens.exercise))
        words = "fronts and annotations recorded later are not on this sheet"
        entries.append(Entry(words=words, ink=Ink("sans", SMALL_PT, marked), gap=0.3, panel=tokens.exercise))
    return entries


def _side(sheet: Sheet, letter: str, acq: Acquisition, colour: str, tokens: Tokens) -> list[Entry]:
    notes = [role for role in (_role(sheet, letter), "" if acq in sheet.drawn else "not drawn") if role]
    first = letter == "A" or sheet.before is None
    head = Entry(
        words=dtg(acq.start),
        ink=Ink("mono-bold", DTG_PT),
        swatch=Swatch(kind="chip", colour=colour, letter=letter),
        gap=0.6 if first else 3.0,
    )
    platform = acq.platform or acq.constellation
    name = platform if acq.constellation in platform else f"{acq.constellation} {platform}"
    words = f"{name} ({', '.join(notes)})" if notes else name
    lines = [Entry(words=words, ink=Ink("bold", 7.6), gap=0.7)]
    lines += [Entry(words=words, ink=Ink("sans", SMALL_PT), gap=0.1) for words in facts(acq)]
    identity = acq.id
    file = acq.pixels.file(sheet.view.polarisation) if acq.pixels else None
    if file is not None:
        identity += f"  sha256 {file.sha256[:8]}"
    return [head, *lines, Entry(words=identity, ink=Ink("mono", NOTE_PT, tokens.muted), gap=0.3)]


def _role(sheet: Sheet, letter: str) -> str:
    """Return before or after, and nothing where the two dates do not run that way."""
    if sheet.before is None or sheet.after is None or sheet.before.start >= sheet.after.start:
        return ""
    return "before" if letter == "A" else "after"


def facts(acq: Acquisition) -> list[str]:
    """Return what a reader must know of an acquisition to judge a picture of it; what is not stated is said so."""
    azimuth = look_azimuth(acq)
    towards = "" if azimuth is None else f" towards {azimuth:03.0f}°"
    quantity = acq.calibration.quantity.value if acq.calibration.quantity else "power"
    product = (
        f"mode {acq.mode}" if acq.mode else "mode not stated",
        "+".join(acq.polarisations) or "polarisation not stated",
        f"resolution {acq.resolution_m:.3g} m" if acq.resolution_m else "resolution not stated",
        f"calibrated ({quantity})" if acq.calibration.valid else f"not calibrated: {acq.calibration.why_not}",
    )
    if acq.optical:
        incidence = "" if acq.incidence_deg is None else f" · seen {acq.incidence_deg:.1f}° off the vertical"
        return [" · ".join(product[1:3]) + incidence, "visible bands: no backscatter"]
    geometry = (
        acq.pass_direction.value if acq.pass_direction else "pass not stated",
        f"looks {acq.look.value}{towards}" if acq.look else "look side not stated",
        f"incidence {acq.incidence_deg:.1f}°" if acq.incidence_deg is not None else "incidence not stated",
    )
    return [" · ".join(product), " · ".join(geometry)]


def _warnings(sheet: Sheet, tokens: Tokens) -> list[Entry]:
    texts = []
    if sheet.mismatches:
        texts.append(("Different stacks", "; ".join(sheet.mismatches)))
    if sheet.before is not None and sheet.after is not None and sheet.after.start < sheet.before.start:
        texts.append(("B is earlier than A", "what is gained, lost, new or gone reads backwards in time"))
    if sheet.handling.conflict:
        texts.append(("Marking in doubt", "sources disagree about the handling: have it reviewed before release"))
    entries = []
    for head, body in texts:
        entries.append(
            Entry(words=f"! {head}", ink=Ink("bold", 7.4, tokens.exercise_text), gap=3.2, panel=tokens.exercise)
        )
        entries.append(
            Entry(words=body, ink=Ink("sans", SMALL_PT, tokens.exercise_text), gap=0.3, panel=tokens.exercise)
        )
    return entries


def _legend(sheet: Sheet, tokens: Tokens) -> list[Entry]:
    groups = [
        imagery_entries(sheet, tokens),
        coverage_entries(sheet, tokens),
        change_entries(sheet, tokens),
        frontline_entries(sheet, tokens),
        movement_entries(sheet, tokens),
        annotation_entries(sheet, tokens),
        _footprint_entries(sheet, tokens),
    ]
    visible = [group for group in groups if group]
    if not visible:
        return []
    head = Entry(words="LEGEND", ink=Ink("bold", HEAD_PT, tokens.muted), gap=4.2, rule=True)
    return [head, *(entry for group in visible for entry in group)]


def _footprint_entries(sheet: Sheet, tokens: Tokens) -> list[Entry]:
    if not (sheet.has(Layer.FOOTPRINTS) and sheet.footprints):
        return []
    swatch = Swatch(kind="line", colour=tokens.muted)
    words = f"footprints of acquisitions ({len(sheet.footprints)}); A and B in their colours"
    return [Entry(words=words, ink=Ink("sans", SMALL_PT), swatch=swatch, gap=1.6)]
