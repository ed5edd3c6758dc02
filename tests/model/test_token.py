"""A token is a view and nothing else: it round-trips, and anything damaged is refused with a message."""

import base64
import json
import math
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.coverage import Measure
from dashboard.model.errors import BadTokenError, InputError
from dashboard.model.token import MAX_TOKEN_CHARS, decode, encode
from dashboard.model.view import CompareMode, Extent, Layer, Stretch, StretchKind, View

metres = st.floats(-1.9e7, 1.9e7, allow_nan=False)
ids = st.text(alphabet="ABCDEFabc0123456789_.-", min_size=1, max_size=60)
moments = st.datetimes(min_value=datetime(2015, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC))
extents = st.tuples(metres, metres, st.floats(1, 1e5), st.floats(1, 1e5)).map(
    lambda t: Extent(t[0], t[1], t[0] + t[2], t[1] + t[3])
)
stretches = st.sampled_from(
    [Stretch(), Stretch(StretchKind.FIXED, -22.5, 3.25), Stretch(StretchKind.EQUALISE), Stretch(high=99.5)]
)
views = st.builds(
    View,
    extent=extents,
    a=st.none() | ids,
    b=st.none() | ids,
    compare=st.sampled_from(CompareMode),
    split=st.floats(0, 1),
    polarisation=st.sampled_from(["VV", "HH", "VH"]),
    stretch=stretches,
    opacity=st.floats(0, 1),
    layers=st.frozensets(st.sampled_from(Layer)),
    provider=st.none() | ids,
    against=st.none() | ids,
    valid_at=st.none() | moments,
    known_at=st.none() | moments,
    period=st.none() | st.tuples(moments, moments).filter(lambda p: p[0] < p[1]),
    brush=st.none() | st.tuples(moments, moments).filter(lambda p: p[0] < p[1]),
    measure=st.sampled_from(Measure),
    constellations=st.lists(ids, max_size=3).map(tuple),
    pixel=st.none() | st.tuples(st.floats(-180, 180), st.floats(-85, 85)),
    folded=st.frozensets(st.sampled_from(["layers", "inspector", "timeline"])),
)


@given(views)
def test_decode_is_the_inverse_of_encode(view: View) -> None:
    assert decode(encode(view)) == view


@given(views, st.data())
def test_a_changed_token_is_refused_or_the_same(view: View, data: st.DataObject) -> None:
    token = encode(view)
    at = data.draw(st.integers(0, len(token) - 1))
    changed = token[:at] + data.draw(st.sampled_from("Aa0_-.~é")) + token[at + 1 :]
    try:
        found = decode(changed)
    except BadTokenError:
        return
    assert found == view


@pytest.mark.parametrize(
    "bad", ["", "v1", "v1.", "v2.abc.00000000", "hello", "v1." + "A" * MAX_TOKEN_CHARS, "v1.AAAA.00000000"]
)
def test_nonsense_gets_a_message(bad: str) -> None:
    with pytest.raises(BadTokenError, match="token"):
        decode(bad)


@pytest.mark.parametrize("corners", [(0, 0, 0, 1), (1, 0, 0, 1), (0, 0, 1, math.nan), (0, 0, math.inf, 1)])
def test_impossible_extents_are_refused(corners: tuple[float, float, float, float]) -> None:
    with pytest.raises(InputError, match="Extent"):
        Extent(*corners)


def test_a_view_without_coverage_has_the_token_it_always_had() -> None:
    view = View(extent=Extent(0.0, 0.0, 1000.0, 500.0), a="ONE", b="TWO")
    said = json.loads(zlib.decompress(base64.urlsafe_b64decode(encode(view).split(".")[1] + "==")))
    assert not {"brush", "measure"} & set(said)
    assert decode(encode(view)).measure is Measure.LOOKS


def test_a_brush_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(InputError, match="brushed period ends before"):
        View(extent=Extent(0, 0, 1, 1), brush=(datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)))
