"""The workspace: one folder that holds the archive and its catalogue."""

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from dashboard.catalog.catalog import Catalog
from dashboard.model.errors import InputError, ResourceError
from dashboard.raster.archive import Archive


@dataclass(frozen=True, slots=True)
class Workspace:
    """What every workflow works on; safe to share between threads."""

    root: Path
    """The folder."""
    archive: Archive
    """Pixels, in ``archive/``."""
    catalog: Catalog
    """What there is, in ``catalog.sqlite``."""
    scheduler: str = ""
    """``tcp://host:port`` of the Dask scheduler that searches areas; empty for workers of one's own."""

    def close(self) -> None:
        """Close the archive and the catalogue."""
        self.archive.close()
        self.catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_workspace(root: Path, *, scheduler: str = "") -> Workspace:
    """Open a workspace, creating the folder, its archive and its catalogue where they are missing.

    Parameters
    ----------
    root : the folder
    scheduler : address of the Dask scheduler for area runs; empty for workers of one's own

    Raises
    ------
    InputError
        If the path, or a part of it, is a file.
    ResourceError
        If the folder cannot be created or written.
    CatalogError
        If the catalogue in it was written by a newer Nightglass.
    """
    root = root.expanduser().absolute()
    pixels = root / "archive"
    try:
        pixels.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        msg = f"{error.filename or pixels} is a file; give the path of a folder, or of one to create."
        raise InputError(msg) from error
    except OSError as error:
        msg = f"The workspace {root} cannot be created ({error.strerror}); choose a folder you may write to."
        raise ResourceError(msg) from error
    for folder in (root, pixels):
        if not os.access(folder, os.W_OK | os.X_OK):
            msg = f"The workspace folder {folder} is not writable; change its permissions or choose another folder."
            raise ResourceError(msg)
    return Workspace(root, Archive(pixels), Catalog.open(root / "catalog.sqlite"), scheduler)
