"""Headers of NITF 2.1 and NSIF 1.0 (STANAG 4545): what the file holds and where, before any pixel is read.

The layout is that of MIL-STD-2500C. Everything is text of fixed width, so that every length can be held against the
file before it is believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dashboard.model.errors import DamagedProductError
from dashboard.sources.geocode.native import sane_shape
from dashboard.sources.nitf.fields import Fields, Tre, read_security, tres

VERSIONS = ("NITF02.10", "NSIF01.00", "NSIF01.01")
MAGIC = (b"NITF", b"NSIF")
MOST_HEADER = 999_999
"""Bytes of a header: its length field has six digits."""
FIRST_PART = 354
"""Bytes from the start of a file to the field with the length of its header."""
FILE_HEADER = (
    ("FHDR", 4), ("FVER", 5), ("CLEVEL", 2), ("STYPE", 4), ("OSTAID", 10), ("FDT", 14), ("FTITLE", 80),
)  # fmt: skip
FILE_REST = (
    ("FSCOP", 5), ("FSCPYS", 5), ("ENCRYP", 1), ("FBKGC", 3), ("ONAME", 24), ("OPHONE", 18), ("FL", 12), ("HL", 6),
)  # fmt: skip
IMAGE_FIRST = (("IM", 2), ("IID1", 10), ("IDATIM", 14), ("TGTID", 17), ("IID2", 80))
IMAGE_SECOND = (
    ("ENCRYP", 1), ("ISORCE", 42), ("NROWS", 8), ("NCOLS", 8), ("PVTYPE", 3), ("IREP", 8), ("ICAT", 8),
    ("ABPP", 2), ("PJUST", 1), ("ICORDS", 1),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A segment's place in the file."""

    header: int
    """Offset of the subheader."""
    header_size: int
    start: int
    """Offset of the data."""
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageBand:
    """One band of an image segment."""

    meaning: str
    """ISUBCAT: ``I``, ``Q``, ``M``, ``P`` of complex images."""
    luts: tuple[bytes, ...]
    """Look-up tables; none where values mean themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image segment."""

    number: int
    """From 0, in the order of the file."""
    fields: Mapping[str, str]
    """Text fields by their name in the standard, blanks stripped."""
    security: Mapping[str, str]
    """Security fields by their name without prefix."""
    shape: tuple[int, int]
    bands: tuple[ImageBand, ...]
    blocks: tuple[int, int]
    """Blocks (down, across)."""
    block: tuple[int, int]
    """Rows and columns of a block."""
    bits: int
    place: tuple[int, int]
    """ILOC: row and column relative to the segment that this one is attached to."""
    level: int
    attached_to: int
    tres: tuple[Tre, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """One data extension segment."""

    name: str
    """DESID."""
    security: Mapping[str, str]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Nitf:
    """What the headers of a file say."""

    path: Path
    version: str
    fields: Mapping[str, str]
    """Text fields of the file header."""
    security: Mapping[str, str]
    others: tuple[tuple[str, Mapping[str, str]], ...]
    """Security of graphic and text segments: (what, fields)."""
    images: tuple[Image, ...]
    extensions: tuple[Extension, ...]
    tres: tuple[Tre, ...]


def read_headers(path: Path) -> Nitf:
    """Return the headers of a file.

    Raises
    ------
    DamagedProductError
        If the file cannot be read, is no NITF 2.1 or NSIF 1.0, or a field contradicts the file; the message names both.
    """
    try:
        with path.open("rb") as stream:
            return _read(stream, path)
    except OSError as error:
        msg = f"{path.name} cannot be read ({error.strerror}); check the file and its permissions."
        raise DamagedProductError(msg) from error


def first_image_name(head: bytes) -> str | None:
    """Return IID1 of the first image from the first bytes of a file, or None when they do not reach that far."""
    try:
        length = int(head[FIRST_PART : FIRST_PART + 6])
    except ValueError:
        return None
    name = head[length + 2 : length + 12]
    return name.decode("latin-1").strip() if len(name) == 10 else None


def _read(stream: BinaryIO, path: Path) -> Nitf:
    size = path.stat().st_size
    head = stream.read(FIRST_PART + 6)
    version = head[:9].decode("latin-1")
    if version not in VERSIONS:
        msg = f"{path.name} is of version {version!r} (FHDR); Nightglass reads {', '.join(VERSIONS)}. Convert it."
        raise DamagedProductError(msg)
    length = Fields(head[FIRST_PART:], f"{path.name}, file header").whole("HL", 6, FIRST_PART, MOST_HEADER)
    stream.seek(0)
    fields = Fields(stream.read(length), f"{path.name}, file header")
    words = {name: fields.text(name, width) for name, width in FILE_HEADER}
    security = read_security(fields, "FS")
    words |= {name: fields.text(name, width) for name, width in FILE_REST}
    table = _Table(fields, length, size, path.name)
    images = tuple(_image(stream, span, number, path.name) for number, span in enumerate(table.take("NUMI", 6, 10)))
    graphics = table.take("NUMS", 4, 6)
    fields.text("NUMX", 3)
    texts = table.take("NUMT", 4, 5)
    extensions = table.take("NUMDES", 4, 9)
    table.take("NUMRES", 4, 7)
    return Nitf(
        path=path,
        version=version,
        fields=words,
        security=security,
        others=(
            *_security_of(stream, graphics, 32, ("graphic", "SS"), path.name),
            *_security_of(stream, texts, 106, ("text", "TS"), path.name),
        ),
        images=images,
        extensions=tuple(_extension(stream, span, number, path.name) for number, span in enumerate(extensions)),
        tres=_header_tres(fields, ("UDHDL", "XHDL")),
    )


class _Table:
    """Walks the lengths of segments, which stand in the file header in the order of the segments themselves."""

    def __init__(self, fields: Fields, first: int, size: int, name: str) -> None:
        self._fields = fields
        self._next = first
        self._size = size
        self._name = name

    def take(self, count: str, header_digits: int, data_digits: int) -> list[Span]:
        """Return the places of one kind of segment."""
        fields = self._fields
        spans = []
        for _ in range(fields.whole(count, 3, 0, 999)):
            header_size = fields.whole(f"{count} (subheader length)", header_digits, 0, MOST_HEADER)
            size = fields.whole(f"{count} (data length)", data_digits, 0, 10**data_digits)
            start = self._next + header_size
            if start + size > self._size:
                msg = (
                    f"{self._name} has {self._size:,} bytes and announces a segment up to {start + size:,} ({count}); "
                    "it is truncated. Fetch it again."
                )
                raise DamagedProductError(msg)
            spans.append(Span(header=self._next, header_size=header_size, start=start, size=size))
            self._next = start + size
        return spans


def _subheader(stream: BinaryIO, span: Span, where: str) -> Fields:
    stream.seek(span.header)
    return Fields(stream.read(span.header_size), where)


def _image(stream: BinaryIO, span: Span, number: int, name: str) -> Image:
    where = f"{name}, image {number + 1}"
    fields = _subheader(stream, span, where)
    words = {field: fields.text(field, width) for field, width in IMAGE_FIRST}
    security = read_security(fields, "IS")
    words |= {field: fields.text(field, width) for field, width in IMAGE_SECOND}
    if words["ICORDS"]:
        words["IGEOLO"] = fields.raw("IGEOLO", 60).decode("latin-1")
    comments = [fields.text("ICOM", 80) for _ in range(fields.whole("NICOM", 1, 0, 9))]
    words |= {"ICOM": " ".join(comment for comment in comments if comment), "IC": fields.text("IC", 2)}
    if words["IC"] not in {"NC", "NM"}:
        words["COMRAT"] = fields.text("COMRAT", 4)
    bands = _bands(fields)
    fields.text("ISYNC", 1)
    words["IMODE"] = fields.text("IMODE", 1)
    blocks = fields.whole("NBPR", 4, 1, 9999), fields.whole("NBPC", 4, 1, 9999)
    block = fields.whole("NPPBH", 4, 0, 8192), fields.whole("NPPBV", 4, 0, 8192)
    shape = sane_shape((fields.as_whole("NROWS", words["NROWS"]), fields.as_whole("NCOLS", words["NCOLS"])), where)
    bits = fields.whole("NBPP", 2, 1, 96)
    level, attached = fields.whole("IDLVL", 3, 0, 999), fields.whole("IALVL", 3, 0, 998)
    place = fields.signed("ILOC", 5), fields.signed("ILOC", 5)
    fields.text("IMAG", 4)
    return Image(
        number=number,
        fields=words,
        security=security,
        shape=shape,
        bands=bands,
        blocks=(blocks[1], blocks[0]),
        block=(block[1] or shape[0], block[0] or shape[1]),
        bits=bits,
        place=place,
        level=level,
        attached_to=attached,
        tres=_header_tres(fields, ("UDIDL", "IXSHDL")),
        span=span,
    )


def _bands(fields: Fields) -> tuple[ImageBand, ...]:
    count = fields.whole("NBANDS", 1, 0, 9) or fields.whole("XBANDS", 5, 10, 999)
    found = []
    for _ in range(count):
        fields.text("IREPBAND", 2)
        meaning = fields.text("ISUBCAT", 6)
        fields.text("IFC", 4)  # with IMFLT
        tables = fields.whole("NLUTS", 1, 0, 4)
        entries = fields.whole("NELUT", 5, 1, 65536) if tables else 0
        luts = tuple(fields.raw("LUTD", entries) for _ in range(tables))
        found.append(ImageBand(meaning=meaning, luts=luts))
    return tuple(found)


def _extension(stream: BinaryIO, span: Span, number: int, name: str) -> Extension:
    fields = _subheader(stream, span, f"{name}, data extension {number + 1}")
    fields.text("DE", 2)
    identity = fields.text("DESID", 25)
    fields.text("DESVER", 2)
    return Extension(name=identity, security=read_security(fields, "DES"), span=span)


def _security_of(
    stream: BinaryIO, spans: list[Span], skip: int, what: tuple[str, str], name: str
) -> list[tuple[str, Mapping[str, str]]]:
    """Return the security fields of graphic or text segments, which stand after `skip` bytes."""
    kind, prefix = what
    found: list[tuple[str, Mapping[str, str]]] = []
    for number, span in enumerate(spans, start=1):
        fields = _subheader(stream, span, f"{name}, {kind} {number}")
        fields.raw("identification", skip)
        found.append((f"{kind} {number}", read_security(fields, prefix)))
    return found


def _header_tres(fields: Fields, names: tuple[str, str]) -> tuple[Tre, ...]:
    """Return the tagged records of the two extension areas at the end of a header."""
    found: list[Tre] = []
    for name in names:
        size = fields.whole(name, 5, 0, 99_999)
        if size:
            fields.text(f"{name} (overflow)", 3)
            found += tres(fields.raw(name, size - 3 if size >= 3 else 0), fields.where)
    return tuple(found)
