"""SIDD: pictures derived from SAR for people to look at, of any vendor; remapped, so never calibrated."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from dashboard.model.acquisition import Acquisition, Calibration, LookSide, PassDirection
from dashboard.model.errors import DamagedProductError
from dashboard.sources.details import Details, details
from dashboard.sources.geocode.direction import pass_of
from dashboard.sources.geocode.ellipsoid import to_ecef
from dashboard.sources.geocode.power import GeocodedPower
from dashboard.sources.geocode.sensor import Sensor, centre
from dashboard.sources.geocode.terrain import terrain
from dashboard.sources.nitf.display import DisplayNative
from dashboard.sources.nitf.header import Image
from dashboard.sources.nitf.parts import Opened, footprint, segments_of
from dashboard.sources.nitf.pixels import SegmentedImage
from dashboard.sources.nitf.sarah import Named
from dashboard.sources.nitf.security import Stated, of_ism, of_text
from dashboard.sources.nitf.sicd import CLASSES, HANDS, LONGEST_S
from dashboard.sources.nitf.sidd_sensor import SiddSensor
from dashboard.sources.product import Found, Given, NotRead, Product
from dashboard.sources.values import moment, safe_id
from dashboard.sources.xml import Element, find_all, number_at, required_number, required_text, text

INFORMATION = "ExploitationFeatures/Collection/Information"
GEOMETRY = "ExploitationFeatures/Collection/Geometry"
PHENOMENOLOGY = "ExploitationFeatures/Collection/Phenomenology"
TIMES = ("PlaneProjection", "GeographicProjection", "CylindricalProjection", "PolynomialProjection")
MOST_ORDER = 30
WHY_NOT = "a SIDD is remapped and sharpened for display"


def platform_name(root: Element) -> str | None:
    """Return the platform in the product's words."""
    return text(root, f"{INFORMATION}/SensorName")


def read_sidd(opened: Opened, roots: list[Element], named: Named, given: Given) -> Iterator[Found]:
    """Yield the product of every image of a SIDD.

    Parameters
    ----------
    opened : the file's headers and origin
    roots : metadata of the images, in order
    named : what the platform's name means
    given : what the person states beside the file

    Raises
    ------
    InputError
        If metadata or pixels are damaged; the message names the file and the field.
    """
    for number, root in enumerate(roots, start=1):
        segments = _segments(opened, number, len(roots))
        if not segments:
            reason = f"image {number} of the SIDD has metadata and no pixels"
            yield NotRead(path=opened.nitf.path, name=opened.name, reason=reason)
            continue
        part = f"image {number}" if len(roots) > 1 else ""
        yield _one(opened, (root, segments, part), named, given)


def _one(opened: Opened, image: tuple[Element, list[Image], str], named: Named, given: Given) -> Product:
    root, segments, part = image
    name = opened.name
    pixels = SegmentedImage(opened.nitf.path, segments)
    _fits(root, pixels, name)
    look = _look(root, name)
    sensor = SiddSensor(root, pixels.shape, look, name)
    polarisation, guessed = _polarisation(root)
    power = GeocodedPower(DisplayNative(pixels, segments[0], polarisation), sensor, terrain(given.dem, sensor.height_m))
    start, stop = _period(root, name)
    handled, words = opened.handled(_markings(root), named.constellation, start.year)
    flight = _flight(root, name)
    product = safe_id(text(root, "ProductCreation/ProductName") or opened.nitf.path.stem) or "sidd"
    acquisition = Acquisition(
        id=f"{product}-{part.replace(' ', '')}" if part else product,
        constellation=named.constellation,
        platform=named.platform,
        start=start,
        stop=stop,
        mode=text(root, f"{INFORMATION}/RadarMode/ModeID") or text(root, f"{INFORMATION}/RadarMode/ModeType"),
        polarisations=(polarisation,),
        look=_side(flight, sensor),
        pass_direction=None if flight is None else _pass(flight),
        incidence_deg=None if look is None else look[1],
        look_azimuth_deg=None if look is None else look[0],
        resolution_m=_resolution(root, name),
        level="SIDD",
        footprint=footprint(root, sensor, name),
        calibration=Calibration(valid=False, why_not=WHY_NOT),
        handling=handled,
        received=_moment(root, "ProductCreation/ProcessorInformation/ProcessingDateTime"),
        geocoding=power.geocoding,
        details=(*_details(root, name), *words, *opened.details()),
        origin=opened.origin(frozenset(guessed | opened.guessed(named)), part),
    )
    return Product(acquisition=acquisition, power=power, paths=(opened.nitf.path,))


