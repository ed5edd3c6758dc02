"""Visible-band products through the whole of ingest: the archive holds the numbers that were delivered."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio

from dashboard.model.acquisition import Kind
from dashboard.simulate.products import blacksky, maxar, uav
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.product import Given
from dashboard.workflows import visible
from dashboard.workflows.archiving import ITEM
from dashboard.workflows.ingest import ingest
from dashboard.workflows.stac_item import item_of, read_item
from dashboard.workflows.stac_valid import faults
from dashboard.workflows.workspace import Workspace, open_workspace

GRID = mini_scene(0.5, (96, 128)).geobox
Write = Callable[..., Written]
WAYS = {
    "maxar": (maxar.write_ortho, "worldview-3", "RGB"),
    "maxar tiles": (lambda f, s, t: maxar.write_ortho(f, s, t, maxar.Form(tiles=(2, 2))), "worldview-3", "RGB"),
    "maxar pan": (maxar.write_ortho, "worldview-3", ("PAN",)),
    "blacksky": (blacksky.write_ortho, "blacksky-global-14", "RGB"),
    "blacksky pan": (blacksky.write_ortho, "blacksky-global-14", ("PAN",)),
    "uav": (uav.write_ortho, "uav", "RGB"),
}


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "work") as opened:
        yield opened


@pytest.mark.parametrize("way", WAYS)
def test_the_archive_holds_the_numbers(tmp_path: Path, workspace: Workspace, way: str) -> None:
    write, platform, bands = WAYS[way]
    rng = np.random.default_rng(4)
    drawn = {name: rng.integers(1, 256, GRID.shape).astype(np.float32) for name in bands}
    for picture in drawn.values():
        picture[:5] = np.nan
        picture.flags.writeable = False
    take = Take(constellation=way.partition(" ")[0], platform=platform, incidence_deg=15.0)
    written = write(tmp_path / "product", Scene(GRID, drawn=drawn), take)
    (entry,) = ingest(workspace, [written.path], given=Given(time=take.start))
    assert entry.status == "added", entry
    found = workspace.catalog.acquisitions.get(entry.id)
    assert (found.kind, found.constellation, found.polarisations) == (Kind.OPTICAL, take.constellation, tuple(bands))
    for name, wanted in drawn.items():
        with rasterio.open(workspace.archive.root / found.pixels.file(name).path) as dataset:
            assert np.array_equal(dataset.read(1), np.nan_to_num(wanted).astype(np.uint16)), name
    assert visible.bands_of(found) == tuple(bands)
    assert visible.read_bands(workspace, found, GRID).shape == (len(bands), *GRID.shape)
    item = item_of(found, {})
    assert faults(item) == ()
    assert not [name for name in item["properties"] if name.startswith("sar:")]
    folder = workspace.archive.root / found.constellation / found.id
    assert read_item(folder / ITEM) == (found.origin.product_sha256, found.footprint, found.pixels)
