"""ICEYE's legacy products: GRD as GeoTIFF with its words in tags and an XML, SLC as HDF5 with an XML."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import h5py
import numpy as np

from dashboard.simulate.products.iceye_image import FACTOR, IMAGE_ID, USUAL, Image
from dashboard.simulate.products.moments import after, iso
from dashboard.simulate.products.rational import control_points, fit_rpc
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.slant import SlantGrid, ground_grid, slant_grid
from dashboard.simulate.products.take import Take, Written
from dashboard.simulate.products.tiff import quantised, write_tiff

SPEED_OF_LIGHT = 299_792_458.0
SLC_FACTOR = 4e-6
"""Calibration factor of complex numbers: their noise of rounding stays small."""


def write_grd(
    folder: Path, scene: Scene, take: Take, *, xml: bool = True, tags: bool = True, rpcs: bool = True
) -> Written:
    """Write ground-range amplitude, sigma0 = factor x DN squared.

    Parameters
    ----------
    folder, scene, take : where, what and how
    xml, tags : where the words stand
    rpcs : beside the control points in the image
    """
    step = abs(float(scene.geobox.affine.a))
    grid = ground_grid(scene, take, step, step)
    image = Image(grid, take, USUAL, "GRD")
    words = _words(grid, take, "GRD") | _vectors(grid, take)
    amplitude = np.sqrt(grid.power("VV") / FACTOR)
    stored = image.laid(np.where(np.isfinite(amplitude), quantised(np.nan_to_num(amplitude, nan=1.0)), 0))
    path = _folder(folder) / f"{_name(take, 'GRD')}.tif"
    upper = {name.upper(): _text(value) for name, value in words.items()} if tags else {}
    rpc = fit_rpc(image.to_image, grid.footprint.bounds, scene.height_m) if rpcs else None
    points = control_points(image.to_ground, image.shape, scene.height_m)
    write_tiff(path, [stored.astype(np.uint16)], gcps=points, rpcs=rpc, tags=upper, nodata=0)
    files = [path, _write_xml(path, words)] if xml else [path]
    return _written(path, files, grid, take, "GRD")


def write_slc(folder: Path, scene: Scene, take: Take, *, xml: bool = True) -> Written:
    """Write complex numbers by azimuth and slant range, beta0 = factor x power."""
    step = abs(float(scene.geobox.affine.a)) / 2
    grid = slant_grid(scene, take, step, step)
    theta = grid.incidence_deg()
    amplitude = np.sqrt(grid.power("VV") / np.sin(np.radians(theta)) / SLC_FACTOR)
    phase = np.random.default_rng(3).uniform(0, 2 * np.pi, grid.shape)
    words = _words(grid, take, "SLC") | {"calibration_factor": SLC_FACTOR}
    path = _folder(folder) / f"{_name(take, 'SLC')}.h5"
    with h5py.File(path, "w") as file:
        for name, value in (words | _vectors(grid, take) | {"local_incidence_angle": theta}).items():
            file[name] = np.array(value, "S") if isinstance(value, list | str) else value
        for name, part in (("s_i", np.cos(phase)), ("s_q", np.sin(phase))):
            values = np.nan_to_num(np.rint(amplitude * part)).astype(np.int16)
            file.create_dataset(name, data=values, chunks=True, compression="gzip", shuffle=True)
    files = [path, _write_xml(path, words)] if xml else [path]
    return _written(path, files, grid, take, "SLC")


def _folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _name(take: Take, level: str) -> str:
    unit = take.platform.rpartition("-")[2].upper()
    return f"ICEYE_{unit}_{level}_{take.mode}_{IMAGE_ID}_{take.start:%Y%m%dT%H%M%S}"


def _words(grid: SlantGrid, take: Take, level: str) -> dict[str, Any]:
    """Return the names and values that stand in the XML, the tags and the HDF5 alike."""
    (rows, cols), theta = grid.shape, grid.incidence_deg()
    lon, lat = grid.scene.centre
    spacing = abs(float(grid.scene.geobox.affine.a))
    slant = {"slant_range_spacing": float(grid.ranges[1] - grid.ranges[0]), "azimuth_ground_spacing": spacing / 2}
    ground = {"range_spacing": spacing, "azimuth_spacing": spacing}
    words: dict[str, Any] = {
        "product_name": _name(take, level), "product_type": "SpotlightHigh", "product_level": level,
        "product_file": _name(take, level) + (".h5" if level == "SLC" else ".tif"), "spec_version": "2.4",
        "satellite_name": take.platform.upper(), "acquisition_mode": "spotlight", "look_side": take.look.value,
        "orbit_direction": take.pass_direction.name, "polarization": take.polarisations[0],
        "acquisition_start_utc": iso(take.start, ""), "acquisition_end_utc": iso(take.stop, ""),
        "zerodoppler_start_utc": iso(after(take.middle, grid.times[0]), ""),
        "zerodoppler_end_utc": iso(after(take.middle, grid.times[-1]), ""),
        "processor_version": "1.37", "carrier_frequency": take.frequency_ghz * 1e9, "chirp_bandwidth": 3e8,
        "range_looks": 1, "azimuth_looks": int(take.looks), "azimuth_resolution": take.resolution_m * 0.9,
        "range_resolution_center": take.resolution_m, "calibration_factor": FACTOR, "data_orientation": "native",
        "avg_scene_height": grid.scene.height_m, "incidence_near": float(theta[0]), "incidence_far": float(theta[-1]),
        "incidence_center": take.incidence_deg, "heading": take.heading_deg, "orbit_relative_number": 99999,
        "orbit_absolute_number": take.orbit_number, "orbit_processing_level": "PRECISE",
        "number_of_range_samples": cols, "number_of_azimuth_samples": rows,
        "first_pixel_time": float(2 * grid.ranges[0] / SPEED_OF_LIGHT), "azimuth_time_interval": grid.line_s,
        "coord_center": f"{cols // 2} {rows // 2} {lat!r} {lon!r}",
        **(slant if level == "SLC" else ground),
    }  # fmt: skip
    for name, row, col in (
        ("first_near", 0, 0), ("first_far", 0, cols - 1), ("last_near", rows - 1, 0), ("last_far", rows - 1, cols - 1),
    ):  # fmt: skip
        x, y = (float(v) for v in grid.place(np.array(float(row)), np.array(float(col))))
        words[f"coord_{name}"] = f"{col + 1} {row + 1} {y!r} {x!r}"
    if take.received is not None:
        words["processing_time"] = iso(take.received, "", digits=0)
    return words


def _vectors(grid: SlantGrid, take: Take) -> dict[str, Any]:
    times, positions, velocities = grid.states
    found: dict[str, Any] = {"state_vector_time_utc": [iso(after(take.middle, t), "") for t in times]}
    for k, axis in enumerate("XYZ"):
        found |= {f"pos{axis}": positions[:, k], f"vel{axis}": velocities[:, k]}
    return found


def _text(value: Any) -> str:  # noqa: ANN401  a word, a number or a vector
    """Return a value as the tags write it: vectors between brackets, over several lines."""
    if isinstance(value, np.ndarray):
        parts = [f"{v:.8f}" for v in value]
        return "[" + "\n ".join(" ".join(parts[k : k + 4]) for k in range(0, len(parts), 4)) + "]"
    return str(value)


def _write_xml(image: Path, words: dict[str, Any]) -> Path:
    root = ET.Element("Metadata")
    for name, value in words.items():
        if not isinstance(value, np.ndarray | list):
            ET.SubElement(root, name).text = str(value)
    path = image.with_suffix(".xml")
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


def _written(path: Path, files: list[Path], grid: SlantGrid, take: Take, level: str) -> Written:
    expected: dict[str, Any] = {
        "id": path.stem, "constellation": "iceye", "platform": take.platform, "start": take.start, "stop": take.stop,
        "mode": take.mode, "polarisations": take.polarisations, "look": take.look,
        "pass_direction": take.pass_direction, "incidence_deg": take.incidence_deg,
        "look_azimuth_deg": take.look_azimuth_deg, "resolution_m": take.resolution_m, "track": None,
        "frequency_ghz": take.frequency_ghz, "level": level, "received": take.received,
        "details": {
            "proc:raw_platform": take.platform.upper(), "sat:absolute_orbit": str(take.orbit_number),
            "proc:orbit_precision": "PRECISE", "processing:level": "L1",
        },
    }  # fmt: skip
    return Written(path=path, files=tuple(files), expected=expected, quantity="sigma0", footprint=grid.footprint)
