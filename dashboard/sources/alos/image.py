"""The image file: lines of pixels, each behind a header that says when it was heard and where it lies."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import DamagedProductError, GridMismatchError
from dashboard.sources.alos.ceos import HEADER, IMAGE, PROCESSED_LINE, SIGNAL_LINE, CeosRecord
from dashboard.sources.geocode.native import sane_shape

DESCRIPTOR_BYTES = 720
TYPES: Mapping[str, str] = {"C*8": ">c8", "IU2": ">u2", "I*2": ">u2", "IU1": "u1"}
"""Data type code (bytes 429-432) -> type of a pixel."""
FEWEST_PREFIX = 192
"""Bytes of a line's header that are read; signal lines have 544."""
MICRODEGREES = 1e-6
CENTIMETRES_ABOVE = 1e7
"""A slant range above this is in centimetres: ALOS-4 writes them where ALOS-2 wrote metres."""


@dataclass(frozen=True, slots=True)
class LineHeader:
    """What one line says of itself; None where it says nothing."""

    moment: datetime | None
    polarisation: str | None
    ranges_m: tuple[float, float, float] | None
    """Slant range to the first, middle and last pixel; of signal lines only the first is known, and repeated."""
    lon: tuple[float, float, float] | None
    """Of the first, middle and last pixel, degrees."""
    lat: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CeosImage:
    """One polarisation's file, checked against its own announcements."""

    path: Path
    shape: tuple[int, int]
    dtype: str
    prefix: int
    """Bytes before the pixels of a line."""
    record_bytes: int
    is_signal: bool
    """Lines of level 1.1 have another header than those of level 1.5 and up."""

    @property
    def is_complex(self) -> bool:
        """Whether amplitude and phase are there."""
        return self.dtype == ">c8"

    def lines(self) -> NDArray[Any]:
        """Return all lines, mapped from the file, as records of ``header`` and ``pixels``."""
        rows, cols = self.shape
        rest = self.record_bytes - self.prefix - cols * np.dtype(self.dtype).itemsize
        record = np.dtype([("header", "u1", (self.prefix,)), ("pixels", self.dtype, (cols,)), ("rest", "u1", (rest,))])
        try:
            return np.memmap(self.path, record, "r", offset=DESCRIPTOR_BYTES, shape=(rows,))
        except (OSError, ValueError) as error:
            msg = f"{self.path.name} cannot be read: it changed or broke off meanwhile. Fetch it again."
            raise DamagedProductError(msg) from error

    def headers(self, rows: Sequence[int]) -> list[LineHeader]:
        """Return what lines say of themselves."""
        lines = self.lines()["header"]
        return [line_header(lines[row].tobytes(), signal=self.is_signal) for row in rows]


def read_image(path: Path, polarisation: str) -> CeosImage:
    """Return an image file after holding it against what it announces.

    Raises
    ------
    DamagedProductError
        If it is cut off, of an unknown type, or of another polarisation than its name says.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(DESCRIPTOR_BYTES)
            first = stream.read(FEWEST_PREFIX)
    except OSError as error:
        msg = f"{path.name} cannot be read ({error.strerror}); check the file and its permissions."
        raise DamagedProductError(msg) from error
    record = CeosRecord(path.name, IMAGE, head)
    rows, length, cols = (_whole(record, *field) for field in FIELDS)
    dtype = _type(record)
    sane_shape((rows, cols), path.name)
    _check_size(path.name, size, (rows, length))
    kind = HEADER.unpack(first[:12])
    # Not the stated length of a prefix, which is not constant over satellites, but what the pixels leave of a line.
    suffix = int(record.within("suffix bytes", (289, 292), (0, 9999)) or 0)
    prefix = length - suffix - cols * np.dtype(dtype).itemsize
    if kind[1:3] not in {SIGNAL_LINE, PROCESSED_LINE} or kind[5] != length or prefix < FEWEST_PREFIX:
        msg = (
            f"{path.name}: its first line is a record of type {kind[1]}/{kind[2]} and {kind[5]:,} bytes; lines of "
            f"{cols:,} pixels are announced in {length:,} bytes (bytes 187-192, 249-256). It is damaged."
        )
        raise DamagedProductError(msg)
    found = CeosImage(
        path=path,
        shape=(rows, cols),
        dtype=dtype,
        prefix=prefix,
        record_bytes=length,
        is_signal=kind[1:3] == SIGNAL_LINE,
    )
    stated = line_header(first, signal=found.is_signal).polarisation
    if stated != polarisation:
        msg = (
            f"{path.name}: its lines are of polarisation {stated or 'unknown'} (bytes 53-56), its name says "
            f"{polarisation}. A file was renamed, or is damaged."
        )
        raise DamagedProductError(msg)
    return found


FIELDS = (("number of lines", 181, 186), ("length of a line", 187, 192), ("pixels per line", 249, 256))


class CeosNative:
    """A `Native` over the image files of one product."""

    def __init__(self, images: Mapping[str, CeosImage], gain: float) -> None:
        """Check that the polarisations agree.

        Parameters
        ----------
        images : polarisation -> file
        gain : factor from squared numbers to power

        Raises
        ------
        GridMismatchError
            If they differ in size or type.
        """
        self._images = dict(images)
        self._gain = np.float32(gain)
        self._lock = threading.Lock()
        self._open: dict[str, NDArray[Any]] = {}
        self.polarisations = tuple(images)
        first = next(iter(images.values()))
        self.shape = first.shape
        for name, image in images.items():
            if (image.shape, image.dtype) != (first.shape, first.dtype):
                msg = (
                    f"{image.path.name} ({name}) has {image.shape} pixels of {image.dtype}, {first.path.name} "
                    f"{first.shape} of {first.dtype}; polarisations of one product must agree."
                )
                raise GridMismatchError(msg)

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) linear power of a window, NaN where there is no data: zero, by JAXA's word."""
        with self._lock:
            if polarisation not in self._open:
                self._open[polarisation] = self._images[polarisation].lines()
            pixels = self._open[polarisation]["pixels"][rows, cols]
        with np.errstate(over="ignore", invalid="ignore"):
            power = _squared(pixels) * self._gain
        power[(power == 0) | ~np.isfinite(power)] = np.nan
        return power

    def close(self) -> None:
        """Close the files; reading again opens them again."""
        with self._lock:
            self._open.clear()


