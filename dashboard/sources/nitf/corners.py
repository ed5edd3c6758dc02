"""The rough place of a plain NITF image: its four corners (IGEOLO), or the RPC00B record where there is one."""

import re
from collections.abc import Sequence

import numpy as np

from dashboard.model.errors import NoGeoreferenceError
from dashboard.sources.geocode.inverse import around
from dashboard.sources.geocode.points import ControlPoint, PointSensor
from dashboard.sources.geocode.rpc import Rpc, RpcSensor
from dashboard.sources.geocode.sensor import Sensor
from dashboard.sources.nitf.fields import Fields
from dashboard.sources.nitf.header import Image

DMS = re.compile(r"(?P<d>\d{2,3})(?P<m>[0-5]\d)(?P<s>[0-5]\d)(?P<side>[NSEW])")
DEGREES_M = 111_320.0
STEPS_DEG = {"G": 1 / 3600, "D": 1e-3}
"""ICORDS -> what the corners are rounded to."""
SCALES = (("LINE", 6), ("SAMP", 5), ("LAT", 8), ("LONG", 9), ("HEIGHT", 5))
"""Fields of RPC00B (without _SCALE) and their widths."""
TABLES = ("LINE_NUM", "LINE_DEN", "SAMP_NUM", "SAMP_DEN")


def image_sensor(image: Image, shape: tuple[int, int], name: str) -> Sensor:
    """Return where a plain image is: by RPC00B if it has the record, else by its corners.

    Raises
    ------
    NoGeoreferenceError
        If it has neither, or the corners are on another grid than longitude and latitude.
    DamagedProductError
        If the record is damaged.
    """
    record = next((tre for tre in image.tres if tre.tag == "RPC00B"), None)
    if record is not None:
        rpc, error = rpc00b(record.data, name)
        return RpcSensor(rpc, shape, error_m=error, basis="RPC00B record, ERR_BIAS and ERR_RAND")
    step = STEPS_DEG.get(image.fields["ICORDS"])
    if step is None:
        msg = (
            f"{name} has no place that is read: its corners are given as ICORDS {image.fields['ICORDS']!r}; G and D "
            "(longitude and latitude) or an RPC00B record are read. Give a geocoded product."
        )
        raise NoGeoreferenceError(msg)
    points = with_middle(corners(image.fields["IGEOLO"], image.fields["ICORDS"], shape, name))
    error_m = float(np.hypot(0.5, 0.5) * step * DEGREES_M)
    return PointSensor(points, shape, error_m=round(error_m, 1), basis="IGEOLO: four rough corners, rounding alone")


def corners(igeolo: str, kind: str, shape: tuple[int, int], name: str) -> list[ControlPoint]:
    """Return the centres of the outermost pixels, clockwise from the first: IGEOLO, written as ICORDS (`kind`) says.

    Raises
    ------
    NoGeoreferenceError
        If the text is no four places.
    """
    last_row, last_col = shape[0] - 1.0, shape[1] - 1.0
    pixels = ((0.0, 0.0), (0.0, last_col), (last_row, last_col), (last_row, 0.0))
    found = []
    for number, (row, col) in enumerate(pixels):
        words = igeolo[15 * number : 15 * number + 15]
        lat, lon = _angle(words[:7], kind), _angle(words[7:], kind)
        if lat is None or lon is None:
            msg = f"{name} has the corner {words!r} (IGEOLO), which is no place; its georeference is damaged."
            raise NoGeoreferenceError(msg)
        found.append(ControlPoint(row, col, lon, lat))
    return found


def with_middle(points: Sequence[ControlPoint]) -> list[ControlPoint]:
    """Return four corners and the middle between them, so that a bilinear surface goes through all five."""
    if len(points) != 4:
        return list(points)
    first = points[0].lon
    values = [[p.row, p.col, float(around(np.array(p.lon), first)), p.lat, p.height_m] for p in points]
    row, col, east, lat, height = (float(v) for v in np.mean(values, axis=0))
    return [*points, ControlPoint(row, col, first + east, lat, height)]


def rpc00b(data: bytes, name: str) -> tuple[Rpc, float | None]:
    """Return the coefficients of an RPC00B record and its error, metres.

    Raises
    ------
    DamagedProductError, NoGeoreferenceError
        If it is too short, or a field is no number.
    """
    fields = Fields(data, f"{name}, RPC00B")
    if fields.text("SUCCESS", 1) != "1":
        raise NoGeoreferenceError(f"{name} says that its RPC00B could not be made (SUCCESS is not 1).")
    errors = [_number(fields, field, 7) for field in ("ERR_BIAS", "ERR_RAND")]
    line, sample = _number(fields, "LINE_OFF", 6), _number(fields, "SAMP_OFF", 5)
    lat, lon = _number(fields, "LAT_OFF", 8), _number(fields, "LONG_OFF", 9)
    height = _number(fields, "HEIGHT_OFF", 5)
    scales = [_number(fields, f"{what}_SCALE", size) for what, size in SCALES]
    tables = [tuple(_number(fields, f"{table}_COEFF", 12) for _ in range(20)) for table in TABLES]
    rpc = Rpc(
        line_offset=line,
        sample_offset=sample,
        lat_offset=lat,
        lon_offset=lon,
        height_offset=height,
        line_scale=scales[0],
        sample_scale=scales[1],
        lat_scale=scales[2],
        lon_scale=scales[3],
        height_scale=scales[4],
        line_num=tables[0],
        line_den=tables[1],
        sample_num=tables[2],
        sample_den=tables[3],
    )
    error = float(np.hypot(errors[0], errors[1]))
    return rpc, error if error > 0 else None


def _number(fields: Fields, name: str, size: int) -> float:
    words = fields.text(name, size)
    try:
        return float(words)
    except ValueError as error:
        msg = f"{fields.where} has {words!r} as {name}, which is no number; the file is damaged."
        raise NoGeoreferenceError(msg) from error


def _angle(words: str, kind: str) -> float | None:
    """Return degrees from ``ddmmssN``, ``dddmmssE`` (kind G) or signed decimal degrees (kind D)."""
    if kind == "D":
        found = float(words) if re.fullmatch(r"[+-]\d{2,3}\.\d{3}", words) else None
    else:
        match = DMS.fullmatch(words)
        found = None if match is None else _degrees(match)
    return found if found is not None and abs(found) <= 180 else None


def _degrees(match: re.Match[str]) -> float:
    found = int(match["d"]) + int(match["m"]) / 60 + int(match["s"]) / 3600
    return -found if match["side"] in "SW" else found
