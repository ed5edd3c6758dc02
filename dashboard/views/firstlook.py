"""The picture that the page shows before its session is there: what the map will show first, and nothing besides.

It is drawn from the same bytes, by the same script and with the same words in its corner as the map itself, and it
carries its marking: a picture never goes without.
"""

import json
from html import escape
from typing import Any

import numpy as np

from dashboard.model.acquisition import Acquisition
from dashboard.model.palette import Theme, tokens
from dashboard.model.view import CompareMode, View
from dashboard.render.compose import ratio_palette
from dashboard.views.chips import chips, clock, looks
from dashboard.views.esm import style
from dashboard.views.marking import mark
from dashboard.views.plan import Place
from dashboard.views.variables import declared
from dashboard.workflows.frames import Imagery

_PARTS = {CompareMode.A: ("a",), CompareMode.B: ("b",), CompareMode.BLINK: ("b",), CompareMode.LOG_RATIO: ("ratio",)}
"""What a mode draws first; every other mode draws A and B."""


def first_look(view: View, found: Imagery, pair: tuple[Acquisition | None, Acquisition | None], place: Place,
               theme: Theme) -> bytes:  # fmt: skip
    """Return the picture as one message: length of its head, little-endian; head, JSON; then the bytes it names.

    Parameters
    ----------
    pair : A and B, as far as the view names them
    place : of the map on the page
    """
    levels = {"a": found.levels_a, "b": found.levels_b, "ratio": found.ratio}
    palettes = {"palette-a": found.palette_a, "palette-b": found.palette_b}
    wanted = {name: levels[name] for name in _PARTS.get(view.compare, ("a", "b"))}
    parts = [(name, np.ascontiguousarray(part)) for name, part in {**wanted, **palettes}.items() if part is not None]
    height, width = found.geobox.shape
    head: dict[str, Any] = {
        "place": [place.left, place.top, place.width, place.height], "width": width, "height": height,
        "mode": "b" if view.compare is CompareMode.BLINK else view.compare.value, "split": view.split,
        "opacity": view.opacity, "parts": [[name, part.size] for name, part in parts],
        "colours": ratio_palette() if view.compare is CompareMode.LOG_RATIO else [],
        "html": _around(view, found, pair, theme),
    }  # fmt: skip
    text = json.dumps(head).encode()
    return b"".join([len(text).to_bytes(4, "little"), text, *(part.tobytes() for _, part in parts)])


def _around(view: View, found: Imagery, pair: tuple[Acquisition | None, Acquisition | None], theme: Theme) -> str:
    """Return the marking above and below, and what the map's corner says."""
    banner = mark(found.handling.banner)
    badge = "Different geometry, differences may not be change: " + "; ".join(found.mismatches)
    corner = f'<div class="chips">{chips(*pair, view)}</div>'
    corner += f'<div class="badge">{escape(badge)}</div>' if found.mismatches else ""
    corner += f'<div class="clock">{escape(clock(view))}</div>' if clock(view) else ""
    return (
        f"<style>:host {{ {declared(tokens(theme))} }}\n{style('text')}{style('stage')}{style('firstlook')}</style>"
        f'<div class="top">{banner}</div><div class="bottom">{banner}</div><canvas></canvas>'
        f'<div class="overlay" data-mode="{view.compare.value}"><div class="corner">{corner}</div>'
        f'<div class="looks">{looks(*pair, view)}</div></div>'
    )
