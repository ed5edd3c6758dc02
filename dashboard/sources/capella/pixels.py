"""Capella's pixels: as delivered on a map, or from radar geometry onto one."""

from dataclasses import dataclass
from math import radians, tan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import AMPLITUDE_SCALE, Geocoding
from dashboard.sources.capella.place import IMAGE, centre_of, sensor_of
from dashboard.sources.capella.record import incidence_of, level_of, look_azimuth, polarisation_of
from dashboard.sources.facts import Facts
from dashboard.sources.footprint import bounds_footprint, clean_footprint
from dashboard.sources.geocode.native import Calibrate, TiffNative
from dashboard.sources.geocode.power import GeocodedPower
from dashboard.sources.geocode.terrain import terrain
from dashboard.sources.power import Band, TiffPower, sample
from dashboard.sources.product import Given, OpenPower
from dashboard.sources.radar_tiff import Accuracy, footprint_of
from dashboard.sources.subapertures import PARTS, MeanPower
from dashboard.sources.units import Formula, relative_formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The image file."""

    path: Path
    shape: tuple[int, int]
    bands: int
    formula: Formula
    geometry: object
    """GeoJSON outline that the bundle states, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Pixels on a map."""

    power: OpenPower
    geocoding: Geocoding
    footprint: BaseGeometry
    looks_taken: tuple[int, int] = (1, 1)


def formula_of(facts: Facts, path: Path) -> tuple[Formula, float]:
    """Return (amplitude times the scale factor, squared) and the archive's scale.

    Without a factor, and for pictures made for the eye, values are brought into the range that pictures show.
    """
    factor = facts.number(f"{IMAGE}/scale_factor", 1e-30, 1e30)
    if factor is not None and level_of(facts) != "CSI":
        return Formula("scale_sq", factor), AMPLITUDE_SCALE
    return relative_formula(sample(Band(polarisation_of(facts), path)))


def in_radar_geometry(facts: Facts, image: Delivered, given: Given) -> Placed:
    """Return the power of an SLC, looked and laid on the map.

    Raises
    ------
    NoGeoreferenceError, DamagedProductError
        If its geometry describes no place.
    """
    azimuth, incidence, middle = look_azimuth(facts), incidence_of(facts), centre_of(facts)
    look = (azimuth, incidence) if azimuth is not None and incidence else None
    basis = "none is stated; control points of the file"
    accuracy = Accuracy(height_m=middle[2] if middle else None, error_m=None, basis=basis, look=look)
    sensor = sensor_of(facts, image.path, image.shape, accuracy)
    native = TiffNative([Band(polarisation_of(facts), image.path)], _squared(image.formula))
    power = GeocodedPower(native, sensor, terrain(given.dem, sensor.height_m), complex_pixels=True)
    return Placed(
        power=power,
        geocoding=power.geocoding,
        footprint=footprint_of(image.geometry, sensor),
        looks_taken=power.looks_taken,
    )


def on_map(facts: Facts, image: Delivered) -> Placed:
    """Return the power of an image on a map, as delivered."""
    level, polarisation = level_of(facts), polarisation_of(facts)
    power: OpenPower = TiffPower([Band(polarisation, image.path)], image.formula)
    if level == "CSI" and image.bands >= len(PARTS):
        parts = [Band(name, image.path, index) for index, name in enumerate(PARTS, start=1)]
        power = MeanPower(TiffPower(parts, image.formula), polarisation)
    stated = isinstance(image.geometry, dict)
    geocoding = Geocoding(
        kind="affine",
        heights="as delivered",
        shift_per_m=None if level == "GEO" else _shift(incidence_of(facts)),
        basis=_heights(facts),
    )
    footprint = clean_footprint(image.geometry) if stated else bounds_footprint(power.geobox)
    return Placed(power=power, geocoding=geocoding, footprint=footprint)


def _squared(formula: Formula) -> Calibrate:
    """Return what turns complex numbers into power: an exact zero is what lies outside the scene."""

    def power(values: NDArray[Any], rows: slice, cols: slice) -> NDArray[np.float32]:  # noqa: ARG001  alike everywhere
        found = formula.power(values)
        found[~np.isfinite(found) | (values == 0)] = np.nan
        return found

    return power


def _shift(incidence: float | None) -> float | None:
    """Return metres on the ground for each metre of height, of an image placed on one height."""
    return round(1.0 / tan(radians(incidence)), 3) if incidence else None


def _heights(facts: Facts) -> str:
    name = facts.text(f"{IMAGE}/terrain_models/reprojection/name")
    return f"none is stated; the producer placed it on {name[:60]}" if name else "none is stated"
