"""From the fields and sketches of a feature to annotations."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dashboard.model.annotation import (
    DEFAULT_GRADE,
    MAX_NOTES,
    MAX_TITLE,
    Annotation,
    AnnotationKind,
    Evidence,
    EvidenceKind,
)
from dashboard.model.handling import Handling
from dashboard.model.sketch import Shape
from dashboard.sources.exchange.fields import BANNER, MARK, handling_in, object_of
from dashboard.sources.exchange.mending import drawn
from dashboard.sources.exchange.record import FileFacts, Found, Reading, Stated, shown
from dashboard.sources.exchange.times import day_in, snake, stated_period, time_of
from dashboard.sources.exchange.words import GRADE, KIND, MARKING, NOTES, SIDE, SOURCES, TITLE, Words, clean

MAX_SIDE = 200
MAX_SOURCES = 1000
MAX_SOURCE = 2000
OWN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
RENDERED = ("stroke", "fill", "marker-color", "colour", "fid", BANNER, "shape")
"""Fields of ours that follow from others."""
_ADMIRALTY = re.compile(r"([A-Fa-f])\s*[-/]?\s*([1-6])")
_KINDS = {snake(word): kind for kind in AnnotationKind for word in (kind.value, kind.name)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """Which revision of ours a feature is; empty for a feature of another tool."""

    id: str = ""
    version: int = 0
    author: str = ""
    known_from: datetime | None = None


def understood(stated: Stated, facts: FileFacts, reading: Reading) -> Iterator[Found]:
    """Yield the annotations of a feature: one per shape in it.

    Raises
    ------
    DamagedProductError
        If its handling cannot be understood.
    """
    if not stated.sketches:
        stated.spot.note("nothing is drawn: it was left out")
        return
    if len(stated.sketches) > 1:
        stated.spot.note("points, lines and areas in one: an annotation for each")
    words = Words(stated)
    ours = words.take([MARK]) is not None
    shape = stated.fields.get("shape") if ours else None
    origin = _origin(words) if ours else _Origin()
    said = _said(words, stated, facts, reading, ours=ours)
    for number, sketch in enumerate(stated.sketches):
        meant = Shape.TEXT if sketch.shape is Shape.POINT and shape == Shape.TEXT else sketch.shape
        kept, geometry, reason = drawn(replace(sketch, shape=meant), stated.spot)
        first = origin if not number else _Origin(author=origin.author, known_from=origin.known_from)
        yield Found(
            spot=stated.spot,
            annotation=Annotation(id=first.id, shape=meant, geometry=geometry, **said),
            sketch=kept,
            reason=reason,
            version=first.version,
            author=first.author,
            known_from=first.known_from,
        )


def _origin(words: Words) -> _Origin:
    id_, version = words.line(["id"], 101), words.take(["version"])
    if id_ and not OWN_ID.fullmatch(id_):
        words.spot.note(f"the id {shown(id_)!r} is none of ours: it got a new one")
        id_ = ""
    return _Origin(
        id=id_,
        version=int(version) if id_ and str(version).isascii() and str(version)[:12].isdigit() else 0,
        author=words.line(["author"], MAX_TITLE),
        known_from=time_of(words.take(["known_from"])),
    )


def _said(words: Words, stated: Stated, facts: FileFacts, reading: Reading, *, ours: bool) -> dict[str, Any]:
    """Return everything of an annotation but id, shape and geometry."""
    valid_from, valid_to = _validity(words, stated, facts, reading)
    text = words.text if ours else words.line
    said: dict[str, Any] = {
        "title": text(TITLE, MAX_TITLE),
        "kind": _kind(words),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "sources": tuple(words.cut(source, "source", MAX_SOURCE) for source in words.list(SOURCES)[:MAX_SOURCES]),
        "evidence": _evidence(words) if ours else (),
        "handling": _handling(words, stated, facts),
        "side": _side(words, stated, reading, ours=ours),
        "opposing": text(["opposing"], MAX_SIDE),
        "grade": _grade(words, ours=ours),
    }
    notes = words.text(NOTES, MAX_NOTES)
    if ours:
        words.drop(RENDERED)
    else:
        notes = notes.strip()
    further = "\n".join(f"{name}: {value}" for name, value in words.rest())
    joined = "\n\n".join(part for part in (notes, further) if part)
    return said | {"notes": words.cut(joined, "notes", MAX_NOTES)}


def _validity(words: Words, stated: Stated, facts: FileFacts, reading: Reading) -> tuple[datetime, datetime | None]:
    begin, end, used = stated_period(stated.fields)
    words.drop(tuple(used))
    if begin is None:
        begin = facts.valid_from or day_in(reading.file)
        if begin is None:
            words.spot.note(f"no time is stated: valid from the import, {reading.now:%Y-%m-%dT%H:%MZ}")
            begin = reading.now
    if end is not None and end <= begin:
        words.spot.note("it ends when or before it begins: the end was left out")
        end = None
    return begin, end


def _kind(words: Words) -> AnnotationKind:
    """Return the kind that a field names; a note where none does, and the word stays in the notes."""
    found = _word(words.peek(KIND), _KINDS)
    if found is None:
        return AnnotationKind.NOTE
    words.take(KIND)
    return found


def _word(value: object, meanings: Mapping[str, AnnotationKind]) -> AnnotationKind | None:
    return meanings.get(snake(value[:MAX_SIDE])) if isinstance(value, str) else None


def _side(words: Words, stated: Stated, reading: Reading, *, ours: bool) -> str:
    """Return the side that a field names, else the one whose colour it has."""
    side = words.text(SIDE[:1], MAX_SIDE) if ours else words.line(SIDE, MAX_SIDE)
    if side or ours or not stated.colours:
        return side
    by_colour = {force.colour.lower(): force.name for force in reading.forces}
    found = next((by_colour[colour] for colour in stated.colours if colour in by_colour), "")
    if not found:
        words.spot.remarks.add(f"colour {stated.colours[0]} is of no known side", words.spot.place)
    return found


def _grade(words: Words, *, ours: bool) -> str:
    """Return the Admiralty grade; credibility 1 of another tool rests on nothing that is here, so it becomes 2."""
    stated = words.peek(GRADE)
    pair = f"{words.peek(['reliability']) or ''}{words.peek(['credibility']) or ''}"
    for text, names in ((stated, GRADE), (pair, ["reliability", "credibility"])):
        found = _ADMIRALTY.fullmatch(text.strip()) if isinstance(text, str) else None
        if found is not None:
            for name in names:
                words.take([name])
            grade = found[1].upper() + found[2]
            if ours or found[2] != "1":
                return grade
            words.spot.note(f"grade {grade} became {grade[0]}2: confirmed needs two observations that are here")
            return f"{grade[0]}2"
    return DEFAULT_GRADE


def _evidence(words: Words) -> tuple[Evidence, ...]:
    links = []
    for text in words.list(["evidence"])[:MAX_SOURCES]:
        kind, _, id_ = text.partition(":")
        if kind in set(EvidenceKind) and id_:
            links.append(Evidence(EvidenceKind(kind), id_))
        else:
            words.spot.note(f"evidence {shown(text)!r} is no link to anything")
    return tuple(dict.fromkeys(links))


def _handling(words: Words, stated: Stated, facts: FileFacts) -> Handling:
    """Return the marking of a feature; where it states none, that of the file."""
    where = f"{stated.spot.file}, {stated.spot.place}"
    fields = {name: value for name, value in stated.fields.items() if name.startswith("rel:")}
    words.drop(tuple(fields))
    tlp = words.take(["tlp"])
    if tlp is not None:
        fields.setdefault("rel:tlp", tlp)
    value = words.peek(MARKING)
    if isinstance(value, dict) or (isinstance(value, str) and value.lstrip().startswith("{")):
        words.take(MARKING)
        return handling_in({**object_of(value, where), **fields}, where)
    if isinstance(value, str):
        marked = handling_in({**fields, "rel:marking": clean(value)[:MAX_SIDE]}, where)
        if not marked.conflict:
            words.take(MARKING)
            return marked & facts.handling
        words.spot.note(f"{shown(value)!r} is no classification that is known")
    return handling_in(fields, where) if fields else facts.handling
