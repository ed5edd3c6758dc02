"""Live detection: what changed between A and B on the screen, worked out while the analyst pans; latest wins."""

from functools import partial
from typing import Any

import numpy as np
import param

from dashboard.catalog.engine import Kind
from dashboard.geo.mercator import screen_geobox
from dashboard.model.acquisition import Acquisition
from dashboard.model.change import USUAL_FALSE_PER_100KM2
from dashboard.model.errors import CancelledError
from dashboard.model.progress import CancelToken
from dashboard.model.stack import mismatches
from dashboard.model.view import Extent, Layer
from dashboard.state.background import Background, Latest, explain
from dashboard.state.changing import Changing
from dashboard.state.pictures import Doing, Status, bounded
from dashboard.state.reach import Reach
from dashboard.state.viewing import Viewing
from dashboard.workflows.detection.live import Live, live
from dashboard.workflows.detection.question import question_between
from dashboard.workflows.workspace import Workspace


class Living(param.Parameterized):
    """Follows the view while the layer is on; a search that nobody waits for any more is stopped."""

    picture = param.ClassSelector(class_=Live, default=None, allow_None=True)
    """Of the last search that came to its end: it stays until the next has."""
    status = param.ClassSelector(class_=Status, default=Status())

    def __init__(
        self, workspace: Workspace, viewing: Viewing, reach: Reach, changing: Changing, background: Background
    ) -> None:
        super().__init__()
        self._workspace = workspace
        self._viewing = viewing
        self._reach = reach
        self._changing = changing
        self._latest = Latest(background)
        self._cancel = CancelToken()
        self._asked: tuple[Any, ...] | None = None
        self.stopped = 0
        """Searches that were superseded or switched off while they ran."""
        viewing.param.watch(lambda *_: self.refresh(), ["view", "screen"])
        changing.param.watch(lambda *_: self.refresh(), "far")
        reach.param.watch(lambda *_: self.refresh(), "everything")

    @property
    def making(self) -> bool:
        """Whether a search is under way."""
        return self._latest.busy

    @property
    def floor(self) -> float:
        """The least score that is shown while nobody has set one, a step of the picture; 0 without announcement."""
        found = self.picture
        if found is None or found.announced is None:
            return 0.0
        wanted = found.announced.score_for(USUAL_FALSE_PER_100KM2)
        return float(found.scores[min(np.searchsorted(found.scores, wanted), len(found.scores) - 1)])

    @property
    def apart(self) -> tuple[str, ...]:
        """Why A and B are not of one stack: then each is compared with its own past."""
        a, b = self._reach.a, self._reach.b
        return () if a is None or b is None else tuple(mismatches(a, b))

    def refresh(self) -> None:
        """Search the screen anew, unless nothing that the answer depends on has changed."""
        view = self._viewing.view
        if Layer.LIVE not in view.layers:
            self._leave(Status())
            return
        if self._viewing.screen is None:
            return  # nobody sees anything yet
        refusals, a, b = self._changing.refusals, self._reach.a, self._reach.b
        if refusals or a is None or b is None:
            self._leave(Status(Doing.EMPTY, "; ".join(refusals)))
            return
        size, far = bounded(self._viewing.size), self._changing.far
        key = (a.id, b.id, far, view.extent, size, self._workspace.catalog.revision_of(Kind.ACQUISITIONS))
        if key == self._asked:
            return
        self._stop()
        self._asked = key
        self._tell(Status(Doing.LOADING))
        cancel = self._cancel = CancelToken()
        self._latest.ask(
            partial(self._search, (a, b), (view.extent, size), far, cancel), lambda result: self._came(result, cancel)
        )

    def retry(self) -> None:
        """Search again after a failure."""
        self._asked = None
        self.refresh()

    def _search(
        self,
        pair: tuple[Acquisition, Acquisition],
        screen: tuple[Extent, tuple[int, int]],
        far: float,
        cancel: CancelToken,
    ) -> Live:
        cancel.check()  # it may have waited its turn for nothing
        extent, size = screen
        question = question_between(self._workspace, *pair, far=far)
        return live(self._workspace, question, screen_geobox(extent, *size), cancel)

    def _leave(self, status: Status) -> None:
        """Stop what runs and show nothing."""
        self._stop()
        self._asked = None
        if self.picture is not None:
            self.picture = None
        self._tell(status)

    def _stop(self) -> None:
        if self._latest.busy and not self._cancel.cancelled:
            self.stopped += 1
        self._cancel.cancel()

    def _came(self, result: Any, cancel: CancelToken) -> None:  # noqa: ANN401 - a picture or an exception
        if isinstance(result, CancelledError) or cancel.cancelled:
            return  # nobody waits for it
        if isinstance(result, Exception):
            self._asked = None
            self._tell(Status(Doing.FAILED, explain(result)))
            return
        self.picture = result
        self._tell(Status() if result.method else Status(Doing.EMPTY, "; ".join(result.remarks)))

    def _tell(self, status: Status) -> None:
        if status != self.status:
            self.status = status
