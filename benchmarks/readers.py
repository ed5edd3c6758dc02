"""How fast each system's products are taken in, beside GDAL's command line on the same file.

Each product shows speckled ground of about 3,000 x 3,000 pixels in the system's own container. Ours is the whole of
ingest: the other process, metadata, hashes, calibration, geocoding, amplitude COG with pyramid, item, catalogue row.
The peer only makes a COG of each band: ``gdal_translate`` of what is on a map already, ``gdalwarp`` (average) of
what is not; it neither calibrates nor hashes. Figures are megabytes of the product's files per second.

Run: ``python -m benchmarks.readers [FORM ...]``
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from benchmarks.table import Row, show
from dashboard.model.acquisition import LookSide
from dashboard.simulate.delivery import FORMS
from dashboard.simulate.plan import STACKS, StackPlan
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.take import Take
from dashboard.sources.product import Given
from dashboard.workflows.ingest import ingest
from dashboard.workflows.workspace import open_workspace

SIDE = 3000
COMPLEX_SIDE = 700
"""Complex products are written by a slower path."""
REPEATS = 3
COG = ("-q", "-of", "COG", "-co", "COMPRESS=DEFLATE", "-co", "PREDICTOR=YES", "-co", "OVERVIEW_RESAMPLING=AVERAGE")
WARP = ("-q", "-overwrite", "-t_srs", "EPSG:32637", "-r", "average", "-multi", "-wo", "NUM_THREADS=2", *COG[1:])


@dataclass(frozen=True, slots=True)
class Delivered:
    """A product on disk and how GDAL may open its picture."""

    form: str
    folder: Path
    given: Given

    @property
    def megabytes(self) -> float:
        """Of all files."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file()) / 1e6

    def gdal(self) -> list[tuple[str, ...]]:
        """Return the commands that make a COG of every picture of the product."""
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        largest = max(files, key=lambda file: file.stat().st_size)
        alike = [f for f in files if f.suffix == largest.suffix and 4 * f.stat().st_size > largest.stat().st_size]
        out = str(self.folder.parent / "peer.tif")
        return [(*command, out) for file in alike for command in _commands(file)]


def _commands(file: Path) -> list[tuple[str, ...]]:
    match file.suffix:
        case ".h5":
            name = "S01/SBI" if "CSKS" in file.name else "S01/IMG"
            return [("gdal_translate", *COG, f'HDF5:"{file}"://{name}')]
        case ".zip":
            inside = [name for name in _names(file) if "/measurement/" in name and name.endswith((".tiff", ".tif"))]
            return [("gdalwarp", *WARP, f"/vsizip/{file}/{name}") for name in inside]
        case ".nsf" | ".nitf" | ".ntf":
            return [("gdalwarp", *WARP, str(file))]
        case ".tif" if "ICEYE" in file.name:
            return [("gdalwarp", "-rpc", *WARP, str(file))]
        case _:
            return [("gdal_translate", *COG, str(file))]


def _names(archive: Path) -> list[str]:
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", archive], capture_output=True, text=True, check=True
    )
    return [line.split()[0] for line in listed.stdout.splitlines()[1:]]


def scene_for(stack: StackPlan) -> Scene:
    """Return speckled ground of one brightness per quarter, in the bands that a system records."""
    side = COMPLEX_SIDE if stack.form.startswith("SICD") else SIDE
    plain = mini_scene(stack.spacing_m, (side, side))
    rng = np.random.default_rng(4)
    box: GeoBox = plain.geobox
    if stack.optical:
        drawn = {name: rng.integers(20, 220, (side, side)).astype(np.float32) for name in stack.polarisations}
    else:
        drawn = {n: (0.1 * rng.gamma(stack.looks, 1 / stack.looks, (side, side))).astype(np.float32)
                 for n in stack.polarisations}  # fmt: skip
    return Scene(box, plain.height_m, drawn)


def deliver(stack: StackPlan, folder: Path) -> Delivered:
    """Write one product of a system."""
    take = Take(
        constellation=stack.constellation, platform=stack.platform, mode=stack.mode, look=stack.look or LookSide.RIGHT,
        polarisations=stack.polarisations, pass_direction=stack.pass_direction, incidence_deg=stack.incidence_deg,
        frequency_ghz=stack.frequency_ghz, resolution_m=stack.resolution_m, looks=float(stack.looks),
        track=stack.track, handling=stack.handling,
    )  # fmt: skip
    folder.mkdir(parents=True)
    FORMS[stack.form](folder, scene_for(stack), take)
    return Delivered(stack.form, folder, Given(time=take.start))


def ours(product: Delivered) -> float:
    """Return the seconds of one ingest into an empty workspace, the other process warm."""
    with tempfile.TemporaryDirectory(dir=product.folder.parent) as data, open_workspace(Path(data)) as workspace:
        start = time.perf_counter()
        entries = ingest(workspace, [product.folder], given=product.given)
        seconds = time.perf_counter() - start
    assert any(entry.status == "added" for entry in entries), entries
    return seconds


def peer(product: Delivered) -> float | None:
    """Return the seconds that GDAL takes, None where it is not here or cannot open the product."""
    if shutil.which("gdalwarp") is None:
        return None
    start = time.perf_counter()
    done = [subprocess.run(command, capture_output=True, check=False).returncode for command in product.gdal()]
    return None if any(done) else time.perf_counter() - start


def run(folder: Path, forms: tuple[str, ...] = ()) -> list[Row]:
    """Measure every system once a round, in turn with its peer."""
    wanted = {stack.form: stack for stack in STACKS if stack.form in FORMS and (not forms or stack.form in forms)}
    rows = []
    for number, stack in enumerate(wanted.values()):
        place = folder / f"readers-{number}"
        product = deliver(stack, place / "product")
        ours(product)
        taken = [(ours(product), peer(product)) for _ in range(REPEATS)]
        mine = statistics.median(own for own, _ in taken)
        theirs = [other for _, other in taken if other is not None]
        beside = f"{product.megabytes / statistics.median(theirs):.0f} MB/s" if theirs else "cannot open it"
        times = f" ({mine / statistics.median(theirs):.1f} times)" if theirs else ""
        rows.append(
            Row(
                promise=f"ingest {stack.form}, {product.megabytes:.0f} MB",
                figure=f"{product.megabytes / mine:.0f} MB/s{times}",
                target="",
                peer=f"GDAL {beside}",
                note=f"median of {REPEATS}; about {SIDE} x {SIDE} pixels a band",
            )
        )
        shutil.rmtree(place)
    return rows


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="nightglass-readers-") as folder:
        show("Ingest by system", run(Path(folder), tuple(sys.argv[1:])))


if __name__ == "__main__":
    main()
