"""COSMO-SkyMed products of a known scene: SCS, DGM, GEC and GTC of the first and the second generation."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dashboard.simulate.products.cosmo_attributes import (
    CONSTANT,
    GENERATED,
    UNIT_DN,
    Attributes,
    Style,
    is_second_generation,
    map_attributes,
    midnight,
    orbit_attributes,
    range_attributes,
    raster_attributes,
    root_attributes,
    side_and_pass,
    stored,
    zone_attributes,
)
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.slant import SlantGrid, ground_grid, slant_grid
from dashboard.simulate.products.take import CAVEAT, Take, Written

MODE_CODES = {"HIMAGE": "HI", "PINGPONG": "PP", "WIDEREGION": "WR", "HUGEREGION": "HR", "ENHANCED SPOTLIGHT": "S2"}
MODE_CLASSES = {"HI": "stripmap", "PP": "stripmap", "WR": "scansar", "HR": "scansar", "S2": "spotlight"}
PLAIN = Style()
SEED = 20_240_612


def write_scs(
    folder: Path, scene: Scene, take: Take, style: Style = PLAIN, *, spacing_m: tuple[float, float] = (1.2, 0.8)
) -> Written:
    """Write a single-look complex slant-range product (SCS) and return the truth about it.

    Parameters
    ----------
    folder : that it is written into
    scene : the ground
    take : of ``cosmo-skymed`` or ``csg``
    style : how it differs from the plainest product of the form
    spacing_m : between lines on the ground, between columns in slant range
    """
    grid = slant_grid(scene, take, *spacing_m)
    rng = np.random.default_rng(SEED)
    images = {}
    for name in take.polarisations:
        amplitude = UNIT_DN * np.sqrt(np.nan_to_num(grid.power(name)))
        phase = rng.uniform(0.0, 2 * math.pi, grid.shape).astype(np.float32)
        pair = np.stack([amplitude * np.cos(phase), amplitude * np.sin(phase)], axis=-1)
        images[name] = np.rint(pair).astype(np.int16)
    return _radar(folder, "SCS", (scene, take, style), grid, images, spacing_m)


def write_dgm(
    folder: Path, scene: Scene, take: Take, style: Style = PLAIN, *, spacing_m: tuple[float, float] = (1.2, 1.2)
) -> Written:
    """Write a detected ground-range product (DGM); parameters as in `write_scs`, columns counted on the ground."""
    grid = ground_grid(scene, take, *spacing_m)
    images = {name: _amplitudes(grid.power(name)) for name in take.polarisations}
    return _radar(folder, "DGM", (scene, take, style), grid, images, spacing_m)


def write_gec(folder: Path, scene: Scene, take: Take, style: Style = PLAIN, *, level: str = "GEC") -> Written:
    """Write a product on the scene's own map grid: on the ellipsoid (GEC) or corrected by terrain (GTC)."""
    # The orbit over the scene's middle: a coarse picture of the scene has it.
    grid = slant_grid(scene, take, 50.0, 50.0)
    root = root_attributes(level, scene, take, style, _name(level, take, style)) | zone_attributes(scene)
    if style.orbit:
        root |= orbit_attributes(grid, take)
    images = {name: _amplitudes(scene.array(name)) for name in take.polarisations}
    path = _write(folder, root, map_attributes(scene, take, style), images, style)
    expected = _expected(path, level, take, style) | {"incidence_deg": take.incidence_deg, "looks": take.looks}
    return _written(path, take, style, expected, scene.footprint, scene.geobox.affine.a)


def write_gtc(folder: Path, scene: Scene, take: Take, style: Style = PLAIN) -> Written:
    """Write a product on the scene's own map grid, corrected by terrain."""
    return write_gec(folder, scene, take, style, level="GTC")


def _radar(
    folder: Path,
    level: str,
    made_from: tuple[Scene, Take, Style],
    grid: SlantGrid,
    images: Mapping[str, NDArray[Any]],
    spacing_m: tuple[float, float],
) -> Written:
    """Write a product in radar geometry."""
    scene, take, style = made_from
    root = root_attributes(level, scene, take, style, _name(level, take, style)) | range_attributes(grid)
    root |= {
        "Lines Order": "LATE-EARLY" if style.late_first else "EARLY-LATE",
        "Columns Order": "FAR-NEAR" if style.far_first else "NEAR-FAR",
    }
    if style.orbit:
        root |= orbit_attributes(grid, take)
    raster = raster_attributes(grid, take, style, spacing_m)
    turn = (slice(None, None, -1 if style.late_first else 1), slice(None, None, -1 if style.far_first else 1))
    path = _write(folder, root, raster, {name: image[turn] for name, image in images.items()}, style)
    mean = (raster["Near Incidence Angle"] + raster["Far Incidence Angle"]) / 2
    return _written(path, take, style, _expected(path, level, take, style) | {"incidence_deg": mean}, grid.footprint)


