"""Products into the archive and the catalogue: each acquisition all or nothing, one failure stopping no other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dashboard.model.acquisition import Acquisition
from dashboard.model.errors import (
    AccessError,
    CancelledError,
    InputError,
    NightglassError,
    NotFoundError,
    ResourceError,
)
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.sources.product import NOTHING_GIVEN, Found, Given, NotRead, Product
from dashboard.sources.registry import products
from dashboard.workflows.archiving import archive, is_there, sweep
from dashboard.workflows.workspace import Workspace

BATCH = 500
"""Records without pixels that are written to the catalogue together."""


@dataclass(frozen=True, slots=True)
class IngestEntry:
    """What came of one product or record."""

    path: Path
    """The file it was found in."""
    id: str | None
    """Acquisition or snapshot, None when it got none."""
    status: str
    """``added``, ``already there``, ``would add``, ``skipped`` or ``failed: <error>``."""
    message: str = ""
    """One line for people."""
    exit_code: int = 0
    """Of the error's class; 0 unless failed."""

    @property
    def failed(self) -> bool:
        """Whether the product could not be ingested."""
        return self.exit_code != 0


@dataclass(slots=True)
class _Run:
    """One call of `ingest`: what is done so far, in bytes and in entries."""

    workspace: Workspace
    dry_run: bool
    report: Report
    cancel: CancelToken
    total: int
    done: int = 0
    entries: list[IngestEntry] = field(default_factory=list)
    waiting: list[Product] = field(default_factory=list)

    def tell(self, path: Path, text: str, share: float = 0.0, size: int = 0) -> None:
        """Report progress in bytes, `share` of the `size` bytes of the product in work included."""
        done = min(1.0, (self.done + share * size) / max(self.total, 1))
        self.report(Progress(done, f"{path.name}: {text} ({len(self.entries):,} done)"))


