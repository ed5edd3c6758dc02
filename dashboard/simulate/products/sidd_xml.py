"""The XML of a SIDD: what was made, how it is to be shown, where its pixels are, how it was taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from dashboard.simulate.products.nitf_words import audience, collector, letter
from dashboard.simulate.products.orbit import Orbit
from dashboard.simulate.products.take import CAVEAT, Take

Floats = NDArray[np.float64]

FILTER = (
    "<FilterName>{name}</FilterName><FilterKernel><Predefined><DatabaseName>{database}</DatabaseName></Predefined>"
    "</FilterKernel><Operation>CONVOLUTION</Operation>"
)
SPACES = {
    "1.0.0": ("urn:SICommon:0.1", "urn:us:gov:ic:ism", "4"),
    "2.0.0": ("urn:SICommon:1.0", "urn:us:gov:ic:ism:13", "13"),
    "3.0.0": ("urn:SICommon:1.0", "urn:us:gov:ic:ism:13", "201609"),
}
"""SIDD version -> namespace of common types, namespace and version of markings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiddPlane:
    """Where the pixels of a picture are."""

    shape: tuple[int, int]
    point: tuple[float, float]
    """Row and column of the reference point."""
    place: Floats
    """Its earth-centred position, metres."""
    spacing: tuple[float, float]
    """Metres, or arc seconds of a geographic grid."""
    down: Floats | None
    """Unit vectors of rows and columns; None for a geographic grid."""
    right: Floats | None
    corners: Sequence[tuple[float, float]]
    """(longitude, latitude) clockwise from the first pixel."""
    valid: Sequence[tuple[float, float]]
    """(longitude, latitude) of what holds data, clockwise."""


def sidd_xml(take: Take, plane: SiddPlane, orbit: Orbit, pixels: str, version: str, name: str) -> bytes:
    """Return the metadata of one picture."""
    common, marks, _ = SPACES[version]
    display, place = _display(pixels, version), _place(plane, version)
    text = (
        f'<SIDD xmlns="urn:SIDD:{version}" xmlns:si="{common}" xmlns:sfa="urn:SFA:1.2.0" xmlns:ism="{marks}">'
        f"{_creation(take, version, name)}{display}{place}"
        f"{_measurement(take, plane, orbit, version)}{_exploitation(take, version)}"
        "</SIDD>"
    )
    return text.encode()


def _creation(take: Take, version: str, name: str) -> str:
    made = take.received or take.stop
    marks = SPACES[version][2]
    released = f' ism:releasableTo="{" ".join(audience(take))}"' if audience(take) else ""
    needs = ' ism:compliesWith="USIC" ism:ISMCATCESVersion="201609"' if version != "1.0.0" else ""
    controls = ' ism:disseminationControls="REL"' if audience(take) else ""
    return (
        "<ProductCreation><ProcessorInformation><Application>Nightglass simulate</Application>"
        f"<ProcessingDateTime>{made:%Y-%m-%dT%H:%M:%S.%fZ}</ProcessingDateTime><Site>EXERCISE</Site>"
        "</ProcessorInformation>"
        f'<Classification ism:DESVersion="{marks}" ism:resourceElement="true" ism:createDate="{made:%Y-%m-%d}"{needs} '
        f'ism:classification="{letter(take)}" ism:ownerProducer="NATO"{controls}{released}/>'
        f"<ProductName>{escape(name)}</ProductName><ProductClass>{CAVEAT}</ProductClass></ProductCreation>"
    )


def _display(pixels: str, version: str) -> str:
    if version == "1.0.0":
        return (
            f"<Display><PixelType>{pixels}</PixelType><MagnificationMethod>NEAREST_NEIGHBOR</MagnificationMethod>"
            "<DecimationMethod>BRIGHTEST_PIXEL</DecimationMethod></Display>"
        )
    bands = 3 if pixels == "RGB24I" else 1
    down = "<RRDS><DownsamplingMethod>DECIMATE</DownsamplingMethod></RRDS>"
    look_up = "<LUTName>LINEAR</LUTName><Predefined><DatabaseName>LINEAR</DatabaseName></Predefined>"
    plain = FILTER.format(name="NONE", database="BILINEAR")
    made = "".join(
        f'<NonInteractiveProcessing band="{band}"><ProductGenerationOptions><DataRemapping>{look_up}</DataRemapping>'
        f"</ProductGenerationOptions>{down}</NonInteractiveProcessing>"
        for band in range(1, bands + 1)
    )
    shown = "".join(
        f'<InteractiveProcessing band="{band}"><GeometricTransform><Scaling><AntiAlias>{plain}</AntiAlias>'
        f"<Interpolation>{plain}</Interpolation></Scaling><Orientation><ShadowDirection>ARBITRARY</ShadowDirection>"
        "</Orientation></GeometricTransform><SharpnessEnhancement><ModularTransferFunctionEnhancement>"
        f"{plain}</ModularTransferFunctionEnhancement></SharpnessEnhancement><DynamicRangeAdjustment>"
        "<AlgorithmType>NONE</AlgorithmType><BandStatsSource>1</BandStatsSource></DynamicRangeAdjustment>"
        "</InteractiveProcessing>"
        for band in range(1, bands + 1)
    )
    return f"<Display><PixelType>{pixels}</PixelType><NumBands>{bands}</NumBands>{made}{shown}</Display>"


