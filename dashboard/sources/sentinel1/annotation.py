"""The annotation of one Sentinel-1 image: size, timing, orbit, ground range, geolocation grid and bursts."""

import itertools
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import DamagedProductError
from dashboard.sources.geocode.native import MOST_SIDE, sane_shape
from dashboard.sources.geocode.sensor import Floats
from dashboard.sources.values import moment
from dashboard.sources.xml import (
    Element,
    find_all,
    load_xml,
    number_at,
    required_number,
    required_text,
    text,
)

LIGHT_M_S = 299_792_458.0
IMAGE = "imageAnnotation/imageInformation"
PRODUCT = "generalAnnotation/productInformation"
PROCESSING = "imageAnnotation/processingInformation"
MOST_RECORDS = 20_000
"""Of one list: real ones have a few hundred."""
FARTHEST_M = 1e8
"""From the earth's centre: more is no orbit around it."""
GRID_FIELDS = ("line", "pixel", "latitude", "longitude", "height", "incidenceAngle")


@dataclass(frozen=True, slots=True)
class Conversion:
    """Polynomials between slant range and ground range, each valid around its own moment."""

    times_s: Floats
    """Seconds after the epoch, ascending, shape (k,)."""
    slant_origin_m: Floats
    """Slant range that `to_ground` counts from, shape (k,)."""
    to_ground: Floats
    """Coefficients of ground range, lowest first, shape (k, n)."""
    ground_origin_m: Floats
    to_slant: Floats
    """Coefficients of slant range, lowest first, shape (k, n)."""


@dataclass(frozen=True, slots=True)
class Burst:
    """One sweep of the beam: consecutive lines of the image."""

    time_s: float
    """Of its first line, seconds after the epoch."""
    first_valid: NDArray[np.int64]
    """First sample that holds data, line by line; -1 where the line has none."""
    last_valid: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What the annotation of one polarisation of one swath says."""

    name: str
    """Of the file."""
    polarisation: str
    swath: str
    shape: tuple[int, int]
    """(lines, samples)."""
    first_line_s: float
    """Zero-Doppler time of line 0, seconds after the epoch."""
    line_s: float
    slant_range_m: float
    """Of sample 0."""
    sampling_hz: float
    """Of range."""
    spacing_m: tuple[float, float]
    """(range, azimuth)."""
    ground_range: bool
    """Whether columns are equally spaced on the ground rather than on the slant."""
    incidence_deg: float
    """In the middle of the swath."""
    frequency_hz: float
    orbit_times_s: Floats
    orbit_positions_m: Floats
    """Earth-centred, earth-fixed, shape (n, 3)."""
    grid: Floats
    """Geolocation grid: rows of line, pixel, latitude, longitude, height, incidence angle, seconds after the epoch."""
    conversion: Conversion | None
    """None for images in slant range."""
    lines_per_burst: int
    bursts: tuple[Burst, ...]
    noise_removed: bool
    """Whether the processor subtracted the thermal noise."""
    looks: tuple[float | None, float | None]
    """(range, azimuth)."""
    heading_deg: float | None

    @property
    def slant_step_m(self) -> float:
        """Distance between samples along the slant."""
        return LIGHT_M_S / 2.0 / self.sampling_hz


def load_annotation(path: Path, epoch: datetime) -> Annotation:
    """Return what an annotation file says.

    Parameters
    ----------
    path : file below ``annotation``
    epoch : that seconds count from, UTC

    Raises
    ------
    DamagedProductError
        If it cannot be read or lacks what the image cannot be placed without; the message names file and field.
    """
    root, name = load_xml(path), path.name
    size = [int(_above(root, f"{IMAGE}/{field}", name)) for field in ("numberOfLines", "numberOfSamples")]
    ground_range = required_text(root, f"{PRODUCT}/projection", name).lower().startswith("ground")
    times, positions = _orbit(root, name, epoch)
    lines_per_burst = int(number_at(root, "swathTiming/linesPerBurst", name) or 0)
    return Annotation(
        name=name,
        polarisation=required_text(root, "adsHeader/polarisation", name).upper(),
        swath=required_text(root, "adsHeader/swath", name).upper(),
        shape=sane_shape((size[0], size[1]), name),
        first_line_s=_seconds(root, f"{IMAGE}/productFirstLineUtcTime", name, epoch),
        line_s=_above(root, f"{IMAGE}/azimuthTimeInterval", name),
        slant_range_m=_above(root, f"{IMAGE}/slantRangeTime", name) * LIGHT_M_S / 2.0,
        sampling_hz=_above(root, f"{PRODUCT}/rangeSamplingRate", name),
        spacing_m=(
            _above(root, f"{IMAGE}/rangePixelSpacing", name),
            _above(root, f"{IMAGE}/azimuthPixelSpacing", name),
        ),
        ground_range=ground_range,
        incidence_deg=_incidence(root, name),
        frequency_hz=_above(root, f"{PRODUCT}/radarFrequency", name),
        orbit_times_s=times,
        orbit_positions_m=positions,
        grid=_grid(root, name, epoch),
        conversion=_conversion(root, name, epoch) if ground_range else None,
        lines_per_burst=lines_per_burst,
        bursts=_bursts(root, name, epoch, lines_per_burst),
        noise_removed=(text(root, f"{PROCESSING}/thermalNoiseCorrectionPerformed") or "").lower() == "true",
        looks=_looks(root, name),
        heading_deg=number_at(root, f"{PRODUCT}/platformHeading", name),
    )


def numbers(root: Element, path: str, name: str) -> Floats:
    """Return the finite numbers, parted by blanks, at a path.

    Raises
    ------
    DamagedProductError
        If it is absent or something else stands there.
    """
    words = required_text(root, path, name).split()
    try:
        found = np.array(words, dtype=np.float64)
    except ValueError:
        found = np.array([np.nan])
    if not np.isfinite(found).all():
        msg = f"{name} states something that is no finite number in {path}; the product is damaged."
        raise DamagedProductError(msg)
    return found


def records(root: Element, path: str, name: str, fewest: int = 0) -> list[Element]:
    """Return the records of a list.

    Raises
    ------
    DamagedProductError
        If there are too few or absurdly many.
    """
    found = find_all(root, path)
    if not fewest <= len(found) <= MOST_RECORDS:
        msg = f"{name} has {len(found):,} records of {path}; between {fewest} and {MOST_RECORDS:,} are needed."
        raise DamagedProductError(msg)
    return found


def seconds(words: str, field: str, name: str, epoch: datetime) -> float:
    """Return a moment's text as seconds after the epoch."""
    return (moment(words, f"{field} of {name}") - epoch).total_seconds()


