"""What JAXA wrote itself: the metadata of one ALOS-2 product of level 1.5, whose pixels were taken out."""

import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pyproj import Transformer

from dashboard.model.acquisition import PassDirection
from dashboard.model.errors import DamagedProductError
from dashboard.sources.alos.ceos import records
from dashboard.sources.alos.leader import Leader, read_leader
from dashboard.sources.alos.map import map_grid
from dashboard.sources.alos.reader import AlosReader
from dashboard.sources.alos.sight import seen
from dashboard.sources.alos.summary import read_summary
from dashboard.sources.alos.volume import read_volume
from dashboard.sources.geocode.direction import pass_of
from dashboard.sources.product import NotRead

DATA = Path(__file__).parents[2].parent / "shared" / "data"
NAME = "ALOS2015976960-140909-FBDR1.5GUA"
SHAPE = 13161, 12870


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archives = sorted((DATA / "alos2").glob("*.zip"))
    if not archives:
        pytest.skip("no real ALOS-2 product in shared/data/alos2")
    there = tmp_path_factory.mktemp("alos2")
    with zipfile.ZipFile(archives[0]) as archive:
        archive.extractall(there)
    return there


@pytest.fixture(scope="module")
def leader(folder: Path) -> Leader:
    return read_leader(folder / f"LED-{NAME}")


def test_the_leader_says_what_jaxa_wrote(leader: Leader) -> None:
    assert (leader.mission, leader.orbit_number, leader.level, leader.beam) == ("ALOS2", 1597, "1.5", "7")
    assert leader.factor_db == -83.0
    assert leader.centre_time == datetime(2014, 9, 9, 4, 33, 47, 52000, tzinfo=UTC)
    assert leader.clock_angle_deg == 90.0
    assert leader.time_direction == "ASCEND"
    assert leader.wavelength_m == pytest.approx(0.2424525)
    assert (leader.looks_azimuth, leader.looks_range) == (2.0, 1.0)
    assert (leader.resolution_range_m, leader.resolution_azimuth_m) == pytest.approx((8.2004161, 9.4979547))


def test_orbit_and_leader_agree(leader: Leader) -> None:
    assert leader.orbit is not None
    assert leader.middle is not None
    assert leader.incidence_deg is not None
    assert pass_of(leader.orbit.velocity(np.array(0.0))) is PassDirection.ASCENDING
    found = seen(leader.orbit, leader.middle)
    assert found is not None
    azimuth, incidence = found
    assert incidence == pytest.approx(leader.incidence_deg, abs=0.1)
    assert azimuth == pytest.approx(360 - 12.514 + 90 - 360, abs=0.2)  # the stated heading, and right of it


def test_corners_are_centres_of_pixels_on_the_zone_that_they_name(leader: Leader) -> None:
    assert leader.chart is not None
    grid = map_grid(leader.chart, SHAPE)
    assert grid is not None
    assert grid.crs == "EPSG:32720"
    assert grid.upright
    assert (grid.affine.a, grid.affine.e) == (6.25, -6.25)
    assert grid.miss_m == pytest.approx(0.0, abs=0.05)
    # The last line lies one spacing less from the first than there are lines.
    assert leader.chart.corners_m is not None
    assert np.ptp(leader.chart.corners_m[:, 1]) == pytest.approx(6.25 * (SHAPE[0] - 1), abs=1e-3)


def test_polynomials_count_from_zero(leader: Leader) -> None:
    assert leader.polynomials is not None
    assert leader.chart is not None
    grid = map_grid(leader.chart, SHAPE)
    assert grid is not None
    rows, cols = np.array([0.0, 0, 13160, 13160, 6580, 3000]), np.array([0.0, 12869, 12869, 0, 6435, 9000])
    to_map = Transformer.from_crs("OGC:CRS84", grid.crs, always_xy=True)
    x, y = to_map.transform(*leader.polynomials.place(rows, cols))
    np.testing.assert_allclose((np.asarray(x) - grid.affine.c) / 6.25 - 0.5, cols, atol=1e-3)
    np.testing.assert_allclose((grid.affine.f - np.asarray(y)) / 6.25 - 0.5, rows, atol=1e-3)


def test_summary_and_volume_agree_with_the_leader(folder: Path, leader: Leader) -> None:
    summary = read_summary(folder / "summary.txt")
    assert summary.text("Scs_SceneID") == leader.scene_id == NAME[:21]
    assert summary.text("Lbi_ProcessLevel") == leader.level
    assert summary.text("Lbi_ProcessFacility") == leader.facility
    assert summary.moment("Img_SceneCenterDateTime") == leader.centre_time
    assert summary.shape() == SHAPE
    assert summary.number("Img_OffNadirAngle") == pytest.approx(leader.off_nadir_deg, abs=0.05)
    assert summary.processed()[0] == read_volume(folder / f"VOL-{NAME}").created
    outline = summary.outline()
    assert outline is not None
    assert leader.middle is not None
    assert outline[0].bounds == pytest.approx((-62.900, -11.423, -62.163, -10.679))


def test_every_record_of_every_file_is_walked(folder: Path) -> None:
    kinds = [r.kind for r in records(folder / f"LED-{NAME}", _Everything())]
    assert kinds == [(11, 192), (18, 10), (18, 20), (18, 30), (18, 40), (18, 50), (18, 60), *[(18, 200)] * 5]
    assert len(records(folder / f"VOL-{NAME}", _Everything())) == 6


def test_missing_pixels_are_said(folder: Path) -> None:
    for file in (f"IMG-HH-{NAME}", f"LED-{NAME}", "summary.txt"):
        assert AlosReader().sniff(folder / file) >= 0.9
        (found,) = AlosReader().read(folder / file)
        assert isinstance(found, NotRead)
        assert isinstance(found.error, DamagedProductError)
        assert re.match(r"IMG-HH-ALOS2.* 13,161 lines of 25,932 bytes.* has 720", found.reason)


def test_another_reader_takes_the_same_fields(folder: Path) -> None:
    expected = DATA / "product-metadata" / "expected-by-another-reader" / "ALOS2_GRD_CEOS.json"
    if not expected.is_file():
        pytest.skip("no metadata by another reader in shared/data/product-metadata")
    content = json.loads(expected.read_text(encoding="utf-8"))["expectedContent"]
    summary = read_summary(folder / "summary.txt")
    start, stop = (summary.moment(f"Img_Scene{word}DateTime") for word in ("Start", "End"))
    assert start is not None
    assert stop is not None
    theirs = [datetime.strptime(content[key], "%d-%b-%Y %H:%M:%S.%f") for key in ("startTime", "endTime")]
    assert stop - start == theirs[1] - theirs[0]  # another scene of the same satellite: ten seconds are stated
    keys = [m["path"].rsplit("/", 1)[1] for m in content["metadata"] if "Summary Information" in m["path"]]
    assert keys
    assert all(key in summary.words for key in keys)


class _Everything:
    def __contains__(self, kind: object) -> bool:
        return True
