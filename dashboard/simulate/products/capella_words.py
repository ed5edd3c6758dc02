"""What Capella's extended metadata state of a picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.simulate.products.moments import after, iso
from dashboard.simulate.products.orbit import ecef, orbit_over
from dashboard.simulate.products.polar import SCALE_OVER_ANGLE, PolarGrid
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.slant import SlantGrid
from dashboard.simulate.products.take import CAVEAT, Take

Floats = NDArray[np.float64]

MODES = {"SP": "spotlight", "SM": "stripmap", "SS": "sliding_spotlight"}
COLLECT_ID = "e970bc45-417c-4890-9568-c267d30426d5"
NANOSECONDS = 9


@dataclass(frozen=True)
class Words:
    """A product before it is written."""

    take: Take
    calibration: str
    level: str
    geometry: Mapping[str, Any] = field(default_factory=dict)
    """``image_geometry``."""
    shape: tuple[int, int] = (0, 0)
    states: tuple[Floats, Floats, Floats] | None = None
    """(seconds from the middle, positions, velocities); None: taken from an orbit over the scene."""


def name_of(words: Words) -> str:
    """Return the name of the bundle."""
    take = words.take
    unit = int(take.platform.rpartition("-")[2])
    times = "_".join(f"{moment:%Y%m%d%H%M%S}" for moment in (take.start, take.stop))
    return f"CAPELLA_C{unit:02d}_{take.mode}_{words.level}_{take.polarisations[0]}_{times}"


def slant_geometry(grid: SlantGrid, take: Take) -> dict[str, Any]:
    """Return ``image_geometry`` of rows in zero-Doppler time and columns in slant range."""
    return {
        "type": "slant_plane",
        "doppler_centroid_polynomial": _polynomial([0.0]),
        "first_line_time": iso(after(take.middle, grid.times[0]), digits=NANOSECONDS),
        "delta_line_time": grid.line_s,
        "range_to_first_sample": float(grid.ranges[0]),
        "delta_range_sample": float(grid.ranges[1] - grid.ranges[0]),
    }


def polar_geometry(grid: PolarGrid, take: Take) -> dict[str, Any]:
    """Return ``image_geometry`` of a polar-format image; its own rows run away from the radar."""
    middle = take.duration.total_seconds() / 2
    place, velocity = grid.orbit.position(0.0), grid.orbit.velocity(0.0)
    return {
        "type": "pfa",
        "scene_reference_point_row_col": [grid.origin[1], grid.origin[0]],
        "scene_reference_point_ecef": grid.reference.tolist(),
        "row_sample_spacing": grid.spacing_m[1],
        "col_sample_spacing": grid.spacing_m[0],
        "polar_angle_polynomial": _polynomial([-middle * grid.angle_rate, grid.angle_rate]),
        "spatial_frequency_scale_factor_polynomial": _polynomial(list(SCALE_OVER_ANGLE)),
        "center_of_aperture": {
            "time": middle,
            "antenna_reference_point": place.tolist(),
            "velocity_antenna_reference_point": velocity.tolist(),
            "polar_angle": 0.0,
        },
    }


def extended(words: Words, scene: Scene, factor: float) -> dict[str, Any]:
    """Return the content of ``_extended.json``."""
    take = words.take
    found: dict[str, Any] = {
        "software_version": "3.10.0", "product_version": "1.10", "product_type": words.level, "copyright": CAVEAT,
        "collect": {
            "start_timestamp": iso(take.start, digits=NANOSECONDS),
            "stop_timestamp": iso(take.stop, digits=NANOSECONDS),
            "local_datetime": take.middle.strftime("%Y-%m-%dT%H:%M:%S.%f+0000"),
            "platform": take.platform, "mode": MODES[take.mode], "collect_id": COLLECT_ID,
            "image": _image(words, scene, factor),
            "radar": {
                "center_frequency": take.frequency_ghz * 1e9, "pointing": take.look.value,
                "transmit_polarization": take.polarisations[0][0], "receive_polarization": take.polarisations[0][1],
            },
            "state": _state(words, scene),
        },
    }  # fmt: skip
    if take.received is not None:
        found["processing_time"] = iso(take.received)
    return found


def expected(words: Words) -> dict[str, Any]:
    """Return what a right reader finds."""
    take = words.take
    return {
        "id": name_of(words), "constellation": "capella", "platform": take.platform, "start": take.start,
        "stop": take.stop, "mode": take.mode, "polarisations": take.polarisations, "look": take.look,
        "pass_direction": take.pass_direction, "incidence_deg": take.incidence_deg,
        "look_azimuth_deg": take.look_azimuth_deg, "resolution_m": take.resolution_m,
        "frequency_ghz": take.frequency_ghz, "level": words.level, "received": take.received,
        "details": {
            "proc:raw_platform": take.platform, "sar:instrument_mode": MODES[take.mode],
            "proc:collect_id": COLLECT_ID, "proc:calibration": words.calibration,
            "proc:orbit_precision": "precise_determination", "processing:level": "L1",
        },
    }  # fmt: skip


def _image(words: Words, scene: Scene, factor: float) -> dict[str, Any]:
    take, slant = words.take, words.level == "SLC"
    spacing = abs(float(scene.geobox.affine.a)) / (2 if slant else 1)
    target = ecef(np.array(scene.centre[0]), np.array(scene.centre[1]), scene.height_m)
    sine = float(np.sin(np.radians(take.incidence_deg)))
    return {
        "data_type": "CInt16" if slant else "UInt16", "rows": words.shape[0], "columns": words.shape[1],
        "pixel_spacing_row": spacing, "pixel_spacing_column": spacing, "scale_factor": factor,
        "algorithm": "pfa" if words.geometry["type"] == "pfa" else "backprojection",
        "image_geometry": dict(words.geometry),
        "center_pixel": {
            "incidence_angle": take.incidence_deg, "look_angle": take.incidence_deg - 2.5, "squint_angle": 0.01,
            "layover_angle": -0.02, "target_position": target.tolist(),
            "center_time": iso(take.middle, digits=NANOSECONDS),
        },
        "range_resolution": take.resolution_m * sine, "ground_range_resolution": take.resolution_m,
        "azimuth_resolution": take.resolution_m * 0.9, "ground_azimuth_resolution": take.resolution_m * 0.9,
        "azimuth_looks": take.looks, "range_looks": 1.0, "enl": take.looks,
        "radiometry": "beta_nought" if slant else "sigma_nought", "calibration": words.calibration,
        "calibration_id": "calibration_bundle/exercise", "nesz_peak": -20.2,
        "terrain_models": {"reprojection": {"name": f"ExplicitInflatedWGS84[{scene.height_m}]"}},
    }  # fmt: skip


def _state(words: Words, scene: Scene) -> dict[str, Any]:
    take = words.take
    if words.states is None:
        orbit = orbit_over(*scene.centre, scene.height_m, take)
        times = np.arange(-20.0, 22.0, 2.0)
        states = times, orbit.position(times), orbit.velocity(times)
    else:
        states = words.states
    return {
        "coordinate_system": {"type": "ecef"},
        "direction": take.pass_direction.value,
        "state_vectors": [
            {"time": iso(after(take.middle, t), digits=NANOSECONDS), "position": p.tolist(), "velocity": v.tolist()}
            for t, p, v in zip(*states, strict=True)
        ],
        "source": "precise_determination",
    }


def _polynomial(coefficients: list[float]) -> dict[str, Any]:
    return {"type": "standard", "dimension": 1, "degree": len(coefficients) - 1, "coefficients": coefficients}
