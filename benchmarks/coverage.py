"""Promise: coverage of 100,000 footprints pans within the frame promise, at every zoom and for every measure.

Footprints of spotlight to strip size, crowded as collections are over a few hundred places of 10 by 7 degrees, three
years, five constellations; one place has 3,000 of them. A screen is 1400 x 800. *Picture*: looks over the screen to
classes per pixel, in the server. *Pan*, *zoom*: in headless Chromium, from the end of a drag, or a step of the wheel,
to the frame that shows the coverage of the new place from edge to edge. Peer: Datashader's count of the same polygons,
which knows no last look and no gap.

Run: ``python -m benchmarks.coverage [FOLDER]``
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import datashader
import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.felt import dragged, dragged_on, opened, repeated, watch, wheeled
from benchmarks.frame import HEIGHT, WIDTH
from benchmarks.serving import served
from benchmarks.stackgen import folder_argument
from benchmarks.table import Row, p50_p95, show
from dashboard.geo.mercator import extent_of, project, screen_geobox
from dashboard.model.acquisition import Acquisition, Origin
from dashboard.model.coverage import Measure, Scope
from dashboard.model.token import encode
from dashboard.model.view import Extent, Layer, View
from dashboard.workflows.coverage import coverage, coverage_picture, spot
from dashboard.workflows.coverage_looks import looks
from dashboard.workflows.workspace import Workspace, open_workspace

COUNT = 100_000
AREA = (30.0, 45.0, 40.0, 52.0)
TOWN = (36.2, 49.9)
NOW = datetime(2024, 1, 1, tzinfo=UTC)
TARGET = "p95 <= 250 ms"
_ZOOMS = {"world": 180.0, "region": 5.0, "district": 1.0, "town": 0.15, "blocks": 0.01}
"""Half the width of a screen, degrees."""
_PLACES = 400
_STACK = 3_000
_NAMES = ("iceye", "capella", "umbra", "sentinel-1", "csg")


def outlines(rng: np.random.Generator, count: int = COUNT) -> NDArray[np.object_]:
    """Return footprints, four corners each: from 5 km spots to 250 km strips, in degrees."""
    places = rng.uniform(AREA[:2], AREA[2:], (_PLACES, 2))
    centres = places[rng.integers(_PLACES, size=count)] + rng.normal(0, 0.12, (count, 2))
    centres[:_STACK] = np.array(TOWN) + rng.normal(0, 0.01, (_STACK, 2))
    half = np.clip(rng.lognormal(-2.6, 0.9, (count, 1)), 0.02, 1.2)
    turn = rng.choice([-0.2, 0.2], (count, 1)) + np.pi * np.array([[0.25, 0.75, 1.25, 1.75, 0.25]])
    x = centres[:, :1] + half * np.cos(turn) * 1.5
    corners = np.stack([x, centres[:, 1:] + half * np.sin(turn)], axis=-1)
    return np.asarray(shapely.polygons(corners), dtype=object)


def acquisitions(count: int = COUNT) -> Iterator[Acquisition]:
    """Yield records without pixels."""
    rng = np.random.default_rng(0)
    for at, shape in enumerate(outlines(rng, count)):
        start = NOW - timedelta(seconds=float(rng.uniform(0, 3 * 365 * 86_400)))
        name = _NAMES[at % len(_NAMES)]
        yield Acquisition(
            id=f"look-{at:06d}", constellation=name, platform=f"{name}-{at % 40}",
            start=start, stop=start, footprint=shape, received=start + timedelta(hours=float(rng.lognormal(1.5, 0.8))),
            origin=Origin(reader="bench", reader_version="0", product_sha256=f"{at:064x}"),
        )  # fmt: skip


def filled(folder: Path) -> Workspace:
    """Return the workspace, recorded once."""
    workspace = open_workspace(folder / f"coverage-{COUNT}")
    if workspace.catalog.acquisitions.count() < COUNT:
        workspace.catalog.acquisitions.add_many(acquisitions())
    return workspace


def extent(half: float, place: tuple[float, float] = TOWN) -> Extent:
    """Return a screen around a place."""
    if half >= 180:
        return extent_of((-180.0, -80.0, 180.0, 80.0), margin=0.0)
    x, y = place
    return extent_of((x - half, y - half / 2, x + half, y + half / 2), margin=0.0, aspect=WIDTH / HEIGHT)


def pictured(workspace: Workspace, measure: Measure) -> tuple[list[Row], list[float]]:
    """Measure the pictures of one measure at every zoom."""
    rows, every, rng = [], [], np.random.default_rng(1)
    for name, half in _ZOOMS.items():
        taken, blocks, counts = [], set(), []
        for _ in range(12):
            place = tuple(np.array(TOWN) + rng.normal(0, min(half, 2.0) / 4, 2))
            geobox = screen_geobox(extent(half, place), WIDTH, HEIGHT)
            start = time.perf_counter()
            found = coverage_picture(workspace, Scope(), measure, geobox, NOW)
            taken.append(time.perf_counter() - start)
            blocks.add(found.block)
            counts.append(found.count)
        every += taken
        peer = f"{datashaded(workspace, half) * 1e3:,.0f} ms" if measure is Measure.LOOKS else ""
        coarse = f", blocks of {max(blocks)} px" if max(blocks) > 1 else ""
        said = f"{measure.value}, {name}, {int(np.median(counts)):,} in view{coarse}"
        rows.append(Row(promise=said, figure=p50_p95(taken), target="", peer=peer))
    return rows, every


def datashaded(workspace: Workspace, half: float) -> float:
    """Return the seconds that Datashader takes to count the polygons in view."""
    found, box = looks(workspace), extent(half)
    seen = found.footprints.inside(box.x0, box.y0, box.x1, box.y1)
    frame = geopandas.GeoDataFrame(geometry=[project(shape) for shape in found.geometry[seen]])
    canvas = datashader.Canvas(WIDTH, HEIGHT, (box.x0, box.x1), (box.y0, box.y1))
    start = time.perf_counter()
    canvas.polygons(frame, geometry="geometry", agg=datashader.count())
    return time.perf_counter() - start


def answered(workspace: Workspace) -> list[Row]:
    """Measure what is asked beside the picture."""
    begin = time.perf_counter()
    workspace.catalog.acquisitions.add(
        replace(workspace.catalog.acquisitions.get("look-000000"), id=f"late-{time.time_ns()}")
    )
    looks(workspace)
    gathered = time.perf_counter() - begin
    tables, points = [], []
    for _ in range(5):
        begin = time.perf_counter()
        coverage(workspace, Scope(), (35.0, 49.0, 37.0, 51.0), NOW)
        tables.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        spot(workspace, Scope(), TOWN, NOW)
        points.append(time.perf_counter() - begin)
    return [
        Row(promise=f"read all {COUNT:,} after a write", figure=f"{gathered:.2f} s", target="", peer=""),
        Row(promise="table of 2 x 2 degrees", figure=p50_p95(tables), target="", peer=""),
        Row(promise="who looked at a point", figure=p50_p95(points), target="", peer=""),
    ]


def panned(root: Path, repeats: int = 15) -> list[Row]:
    """Measure pans in the browser, each measure at two zooms."""
    rows = []
    with served(root) as address, sync_playwright() as playwright, opened(playwright) as browser:
        for measure in Measure:
            for name in ("region", "town"):
                page = at(browser, address, measure, _ZOOMS[name])
                said = f"{measure.value}, {name}"
                rows.append(repeated(page, dragged, repeats).row(f"pan: {said}", TARGET))
                rows.append(repeated(page, dragged_on, 8).row(f"pan by a third, on and on: {said}", TARGET))
                rows.append(repeated(page, wheeled, 8).row(f"zoom: {said}", TARGET))
                page.close()
    return rows


def at(browser: Browser, address: str, measure: Measure, half: float) -> Page:
    """Return a page with the coverage on its map."""
    layers = frozenset({Layer.BASEMAP, Layer.PLACES, Layer.COVERAGE})
    view = View(extent=extent(half), layers=layers, measure=measure, folded=frozenset({"inspector"}))
    page = browser.new_page(viewport={"width": 1680, "height": 1010})
    page.goto(f"{address}/?v={encode(view)}")
    page.wait_for_function(
        "window.Bokeh?.documents[0]?.get_model_by_name('coverage')?.data.image.length > 0", timeout=60_000
    )
    page.wait_for_timeout(2_500)
    watch(page, "coverage")
    return page


def run(folder: Path) -> list[Row]:
    """Measure everything."""
    rows: list[Row] = []
    with filled(folder) as workspace:
        looks(workspace)
        for measure in Measure:  # what is compiled once a machine
            coverage_picture(workspace, Scope(), measure, screen_geobox(extent(0.1), 64, 64), NOW)
        for measure in Measure:
            found, every = pictured(workspace, measure)
            rows += [*found, Row(promise=f"{measure.value}, all zooms", figure=p50_p95(every), target="", peer="")]
        rows += answered(workspace)
        root = workspace.root
    return rows + panned(root)


def main() -> None:
    """Measure and print."""
    show(f"coverage of {COUNT:,} footprints", run(folder_argument(__doc__)))


if __name__ == "__main__":
    main()
