"""Legacy ICEYE's pixels and where they are: amplitudes by RPCs or points, complex numbers by the orbit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.model.acquisition import AMPLITUDE_SCALE, Calibration, LookSide, Quantity
from dashboard.model.errors import NoGeoreferenceError
from dashboard.sources.facts import Facts
from dashboard.sources.geocode.doppler import ImagePlane, RangeDoppler, slant_plane
from dashboard.sources.geocode.sensor import Sensor
from dashboard.sources.hdf5.pixels import H5Native, power_of
from dashboard.sources.hdf5.pixels import sample as h5_sample
from dashboard.sources.iceye.legacy_record import (
    corners,
    flight,
    incidence_of,
    look_azimuth,
    polarisation_of,
)
from dashboard.sources.iceye.legacy_words import vector
from dashboard.sources.iceye.pixels import Measured, measured
from dashboard.sources.iceye.record import BASIS, error_m
from dashboard.sources.radar_tiff import Accuracy, fitted, place, sane
from dashboard.sources.units import relative_formula

SPEED_OF_LIGHT = 299_792_458.0


def _accuracy(facts: Facts) -> Accuracy:
    azimuth, incidence = look_azimuth(facts), incidence_of(facts)
    return Accuracy(
        height_m=facts.number("avg_scene_height", -500, 9000),
        error_m=error_m(facts.text("iceye:processing_mode")),
        basis=BASIS,
        look=(azimuth, incidence) if azimuth is not None and incidence else None,
    )


def amplitude_image(image: Path, facts: Facts) -> tuple[Measured, Sensor]:
    """Return ground-range amplitude, by RPCs, else by control points, else by the four stated corners.

    Raises
    ------
    InputError
        If the pixels cannot be read or placed.
    """
    properties = {
        "iceye:calibration_factor": facts.value("calibration_factor"),
        "iceye:processing_mode": facts.value("iceye:processing_mode"),
    }
    pixels = measured(image, polarisation_of(facts)[0], Facts(properties, facts.file), "GRD")
    accuracy = _accuracy(facts)
    try:
        return pixels, place(image, accuracy)
    except NoGeoreferenceError:
        rows, cols = pixels.native.shape
        points = [p for p in corners(facts) if 0 <= p.row < rows and 0 <= p.col < cols]
        if len(points) < 4:
            raise
        coarse = replace(accuracy, error_m=None, basis="none is stated; placed by its four corners")
        return pixels, sane(fitted(points, pixels.native.shape, coarse, image.name), image.name)


def complex_image(image: Path, facts: Facts) -> tuple[Measured, Sensor]:
    """Return complex pixels by azimuth and slant range, placed by the orbit.

    Raises
    ------
    InputError
        If the pixels cannot be read or placed.
    """
    orientation = (facts.text("data_orientation") or "native").lower().replace("-", "_")
    if orientation != "native":
        msg = f"{facts.file}: data_orientation is {orientation[:30]!r}; only native images are read. Order those."
        raise NoGeoreferenceError(msg)
    polarisation = polarisation_of(facts)[0]
    factor, archive_scale = facts.number("calibration_factor", 1e-30, 1e30), AMPLITUDE_SCALE
    native = H5Native(image, {polarisation: ("s_i", "s_q")}, _nothing)
    rows, cols = native.shape
    for name, side in (("number_of_azimuth_samples", rows), ("number_of_range_samples", cols)):
        stated = facts.whole(name, 1)
        if stated is not None and stated != side:
            raise facts.wrong(name, stated, f"{side:,}, as the image has")
    why_not = "" if factor is not None else "the product states no calibration factor"
    if factor is None:
        formula, archive_scale = relative_formula(h5_sample(native))
        factor = formula.relative**2
    sines, note = _sines(facts, cols)

    def power(values: NDArray[Any], rows: slice, cols: slice) -> NDArray[np.float32]:  # noqa: ARG001  alike in rows
        found = power_of(values, factor)
        return found if sines is None else found * sines[None, cols]

    native = H5Native(image, {polarisation: ("s_i", "s_q")}, power)
    quantity = Quantity.BETA0 if sines is None else Quantity.SIGMA0
    calibration = Calibration(valid=not why_not, quantity=None if why_not else quantity, why_not=why_not)
    found = Measured(native=native, calibration=calibration, note=note, archive_scale=archive_scale)
    return found, sane(_orbit_sensor(facts, native.shape), image.name)


def _orbit_sensor(facts: Facts, shape: tuple[int, int]) -> Sensor:
    path, look = flight(facts), facts.choice(LookSide, "look_side")
    if path is None or look is None:
        lacks = "look_side" if path is not None else "state_vector_time_utc with posX, posY, posZ"
        msg = f"{facts.file} does not state {lacks}; its rows and columns cannot be placed."
        raise NoGeoreferenceError(msg)
    first = facts.need_time("zerodoppler_start_utc")
    if not path.covers(first):
        raise facts.wrong("zerodoppler_start_utc", first, "a moment around which the orbit's states lie")
    range_of, column_of = slant_plane(
        facts.need_number("first_pixel_time", 1e-4, 1e-1) * SPEED_OF_LIGHT / 2,
        facts.need_number("slant_range_spacing", 1e-3, 1e3),
    )
    plane = ImagePlane(
        first_time_s=path.seconds(first),
        line_s=facts.need_number("azimuth_time_interval", 1e-7, 1.0),
        range_of=range_of,
        column_of=column_of,
    )
    accuracy = _accuracy(facts)
    height = accuracy.height_m or 0.0
    return RangeDoppler(path.path, plane, shape, look, height_m=height, error_m=accuracy.error_m, basis=accuracy.basis)


def _sines(facts: Facts, cols: int) -> tuple[NDArray[np.float32] | None, str]:
    """Return the sine of the incidence of each column."""
    theta = vector(facts, "local_incidence_angle")
    near, far = facts.number("incidence_near", 0.0, 90.0), facts.number("incidence_far", 0.0, 90.0)
    source = "local_incidence_angle"
    if theta is None or len(theta) != cols:
        theta = None if near is None or far is None else np.linspace(near, far, cols)
        source = "incidence_near and incidence_far"
    if theta is None or not ((theta > 0) & (theta < 90)).all():
        return None, "beta0 = factor x power; the product states no incidence"
    return np.sin(np.radians(theta)).astype(np.float32), f"sigma0 = factor x power x sine of {source}"


def _nothing(values: NDArray[Any], rows: slice, cols: slice) -> NDArray[np.float32]:  # noqa: ARG001
    """Stand in while only the size and a sample of the image are asked for."""
    return np.zeros(values.shape[:2], np.float32)
