"""Pieces of work that worker processes are given by name."""

import os
import signal
import time
from pathlib import Path

from dashboard.model.errors import DamagedProductError


def square(number: int) -> int:
    return number * number


def measured(weight: bytes) -> int:
    return len(weight)


def refuse(name: str) -> None:
    raise DamagedProductError(f"{name} cannot be decoded.")


def rest(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(flag: str) -> int:
    """Kill the worker the first time, and answer the second."""
    if not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def deaf(_: int) -> bool:
    """Survive the key that interrupts everything in a terminal."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.2)
    return signal.SIGINT in signal.sigpending()
