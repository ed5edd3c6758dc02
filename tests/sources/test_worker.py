"""The process that reads products is replaced when it dies, hangs or swells; what it held is refused, not wrong."""

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.model.acquisition import Acquisition, Origin
from dashboard.model.errors import DamagedProductError, UnknownUnitsError
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take
from dashboard.sources.product import NOTHING_GIVEN, Found, Given, Product, System
from dashboard.sources.worker import Worker
from dashboard.sources.worker_process import UNFORESEEN

TAKE = Take(constellation="made-up", platform="made-up-1")


class Ramp:
    """Power that says where it was read."""

    geobox = GeoBox((40, 30), Affine(2, 0, 500_000, 0, -2, 5_500_000), "EPSG:32637")
    polarisations = ("VV", "VH")

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        down, across = np.mgrid[rows, cols]
        return (down * 100 + across + (0.5 if polarisation == "VH" else 0)).astype(np.float32)

    def close(self) -> None:
        pass


class Obedient:
    """Does what the file's text says."""

    name = "obedient"
    looks_for = "orders"
    systems: tuple[System, ...] = ()

    def sniff(self, path: Path) -> float:
        return 1.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        order = path.read_text()
        if order == "crash":
            ctypes.string_at(0)
        if order == "hang":
            time.sleep(60)
        if order == "swell":
            held = [np.ones(2**28) for _ in range(8)]
            assert held
        if order == "typed":
            raise UnknownUnitsError("the units are unknown")
        if order == "untyped":
            raise KeyError("nothing here")
        for number in range(3):
            yield Product(
                acquisition=Acquisition(
                    id=f"made-up-{number}",
                    constellation="made-up",
                    start=TAKE.start,
                    stop=TAKE.stop,
                    footprint=mini_scene().footprint,
                    origin=Origin(reader=self.name, reader_version=str(os.getpid()), product_sha256="0"),
                ),
                power=Ramp(),
                paths=(path,),
            )


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    found = Worker({"obedient": Obedient()})
    yield found
    found.end()


@pytest.fixture
def order(tmp_path: Path) -> Iterator[object]:
    def write(text: str) -> Path:
        path = tmp_path / f"{text}.txt"
        path.write_text(text)
        return path

    return write


def read(worker: Worker, path: Path) -> list[Product]:
    return [found for found in worker.read("obedient", path, NOTHING_GIVEN) if isinstance(found, Product)]


def test_products_come_with_their_pixels(worker: Worker, order) -> None:
    found = read(worker, order("go"))
    assert [p.acquisition.id for p in found] == ["made-up-0", "made-up-1", "made-up-2"]
    assert found[0].acquisition.origin.reader_version != str(os.getpid())
    power = found[1].power
    assert power is not None
    assert power.geobox == Ramp.geobox
    assert power.polarisations == ("VV", "VH")
    wanted = Ramp().read("VH", slice(3, 9), slice(2, 5))
    np.testing.assert_array_equal(power.read("VH", slice(3, 9), slice(2, 5)), wanted)
    found[1].close()
    np.testing.assert_array_equal(power.read("VH", slice(3, 9), slice(2, 5)), wanted)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("crash", rf"crash\.txt.*signal {signal.SIGSEGV.value}"),
        ("hang", r"hang\.txt.*no answer"),
        ("swell", r"swell\.txt needs more than 2 GB"),
        ("untyped", rf"untyped\.txt is damaged {UNFORESEEN} \(KeyError"),
    ],
)
def test_a_bad_product_costs_itself_only(
    worker: Worker, order, text: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read(worker, order("go"))
    monkeypatch.setattr("dashboard.sources.worker.PATIENCE_S", 1.0 if text == "hang" else 20.0)
    with pytest.raises(DamagedProductError, match=words):
        read(worker, order(text))
    assert len(read(worker, order("go"))) == 3


def test_a_typed_error_arrives_as_itself(worker: Worker, order) -> None:
    with pytest.raises(UnknownUnitsError, match="the units are unknown"):
        read(worker, order("typed"))


def test_pixels_of_a_process_that_died_are_refused(worker: Worker, order) -> None:
    found = read(worker, order("go"))
    with pytest.raises(DamagedProductError):
        read(worker, order("crash"))
    assert found[0].power is not None
    with pytest.raises(DamagedProductError, match="read the product again"):
        found[0].power.read("VV", slice(0, 1), slice(0, 1))
    found[0].close()


def test_a_process_that_died_between_two_products_costs_neither(worker: Worker, order) -> None:
    found = read(worker, order("go"))
    os.kill(int(found[0].acquisition.origin.reader_version), signal.SIGKILL)
    time.sleep(0.3)
    assert len(read(worker, order("go"))) == 3


def test_products_that_end_the_process_cost_themselves_and_not_what_comes_after(worker: Worker, order) -> None:
    """Two of three end it, one over its pixels and one while nobody asks; closing what was open there is no failure."""
    stream, seen = worker.read("obedient", order("go"), NOTHING_GIVEN), []
    for found in stream:
        assert isinstance(found, Product)
        assert found.power is not None
        seen.append(found.acquisition.id)
        if len(seen) < 3:
            os.kill(int(found.acquisition.origin.reader_version), signal.SIGKILL)
        if len(seen) == 1:
            with pytest.raises(DamagedProductError, match="signal 9"):
                found.power.read("VV", slice(0, 1), slice(0, 1))
        found.close()
    assert seen == ["made-up-0", "made-up-1", "made-up-2"]
    assert found.power.read("VH", slice(0, 1), slice(0, 1)) == 0.5


def test_a_read_may_be_left_in_the_middle(worker: Worker, order) -> None:
    stream = worker.read("obedient", order("go"), NOTHING_GIVEN)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert len(read(worker, order("go"))) == 3
