"""Maxar's (Vantor's) pictures: GeoTIFF of one file or of tiles with IMD, TIL and RPB, or the XML that says the same."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import Acquisition, Kind, Original
from dashboard.model.errors import DamagedProductError, NoGeoreferenceError
from dashboard.model.handling import Handling
from dashboard.sources.details import details
from dashboard.sources.facts import Facts
from dashboard.sources.geocode.rpc import Rpc
from dashboard.sources.geotiff import MAGIC
from dashboard.sources.grid import opened
from dashboard.sources.licence import Licence, licence_of
from dashboard.sources.maxar.record import (
    bands_of,
    corners_of,
    details_of,
    gsd_of,
    incidence_of,
    level_of,
    look_azimuth_of,
    period,
    platform_of,
)
from dashboard.sources.maxar.systems import SYSTEMS
from dashboard.sources.maxar.tiles import TIFF_SUFFIXES, Order, metadata_beside, order_of
from dashboard.sources.product import NOTHING_GIVEN, Found, Given, Product, System, origin
from dashboard.sources.tiff_place import rpc_of
from dashboard.sources.values import safe_id
from dashboard.sources.visible import ARCHIVE_SCALE, NO_BACKSCATTER, Picture
from dashboard.sources.visible_place import Accuracy, Placed, by_rpc, on_map, shift_of

ISD = re.compile(rb"<\s*isd[\s/>]")
GROUPS = re.compile(rb"(?m)^\s*(BEGIN_GROUP\s*=\s*\w+|(version|satId|numTiles|bandId)\s*=)")
BASIC = "LV1"
COMMON = 0.5
"""Of the corners' outline and the image's, the share that must be common."""
RPB_NUMBERS = {
    "LINE_OFF": "LINEOFFSET",
    "SAMP_OFF": "SAMPOFFSET",
    "LAT_OFF": "LATOFFSET",
    "LONG_OFF": "LONGOFFSET",
    "HEIGHT_OFF": "HEIGHTOFFSET",
    "LINE_SCALE": "LINESCALE",
    "SAMP_SCALE": "SAMPSCALE",
    "LAT_SCALE": "LATSCALE",
    "LONG_SCALE": "LONGSCALE",
    "HEIGHT_SCALE": "HEIGHTSCALE",
    "LINE_NUM_COEFF": "LINENUMCOEF",
    "LINE_DEN_COEFF": "LINEDENCOEF",
    "SAMP_NUM_COEFF": "SAMPNUMCOEF",
    "SAMP_DEN_COEFF": "SAMPDENCOEF",
}
"""RPC00B's name -> that of the RPB."""


