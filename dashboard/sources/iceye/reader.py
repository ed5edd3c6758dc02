"""ICEYE's current products: COG images with their properties inside and in a JSON beside them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dashboard.model.acquisition import Acquisition, Original
from dashboard.model.errors import DamagedProductError
from dashboard.sources.details import details
from dashboard.sources.facts import Facts
from dashboard.sources.geocode.power import GeocodedPower
from dashboard.sources.geocode.terrain import terrain
from dashboard.sources.geotiff import MAGIC
from dashboard.sources.grid import opened
from dashboard.sources.iceye.pixels import Measured, measured
from dashboard.sources.iceye.record import (
    BASIS,
    Named,
    acquisition,
    error_m,
    flight,
    look_azimuth,
    polarisation_of,
)
from dashboard.sources.iceye.systems import CURRENT
from dashboard.sources.product import NOTHING_GIVEN, Found, Given, NotRead, Product, System, origin
from dashboard.sources.radar_tiff import Accuracy, footprint_of, place, rpc_of
from dashboard.sources.sidecar import inside
from dashboard.sources.tiff_head import GDAL_METADATA, texts
from dashboard.sources.values import load_json, mapping

NAME = re.compile(
    r"(?P<base>ICEYE_[0-9A-Z]{6}_\d{8}T\d{6}Z_\d+_X\d+_(?P<mode>SL\w*|SM\w*|SC|SCW))"
    r"_(?P<level>GRD|SLC|CSI|VID|QLK|THM)\.(?P<suffix>tif|json|png|kml|mp4|gif)"
)
LEVELS = ("GRD", "SLC", "CSI")
"""Products with pixels to keep; the others are for the eye."""
PROPERTIES = "ICEYE_PROPERTIES"
AGREE = ("iceye:image_id", "iceye:calibration_factor", "start_datetime", "sar:polarizations", "sar:product_type")
"""Where the file and its side-car state these, they must say the same."""
PICTURES = {"QLK": "a quick-look", "THM": "a thumbnail", "VID": "a video"}


class IceyeReader:
    """GRD, SLC and CSI as cloud-optimised GeoTIFF."""

    name = "iceye"
    looks_for = "ICEYE COG products (tag ICEYE_PROPERTIES, or ICEYE_..._GRD.tif, _SLC.tif, _CSI.tif with their JSON)"
    systems: tuple[System, ...] = CURRENT

    def sniff(self, path: Path) -> float:
        """Return 0.95 for the tag or a side-car beside its image, 0.93 for a TIFF by its name, 0.9 for pictures."""
        named = NAME.fullmatch(path.name)
        if path.suffix.lower() == ".json":
            return 0.95 if named and named["level"] in LEVELS and _speaks_of_iceye(path) else 0.0
        with path.open("rb") as stream:
            is_tiff = stream.read(4) in MAGIC
        if is_tiff and PROPERTIES.encode() in texts(path).get(GDAL_METADATA, b""):
            return 0.95
        if named is None:
            return 0.0
        if named["level"] in LEVELS and named["suffix"] == "tif":
            return 0.93 if is_tiff else 0.0
        return 0.9 if named["suffix"] != "json" else 0.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield the one acquisition of an image and its side-car; pictures are passed over.

        Raises
        ------
        InputError
            If a file or a field is missing, damaged or contradicts another.
        """
        named = NAME.fullmatch(path.name)
        if named and named["level"] in PICTURES:
            reason = f"skipped: {PICTURES[named['level']]}, made from the image that lies beside it"
            yield NotRead(path=path, name=path.name, reason=reason, paths=(path,))
            return
        yield _product(_bundle(path, named), given)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bundle:
    image: Path
    paths: tuple[Path, ...]
    """Image, side-car, pictures."""
    facts: Facts
    geometry: object
    named: Named


def _bundle(path: Path, named: re.Match[str] | None) -> _Bundle:
    image, beside = (_sibling(path, path.stem + suffix) for suffix in (".tif", ".json"))
    if path.suffix.lower() not in {".json", ".tif"}:
        image = path
    if not image.is_file():
        msg = f"{image.name}, the image of {path.name}, is not there; fetch the product again."
        raise DamagedProductError(msg)
    item = mapping(load_json(beside)) if beside.is_file() else {}
    tagged, product_name = _inside(image)
    outside = mapping(item.get("properties")) or item
    if not tagged and not outside:
        msg = f"{image.name} carries no tag {PROPERTIES}, and {beside.name} is not there or empty; fetch the side-car."
        raise DamagedProductError(msg)
    facts = _agreed(tagged, outside, image.name, beside.name)
    paths = (image, *((beside,) if beside.is_file() else ()))
    level = _level(facts, named)
    return _Bundle(
        image=image,
        paths=(*paths, *_pictures(image, named)),
        facts=facts,
        geometry=item.get("geometry"),
        named=Named(id=product_name or image.stem, mode=named["mode"] if named else None, level=level),
    )


