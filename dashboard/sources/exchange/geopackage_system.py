"""Reference systems of a GeoPackage: where its numbers are on the globe."""

import sqlite3
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from dashboard.model.errors import DamagedProductError
from dashboard.sources.exchange.record import Remarks, shown
from dashboard.sources.exchange.wkb import Placement

WGS84 = 4326
UNKNOWN_DEGREES = 0
"""The standard's number for degrees of no stated datum."""
MAX_DEFINITION = 20_000


def placement(database: sqlite3.Connection, system: object, where: str, remarks: Remarks) -> Placement:
    """Return what takes coordinates of a reference system to longitude and latitude on WGS 84.

    Raises
    ------
    DamagedProductError
        If the system is not defined, or not one that leads to places on the globe.
    """
    if system == UNKNOWN_DEGREES:
        remarks.add("the reference system is not stated: its degrees were taken as WGS 84", where)
        return _as_they_are
    columns = "organization, organization_coordsys_id, definition"
    question = f"SELECT {columns} FROM gpkg_spatial_ref_sys WHERE srs_id = ?"  # noqa: S608 - of constants
    row = database.execute(question, (system,)).fetchone()
    if row is None or (str(row[0]).upper(), row[1]) == ("NONE", -1):
        raise DamagedProductError(f"{where}: reference system {shown(system)} is not defined; assign one.")
    if (str(row[0]).upper(), row[1]) == ("EPSG", WGS84):
        return _as_they_are
    crs = _crs(str(row[0]), row[1], str(row[2]), where)
    remarks.add(f"coordinates were brought from {shown(crs.name)} to WGS 84", where)
    try:
        return partial(_moved, Transformer.from_crs(crs, WGS84, always_xy=True))
    except (CRSError, ProjError) as error:
        msg = f"{where}: there is no way from {shown(crs.name)} to WGS 84; reproject it."
        raise DamagedProductError(msg) from error


def _crs(organization: str, code: object, definition: str, where: str) -> CRS:
    for source in (f"{organization}:{code}", definition[:MAX_DEFINITION]):
        try:
            found = CRS.from_user_input(source)
        except CRSError:
            continue
        if found.is_geographic or found.is_projected:
            return found
    msg = f"{where}: the reference system {shown(organization)}:{shown(code)} is not known; reproject it to EPSG:4326."
    raise DamagedProductError(msg)


def _as_they_are(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    return positions


def _moved(transformer: Transformer, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    lon, lat = transformer.transform(positions[:, 0], positions[:, 1])
    return np.column_stack([lon, lat])
