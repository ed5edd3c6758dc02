"""Workers: they are there, they die without harm, they listen to this machine alone, and they are gone at the end."""

import asyncio
import gc
import signal
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from area_work import deaf, die, die_once, measured, refuse, rest, square

from dashboard.model.errors import CancelledError, DamagedProductError, InputError, ResourceError
from dashboard.model.progress import CancelToken
from dashboard.workflows.cluster import crew, each


@pytest.fixture(scope="module")
def workers():
    with crew(processes=2) as found:
        yield found


def test_every_item_is_worked_on_once(workers):
    assert sorted(each(workers, square, range(50))) == [(n, n * n) for n in range(50)]


def test_whoever_hands_out_work_keeps_nothing_of_what_is_done(workers):
    """Neither the items nor the scheduler's notes of them: a run of many tiles holds no more than one of few."""
    weight = 100_000

    def held(count):
        items = (bytes([number % 256]) * weight for number in range(count))
        assert {done for _, done in each(workers, measured, items)} == {weight}
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        few = held(50)
        assert held(300) - few < 0.1 * 250 * weight
    finally:
        tracemalloc.stop()


def test_what_the_work_raises_arrives_as_it_was(workers):
    with pytest.raises(DamagedProductError, match=r"VV\.tif cannot be decoded"):
        list(each(workers, refuse, ["VV.tif"]))


def test_a_worker_that_is_killed_is_replaced(workers, tmp_path):
    flags = [str(tmp_path / name) for name in "ab"]
    assert [flag for flag, _ in sorted(each(workers, die_once, flags))] == flags


def test_work_that_kills_every_worker_is_named_as_the_reason(workers):
    with pytest.raises(ResourceError, match="want of memory"):
        list(each(workers, die, [0]))


def test_cancelling_does_not_wait_for_the_work_in_hand(workers):
    cancel, start = CancelToken(), time.monotonic()
    results = each(workers, rest, [0.0, *[2.0] * 40], cancel=cancel)
    assert next(results) == (0.0, 0.0)
    cancel.cancel()
    with pytest.raises(CancelledError):
        next(results)
    assert time.monotonic() - start < 4.0


def test_an_interrupt_is_for_whoever_started_them(workers):
    assert [held for _, held in each(workers, deaf, range(4))] == [True] * 4
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_they_listen_on_loopback_alone(workers):
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    ends = [end.laddr.ip for one in family for end in one.net_connections("inet") if end.status == psutil.CONN_LISTEN]
    assert ends
    assert set(ends) == {"127.0.0.1"}


def test_nothing_is_left_of_them():
    before = set(psutil.Process().children(recursive=True))
    with crew(processes=1) as found:
        assert list(each(found, square, [3])) == [(3, 9)]
    left = [child for child in psutil.Process().children(recursive=True) if child not in before]
    # Python's own watch over shared memory lives as long as the process that first started another.
    assert [child for child in left if "resource_tracker" not in " ".join(child.cmdline())] == []


def test_they_come_and_go_beside_a_servers_own_event_loop():
    def work():
        with crew(processes=1) as found:
            return list(each(found, square, [3]))

    async def serve():
        return await asyncio.to_thread(work)

    with ThreadPoolExecutor(1) as server:  # this thread may have a browser's loop, which would not let another run
        assert server.submit(lambda: asyncio.run(serve())).result() == [(3, 9)]


def test_there_are_no_more_of_them_than_memory_holds(monkeypatch):
    monkeypatch.setattr("dashboard.workflows.cluster.WORKER_BYTES", 1e15)
    with crew() as found:
        assert found.threads == 1


@pytest.mark.parametrize("address", ["10.0.0.5:8786", "http://10.0.0.5:8786", "tcp://host", "tcp://host:99999"])
def test_an_address_is_an_address(address):
    with pytest.raises(InputError, match="tcp://host:port"), crew(address):
        pass


def test_a_scheduler_that_is_not_there_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr("dashboard.workflows.cluster.CONNECT_S", 1.0)
    with pytest.raises(ResourceError, match=r"tcp://127\.0\.0\.1:9 .*dask_scheduler"), crew("tcp://127.0.0.1:9"):
        pass
