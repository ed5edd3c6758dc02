"""BlackSky's pictures: ortho images with their JSON, and images in the camera's frame with RPCs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import Acquisition, Kind, Original
from dashboard.model.errors import DamagedProductError, NoGeoreferenceError
from dashboard.sources.blacksky.record import (
    SYSTEMS,
    details_of,
    guessed_of,
    incidence_of,
    look_azimuth_of,
    platform_of,
)
from dashboard.sources.details import details
from dashboard.sources.facts import Facts
from dashboard.sources.folder import files_in
from dashboard.sources.footprint import clean_footprint
from dashboard.sources.geocode.rpc import Rpc
from dashboard.sources.geotiff import MAGIC
from dashboard.sources.grid import opened
from dashboard.sources.licence import Licence, licence_of
from dashboard.sources.product import NOTHING_GIVEN, Found, Given, NotRead, Product, System, origin
from dashboard.sources.tiff_place import rpc_of, rpc_text, tagged_rpc
from dashboard.sources.values import load_json, mapping, safe_id
from dashboard.sources.visible import ARCHIVE_SCALE, COLOUR, GREY, NO_BACKSCATTER, Picture, Tile, coloured, tile_of
from dashboard.sources.visible_place import Accuracy, Placed, by_rpc, on_map

METADATA = "_metadata.json"
IMAGE = re.compile(r"(?i)(?P<id>.+?)_(?P<form>(?:non-)?ortho(?:-[a-z]+)?)\.tiff?")
LICENCE = re.compile(r"(?i).*(licen[sc]e|eula).*\.(txt|md)")
RPC_BYTES = 64 * 1024
COMMON = 0.5
"""Of the stated outline and the image's, the share that must be common."""


class BlackSkyReader:
    """Ortho, ortho-pan and non-ortho images of one bundle."""

    name = "blacksky"
    looks_for = (
        "BlackSky pictures (BSG-..._metadata.json with _ortho.tif, _ortho-pan.tif or a non-ortho image and RPCs)"
    )
    systems: tuple[System, ...] = SYSTEMS

    def sniff(self, path: Path) -> float:
        """Return 0.95 for metadata by their content, 0.94 for a TIFF beside metadata of its name."""
        if path.name.lower().endswith(METADATA):
            return 0.95 if _is_metadata(path) else 0.0
        named = IMAGE.fullmatch(path.name)
        if named is None:
            return 0.0
        with path.open("rb") as stream:
            is_tiff = stream.read(4) in MAGIC
        beside = path.with_name(named["id"] + METADATA)
        return 0.94 if is_tiff and beside.is_file() and _is_metadata(beside) else 0.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield each picture of the bundle: colour and panchromatic are on grids of their own.

        Raises
        ------
        InputError
            If a file or a field is missing or damaged.
        """
        bundle = _bundle(path)
        for image in bundle.images:
            yield _product(bundle, image, given)
        for image in bundle.repeated:
            reason = "skipped: the ortho image of the same bands lies beside it"
            yield NotRead(path=image, name=image.name, reason=reason, paths=bundle.paths)


def _is_metadata(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(4096)
    return b'"acquisitionDate"' in head or b'"sensorName"' in head


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bundle:
    stem: str
    facts: Facts
    metadata: Path
    images: tuple[Path, ...]
    repeated: tuple[Path, ...]
    """Images in the camera's frame whose ortho image is there, too."""
    texts: tuple[Path, ...]
    """RPCs, if any."""
    licences: tuple[Path, ...]
    paths: tuple[Path, ...]


def _bundle(path: Path) -> _Bundle:
    named = IMAGE.fullmatch(path.name)
    stem = named["id"] if named else path.name[: -len(METADATA)]
    metadata = path.with_name(stem + METADATA)
    files = files_in(path.parent)
    mine = [file for file in files if file.name.startswith((stem + "_", stem + "."))]
    if metadata not in files:
        msg = f"{metadata.name}, the metadata of {path.name}, is not there; fetch the product again."
        raise DamagedProductError(msg)
    forms = {file: form for file in mine if (form := _form(file)) and "mask" not in form}
    if not forms:
        msg = f"{metadata.name} has no image beside it ({stem}_ortho.tif or {stem}_non-ortho.tif); fetch it too."
        raise DamagedProductError(msg)
    repeated = tuple(file for file, form in forms.items() if form.removeprefix("non-") != form and _has(forms, form))
    licences = tuple(file for file in files if LICENCE.fullmatch(file.name))
    return _Bundle(
        stem=stem,
        facts=Facts(mapping(load_json(metadata)), metadata.name),
        metadata=metadata,
        images=tuple(file for file in forms if file not in repeated),
        repeated=repeated,
        texts=tuple(file for file in mine if file.suffix.lower() == ".txt"),
        licences=licences,
        paths=tuple(dict.fromkeys([*mine, *licences])),
    )


def _form(file: Path) -> str:
    named = IMAGE.fullmatch(file.name)
    return named["form"].lower() if named else ""


def _has(forms: Mapping[Path, str], form: str) -> bool:
    return form.removeprefix("non-") in forms.values()


