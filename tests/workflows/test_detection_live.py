"""What changed on the screen: the same as a recorded run finds, kept in a pan, silent where nobody looked."""

import math
import threading
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from pair_workspace import grid
from stack_workspace import OFF, ON, SHAPE, UNSEEN, fill, moment

from dashboard.geo.mercator import extent_of, screen_geobox, to_mercator
from dashboard.model.change import Basis, ChangeSign
from dashboard.model.errors import CancelledError, NotFoundError
from dashboard.model.handling import Handling, Rank
from dashboard.model.progress import CancelToken
from dashboard.model.view import Extent
from dashboard.raster.archive import Archive
from dashboard.workflows.detection import live as live_module
from dashboard.workflows.detection.held import Held
from dashboard.workflows.detection.lattice import BUDGET, lattice, origin
from dashboard.workflows.detection.live import FIRST_LEVEL, QUIET, SCORES, STEPS, forget, live
from dashboard.workflows.detection.live import UNSEEN as NOT_SEEN
from dashboard.workflows.detection.question import Method, Question
from dashboard.workflows.detection.stacks import chosen_stacks, in_power, read_stack
from dashboard.workflows.extent import box_of
from dashboard.workflows.workspace import open_workspace

BEFORE, AFTER = 10, 3
EVENT_DAY = 12 * BEFORE
WHOLE = extent_of(box_of(grid(SHAPE)), margin=0.0)


def question(**options):
    asked = {
        "before": (moment(0), moment(EVENT_DAY - 1)),
        "after": (moment(EVENT_DAY), moment(400)),
        "anchors": ("look-00",),
    }
    return Question(**{**asked, **options})


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with open_workspace(tmp_path_factory.mktemp("live")) as opened:
        fill(opened, before=BEFORE, after=AFTER, unseen_after=True, handling=Handling(rank=Rank.RESTRICTED))
        yield opened


@pytest.fixture(autouse=True)
def _nothing_held():
    forget()


@pytest.fixture
def reads(monkeypatch):
    """Count the pixels that are read."""
    counted, read = [], Archive.amplitude_into

    def amplitude_into(self, pixels, polarisation, geobox, out, *, checked=True):
        counted.append(int(geobox.shape[0]) * int(geobox.shape[1]))
        read(self, pixels, polarisation, geobox, out, checked=checked)

    monkeypatch.setattr(Archive, "amplitude_into", amplitude_into)
    return counted


def screen(extent: Extent = WHOLE, width: int = 240) -> object:
    height = round(width * (extent.y1 - extent.y0) / (extent.x1 - extent.x0))
    return screen_geobox(extent, width, height)


def moved(extent: Extent, across: float, down: float = 0.0) -> Extent:
    dx, dy = across * (extent.x1 - extent.x0), down * (extent.y1 - extent.y0)
    return Extent(extent.x0 + dx, extent.y0 + dy, extent.x1 + dx, extent.y1 + dy)


def at(found, place):
    """Return the levels over a block of the ground."""
    rows, cols = place
    lattice_part = grid((rows.stop - rows.start, cols.stop - cols.start), down=rows.start, right=cols.start)
    west, south, east, north = box_of(lattice_part)
    (x0, y0), (x1, y1) = to_mercator(west, south), to_mercator(east, north)
    left, _, right, top = found.bounds
    size = (right - left) / found.levels.shape[1]
    return found.levels[
        math.ceil((top - y1) / size) : math.floor((top - y0) / size),
        math.ceil((x0 - left) / size) : math.floor((x1 - left) / size),
    ]


