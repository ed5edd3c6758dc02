"""Plain NITF and NSIF images, as sensors deliver whose formats are not public: headers, corners, and perhaps RPCs."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from shapely import Polygon

from dashboard.simulate.products.nitf_words import collector, fields, security_truth
from dashboard.simulate.products.scene import PLAIN_DB, Scene
from dashboard.simulate.products.take import Take, Written

Floats = NDArray[np.float64]

MARGIN_S = 2
"""Arc seconds around the scene."""
LEVEL = {"uint8": 90.0, "uint16": 9_000.0}
"""Data type -> value of 0 dB."""
EXTRA = ("NGTEST", "EXERCISE ONLY")
"""A tagged record that no reader knows."""
LAT_SCALE, LON_SCALE, PIXELS = 0.01, 0.01, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NitfForm:
    """Which of the ways to write a plain image."""

    dtype: str = "uint16"
    nsif: bool = True
    rpc: bool = False
    """RPC00B beside the corners, and corners that are too rough to be of use."""
    compression: str = "NC"
    """``NC``, or ``C8`` for JPEG 2000 without loss."""
    block: int | None = None
    """Rows and columns of a block; None: one block."""
    spacing_m: float = 1.0
    seed: int = 7


def write_nitf(folder: Path, scene: Scene, take: Take, form: NitfForm = NitfForm()) -> Written:
    """Write a detected picture, linear in amplitude, and return it with the truth."""
    shape, corners = _frame(scene, form)
    rpc = _rpc(scene, shape) if form.rpc else None
    rows, cols = np.indices(shape, dtype=np.float64)
    lon, lat = _bilinear(rows, cols, shape, corners) if rpc is None else rpc.ground(rows, cols)
    polarisation = take.polarisations[0]
    sigma = scene.sample(polarisation, lon, lat)
    sigma = np.where(np.isnan(sigma), 10 ** (PLAIN_DB[polarisation] / 10), sigma)
    amplitude = np.sqrt(sigma) * LEVEL[form.dtype]
    rng = np.random.default_rng(form.seed)
    whole = np.floor(amplitude) + (rng.uniform(size=shape) < amplitude % 1)
    picture = np.minimum(whole, np.iinfo(form.dtype).max).astype(form.dtype)
    path = folder / f"{take.platform.upper()}_{take.start:%Y%m%dT%H%M%S}{'.nsf' if form.nsif else '.ntf'}"
    options = dict(_options(take, form, corners)) | ({"TRE": f"RPC00B={rpc.record()}"} if rpc else {})
    with MemoryFile() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with memory.open(driver="GTiff", height=shape[0], width=shape[1], count=1, dtype=form.dtype) as dataset:
            dataset.write(picture, 1)
        rasterio.shutil.copy(memory.name, path, driver="NITF", **options)
    path.with_name(path.name + ".aux.xml").unlink(missing_ok=True)
    edge = (
        np.array([-0.5, -0.5, shape[0] - 0.5, shape[0] - 0.5]),
        np.array([-0.5, shape[1] - 0.5, shape[1] - 0.5, -0.5]),
    )
    ring = _bilinear(*edge, shape, corners) if rpc is None else rpc.ground(*edge)
    return _written(path, Polygon(np.stack(ring, axis=1)), take)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rpc:
    """RPCs that are linear: line and sample from longitude and latitude, and a slope over height."""

    lat: float
    lon: float
    height: float
    line: float
    sample: float
    matrix: tuple[tuple[float, float], tuple[float, float]]
    """Of (line, sample) in units of `PIXELS` over (longitude, latitude) in units of the scales."""

    def ground(self, rows: Floats, cols: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) of pixel positions at the reference height."""
        wanted = np.stack([(rows - self.line) / PIXELS, (cols - self.sample) / PIXELS], axis=-1)
        found = wanted @ np.linalg.inv(np.array(self.matrix)).T
        return self.lon + found[..., 0] * LON_SCALE, self.lat + found[..., 1] * LAT_SCALE

    def record(self) -> str:
        """Return the text of the RPC00B record."""
        zeros = [0.0] * 16
        height = 0.02  # lines over 500 m of height, in units of PIXELS
        tables = (
            [0.0, *self.matrix[0], height, *zeros], [1.0, *[0.0] * 19],
            [0.0, *self.matrix[1], 0.0, *zeros], [1.0, *[0.0] * 19],
        )  # fmt: skip
        text = "1" + "0012.00" + "0005.00" + f"{self.line:06.0f}{self.sample:05.0f}"
        text += f"{self.lat:+08.4f}{self.lon:+09.4f}{self.height:+05.0f}"
        text += f"{PIXELS:06d}{PIXELS:05d}{LAT_SCALE:+08.4f}{LON_SCALE:+09.4f}+0500"
        return text + "".join(_coefficient(value) for table in tables for value in table)


