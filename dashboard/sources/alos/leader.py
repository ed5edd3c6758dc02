"""The leader file: what was flown, how it was processed, on which map, with which calibration factor."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import DamagedProductError
from dashboard.sources.alos.ceos import CHART, FACILITY, ORBIT, RADIOMETRY, SCENE, CeosRecord, records
from dashboard.sources.alos.map import Chart, read_chart
from dashboard.sources.geocode.doppler import OrbitPath

Floats = NDArray[np.float64]

FACILITY_5_BYTES = 5000
SCENE_BYTES, ORBIT_BYTES = 2006, 386
STATES_NEAR = 9
"""States around the scene that carry the orbit: eight minutes, which the polynomial bears to millimetres."""
MOST_STATES = 64
SANE_FACTOR_DB = (-200.0, 50.0)


@dataclass(frozen=True, slots=True)
class Polynomials:
    """Facility-related record 5: from pixels to latitude and longitude."""

    lat: tuple[float, ...]
    """25 coefficients, the highest powers first."""
    lon: tuple[float, ...]
    pixel: float
    """Origin."""
    line: float

    def place(self, rows: Floats, cols: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) in degrees of rows and columns as the record counts them."""
        down, across = rows - self.line, cols - self.pixel
        return _fourth(self.lon, down, across), _fourth(self.lat, down, across)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leader:
    """What is taken from a leader file; None is blank there."""

    file: str
    scene_id: str
    centre_time: datetime | None
    mission: str
    sensor: str
    orbit_number: int | None
    ellipsoid: str
    clock_angle_deg: float | None
    incidence_deg: float | None
    wavelength_m: float | None
    sampling_mhz: float | None
    prf_mhz: float | None
    facility: str
    software: str
    level: str
    product_type: str
    looks_azimuth: float | None
    looks_range: float | None
    bandwidth_range_khz: float | None
    resolution_range_m: float | None
    resolution_azimuth_m: float | None
    time_direction: str
    spacings_m: tuple[float | None, float | None]
    """Bytes 1687-1702 and 1703-1718."""
    off_nadir_deg: float | None
    beam: str
    middle: tuple[float, float] | None
    """Longitude and latitude of the scene's middle."""
    chart: Chart | None
    """The map of levels 1.5 and up."""
    orbit: OrbitPath | None
    """On a clock that starts at `centre_time`, seconds."""
    factor_db: float | None
    """CF."""
    polynomials: Polynomials | None


def read_leader(path: Path) -> Leader:
    """Return what a leader file states.

    Raises
    ------
    DamagedProductError
        If a record is cut off or missing, or a field cannot be meant; the message names file and field.
    """
    found = records(path, {SCENE, CHART, ORBIT, RADIOMETRY, FACILITY})
    scene = next((r for r in found if r.kind == SCENE), None)
    if scene is None or len(scene.data) < SCENE_BYTES:
        msg = f"{path.name} has no dataset summary (record type 18/10); it is no leader file of ALOS, or damaged."
        raise DamagedProductError(msg)
    others = {r.kind: r for r in found if r.kind != FACILITY}
    facility = next((r for r in found if r.kind == FACILITY and len(r.data) == FACILITY_5_BYTES), None)
    centre = _time(scene)
    chart, orbit, radiometry = others.get(CHART), others.get(ORBIT), others.get(RADIOMETRY)
    lon, lat = scene.number(133, 148), scene.number(117, 132)
    number = scene.within("orbit number", (445, 452), (0, 10_000_000))
    return Leader(
        file=path.name,
        scene_id=scene.text(21, 52),
        centre_time=centre,
        mission=scene.text(397, 412),
        sensor=scene.text(413, 444),
        orbit_number=None if number is None else int(number),
        ellipsoid=scene.text(165, 180),
        clock_angle_deg=scene.number(477, 484),
        incidence_deg=scene.within("incidence angle", (485, 492), (0.0, 89.0)),
        wavelength_m=scene.within("wavelength", (501, 516), (0.15, 0.4)),
        sampling_mhz=scene.within("sampling rate", (711, 726), (1.0, 1000.0)),
        prf_mhz=scene.number(935, 950),
        facility=scene.text(1047, 1062),
        software=scene.text(1071, 1078),
        level=scene.text(1095, 1110),
        product_type=scene.text(1111, 1142),
        looks_azimuth=scene.within("looks in azimuth", (1175, 1190), (0.0, 1000.0)) or None,
        looks_range=scene.within("looks in range", (1191, 1206), (0.0, 1000.0)) or None,
        bandwidth_range_khz=scene.within("bandwidth", (1255, 1270), (0.0, 1e6)) or None,
        resolution_range_m=scene.within("resolution in range", (1351, 1366), (0.0, 1000.0)) or None,
        resolution_azimuth_m=scene.within("resolution in azimuth", (1367, 1382), (0.0, 1000.0)) or None,
        time_direction=scene.text(1535, 1542),
        spacings_m=(scene.number(1687, 1702), scene.number(1703, 1718)),
        off_nadir_deg=scene.within("off-nadir angle", (1839, 1854), (0.0, 89.0)) or None,
        beam=scene.text(1855, 1858),
        middle=None if lon is None or lat is None or abs(lat) > 90 or abs(lon) > 360 else (lon, lat),
        chart=None if chart is None else read_chart(chart),
        orbit=None if orbit is None or centre is None else _orbit(orbit, centre),
        factor_db=None if radiometry is None else radiometry.within("calibration factor", (21, 36), SANE_FACTOR_DB),
        polynomials=None if facility is None else _polynomials(facility),
    )


