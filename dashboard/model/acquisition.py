"""One imaging event by one platform, as delivered in one product."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

from dashboard.model.handling import UNMARKED, Handling

AMPLITUDE_SCALE = 1e4
"""Archive amplitude: DN = round(AMPLITUDE_SCALE * sqrt(linear power)), uint16, 0 = no data."""


class Kind(StrEnum):
    """What made the picture."""

    SAR = "sar"
    OPTICAL = "optical"
    """Visible bands: context to look at, never part of a radar statistic."""


class PassDirection(StrEnum):
    """Whether the platform flew towards north or towards south."""

    ASCENDING = "ascending"
    DESCENDING = "descending"


class LookSide(StrEnum):
    """The side of the flight path that the antenna looked to."""

    LEFT = "left"
    RIGHT = "right"


class Quantity(StrEnum):
    """What calibrated backscatter refers to."""

    BETA0 = "beta0"
    SIGMA0 = "sigma0"
    GAMMA0 = "gamma0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Whether pixel values are a physical quantity, and which."""

    valid: bool
    """True when linear power is the stated quantity; statistics refuse False."""
    quantity: Quantity | None = None
    """The backscatter quantity, when valid."""
    why_not: str = ""
    """One clause for people when not valid, e.g. ``units are not stated in the product``."""


UNCALIBRATED = Calibration(valid=False, why_not="units are not stated in the product")


@dataclass(frozen=True, slots=True, kw_only=True)
class Geocoding:
    """How pixels were placed on the ground, and how well."""

    kind: str
    """``affine`` (delivered on a map grid), ``gcp``, ``rpc``, ``sensor`` or ``none``."""
    heights: str
    """Heights that were used, for people: ``as delivered``, ``constant 120 m``, ``DEM kyiv.tif``."""
    error_m: float | None = None
    """Stated position error of ground that lies at those heights, metres; None when the product states none."""
    shift_per_m: float | None = None
    """Metres by which ground moves for each metre that it lies above or below those heights."""
    basis: str = ""
    """Where the error comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The delivered image, which is never changed: coherence needs the complex numbers that the archive has not."""

    path: str
    """Where it lay when it was read."""
    sha256: str
    """Of the file with the pixels."""
    shape: tuple[int, int]
    """(rows, columns) as delivered."""
    complex: bool
    """Whether amplitude and phase are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelFile:
    """One archived polarisation."""

    polarisation: str
    """``VV``, ``VH``, ``HH`` or ``HV``."""
    path: str
    """POSIX path below the archive root."""
    sha256: str
    """Hash of the archived file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """Where an acquisition's archived pixels are and on which grid."""

    crs: str
    """Projected grid, e.g. ``EPSG:32655``."""
    transform: tuple[float, float, float, float, float, float]
    """Affine a, b, c, d, e, f from (column, row) to CRS metres, north up."""
    shape: tuple[int, int]
    """(rows, columns)."""
    files: tuple[PixelFile, ...]
    """One per polarisation, in the order of the product."""
    amplitude_scale: float = AMPLITUDE_SCALE
    """DN per unit of amplitude; other than the default only for uncalibrated pixels."""

    @property
    def spacing_m(self) -> float:
        """Pixel spacing along columns, metres."""
        return abs(self.transform[0])

    def file(self, polarisation: str) -> PixelFile | None:
        """Return the file of a polarisation, or None."""
        return next((f for f in self.files if f.polarisation == polarisation), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a record came from: enough to find and check it again."""

    reader: str
    """Name of the `sources` reader."""
    reader_version: str
    """Nightglass version that read it."""
    product_sha256: str
    """Hash over the product's files (names and contents): the key of idempotent ingest."""
    files: tuple[tuple[str, str], ...] = ()
    """(file name, SHA-256) of every file of the product."""
    guessed: frozenset[str] = frozenset()
    """Names of fields that were inferred rather than stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """Who imaged what, when, how and under which handling. None always means: not in the product."""

    id: str
    """Vendor product id restricted to ``[A-Za-z0-9_.-]``."""
    constellation: str
    """``iceye``, ``capella``, ``qps-sar``, ``alos``, ``cosmo-skymed``, ``sentinel-1``, ... (lower kebab)."""
    kind: Kind = Kind.SAR
    platform: str | None = None
    """``iceye-x42``, ``sentinel-1a``, ..."""
    start: datetime
    """First echo, UTC."""
    stop: datetime
    """Last echo, UTC."""
    mode: str | None = None
    """Vendor's short mode code, e.g. ``IW``, ``SLF``."""
    polarisations: tuple[str, ...] = ()
    """In the order of the product."""
    look: LookSide | None = None
    pass_direction: PassDirection | None = None
    track: int | None = None
    """Relative orbit."""
    incidence_deg: float | None = None
    """At scene centre."""
    look_azimuth_deg: float | None = None
    """Direction on the ground in which the radar looked, degrees clockwise from true north."""
    resolution_m: float | None = None
    """Coarser of range and azimuth, on the ground."""
    looks: float | None = None
    """Equivalent number of looks of one archived pixel."""
    frequency_ghz: float | None = None
    level: str | None = None
    """Vendor's product word, e.g. ``GRD``, ``GEO``, ``RTC``."""
    footprint: BaseGeometry
    """Polygon or MultiPolygon, longitude and latitude in degrees, WGS 84."""
    calibration: Calibration = UNCALIBRATED
    handling: Handling = UNMARKED
    received: datetime | None = None
    """When the product became available here or at the provider, UTC."""
    geocoding: Geocoding | None = None
    """None when nothing is known of it."""
    original: Original | None = None
    """None when the archive holds all that was delivered."""
    details: tuple[tuple[str, str], ...] = ()
    """What else the product states: (field, value as text); STAC's name of the field where there is one."""
    origin: Origin
    pixels: Pixels | None = None
    """None: known, not ingested (a hollow tick on the timeline)."""

    @property
    def bbox(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in degrees."""
        west, south, east, north = self.footprint.bounds
        return west, south, east, north

    @property
    def optical(self) -> bool:
        """Whether it is a picture in visible bands: context beside the radar, without backscatter."""
        return self.kind is Kind.OPTICAL

    @property
    def arrived(self) -> datetime:
        """When it could be known: when it was received, or its end where that is not stated, UTC."""
        return self.received or self.stop
