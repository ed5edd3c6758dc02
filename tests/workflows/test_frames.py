"""What a view shows: the same pixels for the screen and for the page, and nothing read in vain."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from pair_workspace import acquisition, add, grid
from shapely.geometry import box

from dashboard.geo.mercator import extent_of, screen_geobox
from dashboard.model.acquisition import UNCALIBRATED, Acquisition
from dashboard.model.errors import NotFoundError
from dashboard.model.view import CompareMode, Extent, Stretch, StretchKind, View
from dashboard.raster.archive import Archive
from dashboard.render.compose import ratio_palette, swipe_column
from dashboard.render.levels import decibel_bytes
from dashboard.workflows.extent import box_of
from dashboard.workflows.frames import Imagery, forget, imagery, picture
from dashboard.workflows.passes import members
from dashboard.workflows.workspace import Workspace, open_workspace

SHAPE = (220, 300)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    rng = np.random.default_rng(5)
    with open_workspace(tmp_path_factory.mktemp("frames")) as opened:
        for day, name in ((0, "before"), (12, "after"), (24, "later")):
            power = 0.05 * rng.gamma(4.0, 0.25, SHAPE)
            power[:40, :60] = np.nan
            add(opened, acquisition(name, day=day), power * 2.0 ** (day / 12))
        other = acquisition("other-track", day=3, track=12)
        add(opened, other, 0.5 * rng.gamma(4.0, 0.25, SHAPE))
        add(opened, acquisition("raw", day=5, calibration=UNCALIBRATED), rng.gamma(4.0, 0.25, SHAPE))
        opened.catalog.acquisitions.add(acquisition("elsewhere", day=1, footprint=box(10, 10, 11, 11)))
        yield opened


@pytest.fixture(autouse=True)
def nothing_remembered():
    forget()


def extent() -> Extent:
    return extent_of(box_of(grid(SHAPE)), margin=0.02)


def view(**changes: object) -> View:
    return replace(View(extent=extent(), a="before", b="after"), **changes)


def screen(width: int = 320, height: int = 240):
    return screen_geobox(extent(), width, height)


def browser(found: Imagery, shown: View) -> np.ndarray:
    """Compose as a browser does: bytes through palettes, written out once more without the render room."""
    nothing = np.zeros(found.geobox.shape, np.uint8)
    seen_a, seen_b = (nothing if levels is None else levels for levels in (found.levels_a, found.levels_b))
    out = np.zeros((*found.geobox.shape, 4), np.uint8)
    if shown.compare is CompareMode.TWO_COLOUR:
        both = (seen_a > 0) & (seen_b > 0)
        out[both, 0] = found.palette_a[seen_a[both]]
        out[both, 1] = out[both, 2] = found.palette_b[seen_b[both]]
        out[both, 3] = 255
        return out
    if shown.compare is CompareMode.LOG_RATIO:
        colours = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in ratio_palette()], np.uint8)
        seen = found.ratio > 0
        out[seen, :3] = colours[found.ratio[seen]]
        out[seen, 3] = 255
        return out
    column = {CompareMode.A: out.shape[1], CompareMode.SWIPE: swipe_column(out.shape[1], shown.split)}
    left = np.arange(out.shape[1]) < column.get(shown.compare, 0)
    for levels, palette, where in ((seen_a, found.palette_a, left), (seen_b, found.palette_b, ~left)):
        seen = (levels > 0) & where
        out[seen, :3] = palette[levels[seen]][:, None]
        out[seen, 3] = 255
    return out


@pytest.mark.parametrize("mode", list(CompareMode))
@pytest.mark.parametrize("kind", list(StretchKind))
def test_the_printed_picture_is_what_the_browser_shows(workspace, mode, kind):
    stretch = Stretch(kind, -20.0, -5.0) if kind is StretchKind.FIXED else Stretch(kind)
    shown = view(compare=mode, stretch=stretch, split=0.37)
    drawn = picture(workspace, shown, screen())
    np.testing.assert_array_equal(drawn, browser(imagery(workspace, shown, screen()), shown))
    assert drawn[..., 3].any()
    assert not drawn[..., 3].all()


class Counted(Archive):
    """An archive that notes what is read."""

    def __init__(self, root):
        super().__init__(root)
        self.read_paths: set[str] = set()
        self.grids: set[tuple[int, int]] = set()

    def amplitude(self, pixels, polarisation, geobox):
        self.grids.add(tuple(geobox.shape))
        self.read_paths.add(pixels.file(polarisation).path.split("/")[1])
        return super().amplitude(pixels, polarisation, geobox)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (CompareMode.A, {"before"}),
        (CompareMode.B, {"after"}),
        (CompareMode.SWIPE, {"before", "after"}),
        (CompareMode.BLINK, {"before", "after"}),
        (CompareMode.TWO_COLOUR, {"before", "after"}),
        (CompareMode.LOG_RATIO, {"before", "after"}),
    ],
)
def test_only_what_the_mode_shows_is_read(workspace, mode, expected):
    with Counted(workspace.archive.root) as archive:
        # A fixed stretch leaves out the canonical grid of the palettes, which looks at both dates in every mode.
        shown = view(compare=mode, stretch=Stretch(StretchKind.FIXED, -25.0, 0.0))
        found = imagery(Workspace(workspace.root, archive, workspace.catalog), shown, screen())
        assert archive.read_paths == expected
    assert found.handling.attributions == expected
    assert found.handling.caveats == {"EXERCISE"}
    assert (found.levels_a is not None, found.levels_b is not None) == ("before" in expected, "after" in expected)
    assert (found.ratio is not None) == (mode is CompareMode.LOG_RATIO)


@pytest.mark.parametrize("mode", list(CompareMode))
@pytest.mark.parametrize("missing", ["a", "b"])
def test_a_missing_date_is_drawn_as_nothing(workspace, mode, missing):
    shown = view(compare=mode, **{missing: None})
    found = imagery(workspace, shown, screen())
    assert (found.levels_a if missing == "a" else found.levels_b) is None
    assert found.ratio is None
    assert found.same_stack
    drawn = picture(workspace, shown, screen())
    if mode is CompareMode.LOG_RATIO:
        assert not drawn.any()
    else:
        np.testing.assert_array_equal(drawn, browser(found, shown))


def test_dates_that_are_not_here_are_nothing_and_not_an_error(workspace):
    found = imagery(workspace, view(b="elsewhere"), screen())
    assert found.levels_b is None
    with pytest.raises(NotFoundError):
        imagery(workspace, view(b="never-heard-of"), screen())


def test_an_archived_polarisation_only(workspace):
    assert imagery(workspace, view(polarisation="HH"), screen()).levels_b is None


def test_palettes_depend_on_the_view_and_not_on_the_screen(workspace):
    shown = view(compare=CompareMode.SWIPE)
    small, large = imagery(workspace, shown, screen(120, 90)), imagery(workspace, shown, screen(900, 700))
    part = imagery(workspace, shown, screen(900, 700)[100:300, 200:500])
    for other in (large, part):
        np.testing.assert_array_equal(small.palette_a, other.palette_a)
        assert small.limits_b == other.limits_b
    # Centres that fall on the edge of a source pixel may take either side; anything more is another picture.
    assert (large.levels_b[100:300, 200:500] != part.levels_b).mean() < 1e-3


@pytest.mark.parametrize("kind", [StretchKind.PERCENTILE, StretchKind.EQUALISE])
def test_palettes_do_not_depend_on_the_compare_mode(workspace, kind):
    found = [imagery(workspace, view(compare=mode, stretch=Stretch(kind)), screen()) for mode in CompareMode]
    for other in found[1:]:
        np.testing.assert_array_equal(found[0].palette_a, other.palette_a)
        np.testing.assert_array_equal(found[0].palette_b, other.palette_b)
        assert (found[0].limits_a, found[0].limits_b) == (other.limits_a, other.limits_b)


def test_one_stack_shares_a_palette_and_strangers_do_not(workspace):
    same = imagery(workspace, view(compare=CompareMode.SWIPE), screen())
    assert same.same_stack
    np.testing.assert_array_equal(same.palette_a, same.palette_b)
    assert same.limits_a == same.limits_b
    strange = imagery(workspace, view(compare=CompareMode.SWIPE, b="other-track"), screen())
    assert not strange.same_stack
    assert strange.mismatches == ("track: 46 / 12",)
    assert strange.limits_a != strange.limits_b


def test_different_geometry_is_still_drawn_for_looking(workspace):
    found = imagery(workspace, view(compare=CompareMode.LOG_RATIO, b="other-track"), screen())
    assert np.median(found.ratio[found.ratio > 0]) > 200
    assert found.mismatches


def test_the_log_ratio_of_a_doubled_scene_is_three_decibels(workspace):
    found = imagery(workspace, view(compare=CompareMode.LOG_RATIO), grid(SHAPE))
    seen = found.ratio[found.ratio > 0]
    assert abs(np.median((seen.astype(float) - 128) * 10 / 127) - 3.01) < 0.15
    assert not found.ratio[:40, :60].any()


def test_a_fixed_stretch_reads_no_canonical_grid(workspace):
    with Counted(workspace.archive.root) as archive:
        fixed = view(stretch=Stretch(StretchKind.FIXED, -25.0, 0.0))
        found = imagery(Workspace(workspace.root, archive, workspace.catalog), fixed, screen(200, 150))
        assert archive.grids == {(150, 200)}
    assert found.limits_b == (-25.0, 0.0)


def test_pass_members_are_one_picture_the_earliest_valid_look_first(tmp_path):
    rng = np.random.default_rng(8)
    first, second = (p * rng.gamma(4.0, 0.25, (100, 100)) for p in (0.1, 0.4))
    first[:, 80:] = np.nan
    with open_workspace(tmp_path) as opened:
        early = add(opened, acquisition("slice-1"), first, grid((100, 100)))
        late = add(opened, acquisition("slice-2", day=30 / 86400), second, grid((100, 100), right=60))
        add(opened, acquisition("next-pass", day=0.1), second, grid((100, 100), right=60))
        assert [m.id for m in members(opened, late)] == ["slice-1", "slice-2"]
        whole = grid((100, 160))
        shown = View(extent=extent_of(box_of(whole)), b="slice-2")
        found = imagery(opened, shown, whole)
        alone = [decibel_bytes(opened.archive.amplitude(acq.pixels, "VV", whole)) for acq in (early, late)]
    np.testing.assert_array_equal(found.levels_b, np.where(alone[0] > 0, alone[0], alone[1]))
    assert found.levels_b.all()
    assert found.handling.attributions == {"slice-1", "slice-2"}


@pytest.mark.parametrize("unknown", [{"platform": None}, {"track": None}])
def test_nothing_stands_for_a_pass_that_is_not_stated(tmp_path, unknown):
    with open_workspace(tmp_path) as opened:
        one: Acquisition = add(opened, acquisition("one", **unknown), np.ones((40, 40)))
        add(opened, acquisition("two", day=10 / 86400, **unknown), np.ones((40, 40)))
        assert [m.id for m in members(opened, one)] == ["one"]


def test_many_threads_draw_the_same_picture(workspace):
    shown = view(compare=CompareMode.TWO_COLOUR)
    expected = picture(workspace, shown, screen())
    with ThreadPoolExecutor(6) as pool:
        for drawn in pool.map(lambda _: picture(workspace, shown, screen()), range(24)):
            np.testing.assert_array_equal(drawn, expected)


def test_the_same_frame_is_the_same_array_so_that_it_need_not_be_sent_again(workspace):
    first, second = (imagery(workspace, view(compare=CompareMode.SWIPE), screen()) for _ in range(2))
    assert first.levels_a is second.levels_a
    assert imagery(workspace, view(compare=CompareMode.SWIPE, b="later"), screen()).levels_a is first.levels_a
    assert not first.levels_a.flags.writeable
