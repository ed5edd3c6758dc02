"""What is remembered is bounded, shared and forgotten in the order it was last used."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dashboard.workflows.remembered import Remembered


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 40)), max_size=60))
def test_the_weight_never_exceeds_the_limit_and_is_that_of_what_is_held(asked):
    memory = Remembered(100, lambda array: array.nbytes)
    for key, size in asked:
        found = memory.get(key, lambda size=size: np.zeros(size, np.uint8))
        assert memory.get(key, lambda: np.zeros(0, np.uint8)) is found
        assert memory.weight <= 100


def test_the_least_recently_used_goes_first():
    memory = Remembered(2)
    for key in ("a", "b", "a", "c"):
        memory.get(key, lambda key=key: [key])
    made = []
    for key in ("a", "c", "b"):
        memory.get(key, lambda key=key: made.append(key) or [key])
    assert made == ["b"]
