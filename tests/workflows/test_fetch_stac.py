"""A search of a STAC API: only allowed hosts are asked, and what is found is in the catalogue once."""

import contextlib
import gzip
import hashlib
import io
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from rasterio import Affine
from stac_servers import Odd, api_server, odd_server

import dashboard.sources.stac.hosts as stac_hosts
from dashboard.catalog.query import AcquisitionQuery
from dashboard.model.acquisition import Acquisition, Calibration, Origin
from dashboard.model.errors import AccessError, CancelledError, DamagedProductError, InputError, ResourceError
from dashboard.model.host import Hosts
from dashboard.model.progress import CancelToken
from dashboard.sources.stac.api import Search
from dashboard.sources.stac.download import Limits
from dashboard.workflows import fetch_stac as module
from dashboard.workflows.fetch_stac import FETCHED, FetchOptions, fetch_stac
from dashboard.workflows.stac_export import export_items
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2024, 5, 6, 15, 30, tzinfo=UTC)
BOX = (30.0, 49.0, 31.0, 50.0)
MAY = (datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC))
GRID = Affine(10.0, 0.0, 300_000.0, 0.0, -10.0, 5_500_000.0)
RING = [[30.2, 49.6], [30.3, 49.6], [30.3, 49.7], [30.2, 49.7], [30.2, 49.6]]


def search(url: str, **changes: Any) -> Search:
    return Search(**{"url": url, "bbox": BOX, "period": MAY, **changes})


def host_of(url: str) -> Hosts:
    return Hosts(frozenset({url.removeprefix("http://").rstrip("/")}))


def known(number: int) -> Acquisition:
    start = T0 + timedelta(hours=number)
    return Acquisition(
        id=f"acq-{number:03}",
        constellation="iceye",
        platform="iceye-x42",
        start=start,
        stop=start + timedelta(seconds=5),
        polarisations=("VV",),
        footprint=shapely.box(30.2, 49.6, 30.3, 49.7),
        calibration=Calibration(valid=False, why_not="the pixels are not here"),
        origin=Origin(reader="test", reader_version="0", product_sha256=str(number)),
    )


def item(name: str, **assets: Any) -> dict[str, Any]:
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": name, "links": [], "assets": assets,
        "geometry": {"type": "Polygon", "coordinates": [RING]}, "bbox": [30.2, 49.6, 30.3, 49.7],
        "properties": {
            "datetime": "2024-05-06T15:30:00Z", "constellation": "iceye", "sar:polarizations": ["VV"],
            "proc:cal": {"kind": "linear_power", "quantity": "gamma0", "valid": True},
        },
    }  # fmt: skip


def tiff() -> bytes:
    file = io.BytesIO()
    with rasterio.open(
        file, "w", driver="GTiff", width=64, height=48, count=1, dtype="float32", crs="EPSG:32636", transform=GRID
    ) as dataset:
        dataset.write(np.random.default_rng(3).gamma(4.0, 0.02, (48, 64)).astype(np.float32), 1)
    return file.getvalue()


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Odd]:
    monkeypatch.setattr(stac_hosts, "PAUSE_S", 0.01)
    with odd_server() as server:
        yield server


