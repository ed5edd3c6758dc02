"""Legend entries of the radar picture and of the frontline, in the colours that the map really has."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.briefing.column import Entry, Swatch
from dashboard.briefing.paper import Ink
from dashboard.briefing.sheet import Imagery, Sheet
from dashboard.briefing.sides import LOST_HATCH, TINY_KM2, lost_to_nobody, side_colours, side_hatches
from dashboard.geo.mercator import bbox_of
from dashboard.model.acquisition import Acquisition
from dashboard.model.dtg import dtg
from dashboard.model.frontline import FrontlineSnapshot
from dashboard.model.palette import Tokens
from dashboard.model.view import CompareMode, Layer, StretchKind
from dashboard.render.compose import ratio_palette, two_colour
from dashboard.render.levels import RATIO_LIMIT_DB

_TEXT = Ink("sans", 6.8)
_BOLD = Ink("bold", 6.8)
_NUMBER = Ink("mono", 6.2)
_RAMP_STEPS = 64


def imagery_entries(sheet: Sheet, tokens: Tokens) -> list[Entry]:
    """Return the legend of the radar picture: what a brightness or a colour means, with its limits."""
    picture = sheet.imagery
    if picture is None or not sheet.has(Layer.IMAGERY) or not sheet.drawn:
        return []
    match sheet.view.compare:
        case CompareMode.TWO_COLOUR:
            entries = _two_colour(sheet, picture)
        case CompareMode.LOG_RATIO:
            entries = _log_ratio()
        case CompareMode.SWIPE:
            entries = _swipe(sheet, picture, tokens)
        case CompareMode.A:
            entries = _grey(sheet, "A", sheet.before, picture.limits_a, tokens)
        case _:
            entries = _grey(sheet, "B", sheet.after, picture.limits_b, tokens)
    if picture.rgba[..., 3].min() == 0:
        words = "not observed" if len(sheet.drawn) == 1 else "one or both dates not observed"
        if sheet.view.compare is CompareMode.SWIPE:
            words = "not observed"
        entries.append(Entry(words=words, ink=_TEXT, swatch=Swatch(kind="hatch", colour=tokens.unobserved), gap=0.9))
    return entries


def _quantity(acq: Acquisition | None) -> str:
    if acq is None or not acq.calibration.valid:
        return "not calibrated, relative dB"
    return acq.calibration.quantity.value if acq.calibration.quantity else "power"


def _grey(
    sheet: Sheet, name: str, acq: Acquisition | None, limits: tuple[float, float] | None, tokens: Tokens
) -> list[Entry]:
    if acq is not None and acq.optical:
        return [Entry(words=f"{name} · visible bands {''.join(acq.polarisations)}, no backscatter", ink=_BOLD, gap=1.4)]
    if limits is None:
        return []
    steps = np.linspace(0, 255, _RAMP_STEPS).astype(int)
    how = " · equalised, not linear" if sheet.view.stretch.kind is StretchKind.EQUALISE else ""
    title = f"Backscatter {name} · {_quantity(acq)} {sheet.view.polarisation}{how}"
    low, high = limits
    return [
        Entry(words=title, ink=_BOLD, gap=1.4),
        Entry(
            words=f"{_db(low)}|{_db(high)}",
            ink=_NUMBER,
            ramp=tuple(_mix(tokens.black, tokens.white, step / 255) for step in steps),
            gap=0.8,
        ),
    ]


def _mix(low: str, high: str, share: float) -> str:
    pairs = ((int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _db(value: float) -> str:
    return f"{value:+.1f} dB".replace("-", "\N{MINUS SIGN}")


_GONE_OR_NEW = ("only in A: gone or weaker", "only in B: new or stronger", "unchanged")


def _two_colour(sheet: Sheet, picture: Imagery) -> list[Entry]:
    entries = [Entry(words=f"A in red, B in cyan · {sheet.view.polarisation}", ink=_BOLD, gap=1.4)]
    lit = any(acq is not None and acq.optical for acq in (sheet.before, sheet.after))
    meanings = ("brighter in A", "brighter in B", "alike, by light and by radar") if lit else _GONE_OR_NEW
    for words, (a, b) in zip(meanings, ((230, 40), (40, 230), (150, 150)), strict=True):
        swatch = Swatch(kind="fill", colour=_composite(a, b))
        entries.append(Entry(words=words, ink=_TEXT, swatch=swatch))
    sides = (("A", sheet.before, picture.limits_a), ("B", sheet.after, picture.limits_b))
    for name, acq, limits in sides:
        if limits is not None:
            words = f"{name} {_db(limits[0])} to {_db(limits[1])}, {_quantity(acq)}"
            entries.append(Entry(words=words, ink=_TEXT, gap=0.3))
    return entries


def _composite(a: int, b: int) -> str:
    """Return the colour that the picture itself gives two brightnesses."""
    identity = np.arange(256, dtype=np.uint8)
    pixel = two_colour(np.full((1, 1), a, np.uint8), np.full((1, 1), b, np.uint8), identity, identity)
    return "#{:02x}{:02x}{:02x}".format(*pixel[0, 0, :3])


def _log_ratio() -> list[Entry]:
    limit = f"{RATIO_LIMIT_DB:g} dB"
    return [
        Entry(words="Change of backscatter · 10 log10(B / A)", ink=_BOLD, gap=1.4),
        Entry(words=f"\N{MINUS SIGN}{limit}|0|+{limit}", ink=_NUMBER, ramp=tuple(ratio_palette()[1:]), gap=0.8),
        Entry(words="left: darker after, right: brighter after", ink=_TEXT, gap=0.3),
    ]


def _swipe(sheet: Sheet, picture: Imagery, tokens: Tokens) -> list[Entry]:
    one = picture.limits_a == picture.limits_b and _quantity(sheet.before) == _quantity(sheet.after)
    if one:
        entries = _grey(sheet, "A and B", sheet.before, picture.limits_a, tokens)
    else:
        entries = _grey(sheet, "A", sheet.before, picture.limits_a, tokens)
        entries += _grey(sheet, "B", sheet.after, picture.limits_b, tokens)
    cut = Swatch(kind="line", colour=tokens.accent)
    return [*entries, Entry(words="cut: A west of it, B east of it", ink=_TEXT, swatch=cut, gap=0.9)]


def frontline_entries(sheet: Sheet, tokens: Tokens) -> list[Entry]:
    """Return the legend of the frontline: who holds, where it ran at A, and what changed hands with its km2."""
    colours, hatches = side_colours(sheet, tokens), side_hatches(sheet)
    entries: list[Entry] = []
    after, before = sheet.front_after, sheet.front_before
    window = shapely.box(*bbox_of(sheet.extent))
    if sheet.has(Layer.FRONTLINE) and after is not None:
        head = f"Frontline · {after.provider}"
        entries.append(Entry(words=head, ink=_BOLD, gap=2.2))
        entries.append(Entry(words=f"valid from {dtg(after.valid_from)}", ink=_NUMBER, gap=0.1))
        for side, words in _holders(after, window):
            swatch = Swatch(kind="fill", colour=colours[side] + "30", edge=colours[side])
            entries.append(Entry(words=words, ink=_TEXT, swatch=swatch))
    if sheet.has(Layer.GHOST) and before is not None and _crosses(before, window):
        swatch = Swatch(kind="dashed", colour=tokens.text)
        entries.append(Entry(words=f"line at A, valid from {dtg(before.valid_from)}", ink=_TEXT, swatch=swatch))
    if sheet.has(Layer.GROUND):
        entries += _ground(sheet, colours, hatches, tokens)
    return entries


def _crosses(front: FrontlineSnapshot, window: BaseGeometry) -> bool:
    return any(area.geometry.intersects(window) and not area.geometry.covers(window) for area in front.areas)


def _holders(front: FrontlineSnapshot, window: BaseGeometry) -> list[tuple[str, str]]:
    """Return the sides that hold ground on the map, and what to say of each."""
    found: dict[str, str] = {}
    for area in front.areas:
        if area.geometry.intersects(window):
            whole = area.geometry.covers(window)
            found[area.side] = f"held by {area.side}" + (": all of this map" if whole else "")
    return sorted(found.items())


def _ground(sheet: Sheet, colours: dict[str, str], hatches: dict[str, str], tokens: Tokens) -> list[Entry]:
    window = shapely.box(*bbox_of(sheet.extent))
    entries = []
    for change in sheet.ground:
        if change.gained_km2 > TINY_KM2 and change.gained.intersects(window):
            swatch = Swatch(kind="hatch", colour=colours[change.side], hatch=hatches[change.side])
            part = "" if window.covers(change.gained) else ", part of it on this map"
            entries.append(
                Entry(words=f"gained by {change.side}: {_km2(change.gained_km2)}{part}", ink=_TEXT, swatch=swatch)
            )
        if lost_to_nobody(change, sheet) and change.lost.intersects(window):
            swatch = Swatch(kind="hatch", colour=tokens.muted, hatch=LOST_HATCH)
            entries.append(Entry(words=f"lost by {change.side}: {_km2(change.lost_km2)}", ink=_TEXT, swatch=swatch))
    return entries


def _km2(value: float) -> str:
    return f"{value:.1f} km²" if value >= 10 else f"{value:.2g} km²"
