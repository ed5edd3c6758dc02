"""The page: composed here and nowhere else."""

from datetime import UTC, datetime
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
from panel.util import edit_readonly

from dashboard.model.palette import Theme, Tokens, tokens
from dashboard.state.notices import Notice, Weight
from dashboard.state.session import Session
from dashboard.views.esm import style
from dashboard.views.keyboard import Keyboard
from dashboard.views.keysheet import key_sheet
from dashboard.views.marking import mark
from dashboard.views.stage import Desk
from dashboard.views.text import text
from dashboard.views.variables import variables
from dashboard.views.wiring import Panels, wire

pn.extension(notifications=False)
NOTICE_MS = 7_000
AUTOSAVE_MS = 2_000
NARROW_PX = 1_000
"""Below this the panels lie over the map (assets/style/body.css)."""
_HIDDEN = {"display": "none"}
"""Of the page's own bar: ours lies below the handling banner."""


class App:
    """One session's page."""

    def __init__(self, session: Session, theme: Theme = "dark", tiles: str = "") -> None:
        self._session = session
        self.theme: Theme = theme
        session.overlaying.theme = theme
        self.panels = Panels(session, theme, tiles)
        self.sheet = key_sheet()
        self._top, self._bottom = (text("", css_classes=["banner"], margin=0, sizing_mode="stretch_width")
                                   for _ in range(2))  # fmt: skip
        self._notice = text("", css_classes=["notice"], margin=0)
        self.desk = Desk(token=session.viewing.token, css_classes=["desk"])
        self.keyboard = Keyboard(session, self.panels, self.sheet, self.desk)
        self._dialogs = pn.Column(css_classes=["dialogs"], margin=0)
        for dialog in (self.panels.brief.dialog, self.sheet):
            dialog.param.watch(self._opened, "open")
        self._listen()
        self._layout()
        header = self.panels.header
        header.brief.on_click(lambda _: self.panels.brief.open())
        header.keys.on_click(lambda _: self.sheet.param.update(open=True))
        header.theme.on_click(lambda _: self.retheme("light" if self.theme == "dark" else "dark"))
        wire(session, self.panels)
        self.panels.inspector.front.on_stop = self._view_changed
        self._follow()
        self.panels.map.on_first_size = self._first_size

    def _layout(self) -> None:
        panels = self.panels
        self._sides = {
            "layers": panels.layers.__panel__(),
            "inspector": panels.inspector.__panel__(),
            "timeline": panels.timeline.__panel__(),
        }
        body = pn.Row(
            self._sides["layers"], panels.map.__panel__(), self._sides["inspector"], sizing_mode="stretch_both",
            css_classes=["body"], margin=0, min_height=200, stylesheets=[style("body")],
        )  # fmt: skip
        self.shell = pn.Column(
            self._top, panels.header.__panel__(), body, self._sides["timeline"], self._bottom, self._notice,
            self.desk, self._dialogs, sizing_mode="stretch_both", css_classes=["shell"], margin=0,
            styles=variables(tokens(self.theme)),
            stylesheets=[style("shell")],
        )  # fmt: skip
        self.page = pmui.Page(
            title="Nightglass", main=[self.shell], dark_theme=self.theme == "dark", theme_toggle=False,
            theme_config={"dark": _mui(tokens("dark")), "light": _mui(tokens("light"))}, busy_indicator=None,
            sx={
                "& > .header": _HIDDEN, "& > main > div > .MuiToolbar-root": _HIDDEN,
                "& > main": {"minWidth": 0, "width": "100vw"},
            },
        )  # fmt: skip

        # The page would follow the process's busy flag, which every callback of every session turns on and off: each
        # turn walks through all models of the page, 0.2 s, to show an indicator that there is not.
        with edit_readonly(self.page):
            self.page.busy = False

    def _follow(self) -> None:
        session = self._session
        session.viewing.param.watch(lambda *_: self._view_changed(), "view")
        session.fronting.param.watch(lambda *_: self._mark(), "fronts")
        session.reach.param.watch(lambda *_: self._mark(), "everything")
        session.changing.param.watch(lambda *_: self._mark(), ["changes", "picture", "run"])
        session.noting.param.watch(lambda *_: self._mark(), "listing")
        session.covering.param.watch(lambda *_: self._mark(), "picture")
        session.living.param.watch(lambda *_: self._mark(), "picture")
        session.notices.param.watch(lambda event: self._tell(event.new), "current")
        self._view_changed()

    # From the browser

    def start(self) -> None:
        """Begin to work: call it when the page is complete in the browser."""
        self._session.start()
        self.panels.mailbox.open()
        pn.state.add_periodic_callback(self._session.recording.autosave, period=AUTOSAVE_MS)

    def _first_size(self, width: int) -> None:
        """On a narrow screen panels lie over the map: start with the map free, unless the link says otherwise."""
        if width < NARROW_PX and not self._session.viewing.view.folded:
            for name in ("layers", "inspector"):
                self._session.viewing.fold(name)

    def _listen(self) -> None:
        mailbox, session, inspector = self.panels.mailbox, self._session, self.panels.inspector
        mailbox.on("key", lambda said: self.keyboard.press(said["action"], said.get("cursor")))
        mailbox.on("token", lambda said: session.open_token(said["token"]))
        mailbox.on("refused", lambda said: session.notices.tell(said["why"], Weight.WARNING))
        mailbox.on(
            "copied", lambda said: session.notices.tell(f"Copied {said['text']}" if said["text"] else "Not copied.")
        )
        mailbox.on("front-step", self._stepped)
        mailbox.on("hover", lambda said: session.reach.param.update(hovered=said["id"]))
        mailbox.on("rows-page", lambda said: inspector.turned(said["table"], int(said["page"])))
        mailbox.on("rows-pick", lambda said: inspector.picked(said["table"], str(said["id"])))

    def _stepped(self, said: dict[str, Any]) -> None:
        at = said["at"]
        moment = None if at is None else datetime.fromtimestamp(float(at) / 1000.0, UTC)
        self._session.fronting.hover_step(str(said["provider"]), moment)

    # To the browser

    def _view_changed(self) -> None:
        view = self._session.viewing.view
        if not self._session.fronttime.playing:  # browsers stop following an address that changes all the time
            self.desk.token = self._session.viewing.token
        for name, part in self._sides.items():
            part.visible = name not in view.folded
        self._mark()

    def _mark(self) -> None:
        text = mark(self._session.handling.banner)
        for pane in (self._top, self._bottom):
            if pane.object != text:
                pane.object = text

    def _opened(self, event: Any) -> None:  # noqa: ANN401 - param's event
        """Put a dialog on the page when it is opened first: its widgets would hold up the first picture."""
        if event.new and event.obj not in self._dialogs.objects:
            self._dialogs.append(event.obj)

    def _tell(self, notice: Notice | None) -> None:
        if notice is not None and notice.weight is not Weight.ERROR and pn.state.curdoc is not None:
            pn.state.curdoc.add_timeout_callback(lambda: self._session.notices.fade(notice), NOTICE_MS)
        self._notice.object = (
            f'<div class="say {notice.weight}" role="status">{escape(notice.text)}</div>' if notice else ""
        )

    def release(self) -> None:
        """Let go of the frames and layers: the session has ended."""
        self.panels.map.release()
        self.keyboard.stop()

    def retheme(self, theme: Theme) -> None:
        """Change light and dark in place."""
        self.theme = theme
        self.page.dark_theme = theme == "dark"
        self.shell.styles = variables(tokens(theme))
        self._session.overlaying.theme = theme
        panels = self.panels
        for part in (
            panels.map, panels.ground, panels.timeline, panels.inspector, panels.pen, panels.fronts, panels.coverage,
            panels.live,
        ):  # fmt: skip
            part.retheme(theme)


def _mui(colours: Tokens) -> dict[str, Any]:
    return {
        "palette": {
            "primary": {"main": colours.accent},
            "background": {"default": colours.page, "paper": colours.panel},
            "text": {"primary": colours.text, "secondary": colours.muted},
            "divider": colours.line,
        },
        "typography": {"fontFamily": '"Plex Sans", sans-serif', "fontSize": 13, "button": {"textTransform": "none"}},
        "shape": {"borderRadius": 4},
    }
