"""Work done as an ordinary user, for whom the permissions of files hold, also where root runs the tests."""

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

T = TypeVar("T")
VERSION_3 = 0x20080522
OVERRIDES = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: what lets root read and write anywhere."""


def as_ordinary_user(work: Callable[[], T]) -> T:
    """Do a piece of work in a thread of its own, which has given up root's way around permissions, for good."""
    with ThreadPoolExecutor(1, initializer=_give_up) as thread:
        return thread.submit(work).result()


def _give_up() -> None:
    if os.geteuid() != 0:
        return
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        header, sets = (ctypes.c_uint32 * 2)(VERSION_3, 0), (ctypes.c_uint32 * 6)()
        assert libc.capget(header, sets) == 0
        for first_word in range(3):  # effective, permitted and inheritable
            sets[first_word] &= ~OVERRIDES
        assert libc.capset(header, sets) == 0, os.strerror(ctypes.get_errno())
    except AttributeError:
        pytest.fail("this system cannot give up root's rights; run the tests as an ordinary user")
