"""Detected changes over the map, and the job that finds more of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import param

from dashboard.geo.mercator import bbox_of, screen_geobox
from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.handling import Handling
from dashboard.model.progress import CancelToken, Report
from dashboard.state.background import Background, Latest
from dashboard.state.job import Job
from dashboard.state.notices import Notices
from dashboard.state.pictures import bounded
from dashboard.state.reach import Reach
from dashboard.state.viewing import Viewing
from dashboard.workflows.ahead import reaches
from dashboard.workflows.brief_changes import ChangeChoice
from dashboard.workflows.change_overlay import Asked, ChangeOverlay, ChangePicture, change_at, change_overlay
from dashboard.workflows.detection.question import question_between
from dashboard.workflows.detection.run import detect
from dashboard.workflows.front_report import related_to
from dashboard.workflows.review import Sieve
from dashboard.workflows.workspace import Workspace

FALSE_ALARM_RATES = (1e-3, 1e-4, 1e-5)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the last detection found."""

    run: ChangeRun
    count: int


class Changing(param.Parameterized):
    """Follows the view's extent; `detect` is the one long job. What is shown of a run, `Reviewing` says."""

    changes = param.ClassSelector(class_=tuple, default=())
    """`DetectedChange` of the chosen run over the map, largest first; empty where there are too many to be shapes."""
    picture = param.ClassSelector(class_=ChangePicture, default=None, allow_None=True)
    """All of them, where there are too many."""
    relations = param.ClassSelector(class_=dict, default={})
    """`FrontRelation` of the change in hand by its id: to the front valid when it was first seen."""
    runs = param.ClassSelector(class_=tuple, default=())
    run_id = param.String(default=None, allow_None=True)
    """Run that was chosen; None shows the latest run between A and B, if there is one."""
    run = param.ClassSelector(class_=ChangeRun, default=None, allow_None=True)
    """Run whose changes are shown."""
    selected = param.String(default=None, allow_None=True)
    """Id of the change in hand, as `Reviewing` says."""
    far = param.Selector(default=1e-3, objects=list(FALSE_ALARM_RATES))
    """False-alarm rate of a seed pixel that the next detection asks for."""
    outcome = param.ClassSelector(class_=Outcome, default=None, allow_None=True)

    def __init__(
        self, workspace: Workspace, viewing: Viewing, reach: Reach, background: Background, notices: Notices
    ) -> None:
        super().__init__()
        self._workspace = workspace
        self._viewing = viewing
        self._reach = reach
        self._notices = notices
        self._latest, self._wider, self._near = Latest(background), Latest(background), Latest(background)
        self.job = Job(background)
        self._asked: tuple[Any, ...] | None = None
        self._beyond: tuple[Any, ...] | None = None
        self._shown: tuple[Any, ...] = (None, None, None)
        self.wanted: Callable[[], tuple[Sieve, str | None]] = lambda: (Sieve(), None)
        """Which changes are shown, and to whom; set by the owner of the filters."""
        viewing.param.watch(lambda *_: self.refresh(), ["view", "screen"])

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why a detection between A and B is refused; empty when it may run."""
        a, b = self._reach.a, self._reach.b
        if a is None or b is None:
            return ("choose a before (A) and an after (B) picture",)
        reasons = [
            f"{acq.id} is uncalibrated: {acq.calibration.why_not}" for acq in (a, b) if not acq.calibration.valid
        ]
        reasons += [f"{acq.id} has no pixels here" for acq in (a, b) if acq.pixels is None]
        reasons += [f"{acq.id} is no radar's" for acq in (a, b) if acq.optical]
        if a.id == b.id:
            reasons.append("A and B are the same acquisition")
        elif b.start <= a.start:
            reasons.append("B is not later than A: exchange them with X")
        return tuple(reasons)

    @property
    def handlings(self) -> tuple[Handling, ...]:
        """What the changes on the map bring of handling."""
        if self.picture is not None and self.run is not None:
            return (self.run.handling,)
        return tuple(change.handling for change in self.changes[:1])

    @property
    def choice(self) -> ChangeChoice:
        """What a sheet needs to know to show the same changes."""
        sieve, reviewer = self.wanted()
        run: ChangeRun | None = self.run
        return ChangeChoice() if run is None else ChangeChoice(run_id=run.id, sieve=sieve, reviewer=reviewer)

    def choose_run(self, run_id: str | None) -> None:
        """Show the changes of one run."""
        if run_id != self.run_id:
            self.run_id = run_id
            self.refresh()

    @property
    def looking(self) -> bool:
        """Whether the changes over the map are being looked up."""
        return self._latest.busy

    def refresh(self) -> None:
        """Look up the changes over the map, unless they are known already."""
        view = self._viewing.view
        key = (
            (view.extent, bounded(self._viewing.size)), view.a, view.b, self.run_id, view.provider, view.known_at,
            self.wanted(), self._workspace.catalog.revision,
        )  # fmt: skip
        if key == self._asked:
            return
        self._asked = key
        self._latest.ask(lambda: self._look(key), partial(self._found, key))

    def _look(
        self, key: tuple[Any, ...], *, beyond: bool = False
    ) -> tuple[tuple[ChangeRun, ...], ChangeRun | None, ChangeOverlay | None]:
        (extent, size), a, b, run_id, provider, known_at, (sieve, reviewer), _ = key
        found = self._workspace.catalog.changes.runs()
        runs = tuple(run for run in found if known_at is None or run.created <= known_at)
        pair = [run.id for run in runs if (run.before, run.after) == (a, b)]
        chosen = run_id or (pair[-1] if pair else None)
        run = next((run for run in runs if run.id == chosen), None)
        if run is None:
            return runs, None, None
        asked = Asked(run_id=run.id, sieve=sieve, reviewer=reviewer, provider=provider, known_at=known_at)
        return runs, run, change_overlay(self._workspace, asked, screen_geobox(extent, *size), beyond=beyond)

    def _found(self, key: tuple[Any, ...], result: Any) -> None:  # noqa: ANN401 - what `_look` returns, or a failure
        if isinstance(result, Exception):
            self._asked = None
            self._notices.fail(result)
            return
        runs, run, overlay = result
        changes: tuple[DetectedChange, ...] = () if overlay is None else overlay.changes
        if [change.id for change in changes] == [change.id for change in self.changes]:
            changes = self.changes
        picture = None if overlay is None else overlay.picture
        self.param.update(runs=runs, run=run, changes=changes, picture=picture)
        if overlay is not None and not reaches(overlay.bounds, key[0][0]) and key == self._asked != self._beyond:
            self._beyond = key  # once: where there are too many for shapes it reaches no further
            self._wider.ask(lambda: self._look(key, beyond=True), partial(self._widened, key))

    def _widened(self, key: tuple[Any, ...], result: Any) -> None:  # noqa: ANN401 - as above
        """Show what reaches beyond the screen, unless the map shows something else by now."""
        if isinstance(result, Exception) or key == self._asked:
            self._found(key, result)

    def at(self, x: float, y: float, radius_m: float) -> str | None:
        """Return the id of the change at a place on the map, Mercator metres, or a little beside it."""
        if self.run is None:
            return None
        view, (sieve, reviewer) = self._viewing.view, self.wanted()
        asked = Asked(
            run_id=self.run.id, sieve=sieve, reviewer=reviewer, provider=view.provider, known_at=view.known_at
        )
        return change_at(self._workspace, asked, (x, y), radius_m)

    def show(self, change: DetectedChange | None) -> None:
        """Mark the change in hand and measure how far from the front it is; only its owner, `Reviewing`, calls this."""
        view, id_ = self._viewing.view, None if change is None else change.id
        key = (id_, view.provider, view.known_at)
        if key == self._shown:
            return
        self._shown = key
        self.param.update(selected=id_, relations={})
        if change is not None:
            item = (change.geometry, change.before)
            self._near.ask(
                lambda: (id_, related_to(self._workspace, view.provider, [item], view.known_at)), self._measured
            )

    def _measured(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._notices.fail(result)
        elif result[0] == self.selected:
            self.relations = {result[0]: result[1][0]}

    def detect(self, *, full: bool) -> None:
        """Detect what changed between A and B over the map: on the screen's grid, or at full resolution.

        Asked are B's stack, and A's where that is another one, each against its own year up to A.
        """
        a, b, view = self._reach.a, self._reach.b, self._viewing.view
        if a is None or b is None:
            return
        geobox, bbox = screen_geobox(view.extent, *bounded(self._viewing.size)), bbox_of(view.extent)
        workspace, far = self._workspace, self.far

        def work(report: Report, cancel: CancelToken) -> Any:  # noqa: ANN401
            question = question_between(workspace, a, b, far=far)
            if not full:
                return detect(workspace, question, geobox=geobox, report=report, cancel=cancel)
            from dashboard.workflows.detection.area import detect_area  # noqa: PLC0415 - Dask costs a second to import

            scheduler = workspace.scheduler or None
            return detect_area(workspace, question, bbox=bbox, scheduler=scheduler, report=report, cancel=cancel)

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
