"""Pictures and history of a change: the right looks, one stretch, the truth in decibels, gaps as gaps."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely
from pair_workspace import SPACING_M, START, acquisition, add, grid

from dashboard.model.change import ChangeRun, ChangeSign, DetectedChange
from dashboard.render.levels import RATIO_LIMIT_DB
from dashboard.workflows.chips import change_series, chips
from dashboard.workflows.extent import box_of
from dashboard.workflows.workspace import Workspace, open_workspace

SHAPE = (200, 240)
ON = (slice(90, 100), slice(110, 130))
GONE = 3
"""Look that saw nothing of the change's ground."""
LOOKS = 6
DAYS = [6.0 * look for look in range(LOOKS)]
STEP_DB = 6.0
FIRST = 4
"""First look with the change."""


def block(place: tuple[slice, slice]) -> shapely.Polygon:
    rows, cols = place
    lattice = grid((rows.stop - rows.start, cols.stop - cols.start), down=rows.start, right=cols.start)
    return shapely.box(*box_of(lattice))


def ground() -> np.ndarray:
    """Return power without speckle: a smooth slope, so that a mean is known."""
    return 0.02 * 10 ** (0.3 * np.add.outer(np.linspace(0, 1, SHAPE[0]), np.linspace(0, 1, SHAPE[1])))


@pytest.fixture(name="workspace", scope="module")
def _workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with open_workspace(tmp_path_factory.mktemp("chips")) as opened:
        for look, day in enumerate(DAYS):
            power = ground()
            if look >= FIRST:
                power[ON] *= 10 ** (STEP_DB / 10)
            if look == GONE:
                power[80:110, 100:140] = np.nan
            add(opened, acquisition(f"look-{look}", day=day), power)
        other = ground() * 5
        add(opened, acquisition("stranger", day=13.0, track=99), other)
        add(opened, acquisition("across", day=26.0, track=99), other)
        yield opened


RUN = ChangeRun(
    id="run", created=START, method="change-tstat", parameters=(), before="look-2", after="look-4",
    extent=(0, 0, 1, 1), observed_km2=1.0, software="nightglass", inputs=(),
)  # fmt: skip


def change(**changes: object) -> DetectedChange:
    plain = DetectedChange(
        id="c", run_id="run", geometry=block(ON), area_m2=1.0, pixels=200, after=START + timedelta(days=DAYS[2]),
        before=START + timedelta(days=DAYS[FIRST]), magnitude_db=STEP_DB, sign=ChangeSign.BRIGHTER, p_value=1e-9,
        evidence=("look-2", "look-4"),
    )  # fmt: skip
    return replace(plain, **changes)


def truth_db() -> float:
    return float(10 * np.log10(ground()[ON].mean()))


def test_the_looks_around_the_change_are_shown_on_one_stretch(workspace: Workspace) -> None:
    found = chips(workspace, change(), RUN, size_px=100, polarisation="VV")
    assert found is not None
    assert found.stamps == (START + timedelta(days=DAYS[2]), START + timedelta(days=DAYS[FIRST]))
    assert found.ids == ("look-2", "look-4")
    assert found.before.shape == found.after.shape == found.ratio.shape == (100, 100)
    low, high = found.limits_db
    step = 254 * STEP_DB / (high - low)
    inside, outside = found.ratio[48:52, 45:55], found.ratio[:10]
    assert np.abs(found.after[:10].astype(int) - found.before[:10]).max() <= 1
    shown = found.after[48:52, 45:55].astype(float) - found.before[48:52, 45:55]
    assert (np.abs(shown - step) <= 2).all() or (found.after[48:52, 45:55] == 255).any()
    assert np.abs(inside.astype(float) - (128 + 127 * STEP_DB / RATIO_LIMIT_DB)).max() <= 2
    assert np.abs(outside.astype(int) - 128).max() <= 1


