"""Promise: the series of one pixel over 200 dates within 300 ms.

*Cold*: no open file and no decoded block. *Warm*: a neighbouring pixel of the one before. The peer asks rio-tiler for
the point in every file, on two threads. See `stackgen` for what the archive is.

Run: ``python -m benchmarks.series [FOLDER]``
"""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from affine import Affine
from pyproj import Transformer
from rio_tiler.io import Reader

from benchmarks.stackgen import CRS, Item, folder_argument, stack
from benchmarks.table import Row, p50_p95, show
from dashboard.raster.archive import Archive


def point(rng: np.random.Generator, item: Item) -> tuple[float, float]:
    """Return the longitude and latitude of a pixel in the middle of a block, so that its neighbour is in it too."""
    pixels = item[1]
    row, col = (512 * int(rng.integers(1, size // 512 - 1)) + 250.5 for size in pixels.shape)
    x, y = Affine(*pixels.transform) @ (col, row)
    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(x, y)
    return float(lon), float(lat)


def peer(root: Path, items: list[Item], lon: float, lat: float) -> float:
    """Return the seconds the same points take with rio-tiler."""

    def value(item: Item) -> float:
        with Reader(str(root / item[1].files[0].path)) as reader:
            return float(reader.point(lon, lat).data[0])

    start = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(value, items))
    return time.perf_counter() - start


def run(stack_dir: Path, repeats: int = 10) -> list[Row]:
    """Measure series at random places."""
    items = stack(stack_dir)
    rng = np.random.default_rng(7)
    cold, warm, theirs = [], [], []
    with Archive(stack_dir) as archive:
        for _ in range(repeats):
            lon, lat = point(rng, items[0])
            archive.forget()
            for seconds, shift in ((cold, 0.0), (warm, 0.0003)):
                start = time.perf_counter()
                archive.series(items, "VV", lon + shift, lat)
                seconds.append(time.perf_counter() - start)
            theirs.append(peer(stack_dir, items, lon, lat))
    note = f"{len(items)} dates, {repeats} places; peer: rio-tiler point, 2 threads"
    return [
        Row(promise=f"series, {name}", figure=p50_p95(ours), target="<= 300 ms", peer=p50_p95(theirs), note=note)
        for name, ours in (("cold", cold), ("warm", warm))
    ]


def main() -> None:
    folder = folder_argument(__doc__)
    show("Series of one pixel", run(folder))


if __name__ == "__main__":
    main()