def _squared(pixels: NDArray[Any]) -> NDArray[np.float32]:
    if not np.iscomplexobj(pixels):
        found: NDArray[np.float32] = np.square(pixels.astype(np.float32))
        return found
    parts = pixels.view(">f4").astype(np.float32)
    np.square(parts, out=parts)
    return parts[:, 0::2] + parts[:, 1::2]


def _whole(record: CeosRecord, field: str, first: int, last: int) -> int:
    found = record.number(first, last)
    if found is None or found != int(found) or found <= 0:
        stated = record.text(first, last)
        msg = f"{record.file}: {field} (bytes {first}-{last}) is {stated!r}; the file is damaged or truncated."
        raise DamagedProductError(msg)
    return int(found)


def _type(record: CeosRecord) -> str:
    code = record.text(429, 432)
    if code not in TYPES:
        msg = f"{record.file}: data type (bytes 429-432) is {code!r}; levels 1.1 and up have {', '.join(TYPES)}."
        raise DamagedProductError(msg)
    return TYPES[code]


def _check_size(name: str, size: int, announced: tuple[int, int]) -> None:
    rows, length = announced
    needed = DESCRIPTOR_BYTES + rows * length
    if size < needed:
        msg = (
            f"{name} announces {rows:,} lines of {length:,} bytes, {needed:,} in all; the file has {size:,}: its "
            "pixels are missing or cut off. Fetch it again."
        )
        raise DamagedProductError(msg)


def line_header(header: bytes, *, signal: bool) -> LineHeader:
    """Return what the header of a line says, be it a signal line of level 1.1 or a processed one."""

    def integer(first: int, width: int = 4) -> int:
        return int.from_bytes(header[first - 1 : first - 1 + width], "big", signed=True)

    def degrees(first: int, limit: float) -> tuple[float, float, float] | None:
        found = tuple(integer(first + 4 * i) * MICRODEGREES for i in range(3))
        return (found[0], found[1], found[2]) if any(found) and max(map(abs, found)) <= limit else None

    near = [integer(first) for first in ((117, 117, 117) if signal else (65, 69, 73))]
    ranges = tuple(r * (0.01 if r > CENTIMETRES_ABOVE else 1.0) for r in near)
    at_lat, at_lon = (193, 205) if signal else (133, 145)
    sent, heard = integer(53, 2), integer(55, 2)
    return LineHeader(
        moment=_moment(integer(37), integer(41), integer(45)),
        polarisation="HV"[sent] + "HV"[heard] if {sent, heard} <= {0, 1} else None,
        ranges_m=(ranges[0], ranges[1], ranges[2]) if min(ranges) > 0 else None,
        lon=degrees(at_lon, 360.0),
        lat=degrees(at_lat, 90.0),
    )


def _moment(year: int, day: int, millisecond: int) -> datetime | None:
    if not (1990 <= year <= 2100 and 1 <= day <= 366 and 0 <= millisecond < 86_401_000):
        return None
    return datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day - 1, milliseconds=millisecond)
