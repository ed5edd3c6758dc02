"""The web server: one page, its files, and the route that reads a dropped export. Loopback only, for now."""

import logging
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import panel as pn
from bokeh.document import Document
from tornado.ioloop import IOLoop
from tornado.web import RequestHandler, StaticFileHandler

from dashboard.briefing.token import MAX_BYTES, read_token
from dashboard.model.assets import asset
from dashboard.model.errors import AccessError, InputError, NightglassError
from dashboard.model.palette import tokens
from dashboard.model.token import decode
from dashboard.model.view import View
from dashboard.plots.surface import prepare
from dashboard.server.firstlook import FirstLook, asked_view, opening_place, window_of
from dashboard.server.pages import Module, answer_in_two
from dashboard.server.services import DocumentBackground, Services
from dashboard.server.uploads import Upload
from dashboard.server.wire import inline_small_arrays
from dashboard.settings.config import LOOPBACK, Settings
from dashboard.state.background import Immediate
from dashboard.state.exchanging import UPLOADS
from dashboard.state.notices import Weight
from dashboard.state.session import Session
from dashboard.state.viewing import DEFAULT_SCREEN
from dashboard.views.app import App
from dashboard.views.plan import filled

PREPARE_SECONDS = 1.5
"""After a page was built the figure of the next one is composed, when this one has been drawn."""
LOG = logging.getLogger("nightglass.server")


def check_host(host: str) -> None:
    """Refuse to listen where other machines can reach the server while there is no login.

    Raises
    ------
    AccessError
        If the address is not a loopback address.
    """
    if host not in LOOPBACK:
        msg = (
            f"Refusing to listen on {host!r}: there is no login yet, so anyone who reaches that address would see "
            "everything. Use 127.0.0.1 and, for other machines, a tunnel that authenticates "
            "(ssh -L 5006:localhost:5006)."
        )
        raise AccessError(msg)


def _free_port(host: str) -> int:
    """Return a port that is free now: the allowed origins have to name it before the server listens."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
        free.bind((host, 0))
        return int(free.getsockname()[1])


def page_factory(
    services: Services, first_view: Callable[[], View] | None = None, tiles: str = ""
) -> Callable[[], Any]:
    """Return the function that builds one session's page."""

    def build() -> Any:  # noqa: ANN401 - a Panel viewable
        document = pn.state.curdoc
        view, problem = asked_view(services.workspace, _argument("v"), first_view)
        place = opening_place(services.workspace, view, window_of(_argument("width"), _argument("height")))
        if place is not None:
            view = replace(view, extent=filled(view.extent, place.width, place.height))
        background = DocumentBackground(services.executor, document)
        session = Session(services.workspace, view, background, services.hub)
        session.prime()
        if place is not None:
            session.pictures.prime((place.width, place.height))
        app = App(session, "light" if _argument("theme") == "light" else "dark", tiles)
        if problem:
            session.notices.tell(problem, Weight.ERROR)
        document.on_session_destroyed(lambda _: _forget(background, session, app))
        pn.state.onload(app.start)
        pn.state.onload(lambda: session.company.join(lambda: background.attached))
        IOLoop.current().call_later(PREPARE_SECONDS, prepare, tokens())
        return app.page

    return build


def rehearse(services: Services, first_view: Callable[[], View] | None = None) -> None:
    """Build a page that nobody sees: what is made on first use is then made, and the first visitor waits no longer."""
    view, _ = asked_view(services.workspace, "", first_view)
    session = Session(services.workspace, view, Immediate())
    session.prime()
    session.pictures.prime(DEFAULT_SCREEN)
    app, document = App(session), Document()
    document.add_root(app.page.get_root(document))
    document.to_json()
    app.release()
    prepare(tokens())


def _argument(name: str) -> str:
    values = pn.state.session_args.get(name, []) if pn.state.session_args else []
    return values[0].decode("utf-8", "replace") if values else ""


def _forget(background: DocumentBackground, session: Session, app: App) -> None:
    """Let go of what a closed tab held: its place among the others, its work, its frames, its callbacks."""
    session.company.leave()
    background.end()
    app.release()


class Reopen(RequestHandler):
    """Reads the view token out of an exported file that was dropped on the page."""

    def check_xsrf_cookie(self) -> None:
        """Accept the page's own request: the route changes nothing and needs no cookie."""

    def post(self) -> None:
        """Answer ``{"token": ...}``, or ``{"error": ...}``: that a file holds no view is an answer, not a failure."""
        try:
            if len(self.request.body) > MAX_BYTES:
                msg = f"The file has {len(self.request.body):,} bytes; at most {MAX_BYTES:,} are read."
                raise InputError(msg)
            token = read_token(self.request.body)
            decode(token)
        except NightglassError as error:
            self.write({"error": str(error)})
            return
        self.write({"token": token})


class Ready(RequestHandler):
    """Answers once the kernels are warm: the process serves only after that."""

    def get(self) -> None:
        """Answer ``ready``."""
        self.write("ready")


class Exports(StaticFileHandler):
    """Finished exports: always a download, never kept by the browser."""

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002 - Tornado's signature
        """Mark the answer as an attachment."""
        self.set_header("Content-Disposition", "attachment")
        self.set_header("Cache-Control", "no-store")


def serve(
    services: Services, settings: Settings, first_view: Callable[[], View] | None = None, *, start: bool = True
) -> Any:  # noqa: ANN401 - Bokeh's server
    """Serve until interrupted (or return the running server when `start` is False)."""
    check_host(settings.host)
    answer_in_two()
    inline_small_arrays()
    rehearse(services, first_view)
    exports = services.workspace.root / "exports"
    exports.mkdir(exist_ok=True)
    port = settings.port or _free_port(settings.host)
    origins = [f"{name}:{port}" for name in ("localhost", "127.0.0.1")]
    return pn.serve(
        {"/": page_factory(services, first_view, settings.tiles)},
        address=settings.host,
        port=port,
        websocket_origin=origins,
        show=False,
        title="Nightglass",
        start=start,
        threaded=False,
        verbose=False,
        static_dirs={"assets": str(asset())},
        extra_patterns=[
            (r"/modules/(.*)", Module),
            (r"/first", FirstLook, {"services": services, "first_view": first_view}),
            (r"/reopen", Reopen),
            (r"/import", Upload, {"folder": services.workspace.root / UPLOADS}),
            (r"/ready", Ready),
            (r"/exports/(.*)", Exports, {"path": str(exports)}),
        ],
        check_unused_sessions_milliseconds=2000,
        unused_session_lifetime_milliseconds=8000,
        websocket_max_message_size=MAX_BYTES,
    )
