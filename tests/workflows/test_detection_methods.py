"""Methods asked for by name find the same ground and say what their numbers rest on."""

import numpy as np
import pytest
import xarray as xr
from pair_workspace import grid
from stack_workspace import ON, SHAPE, block, fill, moment, overlap

from dashboard.change.periods import Periods
from dashboard.change.placebo import Calibration, Counts
from dashboard.model.change import Basis, ChangeSign
from dashboard.model.errors import InputError
from dashboard.workflows.detection.methods import out_of_season
from dashboard.workflows.detection.placebos import blocks, evened
from dashboard.workflows.detection.question import Method, Question
from dashboard.workflows.detection.run import detect
from dashboard.workflows.detection.simulated import DrawnP, combined, sigma_of
from dashboard.workflows.workspace import open_workspace

BEFORE, AFTER = 10, 3
EVENT_DAY = 12 * BEFORE


def question(**options):
    asked = {
        "before": (moment(0), moment(EVENT_DAY - 1)),
        "after": (moment(EVENT_DAY), moment(400)),
        "anchors": ("look-00",),
    }
    return Question(**{**asked, **options})


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with open_workspace(tmp_path_factory.mktemp("methods")) as opened:
        fill(opened, before=BEFORE, after=AFTER, unseen_after=True)
        yield opened


@pytest.mark.parametrize(
    ("method", "basis", "says"),
    [
        (Method.CHANGE_TSTAT, Basis.PLACEBO, None),
        (Method.LOG_RATIO, Basis.THEORY, "law of speckle fired"),
        (Method.CHANGE_POINT, Basis.PLACEBO, "any instant of the looks before"),
        (Method.SEQUENTIAL, Basis.THEORY, "its check"),
        (Method.PWTT, Basis.PLACEBO, "published PWTT"),
    ],
)
def test_every_method_finds_the_change_and_says_what_it_rests_on(world, method, basis, says):
    run, changes = detect(world, question(method=method), geobox=grid(SHAPE))
    assert (run.method, run.basis) == (method.value, basis)
    assert says is None or any(says in remark for remark in run.remarks)
    change = max(changes, key=lambda each: overlap(each.geometry, block(ON)))
    if method is Method.PWTT:  # its discs of 150 m are as wide as the block, and take quiet ground in
        assert overlap(change.geometry, block(ON)) > 0.15
        assert change.magnitude_db > 0
    else:
        assert overlap(change.geometry, block(ON)) > 0.4
        assert change.sign is ChangeSign.BRIGHTER
    assert change in changes[:6]
    assert run.unobserved is not None
    assert run.observed_km2 < SHAPE[0] * SHAPE[1] * 1e-4
    assert run.announced is not None
    assert change.confidence is not None


def test_a_method_that_needs_more_looks_says_how_many(world):
    few = {"before": (moment(0), moment(13)), "after": (moment(14), moment(400))}
    with pytest.raises(InputError, match=r"2 looks before cannot tell a change .* 3 are needed"):
        detect(world, question(method=Method.CHANGE_TSTAT, **few), geobox=grid(SHAPE))
    with pytest.raises(InputError, match="there are 2, 8 needed"):
        detect(world, question(method=Method.CHANGE_POINT, **few), geobox=grid(SHAPE))


def test_blocks_are_spread_evenly_and_hold_what_was_asked():
    assert blocks((100, 200), 50_000) == ((slice(0, 100), slice(0, 200)),)
    for shape in ((800, 1400), (150, 9000), (3000, 400)):
        found = blocks(shape, 250_000)
        assert all(0 <= s.start < s.stop <= n for each in found for s, n in zip(each, shape, strict=True))
        pixels = sum((r.stop - r.start) * (c.stop - c.start) for r, c in found)
        assert 0.4 * 250_000 < pixels < 1.8 * 250_000
        seen = np.zeros(shape, np.int8)
        for place in found:
            seen[place] += 1
        assert seen.max() == 1
        assert len(found) > 1


def test_the_table_of_strata_says_what_the_calibration_says():
    rng = np.random.default_rng(2)
    stratum = rng.integers(0, 9, (700, 2000)).astype(np.uint8)
    energy = (rng.gamma(2.0, 0.5, stratum.shape) * (1.0 + stratum / 6.0)).astype(np.float32)
    known = Calibration.of(Counts.of(energy, stratum), 4)
    energy[0, :5] = np.nan
    np.testing.assert_allclose(evened(known, energy, stratum), known.evened(energy, stratum), rtol=0.012, atol=0.035)


def test_simulated_p_values_are_uniform_and_as_alike_as_asked():
    field = DrawnP(2, 1.2)(np.random.default_rng(3))
    p = 10.0 ** -field.astype(float)
    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.012)
    from scipy import ndimage

    noise = ndimage.gaussian_filter(np.random.default_rng(4).standard_normal((400, 400)), 1.2, mode="wrap")
    assert sigma_of(noise) == pytest.approx(1.2, rel=0.06)
    assert sigma_of(np.random.default_rng(5).standard_normal((400, 400))) == 0.0


def test_combined_tests_leave_out_what_is_not_known():
    one, nothing = np.array([[0.01, np.nan]]), np.array([[np.nan, np.nan]])
    assert combined([one, nothing])[0, 0] == pytest.approx(2.0, rel=1e-4)
    assert np.isnan(combined([one, nothing])[0, 1])
    both = combined([one, one])[0, 0]
    assert 2.0 < both < 4.0


@pytest.mark.parametrize(("day", "told"), [(180, False), (205, True), (300, True), (340, False), (720, False)])
def test_a_season_that_the_past_lacks_is_told(day, told):
    """Looks before from January to June; after on a day counted from January 1."""
    days = np.array([*range(0, 170, 12), day])
    times = np.datetime64("2023-01-01", "ns") + days * np.timedelta64(1, "D")
    only = xr.DataArray(np.zeros(days.size), {"time": times}, ("time",))
    remarks = out_of_season([only], Periods(before=(times[0], times[-2]), after=(times[-1], times[-1])))
    assert bool(remarks) == told
    assert all("a year earlier" in remark for remark in remarks)
