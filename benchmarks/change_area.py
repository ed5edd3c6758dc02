"""Promise: an area of 20,000 x 20,000 pixels and 60 dual-pol dates in less than 4 GB of all processes together.

Measured on areas of several sizes up to a side of 6,000 pixels (unless told), at full resolution, on two workers of
one's own. Memory is that of this process and of all its workers, added up five times a second, twice: resident pages
(RSS), of which those that processes share count more than once, and proportional ones (PSS), which count each page
once: what the machine has less. What is real: every file is a whole archive COG of speckle with its pyramid, everything
is read, compared, dated, outlined and recorded. What is not: only six quiet images exist for each polarisation, and
three of them once more with 400 changed blocks for the last dates; all dates are hard links to these, in random order.

The large area's figure is an extrapolation, and says so. Time grows with the tiles. Of memory, the highest of any size
stands, for a worker holds one tile whatever the area; what this process grew from the smallest size to the largest is
taken to grow on with the ground.

Run: ``python -m benchmarks.change_area [FOLDER] [SIDE ...] [--method NAME]``
"""

import argparse
import json
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from benchmarks.family import Memory
from benchmarks.stackgen import CORNER, CRS, SPACING_M
from benchmarks.table import Row, show
from dashboard.model.acquisition import Acquisition, Calibration, Origin, PixelFile, Pixels, Quantity
from dashboard.model.progress import Progress
from dashboard.raster.write import write_cog
from dashboard.workflows.detection.area import detect_area
from dashboard.workflows.detection.question import Method, Question
from dashboard.workflows.extent import box_of
from dashboard.workflows.workspace import Workspace, open_workspace

DATES, AFTER = 60, 3
SIDES = (1500, 3000, 6000)
LARGE = 20_000
QUIET, CHANGED = 6, 400
LOOKS = 4
LIMIT_GB = 4.0
START = datetime(2024, 1, 1, 9, 30, tzinfo=UTC)
_POLARISATIONS = {"VV": 0.0, "VH": -7.0}
_INDEX = "change-area.json"


