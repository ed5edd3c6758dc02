import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.raster.blocks import BlockCache, BlockKey


def key(n: int) -> BlockKey:
    return BlockKey("a/x.tif", "0", 0, n, 0)


def block(pixels: int, value: int = 1) -> np.ndarray:
    return np.full((1, pixels), value, np.uint16)


@given(st.integers(0, 400), st.lists(st.tuples(st.integers(0, 9), st.integers(1, 120)), max_size=60))
def test_the_cache_never_holds_more_than_its_bytes_and_counts_what_it_holds(capacity, puts) -> None:
    cache = BlockCache(capacity)
    sizes: dict[int, int] = {}
    for n, pixels in puts:
        cache.put(key(n), block(pixels))
        sizes[n] = 2 * pixels
        assert cache.bytes <= capacity
        held = [m for m in sizes if cache._blocks.get(key(m)) is not None]
        assert cache.bytes == sum(sizes[m] for m in held)
        assert (n in held) == (2 * pixels <= capacity)


def test_the_least_recently_used_goes_first() -> None:
    cache = BlockCache(60)
    for n in range(3):
        cache.put(key(n), block(10, n))
    assert cache.get(key(0)) is not None
    cache.put(key(3), block(10))
    assert cache.get(key(1)) is None
    assert [cache.get(key(n)) is not None for n in (0, 2, 3)] == [True] * 3


def test_what_is_held_cannot_be_changed() -> None:
    cache = BlockCache(100)
    cache.put(key(0), block(10))
    held = cache.get(key(0))
    with pytest.raises(ValueError, match="read-only"):
        held[0, 0] = 7


def test_blocks_of_another_content_level_or_place_are_other_blocks() -> None:
    cache = BlockCache(1000)
    first = key(0)
    cache.put(first, block(1))
    for other in (first._replace(sha256="1"), first._replace(level=1), first._replace(col=1), first._replace(path="b")):
        assert cache.get(other) is None


def test_many_threads_leave_the_books_balanced() -> None:
    cache = BlockCache(2000)

    def work(seed: int) -> None:
        for n in np.random.default_rng(seed).integers(0, 40, 2000):
            if cache.get(key(int(n))) is None:
                cache.put(key(int(n)), block(int(n) + 1))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.bytes == sum(held.nbytes for held in cache._blocks.values()) <= 2000
    cache.clear()
    assert cache.bytes == 0
