"""JSON out of untrusted files: bounded in depth before it is parsed, each key once, numbers that are numbers."""

import json
from collections import Counter
from typing import Any, NoReturn

import numpy as np

from dashboard.model.errors import DamagedProductError
from dashboard.sources.exchange.record import shown

MAX_DEPTH = 32
"""Of brackets within brackets: a collection of multipolygons needs 10."""
MAX_VALUES = 8_000_000
"""Of lists and objects together: each takes some hundred bytes once it is parsed."""
_BLOCK = 1 << 22
"""Bytes looked at in one step, so that a large file costs little memory beside itself."""


def parse_json(content: bytes, name: str) -> Any:  # noqa: ANN401 - JSON is whatever it is: callers check
    """Return the value of a JSON text in UTF-8.

    Raises
    ------
    DamagedProductError
        If it is no JSON, too deep or too much, says a key twice, or says NaN or Infinity.
    """
    few = content.count(b"[") + content.count(b"{") <= MAX_DEPTH
    found = 0 if few else depth(content)
    if found > MAX_DEPTH:
        msg = f"{name} nests brackets {found:,} deep; the limit is {MAX_DEPTH}. Flatten it."
        raise DamagedProductError(msg)

    if content.count(b",") > MAX_VALUES:
        raise DamagedProductError(f"{name} holds more than {MAX_VALUES:,} values; split it or simplify it.")
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_refuse)
    except _ForbiddenError as error:
        raise DamagedProductError(f"{name} {error}") from None
    except UnicodeDecodeError as error:
        raise DamagedProductError(f"{name} is not in UTF-8, as JSON has to be; convert it.") from error
    except json.JSONDecodeError as error:
        msg = f"{name} is not valid JSON (line {error.lineno}, column {error.colno}); it may be truncated."
        raise DamagedProductError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"{name} holds a number of too many digits, or is not valid JSON; correct it."
        raise DamagedProductError(msg) from error


class _ForbiddenError(Exception):
    """Something that the parser would let pass, in words that follow the file's name."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise _ForbiddenError(f"gives the key {shown(twice)!r} twice in one object; keep one of them.")
    return value


def _refuse(word: str) -> NoReturn:
    raise _ForbiddenError(f"holds {word}, which is no JSON number; leave the value out or correct it.")


def depth(content: bytes) -> int:
    """Return how deep brackets outside of strings are nested; never recurses, whatever the text is."""
    plain = content.replace(rb"\\", b"  ").replace(rb"\"", b"  ")  # what is left of quotes opens or closes a string
    deepest = level = 0
    inside = False
    for start in range(0, len(plain), _BLOCK):
        block = np.frombuffer(plain, dtype=np.uint8, count=min(_BLOCK, len(plain) - start), offset=start)
        quoted = (np.cumsum(block == ord('"')) + inside) % 2 == 1
        opens = (block == ord("{")) | (block == ord("["))
        closes = (block == ord("}")) | (block == ord("]"))
        steps = np.where(quoted, 0, opens.astype(np.int32) - closes)
        levels = level + np.cumsum(steps)
        deepest, level, inside = max(deepest, int(levels.max())), int(levels[-1]), bool(quoted[-1])
    return deepest
