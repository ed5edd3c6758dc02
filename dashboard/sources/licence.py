"""Licences that lie beside a picture as text: kept, shown, and never read as more than they plainly say."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard.model.handling import Handling
from dashboard.sources.marking import exercise

MOST_BYTES = 1 << 20
SHOWN = 300
"""Letters kept among the details: the file itself stays with the product."""
OPEN = {
    "CC-BY-4.0": ("CREATIVECOMMONS.ORG/LICENSES/BY/4.0", "CC BY 4.0", "CC-BY-4.0"),
    "CC-BY-NC-4.0": ("CREATIVECOMMONS.ORG/LICENSES/BY-NC/4.0", "CC BY-NC 4.0", "CC-BY-NC-4.0"),
}
"""Licences that let the pixels be passed on, by the words that name them."""
NO_DERIVATIVES = ("NO DERIVATIVE", "DERIVATIVE WORKS ARE NOT PERMITTED", "DERIVATIVES ARE NOT PERMITTED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What is known of the terms of a product."""

    handling: Handling
    text: str | None
    """Beginning of the licence, or None."""


def licence_of(provider: str, files: Sequence[Path], *remarks: str | None) -> Licence:
    """Return the terms of a commercial picture.

    Without a licence that says otherwise, the provider's terms hold: pixels are not passed on. A product of an
    exercise is nobody's.

    Parameters
    ----------
    provider : name of whose terms hold, e.g. ``Maxar``
    files : licences beside the product
    remarks : free texts of the product
    """
    texts = [text for file in files if (text := _text(file))]
    whole = "\n".join(texts)
    shown = " ".join(whole.split())[:SHOWN] or None
    made_up = exercise(whole, *remarks)
    if made_up.caveats:
        return Licence(handling=made_up, text=shown)
    capitals = " ".join(whole.upper().split())
    named = next((name for name, marks in OPEN.items() if any(mark in capitals for mark in marks)), None)
    handling = Handling(
        regimes=frozenset({named or f"{provider} EULA"}),
        redistribution=named is not None,
        derivatives=not any(words in capitals for words in NO_DERIVATIVES),
    )
    return Licence(handling=handling, text=shown)


def _text(path: Path) -> str:
    """Return the beginning of a licence; one that cannot be read says nothing, and the strict terms hold."""
    try:
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
