"""The lines that every benchmark prints."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured promise."""

    promise: str
    """What was measured."""
    figure: str
    """Ours, with unit."""
    target: str
    """The promised limit, or empty where there is none."""
    peer: str
    """The peer's figure in the same run, or empty."""
    note: str = ""
    """How it was measured, as far as the script's first lines do not say."""


def show(title: str, rows: Iterable[Row]) -> None:
    """Print the rows as a table, each different note once below it."""
    rows = list(rows)
    notes = dict.fromkeys(row.note for row in rows if row.note)
    table = Table(title=title, title_justify="left", caption="\n".join(notes), caption_justify="left")
    for name in ("promise", "figure", "target", "peer"):
        table.add_column(name, no_wrap=True)
    for row in rows:
        table.add_row(row.promise, row.figure, row.target, row.peer)
    Console(width=140).print(table)


def p50_p95(seconds: list[float]) -> str:
    """Return the median and the 95th percentile of durations, in milliseconds."""
    if not seconds:
        return ""
    middle, high = np.percentile(seconds, [50, 95]) * 1e3
    return f"p50 {middle:.1f} ms, p95 {high:.1f} ms"
