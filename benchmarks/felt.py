"""What a hand on the map feels, measured in the page: from the end of its movement to the frame that belongs to it.

A frame belongs to a place when the layer's picture covers the map edge to edge at one of its pixels a pixel of the
screen, or its shapes are all there, and it has been painted there. Beside the times stands what a step cost in
processor time, which hardly depends on what else the machine does: of the server's process, of the page's own thread,
and of the browser as a whole.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
from playwright.sync_api import Browser, CDPSession, Page, Playwright

from benchmarks.table import Row, p50_p95

PAUSE_MS = 700
"""From one movement to the next, if it was felt by then."""
_WATCH = """([layer, boxes]) => {
  const {figure, named, painted} = window.feltMap ?? (() => {
    const named = (name) => [...Bokeh.documents[0].all_models].find((each) => each.name === name && each.data);
    const figure = Bokeh.documents[0].get_model_by_name("map");
    const painted = {at: 0, number: 0, moved: 0};
    const view = figure.default_view.prototype;
    const paint = view._actual_paint;
    view._actual_paint = function (...given) {
      paint.apply(this, given);
      if (this.model === figure) Object.assign(painted, {at: performance.now(), number: painted.number + 1});
    };
    for (const end of [figure.x_range, figure.y_range])
      for (const name of ["start", "end"])
        end.properties[name].change.connect(() => { painted.moved = performance.now(); });
    return (window.feltMap = {figure, named, painted});
  })();
  const source = named(layer);
  window.felt = [];
  let put = 0;
  source.properties.data.change.connect(() => { put = performance.now(); });
  source.change.connect(() => { put = performance.now(); });
  const whole = () => {
    const [{start: x0, end: x1}, {start: y0, end: y1}] = [figure.x_range, figure.y_range];
    const {image, x, y, dw, dh} = source.data;
    if (!image?.length) return false;
    const pixel = (x1 - x0) / figure.inner_width;
    const fine = Math.abs(dw[0] / image[0].shape[1] / pixel - 1) < 0.02;
    return fine && x[0] <= x0 + pixel && x[0] + dw[0] >= x1 - pixel && y[0] <= y0 + pixel && y[0] + dh[0] >= y1 - pixel;
  };
  const every = () => {
    const [{start: x0, end: x1}, {start: y0, end: y1}] = [figure.x_range, figure.y_range];
    const pixel = (x1 - x0) / figure.inner_width;
    const there = new Set(source.data.id);
    return boxes.every(([id, west, south, east, north]) =>
      west > x1 - pixel || east < x0 + pixel || south > y1 - pixel || north < y0 + pixel || there.has(id));
  };
  const until = (start) => {
    const sharp = boxes.length ? every : whole;
    const look = () => {
      const done = sharp() && painted.at >= Math.max(put, painted.moved);
      if (done) window.felt.push(performance.now() - start);
      else if (performance.now() - start < 10000) requestAnimationFrame(look);
      else window.felt.push(NaN);
    };
    requestAnimationFrame(look);
  };
  const ended = (event) => until(event.timeStamp);
  for (const kind of ["pointerup", "wheel"]) {
    if (window.feltEnded) document.removeEventListener(kind, window.feltEnded, true);
    document.addEventListener(kind, ended, true);
  }
  window.feltEnded = ended;
}"""
_SLIDER = """() => {
  const {painted} = window.feltMap;
  window.felt = [];
  document.addEventListener("input", (event) => {
    const start = event.timeStamp;
    const before = painted.number;
    const look = () => {
      if (painted.number > before) window.felt.push(performance.now() - start);
      else if (performance.now() - start < 10000) requestAnimationFrame(look);
      else window.felt.push(NaN);
    };
    requestAnimationFrame(look);
  }, true);
}"""


@dataclass(frozen=True, slots=True)
class Felt:
    """What some movements took."""

    seconds: list[float]
    server: float = 0.0
    """Processor seconds of the server, a movement."""
    page: float = 0.0
    """Of the page's own thread, a movement."""
    browser: float = 0.0
    """Of all the browser's processes, a movement."""

    def row(self, said: str, target: str) -> Row:
        """Return the line of a table."""
        costs = "/".join(f"{1e3 * cost:.0f}" for cost in (self.server, self.page, self.browser))
        return Row(
            promise=said, figure=f"{p50_p95(self.seconds)}; {costs} ms CPU", target=target, peer="",
            note=f"CPU: server/page's thread/browser in all, a movement; {load()}",
        )  # fmt: skip


