"""Files that people exchange: read whole within a limit, never through a link; written whole or not at all."""

import errno
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.model.errors import DamagedProductError, DiskFullError, InputError, NightglassError, ResourceError

MAX_BYTES = 64 * 2**20
"""Of a GeoJSON or KML, unpacked, and of a GeoPackage."""


def contents(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return the bytes of a plain file.

    Raises
    ------
    InputError
        If it is missing, a symbolic link, a folder or a device.
    DamagedProductError
        If it cannot be read or is larger than the limit.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise InputError(f"{path.name} does not exist; check the path.") from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise InputError(f"{path.name} is no plain file; give a GeoJSON, KML, KMZ or GeoPackage file.")
        with os.fdopen(handle, "rb", closefd=False) as file:
            found = file.read(limit + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(handle)
    if len(found) > limit:
        msg = f"{path.name} is larger than {limit // 2**20} MB, the limit for a file of annotations; split it."
        raise DamagedProductError(msg)
    return found


def _unreadable(path: Path, error: OSError | ValueError) -> InputError:
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return InputError(f"{path.name} is a symbolic link; give the file that it points to.")
    reason = error.strerror if isinstance(error, OSError) else "its name is no path"
    return DamagedProductError(f"{path.name} cannot be read ({reason}); check the file and its permissions.")


def oversize(size: int, limit: int = MAX_BYTES) -> tuple[str, ...]:
    """Return what to say of a written file that is larger than what is read."""
    if size <= limit:
        return ()
    return (f"the file is larger than the {limit // 2**20} MB that can be read back at once: export it in parts",)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; the file or folder written there takes its name when the block ends well.

    A file replaces the one that is there; a folder only an empty one.

    Raises
    ------
    DiskFullError
        If there is no room; what was there before is untouched.
    ResourceError
        If the folder of `path` is missing or cannot be written.
    """
    part = path.with_name(f".{path.stem[:60]}.{uuid.uuid4().hex}{path.suffix}")
    try:
        yield part
        _fsync(part)
        if part.is_dir() and path.is_dir():
            path.rmdir()  # some systems do not rename over it
        part.replace(path)
        _fsync(path.absolute().parent)
    except NightglassError:
        raise
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError(f"No room for {path.name}; free some space and export again.") from error
        msg = f"{path.name} cannot be written ({error.strerror}); check the folder and its permissions."
        raise ResourceError(msg) from error
    finally:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
