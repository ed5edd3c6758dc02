"""Positions as people write them: MGRS, decimal degrees, degrees-minutes-seconds. Never a silent guess."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from mgrs import MGRS
from mgrs.core import MGRSError

from dashboard.geo import utm
from dashboard.model.errors import InputError

Kind = Literal["mgrs", "decimal", "dms"]
FORMS = "37U DQ 12345 67890; 48.6, 38.1 (latitude first); 48.6N 38.1E; 48°36'12\"N 38°06'00\"E"
"""What an error tells people to write."""
MGRS_SOUTH_DEG, MGRS_NORTH_DEG = -80.0, 84.0
"""Where the UTM part of MGRS ends; beyond it squares are polar (UPS)."""

_MARKS = str.maketrans(
    {"’": "'", "′": "'", "‘": "'", "ʹ": "'", "´": "'", "`": "'", "”": '"', "″": '"', "“": '"', "ʺ": '"'}
    | {"º": "°", "˚": "°", "−": "-", "–": "-", "\u2011": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "}
)
_GRID = re.compile(r"^(\d{1,2}\s*[C-HJ-NP-X]|[ABYZ])\s*([A-HJ-NP-Z]\s*[A-HJ-NP-Z])\s*((?:\d|\s)*)$")
_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_PAIR = re.compile(rf"^([+-]?(?:{_NUMBER}))(?:\s*[,;]\s*|\s+)([+-]?(?:{_NUMBER}))$")
_COMMA_PAIR = re.compile(r"^([+-]?\d+,\d+)(?:\s*;\s*|\s+|,\s+)([+-]?\d+,\d+)$")
_BARE_COMMA = re.compile(r"^[+-]?\d+,\d+$")
_PACKED = re.compile(r"^(\d{2,3})(\d{2})(\d{2}(?:\.\d+)?)?$")
_ANGLE = re.compile(
    rf"^([+-]?)({_NUMBER})\s*(?:°|D|DEG|:|\s|$)\s*(?:({_NUMBER})\s*(?:'|M|:|\s|$)\s*(?:({_NUMBER})\s*(?:\"|''|S|$))?)?$"
)


@dataclass(frozen=True, slots=True)
class Position:
    """A point on the ground and how it was written."""

    lon: float
    """Degrees east."""
    lat: float
    """Degrees north."""
    kind: Kind


def parse_position(text: str) -> Position:
    """Return the point that a text names.

    Read are MGRS squares of any precision, with or without spaces (the middle of the square is returned); decimal
    degrees and degrees, minutes and seconds, with hemisphere letters before or after in either order, or plain pairs,
    which are latitude, longitude. Typographic primes, degree signs and minus signs are understood.

    Raises
    ------
    InputError
        If the text can be read in no way, or in more than one, or lies outside the world.
    """
    cleaned = " ".join(text.translate(_MARKS).replace("''", '"').upper().split())
    if len(cleaned) > 80:
        msg = f"A position of {len(cleaned)} characters is too long to be one; write it like {FORMS}."
        raise InputError(msg)
    grid = _GRID.match(cleaned)
    if grid is not None:
        return _from_mgrs(text, *grid.groups())
    return _from_letters(text, cleaned) if re.search(r"[NSEW]", cleaned) else _from_plain(text, cleaned)


def to_mgrs(lon: float, lat: float, digits: int = 5) -> str:
    """Return ``54T XM 12345 67890``: the MGRS square that holds a point, `digits` (0 to 5) per axis, cut not rounded.

    Beyond 84° N and 80° S the square is polar (UPS) and has no zone number: ``Z AH 12345 67890``.

    Raises
    ------
    InputError
        If the point is not on the world or `digits` is not 0 to 5.
    """
    if digits not in range(6):
        msg = f"{digits} MGRS digits per axis were asked for; give 0 (100 km) to 5 (1 m)."
        raise InputError(msg)
    _check(lat, lon, f"{lat:g}, {lon:g}")
    head, easting, northing = _square(lon, lat)
    parts = (*head, easting[:digits], northing[:digits])
    return " ".join(part for part in parts if part)


def latlon(lon: float, lat: float) -> str:
    """Return ``43.2800° N 145.0500° E`` (about 10 m)."""
    return f"{abs(lat):.4f}° {'N' if lat >= 0 else 'S'} {abs(lon):.4f}° {'E' if lon >= 0 else 'W'}"


@cache
def _polar() -> MGRS:
    return MGRS()


def _square(lon: float, lat: float) -> tuple[tuple[str, str], str, str]:
    """Return ((zone and band, square), easting, northing), five digits each."""
    if not MGRS_SOUTH_DEG <= lat <= MGRS_NORTH_DEG:
        text = str(_polar().toMGRS(lat, lon, MGRSPrecision=5)).strip()
        return (text[0], text[1:3]), text[3:8], text[8:]
    zone, band = utm.zone_of(lon, lat), utm.band_of(lat)
    south = band < "N"
    easting, northing = utm.to_utm(zone, south=south).transform(lon, lat)
    if south:  # a hair south of the equator stays in the last metre of the south
        northing = min(northing, 9_999_999.0)
    letters = utm.square_of(zone, easting + 1e-6, northing + 1e-6)
    # A micrometre up: a point computed to lie on a line of the grid is on it, not in the square before.
    cut = [f"{int(value + 1e-6) % utm.SQUARE_M:05d}" for value in (easting, northing)]
    return (f"{zone:02d}{band}", letters), cut[0], cut[1]


def _from_mgrs(text: str, zone: str, square: str, numbers: str) -> Position:
    groups = numbers.split()
    digits = "".join(groups)
    uneven = len(groups) == 2 and len(groups[0]) != len(groups[1])
    if len(digits) % 2 or len(digits) > 10 or len(groups) > 2 or uneven:
        msg = (
            f"{text.strip()!r} has {' and '.join(str(len(g)) for g in groups)} MGRS digits; "
            "easting and northing need the same number, at most 5 each."
        )
        raise InputError(msg)
    half = len(digits) // 2
    head, letters = zone.replace(" ", ""), square.replace(" ", "")
    find = _utm_middle if head[0].isdigit() else _polar_middle
    middle = find(head, letters, digits[:half], digits[half:])
    if middle is None:
        msg = f"{text.strip()!r} names an MGRS square that does not exist; write it like 37U DQ 12345 67890."
        raise InputError(msg)
    return Position(*middle, "mgrs")


def _utm_middle(head: str, letters: str, easting: str, northing: str) -> tuple[float, float] | None:
    zone, band = int(head[:-1]), head[-1]
    corner = utm.square_corner(zone, band, letters)
    if corner is None:
        return None
    size = 10 ** (5 - len(easting))
    x, y = (start + (int(part or "0") + 0.5) * size for start, part in zip(corner, (easting, northing), strict=True))
    lon, lat = utm.to_utm(zone, south=band < "N").transform(x, y, direction="INVERSE")
    return float(lon), float(lat)


def _polar_middle(head: str, letters: str, easting: str, northing: str) -> tuple[float, float] | None:
    if len(easting) < 5:  # a 5 appended to both names the middle exactly
        easting, northing = easting + "5", northing + "5"
    try:
        lat, lon = _polar().toLatLon(f"{head}{letters}{easting}{northing}")
    except MGRSError:
        return None
    return float(lon), float(lat)


def _from_plain(text: str, cleaned: str) -> Position:
    if _BARE_COMMA.match(cleaned):
        msg = f"{text.strip()!r} is one number or two; write {FORMS}."
        raise InputError(msg)
    pair = _PAIR.match(cleaned)
    if pair is None and (comma := _COMMA_PAIR.match(cleaned)):
        return _position(text, *(float(part.replace(",", ".")) for part in comma.groups()), kind="decimal")
    if pair is not None:
        return _position(text, float(pair[1]), float(pair[2]), kind="decimal")
    if cleaned.count("°") != 2:
        raise _unreadable(text)
    halves = [part.strip(" ,;") for part in re.findall(r"[+-]?[\d.]+\s*°[^°]*?(?=[,; ]*[+-]?[\d.]+\s*°|$)", cleaned)]
    if len(halves) != 2:
        raise _unreadable(text)
    (lat, fine_a), (lon, fine_b) = (_angle(half, text) for half in halves)
    return _position(text, lat, lon, kind="dms" if fine_a or fine_b else "decimal")


def _from_letters(text: str, cleaned: str) -> Position:
    after = re.fullmatch(r"([^NSEW]+)([NSEW])[\s,;]*([^NSEW]+)([NSEW])", cleaned)
    before = re.fullmatch(r"([NSEW])([^NSEW]+)([NSEW])([^NSEW]+)", cleaned)
    if after is not None:
        halves = {after[2]: after[1], after[4]: after[3]}
    elif before is not None:
        halves = {before[1]: before[2], before[3]: before[4]}
    else:
        raise _unreadable(text)
    south_north = [letter for letter in halves if letter in "NS"]
    west_east = [letter for letter in halves if letter in "EW"]
    if len(south_north) != 1 or len(west_east) != 1:
        msg = f"{text.strip()!r} needs one of N or S and one of E or W; write {FORMS}."
        raise InputError(msg)
    fine = False
    values = []
    for letter in (south_north[0], west_east[0]):
        value, finer = _angle(halves[letter].strip(" ,;"), text, letter)
        fine = fine or finer
        values.append(-value if letter in "SW" else value)
    return _position(text, values[0], values[1], kind="dms" if fine else "decimal")


def _angle(body: str, text: str, letter: str = "") -> tuple[float, bool]:
    """Return degrees, and whether minutes were written."""
    packed = _PACKED.match(body) if letter else None
    if packed is not None and len(packed[1]) == (2 if letter in "NS" else 3):
        return _sexagesimal(text, *(part or "0" for part in packed.groups())), True
    found = _ANGLE.match(body)
    if found is None or (letter and found[1]):
        raise _unreadable(text)
    sign, degrees, minutes, seconds = found.groups()
    if (minutes and "." in degrees) or (seconds and "." in (minutes or "")):
        raise _unreadable(text)
    value = _sexagesimal(text, degrees, minutes or "0", seconds or "0")
    return (-value if sign == "-" else value), minutes is not None


def _sexagesimal(text: str, degrees: str, minutes: str, seconds: str) -> float:
    if float(minutes) >= 60 or float(seconds) >= 60:
        msg = f"{text.strip()!r} has {minutes} minutes and {seconds} seconds; both must be below 60."
        raise InputError(msg)
    return float(degrees) + float(minutes) / 60 + float(seconds) / 3600


def _position(text: str, lat: float, lon: float, *, kind: Kind) -> Position:
    _check(lat, lon, text)
    return Position(lon, lat, kind)


def _check(lat: float, lon: float, text: str) -> None:
    if not abs(lat) <= 90:
        msg = f"{text.strip()!r} has latitude {lat:g}, beyond ±90; latitude comes first unless letters say otherwise."
        raise InputError(msg)
    if not abs(lon) <= 180:
        msg = f"{text.strip()!r} has longitude {lon:g}, beyond ±180; give degrees east, or west with W or a minus."
        raise InputError(msg)


def _unreadable(text: str) -> InputError:
    return InputError(
        f"{text.strip()[:80]!r} is not a position that can be read in one way only; write it like {FORMS}."
    )
