"""The banner of a page."""

from html import escape


def mark(banner: str) -> str:
    """Return a marking as the page's banner."""
    kind = "exercise" if "EXERCISE" in banner else "unmarked" if banner == "UNMARKED" else "marked"
    return f'<div class="mark {kind}">{escape(banner)}</div>'
