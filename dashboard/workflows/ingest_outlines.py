"""Outlines of administrative areas into the catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard.model.errors import InputError, NightglassError
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.sources.outlines import SUFFIXES, outlines
from dashboard.workflows.ingest import IngestEntry
from dashboard.workflows.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineOptions:
    """How `ingest_outlines` reads its files."""

    name_field: str | None = None
    """Property that holds the name; None tries the usual ones."""
    level: str | None = None
    """Kind of unit for all; None takes what the file states."""
    replace: bool = False
    """Whether a name that is there may be given other ground."""


def ingest_outlines(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    options: OutlineOptions | None = None,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> list[IngestEntry]:
    """Record the outlines of GeoJSON files and folders of them, each file all or nothing.

    Returns
    -------
    one entry per file: ``added``, ``already there`` or ``failed: <error>``

    Raises
    ------
    InputError
        If a path is missing or holds no such file.
    CancelledError
        If `cancel` was called; files recorded before stay.
    """
    options, cancel = options or OutlineOptions(), cancel or CancelToken()
    files = [file for path in paths for file in _files(path)]
    entries = []
    for number, file in enumerate(files):
        cancel.check()
        report(Progress(number / len(files), file.name))
        entries.append(_ingested(workspace, file, options))
    return entries


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.exists():
        msg = f"{path} does not exist; check the path."
        raise InputError(msg)
    found = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in SUFFIXES and not file.is_symlink()]
    if not found:
        msg = f"{path} holds no outlines; Nightglass reads {', '.join(sorted(SUFFIXES))}."
        raise InputError(msg)
    return found


def _ingested(workspace: Workspace, file: Path, options: OutlineOptions) -> IngestEntry:
    try:
        found = outlines(file, name_field=options.name_field, level=options.level)
        written = workspace.catalog.outlines.add_many(found, replace=options.replace)
    except NightglassError as error:
        text = str(error) if file.name in str(error) else f"{file.name}: {error}"
        return IngestEntry(file, None, f"failed: {text}", text, exit_code=error.exit_code)
    return IngestEntry(file, file.name, "added" if written else "already there", f"{written} of {len(found)} outlines")
