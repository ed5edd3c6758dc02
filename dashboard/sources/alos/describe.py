"""From what the files of an ALOS product state to an acquisition."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import Acquisition, Geocoding, LookSide, Origin, Original, PassDirection
from dashboard.model.errors import DamagedProductError
from dashboard.model.handling import Handling
from dashboard.sources.alos.image import CeosImage
from dashboard.sources.alos.leader import Leader
from dashboard.sources.alos.names import Name
from dashboard.sources.alos.radiometry import Radiometry, beam_w2
from dashboard.sources.alos.sight import seen
from dashboard.sources.alos.summary import Summary
from dashboard.sources.alos.volume import Volume
from dashboard.sources.alos.words import details_of, ground_resolution, level_word, mode_class
from dashboard.sources.details import Details, details
from dashboard.sources.footprint import clean_footprint
from dashboard.sources.geocode.direction import pass_of
from dashboard.sources.geocode.sensor import Sensor, outline
from dashboard.sources.marking import exercise, handling
from dashboard.sources.product import origin

READER = "alos"
PLATFORMS = {"ALOS2": "alos-2", "ALOS4": "alos-4"}
LIGHT_M_S = 299_792_458.0
REQUIRED_M = {"stripmap": 20.0, "spotlight": 20.0, "scansar": 100.0}
COARSE = 0.005
"""Corners are taken as the footprint if their last digit is below this share of its size."""
WITHIN = 0.9
"""Share of the stated corners' ground that must lie on the image's."""


NO_VOLUME = Volume()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What the files of a product state."""

    name: Name
    leader: Leader | None = None
    summary: Summary | None = None
    volume: Volume = NO_VOLUME
    lines: tuple[datetime | None, datetime | None] = (None, None)
    """Moments of the first and the last line."""
    given: datetime | None = None
    """Stands in where the product states no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """What became of the pixels."""

    polarisations: tuple[str, ...]
    geocoding: Geocoding
    outline: BaseGeometry
    """Of the whole image."""
    looks_taken: tuple[int, int] = (1, 1)
    image: CeosImage | None = None
    """With the numbers as delivered, where the archive holds them on another grid."""
    radiometry: Radiometry
    remark: str = ""
    """Free text of the files with the pixels."""


def stated_error(name: Name) -> tuple[float | None, str]:
    """Return by how much a product may be misplaced on ground at the right height, and who says so."""
    if name.satellite != "ALOS2":
        return None, "no accuracy is published that is known here"
    return REQUIRED_M[mode_class(name)], f"JAXA's requirement on PALSAR-2 in {mode_class(name)} modes"


def acquisition(stated: Stated, laid: Laid, files: tuple[Path, ...]) -> Acquisition:
    """Return the acquisition of a product.

    Raises
    ------
    DamagedProductError
        If no time is stated, or the end lies before the start.
    """
    name, leader = stated.name, stated.leader
    start, stop, guessed = _period(stated)
    footprint, source = _footprint(stated, laid.outline, laid.geocoding.kind)
    made = _made(stated)
    found = origin(READER, files, guessed | (frozenset({"received"}) if made else frozenset()))
    return Acquisition(
        id=name.whole,
        constellation="alos",
        platform=PLATFORMS[name.satellite],
        start=start,
        stop=stop,
        mode=name.words["mode"],
        polarisations=laid.polarisations,
        look=_look(stated),
        pass_direction=_way(stated),
        track=int(name.words["path"]) or None if "path" in name.words else None,
        incidence_deg=leader.incidence_deg if leader else None,
        look_azimuth_deg=_look_azimuth(leader, laid.outline),
        resolution_m=_resolution(stated),
        looks=_looks(leader, laid),
        frequency_ghz=LIGHT_M_S / leader.wavelength_m / 1e9 if leader and leader.wavelength_m else None,
        level=level_word(name),
        footprint=footprint,
        calibration=laid.radiometry.calibration,
        handling=_handling(stated, laid.remark, start),
        received=made,
        geocoding=laid.geocoding,
        original=None if laid.image is None else _original(laid.image, found),
        details=(
            *details_of(name, leader, stated.summary),
            ("proc:footprint_source", source),
            *_calibration_words(stated, laid, made or start),
        ),
        origin=found,
    )


def _original(image: CeosImage, found: Origin) -> Original:
    """Return where the numbers are as delivered; their file was hashed with the others."""
    digest = dict(found.files)[image.path.name]
    return Original(path=str(image.path), sha256=digest, shape=image.shape, complex=image.is_complex)


def outline_of(sensor: Sensor) -> BaseGeometry:
    """Return the outline of an image in radar geometry, at its own height."""
    rows, cols = outline(sensor)
    lon, lat = sensor.to_ground(rows, cols, np.full(rows.shape, sensor.height_m))
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise DamagedProductError("The polynomials of the leader (facility-related record 5) leave the globe.")
    return clean_footprint(Polygon(np.stack([lon, lat], axis=1)))


def _period(stated: Stated) -> tuple[datetime, datetime, frozenset[str]]:
    """Return first and last echo, and which of them had to be inferred."""
    summary, leader = stated.summary, stated.leader
    start = summary.moment("Img_SceneStartDateTime") if summary else None
    stop = summary.moment("Img_SceneEndDateTime") if summary else None
    guessed: frozenset[str] = frozenset()
    if summary is not None and start is not None and stop is not None and stop < start:
        msg = (
            f"{summary.file}: the scene ends ({stop:%Y-%m-%dT%H:%M:%SZ}) before it starts ({start:%Y-%m-%dT%H:%M:%SZ})."
        )
        raise DamagedProductError(msg)
    if start is None or stop is None:
        start, stop = stated.lines
    if start is None or stop is None:
        middle = (leader.centre_time if leader else None) or stated.given
        start, stop, guessed = middle, middle, frozenset({"start", "stop"})
    if start is None or stop is None:
        msg = (
            f"{stated.name.whole} states no time: its summary.txt is missing, and neither leader nor lines say it. "
            "Fetch the summary, or give --time."
        )
        raise DamagedProductError(msg)
    return min(start, stop), max(start, stop), guessed


def _made(stated: Stated) -> datetime | None:
    processed = stated.summary.processed()[0] if stated.summary else None
    return processed or stated.volume.created


def _look(stated: Stated) -> LookSide:
    angle = stated.leader.clock_angle_deg if stated.leader else None
    if not angle:
        return stated.name.look
    return LookSide.RIGHT if angle > 0 else LookSide.LEFT


def _way(stated: Stated) -> PassDirection:
    """Return the direction of flight by the orbit; ALOS-4 leaves the leader's word for it blank."""
    if stated.leader is not None and stated.leader.orbit is not None:
        return pass_of(stated.leader.orbit.velocity(np.array(0.0)))
    word = stated.leader.time_direction if stated.leader else ""
    for way, start in ((PassDirection.ASCENDING, "ASCEND"), (PassDirection.DESCENDING, "DESCEND")):
        if word.startswith(start):
            return way
    return stated.name.way