class MaxarReader:
    """Basic, Standard and Ortho; panchromatic, multispectral and pan-sharpened."""

    name = "maxar"
    looks_for = "Maxar pictures (GeoTIFF with .IMD, .TIL and .RPB, or an .XML with the root isd)"
    systems: tuple[System, ...] = SYSTEMS

    def sniff(self, path: Path) -> float:
        """Return 0.95 for metadata by their content, 0.94 for a TIFF beside metadata of its name."""
        suffix = path.suffix.lower()
        if suffix not in {".imd", ".til", ".rpb", ".xml", *TIFF_SUFFIXES}:
            return 0.0
        if suffix in TIFF_SUFFIXES:
            beside = metadata_beside(path)
            with path.open("rb") as stream:
                is_tiff = stream.read(4) in MAGIC
            return 0.94 if is_tiff and beside is not None and _is_metadata(beside) else 0.0
        return 0.95 if _is_metadata(path) else 0.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield the one picture that the file belongs to.

        Raises
        ------
        InputError
            If a file or a field is missing, damaged or contradicts another.
        """
        yield _product(order_of(path), given)


def _is_metadata(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(2048)
    return (ISD if path.suffix.lower() == ".xml" else GROUPS).search(head) is not None


def _product(order: Order, given: Given) -> Product:
    bands, names = bands_of(order.facts, order.tiles[0])
    counts = {tile.count for tile in order.tiles}
    if len(counts) > 1:
        msg = f"{order.stem}: its tiles have {min(counts)} to {max(counts)} bands; they are of different pictures."
        raise DamagedProductError(msg)
    placed = _placed(order, bands, given)
    remarks = _remarks(order)
    found = _acquisition(order, placed, licence_of("Maxar", order.licences, *remarks), given)
    found = replace(
        found,
        polarisations=tuple(bands),
        handling=found.handling & Handling(attributions=frozenset(text for text in remarks[:1] if text)),
        details=details_of(order.facts, names, tuple(bands), len(order.tiles)) + found.details,
    )
    return Product(acquisition=found, power=placed.power, paths=order.paths, archive_scale=ARCHIVE_SCALE)


def _placed(order: Order, bands: Mapping[str, int], given: Given) -> Placed:
    """Return the picture by its own grid, else by its RPCs: Basic products have no grid."""
    first = order.tiles[0]
    basic = (order.facts.text("PRODUCTLEVEL") or "").upper().startswith(BASIC)
    if first.crs is not None and not first.affine.is_identity and not basic:
        ortho = level_of(order.facts)[0] == "Ortho"
        shift = None if ortho else shift_of(incidence_of(order.facts))
        accuracy = Accuracy(error_m=None, basis="map grid of the product; it states no accuracy", shift_per_m=shift)
        return on_map(order.tiles, bands, accuracy)
    if order.rpc is None:
        msg = f"{first.path.name} has no map grid, and {order.stem}.RPB is not there; fetch the order again."
        raise NoGeoreferenceError(msg)
    if len(order.tiles) > 1 and not order.listed:
        msg = f"{order.stem} is of {len(order.tiles)} tiles, and {order.stem}.TIL, which places them, is not there."
        raise NoGeoreferenceError(msg)
    rpc, accuracy = _rpc(order.rpc)
    return by_rpc(Picture(order.tiles, bands), rpc, accuracy, given, order.rpc.file)


def _rpc(rpb: Facts) -> tuple[Rpc, Accuracy]:
    try:
        rpc = rpc_of({name: str(rpb.value(f"IMAGE/{key}") or "") for name, key in RPB_NUMBERS.items()})
    except NoGeoreferenceError as error:
        msg = f"{rpb.file}: {error}"
        raise NoGeoreferenceError(msg) from error
    bias, rand = rpb.number("IMAGE/ERRBIAS"), rpb.number("IMAGE/ERRRAND")
    if bias is None or rand is None or bias < 0 or rand < 0 or bias + rand == 0:
        return rpc, Accuracy(error_m=None, basis="RPCs of the product; they state no error")
    return rpc, Accuracy(error_m=round(math.hypot(bias, rand), 2), basis="errBias and errRand of the RPCs")


def _acquisition(order: Order, placed: Placed, licence: Licence, given: Given) -> Acquisition:
    imd = order.facts
    start, stop = period(imd, given)
    name = safe_id(order.stem)
    if name is None:
        msg = f"{imd.file}: the name {order.stem[:60]!r} holds no letter or digit; rename the files."
        raise DamagedProductError(msg)
    where = origin(MaxarReader.name, order.paths)
    hashes = dict(where.files)
    camera = placed.geocoding.kind == "rpc"
    first = order.tiles[0]
    original = Original(path=str(first.path), sha256=hashes[first.path.name], shape=first.shape, complex=False)
    return Acquisition(
        id=name,
        constellation="maxar",
        kind=Kind.OPTICAL,
        platform=platform_of(imd),
        start=start,
        stop=stop,
        incidence_deg=incidence_of(imd),
        look_azimuth_deg=look_azimuth_of(imd),
        resolution_m=gsd_of(imd),
        level=level_of(imd)[0],
        footprint=_footprint(imd, placed),
        calibration=NO_BACKSCATTER,
        handling=licence.handling,
        received=imd.time("GENERATIONTIME"),
        geocoding=placed.geocoding,
        original=original if camera and len(order.tiles) == 1 else None,
        details=details({"proc:licence_text": licence.text}),
        origin=where,
    )


def _footprint(imd: Facts, placed: Placed) -> BaseGeometry:
    """Return the corners' outline if they are stated; corners of another place are damage."""
    corners = corners_of(imd)
    if corners is None:
        return placed.footprint
    common = corners.intersection(placed.footprint).area
    if common < COMMON * max(corners.area, placed.footprint.area):
        west, south, east, north = corners.bounds
        msg = (
            f"{imd.file}: the corners ULLon ... LLLat ({west:.4f} to {east:.4f}, {south:.4f} to {north:.4f}) are not "
            "where the image lies; the product is damaged. Fetch it again."
        )
        raise DamagedProductError(msg)
    return corners


def _remarks(order: Order) -> tuple[str | None, str | None]:
    """Return the copyright and the description in the first file's tags."""
    with opened(order.tiles[0].path) as dataset:
        tags = dataset.tags()
    found = (str(tags.get(f"TIFFTAG_{name}") or "").strip()[:200] or None for name in ("COPYRIGHT", "IMAGEDESCRIPTION"))
    copyright_, description = found
    return copyright_, description
