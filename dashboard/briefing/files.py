"""A drawn sheet as bytes: PNG at 300 dpi or PDF with vector text, each with its view inside."""

import io
import json
from typing import Literal

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from dashboard.briefing.layout import DPI
from dashboard.briefing.page import draw, printing
from dashboard.briefing.sheet import Sheet
from dashboard.briefing.token import (
    ANNOTATIONS_KEY,
    EXPORT_KEY,
    HANDLING_KEY,
    SOFTWARE_KEY,
    VIEW_KEY,
    pdf_keywords,
)
from dashboard.model.dtg import dtg
from dashboard.model.errors import InputError

Format = Literal["png", "pdf"]
_PNG_LEVEL = 3
"""Deflate level: speckle hardly compresses, beyond this only the time grows."""


def format_of(name: str) -> Format:
    """Return the format of a name or a file's suffix.

    Raises
    ------
    InputError
        If sheets are not written in it.
    """
    match name.lower().removeprefix("."):
        case "png":
            return "png"
        case "pdf":
            return "pdf"
    raise InputError(f"Sheets are not written as {name!r}; give png or pdf, as .png or .pdf at the end of a file.")


def render(sheet: Sheet, kind: Format) -> bytes:
    """Return the file of a sheet.

    Parameters
    ----------
    sheet : what is printed
    kind : ``png`` (RGB at 300 dpi) or ``pdf`` (one page of the same size, text as text, fonts embedded)
    """
    with printing():
        figure = draw(sheet)
        return _png(figure, sheet) if kind == "png" else _pdf(figure, sheet)


def pixels(figure: Figure) -> NDArray[np.uint8]:
    """Return a figure as (y, x, 3) bytes at 300 dpi."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]  # Matplotlib's stubs leave it bare
    drawn: NDArray[np.uint8] = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(drawn[..., :3])


def said(sheet: Sheet) -> str:
    """Return every annotation on the sheet as JSON: which revision, its title, who said so, since when, how surely."""
    rows = [
        {
            "id": revision.annotation.id,
            "version": revision.version,
            "title": revision.annotation.title,
            "author": revision.author,
            "valid from": dtg(revision.annotation.valid_from),
            "grade": revision.annotation.grade,
            "sources": list(revision.annotation.sources),
        }
        for revision in sheet.annotations
    ]
    return json.dumps(rows, ensure_ascii=True, separators=(",", ":"))


def _png(figure: Figure, sheet: Sheet) -> bytes:
    info = PngInfo()
    for key, text in (
        (VIEW_KEY, sheet.token),
        (HANDLING_KEY, sheet.handling.banner),
        (SOFTWARE_KEY, sheet.software),
        (EXPORT_KEY, sheet.export_id),
        ("Title", sheet.title),
        *([(ANNOTATIONS_KEY, said(sheet))] if sheet.annotations else []),
    ):
        info.add_itxt(key, text)
    out = io.BytesIO()
    Image.fromarray(pixels(figure)).save(out, "PNG", dpi=(DPI, DPI), pnginfo=info, compress_level=_PNG_LEVEL)
    return out.getvalue()


def _pdf(figure: Figure, sheet: Sheet) -> bytes:
    out = io.BytesIO()
    metadata = {
        "Title": sheet.title,
        "Author": sheet.author or None,
        "Subject": sheet.handling.banner,
        "Keywords": pdf_keywords(sheet.token, sheet.export_id, said(sheet) if sheet.annotations else ""),
        "Creator": sheet.software,
        "CreationDate": sheet.made,
    }
    FigureCanvasPdf(figure).print_figure(
        out, format="pdf", dpi=DPI, metadata=metadata, facecolor=figure.get_facecolor()
    )
    return out.getvalue()
