"""What sessions share: the hub runs with the services, sees closed pages, and hears of other processes' writes."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from bokeh.application import Application
from bokeh.application.handlers.function import FunctionHandler
from bokeh.client import pull_session
from bokeh.document import Document
from bokeh.server.server import Server

from dashboard.model.person import Person
from dashboard.model.view import Extent, View
from dashboard.server.services import DocumentBackground, start_services
from dashboard.settings.config import Settings
from dashboard.state.hub import Hub

ROOT = Path(__file__).parents[2]
WRITE = """
import sys
from pathlib import Path
from dashboard.catalog.catalog import Catalog
from dashboard.model.area import Area
with Catalog.open(Path(sys.argv[1])) as catalog:
    print("open", flush=True)
    sys.stdin.readline()
    catalog.areas.add(Area(name="Nemuro", bbox=(145.0, 43.0, 146.0, 44.0)))
    print("written", flush=True)
    sys.stdin.readline()
"""


def wait(met: Callable[[], Any], seconds: float = 10.0) -> float:
    start = time.monotonic()
    while not met():
        assert time.monotonic() - start < seconds, "it did not come"
        time.sleep(0.005)
    return time.monotonic() - start


def person(id_: str) -> Person:
    return Person(id=id_, name="Kim", colour="lime", view=View(extent=Extent(0.0, 0.0, 1.0, 1.0)))


def test_the_hub_runs_with_the_services_and_ends_with_them(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    services = start_services(Settings(data=tmp_path / "data", port=0))
    assert "nightglass-hub" in {thread.name for thread in set(threading.enumerate()) - before}
    services.hub.join(person("one"), lambda: None, lambda call: call())
    wait(lambda: services.hub.revision == services.workspace.catalog.revision)
    services.close()
    assert not any(thread.name == "nightglass-hub" for thread in threading.enumerate())


def test_a_write_of_another_process_is_heard_within_a_second(tmp_path: Path) -> None:
    services = start_services(Settings(data=tmp_path / "data", port=0))
    other = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(services.workspace.catalog.path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        heard: list[int] = []
        services.hub.join(person("one"), lambda: heard.append(services.hub.revision), lambda call: call())
        wait(lambda: heard)
        before = services.workspace.catalog.revision
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "written\n"
        assert wait(lambda: heard[-1] > before) < 1.0
        assert heard[-1] == services.workspace.catalog.revision
    finally:
        other.communicate("\n", timeout=10)
        services.close()


class Visit:
    """One client session, driven in the clients' own thread: a browser test before may have left a loop in this one."""

    def __init__(self, clients: ThreadPoolExecutor, url: str) -> None:
        self._clients = clients
        self._session = clients.submit(pull_session, url=url).result(20)

    def close(self) -> None:
        self._clients.submit(self._session.close).result(20)


class Site:
    """A server whose sessions join a hub, in a thread of this process."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.hub.start()
        self.executor = ThreadPoolExecutor(2)
        self.clients = ThreadPoolExecutor(1, initializer=lambda: asyncio.set_event_loop(asyncio.new_event_loop()))
        self.backgrounds: list[DocumentBackground] = []
        self.told: list[str] = []
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._started.wait(20)

    def _page(self, document: Document) -> None:
        id_ = str(len(self.backgrounds))
        background = DocumentBackground(self.executor, document)
        self.backgrounds.append(background)
        self.hub.join(
            person(id_),
            lambda: self.told.append(f"{id_} in {threading.current_thread().name}"),
            background.later,
            lambda: background.attached,
        )
        document.on_session_destroyed(lambda _: (self.hub.leave(id_), background.end()))

    def _run(self) -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        # Sessions without a page are kept for a minute: what is seen to go, is seen by the hub.
        server = Server(
            {"/": Application(FunctionHandler(self._page))}, port=0, address="127.0.0.1", use_index=False,
            unused_session_lifetime_milliseconds=60_000, check_unused_sessions_milliseconds=60_000,
        )  # fmt: skip
        server.start()
        self.port, self.loop = server.port, server.io_loop
        self._started.set()
        self.loop.start()
        server.stop()
        self.loop.close(all_fds=True)

    def open(self) -> Visit:
        return Visit(self.clients, f"http://127.0.0.1:{self.port}/")

    def close(self) -> None:
        self.loop.add_callback(self.loop.stop)
        self._thread.join(20)
        self.hub.close()
        self.executor.shutdown()
        self.clients.submit(lambda: asyncio.get_event_loop().close()).result(20)
        self.clients.shutdown()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


def test_a_closed_page_is_gone_within_a_second_and_each_session_is_told_on_its_own_thread(site: Site) -> None:
    one, other = site.open(), site.open()
    wait(lambda: [each.id for each in site.hub.people()] == ["0", "1"])
    site.told.clear()
    other.close()
    assert wait(lambda: [each.id for each in site.hub.people()] == ["0"]) < 1.0
    wait(lambda: site.told)
    assert {line.split(" in ")[1] for line in site.told} == {site._thread.name}
    one.close()
    assert wait(lambda: site.hub.people() == ()) < 1.0


def test_an_ended_session_is_attached_no_more(site: Site) -> None:
    session = site.open()
    (background,) = site.backgrounds
    wait(lambda: background.attached)
    background.end()
    assert not background.attached
    session.close()
    assert not DocumentBackground(site.executor, Document()).attached
