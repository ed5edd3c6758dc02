"""Run one piece of work in a process of its own: it cannot stall the screen, it can be killed, its crash is contained.

Drawing a page is not thread-safe and takes seconds of pure Python; so each export is one fresh process (`spawn`:
nothing is inherited, least of all a lock held by another thread).
"""

import multiprocessing
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from dashboard.model import errors
from dashboard.model.errors import NightglassError, ResourceError
from dashboard.model.progress import CancelToken, Progress, Report, silent

TIME_LIMIT_S = 600.0
_POLL_S = 0.05
_GRACE_S = 2.0

Work = Callable[..., None]
"""Takes its arguments and, by keyword, ``report``."""


def run_apart(
    work: Work,
    arguments: tuple[Any, ...],
    *,
    what: str,
    report: Report = silent,
    cancel: CancelToken | None = None,
    limit_s: float = TIME_LIMIT_S,
) -> None:
    """Run ``work(*arguments, report=...)`` in a fresh process and wait for it.

    Parameters
    ----------
    work : a function of a module, reached by name in the new process
    arguments : picklable
    what : what is being made, for the messages: ``The export``
    limit_s : seconds after which the process is ended

    Raises
    ------
    NightglassError
        The same type and text that the work raised.
    CancelledError
        If `cancel` was set; the process is gone when this is raised.
    ResourceError
        If the process ended on its own account (crash, out of memory, killed) or passed the limit.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_apart, args=(work, arguments, sender), name=what, daemon=True)
    process.start()
    sender.close()  # or the end of the child would never be seen as the end of the pipe
    try:
        _relay(receiver, report, cancel, time.monotonic() + limit_s)  # what is left is tidying up: not waited for
    except EOFError:
        process.join(_GRACE_S)
        raise ResourceError(_ended(what, process.exitcode)) from None
    except TimeoutError:
        msg = f"{what} took longer than {limit_s:.0f} s and was stopped; nothing was written. Show a smaller area."
        raise ResourceError(msg) from None
    finally:
        _end(process)
        receiver.close()


def _relay(receiver: Connection, report: Report, cancel: CancelToken | None, deadline: float) -> None:
    while True:
        if cancel is not None:
            cancel.check()
        if time.monotonic() > deadline:
            raise TimeoutError
        if not receiver.poll(_POLL_S):
            continue
        kind, *rest = receiver.recv()
        if kind == "done":
            return
        if kind == "failed":
            raise _known(*rest)
        report(Progress(*rest))


def _apart(work: Work, arguments: tuple[Any, ...], sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches both processes: the parent decides and ends this one

    def tell(progress: Progress) -> None:
        sender.send(("progress", progress.done, progress.text))

    try:
        work(*arguments, report=tell)
    except NightglassError as error:
        sender.send(("failed", type(error).__name__, str(error)))
    else:
        sender.send(("done",))


def _known(name: str, text: str) -> NightglassError:
    kind = getattr(errors, name, ResourceError)
    error = kind(text)
    return error if isinstance(error, NightglassError) else ResourceError(text)


def _ended(what: str, code: int | None) -> str:
    how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    return f"{what} ended early ({how}); nothing was written. Free memory on this machine and try again."


def _end(process: BaseProcess) -> None:
    if process.is_alive():
        process.terminate()
        process.join(_GRACE_S)
    if process.is_alive():
        process.kill()
        process.join()
    process.close()
