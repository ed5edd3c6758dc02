"""The page in two answers: what everybody gets at once, and the session that the browser then asks for."""

from typing import Any

import panel_material_ui as pmui
from bokeh.server.urls import per_app_patterns
from jinja2 import Template
from panel.io.resources import Resources, bundle_resources
from panel.io.server import DocHandler
from panel_material_ui.theme import MaterialDesign
from tornado.web import HTTPError, RequestHandler

from dashboard.model.palette import Theme
from dashboard.views.esm import addresses, text_of
from dashboard.views.shell import FIRST, Libraries, shell

YEAR_S = 365 * 24 * 3600
_UNUSED = ("bokeh-gl", "es-module-shims")
"""Libraries that Bokeh and Panel load for drawing with WebGL and for browsers without import maps."""
_ANSWER = Template("{{ doc.to_json() | tojson }}")


class Shell(RequestHandler):
    """The page that asks for its session by itself: nothing has to be built for it."""

    def initialize(self, **_: Any) -> None:  # noqa: ANN401 - what Bokeh tells every handler of an application
        """Take nothing: the answer is the same for everybody."""

    def get(self) -> None:
        """Answer the page; it names the libraries of this version, so it is never kept."""
        self.set_header("Cache-Control", "no-store")
        theme: Theme = "light" if self.get_query_argument("theme", "") == "light" else "dark"
        self.write(shell(theme, libraries(self.application.resources())))  # type: ignore[attr-defined]


class Opening(DocHandler):
    """Builds a session, and answers the token and the roots that the page shows it with."""

    async def get_session(self) -> Any:  # noqa: ANN401 - Bokeh's session
        """Return the session; its document is written as an answer to the page, not as another page."""
        session = await super().get_session()
        session.document.template = _ANSWER
        return session


class Module(RequestHandler):
    """A component's script, named after what is in it: a browser that has it need not ask again."""

    def get(self, name: str) -> None:
        """Answer the script."""
        text = text_of(name)
        if text is None:
            raise HTTPError(404)
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", f"public, max-age={YEAR_S}, immutable")
        self.write(text)


def libraries(resources: Any) -> Libraries:  # noqa: ANN401 - Bokeh's resources
    """Return what a page of ours needs of Bokeh, Panel and the widgets, and our own components."""
    bundle = bundle_resources(None, Resources.from_bokeh(resources))
    widgets = pmui.Button._render_esm(compiled=True, server=True)
    return Libraries(
        scripts=tuple(str(file) for file in bundle.js_files if not any(name in str(file) for name in _UNUSED)),
        modules=(widgets, *addresses()),
        styles=tuple(map(str, (*bundle.css_files, *MaterialDesign().resolve_resources()["css"].values()))),
        code="\n".join(bundle.js_raw),
        first=FIRST,
    )


def answer_in_two() -> None:
    """Give every application of Bokeh's server these answers instead of the one page of the library."""
    others = [pattern for pattern in per_app_patterns if not issubclass(pattern[1], (DocHandler, Shell))]
    per_app_patterns[:] = [*others, (r"/session", Opening), (r"/?", Shell)]