def _place(plane: SiddPlane, version: str) -> str:
    ring = "".join(
        f'<Vertex index="{k}"><si:Lat>{lat:.9f}</si:Lat><si:Lon>{lon:.9f}</si:Lon></Vertex>'
        for k, (lon, lat) in enumerate(plane.valid, start=1)
    )
    if version == "1.0.0":
        return (
            f'<GeographicAndTarget><GeographicCoverage><Footprint size="{len(plane.valid)}">{ring}</Footprint>'
            "</GeographicCoverage></GeographicAndTarget>"
        )
    names = ("1:FRFC", "2:FRLC", "3:LRLC", "4:LRFC")
    corners = "".join(
        f'<ICP index="{name}"><si:Lat>{lat:.9f}</si:Lat><si:Lon>{lon:.9f}</si:Lon></ICP>'
        for name, (lon, lat) in zip(names, plane.corners, strict=True)
    )
    return (
        f"<GeoData><EarthModel>WGS_84</EarthModel><ImageCorners>{corners}</ImageCorners>"
        f'<ValidData size="{len(plane.valid)}">{ring}</ValidData></GeoData>'
    )


def _measurement(take: Take, plane: SiddPlane, orbit: Orbit, version: str) -> str:
    rows, cols = plane.shape
    middle = take.duration.total_seconds() / 2
    kind = "GeographicProjection" if plane.down is None else "PlaneProjection"
    unit = ""
    if plane.down is not None and plane.right is not None:
        unit = (
            f"<ProductPlane><RowUnitVector>{_xyz(plane.down)}</RowUnitVector>"
            f"<ColUnitVector>{_xyz(plane.right)}</ColUnitVector></ProductPlane>"
        )
    corners = ((0, 0), (0, cols - 1), (rows - 1, cols - 1), (rows - 1, 0))
    ring = "".join(f'<Vertex index="{k}">{_pair(*corner)}</Vertex>' for k, corner in enumerate(corners, start=1))
    valid = f'<ValidData size="4">{ring}</ValidData>' if version != "1.0.0" else ""
    return (
        f'<Measurement><{kind}><ReferencePoint name="CENTRE"><si:ECEF>{_xyz(plane.place)}</si:ECEF>'
        f"<si:Point>{_pair(*plane.point)}</si:Point></ReferencePoint>"
        f"<SampleSpacing>{_pair(*plane.spacing)}</SampleSpacing>"
        '<TimeCOAPoly order1="0" order2="0"><si:Coef exponent1="0" exponent2="0">'
        f"{middle!r}</si:Coef></TimeCOAPoly>{unit}</{kind}>"
        f"<PixelFootprint>{_pair(rows, cols)}</PixelFootprint><ARPPoly>{_flight(orbit, middle)}</ARPPoly>"
        f"{valid}</Measurement>"
    )


def _exploitation(take: Take, version: str) -> str:
    sent, received = take.polarisations[0][0], take.polarisations[0][1]
    back, metres = (take.look_azimuth_deg + 180.0) % 360.0, take.resolution_m
    hands = f"<TxPolarization>{sent}</TxPolarization><RcvPolarization>{received}</RcvPolarization>"
    processed = (
        f"<Ellipticity>1.0</Ellipticity><Polarization><TxPolarizationProc>{sent}</TxPolarizationProc>"
        f"<RcvPolarizationProc>{received}</RcvPolarizationProc></Polarization>"
        if version != "1.0.0"
        else ""
    )
    return (
        f'<ExploitationFeatures><Collection identifier="{take.platform}"><Information>'
        f"<SensorName>{collector(take)}</SensorName><RadarMode><si:ModeType>STRIPMAP</si:ModeType>"
        f"<si:ModeID>{take.mode}</si:ModeID></RadarMode>"
        f"<CollectionDateTime>{take.start:%Y-%m-%dT%H:%M:%S.%fZ}</CollectionDateTime>"
        f"<CollectionDuration>{take.duration.total_seconds()!r}</CollectionDuration>"
        f"<Resolution><si:Range>{metres}</si:Range><si:Azimuth>{metres}</si:Azimuth></Resolution>"
        f"<Polarization>{hands}</Polarization></Information><Geometry><Azimuth>{back!r}</Azimuth>"
        f"<Graze>{90.0 - take.incidence_deg!r}</Graze></Geometry></Collection>"
        f"<Product><Resolution>{_pair(metres, metres)}</Resolution>{processed}</Product></ExploitationFeatures>"
    )


def _flight(orbit: Orbit, middle: float) -> str:
    """Return the platform's position over seconds from the start: three terms are enough for seconds."""
    bend = -(orbit.rate**2) * orbit.position(0.0)
    speed, here = orbit.velocity(0.0), orbit.position(0.0)
    terms = np.array([here - speed * middle + bend * middle**2 / 2, speed - bend * middle, bend / 2])
    return "".join(
        f'<si:{axis} order1="2">'
        + "".join(f'<si:Coef exponent1="{k}">{float(terms[k, a])!r}</si:Coef>' for k in range(3))
        + f"</si:{axis}>"
        for a, axis in enumerate("XYZ")
    )


def _xyz(vector: Floats) -> str:
    return "".join(f"<si:{axis}>{float(value)!r}</si:{axis}>" for axis, value in zip("XYZ", vector, strict=True))


def _pair(row: float, col: float) -> str:
    return f"<si:Row>{row!r}</si:Row><si:Col>{col!r}</si:Col>"
