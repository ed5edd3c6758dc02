"""Maxar's pictures: Ortho and Standard on the scene's map, Basic in the camera's frame with RPCs, whole or in tiles."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely import Polygon

from dashboard.model.acquisition import Kind
from dashboard.simulate.products.maxar_words import CATALOG_ID, CLOUD, LEVELS, ORDER, as_text, as_xml, imd, rpb, til
from dashboard.simulate.products.picture import Frame, numbers, satellite_azimuth, sun
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.take import CAVEAT, Take, Written
from dashboard.simulate.products.tiff import write_tiff

BANDS = {
    "P": ("PAN",),
    "RGB": ("R", "G", "B"),
    "BGRN": ("B", "G", "R", "N"),
    "Multi": ("C", "B", "G", "Y", "R", "RE", "N", "N2"),
}
"""Word for a set of bands -> their order in the file."""
LETTERS = {"P": "P", "RGB": "S", "BGRN": "M", "Multi": "M"}
FOLDERS = {"P": "PAN", "S": "PSH", "M": "MUL"}
COPYRIGHT = "Synthetic picture of an exercise: nobody's copyright"
LICENCE = f"{CAVEAT}. This text stands where the licence of an order stands.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a picture is delivered, where deliveries differ."""

    product: str = "Ortho"
    """``Ortho``, ``Standard`` or ``Basic``."""
    band_id: str | None = None
    """``P``, ``RGB``, ``BGRN`` or ``Multi``; None: what the scene was drawn in, else ``RGB``."""
    dtype: str = "uint8"
    tiles: tuple[int, int] = (1, 1)
    """(down, across)."""
    text: bool = True
    """IMD, TIL and RPB."""
    xml: bool = True
    """The XML that says the same."""
    licence: str | None = LICENCE
    cloud: float = CLOUD
    extras: bool = True
    """The browse image, the README and the shapes of an order."""


ORTHO = Form()


def write_ortho(folder: Path, scene: Scene, take: Take, form: Form = ORTHO) -> Written:
    """Write a picture on the scene's map, colours or panchromatic."""
    return _write(folder, scene, take, form)


def write_standard(folder: Path, scene: Scene, take: Take, form: Form = ORTHO) -> Written:
    """Write a picture on the scene's map that was laid on one height."""
    return _write(folder, scene, take, replace(form, product="Standard"))


