"""Pieces of a run on disk: whole or not there, and only those of this very job."""

import numpy as np
import pytest

from dashboard.model.errors import CancelledError, ResourceError
from dashboard.workflows.detection.area_store import Piece, Stopped, Store

PIECE = Piece(facts={"open": [1, 2], "share": 0.1}, arrays={"energy": np.arange(6, dtype=np.float32).reshape(2, 3)})


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "runs" / "question" / "job", "a" * 64)
    with made.held():
        yield made


def test_a_piece_comes_back_as_it_was(store):
    assert store.get("tile-1") is None
    store.put("tile-1", PIECE)
    found = store.get("tile-1")
    assert found.facts == PIECE.facts
    np.testing.assert_array_equal(found.arrays["energy"], PIECE.arrays["energy"])
    assert found.arrays["energy"].dtype == np.float32
    assert store.names() == {"tile-1"}


def test_nothing_else_is_left_in_the_folder(store):
    store.put("tile-1", PIECE)
    assert sorted(path.name for path in store.folder.iterdir()) == ["running", "tile-1.piece"]


@pytest.mark.parametrize("place", [0, 70, 128, 129, 200, -1])
def test_one_changed_byte_makes_it_unknown(store, place):
    store.put("tile-1", PIECE)
    path = store.folder / "tile-1.piece"
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)
    assert store.get("tile-1") is None
    assert not path.exists()


@pytest.mark.parametrize("length", [0, 10, 128, 129, 300])
def test_a_torn_piece_is_unknown(store, length):
    store.put("tile-1", PIECE)
    path = store.folder / "tile-1.piece"
    path.write_bytes(path.read_bytes()[:length])
    assert store.get("tile-1") is None


def test_a_piece_of_another_job_is_unknown(store):
    store.put("tile-1", PIECE)
    assert Store(store.folder, "b" * 64).get("tile-1") is None


def test_two_processes_are_not_at_one_job(store):
    with pytest.raises(ResourceError, match="under way"), Store(store.folder, store.key).held():
        pass


def test_a_job_can_be_taken_up_again(store, tmp_path):
    other = Store(tmp_path / "other", "a" * 64)
    with other.held():
        other.put("tile-1", PIECE)
        other.stop()
    with other.held():
        assert other.get("tile-1") is not None
        Stopped(other).check()


def test_a_stop_reaches_whoever_sees_the_folder(store):
    flag = Stopped(store)
    flag.check()
    store.stop()
    with pytest.raises(CancelledError, match="goes on from there"):
        flag.check()


def test_what_is_finished_leaves_no_folder(store, tmp_path):
    store.put("tile-1", PIECE)
    store.clear()
    assert list(tmp_path.iterdir()) == []
    assert Stopped(store).cancelled
    with pytest.raises(ResourceError, match="under the same path"):
        Stopped(store).check()


def test_another_job_of_the_same_question_stays(store):
    other = Store(store.folder.parent / "another", "b" * 64)
    with other.held():
        other.put("tile-1", PIECE)
    store.clear()
    assert other.get("tile-1") is not None
