"""The inspector: the series at a point, the changes, the frontline, the acquisitions."""

from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from dashboard.geo.coordinates import latlon, to_mgrs
from dashboard.model.palette import Theme, tokens
from dashboard.plots.series import draw_series, dress_series, mark, series_plot
from dashboard.state.changing import FALSE_ALARM_RATES
from dashboard.state.session import Session
from dashboard.views.details import details, front_text, outcome_text
from dashboard.views.esm import style
from dashboard.views.tables import acquisition_rows, change_rows
from dashboard.views.text import text

_FARS = {f"1 in {round(1 / far):,}": far for far in FALSE_ALARM_RATES}


class InspectorView(pn.viewable.Viewer):
    """Four tabs; tables are linked both ways with map and timeline."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self.plot = series_plot(tokens(theme))
        self._where = text("", margin=(6, 12))
        self._details = text("", margin=(4, 12), sizing_mode="stretch_width")
        self._front = text("", margin=(6, 12), sizing_mode="stretch_width")
        self._build_changes()
        self._build_table()
        self._tabs = pmui.Tabs(
            ("Series", pn.Column(self._where, pn.pane.Bokeh(self.plot.figure, sizing_mode="stretch_width"), self._details,
                                 sizing_mode="stretch_width", scroll="y-auto")),
            ("Changes", pn.Column(*self._change_parts, sizing_mode="stretch_width")),
            ("Front", self._front),
            ("Acquisitions", pn.Column(self._filter, self._table, sizing_mode="stretch_width")),
            sizing_mode="stretch_both", dynamic=False, sx={"& .MuiTab-root": {"minWidth": 0, "padding": "6px 12px"}},
        )  # fmt: skip

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the panel."""
        return pn.Column(self._tabs, css_classes=["panel", "inspector"], width=360, margin=0)

    def open(self, name: str) -> None:
        """Bring a tab to the front."""
        self._tabs.active = ("Series", "Changes", "Front", "Acquisitions").index(name)

    def _build_changes(self) -> None:
        changing = self._session.changing
        self._far = pmui.Select(
            label="False alarms, per pixel", options=_FARS, value=changing.far, size="small", margin=(6, 12)
        )
        self._detect = pmui.Button(label="Detect on this view", icon="radar", size="small", margin=(4, 4, 4, 12))
        self._detect_full = pmui.Button(label="Full resolution", variant="outlined", size="small", margin=(4, 4))
        self._cancel = pmui.Button(label="Cancel", variant="text", size="small", margin=(4, 4), visible=False)
        self._progress = pmui.LinearProgress(value=0, max=100, variant="determinate", margin=(4, 12), visible=False)
        self._outcome = text("", margin=(4, 12), sizing_mode="stretch_width")
        self._changes = pn.widgets.Tabulator(
            change_rows(()), pagination="remote", page_size=12, show_index=False, selectable=1, disabled=True,
            hidden_columns=["id"], sizing_mode="stretch_width", height=360, margin=(4, 8), layout="fit_columns", row_height=26, theme="simple", stylesheets=[style("table")],
        )  # fmt: skip
        pn.bind(lambda far: changing.param.update(far=far), self._far.param.value, watch=True)
        self._detect.on_click(lambda _: changing.detect(full=False))
        self._detect_full.on_click(lambda _: changing.detect(full=True))
        self._cancel.on_click(lambda _: changing.cancel())
        self._changes.on_click(lambda event: self._clicked_change(event.row))
        self._change_parts = (
            self._far, pn.Row(self._detect, self._detect_full, self._cancel, margin=0), self._progress, self._outcome,
            self._changes,
        )  # fmt: skip

    def _build_table(self) -> None:
        self._filter = pmui.TextInput(
            label="Filter", placeholder="constellation, mode, VV, ascending ...", size="small", margin=(6, 12)
        )
        self._table = pn.widgets.Tabulator(
            acquisition_rows(()), pagination="remote", page_size=16, show_index=False, selectable=1, disabled=True,
            hidden_columns=["id"], sizing_mode="stretch_width", height=470, margin=(4, 8), layout="fit_columns", row_height=26, theme="simple", stylesheets=[style("table")],
        )  # fmt: skip
        pn.bind(lambda _: self.show_reach(), self._filter.param.value_input, watch=True)
        self._table.on_click(lambda event: self._clicked_acquisition(event.row))

    # Intents

    def _clicked_change(self, row: int) -> None:
        ids = self._changes.value["id"]
        if row < len(ids):
            self._session.changing.select(str(ids.iloc[row]))
            self._session.step_change(0)

    def _clicked_acquisition(self, row: int) -> None:
        ids = self._table.value["id"]
        if row < len(ids):
            acq = self._session.reach.get(str(ids.iloc[row]))
            self._session.reach.hovered = acq.id if acq else None
            if acq is not None and acq.pixels is not None:
                self._session.reach.choose_b(acq)

    # From the state

    def show_series(self) -> None:
        """Draw the series of the inspected point."""
        series = self._session.inspecting.series
        if series is None:
            self._where.object = '<span class="muted">Click the map to see backscatter through time at a point.</span>'
            return
        quantity = series.anchor.calibration.quantity
        label = f"{quantity.value} dB" if quantity else "uncalibrated dB"
        draw_series(self.plot, [acq.start for acq in series.members], series.power_db, label)
        lines = " · ".join(f"{name} {dash}" for name, dash in zip(series.power_db, ("solid", "dashed"), strict=False))
        self._where.object = (
            f'<b class="mono">{to_mgrs(series.lon, series.lat)}</b><br><span class="mono muted">'
            f"{latlon(series.lon, series.lat)}</span><br><span class='muted'>{len(series.members)} comparable "
            f"acquisitions of {series.anchor.constellation} · {lines}</span>"
        )
        self.show_marks()

    def show_marks(self) -> None:
        """Mark A and B in the series and describe them."""
        a, b = self._session.reach.a, self._session.reach.b
        mark(self.plot, a.start if a else None, b.start if b else None)
        self._details.object = "".join(details(letter, acq) for letter, acq in (("A", a), ("B", b)) if acq)

    def show_changes(self) -> None:
        """List the changes, say what the last run found, and why a new one may be refused."""
        changing = self._session.changing
        rows = change_rows(changing.changes)
        self._changes.value = rows
        ids = [change.id for change in changing.changes]
        self._changes.selection = [ids.index(changing.selected)] if changing.selected in ids else []
        refusals = changing.refusals
        idle = changing.progress is None
        self._detect.disabled = self._detect_full.disabled = bool(refusals) or not idle
        self._outcome.object = outcome_text(changing.outcome, len(ids), refusals)

    def show_progress(self) -> None:
        """Show how far a detection is."""
        progress = self._session.changing.progress
        running = progress is not None
        self._cancel.visible = self._progress.visible = running
        if progress is not None:
            self._progress.value = round(100 * progress.done)
        self.show_changes()

    def show_fronts(self) -> None:
        """Write who gained how much between A and B."""
        self._front.object = front_text(self._session.fronting.provider, self._session.fronting.fronts)

    def show_reach(self) -> None:
        """List the acquisitions that match the filter."""
        words = (self._filter.value_input or "").lower().split()
        rows: pd.DataFrame = acquisition_rows(self._session.reach.shown)
        for word in words:
            text = rows.astype(str).agg(" ".join, axis=1).str.lower()
            rows = rows[text.str.contains(word, regex=False)]
        self._table.value = rows.reset_index(drop=True)
        self.show_lit()

    def show_lit(self) -> None:
        """Select the row of the acquisition that is hovered elsewhere, else that of B."""
        wanted = self._session.reach.hovered or self._session.viewing.view.b
        ids: list[Any] = list(self._table.value["id"])
        self._table.selection = [ids.index(wanted)] if wanted in ids else []

    def retheme(self, theme: Theme) -> None:
        """Change the chart's colours in place."""
        dress_series(self.plot, tokens(theme))
