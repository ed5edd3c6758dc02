"""OPERA RTC-S1: one Sentinel-1 burst, terrain corrected, gamma0 in linear power, one GeoTIFF per polarisation."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dashboard.model.acquisition import Acquisition, Calibration, Geocoding, LookSide, PassDirection, Quantity
from dashboard.model.handling import Handling
from dashboard.sources.dist_alert import layers_beside
from dashboard.sources.footprint import bounds_footprint
from dashboard.sources.grid import opened
from dashboard.sources.marking import copernicus
from dashboard.sources.power import Band, TiffPower
from dashboard.sources.product import (
    NOTHING_GIVEN,
    Evidence,
    Found,
    Given,
    NotRead,
    Product,
    System,
    origin,
)
from dashboard.sources.units import Formula
from dashboard.sources.values import moment

NAME = re.compile(
    r"(?P<stem>OPERA_L2_RTC-S1_T(?P<track>\d{3})-(?P<burst>\d{6})-(?P<swath>[A-Z]{2}\d)_(?P<start>\d{8}T\d{6})Z"
    r"_(?P<made>\d{8}T\d{6})Z_(?P<unit>S1[A-D])_(?P<spacing>\d+)_v(?P<version>[\d.]+))_(?P<pol>VV|VH|HH|HV)\.tif"
)
OTHER = re.compile(r"OPERA_L[234]_[A-Z0-9-]+_.*\.(tif|h5)")
"""Other layers and products of OPERA: masks, static layers, disturbance alerts, the metadata file."""
ORDER = ("VV", "VH", "HH", "HV")
OUTPUT = "PROCESSING_INFORMATION_OUTPUT_BACKSCATTER"
"""Start of the tags that say what the pixels are."""
CENTRE_FREQUENCY_GHZ = 5.405
"""Of every Sentinel-1 unit."""


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a file's TIFF tags add to its name; the tags of complete products are named in upper case."""

    tags: Mapping[str, str]

    def word(self, name: str) -> str | None:
        """Return a tag's text, or None."""
        return self.tags.get(name, "").strip() or None

    def time(self, name: str) -> datetime | None:
        """Return a tag's moment."""
        found = self.word(name)
        return None if found is None else moment(found[:26].rstrip("Z"), name)


class OperaReader:
    """OPERA RTC-S1, one acquisition per burst and pass with all its polarisations."""

    name = "opera-rtc-s1"
    looks_for = "OPERA RTC-S1 (OPERA_L2_RTC-S1_T<track>-<burst>-<swath>_<start>Z_..._VV.tif)"
    systems: tuple[System, ...] = (
        System(
            name="Sentinel-1 RTC (OPERA)",
            constellation="sentinel-1",
            forms=("RTC-S1 GeoTIFF",),
            calibration="gamma0, terrain corrected by the producer",
            georeference="map grid, as delivered",
            evidence=Evidence.VERIFIED,
        ),
    )

    def sniff(self, path: Path) -> float:
        """Return 0.9 for a file with the product's name, 0.8 for its other layers, which are passed over."""
        if NAME.fullmatch(path.name):
            return 0.9
        return 0.8 if OTHER.fullmatch(path.name) else 0.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:  # noqa: ARG002  the name states it
        """Yield the acquisition of the burst that the file belongs to.

        Raises
        ------
        InputError
            If a file is damaged or the polarisations differ in grid.
        """
        match = NAME.fullmatch(path.name)
        if match is None:
            yield _passed_over(path)
            return
        found = {pol: path.with_name(f"{match['stem']}_{pol}.tif") for pol in ORDER}
        bands = [Band(pol, file) for pol, file in found.items() if file.is_file()]
        power = TiffPower(bands, Formula("linear_power"))
        with opened(bands[0].path) as dataset:
            stated = _Stated(dataset.tags())
        files = tuple(band.path for band in bands)
        yield Product(acquisition=_acquisition(match, stated, power, files), power=power, paths=files)


def _passed_over(path: Path) -> NotRead:
    """Return why a layer is no acquisition, and which command takes it, once for all layers of a change product."""
    layers = layers_beside(path)
    if layers:
        reason = "skipped: what others found changed, no acquisition; record it with `nightglass import-changes`"
        return NotRead(path=path, name=path.parent.name, reason=reason, paths=layers)
    return NotRead(path=path, name=path.name, reason="skipped: a layer of OPERA that is no backscatter")


def _acquisition(match: re.Match[str], stated: _Stated, power: TiffPower, files: tuple[Path, ...]) -> Acquisition:
    start = stated.time("ZERO_DOPPLER_START_TIME") or _stamp(match["start"])
    stop = stated.time("ZERO_DOPPLER_END_TIME")
    made = stated.time("PROCESSING_DATETIME") or _stamp(match["made"])
    guessed = frozenset() if stop else frozenset({"stop"})
    return Acquisition(
        id=match["stem"],
        constellation="sentinel-1",
        platform=f"sentinel-1{match['unit'][-1].lower()}",
        start=start,
        stop=max(stop or start, start),
        mode=match["swath"][:2],
        polarisations=power.polarisations,
        look=LookSide.RIGHT,  # the antenna of every Sentinel-1 unit looks right
        pass_direction=_pass(stated.word("ORBIT_PASS_DIRECTION")),
        track=int(match["track"]),
        frequency_ghz=CENTRE_FREQUENCY_GHZ,
        level="RTC",
        footprint=bounds_footprint(power.geobox),
        calibration=_calibration(stated),
        handling=_handling(stated, start.year),
        received=made,
        geocoding=Geocoding(kind="affine", heights="as delivered", basis="terrain corrected by the producer"),
        origin=origin(OperaReader.name, files, guessed),
    )


def _calibration(stated: _Stated) -> Calibration:
    """Return gamma0 in linear power, which the product is by its specification, unless the tags contradict it."""
    quantity = stated.word(f"{OUTPUT}_NORMALIZATION_CONVENTION") or "gamma0"
    if re.search(r"(beta|sigma)", quantity, re.IGNORECASE):
        return Calibration(valid=False, why_not=f"the product states its backscatter as {quantity[:40]}")
    expression = stated.word(f"{OUTPUT}_EXPRESSION_CONVENTION") or "linear"
    if re.search(r"(db|decibel|amplitude)", expression, re.IGNORECASE):
        return Calibration(valid=False, why_not=f"the product states its pixels as {expression[:40]}")
    return Calibration(valid=True, quantity=Quantity.GAMMA0)


def _handling(stated: _Stated, year: int) -> Handling:
    """Return the licence of Copernicus; a simulated product is nobody's measurement, and says so."""
    described = stated.word("TIFFTAG_IMAGEDESCRIPTION") or ""
    return Handling(caveats=frozenset({described})) if "SYNTHETIC" in described else copernicus(year)


def _pass(word: str | None) -> PassDirection | None:
    name = (word or "").lower()
    return PassDirection(name) if name in set(PassDirection) else None


def _stamp(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
