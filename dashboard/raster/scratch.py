"""Files that appear whole or not at all."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rasterio._err import CPLE_BaseError  # GDAL's own errors have no public name in rasterio
from rasterio.errors import RasterioError

from dashboard.model.errors import DiskFullError

_NEARLY_NOTHING = 2**20


@contextmanager
def scratch(path: Path, needed: int) -> Iterator[Path]:
    """Give a private folder beside `path`, on the same file system, removed whatever happens.

    Parameters
    ----------
    path : the file that is going to be made; its folder exists
    needed : bytes that the work is expected to take, for the message

    Raises
    ------
    DiskFullError
        In place of whatever the lower layers say when there is no room left.
    """
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield folder
    except (RasterioError, CPLE_BaseError, OSError) as error:
        full = _means_full(error, folder)
        shutil.rmtree(folder, ignore_errors=True)
        free = shutil.disk_usage(path.parent).free
        # Making a pyramid fails with many words; when it did and could not have fitted, this is the one that helps.
        if full or (isinstance(error, CPLE_BaseError) and free < needed):
            raise DiskFullError(
                f"No room to write {path}: it takes about {needed:,} bytes and {free:,} are free. "
                "Free some space or move the archive; nothing half-written was left behind."
            ) from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(finished: Path, path: Path) -> None:
    """Make a finished scratch file appear as `path` in one step that survives a power cut."""
    with finished.open("rb") as file:
        os.fsync(file.fileno())
    finished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _means_full(error: BaseException, folder: Path) -> bool:
    if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error):
        return True
    # libtiff often says only that a write failed; with the scratch files still there, next to no room left says why.
    return shutil.disk_usage(folder).free < _NEARLY_NOTHING
