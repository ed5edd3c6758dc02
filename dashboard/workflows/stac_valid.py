"""Whether an item is what STAC says it is: checked against the schemas that are shipped, never against the network."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT7

from dashboard.model.assets import asset
from dashboard.model.errors import DamagedProductError
from dashboard.sources.values import number, words

CORE = "https://schemas.stacspec.org/v1.1.0/"
ITEM = CORE + "item-spec/json-schema/item.json"
COLLECTION = CORE + "collection-spec/json-schema/collection.json"
CATALOG = CORE + "catalog-spec/json-schema/catalog.json"
ROOTS = {"Feature": ITEM, "Collection": COLLECTION, "Catalog": CATALOG}
"""Type of an object -> the schema of the core that it must satisfy."""
COMMON = ("basics", "datetime", "instrument", "licensing", "provider")
"""Parts of the core whose fields may stand in an item's properties."""
LONGEST = 300
"""Letters of a fault: schemas quote what they refuse, which may be a whole item."""

FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    """Return whether a text is a moment with its zone: the schemas' own patterns see neither month 13 nor hour 25."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def faults(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with an item, a collection or a catalogue: one line for each schema that refuses it.

    Parameters
    ----------
    found : as `json.loads` gives it, lists and not tuples

    Returns
    -------
    empty when the core's schema and that of every extension it declares accept it; an extension whose schema is not
    shipped is a fault, for nobody checked it
    """
    root = ROOTS.get(str(found.get("type")))
    if root is None:
        return (f"type is {found.get('type')!r}; it must be one of {', '.join(ROOTS)}",)
    declared = found.get("stac_extensions") or ()
    return tuple(fault for uri in (root, *declared) if (fault := _fault(str(uri), found)))


def require_valid(found: Mapping[str, Any]) -> None:
    """Raise if an item, a collection or a catalogue is not valid.

    Raises
    ------
    DamagedProductError
        Naming it and the first faults.
    """
    wrong = faults(found)
    if wrong:
        name = str(found.get("id"))[:80]
        msg = f"{name} is no valid STAC: {'; '.join(wrong[:3])}. Mend the record of the acquisition and export again."
        raise DamagedProductError(msg)


def shipped() -> frozenset[str]:
    """Return the addresses of the schemas that are shipped."""
    return frozenset(_registry())


def is_known(field: str) -> bool:
    """Whether a field of an item's properties has a shipped schema."""
    return field in _fields()


def needed(field: str) -> tuple[str, ...]:
    """Return the fields without which a schema refuses a field."""
    return _needs().get(field, ())


def typed(field: str, text: str) -> Any:  # noqa: ANN401  JSON
    """Return the value of a field that a product states as text, in the type of its schema.

    Parameters
    ----------
    field : of an item's properties, e.g. ``sat:absolute_orbit``
    text : ``48123``, ``0.25``, ``c-sar`` or a list with commas

    Returns
    -------
    the value, or None when the schema knows no such field or would refuse the value
    """
    if not is_known(field):
        return None
    schema = _fields()[field]
    value = _of_type(str(_followed(schema).get("type", "string")), text)
    if value is None or not _accepts(schema, value):
        return None
    return value


def _of_type(kind: str, text: str) -> Any:  # noqa: ANN401  JSON
    try:
        if kind == "number":
            return number(float(text))
        if kind == "integer":
            return int(text)
        if kind == "boolean":
            return {"true": True, "false": False}.get(text.lower())
        if kind == "array":
            return list(words(text))
        return json.loads(text) if kind == "object" else text
    except ValueError:
        return None


def _accepts(schema: Mapping[str, Any], value: object) -> bool:
    return _validator(schema).is_valid(value)


def _validator(schema: Mapping[str, Any]) -> Draft7Validator:
    return Draft7Validator(schema, registry=_registry(), format_checker=FORMATS)


def _fault(uri: str, found: Mapping[str, Any]) -> str:
    if uri not in shipped():
        return f"the schema {uri[:120]} is not shipped, so it cannot be checked"
    try:
        leaves = [leaf for error in _validator({"$ref": uri}).iter_errors(found) for leaf in _leaves(error)]
    except Unresolvable as error:
        return f"a schema refers to {str(error.ref)[:120]}, which is not shipped"
    # An item fails every branch that is meant for collections, too: what lies deepest is what is wrong with it.
    return _words(max(leaves, key=lambda leaf: len(leaf.absolute_path)), uri) if leaves else ""


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    if error.context:
        for part in error.context:
            yield from _leaves(part)
    else:
        yield error


def _words(error: ValidationError, uri: str) -> str:
    where = ".".join(str(part) for part in error.absolute_path) or "the whole"
    schema = uri.removesuffix("/schema.json").removesuffix(".json").removeprefix("https://")
    text = error.message if len(error.message) <= LONGEST else error.message[:LONGEST] + " ..."
    return f"{where}: {text} ({'/'.join(schema.split('/')[1:])})"


@cache
def _registry() -> "Registry[Any]":
    """Return all shipped schemas by their addresses; asking it for another one raises, whatever the network is like."""
    pairs = [pair for path in sorted(asset("schemas").rglob("*.json")) for pair in _addressed(path)]
    return Registry().with_resources(pairs).crawl()


def _addressed(path: Path) -> Iterator[tuple[str, Resource[Any]]]:
    """Give a schema under its own name and, in the core, under that by which its neighbours refer to it."""
    content = json.loads(path.read_text(encoding="utf-8"))
    resource = Resource.from_contents(content, default_specification=DRAFT7)
    own = str(content["$id"]).removesuffix("#")
    yield own, resource
    beside = own.rpartition("/")[0] + "/" + path.name
    if path.parent.name == "core" and beside != own:
        yield beside, resource


@cache
def _needs() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(asset("schemas").glob("*-*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        stated = content["definitions"].get("fields", {}).get("dependencies", {})
        found |= {name: tuple(others) for name, others in stated.items()}
    return found


@cache
def _fields() -> dict[str, dict[str, Any]]:
    """Return field -> its schema; references inside it are written out from the root of their file."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(asset("schemas").glob("*-*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        fields = content["definitions"].get("fields", {}).get("properties", {})
        base = str(content["$id"]).removesuffix("#")
        found |= {name: _absolute(schema, base) for name, schema in fields.items()}
    for name in COMMON:
        content = json.loads(asset("schemas", "core", f"{name}.json").read_text(encoding="utf-8"))
        found |= content.get("properties", {})
    return found


def _absolute(part: Any, base: str) -> Any:  # noqa: ANN401  JSON
    if isinstance(part, dict):
        return {
            key: base + value if key == "$ref" and str(value).startswith("#") else _absolute(value, base)
            for key, value in part.items()
        }
    return [_absolute(one, base) for one in part] if isinstance(part, list) else part


def _followed(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a schema of one reference refers to."""
    if "$ref" not in schema:
        return schema
    target: Mapping[str, Any] = _registry().resolver().lookup(str(schema["$ref"])).contents
    return target
