"""Promise: archiving a GeoTIFF is no slower than 1.5 times GDAL's own COG copy of the same file.

Input: 8192 x 8192 float32 linear power, tiled, speckled. Ours reads it, turns power into amplitude, writes the COG,
hashes and fsyncs it. The peer is ``rasterio.shutil.copy(driver="COG")`` with the same options (block, codec, threads,
RMS overviews) of the float32 file, and again of the same pixels as uint16 amplitude, which packs less: the fairer and
harder comparison.

Run: ``python -m benchmarks.ingest``
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.io import DatasetReader
from rasterio.windows import Window

from benchmarks.table import Row, show
from dashboard.raster.write import write_cog

SIZE = 8192
_GRID = GeoBox((SIZE, SIZE), Affine(10, 0, 500_000, 0, -10, 4_850_000), "EPSG:32655")
_OPTIONS = {
    "driver": "COG",
    "BLOCKSIZE": "512",
    "COMPRESS": "DEFLATE",
    "PREDICTOR": "YES",
    "OVERVIEW_RESAMPLING": "RMS",
    "NUM_THREADS": "2",
    "BIGTIFF": "IF_SAFER",
}


@dataclass(frozen=True, slots=True)
class FileSource:
    """An open GeoTIFF of power."""

    file: DatasetReader
    geobox: GeoBox = _GRID
    polarisations: tuple[str, ...] = ("VV",)

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return a window."""
        assert polarisation in self.polarisations
        return self.file.read(1, window=Window.from_slices(rows, cols))


def _write(path: Path, pixels: NDArray[np.generic], nodata: float) -> None:
    profile = {"width": SIZE, "height": SIZE, "count": 1, "dtype": pixels.dtype, "crs": "EPSG:32655", "nodata": nodata}
    tiling = {"tiled": True, "blockxsize": 512, "blockysize": 512}
    with rasterio.open(path, "w", driver="GTiff", transform=_GRID.affine, **profile, **tiling) as file:
        file.write(pixels, 1)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run(folder: Path, repeats: int = 5) -> list[Row]:
    """Measure in turn, after one unmeasured round."""
    power = 0.05 * np.random.default_rng(3).standard_exponential((SIZE, SIZE), dtype=np.float32)
    floats, integers = folder / "power.tif", folder / "amplitude.tif"
    _write(floats, power, np.nan)
    _write(integers, np.maximum(np.rint(1e4 * np.sqrt(power)), 1).astype(np.uint16), 0)
    taken: dict[str, list[float]] = {"ours": [], "float32": [], "uint16": []}
    with rasterio.open(floats) as file:
        work = {
            "ours": lambda: write_cog(FileSource(file), "VV", folder / "ours.tif"),
            "float32": lambda: rasterio.shutil.copy(floats, folder / "peer.tif", **_OPTIONS),
            "uint16": lambda: rasterio.shutil.copy(integers, folder / "peer.tif", **_OPTIONS),
        }
        for n in range(repeats + 1):
            for name, do in work.items():
                seconds = _seconds(do)
                if n:
                    taken[name].append(seconds)
    return [_row(name, taken) for name in ("float32", "uint16")]


def _row(name: str, taken: dict[str, list[float]]) -> Row:
    ours, theirs = (statistics.median(taken[key]) for key in ("ours", name))
    return Row(
        promise=f"ingest of a GeoTIFF, beside a COG copy of {name}",
        figure=f"{ours:.2f} s ({ours / theirs:.2f} times)",
        target="<= 1.5 times" if name == "float32" else "",
        peer=f"{theirs:.2f} s",
        note=f"median of {len(taken[name])}; {SIZE} x {SIZE} pixels",
    )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="nightglass-ingest-") as folder:
        show("Ingest", run(Path(folder)))


if __name__ == "__main__":
    main()
