"""`nightglass import-changes`: change products of others into the catalogue, with their own words as their basis."""

from pathlib import Path
from typing import Annotated

import typer

from dashboard.cli.asking import Data, bar, data_root
from dashboard.cli.outcome import show

Paths = Annotated[list[Path], typer.Argument(help="Products, or folders of them.", show_default=False)]


def import_changes(
    paths: Paths,
    data: Data = None,
    *,
    least_pixels: Annotated[
        int, typer.Option("--least-pixels", metavar="N", help="Leave smaller areas out; one pixel is 30 m.")
    ] = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Record what others found changed: OPERA DIST-ALERT-S1, each product a run to review like one's own."""
    from dashboard.workflows.import_changes import ImportOptions, import_changes  # noqa: PLC0415 - GDAL is slow
    from dashboard.workflows.workspace import open_workspace  # noqa: PLC0415

    options = ImportOptions(least_pixels=least_pixels, dry_run=dry_run)
    with open_workspace(data_root(data)) as workspace, bar() as report:
        entries = import_changes(workspace, paths, options=options, report=report)
    show(entries)
