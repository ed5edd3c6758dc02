"""Where the pixels of a COSMO-SkyMed product are: by its orbit, by its corners, or on its own map."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.polynomial import polyval
from pyproj import Geod

from dashboard.model.acquisition import LookSide
from dashboard.model.errors import DamagedProductError, NightglassError, NoGeoreferenceError
from dashboard.sources.cosmo.attributes import Stated
from dashboard.sources.geocode.direction import abeam, look_azimuth
from dashboard.sources.geocode.doppler import ImagePlane, OrbitPath, RangeDoppler, slant_plane, tabulated
from dashboard.sources.geocode.inverse import around
from dashboard.sources.geocode.points import ControlPoint, PointSensor
from dashboard.sources.geocode.sensor import Floats, Sensor
from dashboard.sources.hdf5.pixels import Turned

LIGHT_M_S = 299_792_458.0
CORNERS = ("Top Left", "Top Right", "Bottom Left", "Bottom Right")
NEAR_ENOUGH_M = 100.0
"""The orbit's model may miss the stated corners by this much, or by ..."""
NEAR_ENOUGH = 0.01
"""... this share of the image's diagonal; farther off it is not believed."""
RANGES_AGREE_M = 50.0
"""The ground-range polynomial must meet the stated slant ranges of the first and last column this closely."""
MOST_COEFFICIENTS = 20
STEADY = 0.01
"""Share by which the first and last times may differ from what the steps between them add up to."""
GEOD = Geod(ellps="WGS84")

Counted = tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]
"""Slant range of columns, and columns of slant ranges."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What the geometry of an image is made from."""

    raster: Stated
    """Attributes of the raster, then of its group, then of the root."""
    shape: tuple[int, int]
    """(rows, columns)."""
    look: LookSide | None
    incidence_deg: float | None
    """At the middle."""


def turned(raster: Stated) -> Turned:
    """Return which way round an image in radar geometry is stored.

    Raises
    ------
    DamagedProductError
        If the order is stated in words that are not understood.
    """
    return Turned(
        rows=_order(raster, "Lines Order", "EARLY-LATE", "LATE-EARLY"),
        cols=_order(raster, "Columns Order", "NEAR-FAR", "FAR-NEAR"),
    )


def corners(frame: Frame) -> Floats | None:
    """Return (latitude, longitude, height) of the first and last pixel of the first row, then of the last row.

    The order is that of the image the right way round, shape (4, 3); None when the product does not state all four.

    Raises
    ------
    DamagedProductError
        If one leaves the globe.
    """
    found = [frame.raster.numbers(f"{corner} Geodetic Coordinates", 3) for corner in CORNERS]
    stated = [corner for corner in found if corner is not None]
    if len(stated) < 4 or not np.any(stated):  # processors write zeros before the image is placed
        return None
    table = np.stack(stated)
    if np.abs(table[:, 0]).max() > 90 or np.abs(table[:, 1]).max() > 360 or np.abs(table[:, 2]).max() > 9000:
        msg = f"{frame.raster.file}: a corner of Geodetic Coordinates is not on the globe; the product is damaged."
        raise DamagedProductError(msg)
    order = turned(frame.raster)
    square = table.reshape(2, 2, 3)[:: -1 if order.rows else 1, :: -1 if order.cols else 1]
    return square.reshape(4, 3)


def orbit_of(root: Stated) -> OrbitPath | None:
    """Return the orbit, in seconds from ``Reference UTC``; None when it is not stated.

    Raises
    ------
    DamagedProductError
        If the states are no orbit.
    """
    times = root.numbers("State Vectors Times", -1)
    positions = root.numbers("ECEF Satellite Position", -1, 3)
    if times is None or positions is None:
        return None
    try:
        with np.errstate(over="ignore"):  # absurd positions are refused by their size
            return OrbitPath(times, positions)
    except DamagedProductError as error:
        msg = f"{root.file}: State Vectors Times, ECEF Satellite Position: {error}"
        raise DamagedProductError(msg) from error


