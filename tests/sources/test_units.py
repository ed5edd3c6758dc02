import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.acquisition import Quantity
from dashboard.model.errors import DamagedProductError, UnknownUnitsError
from dashboard.sources.units import Formula, from_units, relative_formula, stated

POSITIVE = st.floats(1e-3, 1e3)


def cal(kind: str, **rest: object) -> dict[str, object]:
    return {"kind": kind, "quantity": "sigma0", **rest}


@given(value=POSITIVE, k=st.floats(1e-6, 1e3))
def test_every_kind_says_what_its_formula_says(value: float, k: float) -> None:
    stored = np.array([value], np.float32)
    expected = {
        "scale": k * value**2,
        "scale_sq": (k * value) ** 2,
        "linear_power": value,
        "none": value**2,
    }
    for kind, power in expected.items():
        assert Formula(kind, k).power(stored)[0] == pytest.approx(power, rel=1e-5)


@given(decibels=st.floats(-60, 30))
def test_decibels_become_power(decibels: float) -> None:
    assert Formula("db").power(np.array([decibels], np.float32))[0] == pytest.approx(10 ** (decibels / 10), rel=1e-4)


def test_a_calibration_factor_in_decibels_multiplies_power() -> None:
    assert Formula("cf_db", -83.0).power(np.array([4000], np.uint16))[0] == pytest.approx(4000**2 * 10**-8.3, rel=1e-6)


def test_complex_values_give_their_squared_magnitude() -> None:
    assert Formula("scale", 2.0).power(np.array([3 + 4j], np.complex64))[0] == pytest.approx(50.0)


def test_negative_power_left_by_noise_removal_is_zero_and_nan_stays() -> None:
    found = Formula("linear_power").power(np.array([-0.1, np.nan], np.float32))
    assert found[0] == 0.0
    assert np.isnan(found[1])


@pytest.mark.parametrize(
    ("units", "kind", "quantity"),
    [
        ("linear power gamma0", "linear_power", Quantity.GAMMA0),
        ("dB sigma0", "db", Quantity.SIGMA0),
        ("Amplitude  beta0", "scale", Quantity.BETA0),
    ],
)
def test_plain_units(units: str, kind: str, quantity: Quantity) -> None:
    formula, calibration = stated(from_units(units))
    assert (formula.kind, calibration.valid, calibration.quantity) == (kind, True, quantity)


@pytest.mark.parametrize("units", ["counts", "", "dB sigma", "sigma0"])
def test_unknown_units_are_refused_by_name(units: str) -> None:
    with pytest.raises(UnknownUnitsError, match="linear power"):
        from_units(units)


def test_units_without_quantity_are_no_calibration() -> None:
    _, calibration = stated(from_units("amplitude"))
    assert not calibration.valid
    assert "quantity" in calibration.why_not


def test_what_a_product_says_of_itself_wins() -> None:
    _, calibration = stated(cal("linear_power", valid=False, why_not="Scan is not calibrated"))
    assert not calibration.valid
    assert calibration.why_not == "Scan is not calibrated"


@pytest.mark.parametrize("params", [None, {}, {"k": "x"}, {"k": -1.0}, {"k": float("nan")}])
def test_a_missing_constant_is_damage(params: object) -> None:
    with pytest.raises(DamagedProductError, match=r"params\.k"):
        stated(cal("scale", params=params))


def test_unknown_kind_and_quantity() -> None:
    with pytest.raises(UnknownUnitsError, match="linear_power"):
        stated(cal("magic"))
    with pytest.raises(UnknownUnitsError, match="beta0"):
        stated({"kind": "linear_power", "quantity": "tau0"})


@given(middle=st.floats(1.0, 60_000.0))
def test_numbers_without_units_land_in_the_range_of_pictures(middle: float) -> None:
    stored = np.full(9, round(middle), np.uint16)
    formula, archive_scale = relative_formula(stored)
    power = formula.power(stored)
    assert -20.5 <= 10 * np.log10(float(power[0])) <= 0.5
    assert round(archive_scale * float(np.sqrt(power[0]))) == stored[0]
