"""What lies in the folder of a product."""

from pathlib import Path

from dashboard.model.errors import DamagedProductError

MOST_FILES = 20_000
"""In one folder: an order of thousands of tiles has fewer."""


def files_in(folder: Path) -> list[Path]:
    """Return the plain files of a folder by name; links are none.

    Raises
    ------
    DamagedProductError
        If the folder cannot be listed or holds more than `MOST_FILES` files.
    """
    try:
        found = sorted(file for file in folder.iterdir() if file.is_file() and not file.is_symlink())
    except OSError as error:
        msg = f"{folder.name} cannot be listed ({error.strerror}); check its permissions."
        raise DamagedProductError(msg) from error
    if len(found) > MOST_FILES:
        msg = f"{folder.name} holds {len(found):,} files; the limit is {MOST_FILES:,}. Give one product at a time."
        raise DamagedProductError(msg)
    return found
