"""The frontline valid at B, the one valid at A, and the ground that changed hands between them."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import param
from shapely import Polygon

from dashboard.catalog.frontlines import FrontArea
from dashboard.geo.teeth import teeth
from dashboard.model.frontline import FrontlineSnapshot
from dashboard.model.view import Extent
from dashboard.state.background import Background, Latest, attempt
from dashboard.state.follower import Follower
from dashboard.state.notices import Notices
from dashboard.state.reach import Reach
from dashboard.state.viewing import Viewing
from dashboard.workflows.front_play import FrontFrame, front_frame
from dashboard.workflows.fronts import Fronts, front_at, front_series, fronts, fronts_revision, providers
from dashboard.workflows.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Framed:
    """One front as the map draws it."""

    now: FrontFrame | None = None
    before: FrontFrame | None = None
    """At A, where that is another snapshot."""
    teeth: tuple[tuple[str, Polygon], ...] = ()
    """(side, tooth in Mercator metres)."""


class Fronting(Follower):
    """Follows the view's A, B and provider."""

    fronts = param.ClassSelector(class_=Fronts, default=None, allow_None=True)
    providers = param.ClassSelector(class_=tuple, default=())
    series = param.ClassSelector(class_=dict, default={})
    """`FrontArea` rows by provider, for the timeline's lanes."""
    frame = param.ClassSelector(class_=Framed, default=None, allow_None=True)
    stepped = param.ClassSelector(class_=tuple, default=())
    """`GroundChange` of the step that is hovered on the timeline, shown in place of A to B."""

    def __init__(
        self, workspace: Workspace, viewing: Viewing, reach: Reach, background: Background, notices: Notices
    ) -> None:
        super().__init__(workspace, viewing, reach, background, notices)
        self._background = background
        self._steps = Latest(background)
        self.light = False
        """Whether to leave out the ground that changed hands: while days are played."""
        self._listed: tuple[Any, ...] | None = None
        self._series: dict[str, tuple[FrontArea, ...]] = {}
        viewing.param.watch(lambda *_: self.refresh(), "view")

    @property
    def provider(self) -> str | None:
        """The chosen provider, or the first there is."""
        chosen = self._viewing.view.provider
        return chosen if chosen is not None else (self.providers[0] if self.providers else None)

    @property
    def moment(self) -> datetime | None:
        """Moment whose front is shown: the view's own, else B's, else the last there is."""
        b = self._reach.b
        stated = self._viewing.view.valid_at or (b.start if b else None)
        moments = self.moments() if stated is None else []
        return moments[-1] if moments else stated

    def refresh(self) -> None:
        """Look up what is valid at A and at the moment on show, unless that is known already."""
        key = self._key()
        if key == self._asked:
            return
        self._asked = key
        self._latest.ask(lambda: self._look(key), self._found)

    def again(self) -> None:
        """Look up the whole again, the ground that changed hands included."""
        self._asked = None
        self.refresh()

    def prime(self) -> None:
        """Look once in the calling thread, so that the page is built with the lanes it will have."""
        key = self._asked = self._key()
        self._found(attempt(lambda: self._look(key)))

    def _key(self) -> tuple[Any, ...]:
        a, view = self._reach.a, self._viewing.view
        when = a.start if a else None, self.moment, view.known_at
        return view.provider, *when, fronts_revision(self._workspace), view.extent, self._viewing.width

    def _look(self, key: tuple[Any, ...]) -> tuple[tuple[str, ...], dict[str, tuple[FrontArea, ...]], Fronts, Framed]:
        provider, before, after, known_at, revision, extent, width = key
        names = providers(self._workspace, known_at)
        if (revision, known_at) != self._listed:
            self._series = {name: front_series(self._workspace, name, known_at) for name in names}
            self._listed = (revision, known_at)
        chosen = provider or (names[0] if names else None)
        if self.light:
            ends = tuple(at(self._workspace, chosen, moment, known_at) for moment in (before, after))
            found = Fronts(before=ends[0], after=ends[1])
        else:
            found = fronts(self._workspace, chosen, before, after, known_at=known_at)
        return names, self._series, found, framed(found, extent, width)

    def _found(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._notices.fail(result)
            return
        names, series, found, frame = result
        same = self.frame is not None and (frame.now, frame.before) == (self.frame.now, self.frame.before)
        changed = {"fronts": found, "frame": self.frame if same else frame}
        if series is not self.series:  # days that are played change none of the lanes
            changed |= {"providers": names, "series": series}
        self.param.update(**changed)
        if self._key() != self._asked:
            self.refresh()  # what the moments are was not known when this was asked

    @property
    def busy(self) -> bool:
        """Whether a front is being looked up."""
        return self._latest.busy

    def prepare(self, moment: datetime | None) -> None:
        """Have the front of a moment at hand before it is asked for: the next day while this one is drawn."""
        view, width, provider = self._viewing.view, self._viewing.width, self.provider

        def work() -> None:
            found = at(self._workspace, provider, moment, view.known_at)
            if found is not None:
                front_frame(found, view.extent, width)

        if moment is not None:
            self._background(work, lambda _: None)  # what fails here fails again, and is told, when it is asked for

    # Steps: the moments at which a provider's front is stated anew

    def hover_step(self, provider: str, moment: datetime | None) -> None:
        """Show the ground that changed hands in the step that begins at a moment; None shows A to B again."""
        earlier = None if moment is None else self.neighbour(-1, provider, moment)
        if moment is None or earlier is None:
            self.stepped = ()
            return
        known_at = self._viewing.view.known_at
        self._steps.ask(
            lambda: fronts(self._workspace, provider, earlier, moment, known_at=known_at).changes, self._stepped
        )

    def _stepped(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._notices.fail(result)
        else:
            self.stepped = result

    def moments(self, provider: str | None = None) -> list[datetime]:
        """Return when a provider's front was stated, in order."""
        rows = self.series.get(provider or self.provider or "", ())
        return sorted({row.valid_from for row in rows})

    def neighbour(self, by: int, provider: str | None = None, moment: datetime | None = None) -> datetime | None:
        """Return the next or previous moment at which the front was stated; None at either end."""
        moments = self.moments(provider)
        now = moment or self.moment
        if not moments or now is None:
            return None
        at = bisect_right(moments, now) - 1 if by < 0 else bisect_right(moments, now)
        at = at - 1 if by < 0 and at >= 0 and moments[at] == now else at
        return moments[at] if 0 <= at < len(moments) else None


def framed(found: Fronts, extent: Extent, width: int) -> Framed:
    """Return the fronts as a map of an extent and a width in pixels draws them."""
    if found.after is None:
        return Framed(before=front_frame(found.before, extent, width) if found.before is not None else None)
    now = front_frame(found.after, extent, width)
    other = found.before is not None and found.before.id != found.after.id
    scale = (extent.x1 - extent.x0) / width
    return Framed(
        now=now,
        before=front_frame(found.before, extent, width) if found.before is not None and other else None,
        teeth=tuple((side, tooth) for side, line in now.lines for tooth in teeth(line, scale, extent=extent)),
    )


def at(
    workspace: Workspace, provider: str | None, moment: datetime | None, known_at: datetime | None
) -> FrontlineSnapshot | None:
    """Return a provider's snapshot at a moment; None where either is not stated."""
    return None if provider is None or moment is None else front_at(workspace, provider, moment, known_at=known_at)
