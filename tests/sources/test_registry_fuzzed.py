"""Any tree of files with product-like names is walked to its end, with products and authored errors only."""

import shutil
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.model.errors import NightglassError
from dashboard.sources.product import NotRead, Product
from dashboard.sources.registry import products
from dashboard.sources.worker_process import UNFORESEEN

NAMES = (
    "manifest.safe", "summary.txt", "LED-ALOS2123452750-240612-UBDR1.5GUD", "IMG-HH-ALOS2123452750-240612-UBDR1.5GUD",
    "VOL-ALOS2123452750-240612-UBDR1.5GUD", "CSKS4_GTC_B_HI_04_VV_RD_SF_20240612174339_20240612174343.h5",
    "DFDN_CSKS4_GTC_B_HI_04_VV_RD_SF_20240612174339_20240612174343.h5.xml", "x.ntf", "x.nsf", "x.tif", "x.json",
    "x.xml",
    "CAPELLA_C14_SP_GEO_HH_20240612174339_20240612174343.tif", "x.zip", "x.tar.gz", "x.parquet", "item.geojson",
    "CAPELLA_C14_SP_GEO_HH_20240612174339_20240612174343_extended.json", "2024-06-12-17-43-39_UMBRA-04_METADATA.json",
    "2024-06-12-17-43-39_UMBRA-04_GEC.tif", "ICEYE_X6_GRD_SLH_4119892_20240612T174339.tif", "x.h5",
    "ICEYE_X6_GRD_SLH_4119892_20240612T174339.xml", "ICEYE_X6_SLC_SLH_4119892_20240612T174339.h5", "x.vrt",
    "OPERA_L2_RTC-S1_T137-292319-IW1_20240612T174339Z_20240612T210500Z_S1A_30_v1.0_VV.tif", "x.TIL", "x.IMD", "x.RPB",
    "QPS-SAR-7_20240612T174339_SL_L1.3_MLA.json", "odm_orthophoto.tif", "odm_report.json", "x_VV.tif", "x.tfw",
    "x_rpc.txt",
)  # fmt: skip
FOLDERS = (
    "",
    "S1A_IW_GRDH_1SDV_20240612T174339_20240612T174343_012345_00ABCD_3039.SAFE",
    "annotation",
    "a",
    "odm_report",
)
STARTS = (
    b"", b"II*\x00\x08\x00\x00\x00", b"MM\x00*", b"II+\x00\x08\x00\x00\x00", b"\x89HDF\r\n\x1a\n", b"NITF02.10",
    b"NSIF01.00",
    b"PK\x03\x04", b"\x1f\x8b\x08", b"<?xml version='1.0'?><x>", b"{", b'{"type": "Feature", "properties": {', b"[",
    b'{"type": "Catalog", "links": [{"rel": "item", "href": "x.json"}]}', b"PAR1", b"<VRTDataset>", b"BEGIN_GROUP = ",
    b"\x00\x00\x00\x01\x0b\xc0\x12\x12\x00\x00\x02\xd0", b'Odi_SceneId="x"\n',
)  # fmt: skip
contents = st.builds(bytes.__add__, st.sampled_from(STARTS), st.binary(max_size=120))
trees = st.dictionaries(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES)), contents, min_size=1, max_size=6)


@settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(trees)
def test_any_tree_is_walked_to_its_end(tmp_path: Path, tree: dict[tuple[str, str], bytes]) -> None:
    root = tmp_path / "tree"
    for (folder, name), content in tree.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / name).write_bytes(content)
    begun, said = time.monotonic(), []
    try:
        for found in products(root):
            if isinstance(found, Product):
                found.close()
                continue
            assert isinstance(found, NotRead)
            assert found.error is None or isinstance(found.error, NightglassError)
            said.append(found.reason)
    except NightglassError as error:
        said.append(str(error))
    finally:
        shutil.rmtree(root)
    assert time.monotonic() - begun < 20.0
    assert all(text.strip() and UNFORESEEN not in text and "the process that read it" not in text for text in said)
