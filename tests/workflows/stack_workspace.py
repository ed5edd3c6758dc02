"""A small workspace with stacks of simulated looks whose change is known: what detections from stacks are tested on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from pair_workspace import CRS, acquisition, grid

from dashboard.model.acquisition import Acquisition, PixelFile, Pixels
from dashboard.raster.write import write_cog
from dashboard.simulate.speckle import speckle
from dashboard.workflows.extent import box_of
from dashboard.workflows.workspace import Workspace

SHAPE = (180, 240)
LOOKS = 9.0
DAYS = 12
ON = (slice(40, 54), slice(60, 76))
OFF = (slice(120, 132), slice(170, 184))
UNSEEN = (slice(0, 60), slice(200, 240))
STEP_DB = 5.0


@dataclass(frozen=True)
class _Bands:
    """Linear power by polarisation in memory as a source of COGs."""

    power: dict[str, np.ndarray]
    geobox: GeoBox

    @property
    def polarisations(self) -> tuple[str, ...]:
        return tuple(self.power)

    def read(self, polarisation: str, rows: slice, cols: slice) -> np.ndarray:
        return self.power[polarisation][rows, cols]


def ground(shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """Backscatter that does not change: patches of fields over a slope of brightness."""
    rng = np.random.default_rng(5)
    coarse = rng.lognormal(0, 0.5, (-(-shape[0] // 30), -(-shape[1] // 30)))
    return 0.05 * np.kron(coarse, np.ones((30, 30)))[: shape[0], : shape[1]]


def looks(
    days: Sequence[float],
    *,
    event_day: float | None,
    seed: int = 3,
    shape: tuple[int, int] = SHAPE,
    correlation_px: float = 0.0,
) -> list[dict[str, np.ndarray]]:
    """Power by polarisation of every day: a gain of its own each, one block brighter and one darker from the event."""
    rng, base, made = np.random.default_rng(seed), ground(shape), []
    for day in days:
        gain = 10 ** (rng.normal(0, 0.3) / 10)
        bands = {}
        for name, db in (("VV", -0.0), ("VH", -6.0)):
            power = base * speckle(shape, LOOKS, rng, correlation_px) * gain * 10 ** (db / 10)
            if event_day is not None and day >= event_day:
                power[ON] *= 10 ** (STEP_DB / 10)
                power[OFF] /= 10 ** (STEP_DB / 10)
            bands[name] = power.astype(np.float32)
        made.append(bands)
    return made


def add(
    workspace: Workspace, acq: Acquisition, bands: dict[str, np.ndarray], geobox: GeoBox | None = None
) -> Acquisition:
    """Archive every polarisation of a look and record it."""
    geobox = geobox or grid(next(iter(bands.values())).shape)
    files = []
    for name in bands:
        path = f"night-sar/{acq.id}/{name}.tif"
        facts = write_cog(_Bands(bands, geobox), name, workspace.archive.root / path)
        files.append(PixelFile(polarisation=name, path=path, sha256=facts.sha256))
    pixels = Pixels(crs=CRS, transform=tuple(geobox.affine)[:6], shape=tuple(geobox.shape), files=tuple(files))
    stored = replace(acq, pixels=pixels, polarisations=tuple(bands), footprint=shapely.box(*box_of(geobox)))
    workspace.catalog.acquisitions.add(stored)
    return stored


def fill(
    workspace: Workspace,
    *,
    before: int,
    after: int,
    name: str = "look",
    first_day: float = 0.0,
    unseen_after: bool = False,
    seed: int = 3,
    **changes: object,
) -> list[Acquisition]:
    """Record a stack of `before` quiet looks and `after` looks with the change, `DAYS` apart."""
    days = [first_day + DAYS * n for n in range(before + after)]
    event = days[before] if after else None
    stored = []
    for number, (day, bands) in enumerate(zip(days, looks(days, event_day=event, seed=seed), strict=True)):
        if unseen_after and number >= before:
            for power in bands.values():
                power[UNSEEN] = np.nan
        made = acquisition(f"{name}-{number:02d}", day=day, looks=LOOKS, **changes)
        stored.append(add(workspace, made, bands))
    return stored


def moment(day: float) -> datetime:
    """Return a moment some days after the first look of every stack."""
    return datetime(2026, 2, 1, 9, 30, tzinfo=UTC) + timedelta(days=day)


def block(place: tuple[slice, slice]) -> shapely.Geometry:
    rows, cols = place
    lattice = grid((rows.stop - rows.start, cols.stop - cols.start), down=rows.start, right=cols.start)
    return shapely.box(*box_of(lattice))


def overlap(a: shapely.Geometry, b: shapely.Geometry) -> float:
    return a.intersection(b).area / a.union(b).area


def root(tmp: Path) -> Path:
    return tmp / "workspace"
