"""What the front did between A and the moment on show, where providers differ, and the play of its days."""

from collections.abc import Callable
from typing import Any

import param

from dashboard.geo.disagreement import Disagreement
from dashboard.geo.displacement import Displacement
from dashboard.model.view import Layer
from dashboard.state.background import Background, Latest
from dashboard.state.fronting import Fronting
from dashboard.state.notices import Notices
from dashboard.state.reach import Reach
from dashboard.state.viewing import Viewing
from dashboard.workflows.front_report import FrontReport, band, report
from dashboard.workflows.fronts import fronts_revision
from dashboard.workflows.held import decide, held
from dashboard.workflows.workspace import Workspace


class FrontTime(param.Parameterized):
    """Follows the fronts on show; works only while somebody looks."""

    report = param.ClassSelector(class_=FrontReport, default=None, allow_None=True)
    band = param.ClassSelector(class_=Disagreement, default=None, allow_None=True)
    held = param.ClassSelector(class_=tuple, default=())
    """`HeldSnapshot` that wait for a person."""
    watched = param.Boolean(default=False)
    """Whether the report is on the screen."""
    playing = param.Boolean(default=False)

    def __init__(
        self,
        workspace: Workspace,
        viewing: Viewing,
        reach: Reach,
        fronting: Fronting,
        background: Background,
        notices: Notices,
    ) -> None:
        super().__init__()
        self._workspace = workspace
        self._viewing = viewing
        self._reach = reach
        self._fronting = fronting
        self._background = background
        self._notices = notices
        self._reports, self._bands, self._waiting = Latest(background), Latest(background), Latest(background)
        self._asked: tuple[Any, ...] | None = None
        self._compared: tuple[Any, ...] | None = None
        self._listed: tuple[Any, ...] | None = None
        self.wrote: Callable[[], None] = lambda: None
        """Called after a decision, so that others hear of it at once."""
        self.author: Callable[[], str] = lambda: "analyst"
        fronting.param.watch(lambda *_: self.refresh(), "fronts")
        viewing.param.watch(lambda *_: self.refresh(), "view")
        self.param.watch(lambda *_: self.refresh(), ["watched", "playing"])

    @property
    def against(self) -> str | None:
        """The provider compared with: the chosen one, else the first other."""
        view, own = self._viewing.view, self._fronting.provider
        others = [name for name in self._fronting.providers if name != own]
        return view.against if view.against in others else (others[0] if others else None)

    @property
    def displacement(self) -> Displacement | None:
        """How the line moved: of the last side by name, as lines are named after it."""
        sides = self.report.sides if self.report is not None else ()
        return next((side.displacement for side in reversed(sides) if side.displacement is not None), None)

    def refresh(self) -> None:
        """Work out the report and the band, unless they are known or nobody looks."""
        if not self.playing:
            self._refresh_report()
            self._refresh_band()
            self._refresh_held()

    def _refresh_report(self) -> None:
        view, a = self._viewing.view, self._reach.a
        moment, provider = self._fronting.moment, self._fronting.provider
        looked_at = self.watched or Layer.DISPLACEMENT in view.layers
        key = (provider, a.start if a else None, moment, view.known_at, fronts_revision(self._workspace))
        if not looked_at or key == self._asked:
            return
        self._asked = key
        if provider is None or a is None or moment is None:
            self.report = None
            return

        self._reports.ask(
            lambda: report(self._workspace, provider, a.start, moment, known_at=view.known_at), self._reported
        )

    def _reported(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._notices.fail(result)
            return
        self.report = result

    def _refresh_held(self) -> None:
        key = (self._viewing.view.known_at, fronts_revision(self._workspace))
        if self.watched and key != self._listed:
            self._listed, known_at = key, key[0]
            self._waiting.ask(
                lambda: tuple(one for one in held(self._workspace) if known_at is None or one.retrieved <= known_at),
                self._held,
            )

    def _held(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._listed = None
            self._notices.fail(result)
        elif result != self.held:
            self.held = result

    def _refresh_band(self) -> None:
        view, moment = self._viewing.view, self._fronting.moment
        provider, against = self._fronting.provider, self.against
        if Layer.DISAGREEMENT not in view.layers or provider is None or against is None or moment is None:
            self._compared = None
            if self.band is not None:
                self.band = None
            return
        key = (provider, against, moment, view.known_at, fronts_revision(self._workspace))
        if key != self._compared:
            self._compared = key
            work = lambda: band(self._workspace, provider, against, moment, known_at=view.known_at)  # noqa: E731
            self._bands.ask(work, self._banded)

    def _banded(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._notices.fail(result)
        else:
            self.band = result

    # Steps and play

    def step(self, by: int) -> bool:
        """Go to the next or previous moment at which the front was stated; False at either end."""
        moment = self._fronting.neighbour(by)
        if moment is None:
            return False
        self._viewing.play_moment(moment)
        if self.playing:
            self._fronting.prepare(self._fronting.neighbour(by, moment=moment))
        return True

    def rewind(self) -> None:
        """Go to the first moment at which the front was stated, within the timeline's window."""
        moments = self._fronting.moments()
        period = self._viewing.view.period
        inside = [moment for moment in moments if period is None or period[0] <= moment <= period[1]]
        if inside:
            self._viewing.play_moment(inside[0])

    # Snapshots that wait for a person

    def decide(self, snapshot_id: str, *, accept: bool) -> None:
        """Accept or refuse a snapshot that was held."""

        def done(result: Any) -> None:  # noqa: ANN401
            if isinstance(result, Exception):
                self._notices.fail(result)
                return
            self._asked = None
            self.wrote()
            self._fronting.refresh()
            self.refresh()

        author = self.author()
        self._background(lambda: decide(self._workspace, snapshot_id, accept, author), done)