def _segments(opened: Opened, number: int, count: int) -> list[Image]:
    """Return the segments of one image: SIDD<image><segment>; all of them when there is one image."""
    if count == 1:
        return segments_of(opened.nitf, "SIDD")
    prefix = f"SIDD{number:03d}"
    return [
        image
        for image in opened.nitf.images
        if image.fields["IID1"].startswith(prefix) and image.fields["ICAT"] not in {"LEG", "DED"}
    ]


def _fits(root: Element, image: SegmentedImage, name: str) -> None:
    stated = tuple(int(required_number(root, f"Measurement/PixelFootprint/{axis}", name)) for axis in ("Row", "Col"))
    if stated != image.shape:
        msg = (
            f"{name}: its metadata state {stated[0]:,} x {stated[1]:,} pixels (Measurement/PixelFootprint), its image "
            f"segments hold {image.shape[0]:,} x {image.shape[1]:,}. The file is damaged."
        )
        raise DamagedProductError(msg)


def _markings(root: Element) -> list[Stated]:
    found = find_all(root, "ProductCreation/Classification")
    if not found:
        return []
    return of_ism("SIDD", found[0]) if len(found[0].attrib) else of_text("SIDD", (found[0].text or "").strip())


def _look(root: Element, name: str) -> tuple[float, float] | None:
    """Return (azimuth in which the radar looked, incidence), degrees, where the product states both."""
    back, graze = (number_at(root, f"{GEOMETRY}/{angle}", name) for angle in ("Azimuth", "Graze"))
    if back is None or graze is None:
        return None
    if not 0 < graze < 90:
        msg = f"{name} states a grazing angle of {graze:g} degrees (Geometry/Graze); it lies between 0 and 90."
        raise DamagedProductError(msg)
    return (back + 180.0) % 360.0, 90.0 - graze


def _polarisation(root: Element) -> tuple[str, set[str]]:
    bases = (f"{INFORMATION}/Polarization", "ExploitationFeatures/Product/Polarization")
    for sent_path, received_path in (
        ("TxPolarization", "RcvPolarization"),
        ("TxPolarizationProc", "RcvPolarizationProc"),
    ):
        for base in bases:
            sent, received = (HANDS.get(text(root, f"{base}/{path}") or "") for path in (sent_path, received_path))
            if sent is not None and received in {"H", "V"}:
                return sent + str(received), set()
    return "VV", {"polarisations"}


def _period(root: Element, name: str) -> tuple[datetime, datetime]:
    field = f"{INFORMATION}/CollectionDateTime"
    start = moment(required_text(root, field, name), f"{name}, {field}")
    seconds = number_at(root, f"{INFORMATION}/CollectionDuration", name) or 0.0
    if not 0 <= seconds <= LONGEST_S:
        msg = f"{name} lasted {seconds:g} s (CollectionDuration); 0 to {LONGEST_S:g} can be meant. It is damaged."
        raise DamagedProductError(msg)
    return start, start + timedelta(seconds=seconds)


