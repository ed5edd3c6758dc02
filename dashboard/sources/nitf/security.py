"""Handling from the security fields of NITF and NSIF headers and from the words in SICD and SIDD.

Every segment has its own fields. The strictest of all counts; where they disagree a person has to look, and the words
of each are kept.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dashboard.model.errors import DamagedProductError
from dashboard.model.handling import Handling, combine
from dashboard.sources.details import details
from dashboard.sources.marking import handling
from dashboard.sources.nitf.header import Nitf
from dashboard.sources.xml import Element

LETTERS = {"U": "UNCLASSIFIED", "R": "RESTRICTED", "C": "CONFIDENTIAL", "S": "SECRET", "T": "TOP SECRET"}
"""CLAS -> word."""
NATO = "XN"
"""CLSY of NATO."""
ISM_LETTERS = {**LETTERS, "TS": "TOP SECRET"}
ISM_CAVEATS = (
    "SCIcontrols", "SARIdentifier", "disseminationControls", "nonICmarkings", "nonUSControls", "displayOnlyTo",
    "FGIsourceOpen", "FGIsourceProtected",
)  # fmt: skip
RELEASE = re.compile(r"^REL(?:EASABLE)?(?:\s+TO)?\s+(?P<who>.+)$")


@dataclass(frozen=True, slots=True)
class Stated:
    """What one place in a file says about its handling."""

    where: str
    """``file``, ``image 1``, ``SICD`` ..."""
    words: str
    """As it stands."""
    handling: Handling


def of_file(nitf: Nitf, *, mandatory: bool = False) -> list[Stated]:
    """Return what file, images, graphics, texts and extensions state; segments that state nothing are left out.

    Parameters
    ----------
    nitf : headers
    mandatory : whether a blank classification of the file is refused

    Raises
    ------
    DamagedProductError
        If a classification is no letter of the standard, or missing where it is mandatory: handling is never guessed.
    """
    name = nitf.path.name
    if mandatory and not nitf.security["CLAS"]:
        msg = (
            f"{name} states no classification (FSCLAS is blank); products of this system are not read without one. "
            "Ask the supplier, and have it stated in the file."
        )
        raise DamagedProductError(msg)
    found = [_from_fields(where, fields, name) for where, fields in _places(nitf)]
    return [stated for stated in found if stated.words]


def of_text(where: str, text: str | None) -> list[Stated]:
    """Return what a classification text states, e.g. ``UNCLASSIFIED`` or ``SECRET//REL TO USA, DEU``."""
    if not text:
        return []
    first, *rest = (part.strip() for part in text.split("//"))
    audience: list[str] = []
    caveats = []
    for part in filter(None, rest):
        match = RELEASE.match(part.upper())
        if match:
            audience += re.split(r"[,\s]+", match["who"])
        else:
            caveats.append(part)
    return [Stated(where, text, _handling(first, audience, caveats))]


def of_ism(where: str, element: Element | None) -> list[Stated]:
    """Return what the ``ism:*`` attributes of a SIDD Classification element state.

    Raises
    ------
    DamagedProductError
        If the classification is no letter of the standard.
    """
    if element is None:
        return []
    stated = {str(key).rpartition("}")[2]: str(value).strip() for key, value in element.attrib.items()}
    letter = stated.get("classification", "")
    if letter and letter not in ISM_LETTERS:
        msg = f"{where} has ism:classification {letter[:10]!r}; {', '.join(ISM_LETTERS)} can be meant."
        raise DamagedProductError(msg)
    owner = stated.get("ownerProducer", "")
    word = " ".join(filter(None, ("NATO" if owner == "NATO" else "", ISM_LETTERS.get(letter, ""))))
    # REL alone says that releasableTo follows.
    caveats = [words for key in ISM_CAVEATS if (words := stated.get(key, "").replace("REL ", "")) not in {"", "REL"}]
    words = " ".join(f"{key}={value}" for key, value in sorted(stated.items()) if key not in {"DESVersion"})
    return [Stated(where, words, _handling(word, stated.get("releasableTo", "").split(), caveats))]


def together(stated: Sequence[Stated]) -> tuple[Handling, tuple[tuple[str, str], ...]]:
    """Return the strictest of all that is stated, and the words as they stand for the details.

    `conflict` is true where two places differ in rank or audience, or one is not understood.
    """
    ranked = [one.handling for one in stated]
    differ = len({one.rank for one in ranked if one.marking}) > 1
    audiences = {one.releasable_to for one in ranked if one.releasable_to is not None}
    found = combine(ranked)
    if differ or len(audiences) > 1:
        found = replace(found, conflict=True)
    words = dict.fromkeys(one.words for one in stated)
    raw = [f"{_places_of(text, stated)}: {text}" for text in words]
    return found, details({"rel:raw": "; ".join(raw)})


def _places_of(words: str, stated: Sequence[Stated]) -> str:
    return ", ".join(one.where for one in stated if one.words == words)


def _places(nitf: Nitf) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield "file", nitf.security
    for image in nitf.images:
        yield f"image {image.number + 1}", image.security
    for number, extension in enumerate(nitf.extensions, start=1):
        yield f"extension {number}", extension.security
    yield from nitf.others


def _from_fields(where: str, fields: Mapping[str, str], name: str) -> Stated:
    letter = fields["CLAS"]
    if letter and letter not in LETTERS:
        msg = (
            f"{name}, {where}, has {letter!r} as classification (CLAS); T, S, C, R and U can be meant. It is not read: "
            "handling is never guessed."
        )
        raise DamagedProductError(msg)
    system = "NATO" if fields["CLSY"] == NATO else fields["CLSY"]
    word = f"{system} {LETTERS[letter]}".strip() if letter else ""
    audience = re.split(r"[,/\s]+", fields["REL"].upper()) if fields["REL"] else []
    caveats = [fields[field] for field in ("CODE", "CTLH", "CLTX") if fields[field]]
    words = " ".join(f"{field} {value}" for field, value in fields.items() if value)
    return Stated(where, words, _handling(word, audience, caveats))


def _handling(word: str, audience: Sequence[str], caveats: Sequence[str]) -> Handling:
    who = [code for code in audience if code not in {"", "REL", "TO"}]
    return handling({"rel:marking": word, "rel:releasable_to": who or None, "rel:caveats": list(caveats)}, "unknown", 1)
