"""Changes too many to be shapes, in a real browser: the page colours their ranks and hides those below the least."""

import base64
from dataclasses import replace

import numpy as np
import pytest
from driver import Driver, address

from dashboard.geo.mercator import extent_of
from dashboard.model.view import CompareMode, Layer
from dashboard.workflows.change_overlay import GLYPH_LIMIT
from dashboard.workflows.exercise import exercise_view
from tests.views.review_makers import changes_of, run_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

COUNT = GLYPH_LIMIT + 100
_PLANES = """() => {
  const text = (array) => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    let made = "";
    for (let i = 0; i < bytes.length; i += 0x8000)
      made += String.fromCharCode.apply(null, bytes.subarray(i, i + 0x8000));
    return btoa(made);
  };
  const [ranks, ranking, drawn] = ["", "-ranking", "-drawn"].map((end) => model(`change-picture${end}`).data);
  return {
    ranks: text(ranks.image[0]), lines: text(ranks.outlines[0]), shape: ranks.image[0].shape,
    drawn: text(drawn.image[0]), same: drawn.image[0].shape.join() === ranks.image[0].shape.join(),
    score: text(ranking.score[0]), sign: text(ranking.sign[0]), ground: text(ranking.ground[0]),
    outline: text(ranking.outline[0]),
  };
}"""
_LEAST = "score => model('least-score').setv({start: score}, {sync: false})"
_TYPES = {
    "ranks": "u2", "drawn": "u4", "score": "f8", "sign": "u1", "ground": "u4", "outline": "u4", "lines": "u1",
}  # fmt: skip


def planes(driver: Driver) -> dict[str, np.ndarray]:
    found = driver.evaluate(_PLANES)
    assert found["same"]
    return {name: np.frombuffer(base64.b64decode(found[name]), kind) for name, kind in _TYPES.items()}


def expected(found: dict[str, np.ndarray], least: float) -> np.ndarray:
    ranks = found["ranks"].astype(int)
    lines = np.unpackbits(found["lines"], bitorder="little")[: len(ranks)].astype(bool)
    signs = found["sign"][ranks]
    colour = np.where(lines, found["outline"][signs], found["ground"][signs])
    return np.where((ranks > 0) & (found["score"][ranks] >= least), colour, 0)


def test_the_page_colours_ranks_and_hides_those_below_the_least(open_page, workspace) -> None:
    base = exercise_view(workspace)
    chosen = workspace.catalog.acquisitions.get(base.a)
    same = [acq for acq in workspace.catalog.acquisitions.find() if acq.constellation == chosen.constellation]
    run = run_of("crowd", before=same[0].id, after=same[-2].id, words="VV")
    west, south, east, north = chosen.bbox
    centre = ((west + east) / 2, (south + north) / 2)
    workspace.catalog.changes.add_run(run, changes_of(run, COUNT, centre, spread=0.012))
    spot = extent_of((centre[0] - 0.02, centre[1] - 0.013, centre[0] + 0.02, centre[1] + 0.013), margin=0.0)
    view = replace(
        base, a=same[0].id, b=same[-2].id, extent=spot, layers=base.layers | {Layer.CHANGES}, compare=CompareMode.B,
        pixel=None,
    )  # fmt: skip
    driver = open_page(address(view))
    driver.page.get_by_role("tab", name="Changes").click()
    slider = driver.page.locator("input[name='least']")
    driver.wait(slider.is_visible, "the slider")
    slider.press("Home")
    driver.wait(lambda: driver.length("change-picture"), "the picture of all changes")
    driver.settle()
    found = planes(driver)
    assert len(np.unique(found["ranks"])) > COUNT / 20
    scores = np.unique(found["score"][1:])
    for least in (-np.inf, scores[len(scores) // 3], scores[-2], scores[-1] + 1.0):
        driver.evaluate(_LEAST, max(float(least), -1e300))
        np.testing.assert_array_equal(planes(driver)["drawn"], expected(found, float(least)))
    assert not planes(driver)["drawn"].any()
