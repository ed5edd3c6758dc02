"""A person confirms, corrects or supplies what a product left to be guessed; who and when stays with the record."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from dashboard.model.acquisition import Acquisition, LookSide, PassDirection, Pixels
from dashboard.model.errors import DamagedProductError, InputError
from dashboard.sources.details import as_text, decimal
from dashboard.sources.marking import JP_RSD, categorised
from dashboard.sources.record import polarisations
from dashboard.sources.values import kebab, moment
from dashboard.workflows.archiving import ITEM
from dashboard.workflows.stac_item import item_of, write_item
from dashboard.workflows.workspace import Workspace

Choice = TypeVar("Choice", LookSide, PassDirection)

CATEGORY = "category"
"""Under the Japanese act: stated by a person, from what the supplier wrote."""
CONFIRMED = "proc:confirmed_"
"""Start of the details that say who confirmed a field, and when."""
MOST_CHARACTERS = 120


def confirm(
    workspace: Workspace,
    acquisition_id: str,
    fields: Mapping[str, str | None],
    who: str,
    *,
    now: datetime | None = None,
) -> Acquisition:
    """Record that a person vouches for fields of an acquisition.

    Confirmed fields are no longer guesses; the catalogue's row and the archive's item change together, the item by one
    rename. What the product itself states is not for a person to change.

    Parameters
    ----------
    acquisition_id : of a recorded acquisition
    fields : name -> the right value as text, or None where the guess is right; a blank text says that it is unknown.
        `CATEGORY` takes the supplier's category under the Japanese act
    who : name of the person
    now : UTC; by default the present moment

    Returns
    -------
    the acquisition as it is now recorded

    Raises
    ------
    NotFoundError
        If there is no such acquisition.
    InputError
        If a field is unknown, stated by the product, or its value cannot be meant; nothing is recorded then.
    """
    person = " ".join(who.split())[:MOST_CHARACTERS]
    if not person:
        raise InputError("Nobody confirms: give the name of the person who does.")
    if not fields:
        raise InputError("No field is named; confirm at least one.")
    with _alone(workspace.archive.root):
        found = workspace.catalog.acquisitions.get(acquisition_id)
        done = found
        for name, value in fields.items():
            done = _one(done, name, value)
            done = _signed(done, (name, value), person, now or datetime.now(UTC))
        if done.stop < done.start:
            msg = f"{found.id} would stop ({done.stop.isoformat()}) before it starts ({done.start.isoformat()})."
            raise InputError(msg)
        _record(workspace, done)
    return done


def confirmable(acq: Acquisition) -> dict[str, str]:
    """Return what a person can confirm or supply of an acquisition: field -> value as text, blank where unknown."""
    found = {name: value_text(acq, name) for name in sorted(acq.origin.guessed)}
    found |= {name: "" for name in PARSERS if name not in found and getattr(acq, name) in (None, ())}
    if JP_RSD in acq.handling.regimes:
        found[CATEGORY] = ""
    return found


def value_text(acq: Acquisition, name: str) -> str:
    """Return a field's value for people."""
    value = getattr(acq, name) if hasattr(acq, name) else dict(acq.details).get(name)
    if name == "footprint":
        return acq.footprint.geom_type
    if name == "geocoding" and acq.geocoding is not None:
        return acq.geocoding.kind
    return "" if value is None else as_text(value)


def _one(acq: Acquisition, name: str, value: str | None) -> Acquisition:
    """Return an acquisition with one field confirmed."""
    if name == CATEGORY:
        return _categorised(acq, value)
    guessed = name in acq.origin.guessed or CONFIRMED + name in dict(acq.details)  # a person may correct a person
    if name not in PARSERS and name not in AS_IT_IS and not (guessed and _is_detail(acq, name)):
        msg = (
            f"{name[:40]!r} is no field that a person confirms; there are {', '.join([*PARSERS, *AS_IT_IS, CATEGORY])}."
        )
        raise InputError(msg)
    if not guessed and getattr(acq, name) not in (None, ()):
        msg = f"{name} of {acq.id} is stated by the product ({value_text(acq, name)}); there is nothing to confirm."
        raise InputError(msg)
    if value is not None:
        acq = _changed(acq, name, value.strip())
    elif not guessed:
        msg = f"{name} of {acq.id} is not known, so there is no guess to confirm; give a value, {name}=..."
        raise InputError(msg)
    return replace(acq, origin=replace(acq.origin, guessed=acq.origin.guessed - {name}))


def _is_detail(acq: Acquisition, name: str) -> bool:
    """Return whether a field is one of those that only some products have."""
    return not hasattr(acq, name) and (name in dict(acq.details) or name in acq.origin.guessed)


