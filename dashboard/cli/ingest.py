"""`nightglass ingest` and `nightglass ingest-frontline`: a bar while it runs, a table of what came of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dashboard.cli.asking import Data, aliases_in, bar, data_root
from dashboard.cli.outcome import show
from dashboard.model.errors import InputError
from dashboard.model.handling import Handling, Rank
from dashboard.settings.config import load_settings

Paths = Annotated[list[Path], typer.Argument(help="Files and folders.", show_default=False)]
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
    folder = data_root(data)
    given = Given(
        time=_moment(time, "--time"),
        dem=dem,
        aliases=aliases_in(folder) if aliases is None else aliases,
        ceiling=ceiling,
    )
    with open_workspace(folder) as workspace, bar() as report:
        entries = ingest(workspace, paths, given=given, dry_run=dry_run, report=report)
    show(entries)


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
    with open_workspace(data_root(data)) as workspace, bar() as report:
        entries = ingest_frontlines(workspace, paths, provider=provider, options=options, report=report)
    show(entries)


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
    with open_workspace(data_root(data)) as workspace, bar() as report:
        entries = ingest_outlines(workspace, paths, options=options, report=report)
    show(entries)


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"{option} is {text[:40]!r}, which is not a time; give ISO 8601 such as 2024-05-06T15:30:00Z."
        raise InputError(msg) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
