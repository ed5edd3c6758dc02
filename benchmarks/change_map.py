"""Promise: a run of 50,000 changes stays fluid on the map: its threshold within 150 ms, a pan within 250 ms.

The polygons of `benchmarks.review`, over 6 by 4 degrees, in headless Chromium with the review's tab open. *Threshold*:
from a movement of the slider to the map's next frame. *Pan*, *zoom*: from the end of a drag, or a step of the wheel,
to the frame that shows all changes of the new place. *All* shows every change, *part* some thousand of them as a
picture, *shapes* some hundred, each by itself. *Picture*: the same picture in the server, of a place never seen.

Run: ``python -m benchmarks.change_map [FOLDER]``
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import shapely
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.felt import Box, dragged, dragged_on, load, opened, repeated, slid, watch, wheeled
from benchmarks.frame import HEIGHT, WIDTH
from benchmarks.review import COUNT, RUN, simulated
from benchmarks.serving import served
from benchmarks.stackgen import folder_argument
from benchmarks.table import Row, p50_p95, show
from dashboard.geo.mercator import extent_of, project, screen_geobox
from dashboard.model.acquisition import Acquisition, Origin
from dashboard.model.token import encode
from dashboard.model.view import Extent, Layer, View
from dashboard.workflows.change_overlay import Asked, change_overlay
from dashboard.workflows.workspace import Workspace, open_workspace

PAN, THRESHOLD = "p95 <= 250 ms", "p95 <= 150 ms"
CENTRE = (36.0, 48.0)
_ZOOMS = {"all": 3.2, "part": 1.2, "shapes": 0.35}
"""Half the width of a screen, degrees."""
_SHOWN = """([layer, column]) => {
  const found = [...Bokeh.documents[0].all_models].find((each) => each.name === layer && each.data);
  return found?.data[column]?.length > 0;
}"""


def filled(folder: Path) -> Workspace:
    """Return the workspace, recorded once."""
    workspace = open_workspace(folder / f"change-map-{COUNT}")
    if not workspace.catalog.changes.runs():
        start = datetime(2024, 6, 1, tzinfo=UTC)
        ends = [("a", start), ("b", start + timedelta(days=114))]
        workspace.catalog.acquisitions.add_many(_date(name, at) for name, at in ends)
        workspace.catalog.changes.add_run(RUN, simulated(COUNT))
    return workspace


def _date(name: str, at: datetime) -> Acquisition:
    """Return one of the two dates, without pixels."""
    origin = Origin(reader="bench", reader_version="0", product_sha256=name.ljust(64, "0"))
    ground = shapely.box(33, 46, 39, 50)
    return Acquisition(
        id=name, constellation="bench", platform="bench-1", start=at, stop=at, footprint=ground, origin=origin
    )  # fmt: skip


def boxes() -> list[Box]:
    """Return where every change lies."""
    found = simulated(COUNT)
    bounds = project(shapely.box(*shapely.bounds([change.geometry for change in found]).T))
    return [(change.id, *box) for change, box in zip(found, shapely.bounds(bounds).tolist(), strict=True)]


def extent(half: float, place: tuple[float, float] = CENTRE) -> Extent:
    """Return a screen around a place."""
    x, y = place
    return extent_of((x - half, y - half / 4, x + half, y + half / 4), margin=0.0, aspect=WIDTH / HEIGHT)


def pictured(workspace: Workspace) -> list[Row]:
    """Measure pictures of places never seen, in the server."""
    rows, rng = [], np.random.default_rng(1)
    for name, half in _ZOOMS.items():
        taken, spent, counts = [], [], []
        for _ in range(15):
            place = tuple(np.array(CENTRE) + rng.normal(0, half / 4, 2))
            geobox = screen_geobox(extent(half, place), WIDTH, HEIGHT)
            start, used = time.perf_counter(), time.process_time()
            found = change_overlay(workspace, Asked(run_id="run"), geobox)
            taken.append(time.perf_counter() - start)
            spent.append(time.process_time() - used)
            counts.append(found.count)
        said = f"picture: {name}, {int(np.median(counts)):,} in view"
        figure = f"{p50_p95(taken[1:])}; {1e3 * np.median(spent[1:]):.0f} ms CPU"
        rows.append(Row(promise=said, figure=figure, target="", peer="", note=load()))
    return rows


def at(browser: Browser, address: str, half: float, layer: str) -> Page:
    """Return a page at a zoom with the changes on its map."""
    layers = frozenset({Layer.BASEMAP, Layer.PLACES, Layer.CHANGES})
    view = View(extent=extent(half), layers=layers, a="a", b="b")
    page = browser.new_page(viewport={"width": 2020, "height": 1010})
    page.goto(f"{address}/?v={encode(view)}")
    page.get_by_role("tab", name="Changes").click(timeout=60_000)
    column = "image" if layer == "change-picture" else "xs"
    slider = page.locator("input[name='least']")
    while slider.input_value(timeout=60_000) == "0":  # it has not come yet where the run begins
        page.wait_for_timeout(200)
    slider.press("Home")  # every change, whatever its score
    page.wait_for_timeout(1_500)
    page.wait_for_function(_SHOWN, arg=[layer, column], timeout=60_000)
    page.wait_for_timeout(1_500)
    watch(page, layer, boxes() if column == "xs" else ())
    return page


def moved(browser: Browser, address: str, repeats: int = 20) -> list[Row]:
    """Measure pans, zooms and thresholds in the browser."""
    rows = []
    for name, half in _ZOOMS.items():
        layer = "changes" if name == "shapes" else "change-picture"
        page = at(browser, address, half, layer)
        rows.append(repeated(page, dragged, repeats).row(f"pan: {name}", PAN))
        rows.append(repeated(page, dragged_on, repeats).row(f"pan by a third, on and on: {name}", PAN))
        rows.append(repeated(page, wheeled, repeats).row(f"zoom: {name}", PAN))
        slider = page.locator("input[name='least']")
        rows.append(slid(page, slider, 3 * repeats).row(f"threshold: {name}", THRESHOLD))
        page.close()
    return rows


def run(folder: Path) -> list[Row]:
    """Measure everything."""
    with filled(folder) as workspace:
        rows, root = pictured(workspace), workspace.root
    with served(root) as address, sync_playwright() as playwright, opened(playwright) as browser:
        return rows + moved(browser, address)


def main() -> None:
    """Measure and print."""
    show(f"{COUNT:,} changes on the map", run(folder_argument(__doc__)))


if __name__ == "__main__":
    main()
