"""A COSMO-SkyMed file as a product: what it states, its power, and where that lies."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import AMPLITUDE_SCALE, Acquisition, Calibration, Geocoding, Original
from dashboard.model.errors import UnknownProductError
from dashboard.sources.cosmo import record
from dashboard.sources.cosmo.attributes import MISSIONS, Stated
from dashboard.sources.cosmo.calibration import note, relative, scale
from dashboard.sources.cosmo.geometry import Frame, look_direction, orbit_of, sensor, turned
from dashboard.sources.cosmo.images import Image, images
from dashboard.sources.cosmo.map import OnMap, on_map
from dashboard.sources.details import details
from dashboard.sources.footprint import bounds_footprint, clean_footprint
from dashboard.sources.geocode.native import MapPower
from dashboard.sources.geocode.power import GeocodedPower
from dashboard.sources.geocode.sensor import Sensor, outline
from dashboard.sources.geocode.terrain import terrain
from dashboard.sources.hdf5.opening import open_h5
from dashboard.sources.hdf5.pixels import H5Native, power_of
from dashboard.sources.marking import exercise, handling
from dashboard.sources.product import Given, OpenPower, Product, origin

READER = "cosmo-skymed"
MAPPED = frozenset({"GEC", "GTC"})
FORMS = frozenset({"SCS", "DGM"}) | MAPPED
KOMPSAT = "KMPS"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Image:
    """The image, the right way round."""

    shape: tuple[int, int]
    complex: bool
    calibration: Calibration
    """Of all polarisations: that of the first refused one, if any is."""
    archive_scale: float
    native: H5Native


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """Pixels on a map."""

    power: OpenPower
    geocoding: Geocoding
    footprint: BaseGeometry
    looks: tuple[int, int] = (1, 1)
    """(rows, columns) averaged into one."""
    corners: str | None = None
    """What the stated corners of a map grid are."""


def product(path: Path, sheets: Sequence[Path], given: Given) -> Product:
    """Return the product of a file.

    Parameters
    ----------
    path : the HDF5 file
    sheets : files that accompany it
    given : what the operator states beside it; the terrain is used

    Raises
    ------
    UnknownProductError
        If it is HDF5 of something else, or a form that is recognised and not read.
    DamagedProductError, NoGeoreferenceError
        If it is damaged or cannot be placed.
    """
    with open_h5(path) as file:
        root = Stated(path.name, (file,))
        level = _recognised(root)
        found, unread = images(file, root, complex_pixels=level == "SCS")
        stated = found[0].stated
        grid = on_map(stated, found[0].shape) if level in MAPPED else None
        image = _image(path, root, found, grid)
        frame = Frame(stated, image.shape, record.look_side(stated), record.incidence_deg(stated))
        look_deg = look_direction(frame, orbit_of(root), record.centre(root))
        placed = _on_map(image, grid, frame) if grid else _warped(image, sensor(frame, look_deg), given)
        files = (path, *sheets)
        more = {
            "proc:calibration_note": note(root, calibrated=image.calibration.valid),
            "proc:images_not_read": ", ".join(unread),
            "proc:looks_taken": f"{placed.looks[0]} x {placed.looks[1]}" if placed.looks != (1, 1) else None,
            "proc:map_corners": placed.corners,
        }
        fields = _stated_fields(stated, path) | {
            "look_azimuth_deg": look_deg,
            "looks": _looks(stated, placed.looks),
            "details": details({**record.stated_details(stated, path), **more}),
        }
    return _assembled(fields, image, placed, files)


def _recognised(root: Stated) -> str:
    """Return the level (SCS, DGM, GEC, GTC) of a product that is read.

    Raises
    ------
    UnknownProductError
        If it is of another mission, level or of a complex scan mode.
    """
    mission, kind = root.word("Mission ID"), root.word("Product Type")
    if mission == KOMPSAT:
        msg = f"{root.file} is of KOMPSAT-5 (Mission ID {KOMPSAT}), which is recognised and not supported."
        raise UnknownProductError(msg)
    if mission not in MISSIONS:
        what = f"its Mission ID is {mission[:40]!r}" if mission else "it has no Mission ID"
        msg = (
            f"{root.file} is HDF5 that Nightglass does not read: {what}. It looks for HDF5 of COSMO-SkyMed "
            f"(Mission ID {' or '.join(MISSIONS)}) and of ICEYE (ICEYE_..._SLC_....h5)."
        )
        raise UnknownProductError(msg)
    level = kind[:3]
    if level not in FORMS:
        what = "raw echoes, which are no picture yet" if level == "RAW" else f"of Product Type {kind[:40]!r}"
        msg = f"{root.file} is {what}; order it as SCS, DGM, GEC or GTC."
        raise UnknownProductError(msg)
    mode = root.text("Acquisition Mode") or ""
    if level == "SCS" and record.mode_class(mode) == "scansar":
        msg = (
            f"{root.file} is complex in the scan mode {mode[:40]}: its sub-swaths and bursts are not joined, and "
            "Nightglass does not join them. Order it as DGM, GEC or GTC."
        )
        raise UnknownProductError(msg)
    return level


def _image(path: Path, root: Stated, found: Sequence[Image], grid: OnMap | None) -> _Image:
    """Return the images as power by row and column."""
    mission, kind = root.word("Mission ID"), root.word("Product Type")
    scales = {image.polarisation: scale(root, image.groups, mission, kind) for image in found}
    refused = next((one for one in scales.values() if not one.calibration.valid), None)
    order = grid.turned if grid else turned(found[0].stated)
    paths = {image.polarisation: (image.path,) for image in found}
    native = H5Native(path, paths, {name: partial(_power, one.factor) for name, one in scales.items()}, order)
    archive_scale = AMPLITUDE_SCALE
    if refused is not None:
        factor, archive_scale = relative(native)
        native.close()
        native = H5Native(path, paths, partial(_power, factor), order)
    return _Image(
        shape=native.shape,
        complex=found[0].complex,
        calibration=(refused or scales[found[0].polarisation]).calibration,
        archive_scale=archive_scale if grid else AMPLITUDE_SCALE,
        native=native,
    )


def _power(factor: float, values: NDArray[Any], rows: slice, cols: slice) -> NDArray[np.float32]:  # noqa: ARG001
    """Return power of stored numbers; the factor is the same everywhere."""
    return power_of(values, factor)


def _on_map(image: _Image, grid: OnMap, frame: Frame) -> _Placed:
    steep = frame.incidence_deg
    geocoding = Geocoding(
        kind="affine",
        heights="as delivered",
        shift_per_m=None if steep is None else round(1.0 / math.tan(math.radians(steep)), 3),
        basis="the product states no error",
    )
    return _Placed(
        power=MapPower(image.native, grid.geobox),
        geocoding=geocoding,
        footprint=bounds_footprint(grid.geobox),
        corners=grid.corners,
    )


def _warped(image: _Image, where: Sensor, given: Given) -> _Placed:
    ground = terrain(given.dem, where.height_m)
    power = GeocodedPower(image.native, where, ground, complex_pixels=image.complex)
    rows, cols = outline(where)
    lon, lat = where.to_ground(rows, cols, np.full(rows.shape, where.height_m))
    edge = clean_footprint(Polygon(np.stack([lon, lat], axis=1)))
    return _Placed(power=power, geocoding=power.geocoding, footprint=edge, looks=power.looks_taken)


def _looks(stated: Stated, taken: tuple[int, int]) -> float | None:
    """Return the looks of an archived pixel: those of a stored one times those that were averaged."""
    found = record.stated_looks(stated)
    return None if found is None else found * taken[0] * taken[1]


def _stated_fields(stated: Stated, path: Path) -> dict[str, Any]:
    """Return the fields of the acquisition that are stated as such."""
    start, stop = record.period(stated)
    constellation = record.CONSTELLATIONS[stated.word("Mission ID")]
    return {
        "id": record.product_id(stated, path),
        "constellation": constellation,
        "platform": record.platform(stated, constellation),
        "start": start,
        "stop": stop,
        "mode": stated.text("Acquisition Mode"),
        "look": record.look_side(stated),
        "pass_direction": record.pass_direction(stated),
        "incidence_deg": record.incidence_deg(stated),
        "resolution_m": record.resolution_m(stated),
        "frequency_ghz": record.frequency_ghz(stated),
        "level": stated.text("Product Type"),
        "handling": handling({}, constellation, start.year) & exercise(stated.text("Processing Centre")),
        "received": stated.moment("Product Generation UTC"),
    }


def _assembled(fields: Mapping[str, Any], image: _Image, placed: _Placed, files: tuple[Path, ...]) -> Product:
    made = origin(READER, files)
    original = Original(
        path=str(files[0]), sha256=dict(made.files)[files[0].name], shape=image.shape, complex=image.complex
    )
    acquisition = Acquisition(
        **fields,
        polarisations=image.native.polarisations,
        footprint=placed.footprint,
        calibration=image.calibration,
        geocoding=placed.geocoding,
        original=original if image.complex else None,
        origin=made,
    )
    return Product(acquisition=acquisition, power=placed.power, paths=files, archive_scale=image.archive_scale)
