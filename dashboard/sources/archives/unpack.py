"""Zip and tar archives into a folder, entry by entry, believing nothing that they say."""

import errno
import gzip
import io
import shutil
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

from dashboard.model.errors import DamagedProductError, DiskFullError, NightglassError
from dashboard.sources.archives.limits import MOST_BYTES, Names, Sizes

CHUNK = 2**20
MOST_HEADER_BYTES = 32 * 2**20
"""Of a zip's directory or a tar's header: the libraries read those at once."""
PLAIN = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Ways of packing that unpack in little memory."""
ENCRYPTED = 0x1
SPARE_BYTES = 256 * 2**20
"""Left free on the disk."""
BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, OverflowError, LookupError,
)  # fmt: skip
"""What the libraries raise over archives that are damaged."""


def is_zip(head: bytes) -> bool:
    """Whether a file's first bytes are those of a zip."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def is_tar(head: bytes) -> bool:
    """Whether a file's first bytes are those of a tar."""
    return head[257:262] == b"ustar"


def is_packed_tar(head: bytes) -> bool:
    """Whether a file's first bytes are those of a gzipped tar."""
    if not head.startswith(b"\x1f\x8b\x08"):
        return False
    try:
        return is_tar(zlib.decompressobj(31).decompress(head, 1024))
    except zlib.error:
        return False


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive into an empty folder.

    Raises
    ------
    DamagedProductError
        If it is damaged, encrypted, too large, or has entries that are no plain files inside the folder.
    DiskFullError
        If there is no room.
    """
    with archive.open("rb") as stream:
        head = stream.read(4096)
    try:
        if is_zip(head):
            _unpack_zip(archive, folder)
        elif is_tar(head):
            with archive.open("rb") as stream:
                _unpack_tar(archive, _Bounded(stream), folder)
        else:
            with gzip.open(archive, "rb") as stream:
                _unpack_tar(archive, _Bounded(stream), folder)
    except NightglassError:
        raise
    except BROKEN as error:
        raise _damaged(archive.name, error) from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise _no_room(archive.name, 0, folder) from error
        raise _damaged(archive.name, error) from error


def _unpack_zip(archive: Path, folder: Path) -> None:
    with archive.open("rb") as stream, zipfile.ZipFile(_Bounded(stream)) as held:
        places = _zip_places(archive, held)
        needed = sum(info.file_size for info, _ in places)
        if shutil.disk_usage(folder).free < needed + SPARE_BYTES:
            raise _no_room(archive.name, needed, folder)
        for info, place in places:
            with held.open(info) as source:
                _write(source, folder / place, info.file_size, archive.name)


def _zip_places(archive: Path, held: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, Path]]:
    """Check every entry before the first is unpacked."""
    name = archive.name
    names, sizes, found = Names(name), Sizes(name, archive.stat().st_size), []
    for info in held.infolist():
        if info.flag_bits & ENCRYPTED:
            msg = f"{name}: {info.filename[:80]!r} is encrypted; unpack it with its password and give the folder."
            raise DamagedProductError(msg)
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.is_dir():
            names.folder(info.orig_filename)
            continue
        if kind not in {0, stat.S_IFREG}:
            raise _no_file(name, info.filename)
        if info.compress_type not in PLAIN:
            entry = info.filename[:80]
            msg = f"{name}: {entry!r} is packed in way {info.compress_type}; only stored and deflated are read."
            raise DamagedProductError(msg)
        sizes.add(info.filename, info.file_size)
        # The library cuts names at a NUL and turns backslashes: judge what the archive really says.
        found.append((info, Path(names.file(info.orig_filename))))
    return found


def _unpack_tar(archive: Path, stream: "_Bounded", folder: Path) -> None:
    name = archive.name
    names, sizes = Names(name), Sizes(name, archive.stat().st_size)
    with tarfile.open(fileobj=stream, mode="r:") as held:
        for member in held:
            if member.isdir():
                names.folder(member.name)
                continue
            if not member.isreg() or member.issparse():
                raise _no_file(name, member.name)
            sizes.add(member.name, member.size)
            place = Path(names.file(member.name))
            if shutil.disk_usage(folder).free < member.size + SPARE_BYTES:
                raise _no_room(name, sizes.total, folder)
            source = held.extractfile(member)
            if source is None:
                raise _no_file(name, member.name)
            _write(source, folder / place, member.size, name)


def _write(source: IO[bytes], path: Path, size: int, name: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with path.open("xb") as target:
        while chunk := source.read(CHUNK):
            written += len(chunk)
            target.write(chunk)
    if written != size:
        msg = f"{name}: {path.name} breaks off after {written:,} of {size:,} bytes; fetch the archive again."
        raise DamagedProductError(msg)


class _Bounded(io.RawIOBase):
    """A stream of which no more than a header's size is read at once, nor more than a product's in all."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        self._stream = stream
        self._read = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > MOST_HEADER_BYTES:
            msg = f"its directory has {size:,} bytes; the limit is {MOST_HEADER_BYTES:,}"
            raise ValueError(msg)
        found = self._stream.read(-1 if size is None else size)
        self._read += len(found)
        if self._read > 2 * MOST_BYTES:
            raise ValueError("it unpacks without end")
        return found

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  any buffer
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def _damaged(name: str, error: Exception) -> DamagedProductError:
    if "CRC" in str(error):
        msg = f"{name} does not match its checksum ({error}); it is damaged. Fetch it again."
    else:
        msg = f"{name} is damaged or truncated and cannot be unpacked ({str(error)[:160]}). Fetch it again."
    return DamagedProductError(msg)


def _no_file(name: str, entry: str) -> DamagedProductError:
    msg = f"{name}: the entry {entry[:80]!r} is a link, a device or the like; only plain files are unpacked."
    return DamagedProductError(msg)


def _no_room(name: str, needed: int, folder: Path) -> DiskFullError:
    free = shutil.disk_usage(folder).free
    msg = (
        f"No room to unpack {name}: it takes {needed:,} bytes and {free:,} are free in {folder.parent.parent}. "
        "Free some space, or point TMPDIR to a larger disk; nothing was left behind."
    )
    return DiskFullError(msg)
