"""A watched folder: what arrives is taken in once it has stopped growing, what fails is moved aside with its reason."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dashboard.model.errors import (
    AccessError,
    CancelledError,
    InputError,
    NightglassError,
    NotFoundError,
    UnknownProductError,
)
from dashboard.model.progress import CancelToken, Report, silent
from dashboard.sources.product import NOTHING_GIVEN, Given, Product
from dashboard.sources.registry import IMAGERY_SUFFIXES, products
from dashboard.workflows.ingest import IngestEntry, ingest
from dashboard.workflows.quarantine import check_quarantine, quarantine
from dashboard.workflows.watch_ledger import Ledger, Line
from dashboard.workflows.watch_units import Unit, loose_signature, units
from dashboard.workflows.watch_words import reasons, status, summary
from dashboard.workflows.workspace import Workspace

QUARANTINE = "quarantine"
PATIENCE_S = 300.0
RETRY_S = 60.0
"""After a failure of this machine, such as a full disk."""
PRODUCT_FAULTS = frozenset(range(2, AccessError.exit_code + 1))
"""Exit codes that speak of the product; others speak of this machine and will pass."""
MOST_IDS = 20
"""Acquisitions that are remembered by name per file."""
SETTLED = frozenset({"taken in", "passed over"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions:
    """How a folder is watched."""

    quarantine: Path | None = None
    """Where to what fails is moved; None: ``quarantine`` in the watched folder."""
    patience_s: float = PATIENCE_S
    """So long after its first failure a product may be completed by a side-car that comes late."""
    given: Given = NOTHING_GIVEN


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the log."""

    at: float
    """Seconds since 1970, UTC."""
    status: str
    """``added``, ``already there``, ``part of``, ``passed over``, ``waiting``, ``quarantined`` or ``held``."""
    name: str
    """File or folder inside the watched one."""
    text: str
    """One line for people."""


@dataclass(slots=True)
class _Tried:
    """What is known of a unit that could not be taken in."""

    around: str
    """State of a folder, or of the loose files, at the last try: another is worth it when that changed."""
    again_at: float
    """Monotonic seconds; not before."""