def _look_azimuth(leader: Leader | None, ground: BaseGeometry) -> float | None:
    if leader is None or leader.orbit is None:
        return None
    middle = ground.centroid
    found = seen(leader.orbit, (middle.x, middle.y))
    return None if found is None else round(found[0], 3)


def _resolution(stated: Stated) -> float | None:
    """Return the coarser resolution on the ground."""
    leader = stated.leader
    if leader is None:
        return None
    found = [ground_resolution(leader), leader.resolution_azimuth_m]
    known = [value for value in found if value]
    return max(known) if known else None


def _looks(leader: Leader | None, laid: Laid) -> float | None:
    """Return the looks of the product times those that were averaged for the archive."""
    if leader is None or leader.looks_azimuth is None or leader.looks_range is None:
        return None
    return leader.looks_azimuth * leader.looks_range * laid.looks_taken[0] * laid.looks_taken[1]


def _footprint(stated: Stated, ground: BaseGeometry, kind: str) -> tuple[BaseGeometry, str]:
    """Return the stated corners where they are fine enough and lie on the image, else its outline; and which it is."""
    corners = stated.summary.outline() if stated.summary else None
    if corners is not None and stated.name.scan is None:
        polygon, digit = corners
        west, south, east, north = polygon.bounds
        fine = digit <= COARSE * min(east - west, north - south) and east - west < 180
        if fine and polygon.intersection(ground).area >= WITHIN * polygon.area:
            return clean_footprint(polygon), "corners"
    return ground, kind


def _handling(stated: Stated, remark: str, start: datetime) -> Handling:
    return handling({}, "alos", start.year) & exercise(stated.volume.remark, remark)


def _calibration_words(stated: Stated, laid: Laid, made: datetime) -> Details:
    """Return the factor and what a user must know of it."""
    leader, notes = stated.leader, [laid.radiometry.note]
    if leader is not None and mode_class(stated.name) == "scansar":
        notes.append(beam_w2(leader.factor_db, leader.beam, made))
    return details(
        {
            "proc:calibration_factor_db": leader.factor_db if leader else None,
            "proc:calibration_note": "; ".join(note for note in notes if note),
        }
    )