@dataclass(frozen=True, slots=True)
class _Land:
    """Fields of different brightness under speckle of 4 looks, made when read; blocks brighter or darker if asked."""

    seed: int
    size: int
    db: float
    changed: bool
    polarisations: tuple[str, ...] = tuple(_POLARISATIONS)

    @property
    def geobox(self) -> GeoBox:
        return lattice(self.size)

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        assert polarisation in self.polarisations
        rng = np.random.default_rng([self.seed, rows.start, cols.start])
        shape = rows.stop - rows.start, cols.stop - cols.start
        power = rng.standard_gamma(LOOKS, shape, dtype=np.float32) * np.float32(10 ** (self.db / 10) / LOOKS)
        fields = np.random.default_rng([rows.start // 512, 1]).uniform(0.01, 0.2, 1 + self.size // 128)
        power *= np.repeat(fields, 128)[cols].astype(np.float32)
        if self.changed:
            for (row, col, size), factor in _blocks(self.size):
                inner = power[_span(row, size, rows), _span(col, size, cols)]
                inner *= factor
        return power


def _blocks(size: int) -> list[tuple[tuple[int, int, int], np.float32]]:
    rng = np.random.default_rng(size)
    corners = zip(rng.integers(0, size - 20, (CHANGED, 2)), rng.integers(4, 16, CHANGED), strict=True)
    return [
        ((int(row), int(col), int(side)), np.float32(10 ** (rng.choice([-1, 1]) * rng.uniform(3, 6) / 10)))
        for (row, col), side in corners
    ]


def _span(start: int, size: int, window: slice) -> slice:
    return slice(max(start - window.start, 0), max(start + size - window.start, 0))


def lattice(size: int) -> GeoBox:
    """Return the 10 m grid."""
    return GeoBox((size, size), Affine(SPACING_M, 0, CORNER[0], 0, -SPACING_M, CORNER[1]), CRS)


def filled(folder: Path, size: int) -> Workspace:
    """Return the workspace, its archive made once."""
    root = folder / f"change-area-{size}"
    workspace = open_workspace(root)
    index = root / _INDEX
    wanted = {"dates": DATES, "size": size, "quiet": QUIET}
    if not index.is_file() or json.loads(index.read_text()) != wanted:
        draw = np.random.default_rng(0)
        order = [*range(QUIET), *draw.integers(0, QUIET, DATES - AFTER - QUIET), *range(QUIET, QUIET + AFTER)]
        for number, image in enumerate(order):
            workspace.catalog.acquisitions.add(_look(workspace, number, int(image), size))
        index.write_text(json.dumps(wanted))
    return workspace


def _made(folder: Path, size: int) -> None:
    filled(folder, size).close()


def _look(workspace: Workspace, number: int, image: int, size: int) -> Acquisition:
    files = []
    for place, (name, db) in enumerate(_POLARISATIONS.items()):
        path = f"bench/{number:03d}/{name}.tif"
        made, wanted = (workspace.archive.root / each for each in (f"images/{image}-{name}.tif", path))
        if not made.is_file():
            write_cog(_Land(seed=2 * (image % QUIET) + place, size=size, db=db, changed=image >= QUIET), name, made)
        wanted.parent.mkdir(parents=True, exist_ok=True)
        wanted.unlink(missing_ok=True)
        os.link(made, wanted)
        files.append(PixelFile(polarisation=name, path=path, sha256=f"{number * 2 + place:064x}"))
    start = START + timedelta(days=6 * number)
    return Acquisition(
        id=f"area-{number:03d}", constellation="bench", platform="bench-1", start=start,
        stop=start + timedelta(seconds=5), mode="IW", track=1, polarisations=tuple(_POLARISATIONS), looks=LOOKS,
        footprint=shapely.box(*box_of(lattice(size))), calibration=Calibration(valid=True, quantity=Quantity.GAMMA0),
        origin=Origin(reader="bench", reader_version="0", product_sha256=f"{number:064x}"),
        pixels=Pixels(crs=CRS, transform=tuple(lattice(size).affine)[:6], shape=(size, size), files=tuple(files)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    side: int
    seconds: float
    planned: float
    """Seconds until the first tile."""
    tiles: int
    searched: float
    """Seconds until the last tile."""
    changes: int
    memory: Memory

    def quarters(self, what: str) -> str:
        """Return the peaks in each quarter of the time that tiles took."""
        ends = np.linspace(self.planned, self.searched, 5)
        return " ".join(f"{self.memory.peak(what, a, b):.2f}" for a, b in pairwise(ends))


def measure(folder: Path, side: int, method: Method = Method.AUTO) -> _Measured:
    """Search an area once, from nothing."""
    memory, told = Memory(), []
    with filled(folder, side) as workspace:
        first = START - timedelta(days=1)
        event = START + timedelta(days=6 * (DATES - AFTER))
        asked = Question(
            before=(first, event - timedelta(hours=1)),
            after=(event, event + timedelta(days=60)),
            anchors=("area-000",),
            method=method,
        )
        start = time.perf_counter()

        def report(progress: Progress) -> None:
            told.append((time.perf_counter() - start, progress.text))

        with memory.watched():
            _, changes = detect_area(workspace, asked, bbox=box_of(lattice(side)), report=report)
        seconds = time.perf_counter() - start
    searched = [at for at, text in told if text.startswith("searched")]
    planned = next(at for at, text in told if text.startswith("searching"))
    return _Measured(
        side=side, seconds=seconds, planned=planned, tiles=len(searched), searched=searched[-1], changes=len(changes),
        memory=memory,
    )  # fmt: skip


def run(folder: Path, sides: tuple[int, ...] = SIDES, method: Method = Method.AUTO) -> list[Row]:
    """Measure every size, each in a process of its own that kept nothing of the one before, and extrapolate."""
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as alone:
        list(alone.map(partial(_made, folder), sides))
        every = list(alone.map(partial(measure, folder, method=method), sides))
    rows = []
    for one in every:
        rate = one.side**2 * DATES / one.seconds / 1e6
        rows.append(
            Row(
                promise=f"area of {one.side}² x {DATES} dual-pol",
                figure=f"{one.seconds:.0f} s, PSS {one.memory.peak('pss'):.2f} GB, RSS {one.memory.peak('rss'):.2f} GB",
                target=f"<= {LIMIT_GB:g} GB",
                peer="",
                note=f"{one.side}²: {one.tiles} tiles after {one.planned:.0f} s of measuring, {one.changes} changes, "
                f"{rate:.0f} Mpx·dates/s all in, load {os.getloadavg()[0]:.1f}; GB (PSS) measuring "
                f"{one.memory.peak('pss', 0, one.planned):.2f}, by quarter of the tiles {one.quarters('pss')}, then "
                f"{one.memory.peak('pss', one.searched):.2f}; this process {one.quarters('own')}, at the end "
                f"{one.memory.peak('own', one.searched):.2f}; largest worker {one.memory.peak('worker'):.2f} (RSS)",
            )
        )
    return [*rows, _extrapolated(every)]


def _extrapolated(every: list[_Measured]) -> Row:
    last = every[-1]
    factor = (LARGE / last.side) ** 2
    seconds = last.planned + (last.seconds - last.planned) * factor
    highest = {what: max(one.memory.peak(what) for one in every) for what in ("pss", "rss")}
    grown = max(_growth(every) * (LARGE**2 - last.side**2), 0.0)
    return Row(
        promise=f"area of {LARGE}² x {DATES}, extrapolated",
        figure=f"{seconds / 60:.0f} min, PSS {highest['pss'] + grown:.1f} GB, RSS {highest['rss'] + grown:.1f} GB",
        target=f"<= {LIMIT_GB:g} GB",
        peer="",
        note=f"extrapolated from {last.side}²: time by the ground; memory is the highest of any size, and what this "
        f"process grew from the smallest to the largest while tiles were searched, as if all of that grew with the "
        f"ground ({1e3 * grown:.0f} MB)",
    )


def _growth(every: list[_Measured]) -> float:
    """GB for each pixel of ground that this process grew by, from the smallest area to the largest."""
    first, last = every[0], every[-1]
    if first.side == last.side:
        return 0.0
    own = [one.memory.peak("own", one.planned, one.searched) for one in (first, last)]
    return (own[1] - own[0]) / (last.side**2 - first.side**2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(tempfile.gettempdir()) / "nightglass-bench"
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("sides", nargs="*", type=int, default=list(SIDES))
    parser.add_argument("--method", type=Method, default=Method.AUTO)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    show("Areas", run(given.folder, tuple(given.sides), given.method))


if __name__ == "__main__":
    main()
