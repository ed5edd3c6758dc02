"""When an object changed: laws of the date, its interval and what bears it out, on speckle of known truth."""

import numpy as np
import pytest
import xarray as xr

from dashboard.change.energy import CommonMode, Options, Reference
from dashboard.change.points import Dated, object_dates
from dashboard.model.errors import GridMismatchError, InputError

START = np.datetime64("2023-01-01", "ns")
SIZE = 60
LOOKS = 9.0


def stack(seed: int, dates: int = 24, every_days: int = 12, offset_days: int = 0, looks: float = LOOKS) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    power = (0.05 * rng.standard_gamma(looks, (dates, 2, SIZE, SIZE)) / looks).astype(np.float32)
    days = offset_days + every_days * np.arange(dates)
    times = START + days.astype("timedelta64[D]")
    return xr.DataArray(
        power, dims=("time", "polarisation", "y", "x"), coords={"time": times, "polarisation": ["VV", "VH"]}
    )


def patches(height: int = 2, width: int = 3, every: int = 6) -> np.ndarray:
    """Return labels of small equal objects on a lattice."""
    labels = np.zeros((SIZE, SIZE), np.int32)
    number = 0
    for row in range(1, SIZE - height, every):
        for column in range(1, SIZE - width, every):
            number += 1
            labels[row : row + height, column : column + width] = number
    return labels


def changed(array: xr.DataArray, labels: np.ndarray, dates: slice, db: float, flips: float = 0.0) -> xr.DataArray:
    """Return a copy whose objects are brighter on some dates, a share of their pixels darker instead. Read only."""
    rng = np.random.default_rng(99)
    sign = np.where(rng.random(labels.shape) < flips, -1.0, 1.0)
    gain = np.where(labels > 0, 10 ** (sign * db / 10), 1.0).astype(np.float32)
    found = array.copy(deep=True)
    found.values[dates] *= gain
    found.values.flags.writeable = False
    return found


def flat_reference(arrays: list[xr.DataArray], variance: float = 0.118) -> Reference:
    """Return the reference of a scene without a common mode, whose speckle is known."""
    return Reference(
        common=tuple(
            CommonMode(
                times=np.asarray(a.time.values),
                polarisations=("VV", "VH"),
                values=np.zeros((a.sizes["time"], 2, 1, 1), np.float32),
                y=np.array([0.0]),
                x=np.array([0.0]),
            )
            for a in arrays
        ),
        variance=tuple(np.full(2, variance, np.float32) for _ in arrays),
    )


def exact(found: tuple[Dated, ...], times: np.ndarray, first: int) -> float:
    return float(np.mean([d.before == times[first] and d.after == times[first - 1] for d in found]))


def held(found: tuple[Dated, ...], times: np.ndarray, first: int) -> float:
    return float(np.mean([d.low <= times[first - 1] and d.high >= times[first] for d in found]))


@pytest.mark.parametrize("flips", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("first", [3, 16, 22])
def test_a_step_is_dated_to_the_look_whatever_the_signs_inside(first, flips):
    labels = patches()
    one = changed(stack(1), labels, slice(first, None), 4.0, flips)
    found = object_dates([one], labels)
    assert [d.label for d in found] == list(range(1, labels.max() + 1))
    assert exact(found, one.time.values, first) > 0.97
    assert held(found, one.time.values, first) > 0.97
    assert np.mean([d.ended for d in found]) < 0.03
    assert np.mean([d.confirming >= 0.8 * d.since for d in found]) > 0.95
    assert {d.since for d in found if d.before == one.time.values[first]} == {24 - first}


@pytest.mark.parametrize(("db", "looks"), [(1.0, 9.0), (1.5, 9.0), (3.0, 4.4), (0.8, 30.0)])
def test_the_interval_holds_the_truth_as_often_as_it_says(db, looks):
    labels = patches(1, 2, 3)
    hits = []
    for seed, first in ((2, 8), (3, 17)):
        one = changed(stack(seed, looks=looks), labels, slice(first, None), db)
        hits.append(held(object_dates([one], labels), one.time.values, first))
    assert np.mean(hits) >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / (2 * labels.max()))


