"""What every product in a NITF file shares: its segments, its provenance, its markings, and what nobody asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from shapely import Polygon
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import Origin
from dashboard.model.errors import DamagedProductError
from dashboard.model.handling import Handling
from dashboard.sources.details import Details, details
from dashboard.sources.footprint import clean_footprint
from dashboard.sources.geocode.sensor import Sensor, outline
from dashboard.sources.marking import exercise, handling
from dashboard.sources.nitf.header import Image, Nitf
from dashboard.sources.nitf.sarah import Named
from dashboard.sources.nitf.security import Stated, of_file, together
from dashboard.sources.product import record_origin
from dashboard.sources.xml import Element, find_all, local, parse_xml, required_number

MANDATORY = frozenset({"sar-lupe", "sarah"})
"""Constellations whose products are refused without a classification; so is an NSIF of nobody knows whom."""
XML_NAMES = frozenset({"XML_DATA_CONTENT", "SICD_XML", "SIDD_XML"})
MOST_XML = 16 * 2**20
HEX_BYTES = 64
"""Of a tagged record that is kept as it stands."""
MOST_TRES = 40
OUTLINES = ("GeoData/ValidData/Vertex", "GeographicAndTarget/GeographicCoverage/Footprint/Vertex")
"""Where SICD and SIDD, and SIDD 1, state what holds data."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file whose headers were read."""

    nitf: Nitf
    whole: Origin
    """Provenance of the file."""

    @property
    def name(self) -> str:
        """For messages."""
        return self.nitf.path.name

    def origin(self, guessed: frozenset[str] = frozenset(), part: str = "") -> Origin:
        """Return the provenance of a product; `part` tells several products of one file apart."""
        if not part:
            return replace(self.whole, guessed=guessed)
        made = record_origin(self.whole.reader, part, self.whole.product_sha256.encode())
        return replace(self.whole, guessed=guessed, product_sha256=made.product_sha256)

    def guessed(self, named: Named) -> set[str]:
        """Return the fields that rest on a guess about the platform's name."""
        return {"constellation", "platform"} if named.guessed else set()

    def handled(self, words: Sequence[Stated], constellation: str, year: int) -> tuple[Handling, Details]:
        """Return the strictest handling of headers, of `words` from the metadata and of the constellation's regime.

        Raises
        ------
        DamagedProductError
            If a classification cannot be read, or is missing where the system demands one.
        """
        nameless = constellation == "unknown" and self.nitf.version.startswith("NSIF")
        stated = [*of_file(self.nitf, mandatory=nameless or constellation in MANDATORY), *words]
        found, raw = together(stated)
        found = found & exercise(self.nitf.fields["FTITLE"], *(image.fields["ICOM"] for image in self.nitf.images))
        by_supplier = handling({"rel:caveats": sorted(found.caveats)}, constellation, year)
        return found & by_supplier, raw

    def details(self) -> Details:
        """Return what the headers say beside the metadata."""
        fields, first = self.nitf.fields, self.nitf.images[0]
        kept = [*self.nitf.tres, *first.tres][:MOST_TRES]
        return details(
            {
                "proc:container": self.nitf.version,
                "proc:file_title": fields["FTITLE"],
                "proc:originating_station": fields["OSTAID"],
                "proc:image_source": first.fields["ISORCE"],
                "proc:image_comments": first.fields["ICOM"],
                **{f"proc:tre:{tre.tag}": _hex(tre.data) for tre in kept},
            }
        )

    def metadata(self) -> list[Element]:
        """Return the roots of all XML extensions, in the order of the file.

        Raises
        ------
        DamagedProductError
            If one is too large or not well-formed.
        """
        found = []
        with self.nitf.path.open("rb") as stream:
            for number, extension in enumerate(self.nitf.extensions, start=1):
                if extension.name not in XML_NAMES:
                    continue
                where = f"{self.name}, data extension {number}"
                if extension.span.size > MOST_XML:
                    msg = f"{where} has {extension.span.size:,} bytes of XML; the limit is {MOST_XML:,}."
                    raise DamagedProductError(msg)
                stream.seek(extension.span.start)
                found.append(parse_xml(stream.read(extension.span.size).rstrip(b"\0 \r\n"), where))
        return found


def kind_of(root: Element) -> str:
    """Return ``SICD``, ``SIDD``, or the name of another root element."""
    return local(root)


def segments_of(nitf: Nitf, prefix: str) -> list[Image]:
    """Return the image segments whose IID1 starts with a prefix, legends left out; all when none is named so.

    Raises
    ------
    DamagedProductError
        If the file has no image segment at all.
    """
    found = [image for image in nitf.images if image.fields["IID1"].startswith(prefix)]
    pictures = [image for image in found or nitf.images if image.fields["ICAT"] not in {"LEG", "DED"}]
    if not pictures:
        msg = f"{nitf.path.name} has no image segment (NUMI); it holds no picture. Fetch the product again."
        raise DamagedProductError(msg)
    return pictures


def footprint(root: Element | None, sensor: Sensor, name: str) -> BaseGeometry:
    """Return the outline of an image on the ground, less what its metadata say holds no data.

    Raises
    ------
    DamagedProductError
        If the outline or the stated one is no place on the globe.
    """
    rows, cols = outline(sensor)
    lon, lat = sensor.to_ground(rows, cols, np.full(rows.shape, sensor.height_m))
    whole = clean_footprint(Polygon(np.stack([lon, lat], axis=1)) if np.isfinite([lon, lat]).all() else None)
    stated = [] if root is None else [find_all(root, path) for path in OUTLINES]
    vertices = next((found for found in stated if found), [])
    if len(vertices) < 3:
        return whole
    ring = [tuple(required_number(vertex, axis, name) for axis in ("Lon", "Lat")) for vertex in vertices]
    valid = clean_footprint({"type": "Polygon", "coordinates": [[*ring, ring[0]]]})
    try:
        both = whole.intersection(valid)
    except GEOSException:  # of outlines that hardly enclose anything
        return whole
    return both if both.geom_type in {"Polygon", "MultiPolygon"} and not both.is_empty else whole


def _hex(data: bytes) -> str:
    short = data[:HEX_BYTES].hex()
    return short if len(data) <= HEX_BYTES else f"{short}... ({len(data):,} bytes)"
