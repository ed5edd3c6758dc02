"""OPERA RTC-S1: one burst of Sentinel-1, gamma0 in linear power on a map grid, one GeoTIFF per polarisation."""

from math import cos, radians
from pathlib import Path

import numpy as np

from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.take import CAVEAT, Take, Written
from dashboard.simulate.products.tiff import write_tiff

BURST = "292319"
VERSION = "1.0"


def product_name(take: Take, scene: Scene) -> str:
    """Return the name of the burst's product, without the polarisation."""
    made = take.received or take.stop
    unit = take.platform[-1].upper()
    spacing = round(scene.geobox.affine.a)
    return (
        f"OPERA_L2_RTC-S1_T{take.track or 1:03d}-{BURST}-{take.mode}1_{take.start:%Y%m%dT%H%M%S}Z"
        f"_{made:%Y%m%dT%H%M%S}Z_S1{unit}_{spacing}_v{VERSION}"
    )


def write_opera(folder: Path, scene: Scene, take: Take) -> Written:
    """Write one product; power is divided by the cosine of the incidence, which makes sigma0 gamma0."""
    name = product_name(take, scene)
    tags = {
        "TIFFTAG_IMAGEDESCRIPTION": CAVEAT,
        "ZERO_DOPPLER_START_TIME": f"{take.start:%Y-%m-%dT%H:%M:%S.%f}Z",
        "ZERO_DOPPLER_END_TIME": f"{take.stop:%Y-%m-%dT%H:%M:%S.%f}Z",
        "PROCESSING_DATETIME": f"{take.received or take.stop:%Y-%m-%dT%H:%M:%S.%f}Z",
        "ORBIT_PASS_DIRECTION": take.pass_direction.value,
        "PROCESSING_INFORMATION_OUTPUT_BACKSCATTER_NORMALIZATION_CONVENTION": "gamma0",
        "PROCESSING_INFORMATION_OUTPUT_BACKSCATTER_EXPRESSION_CONVENTION": "linear backscatter intensity",
    }
    factor = np.float32(1 / cos(radians(take.incidence_deg)))
    files = tuple(
        write_tiff(
            folder / f"{name}_{pol}.tif", [scene.array(pol) * factor], geobox=scene.geobox, tags=tags, nodata=np.nan
        )
        for pol in take.polarisations
    )
    expected = {
        "id": name,
        "constellation": "sentinel-1",
        "platform": take.platform,
        "start": take.start,
        "stop": take.stop,
        "mode": take.mode,
        "polarisations": take.polarisations,
        "look": take.look,
        "pass_direction": take.pass_direction,
        "track": take.track,
        "level": "RTC",
        "received": take.received,
    }
    handling = {"caveats": frozenset({CAVEAT}), "attributions": frozenset()}
    return Written(
        path=files[0], files=files, expected=expected, quantity="gamma0", footprint=scene.footprint, handling=handling
    )
