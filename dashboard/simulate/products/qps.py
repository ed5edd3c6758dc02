"""QPS-SAR as it may look: no specification is public, so names are those that the shipped aliases expect first."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import mapping

from dashboard.simulate.products.moments import iso
from dashboard.simulate.products.rational import control_points, fit_rpc
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.slant import SlantGrid, ground_grid, slant_grid
from dashboard.simulate.products.take import CAVEAT, Take, Written
from dashboard.simulate.products.tiff import quantised, write_tiff

COUNTS = 3000.0
"""DN of an amplitude of one: nobody documents a constant, and none is written."""
REACH_M = 3000.0
HANDLING = {
    "regimes": frozenset({"JP-RSD"}),
    "caveats": frozenset({CAVEAT, "JP-RSD CATEGORY TO BE STATED BY SUPPLIER"}),
}


def write_level_13(folder: Path, scene: Scene, take: Take, image: str = "MLA") -> Written:
    """Write level 1.3, on the scene's map: ``SLA`` or ``MLA``."""
    stem = _stem(take, "1.3", image)
    path = _new(folder, stem)
    write_tiff(path, [_counts(scene.array(take.polarisations[0]))], geobox=scene.geobox, nodata=0)
    spacing = abs(float(scene.geobox.affine.a))
    return _finish(path, scene, take, {"level": "1.3", "image": image}, spacing_m=spacing)


def write_level_12(folder: Path, scene: Scene, take: Take, image: str = "MLA", tags: str = "gcp") -> Written:
    """Write level 1.2, in ground range, tagged with control points (``gcp``) or RPCs (``rpc``)."""
    spacing = abs(float(scene.geobox.affine.a))
    grid = ground_grid(scene, take, spacing, spacing)
    path = _new(folder, _stem(take, "1.2", image))
    placed: dict[str, Any] = (
        {"gcps": control_points(grid.place, grid.shape, scene.height_m)}
        if tags == "gcp"
        else {"rpcs": fit_rpc(_to_image(grid), grid.footprint.bounds, scene.height_m)}
    )
    write_tiff(path, [_counts(grid.power(take.polarisations[0]))], nodata=0, **placed)
    return _finish(path, scene, take, {"level": "1.2", "image": image}, grid=grid)


def write_level_11(folder: Path, scene: Scene, take: Take, image: str = "SLC") -> Written:
    """Write level 1.1, in slant range, placed by four corners in the JSON: complex for ``SLC``."""
    step = abs(float(scene.geobox.affine.a)) / (2 if image == "SLC" else 1)
    grid = slant_grid(scene, take, step, step)
    path = _new(folder, _stem(take, "1.1", image))
    power = grid.power(take.polarisations[0])
    if image == "SLC":
        phase = np.random.default_rng(11).uniform(0, 2 * np.pi, power.shape)
        values = np.nan_to_num(np.sqrt(power) * COUNTS * np.exp(1j * phase)).astype(np.complex64)
        write_tiff(path, [np.rint(values)], dtype="complex_int16")
    else:
        write_tiff(path, [_counts(power)], nodata=0)
    return _finish(path, scene, take, {"level": "1.1", "image": image, "corners": _corners(grid)}, grid=grid)


def _to_image(grid: SlantGrid) -> Any:  # noqa: ANN401  what `fit_rpc` takes
    def to_image(lon: Any, lat: Any, height: Any) -> tuple[Any, Any]:  # noqa: ANN401
        t, slant = grid.orbit.zero_doppler(lon, lat, height)
        reach = REACH_M / float(
            grid.ground_m[1] - grid.ground_m[0] if grid.ground_m is not None else 1.0
        )  # ground far above or below lies as far to the side
        knots = np.linspace(-reach, grid.shape[1] + reach, 20_001)
        return (t - grid.times[0]) / grid.line_s, np.interp(slant, grid.range_at(knots), knots)

    return to_image


def _corners(grid: SlantGrid) -> dict[str, dict[str, float]]:
    rows, cols = (side - 1 for side in grid.shape)
    at = {"upperLeft": (0, 0), "upperRight": (0, cols), "lowerRight": (rows, cols), "lowerLeft": (rows, 0)}
    found = {}
    for name, (row, col) in at.items():
        lon, lat = grid.place(np.array([float(row)]), np.array([float(col)]))
        found[name] = {"longitude": float(lon[0]), "latitude": float(lat[0])}
    return found


def _stem(take: Take, level: str, image: str) -> str:
    number = take.platform.rpartition("-")[2]
    return f"QPS-SAR-{number}_{take.start:%Y%m%dT%H%M%S}_{take.mode}_L{level}_{image}_{take.polarisations[0]}"


def _new(folder: Path, stem: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{stem}.tif"


def _counts(power: NDArray[np.floating[Any]]) -> NDArray[Any]:
    empty = ~np.isfinite(power)
    stored = quantised(np.where(empty, 1, np.sqrt(np.where(empty, 1, power)) * COUNTS))
    stored[empty] = 0
    return stored


def _finish(
    path: Path,
    scene: Scene,
    take: Take,
    facts: Mapping[str, Any],
    *,
    grid: SlantGrid | None = None,
    spacing_m: float | None = None,
) -> Written:
    footprint = scene.footprint if grid is None else grid.footprint
    number = take.platform.rpartition("-")[2]
    content: dict[str, Any] = {
        "productId": f"{path.stem}-0001",
        "satelliteName": f"QPS-SAR-{number}",
        "observationMode": take.mode,
        "polarization": take.polarisations[0],
        "startTime": iso(take.start),
        "endTime": iso(take.stop),
        "lookDirection": take.look.value.upper(),
        "orbitDirection": take.pass_direction.value.upper(),
        "incidenceAngle": take.incidence_deg,
        "productLevel": facts["level"],
        "productType": facts["image"],
        "resolutionRange": take.resolution_m,
        "resolutionAzimuth": take.resolution_m * 0.8,
        "centerFrequency": take.frequency_ghz * 1e9,
        "footprint": mapping(footprint),
        "sceneHeight": scene.height_m,
        "remarks": CAVEAT,
    }
    if take.received is not None:
        content["processingTime"] = iso(take.received)
    if "corners" in facts:
        content["corners"] = facts["corners"]
    side_car = path.with_suffix(".json")
    side_car.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return Written(
        path=path,
        files=(path, side_car),
        expected=_expected(take, facts),
        quantity=None,
        footprint=footprint,
        handling=HANDLING,
        spacing_m=spacing_m,
    )


def _expected(take: Take, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "constellation": "qps-sar",
        "platform": take.platform,
        "start": take.start,
        "stop": take.stop,
        "mode": take.mode,
        "polarisations": take.polarisations,
        "look": take.look,
        "pass_direction": take.pass_direction,
        "incidence_deg": take.incidence_deg,
        "resolution_m": take.resolution_m,
        "frequency_ghz": take.frequency_ghz,
        "level": f"L{facts['level']}",
        "received": take.received,
        "details": {"proc:image": facts["image"], "processing:level": f"L{facts['level']}"},
    }