def _write(
    folder: Path, root: Attributes, raster: Attributes, images: Mapping[str, NDArray[Any]], style: Style
) -> Path:
    """Write the file and its delivery note; return the file's path."""
    second = root["Mission ID"] == "CSG"
    path = folder / (root.get("Product Filename") or _second_name(root))
    folder.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.attrs.update(stored(root))
        for name, polarisation, image in _swaths(images, style):
            group = file.create_group(name)
            group.attrs.update(stored(_group_attributes(polarisation, second=second)))
            group.create_group("B0001" if second else "B001").attrs["Azimuth First Time"] = 0.0
            _dataset(group, "QLK", np.zeros((8, 8), np.uint8), {})
            if not style.joined:
                _dataset(group, "IMG" if second else "SBI", image, raster)
        if style.joined:
            _dataset(file, "IMG" if second else "MBI", next(iter(images.values())), raster)
        if second:
            _dataset(file.create_group("LRHM"), "IMG", np.ones((4, 4), np.uint16), {})
    note = f"<DeliveryNote><ProductName>{path.name}</ProductName><Remarks>{CAVEAT}</Remarks></DeliveryNote>"
    path.with_name(f"DFDN_{path.name}.xml").write_text(note, encoding="utf-8")
    return path


def _group_attributes(polarisation: str, *, second: bool) -> Attributes:
    found: Attributes = {"PRF": 3000.0, "Calibration Constant": CONSTANT}
    return found if second else found | {"Polarisation": polarisation}


def _swaths(images: Mapping[str, NDArray[Any]], style: Style) -> Iterator[tuple[str, str, NDArray[Any]]]:
    """Yield (group, polarisation, image): one per polarisation, or several of one where the style says so."""
    copies = 3 if style.joined else 2 if style.second else 1
    every = [(name, image) for name, image in images.items() for _ in range(copies)]
    for number, (name, image) in enumerate(every, start=1):
        yield f"S{number:02d}", name, image


def _dataset(group: h5py.Group, name: str, image: NDArray[Any], attributes: Attributes) -> None:
    chunks = (min(256, image.shape[0]), min(256, image.shape[1]), *image.shape[2:])
    made = group.create_dataset(name, data=image, chunks=chunks, compression="gzip", compression_opts=1, shuffle=True)
    made.attrs.update(stored(attributes))


def _amplitudes(power: NDArray[np.floating[Any]]) -> NDArray[np.uint16]:
    """Return detected numbers, 0 where there is no data."""
    found: NDArray[np.uint16] = np.clip(np.rint(UNIT_DN * np.sqrt(np.nan_to_num(power))), 0, 65_535).astype(np.uint16)
    return found


def _name(level: str, take: Take, style: Style) -> str:
    """Return the file's name in the first generation's manner."""
    times = f"{take.start:%Y%m%d%H%M%S}_{take.stop:%Y%m%d%H%M%S}"
    balance = "B" if style.balanced else "U"
    mode = MODE_CODES.get(take.mode, "HI")
    polarisation = take.polarisations[0] if len(take.polarisations) == 1 else "CO"
    return f"CSKS{take.platform[-1]}_{level}_{balance}_{mode}_04_{polarisation}_{side_and_pass(take)}_SF_{times}.h5"


def _second_name(root: Attributes) -> str:
    """Return the file's name in the second generation's manner."""
    level, satellite = root["Product Type"], root["Satellite ID"]
    times = "_".join(
        root[f"Scene Sensing {end} UTC"][:19].replace("-", "").replace(":", "").replace(" ", "")
        for end in ("Start", "Stop")
    )
    way = root["Look Side"][0] + root["Orbit Direction"][0]
    polarisation = root["Polarization"].split("/")[0]
    return f"CSG_{satellite}_{level}_0101_STR_012_{polarisation}_{way}_F_{times}_1_F_37N_Z36_N00.h5"


def _expected(path: Path, level: str, take: Take, style: Style) -> dict[str, Any]:
    """Return attribute of the acquisition -> truth, for what all forms state."""
    second = is_second_generation(take)
    kinds = {"SCS": ("SSC", "L1A"), "DGM": ("MGD", "L1B"), "GEC": ("GEC", "L1C"), "GTC": ("GTC", "L1D")}[level]
    details = {
        "proc:raw_platform": f"{'SSAR' if second else 'CSKS'}{take.platform[-1]}",
        "sar:beam_ids": "H4-03",
        "proc:product_word": kinds[0],
        "processing:level": kinds[1],
        "processing:facility": f"{GENERATED} {CAVEAT}",
        "sat:absolute_orbit": str(take.orbit_number),
        "sar:frequency_band": "X",
        "proc:reference_utc": f"{midnight(take):%Y-%m-%dT%H:%M:%S}Z",
        "processing:software": "L0 1.0, L1A 1.1",
        "sar:resolution_azimuth": f"{take.resolution_m:.10g}",
        "proc:delivery": None if second else "standard",
    }
    if take.mode in MODE_CODES:
        details["proc:mode_class"] = MODE_CLASSES[MODE_CODES[take.mode]]
    return {
        "id": path.stem,
        "constellation": take.constellation,
        "platform": take.platform,
        "start": take.start,
        "stop": take.stop,
        "mode": take.mode,
        "polarisations": take.polarisations,
        "look": take.look,
        "pass_direction": take.pass_direction,
        "track": None,
        "resolution_m": take.resolution_m,
        "frequency_ghz": take.frequency_ghz,
        "level": f"{level}_{'B' if style.balanced else 'U'}",
        "received": take.received,
        "details": details,
    }


def _written(
    path: Path,
    take: Take,
    style: Style,
    expected: dict[str, Any],
    footprint: BaseGeometry,
    spacing: float | None = None,
) -> Written:
    calibrated = style.balanced and not is_second_generation(take)
    return Written(
        path=path,
        files=(path, path.with_name(f"DFDN_{path.name}.xml")),
        expected=expected,
        quantity="sigma0" if calibrated else None,
        footprint=footprint,
        handling={"caveats": frozenset({CAVEAT})},
        spacing_m=spacing,
    )
