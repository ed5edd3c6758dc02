"""View <-> token: ``v1.<base64url of deflated JSON>.<check>``.

Decoding is validation: every key is known, every value is rebuilt through the frozen types, sizes are bounded and the
check guards against a link that was cut short. A token holds no secrets and grants nothing.
"""

import base64
import binascii
import json
import zlib
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from dashboard.model.coverage import Measure
from dashboard.model.errors import BadTokenError, InputError
from dashboard.model.view import CompareMode, Extent, Layer, Stretch, StretchKind, View

VERSION = "v1"
MAX_TOKEN_CHARS = 4096
MAX_JSON_BYTES = 65_536
_KEYS = {field.name for field in fields(View)}


def encode(view: View) -> str:
    """Return the token of a view; equal views give equal tokens."""
    text = json.dumps(_plain(view), separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    packed = zlib.compress(text.encode(), 9)
    body = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return f"{VERSION}.{body}.{zlib.crc32(packed):08x}"


def decode(token: str) -> View:
    """Return the view of a token.

    Raises
    ------
    BadTokenError
        If the token is too long, of another version, cut short or holds anything unknown.
    """
    if len(token) > MAX_TOKEN_CHARS:
        msg = f"The view token has {len(token)} characters; at most {MAX_TOKEN_CHARS} are read. Copy the link again."
        raise BadTokenError(msg)
    if not token.isascii():
        raise BadTokenError("The view token holds characters no token has. Copy the link again.")
    version, _, rest = token.strip().partition(".")
    if version != VERSION:
        msg = f"The view token starts with {version[:12]!r}; this Nightglass reads {VERSION!r}."
        raise BadTokenError(msg)
    body, _, check = rest.partition(".")
    return _rebuild(_unpack(body, check))


def _unpack(body: str, check: str) -> dict[str, Any]:
    try:
        packed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        if f"{zlib.crc32(packed):08x}" != check:
            raise BadTokenError(
                "The view token is incomplete or changed (its check does not match). Copy the link again."
            )
        inflater = zlib.decompressobj()
        text = inflater.decompress(packed, MAX_JSON_BYTES)
        if inflater.unconsumed_tail:
            msg = f"The view token unpacks to more than {MAX_JSON_BYTES} bytes. Copy the link again."
            raise BadTokenError(msg)
        found = json.loads(text)
    except (binascii.Error, zlib.error, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadTokenError("The view token is not readable. Copy the link again.") from error
    if not isinstance(found, dict) or not set(found) <= _KEYS or "extent" not in found:
        raise BadTokenError("The view token holds unknown fields. It may come from a newer Nightglass.")
    return found


def _plain(view: View) -> dict[str, Any]:
    period = None if view.period is None else [_stamp(moment) for moment in view.period]
    return {
        **_coverage(view),
        "extent": [float(side) for side in (view.extent.x0, view.extent.y0, view.extent.x1, view.extent.y1)],
        "a": view.a,
        "b": view.b,
        "compare": view.compare.value,
        "split": float(view.split),
        "polarisation": view.polarisation,
        "stretch": [view.stretch.kind.value, float(view.stretch.low), float(view.stretch.high)],
        "opacity": float(view.opacity),
        "layers": sorted(layer.value for layer in view.layers),
        "provider": view.provider,
        "against": view.against,
        "valid_at": None if view.valid_at is None else _stamp(view.valid_at),
        "known_at": None if view.known_at is None else _stamp(view.known_at),
        "period": period,
        "constellations": list(view.constellations),
        "pixel": None if view.pixel is None else [float(part) for part in view.pixel],
        "folded": sorted(view.folded),
    }


def _coverage(view: View) -> dict[str, Any]:
    """Return what came later: left out where it says nothing, so that tokens stay as they were."""
    found: dict[str, Any] = {} if view.measure is Measure.LOOKS else {"measure": view.measure.value}
    return found if view.brush is None else {**found, "brush": [_stamp(moment) for moment in view.brush]}


def _rebuild(found: dict[str, Any]) -> View:
    try:
        kind, low, high = found.get("stretch", ["percentile", 2.0, 98.0])
        period, brush = found.get("period"), found.get("brush")
        pixel = found.get("pixel")
        return View(
            extent=Extent(*(float(v) for v in found["extent"])),
            a=_text(found.get("a")),
            b=_text(found.get("b")),
            compare=CompareMode(found.get("compare", "b")),
            split=float(found.get("split", 0.5)),
            polarisation=_text(found.get("polarisation")) or "VV",
            stretch=Stretch(StretchKind(kind), float(low), float(high)),
            opacity=float(found.get("opacity", 1.0)),
            layers=frozenset(Layer(name) for name in found.get("layers", [])),
            provider=_text(found.get("provider")),
            against=_text(found.get("against")),
            valid_at=_moment_or_none(found.get("valid_at")),
            known_at=_moment_or_none(found.get("known_at")),
            period=None if period is None else (_moment(period[0]), _moment(period[1])),
            brush=None if brush is None else (_moment(brush[0]), _moment(brush[1])),
            measure=Measure(found.get("measure", "looks")),
            constellations=tuple(_text(name) or "" for name in found.get("constellations", [])),
            pixel=None if pixel is None else (float(pixel[0]), float(pixel[1])),
            folded=frozenset(_text(name) or "" for name in found.get("folded", [])),
        )
    except InputError as error:
        msg = f"The view token holds an impossible view: {error}"
        raise BadTokenError(msg) from error
    except (TypeError, ValueError, KeyError, IndexError, OverflowError) as error:
        raise BadTokenError("The view token holds a value of the wrong kind. Copy the link again.") from error


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _moment_or_none(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)