def load() -> str:
    """Return the machine's load in words."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


@contextmanager
def opened(playwright: Playwright) -> Iterator[Browser]:
    """Start headless Chromium, which draws in software."""
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
        args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    )
    try:
        yield browser
    finally:
        browser.close()


@dataclass(slots=True)
class Costs:
    """Processor time since the last look."""

    page: Page
    session: CDPSession = field(init=False)
    last: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        self.session = self.page.context.new_cdp_session(self.page)
        self.session.send("Performance.enable")
        self.since()

    def since(self) -> tuple[float, float, float]:
        """Return the seconds of server, page and browser since this was last called."""
        metrics = {each["name"]: each["value"] for each in self.session.send("Performance.getMetrics")["metrics"]}
        processes = psutil.Process().children(recursive=True)
        now = (_spent(processes, "serve"), float(metrics["TaskDuration"]), _spent(processes, "chrom"))
        spent = tuple(new - old for new, old in zip(now, self.last, strict=True))
        self.last = now
        return spent[0], spent[1], spent[2]


def _spent(processes: list[psutil.Process], word: str) -> float:
    total = 0.0
    for process in processes:
        try:
            if any(word in part for part in process.cmdline()[:4]):
                times = process.cpu_times()
                total += times.user + times.system
        except psutil.Error:  # it has ended meanwhile
            continue
    return total


Box = tuple[str, float, float, float, float]
"""Id, and west, south, east and north in Mercator metres."""


def watch(page: Page, layer: str, boxes: Sequence[Box] = ()) -> None:
    """Measure every pan and zoom from now on by one layer's source: a picture, or shapes with these ids and boxes."""
    page.evaluate(_WATCH, [layer, list(boxes)])


def dragged(page: Page, number: int) -> None:
    """Drag the map a little, there and back by turns."""
    page.mouse.move(900, 400)
    page.mouse.down()
    page.mouse.move(900 + (120 if number % 2 else -140), 400 + (60 if number % 3 else -50), steps=6)
    page.mouse.up()


def dragged_on(page: Page, number: int) -> None:
    """Drag the map by a third of itself, twice one way and twice back."""
    step = 460 if number % 4 < 2 else -460
    page.mouse.move(1000 - step / 2, 400)
    page.mouse.down()
    page.mouse.move(1000 + step / 2, 400, steps=8)
    page.mouse.up()


def wheeled(page: Page, number: int) -> None:
    """Zoom one step in or out by turns."""
    page.mouse.move(900, 400)
    page.mouse.wheel(0, 120 if number % 2 else -120)


def repeated(page: Page, move: Callable[[Page, int], None], repeats: int) -> Felt:
    """Return what a movement takes that is repeated with pauses."""
    costs = Costs(page)
    page.evaluate("window.felt = []")
    for number in range(repeats):
        move(page, number)
        page.wait_for_timeout(PAUSE_MS)
        page.wait_for_function("(count) => window.felt.length > count", arg=number, timeout=20_000)
    return _felt(page, costs, repeats)


def slid(page: Page, slider: Any, repeats: int) -> Felt:
    """Return what it takes from each movement of a slider to the map's next frame."""
    page.evaluate(_SLIDER)
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, y)
    page.mouse.down()
    costs = Costs(page)
    page.evaluate("window.felt = []")
    for number in range(repeats):
        share = 1.0 - abs(2.0 * number / repeats - 1.0)
        page.mouse.move(box["x"] + 8 + share * 0.8 * box["width"], y)
        page.wait_for_timeout(60)
    felt = _felt(page, costs, repeats)
    page.mouse.up()
    page.wait_for_timeout(PAUSE_MS)
    return felt


def _felt(page: Page, costs: Costs, repeats: int) -> Felt:
    spent = costs.since()
    seconds = [value / 1e3 for value in page.evaluate("window.felt") if value is not None]
    return Felt(seconds, *(each / repeats for each in spent))
