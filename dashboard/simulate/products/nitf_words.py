"""Words that NITF products of one take share: the collector's name, markings in headers and in metadata."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sarkit import sicd

from dashboard.model.handling import Rank
from dashboard.simulate.products.take import CAVEAT, Take

NAMES = {
    "sarah": "SARah-{}",
    "sar-lupe": "SAR-Lupe-{}",
    "umbra": "UMBRA_{}",
    "capella": "Capella-{}",
    "iceye": "ICEYE-{}",
}
"""Constellation -> how its platforms are called in SICD; the number (or what stands for it) in capitals."""
LETTERS = {"U": "UNCLASSIFIED", "R": "RESTRICTED", "C": "CONFIDENTIAL", "S": "SECRET"}
RANKS = {"U": Rank.UNCLASSIFIED, "R": Rank.RESTRICTED, "C": Rank.CONFIDENTIAL, "S": Rank.SECRET}
NATO = "XN"


def collector(take: Take) -> str:
    """Return the platform in the words of its operator."""
    pattern = NAMES.get(take.constellation, take.platform.upper())
    return pattern.format(take.platform.removeprefix(f"{take.constellation}-").upper())


def letter(take: Take) -> str:
    """Return the classification of a take."""
    return str(take.handling.get("marking", "U"))


def audience(take: Take) -> list[str]:
    """Return to whom a take may be shown; empty when it says nothing."""
    return list(take.handling.get("releasable_to", ()))


def fields(take: Take) -> dict[str, str]:
    """Return the security fields that are not blank, by their name without prefix."""
    found = {"CLAS": letter(take), "CLSY": NATO, "REL": " ".join(audience(take)), "CLTX": CAVEAT}
    return {name: value for name, value in found.items() if value}


def security(take: Take) -> Any:  # noqa: ANN401  a class of sarkit, which comes without types
    """Return the security fields as sarkit takes them."""
    return sicd.NitfSecurityFields(**{name.lower(): value for name, value in fields(take).items()})


def marking(take: Take) -> str:
    """Return the classification text of metadata."""
    released = f"//REL TO {', '.join(audience(take))}" if audience(take) else ""
    return f"NATO {LETTERS[letter(take)]}{released}"


def security_truth(take: Take) -> dict[str, Any]:
    """Return what a right reader makes of it: attributes of `Handling`."""
    return {
        "rank": RANKS[letter(take)],
        "marking": f"NATO {LETTERS[letter(take)]}",
        "releasable_to": frozenset(audience(take)) or None,
        "caveats": frozenset({CAVEAT}),
        "conflict": False,
    }


def as_nsif(path: Path) -> None:
    """Turn a NITF 2.1 into NSIF 1.0: nine bytes differ."""
    with path.open("r+b") as stream:
        stream.write(b"NSIF01.00")


@contextmanager
def quiet() -> Iterator[None]:
    """Pass over how sarkit loads its schemas, which Python will do otherwise one day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
