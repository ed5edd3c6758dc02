"""The `nightglass` command: an authored error becomes one line and its exit code, never a traceback."""

import sys

import typer
from rich.console import Console

from dashboard import __version__
from dashboard.cli.annotations import annotations
from dashboard.cli.backup import backup_catalog, restore_catalog
from dashboard.cli.confirm import confirm_fields
from dashboard.cli.coverage import show_coverage
from dashboard.cli.detect import detect
from dashboard.cli.doctor import doctor
from dashboard.cli.fetch_stac import fetch
from dashboard.cli.front import front
from dashboard.cli.import_changes import import_changes
from dashboard.cli.ingest import ingest_areas, ingest_fronts, ingest_products
from dashboard.cli.serve import demo, serve
from dashboard.cli.snapshot import snapshot
from dashboard.cli.sources import sources
from dashboard.cli.stac import stac
from dashboard.cli.watch import watch
from dashboard.model.errors import NightglassError

app = typer.Typer(
    name="nightglass",
    help="SAR timelines, detected changes and frontlines over one map, and marked briefings from any view.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def nightglass() -> None:
    """Show the commands; each has its own --help."""


app.command()(serve)
app.command()(demo)
app.command()(snapshot)
app.command()(doctor)
app.command("ingest")(ingest_products)
app.command("sources")(sources)
app.command("confirm")(confirm_fields)
app.command("fetch-stac")(fetch)
app.command("watch")(watch)
app.command("ingest-frontline")(ingest_fronts)
app.command("ingest-outlines")(ingest_areas)
app.command("import-changes")(import_changes)
app.command("coverage")(show_coverage)
app.command("detect")(detect)
app.add_typer(front, name="front")
app.add_typer(annotations, name="annotations")
app.add_typer(stac, name="stac")
app.command("backup")(backup_catalog)
app.command("restore")(restore_catalog)


@app.command()
def version() -> None:
    """Print the version."""
    Console().print(f"nightglass {__version__}", highlight=False)


def run() -> None:
    """Run the command line; the one place where errors become exit codes."""
    try:
        app()
    except NightglassError as error:
        Console(stderr=True).print(f"nightglass: {error}", highlight=False, markup=False, soft_wrap=True)
        sys.exit(error.exit_code)
