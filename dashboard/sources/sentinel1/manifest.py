"""The manifest of a SAFE folder: what was taken when and how, and which files hold it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import DamagedProductError
from dashboard.sources.footprint import clean_footprint
from dashboard.sources.sidecar import inside
from dashboard.sources.values import moment
from dashboard.sources.xml import Element, as_number, find_all, load_xml, number_at, required_text, text

MANIFEST = "manifest.safe"
KINDS = {
    "s1Level1ProductSchema": "annotation",
    "s1Level1CalibrationSchema": "calibration",
    "s1Level1NoiseSchema": "noise",
    "s1Level1MeasurementSchema": "measurement",
}
"""`repID` of a data object -> what it is."""
MOST_OBJECTS = 2_000
MOST_FILES = 5_000
COG = "-cog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The files of one polarisation of one swath."""

    annotation: Path
    calibration: Path
    noise: Path | None
    measurement: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a manifest says."""

    folder: Path
    start: datetime
    stop: datetime
    images: tuple[Image, ...]
    words: Mapping[str, str | None]
    """Texts by a name of ours."""
    footprint: BaseGeometry | None
    orbit: int | None
    track: int | None
    polarisations: tuple[str, ...]
    """In the order stated."""
    software: tuple[str, str]
    """Name and version of the processor; empty where not stated."""
    processed: datetime | None
    anx: datetime | None
    """When the platform last crossed the equator northwards."""


WORDS = {
    "family": "platform/familyName",
    "number": "platform/number",
    "mode": "instrumentMode/mode",
    "pass": "orbitProperties/pass",
    "type": "standAloneProductInformation/productType",
    "class": "standAloneProductInformation/productClassDescription",
    "composition": "standAloneProductInformation/productComposition",
    "timeliness": "standAloneProductInformation/productTimelinessCategory",
    "datatake": "standAloneProductInformation/missionDataTakeID",
    "slice": "standAloneProductInformation/sliceNumber",
    "slices": "standAloneProductInformation/totalSlices",
}
"""Name of ours -> place in the manifest."""


def load_manifest(path: Path) -> Manifest:
    """Return what a manifest says; a product that is not of Level 1 has no images.

    Raises
    ------
    DamagedProductError
        If it cannot be read, lacks what makes it a product, names files outside its folder or files that are missing.
    """
    if path.is_symlink():
        msg = f"{path.name} is a link, which may lead out of the product; copy the file into its folder."
        raise DamagedProductError(msg)
    root = load_xml(path)
    folder = path.parent
    start = _moment(root, "acquisitionPeriod/startTime", path.name)
    stop = _moment(root, "acquisitionPeriod/stopTime", path.name)
    if stop < start:
        msg = f"{path.name} states stopTime {stop:%Y-%m-%dT%H:%M:%SZ} before startTime {start:%Y-%m-%dT%H:%M:%SZ}."
        raise DamagedProductError(msg)
    processing = root.find(".//{*}processing")
    return Manifest(
        folder=folder,
        start=start,
        stop=stop,
        images=_images(root, folder),
        words={name: text(root, ".//" + place) for name, place in WORDS.items()} | _facility(root),
        footprint=_footprint(root, path.name),
        orbit=_whole(root, ".//orbitReference/orbitNumber", path.name),
        track=_whole(root, ".//orbitReference/relativeOrbitNumber", path.name),
        polarisations=tuple(
            (found.text or "").strip().upper() for found in find_all(root, ".//transmitterReceiverPolarisation")
        ),
        software=_software(root),
        processed=None if processing is None else _optional(processing.get("stop"), "processing stop", path.name),
        anx=_optional(text(root, ".//orbitProperties/ascendingNodeTime"), "ascendingNodeTime", path.name),
    )


def bundle(folder: Path) -> tuple[Path, ...]:
    """Return every file of a SAFE folder; links are no part of it."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(folder.resolve()):
            found.append(path)
        if len(found) > MOST_FILES:
            msg = f"{folder.name} holds more than {MOST_FILES:,} files; a product has some dozens."
            raise DamagedProductError(msg)
    return tuple(sorted(found))


