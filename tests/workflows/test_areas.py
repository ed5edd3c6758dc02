from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shapely import MultiPolygon, box

from dashboard.geo.mercator import bbox_of
from dashboard.model.acquisition import Acquisition, Origin, PixelFile, Pixels
from dashboard.model.area import Area
from dashboard.model.frontline import ControlArea, FrontlineSnapshot
from dashboard.workflows.areas import areas, default_view
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2024, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)
KHARKIV = box(36.0, 49.7, 36.5, 50.2)
NEMURO = box(145.3, 43.1, 145.9, 43.5)


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "w") as workspace:
        yield workspace


def pixels(*polarisations: str) -> Pixels:
    files = tuple(PixelFile(polarisation=name, path=f"x/{name}.tif", sha256="ab") for name in polarisations)
    return Pixels(crs="EPSG:32637", transform=(10.0, 0.0, 5e5, 0.0, -10.0, 4e6), shape=(10, 10), files=files)


def acquisition(id_: str, day: float, **changes: object) -> Acquisition:
    plain = Acquisition(
        id=id_,
        constellation="sentinel-1",
        track=14,
        start=T0 + day * DAY,
        stop=T0 + day * DAY,
        polarisations=("VV", "VH"),
        footprint=KHARKIV,
        origin=Origin(reader="test", reader_version="0", product_sha256=id_),
        pixels=pixels("VV", "VH"),
    )
    return replace(plain, **changes)


def add(workspace: Workspace, *acquisitions: Acquisition) -> None:
    workspace.catalog.acquisitions.add_many(acquisitions)


def covers(workspace: Workspace, bbox: tuple[float, float, float, float], area: Area | None = None) -> bool:
    west, south, east, north = bbox_of(default_view(workspace, area).extent)
    return west <= bbox[0] and south <= bbox[1] and east >= bbox[2] and north >= bbox[3] and east - west < 40


def test_empty_catalogue_shows_a_part_of_the_world(workspace: Workspace) -> None:
    view = default_view(workspace)
    assert (view.a, view.b, view.provider, view.period) == (None, None, None, None)
    assert covers(workspace, (22, 44, 41, 53))
    assert areas(workspace) == []


def test_recorded_areas_come_before_guessed_ones(workspace: Workspace) -> None:
    add(workspace, acquisition("a", 0))
    stored = [Area("Second", (1.0, 1.0, 2.0, 2.0)), Area("First", (0.0, 0.0, 1.0, 1.0))]
    for area in stored:
        workspace.catalog.areas.add(area)
    assert areas(workspace) == stored
    assert covers(workspace, stored[0].bbox)


def test_touching_footprints_become_one_named_area(workspace: Workspace) -> None:
    add(
        workspace,
        acquisition("k1", 0),
        acquisition("k2", 1, footprint=box(36.4, 49.9, 36.9, 50.4)),
        acquisition("n1", 2, footprint=NEMURO),
        acquisition("hollow", 3, footprint=box(0, 0, 1, 1), pixels=None),
    )
    found = areas(workspace)
    assert [area.bbox for area in found] == [(36.0, 49.7, 36.9, 50.4), NEMURO.bounds]
    assert "Nemuro" in found[1].name
    assert len({area.name for area in found}) == 2


def test_two_groups_near_one_place_get_two_names(workspace: Workspace) -> None:
    add(workspace, acquisition("one", 0, footprint=box(36.20, 49.98, 36.21, 49.99)))
    add(workspace, acquisition("two", 1, footprint=box(36.22, 49.98, 36.23, 49.99)))
    first, second = areas(workspace)
    assert second.name == f"{first.name} (2)"


def test_known_acquisitions_are_shown_when_nothing_is_ingested(workspace: Workspace) -> None:
    add(workspace, acquisition("hollow", 0, pixels=None))
    view = default_view(workspace)
    assert (view.a, view.b) == (None, None)
    assert covers(workspace, KHARKIV.bounds)
    assert [area.bbox for area in areas(workspace)] == [KHARKIV.bounds]


