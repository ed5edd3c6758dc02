"""The images of a Sentinel-1 product, calibrated and put together, and where they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import DamagedProductError
from dashboard.sources.geocode.direction import look_azimuth
from dashboard.sources.geocode.doppler import OrbitPath, RangeDoppler
from dashboard.sources.geocode.native import Native
from dashboard.sources.geocode.sensor import Floats, centre, outline
from dashboard.sources.geocode.terrain import Terrain, terrain
from dashboard.sources.sentinel1.annotation import Annotation
from dashboard.sources.sentinel1.burst import Debursted, layout
from dashboard.sources.sentinel1.geometry import GridHeights, GroundRange, check_grid, is_level, sensor_of
from dashboard.sources.sentinel1.image import Calibrated, Detected, Polarisations, image
from dashboard.sources.sentinel1.lut import Noise, load_calibration, load_noise
from dashboard.sources.sentinel1.manifest import Image, Manifest

NOISE_UNITS_SINCE = 2.5
"""Version of the processor from which on the noise is stated in squared digital numbers."""
CLEAN_BORDERS_SINCE = 2.9
"""Version from which on the borders of detected images hold zeros."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One image over all swaths, with all polarisations."""

    native: Native
    sensor: GroundRange | RangeDoppler
    grid: Floats
    """Points of the geolocation grids, as in `Annotation`."""
    residual_m: float
    """By how much the sensor misses the grids at most."""
    look_azimuth_deg: float
    off_grid_px: float | None
    """By how much bursts and swaths were moved at most; None for images without them."""
    note: str
    """What was done about the noise, for people."""

    @property
    def outline(self) -> BaseGeometry:
        """The image's edge on the ground, lon/lat."""
        rows, cols = outline(self.sensor)
        lon, lat = self.sensor.to_ground(rows, cols, np.full(rows.shape, self.sensor.height_m))
        return shapely.Polygon(np.stack([lon, lat], axis=1))

    def terrain(self, dem: Path | None) -> Terrain:
        """Return the height model that was given, else the heights of the geolocation grid."""
        if dem is not None or is_level(self.grid):
            return terrain(dem, self.sensor.height_m)
        return GridHeights(self.grid)


@dataclass(frozen=True, slots=True)
class _Part:
    """One polarisation of one swath."""

    files: Image
    annotation: Annotation
    noise: Noise | None
    trim: bool

    @property
    def calibrated(self) -> Calibrated:
        """Its numbers as sigma0."""
        return Calibrated(load_calibration(self.files.calibration), self.noise)


def scene_of(manifest: Manifest, annotations: Sequence[Annotation]) -> Scene:
    """Return the scene of a product.

    Parameters
    ----------
    manifest : of the product
    annotations : of its images, in the same order

    Raises
    ------
    DamagedProductError
        If the images do not fit together or their geometry contradicts itself.
    """
    version, note = _version(manifest), ""
    parts: dict[str, list[_Part]] = {name: [] for name in manifest.polarisations}
    for files, annotation in zip(manifest.images, annotations, strict=True):
        noise, note = _noise(files, annotation, version)
        trim = noise is not None and annotation.ground_range and 0 < version < CLEAN_BORDERS_SINCE
        parts[annotation.polarisation].append(_Part(files, annotation, noise, trim))
    residual = max(check_grid(annotation) for annotation in annotations)
    made = {name: _put_together(found) for name, found in parts.items()}
    whole = next(iter(made.values())).whole
    sensor = sensor_of(whole)
    orbit = OrbitPath(whole.orbit_times_s, whole.orbit_positions_m)
    middle = orbit.position(np.array(whole.first_line_s + whole.line_s * whole.shape[0] / 2))
    return Scene(
        native=Polarisations({name: one.native for name, one in made.items()}),
        sensor=sensor,
        grid=whole.grid,
        residual_m=residual,
        look_azimuth_deg=look_azimuth(middle, centre(sensor)),
        off_grid_px=max((one.off_grid_px for one in made.values() if one.off_grid_px is not None), default=None),
        note=note,
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """The one image of a polarisation, and the annotation that describes its geometry."""

    native: Native
    whole: Annotation
    off_grid_px: float | None = None


def _put_together(parts: Sequence[_Part]) -> _Made:
    """Return the one image of a polarisation."""
    swaths = sorted(parts, key=lambda part: part.annotation.slant_range_m)
    first = swaths[0].annotation
    if all(part.annotation.bursts for part in swaths):
        annotations = [part.annotation for part in swaths]
        plan = layout(annotations)
        images = [image(part.files.measurement, part.annotation, part.calibrated) for part in swaths]
        whole = replace(
            first,
            first_line_s=plan.first_line_s,
            slant_range_m=plan.slant_range_m,
            shape=plan.shape,
            grid=np.concatenate([annotation.grid for annotation in annotations]),
        )
        return _Made(Debursted(plan, images, annotations), whole, plan.off_grid_px)
    if len(swaths) > 1:
        msg = (
            f"{swaths[1].annotation.name} is a second image of polarisation {first.polarisation} without bursts; "
            "the product is damaged."
        )
        raise DamagedProductError(msg)
    only = swaths[0]
    if first.ground_range:
        return _Made(Detected(only.files.measurement, first, only.calibrated, trim=only.trim), first)
    return _Made(image(only.files.measurement, first, only.calibrated), first)


def _noise(files: Image, annotation: Annotation, version: float) -> tuple[Noise | None, str]:
    """Return the noise that is to be taken off, and a remark on it."""
    if annotation.noise_removed:
        return None, "thermal noise removed by the processor"
    if 0 < version < NOISE_UNITS_SINCE:
        return None, f"thermal noise not removed: version {version:.2f} of the processor states it in other units"
    noise = None if files.noise is None else load_noise(files.noise)
    if noise is None:
        return None, "thermal noise not removed: the product states none"
    return noise, "thermal noise removed"


def _version(manifest: Manifest) -> float:
    """Return the processor's version; 0 where it is not stated."""
    try:
        return float(manifest.software[1])
    except ValueError:
        return 0.0
