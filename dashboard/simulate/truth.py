"""What truly happened and what the ground is, as GeoJSON: the answers that a detector can be marked against."""

import json
from pathlib import Path
from typing import Any

from shapely import box, get_parts, to_geojson, union_all
from shapely.geometry.base import BaseGeometry

from dashboard.model.dtg import iso
from dashboard.simulate.events import events, moment
from dashboard.simulate.ground import HALF_M, to_degrees
from dashboard.simulate.product import CAVEAT, write_json
from dashboard.simulate.terrain import terrain

SIMPLER_M = 0.5
"""Outlines keep this accuracy, metres: a sixth of the finest pixel."""


def write_truth(folder: Path, seed: int) -> Path:
    """Write ``truth.geojson``: one feature per event with kind, from, to (null while it lasts) and expected sign."""
    features = [
        _feature(
            event.outline,
            id=event.id,
            kind=event.kind,
            sign=event.sign.value,
            **{"from": iso(moment(event.start)), "to": None if event.end is None else iso(moment(event.end))},
        )
        for event in events(seed)
    ]
    path = folder / "truth.geojson"
    write_json(path, _collection(features))
    return path


def write_terrain(folder: Path, seed: int) -> Path:
    """Write ``terrain.geojson``: the ground by `kind`, later features over earlier ones."""
    ground = terrain(seed)
    area = box(-HALF_M, -HALF_M, HALF_M, HALF_M)
    shapes: list[tuple[str, BaseGeometry]] = [("field", parcel) for parcel in ground.fields]
    shapes += [(patch.kind, patch.shape) for patch in ground.patches if patch.kind != "grass"]
    shapes += [("bridge", deck.buffer(6.0, cap_style="flat")) for deck in ground.bridges]
    clipped = [(kind, _surface(shape.intersection(area))) for kind, shape in shapes]
    path = folder / "terrain.geojson"
    write_json(path, _collection([_feature(shape, kind=kind) for kind, shape in clipped if not shape.is_empty]))
    return path


def _surface(shape: BaseGeometry) -> BaseGeometry:
    """Return the areas of a clipped shape: where it only touched the edge, a line or a point is left over."""
    return union_all([part for part in get_parts(shape) if part.geom_type == "Polygon"])


def _feature(shape: BaseGeometry, **properties: Any) -> dict[str, Any]:  # noqa: ANN401  JSON values
    outline = to_degrees(shape.simplify(SIMPLER_M))
    return {"type": "Feature", "geometry": json.loads(to_geojson(outline)), "properties": properties}


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "caveats": [CAVEAT], "features": features}
