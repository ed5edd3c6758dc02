"""Work off the session's thread: one port, two implementations (the server's thread pool, and the caller's thread)."""

import logging
import secrets
from collections.abc import Callable
from typing import Any, Protocol

from dashboard.model.errors import NightglassError

LOG = logging.getLogger("nightglass.state")

Work = Callable[[], Any]
Done = Callable[[Any], None]


class Background(Protocol):
    """Run `work` somewhere and `done(result or exception)` on the session's own thread."""

    def __call__(self, work: Work, done: Done) -> None:
        """Start the work; return at once where that is possible."""

    def later(self, call: Callable[[], None]) -> None:
        """Run a call on the session's thread soon; safe from any thread."""


class Immediate:
    """Run everything at once in the calling thread: for scripts and tests."""

    def __call__(self, work: Work, done: Done) -> None:
        """Run the work and hand over what came of it."""
        done(attempt(work))

    def later(self, call: Callable[[], None]) -> None:
        """Run the call now."""
        call()


def attempt(work: Work) -> Any:  # noqa: ANN401 - whatever the work returns
    """Return the result, or the exception, of a piece of work."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - handed to the session, which tells the user and logs
        return error


def explain(error: Exception) -> str:
    """Return the sentence a user may see; anything unexpected is logged under an incident number instead."""
    if isinstance(error, NightglassError):
        return str(error)
    incident = secrets.token_hex(4)
    LOG.error("incident %s", incident, exc_info=error)
    return f"Something failed inside Nightglass (incident {incident}); the server log has the details."


class Latest:
    """Latest wins: one piece of work in flight, at most one waiting, stale results dropped."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._busy = False
        self._waiting: tuple[Work, Done] | None = None
        self.dropped = 0
        """How many requests were superseded before they ran or before they were shown."""

    @property
    def busy(self) -> bool:
        """Whether something is in flight."""
        return self._busy

    def ask(self, work: Work, done: Done) -> None:
        """Request work; an earlier request that has not started is forgotten."""
        if self._busy:
            self.dropped += self._waiting is not None
            self._waiting = (work, done)
            return
        self._busy = True
        self._background(work, lambda result: self._finished(result, done))

    def _finished(self, result: Any, done: Done) -> None:  # noqa: ANN401
        self._busy = False
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            done(result)
            return
        self.dropped += 1
        self.ask(*waiting)
