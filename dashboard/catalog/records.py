"""Acquisition <-> row. Nothing is lost: what goes in equals what comes out."""

import json
import re
from collections.abc import Sequence
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row

from dashboard.catalog.codec import handling_of, handling_text, micros, moment, number, packed
from dashboard.catalog.tables import acquisition
from dashboard.model.acquisition import (
    Acquisition,
    Calibration,
    Geocoding,
    Kind,
    LookSide,
    Origin,
    Original,
    PassDirection,
    PixelFile,
    Pixels,
    Quantity,
)
from dashboard.model.errors import InputError

COLUMNS = tuple(
    acquisition.c[name]
    for name in (
        "id", "constellation", "platform", "start", "stop", "mode", "look", "pass_direction", "track", "incidence_deg",
        "product_sha256", "footprint", "handling", "body",
    )
)  # fmt: skip
"""What `Reader` reads, in this order."""

_ID = re.compile(r"[A-Za-z0-9_.-]{1,240}")


def row_of(acq: Acquisition) -> dict[str, Any]:
    """Return the columns of an acquisition, without its key.

    Raises
    ------
    InputError
        If the id could not be a file name, a time has no zone, the acquisition ends before it starts or a number is not
        finite.
    """
    if not _ID.fullmatch(acq.id) or not acq.id.strip("."):
        msg = f"Acquisition id {acq.id[:80]!r} is not 1 to 240 letters, digits, '_', '.' and '-'; replace what is not."
        raise InputError(msg)
    if acq.stop < acq.start:
        msg = f"{acq.id} stops at {acq.stop.isoformat()}, before it starts at {acq.start.isoformat()}."
        raise InputError(msg)
    return {
        "id": acq.id,
        "constellation": acq.constellation,
        "platform": acq.platform,
        "start": micros(acq.start),
        "stop": micros(acq.stop),
        "mode": acq.mode,
        "look": acq.look,
        "pass_direction": acq.pass_direction,
        "track": None if acq.track is None else int(acq.track),
        "incidence_deg": number(acq.incidence_deg),
        "has_pixels": acq.pixels is not None,
        "product_sha256": acq.origin.product_sha256,
        "footprint": shapely.to_wkb(acq.footprint),
        "handling": handling_text(acq.handling),
        "body": packed(_body(acq)),
    }


class Reader:
    """Rows to acquisitions. A row that was read before gives the same object: a map that is panned asks ever again.

    Safe to use from several threads: each step on the memory is one operation of the interpreter.
    """

    def __init__(self, remembered: int = 10_000) -> None:
        self._limit = remembered
        self._known: dict[tuple[str, int], Acquisition] = {}

    def acquisitions(self, rows: Sequence[Row[Any]]) -> list[Acquisition]:
        """Return the acquisitions of rows of `COLUMNS`, in the same order."""
        names = [(row.id, hash(row)) for row in rows]  # over every column: a replaced record is another row
        found = [self._known.get(name) for name in names]
        missing = [place for place, acq in enumerate(found) if acq is None]
        footprints = shapely.from_wkb([rows[place].footprint for place in missing])
        new = {place: _acquisition(rows[place], shape) for place, shape in zip(missing, footprints, strict=True)}
        if len(self._known) + len(new) > self._limit:
            self._known.clear()
        self._known.update((names[place], acq) for place, acq in new.items())
        return [new[place] if acq is None else acq for place, acq in enumerate(found)]


def _body(acq: Acquisition) -> dict[str, Any]:
    return {
        "polarisations": acq.polarisations,
        "look_azimuth_deg": number(acq.look_azimuth_deg),
        "resolution_m": number(acq.resolution_m),
        "looks": number(acq.looks),
        "frequency_ghz": number(acq.frequency_ghz),
        "level": acq.level,
        "calibration": [acq.calibration.valid, acq.calibration.quantity, acq.calibration.why_not],
        "received": None if acq.received is None else micros(acq.received),
        "origin": [acq.origin.reader, acq.origin.reader_version, acq.origin.files, sorted(acq.origin.guessed)],
        "pixels": None if acq.pixels is None else _pixels_body(acq.pixels),
        **_delivery(acq),
    }


