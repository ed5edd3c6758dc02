"""HDF5 that names other files, or announces what it cannot hold, is refused by name."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.errors import DamagedProductError, GridMismatchError
from dashboard.sources.hdf5.opening import attribute, child, names, numbers, open_h5, pixels
from dashboard.sources.hdf5.pixels import H5Native, Turned, power_of


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with what an image file has, and what it must not have."""
    folder = tmp_path_factory.mktemp("hdf5")
    found, other = folder / "x.h5", folder / "other.h5"
    with h5py.File(other, "w") as file:
        file["secret"] = np.ones((4, 4))
        file.attrs["text"] = "secret"
    with h5py.File(found, "w") as file:
        file["S01/SBI"] = np.arange(24, dtype=np.int16).reshape(4, 3, 2)
        file["other"] = np.zeros((5, 3), np.int16)
        file["S01/real"] = np.arange(12.0).reshape(4, 3)
        file["soft"] = h5py.SoftLink("/S01")
        file["there"] = h5py.ExternalLink(str(other), "/")
        file["soft_there"] = h5py.ExternalLink(str(other), "/secret")
        file.create_dataset("outside", (10, 10), "i2", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])
        layout = h5py.VirtualLayout((4, 4), "f8")
        layout[...] = h5py.VirtualSource(other, "secret", (4, 4))
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("lzf", data=np.ones((20, 20)), compression="lzf")
        file.create_dataset("bomb", (60_000, 60_000), "i2", chunks=(1000, 1000), compression="gzip")
        file.create_dataset("absurd", (500_000, 2), "u1", chunks=(1000, 2))
        file.create_dataset("late", (100, 100), "u1")
        file.create_dataset("packed", data=np.ones((20, 20)), chunks=(10, 10), compression="gzip", shuffle=True)
        file["words"] = np.array([b"a", b"b"])
        file["line"] = np.arange(5)
        file["planes"] = np.zeros((3, 3, 4))
        file.attrs.update({"text": "x ", "bytes": np.bytes_("y"), "one": 3, "list": [4.5], "nan": np.nan, "blank": ""})
        file.attrs.update({"infinite": np.inf, "partly": [1.0, np.nan]})
        file.attrs["table"] = np.arange(6.0).reshape(2, 3)
        file.attrs["empty"] = h5py.Empty("f8")
        file.attrs["reference"] = file["S01"].ref
    return found


def test_safe_things_are_read(path: Path) -> None:
    with open_h5(path) as file:
        assert pixels(file, "S01/SBI", "x").shape == (4, 3, 2)
        assert [attribute(file, name, str, "x") for name in ("text", "bytes", "blank", "none")] == [
            "x",
            "y",
            None,
            None,
        ]
        assert attribute(file, "one", int, "x") == 3
        assert attribute(file, "list", float, "x") == 4.5
        assert attribute(file, "empty", float, "x") is None
        assert numbers(file, "table", "x").shape == (2, 3)
        assert numbers(file, "one", "x").tolist() == [3.0]
        assert (attribute(file, "nan", float, "x"), numbers(file, "nan", "x")) == (None, None)
        assert child(file, "S01/none", "x") is None
        assert child(file, "S01/SBI/deeper", "x") is None
        assert names(file["S01"], "x") == ("SBI", "real")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("soft/SBI", "link to another place"),
        ("there/secret", "link to another place"),
        ("soft_there", "link to another place"),
        ("outside", "lies in another file"),
        ("virtual", "lies in another file"),
        ("lzf", "filter 32000"),
        ("bomb", "announces 7,200,000,000 bytes"),
        ("absurd", "500,000 x 2 pixels"),
        ("late", "truncated"),
        ("words", "has the shape"),
        ("line", "has the shape"),
        ("planes", "has the shape"),
        ("none", "no dataset none"),
        ("S01", "no dataset S01"),
    ],
)
def test_unsafe_images_are_refused(path: Path, name: str, words: str) -> None:
    with open_h5(path) as file, pytest.raises(DamagedProductError, match=words) as caught:
        pixels(file, name, "x.h5")
    assert "x.h5" in str(caught.value)


