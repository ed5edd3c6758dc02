"""The real Sentinel-1 series that change detection is measured on: four bursts of OPERA RTC-S1 over California.

100 x 100 pixels of 30 m, VV and VH, 22 dates, read beside the project in ``../shared/data``. Nothing is labelled. The
first 20 dates run from autumn to winter of three years without a known event, and serve as ground on which nothing
happened, rain and growth aside.
"""

from collections import defaultdict
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr

from dashboard.change.periods import Periods

STACK = Path(__file__).parents[1].parent / "shared" / "data" / "opera-rtc-s1-california"
QUIET = 20
"""Dates without a known event; the last two are a year later and hold one new bright target."""
PIXEL_M2 = 900.0
POLARISATIONS = ("VV", "VH")


def bursts() -> dict[str, xr.DataArray]:
    """Return the stack of every burst (time, polarisation, y, x), or nothing where the files are absent."""
    files: dict[str, dict[tuple[np.datetime64, str], Path]] = defaultdict(dict)
    for path in sorted(STACK.glob("*/*.tif")):
        files[path.name.split("_")[3]][np.datetime64(path.parent.name, "ns"), path.stem[-2:]] = path
    return {burst: _read(known) for burst, known in files.items()}


def _read(files: dict[tuple[np.datetime64, str], Path]) -> xr.DataArray:
    times = sorted({time for time, _ in files})
    images = []
    for time in times:
        for name in POLARISATIONS:
            with rasterio.open(files[time, name]) as opened:
                images.append(opened.read(1))
                grid = opened.transform
    values = np.stack(images).reshape(len(times), len(POLARISATIONS), *images[0].shape)
    values.flags.writeable = False
    rows, cols = (np.arange(size) + 0.5 for size in images[0].shape)
    metres = {"y": grid.f + grid.e * rows, "x": grid.c + grid.a * cols}
    coords = {"time": times, "polarisation": list(POLARISATIONS), **metres}
    return xr.DataArray(values, dims=("time", "polarisation", "y", "x"), coords=coords)


def question(stack: xr.DataArray, last: int, count_before: int, count_after: int) -> Periods:
    """Return the question whose last look after is number `last - 1`, its looks before right ahead of those after."""
    times = stack.time.values
    first, event = last - count_before - count_after, last - count_after
    return Periods(before=(times[first], times[event - 1]), after=(times[event], times[last - 1]))
