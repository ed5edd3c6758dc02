"""The columns of a picture of one byte a pixel, as its source holds them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def picture_columns(picture: NDArray[np.uint8], bounds: tuple[float, float, float, float]) -> dict[str, list[Any]]:
    """Return the columns of a picture (y, x), north first, within (x0, y0, x1, y1) in Mercator metres."""
    x0, y0, x1, y1 = bounds
    return {"image": [np.ascontiguousarray(picture[::-1])], "x": [x0], "y": [y0], "dw": [x1 - x0], "dh": [y1 - y0]}


def no_picture() -> dict[str, list[Any]]:
    """Return the columns of none."""
    return {name: [] for name in ("image", "x", "y", "dw", "dh")}
