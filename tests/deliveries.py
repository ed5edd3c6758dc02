"""One tiny product of every form that is written, for tests of the whole chain."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dashboard.simulate.products import (
    alos,
    blacksky,
    capella,
    cosmo,
    iceye,
    iceye_legacy,
    maxar,
    nitf,
    opera,
    qps,
    sentinel1,
    sicd,
    sidd,
    umbra,
)
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.sicd_form import SicdForm
from dashboard.simulate.products.take import Take, Written

MAP, SLANT = mini_scene(4.0, (30, 40)), mini_scene(2.0, (60, 80))
WIDE = mini_scene(10.0, (40, 50))
MARKED = {"marking": "R", "releasable_to": ["DEU", "UKR"]}

ALOS = Take(
    constellation="alos", platform="alos-2", mode="UBD", polarisations=("HH", "HV"), frequency_ghz=1.2365,
    altitude_m=628_000.0,
)  # fmt: skip
ALOS_4 = Take(
    constellation="alos", platform="alos-4", mode="UBS", polarisations=("HH",), frequency_ghz=1.2365,
    altitude_m=628_000.0,
)  # fmt: skip
BLACKSKY = Take(constellation="blacksky", platform="blacksky-global-14", incidence_deg=17.0)
CAPELLA = Take(constellation="capella", platform="capella-14", mode="SP", polarisations=("HH",))
COSMO = Take(constellation="cosmo-skymed", platform="cosmo-skymed-4", mode="HIMAGE")
CSG = Take(constellation="csg", platform="csg-1", mode="STRIPMAP", polarisations=("HH",))
ICEYE = Take(constellation="iceye", platform="iceye-x11", mode="SLF", resolution_m=0.5)
LEGACY = Take(constellation="iceye", platform="iceye-x6", mode="SLH", resolution_m=0.5)
LUPE = Take(constellation="sar-lupe", platform="sar-lupe-3", handling=MARKED)
MAXAR = Take(constellation="maxar", platform="worldview-3", incidence_deg=21.0)
QPS = Take(constellation="qps-sar", platform="qps-sar-7", mode="SL", polarisations=("HH",), resolution_m=0.6)
SARAH = Take(constellation="sarah", platform="sarah-2", handling=MARKED)
SENTINEL = Take(
    constellation="sentinel-1", platform="sentinel-1a", mode="IW", polarisations=("VV", "VH"), incidence_deg=38.0,
    track=7, altitude_m=693_000.0,
)  # fmt: skip
STRIPMAP = Take(
    constellation="sentinel-1", platform="sentinel-1b", mode="SM", polarisations=("VV",), incidence_deg=38.0,
    track=7, altitude_m=693_000.0,
)  # fmt: skip
BURSTS = Take(
    constellation="sentinel-1", platform="sentinel-1c", mode="IW", polarisations=("VV",), incidence_deg=38.0,
    track=7, altitude_m=693_000.0,
)  # fmt: skip
RTC = Take(
    constellation="sentinel-1", platform="sentinel-1a", mode="IW", polarisations=("VV", "VH"), track=137,
    frequency_ghz=5.405,
)  # fmt: skip
UMBRA = Take(constellation="umbra", platform="umbra-04", mode="SPOTLIGHT", resolution_m=1.0)


@dataclass(frozen=True, slots=True)
class Form:
    """One form of one system."""

    write: Callable[..., Written]
    scene: Scene
    take: Take

    def deliver(self, folder: Path) -> Written:
        """Write the product into a folder of its own."""
        folder.mkdir(parents=True)
        return self.write(folder, self.scene, self.take)


FORMS: dict[str, Form] = {
    "iceye-grd": Form(iceye.write_grd, MAP, ICEYE),
    "iceye-slc": Form(iceye.write_slc, SLANT, ICEYE),
    "iceye-csi": Form(iceye.write_csi, SLANT, ICEYE),
    "iceye-legacy-grd": Form(iceye_legacy.write_grd, MAP, LEGACY),
    "iceye-legacy-slc": Form(iceye_legacy.write_slc, SLANT, LEGACY),
    "capella-geo": Form(capella.write_geo, MAP, CAPELLA),
    "capella-gec": Form(capella.write_gec, MAP, CAPELLA),
    "capella-csi": Form(capella.write_csi, MAP, CAPELLA),
    "capella-slc": Form(capella.write_slc, SLANT, CAPELLA),
    "capella-slc-polar": Form(capella.write_slc_polar, SLANT, CAPELLA),
    "capella-sidd": Form(sidd.write_sidd, SLANT, CAPELLA),
    "umbra-gec": Form(umbra.write_gec, MAP, UMBRA),
    "umbra-csi": Form(umbra.write_csi, MAP, UMBRA),
    "umbra-sicd": Form(partial(sicd.write_sicd, form=SicdForm(spacing=(2.0, 2.5))), SLANT, UMBRA),
    "cosmo-scs": Form(cosmo.write_scs, SLANT, COSMO),
    "cosmo-dgm": Form(cosmo.write_dgm, SLANT, COSMO),
    "cosmo-gec": Form(cosmo.write_gec, MAP, COSMO),
    "cosmo-gtc": Form(cosmo.write_gtc, MAP, COSMO),
    "csg-scs": Form(cosmo.write_scs, SLANT, CSG),
    "csg-gtc": Form(cosmo.write_gtc, MAP, CSG),
    "alos-2-l11": Form(alos.write_l11, SLANT, ALOS),
    "alos-2-l15r": Form(alos.write_l15r, SLANT, ALOS),
    "alos-2-l15g": Form(alos.write_map, MAP, ALOS),
    "alos-2-geotiff": Form(alos.write_geotiff, MAP, ALOS),
    "alos-4-l11": Form(alos.write_l11, SLANT, ALOS_4),
    "alos-4-l15g": Form(alos.write_map, MAP, ALOS_4),
    "sentinel-1-grd": Form(sentinel1.write_grd, WIDE, SENTINEL),
    "sentinel-1-slc-stripmap": Form(sentinel1.write_slc_stripmap, WIDE, STRIPMAP),
    "sentinel-1-slc-bursts": Form(sentinel1.write_slc_bursts, mini_scene(20.0, (40, 40)), BURSTS),
    "sentinel-1-rtc": Form(opera.write_opera, mini_scene(30.0, (24, 30)), RTC),
    "maxar-ortho": Form(maxar.write_ortho, MAP, MAXAR),
    "maxar-standard": Form(maxar.write_standard, MAP, MAXAR),
    "maxar-basic": Form(maxar.write_basic, MAP, MAXAR),
    "blacksky-ortho": Form(blacksky.write_ortho, MAP, BLACKSKY),
    "blacksky-frame": Form(blacksky.write_frame, MAP, BLACKSKY),
    "qps-level-1.1": Form(qps.write_level_11, SLANT, QPS),
    "qps-level-1.2": Form(qps.write_level_12, MAP, QPS),
    "qps-level-1.3": Form(qps.write_level_13, MAP, QPS),
    "sar-lupe-nsif": Form(nitf.write_nitf, SLANT, LUPE),
    "sar-lupe-sicd": Form(partial(sicd.write_sicd, form=SicdForm(spacing=(2.0, 2.5), nsif=True)), SLANT, LUPE),
    "sarah-nsif": Form(nitf.write_nitf, SLANT, SARAH),
    "sarah-sidd": Form(sidd.write_sidd, SLANT, SARAH),
}
"""Name of the form -> how it is written."""