def test_chunks_that_fill_the_memory_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.sources.hdf5.opening.MOST_CHUNK_BYTES", 100)
    with open_h5(path) as file, pytest.raises(DamagedProductError, match=r"packed has chunks of 800 bytes"):
        pixels(file, "packed", "x.h5")


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda file: attribute(file, "infinite", float, "x.h5"), "infinite is 'inf', which is not a number"),
        (lambda file: attribute(file, "text", float, "x.h5"), "text is"),
        (lambda file: attribute(file, "table", float, "x.h5"), "table is"),
        (lambda file: attribute(file, "table", str, "x.h5"), "table is"),
        (lambda file: attribute(file, "list", int, "x.h5"), "list is 4.5|list is '4.5'"),
        (lambda file: numbers(file, "text", "x.h5"), "text is"),
        (lambda file: numbers(file, "infinite", "x.h5"), "infinite is"),
        (lambda file: numbers(file, "partly", "x.h5"), "partly is"),
        (lambda file: attribute(file, "reference", str, "x.h5"), "reference is"),
        (lambda file: names(file, "x.h5", most=3), "limit is 3"),
    ],
)
def test_wrong_attributes_are_named(path: Path, read: Callable[[h5py.File], object], words: str) -> None:
    with open_h5(path) as file, pytest.raises(DamagedProductError, match=words) as caught:
        read(file)
    assert "x.h5" in str(caught.value)


def test_an_attribute_of_megabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["large"] = np.zeros(4_000_000)
    tracemalloc.start()
    try:
        with open_h5(path) as file, pytest.raises(DamagedProductError, match="large has 32,000,000 bytes"):
            attribute(file, "large", float, "large.h5")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(3000), b"text"])
def test_no_hdf5_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "no.h5"
    path.write_bytes(content)
    with pytest.raises(DamagedProductError, match=r"no\.h5"), open_h5(path):
        pass


def test_errors_of_the_reader_are_not_taken_for_damage(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_h5(path):
        _ = 1 / 0


@given(data=st.data())
def test_windows_of_a_turned_image_are_windows_of_the_whole(data: st.DataObject, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("turned", numbered=True)
    rows, cols = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    image = np.arange(1, rows * cols * 2 + 1, dtype=np.int16).reshape(rows, cols, 2)
    turned = Turned(rows=data.draw(st.booleans()), cols=data.draw(st.booleans()))
    path = folder / "x.h5"
    with h5py.File(path, "w") as file:
        file["pair"] = image
        file["real"], file["imaginary"] = image[..., 0], image[..., 1]
    whole = power_of(image, 2.0)[:: -1 if turned.rows else 1, :: -1 if turned.cols else 1]
    top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    window = slice(top, data.draw(st.integers(top + 1, rows))), slice(left, data.draw(st.integers(left + 1, cols)))
    for parts in (("pair",), ("real", "imaginary")):
        native = H5Native(path, {"HH": parts}, lambda values, rows, cols: power_of(values, 2.0), turned)
        try:
            np.testing.assert_array_equal(native.read("HH", *window), whole[window])
        finally:
            native.close()
    path.unlink()


def test_images_of_different_size_are_named(path: Path) -> None:
    with pytest.raises(GridMismatchError, match=r"S01/SBI 4 x 3, other 5 x 3"):
        H5Native(path, {"HH": ("S01/SBI",), "HV": ("other",)}, lambda values, rows, cols: values)


def test_what_breaks_off_while_it_is_read_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "cut.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "a", data=np.random.default_rng(1).integers(0, 99, (256, 256)), chunks=(32, 32), compression=4
        )
    native = H5Native(path, {"HH": ("a",)}, lambda values, rows, cols: power_of(values, 1.0))
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 3 : -100] = bytes(len(whole) - len(whole) // 3 - 100)
    path.write_bytes(whole)
    with pytest.raises(DamagedProductError, match=r"cut\.h5: a breaks off"):
        native.read("HH", slice(0, 256), slice(0, 256))
    native.close()


def test_power_is_nan_where_nothing_is_stored() -> None:
    stored = np.array([[[0, 0], [3, 4]]], np.int16)
    stored.flags.writeable = False
    np.testing.assert_array_equal(power_of(stored, 0.5), np.array([[np.nan, 12.5]], np.float32))
