"""What the coverage layer shows in the browser is what the exported page shows of the same ground."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from driver import Driver, address
from matplotlib.colors import to_rgb, to_rgba
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image
from test_coverage import layer

from dashboard.briefing.layout import Page, arrange, fill
from dashboard.briefing.token import read_token
from dashboard.geo.mercator import extent_of
from dashboard.model.coverage import Measure
from dashboard.model.palette import tokens
from dashboard.model.token import decode
from dashboard.model.view import CompareMode, Extent, Layer, View
from dashboard.render.coverage.classes import FIRST, HATCH, palette
from dashboard.workflows.areas import default_view
from dashboard.workflows.brief_contents import inside_world

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TITLE = "Who looked"
BLOCK = 9
"""Pixels of the screen a side, all of one class: on paper their middle is that class, whatever the roundings."""


@pytest.fixture
def story(workspace) -> View:
    """Return the coverage of the exercise alone, with the ground around it that nobody looked at."""
    view = replace(default_view(workspace), a=None, b=None, compare=CompareMode.B, pixel=None, measure=Measure.LOOKS)
    seen = extent_of(workspace.catalog.acquisitions.find()[-1].bbox, margin=0.4)
    # Looked at in one corner only: a page that is turned or mirrored shows it elsewhere.
    shift = 0.3 * (seen.x1 - seen.x0), 0.2 * (seen.y1 - seen.y0)
    extent = Extent(seen.x0 + shift[0], seen.y0 + shift[1], seen.x1 + shift[0], seen.y1 + shift[1])
    return replace(view, extent=extent, layers=frozenset({Layer.COVERAGE}))


def exported(driver: Driver, folder: Path) -> bytes:
    """Make a page by hand, in the dialog, and return its file."""
    driver.press("Control+e")
    driver.page.get_by_label("Title").fill(TITLE)
    driver.page.get_by_label("Title").press("Tab")
    driver.page.get_by_role("button", name="Make the file").click()
    link = driver.page.locator("a.download")
    driver.wait(lambda: link.count() == 1 and link.is_visible(), "the finished file", 60.0)
    with driver.page.expect_download() as started:
        link.click()
    path = folder / "sheet.png"
    started.value.save_as(path)
    return path.read_bytes()


def over(shade: str, ground: str) -> np.ndarray:
    strength = to_rgba(shade)[3]
    return 255 * (strength * np.array(to_rgb(shade[:7])) + (1 - strength) * np.array(to_rgb(ground)))


def test_a_block_of_the_exported_map_has_the_classes_of_the_screen(open_page, story, tmp_path) -> None:
    driver = open_page(address(story), wait=False)
    # Without imagery there is no first picture to wait for.
    driver.page.wait_for_function(
        "window.Bokeh?.documents[0]?.get_model_by_name('coverage')?.data.image.length > 0", timeout=25_000
    )
    driver.settle()
    picture, (x0, y0, x1, y1) = layer(driver)
    content = exported(driver, tmp_path)
    view = decode(read_token(content))
    assert view == driver.view
    assert (view.measure, Layer.COVERAGE in view.layers) == (Measure.LOOKS, True)
    layout = arrange(Page.A4, TITLE)
    page = inside_world(fill(view.extent, layout))
    left, top, width, height = layout.map_px
    image = np.asarray(Image.open(io.BytesIO(content)))[top : top + height, left : left + width, :3]
    windows = sliding_window_view(picture, (BLOCK, BLOCK))
    # Clear ground and the hatch over it are one class here.
    windows = np.maximum(windows, HATCH)
    same = windows.min(axis=(2, 3)) == windows.max(axis=(2, 3))
    rows, cols = (found + BLOCK // 2 for found in np.nonzero(same))
    xs = x0 + (cols + 0.5) / picture.shape[1] * (x1 - x0)
    ys = y1 - (rows + 0.5) / picture.shape[0] * (y1 - y0)
    across = ((xs - page.x0) / (page.x1 - page.x0) * width).astype(int)
    down = ((page.y1 - ys) / (page.y1 - page.y0) * height).astype(int)
    inside = (across > 20) & (across < width - 20) & (down > 20) & (down < height - 20)
    classes, printed = picture[rows, cols][inside], image[down[inside], across[inside]].astype(float)
    colours = tokens("light")
    shades = np.array(
        [over(shade, colours.land) for shade in palette(Measure.LOOKS, colours.mixed, colours.unobserved)]
    )
    seen, apart = classes >= FIRST, np.abs(printed[:, None] - shades).max(axis=-1)
    assert seen.sum() > 1_000
    assert (~seen).sum() > 1_000
    assert apart[seen, classes[seen]].max() <= 1.5
    assert apart[~seen][:, : HATCH + 1].min(axis=-1).max() <= 1.5
