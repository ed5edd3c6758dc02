"""Small products with known content."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio import Affine
from rasterio.errors import NotGeoreferencedWarning

DATA = Path(__file__).parents[2].parent / "shared" / "data"
GRID = Affine(10.0, 0.0, 300_000.0, 0.0, -10.0, 5_500_000.0)


def write_tiff(path: Path, values: np.ndarray, *, crs: str | None = "EPSG:32636", **options: Any) -> Path:
    values.flags.writeable = False
    bands = values if values.ndim == 3 else values[None]
    options = {"transform": GRID, "nodata": None, **options}
    if options["transform"] is None:
        del options["transform"]
    warnings.simplefilter("ignore", NotGeoreferencedWarning)  # pytest restores the filters after each test
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=bands.shape[2],
        height=bands.shape[1],
        count=bands.shape[0],
        dtype=bands.dtype,
        crs=crs,
        **options,
    ) as dataset:
        dataset.write(bands)
    return path


def speckle(shape: tuple[int, int] = (40, 60), seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).gamma(4.0, 0.02, shape).astype(np.float32)


def item(stem: str = "x", polarisations: tuple[str, ...] = ("VV",), **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": stem,
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[30.2, 49.6], [30.3, 49.6], [30.3, 49.7], [30.2, 49.7], [30.2, 49.6]]],
        },
        "properties": {
            "start_datetime": "2024-05-06T15:30:00Z",
            "end_datetime": "2024-05-06T15:30:05Z",
            "constellation": "ICEYE",
            "platform": "ICEYE-X42",
            "sar:polarizations": list(polarisations),
            "proc:cal": {"kind": "linear_power", "quantity": "gamma0", "valid": True},
            **properties,
        },
        "assets": {
            name: {"href": f"./{stem}_{name}.tif", "roles": ["data"], "sar:polarizations": [name]}
            for name in polarisations
        },
        "links": [],
    }


def write_json(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