def test_latest_pair_of_the_largest_stack_is_chosen(workspace: Workspace) -> None:
    stack = [acquisition(f"s{day}", day) for day in (0, 12, 24)]
    newer = [acquisition(f"x{day}", day, constellation="iceye", track=None) for day in (30, 31)]
    burst = [acquisition("s24-next", 24.0003, footprint=box(36.0, 50.1, 36.5, 50.6))]
    beside = [acquisition("s40", 40, footprint=box(36.5, 49.7, 37.0, 50.2))]
    hollow = [acquisition("s50", 50, pixels=None)]
    far = [acquisition(f"far{day}", day, footprint=NEMURO, track=9) for day in range(9)]
    add(workspace, *stack, *newer, *burst, *beside, *hollow, *far)
    view = default_view(workspace, Area("Kharkiv", (36.0, 49.7, 36.9, 50.4)))
    # s40 only borders the others; s24-next belongs to the pass of s24 and overlaps s12's ground.
    assert (view.a, view.b) == ("s12", "s24-next")
    assert view.polarisation == "VV"


def test_single_acquisition_is_shown_alone(workspace: Workspace) -> None:
    add(workspace, acquisition("only", 0))
    view = default_view(workspace)
    assert (view.a, view.b) == (None, "only")


def test_pair_is_preferred_to_a_larger_group_of_one_pass(workspace: Workspace) -> None:
    burst = [acquisition(f"burst{n}", n * 1e-5) for n in range(5)]
    pair = [acquisition(f"pair{n}", n, constellation="iceye") for n in range(2)]
    add(workspace, *burst, *pair)
    view = default_view(workspace)
    assert (view.a, view.b) == ("pair0", "pair1")


@pytest.mark.parametrize(
    ("archived_a", "archived_b", "expected"),
    [
        (("VH", "VV"), ("VH", "VV"), "VV"),
        (("VV", "VH"), ("VH",), "VH"),
        (("HV", "HH"), ("HH", "HV"), "HH"),
        (("VV",), ("VH",), "VV"),
    ],
)
def test_polarisation_is_one_that_both_have(
    workspace: Workspace, archived_a: tuple[str, ...], archived_b: tuple[str, ...], expected: str
) -> None:
    every = ("VV", "VH", "HH", "HV")
    add(workspace, acquisition("a", 0, polarisations=every, pixels=pixels(*archived_a)))
    add(workspace, acquisition("b", 1, polarisations=every, pixels=pixels(*archived_b)))
    view = default_view(workspace)
    assert (view.a, view.b, view.polarisation) == ("a", "b", expected)


def test_provider_is_the_first_with_ground_here(workspace: Workspace) -> None:
    add(workspace, acquisition("a", 0))
    for provider, geometry in (("alpha", NEMURO), ("beta", KHARKIV), ("gamma", KHARKIV)):
        ground = ControlArea(side="x", geometry=MultiPolygon([geometry]))
        snapshot = FrontlineSnapshot(
            id=provider, provider=provider, valid_from=T0, areas=(ground,), sha256="ab", retrieved=T0
        )
        workspace.catalog.frontlines.add(snapshot)
    assert default_view(workspace).provider == "beta"
    assert default_view(workspace, Area("n", NEMURO.bounds)).provider == "alpha"
    assert default_view(workspace, Area("nowhere", (0.0, 0.0, 1.0, 1.0))).provider is None


def test_area_across_the_antimeridian_shows_its_wider_half(workspace: Workspace) -> None:
    add(workspace, acquisition("a", 0, footprint=box(178.5, 60, 180.4, 61)))
    area = Area("Chukotka", (178.0, 60.0, -179.5, 61.0))
    assert default_view(workspace, area).b == "a"
    assert covers(workspace, (178.0, 60.0, 180.0, 61.0), area)
