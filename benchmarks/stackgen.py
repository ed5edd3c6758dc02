"""An archive of 200 acquisitions of 20,000 x 20,000 pixels that fits on a laptop.

What is real: every file is a whole archive COG of 400 million speckled pixels with its full pyramid, written by
`write_cog`; speckle hardly packs, so decoding costs what it costs on radar data. What is not: only `distinct` images
(2 unless told) exist on disk. The 200 acquisitions are 200 different paths, hard links to them in turn, with different
hashes. Nightglass's caches and open files are keyed by path and hash, so for them these are 200 files. The operating
system's page cache knows better: once the 2 images have been touched, "cold" means that our caches are empty, not that
the bytes come from the disk.

Run: ``python -m benchmarks.stackgen FOLDER``
"""

import argparse
import hashlib
import json
import os
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.model.acquisition import PixelFile, Pixels
from dashboard.raster.write import write_cog

SIZE = 20_000
DATES = 200
CRS = "EPSG:32655"
SPACING_M = 10.0
CORNER = (500_000.0, 4_850_000.0)
START = datetime(2024, 1, 1, 9, 30, tzinfo=UTC)
_INDEX = "stack.json"

Item = tuple[datetime, Pixels]


@dataclass(frozen=True, slots=True)
class Land:
    """Speckled ground without end: single-look speckle on fields of different brightness. Rows are made when read."""

    seed: int
    size: int
    polarisations: tuple[str, ...] = ("VV",)

    @property
    def geobox(self) -> GeoBox:
        """Return the 10 m grid."""
        transform = Affine(SPACING_M, 0, CORNER[0], 0, -SPACING_M, CORNER[1])
        return GeoBox((self.size, self.size), transform, CRS)

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return linear power; the same rows are always the same."""
        assert polarisation in self.polarisations
        rng = np.random.default_rng([self.seed, rows.start])
        power = rng.standard_exponential((rows.stop - rows.start, cols.stop - cols.start), dtype=np.float32)
        fields = np.random.default_rng([self.seed, rows.start // 512, 1]).uniform(0.01, 0.2, 1 + (cols.stop // 128))
        power *= np.repeat(fields, 128)[cols].astype(np.float32)
        return power


def stack(folder: Path, *, dates: int = DATES, size: int = SIZE, distinct: int = 2) -> list[Item]:
    """Return the acquisitions of the archive in a folder, made first when they are not there yet.

    Parameters
    ----------
    folder : the archive's root; about 0.96 GB are written for every distinct image
    dates : acquisitions, 12 days apart
    size : pixels on a side
    distinct : images on disk; the other paths are hard links to them
    """
    wanted = {"dates": dates, "size": size, "distinct": distinct}
    index = folder / _INDEX
    if not index.is_file() or json.loads(index.read_text()) != wanted:
        _make(folder, dates=dates, size=size, distinct=distinct)
        index.write_text(json.dumps(wanted))
    return [(START + timedelta(days=12 * n), _pixels(n, size)) for n in range(dates)]


def _make(folder: Path, *, dates: int, size: int, distinct: int) -> None:
    for n in range(dates):
        path = folder / _name(n)
        if n < distinct:
            write_cog(Land(seed=n, size=size), "VV", path)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        os.link(folder / _name(n % distinct), path)


def _name(number: int) -> str:
    return f"bench/{number:03d}/VV.tif"


def _pixels(number: int, size: int) -> Pixels:
    path = _name(number)
    file = PixelFile(polarisation="VV", path=path, sha256=hashlib.sha256(path.encode()).hexdigest())
    return Pixels(
        crs=CRS,
        transform=(SPACING_M, 0.0, CORNER[0], 0.0, -SPACING_M, CORNER[1]),
        shape=(size, size),
        files=(file,),
    )


def folder_argument(description: str | None) -> Path:
    """Return the archive folder that the command line names, else one in the system's temporary folder."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(tempfile.gettempdir()) / "nightglass-bench"
    parser.add_argument("folder", nargs="?", type=Path, default=default, help=f"the archive's root (default {default})")
    return parser.parse_args().folder


def main() -> None:
    folder = folder_argument(__doc__)
    start = time.perf_counter()
    items = stack(folder)
    used = sum({path.stat().st_ino: path.stat().st_size for path in folder.rglob("*.tif")}.values())
    print(f"{len(items)} acquisitions, {used / 1e9:.2f} GB on disk, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
