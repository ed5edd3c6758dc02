"""Umbra: GEC and colour sub-aperture (CSI) GeoTIFFs, described by METADATA.json or .stac.v2.json."""

import math
from collections.abc import Iterator
from pathlib import Path

from dashboard.model.acquisition import Acquisition, Calibration, Geocoding
from dashboard.model.errors import DamagedProductError
from dashboard.sources.details import details
from dashboard.sources.footprint import bounds_footprint, clean_footprint
from dashboard.sources.grid import opened
from dashboard.sources.marking import exercise, handling
from dashboard.sources.power import Band, TiffPower
from dashboard.sources.product import (
    NOTHING_GIVEN,
    Evidence,
    Field,
    Found,
    Given,
    NotRead,
    OpenPower,
    Product,
    System,
    origin,
)
from dashboard.sources.relative import relative_to
from dashboard.sources.subapertures import PARTS, MeanPower
from dashboard.sources.umbra.names import ENDS, NAME, images_of, side_cars
from dashboard.sources.umbra.record import Stated, legacy, stac
from dashboard.sources.values import load_json, mapping, safe_id

CONSTELLATION = "umbra"
WHY_NOT = {
    "GEC": "no document says how GEC numbers relate to backscatter; the SICD of the same collect may be calibrated",
    "CSI": "colour sub-apertures are stretched for the eye",
}


class UmbraReader:
    """GEC and CSI of one collect; SICD and SIDD of the same bundle are read on their own."""

    name = "umbra"
    looks_for = "Umbra (<date>_UMBRA-<n>_GEC.tif or _CSI.tif with its METADATA.json or .stac.v2.json)"
    systems: tuple[System, ...] = (
        System(
            name="Umbra",
            constellation=CONSTELLATION,
            forms=("GEC GeoTIFF", "CSI GeoTIFF", "METADATA.json", ".stac.v2.json"),
            calibration="none: no document relates GEC numbers to backscatter",
            georeference="map grid on the ellipsoid: terrain shifts remain",
            evidence=Evidence.DOCUMENTED,
            remarks="SICD and SIDD of the bundle are read as such; the SICD may be calibrated.",
            fields=(
                Field("platform", "platform", "umbraSatelliteName; platform"),
                Field("start", "start", "collects[0].startAtUTC; start_datetime"),
                Field("stop", "stop", "endAtUTC of the last collect; end_datetime"),
                Field("mode", "mode", "imagingMode; sar:instrument_mode"),
                Field("polarisation", "polarisations", "collects[0].polarizations; sar:polarizations"),
                Field("look", "look", "observationDirection; sar:observation_direction"),
                Field("pass", "pass_direction", "satelliteTrack; sat:orbit_state"),
                Field("incidence", "incidence_deg", "angleIncidenceDegrees; view:incidence_angle"),
                Field("grazing", "details: proc:grazing_angle", "angleGrazingDegrees; umbra:grazing_angle_degrees"),
                Field("azimuth", "details: view:azimuth", "angleAzimuthDegrees; umbra:target_azimuth_angle_degrees"),
                Field("look azimuth", "look_azimuth_deg", "the azimuth, turned by side and pass: marked as inferred"),
                Field("squint", "details: proc:squint", "angleSquintDegrees; umbra:squint_angle_*"),
                Field("slant range", "details: proc:slant_range", "slantRangeMeters; umbra:slant_range_meters"),
                Field("resolution", "resolution_m", "GEC groundResolution, else maxGroundResolution; sar:resolution_*"),
                Field("best resolution", "details: proc:best_resolution_range", "maxGroundResolution; umbra:best_*"),
                Field("footprint", "footprint", "footprintPolygonLla or geometry, heights dropped"),
                Field("collect", "details: proc:collect_ids", "collects[].id; umbra:collect_id(s)"),
                Field("task", "details: proc:task_id", "taskId; umbra:task_id"),
                Field("product", "details: proc:product_sku", "productSku; umbra:product_sku"),
                Field("image quality", "details: proc:target_ipr", "targetIpr, baseIpr; not in the STAC item"),
                Field("metadata version", "details: proc:metadata_version", "version"),
                Field("vendor", "details: processing:facility", "vendor"),
                Field("frequency", "frequency_ghz", "radarCenterFrequencyHz; sar:center_frequency"),
                Field("processing time", "received", "createdAtUTC; published or created"),
                Field("hrefs", "", "point into a private bucket: files are found by their names"),
                Field("looks", "", "not stated for GEC"),
                Field("track", "", "not stated"),
                Field("licence", "handling", "license of the STAC item"),
            ),
        ),
    )

    def sniff(self, path: Path) -> float:
        """Return 0.95 for the side-cars and GeoTIFFs of a bundle; names are exact, content must be of their kind."""
        match = NAME.fullmatch(path.name)
        if match is None or match["end"] not in {*ENDS, ".tif"}:
            return 0.0
        with path.open("rb") as stream:
            head = stream.read(64)
        json_like = head.lstrip().startswith(b"{")
        return 0.95 if json_like == (match["end"] != ".tif") or match["end"] == ".tif" else 0.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:  # noqa: ARG002  the side-car states it
        """Yield the image, or for a side-car every GeoTIFF that it describes.

        Raises
        ------
        InputError
            If the side-car or the image is missing or damaged.
        """
        match = NAME.fullmatch(path.name)
        if match is None:
            msg = f"{path.name} is not named as Umbra names its files."
            raise DamagedProductError(msg)
        beside = side_cars(match, path.parent)
        images = [path] if match["end"] == ".tif" else images_of(match, path.parent)
        if not images:
            reason = "skipped: it describes files of other forms, which are read on their own"
            yield NotRead(path=path, name=path.name, reason=reason, paths=beside)
            return
        stated = _stated(beside)
        for image in images:
            yield _product(image, stated, beside)