def test_the_interval_never_excludes_the_date_itself():
    labels = patches(1, 1, 3)
    for dated in object_dates([changed(stack(4), labels, slice(12, None), 1.0)], labels):
        assert dated.low <= dated.after < dated.before <= dated.high


@pytest.mark.parametrize(("start", "stop"), [(5, 8), (14, 19), (20, 22)])
def test_what_goes_back_has_ended_and_is_dated_by_its_beginning(start, stop):
    labels = patches()
    one = changed(stack(5), labels, slice(start, stop), 5.0, 0.25)
    found = object_dates([one], labels)
    assert np.mean([d.ended for d in found]) > 0.97
    assert exact(found, one.time.values, start) > 0.95
    assert np.mean([d.confirming == stop - start for d in found]) > 0.8
    assert np.mean([d.since == 24 - start for d in found]) > 0.95


def test_nothing_ends_by_chance():
    labels = patches(1, 2, 3)
    found = object_dates([changed(stack(6), labels, slice(18, None), 3.0)], labels)
    assert np.mean([d.ended for d in found]) < 0.02


def test_stacks_interleave_their_dates():
    labels = patches()
    first, second = stack(7), stack(8, offset_days=5)
    moment = START + np.timedelta64(12 * 15 + 3, "D")  # after a look of the first stack, before one of the second
    arrays = [
        changed(a, labels, slice(int(np.searchsorted(a.time.values, moment)), None), 4.0) for a in (first, second)
    ]
    found = object_dates(arrays, labels)
    good = [d for d in found if d.after == first.time.values[15] and d.before == second.time.values[15]]
    assert len(good) > 0.95 * len(found)
    assert np.mean([d.stacks_agreeing for d in found]) > 1.95
    assert {d.stacks for d in found} == {2}


def test_a_stack_that_saw_nothing_does_not_agree():
    labels = patches()
    arrays = [changed(stack(9), labels, slice(15, None), 5.0), stack(10, offset_days=5)]
    found = object_dates(arrays, labels)
    assert np.mean([d.stacks_agreeing == 1 for d in found]) > 0.95


def test_a_stack_with_looks_on_one_side_only_does_not_count():
    labels = patches()
    late = stack(11, dates=4, offset_days=12 * 20)
    found = object_dates(
        [changed(stack(9), labels, slice(15, None), 5.0), changed(late, labels, slice(None), 5.0)], labels
    )
    assert np.mean([d.stacks == 1 for d in found]) > 0.95


def test_dates_are_looks_that_saw_the_object():
    labels = patches()
    one = changed(stack(12), labels, slice(15, None), 5.0).copy(deep=True)
    one.values[14:16, :, :30] = np.nan
    found = object_dates([one], labels)
    times = one.time.values
    for dated in found:
        row = np.argwhere(labels == dated.label)[:, 0].max()
        if row < 30:
            assert dated.after != times[14]
            assert dated.before != times[15]
    assert np.mean([d.after == times[13] and d.before == times[16] for d in found if d.label <= 20]) > 0.95


def test_an_object_never_seen_is_dated_by_nothing():
    labels = np.ones((SIZE, SIZE), np.int32)
    one = stack(13)
    one.values[:] = np.nan
    (dated,) = object_dates([one], labels, reference=flat_reference([one]))
    assert (dated.confirming, dated.since, dated.stacks, dated.stacks_agreeing, dated.ended) == (0, 0, 0, 0, False)
    assert dated.low <= dated.after <= dated.before <= dated.high


def test_gain_flips_and_order_of_polarisations_change_nothing():
    labels = patches()
    one = changed(stack(14), labels, slice(10, None), 3.0, 0.25)
    reference = flat_reference([one])
    found = object_dates([one], labels, reference=reference)
    assert object_dates([one * np.float32(16.0)], labels, reference=reference) == found
    assert object_dates([one[:, ::-1]], labels, reference=reference) == found
    mirrored = object_dates([one[..., ::-1]], labels[:, ::-1], reference=reference)
    assert mirrored == found
    transposed = object_dates(
        [one.transpose("time", "polarisation", "x", "y").rename(x="y", y="x")], labels.T, reference=reference
    )
    assert transposed == found