def test_levels_say_the_sign_and_rise_with_the_score(world):
    found = live(world, question(), screen())
    assert found.levels.dtype == np.uint8
    assert (len(found.scores), found.basis, found.method) == (STEPS, Basis.PLACEBO, "change-tstat")
    assert np.all(np.diff(found.scores) > 0)
    for place, sign in ((ON, ChangeSign.BRIGHTER), (OFF, ChangeSign.DARKER)):
        level = int(np.median(at(found, place)))
        assert FIRST_LEVEL[sign] <= level < FIRST_LEVEL[sign] + STEPS
        assert found.announced.at(float(SCORES[level - FIRST_LEVEL[sign]])) <= found.announced.per_100km2[0]
    assert np.mean(found.levels == QUIET) > 0.7
    assert found.levels.max() <= 253
    assert found.handling.rank is Rank.RESTRICTED
    assert found.found > 1
    assert found.pixel_m == pytest.approx(10.3, abs=0.5)
    assert not world.catalog.changes.runs()


def test_ground_without_a_look_after_is_unseen_and_never_quiet(world):
    found = live(world, question(), screen())
    assert np.mean(at(found, UNSEEN) == NOT_SEEN) > 0.97
    assert np.mean(at(found, (slice(100, 160), slice(20, 120))) == NOT_SEEN) == 0
    west = moved(WHOLE, -3.0)
    nothing = live(world, question(), screen(west))
    assert (nothing.levels == NOT_SEEN).all()
    assert (nothing.announced, nothing.found) == (None, 0)
    assert "both before and after" in nothing.remarks[0]
    corner = extent_of(box_of(grid((40, 30), down=5, right=205)), margin=0.0)
    assert (live(world, question(), screen(corner)).levels == NOT_SEEN).all()
    assert (live(world, question(after=(moment(900), moment(990))), screen()).levels == NOT_SEEN).all()


def test_the_grid_is_the_archives_own_and_one_lattice(world):
    (chosen,) = chosen_stacks(world, question(), box_of(grid(SHAPE)))
    first = lattice(screen(), [chosen])
    side = first.affine.a
    for extent in (moved(WHOLE, 0.11, 0.07), moved(WHOLE, -0.031)):
        other = lattice(screen(extent), [chosen])
        assert other.affine.a == side
        ahead = [(a - b) for a, b in zip(origin(other), origin(first), strict=True)]
        assert other.affine.c == pytest.approx(first.affine.c + ahead[1] * side)
        bounds = other.boundingbox
        assert bounds.left <= extent.x0 + 1e-3 * side
        assert bounds.right >= extent.x1 - 1e-3 * side
    close = extent_of(box_of(grid((20, 30), down=40, right=60)), margin=0.0)
    assert lattice(screen(close, 900), [chosen]).affine.a == side
    assert lattice(screen(), [chosen], budget=BUDGET / 1e3).affine.a > 1.5 * side
    assert lattice(grid(SHAPE), [chosen]) == grid(SHAPE)


def test_a_pan_reads_what_came_into_view_and_gives_what_reading_all_gives(world, reads):
    small = moved(Extent(WHOLE.x0, WHOLE.y0, WHOLE.x0 + 1500, WHOLE.y0 + 1200), 0.1, 0.1)
    live(world, question(), screen(small))
    whole = sum(reads)
    reads.clear()
    step = moved(small, 0.1, -0.05)
    panned = live(world, question(), screen(step))
    assert 0 < sum(reads) < 0.25 * whole
    forget()
    reads.clear()
    fresh = live(world, question(), screen(step))
    assert sum(reads) > 0.9 * whole
    np.testing.assert_array_equal(panned.levels, fresh.levels)
    assert panned.announced == fresh.announced


