"""OPERA DIST-ALERT-S1: what another producer says changed in one tile, ten layers for each pass; no acquisition."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.io import DatasetReader

from dashboard.model.errors import DamagedProductError, GridMismatchError, InputError, ResourceError
from dashboard.model.handling import Handling
from dashboard.sources.grid import damaged, grid_of, opened
from dashboard.sources.marking import copernicus
from dashboard.sources.product import file_sha256
from dashboard.sources.values import safe_id

PRODUCT = re.compile(
    r"OPERA_L3_DIST-ALERT-S1_T(?P<tile>\d{2}[A-Z]{3})_(?P<start>\d{8}T\d{6})Z_(?P<made>\d{8}T\d{6})Z"
    r"_(?P<sensor>S1[A-D]?)_(?P<spacing>\d+)_v(?P<version>\d[\d.]*)"
)
"""Name of a product: of its folder, and the beginning of the names of its layers."""
LAYER = re.compile(rf"(?P<product>{PRODUCT.pattern})_(?P<layer>GEN-[A-Z-]+)\.tif")

STATUS, DATE, LAST_DATE = "GEN-DIST-STATUS", "GEN-DIST-DATE", "GEN-DIST-LAST-DATE"
COUNT, PERCENT = "GEN-DIST-COUNT", "GEN-DIST-PERC"
METRIC, METRIC_MAX = "GEN-METRIC", "GEN-METRIC-MAX"
KINDS = {
    STATUS: "uint8", DATE: "int16", LAST_DATE: "int16", COUNT: "uint8", PERCENT: "uint8",
    METRIC: "float32", METRIC_MAX: "float32",
}  # fmt: skip
"""The layers that are read, and their data types. Not read: confidence (no probability), duration, the pass alone."""

NO_DATA = 255
"""Of the status layer: ground of which the product says nothing, water among it."""
HIGHEST = 8
"""Of the status layer: 0 none; 1 to 3 low, 4 to 6 high, each first, provisional, confirmed; 7 low, 8 high finished."""
DAY_ZERO = datetime(2020, 12, 31, tzinfo=UTC)
"""From which the product counts days."""
MOST_PIXELS = 40_000_000
"""Of a layer. A tile of 109.8 km has 13.4 million at 30 m."""
MOST_LOOKS = 20_000
"""Names in one list of a product's tags; a year's baseline of a whole tile has hundreds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistAlert:
    """One product: the state of a tile's disturbances after one pass."""

    name: str
    """Of the product."""
    tile: str
    """MGRS tile, e.g. ``19HBD``."""
    sensor: str
    """``S1A``; ``S1`` where the product does not say which unit."""
    time: datetime
    """UTC start of the pass."""
    made: datetime
    """UTC time of processing."""
    version: str
    """Of the product's form."""
    geobox: GeoBox
    status: NDArray[np.uint8]
    """(y, x), `NO_DATA` where nothing is said."""
    first_day: NDArray[np.int16]
    """(y, x) days since 2020-12-31 of the first look with the disturbance; meaningful where status is 1 to 8."""
    last_day: NDArray[np.int16]
    """(y, x) days since 2020-12-31 of the latest look with it."""
    count: NDArray[np.uint8]
    """(y, x) looks that show it."""
    percent: NDArray[np.uint8]
    """(y, x) their share of all looks since it began, percent."""
    metric: NDArray[np.float32]
    """(y, x) this pass's distance from the baseline in its standard deviations, NaN where this pass did not look."""
    metric_max: NDArray[np.float32]
    """(y, x) the highest since it began."""
    tags: tuple[tuple[str, str], ...]
    """What the status layer's tags state, sorted by name."""
    before: tuple[str, ...]
    """Names of the baseline's products, in order of time."""
    after: tuple[str, ...]
    """Names of the products of this pass, in order of time."""
    files: tuple[tuple[str, str], ...]
    """(name, SHA-256) of every layer read, sorted."""
    handling: Handling

    def tag(self, name: str) -> str | None:
        """Return a tag's text; None where it is absent, empty or the word None."""
        text = dict(self.tags).get(name, "").strip()
        return None if text in {"", "None"} else text


