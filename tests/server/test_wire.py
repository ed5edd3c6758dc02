"""Arrays on their way to the page: nothing is lost, and only large ones travel in messages of their own."""

import numpy as np
import pytest
from bokeh.core.serialization import Deserializer, Serializer
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dashboard.server.wire import SMALL, inline_small_arrays

inline_small_arrays()
KINDS = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.float32, np.float64]


def there_and_back(array: np.ndarray) -> tuple[np.ndarray, int]:
    serializer = Serializer()
    sent = serializer.serialize(array)
    return Deserializer().deserialize(sent), len(sent.buffers)


@given(st.data())
def test_every_array_arrives_as_it_was(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    array = data.draw(arrays(kind, array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=9)))
    array.flags.writeable = False
    back, _ = there_and_back(array)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize(("size", "buffers"), [(1, 0), (SMALL, 0), (SMALL + 1, 1)])
def test_only_large_arrays_need_a_message(size: int, buffers: int) -> None:
    back, found = there_and_back(np.linspace(0.0, 1.0, size))
    assert found == buffers
    np.testing.assert_array_equal(back, np.linspace(0.0, 1.0, size))


def test_what_text_cannot_say_goes_in_bytes() -> None:
    back, buffers = there_and_back(np.array([1.0, np.nan, np.inf]))
    assert buffers == 1
    np.testing.assert_array_equal(back, [1.0, np.nan, np.inf])
    moments, _ = there_and_back(np.array(["2026-05-04T10:15"], "datetime64[ms]"))
    assert moments.tolist() == [1777889700000.0]


def test_a_slice_and_a_transposed_array_arrive_in_their_order() -> None:
    array = np.arange(24.0).reshape(4, 6)
    for one in (array[:, ::2], array.T, array[::-1]):
        np.testing.assert_array_equal(there_and_back(one)[0], one)
