"""One long piece of work at a time, with progress, stopped on request."""

from collections.abc import Callable
from typing import Any

from dashboard.model.errors import CancelledError, InputError
from dashboard.model.progress import Progress
from dashboard.state.background import Immediate, attempt
from dashboard.state.job import Job


class Held:
    """A background that works when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []

    def __call__(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.waiting.append((work, done))

    def later(self, call: Callable[[], None]) -> None:
        call()

    def run(self) -> None:
        work, done = self.waiting.pop(0)
        done(attempt(work))


def test_the_result_is_handed_over_and_progress_seen_on_the_way() -> None:
    job, seen, got = Job(Immediate()), [], []
    job.param.watch(lambda event: seen.append(event.new), "progress")

    def work(report, cancel):
        report(Progress(0.5, "half"))
        return 42

    assert job.start(work, got.append)
    assert got == [42]
    assert [step.done if step else None for step in seen] == [0.0, 0.5, None]


def test_a_failure_is_handed_over_and_the_next_may_start() -> None:
    job, got = Job(Immediate()), []

    def work(report, cancel):
        raise InputError("broken")

    assert job.start(work, got.append)
    assert isinstance(got[0], InputError)
    assert job.progress is None
    assert job.start(lambda *_: "next", got.append)
    assert got[1] == "next"


def test_a_second_one_is_refused_while_the_first_runs() -> None:
    background = Held()
    job, got = Job(background), []
    assert job.start(lambda *_: "first", got.append)
    assert not job.start(lambda *_: "second", got.append)
    background.run()
    assert got == ["first"]
    assert background.waiting == []


def test_cancelling_reaches_the_work_and_nobody_after_it() -> None:
    background = Held()
    job, got = Job(background), []
    job.cancel()  # nothing runs: nothing happens

    def work(report, cancel):
        cancel.check()
        return "done"

    job.start(work, got.append)
    job.cancel()
    background.run()
    assert isinstance(got[0], CancelledError)
    job.start(work, got.append)
    background.run()
    assert got[1] == "done"


def test_a_report_that_comes_too_late_shows_nothing() -> None:
    job, reports = Job(Immediate()), []
    job.start(lambda report, _: reports.append(report), lambda _: None)
    reports[0](Progress(0.9, "late"))
    assert job.progress is None
