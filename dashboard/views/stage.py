"""The map's client half as a component: what it is told, and what it tells."""

from typing import ClassVar

import param

from dashboard.views.esm import Component, module, style


class Stage(Component):
    """Overlay of the map: frames are composed here in the browser, and pan, zoom and swipe end here."""

    extent = param.List(
        default=[0.0, 0.0, 1.0, 1.0], doc="Where the map should go, Mercator metres, and the number of the move."
    )
    mode = param.String(default="b")
    opacity = param.Number(default=1.0)
    split = param.Number(default=0.5)
    imagery_on = param.Boolean(default=True)
    chips = param.String(default="", doc="HTML of the A and B corner.")
    badge = param.String(default="", doc="Why A and B are not comparable; empty when they are.")
    clock = param.String(default="", doc="Which moment, and which knowledge, when it is not B's and now.")
    word = param.String(default="", doc="What the imagery layer is waiting for or why it is empty.")
    looks = param.String(default="", doc="SVG of the look-direction arrows.")
    busy = param.Boolean(default=False)

    _esm = module("models", "position", "compose", "stage")
    _stylesheets: ClassVar[list[str]] = [style("stage")]


class Desk(Component):
    """Keys, address, dropped files and the clipboard of one page."""

    token = param.String(default="", doc="View token that the address shows.")
    open = param.String(default="", doc="Address to open in a new tab.")

    _esm = module("models", "desk")
