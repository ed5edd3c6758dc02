"""Two writers killed at random moments, at once or one after the other: what they told is there, and all is whole."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from durable_writers import CATALOG, look

from dashboard.catalog.catalog import Catalog

SOAK = "NIGHTGLASS_SOAK" in os.environ
ROUNDS = 1000 if SOAK else 100
FRESH = 5
"""Rounds after which a new catalogue is begun: checking a log takes as long as the log is."""
LONGEST_S = 0.12
ROOT = Path(__file__).parents[2]

NURSERY = """
# Imports once. For every line "<folder> <round> <seconds> <more seconds> <hasty>" forks two writers, kills one so long
# after both have begun, the other so much later, and prints what they had told by then.
import os, random, signal, sys, time, traceback
from pathlib import Path
from dashboard.catalog.catalog import Catalog
from durable_writers import CATALOG, write

def born(folder, author, hasty):
    told, tell = os.pipe()
    child = os.fork()
    if child:
        os.close(tell)
        return child, told
    try:
        say = lambda event: os.write(tell, f"{event}\\n".encode())
        with Catalog.open(Path(folder) / CATALOG) as catalog:
            say("begun")
            numbers = range(1_000_000)
            if hasty:  # a control: tells of events before they are recorded
                numbers = (say(f"{author}-{number}") and number for number in numbers)
            write(catalog, author, numbers, say, random.Random(author))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)

print("ready", flush=True)
for line in sys.stdin:
    folder, number, seconds, more, hasty = line.split("\\t")
    writers = [born(folder, f"{name}-{number}", hasty == "1\\n") for name in ("anna", "boris")]
    for _, told in writers:
        os.read(told, len("begun\\n"))
    for (child, _), wait in zip(writers, (seconds, more)):
        time.sleep(float(wait))
        os.kill(child, signal.SIGKILL)
    ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child, _ in writers]
    events = []
    for _, told in writers:
        with open(told, encoding="utf-8") as file:
            events += [line.strip() for line in file if line.endswith("\\n")]
    print(*ends, *events, flush=True)
"""


@dataclass(frozen=True, slots=True)
class Killed:
    """One round."""

    catalog: Path
    ends: tuple[int, int]
    told: set[str]


class Nursery:
    """A process that has imported everything and forks writers to be killed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def round(self, folder: Path, number: int, moments: random.Random, *, hasty: bool = False) -> Killed:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        one, other = moments.uniform(0.0, LONGEST_S), moments.choice((0.0, moments.uniform(0.0, LONGEST_S)))
        self._process.stdin.write(f"{folder}\t{number}\t{one}\t{other}\t{hasty:d}\n")
        left, right, *told = self._process.stdout.readline().split()
        return Killed(folder / CATALOG, (int(left), int(right)), set(told))


@contextmanager
def nursery() -> Iterator[Nursery]:
    paths = os.pathsep.join((str(ROOT), str(Path(__file__).parent)))
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY], cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Nursery(process)
        assert process.stdin is not None
        process.stdin.close()


def start(folder: Path) -> None:
    folder.mkdir()
    Catalog.open(folder / CATALOG).close()


@pytest.mark.slow
def test_killed_writers_lose_no_told_event(tmp_path: Path) -> None:
    moments = random.Random(2026)
    told: set[str] = set()
    killed_while_writing = 0
    with nursery() as forks:
        for number in range(ROUNDS):
            if number % FRESH == 0:
                folder, told = tmp_path / f"from-{number}", set()
                start(folder)
            killed = forks.round(folder, number, moments)
            assert killed.ends == (-signal.SIGKILL, -signal.SIGKILL)
            killed_while_writing += bool(killed.told)
            told |= killed.told
            found = look(killed.catalog, told)
            assert found.whole, (number, found)
            assert found.events >= len(told)
    assert killed_while_writing > ROUNDS * 0.3


def test_control_that_tells_too_early_is_seen(tmp_path: Path) -> None:
    """A writer that tells of an event before it is recorded: were no loss seen here, the test would be blind."""
    moments = random.Random(7)
    with nursery() as forks:
        found = []
        for number in range(8):
            folder = tmp_path / str(number)
            start(folder)
            killed = forks.round(folder, number, moments, hasty=True)
            found.append(look(killed.catalog, killed.told))
    assert sum(bool(each.lost) for each in found) >= 2
    assert [each.broken for each in found if each.broken] == []
