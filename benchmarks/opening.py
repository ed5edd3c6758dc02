"""From the address to the first SAR pixel, many times over, each time with nothing in the browser's cache.

Two moments: when the first picture is on the screen, and when the map itself has drawn it and answers to the hand.
Beside them stands the processor time that hardly depends on what else the machine does: of the server's process, and
of the page's own thread, until the map has drawn.

Run: ``python -m benchmarks.opening WORKSPACE [COUNT]``
"""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.serving import served
from benchmarks.table import Row, show

COUNT = 12
SIZE = (2020, 1010)
PAUSE_MS = 2_500
"""Between two openings: what the server does once a page is there is not the next one's."""
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
_MOMENTS = "[window.nightglassFirst?.at ?? window.nightglassDrawn.at, window.nightglassDrawn.at]"


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of the page, seconds."""

    first: float
    """Until the first picture was on the screen."""
    live: float
    """Until the map had drawn it."""
    server: float
    """Processor time of the server's process until then."""
    page: float
    """Processor time of the page's own thread until then."""


def opened(page: Page, address: str) -> Opening:
    """Open the page and measure until the map has drawn its first picture."""
    chrome = page.context.new_cdp_session(page)
    chrome.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    chrome.send("Performance.enable")
    before = _server_seconds()
    page.goto(address, wait_until="commit")
    page.wait_for_function("window.nightglassDrawn?.number > 0", polling=10, timeout=120_000)
    server = _server_seconds() - before
    metrics = {each["name"]: each["value"] for each in chrome.send("Performance.getMetrics")["metrics"]}
    first, live = (float(moment) / 1e3 for moment in page.evaluate(_MOMENTS))
    return Opening(first, live, server, float(metrics["TaskDuration"]))


def _server_seconds() -> float:
    """Return the processor time of the server that this process has started."""
    found = [child for child in psutil.Process().children() if "serve" in child.cmdline()]
    return sum(sum(child.cpu_times()[:2]) for child in found)


def launched(playwright: object) -> Browser:
    """Return the system's Chromium."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    return playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))  # type: ignore[attr-defined,no-any-return]


def openings(browser: Browser, address: str, count: int = COUNT) -> list[Opening]:
    """Open the page so many times, each in a context of its own."""
    found = []
    for _ in range(count):
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        found.append(opened(page, address))
        page.wait_for_timeout(PAUSE_MS)
        page.close()
    return found


def rows(found: list[Opening]) -> list[Row]:
    """Return the rows of many openings."""
    note = f"{len(found)} openings; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    words = {"first": "page to first SAR pixel", "live": "page to the map's own picture"}
    made = [
        Row(promise=promise, figure=_spread([getattr(one, name) for one in found]), target="3 s", peer="", note=note)
        for name, promise in words.items()
    ]
    cost = " · ".join(f"{name} {_spread([getattr(one, name) for one in found])}" for name in ("server", "page"))
    return [*made, Row(promise="processor time of an opening", figure=cost, target="", peer="", note=note)]


def _spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"median {ordered[len(ordered) // 2]:.2f} s, worst {ordered[-1]:.2f} s"


def main() -> None:
    """Measure a workspace as it is and print."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else COUNT
    with served(Path(sys.argv[1])) as address, sync_playwright() as playwright:
        browser = launched(playwright)
        show("opening", rows(openings(browser, address, count)))
        browser.close()


if __name__ == "__main__":
    main()
