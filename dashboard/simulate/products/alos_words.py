"""Names, summary and previews of a made-up ALOS product, and what a right reader finds in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.simulate.products.take import CAVEAT, Take

Floats = NDArray[np.float64]

FRAME = "2750"
PATH = 18
"""Of ALOS-4, where a take names no track."""
LEVEL_WORDS = {"1.1": "SSC", "1.5R": "MGD", "1.5G": "GEC", "2.1G": "GTC"}
MODES = {1: "UBS", 2: "UBD", 4: "HBQ"}
"""By the number of polarisations, where a take names none of ALOS's modes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """The names of a product."""

    take: Take
    level: str
    option: str = "_"
    """``G`` geocoded, ``R`` georeferenced."""
    map: str = "_"
    """``U`` UTM, ``P`` polar stereographic, ``M`` Mercator, ``L`` Lambert."""

    @property
    def satellite(self) -> str:
        """``ALOS2`` or ``ALOS4``."""
        return "ALOS" + self.take.platform[-1]

    @property
    def mode(self) -> str:
        """Three letters."""
        return self.take.mode if len(self.take.mode) == 3 else MODES[len(self.take.polarisations)]

    @property
    def scene(self) -> str:
        """Scene id."""
        take = self.take
        if self.satellite == "ALOS2":
            return f"ALOS2{take.orbit_number:05d}{FRAME}-{take.start:%y%m%d}"
        return f"ALOS4{take.track or PATH:03d}{FRAME}{take.start:%y%m%d}{self.mode}-{self._side}{self._way}0109"

    @property
    def product(self) -> str:
        """Product id."""
        if self.satellite == "ALOS2":
            return f"{self.mode}{self._side}{self.level}{self.option}{self.map}{self._way}"
        return f"{self.level}{self.option}{self.map}-"

    @property
    def _side(self) -> str:
        return "L" if self.take.look is LookSide.LEFT else "R"

    @property
    def _way(self) -> str:
        return "A" if self.take.pass_direction is PassDirection.ASCENDING else "D"

    def file(self, kind: str, suffix: str = "") -> str:
        """Return the name of one of the product's files."""
        return f"{kind}-{self.scene}-{self.product}{suffix}"


def write_words(folder: Path, title: Title, names: list[str], shape: tuple[int, int], ring: Floats) -> Path:
    """Write ``summary.txt`` and return its path.

    Parameters
    ----------
    folder : of the product
    title : its names
    names : of the other files
    shape : (lines, pixels)
    ring : (longitude, latitude) of the image's corners, around it, shape (4, 2)
    """
    take = title.take
    rows, cols = shape
    made = take.received or take.stop
    words: dict[str, object] = {
        "Odi_SiteDateTime": f"PROCESS:JAPAN-JAXA-{title.satellite}-EICS  {made:%Y%m%d %H%M%S}",
        "Scs_SceneID": title.scene,
        **({"Scs_ObsMode": title.mode} if title.satellite == "ALOS4" else {}),
        "Pds_ProductID": title.product,
        "Pds_ResamplingMethod": "NN",
        **({"Pds_UTM_ZoneNo": "37"} if title.map == "U" else {}),
        **({"Pds_MapDirection": "MapNorth"} if title.option == "G" else {}),
        "Pds_OrbitDataPrecision": "Precision",
        "Pds_AttitudeDataPrecision": "Onboard",
        "Img_SceneCenterDateTime": _stamp(take.middle),
        "Img_SceneStartDateTime": _stamp(take.start),
        "Img_SceneEndDateTime": _stamp(take.stop),
        **_corners(ring),
        "Img_OffNadirAngle": f"{0.9 * take.incidence_deg:.1f}",
        **{f"Pdi_L15ProductFileName{k:02d}": name for k, name in enumerate(names, start=1)},
        "Pdi_BitPixel": 32 if title.level == "1.1" else 16,
        "Pdi_NoOfPixels_0": cols,
        "Pdi_NoOfLines_0": rows,
        "Pdi_ProductFormat": "CEOS",
        "Rad_PracticeResultCode": "GOOD",
        "Lbi_Satellite": title.satellite,
        "Lbi_Sensor": "SAR",
        "Lbi_ProcessLevel": title.level,
        "Lbi_ProcessFacility": "EICS",
        "Lbi_ObservationDate": f"{take.start:%Y%m%d}",
    }
    name = "summary.txt" if title.satellite == "ALOS2" else title.file("summary", ".txt")
    path = folder / name
    path.write_text("".join(f'{key}="{value}"\n' for key, value in words.items()), encoding="ascii")
    return path


def write_previews(folder: Path, title: Title, bright: NDArray[Any]) -> list[Path]:
    """Write the browse image and the place mark that come with a product, and return their paths."""
    step = max(1, max(bright.shape) // 64)
    levels = np.clip(bright[::step, ::step] * 400, 0, 255).astype(np.uint8)
    browse = folder / title.file(f"BRS-{title.take.polarisations[0]}", ".jpg")
    Image.fromarray(levels).save(browse, format="JPEG")
    mark = folder / f"{title.scene}_{title.product}.kml"
    mark.write_text(
        '<?xml version="1.0"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<name>{title.scene}</name><description>{CAVEAT}</description></Document></kml>\n",
        encoding="ascii",
    )
    return [browse, mark]


def expected(title: Title, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a right reader finds; `more` is added, its details to the others."""
    take = title.take
    found: dict[str, Any] = {
        "id": f"{title.scene}-{title.product}",
        "constellation": "alos",
        "platform": take.platform,
        "start": take.start,
        "stop": take.stop,
        "received": take.received or take.stop.replace(microsecond=0),
        "mode": title.mode,
        "polarisations": take.polarisations,
        "look": take.look,
        "pass_direction": take.pass_direction,
        "track": (take.track or PATH) if title.satellite == "ALOS4" else None,
        "level": LEVEL_WORDS[title.level + ("" if title.level == "1.1" else title.option)],
    }
    words = {
        "instruments": "palsar-2" if title.satellite == "ALOS2" else "palsar-3",
        "processing:level": f"L{title.level}",
        "processing:facility": "EICS",
        "proc:raw_platform": title.satellite,
        "proc:frame": FRAME,
        "proc:orbit_precision": "Precision",
        "proc:resampling": "NN",
    }
    details = words | dict(more.get("details", {}))
    return found | {key: value for key, value in more.items() if key != "details"} | {"details": details}


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%d %H:%M:%S}.{moment.microsecond // 1000:03d}"


def _corners(ring: Floats) -> dict[str, str]:
    """Return the image's corners, to a thousandth of a degree as JAXA states them."""
    found = {}
    for name, (lon, lat) in zip(("LeftTop", "RightTop", "RightBottom", "LeftBottom"), ring, strict=True):
        found[f"Img_ImageScene{name}Latitude"] = f"{lat:.3f}"
        found[f"Img_ImageScene{name}Longitude"] = f"{lon:.3f}"
    return found
