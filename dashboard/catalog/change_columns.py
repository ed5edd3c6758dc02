"""The changes of a run as columns: what sorting, filtering and counting need, without the objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dashboard.model.change import ChangeSign, ChangeStatus

SIGNS = tuple(ChangeSign)
"""What the numbers of `Columns.sign` stand for."""
STATUSES = tuple(ChangeStatus)
"""What the numbers of `Columns.status` stand for."""
_SIGN = {sign.value: place for place, sign in enumerate(SIGNS)}
_STATUS = {status.value: place for place, status in enumerate(STATUSES)}

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Row i of every array is one change, in the order of recording."""

    ids: NDArray[np.object_]
    """(n,) str."""
    score: Floats
    confidence: Floats
    """NaN where it was not measured."""
    area_m2: Floats
    magnitude_db: Floats
    after: NDArray[np.int64]
    """Microseconds since 1970, UTC."""
    before: NDArray[np.int64]
    sign: NDArray[np.uint8]
    """Places in `SIGNS`."""
    status: NDArray[np.uint8]
    """Places in `STATUSES`."""
    geometry: NDArray[np.object_]
    """(n,) shapely geometries, longitude and latitude in degrees."""

    def __len__(self) -> int:
        return len(self.ids)


def columns_of(rows: Sequence[Sequence[Any]]) -> Columns:
    """Return columns of rows (id, score, confidence, area, magnitude, after, before, sign, status, geometry)."""
    ids, score, confidence, area, magnitude, after, before, sign, status, wkb = (
        zip(*rows, strict=True) if rows else [()] * 10
    )
    return Columns(
        ids=_objects(ids),
        score=np.array(score, dtype=np.float64),
        confidence=np.array(confidence, dtype=np.float64),
        area_m2=np.array(area, dtype=np.float64),
        magnitude_db=np.array(magnitude, dtype=np.float64),
        after=np.array(after, dtype=np.int64),
        before=np.array(before, dtype=np.int64),
        sign=np.array([_SIGN[each] for each in sign], dtype=np.uint8),
        status=np.array([_STATUS[each] for each in status], dtype=np.uint8),
        geometry=np.asarray(shapely.from_wkb(_objects(wkb)), dtype=object),
    )


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
