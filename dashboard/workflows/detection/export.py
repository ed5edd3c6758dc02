"""Detected changes out of the application: GeoPackage or GeoJSON, marked, each with what it was found from."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError, FieldError, GeometryError
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from dashboard.catalog.query import ChangeQuery
from dashboard.model.change import ChangeRun
from dashboard.model.errors import AccessError, InputError, NotFoundError, ResourceError
from dashboard.model.handling import Handling
from dashboard.sources.exchange.fields import BANNER, MARK, text_of
from dashboard.sources.exchange.file import whole
from dashboard.workflows.detection.export_fields import (
    FIELDS,
    REAL,
    TIMES,
    WHOLE,
    Report,
    by_change,
    facts_of,
    fields_of,
    plain,
)
from dashboard.workflows.stac_release import NAMED, forbidden
from dashboard.workflows.workspace import Workspace

LAYER, UNSEEN, INPUTS = "changes", "unobserved", "inputs"
_UTC = 100
"""How GDAL writes that a time is in UTC."""
_CRS = "EPSG:4326"


def write_changes(workspace: Workspace, run_id: str, path: Path, *, min_score: float | None = None) -> Path:
    """Write what a run found to a GeoPackage or GeoJSON file, by its suffix; the file appears whole or not at all.

    Every change carries its evidence, figures, verdicts and marking; the file carries the run: acquisitions, hashes of
    every pixel file, parameters, software, what false alarms were announced on, the ground that was not observed, and
    the precision that reviews measured.

    Parameters
    ----------
    workspace
        Holds the run.
    run_id
        Of a recorded run.
    path
        ``.gpkg`` or ``.geojson``; what was there is replaced.
    min_score
        Leave out what scored less; the file says how many were found.

    Raises
    ------
    InputError
        If the suffix names neither format.
    NotFoundError
        If there is no such run.
    AccessError
        If the licence or an embargo of anything that it was made from forbids it; each is named.
    ResourceError
        If the folder cannot be written or the disk is full.
    """
    write = _FORMATS.get(path.suffix.lower())
    if write is None:
        raise InputError(f"{path.name} is none of {', '.join(_FORMATS)}; detected changes leave in these.")
    run = _run(workspace, run_id)
    now = datetime.now(UTC)
    found = workspace.catalog.changes.find(ChangeQuery(run_id=run_id))
    kept = sorted(
        (change for change in found if min_score is None or change.score >= min_score),
        key=lambda change: (-change.score, change.p_value, change.id),
    )
    report = Report(
        run=run,
        changes=tuple(kept),
        found=len(found),
        min_score=min_score,
        reviews=by_change(workspace.catalog.reviews.of_run(run_id), (change.id for change in kept)),
        exported=now,
    )
    _refuse(workspace, report, now)
    with whole(path) as part:
        write(part, report)
    return path


def _run(workspace: Workspace, run_id: str) -> ChangeRun:
    known = next((run for run in workspace.catalog.changes.runs() if run.id == run_id), None)
    if known is None:
        msg = f"No detection run {run_id!r} in {workspace.catalog.path}; take an id from the list of runs."
        raise NotFoundError(msg)
    return known


def _refuse(workspace: Workspace, report: Report, now: datetime) -> None:
    """Raise if anything that the changes were made from forbids it, naming the acquisitions where they are known."""
    if not forbidden(report.handling, now):
        return
    run = report.run
    named: list[tuple[str, Handling]] = []
    for id_ in dict.fromkeys((*run.looked_before, *run.looked_after, run.before, run.after)):
        try:
            named.append((id_, workspace.catalog.acquisitions.get(id_).handling))
        except NotFoundError:
            continue
    reasons = [f"{name}: {reason}" for name, handling in named if (reason := forbidden(handling, now))]
    reasons = reasons or [f"{run.id}: {forbidden(report.handling, now)}"]
    more = f"; and {len(reasons) - NAMED:,} more" if len(reasons) > NAMED else ""
    what = f"These changes may not be exported. {'; '.join(reasons[:NAMED])}{more}."
    raise AccessError(f"{what} Detect without them, or ask who released them.")


def _write_geojson(path: Path, report: Report) -> None:
    """Write a FeatureCollection (RFC 7946), one feature a line, the run on top."""
    mark = json.dumps(facts_of(report), ensure_ascii=False, allow_nan=False)
    with path.open("w", encoding="utf-8") as file:
        file.write(f'{{"type": "FeatureCollection", "{MARK}": {mark}, "features": [')
        separator = "\n"
        for change in report.changes:
            fields = plain(fields_of(change, report))
            geometry = shapely.geometry.mapping(_right_handed(change.geometry))
            feature = {"type": "Feature", "id": change.id, "geometry": geometry, "properties": fields}
            file.write(separator + json.dumps(feature, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
            separator = ",\n"
        file.write("\n]}\n")


def _right_handed(shape: BaseGeometry) -> BaseGeometry:
    """Return outer rings counter-clockwise, as the standard demands; the vertices stay the same."""
    parts = [orient(part) for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _write_geopackage(path: Path, report: Report) -> None:
    """Write the changes as a layer, the ground not observed as another, inputs and the run as tables beside them."""
    banner = report.handling.banner
    rows = [fields_of(change, report) for change in report.changes]
    columns = {name: _column(name, rows) for name in FIELDS}
    facts = facts_of(report)
    inputs = {name: _texts(each[name] for each in facts.get("inputs", ())) for name in ("path", "sha256")}
    about = {name: text_of(value) for name, value in facts.items() if name != "inputs"}
    outline = [] if report.run.unobserved is None else [report.run.unobserved]
    try:
        _layer(path, LAYER, [change.geometry for change in report.changes], columns, banner)
        _layer(path, UNSEEN, outline, {BANNER: _texts([banner] * len(outline))}, banner)
        _table(path, INPUTS, inputs)
        _table(path, MARK, {"name": _texts(about), "value": _texts(about.values())})
    except (DataSourceError, FieldError, GeometryError) as error:
        msg = f"{path.parent} could not take the GeoPackage; check that there is room and that you may write there."
        raise ResourceError(msg) from error


def _layer(
    path: Path, name: str, shapes: Sequence[BaseGeometry], columns: Mapping[str, NDArray[Any]], banner: str
) -> None:
    multi = [
        shapely.MultiPolygon([p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"]) for shape in shapes
    ]
    pyogrio.raw.write(
        path,
        np.array([shapely.to_wkb(shape) for shape in multi], dtype=object),
        list(columns.values()),
        list(columns),
        layer=name,
        driver="GPKG",
        geometry_type="MultiPolygon",
        crs=_CRS,
        append=path.exists(),
        gdal_tz_offsets={name: np.full(len(shapes), _UTC, dtype=np.int16) for name in TIMES if name in columns},
        dataset_metadata={BANNER.upper(): banner},
        layer_metadata={BANNER.upper(): banner},
        layer_options={"DESCRIPTION": banner, "IDENTIFIER": name},
    )


def _table(path: Path, name: str, columns: Mapping[str, NDArray[Any]]) -> None:
    pyogrio.raw.write(
        path, None, list(columns.values()), list(columns), layer=name, driver="GPKG", geometry_type=None, append=True
    )


def _column(name: str, rows: Sequence[Mapping[str, Any]]) -> NDArray[Any]:
    values = [row[name] for row in rows]
    if name in TIMES:
        stamps = [np.datetime64("NaT") if each is None else np.datetime64(_naive(each), "ms") for each in values]
        return np.array(stamps, dtype="datetime64[ms]")
    if name in WHOLE:
        return np.array(values, dtype=np.int64)
    if name in REAL:
        return np.array([np.nan if each is None else each for each in values], dtype=np.float64)
    return _texts(None if each in (None, "") else text_of(each) for each in values)


def _texts(values: Any) -> NDArray[Any]:  # noqa: ANN401 - any iterable of texts
    found = list(values)
    texts = np.empty(len(found), dtype=object)
    texts[:] = found
    return texts


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


_FORMATS: dict[str, Callable[[Path, Report], None]] = {".gpkg": _write_geopackage, ".geojson": _write_geojson}
"""By suffix in lower case."""
