"""KML and KMZ into features: placemarks with their times, styles and extended data, whoever wrote them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from dashboard.model.errors import DamagedProductError
from dashboard.sources.exchange.fields import MARK, facts_of, object_of
from dashboard.sources.exchange.geometry import sketches
from dashboard.sources.exchange.keyhole import unpacked
from dashboard.sources.exchange.keyhole_elements import (
    STYLES,
    Document,
    Element,
    Style,
    data_in,
    local,
    placemarks,
    styles_in,
    text_in,
    times_in,
)
from dashboard.sources.exchange.record import MAX_FEATURES, MAX_VERTICES, Reading, Sheaf, Spot, Stated, shown

GEOMETRIES = frozenset(
    {"Point", "LineString", "LinearRing", "Polygon", "Track", "MultiGeometry", "MultiTrack", "Model"}
)
TIMES = frozenset({"TimeSpan", "TimeStamp"})
LOOKS = frozenset({"LookAt", "Camera", "Region", "Snippet", "visibility", "open", "balloonVisibility"})
"""How a globe shows it: no statement about the ground."""
_MAX_HOPS = 4
"""From a style map to a style."""


def read_kmz(content: bytes, reading: Reading) -> Sheaf:
    """Return what the main document of a KMZ holds; raises DamagedProductError as `read_kml` and `unpacked` do."""
    return read_kml(unpacked(reading.file, content), reading)


def read_kml(content: bytes, reading: Reading) -> Sheaf:
    """Return what a KML holds.

    Raises
    ------
    DamagedProductError
        If it is no KML, passes a limit, or declares a document type or entities.
    """
    document = Document()
    found: list[tuple[Stated, tuple[Style, ...]]] = []
    for number, element in enumerate(placemarks(content, reading.file, document, reading.remarks, reading.cancel), 1):
        if number > MAX_FEATURES:
            msg = f"{reading.file} has more than {MAX_FEATURES:,} placemarks, the limit; split it."
            raise DamagedProductError(msg)
        found.append(_stated(number, element, document, reading))
    mark = object_of(document.data.get(MARK), reading.file)
    for what, times in document.unread.items() if not mark else ():
        reading.remarks.add(f"{what} was left out", times=times)
    features = (replace(one, colours=tuple(_colours(styles, document, one.spot))) for one, styles in found)
    return Sheaf(facts=facts_of(mark, reading.file), features=features, count=len(found))


def _stated(number: int, element: Element, document: Document, reading: Reading) -> tuple[Stated, tuple[Style, ...]]:
    """Return a placemark, and what says how it is drawn: shared styles may come after it."""
    children = {local(child): child for child in reversed(element)}
    name = text_in(children["name"]) if "name" in children else ""
    spot = reading.spot(number, name)
    drawn = [_geometry(child, spot) for child in element if local(child) in GEOMETRIES]
    geometry = {"type": "GeometryCollection", "geometries": [shape for shape in drawn if shape is not None]}
    styles = tuple(style for child in element if local(child) in STYLES for style in styles_in(child))
    fields = _fields(element, document, spot)
    return Stated(spot=spot, sketches=sketches(geometry, spot), fields=fields), styles


def _fields(element: Element, document: Document, spot: Spot) -> dict[str, str]:
    """Return what a placemark says by element and by name; where it states no time, that of its folder."""
    fields = _told(element, spot)
    for name, text in _data(element).items():
        if fields.setdefault(name, text) != text:
            fields[f"{name} (data)"] = text
    if not {"when", "begin", "end"} & set(fields):
        fields |= document.times()
    if document.folders():
        fields.setdefault("folder", document.folders())
    return fields


def _told(element: Element, spot: Spot) -> dict[str, str]:
    """Return the text of every element that is not a shape, a style or extended data, and the times."""
    fields: dict[str, str] = {}
    for child in element:
        tag = local(child)
        if tag in TIMES:
            fields |= times_in(child)
        elif tag in LOOKS:
            spot.note(f"element {tag!r} is a way of looking and was left out")
        elif tag not in GEOMETRIES | STYLES | {"ExtendedData"}:
            fields[tag] = "".join(child.itertext())
    return fields


def _data(element: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in element:
        if local(child) == "ExtendedData":
            found |= data_in(child)
    return found


def _geometry(element: Element, spot: Spot) -> dict[str, Any] | None:
    """Return an element as a GeoJSON-like geometry; None for what is no shape."""
    tag = local(element)
    if tag in {"MultiGeometry", "MultiTrack"}:
        members = [_geometry(child, spot) for child in element if local(child) in GEOMETRIES]
        return {"type": "GeometryCollection", "geometries": [shape for shape in members if shape is not None]}
    if tag == "Polygon":
        return {"type": "Polygon", "coordinates": list(_rings(element, spot))}
    if tag == "Track":
        spots = [text_in(child).split() for child in element if local(child) == "coord"]
        return {"type": "LineString", "coordinates": [_numbers(position, spot) for position in spots]}
    if tag == "Model":
        spot.note("a Model was left out: its shape is not in the file")
        return None
    positions = _positions(element, spot)
    if tag != "Point":
        return {"type": "LineString", "coordinates": positions}
    return {"type": "MultiPoint", "coordinates": positions}


def _rings(element: Element, spot: Spot) -> Iterator[list[tuple[float, ...]]]:
    """Yield the outer ring, then the inner ones, wherever in the polygon they stand."""
    for side in ("outerBoundaryIs", "innerBoundaryIs"):
        for bound in element:
            if local(bound) == side:
                yield from (_positions(ring, spot) for ring in bound if local(ring) == "LinearRing")


def _positions(element: Element, spot: Spot) -> list[tuple[float, ...]]:
    text = next((text_in(child) for child in element if local(child) == "coordinates"), "")
    if text.count(",") > 2 * (MAX_VERTICES + 1):  # longitude, latitude and height: counted before they take up room
        raise spot.damaged(f"more than {MAX_VERTICES:,} vertices, the limit; simplify it.")
    tokens = (re.sub(r"\s*,\s*", ",", text) if ", " in text or " ," in text else text).split()
    return [_numbers(token.split(","), spot) for token in tokens]


def _numbers(texts: list[str], spot: Spot) -> tuple[float, ...]:
    try:
        return tuple([float(text) for text in texts])
    except ValueError:
        raise spot.damaged(f"{shown(','.join(texts))!r} is no position; give longitude,latitude.") from None


def _colours(styles: Iterable[Style], document: Document, spot: Spot, hops: int = 0) -> Iterator[str]:
    """Yield the colours of styles, and of those that they lead to."""
    for what, value in styles:
        if what == "colour":
            yield value
        elif not value.startswith("#"):
            spot.note(f"style {shown(value)!r} is in another file and was not fetched")
        elif hops < _MAX_HOPS:
            yield from _colours(document.styles.get(value[1:], ()), document, spot, hops + 1)
