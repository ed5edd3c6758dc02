"""All readers, and the walk through what a person hands over."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from dashboard.model.errors import DamagedProductError, NightglassError, UnknownProductError
from dashboard.sources.alos.reader import AlosReader
from dashboard.sources.archives.reader import ArchiveReader
from dashboard.sources.blacksky.reader import BlackSkyReader
from dashboard.sources.capella.reader import CapellaReader
from dashboard.sources.cosmo.reader import CosmoReader
from dashboard.sources.geotiff import GeoTiffReader
from dashboard.sources.iceye.legacy import IceyeLegacyReader
from dashboard.sources.iceye.reader import IceyeReader
from dashboard.sources.maxar.reader import MaxarReader
from dashboard.sources.nitf.reader import NitfReader
from dashboard.sources.opera import OperaReader
from dashboard.sources.product import NOTHING_GIVEN, Found, Given, NotRead, Reader, System
from dashboard.sources.qps.reader import QpsReader
from dashboard.sources.sentinel1.reader import Sentinel1Reader
from dashboard.sources.stac.reader import StacReader
from dashboard.sources.uav.reader import UavReader
from dashboard.sources.umbra.reader import UmbraReader
from dashboard.sources.worker import Worker


def _contents(folder: Path, given: Given) -> Iterator[Found]:
    """Yield what an unpacked archive holds."""
    return products(folder, given)


READERS: tuple[Reader, ...] = (
    ArchiveReader(_contents),
    OperaReader(),
    IceyeReader(),
    IceyeLegacyReader(),
    CapellaReader(),
    AlosReader(),
    CosmoReader(),
    MaxarReader(),
    BlackSkyReader(),
    NitfReader(),
    Sentinel1Reader(),
    QpsReader(),
    UmbraReader(),
    StacReader(),
    UavReader(),
    GeoTiffReader(),
)
"""In order of precedence among equals."""

IMAGERY_SUFFIXES = frozenset(
    [
        ".tif",
        ".tiff",
        ".ntf",
        ".nitf",
        ".nsf",
        ".h5",
        ".hdf5",
        ".vrt",
        ".zip",
        ".gz",
        ".tgz",
        ".tar",
        ".safe",
        ".jp2",
        ".til",
    ]
)
"""In a folder, an unrecognised file with one of these is reported; others are no products and passed over."""


def products(path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
    """Yield what a file or a folder holds, one product after the other.

    A folder is walked in order of names, side-cars before the files they describe; what fails inside it is yielded
    as `NotRead` and the walk goes on.

    Parameters
    ----------
    path : file or folder; links are not followed
    given : what the person states beside the product

    Raises
    ------
    UnknownProductError
        If no reader recognises the file, or anything in the folder; the message says what was looked for.
    InputError
        If the one file cannot be used.
    """
    if path.is_dir():
        yield from _walk(path, given)
        return
    yield from _read_by(reader_of(path), path, given)


@cache
def worker() -> Worker:
    """Return the process that reads vendor formats; it starts with the first question."""
    return Worker({reader.name: reader for reader in READERS})


def systems() -> tuple[System, ...]:
    """Return every system that is read, in the order of the readers."""
    return tuple(system for reader in READERS for system in reader.systems)


def reader_of(path: Path) -> Reader:
    """Return the reader that is surest of a file.

    Raises
    ------
    DamagedProductError
        If the file is missing, unreadable or empty.
    UnknownProductError
        If no reader recognises it.
    """
    try:
        size = path.stat().st_size
        scores = [reader.sniff(path) for reader in READERS] if size else []
    except OSError as error:
        msg = f"{path.name} cannot be read ({error.strerror}); check the path and its permissions."
        raise DamagedProductError(msg) from error
    if not size:
        msg = f"{path.name} is empty (0 bytes); fetch it again."
        raise DamagedProductError(msg)
    best = max(scores)
    if best <= 0.0:
        msg = f"{path.name} is no product that Nightglass reads{_what_it_is(path)}. {looked_for()}"
        raise UnknownProductError(msg)
    return READERS[scores.index(best)]


def looked_for() -> str:
    """Return the sentence that says what is recognised."""
    return "It looks for " + "; ".join(reader.looks_for for reader in READERS) + "."


def _read_by(reader: Reader, path: Path, given: Given) -> Iterator[Found]:
    if isinstance(reader, ArchiveReader):  # unpacks here; what is inside goes to the other process again
        return reader.read(path, given)
    return worker().read(reader.name, path, given)


def _walk(folder: Path, given: Given) -> Iterator[Found]:
    claimed: set[Path] = set()
    recognised = False
    closed: list[OSError] = []
    for path in sorted(_files(folder, closed.append), key=lambda p: (p.parent, p.suffix.lower() != ".json", p.name)):
        if path in claimed:
            continue
        for found in _read_one(path, given):
            claimed.update(found.paths)
            recognised = True
            yield found
    yield from map(_not_listed, closed)
    if not recognised and not closed:
        msg = f"{folder.name} holds no product that Nightglass reads. {looked_for()}"
        raise UnknownProductError(msg)


def _files(folder: Path, refused: Callable[[OSError], None]) -> Iterator[Path]:
    """Yield every plain file below a folder that is not hidden, and tell of folders that may not be listed."""
    for root, folders, names in os.walk(folder, onerror=refused):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(root, name) for name in names if not name.startswith(".")):
            if path.is_file() and not path.is_symlink():
                yield path


def _not_listed(error: OSError) -> NotRead:
    path = Path(os.fsdecode(error.filename))
    named = DamagedProductError(f"{path.name} cannot be listed ({error.strerror}); check its permissions.")
    return NotRead(path=path, name=path.name, reason=str(named), error=named)


def _read_one(path: Path, given: Given) -> Iterator[Found]:
    """Yield what one file of a folder holds, errors included."""
    try:
        yield from _read_by(reader_of(path), path, given)
    except UnknownProductError as error:
        if path.suffix.lower() in IMAGERY_SUFFIXES:
            yield NotRead(path=path, name=path.name, reason=str(error), error=error)
    except NightglassError as error:
        yield NotRead(path=path, name=path.name, reason=str(error), error=error)


def _what_it_is(path: Path) -> str:
    """Return a remark on kinds of file that people try and that are not read."""
    with path.open("rb") as stream:
        head = stream.read(1024)
    if b"<VRTDataset" in head:
        return " (it is a VRT, which can name any file: give the files themselves)"
    if head.startswith(b"\x89HDF"):
        return " (it is HDF5)"
    return ""
