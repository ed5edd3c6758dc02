"""Coverage of a map that is dragged is that of every place anew, and little of it is drawn twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from dashboard.geo.mercator import extent_of, screen_geobox
from dashboard.model.acquisition import Acquisition, Origin
from dashboard.model.coverage import Measure, Scope
from dashboard.render.coverage import footprints
from dashboard.workflows import coverage_ahead as module
from dashboard.workflows.ahead import reaches
from dashboard.workflows.coverage import coverage_picture
from dashboard.workflows.coverage_ahead import FRESH, coverage_around, coverage_here, forget
from dashboard.workflows.workspace import Workspace, open_workspace

NOW = datetime(2024, 5, 1, tzinfo=UTC)
PLACE = extent_of((36.0, 48.0, 36.4, 48.2), margin=0.0, aspect=1.5)
SCREEN = screen_geobox(PLACE, 240, 160)


def taken(number: int, rng: np.random.Generator) -> Acquisition:
    start = NOW - timedelta(seconds=float(rng.uniform(0, 100 * 86_400)))
    x, y = rng.uniform((35.7, 47.8), (36.7, 48.4))
    half = float(rng.choice([0.0004, 0.03, 0.2]))
    name = ("iceye", "capella", "umbra")[number % 3]
    return Acquisition(
        id=f"look-{number}", constellation=name, platform=f"{name}-{number}", start=start, stop=start, received=None,
        footprint=shapely.affinity.rotate(shapely.box(x - half, y - half, x + half, y + half), rng.uniform(0, 90)),
        origin=Origin(reader="test", reader_version="0", product_sha256=f"{number:064x}"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    rng = np.random.default_rng(11)
    with open_workspace(tmp_path_factory.mktemp("dragged")) as opened:
        opened.catalog.acquisitions.add_many([taken(number, rng) for number in range(300)])
        yield opened


@pytest.fixture(autouse=True)
def _nothing_held() -> None:
    forget()


def moved(across: float, down: float) -> GeoBox:
    """The screen moved by pixels."""
    return GeoBox(SCREEN.shape, SCREEN.affine * Affine.translation(across, down), SCREEN.crs)


def agrees(workspace: Workspace, measure: Measure, screen: GeoBox, now: datetime = NOW) -> None:
    """The picture on show is, on the screen, what the coverage there is by itself."""
    found = coverage_around(workspace, Scope(), measure, screen, now)
    alone = coverage_picture(workspace, Scope(), measure, screen, found.as_of)
    height, width = alone.picture.shape
    pixel = (found.bounds[2] - found.bounds[0]) / found.picture.shape[1]
    row, column = (
        round(each / pixel) for each in (found.bounds[3] - alone.bounds[3], alone.bounds[0] - found.bounds[0])
    )
    assert min(row, column) >= 0
    np.testing.assert_array_equal(found.picture[row : row + height, column : column + width], alone.picture)
    assert (found.count, found.block, found.measure) == (alone.count, alone.block, measure)


@pytest.mark.parametrize("measure", list(Measure))
@given(steps=st.lists(st.tuples(st.integers(-90, 90), st.integers(-90, 90)), min_size=1, max_size=3))
@settings(max_examples=8, deadline=None)
def test_a_dragged_map_shows_what_each_place_shows_by_itself(
    workspace: Workspace, measure: Measure, steps: list[tuple[int, int]]
) -> None:
    forget()
    x = y = 0
    for across, down in steps:
        x, y = x + across, y + down
        agrees(workspace, measure, moved(x + 0.3, y - 0.4))


def test_in_coarse_blocks_it_does_too(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footprints, "MOST_VISITS", 200_000)
    for step in (0, 25, 60, 140):
        agrees(workspace, Measure.GAP, moved(step, -step))
    assert coverage_around(workspace, Scope(), Measure.GAP, SCREEN, NOW).block > 1


def test_a_pan_within_the_picture_draws_nothing_and_one_beyond_it_strips(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    kept = module.shown.classes

    def counted(measure: Measure, values: np.ndarray, window: footprints.Window) -> np.ndarray:
        drawn.append(window.width * window.height)
        return kept(measure, values, window)

    monkeypatch.setattr(module.shown, "classes", counted)
    here = coverage_here(workspace, Scope(), Measure.LOOKS, SCREEN, NOW)
    assert not reaches(here.bounds, PLACE)
    around = coverage_around(workspace, Scope(), Measure.LOOKS, SCREEN, NOW)
    assert reaches(around.bounds, PLACE)
    assert here.picture.size < around.picture.size == sum(drawn)  # what the first had is not drawn again
    drawn.clear()
    beside = coverage_here(workspace, Scope(), Measure.LOOKS, moved(30, 20), NOW)
    assert beside.picture is coverage_around(workspace, Scope(), Measure.LOOKS, moved(30, 20), NOW).picture
    assert beside.picture is around.picture
    assert drawn == []
    coverage_around(workspace, Scope(), Measure.LOOKS, moved(75, 20), NOW)
    assert 0 < sum(drawn) < 0.3 * around.picture.size


def test_ages_are_of_the_moment_that_the_picture_names(workspace: Workspace) -> None:
    first = coverage_around(workspace, Scope(), Measure.AGE, SCREEN, NOW)
    soon = coverage_around(workspace, Scope(), Measure.AGE, SCREEN, NOW + FRESH / 2)
    assert (soon.picture is first.picture, soon.as_of) == (True, NOW)
    late = coverage_around(workspace, Scope(), Measure.AGE, SCREEN, NOW + FRESH)
    assert (late.picture is first.picture, late.as_of) == (False, NOW + FRESH)
    agrees(workspace, Measure.AGE, moved(10, 0), NOW + 40 * FRESH)
    earlier = coverage_around(workspace, Scope(), Measure.AGE, SCREEN, NOW)
    assert earlier.as_of == NOW


def test_other_looks_and_other_scopes_have_pictures_of_their_own(workspace: Workspace) -> None:
    every = coverage_around(workspace, Scope(), Measure.LOOKS, SCREEN, NOW)
    some = coverage_around(workspace, Scope(constellations=("iceye",)), Measure.LOOKS, SCREEN, NOW)
    assert some.count < every.count
    assert not np.array_equal(some.picture, every.picture)
    workspace.catalog.acquisitions.add(taken(301, np.random.default_rng(5)))
    assert coverage_around(workspace, Scope(), Measure.LOOKS, SCREEN, NOW).picture is not every.picture
