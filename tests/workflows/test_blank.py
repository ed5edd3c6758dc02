"""Where there is no picture of a change, the reason is said: what is unknown, what has no pixels, what did not look."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import shapely
from pair_workspace import START, acquisition, add, grid

from dashboard.model.change import ChangeRun, ChangeSign, DetectedChange
from dashboard.workflows.blank import Blank, history, pictured
from dashboard.workflows.chips import Chips
from dashboard.workflows.extent import box_of
from dashboard.workflows.workspace import Workspace, open_workspace

SHAPE = (220, 120)
RUN = ChangeRun(
    id="run", created=START, method="change-tstat", parameters=(), before="early", after="late",
    extent=(0, 0, 1, 1), observed_km2=1.0, software="nightglass", inputs=(),
)  # fmt: skip


@pytest.fixture(name="workspace", scope="module")
def _workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with open_workspace(tmp_path_factory.mktemp("blank")) as opened:
        power = np.full(SHAPE, 0.05)
        empty = np.where(np.arange(SHAPE[0])[:, None] < 60, 0.05, np.nan) * power
        for name, day in (("early", 0.0), ("late", 12.0)):
            add(opened, acquisition(name, day=day), power)
            add(opened, acquisition(f"{name}-empty", day=day, track=77), empty)
        bare = acquisition("bare", day=6.0, track=99)
        opened.catalog.acquisitions.add_many([replace(bare, pixels=None)])
        yield opened


def change(evidence: tuple[str, ...], first: float = 0.0, last: float = 12.0, row: int = 20) -> DetectedChange:
    ground = shapely.box(*box_of(grid((2, 2), down=row, right=30)))
    return DetectedChange(
        id="c", run_id="run", geometry=ground, area_m2=400.0, pixels=4, after=START + timedelta(days=first),
        before=START + timedelta(days=last), magnitude_db=3.0, sign=ChangeSign.BRIGHTER, p_value=1e-9,
        evidence=evidence,
    )  # fmt: skip


def why(workspace: Workspace, one: DetectedChange) -> str:
    run = replace(RUN, before=one.evidence[0], after=one.evidence[-1])
    found = pictured(workspace, one, run, None)
    assert isinstance(found, Blank)
    return found.why


def test_with_pixels_there_are_pictures_and_no_reason(workspace: Workspace) -> None:
    one = change(("early", "late"))
    assert isinstance(pictured(workspace, one, RUN, None), Chips)
    assert len(history(workspace, one, RUN)) == 1


def test_acquisitions_that_are_not_here_are_named(workspace: Workspace) -> None:
    said = why(workspace, change(("S1A_1", "S1A_2", "S1A_3", "S1A_4")))
    assert said.startswith("S1A_1, S1A_2 and 2 more are not in this catalogue")
    assert "Ingest" in said
    one = change(("S1A_1", "S1A_2"))
    unknown = replace(RUN, before="S1A_1", after="S1A_2")
    assert history(workspace, one, unknown) == pictured(workspace, one, unknown, None)


def test_one_that_is_known_without_pixels_is_named(workspace: Workspace) -> None:
    assert why(workspace, change(("bare",))) == "bare: known here without pixels. Ingest the product to see it."


def test_the_side_without_a_look_is_said(workspace: Workspace) -> None:
    assert "from after it, 200930ZFEB26 on" in why(workspace, change(("early", "late"), 0.0, 19.0))
    assert "from before it, up to 230930ZJAN26" in why(workspace, change(("early", "late"), -9.0, 0.0))


def test_ground_that_no_look_covers_and_ground_that_both_missed_are_told_apart(workspace: Workspace) -> None:
    blind = ("early-empty", "late-empty")
    assert "around 010930ZFEB26 and 130930ZFEB26 saw nothing of this ground" in why(workspace, change(blind, row=150))
    elsewhere = shapely.box(*box_of(grid((2, 2), down=4000, right=4000)))
    assert "with pixels covers this ground" in why(workspace, replace(change(blind), geometry=elsewhere))
