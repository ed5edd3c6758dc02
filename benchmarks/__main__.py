"""Every promise in one table. Run: ``python -m benchmarks [FOLDER]``; FOLDER holds the generated stack and is kept."""

import os
import sys
import tempfile
from pathlib import Path

from benchmarks import (
    annotations,
    catalog,
    change_area,
    change_dates,
    change_injected,
    change_live,
    change_map,
    change_placebo,
    change_rates,
    change_speed,
    coverage,
    frame,
    front,
    ingest,
    memory,
    readers,
    review,
    screen,
    series,
)
from benchmarks.table import show


def main() -> None:
    """Generate the stack if needed, measure everything and print one table."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.gettempdir()) / "nightglass-bench"
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    rows = []
    for part in (frame, series, memory, screen):
        rows += part.run(folder / "stack")
    for part in (
        ingest,
        readers,
        catalog,
        front,
        annotations,
        coverage,
        review,
        change_map,
        change_rates,
        change_speed,
        change_placebo,
        change_injected,
        change_dates,
        change_live,
        change_area,
    ):
        rows += part.run(scratch)
    show(f"Nightglass promises, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} at the end", rows)


if __name__ == "__main__":
    main()