def sensor(frame: Frame, look_deg: float | None) -> Sensor:
    """Return the geometry: by the orbit where that agrees with the stated corners, else through the corners.

    Parameters
    ----------
    frame : what the product states
    look_deg : direction on the ground in which the radar looks, if known

    Raises
    ------
    NoGeoreferenceError
        If the product states neither.
    DamagedProductError
        If what it states is damaged.
    """
    known = corners(frame)
    model, why = _by_orbit(frame, known)
    if model is not None:
        return model
    if known is None:
        msg = (
            f"{frame.raster.file} cannot be placed: {why}, and it does not state the four corners "
            "(Top Left Geodetic Coordinates, ...). Ask its provider for the complete product."
        )
        raise NoGeoreferenceError(msg)
    rows, cols = frame.shape
    places = ((0, 0), (0, cols - 1), (rows - 1, 0), (rows - 1, cols - 1), ((rows - 1) / 2, (cols - 1) / 2))
    table = np.concatenate([known, [_middle(known)]])
    points = [ControlPoint(r, c, lon, lat, h) for (r, c), (lat, lon, h) in zip(places, table, strict=True)]
    look = (look_deg, frame.incidence_deg) if look_deg is not None and frame.incidence_deg is not None else None
    return PointSensor(points, frame.shape, look=look, basis=f"four corners only ({why}); no error is stated")


def look_direction(frame: Frame, orbit: OrbitPath | None, centre: tuple[float, float] | None) -> float | None:
    """Return the direction on the ground in which the radar looked, degrees clockwise from north, or None.

    From the orbit and the scene's centre (lon, lat); else from the near to the far corners, which a map does not give.
    """
    if orbit is not None and centre is not None:
        moment = abeam(orbit, centre)
        if moment is not None:
            return look_azimuth(orbit.position(np.array(moment)), centre)
    on_map = frame.raster.word("Projection ID") in {"UTM", "UPS"}
    known = None if on_map else corners(frame)
    if known is None:
        return None
    near, far = known[::2].mean(axis=0), known[1::2].mean(axis=0)
    azimuth, _, _ = GEOD.inv(near[1], near[0], far[1], far[0])
    return float(azimuth) % 360.0


def _middle(known: Floats) -> Floats:
    """Return (latitude, longitude, height) of the middle of the bilinear surface through four corners."""
    east = around(known[:, 1], float(known[0, 1]))
    return np.array([known[:, 0].mean(), known[0, 1] + east.mean(), known[:, 2].mean()])


def _order(raster: Stated, name: str, usual: str, other: str) -> bool:
    """Return whether an order is the unusual one; absent means usual."""
    word = raster.word(name)
    if word in {"", usual}:
        return False
    if word == other:
        return True
    msg = f"{raster.file}: {name} is {word[:40]!r}; it must be {usual} or {other}."
    raise DamagedProductError(msg)


def _by_orbit(frame: Frame, known: Floats | None) -> tuple[RangeDoppler | None, str]:
    """Return the range-Doppler geometry, or why there is none."""
    orbit = orbit_of(frame.raster)
    plane, why = _plane(frame)
    if orbit is None or plane is None or frame.look is None:
        return None, why or f"it states no {'state vectors' if orbit is None else 'Look Side'}"
    last = plane.first_time_s + plane.line_s * frame.shape[0]
    if not orbit.span[0] <= plane.first_time_s < last <= orbit.span[1]:
        return None, "its state vectors do not cover its Zero Doppler Azimuth times"
    heights = known[:, 2] if known is not None else np.zeros(1)
    model = RangeDoppler(orbit, plane, frame.shape, frame.look, height_m=float(heights.mean()))
    if known is None:
        model.basis = "orbit and range model; the product states no corners to hold it against"
        return model, ""
    off, diagonal = _misses(model, known)
    if not off <= max(NEAR_ENOUGH_M, NEAR_ENOUGH * diagonal):
        return None, f"orbit and range model miss the stated corners by {off:,.0f} m"
    model.error_m = round(off, 2)
    model.basis = "largest distance between the orbit's model and the four corners that the product states"
    return model, ""


