"""What the annotation of a Sentinel-1 image says, from the geometry that it is made with."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint

from dashboard.model.acquisition import LookSide
from dashboard.simulate.products import sentinel1_xml as xml
from dashboard.simulate.products.slant import SlantGrid
from dashboard.simulate.products.take import Take

Floats = NDArray[np.float64]

LIGHT_M_S = 299_792_458.0
SAMPLING_HZ = 64.345238e6
GRD_M = 10.0
GRID_POINTS = (6, 8)


def sheet_of(grid: SlantGrid, take: Take, *, swath: str, kind: str) -> xml.Sheet:
    """Return what the annotation says of a whole grid, in any polarisation."""
    if take.look is not LookSide.RIGHT:
        msg = "Sentinel-1 looks to the right; give a take that does."
        raise ValueError(msg)
    incidence = grid.incidence_deg()
    times, places, speeds = grid.states
    step = float(grid.ranges[1] - grid.ranges[0])
    line_m = 7500.0 * grid.line_s * 6_371_000.0 / grid.orbit.radius_m
    return xml.Sheet(
        kind=kind,
        swath=swath,
        shape=grid.shape,
        first_line=take.start,
        line_s=grid.line_s,
        slant_range_s=float(grid.ranges[0]) * 2 / LIGHT_M_S,
        sampling_hz=SAMPLING_HZ if kind == "GRD" else LIGHT_M_S / 2 / step,
        spacing_m=(GRD_M if kind == "GRD" else step, line_m),
        incidence_deg=float(incidence[len(incidence) // 2]),
        incidence_range_deg=(float(incidence[0]), float(incidence[-1])),
        states=[
            (moment_at(grid, take, t), place, speed) for t, place, speed in zip(times, places, speeds, strict=True)
        ],
        points=_points(grid, take, incidence),
        conversions=_conversions(grid, take) if kind == "GRD" else (),
    )


def moment_at(grid: SlantGrid, take: Take, t: float) -> datetime:
    """Return the moment of a time of the grid: its first row is the take's start."""
    return take.start + timedelta(seconds=float(t - grid.times[0]))


def _points(grid: SlantGrid, take: Take, incidence: Floats) -> list[Mapping[str, object]]:
    """Return the geolocation grid."""
    lines, pixels = (np.unique(np.linspace(0, n - 1, k).round()) for n, k in zip(grid.shape, GRID_POINTS, strict=True))
    rows, cols = (part.ravel().astype(int) for part in np.meshgrid(lines, pixels, indexing="ij"))
    lon, lat = grid.place(rows.astype(np.float64), cols.astype(np.float64))
    return [
        {
            "azimuthTime": xml.utc(moment_at(grid, take, float(grid.times[row]))),
            "slantRangeTime": xml.numbers([float(grid.ranges[col]) * 2 / LIGHT_M_S]),
            "line": int(row),
            "pixel": int(col),
            "latitude": xml.numbers([lat[k]]),
            "longitude": xml.numbers([lon[k]]),
            "height": xml.numbers([grid.scene.height_m]),
            "incidenceAngle": xml.numbers([incidence[col]]),
            "elevationAngle": xml.numbers([incidence[col] - 4.0]),
        }
        for k, (row, col) in enumerate(zip(rows, cols, strict=True))
    ]


def _conversions(grid: SlantGrid, take: Take) -> list[Mapping[str, object]]:
    """Return polynomials between slant and ground range, the same at three moments."""
    if grid.ground_m is None or grid.to_slant is None:
        return []
    first = float(grid.ranges[0])
    back = Polynomial.fit(grid.ranges - first, grid.ground_m, 6).convert().coef
    return [
        {
            "azimuthTime": xml.utc(moment_at(grid, take, t)),
            "slantRangeTime": xml.numbers([first * 2 / LIGHT_M_S]),
            "sr0": xml.numbers([first]),
            "srgrCoefficients": xml.numbers(back),
            "gr0": xml.numbers([0.0]),
            "grsrCoefficients": xml.numbers(grid.to_slant),
        }
        for t in (grid.times[0] - 1.0, grid.times[len(grid.times) // 2], grid.times[-1] + 1.0)
    ]


def control_of(sheet: xml.Sheet) -> list[GroundControlPoint]:
    """Return the geolocation grid as control points, as it is: the processor counts from the first pixel's centre."""
    return [
        GroundControlPoint(*(float(str(point[key])) for key in ("line", "pixel", "longitude", "latitude", "height")))
        for point in sheet.points
    ]
