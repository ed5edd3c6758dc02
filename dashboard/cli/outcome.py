"""What came of taking things in: a table of results, failures as one line each, the exit code of the first."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from dashboard.workflows.ingest import IngestEntry

MAX_ROWS = 40
"""Rows of the table per kind of result; failures are all printed."""


def show(entries: "Sequence[IngestEntry]", remark: str = "") -> None:
    """Print what came of it, and a remark; leave with the exit code of the first failure."""
    console, errors = Console(), Console(stderr=True)
    done = [entry for entry in entries if not entry.failed]
    if done:
        console.print(_table(done))
    for entry in entries:
        if entry.failed:
            errors.print(f"nightglass: {entry.message}", highlight=False, markup=False, soft_wrap=True)
    counts = Counter("failed" if entry.failed else entry.status for entry in entries)
    console.print(", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or "nothing found", highlight=False)
    if remark:
        errors.print(remark, highlight=False, markup=False, soft_wrap=True)
    code = next((entry.exit_code for entry in entries if entry.failed), 0)
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
