"""A small workspace with real COGs of simulated speckle: what pictures and detections are tested on."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from dashboard.model.acquisition import (
    Acquisition,
    Calibration,
    LookSide,
    Origin,
    PassDirection,
    PixelFile,
    Pixels,
    Quantity,
)
from dashboard.model.handling import Handling
from dashboard.raster.write import write_cog
from dashboard.workflows.extent import box_of
from dashboard.workflows.workspace import Workspace

START = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
CRS = "EPSG:32655"
CORNER = (350_000.0, 4_800_000.0)
SPACING_M = 10.0


@dataclass(frozen=True)
class Power:
    """Linear power in memory as a source of a COG."""

    power: np.ndarray
    geobox: GeoBox
    polarisations: tuple[str, ...] = ("VV",)

    def read(self, polarisation: str, rows: slice, cols: slice) -> np.ndarray:
        return self.power[rows, cols]


def grid(shape: tuple[int, int], *, down: int = 0, right: int = 0) -> GeoBox:
    """Return the lattice of every test scene, `down` and `right` pixels from its corner."""
    x, y = CORNER
    transform = Affine(SPACING_M, 0, x + right * SPACING_M, 0, -SPACING_M, y - down * SPACING_M)
    return GeoBox(shape, transform, CRS)


def acquisition(name: str, *, day: float = 0.0, **changes: object) -> Acquisition:
    start = START + timedelta(days=day)
    made = Acquisition(
        id=name,
        constellation="night-sar",
        platform="night-sar-1",
        start=start,
        stop=start + timedelta(seconds=10),
        mode="SM",
        polarisations=("VV",),
        look=LookSide.RIGHT,
        pass_direction=PassDirection.ASCENDING,
        track=46,
        incidence_deg=35.0,
        looks=4.0,
        footprint=shapely.box(0, 0, 1, 1),
        calibration=Calibration(valid=True, quantity=Quantity.GAMMA0),
        handling=Handling(caveats=frozenset({"EXERCISE"}), attributions=frozenset({name})),
        origin=Origin(reader="test", reader_version="0", product_sha256=name),
    )
    return replace(made, **changes)


def add(workspace: Workspace, acq: Acquisition, power: np.ndarray, geobox: GeoBox | None = None) -> Acquisition:
    """Archive power as an acquisition's pixels and record both."""
    geobox = geobox or grid(power.shape)
    path = f"night-sar/{acq.id}/VV.tif"
    facts = write_cog(Power(power.astype(np.float32), geobox), "VV", workspace.archive.root / path)
    pixels = Pixels(
        crs=CRS,
        transform=tuple(geobox.affine)[:6],
        shape=tuple(geobox.shape),
        files=(PixelFile(polarisation="VV", path=path, sha256=facts.sha256),),
    )
    outline = shapely.box(*box_of(geobox))
    stored = replace(acq, pixels=pixels, footprint=outline)
    workspace.catalog.acquisitions.add(stored)
    return stored


def root(tmp: Path) -> Path:
    return tmp / "workspace"
