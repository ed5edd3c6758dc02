"""Files that were changed at random: the answer is annotations or an authored error in one line, never a crash."""

import io
import json
import zipfile
from pathlib import Path

import pytest
import shapely
from exchange_makers import FORCES, NOW, annotation, written
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.model.annotation import AnnotationKind
from dashboard.model.errors import NightglassError
from dashboard.model.sketch import Shape
from dashboard.sources.exchange.exchange import FORMATS
from dashboard.sources.exchange.meaning import understood
from dashboard.sources.exchange.record import Found, Reading

MUTANTS = settings(max_examples=300, deadline=None, derandomize=True)
TOKENS = [
    b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"null", b"[[[[", b"]}", b"{", b'"', b"\\ud800", b"\0", b"<",
    b"\xff\xfe", b"<MultiGeometry>", b"</Placemark>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"200,100", b"-181.5",
    b"91", b"true", b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-14:00",
    b"rel:tlp", b'"rel:rank":1e30,', b"nightglass", b"1",
    b"valid_to", b"Polygon", b"Point", b"GeometryCollection", b"http://127.0.0.1/x#y", b"2",
]  # fmt: skip
"""What is put in, beside single bytes."""
EDIT = st.tuples(
    st.integers(0, 3),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 60),
    st.sampled_from(TOKENS),
    st.integers(0, 255),
)
EDITS = st.lists(EDIT, min_size=1, max_size=4)


def sample(suffix: str, folder: Path) -> bytes:
    path = folder / f"sample{suffix}"
    line = shapely.MultiLineString([[(1, 2), (3, 4)], [(5, 6), (7, 8)]])
    written(
        path,
        annotation("a1"),
        annotation("l1", shape=Shape.LINE, geometry=line, kind=AnnotationKind.FRONTLINE),
        annotation("t1", shape=Shape.TEXT, geometry=shapely.Point(30, 50)),
    )
    return path.read_bytes()


def mutated(content: bytes, edits: list[tuple[int, float, int, bytes, int]]) -> bytes:
    """Return content with bytes overwritten, taken out, said twice, or strange words put in."""
    image = bytearray(content)
    for what, where, length, token, byte in edits:
        start = int(where * len(image))
        stop = min(start + length, len(image))
        if what == 0:
            image[start:stop] = bytes([byte]) * min(length, 3)
        elif what == 1:
            del image[start:stop]
        elif what == 2:
            image[start:start] = image[start:stop]
        else:
            image[start : start + (length % 8)] = token
    return bytes(image)


def check(message: str, file: str) -> None:
    assert "\n" not in message
    assert file in message


def outcome(suffix: str, content: bytes) -> list[Found]:
    """Read a file; anything but annotations or an authored error in one line fails the test."""
    reading = Reading(f"x{suffix}", NOW, FORCES)
    try:
        sheaf = FORMATS[suffix].read(content, reading)
        found = [one for stated in sheaf.features for one in understood(stated, sheaf.facts, reading)]
    except NightglassError as error:
        check(str(error), f"x{suffix}")
        return []
    for one in found:
        assert one.reason or one.annotation.geometry.is_valid
        f"{one.annotation}".encode()  # what cannot be written cannot be kept
    assert all(line.isprintable() for line in reading.remarks.lines())
    return found


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("samples")
    return {suffix: sample(suffix, folder) for suffix in (".geojson", ".kml", ".gpkg")}


@pytest.mark.parametrize("suffix", [".geojson", ".kml", ".gpkg"])
def test_the_sample_is_read_when_nothing_is_changed(samples: dict[str, bytes], suffix: str) -> None:
    assert len(outcome(suffix, samples[suffix])) == 3


@pytest.mark.parametrize("suffix", [".geojson", ".kml", ".gpkg"])
def test_a_changed_file_is_read_or_refused(samples: dict[str, bytes], suffix: str) -> None:
    @MUTANTS
    @given(edits=EDITS)
    def change(edits: list[tuple[int, float, int, bytes, int]]) -> None:
        outcome(suffix, mutated(samples[suffix], edits))

    change()


def test_a_changed_archive_is_read_or_refused(samples: dict[str, bytes]) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", samples[".kml"])

    @MUTANTS
    @given(edits=EDITS)
    def change(edits: list[tuple[int, float, int, bytes, int]]) -> None:
        outcome(".kmz", mutated(whole.getvalue(), edits))

    change()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(
        ["2024-05-06", "A1", "SECRET", "TLP:RED", "[1]", "{", '{"rel:rank": 9}', "frontline", "0001-01-01T00:00+14:00"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    "nightglass", "id", "version", "author", "known_from", "kind", "shape", "title", "side", "opposing", "valid_from",
    "valid_to", "grade", "sources", "evidence", "notes", "banner", "handling", "name", "description", "time", "end",
    "timestamp", "stroke", "tlp", "classification", "rel:tlp", "rel:rank", "rel:embargo_until", "rel:caveats",
    "reliability", "credibility", "x y",
]  # fmt: skip


@MUTANTS
@given(fields=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6), geometry=JSON)
def test_any_value_of_any_field(fields: dict[str, object], geometry: object) -> None:
    place = geometry if isinstance(geometry, dict) else {"type": "Point", "coordinates": [1, 2]}
    feature = {"type": "Feature", "properties": fields, "geometry": place}
    outcome(".geojson", json.dumps(feature).encode())
