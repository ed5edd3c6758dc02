"""Promise: one 1400 x 800 frame, at any zoom, from 200 acquisitions of 20,000 x 20,000 pixels.

A frame is power on the screen's grid turned into display bytes, ready for the wire. *Cold*: an acquisition not looked
at before, no open file, no decoded block, no placement. *Warm*: its blocks are in memory and the view moved by a few
pixels, so the placement is new. The peer does the same view in its own way: the 256-pixel PNG tiles that cover it, made
by rio-tiler on two threads, each opened as a tile server opens it. Zooms are those of web maps, so neither side has to
resample to suit the other. See `stackgen` for what the archive is and what "cold" leaves to the operating system.

Run: ``python -m benchmarks.frame [FOLDER]``
"""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rio_tiler.errors import TileOutsideBounds
from rio_tiler.io import Reader

from benchmarks.stackgen import CRS, Item, folder_argument, stack
from benchmarks.table import Row, p50_p95, show
from dashboard.raster.archive import Archive
from dashboard.raster.placement import place
from dashboard.render.levels import decibel_bytes

WIDTH, HEIGHT = 1400, 800
ZOOMS = (9, 10, 11, 12, 13, 14, 15, 16)
_WORLD_M = 2 * 20_037_508.342789244
_TILE = 256


def view(rng: np.random.Generator, item: Item, zoom: int) -> GeoBox:
    """Return a screen at a web map's zoom whose middle lies somewhere in the inner half of an acquisition."""
    pixels = item[1]
    row, col = (rng.uniform(0.25, 0.75) * size for size in pixels.shape)
    x, y = Affine(*pixels.transform) @ (col, row)
    x, y = Transformer.from_crs(CRS, "EPSG:3857", always_xy=True).transform(x, y)
    return screen(x, y, zoom)


def screen(x: float, y: float, zoom: int) -> GeoBox:
    """Return the screen's grid about a point in Mercator metres."""
    size = _WORLD_M / (_TILE * 2**zoom)
    corner = Affine.translation(x - size * WIDTH / 2, y + size * HEIGHT / 2)
    return GeoBox((HEIGHT, WIDTH), corner @ Affine.scale(size, -size), "EPSG:3857")


def frame(archive: Archive, item: Item, box: GeoBox) -> float:
    """Draw one frame; return the seconds it took."""
    start = time.perf_counter()
    decibel_bytes(archive.amplitude(item[1], "VV", box))
    return time.perf_counter() - start


def ours(root: Path, items: list[Item], zoom: int, repeats: int = 25) -> tuple[list[float], list[float]]:
    """Return the seconds of cold and of warm frames."""
    rng = np.random.default_rng(zoom)
    cold, warm = [], []
    with Archive(root) as archive:
        for n in rng.permutation(len(items))[:repeats]:
            box = view(rng, items[n], zoom)
            archive.forget()
            place.cache_clear()
            cold.append(frame(archive, items[n], box))
            right, down = rng.integers(1, 9, 2)
            moved = GeoBox(box.shape, box.affine @ Affine.translation(int(right), int(down)), box.crs)
            warm.append(frame(archive, items[n], moved))
    return cold, warm


def peer(root: Path, items: list[Item], zoom: int, repeats: int = 3) -> list[float]:
    """Return the seconds that the covering tiles take."""
    rng = np.random.default_rng(zoom)
    taken = []
    for n in rng.permutation(len(items))[:repeats]:
        path = root / items[n][1].files[0].path
        places = tiles(view(rng, items[n], zoom), zoom)
        with ThreadPoolExecutor(2) as pool:
            start = time.perf_counter()
            list(pool.map(lambda at, path=path: tile(path, *at, zoom), places))
            taken.append(time.perf_counter() - start)
    return taken


def tiles(box: GeoBox, zoom: int) -> list[tuple[int, int]]:
    """Return the (column, row) of every tile that the screen sees."""
    side = _WORLD_M / 2**zoom
    bounds = box.boundingbox
    cols = range(int((bounds.left + _WORLD_M / 2) // side), int((bounds.right + _WORLD_M / 2) // side) + 1)
    rows = range(int((_WORLD_M / 2 - bounds.top) // side), int((_WORLD_M / 2 - bounds.bottom) // side) + 1)
    return [(col, row) for row in rows for col in cols]


def tile(path: Path, col: int, row: int, zoom: int) -> bytes:
    """Return one tile as PNG, as a tile server makes it: open, read, stretch, encode."""
    with Reader(str(path)) as reader:
        try:
            image = reader.tile(col, row, zoom, tilesize=_TILE)
        except TileOutsideBounds:
            return b""
    image.rescale(in_range=((0, 8000),))
    return image.render(img_format="PNG")


def run(stack_dir: Path) -> list[Row]:
    """Measure every zoom, ours and the peer's in turn."""
    items = stack(stack_dir)
    with Archive(stack_dir) as archive:
        archive.warm_up()
        frame(archive, items[0], view(np.random.default_rng(0), items[0], 12))
    rows, all_cold, all_warm, all_peer = [], [], [], []
    for zoom in ZOOMS:
        cold, warm = ours(stack_dir, items, zoom)
        tiled = peer(stack_dir, items, zoom)
        rows.append(_row(f"frame warm, zoom {zoom}", warm, "p50 <= 20 ms", tiled))
        rows.append(_row(f"frame cold, zoom {zoom}", cold, "p50 <= 60 ms", tiled))
        all_cold, all_warm, all_peer = all_cold + cold, all_warm + warm, all_peer + tiled
    rows.append(_row("frame warm, all zooms", all_warm, "p50 <= 20 ms", all_peer))
    rows.append(_row("frame cold, all zooms", all_cold, "p50 <= 60 ms", all_peer))
    return rows


def _row(promise: str, seconds: list[float], target: str, tiled: list[float]) -> Row:
    note = f"{len(seconds)} acquisitions; peer: rio-tiler, covering tiles, 2 threads, {len(tiled)} views"
    return Row(promise=promise, figure=p50_p95(seconds), target=target, peer=p50_p95(tiled), note=note)


def main() -> None:
    folder = folder_argument(__doc__)
    show(f"One {WIDTH} x {HEIGHT} frame", run(folder))


if __name__ == "__main__":
    main()