@dataclass(slots=True)
class Watch:
    """One watched folder; `look` again and again."""

    workspace: Workspace
    folder: Path
    options: WatchOptions
    ledger: Ledger
    clock: Callable[[], float] = time.time
    _before: dict[str, str] = field(default_factory=dict)
    _tried: dict[str, _Tried] = field(default_factory=dict)
    _said: dict[str, str] = field(default_factory=dict)

    @property
    def aside(self) -> Path:
        """Folder of the quarantine."""
        return self.options.quarantine or self.folder / QUARANTINE

    def look(
        self, *, tell: Callable[[Event], None] | None = None, report: Report = silent, cancel: CancelToken | None = None
    ) -> list[Event]:
        """Look once: take in what has not changed since the look before and was not dealt with.

        Parameters
        ----------
        tell : called with each row as it happens: a look may last for hours

        Returns
        -------
        what happened, in order; what lasts is said once

        Raises
        ------
        CancelledError
            If `cancel` was called; everything done before is remembered.
        """
        cancel = cancel or CancelToken()
        events: list[Event] = []
        for event in self._events(report, cancel):
            events.append(event)
            if tell is not None:
                tell(event)
        return events

    def _events(self, report: Report, cancel: CancelToken) -> Iterator[Event]:
        try:
            check_quarantine(self.aside, self.folder)
            found = units(self.folder, frozenset({self.aside}))
        except NightglassError as error:
            yield from self._say("held", str(self.folder), str(error))
            return
        self._said.pop(str(self.folder), None)
        growing = {unit.path for unit in found if unit.arriving or self._before.get(unit.name) != unit.signature}
        self._before = {unit.name: unit.signature for unit in found}
        beside = loose_signature([unit for unit in found if unit.path not in growing])
        loose = {unit.path for unit in found if unit.path in growing and not unit.is_folder}
        for unit in found:
            cancel.check()
            around = unit.signature if unit.is_folder else beside
            if unit.path in growing or self._is_done(unit) or not self._is_time(unit, around):
                continue
            if unit.is_folder or not self._touches(unit, loose):
                self._tried[unit.name] = _Tried(around, time.monotonic() + RETRY_S)
                yield from self._deal_with(unit, report, cancel)

    def _is_done(self, unit: Unit) -> bool:
        """Whether nothing is left to do; what was to be moved and is still here was not moved."""
        last = self.ledger.last(unit.name)
        return last is not None and last.signature == unit.signature and last.outcome in SETTLED

    def _is_time(self, unit: Unit, around: str) -> bool:
        tried = self._tried.get(unit.name)
        return tried is None or tried.around != around or time.monotonic() >= tried.again_at

    def _deal_with(self, unit: Unit, report: Report, cancel: CancelToken) -> list[Event]:
        """Take a unit in and remember what came of it; whatever goes wrong, the watch goes on."""
        try:
            entries = ingest(self.workspace, [unit.path], given=self.options.given, report=report, cancel=cancel)
            cancel.check()  # an interrupt also ends what reads for us: that is no failure of the product
            return self._judge(unit, entries)
        except CancelledError:
            raise
        except (NightglassError, OSError) as error:  # of this machine, or it vanished between the look and the reading
            text = str(error) if isinstance(error, NightglassError) else f"it cannot be read ({error.strerror})"
            return self._say("held", unit.name, text) if unit.path.exists() else []
        except Exception as error:  # one product that no reader foresaw must not end the watch for all others
            logging.getLogger(__name__).exception("%s could not be taken in", unit.path)
            text = f"{unit.name}: internal error ({type(error).__name__}); report it with this product."
            return self._fail(unit, [IngestEntry(unit.path, None, f"failed: {text}", text, exit_code=1)])

    def _judge(self, unit: Unit, entries: Sequence[IngestEntry]) -> list[Event]:
        failed = [entry for entry in entries if entry.failed]
        if not failed:
            return self._settle(unit, entries)
        if any(entry.exit_code not in PRODUCT_FAULTS for entry in failed):
            return self._say("held", unit.name, failed[0].message)
        if _is_no_product(unit, failed):
            return self._record(unit, "passed over", "passed over", "no product that Nightglass reads")
        return self._fail(unit, entries)

    def _touches(self, unit: Unit, growing: set[Path]) -> bool:
        """Whether the product that a loose file begins has another file that is still growing."""
        if not growing:
            return False
        try:
            for found in products(unit.path, self.options.given):
                if isinstance(found, Product):
                    found.close()
                if growing & set(found.paths):
                    return True
        except (NightglassError, OSError):
            return False  # what is wrong with it is said when it is taken in
        return False

    def _settle(self, unit: Unit, entries: Sequence[IngestEntry]) -> list[Event]:
        """Remember what came of a unit, and of the loose files that belong to it."""
        ids = tuple(entry.id for entry in entries if entry.id is not None)
        events = self._record(unit, "taken in", status(entries), summary(entries), ids)
        return events if unit.is_folder else events + self._belonging(unit, ids)

    def _belonging(self, unit: Unit, ids: Sequence[str]) -> list[Event]:
        names = {name for id_ in ids[:MOST_IDS] for name in self._files_of(id_)} - {unit.name}
        return [
            event
            for name in sorted(names & self._before.keys())
            if (last := self.ledger.last(name)) is None or last.signature != self._before[name]
            for event in self._record(
                Unit(self.folder / name, self._before[name], False, False), "taken in", "part of", ids[0], tuple(ids)
            )
        ]

    def _files_of(self, id_: str) -> list[str]:
        try:
            return [name for name, _ in self.workspace.catalog.acquisitions.get(id_).origin.files]
        except NotFoundError:
            return []

    def _fail(self, unit: Unit, entries: Sequence[IngestEntry]) -> list[Event]:
        """Wait for what may come late; when patience is at its end, move aside what failed."""
        failed = [entry for entry in entries if entry.failed]
        last, now = self.ledger.last(unit.name), self.clock()
        waited = last if last and last.signature == unit.signature and last.outcome == "waiting" else None
        left = self.options.patience_s - (now - waited.at if waited else 0.0)
        if left <= 0:
            return self._move(unit, failed, is_whole=len(failed) == len(entries) or not unit.is_folder)
        self._tried[unit.name].again_at = time.monotonic() + left
        if waited:
            return []
        return self._record(unit, "waiting", "waiting", f"{left:.0f} s for what may be missing: {reasons(failed)}")

    def _move(self, unit: Unit, failed: Sequence[IngestEntry], *, is_whole: bool) -> list[Event]:
        """Move a unit aside, or out of a folder with good products only the files that failed."""
        bad = {entry.path for entry in failed if entry.path.is_relative_to(unit.path) and entry.path != unit.path}
        paths = [unit.path] if is_whole else sorted(path for path in bad if path.exists())
        if not paths:
            return self._record(unit, "passed over", "added", f"but not all: {reasons(failed)}")
        events: list[Event] = []
        for path in paths:
            reason = reasons([entry for entry in failed if is_whole or entry.path == path])
            within = None if is_whole else path.parent.relative_to(self.folder)
            try:
                target = quarantine(path, self.aside, reason, within)
            except NightglassError as error:
                return events + self._say("held", unit.name, f"{error} It failed because: {reason}")
            events += self._record(unit, "quarantined", "quarantined", f"{target.relative_to(self.aside)}: {reason}")
        return events

    def _record(self, unit: Unit, outcome: str, status: str, text: str, ids: tuple[str, ...] = ()) -> list[Event]:
        line = Line(
            name=unit.name, signature=unit.signature, outcome=outcome, at=self.clock(), ids=ids[:MOST_IDS], message=text
        )
        self.ledger.add(line)
        self._said.pop(unit.name, None)
        return [Event(line.at, status, unit.name, text)]

    def _say(self, status: str, name: str, text: str) -> list[Event]:
        """Return a row, once until something else is to be said of the same thing."""
        if self._said.get(name) == text:
            return []
        self._said[name] = text
        return [Event(self.clock(), status, name, text)]


def open_watch(workspace: Workspace, folder: Path, options: WatchOptions | None = None) -> Watch:
    """Return the watch of a folder; close its `ledger` in the end.

    Raises
    ------
    InputError
        If the folder is missing, or the quarantine cannot be used.
    CatalogError
        If it is watched already.
    """
    options = options or WatchOptions()
    folder = folder.expanduser().absolute()
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; give the one in which products arrive.")
    if workspace.root.is_relative_to(folder) or folder.is_relative_to(workspace.archive.root):
        raise InputError(f"{folder} holds the data directory or lies in its archive; give another folder.")
    watch = Watch(workspace, folder, options, Ledger(workspace.root, folder))
    try:
        check_quarantine(watch.aside, folder)
    except NightglassError:
        watch.ledger.close()
        raise
    return watch


def _is_no_product(unit: Unit, failed: Sequence[IngestEntry]) -> bool:
    """Whether a loose file is a text, a preview or a side-car: in a folder it would be passed over, too."""
    unknown = all(entry.exit_code == UnknownProductError.exit_code for entry in failed)
    return unknown and not unit.is_folder and unit.path.suffix.lower() not in IMAGERY_SUFFIXES