def dist_alerts(path: Path) -> tuple[tuple[str, Path], ...]:
    """Return (name, folder) of every product that a layer, a product's folder or a folder of them holds, by name.

    Raises
    ------
    InputError
        If there is none.
    """
    if path.is_file():
        match = LAYER.fullmatch(path.name)
        found = set() if match is None else {(match["product"], path.parent)}
    else:
        found = {
            (match["product"], file.parent)
            for file in path.rglob("OPERA_L3_DIST-ALERT-S1_*.tif")
            if (match := LAYER.fullmatch(file.name)) and not file.is_symlink()
        }
    if not found:
        msg = f"{path.name} holds no change product; Nightglass reads the layers of OPERA DIST-ALERT-S1"
        raise InputError(f"{msg} (OPERA_L3_DIST-ALERT-S1_T..._{STATUS}.tif and those beside it).")
    return tuple(sorted(found))


def layers_beside(path: Path) -> tuple[Path, ...]:
    """Return every layer of the product that one layer belongs to; none for a file of another kind."""
    match = LAYER.fullmatch(path.name)
    if match is None:
        return ()
    return tuple(sorted(file for file in path.parent.glob(f"{match['product']}_GEN-*.tif") if LAYER.match(file.name)))


def read_dist_alert(name: str, folder: Path) -> DistAlert:
    """Read the product of a name.

    Parameters
    ----------
    name : of the product, as `dist_alerts` gives it
    folder : where its layers are

    Raises
    ------
    DamagedProductError
        If a layer is missing, cannot be read, or holds what the product's documentation excludes.
    GridMismatchError
        If the layers are not on one grid.
    NoGeoreferenceError
        If they are on no map.
    ResourceError
        If the tile is larger than any tile is.
    """
    match = PRODUCT.fullmatch(name)
    if match is None:
        raise InputError(f"{name[:80]!r} is no name of an OPERA DIST-ALERT-S1 product; give one of its files.")
    paths = {layer: folder / f"{name}_{layer}.tif" for layer in KINDS}
    missing = [layer for layer, path in paths.items() if not path.is_file()]
    if missing:
        msg = f"{name} lacks the layers {', '.join(missing)}; fetch the whole product again."
        raise DamagedProductError(msg)
    geobox, tags = _head(paths[STATUS])
    arrays = {layer: _pixels(path, KINDS[layer], geobox) for layer, path in paths.items()}
    start = _stamp(match["start"], name)
    synthetic = tags.get("TIFFTAG_IMAGEDESCRIPTION", "")
    found = DistAlert(
        name=name,
        tile=match["tile"],
        sensor=match["sensor"],
        time=start,
        made=_stamp(match["made"], name),
        version=match["version"],
        geobox=geobox,
        status=arrays[STATUS],
        first_day=arrays[DATE],
        last_day=arrays[LAST_DATE],
        count=arrays[COUNT],
        percent=arrays[PERCENT],
        metric=arrays[METRIC],
        metric_max=arrays[METRIC_MAX],
        tags=tuple(sorted(tags.items())),
        before=_looks(tags.get("pre_rtc_opera_ids", ""), name),
        after=_looks(tags.get("post_rtc_opera_ids", ""), name),
        files=tuple(sorted((path.name, file_sha256(path)) for path in paths.values())),
        handling=Handling(caveats=frozenset({synthetic})) if "SYNTHETIC" in synthetic else copernicus(start.year),
    )
    _check(found)
    return found


@contextmanager
def _opened(path: Path) -> Iterator[DatasetReader]:
    """Open a layer; words that are no text are damage, too."""
    try:
        with opened(path) as dataset:
            yield dataset
    except UnicodeDecodeError as error:
        raise damaged(path) from error


