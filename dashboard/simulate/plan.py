"""Who images the exercise, when and how: the stacks, their acquisitions, and passes known but not delivered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.simulate.events import moment
from dashboard.simulate.geometry import Look
from dashboard.simulate.ground import HALF_M, Grid

ASCENDING_DEG, DESCENDING_DEG = 348.0, 192.0
"""Headings over the area of satellites in near-polar orbits, clockwise from true north."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPlan:
    """Acquisitions of one constellation that can be compared pixel by pixel."""

    name: str
    """Short and unique; part of every planned acquisition's id."""
    constellation: str
    platform: str
    form: str
    """In which of `delivery.FORMS` it comes."""
    band: str
    frequency_ghz: float
    polarisations: tuple[str, ...]
    mode: str
    look: LookSide
    pass_direction: PassDirection
    incidence_deg: float
    track: int | None = None
    spacing_m: float
    resolution_m: float
    looks: int
    half_m: float = HALF_M
    """Half the side of the imaged square, metres."""
    hour: float
    """Time of the pass, hours UTC."""
    delay: timedelta
    """From imaging to receipt, typically."""
    calibrated: bool = True
    days: tuple[int, ...]
    """Days of the exercise."""
    past: tuple[int, ...] = ()
    """Days before it: the quiet past against which a change stands out."""
    duration: timedelta = timedelta(seconds=9)
    """From the first echo to the last."""
    clouds: tuple[float, ...] = ()
    """Share of the sky they cover at each pass of a camera."""
    handling: Mapping[str, Any] = field(default_factory=dict)
    """Words for the product's security fields."""
    delivered: bool = True
    """False: the passes are known, their pixels are not here."""

    @property
    def azimuth_deg(self) -> float:
        """Direction in which the radar looks, clockwise from true north."""
        heading = ASCENDING_DEG if self.pass_direction is PassDirection.ASCENDING else DESCENDING_DEG
        return (heading + (90.0 if self.look is LookSide.RIGHT else -90.0)) % 360.0

    @property
    def optical(self) -> bool:
        """Whether a camera took it."""
        return self.band == "visible"

    @property
    def geometry(self) -> Look:
        """Where the radar is."""
        return Look(self.azimuth_deg, self.incidence_deg)


@dataclass(frozen=True, slots=True)
class Planned:
    """One acquisition to be simulated."""

    stack: StackPlan
    number: int
    """Unique in the plan: the seed of its speckle and weather."""
    day: float
    """With the time of the pass as its fraction."""
    half_m: float = field(default=HALF_M)
    """Half the side of what is imaged of it, metres: less for a small exercise."""

    @property
    def start(self) -> datetime:
        """First echo, UTC."""
        return moment(self.day)

    @property
    def id(self) -> str:
        """Name in the plan; the product's own id is its provider's, except where nothing is delivered."""
        return f"SYN_{self.stack.name}_{self.start:%Y%m%dT%H%M}_{self.stack.mode}"

    @property
    def grid(self) -> Grid:
        """Pixels of the product."""
        return Grid(min(self.half_m, self.stack.half_m), self.stack.spacing_m)

    @property
    def received(self) -> datetime:
        """When it came in: the provider's usual delay, more or less."""
        return self.start + self.stack.delay * (0.7 + 0.6 * (self.number * 0.618 % 1.0))


_UP, _DOWN = PassDirection.ASCENDING, PassDirection.DESCENDING
_RIGHT, _LEFT = LookSide.RIGHT, LookSide.LEFT