def ids(workspace: Workspace) -> list[str]:
    return sorted(acq.id for acq in workspace.catalog.acquisitions.find(AcquisitionQuery()))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a real STAC API that serves 250 items of our own export."""
    folder = tmp_path_factory.mktemp("served")
    with open_workspace(folder / "data") as workspace:
        workspace.catalog.acquisitions.add_many([known(number) for number in range(250)])
        export_items(workspace, AcquisitionQuery(), folder / "out")
    items = [json.loads(path.read_text()) for path in sorted((folder / "out").rglob("acq-*.json"))]
    with api_server(items, folder) as url:
        yield url


def test_a_real_api_is_searched_page_by_page_and_twice_changes_nothing(workspace: Workspace, served: str) -> None:
    made = fetch_stac(workspace, search(served), host_of(served))
    assert {entry.status for entry in made.entries} == {"added"}
    assert not made.more
    assert ids(workspace) == [f"acq-{number:03}" for number in range(250)]
    found = workspace.catalog.acquisitions.get("acq-007")
    assert (found.start, found.platform, found.pixels) == (known(7).start, "iceye-x42", None)
    again = fetch_stac(workspace, search(served), host_of(served))
    assert {entry.status for entry in again.entries} == {"already there"}
    assert len(again.entries) == 250


def test_place_time_and_number_narrow_a_real_search(workspace: Workspace, served: str) -> None:
    hosts = host_of(served)
    assert fetch_stac(workspace, search(served, bbox=(1.0, 1.0, 2.0, 2.0)), hosts).entries == ()
    day = (T0 + timedelta(hours=10), T0 + timedelta(hours=12))
    assert len(fetch_stac(workspace, search(served, period=day), hosts).entries) == 3
    named = search(served, period=day, collections=("default-collection-id",))
    assert len(fetch_stac(workspace, named, hosts).entries) == 3
    assert fetch_stac(workspace, search(served, collections=("another",)), hosts).entries == ()
    made = fetch_stac(workspace, search(served, most=30), hosts)
    assert len(made.entries) == 30
    assert made.more
    with pytest.raises(InputError, match=r"1 to 100,000"):
        search(served, most=0)


def test_nobody_is_asked_by_default(workspace: Workspace, odd: Odd) -> None:
    odd.api([item("a")])
    with pytest.raises(AccessError, match=rf'{odd.host}.*stac_hosts = \["{odd.host}"\]'):
        fetch_stac(workspace, search(odd.url), Hosts())
    assert odd.asked == []


@pytest.mark.parametrize("way", ["landing", "search", "next", "next path", "search link", "next scheme"])
def test_a_server_cannot_lead_elsewhere(workspace: Workspace, odd: Odd, way: str) -> None:
    with odd_server() as other:
        other.api([item("stolen")])
        odd.api([item("a")])
        if way == "landing":
            odd.redirect("/", other.url)
        elif way == "search":
            odd.redirect("/search", other.url + "search")
        elif way == "search link":
            landing = json.loads(odd.answers["/"](None)[2])  # type: ignore[arg-type]
            links = [{**link, "href": other.url + "search"} for link in landing["links"]]
            odd.json("/", {**landing, "links": links})
        else:
            href = {"next": other.url + "search", "next path": "/etc/passwd", "next scheme": "file:///etc/passwd"}[way]
            odd.api([item("a")], links=[{"rel": "next", "href": href, "type": "application/geo+json"}])
        if way.startswith("next"):
            made = fetch_stac(workspace, search(odd.url), host_of(odd.url))
            assert [entry.failed for entry in made.entries] == [False, True]  # the first page stays, the rest is listed
            assert "root:" not in made.entries[-1].message
        else:
            with pytest.raises(AccessError, match="not allowed"):
                fetch_stac(workspace, search(odd.url), host_of(odd.url))
        assert other.asked == []
        assert "stolen" not in ids(workspace)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://stac.example.org/", "not encrypted"),
        ("ftp://stac.example.org/", "no web address"),
        ("file:///etc/passwd", "no web address"),
        ("https://me:secret@stac.example.org/", "password"),
        ("https://stac.example.org:8443/", "8443"),
        ("https://stac.example.org.evil.net/", "evil"),
        ("https://evil.net/stac.example.org", "evil"),
        ("https://stac.example.org@evil.net/", "password"),
        ("https://[broken/", "web address"),
    ],
)
def test_what_is_not_on_the_list_is_refused(url: str, word: str) -> None:
    with pytest.raises(AccessError, match=word):
        Hosts(frozenset({"stac.example.org"})).require(url)


def test_what_is_on_the_list_is_allowed() -> None:
    hosts = Hosts(frozenset({"stac.example.org", "other.org:8443", "127.0.0.1:8080", "[::1]:8080"}))
    good = (
        "https://STAC.example.org/x",
        "https://stac.example.org:443/",
        "https://other.org:8443/",
        "http://127.0.0.1:8080/",
    )
    for url in (*good, "http://[::1]:8080/"):
        hosts.require(url)
    with pytest.raises(AccessError):
        hosts.require("http://127.0.0.1:8081/")


def test_a_failure_that_passes_is_tried_again_and_one_that_stays_is_named(workspace: Workspace, odd: Odd) -> None:
    odd.api([item("a")])
    good, left = odd.answers["/search"], [2]

    def sometimes(handler: Any) -> Any:
        left[0] -= 1
        return (503, {"Retry-After": "0"}, b"") if left[0] >= 0 else good(handler)

    odd.answers["/search"] = sometimes
    assert [entry.status for entry in fetch_stac(workspace, search(odd.url), host_of(odd.url)).entries] == ["added"]
    odd.answers["/search"] = lambda _: (503, {}, b"")
    with pytest.raises(ResourceError, match="503; it was tried 4 times"):
        fetch_stac(workspace, search(odd.url), host_of(odd.url))
    odd.answers["/search"] = lambda _: (403, {}, b"<secret>")
    with pytest.raises(InputError, match="403"):
        fetch_stac(workspace, search(odd.url), host_of(odd.url))


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b'{"type": "Catalog"}', b'{"a":' * 50_000, b"\xff\xfe", b'{"links": 7}']
)
def test_what_is_no_api_is_named(workspace: Workspace, odd: Odd, body: bytes) -> None:
    odd.bytes("/", body)
    with pytest.raises(InputError, match=r"127\.0\.0\.1"):
        fetch_stac(workspace, search(odd.url), host_of(odd.url))


@pytest.mark.parametrize("content", [[], {"features": 7}, {"features": {"a": 1}}, {"features": [{}], "links": 7}])
def test_odd_answers_to_a_search_are_named(workspace: Workspace, odd: Odd, content: Any) -> None:
    odd.api([])
    odd.json("/search", content)
    with contextlib.suppress(InputError):
        made = fetch_stac(workspace, search(odd.url), host_of(odd.url))
        assert [entry.failed for entry in made.entries][-1:] == [True]
    assert ids(workspace) == []


@pytest.mark.parametrize("content", [{}, {"features": []}, {"features": [7, None, {}]}])
def test_an_answer_without_items_adds_nothing(workspace: Workspace, odd: Odd, content: Any) -> None:
    odd.api([])
    odd.json("/search", content)
    made = fetch_stac(workspace, search(odd.url), host_of(odd.url))
    assert not [entry for entry in made.entries if entry.status == "added"]


def test_pages_without_an_end_and_answers_without_an_end_are_left(
    workspace: Workspace, odd: Odd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.sources.stac.api.MAX_REQUESTS", 12)
    monkeypatch.setattr("dashboard.sources.stac.api.MAX_PAGE_BYTES", 2**20)
    odd.api([item("a")], links=[{"rel": "next", "href": odd.url + "search", "type": "application/geo+json"}])
    made = fetch_stac(workspace, search(odd.url), host_of(odd.url))
    assert "without an end" in made.entries[-1].message
    assert len(odd.asked) <= 12
    bomb = gzip.compress(b" " * 2**27)
    odd.answers["/search"] = lambda _: (200, {"Content-Encoding": "gzip"}, bomb)
    with pytest.raises(DamagedProductError, match="more than 1,048,576 bytes"):
        fetch_stac(workspace, search(odd.url), host_of(odd.url))


def test_one_bad_item_stops_no_other(workspace: Workspace, odd: Odd) -> None:
    bad = {**item("bad"), "properties": {"datetime": "yesterday", "constellation": "iceye"}}
    odd.api([item("a"), bad, item("c")])
    made = fetch_stac(workspace, search(odd.url), host_of(odd.url))
    assert sorted(entry.failed for entry in made.entries) == [False, False, True]
    assert ids(workspace) == ["a", "c"]


def test_signatures_in_addresses_make_no_new_acquisition(workspace: Workspace, odd: Odd) -> None:
    for moment in ("1", "2"):
        odd.api([item("a", VV={"href": f"https://x.example/a.tif?sig={moment}", "roles": ["data"]})])
        made = fetch_stac(workspace, search(odd.url), host_of(odd.url))
    assert [entry.status for entry in made.entries] == ["already there"]


def with_file(odd: Odd, name: str, content: bytes, **fields: Any) -> dict[str, Any]:
    odd.bytes(f"/files/{name}.tif", content)
    href = f"{odd.url}files/{name}.tif?token=1"
    return item(name, VV={"href": href, "roles": ["data"], "sar:polarizations": ["VV"], **fields})


def test_files_are_fetched_archived_and_not_fetched_again(workspace: Workspace, odd: Odd) -> None:
    content = tiff()
    stated = {"file:size": len(content), "file:checksum": "1220" + hashlib.sha256(content).hexdigest()}
    picture = {"href": odd.url + "files/p.png", "roles": ["thumbnail"]}
    one = with_file(odd, "one", content, **stated)
    one["assets"]["thumbnail"] = picture
    odd.api([one, with_file(odd, "two", content), item("none")])
    made = fetch_stac(workspace, search(odd.url), host_of(odd.url), options=FetchOptions(assets=True))
    assert [entry.status for entry in made.entries] == ["added"] * 3
    acq = workspace.catalog.acquisitions.get("one")
    assert acq.pixels is not None
    assert acq.pixels.shape == (48, 64)
    assert acq.calibration.valid
    assert workspace.catalog.acquisitions.get("none").pixels is None
    assert [path for path in odd.asked if path.startswith("/files/p")] == []
    before = len(odd.asked)
    again = fetch_stac(workspace, search(odd.url), host_of(odd.url), options=FetchOptions(assets=True))
    assert {entry.status for entry in again.entries} == {"already there"}
    assert [path for path in odd.asked[before:] if path.startswith("/files")] == []


@pytest.mark.parametrize(
    ("fields", "limit", "word"),
    [
        ({"file:size": 10}, 10**9, "states 10"),
        ({"file:checksum": "1220" + "0" * 64}, 10**9, "SHA-256"),
        ({"file:size": 10**12}, 10**9, "limit"),
        ({}, 1000, "limit of 1,000"),
        ({"href": "/nowhere.tif"}, 10**9, "404"),
        ({"href": "https://elsewhere.example/x.tif"}, 10**9, "elsewhere.example is not allowed"),
        ({"href": "file:///etc/passwd"}, 10**9, "web address"),
    ],
)
def test_a_file_that_cannot_be_had_is_listed_and_leaves_nothing(
    workspace: Workspace, odd: Odd, fields: dict[str, Any], limit: int, word: str
) -> None:
    content = tiff()
    odd.api([with_file(odd, "bad", content, **fields), item("good")])
    options = FetchOptions(assets=True, limits=Limits(file_bytes=limit, total_bytes=10**9))
    made = fetch_stac(workspace, search(odd.url), host_of(odd.url), options=options)
    failed = [entry for entry in made.entries if entry.failed]
    assert len(failed) == 1
    assert word in failed[0].message
    assert ids(workspace) == ["good"]
    assert [p for p in (workspace.root / FETCHED).rglob("*") if p.is_file()] == []


def test_the_limit_of_a_call_counts_all_files(workspace: Workspace, odd: Odd) -> None:
    content = tiff()
    odd.api([with_file(odd, f"n{number}", content) for number in range(3)])
    options = FetchOptions(assets=True, limits=Limits(total_bytes=int(1.5 * len(content))))
    made = fetch_stac(workspace, search(odd.url), host_of(odd.url), options=options)
    assert [entry.status == "added" for entry in made.entries] == [True, False, False]


def test_a_download_that_breaks_off_is_begun_again(workspace: Workspace, odd: Odd) -> None:
    content = tiff()
    one = with_file(odd, "one", content)
    left = [2]

    def cut(_: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            return 200, {}, content
        return 200, {"Content-Length": str(len(content))}, content[:100]

    odd.answers["/files/one.tif"] = cut
    odd.api([one])
    made = fetch_stac(workspace, search(odd.url), host_of(odd.url), options=FetchOptions(assets=True))
    assert [entry.status for entry in made.entries] == ["added"]
    assert left == [-1]


def test_cancelling_keeps_what_was_added(workspace: Workspace, odd: Odd, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = CancelToken()
    odd.api([item("a")], links=[{"rel": "next", "href": odd.url + "more", "type": "application/geo+json"}])

    def slow(_: Any) -> Any:
        stop.cancel()
        return 503, {"Retry-After": "60"}, b""

    odd.answers["/more"] = slow
    begun = time.monotonic()
    with pytest.raises(CancelledError, match="1 acquisitions were added"):
        fetch_stac(workspace, search(odd.url), host_of(odd.url), cancel=stop)
    assert time.monotonic() - begun < 5
    assert ids(workspace) == ["a"]
    assert module.FETCHED == "fetched"
