"""The bar: area, go to, A and B, compare, brief."""

import panel as pn
import panel_material_ui as pmui

from dashboard.model.dtg import dtg
from dashboard.model.view import CompareMode
from dashboard.state.session import Session
from dashboard.views.esm import style
from dashboard.views.text import COMPACT, text
from dashboard.workflows.areas import areas

MODES = {
    "A": CompareMode.A,
    "B": CompareMode.B,
    "Swipe": CompareMode.SWIPE,
    "Blink": CompareMode.BLINK,
    "Two-colour": CompareMode.TWO_COLOUR,
    "Log-ratio": CompareMode.LOG_RATIO,
}


class HeaderView(pn.viewable.Viewer):
    """One row of controls over the map."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        names = [area.name for area in areas(session.workspace)]
        self._area = pmui.MenuButton(
            items=[{"label": name} for name in names] or [{"label": "no areas yet"}], label="Area", size="small",
            variant="outlined", icon="place", margin=(0, 4),
        )  # fmt: skip
        self.go_to = pmui.TextInput(
            placeholder="Place, MGRS, lat lon  ( / )", size="small", width=210, margin=(0, 4), css_classes=["go-to"]
        )
        self._times = text("", css_classes=["times"], margin=(0, 8))
        self._exchange = pmui.IconButton(
            icon="swap_horiz", size="small", description="Exchange A and B (X)", margin=0, color="default"
        )
        self._mode = pmui.RadioButtonGroup(
            options=list(MODES), value="B", size="small", margin=(0, 6), color="primary", sx=COMPACT
        )
        self.brief = pmui.Button(
            label="Brief", icon="slideshow", size="small", margin=(0, 6), description="Export this view (Ctrl+E)"
        )
        self.keys = pmui.IconButton(icon="keyboard", size="small", description="Keys (?)", margin=0, color="default")
        self.folds = {
            name: pmui.IconButton(icon=icon, size="small", description=f"Fold {name}", margin=0, color="default")
            for name, icon in (("layers", "layers"), ("inspector", "query_stats"), ("timeline", "view_timeline"))
        }
        for name, button in self.folds.items():
            button.on_click(lambda _, name=name: session.viewing.fold(name))
        self.theme = pmui.IconButton(
            icon="contrast", size="small", description="Light or dark", margin=0, color="default"
        )
        self._area.on_click(lambda item: session.choose_area(item["label"]))
        self._exchange.on_click(lambda _: session.viewing.exchange())
        pn.bind(self._went, self.go_to.param.value, watch=True)
        pn.bind(lambda name: session.viewing.compare(MODES[name]), self._mode.param.value, watch=True)

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the bar."""
        return pn.Row(
            text("<h1>Nightglass</h1>", margin=(0, 12), align="center"), self._area, self.go_to,
            pn.Spacer(sizing_mode="stretch_width", css_classes=["spring"]), self._times, self._exchange, self._mode,
            self.brief, *self.folds.values(), self.keys, self.theme,
            css_classes=["bar"], sizing_mode="stretch_width", margin=0, stylesheets=[style("bar")],
        )  # fmt: skip

    def _went(self, text: str) -> None:
        if text.strip():
            self._session.go_to(text)
            self.go_to.value = ""

    def show_view(self) -> None:
        """Write the times of A and B and mark the compare mode."""
        reach, view = self._session.reach, self._session.viewing.view
        parts = []
        for letter, acq in (("A", reach.a), ("B", reach.b)):
            when = dtg(acq.start) if acq else "–"
            parts.append(f'<span class="time {letter.lower()}"><i>{letter}</i>{when}</span>')
        self._times.object = "".join(parts)
        name = next(word for word, mode in MODES.items() if mode is view.compare)
        if self._mode.value != name:
            self._mode.value = name
