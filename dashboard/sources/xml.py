"""Metadata in XML from strangers: no entities, no network, no document types, no bottomless trees."""

import math
from pathlib import Path
from typing import Any

from lxml import etree

from dashboard.model.errors import DamagedProductError

MAX_XML_BYTES = 64 * 2**20
"""A metadata file larger than this is refused: real ones are below 10 MB."""
MAX_DEPTH = 200
"""Elements inside elements: real ones have a dozen."""

Element = Any
"""An element of lxml, which comes without types."""


def load_xml(path: Path) -> Element:
    """Return the root element of an XML file.

    Raises
    ------
    DamagedProductError
        If it cannot be read or is refused by `parse_xml`; the message names the file.
    """
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_XML_BYTES else b""
    except OSError as error:
        msg = f"{path.name} cannot be read ({error.strerror}); check the file and its permissions."
        raise DamagedProductError(msg) from error
    if size > MAX_XML_BYTES:
        raise _too_large(path.name, size)
    return parse_xml(data, path.name)


def parse_xml(data: bytes, name: str) -> Element:
    """Return the root element of XML text.

    Parameters
    ----------
    data : the text in its own encoding
    name : of the file, or of the part of a file, that holds it: for messages

    Raises
    ------
    DamagedProductError
        If it is not well-formed, larger than `MAX_XML_BYTES`, nested deeper than `MAX_DEPTH`, or has a document type:
        that can define entities, which grow without bound or name other files.
    """
    if len(data) > MAX_XML_BYTES:
        raise _too_large(name, len(data))
    plain = data.replace(b"\0", b"").upper()  # two-byte encodings too
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise _has_type(name)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, dtd_validation=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        msg = f"{name} is not well-formed XML{_line(error)}; it may be truncated. Fetch it again."
        raise DamagedProductError(msg) from error
    if root.getroottree().docinfo.internalDTD is not None:  # in an encoding that hid it above
        raise _has_type(name)
    if root.xpath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")"):
        msg = f"{name} nests elements deeper than {MAX_DEPTH}; no product does. It is not read."
        raise DamagedProductError(msg)
    return root


def local(element: Element) -> str:
    """Return an element's name without its namespace; empty for comments and the like."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def find_all(root: Element, path: str) -> list[Element]:
    """Return the elements at a path such as ``adsHeader/missionId`` whatever their namespaces, in document order."""
    found: list[Element] = root.findall(_anywhere(path))
    return found


def text(root: Element, path: str) -> str | None:
    """Return the text of the first element at a path; None when it is absent or blank."""
    found = root.find(_anywhere(path))
    words = "" if found is None else (found.text or "").strip()
    return words or None


def required_text(root: Element, path: str, name: str) -> str:
    """Return the text of the first element at a path.

    Raises
    ------
    DamagedProductError
        If it is absent or blank; the message names `name`, the file, and the path.
    """
    found = text(root, path)
    if found is None:
        msg = f"{name} does not state {path}; the product is incomplete. Fetch it again."
        raise DamagedProductError(msg)
    return found


def number_at(root: Element, path: str, name: str) -> float | None:
    """Return the finite number at a path, or None when it is absent or blank.

    Raises
    ------
    DamagedProductError
        If something else stands there; the message names `name`, the file, and the path.
    """
    words = text(root, path)
    return None if words is None else as_number(words, path, name)


def required_number(root: Element, path: str, name: str) -> float:
    """Return the finite number at a path.

    Raises
    ------
    DamagedProductError
        If it is absent or no number.
    """
    return as_number(required_text(root, path, name), path, name)


def as_number(words: str, field: str, name: str) -> float:
    """Return text as a finite number.

    Raises
    ------
    DamagedProductError
        If it is none; the message names the file and the field.
    """
    try:
        found = float(words)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        msg = f"{name} states {words[:40]!r} as {field}, which is not a finite number; the product is damaged."
        raise DamagedProductError(msg)
    return found


def _anywhere(path: str) -> str:
    """Return a path for lxml with ``{*}``, any namespace or none, before each plain step."""
    steps = path.split("/")
    return "/".join(step if step in {"", ".", ".."} or step[0] in "{*@" else "{*}" + step for step in steps)


def _line(error: Exception) -> str:
    line = getattr(error, "lineno", None)
    return f" (line {line})" if line else ""


def _too_large(name: str, size: int) -> DamagedProductError:
    msg = f"{name} has {size:,} bytes of XML; the limit is {MAX_XML_BYTES:,}."
    return DamagedProductError(msg)


def _has_type(name: str) -> DamagedProductError:
    msg = f"{name} brings a document type with entities, which no product needs and which can read files; refused."
    return DamagedProductError(msg)
