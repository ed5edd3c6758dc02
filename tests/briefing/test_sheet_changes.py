"""Changes on a sheet: those of the screen, what they promise and what was measured, a hatch where unseen."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely
import shapely.affinity
from PIL import Image

from dashboard.briefing.changes import change_entries, unsaid
from dashboard.briefing.files import render
from dashboard.briefing.sheet import Imagery, Sheet
from dashboard.geo.mercator import extent_of, to_mercator
from dashboard.model.acquisition import PixelFile, Pixels
from dashboard.model.change import Announced, Basis, ChangeRun, ChangeSign, DetectedChange
from dashboard.model.errors import InputError, NotFoundError
from dashboard.model.palette import tokens
from dashboard.model.review import Verdict
from dashboard.model.view import CompareMode, Layer, View
from dashboard.workflows import brief_changes
from dashboard.workflows.brief import SnapshotOptions, sheet_of
from dashboard.workflows.brief_changes import ChangeChoice
from dashboard.workflows.review import Sieve
from dashboard.workflows.workspace import Workspace, open_workspace
from tests.workflows.coverage_makers import DAY, HERE, T0, taken

COUNT = 20
UNSEEN = shapely.box(HERE[0], HERE[1], (HERE[0] + HERE[2]) / 2, HERE[3])
VIEW = View(extent=extent_of(HERE, margin=0.0), a="a", b="b", layers=frozenset({Layer.CHANGES}))
RUN = ChangeRun(
    id="run", created=T0, method="change-tstat", parameters=(("far", 1e-3),), before="a", after="b", extent=HERE,
    observed_km2=300.0, software="test", inputs=(), basis=Basis.PLACEBO, unobserved=UNSEEN,
    announced=Announced(scores=(1.0, 5.0, 15.0), per_100km2=(40.0, 4.0, 0.3), windows=8, area_km2=300.0),
)  # fmt: skip


def change(number: int) -> DetectedChange:
    west = 0.5 * (HERE[0] + HERE[2]) + 0.004 * number
    return DetectedChange(
        id=f"c{number}", run_id="run", geometry=shapely.box(west, HERE[1], west + 0.002, HERE[1] + 0.002),
        area_m2=1000.0, pixels=9, after=T0, before=T0 + 9 * DAY, magnitude_db=3.0, p_value=1e-6,
        sign=tuple(ChangeSign)[number % 2], evidence=("a", "b"), score=float(number),
    )  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    root: Path = tmp_path_factory.mktemp("change-sheet")
    with open_workspace(root) as workspace:
        workspace.catalog.acquisitions.add_many([taken("a", 0.0), taken("b", 9.0)])
        workspace.catalog.changes.add_run(RUN, [change(number) for number in range(COUNT)])
        for number, verdict in ((16, Verdict.DAMAGE), (17, Verdict.DAMAGE), (18, Verdict.FALSE_ALARM)):
            workspace.catalog.reviews.judge(f"c{number}", "Kim", verdict, "", base=0, event_id=f"event-{number}")
        yield workspace


def sheet(workspace: Workspace, choice: ChangeChoice | None = None, view: View = VIEW) -> Sheet:
    return sheet_of(workspace, view, SnapshotOptions(changes=choice or ChangeChoice()))


def said(made: Sheet) -> list[str]:
    return [entry.words for entry in change_entries(made, tokens(made.theme))]


def test_unasked_they_are_those_that_a_run_is_first_shown_with(found: Workspace) -> None:
    made = sheet(found)
    assert {each.score for each in made.changes} == set(map(float, range(5, COUNT)))
    words = " ".join(said(made))
    assert "15 of the 20 found on this map (score at least 5)" in words
    assert "expected false polygons per 100 km²: 4 (measured on 8 pseudo-events" in words
    assert "2 of 3 reviewed were real (95 % interval 9 to 99 %)" in words
    assert "3 of 15 reviewed, 3 of them in the surer half: the figure flatters the rest" in words
    assert "reviewed of those shown: confirmed damage 2 · false alarm 1 · not yet 12" in words


def test_the_filters_of_the_screen_are_those_of_the_sheet(found: Workspace) -> None:
    sieve = Sieve(min_score=15.0, signs=frozenset({ChangeSign.DARKER}))
    made = sheet(found, ChangeChoice(run_id="run", sieve=sieve))
    assert {each.id for each in made.changes} == {"c15", "c17", "c19"}
    words = " ".join(said(made))
    assert "3 of the 20 found on this map (score at least 15; sign: darker)" in words
    assert "per 100 km²: 0.3" in words
    assert "1 of 1 reviewed" in words
    assert "1 of 3 reviewed, 1 of them in the surer half: too few to stand for the rest" in words
    judged = sheet(found, ChangeChoice(run_id="run", sieve=Sieve(verdicts=frozenset({"damage"}))))
    assert "reviewed of those shown: confirmed damage 2 · not yet 0" in " ".join(said(judged))
    before = replace(VIEW, brush=(T0 - timedelta(days=90), T0 - timedelta(days=60)))
    assert sheet(found, view=before).changes == ()


def test_what_was_not_observed_is_hatched_and_said(found: Workspace) -> None:
    made = sheet(found)
    assert "not observed before and after: nothing is said of it" in said(made)
    bare = replace(made, run=replace(RUN, unobserved=None))
    picture, plain = (_map_of(each) for each in (made, bare))
    differs = (picture != plain).any(axis=-1)
    x0, x1 = made.extent.x0, made.extent.x1
    west, east = (
        round((to_mercator(lon, HERE[1])[0] - x0) / (x1 - x0) * differs.shape[1])
        for lon in (UNSEEN.bounds[0], UNSEEN.bounds[2])
    )
    assert differs[:, west + 4 : east - 4].mean() > 0.03
    assert not differs[:, east + 4 :].any()


def test_without_an_announcement_nothing_is_promised(found: Workspace) -> None:
    made = sheet(found)
    assert made.sifted is not None
    words = said(replace(made, sifted=replace(made.sifted, expected=None)))
    assert "expected false polygons per 100 km²: not measured" in words


def test_without_a_review_nothing_is_measured_and_no_verdict_counted(found: Workspace) -> None:
    words = " ".join(said(sheet(found, ChangeChoice(run_id="run", reviewer="a stranger"))))
    assert "reviewed" not in words


def test_a_direction_that_nobody_stated_is_not_given(found: Workspace) -> None:
    made = sheet(found)
    bare = tuple(replace(each, sign=ChangeSign.MIXED, magnitude_db=0.0) for each in made.changes)
    assert "changed; direction not stated (15)" in said(replace(made, changes=bare))
    assert not any("not stated" in words for words in said(made))


def test_ground_that_the_picture_itself_lacks_is_hatched_once(found: Workspace) -> None:
    made = sheet(found)
    seen = replace(VIEW, compare=CompareMode.A, layers=VIEW.layers | {Layer.IMAGERY})
    outside = shapely.affinity.translate(made.before.footprint, xoff=90.0)
    layout = made.layout.map_px
    picture = Imagery(rgba=np.zeros((layout[3], layout[2], 4), np.uint8))
    grid = {"crs": "EPSG:32637", "transform": (10.0, 0.0, 0.0, 0.0, -10.0, 0.0), "shape": (2, 2)}
    pixels = Pixels(**grid, files=(PixelFile(polarisation="VV", path="a/VV.tif", sha256="0" * 64),))
    drawn = replace(
        made, view=seen, imagery=picture, after=None,
        before=replace(made.before, pixels=pixels, footprint=outside),
    )  # fmt: skip
    assert unsaid(made) is not None
    assert unsaid(drawn) is None
    words = "where not observed before and after: nothing is said of it"
    (entry,) = [each for each in change_entries(drawn, tokens("light")) if each.words == words]
    assert entry.swatch is None


def test_live_detection_is_not_printed_and_that_is_said(found: Workspace) -> None:
    made = sheet(found, view=replace(VIEW, layers=frozenset({Layer.CHANGES, Layer.LIVE})))
    assert any("on the screen only" in words for words in said(made))
    assert not any("on the screen only" in words for words in said(sheet(found)))


def test_too_many_and_unknown_ones_are_refused(found: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFoundError):
        sheet(found, ChangeChoice(run_id="another"))
    monkeypatch.setattr(brief_changes, "MAX_CHANGES", 3)
    with pytest.raises(InputError, match="15 detected changes; a sheet shows at most 3"):
        sheet(found)


def _map_of(made: Sheet) -> np.ndarray:
    image = np.asarray(Image.open(io.BytesIO(render(made, "png"))))
    left, top, width, height = made.layout.map_px
    return image[top : top + height, left : left + width]
