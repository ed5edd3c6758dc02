"""Promise: what changed on the screen, from 60 dates of two polarisations, while the analyst pans.

A screen is 1400 x 800. The archive is simulated: 60 dates of 2,600 x 1,600 pixels, 4 looks of speckle with correlated
neighbours, a gain of its own each, 40 blocks of 3 to 6 dB in the last three. *Native* is the scale of its pixels, where
a screen shows most of them, and every one is searched; *near* a quarter, *far* twice that: then the archive's next
level answers. *Cold*: no open file, no decoded block, nothing remembered. *Warm*: files are open and the pictures'
blocks in memory, no array of this place is. *Pan*: each screen a tenth beside the last. *Rate*: another false-alarm
rate over the same ground. *A quarter* is the native screen with so small a budget that one pixel for four is searched.
*Read* is what of a cold search goes into reading. The peer reads the same pixels date by date through the archive and
computes a pooled t of the logarithms with xarray, without calibration or objects. Cores are the busy seconds of all
cores together: half of that is what a machine of two that does nothing else comes near to.

Run: ``python -m benchmarks.change_live [FOLDER]``
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from benchmarks.frame import HEIGHT, WIDTH
from benchmarks.stackgen import CORNER, CRS, SPACING_M, folder_argument
from benchmarks.table import Row, show
from dashboard.geo.mercator import RADIUS_M
from dashboard.model.acquisition import Acquisition, Calibration, Origin, PixelFile, Pixels, Quantity
from dashboard.raster.write import write_cog
from dashboard.simulate.speckle import speckle
from dashboard.workflows.detection.held import MOST_BYTES, Held
from dashboard.workflows.detection.lattice import BUDGET
from dashboard.workflows.detection.lattice import lattice as searched_grid
from dashboard.workflows.detection.live import Live, forget, live
from dashboard.workflows.detection.question import Question
from dashboard.workflows.detection.stacks import chosen_stacks
from dashboard.workflows.extent import box_of
from dashboard.workflows.workspace import Workspace, open_workspace

DATES, AFTER = 60, 3
SHAPE = (1600, 2600)
LOOKS = 4.0
TARGET = "<= 1.5 s, quiet"
START = datetime(2024, 1, 1, 9, 30, tzinfo=UTC)
_POLARISATIONS = {"VV": 0.0, "VH": -7.0}


@dataclass(frozen=True, slots=True)
class _Picture:
    power: NDArray[np.float32]
    geobox: GeoBox
    polarisations: tuple[str, ...] = tuple(_POLARISATIONS)

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        assert polarisation in self.polarisations
        return self.power[rows, cols]


def lattice() -> GeoBox:
    return GeoBox(SHAPE, Affine(SPACING_M, 0, CORNER[0], 0, -SPACING_M, CORNER[1]), CRS)


def filled(folder: Path) -> Workspace:
    """Return the workspace, its archive made once: 1.1 GB."""
    workspace = open_workspace(folder / f"change-live-{DATES}")
    there = workspace.catalog.acquisitions.count()
    rng = np.random.default_rng(7)
    ground = 0.05 * np.kron(rng.lognormal(0, 0.5, (SHAPE[0] // 50, SHAPE[1] // 50)), np.ones((50, 50)))
    event = _event(rng)
    for number in range(there, DATES):
        workspace.catalog.acquisitions.add(_look(workspace, number, ground, event))
    return workspace


def _event(rng: np.random.Generator) -> NDArray[np.float64]:
    factor = np.ones(SHAPE)
    for _ in range(40):
        row, col, size = rng.integers(0, SHAPE[0] - 20), rng.integers(0, SHAPE[1] - 20), rng.integers(4, 16)
        factor[row : row + size, col : col + size] = 10 ** (rng.choice([-1, 1]) * rng.uniform(3, 6) / 10)
    return factor


def _look(workspace: Workspace, number: int, ground: NDArray[np.float64], event: NDArray[np.float64]) -> Acquisition:
    name = f"live-{number:03d}"
    start = START + timedelta(days=6 * number)
    files = []
    for place, (polarisation, db) in enumerate(_POLARISATIONS.items()):
        rng = np.random.default_rng([number, place])
        power = ground * speckle(SHAPE, LOOKS, rng, 0.6) * 10 ** ((db + rng.normal(0, 0.4)) / 10)
        if number >= DATES - AFTER:
            power *= event
        path = f"bench/{name}/{polarisation}.tif"
        facts = write_cog(_Picture(power.astype(np.float32), lattice()), polarisation, workspace.archive.root / path)
        files.append(PixelFile(polarisation=polarisation, path=path, sha256=facts.sha256))
    return Acquisition(
        id=name, constellation="bench", platform="bench-1", start=start, stop=start + timedelta(seconds=5), mode="IW",
        track=1, polarisations=tuple(_POLARISATIONS), looks=LOOKS, footprint=shapely.box(*box_of(lattice())),
        calibration=Calibration(valid=True, quantity=Quantity.GAMMA0),
        origin=Origin(reader="bench", reader_version="0", product_sha256=f"{number:064x}"),
        pixels=Pixels(crs=CRS, transform=tuple(lattice().affine)[:6], shape=SHAPE, files=tuple(files)),
    )  # fmt: skip


def question() -> Question:
    event = START + timedelta(days=6 * (DATES - AFTER), hours=-1)
    return Question(
        before=(START, event), after=(event + timedelta(minutes=1), event + timedelta(days=60)), anchors=("live-000",)
    )


def screen(scale: float, across: float = 0.0, down: float = 0.0) -> GeoBox:
    """Return a screen about the middle of the ground, so many native pixels a screen pixel, moved by its own size."""
    x, y = lattice().affine @ (SHAPE[1] / 2, SHAPE[0] / 2)
    x, y = Transformer.from_crs(CRS, "EPSG:3857", always_xy=True).transform(x, y)
    west, _, east, _ = box_of(lattice())
    size = scale * np.radians(east - west) * RADIUS_M / SHAPE[1]
    left, top = x + size * WIDTH * (across - 0.5), y + size * HEIGHT * (0.5 - down)
    return GeoBox((HEIGHT, WIDTH), Affine.translation(left, top) @ Affine.scale(size, -size), "EPSG:3857")


def timed(work: Callable[[], object], repeats: int, ready: Callable[[], None]) -> list[tuple[float, float]]:
    """Return (seconds, seconds of all cores) of each repeat; `ready` is not counted."""
    taken = []
    for _ in range(repeats):
        ready()
        start, cores = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - start, time.process_time() - cores))
    return taken


def measured(workspace: Workspace, name: str, scale: float, budget: float, repeats: int = 5) -> list[Row]:
    """Measure one scale: cold, warm, a pan sequence and other rates."""
    asked, target = question(), TARGET if budget == BUDGET else ""

    def look(across: float = 0.0, down: float = 0.0, far: float = 1e-3) -> Live:
        return live(workspace, replace(asked, far=far), screen(scale, across, down), budget=budget)

    def cold() -> None:
        forget()
        workspace.archive.forget()

    high, wide = look().levels.shape
    steps = iter([(0.1 * n, 0.05 * (n % 3)) for n in range(1, repeats + 1)])
    rates = iter(np.geomspace(1e-2, 1e-5, repeats))
    figures = {f"{name}, cold ({wide} x {high})": timed(look, repeats, cold)}
    figures[f"{name}, warm"] = timed(look, repeats, forget)
    look()
    figures[f"{name}, pan"] = timed(lambda: look(*next(steps)), repeats, _nothing)
    look()
    figures[f"{name}, another rate"] = timed(lambda: look(far=float(next(rates))), repeats, _nothing)
    return [Row(promise=said, figure=_said(taken), target=target, peer="") for said, taken in figures.items()]


def reading(workspace: Workspace, repeats: int = 3) -> Row:
    """Measure the reads of a cold search alone."""
    place = screen(1.0)
    chosen = chosen_stacks(workspace, question(), box_of(place))
    grid = searched_grid(place, chosen)
    taken = timed(lambda: Held().read(workspace.archive, chosen, grid), repeats, workspace.archive.forget)
    return Row(promise="native, read", figure=_said(taken), target="", peer="")


def pooled_t(workspace: Workspace, scale: float, repeats: int = 3) -> float:
    """Return the median seconds of the peer on the pixels that live searches."""
    (chosen,) = chosen_stacks(workspace, question(), box_of(screen(scale)))
    place = searched_grid(screen(scale), [chosen])
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        bands = []
        for name in chosen.polarisations:
            items = [(each.start, pixels) for each in chosen.passes if (pixels := each.members[0].pixels)]
            logs = np.log(workspace.archive.stack(items, name, place).compute())
            old, new = logs[: DATES - AFTER], logs[DATES - AFTER :]
            within = sum(((part - part.mean("time")) ** 2).sum("time") for part in (old, new))
            spread = np.sqrt(within / (DATES - 2) * (1 / AFTER + 1 / (DATES - AFTER)))
            bands.append(np.abs(new.mean("time") - old.mean("time")) / spread)
        np.maximum(*bands)
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def _nothing() -> None:
    return None


def _said(taken: list[tuple[float, float]]) -> str:
    seconds, cores = zip(*taken, strict=True)
    return f"p50 {np.median(seconds):.2f} s, worst {max(seconds):.2f} s, cores {np.median(cores):.2f} s"


def run(folder: Path) -> list[Row]:
    """Measure every scale, and the peer."""
    rows: list[Row] = []
    with filled(folder) as workspace:
        live(workspace, question(), screen(1.0))  # what is compiled once a machine
        forget()
        peer = f"pooled t {pooled_t(workspace, 1.0):.2f} s"
        for name, scale in (("native", 1.0), ("near", 0.25), ("far", 2.0)):
            rows += measured(workspace, name, scale, BUDGET)
        rows[1] = replace(rows[1], peer=peer)
        rows += measured(workspace, "a quarter", 1.0, BUDGET / 4.0, repeats=3)[:1]
        rows.append(reading(workspace))
        forget()
    held = f"held for pans: at most {MOST_BYTES >> 20} MB"
    note = f"{DATES} dates, {len(_POLARISATIONS)} polarisations; {held}; cores: busy seconds of all cores"
    return [replace(row, note=note) for row in rows]


def main() -> None:
    """Measure and print."""
    rows = run(folder_argument(__doc__))
    show(f"changes on the screen, load average {os.getloadavg()[0]:.1f} at the end", rows)


if __name__ == "__main__":
    main()