def _stated(beside: tuple[Path, ...]) -> Stated:
    first = beside[0]
    content = mapping(load_json(first))
    return legacy(content, first.name) if first.name.endswith(ENDS[0]) else stac(content, first.name)


def _product(image: Path, stated: Stated, beside: tuple[Path, ...]) -> Product:
    match = NAME.fullmatch(image.name)
    form = (match and match["form"]) or "GEC"
    if len(stated.polarisations) != 1:
        msg = f"{beside[0].name}: polarizations states {len(stated.polarisations)}; the images of Umbra have one."
        raise DamagedProductError(msg)
    power, scale = _power(image, stated.polarisations[0], form)
    files = (image, *beside)
    grid = bounds_footprint(power.geobox)
    found = Acquisition(
        id=safe_id(image.stem) or CONSTELLATION,
        constellation=CONSTELLATION,
        platform=_platform(stated, match["number"] if match else ""),
        start=stated.start,
        stop=stated.stop,
        mode=stated.mode,
        polarisations=stated.polarisations,
        look=stated.look,
        pass_direction=stated.pass_direction,
        incidence_deg=stated.incidence_deg,
        look_azimuth_deg=stated.look_azimuth_deg,
        resolution_m=stated.resolution_m,
        frequency_ghz=stated.frequency_ghz,
        level=form,
        footprint=clean_footprint(stated.geometry) if isinstance(stated.geometry, dict) else grid,
        calibration=Calibration(valid=False, why_not=WHY_NOT[form]),
        handling=handling(stated.properties, CONSTELLATION, stated.start.year) & exercise(*stated.texts),
        received=stated.received,
        geocoding=Geocoding(
            kind="affine",
            heights="as delivered, on the ellipsoid",
            shift_per_m=_shift(stated.incidence_deg),
            basis="the provider states no accuracy; terrain shifts remain",
        ),
        details=stated.details + details({"proc:bands": "mean of three sub-apertures" if form == "CSI" else None}),
        origin=origin(UmbraReader.name, files, frozenset({"look_azimuth_deg"} if stated.look_azimuth_deg else ())),
    )
    return Product(acquisition=found, power=power, paths=files, archive_scale=scale)


def _power(image: Path, polarisation: str, form: str) -> tuple[OpenPower, float]:
    with opened(image) as dataset:
        count = dataset.count
    if form == "CSI" and count >= len(PARTS):
        bands = [Band(part, image, index) for index, part in enumerate(PARTS, start=1)]
        formula, scale = relative_to(bands)
        return MeanPower(TiffPower(bands, formula), polarisation), scale
    bands = [Band(polarisation, image)]
    formula, scale = relative_to(bands)
    return TiffPower(bands, formula), scale


def _platform(stated: Stated, number: str) -> str:
    digits = "".join(c for c in (stated.platform or "") if c.isdecimal()) or number
    return f"umbra-{int(digits[:4]):02d}"


def _shift(incidence_deg: float | None) -> float | None:
    if incidence_deg is None or not 1.0 <= incidence_deg <= 89.0:
        return None
    return round(1.0 / math.tan(math.radians(incidence_deg)), 3)
