"""QPS-SAR of iQPS: GeoTIFF and JSON. No specification is public: names come from an editable file, and are guesses."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from dashboard.model.acquisition import Acquisition, Calibration, Original
from dashboard.model.errors import DamagedProductError, InputError
from dashboard.sources.details import Details, details
from dashboard.sources.marking import exercise, handling
from dashboard.sources.power import Band
from dashboard.sources.product import (
    NOTHING_GIVEN,
    Evidence,
    Field,
    Found,
    Given,
    NotRead,
    Product,
    System,
    file_sha256,
    origin,
)
from dashboard.sources.qps.aliases import load_aliases
from dashboard.sources.qps.bundle import POLARISATION, images_of, is_image, is_metadata, metadata_of, only_nitf
from dashboard.sources.qps.place import Placed, place
from dashboard.sources.qps.words import Words
from dashboard.sources.relative import relative_to
from dashboard.sources.values import safe_id

CONSTELLATION = "qps-sar"
WHY_NOT = "the provider publishes no calibration constant"
IMAGE = re.compile(r"(?:^|[_\-.])(SLC|SLA|MLA)(?=$|[_\-.])", re.IGNORECASE)
LEVEL = re.compile(r"L?(1\.[123])", re.IGNORECASE)
GUESS = "by the alias file; a guess until confirmed"


class QpsReader:
    """QPS-SAR levels 1.1, 1.2 and 1.3, single-look complex, single-look and multi-look amplitude."""

    name = "qps-sar"
    looks_for = "QPS-SAR (a JSON with the word QPS-SAR, or named so, with its GeoTIFFs)"
    systems: tuple[System, ...] = (
        System(
            name="QPS-SAR (iQPS)",
            constellation=CONSTELLATION,
            forms=("1.1 SLC, SLA, MLA: GeoTIFF + JSON", "1.2 SLA, MLA: the same", "1.3 SLA, MLA: the same"),
            calibration=f"none: {WHY_NOT}",
            georeference="1.3 map grid; 1.2 RPC or control points; 1.1 four named corners",
            evidence=Evidence.GUESSED,
            remarks=(
                "No specification is public. Names of fields come from aliases.toml (--aliases replaces it), and what "
                "was found by them stays marked as guessed until a person confirms it."
            ),
            fields=(
                Field("platform", "platform", GUESS),
                Field("start", "start", GUESS),
                Field("stop", "stop", GUESS),
                Field("mode", "mode", GUESS),
                Field("polarisation", "polarisations", f"{GUESS}, or the file's name; never a default"),
                Field("look side", "look", f"{GUESS}; never a default"),
                Field("pass", "pass_direction", f"{GUESS}; never a default"),
                Field("incidence", "incidence_deg", GUESS),
                Field("range resolution", "details: sar:resolution_range", GUESS),
                Field("azimuth resolution", "details: sar:resolution_azimuth", GUESS),
                Field("range spacing", "details: sar:pixel_spacing_range", GUESS),
                Field("azimuth spacing", "details: sar:pixel_spacing_azimuth", GUESS),
                Field("level", "level", GUESS),
                Field("image kind", "details: proc:image", "SLC, SLA or MLA, by the file's name or the alias file"),
                Field("footprint", "footprint", f"{GUESS}; else the outline of the image"),
                Field("calibration constant", "details: proc:calibration_note", "never applied: of unknown meaning"),
                Field("georeference", "geocoding", "tags of the GeoTIFF, else corners stated by name"),
                Field("product id", "details: proc:product_id", f"{GUESS}; the id is the file's name"),
                Field("looks", "looks", GUESS),
                Field("frequency", "frequency_ghz", GUESS),
                Field("processing time", "received", GUESS),
                Field("facility", "details: processing:facility", GUESS),
                Field("licence", "", "no field is known"),
                Field("category under the act", "handling", "to be stated by the supplier, see the caveat"),
                Field("marking", "", "no field is known"),
                Field("track", "", "no field is known"),
                Field("look azimuth", "", "not derivable: which way the image runs is not documented"),
            ),
        ),
    )  # fmt: skip

    def sniff(self, path: Path) -> float:
        """Return 0.92 for the JSON, 0.91 for a GeoTIFF named after the system."""
        if is_metadata(path):
            return 0.92
        return 0.91 if is_image(path) else 0.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield each image that the JSON describes, or the one that `path` is part of.

        Raises
        ------
        InputError
            If the JSON or an image is missing, damaged or nowhere.
        """
        metadata = path if path.suffix.lower() == ".json" else metadata_of(path)
        if path == metadata and only_nitf(path):
            reason = "skipped: it describes NITF, which is read on its own"
            yield NotRead(path=path, name=path.name, reason=reason, paths=(path,))
            return
        aliases = load_aliases("qps", given.aliases)
        images = images_of(metadata, Words(metadata, aliases).content)
        wanted = images if path == metadata else [bands for bands in images if any(b.path == path for b in bands)]
        if not wanted:
            msg = f"{metadata.name} does not describe {path.name}; give the JSON that belongs to it."
            raise DamagedProductError(msg)
        for bands in wanted:
            yield _product(metadata, bands, Words(metadata, aliases), given)


