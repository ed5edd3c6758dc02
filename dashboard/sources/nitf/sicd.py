"""SICD: one complex image of any vendor in NITF or NSIF, with its own projection and radiometry."""

import math
from datetime import datetime, timedelta

import numpy as np

from dashboard.model.acquisition import Acquisition, LookSide, Origin, Original, PassDirection
from dashboard.model.errors import DamagedProductError
from dashboard.sources.details import Details, details
from dashboard.sources.geocode.direction import look_azimuth, pass_of
from dashboard.sources.geocode.power import GeocodedPower
from dashboard.sources.geocode.terrain import terrain
from dashboard.sources.nitf.header import Nitf
from dashboard.sources.nitf.parts import Opened, footprint, segments_of
from dashboard.sources.nitf.pixels import SegmentedImage
from dashboard.sources.nitf.sarah import Named
from dashboard.sources.nitf.security import of_text
from dashboard.sources.nitf.sicd_pixels import sicd_native
from dashboard.sources.nitf.sicd_sensor import sensor_of
from dashboard.sources.product import Given, Product
from dashboard.sources.values import moment, safe_id
from dashboard.sources.xml import Element, find_all, number_at, required_number, required_text, text

HANDS = {"H": "H", "V": "V", "RHC": "R", "LHC": "L"}
"""SICD's words for a polarisation -> letter."""
CLASSES = {
    "SPOTLIGHT": "spotlight",
    "STRIPMAP": "stripmap",
    "DYNAMIC STRIPMAP": "sliding_spotlight",
    "SCANSAR": "scansar",
}
LONGEST_S = 86_400.0
"""Of one collection."""


def platform_name(root: Element) -> str | None:
    """Return the platform in the product's words."""
    return text(root, "CollectionInfo/CollectorName")


def read_sicd(opened: Opened, root: Element, named: Named, given: Given) -> Product:
    """Return the product of a SICD.

    Parameters
    ----------
    opened : the file's headers and origin
    root : its metadata
    named : what the platform's name means
    given : what the person states beside the file

    Raises
    ------
    InputError
        If metadata or pixels are damaged; the message names the file and the field.
    """
    nitf, name = opened.nitf, opened.name
    image = SegmentedImage(nitf.path, segments_of(nitf, "SICD"))
    polarisation, guessed = _polarisation(root)
    native, calibration = sicd_native(root, image, polarisation, name)
    sensor = sensor_of(root, image.shape, name)
    power = GeocodedPower(native, sensor, terrain(given.dem, sensor.height_m), complex_pixels=True)
    start, stop = _period(root, name)
    handled, words = opened.handled(
        of_text("SICD", text(root, "CollectionInfo/Classification")), named.constellation, start.year
    )
    position, velocity = (_vector(root, f"SCPCOA/{what}", name) for what in ("ARPPos", "ARPVel"))
    azimuth = _direction(root, position, name)
    acquisition = Acquisition(
        id=safe_id(text(root, "CollectionInfo/CoreName") or nitf.path.stem) or "sicd",
        constellation=named.constellation,
        platform=named.platform,
        start=start,
        stop=stop,
        mode=text(root, "CollectionInfo/RadarMode/ModeID") or text(root, "CollectionInfo/RadarMode/ModeType"),
        polarisations=(polarisation,),
        look={"L": LookSide.LEFT, "R": LookSide.RIGHT}.get(text(root, "SCPCOA/SideOfTrack") or ""),
        pass_direction=_pass(position, velocity),
        incidence_deg=_incidence(root, name),
        look_azimuth_deg=azimuth,
        resolution_m=_resolution(root, name),
        looks=_looks(root, power.looks_taken, name),
        frequency_ghz=_frequency(root, name)[0],
        level="SICD",
        footprint=footprint(root, sensor, name),
        calibration=calibration,
        handling=handled,
        received=_moment(root, "ImageCreation/DateTime"),
        geocoding=power.geocoding,
        original=_original(nitf, opened.origin(), image.shape),
        details=(*_details(root, name), *words, *opened.details()),
        origin=opened.origin(frozenset(guessed | opened.guessed(named))),
    )
    return Product(acquisition=acquisition, power=power, paths=(nitf.path,))


