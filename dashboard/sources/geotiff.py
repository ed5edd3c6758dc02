"""GeoTIFF of any origin: described by a side-car, or by itself and then uncalibrated."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashboard.model.acquisition import AMPLITUDE_SCALE, UNCALIBRATED, Calibration
from dashboard.model.errors import DamagedProductError
from dashboard.sources.footprint import bounds_footprint
from dashboard.sources.grid import opened
from dashboard.sources.power import Band, TiffPower, sample
from dashboard.sources.product import NOTHING_GIVEN, Evidence, Found, Given, Product, System, origin
from dashboard.sources.record import Placed, acquisition, constellation_of, polarisations
from dashboard.sources.sidecar import bands_of, beside, load_item, polarisation_in
from dashboard.sources.units import Formula, relative_formula, stated

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First bytes of TIFF and BigTIFF in both byte orders."""

KNOWN_NAMES = {"ICEYE_": "iceye", "CAPELLA_": "capella", "QPS": "qps-sar", "CSK": "cosmo-skymed", "S1": "sentinel-1"}
"""Start of a file name -> constellation, where nothing else says which."""


class GeoTiffReader:
    """One or more GeoTIFFs, their side-car beside them."""

    name = "geotiff"
    looks_for = "a GeoTIFF, with a STAC or plain JSON side-car for its calibration"
    systems: tuple[System, ...] = (
        System(
            name="any GeoTIFF",
            constellation="as stated",
            forms=("GeoTIFF with STAC or plain JSON side-car", "GeoTIFF alone"),
            calibration="as the side-car states; alone: none",
            georeference="map grid or ground control points",
            evidence=Evidence.VERIFIED,
        ),
    )

    def sniff(self, path: Path) -> float:
        """Return 0.5 for any TIFF."""
        with path.open("rb") as stream:
            return 0.5 if stream.read(4) in MAGIC else 0.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield the one product that the file belongs to.

        Raises
        ------
        InputError
            If it is damaged, without georeference, or states no time and none is given.
        """
        described_by = beside(path)
        if described_by is not None:
            item = load_item(described_by)
            bands = bands_of(described_by, item)
            if any(band.path == path for band in bands):
                yield described(described_by, item, bands, time=given.time)
                return
        yield _undescribed(path, given.time)


def described(path: Path, item: Mapping[str, Any], bands: Sequence[Band], *, time: datetime | None = None) -> Product:
    """Return the product of a side-car and the pixels that it names.

    Raises
    ------
    InputError
        If a field or a file cannot be used; the message names it.
    """
    properties: Mapping[str, Any] = item["properties"]
    formula, calibration = stated(properties.get("proc:cal"))
    formula, archive_scale = _scaled(formula, bands)
    power = TiffPower(bands, formula)
    files = (path, *dict.fromkeys(band.path for band in bands))
    placed = Placed(
        footprint=bounds_footprint(power.geobox),
        origin=origin(GeoTiffReader.name, files),
        polarisations=power.polarisations,
        calibration=calibration,
        time=time,
    )
    found = acquisition(str(item.get("id") or path.stem), properties, placed)
    return Product(acquisition=found, power=power, paths=files, archive_scale=archive_scale)


def _undescribed(path: Path, time: datetime | None) -> Product:
    """Return a product from the file alone: shown, but refused by every statistic."""
    properties, guessed = _own_words(path, time)
    bands, pol_guessed = _own_bands(path)
    formula, archive_scale = _scaled(Formula(), bands)
    power = TiffPower(bands, formula)
    placed = Placed(
        footprint=bounds_footprint(power.geobox),
        origin=origin(GeoTiffReader.name, [path], frozenset(guessed | pol_guessed)),
        polarisations=power.polarisations,
        calibration=Calibration(valid=False, why_not=f"{UNCALIBRATED.why_not} and no side-car describes it"),
    )
    found = acquisition(path.stem, properties, placed)
    return Product(acquisition=found, power=power, paths=(path,), archive_scale=archive_scale)


def _scaled(formula: Formula, bands: Sequence[Band]) -> tuple[Formula, float]:
    """Return the formula and archive scale; values without units are brought into the pictures' range."""
    if formula.kind != "none" or not bands:
        return formula, AMPLITUDE_SCALE
    relative, archive_scale = relative_formula(sample(bands[0]))
    return replace(formula, relative=relative.relative), archive_scale


def _own_words(path: Path, time: datetime | None) -> tuple[dict[str, Any], set[str]]:
    """Return properties from TIFF tags and the file's name, and which of them are guesses."""
    with opened(path) as dataset:
        tags = dataset.tags()
    moment = time or _tag_time(tags.get("TIFFTAG_DATETIME"))
    if moment is None:
        msg = f"{path.name} states no time and no side-car does; give --time, or a side-car as in docs/sources.md."
        raise DamagedProductError(msg)
    named = next((name for start, name in KNOWN_NAMES.items() if path.name.upper().startswith(start)), None)
    properties = {"datetime": moment, "constellation": named or constellation_of(None)}
    return properties, {"start", "stop", "constellation"} if time is None else {"constellation"}


def _tag_time(text: str | None) -> datetime | None:
    """Read the TIFF tag, which has no zone: UTC is assumed."""
    try:
        return datetime.strptime(text or "", "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _own_bands(path: Path) -> tuple[list[Band], set[str]]:
    """Return the bands by their descriptions or the file's name; VV, marked as a guess, when nothing says."""
    with opened(path) as dataset:
        described_as = [(polarisation_in(text or ""), index) for index, text in enumerate(dataset.descriptions, 1)]
    named = [Band(polarisation, path, index) for polarisation, index in described_as if polarisation is not None]
    if named and len({band.polarisation for band in named}) == len(named):
        return named, set()
    from_name = polarisation_in(path.stem)
    guess = polarisations(from_name) or ("VV",)
    return [Band(guess[0], path)], set() if from_name else {"polarisations"}
