"""The fields of a feature under the names that tools use, taken one by one until only the unknown is left."""

from collections.abc import Iterator, Sequence
from typing import Any

from dashboard.model.errors import DamagedProductError
from dashboard.sources.exchange.as_json import parse_json
from dashboard.sources.exchange.fields import text_of
from dashboard.sources.exchange.record import Spot, Stated, shown
from dashboard.sources.exchange.times import snake

TITLE = ("title", "name", "label", "caption")
NOTES = ("notes", "description", "desc", "comment", "comments", "remarks", "note")
SIDE = ("side", "force", "control", "holder", "faction", "allegiance")
KIND = ("kind", "type", "category", "class")
GRADE = ("grade", "admiralty", "admiralty_grade")
SOURCES = ("sources", "source", "url", "urls", "link", "links", "href")
MARKING = ("handling", "classification", "marking")
STYLE = frozenset({
    "stroke", "stroke_width", "stroke_opacity", "fill", "fill_opacity", "marker_color", "marker_size", "marker_symbol",
    "colour", "color", "style_url", "style_hash", "style_map_hash", "icon", "tessellate", "extrude", "visibility",
    "open", "altitude_mode", "draw_order", "fid", "objectid", "ogr_fid", "gx_media_links", "snippet",
    "balloon_visibility",
})  # fmt: skip
"""How another tool draws or numbers it: no statement about the ground."""
MAX_VALUE = 2000
"""Characters of one field that nobody asked for and that goes into the notes."""


class Words:
    """The fields of one feature while they are being understood."""

    __slots__ = ("_left", "_named", "spot")

    def __init__(self, stated: Stated) -> None:
        self.spot: Spot = stated.spot
        self._left: dict[str, Any] = dict(stated.fields)
        self._named = {snake(name): name for name in reversed(self._left)}

    def peek(self, candidates: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the file holds there
        """Return the first field that holds something; None for none."""
        names = (self._named.get(candidate) for candidate in candidates)
        return next((self._left[n] for n in names if n is not None and self._left.get(n) not in (None, "")), None)

    def take(self, candidates: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the file holds there
        """Return the first field that holds something and count it as understood; None for none."""
        for candidate in candidates:
            name = self._named.get(candidate)
            if name is not None and self._left.get(name) not in (None, ""):
                return self._left.pop(name)
        return None

    def drop(self, names: Sequence[str]) -> None:
        """Count fields as understood by the names that the file gives them."""
        for name in names:
            self._left.pop(name, None)

    def text(self, candidates: Sequence[str], limit: int) -> str:
        """Return a field as text without what no catalogue can hold, cut at a limit."""
        value = self.take(candidates)
        return "" if value is None else self.cut(clean(text_of(value)), candidates[0], limit)

    def line(self, candidates: Sequence[str], limit: int) -> str:
        """Return a field as one line of text."""
        value = self.take(candidates)
        return "" if value is None else self.cut(" ".join(clean(text_of(value)).split()), candidates[0], limit)

    def cut(self, text: str, name: str, limit: int) -> str:
        """Return a text within a limit; say when it was longer."""
        if len(text) > limit:
            self.spot.note(f"the {name} was cut at {limit:,} characters")
        return text[:limit]

    def list(self, candidates: Sequence[str]) -> tuple[str, ...]:
        """Return a field as texts: a list, the JSON of one, or one text per line."""
        value = self.take(candidates)
        if isinstance(value, str) and value.lstrip().startswith("["):
            value = self._array(value)
        items = value if isinstance(value, list) else [] if value is None else text_of(value).splitlines()
        texts = (clean(text_of(item)) for item in items if item is not None)
        return tuple(text for text in texts if text.strip())

    def _array(self, text: str) -> object:
        try:
            return parse_json(text.encode("utf-8", "replace"), "a list")
        except DamagedProductError:
            return text  # a text that begins with a bracket

    def rest(self) -> Iterator[tuple[str, str]]:
        """Yield (name, text) of what nobody asked for; styling and what is too large is only named in the remarks."""
        for name, value in self._left.items():
            if value in (None, "", [], {}):
                continue
            if snake(name) in STYLE:
                self.spot.remarks.add(f"field {shown(name)!r} is styling and was left out", self.spot.place)
                continue
            text = clean(text_of(value)).strip()
            if len(text) > MAX_VALUE:
                self.spot.note(f"field {shown(name)!r} was left out: longer than {MAX_VALUE:,} characters")
            elif text:
                self.spot.note(f"field {shown(name)!r} went into the notes")
                yield clean(name), text


def clean(text: str) -> str:
    """Return a text without NUL and half characters, which neither SQLite nor UTF-8 holds."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
