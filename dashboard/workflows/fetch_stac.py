"""From the search of a STAC API to the catalogue: known acquisitions, or their files fetched and archived."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from dashboard.model.errors import CancelledError, DiskFullError, NightglassError, NotFoundError, ResourceError
from dashboard.model.host import Hosts
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.sources.product import NOTHING_GIVEN, Given
from dashboard.sources.stac.api import Search, pages
from dashboard.sources.stac.download import Limits, Wanted, download, wanted
from dashboard.sources.stac.hosts import Web
from dashboard.sources.values import listing, safe_id
from dashboard.workflows.ingest import IngestEntry, ingest
from dashboard.workflows.workspace import Workspace

FETCHED = "fetched"
"""Below the workspace: the products as they were delivered, a folder each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOptions:
    """What is done with the items that a search finds."""

    assets: bool = False
    """Fetch their files and archive them; else they become known acquisitions without pixels."""
    limits: Limits = field(default_factory=Limits)
    given: Given = NOTHING_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of a search."""

    entries: tuple[IngestEntry, ...]
    """One per item, and one for what ended the search early."""
    more: bool
    """Whether the search stopped at its limit, so that there may be more."""


@dataclass(slots=True)
class _Run:
    """One call of `fetch_stac`."""

    workspace: Workspace
    search: Search
    options: FetchOptions
    web: Web
    report: Report
    cancel: CancelToken
    items: int = 0
    bytes: int = 0
    entries: list[IngestEntry] = field(default_factory=list)

    def tell(self, text: str) -> None:
        """Report the share of the items that may come at most."""
        size = f", {self.bytes / 1e6:,.0f} MB" if self.bytes else ""
        self.report(Progress(min(1.0, self.items / self.search.most), f"{text} ({self.items:,} items{size})"))


def fetch_stac(
    workspace: Workspace,
    search: Search,
    hosts: Hosts,
    *,
    options: FetchOptions | None = None,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Fetched:
    """Search a STAC API and take in what it finds; a second call changes nothing.

    Every request goes to `hosts` only. One item that fails stops no other: it is an entry with its reason.

    Raises
    ------
    AccessError
        If the server is not allowed, or sends the search elsewhere.
    InputError
        If the server is no STAC API or refuses the question.
    ResourceError
        If it cannot be reached. After the first page, the failure is an entry instead: what came before stays.
    CancelledError
        If `cancel` was called; what was added before stays.
    """
    cancel = cancel or CancelToken()
    web = Web(hosts, cancel)
    run = _Run(workspace, search, options or FetchOptions(), web, report, cancel)
    try:
        run.tell(f"asking {urlsplit(search.url).netloc}")
        for page in _pages(run):
            if not _take_in(run, page):
                break
    except CancelledError as error:
        added = sum(entry.status == "added" for entry in run.entries)
        raise CancelledError(f"Cancelled; {added:,} acquisitions were added before and stay.") from error
    finally:
        web.close()
    report(Progress(1.0, f"{run.items:,} items"))
    return Fetched(entries=tuple(run.entries), more=run.items >= search.most)


def _pages(run: _Run) -> Iterator[list[dict[str, Any]]]:
    """Give the pages; a failure after the first one ends them and is listed."""
    try:
        for page in pages(run.web, run.search):
            run.items += len(page)
            yield page
    except CancelledError:
        raise
    except NightglassError as error:
        if not run.items:
            raise
        text = f"the search ended after {run.items:,} items: {error}"
        run.entries.append(_failed(Path(urlsplit(run.search.url).netloc), None, text, error))


def _take_in(run: _Run, page: list[dict[str, Any]]) -> bool:
    """Take in a page of items; return False when going on is pointless."""
    hollow = []
    for item in page:
        run.cancel.check()
        name = safe_id(str(item.get("id") or ""))
        if not run.options.assets or name is None:
            hollow.append(item)
        elif not _with_files(run, item, name):
            return False
    if hollow:
        run.entries += _known_only(run, hollow)
        run.tell("recorded")
    return True


def _known_only(run: _Run, items: list[dict[str, Any]]) -> list[IngestEntry]:
    """Record items as acquisitions that are known, without their pixels."""
    with tempfile.TemporaryDirectory(prefix="nightglass-fetch-") as folder:
        path = Path(folder) / "items.json"
        content = {"type": "FeatureCollection", "stac_version": "1.1.0", "features": [_lasting(item) for item in items]}
        path.write_text(json.dumps(content), encoding="utf-8")
        found = ingest(run.workspace, [path], given=run.options.given, cancel=run.cancel)
    return [replace(entry, path=Path(urlsplit(run.search.url).netloc)) for entry in found]


def _with_files(run: _Run, item: dict[str, Any], name: str) -> bool:
    """Fetch the files of an item and archive them; return False when the disk is full."""
    folder = run.workspace.root / FETCHED / _host_folder(run.search.url) / name
    if _has_pixels(run.workspace, name):
        run.entries.append(IngestEntry(folder, name, "already there"))
        return True
    try:
        files = wanted(item, _base(item, run.search.url), run.options.limits)
        if not files:
            run.entries += _known_only(run, [item])
            return True
        _fetch(run, item, files, folder)
        run.entries += ingest(run.workspace, [folder], given=run.options.given, cancel=run.cancel)
    except CancelledError:
        raise
    except NightglassError as error:
        run.entries.append(_failed(folder, name, f"{name}: {error}", error))
        return not isinstance(error, DiskFullError)
    run.tell(name)
    return True


def _fetch(run: _Run, item: dict[str, Any], files: list[Wanted], folder: Path) -> None:
    """Put an item and its files into a folder of their own; the item comes last, so that it names what is there."""
    _make(folder)
    for one in files:
        run.web.hosts.require(one.url)  # all of them before the first: half a product is of no use

    def told(size: int) -> None:
        run.bytes += size
        run.tell(files[0].name)

    for one in files:
        left = min(run.options.limits.file_bytes, run.options.limits.total_bytes - run.bytes)
        if left <= 0:
            total = run.options.limits.total_bytes
            raise ResourceError(f"{total:,} bytes were fetched, the limit of one call; raise it with --max-gb.")
        download(run.web, one, folder, left, told)
    names = {one.key: one.name for one in files}
    assets = {key: {**item["assets"][key], "href": f"./{name}"} for key, name in names.items()}
    content = {**_lasting(item), "assets": assets}
    (folder / f"{folder.name}.json").write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(f"{folder} cannot be made ({error.strerror}); check the data directory.") from error


def _lasting(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item without what differs from one answer to the next: links of the server, signatures of addresses."""
    links = [link for link in listing(item.get("links")) if isinstance(link, Mapping) and link.get("rel") == "license"]
    assets = item.get("assets")
    kept = {
        key: {**asset, "href": _unsigned(str(asset.get("href") or ""))}
        for key, asset in (assets.items() if isinstance(assets, Mapping) else ())
        if isinstance(asset, Mapping)
    }
    return {**item, "links": links, "assets": kept}


def _unsigned(href: str) -> str:
    try:
        return urlunsplit(urlsplit(href)._replace(query="", fragment=""))
    except ValueError:
        return href


def _base(item: Mapping[str, Any], url: str) -> str:
    links = [link for link in listing(item.get("links")) if isinstance(link, Mapping) and link.get("rel") == "self"]
    return str(links[0].get("href") or url) if links else url


def _host_folder(url: str) -> str:
    return safe_id(urlsplit(url).netloc.replace(":", "-")) or "host"


def _has_pixels(workspace: Workspace, name: str) -> bool:
    try:
        return workspace.catalog.acquisitions.get(name).pixels is not None
    except NotFoundError:
        return False


def _failed(path: Path, name: str | None, text: str, error: NightglassError) -> IngestEntry:
    return IngestEntry(path, name, f"failed: {text}", text, exit_code=error.exit_code)
