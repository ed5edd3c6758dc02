"""Annotations as flat named fields: what a GeoJSON property, a KML datum and a GeoPackage column have in common."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from dashboard import __version__
from dashboard.model.annotation import Force, Revision
from dashboard.model.errors import DamagedProductError
from dashboard.model.handling import Handling
from dashboard.sources.exchange.as_json import parse_json
from dashboard.sources.exchange.record import FileFacts, shown
from dashboard.sources.exchange.times import time_of
from dashboard.sources.marking import handling as handling_of

MARK = "nightglass"
"""Field that says that the others mean what they mean here; its value is the version of the format."""
FORMAT = 1
BANNER = "banner"
"""Field with the one line of the handling, for people."""
TEXT_FIELDS = ("id", "author", "kind", "shape", "title", "side", "opposing", "grade", "notes")
LIST_FIELDS = ("sources", "evidence")
FIELDS = (
    MARK, "id", "version", "author", "known_from", "kind", "shape", "title", "side", "opposing", "valid_from",
    "valid_to", "grade", "sources", "evidence", "notes", BANNER, "handling",
)  # fmt: skip
"""All of them, in the order in which they are written."""
COLOUR = re.compile(r"#[0-9a-f]{6}")
MAX_FORCES = 100


def fields_of(revision: Revision) -> dict[str, Any]:
    """Return what a revision says, by field: texts, lists, and the handling as an object; empty ones left out."""
    said = revision.annotation
    fields: dict[str, Any] = {
        MARK: FORMAT,
        "id": said.id,
        "version": revision.version,
        "author": revision.author,
        "known_from": stamp(revision.known_from),
        "kind": said.kind.value,
        "shape": said.shape.value,
        "title": said.title,
        "side": said.side,
        "opposing": said.opposing,
        "valid_from": stamp(said.valid_from),
        "valid_to": None if said.valid_to is None else stamp(said.valid_to),
        "grade": said.grade,
        "sources": list(said.sources),
        "evidence": [f"{link.kind.value}:{link.id}" for link in said.evidence],
        "notes": said.notes,
        BANNER: said.handling.banner,
        "handling": handling_fields(said.handling),
    }
    return {name: value for name, value in fields.items() if value not in (None, "", []) or name == "handling"}


def text_of(value: object) -> str:
    """Return a field as text, for formats that hold nothing else: lists and objects as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def stamp(moment: datetime) -> str:
    """Return ISO 8601 with ``Z``, to the microsecond where there are any."""
    return moment.isoformat().replace("+00:00", "Z")


def handling_fields(handling: Handling) -> dict[str, Any]:
    """Return a handling as `rel:*` fields; what is not stated is left out."""
    until = handling.embargo_until
    fields: dict[str, Any] = {
        "rel:marking": handling.marking or None,
        "rel:rank": int(handling.rank) or None,
        "rel:tlp": None if handling.tlp is None else handling.tlp.label,
        "rel:releasable_to": None if handling.releasable_to is None else sorted(handling.releasable_to),
        "rel:caveats": sorted(handling.caveats) or None,
        "rel:regime": sorted(handling.regimes) or None,
        "rel:attributions": sorted(handling.attributions) or None,
        "rel:licence_redistribution": None if handling.redistribution else False,
        "rel:licence_derivative": None if handling.derivatives else False,
        "rel:embargo_until": None if until is None else stamp(until),
        "rel:conflict": handling.conflict or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def handling_in(fields: Mapping[str, Any], where: str) -> Handling:
    """Return the handling of `rel:*` fields.

    Raises
    ------
    DamagedProductError
        If one cannot be understood: handling is never guessed towards the open side.
    """
    try:
        return _handling(text_of(dict(fields)))
    except DamagedProductError as error:
        raise DamagedProductError(f"{where}: {error}") from error
    except OverflowError as error:
        raise DamagedProductError(f"{where}: the handling holds a number or time out of range; correct it.") from error


@lru_cache(maxsize=1024)
def _handling(text: str) -> Handling:
    """Return the handling of the JSON of its fields: most annotations of a file share one."""
    return handling_of(json.loads(text), "", 0)


def facts_fields(facts: FileFacts) -> dict[str, Any]:
    """Return what an exported file says about itself."""
    return {
        "format": FORMAT,
        "software": f"Nightglass {__version__}",
        BANNER: facts.handling.banner,
        "handling": handling_fields(facts.handling),
        "catalogue": facts.catalogue,
        "exported": None if facts.exported is None else stamp(facts.exported),
        "forces": {force.name: force.colour for force in facts.forces},
    }


def facts_of(fields: Mapping[str, Any], file: str) -> FileFacts:
    """Return what a file says about itself; an empty answer for a foreign file.

    Raises
    ------
    DamagedProductError
        If its handling cannot be understood.
    """
    handling = object_of(fields.get("handling"), file)
    forces = object_of(fields.get("forces"), file)
    catalogue = fields.get("catalogue")
    return FileFacts(
        handling=handling_in(handling, file),
        catalogue=catalogue[:128] if isinstance(catalogue, str) else "",
        forces=tuple(
            Force(shown(name), colour)
            for name, colour in list(forces.items())[:MAX_FORCES]
            if name.strip() and isinstance(colour, str) and COLOUR.fullmatch(colour)
        ),
        exported=time_of(fields.get("exported")),
    )


def object_of(value: object, file: str) -> dict[str, Any]:
    """Return an object out of a field that holds it or its JSON; an empty one for nothing.

    Raises
    ------
    DamagedProductError
        If the text is no JSON object.
    """
    found = parse_json(value.encode("utf-8", "replace"), file) if isinstance(value, str) and value.strip() else value
    if found is None or found == "":
        return {}
    if not isinstance(found, dict):
        raise DamagedProductError(f"{file}: {shown(value)!r} stands where an object of fields belongs; correct it.")
    return found
