"""How the exercise's acquisitions are delivered: each in the format of the system that is said to have taken it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from dashboard.simulate.daylight import photograph
from dashboard.simulate.image import Shot, draw
from dashboard.simulate.plan import Planned
from dashboard.simulate.product import write_product
from dashboard.simulate.products import (
    alos,
    blacksky,
    capella,
    cosmo,
    iceye,
    maxar,
    opera,
    qps,
    sentinel1,
    sicd,
    uav,
    umbra,
)
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.sicd_form import SicdForm
from dashboard.simulate.products.take import Take, Written

GROUND_M = 130.0
"""Height of the exercise's ground above the ellipsoid: flat to the geometry, whatever its hills do to the light."""

Writer = Callable[[Path, Scene, Take], Written]

FORMS: dict[str, Writer] = {
    "ICEYE GRD": iceye.write_grd,
    "COSMO-SkyMed GTC": cosmo.write_gtc,
    "Sentinel-1 GRD": lambda folder, scene, take: sentinel1.write_grd(folder, scene, take, sentinel1.Safe(zipped=True)),
    "OPERA RTC": opera.write_opera,
    "ALOS-2 CEOS 1.5": alos.write_map,
    "SICD in NSIF": lambda folder, scene, take: sicd.write_sicd(
        folder, scene, take, SicdForm(nsif=True, pixels="RE16I_IM16I", spacing=(0.9, 0.9))
    ),
    "Capella GEO": capella.write_geo,
    "QPS-SAR 1.3": qps.write_level_13,
    "Umbra GEC": umbra.write_gec,
    "BlackSky ortho": blacksky.write_ortho,
    "Maxar ortho": maxar.write_ortho,
    "UAV orthomosaic": uav.write_ortho,
    "COSMO-SkyMed 2nd generation DGM": lambda folder, scene, take: cosmo.write_dgm(
        folder, scene, take, spacing_m=(3.0, 3.0)
    ),
}
"""Name in the plan -> what writes it."""


def deliver(planned: Planned, folder: Path, seed: int) -> Path:
    """Simulate one acquisition and write it into an empty folder, as its provider would.

    Returns
    -------
    what a person would hand over: the folder
    """
    writer = FORMS.get(planned.stack.form)
    if writer is None:
        write_product(planned, folder, seed)
    else:
        writer(folder, scene_of(planned, seed), take_of(planned))
    return folder


def scene_of(planned: Planned, seed: int) -> Scene:
    """Return the ground of an acquisition as its radar records it, speckle included, or as its camera does."""
    stack = planned.stack
    if stack.optical:
        clouds = stack.clouds[stack.days.index(int(planned.day))]
        light = photograph(seed, planned.day, planned.grid, clouds=clouds)
        return Scene(
            planned.grid.geobox, GROUND_M, dict(zip(stack.polarisations, light.astype(np.float32), strict=True))
        )
    drawn = {
        name: draw(
            Shot(
                seed=seed,
                number=planned.number,
                day=planned.day,
                grid=planned.grid,
                look=stack.geometry,
                band=stack.band,
                polarisation=name,
                looks=stack.looks,
            )
        )
        for name in stack.polarisations
    }
    return Scene(planned.grid.geobox, GROUND_M, drawn)


def take_of(planned: Planned) -> Take:
    """Return who took it, when and how."""
    stack = planned.stack
    return Take(
        constellation=stack.constellation,
        platform=stack.platform,
        start=planned.start,
        duration=stack.duration,
        received=planned.received,
        mode=stack.mode,
        polarisations=stack.polarisations,
        look=stack.look,
        pass_direction=stack.pass_direction,
        incidence_deg=stack.incidence_deg,
        frequency_ghz=stack.frequency_ghz,
        resolution_m=stack.resolution_m,
        looks=float(stack.looks),
        track=stack.track,
        handling=stack.handling,
    )
