"""From a view to a file that can be put in front of a commander: gather, refuse or mark, draw, write."""

import contextlib
import errno
import os
import re
import unicodedata
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from dashboard.briefing.files import Format, format_of, render
from dashboard.briefing.layout import MAX_TITLE, Page, page_of
from dashboard.briefing.sheet import Sheet
from dashboard.model.dtg import dtg
from dashboard.model.errors import DiskFullError, InputError
from dashboard.model.palette import Theme
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.model.view import View
from dashboard.workflows.brief_changes import ChangeChoice
from dashboard.workflows.brief_contents import area_name, contents
from dashboard.workflows.process import run_apart
from dashboard.workflows.workspace import Workspace, open_workspace

MAX_AUTHOR = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotOptions:
    """How a view is put on paper."""

    page: Page = Page.A4
    format: Format = "png"
    title: str = ""
    """Empty: the area's name and what is compared."""
    author: str = ""
    """Initials or name printed at the foot."""
    theme: Theme = "light"
    changes: ChangeChoice = field(default_factory=ChangeChoice)
    """Which detected changes: those that were on the screen."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "page", page_of(self.page))
        object.__setattr__(self, "format", format_of(self.format))
        if self.theme not in ("light", "dark"):
            raise InputError(f"Theme {self.theme!r} is not known; give light or dark.")
        for name, text, limit in (("title", self.title, MAX_TITLE), ("author", self.author, MAX_AUTHOR)):
            if len(text) > limit:
                raise InputError(f"The {name} has {len(text)} characters; at most {limit} fit. Shorten it.")


def snapshot(
    root: Path,
    view: View,
    options: SnapshotOptions,
    path: Path,
    *,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Path:
    """Write the sheet of a view in a worker process; the file appears whole or not at all.

    Parameters
    ----------
    root : of the workspace
    path : of the file; an existing one is replaced
    cancel : ends the worker at once

    Raises
    ------
    AccessError
        If anything shown may not be shown in a product, or not yet; it is named.
    CancelledError
        If `cancel` was set.
    ResourceError
        If the worker ended early; `DiskFullError` if there was no room.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise InputError(f"The folder {path.parent} does not exist; make it first.")
    part = _temporary(path)
    try:
        run_apart(_export, (root, view, options, part), what="The export", report=report, cancel=cancel)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def write_sheet(sheet: Sheet, kind: Format, path: Path) -> Path:
    """Write a sheet in this process: to a temporary name, synced, renamed."""
    part = _temporary(path)
    try:
        _write(sheet, kind, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def sheet_of(workspace: Workspace, view: View, options: SnapshotOptions, *, report: Report = silent) -> Sheet:
    """Return everything that will be printed; what may not be shown is refused here, before anything is drawn."""
    sheet = contents(workspace, view, options.page, options.title, options.changes, report=report)
    return replace(sheet, theme=options.theme, author=options.author)


def file_name(area: str, moment: datetime | None, options: SnapshotOptions, *, version: int = 1) -> str:
    """Return ``<area>_<DTG of B, else A>_<page>_v01.<format>``, safe on every file system."""
    plain = unicodedata.normalize("NFKD", area).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "area"
    when = dtg(moment) if moment is not None else "undated"
    return f"{stem}_{when}_{options.page.value}_v{version:02d}.{options.format}"


def suggested_name(workspace: Workspace, view: View, options: SnapshotOptions) -> str:
    """Return the name for a view's file: the first version that the workspace's ``exports`` does not hold yet."""
    held = [workspace.catalog.acquisitions.get(name) for name in (view.b, view.a) if name is not None]
    area, moment = area_name(workspace, view.extent), held[0].start if held else None
    folder = workspace.root / "exports"
    for version in range(1, 100):
        name = file_name(area, moment, options, version=version)
        if not (folder / name).exists():
            break
    return name


def _export(root: Path, view: View, options: SnapshotOptions, part: Path, *, report: Report) -> None:
    report(Progress(0.05, "Opening the catalogue"))
    with open_workspace(root) as workspace:
        sheet = sheet_of(workspace, view, options, report=report)
    report(Progress(0.6, "Drawing the sheet"))
    _write(sheet, options.format, part)
    report(Progress(1.0, "Done"))


def _write(sheet: Sheet, kind: Format, part: Path) -> None:
    data = render(sheet, kind)
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            msg = f"No room for {len(data) / 2**20:.0f} MiB in {part.parent}; nothing was written. Free some space."
            raise DiskFullError(msg) from error
        msg = f"{part.parent} cannot be written to ({error.strerror}); choose another folder."
        raise InputError(msg) from error


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name[:80]}.{uuid.uuid4().hex}.part")
