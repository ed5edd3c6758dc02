"""KML as a stream of elements: placemarks one by one, styles and the document's data as they come; bounded."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from dashboard.model.errors import DamagedProductError
from dashboard.model.progress import CancelToken
from dashboard.sources.exchange.record import MAX_REMARKS, Remarks, shown

MAX_DEPTH = 64
"""Of elements within elements."""
MAX_ELEMENTS = 500_000
"""Within one feature."""
MAX_ELEMENTS_IN_ALL = 8_000_000
"""Of one file: 40 for each of the most features."""
CONTAINERS = frozenset({"kml", "Document", "Folder"})
FOREIGN_PARTS = frozenset(
    {"NetworkLink", "GroundOverlay", "ScreenOverlay", "PhotoOverlay", "Tour", "NetworkLinkControl"}
)
"""Features that draw what is not in the file, or no shape: never followed."""
_PLAIN = frozenset({"Schema", "open", "visibility", "LookAt", "Camera", "Region", "styleUrl", "Snippet"})
"""Of a container: how it is shown, or what its data are called."""
STYLES = frozenset({"Style", "StyleMap", "styleUrl"})
MAX_STYLES = 10_000
"""That are shared; further ones are not looked at."""
COLOURED = ("LineStyle", "PolyStyle", "IconStyle")
"""Styles that hold a colour, most telling first."""
_ABGR = re.compile(r"#?[0-9a-fA-F]{2}([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
_BLOCK = 1 << 20
_EVERY = 4096

Element = Any
"""An element of the XML parser: ``tag``, ``attrib``, ``text`` and children."""


Style = tuple[str, str]
"""("colour", ``#rrggbb``) or ("style", URL of another style)."""


@dataclass(slots=True)
class Scope:
    """An open Document or Folder."""

    element: Element
    tag: str
    name: str = ""
    times: dict[str, str] = field(default_factory=dict)
    """``when``, ``begin`` and ``end`` that it states for what is in it."""


@dataclass(slots=True)
class Document:
    """What a KML says beside its placemarks; grows while it is read."""

    styles: dict[str, tuple[Style, ...]] = field(default_factory=dict)
    """What the shared styles say, by id."""
    data: dict[str, str] = field(default_factory=dict)
    """Extended data of the document itself."""
    unread: Counter[str] = field(default_factory=Counter)
    """Elements of containers that say something of all that is in them, and are not understood."""
    scopes: list[Scope] = field(default_factory=list)
    """The open containers, outermost first."""

    def times(self) -> dict[str, str]:
        """Return the time of the innermost container that states one."""
        return next((scope.times for scope in reversed(self.scopes) if scope.times), {})

    def folders(self) -> str:
        """Return the names of the open folders, outermost first."""
        return " / ".join(scope.name for scope in self.scopes if scope.tag == "Folder" and scope.name)


def placemarks(
    content: bytes, name: str, document: Document, remarks: Remarks, cancel: CancelToken
) -> Iterator[Element]:
    """Yield the placemarks of a KML; `document` tells what holds for each while it is the current one.

    Raises
    ------
    DamagedProductError
        If it is no KML, declares a document type or entities, or is nested too deep.
    CancelledError
        If `cancel` was called.
    """
    try:
        yield from _walk(content, name, document, remarks, cancel)
    except DamagedProductError:
        raise
    except DefusedXmlException as error:
        msg = f"{name} declares a document type or entities, which can read other files; remove the declaration."
        raise DamagedProductError(msg) from error
    except (ParseError, ValueError, LookupError) as error:
        msg = f"{name} is no well-formed XML; it may be truncated. Fetch it again."
        raise DamagedProductError(msg) from error


def local(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def text_in(element: Element) -> str:
    """Return the text of an element; empty for none."""
    return element.text or ""


def times_in(element: Element) -> dict[str, str]:
    """Return ``when``, ``begin`` and ``end`` of a TimeStamp or TimeSpan."""
    return {local(child): text_in(child).strip() for child in element if text_in(child).strip()}


def data_in(element: Element) -> dict[str, str]:
    """Return extended data by name, typed (SchemaData) or not (Data), and foreign elements by their tag."""
    found: dict[str, str] = {}
    for child in element:
        tag = local(child)
        if tag == "Data":
            value = next((text_in(part) for part in child if local(part) == "value"), "")
            found.setdefault(str(child.attrib.get("name", "")), value)
        elif tag == "SchemaData":
            for part in child:
                found.setdefault(str(part.attrib.get("name", "")), text_in(part))
        else:
            found.setdefault(tag, text_in(child))
    return {name: text for name, text in found.items() if name and text}


def styles_in(element: Element) -> tuple[Style, ...]:
    """Return the colours of a Style, or the styles that a StyleMap or a styleUrl leads to."""
    tag = local(element)
    if tag == "styleUrl":
        return (("style", text_in(element).strip()),)
    if tag == "StyleMap":
        return _normal(element)
    found: list[Style] = []
    for wanted in COLOURED:
        texts = (text_in(c) for part in element if local(part) == wanted for c in part if local(c) == "color")
        colour = _ABGR.fullmatch(next(texts, "").strip())
        if colour is not None:
            found.append(("colour", f"#{colour[3]}{colour[2]}{colour[1]}".lower()))
    return tuple(found)


def _normal(style_map: Element) -> tuple[Style, ...]:
    """Return how a style map looks when nobody points at it."""
    for pair in style_map:
        parts = {local(part): part for part in pair}
        style = parts.get("Style", parts.get("styleUrl"))
        if style is not None and "key" in parts and text_in(parts["key"]).strip() == "normal":
            return styles_in(style)
    return ()


class _Blocks(io.BytesIO):
    """The content in blocks so large that the parser does not begin a long token anew too often.

    Expat before 2.6.0 looks at an unfinished token from its start with every block: with small ones, a tag of 60 MB
    takes minutes.
    """

    def read(self, _: int | None = None) -> bytes:
        return super().read(_BLOCK)


def _walk(content: bytes, name: str, document: Document, remarks: Remarks, cancel: CancelToken) -> Iterator[Element]:
    stack: list[Element] = []
    inside = 0
    for number, (event, element) in enumerate(iterparse(_Blocks(content), ("start", "end"), forbid_dtd=True)):
        if number % _EVERY == 0:
            _go_on(name, number // 2, cancel)
        if event == "start":
            if not stack:
                _check_root(name, element)
            stack.append(element)
            inside = _opened(name, element, stack, document, inside)
            continue
        stack.pop()
        parent = stack[-1] if stack else None
        if not _is_of_container(element, parent, document, remarks):
            continue
        if local(element) == "Placemark":
            yield element
        inside = 0
        if parent is not None:
            parent.remove(element)  # what has been read makes room


def _is_of_container(element: Element, parent: Element | None, document: Document, remarks: Remarks) -> bool:
    """Whether a closed element is a container or stands directly in one; take over what it says."""
    scopes = document.scopes
    if scopes and scopes[-1].element is element:
        scopes.pop()
        return True
    if not scopes or parent is not scopes[-1].element:
        return False
    if local(element) != "Placemark":
        _told(element, document, remarks)
    return True


def _go_on(name: str, elements: int, cancel: CancelToken) -> None:
    cancel.check()
    if elements > MAX_ELEMENTS_IN_ALL:
        raise DamagedProductError(f"{name} has more than {MAX_ELEMENTS_IN_ALL:,} elements; split it.")


def _check_root(name: str, element: Element) -> None:
    if local(element) != "kml":
        raise DamagedProductError(f"{name} is XML but no KML (its root is {shown(element.tag)!r}).")


def _opened(name: str, element: Element, stack: list[Element], document: Document, inside: int) -> int:
    """Count what is open; return how many elements the present feature has."""
    if len(stack) > MAX_DEPTH:
        raise DamagedProductError(f"{name} nests elements more than {MAX_DEPTH} deep; flatten it.")
    if inside >= MAX_ELEMENTS:
        raise DamagedProductError(f"{name} has a feature of more than {MAX_ELEMENTS:,} elements; simplify it.")
    tag = local(element)
    if tag in CONTAINERS and len(stack) == len(document.scopes) + 1:
        document.scopes.append(Scope(element, tag))
        return 0
    return inside + 1


def _told(element: Element, document: Document, remarks: Remarks) -> None:
    """Take over what an element says of its container."""
    tag, scope = local(element), document.scopes[-1]
    if tag == "name":
        scope.name = text_in(element).strip()
    elif tag in {"TimeSpan", "TimeStamp"}:
        scope.times = times_in(element)
    elif tag in STYLES and len(document.styles) < MAX_STYLES:
        document.styles[str(element.attrib.get("id", ""))] = styles_in(element)
    elif tag == "ExtendedData" and scope.tag == "Document":
        document.data |= data_in(element)
    elif tag in FOREIGN_PARTS:
        remarks.add(f"a {tag} was left out: what it shows is not in the file")
    elif tag not in _PLAIN and len(document.unread) < MAX_REMARKS:
        document.unread[f"{shown(tag)} of a {scope.tag}"] += 1
