"""SICD in NITF and NSIF: complex pictures in range-Doppler and polar format, with projection and radiometry."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sarkit import sicd

from dashboard.model.acquisition import LookSide
from dashboard.simulate.products.nitf_words import as_nsif, collector, quiet, security, security_truth
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.sicd_form import SLOPE, USUAL, WIDTH, SicdForm, amplitude_table, base
from dashboard.simulate.products.sicd_grid import SicdGrid
from dashboard.simulate.products.sicd_xml import metadata
from dashboard.simulate.products.take import Take, Written


def write_sicd(folder: Path, scene: Scene, take: Take, form: SicdForm = USUAL) -> Written:
    """Write one complex picture of a scene and return it with the truth.

    The phase is random; the amplitude has no speckle, so that targets can be held to a tenth of a decibel.
    """
    grid = SicdGrid(scene, take, form.polar, form.spacing)
    with quiet():
        tree = metadata(grid, form)
    stem = f"{take.platform.upper()}_SICD_{take.mode}_{take.start:%Y%m%dT%H%M%S}"
    path = folder / f"{stem}{'.nsf' if form.nsif else '.nitf'}"
    handled = security(take)
    described = sicd.NitfMetadata(
        xmltree=tree.getroottree(),
        file_header_part=sicd.NitfFileHeaderPart(ostaid="SIMULATE", ftitle=f"SICD: {stem}", security=handled),
        im_subheader_part=sicd.NitfImSubheaderPart(isorce=collector(take), security=handled),
        de_subheader_part=sicd.NitfDeSubheaderPart(security=handled),
    )
    image = pixels(grid, form)[form.chip[0] :, form.chip[1] :]
    with path.open("wb") as stream, quiet(), sicd.NitfWriter(stream, described) as writer:
        writer.write_image(np.ascontiguousarray(image))
    if form.nsif:
        as_nsif(path)
    return _written(path, grid, form)


def pixels(grid: SicdGrid, form: SicdForm) -> NDArray[Any]:
    """Return the picture in the type of the form, shape (rows, columns)."""
    scene, take = grid.scene, grid.take
    lon, lat = grid.ground()
    sigma = np.nan_to_num(scene.sample(take.polarisations[0], lon, lat))
    scale = base() if form.quantity is None else _scale(grid)
    amplitude = np.sqrt(sigma * _factor(take, form.quantity) / scale)
    rng = np.random.default_rng(form.seed)
    phase = rng.uniform(0, 2 * np.pi, amplitude.shape)
    if form.pixels == "RE32F_IM32F":
        turned: NDArray[Any] = (amplitude * np.exp(1j * phase)).astype(np.complex64)
        return turned
    found: NDArray[Any] = np.zeros(amplitude.shape, sicd.PIXEL_TYPES[form.pixels]["dtype"])
    if form.pixels == "RE16I_IM16I":
        found["real"], found["imag"] = np.rint(amplitude * np.cos(phase)), np.rint(amplitude * np.sin(phase))
        return found
    table = amplitude_table() if form.table else np.arange(256.0)
    scaled = amplitude if form.table else amplitude * (255.0 / amplitude_table()[-1])
    found["amp"] = _dithered(scaled, table, rng)
    found["phase"] = np.rint(phase / (2 * np.pi) * 256).astype(int) % 256
    return found


def _scale(grid: SicdGrid) -> NDArray[np.float64]:
    """Return the radiometric factor of every pixel."""
    rows, cols = grid.shape
    x = (np.arange(rows) - grid.scp[0])[:, None] * grid.spacing[0]
    y = (np.arange(cols) - grid.scp[1])[None, :] * grid.spacing[1]
    return base() * (1 + grid.per_metre(SLOPE) * (x + y))


def _factor(take: Take, quantity: str | None) -> float:
    theta = math.radians(take.incidence_deg)
    return {"beta0": 1 / math.sin(theta), "gamma0": 1 / math.cos(theta)}.get(quantity or "", 1.0)


def _dithered(
    amplitude: NDArray[np.float64], table: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the level below or above each amplitude, by chance, so that the mean power is kept."""
    low = np.clip(np.searchsorted(table, amplitude, side="right") - 1, 0, 254)
    below, above = table[low] ** 2, table[low + 1] ** 2
    share = np.clip((amplitude**2 - below) / (above - below), 0, 1)
    found: NDArray[np.uint8] = (low + (rng.uniform(size=amplitude.shape) < share)).astype(np.uint8)
    return found


def _written(path: Path, grid: SicdGrid, form: SicdForm) -> Written:
    take = grid.take
    sine = math.sin(math.radians(take.incidence_deg))
    expected: dict[str, Any] = {
        "constellation": take.constellation,
        "platform": take.platform,
        "start": take.start,
        "stop": take.stop,
        "mode": take.mode,
        "polarisations": take.polarisations[:1],
        "look": LookSide(take.look),
        "pass_direction": take.pass_direction,
        "incidence_deg": take.incidence_deg,
        "look_azimuth_deg": take.look_azimuth_deg,
        "frequency_ghz": take.frequency_ghz,
        "resolution_m": max(WIDTH * form.spacing[0] / sine, WIDTH * form.spacing[1]),
        "received": take.received,
        "level": "SICD",
        "details": {
            "proc:raw_platform": collector(take),
            "proc:grid_type": "RGAZIM" if form.polar else "RGZERO",
            "proc:pixel_type": form.pixels,
            "processing:software": "Nightglass simulate",
            "sar:bandwidth": "0.3",
        },
    }
    return Written(
        path=path,
        files=(path,),
        expected=expected,
        quantity=form.quantity,
        footprint=grid.scene.footprint,
        handling=dict(security_truth(take)),
    )
