"""Detected changes over the map, and the job that finds more of them."""

from dataclasses import dataclass
from typing import Any

import param

from dashboard.catalog.query import ChangeQuery
from dashboard.geo.mercator import bbox_of, screen_geobox
from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.progress import CancelToken, Report
from dashboard.model.stack import statistics_refusals
from dashboard.state.arranging import Arranged, Arrangement, arrange
from dashboard.state.background import Background, Latest
from dashboard.state.job import Job
from dashboard.state.notices import Notices
from dashboard.state.pictures import bounded
from dashboard.state.reach import Reach
from dashboard.state.viewing import Viewing
from dashboard.workflows.detect import detect
from dashboard.workflows.front_report import related_to
from dashboard.workflows.workspace import Workspace

LIMIT = 5_000
FALSE_ALARM_RATES = (1e-3, 1e-4, 1e-5)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the last detection found."""

    run: ChangeRun
    count: int


class Changing(param.Parameterized):
    """Follows the view's extent; `detect` is the one long job."""

    changes = param.ClassSelector(class_=tuple, default=())
    """`DetectedChange` of the chosen run over the map, largest first."""
    relations = param.ClassSelector(class_=dict, default={})
    """`FrontRelation` of each change by its id: to the front valid when it was first seen."""
    arrangement = param.ClassSelector(class_=Arrangement, default=Arrangement(), allow_None=False)
    runs = param.ClassSelector(class_=tuple, default=())
    run_id = param.String(default=None, allow_None=True)
    """Run whose changes are shown; None shows the latest run between A and B, if there is one."""
    selected = param.String(default=None, allow_None=True)
    far = param.Selector(default=1e-3, objects=list(FALSE_ALARM_RATES))
    """False-alarm rate per analysis pixel that the next detection promises."""
    outcome = param.ClassSelector(class_=Outcome, default=None, allow_None=True)

    def __init__(
        self, workspace: Workspace, viewing: Viewing, reach: Reach, background: Background, notices: Notices
    ) -> None:
        super().__init__()
        self._workspace = workspace
        self._viewing = viewing
        self._reach = reach
        self._notices = notices
        self._latest = Latest(background)
        self.job = Job(background)
        self._asked: tuple[Any, ...] | None = None
        viewing.param.watch(lambda *_: self.refresh(), "view")
        self.param.watch(lambda *_: self.refresh(), "arrangement")

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why a detection between A and B is refused; empty when it may run."""
        a, b = self._reach.a, self._reach.b
        if a is None or b is None:
            return ("choose a before (A) and an after (B) picture",)
        reasons = list(statistics_refusals(a, b))
        if b.start <= a.start:
            reasons.append("B is not later than A: exchange them with X")
        return tuple(reasons)

    def choose_run(self, run_id: str | None) -> None:
        """Show the changes of one run."""
        if run_id != self.run_id:
            self.run_id = run_id
            self.refresh()

    def refresh(self) -> None:
        """Look up the changes over the map, unless they are known already."""
        view = self._viewing.view
        key = (
            view.extent, view.a, view.b, self.run_id, view.provider, view.known_at, self.arrangement,
            self._workspace.catalog.revision,
        )  # fmt: skip
        if key == self._asked:
            return
        self._asked = key
        self._latest.ask(lambda: self._look(key), self._found)

    def _look(self, key: tuple[Any, ...]) -> tuple[tuple[ChangeRun, ...], Arranged]:
        extent, a, b, run_id, provider, known_at, arrangement, _ = key
        catalog = self._workspace.catalog.changes
        runs = tuple(run for run in catalog.runs() if known_at is None or run.created <= known_at)
        pair = [run.id for run in runs if (run.before, run.after) == (a, b)]
        chosen = run_id or (pair[-1] if pair else None)
        if chosen is None or all(run.id != chosen for run in runs):
            return runs, Arranged()
        found = catalog.find(ChangeQuery(bbox=bbox_of(extent), run_id=chosen, limit=LIMIT))
        items = [(change.geometry, change.before) for change in found]
        return runs, arrange(found, related_to(self._workspace, provider, items, known_at), arrangement)

    def _found(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._notices.fail(result)
            return
        runs, arranged = result
        same = [c.id for c in arranged.changes] == [c.id for c in self.changes]
        changes = self.changes if same else arranged.changes
        self.param.update(runs=runs, relations=arranged.relations, changes=changes)

    def select(self, change_id: str | None) -> None:
        """Select a change on map and list at once."""
        if change_id != self.selected:
            self.selected = change_id

    def step(self, by: int) -> DetectedChange | None:
        """Select the next or the previous change of the list and return it."""
        if not self.changes:
            return None
        ids = [change.id for change in self.changes]
        at = ids.index(self.selected) + by if self.selected in ids else (0 if by > 0 else len(ids) - 1)
        chosen: DetectedChange = self.changes[at % len(ids)]
        self.selected = chosen.id
        return chosen

    def detect(self, *, full: bool) -> None:
        """Detect between A and B over the map: on the screen's grid, or at full resolution."""
        a, b, view = self._reach.a, self._reach.b, self._viewing.view
        if a is None or b is None:
            return
        geobox = None if full else screen_geobox(view.extent, *bounded(self._viewing.size))
        bbox = bbox_of(view.extent) if full else None
        polarisation, far = view.polarisation, self.far

        def work(report: Report, cancel: CancelToken) -> Any:  # noqa: ANN401
            return detect(
                self._workspace, a, b, polarisation=polarisation, far=far, geobox=geobox, bbox=bbox,
                report=report, cancel=cancel,
            )  # fmt: skip

        self.job.start(work, self._detected)

    def _detected(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._notices.fail(result)
            return
        run, changes = result
        self.outcome = Outcome(run, len(changes))
        self.run_id = run.id
        self._asked = None
        self.refresh()