def test_the_outline_is_where_the_picture_changed(workspace: Workspace) -> None:
    found = chips(workspace, change(), RUN, size_px=100)
    assert found is not None
    (ring,) = found.outline
    columns, rows = np.array(ring).T
    changed = np.argwhere(found.ratio > 160)
    assert changed.min(axis=0) == pytest.approx((rows.min(), columns.min()), abs=2.5)
    assert changed.max(axis=0) + 1 == pytest.approx((rows.max(), columns.max()), abs=2.5)
    assert (columns.max() - columns.min()) * found.pixel_m == pytest.approx(20 * SPACING_M, rel=0.05)


def test_a_small_change_is_not_shown_finer_than_half_a_pixel(workspace: Workspace) -> None:
    small = (slice(95, 97), slice(115, 117))
    found = chips(workspace, change(geometry=block(small)), RUN, size_px=80)
    assert found is not None
    assert found.pixel_m == pytest.approx(SPACING_M / 2, rel=1e-6)
    assert found.ratio[38:42, 38:42].min() > 190


def test_what_was_not_observed_is_nothing(workspace: Workspace) -> None:
    found = chips(workspace, change(after=START + timedelta(days=DAYS[GONE])), RUN, size_px=100)
    assert found is not None
    assert found.ids == ("look-3", "look-4")
    assert (found.before[40:60, 40:60] == 0).all()
    assert (found.ratio[40:60, 40:60] == 0).all()
    assert (found.after[40:60, 40:60] > 0).all()
    assert found.ratio[2, 2] > 0


def test_a_polarisation_that_is_not_there_gives_way(workspace: Workspace) -> None:
    found = chips(workspace, change(magnitudes=(("VV", 3.0, 4.0),)), RUN, polarisation="HH")
    assert found is not None
    assert found.polarisation == "VV"


def test_the_history_is_true_and_its_gaps_are_gaps(workspace: Workspace) -> None:
    (line,) = change_series(workspace, change(), RUN)
    assert line.polarisation == "VV"
    assert line.times == tuple(START + timedelta(days=day) for day in DAYS)
    assert line.ids == tuple(f"look-{look}" for look in range(LOOKS))
    expected = [truth_db() + (STEP_DB if look >= FIRST else 0.0) for look in range(LOOKS)]
    expected[GONE] = np.nan
    assert line.mean_db == pytest.approx(expected, abs=0.05, nan_ok=True)
    assert line.interval == (change().after, change().before)
    assert "night-sar" in line.stack
    assert "46" in line.stack


def test_every_stack_of_the_evidence_has_its_own_lines(workspace: Workspace) -> None:
    lines = change_series(workspace, change(evidence=("stranger", "look-2", "look-4")), RUN)
    assert [len(line.times) for line in lines] == [LOOKS, 2]
    assert lines[1].mean_db == pytest.approx([truth_db() + 10 * np.log10(5)] * 2, abs=0.05)
    found = chips(workspace, change(evidence=("stranger", "look-2", "look-4")), RUN)
    assert found is not None
    assert found.ids == ("look-2", "look-4")


@pytest.mark.parametrize("geometry", [block(ON).buffer(0.2), block((slice(95, 96), slice(115, 116))).buffer(-3e-5)])
def test_large_and_tiny_changes_have_pictures_and_lines(workspace: Workspace, geometry: shapely.Polygon) -> None:
    odd = change(geometry=geometry)
    assert chips(workspace, odd, RUN) is not None
    (line,) = change_series(workspace, odd, RUN)
    assert len(line.mean_db) == LOOKS


def test_without_pixels_there_is_nothing_to_show(workspace: Workspace, tmp_path: Path) -> None:
    foreign = change(evidence=("nobody", "knows"))
    unknown = replace(RUN, before="nobody", after="knows")
    assert chips(workspace, foreign, unknown) is None
    assert change_series(workspace, foreign, unknown) == ()
    with open_workspace(tmp_path / "empty") as empty:
        assert chips(empty, change(), RUN) is None
        assert change_series(empty, change(), RUN) == ()
    elsewhere = change(geometry=shapely.box(10, 10, 10.01, 10.01))
    assert chips(workspace, elsewhere, RUN) is None
