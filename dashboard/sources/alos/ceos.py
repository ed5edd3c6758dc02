"""CEOS files as JAXA writes them: records that announce their length, fields of text at fixed bytes."""

import math
import struct
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from dashboard.model.errors import DamagedProductError

Kind = tuple[int, int]
"""(subtype 1, type) of a record."""

VOLUME, TEXT = (192, 192), (18, 192)
SCENE, CHART, ORBIT, RADIOMETRY, FACILITY = (18, 10), (18, 20), (18, 30), (18, 50), (18, 200)
IMAGE = (50, 192)
SIGNAL_LINE, PROCESSED_LINE = (50, 10), (50, 11)

HEADER = struct.Struct(">IBBBBI")
"""Sequence number, subtype 1, type, subtypes 2 and 3, length of the record with this header."""
MOST_RECORDS = 64
"""Of a leader or volume file: real ones have five to twelve."""
MOST_BYTES = 16 * 2**20
"""Of one record that is read; real ones have at most some thousand."""


@dataclass(frozen=True, slots=True)
class CeosRecord:
    """One record; bytes are counted from 1 and inclusive, as JAXA's tables count them."""

    file: str
    kind: Kind
    data: bytes

    def text(self, first: int, last: int) -> str:
        """Return a field's text without what surrounds it; empty when blank."""
        found = " ".join(self.data[first - 1 : last].decode("ascii", "replace").split())
        return found if found.isprintable() else " ".join("".join(c if c.isprintable() else " " for c in found).split())

    def number(self, first: int, last: int) -> float | None:
        """Return a field's number, or None when it is blank or none."""
        return decimal(self.text(first, last))

    def numbers(self, first: int, count: int, width: int) -> tuple[float, ...] | None:
        """Return fields of one width, one after the other; None unless all are numbers."""
        found = [self.number(first + width * i, first + width * (i + 1) - 1) for i in range(count)]
        whole = tuple(value for value in found if value is not None)
        return whole if len(whole) == count else None

    def within(self, field: str, at: tuple[int, int], limits: tuple[float, float]) -> float | None:
        """Return a field's number, or None when blank.

        Raises
        ------
        DamagedProductError
            If it lies outside the limits; the message names the field and its bytes.
        """
        found = self.number(*at)
        if found is not None and not limits[0] <= found <= limits[1]:
            msg = (
                f"{self.file}: {field} (bytes {at[0]}-{at[1]}) is {found:g}; it must lie between {limits[0]:g} and "
                f"{limits[1]:g}. The product is damaged."
            )
            raise DamagedProductError(msg)
        return found


def decimal(text: str) -> float | None:
    """Return the number that a text is, with exponents of E or D; None for anything else."""
    try:
        found = float(text.replace("D", "E").replace("d", "e").replace("_", "?"))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def records(path: Path, wanted: Container[Kind]) -> list[CeosRecord]:
    """Return the records of the wanted kinds, in the order of the file; others are stepped over unread.

    Raises
    ------
    DamagedProductError
        If a record is cut off, or announces a length that cannot be meant.
    """
    found: list[CeosRecord] = []
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            at = 0
            for number in range(1, MOST_RECORDS + 1):
                stream.seek(at)
                head = stream.read(HEADER.size)
                if not head.strip(b"\0"):
                    break
                kind, length = _announced(path.name, number, head, size - at)
                if kind in wanted:
                    found.append(CeosRecord(path.name, kind, _whole(path.name, number, head, stream.read(length - 12))))
                at += length
    except OSError as error:
        msg = f"{path.name} cannot be read ({error.strerror}); check the file and its permissions."
        raise DamagedProductError(msg) from error
    return found


def is_ceos(head: bytes) -> bool:
    """Whether a file begins with a CEOS file descriptor of ALOS-2 or ALOS-4."""
    if len(head) < 64:
        return False
    _, subtype, kind, second, third, length = HEADER.unpack(head[:12])
    known = (subtype, kind) in {VOLUME, IMAGE, (11, 192), (63, 192)}
    ours = b"CEOS-SAR" in head[:64] and any(word in head[:112] for word in (b"AL2", b"AL4", b"ALOS2", b"ALOS4"))
    return known and (second, third) == (18, 18) and length in {360, 720} and ours


def _announced(name: str, number: int, head: bytes, left: int) -> tuple[Kind, int]:
    if len(head) < HEADER.size:
        msg = f"{name} is truncated: record {number} breaks off in its first {len(head)} bytes. Fetch it again."
        raise DamagedProductError(msg)
    _, subtype, kind, _, _, length = HEADER.unpack(head)
    if length < HEADER.size or length > left:
        msg = (
            f"{name} is damaged or truncated: record {number} (type {subtype}/{kind}) announces {length:,} bytes where "
            f"{left:,} are left. Fetch it again."
        )
        raise DamagedProductError(msg)
    return (subtype, kind), length


def _whole(name: str, number: int, head: bytes, body: bytes) -> bytes:
    if len(body) > MOST_BYTES:
        msg = f"{name}: record {number} has {len(body):,} bytes; the limit is {MOST_BYTES:,}. The product is damaged."
        raise DamagedProductError(msg)
    return head + body
