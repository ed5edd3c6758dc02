"""The catalogue as STAC: a self-contained folder of items or one GeoParquet table, every item checked, marked."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashboard.catalog.query import AcquisitionQuery
from dashboard.model.acquisition import Acquisition
from dashboard.model.errors import InputError, ResourceError
from dashboard.model.handling import Handling, combine
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.sources.exchange.file import whole
from dashboard.workflows.stac_item import STAC_VERSION, item_of, write_item
from dashboard.workflows.stac_properties import marking_of
from dashboard.workflows.stac_release import releasable
from dashboard.workflows.stac_table import write_table
from dashboard.workflows.stac_valid import require_valid
from dashboard.workflows.workspace import Workspace

CATALOG = "catalog.json"
TABLES = frozenset({".parquet", ".geoparquet"})
"""Suffixes for which a table is written instead of a folder."""
JSON = "application/json"
GEOJSON = "application/geo+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """How the catalogue leaves."""

    pixels: bool = False
    """Copy the archived images beside their items; without, items have no assets."""
    leave_out: bool = False
    """Leave out what may not leave instead of refusing the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedItems:
    """What came of an export."""

    path: Path
    count: int
    """Items written."""
    left_out: tuple[str, ...]
    """Acquisitions that may not leave, with the reason, one line each."""
    handling: Handling
    """Strictest of all that is in it; ``catalog.json`` states it, too."""


def export_items(
    workspace: Workspace,
    query: AcquisitionQuery,
    path: Path,
    *,
    options: ExportOptions | None = None,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> ExportedItems:
    """Write the acquisitions that match a query as STAC 1.1, each item checked against the shipped schemas.

    The folder or file appears whole or not at all, and nothing that is there is overwritten.

    Parameters
    ----------
    path : ``*.parquet`` for one table, anything else for a folder with ``catalog.json``

    Raises
    ------
    AccessError
        If something may not leave and `options` do not leave it out.
    InputError
        If `path` is there already, nothing matches, or pixels are wanted in a table.
    DamagedProductError
        If an item is not valid STAC; it is named.
    ResourceError
        If the place cannot be written or the disk is full.
    CancelledError
        If `cancel` was called; nothing is written then.
    """
    options = options or ExportOptions()
    cancel = cancel or CancelToken()
    now = datetime.now(UTC).replace(microsecond=0)
    _require_free(path, options)
    report(Progress(0.0, "looking for acquisitions"))
    found = workspace.catalog.acquisitions.find(query)
    if not found:
        raise InputError("No acquisition matches; widen the box, the area or the time.")
    kept, left_out = releasable(found, now, pixels=options.pixels, leave_out=options.leave_out)
    if not kept:
        raise InputError(f"All {len(left_out):,} acquisitions that match may not leave; nothing was written.")
    items = _checked(workspace, kept, now, options, report, cancel)
    with whole(path) as part:
        path.absolute().parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() in TABLES:
            write_table([item for _, item in items], part, combine([acq.handling for acq in kept]))
        else:
            _write_folder(workspace, part, list(items), options, cancel)
    report(Progress(1.0, "done"))
    return ExportedItems(
        path=path, count=len(kept), left_out=left_out, handling=combine([acq.handling for acq in kept])
    )


def _require_free(path: Path, options: ExportOptions) -> None:
    table = path.suffix.lower() in TABLES
    if table and options.pixels:
        raise InputError(f"{path.name} is a table, which holds no pixels; give the name of a folder.")
    if path.is_dir() and not table and not any(path.iterdir()):
        return
    if path.exists() or path.is_symlink():
        raise InputError(f"{path} is there already and is not overwritten; give another name.")


def _checked(
    workspace: Workspace,
    kept: Sequence[Acquisition],
    now: datetime,
    options: ExportOptions,
    report: Report,
    cancel: CancelToken,
) -> Iterator[tuple[Acquisition, dict[str, Any]]]:
    for number, acq in enumerate(kept):
        cancel.check()
        leaving = acq if options.pixels else replace(acq, pixels=None)
        item = item_of(leaving, _sizes(workspace, leaving), occasion="exported", now=now)
        require_valid(item)
        report(Progress(0.9 * number / len(kept), f"{acq.id} ({number:,} of {len(kept):,})"))
        yield acq, item


def _sizes(workspace: Workspace, acq: Acquisition) -> dict[str, int]:
    if acq.pixels is None:
        return {}
    try:
        return {f.polarisation: (workspace.archive.root / f.path).stat().st_size for f in acq.pixels.files}
    except OSError as error:
        msg = f"An image of {acq.id} is not in the archive ({error.strerror}); ingest its product again."
        raise ResourceError(msg) from error


def _write_folder(
    workspace: Workspace,
    root: Path,
    items: Sequence[tuple[Acquisition, dict[str, Any]]],
    options: ExportOptions,
    cancel: CancelToken,
) -> None:
    """Write root, one catalogue per constellation and below it a folder per item; links are relative, without self."""
    by_name: dict[str, list[tuple[Acquisition, dict[str, Any]]]] = {}
    for acq, item in items:
        by_name.setdefault(acq.constellation, []).append((acq, item))
    root.mkdir()
    for name, members in sorted(by_name.items()):
        for acq, item in members:
            cancel.check()
            folder = root / name / acq.id
            folder.mkdir(parents=True)
            links = [("root", f"../../{CATALOG}"), ("parent", f"../{CATALOG}")]
            item["links"] = [{"rel": rel, "href": href, "type": JSON} for rel, href in links]
            write_item(item, folder / f"{acq.id}.json")
            if options.pixels and acq.pixels is not None:
                for file in acq.pixels.files:
                    shutil.copyfile(workspace.archive.root / file.path, folder / Path(file.path).name)
        down = [{"rel": "item", "href": f"./{acq.id}/{acq.id}.json", "type": GEOJSON} for acq, _ in members]
        up = [{"rel": rel, "href": f"../{CATALOG}", "type": JSON} for rel in ("root", "parent")]
        _write_catalog(root / name, name, f"Acquisitions of {name}", [acq for acq, _ in members], up + down)
    children = [{"rel": "child", "href": f"./{name}/{CATALOG}", "type": JSON} for name in sorted(by_name)]
    top = [{"rel": "root", "href": f"./{CATALOG}", "type": JSON}]
    _write_catalog(root, "nightglass", "Acquisitions from Nightglass", [acq for acq, _ in items], top + children)


def _write_catalog(folder: Path, name: str, about: str, members: Sequence[Acquisition], links: list[Any]) -> None:
    handling = combine([acq.handling for acq in members])
    content = {
        "type": "Catalog",
        "stac_version": STAC_VERSION,
        "id": name,
        "description": f"{handling.banner}. {about}: {len(members):,} items.",
        **{field: value for field, value in marking_of(handling).items() if value is not None},
        "links": links,
    }
    require_valid(content)
    write_item(content, folder / CATALOG)
