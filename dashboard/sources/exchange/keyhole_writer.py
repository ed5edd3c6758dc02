"""Annotations as KML and KMZ: the validity as a time span, sides as colours, every further field as extended data."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape

import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.model.annotation import Revision
from dashboard.model.errors import InputError
from dashboard.model.sketch import Shape
from dashboard.sources.exchange.fields import BANNER, FIELDS, MARK, facts_fields, fields_of, text_of
from dashboard.sources.exchange.file import oversize
from dashboard.sources.exchange.record import FileFacts, Remarks

ELEMENTS = {"title": "name", "notes": "description", "valid_from": "begin", "valid_to": "end"}
"""Fields that KML has an element for; the others are extended data."""
NEUTRAL = "#9aa4b2"
"""Of what is of no known side."""
NO_SIDE, TEXT = "side-0", "-text"
"""Name of the style of what is of no side, and what is put behind the name of a style for text."""
GROUND_OPACITY = "4d"
"""Hexadecimal, 30 %."""
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold in any way."""
_BALLOON = "<h3>$[name]</h3><p><b>{banner}</b></p><p>$[description]</p>" + "".join(
    f"<p>{name}: $[{MARK}/{name}]</p>"
    for name in ("kind", "side", "opposing", "grade", "sources", "author", "known_from")
)


def write_kml(path: Path, revisions: Iterable[Revision], facts: FileFacts) -> tuple[str, ...]:
    """Write annotations as KML 2.2; return what it cannot hold."""
    with path.open("wb") as file:
        return _write(file, revisions, facts)


def write_kmz(path: Path, revisions: Iterable[Revision], facts: FileFacts) -> tuple[str, ...]:
    """Write annotations as KMZ, a KML in an archive; return what it cannot hold."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        try:
            with archive.open("doc.kml", "w") as file:  # without ZIP64, which readers of KMZ do not know
                return _write(file, revisions, facts)
        except RuntimeError as error:
            raise InputError("The KML grows past 2 GB, which no KMZ holds; export it in parts.") from error


def _write(file: IO[bytes], revisions: Iterable[Revision], facts: FileFacts) -> tuple[str, ...]:
    remarks = Remarks()
    styles = {force.name: f"side-{number}" for number, force in enumerate(facts.forces, 1)}
    written = sum(file.write(text.encode()) for text in _texts(revisions, facts, styles, remarks))
    return remarks.lines() + oversize(written)


def _texts(
    revisions: Iterable[Revision], facts: FileFacts, styles: Mapping[str, str], remarks: Remarks
) -> Iterator[str]:
    banner = _legal(facts.handling.banner, BANNER, "the file", remarks)
    about = _legal(text_of(facts_fields(facts)), MARK, "the file", remarks)
    data = "".join(f'<Data name="{n}"><value>{_text(t)}</value></Data>' for n, t in ((BANNER, banner), (MARK, about)))
    columns = "".join(f'<SimpleField type="string" name="{name}"/>' for name in FIELDS if name not in ELEMENTS)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n'
    yield f"<name>Annotations</name>\n<description>{_text(banner)}</description>\n"
    yield from _styles(facts, styles, banner)
    yield f'<ExtendedData>{data}</ExtendedData>\n<Schema name="{MARK}" id="{MARK}">{columns}</Schema>\n'
    for revision in revisions:
        yield _placemark(revision, styles, remarks)
    yield "</Document>\n</kml>\n"


def _styles(facts: FileFacts, styles: Mapping[str, str], banner: str) -> Iterator[str]:
    """Yield two styles per side: one for what is drawn, one for text without an icon."""
    colours = {NO_SIDE: NEUTRAL} | {styles[force.name]: force.colour for force in facts.forces}
    balloon = f"<BalloonStyle><text>{escape(_BALLOON.format(banner=escape(banner)))}</text></BalloonStyle>"
    for name, colour in colours.items():
        abgr = colour[5:7] + colour[3:5] + colour[1:3]
        solid, ground = f"<color>ff{abgr}</color>", f"<color>{GROUND_OPACITY}{abgr}</color>"
        label = f"<LabelStyle>{solid}</LabelStyle>"
        drawn = f"<LineStyle>{solid}<width>3</width></LineStyle><PolyStyle>{ground}</PolyStyle>"
        yield f'<Style id="{name}"><IconStyle>{solid}</IconStyle>{label}{drawn}{balloon}</Style>\n'
        yield f'<Style id="{name}{TEXT}"><IconStyle><scale>0</scale></IconStyle>{label}{balloon}</Style>\n'


def _placemark(revision: Revision, styles: Mapping[str, str], remarks: Remarks) -> str:
    said = revision.annotation
    place = said.title or said.id
    fields = {name: _legal(text_of(value), name, place, remarks) for name, value in fields_of(revision).items()}
    end = f"<end>{fields['valid_to']}</end>" if "valid_to" in fields else ""
    style = styles.get(said.side, NO_SIDE) + (TEXT if said.shape is Shape.TEXT else "")
    data = "".join(
        f'<SimpleData name="{name}">{_text(text)}</SimpleData>' for name, text in fields.items() if name not in ELEMENTS
    )
    return (
        "<Placemark>"
        f"{_element('name', fields.get('title'))}{_element('description', fields.get('notes'))}"
        f"<TimeSpan><begin>{fields['valid_from']}</begin>{end}</TimeSpan><styleUrl>#{style}</styleUrl>"
        f'<ExtendedData><SchemaData schemaUrl="#{MARK}">{data}</SchemaData></ExtendedData>'
        f"{_geometry(said.geometry)}</Placemark>\n"
    )


def _element(tag: str, text: str | None) -> str:
    return f"<{tag}>{_text(text)}</{tag}>" if text else ""


def _geometry(shape: BaseGeometry) -> str:
    if isinstance(shape, shapely.Point):
        return f"<Point>{_coordinates(shape)}</Point>"
    if isinstance(shape, shapely.LineString):
        return f"<LineString><tessellate>1</tessellate>{_coordinates(shape)}</LineString>"
    if isinstance(shape, shapely.Polygon):
        rings = [("outer", shape.exterior), *(("inner", ring) for ring in shape.interiors)]
        bounds = "".join(
            f"<{side}BoundaryIs><LinearRing>{_coordinates(ring)}</LinearRing></{side}BoundaryIs>"
            for side, ring in rings
        )
        return f"<Polygon><tessellate>1</tessellate>{bounds}</Polygon>"
    return f"<MultiGeometry>{''.join(_geometry(part) for part in shapely.get_parts(shape))}</MultiGeometry>"


def _coordinates(shape: BaseGeometry) -> str:
    """Return positions with every digit: reading them gives the same bits."""
    positions = " ".join(f"{lon!r},{lat!r}" for lon, lat in shapely.get_coordinates(shape).tolist())
    return f"<coordinates>{positions}</coordinates>"


def _legal(text: str, name: str, place: str, remarks: Remarks) -> str:
    legal = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
    if legal != text:
        remarks.add(f"control characters in {name}: KML cannot hold them", place)
    return legal


def _text(text: str) -> str:
    """Return text as XML that is read as the same: a bare carriage return would come back as a line feed."""
    return escape(text, {"\r": "&#13;"})
