"""What is said about every system that is read, whichever reader says it."""

from dataclasses import fields

import pytest

from dashboard.model.acquisition import Acquisition
from dashboard.sources.product import Evidence, Field, System
from dashboard.sources.registry import READERS, looked_for, systems

ATTRIBUTES = {field.name for field in fields(Acquisition)}
DETAILS = "details: "
STATED_BY_ANOTHER = frozenset({"Sentinel-1 RTC (OPERA)", "STAC", "any GeoTIFF"})
"""Systems whose fields are those of a STAC item or of a few tags."""
ALL = [pytest.param(system, id=system.name) for system in systems()]


def faults(field: Field) -> list[str]:
    """Return what is wrong with a row of a table of fields."""
    found = [] if field.name.strip() else ["has no name"]
    if not field.where:
        return found if field.note.strip() else [*found, "is absent without a reason"]
    if field.where.startswith(DETAILS):
        return found if field.where.removeprefix(DETAILS).strip() else [*found, "is a detail without a key"]
    unknown = [name for name in field.where.split(", ") if name.split(".")[0] not in ATTRIBUTES]
    return found + [f"becomes {name!r}, which an acquisition does not have" for name in unknown]


@pytest.mark.parametrize("system", ALL)
def test_a_system_says_all_that_the_table_shows(system: System) -> None:
    for text in (system.name, system.constellation, system.calibration, system.georeference, *system.forms):
        assert text.strip() == text
        assert text
        assert "\n" not in text
    assert system.forms
    assert len(set(system.forms)) == len(system.forms)
    assert isinstance(system.evidence, Evidence)


@pytest.mark.parametrize("system", ALL)
def test_every_field_of_a_system_is_taken_over_or_absent_with_a_reason(system: System) -> None:
    assert {field.name: faults(field) for field in system.fields if faults(field)} == {}
    assert system.fields or system.name in STATED_BY_ANOTHER


@pytest.mark.parametrize("system", [case for case in ALL if case.id not in STATED_BY_ANOTHER])
def test_the_essentials_are_among_the_fields(system: System) -> None:
    """Every table says when, where and by whom the picture was taken."""
    taken = {name.split(".")[0] for field in system.fields for name in field.where.split(", ")}
    assert "start" in taken
    assert taken & {"footprint", "geocoding"}
    assert taken & {"platform", "constellation"}


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        (Field("a", "altitude"), "becomes 'altitude', which an acquisition does not have"),
        (Field("a", "start, end"), "becomes 'end', which an acquisition does not have"),
        (Field("a", ""), "is absent without a reason"),
        (Field("a", "details: "), "is a detail without a key"),
        (Field(" ", "start"), "has no name"),
    ],
)
def test_the_law_sees_a_breach(field: Field, fault: str) -> None:
    assert faults(field) == [fault]


def test_names_are_told_apart() -> None:
    assert len({system.name for system in systems()}) == len(systems())
    assert len({reader.name for reader in READERS}) == len(READERS)


def test_every_reader_says_what_it_looks_for() -> None:
    assert all(reader.looks_for in looked_for() for reader in READERS)
    assert all(reader.looks_for.strip() for reader in READERS)
