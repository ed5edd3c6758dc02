import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import shapely
from catalog_makers import PIXELS, T0, acquisition, acquisitions, population
from hypothesis import given, settings
from shapely import box
from shapely.affinity import translate

from dashboard.catalog.acquisitions import Acquisitions
from dashboard.catalog.catalog import AcquisitionQuery, Catalog
from dashboard.catalog.records import Reader
from dashboard.model.acquisition import Acquisition
from dashboard.model.errors import CatalogError, InputError, NotFoundError
from dashboard.model.stack import mismatches


@pytest.fixture(name="catalog")
def _catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        yield catalog


@pytest.fixture(name="crowd", scope="module")
def _crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Acquisitions, list[Acquisition]]]:
    everyone = population(800, seed=7)
    with Catalog.open(tmp_path_factory.mktemp("crowd") / "c.sqlite") as catalog:
        catalog.acquisitions.add_many(everyone)
        yield catalog.acquisitions, sorted(everyone, key=lambda acq: (acq.start, acq.id))


def on_ground(bbox: tuple[float, float, float, float], acq: Acquisition) -> bool:
    """Say by brute force whether a footprint touches a box on a round Earth."""
    west, south, east, north = bbox
    sides = [(west, east)] if west <= east else [(west, 180), (-180, east)]
    return any(
        translate(acq.footprint, xoff=turn).intersects(box(x0, south, x1, north))
        for x0, x1 in sides
        for turn in (-360, 0, 360)
    )


@pytest.fixture(name="shared", scope="module")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acquisitions]:
    with Catalog.open(tmp_path_factory.mktemp("shared") / "c.sqlite") as catalog:
        yield catalog.acquisitions


@given(acq=acquisitions())
@settings(max_examples=100, deadline=None)
def test_what_goes_in_comes_out(acq: Acquisition, shared: Acquisitions) -> None:
    shared.add(acq, replace=True)
    assert shared.get(acq.id) == acq
    assert acq in shared.find(AcquisitionQuery(bbox=acq.bbox, period=(acq.start, acq.start)))
    assert not shared.add(acq)


def test_numpy_numbers_and_other_zones_come_out_equal(catalog: Catalog) -> None:
    import numpy as np

    zoned = datetime.fromisoformat("2024-02-01T09:30:00.000001+09:00")
    acq = acquisition(incidence_deg=np.float32(33.3), track=np.int64(5), start=zoned, stop=zoned)
    catalog.acquisitions.add(acq)
    assert catalog.acquisitions.get("x") == acq


def test_same_id_other_content_is_refused_unless_replaced(catalog: Catalog) -> None:
    old, new = acquisition(), acquisition(footprint=box(10, 10, 11, 11), pixels=PIXELS)
    catalog.acquisitions.add(old)
    with pytest.raises(CatalogError, match="x is recorded with other content"):
        catalog.acquisitions.add(new)
    assert catalog.acquisitions.get("x") == old
    assert catalog.acquisitions.add(new, replace=True)
    assert catalog.acquisitions.get("x") == new
    assert catalog.acquisitions.find(AcquisitionQuery(bbox=old.bbox)) == []
    assert catalog.acquisitions.find(AcquisitionQuery(bbox=new.bbox)) == [new]
    assert catalog.acquisitions.count() == 1


def test_what_was_read_before_is_remembered_until_it_is_replaced_anywhere(catalog: Catalog, tmp_path: Path) -> None:
    catalog.acquisitions.add_many([acquisition("x"), acquisition("y")])
    first = catalog.acquisitions.get("x")
    assert catalog.acquisitions.find()[0] is first
    new = acquisition("x", received=T0)  # a field that only the row's text holds
    with Catalog.open(tmp_path / "c.sqlite") as other:
        other.acquisitions.add(new, replace=True)
    assert catalog.acquisitions.get("x") == new
    assert catalog.acquisitions.find() == [new, acquisition("y")]
    catalog.acquisitions.forget()
    assert catalog.acquisitions.get("x") == new


def test_reading_more_than_is_remembered_loses_nothing(catalog: Catalog) -> None:
    everyone = [acquisition(f"x{number}") for number in range(9)]
    catalog.acquisitions.add_many(everyone)
    catalog.acquisitions._reader = Reader(remembered=4)
    for _ in range(3):
        assert catalog.acquisitions.find() == everyone
        assert catalog.acquisitions.get("x3") == everyone[3]


def test_add_many_writes_all_or_nothing(catalog: Catalog) -> None:
    good = [acquisition(f"g{n}") for n in range(1500)]
    with pytest.raises(InputError, match="bad id"):
        catalog.acquisitions.add_many([*good, acquisition("bad id")])
    assert catalog.acquisitions.count() == 0
    assert catalog.revision == 0
    assert catalog.acquisitions.add_many([*good, good[0]]) == 1500
    with pytest.raises(CatalogError, match="twice"):
        catalog.acquisitions.add_many([acquisition("twice"), acquisition("twice", mode="IW")])
    assert catalog.acquisitions.count() == 1500


def test_revision_grows_with_every_write_and_only_then(catalog: Catalog, tmp_path: Path) -> None:
    seen = [catalog.revision]
    for number in range(3):
        catalog.acquisitions.add(acquisition(f"r{number}"))
        seen.append(catalog.revision)
    catalog.acquisitions.add(acquisition("r0"))
    assert seen == sorted(set(seen))
    assert catalog.revision == seen[-1]
    with Catalog.open(tmp_path / "c.sqlite") as other:
        other.acquisitions.add(acquisition("elsewhere"))
    assert catalog.revision > seen[-1]


