"""Well-known binary as nested coordinates: read here, as hostile nesting overflows the stack of the usual reader."""

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.sources.exchange.geometry import MAX_DEPTH
from dashboard.sources.exchange.record import Spot

Placement = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""(n, 2) coordinates as they are in the file to (n, 2) longitude and latitude, degrees."""
_SIMPLE = {1: "Point", 2: "LineString", 3: "Polygon"}
_MULTI = {4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon"}
_COLLECTION = 7
_Z, _M, _SRID = 0x80000000, 0x40000000, 0x20000000
"""Flags of the extended form, beside the thousands of the ISO form."""


def geometry_in(wkb: bytes, spot: Spot, place: Placement) -> dict[str, Any]:
    """Return well-known binary (ISO 13249-3, or its extended form) as a GeoJSON-like geometry.

    Raises
    ------
    DamagedProductError
        If it is truncated, nested too deep, or holds curves or surfaces.
    """
    return _Reader(wkb, spot, place).geometry(0)


class _Reader:
    __slots__ = ("_bytes", "_offset", "_place", "_spot")

    def __init__(self, wkb: bytes, spot: Spot, place: Placement) -> None:
        self._bytes = wkb
        self._offset = 0
        self._spot = spot
        self._place = place

    def geometry(self, depth: int) -> dict[str, Any]:
        if depth > MAX_DEPTH:
            raise self._spot.damaged(f"collections are nested more than {MAX_DEPTH} deep; flatten them.")
        order, code, width = self._head()
        if code in _SIMPLE:
            return {"type": _SIMPLE[code], "coordinates": self._simple(code, order, width)}
        if code not in _MULTI and code != _COLLECTION:
            raise self._spot.damaged(f"geometry type {code} is no point, line or polygon; convert curves to lines.")
        members = [self.geometry(depth + 1) for _ in range(self._count(order, 9))]
        if code == _COLLECTION:
            return {"type": "GeometryCollection", "geometries": members}
        if any(f"Multi{member['type']}" != _MULTI[code] for member in members):
            raise self._spot.damaged(f"a {_MULTI[code]} holds something else; correct the file.")
        return {"type": _MULTI[code], "coordinates": [member["coordinates"] for member in members]}

    def _head(self) -> tuple[str, int, int]:
        """Return (byte order, type code, numbers per position)."""
        order = "<" if self._take(1)[0] == 1 else ">"
        (stated,) = struct.unpack(f"{order}I", self._take(4))
        if stated & _SRID:
            self._take(4)
        code = (stated & 0xFFFF) % 1000
        heights = (stated & 0xFFFF) // 1000
        width = 2 + (bool(stated & _Z) or heights in {1, 3}) + (bool(stated & _M) or heights in {2, 3})
        if width > 2:
            self._spot.note("heights were left out: annotations lie on the ground")
        return order, code, width

    def _simple(self, code: int, order: str, width: int) -> list[Any]:
        if code == 3:
            return [self._positions(order, width) for _ in range(self._count(order, 4))]
        if code == 2:
            return self._positions(order, width)
        values = np.frombuffer(self._take(8 * width), dtype=f"{order}f8")
        empty = bool(np.isnan(values[:2]).all())  # how an empty point is written
        return [] if empty else self._placed(values.reshape(1, width))[0]

    def _positions(self, order: str, width: int) -> list[Any]:
        count = self._count(order, 8 * width)
        values = np.frombuffer(self._take(count * 8 * width), dtype=f"{order}f8")
        return self._placed(values.reshape(count, width))

    def _placed(self, values: NDArray[np.float64]) -> list[Any]:
        positions: list[Any] = self._place(values[:, :2].astype(np.float64)).tolist()
        return positions

    def _count(self, order: str, size: int) -> int:
        """Return how many things of at least `size` bytes follow; what cannot fit is not believed."""
        (count,) = struct.unpack(f"{order}I", self._take(4))
        if count * size > len(self._bytes) - self._offset:
            raise self._truncated()
        return int(count)

    def _take(self, size: int) -> bytes:
        start, self._offset = self._offset, self._offset + size
        if self._offset > len(self._bytes):
            raise self._truncated()
        return self._bytes[start : self._offset]

    def _truncated(self) -> Exception:
        return self._spot.damaged("the geometry ends before it is complete; write the file again.")
