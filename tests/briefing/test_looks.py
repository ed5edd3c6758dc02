"""Kinds of annotations can be told apart without their colours, and their colours can be seen."""

from itertools import combinations

import pytest
from matplotlib.colors import to_rgb

from dashboard.briefing.looks import LOOKS
from dashboard.model.annotation import AnnotationKind, Force
from dashboard.model.palette import annotation_colour, force_colour, tokens


def luminance(colour: str) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_kind_has_a_look_and_a_marker_of_its_own() -> None:
    assert set(LOOKS) == set(AnnotationKind)
    assert len({look.marker for look in LOOKS.values()}) == len(LOOKS)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_kind_is_seen_on_every_surface(theme) -> None:
    colours = tokens(theme)
    kinds = {kind: annotation_colour(kind, "", (), colours) for kind in AnnotationKind}
    assert len(set(kinds.values())) == len(kinds)
    for kind, colour in kinds.items():
        for surface in (colours.page, colours.panel):
            assert contrast(colour, surface) >= 4.5, kind
    for one, other in combinations(kinds.values(), 2):
        assert one not in (colours.accent, colours.a, colours.b)
        assert one != other


def test_a_chosen_colour_stays_and_an_unasked_one_follows_the_theme() -> None:
    light, dark = tokens("light"), tokens("dark")
    assert force_colour(Force("BLUE", dark.blue_force), light) == light.blue_force
    assert force_colour(Force("BLUE", "#123456"), light) == "#123456"
    forces = (Force("Green", "#12ab34"),)
    assert annotation_colour(AnnotationKind.NOTE, "GREEN", forces, dark) == "#12ab34"
    assert annotation_colour(AnnotationKind.NOTE, "greenish", forces, dark) == dark.kind_note