def test_some_objects_are_dated_as_among_all():
    labels = patches()
    one = changed(stack(15), labels, slice(10, None), 3.0)
    reference = flat_reference([one])
    found = object_dates([one], labels, reference=reference)
    part = np.where((labels >= 1) & (labels <= 7), labels, 0).astype(np.int32)
    assert object_dates([one], part, reference=reference) == found[:7]
    window = np.s_[:, :, :30]
    inside = int(labels[:30].max())
    assert object_dates([one[window]], labels[:30], reference=reference) == found[:inside]


def test_objects_beyond_one_helping_are_dated_alike(monkeypatch):
    labels = patches()
    one = changed(stack(16), labels, slice(10, None), 3.0)
    whole = object_dates([one], labels)
    monkeypatch.setattr("dashboard.change.points.dating._CHUNK", 13)
    assert object_dates([one], labels) == whole


def test_a_large_object_is_dated_from_a_sample(monkeypatch):
    labels = np.zeros((SIZE, SIZE), np.int32)
    labels[5:55, 5:55] = 1
    one = changed(stack(17), labels, slice(9, None), 3.0)
    monkeypatch.setattr("dashboard.change.points.dating.MOST_MEMBERS", 100)
    (dated,) = object_dates([one], labels)
    assert dated.before == one.time.values[9]


def test_what_the_whole_scene_shares_is_no_change_of_an_object():
    labels = patches()
    rain = stack(18).copy(deep=True)
    rain.values[11:14] *= np.float32(10**0.5)
    one = changed(rain, labels, slice(17, None), 3.0)
    assert exact(object_dates([one], labels), one.time.values, 17) > 0.95
    kept = object_dates([one], labels, options=Options(common_mode=False))
    assert exact(kept, one.time.values, 17) < 0.9


def test_a_common_mode_that_varies_over_the_scene_is_taken_where_the_object_lies():
    labels = patches()
    one = changed(stack(19), labels, slice(17, None), 3.0).copy(deep=True)
    nodes = np.linspace(0.0, SIZE - 1.0, 4)
    rng = np.random.default_rng(3)
    values = rng.normal(0.0, 0.6, (24, 2, 4, 4)).astype(np.float32)
    common = CommonMode(times=one.time.values, polarisations=("VV", "VH"), values=values, y=nodes, x=nodes)
    y = x = np.arange(float(SIZE))
    calm = flat_reference([one])
    moving = Reference(common=(common,), variance=calm.variance)
    wet = one * np.exp(common.on(y, x))
    assert exact(object_dates([wet], labels, reference=moving), one.time.values, 17) > 0.95
    dates = [[d.before for d in object_dates([a], labels, reference=r)] for a, r in ((wet, moving), (one, calm))]
    assert np.mean([a == b for a, b in zip(*dates, strict=True)]) > 0.99


def test_no_object_gives_no_date():
    assert object_dates([stack(20)], np.zeros((SIZE, SIZE), np.int32)) == ()


def test_what_cannot_be_dated_is_refused():
    one = stack(21)
    with pytest.raises(InputError, match="No stack"):
        object_dates([], patches())
    with pytest.raises(GridMismatchError):
        object_dates([one], np.ones((3, 3), np.int32))
    gap = np.zeros((SIZE, SIZE), np.int32)
    gap[0, 0] = 2
    with pytest.raises(InputError, match="Label 1 has no pixel"):
        object_dates([one], gap)
    with pytest.raises(InputError, match="do not rise"):
        object_dates([one[::-1]], patches())
    with pytest.raises(InputError, match="transpose"):
        object_dates([one.transpose("polarisation", "time", "y", "x")], patches())
