"""`nightglass stac`: the catalogue out as STAC items."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from dashboard.cli.asking import Box, BoxOption, Data, PeriodOption, bar, box, existing_workspace, period
from dashboard.model.errors import InputError

if TYPE_CHECKING:
    from dashboard.workflows.workspace import Workspace

stac = typer.Typer(help="The catalogue as STAC.", no_args_is_help=True)


@stac.callback()
def about() -> None:
    """The catalogue as STAC."""


@stac.command("export")
def write_out(  # noqa: PLR0913 - the options of a command are its interface
    path: Annotated[
        Path, typer.Argument(metavar="OUT", help="New folder, or a *.parquet file for one table.", show_default=False)
    ],
    data: Data = None,
    *,
    bbox: BoxOption = None,
    area: Annotated[str | None, typer.Option("--area", help="Only what touches this area, by its name.")] = None,
    time: PeriodOption = None,
    pixels: Annotated[bool, typer.Option("--pixels", help="Copy the archived images, too.")] = False,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Leave out what may not leave, instead of refusing all of it.")
    ] = False,
) -> None:
    """Write acquisitions as a folder of STAC 1.1 items or one GeoParquet; refused where their handling forbids."""
    from dashboard.catalog.query import AcquisitionQuery  # noqa: PLC0415 - the database is slow to import
    from dashboard.workflows.stac_export import ExportOptions, export_items  # noqa: PLC0415

    if bbox is not None and area is not None:
        raise InputError("Both --bbox and --area are given; give one of them.")
    options = ExportOptions(pixels=pixels, leave_out=leave_out)
    with existing_workspace(data) as workspace, bar() as report:
        around = box(bbox) if area is None else _area(workspace, area)
        query = AcquisitionQuery(bbox=around, period=period(time))
        made = export_items(workspace, query, path, options=options, report=report)
    errors = Console(stderr=True)
    for line in made.left_out:
        errors.print(f"left out {line}", highlight=False, markup=False, soft_wrap=True)
    text = f"{made.path}: {made.count:,} items, {made.handling.banner}"
    Console().print(text, highlight=False, markup=False, soft_wrap=True)


def _area(workspace: "Workspace", name: str) -> Box:
    from dashboard.workflows.areas import areas  # noqa: PLC0415 - GEOS is slow to import

    known = {found.name: found for found in areas(workspace)}
    if name not in known:
        listed = ", ".join(sorted(known)[:8]) or "there are none yet"
        raise InputError(f"No area is named {name[:60]!r}; known are: {listed}. Or give --bbox.")
    return known[name].bbox
