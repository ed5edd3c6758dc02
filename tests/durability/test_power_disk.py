"""The simulated disk itself: what was synced stays, what was not comes in any part, and never anything else."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from power_disk import SECTOR, Acknowledged, Create, Delete, FolderSync, Recording, Sync, Truncate, Write, sectors

A, B = b"a" * SECTOR, b"b" * SECTOR


@given(offset=st.integers(0, 3 * SECTOR), size=st.integers(1, 5 * SECTOR))
def test_sectors_are_the_write_and_cross_no_edge(offset: int, size: int) -> None:
    op = Write(0, offset, random.Random(size).randbytes(size))
    parts = sectors(op)
    assert b"".join(part.data for part in parts) == op.data
    assert [part.offset for part in parts[1:]] == [part.offset + len(part.data) for part in parts[:-1]]
    assert all(part.offset // SECTOR == (part.offset + len(part.data) - 1) // SECTOR for part in parts)


def outcomes(recording: Recording, tries: int = 200) -> set[tuple[tuple[str, bytes], ...]]:
    luck = random.Random(7)
    cut = len(recording.operations)
    return {tuple(recording.after_power_loss(cut, luck, share=0.5).items()) for _ in range(tries)}


def test_what_was_synced_is_there() -> None:
    recording = Recording({"f": A}, [Write(0, 0, B), Truncate(0, 10), Sync(0), Acknowledged("e")])
    assert outcomes(recording) == {(("f", B[:10]),)}


def test_what_was_not_synced_arrives_in_any_part_and_order() -> None:
    recording = Recording({"f": A + A}, [Write(0, 0, B), Write(0, SECTOR, B)])
    assert outcomes(recording) == {(("f", one + other),) for one in (A, B) for other in (A, B)}


def test_a_write_is_torn_at_sectors_only() -> None:
    found = outcomes(Recording({"f": A + A}, [Write(0, 0, B + B)]))
    assert found == {(("f", one + other),) for one in (A, B) for other in (A, B)}


def test_a_later_write_without_an_earlier_one_leaves_a_hole_of_zeros_or_old_bytes() -> None:
    found = {dict(each)["f"] for each in outcomes(Recording({"f": b""}, [Write(0, 0, A), Write(0, SECTOR, B)]))}
    assert {b"", A, A + B, bytes(SECTOR) + B} < found
    assert any(each[:SECTOR] not in {A, bytes(SECTOR)} for each in found if len(each) == 2 * SECTOR)


def test_names_wait_for_the_folder() -> None:
    operations = [Create("g", 1), Write(1, 0, A), Sync(1), Delete("f")]
    assert {tuple(dict(each)) for each in outcomes(Recording({"f": A}, operations))} == {("f",), ("f", "g"), (), ("g",)}
    assert outcomes(Recording({"f": A}, [*operations, FolderSync()])) == {(("g", A),)}


@pytest.mark.parametrize(("cut", "told"), [(0, set()), (1, {"one"}), (2, {"one"}), (3, {"one", "two"})])
def test_only_what_was_told_before_the_cut_counts(cut: int, told: set[str]) -> None:
    recording = Recording({}, [Acknowledged("one"), Create("f", 0), Acknowledged("two")])
    assert recording.acknowledged(cut) == told
