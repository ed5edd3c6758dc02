"""Where the rows and columns of a Capella SLC are: by range and Doppler, by polar format, or by control points."""

from pathlib import Path

import numpy as np
from numpy.polynomial import Polynomial

from dashboard.model.acquisition import LookSide
from dashboard.model.errors import DamagedProductError, NoGeoreferenceError
from dashboard.sources.facts import Facts
from dashboard.sources.geocode.doppler import ImagePlane, RangeDoppler, slant_plane
from dashboard.sources.geocode.ellipsoid import from_ecef
from dashboard.sources.geocode.polar_format import PolarFormat, aperture_at
from dashboard.sources.geocode.sensor import Floats, Sensor
from dashboard.sources.orbit_states import Track, track
from dashboard.sources.radar_tiff import Accuracy, place, sane

IMAGE = "collect/image"
GEOMETRY = f"{IMAGE}/image_geometry"


def sensor_of(facts: Facts, image: Path, shape: tuple[int, int], accuracy: Accuracy) -> Sensor:
    """Return where the pixels of an image in radar geometry are.

    Parameters
    ----------
    facts : extended metadata
    image : the TIFF, whose control points serve where the metadata lack a part
    shape : (rows, columns)
    accuracy : height and look direction for control points

    Raises
    ------
    NoGeoreferenceError, DamagedProductError
        If the geometry describes no place.
    """
    kind = facts.text(f"{GEOMETRY}/type")
    flight = flight_of(facts)
    look = facts.choice(LookSide, "collect/radar/pointing")
    if kind == "slant_plane" and flight is not None and look is not None:
        return sane(_slant(facts, flight, look, shape), facts.file)
    if kind == "pfa":
        return sane(_polar(facts, shape), facts.file)
    try:
        return place(image, accuracy)
    except NoGeoreferenceError as error:
        lacks = "its state vectors and pointing" if kind == "slant_plane" else f"a geometry of the type {kind!r}"
        msg = f"{facts.file} has {lacks}, which cannot be used, and {image.name} no control points to stand in for it."
        raise NoGeoreferenceError(msg) from error


def flight_of(facts: Facts) -> Track | None:
    """Return the orbit, or None where it is not stated or not fixed to the earth."""
    frame = (facts.text("collect/state/coordinate_system/type") or "ecef").lower()
    return track(facts.records("collect/state/state_vectors")) if frame == "ecef" else None


def centre_of(facts: Facts) -> tuple[float, float, float] | None:
    """Return (longitude, latitude, height) of the central pixel, or None.

    Raises
    ------
    DamagedProductError
        If it is stated and lies nowhere near the ground.
    """
    position = facts.numbers(f"{IMAGE}/center_pixel/target_position", 3)
    if position is None:
        return None
    lon, lat, height = (float(v) for v in from_ecef(position))
    if not (np.isfinite([lon, lat, height]).all() and -500 <= height <= 9000):
        raise facts.wrong(f"{IMAGE}/center_pixel/target_position", position, "a place on the ground")
    return lon, lat, height


def _slant(facts: Facts, flight: Track, look: LookSide, shape: tuple[int, int]) -> Sensor:
    range_of, column_of = slant_plane(
        facts.need_number(f"{GEOMETRY}/range_to_first_sample", 1e5, 5e6),
        facts.need_number(f"{GEOMETRY}/delta_range_sample", 1e-3, 1e3),
    )
    first = facts.need_time(f"{GEOMETRY}/first_line_time")
    line_s = facts.need_number(f"{GEOMETRY}/delta_line_time", 1e-9, 1.0)
    if not flight.covers(first):
        raise facts.wrong(f"{GEOMETRY}/first_line_time", first, "a moment around which the state vectors lie")
    plane = ImagePlane(first_time_s=flight.seconds(first), line_s=line_s, range_of=range_of, column_of=column_of)
    middle = centre_of(facts)
    source = facts.text("collect/state/source") or "unnamed"
    basis = f"none is stated; range and Doppler with an orbit of the source {source}"
    return RangeDoppler(flight.path, plane, shape, look, height_m=middle[2] if middle else 0.0, basis=basis)


def _polar(facts: Facts, shape: tuple[int, int]) -> Sensor:
    centre = f"{GEOMETRY}/center_of_aperture"
    reference = _needed(facts, f"{GEOMETRY}/scene_reference_point_ecef", 3)
    col, row = (float(v) for v in _needed(facts, f"{GEOMETRY}/scene_reference_point_row_col", 2))
    # In this geometry the vendor's rows run away from the radar: they are the columns of the file.
    away = facts.need_number(f"{GEOMETRY}/row_sample_spacing", 1e-3, 1e3)
    aside = facts.need_number(f"{GEOMETRY}/col_sample_spacing", 1e-3, 1e3)
    try:
        aperture = aperture_at(
            facts.need_number(f"{centre}/time", -1e4, 1e4),
            _needed(facts, f"{centre}/antenna_reference_point", 3),
            _needed(facts, f"{centre}/velocity_antenna_reference_point", 3),
            Polynomial(_needed(facts, f"{GEOMETRY}/polar_angle_polynomial/coefficients")),
            Polynomial(_needed(facts, f"{GEOMETRY}/spatial_frequency_scale_factor_polynomial/coefficients")),
        )
    except DamagedProductError as error:
        msg = f"{facts.file}: {error}" if facts.file not in str(error) else str(error)
        raise DamagedProductError(msg) from error
    if not 6.3e6 < float(np.linalg.norm(reference)) < 6.4e6:
        raise facts.wrong(f"{GEOMETRY}/scene_reference_point_ecef", reference, "a place on the ground")
    basis = "none is stated; range and range rate of the polar format"
    return PolarFormat(aperture, reference, (row, col), (aside, away), shape, basis=basis)


def _needed(facts: Facts, path: str, count: int | None = None) -> Floats:
    found = facts.numbers(path, count)
    if found is None:
        raise facts.missing(path)
    return found
