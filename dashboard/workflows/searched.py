"""Which ground a detection searches, and on which grid."""

import math

from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from dashboard.model.acquisition import Acquisition, Pixels
from dashboard.model.errors import InputError, ResourceError
from dashboard.workflows.extent import Box
from dashboard.workflows.passes import members
from dashboard.workflows.workspace import Workspace

MOST_PIXELS = 36_000_000
"""Largest grid of one run. Ratio, labels, masks and outlines take 26 bytes a pixel, measured: 0.9 GB."""


def full_grid(
    workspace: Workspace, before: Acquisition, after: Acquisition, geobox: GeoBox | None, bbox: Box | None
) -> GeoBox:
    """Return the grid to search: the one given, else the pixel lattice of `after` over the common ground in `bbox`.

    Raises
    ------
    InputError
        If both a grid and a box are given, or there is no common ground.
    ResourceError
        If the grid has more than `MOST_PIXELS` pixels.
    """
    if geobox is not None and bbox is not None:
        raise InputError("Both a grid and a bounding box are given; give one of them.")
    if geobox is None:
        if after.pixels is None:
            raise InputError(f"{after.id} has no pixels here; ingest it first.")
        geobox = _lattice(after.pixels, _common(workspace, before, after, bbox))
    pixels = int(geobox.shape[0]) * int(geobox.shape[1])
    if pixels > MOST_PIXELS:
        size = f"{geobox.shape[1]} x {geobox.shape[0]} pixels"
        raise ResourceError(f"The area is {size}; one run holds {MOST_PIXELS:,}. Give a smaller bounding box.")
    return geobox


def _common(workspace: Workspace, before: Acquisition, after: Acquisition, bbox: Box | None) -> Box:
    boxes = [_around(members(workspace, acq)) for acq in (before, after)]
    boxes += [] if bbox is None else [bbox]
    west, south, east, north = (pick(each[i] for each in boxes) for i, pick in enumerate((max, max, min, min)))
    if not (west < east and south < north):
        where = "" if bbox is None else " inside the bounding box"
        what = f"{before.id} and {after.id} have no common ground{where}"
        raise InputError(f"{what}; choose acquisitions or a box that overlap.")
    return west, south, east, north


def _around(among: list[Acquisition]) -> Box:
    boxes = [acq.bbox for acq in among if acq.pixels is not None]
    west, south, east, north = (pick(each[i] for each in boxes) for i, pick in enumerate((min, min, max, max)))
    return west, south, east, north


def _lattice(pixels: Pixels, bbox: Box) -> GeoBox:
    """The acquisition's own pixels, continued over a box: a pass is one lattice for all of its products."""
    to_grid = Transformer.from_crs("EPSG:4326", pixels.crs, always_xy=True)
    x0, y0, x1, y1 = to_grid.transform_bounds(*bbox)
    transform = Affine(*pixels.transform)
    ends = [~transform * corner for corner in ((x0, y0), (x1, y1))]
    left, right = math.floor(min(c for c, _ in ends)), math.ceil(max(c for c, _ in ends))
    top, bottom = math.floor(min(r for _, r in ends)), math.ceil(max(r for _, r in ends))
    return GeoBox((bottom - top, right - left), transform * Affine.translation(left, top), pixels.crs)