def _flight(root: Element, name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Return position and velocity of the platform when it saw the middle of the image."""
    polynomials = [_polynomial(root, f"Measurement/ARPPoly/{axis}", name) for axis in "XYZ"]
    if any(polynomial is None for polynomial in polynomials):
        return None
    time = next((t for kind in TIMES if (t := number_at(root, f"Measurement/{kind}/TimeCOAPoly/Coef", name))), 0.0)
    with np.errstate(all="ignore"):
        position = np.array([polynomial(time) for polynomial in polynomials if polynomial is not None])
        velocity = np.array([polynomial.deriv()(time) for polynomial in polynomials if polynomial is not None])
    return (position, velocity) if np.isfinite([position, velocity]).all() and velocity.any() else None


def _polynomial(root: Element, path: str, name: str) -> np.polynomial.Polynomial | None:
    terms = find_all(root, f"{path}/Coef")
    if not terms:
        return None
    found = np.zeros(MOST_ORDER + 1)
    for term in terms:
        words = str(term.get("exponent1"))
        if not (words.isdigit() and int(words) <= MOST_ORDER):
            msg = f"{name} has the exponent {words[:10]!r} ({path}); up to {MOST_ORDER} can be meant. It is damaged."
            raise DamagedProductError(msg)
        found[int(words)] = _finite(term, path, name)
    return np.polynomial.Polynomial(found)


def _finite(term: Any, path: str, name: str) -> float:  # noqa: ANN401  an element of lxml
    found = number_at(term, ".", name)
    if found is None:
        msg = f"{name} has an empty coefficient ({path}); the file is damaged."
        raise DamagedProductError(msg)
    return found


def _pass(flight: tuple[np.ndarray, np.ndarray]) -> PassDirection:
    return pass_of(flight[1])


def _side(flight: tuple[np.ndarray, np.ndarray] | None, sensor: Sensor) -> LookSide | None:
    if flight is None:
        return None
    position, velocity = flight
    lon, lat = (np.array(v) for v in centre(sensor))
    right = np.cross(velocity, position) @ (to_ecef(lon, lat, np.array(sensor.height_m)) - position)
    return LookSide.RIGHT if right > 0 else LookSide.LEFT


def _resolution(root: Element, name: str) -> float | None:
    paths = ("ExploitationFeatures/Product/Resolution/Row", "ExploitationFeatures/Product/Resolution/Col")
    for pair in (paths, (f"{INFORMATION}/Resolution/Range", f"{INFORMATION}/Resolution/Azimuth")):
        stated = [value for path in pair if (value := number_at(root, path, name)) is not None and value > 0]
        if stated:
            return max(stated)
    return None


def _moment(root: Element, path: str) -> datetime | None:
    stated = text(root, path)
    return None if stated is None else moment(stated, path)


def _details(root: Element, name: str) -> Details:
    mode = text(root, f"{INFORMATION}/RadarMode/ModeType")
    stated: dict[str, object] = {
        "proc:raw_platform": platform_name(root),
        "proc:mode_type": mode,
        "proc:mode_class": CLASSES.get((mode or "").upper()),
        "product:type": "SIDD",
        "processing:level": "L2",
        **{key: text(root, path) for key, path in TEXTS.items()},
        **{key: number_at(root, path, name) for key, path in NUMBERS.items()},
        "processing:datetime": _moment(root, "ProductCreation/ProcessorInformation/ProcessingDateTime"),
        "proc:collections": len(find_all(root, "ExploitationFeatures/Collection")),
        "proc:sidd_version": str(root.tag).partition("}")[0].removeprefix("{urn:SIDD:"),
    }
    return details(stated)


TEXTS = {
    "proc:product_class": "ProductCreation/ProductClass",
    "proc:product_type": "ProductCreation/ProductType",
    "processing:software": "ProductCreation/ProcessorInformation/Application",
    "processing:facility": "ProductCreation/ProcessorInformation/Site",
    "proc:pixel_type": "Display/PixelType",
    "proc:remap": "Display/RemapInformation/MonochromeDisplayRemap/RemapType",
}
"""Field of the details -> where it stands."""
NUMBERS = {
    "proc:slope_angle": f"{GEOMETRY}/Slope",
    "proc:squint": f"{GEOMETRY}/Squint",
    "proc:grazing_angle": f"{GEOMETRY}/Graze",
    "proc:tilt": f"{GEOMETRY}/Tilt",
    "proc:doppler_cone_angle": f"{GEOMETRY}/DopplerConeAngle",
    "proc:shadow_angle": f"{PHENOMENOLOGY}/Shadow/Angle",
    "proc:layover_angle": f"{PHENOMENOLOGY}/Layover/Angle",
    "proc:multipath_angle": f"{PHENOMENOLOGY}/MultiPath",
    "proc:north_angle": "ExploitationFeatures/Product/North",
    "sar:resolution_range": f"{INFORMATION}/Resolution/Range",
    "sar:resolution_azimuth": f"{INFORMATION}/Resolution/Azimuth",
    "proc:rows": "Measurement/PixelFootprint/Row",
    "proc:columns": "Measurement/PixelFootprint/Col",
}