def _head(path: Path) -> tuple[GeoBox, dict[str, str]]:
    with _opened(path) as dataset:
        pixels = dataset.height * dataset.width
        if pixels > MOST_PIXELS:
            msg = f"{path.name} has {pixels:,} pixels; a tile has at most {MOST_PIXELS:,}. Cut it with gdal_translate."
            raise ResourceError(msg)
        grid = grid_of(dataset, path.name)
        if not grid.native:
            msg = (
                f"{path.name} is not on a map grid in metres, as every tile is; fetch the product as it was published."
            )
            raise DamagedProductError(msg)
        return grid.geobox, dataset.tags()


def _pixels(path: Path, kind: str, geobox: GeoBox) -> NDArray[Any]:
    with _opened(path) as dataset:
        if dataset.shape != tuple(geobox.shape) or grid_of(dataset, path.name).geobox != geobox:
            msg = f"{path.name} is not on the grid of the product's {STATUS}; fetch the whole product again."
            raise GridMismatchError(msg)
        if dataset.count != 1 or dataset.dtypes[0] != kind:
            held = f"{dataset.count} bands of {dataset.dtypes[0]}"
            raise DamagedProductError(f"{path.name} holds {held}; one of {kind} is expected. Fetch it again.")
        values: NDArray[Any] = dataset.read(1)
        return values


def _check(found: DistAlert) -> None:
    """Refuse values that the documentation excludes: a wrong date or state must not pass for the producer's word."""
    disturbed = (found.status > 0) & (found.status <= HIGHEST)
    unknown = np.unique(found.status[(found.status > HIGHEST) & (found.status != NO_DATA)])
    if unknown.size:
        states = ", ".join(map(str, unknown[:5].tolist()))
        raise DamagedProductError(f"{found.name}: {STATUS} holds {states}; 0 to {HIGHEST} and {NO_DATA} are defined.")
    first, last = found.first_day[disturbed], found.last_day[disturbed]
    wrong = (first <= 0) | (last < first) | (last > day_of(found.time))
    if wrong.any():
        what = f"{int(wrong.sum()):,} disturbed pixels began on no day, or after their last day or the pass itself"
        raise DamagedProductError(f"{found.name}: {what} ({DATE}, {LAST_DATE}); fetch the product again.")
    looks, share = found.count[disturbed], found.percent[disturbed]
    wrong = (looks < 1) | (looks == NO_DATA) | (share < 1) | (share > 100)
    if wrong.any():
        what = f"{int(wrong.sum()):,} disturbed pixels are shown by no look ({COUNT}, {PERCENT})"
        raise DamagedProductError(f"{found.name}: {what}; fetch the product again.")


def day_of(moment: datetime) -> int:
    """Return a moment's day in the product's count."""
    return (moment - DAY_ZERO).days


def look_time(name: str) -> datetime | None:
    """Return the start that the name of an OPERA product states; None where it states none."""
    match = re.search(r"_(\d{8}T\d{6})Z_", name)
    try:
        return None if match is None else _stamp(match[1], name)
    except DamagedProductError:
        return None


def _looks(text: str, product: str) -> tuple[str, ...]:
    names = {name for word in text.split(",") if word.strip() not in {"", "None"} and (name := safe_id(word))}
    if len(names) > MOST_LOOKS:
        msg = f"{product} names {len(names):,} looks in one list; the limit is {MOST_LOOKS:,}. Its tags are damaged."
        raise DamagedProductError(msg)
    return tuple(_by_time(sorted(names)))


def _by_time(names: Sequence[str]) -> Iterator[str]:
    yield from sorted(names, key=lambda name: look_time(name) or DAY_ZERO)


def _stamp(text: str, name: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        msg = f"{name[:120]} states {text}, which is no moment; fetch it again under its own name."
        raise DamagedProductError(msg) from error