def _time(scene: CeosRecord) -> datetime | None:
    """Return the scene's middle: year to millisecond in seventeen digits."""
    text = scene.text(69, 100)
    if not text:
        return None
    try:
        whole = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        return whole + timedelta(milliseconds=int(text[14:17] or 0))
    except ValueError as error:
        msg = f"{scene.file}: scene centre time (bytes 69-100) is {text!r}, which is no time such as 20140909043347052."
        raise DamagedProductError(msg) from error


def _orbit(record: CeosRecord, centre: datetime) -> OrbitPath | None:
    """Return the orbit around the scene; None when the record states no whole one."""
    count, interval = record.number(141, 144), record.number(183, 204)
    second, day, year = record.number(161, 182), record.number(157, 160), record.number(145, 148)
    if count is None or interval is None or second is None or day is None or year is None:
        return None
    if not (3 <= count <= MOST_STATES and 0 < interval <= 600 and 1990 <= year <= 2100 and 1 <= day <= 366):
        msg = (
            f"{record.file}: the platform position record announces {count:g} states every {interval:g} s from day "
            f"{day:g} of {year:g} (bytes 141-204), which cannot be. The product is damaged."
        )
        raise DamagedProductError(msg)
    rows = [record.numbers(ORBIT_BYTES + 1 + 132 * i, 6, 22) for i in range(int(count))]
    states = np.array([row for row in rows if row is not None], np.float64)
    if len(states) < count or not abs(second) < 2e5:
        return None
    first = datetime(int(year), 1, 1, tzinfo=UTC) + timedelta(days=int(day) - 1, seconds=second)
    times = (first - centre).total_seconds() + np.arange(len(states), dtype=np.float64) * interval
    near = np.sort(np.argsort(np.abs(times))[:STATES_NEAR])
    if np.abs(times[near]).min() > interval:
        msg = f"{record.file}: the platform positions (type 18/30) are of another time than the scene; it is damaged."
        raise DamagedProductError(msg)
    return OrbitPath(times[near].astype(np.float64), states[near, :3])


def _polynomials(record: CeosRecord) -> Polynomials | None:
    lat, lon = record.numbers(1025, 25, 20), record.numbers(1525, 25, 20)
    pixel, line = record.number(2025, 2044), record.number(2045, 2064)
    if lat is None or lon is None or pixel is None or line is None or not any(lat[:-1]):
        return None
    return Polynomials(lat, lon, pixel, line)


def _fourth(coefficients: tuple[float, ...], down: Floats, across: Floats) -> Floats:
    """Return the sum over i, j of k[5 i + j] down^(4-j) across^(4-i), by Horner's rule."""
    total: Floats = np.zeros(np.broadcast(down, across).shape)
    for i in range(5):
        inner: Floats = np.zeros(np.broadcast(down, across).shape)
        for j in range(5):
            inner = inner * down + coefficients[5 * i + j]
        total = total * across + inner
    return total
