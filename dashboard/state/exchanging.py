"""Annotations from files and into files."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import param

from dashboard.catalog.query import AnnotationQuery
from dashboard.geo.mercator import bbox_of
from dashboard.model.errors import InputError
from dashboard.model.handling import UNMARKED
from dashboard.state.background import Background
from dashboard.state.job import Job
from dashboard.state.notices import Notices, Weight
from dashboard.state.noting import Noting
from dashboard.state.recording import Recording
from dashboard.state.viewing import Viewing
from dashboard.workflows.exchange import Exported, Imported, export_annotations, import_annotations
from dashboard.workflows.workspace import Workspace

FORMATS = {"GeoJSON": "geojson", "KML": "kml", "KMZ": "kmz", "GeoPackage": "gpkg"}
UPLOADS = "imports"
"""Folder below the workspace where files from the page lie until they are read."""
MOST_SAID = 12
"""Losses named one by one; the rest is counted."""


class Exchanging(param.Parameterized):
    """Owner of the import and export jobs."""

    said = param.ClassSelector(class_=tuple, default=())
    """What the last job did and what it could not carry, a sentence each."""
    ready = param.ClassSelector(class_=Path, default=None, allow_None=True)
    """The file of the last export."""

    def __init__(
        self, workspace: Workspace, viewing: Viewing, noting: Noting, recording: Recording, background: Background,
        notices: Notices,
    ) -> None:  # fmt: skip
        super().__init__()
        self._workspace = workspace
        self._viewing = viewing
        self._noting = noting
        self._recording = recording
        self._notices = notices
        self.job = Job(background)

    def take(self, upload: str) -> None:
        """Import a file that the page has brought; it is removed when it has been read."""
        path = self._workspace.root / UPLOADS / upload
        if Path(upload).name != upload or not path.is_file():
            raise InputError(f"There is no uploaded file {upload!r}; drop it on the page again.")
        author = self._recording.author()

        def work(report: Any, cancel: Any) -> Imported:  # noqa: ANN401
            try:
                return import_annotations(
                    self._workspace, path, author=author, handling=UNMARKED, report=report, cancel=cancel
                )
            finally:
                path.unlink(missing_ok=True)

        if not self.job.start(work, self._imported):
            self._notices.tell("Another import or export is still running.", Weight.WARNING)

    def _imported(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._notices.fail(result)
            return
        kept = f", {result.drafts} kept as drafts" if result.drafts else ""
        skipped = f", {result.skipped} known already" if result.skipped else ""
        clashing = f", {result.conflicts} in conflict: decide in Notes" if result.conflicts else ""
        head = f"Imported {result.saved} annotations{kept}{skipped}{clashing}."
        self.param.update(said=_said(head, result.lost), ready=None)
        self._recording.wrote()
        self._recording.find_drafts()
        self._noting.refresh()

    def export(self, words: str) -> None:
        """Write what is on the map at this moment, as known at the view's clock, to a file of a format."""
        view, now = self._viewing.view, datetime.now(UTC)
        folder = self._workspace.root / "exports"
        folder.mkdir(exist_ok=True)
        path = folder / f"nightglass-annotations-{now:%Y%m%dT%H%M%SZ}.{FORMATS[words]}"
        query = AnnotationQuery(
            bbox=bbox_of(view.extent), valid_at=self._noting.moment, known_at=view.known_at, limit=None
        )

        def work(report: Any, cancel: Any) -> Exported:  # noqa: ANN401
            return export_annotations(self._workspace, query, path, report=report, cancel=cancel)

        if not self.job.start(work, self._exported):
            self._notices.tell("Another import or export is still running.", Weight.WARNING)

    def _exported(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._notices.fail(result)
            return
        self.param.update(said=_said(f"Exported {result.count} annotations.", result.lost), ready=result.path)


def _said(head: str, lost: tuple[str, ...]) -> tuple[str, ...]:
    more = (f"and {len(lost) - MOST_SAID} more",) if len(lost) > MOST_SAID else ()
    return (head, *lost[:MOST_SAID], *more)
