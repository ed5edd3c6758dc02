"""Undo and redo as two stacks."""

from hypothesis import given
from hypothesis import strategies as st

from dashboard.state.steps import MOST, Steps


def test_there_is_nothing_to_undo_or_redo_at_first() -> None:
    steps: Steps[int] = Steps()
    assert steps.undo() is None
    assert steps.redo() is None


@given(st.lists(st.integers(), max_size=150), st.integers(0, 160))
def test_undoing_walks_back_and_redoing_walks_forth_again(done, back) -> None:
    steps: Steps[int] = Steps()
    for step in done:
        steps.did(step)
    undone = [steps.undo() for _ in range(min(back, len(done)))]
    assert undone == done[::-1][:back]
    assert [steps.redo() for _ in undone] == undone[::-1]
    assert steps.redo() is None
    assert steps.past == done


def test_something_new_forgets_what_was_undone() -> None:
    steps: Steps[int] = Steps()
    for step in (1, 2, 3):
        steps.did(step)
    steps.undo()
    steps.did(4)
    assert steps.redo() is None
    assert [steps.undo() for _ in range(3)] == [4, 2, 1]


def test_at_least_a_hundred_steps_are_kept_and_memory_is_bounded() -> None:
    steps: Steps[int] = Steps()
    for step in range(3 * MOST):
        steps.did(step)
    assert MOST >= 100
    assert len(steps.past) == MOST
    assert steps.undo() == 3 * MOST - 1
    assert steps.past[0] == 2 * MOST
