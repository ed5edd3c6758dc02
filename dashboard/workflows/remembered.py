"""A bounded memory for what is costly to make and safe to share: least recently used first out."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """Values by key, at most `most` in the measure of `weigh`. Safe to use from several threads.

    The same key always gives the same object while it is held, so callers may compare by identity.
    """

    def __init__(self, most: int, weigh: Callable[[T], int] = lambda _: 1) -> None:
        self._most = most
        self._weigh = weigh
        self._held: OrderedDict[Hashable, T] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is held under a key, making it outside the lock: of two makers the first one's value stays."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        made = make()
        with self._lock:
            if key in self._held:
                return self._held[key]
            self._held[key] = made
            self._weight += self._weigh(made)
            while self._weight > self._most and len(self._held) > 1:
                self._weight -= self._weigh(self._held.popitem(last=False)[1])
        return made

    @property
    def weight(self) -> int:
        """What is held now, in the measure of `weigh`."""
        return self._weight

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._held.clear()
            self._weight = 0
