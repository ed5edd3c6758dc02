"""The inspector: the series at a point, the changes, the frontline, the acquisitions."""

from html import escape

import panel as pn
import panel_material_ui as pmui

from dashboard.geo.coordinates import latlon, to_mgrs
from dashboard.model.palette import Theme, tokens
from dashboard.plots.series import draw_series, dress_series, mark, series_plot
from dashboard.state.session import Session
from dashboard.views.acquisitiontext import details
from dashboard.views.confirm import ConfirmView
from dashboard.views.coverage import CoverageView
from dashboard.views.front import FrontView
from dashboard.views.mailbox import Mailbox
from dashboard.views.notes import NotesView
from dashboard.views.review import ReviewView
from dashboard.views.rows import Rows
from dashboard.views.tables import ACQUISITION_COLUMNS, acquisition_rows
from dashboard.views.text import text

TABS = ("Series", "Changes", "Front", "Notes", "Acquisitions", "Coverage")


class InspectorView(pn.viewable.Viewer):
    """Six tabs; tables are linked both ways with map and timeline."""

    def __init__(self, session: Session, theme: Theme, mailbox: Mailbox, coverage: CoverageView) -> None:
        super().__init__()
        self._session = session
        self.plot = series_plot(tokens(theme))
        self._where = text("", margin=(6, 12))
        self._details = {letter: text("", margin=(4, 12), sizing_mode="stretch_width") for letter in ("A", "B")}
        self.confirm = ConfirmView(session, mailbox)
        self.notes = NotesView(session, theme, mailbox)
        self.front = FrontView(session, theme, mailbox)
        self.review = ReviewView(session, theme, mailbox)
        self._build_table()
        self._chart = pn.pane.Bokeh(self.plot.figure, sizing_mode="stretch_width")
        told = [part for letter in ("A", "B") for part in (self._details[letter], self.confirm.cards[letter])]
        acquisitions = pn.Column(self._filter, self._table, sizing_mode="stretch_width")
        parts = (
            pn.Column(self._where, self._chart, *told, sizing_mode="stretch_width", scroll="y-auto"),
            self.review.__panel__(), self.front.__panel__(), self.notes.__panel__(), acquisitions, coverage.__panel__(),
        )  # fmt: skip
        # All are there from the start: what is pressed in a tab that is built when it is opened may be lost.
        self._tabs = pmui.Tabs(
            *zip(TABS, parts, strict=True),
            sizing_mode="stretch_both",
            sx={"& .MuiTab-root": {"minWidth": 0, "padding": "6px 6px", "fontSize": 12.5}},
        )
        self._tabs.param.watch(lambda *_: self._turned_to(), "active")

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the panel."""
        return pn.Column(self._tabs, css_classes=["panel", "inspector"], width=360, margin=0)

    def open(self, name: str) -> None:
        """Bring a tab to the front."""
        self._tabs.active = TABS.index(name)

    @property
    def front_tab(self) -> str:
        """Name of the tab in front."""
        return TABS[self._tabs.active]

    def _turned_to(self) -> None:
        self._session.fronttime.watched = self.front_tab == "Front"
        self._session.covering.watched = self.front_tab == "Coverage"
        self.review.watched = self.front_tab == "Changes"

    def _build_table(self) -> None:
        self._filter = pmui.TextInput(
            label="Filter", placeholder="constellation, mode, VV, ascending ...", size="small", margin=(6, 12)
        )
        self._table = Rows(
            "acquisitions", ACQUISITION_COLUMNS, margin=(4, 8), size=16, lights=True,
            empty="no acquisitions over the map",
        )  # fmt: skip
        pn.bind(lambda _: self.show_reach(), self._filter.param.value_input, watch=True)

    # Intents

    def turned(self, table: str, page: int) -> None:
        """Show another page of a table."""
        turn = {"annotations": self._session.noting.turn, "changes": self._session.reviewing.turn}
        turn.get(table, self._table.turn)(page)

    def picked(self, table: str, id_: str) -> None:
        """Select a change, or make an acquisition the after picture."""
        if table == "changes":
            self._session.show_change(id_)
            return
        if table == "annotations":
            self._session.show_annotation(id_)
            return
        acq = self._session.reach.get(id_)
        if acq is None:
            return
        if acq.pixels is None:
            self._session.notices.tell(f"{acq.id} is known but not ingested: there are no pixels to show.")
        else:
            self._session.reach.choose_b(acq)

    # From the state

    def show_series(self) -> None:
        """Draw the series of the inspected point."""
        series = self._session.inspecting.series
        if series is None:
            self._where.object = '<span class="muted">Click the map to see backscatter through time at a point.</span>'
            return
        self._chart.visible = not series.anchor.optical
        if series.anchor.optical:
            self._where.object = (
                f'<b class="mono">{to_mgrs(series.lon, series.lat)}</b><br><span class="muted">Visible light has no '
                "backscatter: choose a radar picture as B for its series here.</span>"
            )
            return
        quantity = series.anchor.calibration.quantity
        label = f"{quantity.value} dB" if quantity else "uncalibrated dB"
        draw_series(self.plot, [acq.start for acq in series.members], series.power_db, label)
        lines = " · ".join(f"{name} {dash}" for name, dash in zip(series.power_db, ("solid", "dashed"), strict=False))
        self._where.object = (
            f'<b class="mono">{to_mgrs(series.lon, series.lat)}</b><br><span class="mono muted">'
            f"{latlon(series.lon, series.lat)}</span><br><span class='muted'>{len(series.members)} comparable "
            f"acquisitions of {escape(series.anchor.constellation)} · {escape(lines)}</span>"
        )
        self.show_marks()

    def show_marks(self) -> None:
        """Mark A and B in the series and describe them."""
        a, b = self._session.reach.a, self._session.reach.b
        mark(self.plot, a.start if a else None, b.start if b else None)
        for letter, acq in (("A", a), ("B", b)):
            self._details[letter].object = details(letter, acq) if acq else ""
        self.confirm.show()

    def show_reach(self) -> None:
        """List the acquisitions that match the filter."""
        words = (self._filter.value_input or "").lower().split()
        self._table.fill(acquisition_rows(self._session.reach.shown, words))
        self.show_lit()

    def show_lit(self) -> None:
        """Select the row of the acquisition that is hovered elsewhere, else that of B."""
        self._table.choose(self._session.reach.hovered or self._session.viewing.view.b)

    def retheme(self, theme: Theme) -> None:
        """Change the charts' colours in place."""
        self.notes.retheme(theme)
        self.review.retheme(theme)
        self.front.retheme(theme)
        dress_series(self.plot, tokens(theme))
