"""How arrays travel to the page: small ones in the message itself, only large ones in messages of their own.

Bokeh sends every array as two messages. A basemap is thousands of outlines of a few vertices: each would cost the
server and the browser more than all of its bytes.
"""

from typing import Any

import numpy as np
from bokeh.core.serialization import Serializer

SMALL = 256
"""Up to so many numbers go as text."""
_PLAIN = {"int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"}
"""Kinds of numbers that the browser has arrays of; Bokeh turns every other into something else first."""


def inline_small_arrays() -> None:
    """Let every document of this process send its small arrays within its messages; once is enough."""
    if Serializer._encoders.get(np.ndarray) is None:
        Serializer.register(np.ndarray, encoded)


def encoded(array: Any, serializer: Serializer) -> Any:  # noqa: ANN401 - an array, and Bokeh's form of it
    """Return an array as Bokeh writes it, its numbers in the text when they are few and text can say them."""
    name = array.dtype.name
    if array.size > SMALL or name not in _PLAIN or not np.isfinite(array).all():
        return serializer._encode_ndarray(array)
    numbers = array.ravel().tolist()
    return {"type": "ndarray", "array": numbers, "shape": list(array.shape), "dtype": name, "order": "little"}
