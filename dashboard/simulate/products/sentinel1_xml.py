"""The XML of Sentinel-1 products: annotation, calibration, noise and manifest, as the processor writes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from dashboard.model.acquisition import PassDirection
from dashboard.simulate.products.take import CAVEAT, Take

Floats = NDArray[np.float64]

FREQUENCY_HZ = 5.405000454334350e09
SOFTWARE = "003.71"
NAMESPACES = {
    "xmlns:gml": "http://www.opengis.net/gml",
    "xmlns:xfdu": "urn:ccsds:schema:xfdu:1",
    "xmlns:safe": "http://www.esa.int/safe/sentinel-1.0",
    "xmlns:s1": "http://www.esa.int/safe/sentinel-1.0/sentinel-1",
    "xmlns:s1sarl1": "http://www.esa.int/safe/sentinel-1.0/sentinel-1/sar/level-1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What one annotation file says beside the take."""

    kind: str
    """GRD or SLC."""
    swath: str
    polarisation: str = ""
    number: int = 0
    shape: tuple[int, int]
    first_line: datetime
    line_s: float
    slant_range_s: float
    """Two-way time to sample 0."""
    sampling_hz: float
    spacing_m: tuple[float, float]
    incidence_deg: float
    incidence_range_deg: tuple[float, float]
    """(near, far)."""
    states: Sequence[tuple[datetime, Floats, Floats]]
    """(moment, position, velocity)."""
    points: Sequence[Mapping[str, object]]
    """Geolocation grid, element by element."""
    conversions: Sequence[Mapping[str, object]] = ()
    bursts: Sequence[Mapping[str, object]] = ()
    lines_per_burst: int = 0


def tag(name: str, body: object, **attributes: object) -> str:
    """Return one element; a mapping becomes its children, a sequence of texts is joined."""
    words = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items())
    return f"<{name}{words}>{_body(body)}</{name}>"


def listed(name: str, record: str, records: Iterable[Mapping[str, object]]) -> str:
    """Return a list element with its count, as all of the processor's lists are."""
    parts = [tag(record, part) for part in records]
    return tag(name, parts, count=len(parts))


def numbers(values: Iterable[float]) -> str:
    """Return numbers as the processor writes them."""
    return " ".join(f"{value:.12e}" for value in values)


