"""The coverage view: its layer on the map with legend and pointer, and its tab with the table and the picture."""

from html import escape
from typing import ClassVar

import panel as pn
import param

from dashboard.model.coverage import Coverage, Measure
from dashboard.model.palette import Theme, tokens
from dashboard.model.view import Layer
from dashboard.plots.coverage import CoverageLayer, coverage_layer
from dashboard.plots.surface import Surface
from dashboard.render.coverage.classes import TITLES, palette
from dashboard.render.coverage.classes import period as period_words
from dashboard.state.session import Session
from dashboard.views.card import Card, button, chosen, said
from dashboard.views.coveragetext import legend, strips, table, tip
from dashboard.views.esm import Component, module, style
from dashboard.views.mailbox import Mailbox
from dashboard.workflows.coverage import CoveragePicture
from dashboard.workflows.coverage_table import separated


class CoverageOverlay(Component):
    """Legend of the layer, and what the point under the pointer says; both lie over the map."""

    legend = param.String(default="", doc="HTML; empty while the layer is off.")
    tip = param.String(default="", doc="HTML of the point under the pointer.")

    _esm = module("models", "coverage")
    _stylesheets: ClassVar[list[str]] = [style("coverage")]


class CoverageView(pn.viewable.Viewer):
    """Reads the session's coverage; tells it what is looked at."""

    def __init__(self, session: Session, surface: Surface, theme: Theme, mailbox: Mailbox) -> None:
        super().__init__()
        self._session = session
        self._theme: Theme = theme
        self.layer: CoverageLayer = coverage_layer(surface)
        self.overlay = CoverageOverlay()
        self._card = Card()
        self._drawn: CoveragePicture | None = None
        mailbox.on("coverage-at", lambda m: session.covering.point(float(m["x"]), float(m["y"])))
        mailbox.on("coverage-leave", lambda _: session.covering.leave())
        mailbox.on("coverage-measure", lambda m: session.viewing.choose_measure(Measure(m["value"])))
        mailbox.on("coverage-layer", lambda m: session.viewing.show(Layer.COVERAGE, on=bool(m["value"])))
        mailbox.on("coverage-all", lambda _: session.viewing.brush(None))

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the tab's content."""
        return pn.Column(self._card, sizing_mode="stretch_width", scroll="y-auto")

    def show_layer(self) -> None:
        """Draw the layer, or take it away, with its legend."""
        found, colours = self._session.covering.picture, tokens(self._theme)
        if found is None:
            self.layer.clear()
        elif self._drawn is None or found.picture is not self._drawn.picture:  # a pan within it needs no other
            self.layer.colour(palette(found.measure, colours.mixed, colours.unobserved))
            self.layer.put(found.picture, found.bounds)
        self._drawn = found
        self.overlay.legend = "" if found is None else legend(found.measure, period(found), found.block, colours)

    def show_spot(self) -> None:
        """Say who looked at the point under the pointer."""
        found = self._session.covering.spot
        self.overlay.tip = "" if found is None else tip(found)

    def show_table(self) -> None:
        """Write the tab."""
        view, found = self._session.viewing.view, self._session.covering.table
        colours = tokens(self._theme)
        on = Layer.COVERAGE in view.layers
        brushed = (
            button("Clear the period", said("coverage-all"), tip="Follow the timeline's window again (Esc)")
            if view.brush
            else '<span class="muted">drag along the ruler over the timeline to choose a period</span>'
        )
        body = "" if found is None else strips(found, colours) + table(found) + _copy(found)
        said_period = "" if found is None else f'<p class="mono">{escape(period(found))}</p>'
        self._card.write(
            f'{said_period}<div class="row">{brushed}</div><div class="grid">'
            + chosen("On the map", "measure", view.measure.value, MEASURES, said("coverage-measure"))
            + f'<label class="inline"><input type="checkbox" name="coverage" {said("coverage-layer")}'
            f"{' checked' if on else ''}>Layer</label></div>{body}"
        )

    def retheme(self, theme: Theme) -> None:
        """Change the colours in place."""
        self._theme, self._drawn = theme, None
        self.show_layer()
        self.show_table()


MEASURES = {measure.value: words for measure, words in TITLES.items()}


def period(found: Coverage | CoveragePicture) -> str:
    """Return the period that a coverage is of, in words."""
    return period_words(found.start, found.as_of)


def _copy(found: Coverage) -> str:
    words = escape(separated(found))
    return (
        f'<div class="row"><button type="button" data-copy="{words}" data-called="the coverage table" '
        f'title="Copy the table, tab-separated with times in seconds, for a spreadsheet">Copy table</button></div>'
    )
