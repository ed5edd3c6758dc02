"""The export job: one view, one file, in a worker process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import param

from dashboard.state.background import Background
from dashboard.state.job import Job
from dashboard.state.notices import Notices
from dashboard.state.viewing import Viewing
from dashboard.workflows.brief import SnapshotOptions, snapshot, suggested_name
from dashboard.workflows.brief_changes import ChangeChoice
from dashboard.workflows.workspace import Workspace


class Briefs(param.Parameterized):
    """Owner of the export job and of the last file it made."""

    ready = param.ClassSelector(class_=Path, default=None, allow_None=True)
    """The finished file, until the next export starts."""
    failure = param.String(default="")

    def __init__(self, workspace: Workspace, viewing: Viewing, background: Background, notices: Notices) -> None:
        super().__init__()
        self._workspace = workspace
        self._viewing = viewing
        self._notices = notices
        self.job = Job(background)
        self.shown: Callable[[], ChangeChoice] = ChangeChoice
        """Which detected changes are on the screen; set by the session."""

    def export(self, options: SnapshotOptions) -> None:
        """Draw the present view into a file below the data directory's ``exports``."""
        if self.job.progress is not None:
            return
        view = self._viewing.view
        folder = self._workspace.root / "exports"
        folder.mkdir(exist_ok=True)
        path = folder / suggested_name(self._workspace, view, options)
        self.param.update(ready=None, failure="")
        self.job.start(
            lambda report, cancel: snapshot(self._workspace.root, view, options, path, report=report, cancel=cancel),
            self._exported,
        )

    def _exported(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._notices.fail(result)
            text = self._notices.current.text if self._notices.current else ""
            self.failure = text
            return
        self.ready = result
