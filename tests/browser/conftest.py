"""A real Chromium on a real server: one server and one browser per session, one context per page."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest
from driver import Driver
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from dashboard.catalog.query import AnnotationQuery
from dashboard.workflows.workspace import Workspace, open_workspace

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
START_SECONDS = 90
STOP_SECONDS = 15
SERVE = "from dashboard.cli.main import run; run()"
ALLOWED = ("400 POST /reopen", "Host wildcard '*'", "Failed sending message as connection was closed")
"""What the log may say: the refusals that tests provoke, and Bokeh's notices of a port chosen by the system and of a
page that was closed while a message was on its way."""
_BAD_LINE = re.compile(r"ERROR|WARNING|CRITICAL|Traceback")


def bad_lines(log: str) -> list[str]:
    """Return what a quiet server does not write."""
    return [line for line in log.splitlines() if _BAD_LINE.search(line) and not any(words in line for words in ALLOWED)]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        said = f"no browser: none of {', '.join(NAMES)} is on the PATH (sh tests/browser/install-chromium.sh)"
        if os.environ.get("NIGHTGLASS_REQUIRE_BROWSER") == "1":
            pytest.fail(said)
        pytest.skip(said)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()


class Server:
    """A `nightglass serve` in a process of its own."""

    def __init__(self, data: Path, log: Path) -> None:
        self.log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE, "serve", "--data", str(data), "--port", "0"],
                stdout=subprocess.PIPE, stderr=errors, cwd=log.parent, text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        self.url = self._ready()

    def _ready(self) -> str:
        lines: Queue[str] = Queue()
        out = self.process.stdout
        assert out is not None
        self._reader = Thread(target=lambda: [lines.put(line) for line in out], daemon=True)
        self._reader.start()
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                found = re.search(r"http://localhost:\d+", lines.get(timeout=0.5))
            except Empty:
                continue
            if found:
                return found.group()
        self.stop()
        pytest.fail(f"the server did not start: {self.log.read_text(encoding='utf-8')[-2000:]}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join()
        if self.process.stdout is not None:
            self.process.stdout.close()


@dataclass(frozen=True, slots=True)
class Stand:
    """A copy of the exercise, a server on it, and the same workspace opened a second time beside the server."""

    server: Server
    workspace: Workspace


def _stand(exercise_root: Path, folder: Path, prepare: Callable[[Path], None]) -> Iterator[Stand]:
    """Serve a copy of the exercise, prepared: tests write to it."""
    root = folder / "data"
    shutil.copytree(exercise_root, root)
    prepare(root)
    server = Server(root, root.with_name("server.log"))
    try:
        with open_workspace(root) as opened:
            yield Stand(server, opened)
    finally:
        server.stop()


def _as_it_is(root: Path) -> None:
    """Leave the exercise as it was built."""


def _without_annotations(root: Path) -> None:
    with open_workspace(root) as opened:
        for revision in opened.catalog.annotations.find(AnnotationQuery(limit=None)):
            opened.catalog.annotations.remove(revision.annotation.id, author="umpire", base=revision.version)


def _with_every_system(root: Path) -> None:
    script = Path(__file__).with_name("gathering.py")
    subprocess.run(
        [sys.executable, str(script), str(root)], check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


@pytest.fixture(scope="session")
def stand(exercise_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """Return the exercise as it is served for reading, detecting and exporting."""
    yield from _stand(exercise_root, tmp_path_factory.mktemp("browser"), _as_it_is)


@pytest.fixture(scope="session")
def drawing_stand(exercise_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """Return one to draw in: without annotations, apart from the one that is read."""
    yield from _stand(exercise_root, tmp_path_factory.mktemp("sketchbook"), _without_annotations)


@pytest.fixture(scope="module")
def gathered_stand(exercise_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """Return one with a product of every system."""
    yield from _stand(exercise_root, tmp_path_factory.mktemp("gathered"), _with_every_system)


@pytest.fixture(scope="session")
def server(stand: Stand) -> Server:
    return stand.server


@pytest.fixture(scope="session")
def workspace(stand: Stand) -> Workspace:
    return stand.workspace


@pytest.fixture(scope="session")
def ledger(drawing_stand: Stand) -> Workspace:
    """Return the workspace that is drawn in."""
    return drawing_stand.workspace


@pytest.fixture(scope="module")
def gathered(gathered_stand: Stand) -> Workspace:
    """Return the workspace with a product of every system."""
    return gathered_stand.workspace


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Return a function that gives the browser context of a kind of screen: pages of one kind share their cache."""
    made: dict[tuple[object, ...], BrowserContext] = {}

    def context(width: int = 1280, height: int = 720, *, touch: bool = False, alone: int = 0) -> BrowserContext:
        kind = (width, height, touch, alone)
        if kind not in made:
            screen = {"width": width, "height": height}
            made[kind] = browser.new_context(viewport=screen, has_touch=touch, is_mobile=touch)  # type: ignore[arg-type]
        return made[kind]

    yield context
    for each in made.values():
        each.close()


@pytest.fixture
def open_page(contexts: Callable[..., BrowserContext], server: Server) -> Iterator[Callable[..., Driver]]:
    """Return a function that opens a page; what the pages and the server said meanwhile is checked at the end."""
    yield from _pages(contexts, server)


@pytest.fixture(scope="module")
def open_sheet(contexts: Callable[..., BrowserContext], drawing_stand: Stand) -> Iterator[Callable[..., Driver]]:
    """Return a function that opens a page to draw on, for all tests of a module; checked at its end likewise."""
    yield from _pages(contexts, drawing_stand.server)


@pytest.fixture
def open_gathered(contexts: Callable[..., BrowserContext], gathered_stand: Stand) -> Iterator[Callable[..., Driver]]:
    """Return a function that opens a page on the product of every system."""
    yield from _pages(contexts, gathered_stand.server)


def _pages(contexts: Callable[..., BrowserContext], server: Server) -> Iterator[Callable[..., Driver]]:
    opened: list[Driver] = []
    before = server.log.stat().st_size

    def make(address: str = "", *, wait: bool = True, **kind: Any) -> Driver:
        driver = Driver(contexts(**kind).new_page(), server.url)
        opened.append(driver)
        driver.goto(address, wait=wait)
        return driver

    yield make
    for driver in opened:
        driver.close()
    complaints = [words for driver in opened for words in driver.complaints()]
    with server.log.open(encoding="utf-8") as log:
        log.seek(before)
        assert complaints + bad_lines(log.read()) == []
