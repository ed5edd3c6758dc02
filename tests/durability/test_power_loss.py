"""The power goes at any moment, the disk keeps what was synced and any part of the rest: no told event is lost."""

import multiprocessing
import os
import pickle
import random
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from durable_writers import CATALOG, Found, look, write
from power_disk import Create, Delete, FolderSync, Recording, Sync, Truncate, Write

SPAWN = multiprocessing.get_context("spawn")
SOAK = "NIGHTGLASS_SOAK" in os.environ
EVENTS = 40
CUTS = 1000 if SOAK else 80


def run(folder: Path, synchronous: str, out: Path, events: int) -> None:
    """Two writers in this process record events while every operation on the disk is recorded; runs in its own."""
    from power_recorder import Recorder

    from dashboard.catalog import engine
    from dashboard.catalog.catalog import Catalog

    Catalog.open(folder / CATALOG).close()  # a catalogue that has been there for long
    recorder = Recorder(folder)
    changed = (f"PRAGMA synchronous={synchronous}", "PRAGMA wal_autocheckpoint=60")  # often, to see many
    engine._PRAGMAS = (*engine._PRAGMAS, *changed)

    def work(author: str, start: int) -> None:
        with Catalog.open(folder / CATALOG) as catalog:
            luck = random.Random(f"{author}-{start}")
            write(catalog, author, range(start, start + events // 2), recorder.acknowledge, luck)

    for start in (0, events // 2):  # closed between the two: the write-ahead log goes and comes again
        threads = [threading.Thread(target=work, args=(author, start)) for author in ("anna", "boris")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    out.write_bytes(pickle.dumps(recorder.recording))


def begin(folder: Path, _synchronous: str, out: Path, events: int) -> None:
    """Create a catalogue, all of it recorded, and write the first events."""
    from power_recorder import Recorder

    from dashboard.catalog.catalog import Catalog

    recorder = Recorder(folder)
    with Catalog.open(folder / CATALOG) as catalog:
        write(catalog, "anna", range(events), recorder.acknowledge, random.Random(1))
    out.write_bytes(pickle.dumps(recorder.recording))


def recorded(folder: Path, synchronous: str, what: Callable[..., None] = run, events: int = EVENTS) -> Recording:
    place, out = folder / "run", folder / "recording"
    place.mkdir()
    child = SPAWN.Process(target=what, args=(place, synchronous, out, events))
    child.start()
    child.join(120)
    assert child.exitcode == 0
    return pickle.loads(out.read_bytes())


def after_cuts(recording: Recording, folder: Path, seed: int, cuts: int = CUTS) -> list[Found]:
    """Cut the power at many moments, half of them just after somebody was told of an event."""
    luck = random.Random(seed)
    told = [n + 1 for n, op in enumerate(recording.operations) if not isinstance(op, Write | Truncate)]
    found = []
    for number in range(cuts):
        cut = luck.choice(told) if number % 2 else luck.randrange(len(recording.operations) + 1)
        place = folder / f"cut-{number}"
        place.mkdir()
        for name, content in recording.after_power_loss(cut, luck).items():
            (place / name).write_bytes(content)
        found.append(look(place / CATALOG, recording.acknowledged(cut)))
        shutil.rmtree(place)
    return found


def test_no_told_event_is_lost_when_the_power_goes(tmp_path: Path) -> None:
    recording = recorded(tmp_path, "FULL")
    kinds = Counter(type(op) for op in recording.operations)
    assert len(recording.acknowledged(len(recording.operations))) == 2 * EVENTS
    assert kinds[Sync] >= 2 * EVENTS
    assert all(kinds[kind] for kind in (Create, Delete, FolderSync))
    # All that was recorded, done again, is what is really there: the recorder misses nothing.
    real = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    assert recording.after_power_loss(len(recording.operations), random.Random(0), share=1.0) == real
    found = after_cuts(recording, tmp_path, seed=1, cuts=2 * CUTS)
    assert [each for each in found if not each.whole] == []
    assert len({each.events for each in found}) > EVENTS


def test_a_new_catalogue_survives_the_loss_of_power_while_it_is_made(tmp_path: Path) -> None:
    found = after_cuts(recorded(tmp_path, "FULL", begin, events=5), tmp_path, seed=2, cuts=CUTS // 2)
    assert [each for each in found if not each.whole] == []
    assert {each.events for each in found} >= {0, 5}


def test_control_without_syncs_loses_or_breaks(tmp_path: Path) -> None:
    """The same run, the same cuts, only ``synchronous=OFF``: were nothing lost here, the test would be blind."""
    found = after_cuts(recorded(tmp_path, "OFF"), tmp_path, seed=1)
    assert sum(bool(each.lost) for each in found) > 0
    assert sum(bool(each.broken) for each in found) > 0
    assert sum(not each.whole for each in found) > CUTS / 2


def test_control_with_late_syncs_loses_but_does_not_break(tmp_path: Path) -> None:
    """``synchronous=NORMAL`` promises a whole file and not the last events: the test tells the two apart."""
    found = after_cuts(recorded(tmp_path, "NORMAL"), tmp_path, seed=1)
    assert [each.broken for each in found if each.broken] == []
    assert sum(bool(each.lost) for each in found) > 0
