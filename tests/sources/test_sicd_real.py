"""SICD and SIDD of other makers: their metadata are real, their pixels are few or zero."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from lxml import etree

from dashboard.model.acquisition import LookSide, PassDirection, Quantity
from dashboard.model.errors import DamagedProductError
from dashboard.sources.geocode.sensor import GEOD
from dashboard.sources.nitf.header import read_headers
from dashboard.sources.nitf.reader import NitfReader
from dashboard.sources.product import Product

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "sicd-sidd-tiny"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real SICD and SIDD files are not here")

TERRASAR = [f"croppedNitfs__SICD__cropped_sicd_{version}.nitf" for version in ("040", "100", "120")]
RADARSAT = [f"six__modules__c++__six__tests__nitf__{name}.nitf" for name in ("sicd_50x50", "sicd_French_xml")]


def read(name: str) -> Product:
    (found,) = NitfReader().read(REAL / name)
    assert isinstance(found, Product)
    return found


@pytest.mark.parametrize("name", TERRASAR)
def test_terrasar_of_three_versions(name: str) -> None:
    found = read(name)
    acquisition = found.acquisition
    assert acquisition.platform == "tsx-1"
    assert acquisition.start.isoformat() == "2008-01-27T05:17:45.588000+00:00"
    assert (acquisition.stop - acquisition.start).total_seconds() == pytest.approx(3.864829)
    assert acquisition.polarisations == ("HH",)
    assert acquisition.look is LookSide.RIGHT
    assert acquisition.pass_direction is PassDirection.DESCENDING
    assert acquisition.mode == "SL"
    assert acquisition.incidence_deg == pytest.approx(47.1757, abs=1e-3)
    assert acquisition.frequency_ghz == pytest.approx(9.65)
    assert not acquisition.calibration.valid
    assert acquisition.handling.rank == 0
    if "040" not in name:  # the look direction from the orbit is the opposite of the stated azimuth towards the radar
        stated = float(dict(acquisition.details)["proc:azimuth_angle"])
        assert acquisition.look_azimuth_deg == pytest.approx((stated + 180) % 360, abs=0.01)
        assert acquisition.geocoding is not None
        assert acquisition.geocoding.kind == "sensor"
    lon, lat = acquisition.footprint.centroid.coords[0]
    assert GEOD.inv(lon, lat, 12.22764, 47.898085)[2] < 60  # of the stated corners, which lie on the true terrain
    found.close()


@pytest.mark.parametrize("name", RADARSAT)
def test_radarsat_is_calibrated(name: str) -> None:
    found = read(name)
    acquisition = found.acquisition
    assert (acquisition.constellation, acquisition.platform) == ("rcm", "rcm-1")
    assert acquisition.calibration.quantity is Quantity.SIGMA0
    assert acquisition.pass_direction is PassDirection.ASCENDING
    assert acquisition.handling.rank == 0
    assert not acquisition.handling.conflict
    assert dict(acquisition.details)["proc:parameter:PREDICTED_RNIIRS"] == "2.8"
    source = found.power
    assert source is not None
    rows, cols = source.geobox.shape
    power = source.read("HH", slice(0, rows), slice(0, cols))
    found.close()
    # The scale of sigma0 and the pixels, by another reader.
    with rasterio.open(REAL / name, driver="NITF") as dataset:
        real, imaginary = dataset.read().astype(np.float64)
    span = read_headers(REAL / name).extensions[0].span
    root = etree.fromstring((REAL / name).read_bytes()[span.start : span.start + span.size])
    factor = float(root.findtext("{*}Radiometric/{*}SigmaZeroSFPoly/{*}Coef"))
    wanted = np.mean(real**2 + imaginary**2) * factor
    assert np.nanmean(power, dtype=np.float64) == pytest.approx(wanted, rel=0.1)
    assert power.dtype == np.float32


def test_sidd_of_terrasar() -> None:
    found = read("croppedNitfs__SIDD__cropped_sidd.nitf")
    acquisition = found.acquisition
    assert acquisition.platform == "tsx-1"
    assert acquisition.polarisations == ("HH",)
    assert acquisition.look is LookSide.RIGHT
    assert acquisition.pass_direction is PassDirection.DESCENDING
    assert acquisition.incidence_deg == pytest.approx(90 - 42.8243, abs=1e-3)
    assert acquisition.resolution_m == pytest.approx(1.2588, abs=1e-4)
    assert acquisition.received is not None
    assert acquisition.received.isoformat() == "2016-12-22T17:28:00.851980+00:00"
    lon, lat = acquisition.footprint.centroid.coords[0]
    assert GEOD.inv(lon, lat, 12.22978, 47.89904)[2] < 60
    found.close()


def test_a_file_of_zeros_for_geometry_is_refused() -> None:
    with pytest.raises(DamagedProductError, match=r"SCPPixel|spacing|contradict"):
        read("six__modules__c++__six__tests__nitf__sicd_1.1.0.nitf")


@pytest.mark.parametrize("name", [*TERRASAR, *RADARSAT])
def test_headers_hold_the_metadata(name: str) -> None:
    span = read_headers(REAL / name).extensions[0].span
    content = (REAL / name).read_bytes()[span.start : span.start + span.size]
    assert etree.QName(etree.fromstring(content)).localname == "SICD"
