"""The annotations on the map: found, thinned and placed off the session's thread, shown when they are ready."""

from dataclasses import dataclass
from typing import Any

import param
from numpy import uint8
from numpy.typing import NDArray

from dashboard.catalog.engine import Kind
from dashboard.geo.mercator import screen_geobox
from dashboard.model.palette import Theme, tokens
from dashboard.model.view import Extent, Layer
from dashboard.plots.notes import note_columns
from dashboard.state.background import Background, Latest
from dashboard.state.notices import Notices
from dashboard.state.pictures import bounded
from dashboard.state.viewing import Viewing
from dashboard.workflows.overlay import overlay
from dashboard.workflows.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlaid:
    """What the annotation layers draw."""

    extent: Extent
    count: int
    """Annotations in view."""
    picture: NDArray[uint8] | None
    """(y, x, 4), where there are too many to be shapes."""
    columns: dict[str, dict[str, list[Any]]]


class Overlaying(param.Parameterized):
    """Follows the view, the theme and the catalogue."""

    overlaid = param.ClassSelector(class_=Overlaid, default=None, allow_None=True)
    theme: Theme = param.Selector(default="dark", objects=["dark", "light"])

    def __init__(self, workspace: Workspace, viewing: Viewing, background: Background, notices: Notices) -> None:
        super().__init__()
        self._workspace = workspace
        self._viewing = viewing
        self._notices = notices
        self._latest = Latest(background)
        self._asked: tuple[Any, ...] | None = None
        viewing.param.watch(lambda *_: self.refresh(), ["view", "screen"])
        self.param.watch(lambda *_: self.refresh(), "theme")

    def refresh(self) -> None:
        """Draw the annotations anew, unless nothing they depend on has changed."""
        view = self._viewing.view
        if Layer.ANNOTATIONS not in view.layers:
            self._asked = None
            if self.overlaid is not None:
                self.overlaid = None
            return
        size = bounded(self._viewing.size)
        revision = self._workspace.catalog.revision_of(Kind.ANNOTATIONS)
        key = (view.extent, view.b, view.valid_at, view.known_at, size, self.theme, revision)
        if key == self._asked:
            return
        self._asked = key
        theme = self.theme

        def work() -> Overlaid:
            found = overlay(self._workspace, view, screen_geobox(view.extent, *size), theme)
            return Overlaid(
                extent=view.extent, count=found.count, picture=found.picture,
                columns=note_columns(found.glyphs, view.extent, size, tokens(theme).text),
            )  # fmt: skip

        self._latest.ask(work, self._found)

    def _found(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._asked = None
            self._notices.fail(result)
            return
        self.overlaid = result
