"""The coverage of an area as text that a spreadsheet reads."""

import csv
import io

from dashboard.model.coverage import Coverage
from dashboard.model.dtg import iso

_FIELDS = (
    "provider", "looks", "products", "with_pixels", "known_only", "share_seen", "first", "last", "age_s",
    "longest_gap_s", "median_revisit_s", "delay_median_s", "delay_p90_s", "delay_worst_s", "delay_stated",
    "delay_not_stated", "west",
    "south", "east", "north", "from", "until", "handling",
)  # fmt: skip


def separated(found: Coverage, mark: str = "\t") -> str:
    """Return the table as text with a heading line, values separated by `mark`; times in seconds, empty for none."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mark, lineterminator="\n")
    writer.writerow(_FIELDS)
    for row in (*found.rows, found.total):
        late = row.delay
        writer.writerow(
            [
                row.provider or "all", row.looks, row.products, row.with_pixels, row.known_only, f"{row.share:.4f}",
                *("" if at is None else iso(at) for at in (row.first, row.last)),
                *_numbers(row.age_s, row.gap_s, row.revisit_s, late.median_s, late.p90_s, late.worst_s),
                late.stated, late.not_stated, *_numbers(*found.bbox, digits=6),
                "" if found.start is None else iso(found.start), iso(found.as_of), found.handling.banner,
            ]
        )  # fmt: skip
    return out.getvalue()


def _numbers(*values: float | None, digits: int = 0) -> list[str]:
    return ["" if value is None else f"{value:.{digits}f}" for value in values]