def write_basic(folder: Path, scene: Scene, take: Take, form: Form = ORTHO) -> Written:
    """Write a picture in the camera's frame, placed by RPCs."""
    return _write(folder, scene, take, replace(form, product="Basic"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    bands: Sequence[NDArray[Any]]
    names: tuple[str, ...]
    geobox: GeoBox | None
    corners: Sequence[tuple[float, float]]
    footprint: Polygon
    frame: Frame | None


def _write(folder: Path, scene: Scene, take: Take, form: Form) -> Written:
    form = replace(form, band_id=form.band_id or _band_id(scene))
    picture = _picture(scene, take, form)
    letter = LETTERS[form.band_id or "RGB"]
    level = LEVELS[form.product][2:]
    moment = f"{take.start:%y%b%d%H%M%S}".upper()
    head, tail = f"{moment}-{letter}{level}S", f"{ORDER}_P001"
    home = folder / f"{tail}_{FOLDERS[letter]}"
    home.mkdir(parents=True)
    tiles = _tiles(home, (head, tail), picture, form)
    texts = _texts(scene, take, form, picture, tiles)
    files = [home / name for name, *_ in tiles]
    for suffix, text in texts.items():
        files.append(home / f"{head}-{tail}{suffix}")
        files[-1].write_text(text, encoding="utf-8")
    if form.licence is not None:
        files.append(home / "LICENSE.TXT")
        files[-1].write_text(form.licence, encoding="utf-8")
    if form.extras:
        files += _extras(home, f"{head}-{tail}")
    return Written(
        path=folder,
        files=tuple(files),
        expected=_expected(f"{head}-{tail}", scene, take, form, len(tiles)),
        quantity=None,
        footprint=picture.footprint,
        handling={"caveats": frozenset({CAVEAT}), "attributions": frozenset({COPYRIGHT})} if form.licence else {},
        spacing_m=abs(float(scene.geobox.affine.a)),
    )


def _extras(home: Path, name: str) -> list[Path]:
    """Write what else lies in an order; return the files that belong to the picture."""
    shapes = home.parent / "GIS_FILES"
    shapes.mkdir(exist_ok=True)
    (shapes / f"{ORDER}_ORDER_SHAPE.shp").write_bytes(b"\x00\x00\x27\x0a")
    browse, readme = home / f"{name}-BROWSE.JPG", home / f"{name}-README.XML"
    browse.write_bytes(b"\xff\xd8\xff\xd9")
    readme.write_text('<?xml version="1.0"?>\n<README><VERSION>28.3</VERSION></README>\n', encoding="utf-8")
    return [browse, readme]


def _band_id(scene: Scene) -> str:
    return "P" if scene.drawn is not None and set(scene.drawn) == {"PAN"} else "RGB"


def _picture(scene: Scene, take: Take, form: Form) -> _Picture:
    names = BANDS[form.band_id or "RGB"]
    if form.product == "Basic":
        frame = Frame(scene, take)
        bands = [frame.numbers(name, form.dtype) for name in names]
        outline = frame.footprint
        return _Picture(bands=bands, names=names, geobox=None, corners=frame.corners, footprint=outline, frame=frame)
    bands = [numbers(scene, name, form.dtype) for name in names]
    ring = np.array(scene.footprint.exterior.coords)
    # The scene's outline has points along its edges: its corners are the extremes of the turned axes.
    picks = [int(np.argmax(sign_x * ring[:, 0] + sign_y * ring[:, 1])) for sign_x, sign_y in _QUARTERS]
    corners = [(float(ring[pick, 0]), float(ring[pick, 1])) for pick in picks]
    return _Picture(
        bands=bands, names=names, geobox=scene.geobox, corners=corners, footprint=scene.footprint, frame=None
    )


_QUARTERS = ((-1, 1), (1, 1), (1, -1), (-1, -1))


def _tiles(
    home: Path, name: tuple[str, str], picture: _Picture, form: Form
) -> list[tuple[str, int, int, tuple[int, int]]]:
    """Write the image files; return (name, first row, first column, shape) of each."""
    head, tail = name
    down, across = form.tiles
    rows, cols = picture.bands[0].shape
    edges = [[round(k * side / n) for k in range(n + 1)] for side, n in ((rows, down), (cols, across))]
    found = []
    for r in range(down):
        for c in range(across):
            top, bottom, left, right = edges[0][r], edges[0][r + 1], edges[1][c], edges[1][c + 1]
            token = f"_R{r + 1}C{c + 1}" if down * across > 1 else ""
            path = home / f"{head}{token}-{tail}.TIF"
            box = None
            if picture.geobox is not None:
                moved = picture.geobox.affine @ Affine.translation(left, top)
                box = GeoBox((bottom - top, right - left), moved, picture.geobox.crs)
            parts = [band[top:bottom, left:right] for band in picture.bands]
            write_tiff(path, parts, geobox=box, tags={"TIFFTAG_COPYRIGHT": COPYRIGHT})
            found.append((path.name, top, left, (bottom - top, right - left)))
    return found


def _texts(
    scene: Scene, take: Take, form: Form, picture: _Picture, tiles: Sequence[tuple[str, int, int, tuple[int, int]]]
) -> dict[str, str]:
    """Return the metadata files by their endings."""
    grid = scene.geobox.affine
    kind = {
        "product": form.product,
        "band_id": form.band_id,
        "gsd_m": abs(float(grid.a)),
        "shape": picture.bands[0].shape,
        "epsg": scene.geobox.crs.to_epsg(),
        "origin": (grid.c, grid.f),
        "cloud": form.cloud,
        "bits": 8 if form.dtype == "uint8" else 16,
    }
    groups = ["P" if name == "PAN" else name for name in picture.names]
    parts = {"IMD": imd(take, kind, picture.corners, groups), "TIL": til(tiles)}
    if picture.frame is not None:
        parts["RPB"] = rpb(take, picture.frame.rpc())
    found = {f".{name}": as_text(part) for name, part in parts.items()} if form.text else {}
    return {**found, ".XML": as_xml(parts)} if form.xml else found


def _expected(name: str, scene: Scene, take: Take, form: Form, tiles: int) -> dict[str, Any]:
    names = BANDS[form.band_id or "RGB"]
    drawn = names if names == ("PAN",) else ("R", "G", "B")
    azimuth, elevation = sun(take)
    left_out = [band for band in names if band not in drawn]
    details = {
        "proc:catalog_id": CATALOG_ID,
        "proc:order_id": f"{ORDER}_P001",
        "proc:product_level": LEVELS[form.product],
        "processing:level": {"Ortho": "L3", "Standard": "L2A", "Basic": "L1B"}[form.product],
        "proc:band_id": form.band_id,
        "view:sun_azimuth": f"{azimuth:.10g}",
        "view:sun_elevation": f"{elevation:.10g}",
        "proc:satellite_azimuth": f"{satellite_azimuth(take):.10g}",
        "eo:cloud_cover": f"{form.cloud * 100:.10g}" if form.cloud >= 0 else None,
        "proc:bands_left_out": ", ".join(left_out) or None,
        "proc:tiles": str(tiles) if tiles > 1 else None,
    }
    return {
        "id": name,
        "constellation": take.constellation,
        "kind": Kind.OPTICAL,
        "platform": take.platform,
        "start": take.start,
        "stop": take.start if form.product == "Basic" else take.stop,
        "mode": None,
        "polarisations": drawn,
        "incidence_deg": take.incidence_deg,
        "look_azimuth_deg": take.look_azimuth_deg,
        "resolution_m": abs(float(scene.geobox.affine.a)),
        "level": form.product,
        "received": take.received,
        "details": details,
    }
