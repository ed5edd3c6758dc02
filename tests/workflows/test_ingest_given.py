"""What the person states beside a product: the stricter handling counts, and the machine's ceiling holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from test_ingest import make

from dashboard.model.errors import AccessError
from dashboard.model.handling import Handling, Rank, Tlp
from dashboard.sources.product import Given
from dashboard.workflows.ingest import ingest
from dashboard.workflows.workspace import Workspace, open_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "work") as opened:
        yield opened


def test_a_product_above_the_ceiling_is_refused_by_name_and_leaves_nothing(
    workspace: Workspace, tmp_path: Path
) -> None:
    make(tmp_path / "in", **{"rel:marking": "NATO RESTRICTED"})
    (entry,) = ingest(workspace, [tmp_path / "in"], given=Given(ceiling=Rank.UNCLASSIFIED))
    assert entry.exit_code == AccessError.exit_code
    assert "'NATO RESTRICTED'" in entry.message
    assert "UNCLASSIFIED" in entry.message
    assert workspace.catalog.acquisitions.count() == 0
    assert not list(workspace.archive.root.rglob("*.tif"))
    (entry,) = ingest(workspace, [tmp_path / "in"], given=Given(ceiling=Rank.RESTRICTED))
    assert entry.status == "added"


def test_the_ceiling_holds_in_a_dry_run_too(workspace: Workspace, tmp_path: Path) -> None:
    make(tmp_path / "in", **{"rel:marking": "GEHEIM"})
    (entry,) = ingest(workspace, [tmp_path / "in"], given=Given(ceiling=Rank.CONFIDENTIAL), dry_run=True)
    assert entry.failed


def test_handling_that_the_person_adds_is_combined_with_the_products(workspace: Workspace, tmp_path: Path) -> None:
    make(tmp_path / "in", **{"rel:tlp": "GREEN", "rel:caveats": ["FROM THE PRODUCT"]})
    added = Handling(tlp=Tlp.AMBER, caveats=frozenset({"FROM THE PERSON"}))
    (entry,) = ingest(workspace, [tmp_path / "in"], given=Given(handling=added))
    found = workspace.catalog.acquisitions.get(entry.id or "").handling
    assert found.tlp is Tlp.AMBER
    assert found.caveats == {"FROM THE PRODUCT", "FROM THE PERSON"}