def _images(root: Element, folder: Path) -> tuple[Image, ...]:
    objects = find_all(root, ".//dataObjectSection/dataObject")
    if len(objects) > MOST_OBJECTS:
        msg = f"{MANIFEST} names {len(objects):,} files; the limit is {MOST_OBJECTS:,}."
        raise DamagedProductError(msg)
    files: dict[str, dict[str, Path]] = {}
    for record in objects:
        kind = KINDS.get(record.get("repID") or "")
        if kind is not None:
            path = _file(record, folder)
            stem = path.stem.removeprefix(f"{kind}-").removesuffix(COG)
            files.setdefault(stem, {})[kind] = path
    return tuple(_image(stem, files[stem]) for stem in sorted(files))


def _image(stem: str, files: Mapping[str, Path]) -> Image:
    for kind in ("annotation", "calibration", "measurement"):
        if kind not in files:
            msg = f"{MANIFEST} names no {kind} of {stem}; the {kind} is missing. Fetch the product again."
            raise DamagedProductError(msg)
    for kind, path in files.items():
        if not path.is_file():
            msg = f"{MANIFEST} names {path.name}, which is not there; the {kind} is missing. Fetch the product again."
            raise DamagedProductError(msg)
    return Image(
        annotation=files["annotation"],
        calibration=files["calibration"],
        noise=files.get("noise"),
        measurement=files["measurement"],
    )


def _file(record: Element, folder: Path) -> Path:
    """Return the file of a data object; a cloud-optimised one may stand in for it.

    Raises
    ------
    DamagedProductError
        If its name leaves the folder, or it is shorter than stated.
    """
    place = record.find(".//{*}fileLocation")
    href = "" if place is None else str(place.get("href") or "")
    path = inside(folder, href)
    if path is None:
        msg = f"{MANIFEST} names {href[:80]!r}, which is no file of the product."
        raise DamagedProductError(msg)
    stated = record.find(".//{*}byteStream")
    size = as_number(str(stated.get("size") or "0"), "byteStream size", MANIFEST) if stated is not None else 0.0
    optimised = path.with_name(f"{path.stem}{COG}{path.suffix}")
    if not path.is_file() and optimised.is_file():
        return optimised
    if path.is_file() and path.stat().st_size < size and not path.stem.endswith(COG):
        held = path.stat().st_size
        msg = f"{path.name} has {held:,} bytes; {MANIFEST} states {size:,.0f}. It is truncated: fetch it again."
        raise DamagedProductError(msg)
    return path


def _footprint(root: Element, name: str) -> BaseGeometry | None:
    """Return the polygon of ``gml:coordinates``, which has latitude first."""
    words = text(root, ".//footPrint/coordinates")
    if words is None:
        return None
    pairs = [[as_number(part, "coordinates", name) for part in pair.split(",")] for pair in words.split()]
    if len(pairs) < 3 or any(len(pair) != 2 for pair in pairs):
        msg = f"{name} states a footPrint of {len(pairs)} points; pairs of latitude and longitude are needed."
        raise DamagedProductError(msg)
    return clean_footprint(shapely.Polygon([(lon, lat) for lat, lon in pairs]))


def _facility(root: Element) -> dict[str, str | None]:
    """Return where and by whom it was made."""
    found = root.find(".//{*}processing/{*}facility")
    return {
        "facility": None if found is None else found.get("name"),
        "site": None if found is None else found.get("site"),
    }


def _software(root: Element) -> tuple[str, str]:
    found = root.find(".//{*}processing/{*}facility/{*}software")
    return ("", "") if found is None else (str(found.get("name") or ""), str(found.get("version") or ""))


def _whole(root: Element, place: str, name: str) -> int | None:
    found = number_at(root, place, name)
    return int(found) if found is not None and 0 < found < 1e9 and found == int(found) else None


def _moment(root: Element, place: str, name: str) -> datetime:
    return moment(required_text(root, ".//" + place, name), f"{place} of {name}")


def _optional(words: str | None, field: str, name: str) -> datetime | None:
    return None if not words else moment(words, f"{field} of {name}")
