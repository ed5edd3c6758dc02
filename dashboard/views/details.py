"""The ground each side gained and lost, as HTML from values. Pure."""

from html import escape

from dashboard.model.dtg import dtg
from dashboard.workflows.fronts import Fronts


def front_text(provider: str | None, found: Fronts | None) -> str:
    """Return the ground each side gained and lost between A and B."""
    if provider is None or found is None:
        return '<span class="muted">No frontline has been ingested: nightglass ingest-frontline.</span>'
    head = f"<b>{escape(provider)}</b><br>"
    if found.after is None:
        return head + '<span class="muted">Nothing was stated by that moment.</span>'
    head += f"<span class='muted'>now: valid from</span> <span class='mono'>{dtg(found.after.valid_from)}</span><br>"
    if found.before is None:
        return head + '<span class="muted">No snapshot is valid at A, so nothing is compared.</span>'
    head += f"<span class='muted'>at A: valid from</span> <span class='mono'>{dtg(found.before.valid_from)}</span>"
    credits_ = sorted(found.after.handling.attributions | found.before.handling.attributions)
    foot = f'<p class="muted">Credit: {escape(", ".join(credits_))}</p>' if credits_ else ""
    if not found.changes:
        return head + "<p>The same snapshot was valid at A: no ground changed hands since.</p>" + foot
    rows = "".join(
        f"<tr><th>{escape(change.side)}</th><td>+{change.gained_km2:.2f}</td><td>−{change.lost_km2:.2f}</td>"
        f"<td>{change.gained_km2 - change.lost_km2:+.2f}</td></tr>"
        for change in found.changes
    )
    titles = "<tr><th>km²</th><td>gained</td><td>lost</td><td>net</td></tr>"
    return f'{head}<table class="numbers">{titles}{rows}</table>{foot}'