def _frame(scene: Scene, form: NitfForm) -> tuple[tuple[int, int], list[tuple[int, int]]]:
    """Return (rows, columns) and the corners in whole arc seconds of (longitude, latitude), a little askew."""
    west, south, east, north = (v * 3600 for v in scene.footprint.bounds)
    left, bottom = (int(np.floor(v)) - MARGIN_S for v in (west, south))
    right, top = (int(np.ceil(v)) + MARGIN_S for v in (east, north))
    rows, cols = (top - bottom) * 30.9, (right - left) * 30.9 * np.cos(np.radians(scene.centre[1]))
    shape = int(rows / form.spacing_m), int(cols / form.spacing_m)
    return shape, [(left, top), (right, top + 1), (right + 1, bottom), (left, bottom)]


def _bilinear(
    rows: Floats, cols: Floats, shape: tuple[int, int], corners: list[tuple[int, int]]
) -> tuple[Floats, Floats]:
    down, right = rows[..., None] / (shape[0] - 1), cols[..., None] / (shape[1] - 1)
    a, b, c, d = (np.array(corner) / 3600 for corner in corners)
    found = (1 - down) * ((1 - right) * a + right * b) + down * ((1 - right) * d + right * c)
    return found[..., 0], found[..., 1]


def _rpc(scene: Scene, shape: tuple[int, int]) -> _Rpc:
    """Return RPCs that turn the picture by some degrees about the scene's middle, within their rounding."""
    lon, lat = scene.centre
    turn = np.radians(12.0)
    metres = np.array([111_320 * np.cos(np.radians(lat)) * LON_SCALE, 111_320 * LAT_SCALE])
    matrix = np.array([[-np.sin(turn), -np.cos(turn)], [np.cos(turn), -np.sin(turn)]]) * metres / PIXELS
    rounded = [[float(_coefficient(value)) for value in row] for row in matrix.tolist()]
    return _Rpc(
        lat=round(lat, 4), lon=round(lon, 4), height=round(scene.height_m),
        line=shape[0] // 2, sample=shape[1] // 2,
        matrix=((rounded[0][0], rounded[0][1]), (rounded[1][0], rounded[1][1])),
    )  # fmt: skip


def _coefficient(value: float) -> str:
    """Return a number as RPC00B writes it: 12 characters, six decimals, one digit of exponent."""
    mantissa, exponent = f"{value:+.6E}".split("E")
    return f"{mantissa}E{'+' if int(exponent) >= 0 else '-'}{abs(int(exponent))}"


def _options(take: Take, form: NitfForm, corners: list[tuple[int, int]]) -> Mapping[str, Any]:
    stated = {prefix + name: value for prefix in ("FS", "IS") for name, value in fields(take).items()}
    places = corners
    if form.rpc:  # a minute off: whoever takes them instead of the RPCs is found out
        places = [(lon + 60, lat) for lon, lat in corners]
    found: dict[str, Any] = {
        "FHDR": "NSIF01.00" if form.nsif else "NITF02.10",
        "OSTAID": "SIMULATE",
        "FTITLE": "EXERCISE",
        "IID2": f"{take.platform.upper()}_{take.start:%Y%m%dT%H%M%S}",
        "IDATIM": f"{take.start:%Y%m%d%H%M%S}",
        "ISORCE": collector(take).upper(),
        "ICAT": "SAR",
        "ICORDS": "G",
        "IGEOLO": "".join(_dms(lat, "NS", 2) + _dms(lon, "EW", 3) for lon, lat in places),
        "IC": form.compression,
        "FILE_TRE": f"{EXTRA[0]}={EXTRA[1]}",
        **stated,
    }
    if form.compression == "C8":
        found |= {"QUALITY": "100", "PROFILE": "NPJE_NUMERICALLY_LOSSLESS"}
    if form.block:
        found |= {"BLOCKXSIZE": form.block, "BLOCKYSIZE": form.block}
    return found


def _dms(seconds: int, sides: str, digits: int) -> str:
    whole = abs(seconds)
    return f"{whole // 3600:0{digits}d}{whole // 60 % 60:02d}{whole % 60:02d}{sides[0] if seconds >= 0 else sides[1]}"


def _written(path: Path, outline: Polygon, take: Take) -> Written:
    start = take.start.replace(microsecond=0)
    expected: dict[str, Any] = {
        "id": f"{take.platform.upper()}_{take.start:%Y%m%dT%H%M%S}",
        "constellation": take.constellation,
        "platform": take.platform,
        "start": start,
        "stop": start,
        "mode": None,
        "look": None,
        "pass_direction": None,
        "incidence_deg": None,
        "level": "NITF",
        "details": {
            "proc:raw_platform": collector(take).upper(),
            "proc:image_category": "SAR",
            f"proc:tre:{EXTRA[0]}": EXTRA[1].encode().hex(),
        },
    }
    return Written(
        path=path,
        files=(path,),
        expected=expected,
        quantity=None,
        footprint=outline,
        handling=security_truth(take),
    )
