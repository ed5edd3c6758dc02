"""Fields of formats without a public specification, found under names that a person can edit."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dashboard.model.errors import DamagedProductError, InputError

SHIPPED = Path(__file__).with_name("aliases.toml")
MOST_BYTES = 2**20
"""Of a file of aliases."""
MOST_FIELDS = 20_000
"""Of a product's JSON."""
MOST_DEPTH = 64
PLAIN = (str, int, float, list)


@dataclass(frozen=True, slots=True)
class Aliases:
    """What one system's fields, and its platforms, may be called."""

    tables: Mapping[str, Mapping[str, Any]]
    """Table -> field -> names, or name -> platform."""
    source: str
    """File they come from, for messages."""

    def names(self, field: str, table: str = "alias") -> tuple[str, ...]:
        """Return the names of a field, the likeliest first."""
        found = self.tables.get(table, {}).get(field, ())
        return (found,) if isinstance(found, str) else tuple(str(name) for name in found)

    def platform(self, name: str) -> str | None:
        """Return the platform that a satellite's own name stands for, or None."""
        known = {str(key).upper(): str(value) for key, value in self.tables.get("platforms", {}).items()}
        return known.get(name.strip().upper())


def load_aliases(system: str, given: Path | None = None) -> Aliases:
    """Return a system's aliases: from the file given if it has any for it, else those shipped.

    Raises
    ------
    InputError
        If the file is missing, too large, no TOML, or holds anything but lists of names.
    """
    if given is not None:
        tables = _tables(given)
        if system in tables:
            return Aliases(_checked(tables[system], given), given.name)
    return Aliases(_checked(_shipped()[system], SHIPPED), SHIPPED.name)


class Flat:
    """A JSON object as a table of dotted paths, searched without regard to case."""

    def __init__(self, content: Mapping[str, Any], name: str) -> None:
        """Flatten.

        Raises
        ------
        DamagedProductError
            If it is too deep or has too many fields; the message names `name`, the file.
        """
        self._paths: dict[str, tuple[str, Any]] = {}
        self._keys: dict[str, list[str]] = {}
        for path, value in _walk(content, (), name):
            dotted = ".".join(path).lower()
            if len(self._paths) >= MOST_FIELDS:
                msg = f"{name} has more than {MOST_FIELDS:,} fields; product metadata has some hundred."
                raise DamagedProductError(msg)
            self._paths[dotted] = (".".join(path), value)
            self._keys.setdefault(path[-1].lower(), []).append(dotted)

    def find(self, names: tuple[str, ...], kinds: tuple[type, ...] = PLAIN) -> tuple[str, Any] | None:
        """Return (path as written, value) of the first name that has a value of these kinds; shallow before deep."""
        for name in names:
            wanted = name.lower()
            bare = sorted(self._keys.get(wanted, ()), key=lambda path: path.count("."))
            inner = [path for path in self._paths if path.endswith("." + wanted)] if "." in wanted else bare
            for dotted in dict.fromkeys([wanted, *inner]):
                if dotted in self._paths and isinstance(self._paths[dotted][1], kinds):
                    return self._paths[dotted]
        return None


def _walk(value: Mapping[str, Any], path: tuple[str, ...], name: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    if len(path) > MOST_DEPTH:
        msg = f"{name} is nested more than {MOST_DEPTH} levels deep at {'.'.join(path[:4])}; product metadata is not."
        raise DamagedProductError(msg)
    for key, inner in value.items():
        yield (*path, key), inner
        if isinstance(inner, Mapping):
            yield from _walk(inner, (*path, key), name)
        elif isinstance(inner, list) and len(inner) == 1 and isinstance(inner[0], Mapping):
            yield from _walk(inner[0], (*path, key), name)


@cache
def _shipped() -> dict[str, Any]:
    return _tables(SHIPPED)


def _tables(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_BYTES:
            msg = f"{path.name} has {path.stat().st_size:,} bytes; a file of aliases has at most {MOST_BYTES:,}."
            raise InputError(msg)
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"The aliases {path.name} cannot be read ({error.strerror}); check the path."
        raise InputError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"The aliases {path.name} are no TOML ({str(error)[:80]}); mend that line."
        raise InputError(msg) from error


def _checked(tables: object, path: Path) -> dict[str, dict[str, Any]]:
    good = isinstance(tables, dict) and all(
        isinstance(table, dict) and all(_is_names(value) for value in table.values()) for table in tables.values()
    )
    if not good:
        msg = f'The aliases {path.name} must hold tables of names, such as start = ["startTime"]; see the shipped ones.'
        raise InputError(msg)
    return tables if isinstance(tables, dict) else {}


def _is_names(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(name, str) for name in value))
