"""The image file of a made-up ALOS product: a descriptor, then lines of pixels behind their headers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.simulate.products.alos_leader import Ground, Plate
from dashboard.simulate.products.alos_records import IMAGE_HEAD, head

Floats = NDArray[np.float64]

PREFIX = {("ALOS2", True): 544, ("ALOS2", False): 192, ("ALOS4", True): 720, ("ALOS4", False): 256}
"""Bytes of a line's header; those of ALOS-4 differ, so that a reader must not count on them."""
COMMON = {
    "number": ("13", ">i4"), "year": ("37", ">i4"), "day": ("41", ">i4"), "ms": ("45", ">i4"),
    "sent": ("53", ">i2"), "heard": ("55", ">i2"), "prf": ("57", ">i4"),
}  # fmt: skip
SIGNAL = {"near": ("117", ">i4"), "lat": ("193", "(3,)>i4"), "lon": ("205", "(3,)>i4")}
PROCESSED = {"ranges": ("65", "(3,)>i4"), "lat": ("133", "(3,)>i4"), "lon": ("145", "(3,)>i4")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the lines say beside their pixels."""

    seconds: Floats
    """Of the lines, from the middle of the take."""
    ranges_m: tuple[float, float, float]
    """Slant range of the first, middle and last pixel."""
    ground: Ground
    """Where the lines say that they lie."""
    with_places: bool = True


def write_image(path: Path, plate: Plate, polarisation: str, pixels: NDArray[Any], heard: Heard) -> Path:
    """Write one polarisation; complex pixels become lines of level 1.1, others those of level 1.5 and up."""
    signal = np.iscomplexobj(pixels)
    kind = ">c8" if signal else ">u2"
    rows, cols = pixels.shape
    prefix = PREFIX[plate.satellite, signal]
    length = prefix + cols * np.dtype(kind).itemsize
    fields = COMMON | (SIGNAL if signal else PROCESSED) | {"pixels": (str(prefix + 1), f"({cols},){kind}")}
    record = np.dtype(
        {
            "names": list(fields),
            "formats": [form for _, form in fields.values()],
            "offsets": [int(first) - 1 for first, _ in fields.values()],
            "itemsize": length,
        }
    )
    lines = np.zeros(rows, record)
    raw = lines.view("u1").reshape(rows, length)
    raw[:, 4:8] = np.frombuffer(bytes((50, 10 if signal else 11, 18, 20)), np.uint8)
    raw[:, 0:4] = (np.arange(rows, dtype=">u4") + 2).view("u1").reshape(rows, 4)
    raw[:, 8:12] = np.frombuffer(length.to_bytes(4, "big"), np.uint8)
    _fill(lines, plate, polarisation, heard, signal=signal)
    lines["pixels"] = pixels
    with path.open("wb") as stream:
        stream.write(_descriptor(plate, (rows, cols), (length, prefix), signal=signal))
        stream.write(lines.tobytes())
    return path


def _fill(lines: NDArray[Any], plate: Plate, polarisation: str, heard: Heard, *, signal: bool) -> None:
    rows, cols = len(lines), lines.dtype["pixels"].shape[0]
    moments = np.datetime64(plate.take.middle.replace(tzinfo=None), "us") + (heard.seconds * 1e6).astype(
        "timedelta64[us]"
    )
    days = moments.astype("datetime64[D]")
    years = days.astype("datetime64[Y]")
    lines["number"] = np.arange(rows) + 1
    lines["year"] = years.astype(int) + 1970
    lines["day"] = (days - years.astype("datetime64[D]")).astype(int) + 1
    lines["ms"] = (moments - days).astype("timedelta64[ms]").astype(int)
    lines["sent"], lines["heard"] = "HV".index(polarisation[0]), "HV".index(polarisation[1])
    lines["prf"] = 2_122_318
    if signal:
        lines["near"] = round(heard.ranges_m[0] * (100 if plate.satellite == "ALOS4" else 1))
    else:
        lines["ranges"] = np.rint(heard.ranges_m)
    if heard.with_places:
        down, across = np.meshgrid(np.arange(rows, dtype=float), [0, (cols - 1) / 2, cols - 1], indexing="ij")
        lon, lat = heard.ground(down, across)
        lines["lon"], lines["lat"] = np.rint(lon * 1e6), np.rint(lat * 1e6)


def _descriptor(plate: Plate, shape: tuple[int, int], lengths: tuple[int, int], *, signal: bool) -> bytes:
    (rows, cols), (length, prefix) = shape, lengths
    width = 8 if signal else 2
    sheet = head(IMAGE_HEAD, plate.satellite, "CIMOP").right(181, 186, rows).right(187, 192, length)
    sheet.right(217, 220, 32 if signal else 16).right(221, 224, 2 if signal else 1).right(225, 228, width)
    sheet.right(233, 236, 1).right(237, 244, rows).right(245, 248, 0).right(249, 256, cols).right(257, 260, 0)
    sheet.right(261, 264, 0).right(265, 268, 0).left(269, 276, "BSQ  1 1")
    sheet.right(277, 280, prefix).right(281, 288, cols * width).right(289, 292, 0)
    sheet.left(401, 428, "COMPLEX*8" if signal else "UNSIGNED INTEGER*2").left(429, 432, "C*8" if signal else "IU2")
    sheet.left(297, 336, "  13 4PB  49 2PB  45 4PB  21 4PB  29 4PB").left(369, 376, "  97 4PB")
    return sheet.right(433, 436, 0).right(437, 440, 0).right(441, 448, 65535).whole()
