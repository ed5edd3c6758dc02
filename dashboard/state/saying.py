"""One's words on changes on their way into the log: one after the other, each based on the last, all to be undone."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from dashboard.model.review import Review, Verdict
from dashboard.state.background import Background
from dashboard.workflows.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Word:
    """A verdict, or a note, to record."""

    change_id: str
    verdict: Verdict | None
    note: str | None = None
    """None keeps the note that is there; a note keeps the verdict."""


@dataclass(frozen=True, slots=True)
class Own:
    """One's own last word on a change, as somebody saw it."""

    review: Review | None
    version: int
    """The base of the next."""


@dataclass(frozen=True, slots=True)
class Done:
    """A word that was recorded, or was not."""

    change_id: str
    undone: bool
    failed: Exception | None


class Saying:
    """The only writer of verdicts in a session."""

    def __init__(self, workspace: Workspace, background: Background) -> None:
        self._workspace = workspace
        self._background = background
        self._seen: dict[tuple[str, str], Own] = {}
        self._waiting: deque[Word | None] = deque()
        """Words, and None to take the last one back."""
        self._past: list[tuple[str, Review | None]] = []
        """(change, one's word on it before) of what can be taken back."""
        self.pending: set[str] = set()
        """Changes on which a word is on its way."""
        self.busy = False
        self.author: Callable[[], str] = lambda: "analyst"
        self.done: Callable[[Done], None] = lambda _: None
        """Called after each, on the session's thread."""

    def read(self, change_id: str, known_at: datetime | None) -> tuple[Review, ...]:
        """Return the words on a change that one may see: others' only beside one's own verdict.

        One's own word as it now stands before one's eyes is what the next one is based on.
        """
        found = self._workspace.catalog.reviews.of(change_id, known_at=known_at)
        me = self.author()
        own = next((review for review in found if review.reviewer == me), None)
        if known_at is None:
            self._saw(change_id, me, own)
        judged = own is not None and own.verdict is not None
        return tuple(review for review in found if judged or review.reviewer == me)

    def _saw(self, change_id: str, me: str, own: Review | None) -> None:
        if change_id not in self.pending:
            version = own.version if own else self._workspace.catalog.reviews.version(change_id, me)
            self._seen[me, change_id] = Own(own, version)

    def say(self, word: Word) -> None:
        """Record a word, after those that wait."""
        self.pending.add(word.change_id)
        self._waiting.append(word)
        self._next()

    def undo(self) -> bool:
        """Take the last word of this session back, after those that wait; False when there is none."""
        if not self._past and not self.busy:
            return False
        self._waiting.append(None)
        self._next()
        return True

    def _next(self) -> None:
        if self.busy or not self._waiting:
            return
        word, me = self._waiting.popleft(), self.author()
        if word is not None:
            self._start(word.change_id, undone=False, work=lambda: self._say(me, word))
        elif self._past:
            change_id, was = self._past.pop()
            self._start(change_id, undone=True, work=lambda: self._take_back(me, change_id, was))

    def _start(self, change_id: str, *, undone: bool, work: Callable[[], tuple[Own, Own]]) -> None:
        self.busy, me = True, self.author()

        def written(result: Any) -> None:  # noqa: ANN401
            self.busy = False
            if not any(each is not None and each.change_id == change_id for each in self._waiting):
                self.pending.discard(change_id)
            failed = result if isinstance(result, Exception) else None
            if failed is not None:
                self._seen.pop((me, change_id), None)  # another word may stand there now: it is read again
            else:
                old, self._seen[me, change_id] = result
                if not undone:
                    self._past.append((change_id, old.review))
            self.done(Done(change_id, undone, failed))
            self._next()

        self._background(work, written)

    def _say(self, me: str, word: Word) -> tuple[Own, Own]:
        old = self._known(me, word.change_id)
        was = old.review
        verdict = word.verdict if word.note is None else (was.verdict if was else None)
        note = word.note if word.note is not None else (was.note if was else "")
        return old, self._record(me, word.change_id, verdict, note, old.version)

    def _take_back(self, me: str, change_id: str, was: Review | None) -> tuple[Own, Own]:
        old = self._known(me, change_id)
        verdict, note = (was.verdict, was.note) if was else (None, "")
        return old, self._record(me, change_id, verdict, note, old.version)

    def _record(self, me: str, change_id: str, verdict: Verdict | None, note: str, base: int) -> Own:
        store, event = self._workspace.catalog.reviews, uuid4().hex
        if verdict is None and not note:
            store.withdraw(change_id, me, base=base, event_id=event)
            return Own(None, store.version(change_id, me))
        made = store.judge(change_id, me, verdict, note, base=base, event_id=event)
        return Own(made, made.version)

    def _known(self, me: str, change_id: str) -> Own:
        found = self._seen.get((me, change_id))
        if found is None:
            store = self._workspace.catalog.reviews
            own = next((review for review in store.of(change_id) if review.reviewer == me), None)
            found = Own(own, own.version if own else store.version(change_id, me))
        return found