STACKS = (
    StackPlan(
        name="ICEYE-A", constellation="iceye", platform="iceye-x98", form="ICEYE GRD", band="X", frequency_ghz=9.65,
        polarisations=("VV",), mode="SM", look=_RIGHT, pass_direction=_UP, incidence_deg=32.0, spacing_m=4.0,
        resolution_m=4.5, looks=3, half_m=5000.0, hour=9.2, delay=timedelta(hours=4),
        days=(1, 10, 19, 28, 37, 43, 49, 58, 67, 76, 85),
    ),
    StackPlan(
        name="ICEYE-D", constellation="iceye", platform="iceye-x99", form="ICEYE GRD", band="X", frequency_ghz=9.65,
        polarisations=("VV",), mode="SM", look=_LEFT, pass_direction=_DOWN, incidence_deg=38.0, spacing_m=4.0,
        resolution_m=4.5, looks=3, half_m=4000.0, hour=21.6, delay=timedelta(hours=5), days=(6, 22, 35, 47, 63, 81),
    ),
    StackPlan(
        name="QPS", constellation="qps-sar", platform="qps-sar-99", form="QPS-SAR 1.3", band="X", frequency_ghz=9.6,
        polarisations=("VV",), mode="SM", look=_LEFT, pass_direction=_UP, incidence_deg=29.0, spacing_m=3.0,
        resolution_m=3.0, looks=2, half_m=3000.0, hour=4.4, delay=timedelta(hours=9), calibrated=False,
        days=(5, 17, 29, 41, 46, 53, 61, 73),
    ),
    StackPlan(
        name="CSK", constellation="cosmo-skymed", platform="cosmo-skymed-4", form="COSMO-SkyMed GTC", band="X",
        frequency_ghz=9.6, polarisations=("HH",), mode="HIMAGE", look=_RIGHT, pass_direction=_DOWN, incidence_deg=35.0,
        spacing_m=5.0, resolution_m=5.0, looks=3, hour=20.5, delay=timedelta(hours=14),
        days=(4, 12, 20, 28, 44, 52, 60, 76),
    ),
    StackPlan(
        name="ALOS", constellation="alos", platform="alos-2", form="ALOS-2 CEOS 1.5", band="L", frequency_ghz=1.2365,
        polarisations=("HH", "HV"), mode="FBD", look=_RIGHT, pass_direction=_UP, incidence_deg=38.0, spacing_m=6.0,
        resolution_m=7.0, looks=4, hour=14.6, delay=timedelta(hours=52), days=(7, 21, 35, 49, 63, 77),
    ),
    StackPlan(
        name="S1-A", constellation="sentinel-1", platform="sentinel-1a", form="Sentinel-1 GRD", band="C",
        frequency_ghz=5.405, polarisations=("VV", "VH"), mode="IW", look=_RIGHT, pass_direction=_UP, incidence_deg=39.0,
        track=68, spacing_m=10.0, resolution_m=20.0, looks=5, hour=8.3, delay=timedelta(hours=5),
        days=(3, 15, 27, 39, 51, 63, 75, 87),
    ),
    StackPlan(
        name="S1-D", constellation="sentinel-1", platform="sentinel-1c", form="OPERA RTC", band="C",
        frequency_ghz=5.405, polarisations=("VV", "VH"), mode="IW", look=_RIGHT, pass_direction=_DOWN,
        incidence_deg=34.0, track=148, spacing_m=10.0, resolution_m=20.0, looks=5, hour=20.1, delay=timedelta(hours=5),
        days=(8, 20, 32, 44, 56, 68, 80), past=tuple(range(-232, 0, 12)),
    ),
    StackPlan(
        name="SARAH", constellation="sarah", platform="sarah-1", form="SICD in NSIF", band="X", frequency_ghz=9.65,
        polarisations=("HH",), mode="SPOTLIGHT", look=_LEFT, pass_direction=_DOWN, incidence_deg=41.0, spacing_m=1.0,
        resolution_m=1.0, looks=1, half_m=450.0, hour=18.7, delay=timedelta(hours=30), days=(40, 48),
        handling={"marking": "U", "releasable_to": ("DEU", "UKR")},
    ),
    StackPlan(
        name="CAPELLA", constellation="capella", platform="capella-14", form="Capella GEO", band="X",
        frequency_ghz=9.65, polarisations=("HH",), mode="SP", look=_RIGHT, pass_direction=_UP,
        incidence_deg=36.0, spacing_m=1.0, resolution_m=1.2, looks=9, half_m=900.0, hour=2.9,
        delay=timedelta(hours=11), days=(33, 45, 50),
    ),
    StackPlan(
        name="UMBRA", constellation="umbra", platform="umbra-06", form="Umbra GEC", band="X", frequency_ghz=9.6,
        polarisations=("VV",), mode="spotlight", look=_LEFT, pass_direction=_UP, incidence_deg=44.0, spacing_m=1.0,
        resolution_m=1.0, looks=2, half_m=800.0, hour=12.1, delay=timedelta(hours=7), calibrated=False, days=(42, 54),
    ),
    StackPlan(
        name="CSG", constellation="csg", platform="csg-2", form="COSMO-SkyMed 2nd generation DGM", band="X",
        frequency_ghz=9.6, polarisations=("HH",), mode="STRIPMAP", look=_RIGHT, pass_direction=_UP, incidence_deg=33.0,
        spacing_m=3.0, resolution_m=3.0, looks=3, half_m=2400.0, hour=5.6, delay=timedelta(hours=18), calibrated=False,
        days=(36, 52),
    ),
    StackPlan(
        name="BLACKSKY", constellation="blacksky", platform="blacksky-global-14", form="BlackSky ortho",
        band="visible", frequency_ghz=0.0, polarisations=("R", "G", "B"), mode="ortho", look=_RIGHT,
        pass_direction=_UP, incidence_deg=12.0, spacing_m=2.0, resolution_m=2.0, looks=1, half_m=2400.0, hour=2.4,
        delay=timedelta(hours=2), days=(38, 46, 55), clouds=(0.0, 0.45, 0.0), calibrated=False,
    ),
    StackPlan(
        name="MAXAR", constellation="maxar", platform="worldview-3", form="Maxar ortho", band="visible",
        frequency_ghz=0.0, polarisations=("R", "G", "B"), mode="ortho", look=_RIGHT, pass_direction=_DOWN,
        incidence_deg=18.0, spacing_m=1.5, resolution_m=1.5, looks=1, half_m=1500.0, hour=1.7,
        delay=timedelta(hours=20), days=(62,), clouds=(0.0,), calibrated=False,
    ),
    StackPlan(
        name="UAV", constellation="uav", platform="uav", form="UAV orthomosaic", band="visible", frequency_ghz=0.0,
        polarisations=("R", "G", "B"), mode="ortho", look=_RIGHT, pass_direction=_UP, incidence_deg=0.0,
        spacing_m=0.5, resolution_m=0.5, looks=1, half_m=300.0, hour=6.2, delay=timedelta(hours=1), days=(50,),
        clouds=(0.0,), calibrated=False,
    ),
)  # fmt: skip

