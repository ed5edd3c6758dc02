"""A product of each system gives an item that is valid and says what the product said."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.simulate.products import alos, capella, cosmo, iceye, nitf, opera, sentinel1, sicd, sidd
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.product import Product
from dashboard.sources.registry import products
from dashboard.workflows.stac_item import item_of
from dashboard.workflows.stac_valid import faults, needed, typed

MARKED = {"marking": "R", "releasable_to": ["DEU", "UKR"]}
COSMO = Take(constellation="cosmo-skymed", platform="cosmo-skymed-4", mode="HIMAGE")
UMBRA = Take(constellation="umbra", platform="umbra-04", handling=MARKED)
SIDD = Take(constellation="capella", platform="capella-14", handling=MARKED)
MAP, SLANT = mini_scene(2.0, (96, 128)), mini_scene(1.0, (160, 210))
FORMS: dict[str, tuple[Callable[..., Written], object, Take]] = {
    "alos": (
        alos.write_map, mini_scene(2.5, (96, 96)),
        Take(constellation="alos", platform="alos-2", mode="UBD", polarisations=("HH", "HV"), frequency_ghz=1.2365,
             altitude_m=628_000.0),
    ),
    "capella": (capella.write_geo, MAP, Take(constellation="capella", platform="capella-14", mode="SP")),
    "cosmo-skymed": (cosmo.write_gtc, MAP, COSMO),
    "iceye": (iceye.write_grd, SLANT, Take(constellation="iceye", platform="iceye-x11", mode="SLF")),
    "sar-lupe": (nitf.write_nitf, MAP, Take(constellation="sar-lupe", platform="sar-lupe-3", handling=MARKED)),
    "opera": (
        opera.write_opera, mini_scene(30.0, (64, 80)),
        Take(constellation="sentinel-1", platform="sentinel-1a", mode="IW", polarisations=("VV", "VH"), track=137,
             frequency_ghz=5.405),
    ),
    "sentinel-1": (
        sentinel1.write_grd, mini_scene(10.0, (110, 140)),
        Take(constellation="sentinel-1", platform="sentinel-1a", mode="IW", polarisations=("VV", "VH"), track=7,
             altitude_m=693_000.0),
    ),
    "umbra": (sicd.write_sicd, mini_scene(1.0, (200, 260)), UMBRA),
    "sidd": (sidd.write_sidd, mini_scene(1.0, (96, 128)), SIDD),
}  # fmt: skip


@pytest.mark.parametrize("system", FORMS)
def test_the_item_of_a_product_is_valid(tmp_path: Path, system: str) -> None:
    write, scene, take = FORMS[system]
    (found,) = products(write(tmp_path, scene, take).path)
    assert isinstance(found, Product), found
    found.close()
    acq = found.acquisition
    item = item_of(acq, {})
    assert faults(item) == ()
    properties = item["properties"]
    assert properties["platform"] == take.platform
    for field, text in acq.details:
        if field == "processing:software":
            assert all(name in text for name in properties[field] if name not in {"nightglass", "processor"})
            assert len(properties[field]) > 1
        elif typed(field, text) is None or not set(needed(field)) <= properties.keys():
            assert properties[field if field.startswith("proc:") else "proc:" + field.replace(":", "_")] == text
        else:
            assert field in properties, field
    assert str(tmp_path) not in str(item)
    odd = [field for field, _ in acq.details if f"proc:{field.replace(':', '_')}" in properties]
    stac = [
        field
        for field in odd
        if not needed(field) and field.partition(":")[0] in {"sar", "sat", "view", "processing", "product", "eo"}
    ]
    assert stac == [], "details under names that STAC does not have"
    assert faults(item_of(replace(acq, details=()), {})) == ()
