"""Frontline snapshots into the catalogue, in order of time, each once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import shapely

from dashboard.model.errors import InputError, NightglassError, NotFoundError
from dashboard.model.frontline import FrontlineSnapshot
from dashboard.model.handling import UNMARKED, Handling
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.sources.frontlines import SUFFIXES, FrontFound, FrontSource, frontlines
from dashboard.workflows.held import SHRINK_SHARE, shrink
from dashboard.workflows.ingest import IngestEntry
from dashboard.workflows.workspace import Workspace

BATCH = 64
"""Snapshots recorded in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontOptions:
    """How `ingest_frontlines` treats what it finds."""

    valid_from: datetime | None = None
    """UTC; stands in for a time that a file does not state."""
    handling: Handling = UNMARKED
    """Added to what is known of the provider."""
    retrieved: datetime | None = None
    """UTC: since when the files are known, where that is stated; None means now."""
    shrink: float = SHRINK_SHARE
    """A snapshot in which a side lost more than this share of its ground is held for a person; 1 holds none."""
    dry_run: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.shrink <= 1:
            msg = f"The share of ground that may be lost is {self.shrink:g}; give 0 to 1, and 1 to hold nothing."
            raise InputError(msg)


@dataclass(slots=True)
class _Run:
    workspace: Workspace
    provider: str
    known: bool
    """Whether the provider had snapshots before this run: then one of them may come between two new ones."""
    entries: list[IngestEntry] = field(default_factory=list)
    waiting: list[tuple[Path, FrontFound]] = field(default_factory=list)
    previous: FrontlineSnapshot | None = None
    """The last one that counts; held ones do not."""
    held: dict[str, str] = field(default_factory=dict)
    """Id -> why it waits for a person, of those in `waiting`."""