HOLLOW = (
    StackPlan(
        name="SARAH", constellation="sarah", platform="sarah-1", form="STAC", band="X", frequency_ghz=9.65,
        polarisations=("HH",), mode="SPOTLIGHT", look=_LEFT, pass_direction=_DOWN, incidence_deg=41.0, spacing_m=1.0,
        resolution_m=1.0, looks=1, hour=18.7, delay=timedelta(hours=30), days=(13, 66), delivered=False,
    ),
    StackPlan(
        name="CAPELLA", constellation="capella", platform="capella-14", form="STAC", band="X", frequency_ghz=9.65,
        polarisations=("HH",), mode="SP", look=_RIGHT, pass_direction=_UP, incidence_deg=36.0, spacing_m=1.0,
        resolution_m=1.2, looks=9, hour=2.9, delay=timedelta(hours=11), days=(16, 71), delivered=False,
    ),
)  # fmt: skip


def plan(half_m: float = HALF_M, limit: int | None = None) -> list[Planned]:
    """Return the acquisitions to simulate, stack by stack: neighbours in the list share their ground.

    Parameters
    ----------
    half_m : half the side of the area, metres
    limit : at most so many, taken from the start
    """
    return [*_numbered(STACKS, half_m, 0), *_past(half_m)][:limit]


def hollow(half_m: float = HALF_M) -> list[Planned]:
    """Return the passes that are known and were not delivered."""
    return _numbered(HOLLOW, half_m, 1000)


def _past(half_m: float) -> list[Planned]:
    """Return what was taken before the exercise began; its numbers follow all others, so that none of theirs moves."""
    passes = [(stack, day) for stack in STACKS for day in stack.past]
    return [Planned(stack, 2000 + n, day + stack.hour / 24, half_m) for n, (stack, day) in enumerate(passes)]


def _numbered(stacks: tuple[StackPlan, ...], half_m: float, first: int) -> list[Planned]:
    passes = [(stack, day) for stack in stacks for day in stack.days]
    return [Planned(stack, first + n, day + stack.hour / 24, half_m) for n, (stack, day) in enumerate(passes)]