def _product(bundle: _Bundle, image: Path, given: Given) -> Product:
    facts, form = bundle.facts, _form(image)
    tile = tile_of(image)
    bands, told = _bands(tile)
    placed = _placed(bundle, tile, bands, given)
    found = _acquisition(bundle, image, placed, given)
    guessed = found.origin.guessed | (frozenset() if told else frozenset({"polarisations"}))
    found = replace(
        found,
        polarisations=tuple(bands),
        level=form,
        resolution_m=facts.number("gsd", 0.01, 1000.0),
        origin=replace(found.origin, guessed=guessed),
        details=found.details + _left_out(bundle, tile, bands),
    )
    return Product(acquisition=found, power=placed.power, paths=bundle.paths, archive_scale=ARCHIVE_SCALE)


def _bands(tile: Tile) -> tuple[dict[str, int], bool]:
    """Return red, green and blue by the colours that the file states (their order may be turned), or panchromatic."""
    if tile.count < len(COLOUR):
        return {GREY[0]: 1}, True
    own = coloured(tile)
    if own is not None:
        return own, True
    words = [text.strip().lower() for text in tile.names]
    if {"red", "green", "blue"} <= set(words):
        return {name: words.index(word) + 1 for name, word in zip(COLOUR, ("red", "green", "blue"), strict=True)}, True
    return {name: index for index, name in enumerate(COLOUR, start=1)}, False


def _placed(bundle: _Bundle, tile: Tile, bands: Mapping[str, int], given: Given) -> Placed:
    error = bundle.facts.number("estimatedCE90", 0.0, 100_000.0)
    basis = "the metadata state no accuracy" if error is None else "estimatedCE90 of the metadata: 90 % lie nearer"
    accuracy = Accuracy(error_m=error, basis=basis)
    if not _form(tile.path).startswith("non-"):
        return on_map([tile], bands, accuracy)
    rpc = _rpc(bundle.texts, tile.path)
    if rpc is not None:
        return by_rpc(Picture([tile], bands), rpc, accuracy, given, tile.path.name)
    if tile.crs is not None and not tile.affine.is_identity:
        return on_map([tile], bands, accuracy)
    msg = f"{tile.path.name} has no map grid, and no text of RPCs ({bundle.stem}_..._rpc.txt) is there; fetch it too."
    raise NoGeoreferenceError(msg)


def _rpc(texts: Sequence[Path], image: Path) -> Rpc | None:
    """Return the RPCs of a text beside the image, of its own name first, else of its tags."""
    for file in sorted(texts, key=lambda file: (not file.name.startswith(image.stem), file.name)):
        try:
            with file.open("rb") as stream:
                content = stream.read(RPC_BYTES).decode("ascii", "replace")
        except OSError as error:
            msg = f"{file.name} cannot be read ({error.strerror}); check the file and its permissions."
            raise DamagedProductError(msg) from error
        if "rpc" in file.stem.lower() or "LINE_OFF" in content:
            try:
                return rpc_of(rpc_text(content))
            except NoGeoreferenceError as error:
                raise NoGeoreferenceError(f"{file.name}: {error}") from error
    with opened(image) as dataset:
        return tagged_rpc(dataset.rpcs)


def _acquisition(bundle: _Bundle, image: Path, placed: Placed, given: Given) -> Acquisition:
    facts, form = bundle.facts, _form(image)
    start = facts.time("acquisitionDate") or given.time
    if start is None:
        msg = f"{facts.file} states no acquisitionDate; give --time."
        raise DamagedProductError(msg)
    stem = facts.text("id") or bundle.stem
    name = safe_id(stem if form == "ortho" else f"{stem}_{form}")
    if name is None:
        raise facts.wrong("id", stem, "a name with letters or digits")
    licence = _licence(bundle, image)
    where = origin(BlackSkyReader.name, (bundle.metadata, image, *bundle.texts), guessed_of(facts))
    tile_shape = placed.geocoding.kind == "rpc"
    with opened(image) as dataset:
        shape = dataset.shape
    original = Original(path=str(image), sha256=dict(where.files)[image.name], shape=shape, complex=False)
    return Acquisition(
        id=name,
        constellation="blacksky",
        kind=Kind.OPTICAL,
        platform=platform_of(facts),
        start=start,
        stop=start,
        incidence_deg=incidence_of(facts),
        look_azimuth_deg=look_azimuth_of(facts),
        footprint=_footprint(facts, placed),
        calibration=NO_BACKSCATTER,
        handling=licence.handling,
        geocoding=placed.geocoding,
        original=original if tile_shape else None,
        details=details_of(facts) + details({"proc:licence_text": licence.text}),
        origin=where,
    )


def _footprint(facts: Facts, placed: Placed) -> BaseGeometry:
    """Return the stated outline; one of another place is damage."""
    stated = facts.value("geometry")
    if stated is None:
        return placed.footprint
    try:
        found = clean_footprint(stated)
    except DamagedProductError as error:
        raise DamagedProductError(f"{facts.file}: geometry: {error}") from error
    common = found.intersection(placed.footprint).area
    if common < COMMON * max(found.area, placed.footprint.area):
        raise facts.wrong("geometry", found.bounds, "an outline of the place where the image lies")
    return found


def _licence(bundle: _Bundle, image: Path) -> Licence:
    with opened(image) as dataset:
        words = dataset.tags().get("TIFFTAG_IMAGEDESCRIPTION")
    return licence_of("BlackSky", bundle.licences, None if words is None else str(words))


def _left_out(bundle: _Bundle, tile: Tile, bands: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    mask = next((file for file in bundle.paths if "mask" in _form(file)), None)
    return details(
        {
            "proc:mask_note": None if mask is None else "a mask lies beside it; its meaning is not documented",
            "proc:bands_left_out": tile.count - len(bands) or None,
        }
    )