def ingest(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    given: Given = NOTHING_GIVEN,
    dry_run: bool = False,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> list[IngestEntry]:
    """Ingest files and folders.

    A product whose hash is recorded is left alone, so a second run changes nothing and a run after a kill completes
    the first. Records without pixels become acquisitions that are known and not ingested.

    Parameters
    ----------
    paths : files or folders
    given : what the person states beside the products
    dry_run : only say what would be done
    report : told the share of bytes done
    cancel : checked between blocks

    Returns
    -------
    one entry per product or record, failures included, in the order of reading

    Raises
    ------
    CancelledError
        If `cancel` was called; what was added before stays.
    """
    for path in paths:
        if not path.exists():
            msg = f"{path} does not exist; check the path."
            raise InputError(msg)
    if not dry_run:
        sweep(workspace.archive.root)
    run = _Run(workspace, dry_run, report, cancel or CancelToken(), total=sum(map(_size, paths)))
    try:
        for path in paths:
            if not _one_path(run, path, given):
                break
    except CancelledError as error:
        _flush(run)
        added = sum(entry.status == "added" for entry in run.entries)
        msg = f"Cancelled; {added:,} acquisitions were added before and stay, nothing half-written was left behind."
        raise CancelledError(msg) from error
    report(Progress(1.0, f"{len(run.entries):,} done"))
    return run.entries


def exit_code(entries: Sequence[IngestEntry]) -> int:
    """Return the exit code of the first failure, 0 when there is none."""
    return next((entry.exit_code for entry in entries if entry.failed), 0)


def _one_path(run: _Run, path: Path, given: Given) -> bool:
    """Ingest what a path holds; return False when going on is pointless."""
    for found in _found(path, given):
        run.cancel.check()
        entry = _one(run, _held_to(found, given))
        if entry is not None:
            run.entries.append(entry)
            if entry.exit_code == ResourceError.exit_code or _is_full(entry):
                return False
        if len(run.waiting) >= BATCH:
            _flush(run)
    _flush(run)
    return True


def _found(path: Path, given: Given) -> Iterator[Found]:
    """Yield what a path holds; the error of a single file is an answer, too."""
    try:
        yield from products(path, given)
    except CancelledError:
        raise
    except NightglassError as error:
        yield NotRead(path=path, name=path.name, reason=str(error), error=error)


def _held_to(found: Found, given: Given) -> Found:
    """Return what was found under the handling that the person adds; refused where the machine may not hold it."""
    if isinstance(found, NotRead):
        return found
    acq = found.acquisition
    handling = acq.handling if given.handling is None else acq.handling & given.handling
    if handling.rank > given.ceiling:
        found.close()
        refusal = AccessError(
            f"{acq.id} is marked {handling.marking!r}; this machine takes products up to "
            f"{given.ceiling.name.replace('_', ' ')}. Use an accredited machine, or raise the setting 'ceiling' there."
        )
        return NotRead(path=found.paths[0], name=acq.id, reason=str(refusal), error=refusal, paths=found.paths)
    return found if handling is acq.handling else replace(found, acquisition=replace(acq, handling=handling))


def _one(run: _Run, found: Found) -> IngestEntry | None:
    """Deal with one product or failure; None for a record that waits for its batch."""
    if isinstance(found, NotRead):
        return _not_read(found)
    size = sum(map(_size, found.paths)) if found.power is not None else 0
    name = found.paths[0]
    run.tell(name, "reading")
    try:
        known = is_there(run.workspace, found)
        if known is not None:
            return IngestEntry(name, known.id, "already there")
        if run.dry_run:
            return IngestEntry(name, found.acquisition.id, "would add", _summary(found.acquisition))
        if found.power is None:
            run.waiting.append(found)
            return None
        done = archive(
            run.workspace,
            found,
            report=lambda progress: run.tell(name, progress.text, progress.done, size),
            cancel=run.cancel,
        )
        return IngestEntry(name, done.acquisition.id, "added", done.remark or _summary(done.acquisition))
    except CancelledError:
        raise
    except NightglassError as error:
        return _failed(name, found.acquisition.id, error)
    finally:
        found.close()
        run.done += size


def _flush(run: _Run) -> None:
    """Record the waiting products without pixels in one transaction; pixels once archived are never taken away."""
    new: dict[str, Product] = {}
    for product in run.waiting:
        name = product.acquisition.id
        if name in new or _has_pixels(run.workspace, name):
            run.entries.append(IngestEntry(product.paths[0], name, "already there"))
        else:
            new[name] = product
    run.waiting.clear()
    if not new:
        return
    run.workspace.catalog.acquisitions.add_many([p.acquisition for p in new.values()], replace=True)
    for product in new.values():
        acq = product.acquisition
        run.entries.append(IngestEntry(product.paths[0], acq.id, "added", f"{_summary(acq)}, without pixels"))


def _has_pixels(workspace: Workspace, name: str) -> bool:
    try:
        return workspace.catalog.acquisitions.get(name).pixels is not None
    except NotFoundError:
        return False


def _not_read(found: NotRead) -> IngestEntry:
    if found.error is None:
        return IngestEntry(found.path, None, "skipped", f"{found.name}: {found.reason}")
    return _failed(found.path, None, found.error)


def _failed(path: Path, name: str | None, error: NightglassError) -> IngestEntry:
    text = str(error) if path.name in str(error) else f"{path.name}: {error}"
    return IngestEntry(path, name, f"failed: {text}", text, exit_code=error.exit_code)


def _is_full(entry: IngestEntry) -> bool:
    return any(entry.exit_code == kind.exit_code for kind in ResourceError.__subclasses__())


def _summary(acq: Acquisition) -> str:
    return f"{acq.constellation} {acq.start:%Y-%m-%d %H:%MZ} {'+'.join(acq.polarisations)}"


def _size(path: Path) -> int:
    if not path.is_dir():
        return path.stat().st_size if path.is_file() else 0
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file() and not p.is_symlink())
