"""Promise: resident memory after 1,000 random views is at most 1 GB, and flat.

Random acquisitions, zooms and places, through the archive's default cache of decoded blocks.

Run: ``python -m benchmarks.memory [FOLDER]``
"""

from pathlib import Path

import numpy as np
import psutil

from benchmarks.frame import ZOOMS, frame, view
from benchmarks.stackgen import folder_argument, stack
from benchmarks.table import Row, show
from dashboard.raster.archive import Archive

VIEWS = 1000


def run(stack_dir: Path) -> list[Row]:
    """Look at random places; sample the resident memory of this process on the way."""
    items = stack(stack_dir)
    rng = np.random.default_rng(11)
    process = psutil.Process()
    samples = {}
    with Archive(stack_dir) as archive:
        for n in range(VIEWS + 1):
            if n % (VIEWS // 4) == 0:
                samples[n] = process.memory_info().rss / 1e6
            item = items[int(rng.integers(len(items)))]
            frame(archive, item, view(rng, item, int(rng.choice(ZOOMS))))
        cached = archive.cached_bytes / 1e6
    course = ", ".join(f"{n}: {rss:.0f}" for n, rss in samples.items())
    figure = f"{samples[VIEWS]:.0f} MB"
    note = f"MB after so many views: {course}; {cached:.0f} MB of it decoded blocks"
    return [
        Row(promise=f"memory after {VIEWS} random views", figure=figure, target="<= 1 GB, flat", peer="", note=note)
    ]


def main() -> None:
    folder = folder_argument(__doc__)
    show("Resident memory", run(folder))


if __name__ == "__main__":
    main()
