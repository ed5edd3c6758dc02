"""Makers of records with every field filled or empty, and the processes that the catalogue's tests start."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box
from shapely.affinity import rotate

from dashboard.catalog.catalog import Catalog
from dashboard.model.acquisition import (
    Acquisition,
    Calibration,
    Geocoding,
    Kind,
    LookSide,
    Origin,
    Original,
    PassDirection,
    PixelFile,
    Pixels,
    Quantity,
)
from dashboard.model.handling import Handling, Rank, Tlp

T0 = datetime(2024, 2, 1, tzinfo=UTC)

PIXELS = Pixels(
    crs="EPSG:32655",
    transform=(10.0, 0.0, 5e5, 0.0, -10.0, 4e6),
    shape=(100, 200),
    files=(PixelFile(polarisation="VV", path="iceye/x/VV.tif", sha256="ab"),),
)


def acquisition(id_: str = "x", **changes: object) -> Acquisition:
    plain = Acquisition(
        id=id_,
        constellation="iceye",
        start=T0,
        stop=T0 + timedelta(seconds=12),
        polarisations=("VV",),
        footprint=box(36.0, 48.0, 37.0, 49.0),
        origin=Origin(reader="test", reader_version="0", product_sha256=id_),
    )
    return replace(plain, **changes)


def population(count: int, seed: int) -> list[Acquisition]:
    """Return random acquisitions over a crowded region, part of them across the antimeridian."""
    rng = random.Random(seed)
    return [_member(rng, number) for number in range(count)]


def _member(rng: random.Random, number: int) -> Acquisition:
    lon, lat = (rng.uniform(30, 42), rng.uniform(44, 54)) if rng.random() < 0.8 else (rng.uniform(177, 183), 60.0)
    shape: Polygon | MultiPolygon = rotate(box(lon - 0.6, lat - 0.4, lon + 0.6, lat + 0.4), rng.uniform(-30, 30))
    if shape.bounds[2] > 180 and rng.random() < 0.5:  # as vendors split it; otherwise unwrapped past 180
        west, east = shape & box(0, -90, 180, 90), shape & box(180, -90, 360, 90)
        shape = MultiPolygon([west, Polygon([(x - 360, y) for x, y in east.exterior.coords])])
    start = T0 + timedelta(minutes=rng.randrange(0, 200_000))
    return acquisition(
        f"acq-{number:05d}",
        constellation=rng.choice(["iceye", "capella", "sentinel-1"]),
        mode=rng.choice([None, "IW", "SLF"]),
        look=rng.choice([None, *LookSide]),
        pass_direction=rng.choice([None, *PassDirection]),
        track=rng.choice([None, 5, 6]),
        incidence_deg=rng.choice([None, 30.0, 34.0, 36.5]),
        polarisations=rng.choice([(), ("VV",), ("VV", "VH"), ("HH",)]),
        start=start,
        stop=start + timedelta(seconds=rng.randrange(60)),
        footprint=shape,
        pixels=rng.choice([None, PIXELS]),
    )


_words = st.text(max_size=12)
_numbers = st.none() | st.floats(-1e6, 1e6)
_times = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
_sets = st.frozensets(_words, max_size=3)


@st.composite
def handlings(draw: st.DrawFn) -> Handling:
    return Handling(
        rank=draw(st.sampled_from(Rank)),
        marking=draw(_words),
        tlp=draw(st.none() | st.sampled_from(Tlp)),
        releasable_to=draw(st.none() | _sets),
        caveats=draw(_sets),
        regimes=draw(_sets),
        attributions=draw(_sets),
        redistribution=draw(st.booleans()),
        derivatives=draw(st.booleans()),
        embargo_until=draw(st.none() | _times),
        conflict=draw(st.booleans()),
    )


@st.composite
def pixels(draw: st.DrawFn) -> Pixels:
    file = st.builds(PixelFile, polarisation=_words, path=_words, sha256=_words)
    return Pixels(
        crs=draw(_words),
        transform=draw(st.tuples(*[st.floats(-1e7, 1e7)] * 6)),
        shape=draw(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6))),
        files=tuple(draw(st.lists(file, max_size=3))),
        amplitude_scale=draw(st.floats(1e-3, 1e6)),
    )


@st.composite
def footprints(draw: st.DrawFn) -> Polygon | MultiPolygon:
    west, south = draw(st.floats(-179, 170)), draw(st.floats(-85, 80))
    width, height = draw(st.floats(1e-3, 9)), draw(st.floats(1e-3, 5))
    outer = box(west, south, west + width, south + height)
    if draw(st.booleans()):
        return outer
    hole = box(west + width / 4, south + height / 4, west + width / 2, south + height / 2)
    return MultiPolygon([outer - hole])


@st.composite
def acquisitions(draw: st.DrawFn) -> Acquisition:
    start = draw(_times)
    return Acquisition(
        id=draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,30}", fullmatch=True)),
        constellation=draw(_words),
        platform=draw(st.none() | _words),
        start=start,
        stop=start + draw(st.timedeltas(timedelta(0), timedelta(hours=1))),
        mode=draw(st.none() | _words),
        polarisations=tuple(draw(st.lists(_words, max_size=4))),
        look=draw(st.none() | st.sampled_from(LookSide)),
        pass_direction=draw(st.none() | st.sampled_from(PassDirection)),
        track=draw(st.none() | st.integers(-(2**31), 2**31)),
        incidence_deg=draw(_numbers),
        look_azimuth_deg=draw(_numbers),
        resolution_m=draw(_numbers),
        looks=draw(_numbers),
        frequency_ghz=draw(_numbers),
        level=draw(st.none() | _words),
        footprint=draw(footprints()),
        calibration=Calibration(
            valid=draw(st.booleans()), quantity=draw(st.none() | st.sampled_from(Quantity)), why_not=draw(_words)
        ),
        handling=draw(handlings()),
        received=draw(st.none() | _times),
        kind=draw(st.sampled_from(Kind)),
        geocoding=draw(
            st.none() | st.builds(Geocoding, kind=_words, heights=_words, error_m=_numbers, shift_per_m=_numbers)
        ),
        original=draw(
            st.none()
            | st.builds(
                Original,
                path=_words,
                sha256=_words,
                shape=st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)),
                complex=st.booleans(),
            )
        ),
        details=tuple(draw(st.lists(st.tuples(_words, _words), max_size=3))),
        origin=Origin(
            reader=draw(_words),
            reader_version=draw(_words),
            product_sha256=draw(_words),
            files=tuple(draw(st.lists(st.tuples(_words, _words), max_size=3))),
            guessed=draw(_sets),
        ),
        pixels=draw(st.none() | pixels()),
    )


def write_one_by_one(path: Path, name: str, count: int) -> None:
    """Add acquisitions, a transaction each: what one of several writing processes does."""
    with Catalog.open(path) as catalog:
        for number in range(count):
            catalog.acquisitions.add(acquisition(f"{name}-{number}"))


def write_all_at_once(path: Path, count: int, started: Path) -> None:
    """Add acquisitions in one transaction and say when it is half way."""

    def growing() -> "object":
        for number in range(count):
            if number == count // 2:
                started.touch()
            yield acquisition(f"many-{number}")

    with Catalog.open(path) as catalog:
        catalog.acquisitions.add_many(growing())  # type: ignore[arg-type]
