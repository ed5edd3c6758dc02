"""The hub: who is here in this process, and one thread that tells every session what has changed.

Sessions say where they are; the courier thread rings each session's bell on that session's own thread, at most every
`PACE_S`, however many people move. A session then reads the present state: there is no queue, so a slow page gets the
latest and misses what lay between. The same thread looks for writes of other processes and for closed pages.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from dashboard.model.errors import InputError
from dashboard.model.person import Person, colours
from dashboard.state.background import attempt

LOG = logging.getLogger("nightglass.state")

PACE_S = 0.1
"""Shortest time between two rounds of the courier: cursors move ten times a second and no faster."""
POLL_S = 0.5
"""How often the catalogue's revision and the pages' connections are looked at."""

Bell = Callable[[], None]
Later = Callable[[Callable[[], None]], None]


@dataclass(slots=True)
class _Seat:
    person: Person
    bell: Bell
    """Run on the session's thread when something has changed."""
    later: Later
    """How to get to the session's thread."""
    attached: Callable[[], bool]
    here: bool = True
    """Whether a page was attached at the last look."""
    rung: bool = False
    """Whether the bell is on its way: a second ring would tell nothing new."""


class Hub:
    """Registry of the open sessions of one process; every method is safe from any thread."""

    def __init__(self, revision: Callable[[], int] = lambda: 0) -> None:
        self._read = revision
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._closed = threading.Event()
        self._seats: dict[str, _Seat] = {}
        self._revision = 0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the courier; a hub that is not started only answers what it is asked."""
        self._thread = threading.Thread(target=self._run, name="nightglass-hub", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the courier and forget everybody."""
        self._closed.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            self._seats.clear()

    # What sessions say

    def join(self, person: Person, bell: Bell, later: Later, attached: Callable[[], bool] = lambda: True) -> None:
        """Take part, until `leave`.

        Parameters
        ----------
        person : as the others shall see this session
        bell : called on the session's thread when people or the catalogue have changed
        later : runs a call on the session's thread, from any thread (`Background.later`)
        attached : whether a page is connected; a session without one is hidden from the others within `POLL_S`
        """
        with self._lock:
            self._seats[person.id] = _Seat(person, bell, later, attached)
        self._news.set()

    def leave(self, id: str) -> None:  # noqa: A002 - the word of the model
        """Take no part any more; leaving twice does nothing."""
        with self._lock:
            gone = self._seats.pop(id, None)
        if gone is not None:
            self._news.set()

    def share(self, person: Person) -> None:
        """Show a session's present state to the others; without effect before it joined and after it left.

        Raises
        ------
        InputError
            If this would close a circle of people who follow each other: each would chase the others' map.
        """
        with self._lock:
            seat = self._seats.get(person.id)
            if seat is None or seat.person == person:
                return
            if person.following is not None:
                self._check_circle(person)
            seat.person = person
        self._news.set()

    def wrote(self, revision: int) -> None:
        """Announce a write to the catalogue, so that nobody waits for the next look."""
        with self._lock:
            if revision <= self._revision:
                return
            self._revision = revision
        self._news.set()

    # What sessions ask

    def people(self) -> tuple[Person, ...]:
        """Return everybody with a page open, in the order of joining."""
        with self._lock:
            return tuple(seat.person for seat in self._seats.values() if seat.here)

    @property
    def revision(self) -> int:
        """The newest revision of the catalogue that is known here."""
        with self._lock:
            return self._revision

    def free_colour(self) -> str:
        """Return the colour that fewest people have, the first of those."""
        used = Counter(person.colour for person in self.people())
        return min(colours(), key=lambda name: used[name])

    def _check_circle(self, person: Person) -> None:
        at = person.following
        for _ in range(len(self._seats) + 1):
            if at == person.id:
                msg = f"{self._seats[person.following or at].person.name} already follows you; one of you has to lead."
                raise InputError(msg)
            seat = self._seats.get(at) if at is not None else None
            at = seat.person.following if seat is not None else None

    # The courier

    def _run(self) -> None:
        due = time.monotonic()
        while not self._closed.is_set():
            self._news.wait(max(0.0, due - time.monotonic()))
            if time.monotonic() >= due:
                self.look()
                due = time.monotonic() + POLL_S
            if self._news.is_set() and not self._closed.is_set():
                self.deliver()
                self._closed.wait(PACE_S)

    def look(self) -> None:
        """Look once for writes of other processes, and for pages that were closed or have come back."""
        with self._lock:
            seats = list(self._seats.values())
        if not seats:
            return
        found = attempt(self._read)
        if isinstance(found, Exception):
            LOG.warning("the catalogue's revision could not be read: %s", found)
        else:
            self.wrote(found)
        for seat in seats:
            here = seat.attached()
            if here != seat.here:
                seat.here, seat.rung = here, False
                self._news.set()

    def deliver(self) -> None:
        """Ring every session's bell once, unless it is ringing already."""
        self._news.clear()
        with self._lock:
            seats = [seat for seat in self._seats.values() if not seat.rung]
            for seat in seats:
                seat.rung = True
        for seat in seats:
            failed = attempt(partial(seat.later, partial(self._answer, seat)))
            if isinstance(failed, Exception):
                # One broken session must not silence the others.
                LOG.error("a session cannot be told", exc_info=failed)

    def _answer(self, seat: _Seat) -> None:
        with self._lock:
            seat.rung = False
            left = seat.person.id not in self._seats
        if not left:
            seat.bell()
