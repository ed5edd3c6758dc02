"""ICEYE's legacy products, delivered until the end of 2026: GRD as GeoTIFF with XML, SLC as HDF5 (with XML)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dashboard.model.acquisition import Original
from dashboard.model.errors import DamagedProductError
from dashboard.sources.details import details
from dashboard.sources.facts import Facts
from dashboard.sources.geocode.power import GeocodedPower
from dashboard.sources.geocode.terrain import terrain
from dashboard.sources.geotiff import MAGIC
from dashboard.sources.hdf5.opening import is_hdf5
from dashboard.sources.iceye.legacy_pixels import amplitude_image, complex_image
from dashboard.sources.iceye.legacy_record import (
    acquisition,
    corner_footprint,
    corners,
)
from dashboard.sources.iceye.legacy_words import agreed, from_hdf5, from_tags, from_xml
from dashboard.sources.iceye.record import Named
from dashboard.sources.iceye.systems import LEGACY
from dashboard.sources.product import NOTHING_GIVEN, Found, Given, NotRead, Product, System, origin
from dashboard.sources.radar_tiff import footprint_of
from dashboard.sources.sidecar import inside
from dashboard.sources.tiff_head import GDAL_METADATA, texts

NAME = re.compile(
    r"ICEYE_X\d+_(?P<level>GRD|SLC|QUICKLOOK)_(?P<mode>\w+?)_\d+_\d{8}T\d{6}\.(?P<suffix>tif|h5|xml|png|kml)"
)


class IceyeLegacyReader:
    """Legacy GRD and SLC."""

    name = "iceye-legacy"
    looks_for = "ICEYE legacy products (ICEYE_X.._GRD_... .tif with .xml, ICEYE_X.._SLC_... .h5)"
    systems: tuple[System, ...] = LEGACY

    def sniff(self, path: Path) -> float:
        """Return 0.92 for an image or an XML by its name, 0.9 for an image that carries the product's words."""
        named = NAME.fullmatch(path.name)
        with path.open("rb") as stream:
            head = stream.read(4096)
        if head.startswith(MAGIC):
            tags = texts(path).get(GDAL_METADATA, b"")
            if b"ACQUISITION_" in tags and b"ICEYE_PROPERTIES" not in tags and b"ICEYE" in tags:
                return 0.9
            return 0.92 if named and named["suffix"] == "tif" else 0.0
        if is_hdf5(head):
            return 0.92 if named and named["suffix"] == "h5" else 0.9 if b"zerodoppler_start_utc" in head else 0.0
        if named is None:
            return 0.0
        if named["suffix"] == "xml":
            return 0.92 if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") else 0.0
        return 0.9 if named["suffix"] in {"png", "kml"} else 0.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield the one acquisition of an image and its XML; quick-looks are passed over.

        Raises
        ------
        InputError
            If a file or a field is missing, damaged or contradicts another.
        """
        named = NAME.fullmatch(path.name)
        if named and (named["level"] == "QUICKLOOK" or named["suffix"] in {"png", "kml"}):
            reason = "skipped: a quick-look, made from the image that lies beside it"
            yield NotRead(path=path, name=path.name, reason=reason, paths=(path,))
            return
        yield _product(path, named, given)


def _product(path: Path, named: re.Match[str] | None, given: Given) -> Product:
    image, xml = _bundle(path)
    is_h5 = image.suffix.lower() == ".h5"
    own = from_hdf5(image) if is_h5 else from_tags(image)
    beside = from_xml(xml) if xml is not None else {}
    facts = agreed(own, beside, (image.name, xml.name if xml is not None else image.name))
    level = (facts.text("product_level") or (named["level"] if named else "")).upper()
    if level not in {"GRD", "SLC"}:
        raise facts.wrong("product_level", level, "GRD or SLC")
    if xml is None and not is_h5 and "acquisition_start_utc" not in own:
        msg = f"{image.name} carries no metadata, and {image.stem}.xml is not there; fetch it too."
        raise DamagedProductError(msg)
    mode = named["mode"] if named else None
    facts = Facts({**facts.content, "iceye:processing_mode": mode or ""}, facts.file)
    pixels, sensor = complex_image(image, facts) if is_h5 else amplitude_image(image, facts)
    power = GeocodedPower(
        pixels.native, sensor, terrain(given.dem, sensor.height_m), complex_pixels=is_h5 and level == "SLC"
    )
    files = tuple(file for file in (image, xml) if file is not None)
    footprint = corner_footprint(corners(facts)) or footprint_of(None, sensor)
    identity = Named(id=image.stem if named else facts.text("product_name") or image.stem, mode=mode, level=level)
    found = acquisition(facts, identity, footprint, origin(IceyeLegacyReader.name, files))
    down, across = power.looks_taken
    more = details({"proc:calibration_note": pixels.note, "proc:looks_taken": f"{down} x {across}"})
    digest = dict(found.origin.files)[image.name]
    original = Original(path=str(image), sha256=digest, shape=pixels.native.shape, complex=is_h5)
    found = replace(
        found,
        calibration=pixels.calibration,
        geocoding=power.geocoding,
        looks=found.looks * down * across if found.looks else None,
        original=original if is_h5 else None,
        details=found.details + more,
    )
    return Product(acquisition=found, power=power, paths=files, archive_scale=pixels.archive_scale)


def _bundle(path: Path) -> tuple[Path, Path | None]:
    """Return the image and the XML beside it, which no link may lead out of the folder."""
    if path.suffix.lower() != ".xml":
        xml = inside(path.parent, path.stem + ".xml")
        return path, xml if xml is not None and xml.is_file() else None
    for suffix in (".tif", ".h5"):
        image = inside(path.parent, path.stem + suffix)
        if image is not None and image.is_file():
            return image, path
    msg = f"{path.stem}.tif or .h5, the image of {path.name}, is not there; fetch the product again."
    raise DamagedProductError(msg)
