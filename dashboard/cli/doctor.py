"""`nightglass doctor`: is this machine fit, and is this data directory whole?"""

import importlib.metadata
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from dashboard import __version__
from dashboard.model.assets import asset
from dashboard.model.errors import CatalogError, NightglassError
from dashboard.settings.config import load_settings

if TYPE_CHECKING:
    from dashboard.catalog.log import EventLog

LEAST_FREE_GB = 2.0
PACKAGES = (
    "panel", "panel-material-ui", "bokeh", "holoviews", "geoviews", "datashader", "numba", "xarray", "odc-geo",
    "rasterio", "cartopy", "sqlalchemy", "sqlcipher3",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    what: str
    good: bool
    said: str


def doctor(data: Annotated[Path | None, typer.Option(help="Data directory to look at.")] = None) -> None:
    """Check versions, drivers, data directory and disk; exit 1 when something is wrong."""
    findings = list(examine(data or load_settings().data))
    table = Table(box=None, pad_edge=False)
    for title in ("", "what", "found"):
        table.add_column(title)
    for finding in findings:
        table.add_row("[green]ok[/]" if finding.good else "[red]no[/]", finding.what, finding.said)
    Console().print(table, highlight=False)
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


def examine(data: Path) -> Iterator[Finding]:
    """Yield every finding; nothing is changed on disk unless the directory already exists."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("Python", sys.version_info >= (3, 11), f"{version} (3.11 or later is needed)")
    yield Finding("Nightglass", True, __version__)
    for package in PACKAGES:
        yield _package(package)
    yield _drivers()
    yield _database()
    shipped = [asset("fonts", "IBMPlexSans-Regular.woff2"), asset("style", "tokens.json"), asset("esm", "stage.js")]
    missing = [path.name for path in shipped if not path.is_file()]
    yield Finding("shipped files", not missing, "all there" if not missing else f"missing {', '.join(missing)}")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
    yield Finding("Chromium", True, chromium or "not found: only the browser tests need it")
    yield from _directory(data)


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, f"not installed: pip install {name}")


def _drivers() -> Finding:
    from dashboard.raster.drivers import missing_drivers  # noqa: PLC0415 - GDAL is slow to import

    missing = missing_drivers()
    return Finding("raster drivers", not missing, "GTiff, COG" if not missing else f"missing {', '.join(missing)}")


def _database() -> Finding:
    from dashboard.catalog.engine import SQLITE_VERSION, check_sqlite  # noqa: PLC0415 - as above

    try:
        check_sqlite()
    except NightglassError as error:
        return Finding("SQLite", False, str(error))
    return Finding("SQLite", True, f"{SQLITE_VERSION} (3.51.3 or later is needed)")


def _log(log: "EventLog") -> Finding:
    try:
        log.verify()
    except CatalogError as error:
        return Finding("event log", False, str(error))
    number, digest = log.head()
    head = f", head {digest}" if number else ""
    return Finding("event log", True, f"{number:,} events, chain verified{head}")


def _directory(data: Path) -> Iterator[Finding]:
    place = next((folder for folder in (data, *data.resolve().parents) if folder.is_dir()), Path("/"))
    free = shutil.disk_usage(place).free / 1e9
    yield Finding("disk", free >= LEAST_FREE_GB, f"{free:.1f} GB free at {place} ({LEAST_FREE_GB:g} GB are wanted)")
    if not data.is_dir():
        yield Finding("data directory", True, f"{data} does not exist yet; it is made by the first ingest")
        return
    from dashboard.workflows.workspace import open_workspace  # noqa: PLC0415 - as above

    try:
        with open_workspace(data) as workspace:
            yield _log(workspace.catalog.log)
            count = workspace.catalog.acquisitions.count()
            gone = [
                file.path
                for acq in workspace.catalog.acquisitions.find()
                if acq.pixels is not None
                for file in acq.pixels.files
                if not (workspace.archive.root / file.path).is_file()
            ]
    except NightglassError as error:
        yield Finding("data directory", False, str(error))
        return
    lost = f", {len(gone)} archived files are missing, first {gone[0]}" if gone else ""
    yield Finding("data directory", not gone, f"{data}: {count} acquisitions{lost}")