def test_missing_things_are_named(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match="'nobody'"):
        catalog.acquisitions.get("nobody")
    assert catalog.acquisitions.by_product("none") is None
    assert catalog.acquisitions.find() == []
    assert catalog.acquisitions.constellations() == []


def test_products_and_constellations_are_found(crowd: tuple[Acquisitions, list[Acquisition]]) -> None:
    repository, everyone = crowd
    assert repository.constellations() == ["capella", "iceye", "sentinel-1"]
    assert repository.count() == len(everyone)
    assert repository.by_product(everyone[3].origin.product_sha256) == everyone[3]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "../up"}, "letters, digits"),
        ({"id": ".."}, "letters, digits"),
        ({"id": ""}, "letters, digits"),
        ({"start": T0.replace(tzinfo=None), "stop": T0.replace(tzinfo=None)}, "no zone"),
        ({"stop": T0 - timedelta(seconds=1)}, "before it starts"),
        ({"incidence_deg": float("nan")}, "is nan"),
        ({"looks": float("inf")}, "is inf"),
        ({"footprint": shapely.Polygon()}, "encloses no ground"),
        ({"footprint": shapely.Point(1, 2)}, "encloses no ground"),
        ({"footprint": box(500_000, 4_000_000, 500_100, 4_000_100)}, "not longitudes and latitudes"),
    ],
)
def test_what_cannot_be_kept_is_refused(catalog: Catalog, changes: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        catalog.acquisitions.add(replace(acquisition(), **changes))
    assert catalog.acquisitions.count() == 0


def test_queries_equal_brute_force(crowd: tuple[Acquisitions, list[Acquisition]]) -> None:
    repository, everyone = crowd
    rng = random.Random(11)
    hits = 0
    for _ in range(90):
        west, south = rng.choice([(rng.uniform(28, 42), rng.uniform(43, 54)), (rng.uniform(177, 183), 59.5)])
        east = west + rng.choice([0.0, 0.3, 4.0])
        wrap = [x - 360 if x > 180 else x for x in (west, east)]
        bbox = rng.choice([None, (wrap[0], south, wrap[1], south + rng.choice([0.0, 1.0, 3.0]))])
        begin = T0 + timedelta(minutes=rng.randrange(200_000))
        period = rng.choice([None, (begin, begin + timedelta(days=rng.choice([0, 3, 60])))])
        names = rng.choice([(), ("iceye",), ("capella", "sentinel-1")])
        pixels, anchor = rng.choice([None, True, False]), rng.choice([None, None, rng.choice(everyone)])
        expected = [
            acq
            for acq in everyone
            if (bbox is None or on_ground(bbox, acq))
            and (period is None or period[0] <= acq.start <= period[1])
            and (not names or acq.constellation in names)
            and (pixels is None or (acq.pixels is not None) == pixels)
            and (anchor is None or not mismatches(anchor, acq))
        ]
        query = AcquisitionQuery(bbox=bbox, period=period, constellations=names, with_pixels=pixels, stack_with=anchor)
        assert repository.find(query) == expected
        limit = rng.choice([1, 3, 500])
        assert repository.find(replace(query, limit=limit)) == expected[-limit:]
        hits += len(expected)
    assert hits > 500


def test_start_at_either_end_of_a_period_counts(catalog: Catalog) -> None:
    acq = acquisition(start=T0 + timedelta(microseconds=1))
    catalog.acquisitions.add(acq)
    second = timedelta(seconds=1)
    for period in ((acq.start, acq.start + second), (acq.start - second, acq.start)):
        assert catalog.acquisitions.find(AcquisitionQuery(period=period, bbox=acq.bbox)) == [acq]
    after = (acq.start + timedelta(microseconds=1), acq.start + second)
    assert catalog.acquisitions.find(AcquisitionQuery(period=after, bbox=acq.bbox)) == []


@pytest.mark.parametrize("footprint", ["split", "unwrapped east", "unwrapped west"])
def test_footprint_across_the_antimeridian_is_found_from_both_sides(catalog: Catalog, footprint: str) -> None:
    shape = {
        "split": shapely.MultiPolygon([box(179, 60, 180, 61), box(-180, 60, -179, 61)]),
        "unwrapped east": box(179, 60, 181, 61),
        "unwrapped west": box(-181, 60, -179, 61),
    }[footprint]
    acq = acquisition(footprint=shape)
    catalog.acquisitions.add(acq)
    for bbox in ((179.2, 60, 179.4, 61), (-179.4, 60, -179.2, 61), (179.5, 60, -179.5, 61), (170, 50, 190, 70)):
        assert catalog.acquisitions.find(AcquisitionQuery(bbox=bbox)) == [acq]
    for bbox in ((0, 60, 1, 61), (178, 60, 178.9, 61), (-178.9, 60, -178, 61), (178, 62, -178, 63)):
        assert catalog.acquisitions.find(AcquisitionQuery(bbox=bbox)) == []


@pytest.mark.parametrize("bbox", [(0, 2, 1, 1), (float("nan"), 0, 1, 1), (0, 0, float("inf"), 1)])
def test_impossible_box_is_refused(catalog: Catalog, bbox: tuple[float, float, float, float]) -> None:
    with pytest.raises(InputError, match="Box"):
        catalog.acquisitions.find(AcquisitionQuery(bbox=bbox))


def test_empty_limit_is_refused() -> None:
    with pytest.raises(InputError, match="At most 0"):
        AcquisitionQuery(limit=0)
