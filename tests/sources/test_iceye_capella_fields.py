"""The tables of fields say what is true: what they map is there in a complete product."""

from pathlib import Path

import pytest
from product_truth import see

from dashboard.simulate.products import capella, iceye, iceye_legacy
from dashboard.simulate.products.iceye_image import Delivery
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take
from dashboard.sources.capella.systems import FIELDS as CAPELLA
from dashboard.sources.iceye.systems import FIELDS as ICEYE
from dashboard.sources.iceye.systems import LEGACY_FIELDS as LEGACY
from dashboard.sources.product import Field

TINY = mini_scene(4.0, (30, 40))
ICEYE_TAKE = Take(constellation="iceye", platform="iceye-x11", mode="SLF")
CAPELLA_TAKE = Take(constellation="capella", platform="capella-14", mode="SP", polarisations=("HH",))
NOT_STATED = {"track", "handling"}
"""Attributes that these products leave empty."""


def write_iceye(folder: Path) -> Path:
    return iceye.write_slc(folder, TINY, ICEYE_TAKE, Delivery(exponent=0.5)).path


def write_legacy(folder: Path) -> Path:
    return iceye_legacy.write_slc(folder, TINY, ICEYE_TAKE).path


def write_capella(folder: Path) -> Path:
    return capella.write_slc(folder, TINY, CAPELLA_TAKE).path


@pytest.mark.parametrize(
    ("fields", "write"),
    [(ICEYE, write_iceye), (LEGACY, write_legacy), (CAPELLA, write_capella)],
    ids=["iceye", "legacy", "capella"],
)
def test_mapped_fields_are_found(tmp_path: Path, fields: tuple[Field, ...], write) -> None:
    found = see(write(tmp_path)).product.acquisition
    details = dict(found.details)
    places = {field.where for field in fields if field.where}
    keys = {place.removeprefix("details: ") for place in places if place.startswith("details: ")}
    assert keys - details.keys() == set()
    attributes = {place for place in places if not place.startswith("details: ")} - NOT_STATED
    assert {name for name in attributes if getattr(found, name) is None} == set()
    assert len({field.name for field in fields}) == len(fields)
    assert all(field.where or field.note for field in fields)
