"""`nightglass sources`: what is read, how well that is known, and what becomes of every field."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashboard.model.errors import NotFoundError

if TYPE_CHECKING:
    from dashboard.sources.product import System

KEY = (
    "verified: read on the provider's own products or records · documented: built from published documents, tested on "
    "synthetic products · guessed: no public document, to be confirmed"
)


def sources(
    system: Annotated[
        str | None, typer.Argument(help="Part of a system's name: shows every field of it.", show_default=False)
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of docs/sources.md.")] = False,
) -> None:
    """List the systems that are read: forms, calibration, georeference, and what the reading rests on."""
    from dashboard.sources.registry import systems  # noqa: PLC0415 - GDAL is slow to import

    console = Console()
    chosen = [row for row in systems() if system is None or system.lower() in row.name.lower()]
    if not chosen:
        msg = f"No system is called {system!r}; it reads {', '.join(row.name for row in systems())}."
        raise NotFoundError(msg)
    if as_json:
        console.print_json(json.dumps([_plain(row) for row in chosen]))
        return
    if as_markdown:
        console.print(markdown(chosen), end="", highlight=False, markup=False, soft_wrap=True)
        return
    console.print(_systems(chosen))
    if system is None:
        console.print(KEY)
        return
    for row in chosen:
        console.print(_fields(row))


def markdown(rows: "list[System]") -> str:
    """Return the table of systems as the documentation prints it."""
    lines = ["| system | forms | calibration | georeference | rests on | remarks |", "|---|---|---|---|---|---|"]
    for row in rows:
        cells = (
            row.name,
            ", ".join(row.forms),
            row.calibration,
            row.georeference,
            row.evidence.value,
            row.remarks,
        )
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _plain(system: "System") -> dict[str, Any]:
    return {**asdict(system), "evidence": system.evidence.value}


def _systems(rows: "list[System]") -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("system", "forms", "calibration", "georeference", "rests on", "remarks"):
        table.add_column(title, overflow="fold")
    for row in rows:
        cells = (
            row.name,
            ", ".join(row.forms),
            row.calibration,
            row.georeference,
            row.evidence.value,
            row.remarks,
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _fields(system: "System") -> Table:
    table = Table(title=f"{system.name}: fields", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for title in ("field", "becomes", "in the product, or why it is absent"):
        table.add_column(title, overflow="fold")
    for field in system.fields:
        table.add_row(Text(field.name), Text(field.where or "absent"), Text(field.note))
    return table
