"""The export job: one view, one file, in a worker process."""

from pathlib import Path
from typing import Any

import param

from dashboard.model.progress import CancelToken, Progress
from dashboard.state.background import Background
from dashboard.state.notices import Notices
from dashboard.state.viewing import Viewing
from dashboard.workflows.brief import SnapshotOptions, snapshot, suggested_name
from dashboard.workflows.workspace import Workspace


class Briefs(param.Parameterized):
    """Owner of the export job and of the last file it made."""

    progress = param.ClassSelector(class_=Progress, default=None, allow_None=True)
    ready = param.ClassSelector(class_=Path, default=None, allow_None=True)
    """The finished file, until the next export starts."""
    failure = param.String(default="")

    def __init__(self, workspace: Workspace, viewing: Viewing, background: Background, notices: Notices) -> None:
        super().__init__()
        self._workspace = workspace
        self._viewing = viewing
        self._background = background
        self._notices = notices
        self._cancel: CancelToken | None = None

    def export(self, options: SnapshotOptions) -> None:
        """Draw the present view into a file below the data directory's ``exports``."""
        if self.progress is not None:
            return
        view = self._viewing.view
        folder = self._workspace.root / "exports"
        folder.mkdir(exist_ok=True)
        path = folder / suggested_name(self._workspace, view, options)
        cancel = self._cancel = CancelToken()
        self.param.update(progress=Progress(0.0, "starting"), ready=None, failure="")
        self._background(
            lambda: snapshot(self._workspace.root, view, options, path, report=self._report, cancel=cancel),
            self._exported,
        )

    def cancel(self) -> None:
        """Stop the export; nothing is left behind."""
        if self._cancel is not None:
            self._cancel.cancel()

    def _report(self, progress: Progress) -> None:
        def show() -> None:
            if self.progress is not None:
                self.progress = progress

        self._background.later(show)

    def _exported(self, result: Any) -> None:  # noqa: ANN401
        self._cancel = None
        if isinstance(result, Exception):
            self._notices.fail(result)
            text = self._notices.current.text if self._notices.current else ""
            self.param.update(progress=None, failure=text)
            return
        self.param.update(progress=None, ready=result)