def _original(nitf: Nitf, origin: Origin, shape: tuple[int, int]) -> Original:
    return Original(path=str(nitf.path), sha256=origin.files[0][1], shape=shape, complex=True)


def _polarisation(root: Element) -> tuple[str, set[str]]:
    """Return the polarisation processed; a guess where the product names a channel only, or none."""
    for path in (
        "ImageFormation/TxRcvPolarizationProc",
        "RadarCollection/RcvChannels/ChanParameters/TxRcvPolarization",
    ):
        sent, _, received = (text(root, path) or "").partition(":")
        if sent in HANDS and received in HANDS:
            found = HANDS[sent] + HANDS[received]
            return (found, set()) if found not in {"RR", "RL", "LR", "LL"} else (f"{sent[0]}H", {"polarisations"})
    sent = HANDS.get(text(root, "RadarCollection/TxPolarization") or "", "V")
    return {"R": "RH", "L": "LH"}.get(sent, sent * 2), {"polarisations"}


def _period(root: Element, name: str) -> tuple[datetime, datetime]:
    start = moment(required_text(root, "Timeline/CollectStart", name), f"{name}, Timeline/CollectStart")
    seconds = required_number(root, "Timeline/CollectDuration", name)
    if not 0 <= seconds <= LONGEST_S:
        msg = f"{name} lasted {seconds:g} s (Timeline/CollectDuration); 0 to {LONGEST_S:g} can be meant. It is damaged."
        raise DamagedProductError(msg)
    return start, start + timedelta(seconds=seconds)


def _vector(root: Element, path: str, name: str) -> np.ndarray | None:
    parts = [number_at(root, f"{path}/{axis}", name) for axis in "XYZ"]
    stated = [part for part in parts if part is not None]
    return np.array(stated) if len(stated) == len(parts) and any(stated) else None


def _pass(position: np.ndarray | None, velocity: np.ndarray | None) -> PassDirection | None:
    return None if position is None or velocity is None else pass_of(velocity)


def _direction(root: Element, position: np.ndarray | None, name: str) -> float | None:
    """Return the direction in which the radar looked: from its position, else against the azimuth towards it."""
    place = [number_at(root, f"GeoData/SCP/LLH/{axis}", name) for axis in ("Lon", "Lat")]
    lon, lat = place
    if position is not None and lon is not None and lat is not None:
        return round(look_azimuth(position, (lon, lat)), 4)
    back = number_at(root, "SCPCOA/AzimAng", name)
    return None if back is None else (back + 180.0) % 360.0


def _incidence(root: Element, name: str) -> float | None:
    stated = number_at(root, "SCPCOA/IncidenceAng", name)
    graze = number_at(root, "SCPCOA/GrazeAng", name)
    found = stated if stated is not None else None if graze is None else 90.0 - graze
    if found is not None and not 0 <= found <= 90:
        msg = f"{name} states an incidence of {found:g} degrees (SCPCOA/IncidenceAng); it lies between 0 and 90."
        raise DamagedProductError(msg)
    return found


def _resolution(root: Element, name: str) -> float | None:
    """Return the coarser of both resolutions, range on the ground."""
    across, along = (number_at(root, f"Grid/{axis}/ImpRespWid", name) for axis in ("Row", "Col"))
    theta = _incidence(root, name)
    if across is not None and text(root, "Grid/ImagePlane") == "SLANT":
        across = across / math.sin(math.radians(theta)) if theta else None
    stated = [value for value in (across, along) if value is not None and value > 0]
    return max(stated) if stated else None


def _looks(root: Element, taken: tuple[int, int], name: str) -> float:
    """Return the equivalent looks of an archived pixel: pixels averaged, less what oversampling repeats."""
    found = 1.0
    for axis, count in zip(("Row", "Col"), taken, strict=True):
        spacing, width = (number_at(root, f"Grid/{axis}/{what}", name) for what in ("SS", "ImpRespWid"))
        share = spacing / width if spacing and width and 0 < spacing < width else 1.0
        found *= max(1.0, count * share)
    return round(found, 3)


