"""`nightglass coverage`: who looked at an area, how much and how late."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashboard.model.coverage import Box, Coverage, ProviderCoverage, Scope
from dashboard.model.dtg import iso, parse_moment
from dashboard.model.errors import InputError, NotFoundError
from dashboard.settings.config import load_settings

if TYPE_CHECKING:
    from dashboard.workflows.workspace import Workspace

_MOST = ("from", "looks", "products", "with pixels", "known only", "seen", "last look", "age", "longest gap",
         "median revisit", "delay median", "90 %", "worst", "not stated")  # fmt: skip

Data = Annotated[Path | None, typer.Option("--data", help="Data directory; by default the one in the settings.")]
Corners = Annotated[
    tuple[float, float, float, float] | None,
    typer.Option("--bbox", metavar="WEST SOUTH EAST NORTH", help="Degrees; west > east crosses the antimeridian."),
]
Area = Annotated[str | None, typer.Option("--area", help="Name of an area of the catalogue, instead of --bbox.")]
Period = Annotated[
    str | None,
    typer.Option("--time", metavar="FROM/TO", help="061530ZMAY24 or ISO 8601, UTC; `..` or nothing leaves one open."),
]


def show_coverage(
    data: Data = None,
    *,
    bbox: Corners = None,
    area: Area = None,
    time: Period = None,
    known_at: Annotated[str | None, typer.Option(metavar="TIME", help="As it was known then.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, times in seconds, instead of a table.")] = False,
) -> None:
    """Print looks, gaps and delays of every provider over an area and a period."""
    from dashboard.workflows.coverage import coverage  # noqa: PLC0415 - the database is slow to import
    from dashboard.workflows.coverage_table import separated  # noqa: PLC0415

    start, end = _period(time)
    scope = Scope(
        start=None if start is None else parse_moment(start),
        end=None if end is None else parse_moment(end),
        known_at=None if known_at is None else parse_moment(known_at),
    )
    with _workspace(data) as workspace:
        found = coverage(workspace, scope, _box(workspace, bbox, area))
    console = Console()
    if as_csv:
        console.print(separated(found, ","), highlight=False, markup=False, soft_wrap=True, end="")
        return
    console.print(_table(found))
    if found.optical:
        console.print(f"{found.optical:,} visible-band acquisitions are not counted", highlight=False)


def _period(words: str | None) -> tuple[str | None, str | None]:
    if words is None:
        return None, None
    start, mark, end = words.partition("/")
    if not mark:
        msg = f"--time {words!r} is no period; write FROM/TO, e.g. 2024-05-01/2024-06-01, or FROM/.. for an open end."
        raise InputError(msg)
    return tuple(None if part.strip() in ("", "..") else part for part in (start, end))  # type: ignore[return-value]


def _box(workspace: "Workspace", bbox: Box | None, area: str | None) -> Box:
    if (bbox is None) == (area is None):
        raise InputError("Give the place once: --bbox WEST SOUTH EAST NORTH, or --area NAME.")
    if bbox is not None:
        return bbox
    known = {found.name: found.bbox for found in workspace.catalog.areas.all()}
    if area not in known:
        msg = f"No area {area!r} in the catalogue; there are {', '.join(known) or 'none'}. Or give --bbox."
        raise NotFoundError(msg)
    return known[area]


def _workspace(data: Path | None) -> "Workspace":
    from dashboard.workflows.workspace import open_workspace  # noqa: PLC0415 - as above

    root = load_settings().data if data is None else data
    if not (root.expanduser() / "catalog.sqlite").is_file():
        msg = f"{root} holds no Nightglass data; give its directory with --data."
        raise InputError(msg)
    return open_workspace(root)


def _table(found: Coverage) -> Table:
    since = "since ever" if found.start is None else f"from {iso(found.start)}"
    west, south, east, north = found.bbox
    title = f"Coverage of {west:g} {south:g} {east:g} {north:g}, {since} until {iso(found.as_of)}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for at, name in enumerate(_MOST):
        table.add_column(name, justify="right" if at else "left", overflow="fold")
    for row in (*found.rows, found.total):
        table.add_row(*map(Text, _values(row)))
    return table


def _values(row: ProviderCoverage) -> Iterable[str]:
    from dashboard.render.coverage.classes import words  # noqa: PLC0415 - as above

    late = row.delay
    times = (row.age_s, row.gap_s, row.revisit_s, late.median_s, late.p90_s, late.worst_s)
    return (
        row.provider or "all", f"{row.looks:,}", f"{row.products:,}", f"{row.with_pixels:,}", f"{row.known_only:,}",
        f"{100 * row.share:.1f} %", "–" if row.last is None else iso(row.last),
        *("–" if seconds is None else words(seconds) for seconds in times), f"{late.not_stated:,}",
    )  # fmt: skip
