"""The sheet of keys."""

import panel_material_ui as pmui

from dashboard.views.text import text

KEYS: tuple[tuple[str, str], ...] = (
    ("← →", "previous, next acquisition"),
    ("Shift ← →", "the same within the stack"),
    ("Home End", "first, last acquisition"),
    ("Space", "play, pause"),
    ("B", "hold to see the other date"),
    ("S", "swipe on, off"),
    ("[ ]", "move the swipe line"),
    ("X", "exchange A and B"),
    ("F", "fade the imagery"),
    ("J K", "next, previous change of the queue"),
    ("1 – 5", "what the change in hand is: damage, earthworks, water, moved, false alarm"),
    ("N", "note on the change in hand"),
    ("T", "series at the cursor"),
    ("R", "MGRS grid"),
    ("C", "copy the cursor's MGRS"),
    ("/", "go to a place or position"),
    (", .", "earlier, later statement of the front"),
    ("D", "drawing tools"),
    ("P O G", "with the tools: point, line, area"),
    ("Enter Bksp", "finish the drawing, take a vertex back"),
    ("Ctrl+Z", "undo: of the drawing with its tools open, of the last verdict in the Changes tab, else of the view"),
    ("Ctrl+Shift+Z", "redo"),
    ("Ctrl+Enter", "save the drawing"),
    ("Ctrl+E", "brief this view"),
    ("?", "this sheet"),
    ("Esc", "close; forget the brushed period"),
)


def key_sheet() -> pmui.Dialog:
    """Return the dialog, closed."""
    rows = "".join(f"<tr><th><kbd>{key}</kbd></th><td>{what}</td></tr>" for key, what in KEYS)
    mouse = (
        "<p class='muted'>Map: drag pans, wheel zooms, click inspects, double-click goes there. Timeline: click sets "
        "B, Shift+click sets A, drag pans, wheel zooms, the coloured playheads can be dragged; a drag along its ruler "
        "brushes the period of the coverage and of the changes. Drop an exported "
        "picture on the page to open its view.</p>"
    )
    credits_ = (
        "<p class='muted'>Basemap: Natural Earth (public domain). Place names: GeoNames (CC BY 4.0). No warranty.</p>"
    )
    return pmui.Dialog(
        text(f"<h2>Keys</h2><table class='keys'>{rows}</table>{mouse}{credits_}", margin=16, css_classes=["keysheet"]),
        open=False, close_on_click=True, width_option="sm",
    )  # fmt: skip