def _frequency(root: Element, name: str) -> tuple[float | None, float | None]:
    """Return centre frequency and bandwidth, GHz."""
    low, high = (number_at(root, f"RadarCollection/TxFrequency/{end}", name) for end in ("Min", "Max"))
    if low is None or high is None or not 0 < low <= high:
        return None, None
    return (low + high) / 2e9, (high - low) / 1e9


def _moment(root: Element, path: str) -> datetime | None:
    stated = text(root, path)
    return None if stated is None else moment(stated, path)


def _details(root: Element, name: str) -> Details:
    words = {key: text(root, path) for key, path in TEXTS.items()}
    numbers = {key: number_at(root, path, name) for key, path in NUMBERS.items()}
    application, mode = words.get("processing:software"), text(root, "CollectionInfo/RadarMode/ModeType")
    stated: dict[str, object] = {
        "proc:raw_platform": platform_name(root),
        "proc:mode_type": mode,
        "proc:mode_class": CLASSES.get((mode or "").upper()),
        "product:type": "SICD",
        "processing:level": "L1",
        **words,
        **numbers,
        "processing:software": application,
        "processing:datetime": _moment(root, "ImageCreation/DateTime"),
        "sar:bandwidth": _frequency(root, name)[1],
        "proc:sicd_version": str(root.tag).partition("}")[0].removeprefix("{urn:SICD:"),
        "proc:calibration_note": _note(root),
    }
    parameters = find_all(root, "CollectionInfo/Parameter")[:MOST_PARAMETERS]
    return details(stated | {f"proc:parameter:{p.get('name')}": p.text for p in parameters if p.text})


def _note(root: Element) -> str | None:
    if find_all(root, "Radiometric/SigmaZeroSFPoly") or not find_all(root, "Radiometric"):
        return None
    return "the product has no polynomial for sigma0; what it has is used as it is"


MOST_PARAMETERS = 30
TEXTS = {
    "processing:software": "ImageCreation/Application",
    "processing:facility": "ImageCreation/Site",
    "proc:profile": "ImageCreation/Profile",
    "proc:country_code": "CollectionInfo/CountryCode",
    "proc:collect_type": "CollectionInfo/CollectType",
    "proc:range_plane": "Grid/ImagePlane",
    "proc:grid_type": "Grid/Type",
    "proc:algorithm": "ImageFormation/ImageFormAlgo",
    "proc:pixel_type": "ImageData/PixelType",
    "proc:noise_type": "Radiometric/NoiseLevel/NoiseLevelType",
}
"""Field of the details -> where it stands."""
NUMBERS = {
    "sar:pixel_spacing_range": "Grid/Row/SS",
    "sar:pixel_spacing_azimuth": "Grid/Col/SS",
    "sar:resolution_range": "Grid/Row/ImpRespWid",
    "sar:resolution_azimuth": "Grid/Col/ImpRespWid",
    "proc:grazing_angle": "SCPCOA/GrazeAng",
    "proc:twist_angle": "SCPCOA/TwistAng",
    "proc:slope_angle": "SCPCOA/SlopeAng",
    "proc:azimuth_angle": "SCPCOA/AzimAng",
    "proc:layover_angle": "SCPCOA/LayoverAng",
    "proc:doppler_cone_angle": "SCPCOA/DopplerConeAng",
    "proc:slant_range_m": "SCPCOA/SlantRange",
    "proc:first_row": "ImageData/FirstRow",
    "proc:first_col": "ImageData/FirstCol",
    "proc:centre_lat": "GeoData/SCP/LLH/Lat",
    "proc:centre_lon": "GeoData/SCP/LLH/Lon",
    "proc:centre_height_m": "GeoData/SCP/LLH/HAE",
    "proc:noise_db": "Radiometric/NoiseLevel/NoisePoly/Coef",
}
