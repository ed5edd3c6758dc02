"""`nightglass ingest` and `nightglass ingest-frontline`: a bar while it runs, a table of what came of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from dashboard.cli.asking import aliases_in
from dashboard.model.errors import InputError
from dashboard.model.handling import Handling, Rank
from dashboard.model.progress import Progress, Report
from dashboard.settings.config import load_settings

if TYPE_CHECKING:
    from dashboard.workflows.ingest import IngestEntry

MAX_ROWS = 40
"""Rows of the table per kind of outcome; failures are all printed."""

Paths = Annotated[list[Path], typer.Argument(help="Files and folders.", show_default=False)]
Data = Annotated[Path | None, typer.Option("--data", help="Data directory; by default the one in the settings.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


def ingest_products(
    paths: Paths,
    data: Data = None,
    *,
    dry_run: DryRun = False,
    time: Annotated[
        str | None, typer.Option("--time", metavar="ISO", help="UTC time of products that state none.")
    ] = None,
    dem: Annotated[
        Path | None,
        typer.Option("--dem", help="GeoTIFF of ellipsoidal heights for products in radar geometry; else one height."),
    ] = None,
    aliases: Annotated[
        Path | None,
        typer.Option("--aliases", help="TOML of field names for formats without a public specification."),
    ] = None,
) -> None:
    """Archive products and record them; `nightglass sources` lists what is read."""
    from dashboard.sources.product import Given  # noqa: PLC0415 - GDAL is slow to import
    from dashboard.workflows.ingest import ingest  # noqa: PLC0415
    from dashboard.workflows.workspace import open_workspace  # noqa: PLC0415

    ceiling = Rank(load_settings().ceiling)
    folder = _data(data)
    given = Given(
        time=_moment(time, "--time"),
        dem=dem,
        aliases=aliases_in(folder) if aliases is None else aliases,
        ceiling=ceiling,
    )
    with open_workspace(folder) as workspace, _bar() as report:
        entries = ingest(workspace, paths, given=given, dry_run=dry_run, report=report)
    _finish(entries)


def ingest_fronts(  # noqa: PLR0913 - the options of a command are its interface
    paths: Paths,
    provider: Annotated[str, typer.Option("--provider", help="Name of the layer, e.g. deepstate.")],
    data: Data = None,
    *,
    valid_from: Annotated[
        str | None, typer.Option("--valid-from", metavar="ISO", help="UTC time of files that state none.")
    ] = None,
    credit: Annotated[str, typer.Option("--credit", help="Credit line that every export must carry.")] = "",
    retrieved: Annotated[
        str | None,
        typer.Option("--retrieved", metavar="ISO", help="UTC time since when the files are known; else now."),
    ] = None,
    shrink: Annotated[
        float | None,
        typer.Option("--shrink", metavar="PERCENT", help="Loss of a side's ground above which a snapshot is held; 5."),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Record frontline snapshots: GeoJSON, GeoParquet with a date, KML, KMZ. A sudden shrink is held for a person."""
    from dashboard.workflows.held import SHRINK_SHARE  # noqa: PLC0415 - GEOS is slow to import
    from dashboard.workflows.ingest_frontline import FrontOptions, ingest_frontlines  # noqa: PLC0415
    from dashboard.workflows.workspace import open_workspace  # noqa: PLC0415

    handling = Handling(attributions=frozenset({credit} if credit else ()))
    options = FrontOptions(
        valid_from=_moment(valid_from, "--valid-from"),
        handling=handling,
        retrieved=_moment(retrieved, "--retrieved"),
        shrink=SHRINK_SHARE if shrink is None else shrink / 100,
        dry_run=dry_run,
    )
    with open_workspace(_data(data)) as workspace, _bar() as report:
        entries = ingest_frontlines(workspace, paths, provider=provider, options=options, report=report)
    _finish(entries)


def ingest_areas(
    paths: Paths,
    data: Data = None,
    *,
    name_field: Annotated[str | None, typer.Option("--name", help="Property that holds the name.")] = None,
    level: Annotated[str | None, typer.Option("--level", help="Kind of unit, e.g. oblast.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Give names that are there other ground.")] = False,
) -> None:
    """Record outlines of administrative areas, by which ground is counted: GeoJSON."""
    from dashboard.workflows.ingest_outlines import OutlineOptions, ingest_outlines  # noqa: PLC0415
    from dashboard.workflows.workspace import open_workspace  # noqa: PLC0415

    options = OutlineOptions(name_field=name_field, level=level, replace=replace)
    with open_workspace(_data(data)) as workspace, _bar() as report:
        entries = ingest_outlines(workspace, paths, options=options, report=report)
    _finish(entries)


def _data(given: Path | None) -> Path:
    return load_settings().data if given is None else given


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"{option} is {text[:40]!r}, which is not a time; give ISO 8601 such as 2024-05-06T15:30:00Z."
        raise InputError(msg) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


@contextmanager
def _bar() -> Iterator[Report]:
    """Show a progress bar on standard error while the block runs; give the function that moves it."""
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=1.0)

        def move(progress: Progress) -> None:
            bar.update(task, completed=progress.done, description=progress.text)

        yield move


def _finish(entries: "Sequence[IngestEntry]") -> None:
    """Print what came of it, failures as one line each; leave with the exit code of the first one."""
    from dashboard.workflows.ingest import exit_code  # noqa: PLC0415

    console, errors = Console(), Console(stderr=True)
    done = [entry for entry in entries if not entry.failed]
    if done:
        console.print(_table(done))
    for entry in entries:
        if entry.failed:
            errors.print(f"nightglass: {entry.message}", highlight=False, markup=False, soft_wrap=True)
    counts = Counter("failed" if entry.failed else entry.status for entry in entries)
    console.print(", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or "nothing found", highlight=False)
    code = exit_code(entries)
    if code:
        raise typer.Exit(code)


def _table(entries: "Sequence[IngestEntry]") -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("result", "name", "remark"):
        table.add_column(title, overflow="fold")
    shown: Counter[str] = Counter()
    for entry in entries:
        shown[entry.status] += 1
        if shown[entry.status] <= MAX_ROWS:
            table.add_row(entry.status, Text(entry.id or entry.path.name), Text(entry.message))
    for status, count in shown.items():
        if count > MAX_ROWS:
            table.add_row(status, Text(f"and {count - MAX_ROWS:,} more"), "")
    return table