def _product(metadata: Path, bands: Sequence[Band], words: Words, given: Given) -> Product:
    stated = words.polarisations()
    if len(bands) == 1 and len(stated) == 1:
        bands = [replace(bands[0], polarisation=stated[0])]
    formula, archive_scale = relative_to(bands[:1])
    placed = place(bands, formula, words, given)
    paths = (metadata, *(band.path for band in bands))
    return Product(
        acquisition=_acquisition(words, bands, placed, paths, given),
        power=placed.power,
        paths=paths,
        archive_scale=archive_scale,
    )


def _acquisition(
    words: Words, bands: Sequence[Band], placed: Placed, paths: tuple[Path, ...], given: Given
) -> Acquisition:
    first = bands[0].path
    start, stop = _period(words, given)
    found = Acquisition(
        id=safe_id(POLARISATION.sub("", first.stem)) or CONSTELLATION,
        constellation=CONSTELLATION,
        platform=words.platform(),
        start=start,
        stop=stop,
        mode=words.text("mode"),
        polarisations=_polarisations(words, bands),
        look=words.look(),
        pass_direction=words.passing(),
        incidence_deg=words.number("incidence_deg", 0.0, 90.0),
        resolution_m=_coarser(words),
        looks=_looks(words, placed),
        frequency_ghz=words.frequency_ghz(),
        level=_level(words),
        footprint=words.footprint() or placed.footprint,
        calibration=Calibration(valid=False, why_not=WHY_NOT),
        handling=handling({}, CONSTELLATION, start.year) & exercise(words.text("remarks")),
        received=words.time("received"),
        geocoding=placed.geocoding,
        original=_original(first, placed),
        origin=origin(QpsReader.name, paths),
    )
    found = replace(found, details=_details(words, first))
    return replace(found, origin=replace(found.origin, guessed=_guessed(words, found)))


def _period(words: Words, given: Given) -> tuple[datetime, datetime]:
    start, stop = words.time("start"), words.time("stop")
    first = start or given.time or stop
    if first is None:
        msg = f"{words.name} states no start under any known name; map its key with --aliases, or give --time."
        raise DamagedProductError(msg)
    last = stop or first
    if last < first:
        msg = f"{words.name}: the image stops ({last.isoformat()}) before it starts ({first.isoformat()})."
        raise DamagedProductError(msg)
    return first, last


def _polarisations(words: Words, bands: Sequence[Band]) -> tuple[str, ...]:
    """Return what the names of the files or the JSON say; nothing when neither does."""
    if len(bands) > 1 or POLARISATION.search(bands[0].path.stem):
        return tuple(band.polarisation for band in bands)
    stated = words.polarisations()
    if len(stated) > 1:
        msg = f"{words.name} states polarisations {', '.join(stated)} and has one image; give one file for each."
        raise InputError(msg)
    return stated


def _coarser(words: Words) -> float | None:
    found = [words.number(f"resolution_{axis}", 0.01, 1e4) for axis in ("range", "azimuth")]
    return max((value for value in found if value is not None), default=None)


def _looks(words: Words, placed: Placed) -> float | None:
    """Return looks of an archived pixel; a single-look complex image has one before averaging."""
    stated = words.number("looks", 0.1, 1e5) or (1.0 if placed.complex else None)
    return None if stated is None else stated * placed.looks_taken


def _level(words: Words) -> str | None:
    text = words.text("level")
    match = LEVEL.search(text or "")
    return f"L{match[1]}" if match else text


def _original(path: Path, placed: Placed) -> Original | None:
    if placed.geocoding.kind == "affine":
        return None
    return Original(path=str(path), sha256=file_sha256(path), shape=placed.shape, complex=placed.complex)


def _details(words: Words, image: Path) -> Details:
    kind = IMAGE.search(image.stem)
    constant = words.text("calibration")
    level = _level(words)
    stated = {
        "proc:raw_platform": words.text("platform"),
        "proc:product_id": words.text("id"),
        "proc:image": kind[1].upper() if kind else words.text("image"),
        "processing:level": level,
        "processing:facility": words.text("facility"),
        "sar:resolution_range": words.number("resolution_range", 0.01, 1e4),
        "sar:resolution_azimuth": words.number("resolution_azimuth", 0.01, 1e4),
        "sar:pixel_spacing_range": words.number("spacing_range", 0.01, 1e4),
        "sar:pixel_spacing_azimuth": words.number("spacing_azimuth", 0.01, 1e4),
        "proc:calibration_note": None
        if constant is None
        else f"states {constant}; its meaning is unknown, not applied",
        "proc:remarks": words.text("remarks"),
        "proc:aliases": ", ".join(f"{field} = {key}" for field, key in sorted(words.sources.items())),
    }
    return details(stated)


def _guessed(words: Words, found: Acquisition) -> frozenset[str]:
    """Return the attributes that came by an alias, and the time that nobody stated."""
    attributes = {name for name in words.sources if hasattr(found, name) and getattr(found, name) is not None}
    named = {"frequency": "frequency_ghz", "resolution_range": "resolution_m", "resolution_azimuth": "resolution_m"}
    attributes |= {named[name] for name in words.sources if name in named}
    if not found.polarisations:
        attributes.discard("polarisations")
    return frozenset(attributes - {"id"})