def ingest_frontlines(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    provider: str,
    options: FrontOptions | None = None,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> list[IngestEntry]:
    """Record the snapshots of files and folders.

    Returns
    -------
    one entry per snapshot or failed file: ``added``, ``held``, ``already there``, ``would add``, ``would hold`` or
    ``failed: <error>``

    Raises
    ------
    InputError
        If a path is missing or the provider's name is empty.
    CancelledError
        If `cancel` was called; snapshots recorded before stay.
    """
    options, cancel = options or FrontOptions(), cancel or CancelToken()
    source = FrontSource(
        provider=provider,
        retrieved=options.retrieved or datetime.now(UTC),
        valid_from=options.valid_from,
        handling=options.handling,
    )
    files = [file for path in paths for file in _files(path)]
    run = _Run(workspace, source.provider, known=source.provider in workspace.catalog.frontlines.providers())
    found = [pair for file in files for pair in _read(run, file, source, cancel)]
    for number, (file, front) in enumerate(sorted(found, key=lambda pair: pair[1].snapshot.valid_from), 1):
        cancel.check()
        report(Progress(number / len(found), f"{file.name}: {front.snapshot.valid_from:%Y-%m-%d}"))
        _take(run, file, front, options)
    _flush(run)
    return run.entries


def _files(path: Path) -> list[Path]:
    if not path.exists():
        msg = f"{path} does not exist; check the path."
        raise InputError(msg)
    if path.is_file():
        return [path]
    found = [p for p in sorted(path.rglob("*")) if p.suffix.lower() in SUFFIXES and p.is_file() and not p.is_symlink()]
    if not found:
        msg = f"{path} holds no frontline file; Nightglass reads {', '.join(sorted(SUFFIXES))}."
        raise InputError(msg)
    return found


def _read(run: _Run, file: Path, source: FrontSource, cancel: CancelToken) -> Iterator[tuple[Path, FrontFound]]:
    cancel.check()
    try:
        for front in frontlines(file, source):
            yield file, front
    except NightglassError as error:
        text = f"{file.name}: {error}" if file.name not in str(error) else str(error)
        run.entries.append(IngestEntry(file, None, f"failed: {text}", text, exit_code=error.exit_code))


def _take(run: _Run, file: Path, front: FrontFound, options: FrontOptions) -> None:
    """Queue a snapshot, linked to the one before it when nothing moved, held when too much ground is gone."""
    snapshot = front.snapshot
    there = _recorded(run, snapshot.id) or _same_moment(run, snapshot)
    if there is not None:
        run.entries.append(IngestEntry(file, there.id, "already there"))
        run.previous = _counted(run, there)
        return
    before = _before(run, snapshot)
    if before is not None and same_areas(before, snapshot):
        snapshot = replace(snapshot, same_as=before.id)
    reason = None if before is None or snapshot.same_as else shrink(before, snapshot, options.shrink)
    if reason is None:
        run.previous = snapshot
    if options.dry_run:
        message = "; ".join(text for text in (front.note, reason) if text)
        run.entries.append(IngestEntry(file, snapshot.id, "would hold" if reason else "would add", message))
        return
    if reason is not None:
        run.held[snapshot.id] = reason
    run.waiting.append((file, FrontFound(snapshot, front.note)))
    if len(run.waiting) >= BATCH:
        _flush(run)


def _counted(run: _Run, there: FrontlineSnapshot) -> FrontlineSnapshot | None:
    """Return what later snapshots are compared with after one that is there already: itself, if it counts."""
    if there.id in run.held:
        return run.previous
    counts = run.workspace.catalog.frontlines.at(run.provider, there.valid_from)
    known = [snapshot for snapshot in (run.previous, counts) if snapshot is not None]
    return max(known, key=lambda snapshot: snapshot.valid_from) if known else None


def _recorded(run: _Run, name: str) -> FrontlineSnapshot | None:
    """Return the snapshot of an id, recorded or waiting to be."""
    waiting = next((front.snapshot for _, front in run.waiting if front.snapshot.id == name), None)
    if waiting is not None:
        return waiting
    try:
        return run.workspace.catalog.frontlines.get(name)
    except NotFoundError:
        return None


def _same_moment(run: _Run, snapshot: FrontlineSnapshot) -> FrontlineSnapshot | None:
    """Return a snapshot of the same moment and ground out of another file: a copy is no correction."""
    mine = [run.previous] if run.previous is not None else []
    theirs = [run.workspace.catalog.frontlines.at(run.provider, snapshot.valid_from)] if run.known else []
    same = (s for s in (*mine, *theirs) if s is not None and s.valid_from == snapshot.valid_from)
    return next((s for s in same if same_areas(s, snapshot)), None)


def _before(run: _Run, snapshot: FrontlineSnapshot) -> FrontlineSnapshot | None:
    """Return the provider's snapshot before this one, recorded earlier or in this run."""
    mine = run.previous if run.previous is not None and run.previous.valid_from < snapshot.valid_from else None
    if not run.known:
        return mine
    theirs = run.workspace.catalog.frontlines.at(run.provider, snapshot.valid_from - timedelta(microseconds=1))
    stated = [s for s in (theirs, mine) if s is not None]
    return max(stated, key=lambda s: s.valid_from) if stated else None


def same_areas(a: FrontlineSnapshot, b: FrontlineSnapshot) -> bool:
    """Whether every area of two snapshots is the same ground, however its rings are ordered."""
    if [area.side for area in a.areas] != [area.side for area in b.areas]:
        return False
    pairs = zip(a.areas, b.areas, strict=True)
    return all(shapely.normalize(x.geometry) == shapely.normalize(y.geometry) for x, y in pairs)


def _flush(run: _Run) -> None:
    snapshots = [front.snapshot for _, front in run.waiting]
    if snapshots:
        run.workspace.catalog.frontlines.add_many(snapshots, held=run.held)
    for file, front in run.waiting:
        same = "as the one before" if front.snapshot.same_as else ""
        reason = run.held.pop(front.snapshot.id, "")
        message = "; ".join(text for text in (front.note, same, reason) if text)
        run.entries.append(IngestEntry(file, front.snapshot.id, "held" if reason else "added", message))
    run.waiting.clear()