def _seconds(root: Element, path: str, name: str, epoch: datetime) -> float:
    return seconds(required_text(root, path, name), path, name, epoch)


def _above(root: Element, path: str, name: str) -> float:
    """Return a number that is greater than zero."""
    found = required_number(root, path, name)
    if found <= 0:
        msg = f"{name} states {found:g} as {path}; it must be positive. The product is damaged."
        raise DamagedProductError(msg)
    return found


def _incidence(root: Element, name: str) -> float:
    found = required_number(root, f"{IMAGE}/incidenceAngleMidSwath", name)
    if not 0 < found < 90:
        msg = f"{name} states {found:g} degrees as incidenceAngleMidSwath; it must lie between 0 and 90."
        raise DamagedProductError(msg)
    return found


def _looks(root: Element, name: str) -> tuple[float | None, float | None]:
    first = f"{PROCESSING}/swathProcParamsList/swathProcParams"
    return (
        number_at(root, f"{first}/rangeProcessing/numberOfLooks", name),
        number_at(root, f"{first}/azimuthProcessing/numberOfLooks", name),
    )


def _orbit(root: Element, name: str, epoch: datetime) -> tuple[Floats, Floats]:
    states = records(root, "generalAnnotation/orbitList/orbit", name, 3)
    times = [_seconds(state, "time", name, epoch) for state in states]
    places = [[required_number(state, f"position/{axis}", name) for axis in "xyz"] for state in states]
    positions = np.array(places, np.float64)
    if np.abs(positions).max() > FARTHEST_M:
        raise DamagedProductError(f"{name} states an orbit position that is none; the product is damaged.")
    return np.array(times, np.float64), positions


def _grid(root: Element, name: str, epoch: datetime) -> Floats:
    points = records(root, "geolocationGrid/geolocationGridPointList/geolocationGridPoint", name, 4)
    table = [
        [*(required_number(point, field, name) for field in GRID_FIELDS), _seconds(point, "azimuthTime", name, epoch)]
        for point in points
    ]
    grid = np.array(table, np.float64)
    if np.abs(grid[:, :2]).max() > MOST_SIDE:
        msg = f"{name} has a geolocationGridPoint at an absurd line or pixel; the product is damaged."
        raise DamagedProductError(msg)
    if np.abs(grid[:, 2]).max() > 90 or np.abs(grid[:, 3]).max() > 360 or np.abs(grid[:, 4]).max() > 9000:
        msg = f"{name} has a geolocationGridPoint that is not on the ground; the product is damaged."
        raise DamagedProductError(msg)
    return grid


def _conversion(root: Element, name: str, epoch: datetime) -> Conversion:
    found = records(root, "coordinateConversion/coordinateConversionList/coordinateConversion", name, 1)
    times = np.array([_seconds(record, "azimuthTime", name, epoch) for record in found], np.float64)
    if (np.diff(times) <= 0).any():
        msg = f"{name} has coordinateConversion records out of order; the product is damaged."
        raise DamagedProductError(msg)
    return Conversion(
        times_s=times,
        slant_origin_m=np.array([required_number(record, "sr0", name) for record in found], np.float64),
        to_ground=_table([numbers(record, "srgrCoefficients", name) for record in found]),
        ground_origin_m=np.array([required_number(record, "gr0", name) for record in found], np.float64),
        to_slant=_table([numbers(record, "grsrCoefficients", name) for record in found]),
    )


def _table(rows: list[Floats]) -> Floats:
    """Return rows of unequal length as one table, zeros behind the shorter ones."""
    table = np.zeros((len(rows), max(len(row) for row in rows)))
    for line, row in zip(table, rows, strict=True):
        line[: len(row)] = row
    return table


def _bursts(root: Element, name: str, epoch: datetime, lines: int) -> tuple[Burst, ...]:
    found = tuple(
        Burst(
            _seconds(record, "azimuthTime", name, epoch),
            _samples(record, "firstValidSample", name),
            _samples(record, "lastValidSample", name),
        )
        for record in records(root, "swathTiming/burstList/burst", name)
    )
    for burst in found:
        if len(burst.first_valid) != lines or len(burst.last_valid) != lines:
            msg = f"{name} states {lines} linesPerBurst and firstValidSample for {len(burst.first_valid)}; damaged."
            raise DamagedProductError(msg)
    if any(later.time_s <= earlier.time_s for earlier, later in itertools.pairwise(found)):
        msg = f"{name} has bursts out of order in burstList; the product is damaged."
        raise DamagedProductError(msg)
    return found


def _samples(record: Element, field: str, name: str) -> NDArray[np.int64]:
    found = numbers(record, field, name)
    if np.abs(found).max(initial=0.0) > 1e6:
        raise DamagedProductError(f"{name} states absurd samples as {field}; the product is damaged.")
    return found.astype(np.int64)
