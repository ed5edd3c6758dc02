"""The frontline valid at B, the one valid at A, and the ground that changed hands between them."""

from typing import Any

import param

from dashboard.catalog.frontlines import FrontArea
from dashboard.state.background import Background, Latest, attempt
from dashboard.state.notices import Notices
from dashboard.state.reach import Reach
from dashboard.state.viewing import Viewing
from dashboard.workflows.fronts import Fronts, fronts
from dashboard.workflows.workspace import Workspace


class Fronting(param.Parameterized):
    """Follows the view's A, B and provider."""

    fronts = param.ClassSelector(class_=Fronts, default=None, allow_None=True)
    providers = param.ClassSelector(class_=tuple, default=())
    series = param.ClassSelector(class_=tuple, default=())
    """`FrontArea` rows of the chosen provider, for the timeline's lane."""

    def __init__(
        self, workspace: Workspace, viewing: Viewing, reach: Reach, background: Background, notices: Notices
    ) -> None:
        super().__init__()
        self._workspace = workspace
        self._viewing = viewing
        self._reach = reach
        self._notices = notices
        self._latest = Latest(background)
        self._asked: tuple[Any, ...] | None = None
        viewing.param.watch(lambda *_: self.refresh(), "view")

    @property
    def provider(self) -> str | None:
        """The chosen provider, or the first there is."""
        chosen = self._viewing.view.provider
        return chosen if chosen is not None else (self.providers[0] if self.providers else None)

    def refresh(self) -> None:
        """Look up what is valid at A and B, unless that is known already."""
        key = self._key()
        if key == self._asked:
            return
        self._asked = key
        self._latest.ask(lambda: self._look(key), self._found)

    def prime(self) -> None:
        """Look once in the calling thread, so that the page is built with the lane it will have."""
        key = self._asked = self._key()
        self._found(attempt(lambda: self._look(key)))

    def _key(self) -> tuple[Any, ...]:
        a, b = self._reach.a, self._reach.b
        return (
            self._viewing.view.provider,
            a.start if a else None,
            b.start if b else None,
            self._workspace.catalog.revision,
        )

    def _look(self, key: tuple[Any, ...]) -> tuple[tuple[str, ...], tuple[FrontArea, ...], Fronts]:
        provider, before, after, _ = key
        frontlines = self._workspace.catalog.frontlines
        providers = tuple(frontlines.providers())
        chosen = provider or (providers[0] if providers else None)
        series = tuple(frontlines.series(chosen)) if chosen else ()
        return providers, series, fronts(self._workspace, chosen, before, after)

    def _found(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._notices.fail(result)
            return
        providers, series, found = result
        self.param.update(providers=providers, series=series, fronts=found)
