"""What ICEYE's files state of a picture: the properties inside the image and beside it."""

from typing import Any

import numpy as np
from numpy.polynomial.polynomial import polyfit
from rasterio.rpc import RPC

from dashboard.simulate.products.iceye_image import FACTOR, FACTOR_KEY, IMAGE_ID, SCENE_ID, Image
from dashboard.simulate.products.moments import after, iso
from dashboard.simulate.products.slant import ground_grid
from dashboard.simulate.products.take import CAVEAT

INSTRUMENT = {"SL": "spotlight", "SM": "stripmap", "SC": "scan"}
"""Start of a mode's name -> the instrument's mode."""


def properties(image: Image, rpc: RPC) -> dict[str, Any]:
    """Return the properties by their names in the product."""
    take, grid, spacing = image.take, image.grid, image.spacing_m
    slanted = float(np.sin(np.radians(take.incidence_deg))) if image.level == "SLC" else 1.0
    theta = grid.incidence_deg()
    lon, lat = grid.scene.centre
    first, last = (after(take.middle, t) for t in (grid.times[0], grid.times[-1]))
    ground = grid if grid.to_slant is not None else ground_grid(grid.scene, take, spacing, spacing)
    found: dict[str, Any] = {
        "datetime": iso(take.middle), "start_datetime": iso(take.start), "end_datetime": iso(take.stop),
        "platform": take.platform.upper(), "constellation": "ICEYE",
        "sar:center_frequency": round(take.frequency_ghz * 1e9), "sar:frequency_band": "X",
        "sar:instrument_mode": INSTRUMENT[take.mode[:2]], "sar:looks_azimuth": take.looks, "sar:looks_range": 1,
        "sar:observation_direction": take.look.value, "sar:polarizations": list(take.polarisations),
        "sar:pixel_spacing_range": spacing, "sar:pixel_spacing_azimuth": spacing,
        "sar:product_type": f"{image.level}-COG",
        "sar:resolution_range": take.resolution_m * slanted,
        "sar:resolution_azimuth": take.resolution_m * 0.9,
        "sat:orbit_state": take.pass_direction.value, "view:azimuth": take.look_azimuth_deg,
        "view:incidence_angle": take.incidence_deg, "view:off_nadir": take.incidence_deg - 2.5,
        "proj:centroid": {"lat": lat, "lon": lon}, "proj:code": "EPSG:4326", "proj:shape": list(image.shape),
        "raster:bands": [{"bits_per_sample": 16, "data_type": "uint16"}],
        "processing:software": {"forge": "v1.3.0", "processor": "ICEYE_I_1.5.12"},
        "iceye:processing_mode": take.mode, FACTOR_KEY: FACTOR,
        "iceye:average_scene_height": grid.scene.height_m, "iceye:coordinate_frame": "ecef",
        "iceye:filename": f"{image.id}.tif", "iceye:frame_number": 1, "iceye:image_id": IMAGE_ID,
        "iceye:image_reference": "c5b94b10-35ad-49bb-b118-8e8fc24abf80", "iceye:scene_id": SCENE_ID,
        "iceye:run_name": "exercise", "iceye:orbit_precision": "precise",
        "iceye:orientation": image.delivery.orientation,
        "iceye:plane": "slant" if image.level == "SLC" else "ground",
        "iceye:grazing_angle": 90.0 - take.incidence_deg, "iceye:squint_angle": 0.4, "iceye:layover_angle": -0.07,
        "iceye:shadow_angle": 280.78, "iceye:doppler_cone_angle": 89.92,
        "iceye:incidence_angle_near": float(theta[0]), "iceye:incidence_angle_far": float(theta[-1]),
        "iceye:incidence_angle_coeffs": polyfit(np.asarray(ground.ground_m), ground.incidence_deg(), 3).tolist(),
        "iceye:ground_to_slant_coeff": np.asarray(ground.to_slant).tolist(),
        "iceye:extent_range": float(np.asarray(ground.ground_m)[-1]),
        "iceye:range_near": float(grid.ranges[0]), "iceye:range_far": float(grid.ranges[-1]),
        "iceye:range": float((grid.ranges[0] + grid.ranges[-1]) / 2),
        "iceye:resolution_range_near": take.resolution_m, "iceye:resolution_range_far": take.resolution_m,
        "iceye:zero_doppler_start_datetime": iso(first), "iceye:zero_doppler_end_datetime": iso(last),
        "iceye:orbit_states": _states(image),
        "iceye:rpc": rpc.to_dict(),
        "rel:caveats": [CAVEAT], **{f"rel:{key}": value for key, value in take.handling.items()},
    }  # fmt: skip
    if take.received is not None:
        found |= {"iceye:processing_end_datetime": iso(take.received), "created": iso(take.received)}
    if image.delivery.exponent is not None:
        parameters = {"exponent": image.delivery.exponent, "scale": 1}
        found["iceye:amplitude_mapping"] = {"function": "power", "parameters": parameters}
    return found


def expected(image: Image) -> dict[str, Any]:
    """Return what a right reader finds."""
    take = image.take
    return {
        "id": image.id, "constellation": "iceye", "platform": take.platform, "start": take.start, "stop": take.stop,
        "mode": take.mode, "polarisations": take.polarisations, "look": take.look,
        "pass_direction": take.pass_direction, "incidence_deg": take.incidence_deg,
        "look_azimuth_deg": take.look_azimuth_deg, "resolution_m": take.resolution_m,
        "frequency_ghz": take.frequency_ghz, "level": image.level, "received": take.received,
        "details": {
            "proc:raw_platform": take.platform.upper(), "proc:image_id": str(IMAGE_ID),
            "sar:instrument_mode": INSTRUMENT[take.mode[:2]], "proc:orbit_precision": "precise",
            "proc:range_plane": "slant" if image.level == "SLC" else "ground", "processing:level": "L1",
        },
    }  # fmt: skip


def _states(image: Image) -> list[dict[str, Any]]:
    times, positions, velocities = image.grid.states
    return [
        {"time": iso(after(image.take.middle, t)), "position": p.tolist(), "velocity": v.tolist()}
        for t, p, v in zip(times, positions, velocities, strict=True)
    ]