def _delivery(acq: Acquisition) -> dict[str, Any]:
    """Return what not every record has: absent means absent."""
    found: dict[str, Any] = {}
    if acq.kind is not Kind.SAR:
        found["kind"] = acq.kind.value
    if acq.geocoding is not None:
        geo = acq.geocoding
        found["geocoding"] = [geo.kind, geo.heights, number(geo.error_m), number(geo.shift_per_m), geo.basis]
    if acq.original is not None:
        was = acq.original
        found["original"] = [was.path, was.sha256, [int(side) for side in was.shape], was.complex]
    if acq.details:
        found["details"] = [list(pair) for pair in acq.details]
    return found


def _pixels_body(pixels: Pixels) -> dict[str, Any]:
    return {
        "crs": pixels.crs,
        "transform": [float(term) for term in pixels.transform],
        "shape": [int(side) for side in pixels.shape],
        "files": [[file.polarisation, file.path, file.sha256] for file in pixels.files],
        "amplitude_scale": float(pixels.amplitude_scale),
    }


def _acquisition(row: Row[Any], footprint: BaseGeometry) -> Acquisition:
    (
        id_, constellation, platform, start, stop, mode, look, pass_direction, track, incidence,
        sha256, _, handling, text,
    ) = tuple(row)  # fmt: skip
    body: dict[str, Any] = json.loads(text)
    valid, quantity, why_not = body["calibration"]
    received, pixels = body["received"], body["pixels"]
    return Acquisition(
        id=id_,
        constellation=constellation,
        platform=platform,
        start=moment(start),
        stop=moment(stop),
        mode=mode,
        polarisations=tuple(body["polarisations"]),
        look=None if look is None else LookSide(look),
        pass_direction=None if pass_direction is None else PassDirection(pass_direction),
        track=track,
        incidence_deg=incidence,
        look_azimuth_deg=body["look_azimuth_deg"],
        resolution_m=body["resolution_m"],
        looks=body["looks"],
        frequency_ghz=body["frequency_ghz"],
        level=body["level"],
        footprint=footprint,
        calibration=Calibration(
            valid=valid, quantity=None if quantity is None else Quantity(quantity), why_not=why_not
        ),
        handling=handling_of(handling),
        received=None if received is None else moment(received),
        kind=Kind(body.get("kind", Kind.SAR)),
        geocoding=_geocoding(body.get("geocoding")),
        original=_original(body.get("original")),
        details=tuple((name, value) for name, value in body.get("details", ())),
        origin=_origin(body["origin"], sha256),
        pixels=None if pixels is None else _pixels(pixels),
    )


def _geocoding(found: list[Any] | None) -> Geocoding | None:
    if found is None:
        return None
    kind, heights, error, shift, basis = found
    return Geocoding(kind=kind, heights=heights, error_m=error, shift_per_m=shift, basis=basis)


def _original(found: list[Any] | None) -> Original | None:
    if found is None:
        return None
    path, sha256, (rows, columns), is_complex = found
    return Original(path=path, sha256=sha256, shape=(rows, columns), complex=is_complex)


def _origin(found: list[Any], sha256: str) -> Origin:
    reader, version, files, guessed = found
    return Origin(
        reader=reader,
        reader_version=version,
        product_sha256=sha256,
        files=tuple((name, digest) for name, digest in files),
        guessed=frozenset(guessed),
    )


def _pixels(found: dict[str, Any]) -> Pixels:
    a, b, c, d, e, f = found["transform"]
    rows, columns = found["shape"]
    return Pixels(
        crs=found["crs"],
        transform=(a, b, c, d, e, f),
        shape=(rows, columns),
        files=tuple(PixelFile(polarisation=pol, path=path, sha256=sha256) for pol, path, sha256 in found["files"]),
        amplitude_scale=found["amplitude_scale"],
    )
