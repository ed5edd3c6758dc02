"""Coordinate transformations, made once a thread: making one costs milliseconds, and one serves one thread."""

import threading

from pyproj import Transformer

LONLAT = "OGC:CRS84"
MOST = 64
"""Kept a thread; then all are let go."""

_local = threading.local()


def between(source: str, target: str) -> Transformer:
    """Return the transformation between two coordinate systems, x and y (longitude, latitude) first."""
    if not hasattr(_local, "known"):
        _local.known = {}
    known: dict[tuple[str, str], Transformer] = _local.known
    found = known.get((source, target))
    if found is None:
        if len(known) >= MOST:
            known.clear()
        found = known[source, target] = Transformer.from_crs(source, target, always_xy=True)
    return found
