"""What the JSON of a QPS-SAR product says, under the names of the alias file; every field so found is a guess."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.model.errors import DamagedProductError, InputError
from dashboard.sources.details import decimal
from dashboard.sources.footprint import clean_footprint
from dashboard.sources.geocode.points import ControlPoint
from dashboard.sources.qps.aliases import Aliases, Flat
from dashboard.sources.record import polarisations
from dashboard.sources.values import kebab, listing, load_json, mapping, moment, number

T = TypeVar("T")


class Words:
    """A JSON read through aliases; remembers which fields it gave, and from where."""

    def __init__(self, path: Path, aliases: Aliases) -> None:
        """Load.

        Raises
        ------
        DamagedProductError
            If it is no JSON object, or an absurd one.
        """
        self.name = path.name
        self.content: dict[str, Any] = mapping(load_json(path))
        if not self.content:
            msg = f"{path.name} is no JSON object with fields; fetch it again."
            raise DamagedProductError(msg)
        self._flat = Flat(self.content, path.name)
        self._aliases = aliases
        self.sources: dict[str, str] = {}
        """Field -> path in the JSON."""

    def text(self, field: str) -> str | None:
        """Return a field as text."""
        return self._read(field, lambda value: str(value).strip()[:200] or None)

    def number(self, field: str, low: float, high: float) -> float | None:
        """Return a field as a number within limits.

        Raises
        ------
        DamagedProductError
            If it is no number or lies outside; the message names the file and the key.
        """

        def parse(value: object) -> float:
            found = decimal(value) if isinstance(value, str) else number(value)
            if found is None or not low <= found <= high:
                msg = f"is {str(value)[:40]!r}, which is no number from {low:g} to {high:g}"
                raise InputError(msg)
            return found

        return self._read(field, parse)

    def time(self, field: str) -> datetime | None:
        """Return a field as a moment in UTC."""
        return self._read(field, lambda value: moment(value, field))

    def polarisations(self) -> tuple[str, ...]:
        """Return the polarisations in the order stated; empty when none are."""
        return self._read("polarisations", polarisations) or ()

    def look(self) -> LookSide | None:
        """Return the look side by the first letter of its word; None for anything else, never a default."""
        word = (self.text("look") or "").lower()
        return next((side for side in LookSide if word in {side.value, side.value[0]}), None)

    def passing(self) -> PassDirection | None:
        """Return the pass direction, likewise."""
        word = (self.text("pass_direction") or "").lower()
        return next((way for way in PassDirection if word and way.value.startswith(word)), None)

    def frequency_ghz(self) -> float | None:
        """Return the centre frequency; its unit is told from its size, for X-band leaves no doubt."""
        found = self.number("frequency", 0.1, 1e12)
        if found is None:
            return None
        return found / 1e9 if found > 1e6 else found / 1e3 if found > 1e3 else found

    def platform(self) -> str | None:
        """Return the platform as the catalogue names it."""
        stated = self.text("platform")
        if stated is None:
            return None
        name = self._aliases.platform(stated) or kebab(stated) or ""
        number_in = name.replace("qpssar", "qps-sar").removeprefix("qps-sar").strip("-").split("-")[0]
        return f"qps-sar-{int(number_in)}" if number_in.isdecimal() and len(number_in) < 4 else name or None

    def footprint(self) -> BaseGeometry | None:
        """Return the outline of the scene, where it is stated as GeoJSON."""
        found = self._flat.find(self._aliases.names("footprint"), (dict,))
        if found is None or "type" not in found[1]:
            return None
        self.sources["footprint"] = found[0]
        return self._named(found[0], clean_footprint, found[1])

    def corners(self, shape: tuple[int, int]) -> list[ControlPoint]:
        """Return the image's four corners where each is stated by name; empty otherwise: their order is not guessed."""
        found = self._flat.find(self._aliases.names("corners"), (dict,))
        if found is None:
            return []
        flat = Flat(found[1], self.name)
        last_row, last_col = shape[0] - 1, shape[1] - 1
        ends = {
            "first_first": (0, 0),
            "first_last": (0, last_col),
            "last_last": (last_row, last_col),
            "last_first": (last_row, 0),
        }
        points = []
        height = self.number("height", -500.0, 9000.0) or 0.0
        for corner, (row, col) in ends.items():
            at = flat.find(self._aliases.names(corner, "corners"), (dict, list))
            place = None if at is None else _lonlat(at[1])
            if place is None:
                return []
            points.append(ControlPoint(row, col, place[0], place[1], height))
        self.sources["geocoding"] = found[0]
        return points

    def _read(self, field: str, parse: Callable[[Any], T]) -> T | None:
        found = self._flat.find(self._aliases.names(field))
        if found is None:
            return None
        value = self._named(found[0], parse, found[1])
        if value:
            self.sources[field] = found[0]
        return value

    def _named(self, key: str, parse: Callable[[Any], T], value: object) -> T:
        try:
            return parse(value)
        except InputError as error:
            msg = f"{self.name}: {key[:80]}: {error} Mend it, or map another key to that field with --aliases."
            raise DamagedProductError(msg) from error


def _lonlat(value: object) -> tuple[float, float] | None:
    """Return longitude and latitude of a corner: [lon, lat, ...] or an object with keys that start lon and lat."""
    if isinstance(value, dict):
        keys = {str(key).lower()[:3]: inner for key, inner in value.items()}
        lon, lat = number(keys.get("lon")), number(keys.get("lat"))
    else:
        lon, lat = (number(part) for part in [*listing(value), None, None][:2])
    if lon is None or lat is None or abs(lon) > 360 or abs(lat) > 90:
        return None
    return lon, lat
