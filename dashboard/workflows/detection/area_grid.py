"""Which grid an area is searched on: the archive's own pixels wherever that can be."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from dashboard.model.acquisition import Acquisition
from dashboard.model.errors import InputError, ResourceError
from dashboard.workflows.detection.area_tiles import BLOCK
from dashboard.workflows.detection.looks import ChosenStack
from dashboard.workflows.extent import Box
from dashboard.workflows.observed import pixel_areas

MOST_PIXELS = 10_000_000_000
"""Of one area: a hundred thousand kilometres squared at 10 m, some hours on two cores."""
_SAME = 0.99
"""A pixel no smaller than this share of the archive's is no invention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaGrid:
    """A grid, and how the archive's blocks lie in it."""

    geobox: GeoBox
    phase: tuple[int, int]
    """`Layout.phase` with which the borders of tiles fall between those of blocks."""


def area_grid(chosen: Sequence[ChosenStack], bbox: Box, resolution_m: float | None = None) -> AreaGrid:
    """Return the grid of the finest stack over the ground in a box that was looked at.

    Parameters
    ----------
    chosen
        The stacks.
    bbox
        (west, south, east, north), degrees.
    resolution_m
        Side of a pixel in metres; without it the pixels of the finest stack themselves.

    Raises
    ------
    InputError
        If no look covers any of the box, or the resolution is finer than any archived pixel.
    ResourceError
        If the grid has more than `MOST_PIXELS` pixels.
    """
    anchor, native_m = min(
        ((stack.anchor, _native_m(stack.anchor)) for stack in chosen), key=lambda each: (each[1], each[0].id)
    )
    ground = _ground(chosen, bbox)
    if resolution_m is not None and resolution_m < _SAME * native_m:
        what = f"A resolution of {resolution_m:g} m is finer than the finest pixels here, {native_m:.3g} m"
        raise InputError(f"{what}; give that or a coarser one.")
    found = _native(anchor, ground) if resolution_m is None else None
    if found is None:
        found = AreaGrid(geobox=_plain(anchor, ground, resolution_m or native_m), phase=(0, 0))
    height, width = found.geobox.shape
    if int(height) * int(width) > MOST_PIXELS:
        what = f"The area is {width} x {height} pixels; one run searches {MOST_PIXELS:,}"
        raise ResourceError(f"{what}. Give a smaller area or a coarser resolution.")
    return found


def _native_m(anchor: Acquisition) -> float:
    """Side of a native pixel on the ground."""
    if anchor.pixels is None:
        raise InputError(f"{anchor.id} has no pixels here; ingest it first.")
    whole = GeoBox(anchor.pixels.shape, Affine(*anchor.pixels.transform), anchor.pixels.crs)
    return math.sqrt(pixel_areas(whole).middle_m2)


def _ground(chosen: Iterable[ChosenStack], bbox: Box) -> Box:
    """The part of a box that the looks reach."""
    seen = [member.bbox for stack in chosen for each in stack.passes for member in each.members]
    west, south, east, north = (pick(each[at] for each in seen) for at, pick in enumerate((min, min, max, max)))
    west, south, east, north = max(west, bbox[0]), max(south, bbox[1]), min(east, bbox[2]), min(north, bbox[3])
    if not (west < east and south < north):
        raise InputError("None of the looks covers any of the area; move it, or choose other stacks.")
    return west, south, east, north


def _native(anchor: Acquisition, ground: Box) -> AreaGrid | None:
    """The anchor's own pixels, continued over the ground; None where they do not lie along the map's axes."""
    pixels = anchor.pixels
    if pixels is None or pixels.transform[1] or pixels.transform[3]:
        return None
    transform = Affine(*pixels.transform)
    geobox, left, top = _lattice(transform, pixels.crs, ground)
    phase_y, phase_x = ((at - BLOCK // 2) % BLOCK for at in (top, left))
    return AreaGrid(geobox=geobox, phase=(phase_y, phase_x))


def _plain(anchor: Acquisition, ground: Box, side_m: float) -> GeoBox:
    """North up, in the anchor's projection if that is in metres; corners at multiples of the side."""
    crs = CRS(anchor.pixels.crs) if anchor.pixels is not None else None
    if crs is None or crs.geographic or crs == "EPSG:3857" or crs.units[0] != "metre":  # Mercator's metres are none
        crs = CRS.utm((ground[0] + ground[2]) / 2, (ground[1] + ground[3]) / 2)
    return _lattice(Affine(side_m, 0, 0, 0, -side_m, 0), str(crs), ground)[0]


def _lattice(transform: Affine, crs: str, ground: Box) -> tuple[GeoBox, int, int]:
    """The pixels of a lattice that touch the ground, and the column and row of the first."""
    x0, y0, x1, y1 = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform_bounds(*ground)
    ends = [~transform * corner for corner in ((x0, y0), (x1, y1))]
    left, right = math.floor(min(c for c, _ in ends)), math.ceil(max(c for c, _ in ends))
    top, bottom = math.floor(min(r for _, r in ends)), math.ceil(max(r for _, r in ends))
    return GeoBox((bottom - top, right - left), transform * Affine.translation(left, top), crs), left, top
