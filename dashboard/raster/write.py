"""Write the archive: amplitude COGs, all or nothing.

An archived pixel is ``DN = round(scale * sqrt(power))`` in uint16 with 0 for no data, so a pixel keeps its power
within ``(DN ± 0.5)² / scale²``. Overviews are the root mean square of the valid pixels below (GDAL's RMS resampling),
which for amplitude is their exact mean power; an overview pixel is valid when any pixel below it is.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from dashboard.model.acquisition import AMPLITUDE_SCALE
from dashboard.model.errors import DamagedProductError, InputError
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.raster.kernels import power_to_amplitude
from dashboard.raster.levels import BLOCK
from dashboard.raster.scratch import publish, scratch

SCALE_TAG = "AMPLITUDE_SCALE"
"""TIFF tag that states the DN per unit of amplitude."""

_COG_OPTIONS = {
    "driver": "COG",
    "BLOCKSIZE": str(BLOCK),
    "COMPRESS": "DEFLATE",
    "PREDICTOR": "2",
    "OVERVIEW_RESAMPLING": "RMS",
    "NUM_THREADS": "2",
    "BIGTIFF": "IF_SAFER",
    "SPARSE_OK": "TRUE",
}


class PowerSource(Protocol):
    """Calibrated pixels that can be read piece by piece."""

    @property
    def geobox(self) -> GeoBox:
        """Grid of the pixels, north up."""

    @property
    def polarisations(self) -> tuple[str, ...]:
        """What can be read, in the order of the product."""

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) linear power of a window, NaN where there is no data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CogFacts:
    """What was written."""

    sha256: str
    """Of the finished file."""
    bytes: int
    """Size of the finished file."""
    valid_pixels: int
    """Pixels with data."""
    saturated_pixels: int
    """Pixels whose amplitude exceeded 65,535 DN and was cut to it."""


def write_cog(
    source: PowerSource,
    polarisation: str,
    path: Path,
    *,
    scale: float = AMPLITUDE_SCALE,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> CogFacts:
    """Write one polarisation as an archive COG; on any failure `path` is as it was before.

    Parameters
    ----------
    source : linear power on a north-up grid
    polarisation : one of ``source.polarisations``
    path : the COG; its folder is made if missing, an older file is replaced in one step
    scale : DN per unit of amplitude (square root of power), > 0; kept as TIFF tag ``AMPLITUDE_SCALE``
    report : told the share done
    cancel : checked before every 512 rows and before and after the pyramid is made

    Raises
    ------
    InputError
        If the scale is not positive or the polarisation is missing.
    DamagedProductError
        If the source returns fewer pixels than it announced.
    DiskFullError
        If the disk cannot hold the file.
    CancelledError
        If `cancel` was called.
    """
    _check(source, polarisation, scale)
    cancel = cancel or CancelToken()
    path.parent.mkdir(parents=True, exist_ok=True)
    with scratch(path, _needed_bytes(source.geobox)) as folder, rasterio.Env(GDAL_PAM_ENABLED="NO"):
        finished = folder / path.name
        with _flat(source.geobox, folder) as flat:
            flat.update_tags(**{SCALE_TAG: repr(float(scale))})
            valid, saturated = _fill(flat, source, polarisation, scale=scale, report=report, cancel=cancel)
            cancel.check()
            report(Progress(0.6, f"{polarisation}: pyramid"))
            rasterio.shutil.copy(flat, str(finished), **_COG_OPTIONS)
        cancel.check()
        _prove(finished)
        report(Progress(0.95, f"{polarisation}: checksum"))
        facts = CogFacts(
            sha256=_sha256(finished),
            bytes=finished.stat().st_size,
            valid_pixels=valid,
            saturated_pixels=saturated,
        )
        publish(finished, path)
    report(Progress(1.0, f"{polarisation}: archived"))
    return facts


def _check(source: PowerSource, polarisation: str, scale: float) -> None:
    if not (np.isfinite(scale) and scale > 0):
        msg = f"Amplitude scale is {scale!r}; it must be a positive number (the archive's is {AMPLITUDE_SCALE:g})."
        raise InputError(msg)
    if polarisation not in source.polarisations:
        msg = (
            f"Polarisation {polarisation!r} is not in the product; it has {', '.join(source.polarisations) or 'none'}."
        )
        raise InputError(msg)


def _needed_bytes(geobox: GeoBox) -> int:
    """Return about what the write takes: 2 bytes a pixel before the pyramid, 2.4 of speckle packed with it."""
    return int(4.4 * int(geobox.shape.y) * int(geobox.shape.x))


def _flat(geobox: GeoBox, folder: Path) -> DatasetWriter:
    """Open the image that the COG is made from, sparse and unpacked: measured as fast as memory, and bounded."""
    return rasterio.open(
        folder / "flat.tif",
        "w+",
        driver="GTiff",
        width=geobox.shape.x,
        height=geobox.shape.y,
        count=1,
        dtype="uint16",
        nodata=0,
        crs=geobox.crs.to_wkt(),
        transform=geobox.affine,
        tiled=True,
        blockxsize=BLOCK,
        blockysize=BLOCK,
        bigtiff="if_safer",
        sparse_ok=True,
    )


def _fill(
    flat: DatasetWriter, source: PowerSource, polarisation: str, *, scale: float, report: Report, cancel: CancelToken
) -> tuple[int, int]:
    """Convert and write the source by rows of blocks; return (valid, saturated) pixels."""
    height, width = (int(n) for n in source.geobox.shape)
    valid = saturated = 0
    for top in range(0, height, BLOCK):
        cancel.check()
        rows = slice(top, min(top + BLOCK, height))
        power = np.asarray(source.read(polarisation, rows, slice(0, width)), dtype=np.float32)
        if power.shape != (rows.stop - rows.start, width):
            msg = f"The product gave {power.shape} pixels for {rows.stop - rows.start} rows of {width}; it is damaged."
            raise DamagedProductError(msg)
        amplitude = np.empty(power.shape, np.uint16)
        counts = power_to_amplitude(power, float(scale), amplitude)
        valid, saturated = valid + counts[0], saturated + counts[1]
        if counts[0]:
            flat.write(amplitude, 1, window=Window(0, top, width, amplitude.shape[0]))
        report(Progress(0.6 * rows.stop / height, f"{polarisation}: row {rows.stop:,} of {height:,}"))
    return valid, saturated


def _prove(path: Path) -> None:
    """Read the last block: libtiff may defer a failed write until nobody listens, and a COG ends with its pixels."""
    with rasterio.open(path) as written:
        left = (written.width - 1) // BLOCK * BLOCK
        top = (written.height - 1) // BLOCK * BLOCK
        written.read(1, window=Window(left, top, written.width - left, written.height - top))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