def utc(moment: datetime) -> str:
    """Return a moment without its zone."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


def header(sheet: Sheet, take: Take) -> str:
    """Return the header that opens annotation, calibration and noise."""
    return tag(
        "adsHeader",
        {
            "missionId": f"S1{take.platform[-1].upper()}",
            "productType": sheet.kind,
            "polarisation": sheet.polarisation,
            "mode": take.mode,
            "swath": sheet.swath,
            "startTime": utc(take.start),
            "stopTime": utc(take.stop),
            "absoluteOrbitNumber": take.orbit_number,
            "missionDataTakeId": 43981,
            "imageNumber": f"{sheet.number:03d}",
        },
    )


def annotation(sheet: Sheet, take: Take) -> str:
    """Return an annotation file."""
    ground = sheet.kind == "GRD"
    information = {
        "pass": take.pass_direction.value.capitalize(),
        "timelinessCategory": "Fast-24h",
        "platformHeading": take.heading_deg - 360.0,
        "projection": "Ground Range" if ground else "Slant Range",
        "rangeSamplingRate": numbers([sheet.sampling_hz]),
        "radarFrequency": numbers([FREQUENCY_HZ]),
    }
    image = {
        "productFirstLineUtcTime": utc(sheet.first_line),
        "slantRangeTime": numbers([sheet.slant_range_s]),
        "pixelValue": "Detected" if ground else "Complex",
        "outputPixels": "16 bit Unsigned Integer" if ground else "16 bit Signed Integer",
        "rangePixelSpacing": numbers([sheet.spacing_m[0]]),
        "azimuthPixelSpacing": numbers([sheet.spacing_m[1]]),
        "azimuthTimeInterval": numbers([sheet.line_s]),
        "numberOfSamples": sheet.shape[1],
        "numberOfLines": sheet.shape[0],
        "incidenceAngleMidSwath": numbers([sheet.incidence_deg]),
    }
    looks = {"rangeProcessing": {"numberOfLooks": 5 if ground else 1}, "azimuthProcessing": {"numberOfLooks": 1}}
    processing = {
        "thermalNoiseCorrectionPerformed": "false",
        "swathProcParamsList": [tag("swathProcParams", {"swath": sheet.swath, **looks})],
    }
    parts = [
        header(sheet, take),
        tag("generalAnnotation", [tag("productInformation", information), _orbit(sheet)]),
        tag("imageAnnotation", {"imageInformation": image, "processingInformation": processing}),
        tag("swathTiming", [tag("linesPerBurst", sheet.lines_per_burst), listed("burstList", "burst", sheet.bursts)]),
        tag("geolocationGrid", [listed("geolocationGridPointList", "geolocationGridPoint", sheet.points)]),
        tag(
            "coordinateConversion",
            [listed("coordinateConversionList", "coordinateConversion", sheet.conversions)],
        ),
    ]
    return _document(tag("product", parts))


def calibration(sheet: Sheet, take: Take, lines: Sequence[int], pixels: Sequence[int], table: Floats) -> str:
    """Return a calibration file; `table` holds the amplitudes of sigma0, shape (lines, pixels)."""
    vectors = [
        {
            "azimuthTime": utc(take.start),
            "line": line,
            "pixel": whole(pixels),
            "sigmaNought": numbers(row),
            "betaNought": numbers(row * 0.7),
            "gamma": numbers(row * 0.9),
            "dn": numbers(row * 0.7),
        }
        for line, row in zip(lines, table, strict=True)
    ]
    body = [
        header(sheet, take),
        tag("calibrationInformation", {"absoluteCalibrationConstant": 1.0}),
        listed("calibrationVectorList", "calibrationVector", vectors),
    ]
    return _document(tag("calibration", body))


def noise(sheet: Sheet, take: Take, pixels: Sequence[int], across: Floats, along: Floats | None) -> str:
    """Return a noise file: with factors along the lines as today, or without as before version 2.90."""
    lines = [0, sheet.shape[0] - 1]
    name, field = ("noiseVector", "noiseLut") if along is None else ("noiseRangeVector", "noiseRangeLut")
    vectors = [
        {"azimuthTime": utc(take.start), "line": line, "pixel": whole(pixels), field: numbers(across)} for line in lines
    ]
    body = [header(sheet, take), listed(f"{name}List", name, vectors)]
    if along is not None:
        part = {
            "swath": sheet.swath,
            "firstAzimuthLine": 0,
            "firstRangeSample": 0,
            "lastAzimuthLine": sheet.shape[0] - 1,
            "lastRangeSample": sheet.shape[1] - 1,
            "line": whole(np.linspace(0, sheet.shape[0] - 1, len(along)).round().astype(int)),
            "noiseAzimuthLut": numbers(along),
        }
        body.append(listed("noiseAzimuthVectorList", "noiseAzimuthVector", [part]))
    return _document(tag("noise", body))


@dataclass(frozen=True, slots=True)
class Object:
    """A file as the manifest lists it."""

    schema: str
    href: str
    size: int


def manifest(
    take: Take, kind: str, ring: Sequence[tuple[float, float]], objects: Sequence[Object], software: str
) -> str:
    """Return the manifest; `ring` holds (longitude, latitude) of the corners."""
    corners = " ".join(f"{lat:.6f},{lon:.6f}" for lon, lat in ring)
    tool = f'<safe:software name="Sentinel-1 IPF" version="{software}"/>'
    made = "" if take.received is None else f' stop="{utc(take.received)}"'
    facility = '<safe:facility country="Germany" name="Simulated" organisation="Nightglass" site="Nowhere">'
    coordinates = f"<gml:coordinates>{corners}</gml:coordinates>"
    sections = [
        f'<safe:processing name="{kind} Post Processing"{made}>{facility}{tool}</safe:facility></safe:processing>',
        _platform(take),
        _orbit_reference(take),
        _general(take, kind),
        _period(take),
        f"<safe:frameSet><safe:frame><safe:footPrint>{coordinates}</safe:footPrint></safe:frame></safe:frameSet>",
    ]
    wrapped = "".join(
        f"<metadataObject><metadataWrap><xmlData>{part}</xmlData></metadataWrap></metadataObject>" for part in sections
    )
    data = "".join(
        f'<dataObject repID="{part.schema}"><byteStream size="{part.size}"><fileLocation locatorType="URL" '
        f'href="./{part.href}"/></byteStream></dataObject>'
        for part in objects
    )
    spaces = " ".join(f'{key}="{value}"' for key, value in NAMESPACES.items())
    return _document(
        f"<xfdu:XFDU {spaces}><metadataSection>{wrapped}</metadataSection>"
        f"<dataObjectSection>{data}</dataObjectSection></xfdu:XFDU>"
    )


def whole(values: Iterable[object]) -> str:
    """Return whole numbers parted by blanks."""
    return " ".join(str(value) for value in values)


def _orbit(sheet: Sheet) -> str:
    records = [
        {
            "time": utc(moment),
            "frame": "Earth Fixed",
            "position": dict(zip("xyz", map(repr, map(float, position)), strict=True)),
            "velocity": dict(zip("xyz", map(repr, map(float, velocity)), strict=True)),
        }
        for moment, position, velocity in sheet.states
    ]
    return listed("orbitList", "orbit", records)


def _platform(take: Take) -> str:
    return (
        f"<safe:platform><safe:familyName>SENTINEL-1</safe:familyName><safe:number>{take.platform[-1].upper()}"
        f"</safe:number><safe:instrument><safe:extension><s1sarl1:instrumentMode><s1sarl1:mode>{take.mode}"
        "</s1sarl1:mode></s1sarl1:instrumentMode></safe:extension></safe:instrument></safe:platform>"
    )


def _period(take: Take) -> str:
    return (
        f"<safe:acquisitionPeriod><safe:startTime>{utc(take.start)}</safe:startTime>"
        f"<safe:stopTime>{utc(take.stop)}</safe:stopTime></safe:acquisitionPeriod>"
    )


def _orbit_reference(take: Take) -> str:
    way = "ASCENDING" if take.pass_direction is PassDirection.ASCENDING else "DESCENDING"
    track = (
        "" if take.track is None else f'<safe:relativeOrbitNumber type="start">{take.track}</safe:relativeOrbitNumber>'
    )
    return (
        f'<safe:orbitReference><safe:orbitNumber type="start">{take.orbit_number}</safe:orbitNumber>{track}'
        f"<safe:extension><s1:orbitProperties><s1:pass>{way}</s1:pass></s1:orbitProperties></safe:extension>"
        "</safe:orbitReference>"
    )


def _general(take: Take, kind: str) -> str:
    names = "".join(
        f"<s1sarl1:transmitterReceiverPolarisation>{name}</s1sarl1:transmitterReceiverPolarisation>"
        for name in take.polarisations
    )
    rest = {
        "s1sarl1:productClassDescription": f"SAR Standard L1 Product, {CAVEAT}",
        "s1sarl1:productComposition": "Slice",
        "s1sarl1:productType": kind,
        "s1sarl1:productTimelinessCategory": "Fast-24h",
        "s1sarl1:sliceNumber": 7,
        "s1sarl1:totalSlices": 9,
    }
    inner = "<s1sarl1:missionDataTakeID>43981</s1sarl1:missionDataTakeID>" + names + _body(rest)
    return f"<s1sarl1:standAloneProductInformation>{inner}</s1sarl1:standAloneProductInformation>"


def _body(body: object) -> str:
    if isinstance(body, Mapping):
        return "".join(tag(key, value) for key, value in body.items())
    if isinstance(body, list):
        return "".join(body)
    return str(body) if isinstance(body, int | float) else escape(str(body))


def _document(root: str) -> str:
    lines = root.replace("><", ">\n<")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{lines}\n'
