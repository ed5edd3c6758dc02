"""A catalogue with a product of every system over the same ground, written and read as they are delivered.

Run with the folder of a finished exercise, in a process of its own: readers and simulators have threads, and the
warning filters of tests are not made for threads.
"""

import sys
from dataclasses import replace
from pathlib import Path

from dashboard.model.handling import Handling
from dashboard.simulate.delivery import deliver, scene_of, take_of
from dashboard.simulate.plan import STACKS, Planned, StackPlan
from dashboard.simulate.product import CAVEAT
from dashboard.simulate.products import nitf, uav
from dashboard.sources.nitf.header import read_headers
from dashboard.sources.product import Given
from dashboard.sources.registry import worker
from dashboard.workflows.ingest import ingest
from dashboard.workflows.workspace import Workspace, open_workspace

HALF_M = 700.0
"""Of what is imaged of each: small, yet the middle of the story's screen."""
SEED = 2026
DAY = 50
"""Of the exercise: after the first blocks were destroyed."""
IMAGE_CLASSIFICATION = 2 + 10 + 14 + 17 + 80
"""Bytes of an image subheader before its classification."""


def gather(workspace: Workspace, incoming: Path) -> None:
    """Add what the small exercise lacks: one picture of every other system."""
    held = {acq.constellation for acq in workspace.catalog.acquisitions.find() if acq.pixels is not None}
    stacks = {stack.constellation: stack for stack in STACKS if stack.constellation not in held}
    for number, stack in enumerate(stacks.values()):
        planned = Planned(stack, 500 + number, stack.days[-1] + stack.hour / 24, HALF_M)
        folder = incoming / stack.name
        folder.mkdir()
        _take_in(workspace, deliver(planned, folder, SEED), planned)
    _by_drone(workspace, incoming, stacks["maxar"])
    _contradicting(workspace, incoming, stacks["sarah"])


def _by_drone(workspace: Workspace, incoming: Path, stack: StackPlan) -> None:
    drone = replace(stack, name="UAV", constellation="uav", platform="uav", days=(DAY,))
    planned = Planned(drone, 600, DAY + drone.hour / 24, HALF_M / 3)
    uav.write_ortho(incoming / "uav", scene_of(planned, SEED), take_of(planned), uav.Form(time="tag"))
    _take_in(workspace, incoming / "uav", planned)


def _contradicting(workspace: Workspace, incoming: Path, stack: StackPlan) -> None:
    """Take in a NITF whose file says RESTRICTED and whose image says CONFIDENTIAL."""
    lupe = replace(
        stack, name="LUPE", constellation="sar-lupe", platform="sar-lupe-3", days=(DAY,), spacing_m=4.0,
        resolution_m=4.0, handling={"marking": "R", "releasable_to": ("DEU", "UKR")},
    )  # fmt: skip
    planned = Planned(lupe, 601, DAY + lupe.hour / 24, HALF_M)
    (incoming / "lupe").mkdir()
    path = nitf.write_nitf(incoming / "lupe", scene_of(planned, SEED), take_of(planned)).path
    with path.open("r+b") as stream:
        stream.seek(read_headers(path).images[0].span.header + IMAGE_CLASSIFICATION)
        assert stream.read(1) == b"R"
        stream.seek(-1, 1)
        stream.write(b"C")
    _take_in(workspace, path, planned)


def _take_in(workspace: Workspace, path: Path, planned: Planned) -> None:
    given = Given(handling=Handling(caveats=frozenset({CAVEAT})), time=planned.start)
    entries = list(ingest(workspace, [path], given=given))
    assert [entry.status for entry in entries if entry.id] == ["added"], entries


if __name__ == "__main__":
    root = Path(sys.argv[1])
    landing = root.with_name("incoming")
    landing.mkdir()
    try:
        with open_workspace(root) as opened:
            gather(opened, landing)
    finally:
        worker().end()
