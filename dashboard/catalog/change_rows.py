"""Detection run, detected change <-> row. What goes in comes out; rows of older schemas get the defaults."""

import json
from collections.abc import Sequence
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row

from dashboard.catalog.codec import handling_of, handling_text, micros, moment, number, packed
from dashboard.model.change import Announced, Basis, ChangeRun, ChangeSign, ChangeStatus, DetectedChange
from dashboard.model.handling import UNMARKED

_PLAIN = DetectedChange(
    id="", run_id="", geometry=shapely.Point(), area_m2=0.0, pixels=0, after=moment(0), before=moment(0),
    magnitude_db=0.0, sign=ChangeSign.MIXED, p_value=1.0, evidence=(), handling=UNMARKED,
)  # fmt: skip
"""What a change is that says nothing of the fields in `body`."""


def run_row(run: ChangeRun) -> dict[str, Any]:
    """Return the columns of a run, without its key."""
    body = {
        "method": run.method,
        "parameters": run.parameters,
        "extent": run.extent,
        "observed_km2": run.observed_km2,
        "software": run.software,
        "inputs": run.inputs,
        **_claims(run),
    }
    return {
        "id": run.id,
        "created": micros(run.created),
        "before": run.before,
        "after": run.after,
        "handling": handling_text(run.handling),
        "body": packed(body),
        "unobserved": None if run.unobserved is None else shapely.to_wkb(run.unobserved),
    }


def _claims(run: ChangeRun) -> dict[str, Any]:
    """Return what a run says of its own answer: what is not said is absent, as in the rows of older runs."""
    found: dict[str, Any] = {}
    if run.basis is not Basis.THEORY:
        found["basis"] = run.basis.value
    if run.announced is not None:
        said = run.announced
        found["announced"] = [said.scores, said.per_100km2, said.windows, number(said.area_km2)]
    for name in ("remarks", "looked_before", "looked_after"):
        if getattr(run, name):
            found[name] = getattr(run, name)
    return found


def run_of(row: Row[Any]) -> ChangeRun:
    """Return the run of a row."""
    body: dict[str, Any] = json.loads(row.body)
    west, south, east, north = body["extent"]
    return ChangeRun(
        id=row.id,
        created=moment(row.created),
        method=body["method"],
        parameters=tuple((name, value) for name, value in body["parameters"]),
        before=row.before,
        after=row.after,
        extent=(west, south, east, north),
        observed_km2=body["observed_km2"],
        software=body["software"],
        inputs=tuple((path, sha256) for path, sha256 in body["inputs"]),
        handling=handling_of(row.handling),
        basis=Basis(body.get("basis", Basis.THEORY)),
        announced=_announced(body.get("announced")),
        remarks=tuple(body.get("remarks", ())),
        looked_before=tuple(body.get("looked_before", ())),
        looked_after=tuple(body.get("looked_after", ())),
        unobserved=None if row.unobserved is None else shapely.from_wkb(row.unobserved),
    )


def _announced(found: list[Any] | None) -> Announced | None:
    if found is None:
        return None
    scores, expected, windows, area_km2 = found
    return Announced(scores=tuple(scores), per_100km2=tuple(expected), windows=windows, area_km2=area_km2)


def change_row(change: DetectedChange) -> dict[str, Any]:
    """Return the columns of a change, without its key and its run's."""
    return {
        "id": change.id,
        "after": micros(change.after),
        "before": micros(change.before),
        "area_m2": number(change.area_m2),
        "pixels": int(change.pixels),
        "magnitude_db": number(change.magnitude_db),
        "sign": change.sign.value,
        "p_value": number(change.p_value),
        "geometry": shapely.to_wkb(change.geometry),
        "handling": handling_text(change.handling),
        "evidence": packed(change.evidence),
        "score": number(change.score),
        "confidence": number(change.confidence),
        "status": change.status.value,
        "body": packed(_change_body(change)),
    }


def _change_body(change: DetectedChange) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if change.date_range is not None:
        found["date_range"] = [micros(each) for each in change.date_range]
    if change.magnitudes:
        found["magnitudes"] = change.magnitudes
    for name in ("looks", "confirming", "stacks"):
        if getattr(change, name) != getattr(_PLAIN, name):
            found[name] = getattr(change, name)
    return found


def changes_of(rows: Sequence[Row[Any]]) -> list[DetectedChange]:
    """Return the changes of rows, in the same order."""
    geometries = shapely.from_wkb([row.geometry for row in rows])
    return [_change(row, geometry) for row, geometry in zip(rows, geometries, strict=True)]


def _change(row: Row[Any], geometry: BaseGeometry) -> DetectedChange:
    body: dict[str, Any] = json.loads(row.body)
    date_range = body.get("date_range")
    before, after = body.get("looks", _PLAIN.looks)
    agreeing, stacks = body.get("stacks", _PLAIN.stacks)
    return DetectedChange(
        id=row.id,
        run_id=row.run_id,
        geometry=geometry,
        area_m2=row.area_m2,
        pixels=row.pixels,
        after=moment(row.after),
        before=moment(row.before),
        magnitude_db=row.magnitude_db,
        sign=ChangeSign(row.sign),
        p_value=row.p_value,
        evidence=tuple(json.loads(row.evidence)),
        handling=handling_of(row.handling),
        score=row.score,
        confidence=row.confidence,
        magnitudes=tuple((name, median, high) for name, median, high in body.get("magnitudes", ())),
        date_range=None if date_range is None else (moment(date_range[0]), moment(date_range[1])),
        status=ChangeStatus(row.status),
        looks=(before, after),
        confirming=body.get("confirming", _PLAIN.confirming),
        stacks=(agreeing, stacks),
    )
