"""What several commands ask alike: a box, a period, the workspace; and the bar that they show."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from dashboard.model.dtg import parse_moment
from dashboard.model.errors import InputError
from dashboard.model.progress import Progress, Report
from dashboard.settings.config import load_settings

if TYPE_CHECKING:
    from dashboard.workflows.workspace import Workspace

Box = tuple[float, float, float, float]
ALIASES = "aliases.toml"
Data = Annotated[Path | None, typer.Option("--data", help="Data directory; by default the one in the settings.")]
BoxOption = Annotated[
    Box | None, typer.Option("--bbox", metavar="W S E N", help="Only what touches this box, degrees.")
]
PeriodOption = Annotated[
    str | None, typer.Option("--time", metavar="FROM/TO", help="ISO 8601 or 061530ZMAY24; either end may be empty.")
]

BEGINNING, END = "1900-01-01T00:00:00Z", "2200-01-01T00:00:00Z"
DAY = len("2024-05-06")


def box(given: Box | None) -> Box | None:
    """Return a box on the globe; west > east crosses the antimeridian.

    Raises
    ------
    InputError
        If it is none.
    """
    if given is None:
        return None
    west, south, east, north = given
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90 and west != east):
        raise InputError(f"--bbox {given} is no box on the globe; give west south east north in degrees.")
    return given


def period(text: str | None) -> tuple[datetime, datetime] | None:
    """Return both ends of ``FROM/TO``, UTC; a day alone means all of it, an empty end means any time.

    Raises
    ------
    InputError
        If it is no period.
    """
    if text is None:
        return None
    first, slash, last = (part.strip() for part in text.partition("/"))
    if not slash:
        last = first
    if not first and not last:
        raise InputError(f"--time is {text[:60]!r}; give FROM/TO, such as 2024-05-01/2024-05-31.")
    start, stop = parse_moment(first or BEGINNING), parse_moment(last or END)
    if last and len(last) == DAY and last.count("-") == 2:
        stop += timedelta(days=1) - timedelta(microseconds=1)
    if stop < start:
        raise InputError(f"--time {text[:60]!r} ends before it begins; exchange both.")
    return start, stop


def data_root(given: Path | None) -> Path:
    """Return the data directory asked for, or that of the settings."""
    return load_settings().data if given is None else given


def existing_workspace(given: Path | None) -> "Workspace":
    """Return the workspace, which must be there already.

    Raises
    ------
    InputError
        If the directory holds no catalogue.
    """
    from dashboard.workflows.workspace import open_workspace  # noqa: PLC0415 - the database is slow to import

    root = data_root(given)
    if not (root / "catalog.sqlite").is_file():
        raise InputError(f"{root} holds no Nightglass data; give its directory with --data.")
    return open_workspace(root)


@contextmanager
def bar(text: str = "reading") -> Iterator[Report]:
    """Show a progress bar on standard error while the block runs; give the function that moves it."""
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    with Bar(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(text, total=1.0)

        def move(progress: Progress) -> None:
            shown.update(task, completed=progress.done, description=progress.text)

        yield move


def aliases_in(data: Path) -> Path | None:
    """Return the names of fields that a data directory keeps for itself, in place of those shipped, or None."""
    kept = data / ALIASES
    return kept if kept.is_file() else None
