"""Handling from the `rel:*` fields of a side-car and from what is known of a constellation's licence."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from dashboard.model.errors import DamagedProductError
from dashboard.model.handling import Handling, Rank, Tlp
from dashboard.sources.values import moment, number, words

RANK_WORDS = {
    Rank.TOP_SECRET: ("TOP SECRET", "STRENG GEHEIM", "SEGRETISSIMO", "ERITTÄIN SALAINEN", "TS-UE"),
    Rank.CONFIDENTIAL: ("CONFIDENTIAL", "VERTRAULICH", "RISERVATISSIMO", "LUOTTAMUKSELLINEN", "C-UE", "NC"),
    Rank.UNCLASSIFIED: ("UNCLASSIFIED", "OFFEN", "NON CLASSIFICATO", "JULKINEN", "NU"),
    Rank.SECRET: ("SECRET", "GEHEIM", "SEGRETO", "SALAINEN", "S-UE", "NS"),
    Rank.RESTRICTED: ("RESTRICTED", "NFD", "RISERVATO", "KÄYTTÖ RAJOITETTU", "R-UE", "NR"),
}
"""Words of a marking by rank, in the order in which they are looked for (TOP SECRET before SECRET)."""

JAPANESE = frozenset({"qps-sar", "alos"})
"""Constellations whose products fall under the Japanese remote sensing act unless their side-car says otherwise."""
JP_RSD = "JP-RSD"
"""Regime of that act (Act 77 of 2016)."""
CATEGORY = f"{JP_RSD} CATEGORY"
"""Start of the caveat that names the category of a datum, which its supplier has to state with it."""
UNSTATED = f"{CATEGORY} TO BE STATED BY SUPPLIER"
"""The caveat until then: STAC exports refuse what carries it, and every screen and page shows it in the banner."""
EXERCISE = "EXERCISE - SYNTHETIC DATA"
"""Caveat of simulated products, wherever their format has room for it."""


def handling(properties: Mapping[str, Any], constellation: str, year: int) -> Handling:
    """Return the handling that a product's properties state.

    Parameters
    ----------
    properties : STAC item properties; the `rel:*` fields and `license` are used
    constellation : lower-kebab name, for the licence that comes with it, unless the product says it is synthetic
    year : of the acquisition, for the credit line of Copernicus data

    Raises
    ------
    DamagedProductError
        If a field cannot be understood. Handling is never guessed towards the open side.
    """
    marking = str(properties.get("rel:marking") or "").strip()
    rank, conflict = _rank(marking, properties.get("rel:rank"))
    audiences = properties.get("rel:releasable_to")
    stated = Handling(
        rank=rank,
        marking=marking,
        tlp=_tlp(properties.get("rel:tlp")),
        releasable_to=None if audiences is None else frozenset(words(audiences)),
        caveats=frozenset(words(properties.get("rel:caveats"))),
        regimes=_regimes(properties, constellation),
        attributions=_attributions(properties),
        redistribution=_permission(properties, "rel:licence_redistribution"),
        derivatives=_permission(properties, "rel:licence_derivative"),
        embargo_until=_embargo(properties.get("rel:embargo_until")),
        conflict=conflict or bool(properties.get("rel:conflict")),
    )
    synthetic = any("SYNTHETIC" in caveat for caveat in stated.caveats)
    if constellation in JAPANESE and not words(properties.get("rel:regime")):
        return categorised(stated, None)
    return stated & copernicus(year) if constellation == "sentinel-1" and not synthetic else stated


def exercise(*texts: str | None) -> Handling:
    """Return the caveat of an exercise if any free text of a product carries it, else nothing.

    Formats of vendors have no field for caveats; simulated products write theirs where people write remarks.
    """
    found = any(text is not None and EXERCISE in text.upper() for text in texts)
    return Handling(caveats=frozenset({EXERCISE} if found else ()))


def categorised(handled: Handling, category: str | None) -> Handling:
    """Return a handling with another category under the Japanese act; None puts it back to be stated."""
    kept = frozenset(caveat for caveat in handled.caveats if not caveat.startswith(CATEGORY))
    stated = UNSTATED if category is None else f"{CATEGORY}: {category}"
    return replace(handled, regimes=handled.regimes | {JP_RSD}, caveats=kept | {stated})


def copernicus(year: int) -> Handling:
    """Return the handling of Copernicus Sentinel data: free and open, with a credit line."""
    return Handling(
        regimes=frozenset({"Copernicus-Sentinel"}),
        attributions=frozenset({f"Contains modified Copernicus Sentinel data {year}"}),
    )


def _rank(marking: str, stated: object) -> tuple[Rank, bool]:
    """Return the stricter of the number and the words, and whether they disagree or are not understood."""
    padded = " " + marking.upper().replace("/", " ") + " "
    by_word = next((rank for rank, names in RANK_WORDS.items() if any(_holds(padded, n) for n in names)), None)
    if stated is None:
        unknown = bool(marking) and by_word is None
        return by_word or Rank.UNCLASSIFIED, unknown
    value = number(stated)
    if value is None or value not in set(Rank):
        msg = f"rel:rank is {stated!r}; it must be a whole number from 0 (unclassified) to 4 (top secret)."
        raise DamagedProductError(msg)
    by_number = Rank(int(value))
    if by_word is None:
        return by_number, False
    return max(by_word, by_number), by_word != by_number


def _holds(padded: str, word: str) -> bool:
    return any(f"{before}{word}{after}" in padded for before in " -" for after in " -,")


def _tlp(stated: object) -> Tlp | None:
    if stated is None or stated == "":
        return None
    name = str(stated).upper().replace(" ", "").removeprefix("TLP:").replace("+", "_").replace("-", "_")
    name = "CLEAR" if name == "WHITE" else name
    if name not in Tlp.__members__:
        labels = ", ".join(label.label for label in Tlp)
        msg = f"rel:tlp is {stated!r}, which is no label of the Traffic Light Protocol; use one of {labels}."
        raise DamagedProductError(msg)
    return Tlp[name]


def _regimes(properties: Mapping[str, Any], constellation: str) -> frozenset[str]:
    stated = set(words(properties.get("rel:regime")))
    if not stated and constellation in JAPANESE:
        stated.add(JP_RSD)
    licence = str(properties.get("license") or "")
    if licence and licence not in {"other", "proprietary", "various"}:
        stated.add(licence)
    return frozenset(stated)


def _attributions(properties: Mapping[str, Any]) -> frozenset[str]:
    fields = ("rel:attributions", "rel:licence_attribution")
    return frozenset(text for field in fields for text in words(properties.get(field), commas=False))


def _permission(properties: Mapping[str, Any], field: str) -> bool:
    value = properties.get(field)
    if value is None or isinstance(value, bool):
        return value is not False
    msg = f"{field} is {value!r}; it must be true or false."
    raise DamagedProductError(msg)


def _embargo(stated: object) -> datetime | None:
    return None if stated is None else moment(stated, "rel:embargo_until")