def _product(bundle: _Bundle, given: Given) -> Product:
    facts, named = bundle.facts, bundle.named
    mode = facts.text("iceye:processing_mode") or named.mode
    azimuth, incidence = look_azimuth(facts, flight(facts)), facts.number("view:incidence_angle", 0.0, 90.0)
    accuracy = Accuracy(
        height_m=facts.number("iceye:average_scene_height", -500, 9000),
        error_m=error_m(mode),
        basis=BASIS,
        look=(azimuth, incidence) if azimuth is not None and incidence else None,
    )
    sensor = place(bundle.image, accuracy, rpc_of(facts, "iceye:rpc"))
    pixels = measured(bundle.image, polarisation_of(facts)[0], facts, named.level)
    ground = terrain(given.dem, sensor.height_m)
    power = GeocodedPower(pixels.native, sensor, ground, complex_pixels=named.level == "SLC")
    files = tuple(p for p in bundle.paths if p.suffix.lower() in {".tif", ".json"} and p.stem == bundle.image.stem)
    source = origin(IceyeReader.name, files)
    found = acquisition(facts, named, footprint_of(bundle.geometry, sensor), source)
    found = _with_pixels(found, pixels, power, bundle)
    return Product(acquisition=found, power=power, paths=bundle.paths, archive_scale=pixels.archive_scale)


def _with_pixels(found: Acquisition, pixels: Measured, power: GeocodedPower, bundle: _Bundle) -> Acquisition:
    down, across = power.looks_taken
    hashes = dict(found.origin.files)
    original = Original(
        path=str(bundle.image),
        sha256=hashes[bundle.image.name],
        shape=pixels.native.shape,
        complex=bundle.named.level == "SLC",
    )
    more = details({"proc:calibration_note": pixels.note, "proc:looks_taken": f"{down} x {across}"})
    return replace(
        found,
        calibration=pixels.calibration,
        geocoding=power.geocoding,
        looks=found.looks * down * across if found.looks else None,
        original=original if bundle.named.level == "SLC" else None,
        details=found.details + more,
    )


def _speaks_of_iceye(path: Path) -> bool:
    """Whether a JSON is ICEYE's: its image lies beside it, or it is no STAC item of its own."""
    with path.open("rb") as stream:
        head = stream.read(4096)
    return path.with_suffix(".tif").is_file() or (b"iceye:" in head and b'"stac_version"' not in head)


def _sibling(path: Path, name: str) -> Path:
    """Return a file beside another, which no link may lead out of the folder."""
    found = inside(path.parent, name)
    return found if found is not None else path.with_name(name)


def _inside(image: Path) -> tuple[dict[str, Any], str | None]:
    """Return the properties in the image's tag, and the product's name."""
    with opened(image) as dataset:
        tags = dataset.tags()
    text = tags.get(PROPERTIES)
    name = str(tags.get("PRODUCT_NAME") or "").strip()
    if text is None:
        return {}, name or None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = f"{image.name}: the tag {PROPERTIES} is not valid JSON; the product is damaged."
        raise DamagedProductError(msg) from error
    return mapping(found), name or None


def _agreed(tagged: Mapping[str, Any], outside: Mapping[str, Any], image: str, beside: str) -> Facts:
    """Return what both state; the image's own word counts, and what must agree does."""
    for key in AGREE:
        if key in tagged and key in outside and tagged[key] != outside[key]:
            mine, other = (" ".join(str(side[key])[:60].split()) for side in (tagged, outside))
            msg = f"{image} states {key} as {mine}, its side-car {beside} as {other}; they are of different products."
            raise DamagedProductError(msg)
    return Facts({**outside, **tagged}, image if tagged else beside)


def _level(facts: Facts, named: re.Match[str] | None) -> str:
    stated = (facts.text("sar:product_type") or facts.text("product:type") or "").upper().split("-")[0]
    level = stated or (named["level"] if named else "")
    if level not in LEVELS:
        raise facts.wrong("sar:product_type", stated, "GRD-COG, SLC-COG or CSI-COG")
    return level


def _pictures(image: Path, named: re.Match[str] | None) -> tuple[Path, ...]:
    """Return the quick-looks and thumbnails that lie beside the image."""
    if named is None:
        return ()
    names = [
        f"{named['base']}_{kind}.{suffix}" for kind in ("QLK", "THM") for suffix in ("tif", "json", "png", "kml", "gif")
    ]
    return tuple(file for name in names if (file := _sibling(image, name)).is_file())
