"""Which platform a name means, and the names of SAR-Lupe and SARah, which are assumptions kept in an editable file."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.model.errors import InputError
from dashboard.sources.record import constellation_of
from dashboard.sources.values import kebab

SHIPPED = Path(__file__).with_name("sarah_aliases.toml")
SYSTEMS = ("sar-lupe", "sarah")
MOST_BYTES = 65_536
KNOWN = (
    (re.compile(r"ICEYEX?0*(\d{1,3})"), "iceye", "iceye-x{}"),
    (re.compile(r"CAPELLAC?0*(\d{1,3})"), "capella", "capella-{}"),
    (re.compile(r"UMBRA0*(\d{1,3})"), "umbra", "umbra-{:0>2}"),
    (re.compile(r"QPSSAR0*(\d{1,3})"), "qps-sar", "qps-sar-{}"),
    (re.compile(r"(?:CSKS?|COSMOSKYMED)0*(\d)"), "cosmo-skymed", "cosmo-skymed-{}"),
    (re.compile(r"CSG(?:SSAR)?0*(\d)"), "csg", "csg-{}"),
    (re.compile(r"ALOS([24])"), "alos", "alos-{}"),
    (re.compile(r"(?:S|SENTINEL)(1[A-D])"), "sentinel-1", "sentinel-{}"),
)
"""Public names: letters and digits in capitals -> constellation, platform."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a name in a product stands for."""

    constellation: str
    platform: str | None
    """None when the name is that of a constellation without a unit."""
    guessed: bool = False
    """Whether it rests on the alias file."""
    known: bool = True
    """Whether it is a name of the alias file or a public one."""


@dataclass(frozen=True, slots=True)
class Alias:
    """Names of one system."""

    constellation: str
    names: tuple[str, ...]
    """Letters and digits, capitals, longest first."""
    units: int


def aliases(path: Path | None) -> tuple[Alias, ...]:
    """Return the names of SAR-Lupe and SARah: from `path` if it has any of the two, else those shipped.

    Raises
    ------
    InputError
        If the file cannot be read or understood; the message names it and the field.
    """
    if path is not None:
        stated = _load(path)
        if any(system in stated for system in SYSTEMS):
            return _checked(stated, path)
    return _checked(_load(SHIPPED), SHIPPED)


def named(text: str | None, known: tuple[Alias, ...]) -> Named | None:
    """Return the platform that a name means; None when nothing is left of it."""
    plain = re.sub(r"[^A-Z0-9]", "", (text or "").upper())
    for alias in known:
        for name in alias.names:
            match = re.fullmatch(re.escape(name) + r"0*(\d{0,2})", plain)
            if match and (not match[1] or 1 <= int(match[1]) <= alias.units):
                platform = f"{alias.constellation}-{match[1]}" if match[1] else None
                return Named(alias.constellation, platform, guessed=True)
    for pattern, constellation, platform in KNOWN:
        match = pattern.fullmatch(plain)
        if match:
            return Named(constellation, platform.format(match[1].lower()))
    other = kebab(text)
    return None if other is None else Named(constellation_of(other), other, known=False)


def named_within(text: str | None, known: tuple[Alias, ...]) -> Named | None:
    """Return the platform of a known system whose name stands anywhere in a free text; None when there is none."""
    words = re.split(r"[\s,;:/()]+", text or "")
    for count in (3, 2, 1):
        for first in range(len(words)):
            found = named(" ".join(words[first : first + count]), known)
            if found is not None and found.known:
                return found
    return None


def _load(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_BYTES:
            msg = f"{path.name} has more than {MOST_BYTES:,} bytes; a file of aliases has some lines."
            raise InputError(msg)
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"The aliases {path} cannot be read ({error.strerror}); check the path."
        raise InputError(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path.name} is not valid TOML ({str(error)[:80]}); correct it."
        raise InputError(msg) from error


def _checked(stated: dict[str, Any], path: Path) -> tuple[Alias, ...]:
    found = []
    for system in SYSTEMS:
        table = stated.get(system, {})
        names = table.get("names", []) if isinstance(table, dict) else None
        units = table.get("units", 99) if isinstance(table, dict) else None
        whole = isinstance(units, int) and isinstance(names, list) and all(isinstance(name, str) for name in names)
        if not whole:
            msg = f"{path.name}: [{system}] needs names, a list of texts, and units, a whole number."
            raise InputError(msg)
        plain = {re.sub(r"[^A-Z0-9]", "", name.upper()) for name in names or []} - {""}
        found.append(Alias(system, tuple(sorted(plain, key=len, reverse=True)), int(units or 99)))
    return tuple(found)
