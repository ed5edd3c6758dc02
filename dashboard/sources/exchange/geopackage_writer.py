"""Annotations as GeoPackage: a layer for points, lines and areas each, a column for every field, the marking beside."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError, FieldError, GeometryError

from dashboard.model.annotation import Revision
from dashboard.model.errors import ResourceError
from dashboard.model.sketch import Shape
from dashboard.sources.exchange.fields import BANNER, FIELDS, MARK, facts_fields, fields_of, stamp, text_of
from dashboard.sources.exchange.file import oversize
from dashboard.sources.exchange.geopackage_reader import EXACT, MAX_BYTES, TIMES
from dashboard.sources.exchange.record import FileFacts, Remarks

LAYERS = {"points": (Shape.POINT, Shape.TEXT), "lines": (Shape.LINE,), "areas": (Shape.AREA,)}
COLOUR = "colour"
COLUMNS = (*FIELDS, EXACT, COLOUR)
_UTC = 100
"""How GDAL writes that a time is in UTC."""
_ROW = dict[str, Any]


def write_geopackage(path: Path, revisions: Iterable[Revision], facts: FileFacts) -> tuple[str, ...]:
    """Write annotations as a GeoPackage; return what it cannot hold.

    Raises
    ------
    ResourceError
        If it cannot be written.
    """
    remarks = Remarks()
    found = list(revisions)
    try:
        for layer, shapes in LAYERS.items():
            _write_layer(path, layer, [one for one in found if one.annotation.shape in shapes], facts, remarks)
        about = {name: text_of(value) for name, value in facts_fields(facts).items() if value is not None}
        _write_about(path, {name: _plain(text, name, "the file", remarks) for name, text in about.items()})
    except (DataSourceError, FieldError, GeometryError) as error:
        msg = f"{path.parent} could not take the GeoPackage; check that there is room and that you may write there."
        raise ResourceError(msg) from error
    return remarks.lines() + oversize(path.stat().st_size, MAX_BYTES)


def _write_layer(path: Path, layer: str, revisions: Sequence[Revision], facts: FileFacts, remarks: Remarks) -> None:
    colours = {force.name: force.colour for force in facts.forces}
    rows = [_row(one, colours, remarks) for one in revisions]
    geometry = np.array([shapely.to_wkb(one.annotation.geometry) for one in revisions], dtype=object)
    types = {one.annotation.geometry.geom_type for one in revisions}
    pyogrio.raw.write(
        path,
        geometry,
        [_column(name, rows) for name in COLUMNS],
        COLUMNS,
        layer=layer,
        driver="GPKG",
        geometry_type=next(iter(types)) if len(types) == 1 else "Unknown",
        crs="EPSG:4326",
        append=path.exists(),
        gdal_tz_offsets={name: np.full(len(rows), _UTC, dtype=np.int16) for name in TIMES},
        dataset_metadata={BANNER.upper(): facts.handling.banner},
        layer_metadata={BANNER.upper(): facts.handling.banner},
        layer_options={"DESCRIPTION": facts.handling.banner, "IDENTIFIER": layer},
    )


def _write_about(path: Path, about: Mapping[str, str]) -> None:
    """Write what the file says about itself as a table without geometry."""
    columns = [np.array(list(about), dtype=object), np.array(list(about.values()), dtype=object)]
    pyogrio.raw.write(
        path, None, columns, ["name", "value"], layer=MARK, driver="GPKG", geometry_type=None, append=True
    )


def _row(revision: Revision, colours: Mapping[str, str], remarks: Remarks) -> _ROW:
    said = revision.annotation
    place = said.title or said.id
    row: _ROW = {
        name: _plain(text_of(value), name, place, remarks)
        for name, value in fields_of(revision).items()
        if name not in TIMES
    }
    times = dict(zip(TIMES, (said.valid_from, said.valid_to), strict=True))
    stated = [moment for moment in times.values() if moment is not None]
    if any(moment.microsecond % 1000 for moment in stated):
        row[EXACT] = "/".join(stamp(moment) for moment in stated)
    for name, moment in times.items():
        row[name] = None if moment is None else np.datetime64(moment.replace(tzinfo=None), "ms")
    return row | {COLOUR: colours.get(said.side)}


def _column(name: str, rows: Sequence[_ROW]) -> NDArray[Any]:
    values = [row.get(name) for row in rows]
    if name in TIMES:
        return np.array([np.datetime64("NaT") if value is None else value for value in values], dtype="datetime64[ms]")
    return np.array(values, dtype=object)


def _plain(text: str, name: str, place: str, remarks: Remarks) -> str:
    if "\0" not in text:
        return text
    remarks.add(f"NUL in {name}: a column of text cannot hold it", place)
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
