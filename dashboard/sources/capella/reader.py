"""Capella's products: GeoTIFF with extended metadata inside and beside, GEO and GEC on a map, SLC in radar geometry."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dashboard.model.acquisition import Acquisition, Original
from dashboard.model.errors import DamagedProductError
from dashboard.sources.capella.pixels import Delivered, formula_of, in_radar_geometry, on_map
from dashboard.sources.capella.place import IMAGE
from dashboard.sources.capella.record import (
    Named,
    acquisition,
    calibration_note,
    level_of,
    looks_of,
)
from dashboard.sources.capella.systems import SYSTEMS
from dashboard.sources.details import details
from dashboard.sources.facts import Facts
from dashboard.sources.geocode.native import sane_shape
from dashboard.sources.geotiff import MAGIC
from dashboard.sources.grid import opened
from dashboard.sources.product import NOTHING_GIVEN, Found, Given, NotRead, Product, System, origin
from dashboard.sources.sidecar import inside
from dashboard.sources.tiff_head import IMAGE_DESCRIPTION, check_blocks, texts
from dashboard.sources.values import load_json, mapping

NAME = re.compile(
    r"(?P<id>CAPELLA_C\d{2}_(?P<mode>SP|SM|SS)_(?P<level>SLC|GEO|GEC|CSI)_(?:HH|VV|HV|VH)_\d{14}_\d{14})"
    r"(?P<rest>\.tif|\.json|_extended\.json|_preview\.tif|_thumb\.png)"
)
PICTURES = ("_preview.tif", "_thumb.png")
DESCRIPTION = "TIFFTAG_IMAGEDESCRIPTION"
LEVELS = ("SLC", "GEO", "GEC", "CSI")
AGREE = ("product_type", "collect/collect_id", f"{IMAGE}/scale_factor", f"{IMAGE}/rows", f"{IMAGE}/columns")
"""Where the file and its side-car state these, they must say the same."""


class CapellaReader:
    """SLC, GEO, GEC and CSI."""

    name = "capella"
    looks_for = "Capella products (CAPELLA_C.._SP_GEO_HH_....tif with its _extended.json, or the metadata inside)"
    systems: tuple[System, ...] = SYSTEMS

    def sniff(self, path: Path) -> float:
        """Return 0.95 for the metadata inside a TIFF or beside one, 0.93 for a TIFF by its name, 0.9 for pictures."""
        named = NAME.fullmatch(path.name)
        if path.suffix.lower() == ".json":
            return self._sniff_json(path, named)
        with path.open("rb") as stream:
            is_tiff = stream.read(4) in MAGIC
        if is_tiff and named is None:
            text = texts(path).get(IMAGE_DESCRIPTION, b"").lstrip()
            return 0.95 if text.startswith(b"{") and (b'"collect"' in text or b"Capella" in text) else 0.0
        if named is None or (path.suffix == ".tif" and not is_tiff):
            return 0.0
        return 0.93 if named["rest"] == ".tif" else 0.9

    def _sniff_json(self, path: Path, named: re.Match[str] | None) -> float:
        if named is None:
            return 0.0
        if named["rest"] == ".json":
            return 0.95 if path.with_name(named["id"] + ".tif").is_file() else 0.0
        return 0.95

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield the one acquisition of a bundle; previews without their image are passed over.

        Raises
        ------
        InputError
            If a file or a field is missing, damaged or contradicts another.
        """
        named = NAME.fullmatch(path.name)
        if named and named["rest"] in PICTURES:
            reason = "skipped: a picture made from the image that lies beside it"
            yield NotRead(path=path, name=path.name, reason=reason, paths=(path,))
            return
        yield _product(_bundle(path, named), given)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bundle:
    image: Path
    paths: tuple[Path, ...]
    """Image, extended metadata, STAC item, pictures."""
    facts: Facts
    geometry: object
    """Of the STAC item, or None."""
    named: Named


