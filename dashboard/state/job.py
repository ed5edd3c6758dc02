"""One long piece of work: in the background, with progress, stopped on request, never twice at once."""

from collections.abc import Callable
from typing import Any

import param

from dashboard.model.progress import CancelToken, Progress, Report
from dashboard.state.background import Background, Done

LongWork = Callable[[Report, CancelToken], Any]


class Job(param.Parameterized):
    """Runs one piece of work at a time."""

    progress = param.ClassSelector(class_=Progress, default=None, allow_None=True)
    """Of the running work; None when none runs."""

    def __init__(self, background: Background) -> None:
        super().__init__()
        self._background = background
        self._cancel: CancelToken | None = None

    def start(self, work: LongWork, done: Done) -> bool:
        """Start the work unless some is running; `done` gets its result, or the exception that ended it."""
        if self.progress is not None:
            return False
        cancel = self._cancel = CancelToken()
        self.progress = Progress(0.0, "starting")

        def finished(result: Any) -> None:  # noqa: ANN401
            self._cancel = None
            self.progress = None
            done(result)

        self._background(lambda: work(self._report, cancel), finished)
        return True

    def cancel(self) -> None:
        """Stop the running work; nothing half-done is left behind."""
        if self._cancel is not None:
            self._cancel.cancel()

    def _report(self, progress: Progress) -> None:
        def show() -> None:
            if self.progress is not None:
                self.progress = progress

        self._background.later(show)
