"""A draft that came from a file keeps the file's marking until it is saved."""

import json

import pytest

from dashboard.model.errors import InputError
from dashboard.model.handling import UNMARKED, Handling, Rank, Tlp
from dashboard.sources.exchange.fields import handling_fields
from dashboard.workflows.annotate import stated_handling


def test_the_marking_of_a_draft_comes_back() -> None:
    secret = Handling(rank=Rank.SECRET, tlp=Tlp.RED, releasable_to=frozenset({"JPN"}), caveats=frozenset({"EXERCISE"}))
    assert stated_handling({"handling": json.dumps(handling_fields(secret))}) == secret


def test_without_one_a_draft_is_unmarked() -> None:
    assert stated_handling({"title": "x"}) == UNMARKED


def test_a_marking_that_cannot_be_understood_is_refused() -> None:
    with pytest.raises(InputError):
        stated_handling({"handling": json.dumps({"rel:tlp": "TLP:PINK"})})
