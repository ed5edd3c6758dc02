"""The coverage on show: the layer of the map, the table of the visible area and what a point says, latest wins."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import param

from dashboard.catalog.engine import Kind
from dashboard.geo.mercator import bbox_of, screen_geobox, to_lonlat
from dashboard.model.coverage import Coverage, Spot
from dashboard.model.view import Extent, Layer
from dashboard.state.background import Background, Latest, explain
from dashboard.state.notices import Notices
from dashboard.state.pictures import Doing, Status, bounded
from dashboard.state.viewing import Viewing
from dashboard.workflows.ahead import reaches
from dashboard.workflows.coverage import CoveragePicture, coverage, scope_of, spot
from dashboard.workflows.coverage_ahead import coverage_around, coverage_here
from dashboard.workflows.workspace import Workspace


class Covering(param.Parameterized):
    """Follows the view and the catalogue while somebody looks: the layer is on, or the table is in front."""

    picture = param.ClassSelector(class_=CoveragePicture, default=None, allow_None=True)
    table = param.ClassSelector(class_=Coverage, default=None, allow_None=True)
    spot = param.ClassSelector(class_=Spot, default=None, allow_None=True)
    """What the point under the pointer says."""
    status = param.ClassSelector(class_=Status, default=Status())
    """Of the layer."""
    watched = param.Boolean(default=False)
    """Whether the table is in front of somebody."""

    def __init__(self, workspace: Workspace, viewing: Viewing, background: Background, notices: Notices) -> None:
        super().__init__()
        self._workspace = workspace
        self._viewing = viewing
        self._notices = notices
        self._background = background
        self._drawn, self._beyond = Latest(background), Latest(background)
        self._listed, self._pointed = Latest(background), Latest(background)
        self._asked: tuple[Any, ...] | None = None
        self._asked_table: tuple[Any, ...] | None = None
        self.clock = _clock
        """What time it is; tests set their own."""
        self.on_made: Callable[[], None] = lambda: None
        """Called when the layer's picture has come, or will not come; set by the wiring."""
        viewing.param.watch(lambda *_: self.refresh(), ["view", "screen"])
        self.param.watch(lambda *_: self.refresh(), "watched")

    @property
    def making(self) -> bool:
        """Whether a picture of the layer is being made."""
        return self._drawn.busy

    def refresh(self) -> None:
        """Work out what is looked at anew, unless nothing that it depends on has changed."""
        self._refresh_picture()
        self._refresh_table()

    def _refresh_picture(self) -> None:
        view = self._viewing.view
        if Layer.COVERAGE not in view.layers:
            self._asked = None
            self.param.update(picture=None, spot=None)
            self._tell(Status())
            return
        scope, size = scope_of(view), bounded(self._viewing.size)
        key = (scope, view.measure, view.extent, size, self._workspace.catalog.revision_of(Kind.ACQUISITIONS))
        if key == self._asked:
            return
        self._asked = key
        self.spot = None
        self._tell(Status(Doing.LOADING))
        question = (self._workspace, scope, view.measure, screen_geobox(view.extent, *size), self.clock())
        self._drawn.ask(partial(coverage_here, *question), partial(self._came, view.extent, question))

    def _came(self, extent: Extent, question: tuple[Any, ...], result: Any) -> None:  # noqa: ANN401 - picture or failure
        self._made(result)
        # Only then what waited for the picture: a message leaves when this has ended, the picture first.
        self._background.later(self.on_made)
        if isinstance(result, CoveragePicture) and not reaches(result.bounds, extent):
            self._beyond.ask(partial(coverage_around, *question), partial(self._widened, self._asked))

    def _made(self, result: Any) -> None:  # noqa: ANN401 - a picture or an exception
        if isinstance(result, Exception):
            self._asked = None
            self._tell(Status(Doing.FAILED, explain(result)))
            return
        if Layer.COVERAGE not in self._viewing.view.layers:
            return  # switched off meanwhile
        empty = Status(Doing.EMPTY, "no look here in the period")
        self.picture = result
        self._tell(Status() if result.count else empty)

    def _widened(self, asked: tuple[Any, ...] | None, result: Any) -> None:  # noqa: ANN401 - a picture or an exception
        """Show the picture that reaches beyond the screen, unless the map shows something else by now."""
        if isinstance(result, Exception) or asked == self._asked:
            self._made(result)

    def _tell(self, status: Status) -> None:
        if status != self.status:
            self.status = status

    def _refresh_table(self) -> None:
        if not self.watched:
            return
        view = self._viewing.view
        scope, bbox = scope_of(view), bbox_of(view.extent)
        key = (scope, bbox, self._workspace.catalog.revision_of(Kind.ACQUISITIONS))
        if key == self._asked_table:
            return
        self._asked_table = key
        self._listed.ask(partial(coverage, self._workspace, scope, bbox, self.clock()), self._counted)

    def _counted(self, result: Any) -> None:  # noqa: ANN401 - a table or an exception
        if isinstance(result, Exception):
            self._asked_table = None
            self._notices.fail(result)
            return
        self.table = result

    def point(self, x: float, y: float) -> None:
        """Ask who looked at a place, Mercator metres."""
        view = self._viewing.view
        if Layer.COVERAGE in view.layers:
            work = partial(spot, self._workspace, scope_of(view), to_lonlat(x, y), self.clock())
            self._pointed.ask(work, self._answered)

    def leave(self) -> None:
        """Forget the place: the pointer has left it."""
        self.spot = None

    def _answered(self, result: Any) -> None:  # noqa: ANN401 - a spot or an exception
        if isinstance(result, Exception):
            self._notices.fail(result)
        elif Layer.COVERAGE in self._viewing.view.layers:
            self.spot = result


def _clock() -> datetime | None:
    return None
