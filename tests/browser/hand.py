"""A hand on the page: the drawing tools, the pixels of the map, the form."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page

from dashboard.model.view import Extent

_PEN = """() => {
  const {data} = [...Bokeh.documents[0].all_models].find(each => each.class_name === "Pen");
  const names = ["open", "shape", "adding", "stroke", "parts", "others", "problem", "repair", "can_undo", "can_redo"];
  return Object.fromEntries(names.map(name => [name, data[name]]));
}"""


@dataclass(frozen=True)
class Pen:
    """What is on the desk, as the page was told."""

    open: bool
    shape: str
    adding: bool
    stroke: str
    parts: list[list[list[list[float]]]]
    """Part > path > vertex > [x, y], Mercator metres."""
    others: list[list[list[list[float]]]]
    problem: str
    repair: str
    can_undo: bool
    can_redo: bool

    @property
    def vertices(self) -> list[list[float]]:
        """Every vertex in order."""
        return [vertex for part in self.parts for path in part for vertex in path]


class Hand:
    """What a person does with the tools; the page's driver adds how to look and to wait."""

    page: Page
    extent: Extent
    wait: Callable[..., Any]
    press: Callable[[str], None]
    map_box: Callable[[], dict[str, float]]

    @property
    def pen(self) -> Pen:
        """What the session put on the drawing tools."""
        return Pen(**self.page.evaluate(_PEN))

    @property
    def tools(self) -> Locator:
        """The buttons over the map."""
        return self.page.get_by_role("toolbar", name="Drawing")

    def tool(self, words: str) -> None:
        """Press a button of the drawing tools."""
        self.tools.get_by_role("button", name=words, exact=True).click()

    def spot(self, across: float, down: float) -> tuple[float, float]:
        """Return the pixel of the page at a share of the map's width and height, whole numbers."""
        box = self.map_box()
        return round(box["x"] + across * box["width"]), round(box["y"] + down * box["height"])

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Return where a place (Mercator metres) lies on the page, pixels."""
        box, extent = self.map_box(), self.extent
        across = (x - extent.x0) / (extent.x1 - extent.x0) * box["width"]
        return box["x"] + across, box["y"] + (extent.y1 - y) / (extent.y1 - extent.y0) * box["height"]

    def ground(self, px: float, py: float) -> tuple[float, float]:
        """Return the place (Mercator metres) under a pixel of the page."""
        box, extent = self.map_box(), self.extent
        x = extent.x0 + (px - box["x"]) / box["width"] * (extent.x1 - extent.x0)
        return x, extent.y1 - (py - box["y"]) / box["height"] * (extent.y1 - extent.y0)

    @property
    def metres_per_pixel(self) -> float:
        extent = self.extent
        return (extent.x1 - extent.x0) / self.map_box()["width"]

    def drag(self, *spots: tuple[float, float], steps: int = 4) -> None:
        """Take what is under the first pixel along the others and let go."""
        mouse = self.page.mouse
        mouse.move(*spots[0])
        mouse.down()
        for spot in spots[1:]:
            mouse.move(*spot, steps=steps)
        mouse.up()

    def begin(self, words: str) -> None:
        """Choose a drawing tool by its button."""
        if not self.pen.open:
            self.press("d")
        self.wait(self.tools.is_visible, "the tools")
        self.tool(words)
        self.wait(lambda: self.pen.shape, "the empty sheet")

    def put(self, *spots: tuple[float, float]) -> None:
        """Click vertices one after the other, each when the one before is there."""
        for px, py in spots:
            before = self.pen.parts
            self.page.mouse.click(px, py)
            self.wait(lambda before=before: self.pen.parts != before, "the vertex")

    def draw(self, words: str, *spots: tuple[float, float]) -> Pen:
        """Draw with a tool, by shares of the map's width and height, and leave the drawing on the desk."""
        self.begin(words)
        self.put(*(self.spot(*spot) for spot in spots))
        if self.pen.adding:
            self.press("Enter")
            self.wait(lambda: not self.pen.adding, "the end of the drawing")
        return self.pen

    def save(self) -> None:
        """Record what is on the desk by its key."""
        self.press("Control+Enter")
        self.wait(lambda: not self.pen.shape, "the empty desk")

    def field(self, name: str) -> Locator:
        """Return a field of the form of what is drawn."""
        return self.page.locator(f".card [name='{name}']")

    def fill(self, **fields: str) -> None:
        """Fill in the form and leave each field."""
        for name, text in fields.items():
            box = self.field(name)
            if box.evaluate("node => node.tagName") == "SELECT":
                box.select_option(text)
            else:
                box.fill(text)
                box.blur()

    @property
    def notice(self) -> str:
        """The sentence on show."""
        return " ".join(self.page.locator(".say").all_inner_texts())
