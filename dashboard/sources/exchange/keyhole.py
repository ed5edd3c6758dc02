"""KML and KMZ: each layer is one side. Checked as XML before GDAL sees it."""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath

import pyogrio
import shapely
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from pyogrio.errors import DataSourceError, FieldError, GeometryError

from dashboard.model.errors import DamagedProductError
from dashboard.sources.control import Patch, checked
from dashboard.sources.values import moment

MAX_BYTES = 64 * 2**20
"""Of the KML, unpacked."""
MAX_ENTRIES = 1000
"""Of files in a KMZ."""


def read_keyhole(path: Path) -> tuple[datetime | None, list[Patch]]:
    """Return (time stated in the file, ground by layer).

    Raises
    ------
    DamagedProductError
        If it is too large, no KML, names entities or a document type, or holds broken polygons.
    """
    content = _bounded(path)
    if path.suffix.lower() == ".kmz":
        content = unpacked(path.name, content)
    stated = _checked_xml(path.name, content)
    with _broken(path.name):
        layers = [str(name) for name in pyogrio.list_layers(io.BytesIO(content))[:, 0]]
        found = [patch for layer in layers for patch in _layer(content, layer)]
    if not found:
        msg = f"{path.name} holds no polygon; give the areas as polygons, one folder per side."
        raise DamagedProductError(msg)
    return stated, found


def _layer(content: bytes, layer: str) -> Iterator[Patch]:
    _, _, geometries, _ = pyogrio.raw.read(io.BytesIO(content), layer=layer, columns=[], force_2d=True)
    for wkb in geometries:
        shape = None if wkb is None else shapely.from_wkb(wkb)
        for part in shapely.get_parts(shape) if shape is not None else []:
            if part.geom_type in {"Polygon", "MultiPolygon"}:
                yield checked(part, layer)


@contextmanager
def _broken(name: str) -> Iterator[None]:
    try:
        yield
    except (DataSourceError, FieldError, GeometryError, shapely.errors.ShapelyError) as error:
        msg = f"{name} holds layers or polygons that cannot be read, such as rings that are not closed; correct it."
        raise DamagedProductError(msg) from error


def _checked_xml(name: str, content: bytes) -> datetime | None:
    """Refuse what is no plain KML or has an open ring, which GDAL would only warn of; return the first time stamp."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        msg = f"{name} declares a document type or entities, which can read other files; remove the declaration."
        raise DamagedProductError(msg) from error
    except (ParseError, ValueError) as error:
        msg = f"{name} is no well-formed XML; it may be truncated. Fetch it again."
        raise DamagedProductError(msg) from error
    if not str(root.tag).endswith("}kml") and root.tag != "kml":
        msg = f"{name} is XML but no KML (its root is {str(root.tag)[:60]!r})."
        raise DamagedProductError(msg)
    for ring in root.iterfind(".//{*}LinearRing/{*}coordinates"):
        positions = (ring.text or "").split()
        if len(positions) < 4 or positions[0] != positions[-1]:
            msg = f"{name} has a ring of {len(positions)} positions that is not closed; correct it."
            raise DamagedProductError(msg)
    times = (e.text for tag in ("when", "begin") for e in root.iterfind(f".//{{*}}{tag}") if e.text)
    first = next(times, None)
    return None if first is None else moment(first, "TimeStamp")


def _bounded(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_large(path.name, size)
        return path.read_bytes()
    except OSError as error:
        msg = f"{path.name} cannot be read ({error.strerror}); check the file and its permissions."
        raise DamagedProductError(msg) from error


def unpacked(name: str, archive: bytes) -> bytes:
    """Return the main KML of a KMZ, unpacked in memory and never to a path that the archive chooses.

    Raises
    ------
    DamagedProductError
        If it is no archive, encrypted, holds no KML or too many files, or unpacks to more than the limit.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            entries = files.infolist()
            if len(entries) > MAX_ENTRIES:
                msg = f"{name} holds {len(entries):,} files; the limit is {MAX_ENTRIES:,}."
                raise DamagedProductError(msg)
            documents = [e for e in entries if PurePosixPath(e.filename).suffix.lower() == ".kml"]
            if not documents:
                msg = f"{name} holds no KML document."
                raise DamagedProductError(msg)
            with files.open(documents[0]) as stream:
                content = stream.read(MAX_BYTES + 1)  # the size in the directory may lie
    except DamagedProductError:
        raise
    except _BROKEN_ARCHIVE as error:
        msg = f"{name} is a damaged or encrypted KMZ; fetch it again."
        raise DamagedProductError(msg) from error
    if len(content) > MAX_BYTES:
        raise _too_large(name, len(content))
    return content


_BROKEN_ARCHIVE = (
    zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError, struct.error, zlib.error,
    lzma.LZMAError,
)  # fmt: skip
"""What the zip reader raises on archives that are not what they say."""


def _too_large(name: str, size: int) -> DamagedProductError:
    return DamagedProductError(f"{name} unpacks to {size:,} bytes or more; the limit is {MAX_BYTES:,}. Simplify it.")
