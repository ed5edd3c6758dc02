"""A small exercise area on disk: two looks at a town of known blocks, a moved line, detected changes."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely.geometry import MultiPolygon, box

from dashboard.geo.mercator import extent_of
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
from dashboard.model.area import Area
from dashboard.model.change import ChangeRun, ChangeSign, DetectedChange
from dashboard.model.frontline import ControlArea, FrontlineSnapshot
from dashboard.model.handling import Handling
from dashboard.model.view import CompareMode, View
from dashboard.raster.write import write_cog
from dashboard.workflows.workspace import open_workspace

CRS = "EPSG:32655"
ORIGIN = (341_000.0, 4_796_000.0)
SHAPE = (700, 1000)
SPACING_M = 10.0
EXERCISE = Handling(
    caveats=frozenset({"EXERCISE - SYNTHETIC DATA"}),
    attributions=frozenset({"Synthetic radar: Nightglass exercise"}),
)
TIMES = (datetime(2024, 2, 2, 10, 15, tzinfo=UTC), datetime(2024, 2, 4, 15, 28, tzinfo=UTC))


class Scene:
    """Power on a UTM grid: fields, a town of bright blocks, and four-look speckle; B lost a part of the town."""

    polarisations = ("VV",)

    def __init__(self, seed: int, *, destroyed: bool) -> None:
        transform = (SPACING_M, 0.0, ORIGIN[0], 0.0, -SPACING_M, ORIGIN[1])
        self.geobox = GeoBox(SHAPE, Affine(*transform), CRS)
        rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
        power = 0.03 * (1.0 + 0.6 * np.sin(rows / 37.0) * np.cos(cols / 51.0))
        power[(rows - cols * 0.3) % 211 < 9] = 0.004
        town = (np.hypot(rows - 350, cols - 520) < 150) & (rows % 14 < 8) & (cols % 18 < 11)
        power[town] = 0.6
        if destroyed:
            power[330:400, 540:610] = 0.05
        looks = 4.0
        speckle = np.random.default_rng(seed).gamma(looks, 1 / looks, SHAPE)
        self.power = (power * speckle).astype(np.float32)
        self.power[:, :60] = np.nan

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        return self.power[rows, cols]


def ground(west_m: float, north_m: float, east_m: float, south_m: float) -> shapely.Geometry:
    """A rectangle given in metres from the scene's upper left corner, in degrees."""
    to_degrees = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    outline = box(ORIGIN[0] + west_m, ORIGIN[1] - south_m, ORIGIN[0] + east_m, ORIGIN[1] - north_m).segmentize(200.0)
    return shapely.transform(outline, lambda xy: np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1])))


def acquisition(root: Path, index: int, handling: Handling = EXERCISE) -> Acquisition:
    id_ = f"ICEYE_X42_SLF_{TIMES[index]:%Y%m%dT%H%M%S}"
    scene = Scene(7 + index, destroyed=index == 1)
    path = root / "archive" / "iceye" / id_ / "VV.tif"
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = write_cog(scene, "VV", path)
    affine = scene.geobox.affine
    return Acquisition(
        id=id_,
        constellation="iceye",
        platform="iceye-x42",
        start=TIMES[index],
        stop=TIMES[index],
        mode="SLF",
        polarisations=("VV",),
        look=LookSide.RIGHT,
        pass_direction=PassDirection.DESCENDING,
        incidence_deg=34.2,
        look_azimuth_deg=281.0,
        resolution_m=3.0,
        looks=4.0,
        frequency_ghz=9.65,
        level="GRD",
        footprint=ground(0, 0, SHAPE[1] * SPACING_M, SHAPE[0] * SPACING_M),
        calibration=Calibration(valid=True, quantity=Quantity.SIGMA0),
        handling=handling,
        origin=Origin(reader="exercise", reader_version="0", product_sha256=f"{index:064d}"),
        pixels=Pixels(
            crs=CRS,
            transform=(affine.a, affine.b, affine.c, affine.d, affine.e, affine.f),
            shape=SHAPE,
            files=(PixelFile(polarisation="VV", path=f"iceye/{id_}/VV.tif", sha256=facts.sha256),),
        ),
    )


def front(index: int, handling: Handling = EXERCISE) -> FrontlineSnapshot:
    line = 6000.0 if index == 0 else 4800.0
    moment = TIMES[index].replace(hour=3, minute=0)
    return FrontlineSnapshot(
        id=f"exercise-control-{moment:%Y%m%dT%H%MZ}-{index:08d}",
        provider="exercise-control",
        valid_from=moment,
        areas=(
            ControlArea(side="BLUE", geometry=MultiPolygon([ground(-9000, -9000, line, 16000)])),
            ControlArea(side="ORANGE", geometry=MultiPolygon([ground(line, -9000, 19000, 16000)])),
        ),
        sha256=f"{index:064d}",
        retrieved=moment,
        handling=handling,
    )


def changes(a: Acquisition, b: Acquisition) -> tuple[ChangeRun, tuple[DetectedChange, ...]]:
    run = ChangeRun(
        id="run-1",
        created=TIMES[1],
        method="log-ratio-f",
        parameters=(("far", 1e-6),),
        before=a.id,
        after=b.id,
        extent=a.bbox,
        observed_km2=65.8,
        software="nightglass 0.1.0",
        inputs=(),
        handling=EXERCISE,
    )
    squares = ((5400, 3300, 6100, 4000, ChangeSign.DARKER), (3100, 1500, 3300, 1650, ChangeSign.BRIGHTER))
    found = tuple(
        DetectedChange(
            id=f"change-{number}",
            run_id=run.id,
            geometry=ground(*corners),
            area_m2=1000.0,
            pixels=10,
            after=a.start,
            before=b.start,
            magnitude_db=-9.0 if sign is ChangeSign.DARKER else 6.0,
            sign=sign,
            p_value=1e-9,
            evidence=(a.id, b.id),
            handling=EXERCISE,
        )
        for number, (*corners, sign) in enumerate(squares)
    )
    return run, found


def build(root: Path, *, handling: Handling = EXERCISE) -> View:
    """Fill a workspace and return a view of its town; `handling` is that of the later look."""
    with open_workspace(root) as workspace:
        a, b = acquisition(root, 0), acquisition(root, 1, handling)
        workspace.catalog.acquisitions.add_many([a, b])
        workspace.catalog.frontlines.add_many([front(0), front(1)])
        workspace.catalog.changes.add_run(*changes(a, b))
        workspace.catalog.areas.add(Area("Nemuro exercise area", a.bbox))
    seen = ground(2200, 1200, 8600, 5400).bounds
    return View(
        extent=extent_of(seen, margin=0.0), a=a.id, b=b.id, compare=CompareMode.SWIPE, provider="exercise-control"
    )
