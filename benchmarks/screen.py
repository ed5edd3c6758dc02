"""The promises that a person feels: page to first picture, key to pixels, pan to sharp, in a real Chromium.

A server process on the 200-acquisition stack, and headless Chromium (software rendering, so drawing is slower than on
any desk) on the same two cores. Times are taken in the page: from the key event, or the end of a drag, to the animation
frame after the picture was handed to the canvas.

Run: ``python -m benchmarks.screen FOLDER``
"""

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from shapely.geometry import box

from benchmarks.opening import SIZE, launched, openings
from benchmarks.opening import rows as opening_rows
from benchmarks.serving import served
from benchmarks.stackgen import Item, folder_argument, stack
from benchmarks.table import Row, p50_p95, show
from dashboard.geo.mercator import extent_of
from dashboard.model.acquisition import Acquisition, Calibration, LookSide, Origin, PassDirection, Quantity
from dashboard.model.token import encode
from dashboard.model.view import CompareMode, View
from dashboard.raster.archive import Archive
from dashboard.workflows.workspace import open_workspace

STEPS = 40
PANS = 20
_WATCH = """(kind) => {
  window.measured = [];
  const watch = (start, before) => {
    const look = () => {
      if (window.nightglassDrawn.number > before) window.measured.push(window.nightglassDrawn.at - start);
      else if (performance.now() - start < 5000) requestAnimationFrame(look);
      else window.measured.push(NaN);
    };
    look();
  };
  document.addEventListener(kind, () => watch(performance.now(), window.nightglassDrawn.number), true);
}"""


def acquisitions(root: Path, items: list[Item]) -> list[Acquisition]:
    """Return records of the stack: one constellation, one track."""
    with Archive(root) as archive:
        grid = archive.native_geobox(items[0][1])
    assert grid is not None
    west, south, east, north = grid.geographic_extent.boundingbox
    return [
        Acquisition(
            id=f"BENCH-{number:03d}", constellation="bench", platform="bench-1", start=start, stop=start, mode="SM",
            polarisations=("VV",), look=LookSide.RIGHT, pass_direction=PassDirection.ASCENDING, track=1,
            incidence_deg=35.0, looks=1.0, resolution_m=10.0, footprint=box(west, south, east, north),
            calibration=Calibration(valid=True, quantity=Quantity.SIGMA0), pixels=pixels,
            origin=Origin(reader="bench", reader_version="0", product_sha256=f"{number:064x}"),
        )
        for number, (start, pixels) in enumerate(items)
    ]  # fmt: skip


def measured(page: Page) -> list[float]:
    """Return the seconds that the page has measured."""
    return [value / 1e3 for value in page.evaluate("window.measured") if value is not None]


def run(stack_dir: Path) -> list[Row]:
    """Return the rows of page, step and pan."""
    items = stack(stack_dir)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "archive").symlink_to(stack_dir.resolve(), target_is_directory=True)
        known = acquisitions(stack_dir, items)
        with open_workspace(root) as workspace:
            workspace.catalog.acquisitions.add_many(known)
        west, south, east, north = known[0].bbox
        middle = (
            (west + east) / 2 - 0.06,
            (south + north) / 2 - 0.04,
            (west + east) / 2 + 0.06,
            (south + north) / 2 + 0.04,
        )
        view = View(extent=extent_of(middle), a=known[0].id, b=known[100].id, compare=CompareMode.B)
        with served(root) as address, sync_playwright() as playwright:
            return _drive(launched(playwright), f"{address}/?v={encode(view)}")


def _drive(browser: Browser, address: str) -> list[Row]:
    first = opening_rows(openings(browser, address))
    page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
    page.goto(address, wait_until="commit")
    page.wait_for_function("window.nightglassDrawn?.number > 0", polling=10, timeout=60_000)
    page.wait_for_timeout(3000)
    size = page.evaluate(
        "(() => { const m = Bokeh.documents[0].get_model_by_name('map'); return [m.inner_width, m.inner_height] })()"
    )
    page.evaluate(_WATCH, "keydown")
    for _ in range(STEPS):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(450)
    steps = measured(page)
    page.evaluate(_WATCH, "pointerup")
    for number in range(PANS):
        page.mouse.move(1000, 400)
        page.mouse.down()
        page.mouse.move(1000 + (120 if number % 2 else -140), 400 + (60 if number % 3 else -50), steps=6)
        page.mouse.up()
        page.wait_for_timeout(700)
    pans = measured(page)
    browser.close()
    load = f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; map {size[0]}x{size[1]} px"
    return [
        *first,
        Row(promise="step, key to pixels", figure=p50_p95(steps), target="p95 120 ms", peer="", note=load),
        Row(promise="pan end to sharp picture", figure=p50_p95(pans), target="p95 250 ms", peer="", note=load),
    ]  # fmt: skip


def main() -> None:
    """Measure and print."""
    show("screen", run(folder_argument(__doc__)))


if __name__ == "__main__":
    main()
