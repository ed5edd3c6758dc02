"""The line between BLUE and ORANGE, week by week: the two sides share every vertex, so nothing lies between them.

A second opinion of it is simulated too, from open sources as it were: a week late, and some hundred metres off in
places. And the sectors by which ground is counted.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from shapely import Polygon, box, to_geojson

from dashboard.model.dtg import iso
from dashboard.simulate.events import moment
from dashboard.simulate.ground import to_degrees
from dashboard.simulate.product import CAVEAT, write_json

SIDES = {"BLUE": "#5b8def", "ORANGE": "#f2994a"}
WEEKS = 13
HOUR = 4.0
"""Time of day of every snapshot, hours UTC."""
REACH_M = 8000.0
"""Half the side of the square that the two sides share, metres."""

CONTROL, OSINT = "exercise-control", "exercise-osint"
"""Names of the two providers."""
LAG_WEEKS = 1
"""How much later the second opinion learns what happened."""
OSINT_HOUR = 10.0
"""Time of day of its snapshots, hours UTC."""
RETRIEVED_HOURS = 9.0
"""After its validity each snapshot of either provider is read: what was known before shows."""
SECTOR_LEVEL = "sector"

_ERRORS = ((-5600.0, 420.0, 900.0), (-1500.0, -380.0, 600.0), (2200.0, 520.0, 1100.0), (6300.0, -260.0, 700.0))
"""Where the second opinion is wrong: north, how far too far east, over what length; metres."""
_NORTH = (-8000.0, -5000.0, -2500.0, -800.0, 300.0, 1500.0, 3500.0, 5500.0, 8000.0)
_EAST = {
    0: (5200.0, 4300.0, 3400.0, 3000.0, 3100.0, 3300.0, 3000.0, 3600.0, 4200.0),
    3: (5000.0, 4000.0, 2900.0, 2300.0, 2200.0, 2600.0, 2800.0, 3500.0, 4200.0),
    6: (4600.0, 3700.0, 2300.0, 1500.0, 1150.0, 1700.0, 2300.0, 3300.0, 4100.0),
    7: (4500.0, 3500.0, 1900.0, 500.0, 60.0, 700.0, 1900.0, 3100.0, 4100.0),
    9: (4300.0, 3000.0, 1000.0, -700.0, -950.0, 150.0, 1500.0, 2900.0, 4000.0),
    10: (4300.0, 2900.0, 700.0, -1100.0, -1250.0, -100.0, 1400.0, 2900.0, 4000.0),
    12: (4300.0, 3000.0, 1100.0, -450.0, -500.0, 250.0, 1500.0, 2900.0, 4000.0),
}
"""Week -> how far east the line runs at each of `_NORTH`: ORANGE comes from the east, enters the town, falls back."""


@dataclass(frozen=True, slots=True)
class Front:
    """Who holds what from a time on."""

    valid_from: datetime
    blue: Polygon
    """Local metres."""
    orange: Polygon


def fronts(seed: int) -> list[Front]:
    """Return the weekly snapshots, oldest first; in each the two sides partition one square."""
    return [_front(week, seed) for week in range(WEEKS)]


def second_opinion(seed: int) -> list[Front]:
    """Return what the second provider says, oldest first: what was so a week before, with lasting errors."""
    return [_front(week, seed, late=LAG_WEEKS) for week in range(LAG_WEEKS, WEEKS)]


def write_fronts(folder: Path, seed: int) -> list[tuple[Path, datetime]]:
    """Write one GeoJSON per snapshot and return each with its valid-from time."""
    return [_write(folder, CONTROL, front) for front in fronts(seed)]


def write_second_opinion(folder: Path, seed: int) -> list[tuple[Path, datetime]]:
    """Write the second provider's snapshots likewise."""
    return [_write(folder, OSINT, front) for front in second_opinion(seed)]


def retrieved(valid_from: datetime) -> datetime:
    """Return when a snapshot of the exercise is known."""
    return valid_from + timedelta(hours=RETRIEVED_HOURS)


def write_sectors(folder: Path) -> Path:
    """Write the three sectors that the square is divided into, from north to south."""
    edges = np.linspace(REACH_M, -REACH_M, 4)
    strips = zip(("Sector North", "Sector Centre", "Sector South"), edges[:-1], edges[1:], strict=True)
    features = [
        _feature(box(-REACH_M, south, REACH_M, north), {"name": name, "level": SECTOR_LEVEL})
        for name, north, south in strips
    ]
    path = folder / "exercise-sectors.geojson"
    write_json(path, {"type": "FeatureCollection", "caveats": [CAVEAT], "features": features})
    return path


def _write(folder: Path, provider: str, front: Front) -> tuple[Path, datetime]:
    path = folder / f"{provider}_{front.valid_from:%Y%m%dT%H%MZ}.geojson"
    features = [
        _feature(shape, {"name": side, "side": side, "fill": SIDES[side], "stroke": SIDES[side]})
        for side, shape in (("BLUE", front.blue), ("ORANGE", front.orange))
    ]
    content = {"type": "FeatureCollection", "valid_from": iso(front.valid_from), "caveats": [CAVEAT]}
    write_json(path, {**content, "features": features})
    return path, front.valid_from


def _feature(shape: Polygon, properties: dict[str, str]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": json.loads(to_geojson(to_degrees(shape))), "properties": properties}


def _front(week: int, seed: int, late: int = 0) -> Front:
    line = _line(week - late, seed)
    if late:
        line = np.column_stack([line[:, 0] + _error(line[:, 1]), line[:, 1]])
    west, east = ([(x, REACH_M), (x, -REACH_M)] for x in (-REACH_M, REACH_M))
    return Front(
        moment(week * 7 + (OSINT_HOUR if late else HOUR) / 24),
        Polygon([*line, *west]),
        Polygon([*line, *east]),
    )


def _error(north: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far too far east the second opinion draws the line at each place."""
    place, metres, length = np.array(_ERRORS).T
    bumps = metres * np.exp(-(((north[:, np.newaxis] - place) / length) ** 2))
    return np.asarray(bumps.sum(axis=1), dtype=np.float64)


def _line(week: int, seed: int) -> NDArray[np.float64]:
    """Return the line from the southern to the northern edge: smooth between stated places, with lasting kinks."""
    weeks = sorted(_EAST)
    east = PchipInterpolator(weeks, np.array([_EAST[w] for w in weeks]))(week)
    north = np.linspace(-REACH_M, REACH_M, 321)
    course = PchipInterpolator(_NORTH, east)(north)
    rng = np.random.default_rng([seed, 10])
    for length in (2600.0, 1100.0, 480.0, 230.0):
        wobble = np.sin(2 * np.pi * north / length + rng.uniform(0, 2 * np.pi) + 0.25 * week)
        course = course + length * 0.045 * wobble
    return np.column_stack([course, north])