def _changed(acq: Acquisition, name: str, text: str) -> Acquisition:
    if _is_detail(acq, name):
        kept = tuple(pair for pair in acq.details if pair[0] != name)
        return replace(acq, details=(*kept, (name, _word(text))) if text else kept)
    if name in AS_IT_IS:
        msg = f"{name} can be confirmed as it is, not changed: ingest the product again with better metadata."
        raise InputError(msg)
    if not text:
        if name in NEEDED:
            msg = f"{name} cannot be unknown; give a value."
            raise InputError(msg)
        unknown: dict[str, Any] = {name: () if name == "polarisations" else None}
        return replace(acq, **unknown)
    try:
        value = PARSERS[name](text)
    except InputError as error:
        msg = f"{name}={text[:40]!r}: {error}"
        raise InputError(msg) from error
    if name == "polarisations":
        acq = replace(acq, pixels=_renamed(acq.pixels, value))
    return replace(acq, **{name: value})


def _renamed(pixels: Pixels | None, names: tuple[str, ...]) -> Pixels | None:
    """Return pixels whose files go by other polarisations; the files keep their names."""
    if pixels is None:
        return None
    if len(names) != len(pixels.files):
        msg = f"there are {len(pixels.files)} images and {len(names)} polarisations; give one for each, in their order"
        raise InputError(msg)
    files = tuple(replace(file, polarisation=name) for file, name in zip(pixels.files, names, strict=True))
    return replace(pixels, files=files)


def _categorised(acq: Acquisition, value: str | None) -> Acquisition:
    if JP_RSD not in acq.handling.regimes:
        msg = f"{acq.id} is not under {JP_RSD}: it has no category."
        raise InputError(msg)
    text = " ".join((value or "").split())
    if not text or len(text) > MOST_CHARACTERS:
        msg = f"The category must be named in 1 to {MOST_CHARACTERS} characters, as the supplier stated it."
        raise InputError(msg)
    return replace(acq, handling=categorised(acq.handling, text))


def _signed(acq: Acquisition, told: tuple[str, str | None], who: str, now: datetime) -> Acquisition:
    """Return an acquisition whose details say who confirmed a field; the last word on a field stands."""
    name, value = told
    key = CONFIRMED + name
    words = f"{who}, {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" + (
        "" if value is None else f": {value.strip() or 'unknown'}"
    )
    kept = tuple(pair for pair in acq.details if pair[0] != key)
    return replace(acq, details=(*kept, (key, words)))


def _record(workspace: Workspace, acq: Acquisition) -> None:
    """Write the item aside, then the row, then put the item in its place: only the rename can be left to do."""
    path = workspace.archive.root / acq.constellation / acq.id / ITEM
    if acq.pixels is None or not path.is_file():
        workspace.catalog.acquisitions.add(acq, replace=True)
        return
    sizes = {file.polarisation: _size(workspace.archive.root / file.path) for file in acq.pixels.files}
    item = item_of(acq, sizes, occasion="confirmed")
    item["properties"] |= _kept(path)
    aside = path.with_name(f".{ITEM}-{os.getpid()}")
    try:
        write_item(item, aside)
        workspace.catalog.acquisitions.add(acq, replace=True)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _kept(path: Path) -> dict[str, Any]:
    """Return when the product was ingested, which confirming does not change."""
    try:
        properties = json.loads(path.read_bytes())["properties"]
        return {key: properties[key] for key in ("proc:ingested",) if key in properties}
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path} is no item of the archive; remove its folder and ingest the product again."
        raise DamagedProductError(msg) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep two persons from reading and writing one record at the same moment."""
    descriptor = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _word(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        msg = f"it has {len(text)} characters; the limit is {MOST_CHARACTERS}"
        raise InputError(msg)
    return text


def _name(text: str) -> str:
    found = kebab(_word(text))
    if found is None:
        raise InputError("it holds no letter or digit")
    return found


def _between(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        found = decimal(text)
        if found is None or not low <= found <= high:
            msg = f"it must be a number from {low:g} to {high:g}"
            raise InputError(msg)
        return found

    return parse


def _one_of(kind: type[Choice]) -> Callable[[str], Choice]:
    def parse(text: str) -> Choice:
        word = text.lower()
        if word not in set(kind):
            msg = f"it must be {' or '.join(kind)}"
            raise InputError(msg)
        return kind(word)

    return parse


def _whole(text: str) -> int:
    found = decimal(text)
    if found is None or found != int(found) or not 0 < found < 10_000:
        raise InputError("it must be a whole number from 1 to 9999")
    return int(found)


def _time(text: str) -> datetime:
    found = moment(text, "the time")
    if not 1970 <= found.year <= 2100:
        raise InputError("it must lie between 1970 and 2100")
    return found


PARSERS: dict[str, Callable[[str], Any]] = {
    "platform": _name,
    "start": _time,
    "stop": _time,
    "mode": _word,
    "polarisations": polarisations,
    "look": _one_of(LookSide),
    "pass_direction": _one_of(PassDirection),
    "track": _whole,
    "incidence_deg": _between(0.0, 90.0),
    "look_azimuth_deg": _between(0.0, 360.0),
    "resolution_m": _between(0.01, 10_000.0),
    "looks": _between(0.1, 100_000.0),
    "frequency_ghz": _between(0.1, 100.0),
    "level": _word,
    "received": _time,
}
"""Field -> how its text is read."""
AS_IT_IS = ("footprint", "geocoding", "constellation")
"""Fields that can be confirmed, not changed: other things were made from them."""
NEEDED = frozenset({"start", "stop"})
