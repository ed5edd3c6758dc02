"""The grid of an area: the archive's own pixels, wherever the box is and whatever the projection."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pair_workspace import CRS, acquisition, add, grid

from dashboard.model.acquisition import PixelFile, Pixels
from dashboard.model.errors import CancelledError, InputError, ResourceError
from dashboard.model.progress import CancelToken
from dashboard.workflows.detection import area_grid as module
from dashboard.workflows.detection.area_grid import area_grid
from dashboard.workflows.detection.area_lazy import lazy_stack
from dashboard.workflows.detection.area_tiles import BLOCK, Layout
from dashboard.workflows.detection.looks import ChosenStack, Pass
from dashboard.workflows.detection.stacks import read_stack
from dashboard.workflows.extent import box_of
from dashboard.workflows.workspace import open_workspace

SHAPE = (400, 500)


def stack(geobox: GeoBox, name: str = "look") -> ChosenStack:
    file = PixelFile(polarisation="VV", path="p", sha256="0" * 64)
    pixels = Pixels(crs=str(geobox.crs), transform=tuple(geobox.affine)[:6], shape=tuple(geobox.shape), files=(file,))
    acq = replace(acquisition(name), pixels=pixels, footprint=shapely.box(*box_of(geobox)))
    return ChosenStack(
        anchor=acq,
        polarisations=("VV",),
        passes=(Pass(start=datetime(2026, 1, 1, tzinfo=UTC), members=(acq,)),),
    )


def aligned(one: GeoBox, other: GeoBox) -> bool:
    """Whether two grids have common pixel corners and sizes."""
    col, row = ~other.affine * (one.affine.c, one.affine.f)
    return one.affine.a == other.affine.a and abs(col - round(col)) < 1e-6 and abs(row - round(row)) < 1e-6


def test_it_is_the_archives_own_pixels_over_the_box():
    native = grid(SHAPE)
    part = box_of(native[100:200, 150:300])
    found = area_grid([stack(native)], part)
    assert aligned(found.geobox, native)
    assert shapely.box(*box_of(found.geobox)).buffer(1e-9).contains(shapely.box(*part))
    assert 100 <= found.geobox.shape[0] <= 110
    assert 150 <= found.geobox.shape[1] <= 160


def test_it_goes_no_further_than_anyone_looked():
    native = grid(SHAPE)
    west, south, east, north = box_of(native)
    found = area_grid([stack(native)], (west - 5, south - 5, east + 5, north + 5))
    assert np.abs(np.array(found.geobox.shape) - SHAPE).max() < 40
    with pytest.raises(InputError, match="covers any of the area"):
        area_grid([stack(native)], (0.0, 0.0, 1.0, 1.0))


def test_the_finest_stack_gives_the_grid():
    fine = grid(SHAPE)
    coarse = GeoBox((200, 250), fine.affine * Affine.scale(2), CRS)
    found = area_grid([stack(coarse, "coarse"), stack(fine, "fine")], box_of(fine))
    assert aligned(found.geobox, fine)


def test_borders_of_tiles_lie_in_the_middle_of_blocks():
    native = GeoBox((3000, 3000), grid((1, 1)).affine, CRS)
    for first in (0, 100, 700):
        found = area_grid([stack(native)], box_of(native[first : first + 1500, first : first + 1500]))
        col, row = (round(at) for at in ~native.affine * (found.geobox.affine.c, found.geobox.affine.f))
        layout = Layout(shape=tuple(found.geobox.shape), side=1024, phase=found.phase)
        inner = [(tile.top + row, tile.left + col) for tile in layout.tiles() if tile.top and tile.left]
        assert inner
        assert {at % BLOCK for place in inner for at in place} == {BLOCK // 2}


@pytest.mark.parametrize(
    "native",
    [
        GeoBox((300, 300), Affine(1e-4, 0, 145.0, 0, -1e-4, 43.0), "EPSG:4326"),
        GeoBox((300, 300), Affine.translation(350_000, 4_800_000) * Affine.rotation(20) * Affine.scale(10, -10), CRS),
    ],
    ids=["degrees", "rotated"],
)
def test_a_resolution_gives_square_pixels_in_metres(native):
    found = area_grid([stack(native)], box_of(native), 25.0).geobox
    assert (found.affine.a, found.affine.e, found.affine.b) == (25.0, -25.0, 0.0)
    assert found.affine.c % 25.0 == found.affine.f % 25.0 == 0.0
    assert found.crs.units[0] == "metre"


def test_pixels_along_no_axis_are_searched_north_up():
    turned = Affine.translation(350_000, 4_800_000) * Affine.rotation(20) * Affine.scale(10, -10)
    native = GeoBox((300, 300), turned, CRS)
    found = area_grid([stack(native)], box_of(native)).geobox
    assert found.affine.b == found.affine.d == 0.0
    assert found.affine.a == pytest.approx(10.0, rel=0.01)


def test_a_resolution_finer_than_any_pixel_or_an_area_without_end_is_refused(monkeypatch):
    native = grid(SHAPE)
    with pytest.raises(InputError, match=r"5 m is finer than the finest pixels here, 10"):
        area_grid([stack(native)], box_of(native), 5.0)
    monkeypatch.setattr(module, "MOST_PIXELS", 1000)
    with pytest.raises(ResourceError, match="coarser resolution"):
        area_grid([stack(native)], box_of(native))


@pytest.fixture(scope="module")
def archived(tmp_path_factory):
    with open_workspace(tmp_path_factory.mktemp("lazy")) as opened:
        draw = np.random.default_rng(0)
        looks = [add(opened, acquisition(f"look-{n}", day=n), draw.gamma(4.0, 0.02, (70, 90))) for n in range(4)]
        passes = tuple(Pass(start=acq.start, members=(acq,)) for acq in looks)
        yield opened.archive, ChosenStack(anchor=looks[0], polarisations=("VV",), passes=passes)


@st.composite
def indices(draw, size):
    if draw(st.booleans()):
        return draw(st.integers(0, size - 1))
    start, stop = draw(st.integers(0, size)), draw(st.integers(0, size))
    return slice(start, stop, draw(st.sampled_from([None, 1, 2, 3])))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_slice_of_what_is_read_later_is_that_of_what_was_read(archived, data):
    archive, chosen = archived
    whole = read_stack(archive, chosen, grid((70, 90)))
    key = tuple(data.draw(indices(size)) for size in whole.shape)
    lazy = lazy_stack(archive, chosen, grid((70, 90)))
    np.testing.assert_array_equal(lazy[key].values, whole[key].values)
    assert lazy[key].identical(whole[key])


def test_what_is_read_later_is_not_read_before_and_stops_when_told(archived):
    archive, chosen = archived
    cancel = CancelToken()
    lazy = lazy_stack(archive, chosen, grid((70_000, 90_000)), cancel)
    assert lazy.nbytes > 10**11
    part = lazy[:, :, 10:20, 5:15]
    np.testing.assert_array_equal(part.values, read_stack(archive, chosen, grid((70, 90)))[:, :, 10:20, 5:15])
    cancel.cancel()
    with pytest.raises(CancelledError):
        _ = lazy[:, :, :5, :5].values
