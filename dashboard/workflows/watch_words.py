"""What a watch says of what it found, in one line."""

from collections import Counter
from collections.abc import Sequence

from dashboard.workflows.ingest import IngestEntry

MOST_REASONS = 5


def reasons(failed: Sequence[IngestEntry]) -> str:
    """Return why things failed, each reason once."""
    return "; ".join(list(dict.fromkeys(entry.message for entry in failed))[:MOST_REASONS])


def status(entries: Sequence[IngestEntry]) -> str:
    """Return the one word for what came of a file or folder."""
    found = {entry.status for entry in entries}
    return next((word for word in ("added", "already there") if word in found), "passed over")


def summary(entries: Sequence[IngestEntry]) -> str:
    """Return the acquisition that came of it, or how many of which outcome."""
    named = [entry for entry in entries if entry.id is not None]
    if len(named) == 1:
        return " ".join(part for part in (named[0].id, named[0].message) if part)
    counts = Counter(entry.status for entry in entries)
    return ", ".join(f"{count:,} {word}" for word, count in counts.items()) or "nothing in it"
