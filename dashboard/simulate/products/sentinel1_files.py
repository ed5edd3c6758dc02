"""The files of a Sentinel-1 product: measurement, annotation, calibration and noise of each image."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint

from dashboard.simulate.products import sentinel1_xml as xml
from dashboard.simulate.products.take import CAVEAT, Take
from dashboard.simulate.products.tiff import WGS84, write_tiff

Floats = NDArray[np.float64]

SCHEMAS = {
    "annotation": "s1Level1ProductSchema",
    "calibration": "s1Level1CalibrationSchema",
    "noise": "s1Level1NoiseSchema",
    "measurement": "s1Level1MeasurementSchema",
}
TABLE_STEP_PX = 40
STRIP = 512
OLD_BORDER_PX = 40
"""Columns of noise at the left of images of old processors."""


@dataclass(slots=True)
class Folder:
    """A SAFE folder that is being filled."""

    path: Path
    take: Take
    kind: str
    software: str
    objects: list[xml.Object] = field(default_factory=list)

    def add(self, part: str, href: str, text: str | None = None) -> Path:
        """Write a file, or list one that is there."""
        path = self.path / href
        if text is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.objects.append(xml.Object(SCHEMAS[part], href, path.stat().st_size))
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One polarisation of one swath, before it is written."""

    sheet: xml.Sheet
    sigma0: NDArray[np.float32]
    points: Sequence[GroundControlPoint]
    cog: bool = False


def write_image(safe: Folder, image: Image) -> None:
    """Write measurement, annotation, calibration and noise of one polarisation of one swath."""
    sheet, take, shape = image.sheet, safe.take, image.sheet.shape
    stem = "-".join(
        [
            f"s1{take.platform[-1]}", sheet.swath.lower(), safe.kind.lower(), sheet.polarisation.lower(),
            f"{take.start:%Y%m%dt%H%M%S}", f"{take.stop:%Y%m%dt%H%M%S}", f"{take.orbit_number:06d}", "00abcd",
            f"{sheet.number:03d}",
        ]
    )  # fmt: skip
    pixels = [*range(0, shape[1] - 1, TABLE_STEP_PX), shape[1] - 1]
    lines = [0, shape[0] // 2, shape[0] - 1]
    amplitude = np.outer([1.0, 1.02, 1.05], np.linspace(5200.0, 4400.0, len(pixels)))
    old = float(safe.software) < 2.9
    across = np.linspace(9.0e4, 3.0e4, len(pixels))
    along = None if old else np.array([0.8, 1.2, 1.0])
    numbers = _numbers(image, (lines, pixels, amplitude), across, along)
    if old and safe.kind == "GRD":
        numbers[:, :OLD_BORDER_PX] = np.hypot(*np.indices((shape[0], OLD_BORDER_PX)) % 7 + 3).astype(numbers.dtype)
    safe.add("annotation", f"annotation/{stem}.xml", xml.annotation(sheet, take))
    folder = "annotation/calibration"
    table = xml.calibration(sheet, take, lines, pixels, amplitude)
    safe.add("calibration", f"{folder}/calibration-{stem}.xml", table)
    safe.add("noise", f"{folder}/noise-{stem}.xml", xml.noise(sheet, take, pixels, across, along))
    (safe.path / "measurement").mkdir(exist_ok=True)
    path = safe.path / "measurement" / f"{stem}{'-cog' if image.cog else ''}.tiff"
    _write_pixels(path, image, numbers, f"Sentinel-1{take.platform[-1].upper()} {take.mode} {safe.kind} L1, {CAVEAT}")
    safe.add("measurement", str(path.relative_to(safe.path)))


def _numbers(
    image: Image,
    table: tuple[Sequence[int], Sequence[int], Floats],
    across: Floats,
    along: Floats | None,
) -> NDArray[np.float32]:
    """Return the amplitudes that the processor would have written: calibrated backwards, with thermal noise."""
    shape = image.sheet.shape
    lines, pixels, amplitude = table
    cols = np.arange(shape[1])
    wide = np.stack([np.interp(cols, pixels, row) for row in amplitude]).astype(np.float32)
    noise = np.interp(cols, pixels, across).astype(np.float32)
    factor = np.ones(shape[0], np.float32)
    if along is not None:
        knots = np.linspace(0, shape[0] - 1, len(along)).round()
        factor = np.interp(np.arange(shape[0]), knots, along).astype(np.float32)
    out = np.empty(shape, np.float32)
    for top in range(0, shape[0], STRIP):  # so that a large scene fits into memory
        rows = np.arange(top, min(top + STRIP, shape[0]))
        above = np.clip(np.searchsorted(lines, rows, side="right") - 1, 0, len(lines) - 2)
        weight = ((rows - np.take(lines, above)) / np.take(np.diff(lines), above)).astype(np.float32)[:, None]
        scale = wide[above] * (1 - weight) + wide[above + 1] * weight
        sigma0 = image.sigma0[rows]
        power = sigma0 * scale * scale + noise * factor[rows, None]
        out[rows] = np.rint(np.sqrt(np.where(sigma0 > 0, power, 0.0)))
    return out


def _write_pixels(path: Path, image: Image, numbers: NDArray[np.float32], words: str) -> None:
    tags = {"TIFFTAG_IMAGEDESCRIPTION": words}
    if image.sheet.kind == "GRD":
        write_tiff(path, [numbers.astype(np.uint16)], gcps=image.points, tags=tags, cog=image.cog)
        return
    rows, cols = numbers.shape
    # Phases that differ from pixel to pixel, so that nothing may be averaged before it is detected.
    phase = np.exp(1j * (0.7 * np.arange(rows)[:, None] + 1.9 * np.arange(cols)[None, :]))
    kind = {"driver": "GTiff", "dtype": "complex_int16", "height": rows, "width": cols, "count": 1}
    with rasterio.open(path, "w", **kind, gcps=list(image.points), crs=WGS84) as dataset:
        dataset.write(np.rint((numbers * phase).real) + 1j * np.rint((numbers * phase).imag), 1)
        dataset.update_tags(**tags)