def _bundle(path: Path, named: re.Match[str] | None) -> _Bundle:
    stem = named["id"] if named else path.stem
    image = _sibling(path, stem + ".tif") if named else path
    extended, item = _sibling(path, stem + "_extended.json"), _sibling(path, stem + ".json")
    if not image.is_file():
        msg = f"{image.name}, the image of {path.name}, is not there; fetch the product again."
        raise DamagedProductError(msg)
    tagged, beside = _inside(image), mapping(load_json(extended)) if extended.is_file() else {}
    if not tagged and not beside:
        msg = f"{image.name} carries no metadata ({DESCRIPTION}), and {extended.name} is not there; fetch it too."
        raise DamagedProductError(msg)
    _agree(Facts(tagged, image.name), Facts(beside, extended.name))
    stac = mapping(load_json(item)) if item.is_file() else {}
    pictures = [_sibling(path, stem + rest) for rest in PICTURES]
    return _Bundle(
        image=image,
        paths=tuple(file for file in (image, extended, item, *pictures) if file.is_file()),
        facts=Facts(beside or tagged, extended.name if beside else image.name),
        geometry=stac.get("geometry"),
        named=Named(id=stem, mode=named["mode"] if named else None, stac=mapping(stac.get("properties"))),
    )


def _product(bundle: _Bundle, given: Given) -> Product:
    facts = bundle.facts
    level = level_of(facts)
    if level not in LEVELS:
        raise facts.wrong("product_type", level, "SLC, GEO, GEC or CSI")
    with opened(bundle.image) as dataset:
        check_blocks(dataset, bundle.image.name)
        shape = sane_shape(dataset.shape, bundle.image.name)
        kind, count = dataset.dtypes[0], dataset.count
    _sizes(facts, shape, bundle.image.name)
    formula, scale = formula_of(facts, bundle.image)
    image = Delivered(path=bundle.image, shape=shape, bands=count, formula=formula, geometry=bundle.geometry)
    placed = in_radar_geometry(facts, image, given) if level == "SLC" else on_map(facts, image)
    hashed = tuple(file for file in bundle.paths if not file.name.endswith(PICTURES))
    found = acquisition(facts, bundle.named, placed.footprint, origin(CapellaReader.name, hashed))
    found = replace(found, geocoding=placed.geocoding)
    if level == "SLC":
        found = _with_original(found, bundle, (shape, kind.startswith("complex")), placed.looks_taken)
    note = details({"proc:calibration_note": calibration_note(facts)})
    found = replace(found, details=found.details + note)
    return Product(acquisition=found, power=placed.power, paths=bundle.paths, archive_scale=scale)


def _with_original(
    found: Acquisition, bundle: _Bundle, delivered: tuple[tuple[int, int], bool], taken: tuple[int, int]
) -> Acquisition:
    looks = looks_of(bundle.facts)
    original = Original(
        path=str(bundle.image),
        sha256=dict(found.origin.files)[bundle.image.name],
        shape=delivered[0],
        complex=delivered[1],
    )
    more = details({"proc:looks_taken": f"{taken[0]} x {taken[1]}", "proc:range_plane": "slant"})
    return replace(
        found,
        original=original,
        looks=looks * taken[0] * taken[1] if looks else None,
        details=found.details + more,
    )


def _sizes(facts: Facts, shape: tuple[int, int], image: str) -> None:
    """Refuse an image of another size than its metadata say."""
    for side, key in zip(shape, ("rows", "columns"), strict=True):
        stated = facts.whole(f"{IMAGE}/{key}", 1)
        if stated is not None and stated != side:
            msg = f"{facts.file}: {IMAGE}/{key} is {stated:,}, {image} has {side:,}; they are of different products."
            raise DamagedProductError(msg)


def _inside(image: Path) -> dict[str, Any]:
    """Return the metadata in the image's description, or nothing where it is no JSON object."""
    with opened(image) as dataset:
        text = str(dataset.tags().get(DESCRIPTION) or "").strip()
    if not text.startswith("{"):
        return {}
    try:
        return mapping(json.loads(text))
    except (ValueError, RecursionError) as error:
        msg = f"{image.name}: {DESCRIPTION} is not valid JSON; the product is damaged."
        raise DamagedProductError(msg) from error


def _agree(tagged: Facts, beside: Facts) -> None:
    for path in AGREE:
        mine, other = tagged.value(path), beside.value(path)
        if mine is not None and other is not None and mine != other:
            msg = (
                f"{tagged.file} states {path} as {str(mine)[:60]!r}, {beside.file} as {str(other)[:60]!r}; "
                "they are of different products."
            )
            raise DamagedProductError(msg)


def _sibling(path: Path, name: str) -> Path:
    """Return a file beside another, which no link may lead out of the folder."""
    found = inside(path.parent, name)
    return found if found is not None else path.with_name(name)
