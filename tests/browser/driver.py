"""A page as the tests drive it: what it complains of, what it shows, and how to wait for it."""

import base64
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from hand import Hand
from odc.geo.geobox import GeoBox
from playwright.sync_api import ConsoleMessage, Page, Request

from dashboard.geo.mercator import screen_geobox
from dashboard.model.token import decode, encode
from dashboard.model.view import Extent, View

PATIENCE_S = 25.0
_LOCAL = ("data:", "blob:", "about:")

# A layer's source and its renderer share their name: the source is meant.
_MODEL = """const model = name => {
  const found = [...Bokeh.documents[0].all_models].filter(each => each.name === name);
  return found.find(each => each.data) ?? found[0];
};"""
_PICTURE = f"""() => {{
  {_MODEL}
  const {{data}} = model("picture");
  const image = data.image[0];
  const bytes = new Uint8Array(image.buffer, image.byteOffset, image.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode.apply(null, bytes.subarray(i, i + 0x8000));
  return {{rgba: btoa(text), shape: image.shape, box: [data.x[0], data.y[0], data.dw[0], data.dh[0]]}};
}}"""


class Picture:
    """What the browser composed: RGBA (y, x, 4), north row first, and its place on the ground."""

    def __init__(self, found: dict[str, Any]) -> None:
        height, width = found["shape"]
        pixels = np.frombuffer(base64.b64decode(found["rgba"]), np.uint8).reshape(height, width, 4)
        self.rgba = pixels[::-1]
        self.box = tuple(found["box"])

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1), Mercator metres."""
        x, y, across, up = self.box
        return x, y, x + across, y + up

    @property
    def geobox(self) -> GeoBox:
        height, width = self.rgba.shape[:2]
        return screen_geobox(Extent(*self.bounds), width, height)


class Driver(Hand):
    """One page, which must have nothing to complain of."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.allowed: list[str] = []
        """Words of complaints that a test provokes."""
        self._said: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._said.append(f"page error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("request", self._requested)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._said.append(f"console {message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        # A download is not a document: the browser calls the navigation aborted.
        if "/exports/" not in request.url:
            self._said.append(f"failed request: {request.url} {request.failure}")

    def _requested(self, request: Request) -> None:
        if not request.url.startswith(_LOCAL) and urlsplit(request.url).netloc != urlsplit(self.url).netloc:
            self._said.append(f"request to another host: {request.url}")

    def complaints(self) -> list[str]:
        """Return what the page complained of and no test provoked."""
        return [words for words in self._said if not any(allowed in words for allowed in self.allowed)]

    def close(self) -> None:
        """Close the page when nothing is under way; once is enough."""
        if self.page.is_closed():
            return
        if self.page.evaluate("Boolean(window.Bokeh?.documents?.length)"):
            self.settle()
        self.page.close()

    def goto(self, address: str = "", *, wait: bool = True) -> None:
        """Open an address (a query, or nothing) and wait for the first picture."""
        self.page.goto(f"{self.url}/{address}")
        if wait:
            self.wait(lambda: self.drawn > 0, "the first picture")
            self.settle()

    def wait(self, met: Callable[[], Any], what: str, patience: float = PATIENCE_S) -> Any:
        """Wait until something is true of the page and return it."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            found = met()
            if found:
                return found
            self.page.wait_for_timeout(40)
        raise AssertionError(f"{what} did not come within {patience:g} s; the page shows {self.page.url}")

    def settle(self) -> None:
        """Wait until no picture, move or message is under way."""
        last, since = None, time.monotonic()
        while time.monotonic() - since < 0.6:
            now = self.evaluate(
                "() => [window.nightglassDrawn?.number, location.href, model('map')?.inner_width, "
                "model('map')?.inner_height, ...Bokeh.documents[0].roots().length ? "
                "['frame-a', 'frame-b', 'frame-ratio'].map(name => model(name)?.data.stamp[0]) : []]"
            )
            if now != last:
                last, since = now, time.monotonic()
            self.page.wait_for_timeout(60)

    def evaluate(self, function: str, argument: Any = None) -> Any:
        """Evaluate a function in which `model(name)` finds a Bokeh model."""
        return self.page.evaluate(f"argument => {{ {_MODEL} return ({function})(argument); }}", argument)

    @property
    def drawn(self) -> int:
        """The number of the last picture that was drawn; 0 before the first."""
        return int(self.page.evaluate("window.nightglassDrawn?.number ?? 0"))

    @property
    def view(self) -> View:
        """What the address bar says."""
        return decode(parse_qs(urlsplit(self.page.url).query)["v"][0])

    @property
    def extent(self) -> Extent:
        """What the map's axes say."""
        found = self.evaluate("() => ['map-x', 'map-y'].flatMap(name => [model(name).start, model(name).end])")
        return Extent(found[0], found[2], found[1], found[3])

    @property
    def picture(self) -> Picture:
        return Picture(self.page.evaluate(_PICTURE))

    def column(self, source: str, name: str) -> list[Any]:
        """Return a column of a named source as plain numbers or words."""
        found: list[Any] = self.evaluate("([source, name]) => Array.from(model(source).data[name])", [source, name])
        return found

    def length(self, source: str) -> int:
        """Return how many rows a named source has."""
        return int(self.evaluate("name => Math.max(0, ...Object.values(model(name).data).map(c => c.length))", source))

    def lines(self, source: str) -> list[list[float]]:
        """Return the x coordinates of the lines of a source."""
        found: list[list[float]] = self.evaluate("name => model(name).data.xs.map(x => Array.from(x))", source)
        return found

    @property
    def stamps(self) -> list[int]:
        """Return which data of A and B the page has."""
        return [*self.column("frame-a", "stamp"), *self.column("frame-b", "stamp")]

    @property
    def seen(self) -> str:
        """The mode as the eye gets it now: blinking alternates, holding B exchanges."""
        return str(self.page.locator(".overlay").get_attribute("data-seen"))

    def palette(self, side: str) -> list[int]:
        """Return the greys that A or B is drawn in."""
        found = "name => { const p = model('frame-shown').data[name][0];"
        found += " return Array.from(new Uint8Array(p.buffer, p.byteOffset, 256)); }"
        made: list[int] = self.evaluate(found, f"palette-{side}")
        return made

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def press_for_picture(self, key: str) -> None:
        """Press a key and wait until the picture that it asks for is drawn and nothing moves any more."""
        before = self.drawn
        self.press(key)
        self.wait(lambda: self.drawn > before, f"the picture after {key}")
        self.settle()

    def map_box(self) -> dict[str, float]:
        box = self.page.locator(".map .bk-Figure, .map .bk-FigureView").first.bounding_box()
        if box is None:
            box = self.page.locator(".overlay").first.bounding_box()
        assert box is not None
        return dict(box)

    def click_map(self, across: float, down: float) -> None:
        """Click at a share of the map's width and height."""
        box = self.map_box()
        self.page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])

    def mode(self, words: str) -> None:
        """Choose a compare mode in the header."""
        self.page.get_by_role("button", name=words, exact=True).first.click()


def address(view: View) -> str:
    """Return the query of a view."""
    return f"?v={encode(view)}"
