"""Annotation <-> body of an event: plain JSON that keeps every bit of every coordinate."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from dashboard.catalog.codec import handling_of, handling_text, micros, moment, packed
from dashboard.model.annotation import Annotation, AnnotationKind, Evidence, EvidenceKind
from dashboard.model.errors import InputError
from dashboard.model.event import Event
from dashboard.model.handling import Handling
from dashboard.model.sketch import Shape

FITTING = {
    Shape.POINT: {"Point", "MultiPoint"},
    Shape.TEXT: {"Point", "MultiPoint"},
    Shape.LINE: {"LineString", "MultiLineString"},
    Shape.AREA: {"Polygon", "MultiPolygon"},
}
"""Types of geometry that each shape is kept as."""


def body_of(annotation: Annotation) -> dict[str, Any]:
    """Return the body under which an annotation is recorded.

    Raises
    ------
    InputError
        If the geometry is not of its shape, is empty, or has a coordinate that is not a finite number.
    """
    _check_geometry(annotation.shape, annotation.geometry)
    return {
        "kind": annotation.kind.value,
        "shape": annotation.shape.value,
        "geometry": mapping(annotation.geometry),
        "title": annotation.title,
        "side": annotation.side,
        "opposing": annotation.opposing,
        "valid_from": micros(annotation.valid_from),
        "valid_to": None if annotation.valid_to is None else micros(annotation.valid_to),
        "sources": list(annotation.sources),
        "grade": annotation.grade,
        "notes": annotation.notes,
        "evidence": [[link.kind.value, link.id] for link in annotation.evidence],
        "handling": _handling_body(annotation.handling),
    }


def annotation_of(id_: str, body: Mapping[str, Any]) -> Annotation:
    """Return the annotation of a body.

    Raises
    ------
    InputError
        If a field is missing or is not what it has to be.
    """
    try:
        ends, form = body["valid_to"], Shape(body["shape"])
        found = Annotation(
            id=id_,
            kind=AnnotationKind(body["kind"]),
            shape=form,
            geometry=_geometry(body["geometry"]),
            title=body["title"],
            side=body["side"],
            opposing=body["opposing"],
            valid_from=moment(body["valid_from"]),
            valid_to=None if ends is None else moment(ends),
            sources=tuple(body["sources"]),
            grade=body["grade"],
            notes=body["notes"],
            evidence=tuple(Evidence(EvidenceKind(kind), target) for kind, target in body["evidence"]),
            handling=handling_of(packed(body["handling"])),
        )
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as error:
        msg = f"The event on annotation {id_} holds no annotation ({error!r:.120}); record it by `annotations.save`."
        raise InputError(msg) from error
    _check_geometry(found.shape, found.geometry)
    return found


def annotation_in(event: Event) -> Annotation | None:
    """Return what an event on an annotation wants to be on the map; None for nothing, or for what is there.

    Raises
    ------
    InputError
        If the event holds a broken annotation.
    """
    body = event.body.get("choice") if event.kind == "conflict.resolved" else event.body
    if event.kind == "annotation.removed" or body is None:
        return None
    return annotation_of(event.subject.partition(":")[2], body)


@lru_cache(maxsize=1024)
def _handling_body(handling: Handling) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(handling_text(handling))
    return body


def _geometry(found: Mapping[str, Any]) -> BaseGeometry:
    return shape({"type": found["type"], "coordinates": found["coordinates"]})


def _check_geometry(form: Shape, geometry: BaseGeometry) -> None:
    if geometry.geom_type not in FITTING[form] or geometry.is_empty:
        empty = "empty " if geometry.is_empty else ""
        msg = f"An {empty}{geometry.geom_type} is no {form.value}; give {' or '.join(sorted(FITTING[form]))}."
        raise InputError(msg)
