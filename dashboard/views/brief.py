"""The dialog that turns the view into a file."""

from html import escape
from urllib.parse import quote

import panel as pn
import panel_material_ui as pmui

from dashboard.briefing.files import Format
from dashboard.briefing.layout import Page
from dashboard.model.dtg import dtg
from dashboard.model.palette import Theme
from dashboard.model.view import Layer
from dashboard.state.session import Session
from dashboard.views.text import COMPACT, text
from dashboard.workflows.brief import SnapshotOptions

_PAGES = {"A4 landscape": Page.A4, "16:9 slide": Page.WIDE}
_PAPERS: dict[str, Theme] = {"Light paper": "light", "Dark": "dark"}
_FORMATS: dict[str, Format] = {"PNG, 300 dpi": "png", "PDF, vector text": "pdf"}


class BriefView(pn.viewable.Viewer):
    """Page, format and title; progress and the finished file."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._page = pmui.RadioButtonGroup(
            options=list(_PAGES), value="A4 landscape", size="small", margin=(6, 0), sx=COMPACT
        )
        self._format = pmui.RadioButtonGroup(
            options=list(_FORMATS), value="PNG, 300 dpi", size="small", margin=(6, 0), sx=COMPACT
        )
        self._paper = pmui.RadioButtonGroup(
            options=list(_PAPERS), value="Light paper", size="small", margin=(6, 0), sx=COMPACT
        )
        self._title = pmui.TextInput(
            label="Title (empty: taken from the area)", size="small", margin=(10, 0), sizing_mode="stretch_width"
        )
        self._author = pmui.TextInput(
            label="Analyst (initials)", size="small", margin=(6, 0), sizing_mode="stretch_width"
        )
        self._told = text("", sizing_mode="stretch_width", margin=(6, 0))
        self._start = pmui.Button(label="Make the file", icon="file_download", margin=(10, 0))
        self._cancel = pmui.Button(label="Cancel", variant="text", margin=(10, 0), visible=False)
        self._progress = pmui.LinearProgress(value=0, max=100, variant="determinate", visible=False)
        self._said = text("", sizing_mode="stretch_width", margin=(6, 0))
        self._start.on_click(lambda _: self._export())
        self._cancel.on_click(lambda _: session.briefs.job.cancel())
        self.dialog = pmui.Dialog(
            pn.Column(
                text("<h2>Brief this view</h2>", margin=0), self._told, self._page, self._format, self._paper,
                self._title, self._author, pn.Row(self._start, self._cancel, margin=0), self._progress, self._said,
                sizing_mode="stretch_width", margin=(16, 0), css_classes=["brief"],
            ),
            open=False, close_on_click=True, width_option="xs",
        )  # fmt: skip

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the dialog, closed until it is opened."""
        return self.dialog

    def open(self) -> None:
        """Open the dialog for the present view; an export that runs, or the last one made, is still there."""
        self._told.object = told(self._session)
        self.show()
        self.dialog.open = True

    def close(self) -> None:
        """Close the dialog; a running export goes on."""
        self.dialog.open = False

    def _export(self) -> None:
        self._session.briefs.export(
            SnapshotOptions(
                page=_PAGES[self._page.value], format=_FORMATS[self._format.value],
                theme=_PAPERS[self._paper.value], title=self._title.value.strip(), author=self._author.value.strip(),
                changes=self._session.briefs.shown(),
            )
        )  # fmt: skip

    def show(self) -> None:
        """Show how far the export is, and the file once there is one."""
        briefs = self._session.briefs
        running = briefs.job.progress is not None
        self._start.disabled = running
        self._cancel.visible = self._progress.visible = running
        if briefs.job.progress is not None:
            self._progress.value = round(100 * briefs.job.progress.done)
            self._said.object = f'<span class="muted">{escape(briefs.job.progress.text)}</span>'
        elif briefs.ready is not None:
            name = briefs.ready.name
            size = briefs.ready.stat().st_size / 1e6
            self._said.object = (
                f'<a class="download" href="exports/{quote(name)}" download="{escape(name)}">Save {escape(name)}</a> '
                f'<span class="muted">{size:.1f} MB · drop it on the app to open this view again</span>'
            )
        else:
            self._said.object = f'<span class="failed">{escape(briefs.failure)}</span>' if briefs.failure else ""


def told(session: Session) -> str:
    """Return what the sheet will be marked as and show, and what of the screen it will not: HTML."""
    reach, view, reviewing = session.reach, session.viewing.view, session.reviewing
    dates = " · ".join(f"{letter} {dtg(acq.start)}" for letter, acq in (("A", reach.a), ("B", reach.b)) if acq)
    parts = [f"Marked <b>{escape(session.handling.banner)}</b>, top and bottom."]
    if dates:
        parts.append(f'<span class="mono">{dates}</span>')
    if Layer.CHANGES in view.layers and reviewing.run is not None:
        noun = "change" if reviewing.total == 1 else "changes"
        parts.append(f"{reviewing.total:,} detected {noun} in the queue: those on the map are printed, as filtered.")
    if Layer.LIVE in view.layers:
        parts.append(
            '<span class="warn">Live detection stays on the screen: nothing of it is recorded. '
            "Detect between A and B to print it.</span>"
        )
    if view.known_at is not None:
        parts.append(f'<span class="warn">As known at {dtg(view.known_at)}.</span>')
    return "<br>".join(parts)