def _misses(model: RangeDoppler, known: Floats) -> tuple[float, float]:
    """Return the largest distance on the ground between model and corners, and the image's diagonal, metres."""
    rows, cols = (np.array([0.0, side - 1.0]) for side in model.shape)
    with np.errstate(all="ignore"):  # a model that is far off may find no ground at all
        lon, lat = model.to_ground(rows[[0, 0, 1, 1]], cols[[0, 1, 0, 1]], known[:, 2])
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return float("inf"), 0.0
    _, _, off = GEOD.inv(lon, lat, known[:, 1], known[:, 0])
    _, _, diagonal = GEOD.inv(known[0, 1], known[0, 0], known[3, 1], known[3, 0])
    return float(np.max(off)), float(diagonal)


def _plane(frame: Frame) -> tuple[ImagePlane | None, str]:
    """Return how rows and columns of the image the right way round count time and range, or why that is unknown."""
    raster = frame.raster
    clock, why = _counts(raster, "Azimuth", "Line Time Interval", frame.shape[0])
    if clock is None:
        return None, why
    if raster.word("Projection ID").startswith("GROUND") or raster.word("Product Type").startswith("DGM"):
        counted, why = _ground(frame)
    else:
        times, why = _counts(raster, "Range", "Column Time Interval", frame.shape[1])
        counted = None if times is None else slant_plane(*(time * LIGHT_M_S / 2 for time in times))
    if counted is None:
        return None, why
    return ImagePlane(first_time_s=clock[0], line_s=clock[1], range_of=counted[0], column_of=counted[1]), ""


def _counts(raster: Stated, axis: str, step: str, count: int) -> tuple[tuple[float, float] | None, str]:
    """Return (first, step) of the times of rows or columns the right way round, or why they are unknown."""
    ends = [raster.number(f"Zero Doppler {axis} {end} Time") for end in ("First", "Last")]
    stated = [time for time in ends if time is not None]
    if len(stated) < 2 or stated[0] == stated[1]:
        return None, f"it states no Zero Doppler {axis} First Time and Last Time"
    first, last = sorted(stated)
    step_s = raster.positive(step) or (last - first) / max(count - 1, 1)
    # Whether the last time is that of the last pixel or of its end is left open.
    if abs(last - first - step_s * (count - 1)) > max(2.0, STEADY * count) * step_s:
        return None, f"its {step} contradicts its Zero Doppler {axis} times"
    return (first, step_s), ""


def _ground(frame: Frame) -> tuple[Counted | None, str]:
    """Return how columns count equal steps on the ground, or why that is unknown.

    The polynomial gives slant range over metres from the first column, added to the reference range; that reading is
    held against the slant ranges that the product states for its first and last columns.
    """
    raster = frame.raster
    reference = raster.number("Ground Projection Polynomial Reference Range")
    polynomial = raster.numbers("Ground to Slant Polynomial", -1)
    spacing, ends = raster.positive("Column Spacing"), _stated_ranges(raster)
    if reference is None or polynomial is None or spacing is None:
        return None, "it states no Ground to Slant Polynomial with its reference range and Column Spacing"
    if len(polynomial) > MOST_COEFFICIENTS:
        msg = f"{raster.file}: Ground to Slant Polynomial has {len(polynomial):,} coefficients; at most 20 are meant."
        raise DamagedProductError(msg)
    with np.errstate(all="ignore"):
        along: Floats = polyval(np.arange(frame.shape[1]) * spacing, polynomial)
    for ranges in (along + reference, along):  # the handbook's words allow both; the stated ranges decide
        if ends is None or max(abs(ranges[0] - ends[0]), abs(ranges[-1] - ends[1])) < RANGES_AGREE_M:
            try:
                return tabulated(ranges), ""
            except NightglassError:
                return None, "its Ground to Slant Polynomial does not rise steadily"
    return None, "its Ground to Slant Polynomial contradicts its Zero Doppler Range times"


def _stated_ranges(raster: Stated) -> tuple[float, float] | None:
    """Return the slant range of the nearest and the farthest column, metres."""
    times = [raster.number(f"Zero Doppler Range {end} Time") for end in ("First", "Last")]
    if times[0] is None or times[1] is None:
        return None
    near, far = sorted(time * LIGHT_M_S / 2 for time in times if time is not None)
    return near, far
