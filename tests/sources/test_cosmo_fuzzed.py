"""Any attribute of a COSMO-SkyMed product may hold anything: it is read, or refused by an error made for people."""

import contextlib
import shutil
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.catalog.records import row_of
from dashboard.model.errors import NightglassError
from dashboard.simulate.products.cosmo import write_dgm, write_gec, write_scs
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take
from dashboard.sources.cosmo.reader import CosmoReader
from dashboard.sources.product import Product

TAKES = (
    Take(constellation="cosmo-skymed", platform="cosmo-skymed-4", mode="HIMAGE"),
    Take(constellation="csg", platform="csg-1", mode="STRIPMAP"),
)
MINI = mini_scene(8.0, (12, 16))

FACTORS = (1.0001, -1.0, 2.0, 1e3, 1e-3, 1e6, 1e-9)
NUMBERS = (float("nan"), float("inf"), -1.0, 0.0, 1e308, -1e308, 1e-308, 1e10, 90.0, 7, 2**62, np.uint64(2**63), True)
TEXTS = (
    "", "x", "1e999", "2024-13-45 99:99:99", "9999-12-31 23:59:59.999999999", "0001-01-01 00:00:00.0", "UTM", "UPS",
    "SCS_B", "GEC_B", "DGM_U", "SLANT RANGE/AZIMUTH", "GROUND RANGE/AZIMUTH", "LEFT", "LATE-EARLY", "FAR-NEAR",
    "A" * 3000, "../../x", np.bytes_(b"\xff\xfez"),
)  # fmt: skip
TABLES = (
    np.zeros(0), np.zeros((2, 2)), np.full(3, np.nan), np.zeros(3), np.array([90.0, 180.0, 9000.0]),
    np.array([-90.0, -180.0, -500.0]), np.array([1e300, 1e300]), np.array([b"a", b"b"]), h5py.Empty("f8"),
)  # fmt: skip
harms = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.one_of(
            st.just(("remove", None)),
            st.tuples(st.just("scale"), st.sampled_from(FACTORS)),
            st.tuples(st.just("set"), st.sampled_from(range(len(NUMBERS) + len(TEXTS) + len(TABLES)))),
            st.tuples(st.just("element"), st.tuples(st.integers(0, 99), st.sampled_from(NUMBERS[:9]))),
        ),
    ),
    min_size=1,
    max_size=3,
)


def harm(file: h5py.File, number: int, kind: str, how: object) -> None:
    """Change one attribute of those that the raster, its group and the root have."""
    image = file["S01"]["SBI" if "SBI" in file["S01"] else "IMG"]
    places = [(place, name) for place in (file, file["S01"], image) for name in place.attrs]
    place, name = places[number % len(places)]
    value = place.attrs[name]
    if kind == "remove":
        del place.attrs[name]
    elif kind == "set":
        place.attrs[name] = (*NUMBERS, *TEXTS, *TABLES)[how]
    elif isinstance(value, np.ndarray | np.number) and np.size(value) and np.asarray(value).dtype.kind in "iuf":
        changed = np.atleast_1d(np.asarray(value, np.float64)).copy()
        if kind == "scale":
            changed *= how
        else:
            changed.flat[how[0] % changed.size] = how[1]
        place.attrs[name] = changed if np.ndim(value) else changed[0]


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("whole")
    found = []
    for take in TAKES:
        at = folder / take.constellation
        found += [
            write_gec(at / "gec", MINI, take).path,
            write_dgm(at / "dgm", MINI, take, spacing_m=(8.0, 8.0)).path,
            write_scs(at / "scs", MINI, take, spacing_m=(8.0, 5.0)).path,
        ]
    return found


@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(which=st.integers(0, 5), done=harms)
def test_any_attribute_may_hold_anything(bundles: list[Path], tmp_path: Path, which: int, done: list) -> None:
    path = tmp_path / bundles[which].name
    shutil.copy(bundles[which], path)
    with h5py.File(path, "r+") as file, np.errstate(all="ignore"):
        for number, (kind, how) in done:
            harm(file, number, kind, how)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The fit may be poorly conditioned")
        with contextlib.suppress(NightglassError):
            (product,) = CosmoReader().read(path)
            use(product)


def use(product: Product) -> None:
    """Take everything from a product as ingest does."""
    row_of(product.acquisition)
    assert product.power is not None
    try:
        rows, cols = product.power.geobox.shape
        for name in product.power.polarisations:
            product.power.read(name, slice(0, min(rows, 64)), slice(0, min(cols, 4096)))
    finally:
        product.close()
