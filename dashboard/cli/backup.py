"""`nightglass backup` and `nightglass restore`: the catalogue into one verified file, and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from dashboard.cli.asking import bar
from dashboard.settings.config import load_settings

if TYPE_CHECKING:
    from dashboard.catalog.backup import Backup

CATALOG = "catalog.sqlite"
"""Name of the catalogue in a data directory."""
NO_PIXELS = "The pixels of the archive are not in it: copy the folder `archive` of the data directory as well."

Data = Annotated[Path | None, typer.Option("--data", help="Data directory; by default the one in the settings.")]


def backup_catalog(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write.", show_default=False)],
    data: Data = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
) -> None:
    """Write the catalogue into one file and verify it; others may go on working. The archive's pixels are not in it."""
    from dashboard.catalog.backup import backup  # noqa: PLC0415 - the database is slow to import

    with bar("copying") as report:
        made = backup(_catalog(data), file, force=force, report=report)
    console = Console()
    console.print(f"{made.path}: {made.bytes:,} bytes, {_chain(made)}", highlight=False, markup=False, soft_wrap=True)
    console.print(NO_PIXELS, highlight=False, markup=False, soft_wrap=True)


def restore_catalog(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.", show_default=False)], data: Data = None
) -> None:
    """Verify a backup and put it in the catalogue's place; what was there is kept beside it. Stop the server first."""
    from dashboard.catalog.backup import restore  # noqa: PLC0415 - as above

    with bar("copying") as report:
        done = restore(file, _catalog(data), report=report)
    lines = [f"{done.path}: as in {done.backup.path}, {_chain(done.backup)}"]
    if done.kept is not None:
        lines.append(f"The catalogue that was there is kept as {done.kept}.")
    lines.append("A backup holds no pixels: `nightglass doctor` says whether any are missing from the archive.")
    Console().print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)


def _catalog(data: Path | None) -> Path:
    return (load_settings().data if data is None else data).expanduser() / CATALOG


def _chain(made: "Backup") -> str:
    if made.events is None:
        return f"pages verified (schema {made.schema}; it will be upgraded when it is opened)"
    head = f", head {made.head}" if made.events else ""
    return f"pages and chain of {made.events:,} events verified{head}"
