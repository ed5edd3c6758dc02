"""Progress and cancellation, as every long workflow takes them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from dashboard.model.errors import CancelledError


@dataclass(frozen=True, slots=True)
class Progress:
    """One report from a running workflow."""

    done: float
    """Share done, 0 to 1."""
    text: str
    """What is being done now, for people."""


Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Swallow reports: for callers that do not watch."""


class CancelToken:
    """A flag set by whoever waits and read by whoever works; safe between threads."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next check."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether a stop was asked for."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise if a stop was asked for.

        Raises
        ------
        CancelledError
            If `cancel` was called.
        """
        if self._event.is_set():
            raise CancelledError("Cancelled; nothing was written.")