def test_held_looks_are_those_of_the_archive(world):
    held = Held()
    (chosen,) = chosen_stacks(world, question(), box_of(grid(SHAPE)))
    for extent in (WHOLE, moved(WHOLE, 0.13, 0.2), moved(WHOLE, -0.2, 0.1), moved(WHOLE, 0.5)):
        place = lattice(screen(extent), [chosen])
        (found,) = held.read(world.archive, [chosen], place)
        assert found.dtype == np.uint16
        power = read_stack(world.archive, chosen, place)
        xr.testing.assert_identical(in_power(found, chosen), power)
        assert not found.values.flags.writeable
    assert 0 < held.bytes < 3 * found.nbytes
    fewer = replace(chosen, passes=chosen.passes[2:], polarisations=("VH",))
    (part,) = held.read(world.archive, [fewer], place)
    np.testing.assert_array_equal(part.values, found.values[2:, 1:])
    first, *others = chosen.passes
    member = first.members[0]
    coarser = replace(member, pixels=replace(member.pixels, amplitude_scale=1e3))
    mixed = replace(chosen, passes=(replace(first, members=(coarser,)), *others))
    (power,) = held.read(world.archive, [mixed], place)
    np.testing.assert_array_equal(power.values, read_stack(world.archive, mixed, place).values)
    np.testing.assert_allclose(power.values[0], 100 * in_power(found, chosen).values[0], rtol=1e-6)
    tight = Held(most_bytes=1)
    tight.read(world.archive, [chosen], place)
    assert tight.bytes == 0


def test_another_rate_or_the_same_screen_reads_and_computes_nothing(world, reads, monkeypatch):
    first = live(world, question(), screen())
    reads.clear()
    monkeypatch.setattr(live_module, "examine", None)
    strict = live(world, question(far=1e-5), screen())
    assert np.count_nonzero(strict.levels > QUIET) < np.count_nonzero(first.levels > QUIET)
    np.testing.assert_array_equal(live(world, question(), screen()).levels, first.levels)
    assert reads == []


def test_amplitudes_and_power_give_one_picture(world, monkeypatch):
    found = live(world, question(), screen())
    forget()
    monkeypatch.setattr("dashboard.workflows.detection.held.amplitude_scale", lambda _: None)
    power = live(world, question(), screen())
    assert (power.levels != found.levels).mean() < 1e-3
    assert (power.method, power.found) == (found.method, found.found)


def test_ground_that_was_never_seen_often_enough_is_answered_by_another_method(world):
    """Looks enough in all, and on no pixel: every other date saw the west alone, and the others the east alone."""
    (chosen,) = chosen_stacks(world, question(), box_of(grid(SHAPE)))
    (array,) = Held().read(world.archive, [chosen], lattice(screen(), [chosen]))
    values = array.values.copy()
    values[:BEFORE] = 0
    values[0] = array.values[0]
    rare = array.copy(data=values)
    found = live_module._examined([rare], question(), [chosen], lattice(screen(), [chosen]), None)
    plain = live_module._examined([in_power(rare, chosen)], question(), [chosen], lattice(screen(), [chosen]), None)
    assert found.method == plain.method == Method.LOG_RATIO
    np.testing.assert_array_equal(found.seen.field, plain.seen.field)


def test_a_stop_is_heeded_between_reads_and_leaves_nothing_half(world, reads):
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        live(world, question(), screen(), cancel)
    assert len(reads) <= 8
    assert live(world, question(), screen()).found > 1


def test_several_threads_get_the_same_picture(world):
    expected, found = live(world, question(), screen()).levels, []
    forget()
    threads = [
        threading.Thread(target=lambda: found.append(live(world, question(), screen()).levels)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(np.array_equal(levels, expected) for levels in found)


@pytest.mark.parametrize("method", [Method.LOG_RATIO, Method.CHANGE_POINT, Method.SEQUENTIAL])
def test_every_method_draws(world, method):
    found = live(world, question(method=method), screen())
    assert found.method == method.value
    assert int(np.median(at(found, ON))) in range(FIRST_LEVEL[ChangeSign.BRIGHTER], FIRST_LEVEL[ChangeSign.DARKER])
    assert np.mean(at(found, UNSEEN) == NOT_SEEN) > 0.97


def test_an_unknown_anchor_is_an_error(world):
    with pytest.raises(NotFoundError, match="no-such"):
        live(world, question(anchors=("no-such",)), screen())
