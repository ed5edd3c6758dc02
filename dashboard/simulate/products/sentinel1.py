"""Miniature Sentinel-1 products in SAFE folders: ground range, stripmap SLC, and SLC of bursts in three swaths."""

import itertools
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashboard.model.acquisition import LookSide
from dashboard.simulate.products import sentinel1_xml as xml
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.sentinel1_files import Folder, Image, write_image
from dashboard.simulate.products.sentinel1_sheet import (
    GRD_M,
    LIGHT_M_S,
    SAMPLING_HZ,
    control_of,
    moment_at,
    sheet_of,
)
from dashboard.simulate.products.slant import SlantGrid, ground_grid, slant_grid
from dashboard.simulate.products.take import CAVEAT, Take, Written

LINE_M = 13.9
"""Between lines of an image of bursts."""
SM_LINE_M, SM_SAMPLING_HZ = 4.0, 80.0e6
NAMES = {("VV",): "SV", ("HH",): "SH", ("VV", "VH"): "DV", ("HH", "HV"): "DH", ("VH",): "VH", ("HV",): "HV"}
BURSTS = 3
BURST_OVERLAP, SWATH_OVERLAP = 12, 24
INVALID_LINES, INVALID_SAMPLES = 2, 5
"""At the edges of each burst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Safe:
    """How a product is made."""

    software: str = xml.SOFTWARE
    cog: bool = False
    zipped: bool = False


def write_grd(folder: Path, scene: Scene, take: Take, how: Safe = Safe()) -> Written:
    """Write a detected image in ground range, all polarisations, as a SAFE folder or its zip.

    Parameters
    ----------
    folder : in which the SAFE folder is made
    scene : the ground
    take : from where it is seen; Sentinel-1 looks right
    how : version of the processor (before 2.90 noise is listed otherwise, and the left border holds noise), cloud-
        optimised measurement, zip
    """
    grid = ground_grid(scene, take, GRD_M, GRD_M)
    safe = Folder(folder / f"{_name(take, 'GRDH', how)}.SAFE", take, "GRD", how.software)
    whole = sheet_of(grid, take, swath=take.mode, kind="GRD")
    for number, polarisation in enumerate(take.polarisations, start=1):
        sheet = replace(whole, polarisation=polarisation, number=number)
        picture = grid.power(polarisation)
        write_image(safe, Image(sheet=sheet, sigma0=picture, points=control_of(sheet), cog=how.cog))
    return _finished(safe, grid, how)


def write_slc_stripmap(folder: Path, scene: Scene, take: Take, how: Safe = Safe()) -> Written:
    """Write single-look complex images in slant range without bursts; parameters as in `write_grd`."""
    take = replace(take, mode="SM")
    grid = slant_grid(scene, take, SM_LINE_M, LIGHT_M_S / 2 / SM_SAMPLING_HZ)
    safe = Folder(folder / f"{_name(take, 'SLC_', how)}.SAFE", take, "SLC", how.software)
    whole = sheet_of(grid, take, swath="S3", kind="SLC")
    for number, polarisation in enumerate(take.polarisations, start=1):
        sheet = replace(whole, polarisation=polarisation, number=number)
        write_image(safe, Image(sheet=sheet, sigma0=grid.power(polarisation), points=control_of(sheet)))
    return _finished(safe, grid, how)


def write_slc_bursts(folder: Path, scene: Scene, take: Take, how: Safe = Safe()) -> Written:
    """Write single-look complex images of three swaths in bursts; parameters as in `write_grd`."""
    take = replace(take, mode="IW")
    grid = slant_grid(scene, take, LINE_M, LIGHT_M_S / 2 / SAMPLING_HZ)
    safe = Folder(folder / f"{_name(take, 'SLC_', how)}.SAFE", take, "SLC", how.software)
    whole = sheet_of(grid, take, swath="IW", kind="SLC")
    for k, polarisation in enumerate(take.polarisations):
        power = grid.power(polarisation)
        for swath in range(3):
            sheet = replace(whole, polarisation=polarisation, number=3 * k + swath + 1, swath=f"IW{swath + 1}")
            write_image(safe, _swath(grid, take, sheet, power))
    return _finished(safe, grid, how)


def _name(take: Take, kind: str, how: Safe) -> str:
    unit, stamp = take.platform[-1].upper(), "%Y%m%dT%H%M%S"
    code = NAMES[take.polarisations]
    name = (
        f"S1{unit}_{take.mode}_{kind}_1S{code}_{take.start:{stamp}}_{take.stop:{stamp}}_{take.orbit_number:06d}_00ABCD_"
        f"{take.orbit_number % 65521:04X}"
    )
    return name + ("_COG" if how.cog else "")


def _swath(grid: SlantGrid, take: Take, sheet: xml.Sheet, power: NDArray[np.float32]) -> Image:
    """Return one swath: its columns of the whole image, its bursts one below the other, each with invalid edges."""
    swath = int(sheet.swath[-1]) - 1
    left, right = _spans(grid.shape[1], 3, SWATH_OVERLAP)[swath]
    spans = _spans(grid.shape[0], BURSTS, BURST_OVERLAP + 2 * swath)  # swaths are not cut at the same lines
    lines = max(bottom - top for top, bottom in spans)
    spans = [(min(top, grid.shape[0] - lines), min(top, grid.shape[0] - lines) + lines) for top, _ in spans]
    first = np.full(lines, INVALID_SAMPLES if swath else 0)
    last = np.full(lines, right - left - 1 - (INVALID_SAMPLES if swath < 2 else 0))
    bursts, pieces = [], []
    for b, (top, bottom) in enumerate(spans):
        ends = [*range(INVALID_LINES if b else 0), *range(lines - (INVALID_LINES if b < BURSTS - 1 else 0), lines)]
        firsts, lasts = first.copy(), last.copy()
        firsts[ends] = lasts[ends] = -1
        piece = power[top:bottom, left:right].copy()
        at = np.arange(right - left)
        piece[(at < firsts[:, None]) | (at > lasts[:, None]) | (firsts[:, None] < 0)] = 0.0
        pieces.append(piece)
        moment = moment_at(grid, take, float(grid.times[top]))
        bursts.append(
            {"azimuthTime": xml.utc(moment), "firstValidSample": xml.whole(firsts), "lastValidSample": xml.whole(lasts)}
        )
    middle = (left + right) / 2 / grid.shape[1]
    inner = [dict(point) for point in sheet.points if left <= int(str(point["pixel"])) < right]
    for point in inner:
        point["pixel"] = int(str(point["pixel"])) - left
    sheet = replace(
        sheet,
        shape=(lines * BURSTS, right - left),
        slant_range_s=float(grid.ranges[left]) * 2 / LIGHT_M_S,
        incidence_deg=sheet.incidence_range_deg[0] * (1 - middle) + sheet.incidence_range_deg[1] * middle,
        points=inner,
        bursts=bursts,
        lines_per_burst=lines,
    )
    return Image(sheet=sheet, sigma0=np.concatenate(pieces), points=control_of(sheet))


def _spans(whole: int, parts: int, overlap: int) -> list[tuple[int, int]]:
    """Return overlapping spans that cover a length."""
    edges = np.linspace(0, whole, parts + 1).round().astype(int)
    return [(max(0, int(a) - overlap // 2), min(whole, int(b) + overlap // 2)) for a, b in itertools.pairwise(edges)]


def _finished(safe: Folder, grid: SlantGrid, how: Safe) -> Written:
    """Write the manifest and what a reader must find."""
    take = safe.take
    edge = [(-0.5, -0.5), (-0.5, grid.shape[1] - 0.5), (grid.shape[0] - 0.5, grid.shape[1] - 0.5)]
    corners = [*edge, (grid.shape[0] - 0.5, -0.5)]
    lon, lat = grid.place(np.array([c[0] for c in corners]), np.array([c[1] for c in corners]))
    ring = list(zip(lon.tolist(), lat.tolist(), strict=True))
    text = xml.manifest(take, safe.kind, ring, safe.objects, how.software)
    (safe.path / "manifest.safe").write_text(text, encoding="utf-8")
    path, files = safe.path, tuple(sorted(p for p in safe.path.rglob("*") if p.is_file()))
    if how.zipped:
        path = Path(shutil.make_archive(str(safe.path.with_suffix("")), "zip", safe.path.parent, safe.path.name))
        shutil.rmtree(safe.path)
        files = (path,)
    return Written(
        path=path,
        files=files,
        expected=_expected(safe, grid),
        quantity="sigma0",
        footprint=grid.footprint,
        handling={"caveats": frozenset({CAVEAT}), "regimes": frozenset(), "attributions": frozenset()},
    )


def _expected(safe: Folder, grid: SlantGrid) -> dict[str, object]:
    take, incidence = safe.take, grid.incidence_deg()
    return {
        "id": safe.path.name.removesuffix(".SAFE"),
        "constellation": "sentinel-1",
        "platform": take.platform,
        "start": take.start,
        "stop": take.stop,
        "mode": take.mode,
        "polarisations": take.polarisations,
        "look": LookSide.RIGHT,
        "pass_direction": take.pass_direction,
        "track": take.track,
        "incidence_deg": float(incidence[len(incidence) // 2]),
        "look_azimuth_deg": take.look_azimuth_deg,
        "frequency_ghz": xml.FREQUENCY_HZ / 1e9,
        "level": safe.kind,
        "received": take.received,
        "details": {
            "proc:raw_platform": f"SENTINEL-1 {take.platform[-1].upper()}",
            "sat:absolute_orbit": str(take.orbit_number),
            "proc:range_plane": "ground" if safe.kind == "GRD" else "slant",
            "product:timeliness_category": "Fast-24h",
            "proc:slice": "7 of 9",
            "proc:datatake_id": "43981",
            "processing:software": f"Sentinel-1 IPF {safe.software}",
            "processing:level": "L1",
        },
    }
