"""OPERA DIST-ALERT-S1: a change product of one tile with disturbances that are known, ten layers and their tags."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.simulate.products.take import CAVEAT
from dashboard.simulate.products.tiff import write_tiff

DAY_ZERO = datetime(2020, 12, 31, tzinfo=UTC)
LOW, HIGH = 2.5, 4.5
"""Distances from the baseline, in its standard deviations, from which the product speaks of a disturbance."""
QUIET = 0.8
"""Metric of ground that is as it was."""
GRID = GeoBox((60, 80), Affine(30.0, 0.0, 264_480.0, 0.0, -30.0, 6_341_500.0), "EPSG:32719")
TIME = datetime(2024, 2, 16, 23, 28, 36, tzinfo=UTC)
_NO_BYTE, _NO_DAY = 255, -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """A rectangle that is disturbed alike."""

    rows: slice
    cols: slice
    status: int
    """1 to 8, as the product counts."""
    first: datetime
    """Day of the first look with it."""
    last: datetime = TIME
    """Day of the latest."""
    count: int = 1
    """Looks that show it."""
    percent: int = 100
    """Their share since it began."""
    metric: float = 5.0
    """Highest distance from the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What a product is of."""

    time: datetime = TIME
    made: datetime = datetime(2024, 2, 17, 8, 9, 51, tzinfo=UTC)
    prior: str | None = None
    """Name of the product of the pass before."""
    looked: bool = True
    """Whether this pass saw the ground: one of another track repeats the states of the pass before."""
    unseen: tuple[slice, slice] | None = None
    """Rows and columns without data."""

    @property
    def name(self) -> str:
        """Of the product."""
        return f"OPERA_L3_DIST-ALERT-S1_T19HBD_{_stamp(self.time)}_{_stamp(self.made)}_S1A_30_v0.1"


def write_dist_alert(
    folder: Path, disturbances: Sequence[Disturbance], taken: Pass | None = None, *, geobox: GeoBox = GRID
) -> Path:
    """Write a product's folder below `folder` and return it; later disturbances lie over earlier ones."""
    taken = taken or Pass()
    target = folder / taken.name
    target.mkdir(parents=True)
    for layer, (values, nodata) in _layers(disturbances, taken, geobox).items():
        path = target / f"{taken.name}_{layer}.tif"
        write_tiff(path, [values], geobox=geobox, tags=_tags(taken), nodata=nodata)
    return target


def _layers(disturbances: Sequence[Disturbance], taken: Pass, geobox: GeoBox) -> dict[str, tuple[NDArray[Any], float]]:
    shape = tuple(geobox.shape)
    layers: dict[str, tuple[NDArray[Any], float]] = {
        "GEN-DIST-STATUS": (np.zeros(shape, np.uint8), _NO_BYTE),
        "GEN-DIST-STATUS-ACQ": (np.zeros(shape, np.uint8), _NO_BYTE),
        "GEN-DIST-DATE": (np.zeros(shape, np.int16), _NO_DAY),
        "GEN-DIST-LAST-DATE": (np.zeros(shape, np.int16), _NO_DAY),
        "GEN-DIST-DUR": (np.zeros(shape, np.int16), _NO_DAY),
        "GEN-DIST-COUNT": (np.zeros(shape, np.uint8), _NO_BYTE),
        "GEN-DIST-PERC": (np.zeros(shape, np.uint8), _NO_BYTE),
        "GEN-DIST-CONF": (np.zeros(shape, np.float32), np.nan),
        "GEN-METRIC": (np.full(shape, QUIET, np.float32), np.nan),
        "GEN-METRIC-MAX": (np.full(shape, QUIET, np.float32), np.nan),
    }
    for each in disturbances:
        for layer, value in _values(each, taken).items():
            layers[layer][0][each.rows, each.cols] = value
    if not taken.looked:
        for layer in ("GEN-METRIC", "GEN-DIST-STATUS-ACQ"):
            layers[layer][0][:] = layers[layer][1]
    if taken.unseen is not None:
        for values, nodata in layers.values():
            values[taken.unseen] = nodata
    return layers


def _values(each: Disturbance, taken: Pass) -> dict[str, float]:
    first, last = ((moment - DAY_ZERO).days for moment in (each.first, each.last))
    now = each.last.date() == taken.time.date()
    return {
        "GEN-DIST-STATUS": each.status,
        "GEN-DIST-STATUS-ACQ": (4 if each.metric >= HIGH else 1) if now else 0,
        "GEN-DIST-DATE": first,
        "GEN-DIST-LAST-DATE": last,
        "GEN-DIST-DUR": last - first + 1,
        "GEN-DIST-COUNT": each.count,
        "GEN-DIST-PERC": each.percent,
        "GEN-DIST-CONF": each.metric * each.count**2,
        "GEN-METRIC": each.metric if now else QUIET,
        "GEN-METRIC-MAX": each.metric,
    }


def looks_before(taken: Pass) -> tuple[str, ...]:
    """Return the names of the baseline, in order of time: two bursts on three dates about a year before."""
    dates = [taken.time - timedelta(days=365 + 12 * back) for back in (2, 1, 0)]
    return tuple(_look(date + timedelta(seconds=2 * burst), burst) for date in dates for burst in range(2))


def looks_after(taken: Pass) -> tuple[str, ...]:
    """Return the names of the pass's own bursts, in order of time."""
    return tuple(_look(taken.time + timedelta(seconds=2 * burst), burst) for burst in range(2))


def _look(start: datetime, burst: int) -> str:
    made = start + timedelta(hours=7)
    return f"OPERA_L2_RTC-S1_T018-{38454 + burst:06d}-IW2_{_stamp(start)}_{_stamp(made)}_S1A_30_v1.0"


def _tags(taken: Pass) -> dict[str, str]:
    return {
        "TIFFTAG_IMAGEDESCRIPTION": CAVEAT,
        "version": "2.0.6",
        "sensor": "S1A",
        "mgrs_tile_id": "19HBD",
        "low_confidence_alert_threshold": str(LOW),
        "high_confidence_alert_threshold": str(HIGH),
        "apply_water_mask": "True",
        "model_source": "transformer_optimized",
        "prior_dist_s1_product": str(taken.prior),
        "pre_rtc_opera_ids": ",".join(sorted(looks_before(taken))),
        "post_rtc_opera_ids": ",".join(looks_after(taken)),
    }


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}Z"
