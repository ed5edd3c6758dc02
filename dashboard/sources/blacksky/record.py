"""What BlackSky's JSON states, and the row of BlackSky in the table of what is read."""

from dashboard.sources.details import Details, details
from dashboard.sources.facts import Facts
from dashboard.sources.product import Evidence, Field, System
from dashboard.sources.values import kebab

REMEMBERED = {
    "offNadirAngle": "details: view:off_nadir",
    "sunAzimuth": "details: view:sun_azimuth",
    "sunElevation": "details: view:sun_elevation",
    "satelliteAzimuth": "look_azimuth_deg",
    "satelliteElevation": "incidence_deg",
    "estimatedCE90": "geocoding",
    "spectralType": "details: proc:spectral_type",
    "imageSpecVersion": "details: proc:product_version",
}
"""Keys that no public document shows: read if they are there, and marked as guessed -> where they go."""
FIELDS = (
    Field("id", "id", "id; ortho-pan and non-ortho with their form"),
    Field("time", "start", "acquisitionDate; without a zone it is UTC"),
    Field("stop", "stop", "one moment is stated"),
    Field("platform", "platform", "sensorName (Global-14); as delivered: proc:raw_platform"),
    Field("ground sample distance", "resolution_m", "gsd"),
    Field("cloud", "details: eo:cloud_cover", "cloudCoverPercent"),
    Field("water", "details: proc:water_percent", "waterPercent"),
    Field("georeferenced", "details: proc:georeferenced", "georeferenced"),
    Field("orthorectified", "details: proc:orthorectified", "orthorectified"),
    Field("form", "level", "ending of the image's name: ortho, ortho-pan, non-ortho"),
    Field("size", "details: proc:stated_size", "height, width; the TIFF counts"),
    Field("bits", "details: proc:bits_per_pixel", "bitsPerPixel"),
    Field("footprint", "footprint", "geometry, else the outline of the image"),
    Field("bands", "polarisations", "colours that the TIFF states: the order may be BGR"),
    Field("map grid", "geocoding", "the TIFF's own"),
    Field("RPCs", "geocoding", "text beside a non-ortho image; its name is not documented"),
    Field("mask", "details: proc:mask_note", "_ortho-mask.tif: its meaning is not documented, it is not applied"),
    Field("browse image", "", "made from the picture"),
    Field("licence", "handling", "LicenseAgreement text; without one the provider's terms"),
    Field("radiometry", "", "ortho numbers are adjusted for the eye"),
    *(
        Field(key, where, f"{key}: name from memory, marked as guessed where it is found")
        for key, where in REMEMBERED.items()
    ),
)
SYSTEMS = (
    System(
        name="BlackSky",
        constellation="blacksky",
        forms=("ortho", "ortho-pan", "non-ortho with RPCs"),
        calibration="none: visible bands, adjusted for the eye",
        georeference="map grid as delivered; non-ortho by its RPCs at one height or on --dem",
        evidence=Evidence.DOCUMENTED,
        remarks=(
            "Context to look at, never in radar statistics. Two public documents show names and some keys; the other "
            "keys, the name of the RPC text and the mask's meaning are guesses and marked so."
        ),
        fields=FIELDS,
    ),
)


def platform_of(facts: Facts) -> str | None:
    """Return ``blacksky-global-14`` for ``Global-14``."""
    word = kebab(facts.text("sensorName"))
    return word if word is None or word.startswith("blacksky") else f"blacksky-{word}"


def incidence_of(facts: Facts) -> float | None:
    """Return the angle between the line of sight and the vertical on the ground, degrees."""
    elevation = facts.number("satelliteElevation", 0.0, 90.0)
    return None if elevation is None else 90.0 - elevation


def look_azimuth_of(facts: Facts) -> float | None:
    """Return the direction in which the camera looked: away from where the satellite stood."""
    azimuth = facts.number("satelliteAzimuth", -360.0, 360.0)
    return None if azimuth is None else (azimuth + 180.0) % 360.0


def guessed_of(facts: Facts) -> frozenset[str]:
    """Return what was read from keys whose names are from memory."""
    found = (where for key, where in REMEMBERED.items() if facts.value(key) is not None)
    return frozenset(where.removeprefix("details: ") for where in found)


def details_of(facts: Facts) -> Details:
    """Return what else is stated."""
    rows, cols = facts.whole("height"), facts.whole("width")
    georeferenced, ortho = (facts.value(key) for key in ("georeferenced", "orthorectified"))
    return details(
        {
            "proc:raw_platform": facts.text("sensorName"),
            "eo:cloud_cover": facts.number("cloudCoverPercent", 0.0, 100.0),
            "proc:water_percent": facts.number("waterPercent", 0.0, 100.0),
            "proc:georeferenced": georeferenced if isinstance(georeferenced, bool | str) else None,
            "proc:orthorectified": ortho if isinstance(ortho, bool | str) else None,
            "proc:stated_size": None if rows is None or cols is None else f"{rows} x {cols}",
            "proc:bits_per_pixel": facts.whole("bitsPerPixel", 1, 64),
            "view:off_nadir": facts.number("offNadirAngle", -90.0, 90.0),
            "view:sun_azimuth": facts.number("sunAzimuth", -360.0, 360.0),
            "view:sun_elevation": facts.number("sunElevation", -90.0, 90.0),
            "proc:spectral_type": facts.text("spectralType"),
            "proc:product_version": facts.text("imageSpecVersion"),
        }
    )
