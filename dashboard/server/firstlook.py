"""The route of the first picture: asked for before there is a session, answered beside it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tornado.ioloop import IOLoop
from tornado.web import RequestHandler

from dashboard.catalog.query import AcquisitionQuery
from dashboard.geo.mercator import bbox_of, screen_geobox
from dashboard.model.errors import InputError, NightglassError
from dashboard.model.palette import Theme
from dashboard.model.token import decode
from dashboard.model.view import CompareMode, Layer, View
from dashboard.plots.timeline import lanes
from dashboard.server.services import Services
from dashboard.state.pictures import bounded
from dashboard.state.reach import LIMIT
from dashboard.views.firstlook import first_look
from dashboard.views.plan import Place, filled, map_place
from dashboard.workflows.areas import default_view
from dashboard.workflows.frames import imagery
from dashboard.workflows.fronts import providers
from dashboard.workflows.workspace import Workspace

MOST_PX = 32_767
"""Of a window's side: a page that reports more is wrong."""


def asked_view(workspace: Workspace, token: str, first_view: Callable[[], View] | None) -> tuple[View, str]:
    """Return the view of a token, or the first one where there is none, and why a token cannot be read."""
    problem = ""
    if token:
        try:
            return decode(token), ""
        except InputError as error:
            problem = str(error)
    return (first_view() if first_view else default_view(workspace)), problem


class FirstLook(RequestHandler):
    """Answers the picture that the map will show first; nothing where there is none to show."""

    def initialize(self, services: Services, first_view: Callable[[], View] | None) -> None:
        """Take what the sessions share."""
        self._services = services
        self._first_view = first_view

    async def get(self) -> None:
        """Answer the picture of the view in the query, for a window of the size in it."""
        self.set_header("Cache-Control", "no-store")
        window = window_of(self.get_query_argument("width", ""), self.get_query_argument("height", ""))
        token = self.get_query_argument("v", "")
        theme: Theme = "light" if self.get_query_argument("theme", "") == "light" else "dark"

        def work() -> bytes | None:
            return _made(self._services.workspace, token, self._first_view, window, theme)

        made = await IOLoop.current().run_in_executor(self._services.executor, work)
        if made is None:
            self.set_status(204)
            return
        self.set_header("Content-Type", "application/octet-stream")
        self.write(made)


def _made(workspace: Workspace, token: str, first_view: Any, window: tuple[int, int], theme: Theme) -> bytes | None:  # noqa: ANN401
    try:
        view, _ = asked_view(workspace, token, first_view)
        place = opening_place(workspace, view, window)
        return None if place is None else _drawn(workspace, view, place, theme)
    except NightglassError:  # the session meets the same and says it, with what can be done
        return None


def window_of(width: str, height: str) -> tuple[int, int]:
    """Return the size of a window as a page's query says it, pixels; 0 for what is no number."""
    across, down = (min(int(text), MOST_PX) if text.isascii() and text.isdigit() else 0 for text in (width, height))
    return across, down


def opening_place(workspace: Workspace, view: View, window: tuple[int, int]) -> Place | None:
    """Return where the map will lie in a window; None where that, or what it shows, is not yet certain."""
    if Layer.IMAGERY not in view.layers or view.known_at is not None or (view.a is None and view.b is None):
        return None
    query = AcquisitionQuery(bbox=bbox_of(view.extent), limit=LIMIT)
    names = view.constellations
    over = [acq for acq in workspace.catalog.acquisitions.find(query) if not names or acq.constellation in names]
    return map_place(*window, len(lanes(over, fronts=providers(workspace, None))), view.folded)


def _drawn(workspace: Workspace, view: View, place: Place, theme: Theme) -> bytes:
    extent = filled(view.extent, place.width, place.height)
    ratio = view.compare is CompareMode.LOG_RATIO
    asked = replace(view, extent=extent, compare=CompareMode.LOG_RATIO if ratio else CompareMode.SWIPE)
    found = imagery(workspace, asked, screen_geobox(extent, *bounded((place.width, place.height))))
    a, b = (None if name is None else workspace.catalog.acquisitions.get(name) for name in (view.a, view.b))
    return first_look(view, found, (a, b), place, theme)
