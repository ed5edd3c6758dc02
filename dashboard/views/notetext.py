"""Cards of the notes tab: the form, the history, conflicts and drafts. Pure HTML from state values."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from dashboard.geo.front_distance import FrontRelation
from dashboard.model.annotation import (
    CREDIBILITY,
    DEFAULT_GRADE,
    RELIABILITY,
    Annotation,
    AnnotationKind,
    Conflict,
    Force,
    Revision,
)
from dashboard.model.dtg import dtg, iso
from dashboard.model.handling import Tlp
from dashboard.model.palette import Tokens
from dashboard.model.progress import Progress
from dashboard.model.sketch import Draft
from dashboard.state.drawing import Work
from dashboard.state.exchanging import FORMATS
from dashboard.state.noting import Chosen
from dashboard.views.card import button, chosen, said, written
from dashboard.views.outlines import outlines
from dashboard.views.tables import front_words
from dashboard.workflows.annotate import FIELD_NAMES, fields_of

WORDS = {
    "kind": "Kind", "title": "Title", "side": "Side", "opposing": "Opposing side", "valid_from": "Valid from",
    "valid_to": "Valid to", "grade": "Grade", "sources": "Sources, one a line", "evidence": "Evidence", "tlp": "Label",
    "notes": "Notes",
}  # fmt: skip
MOST_REVISIONS = 60


def form(work: Work, forces: Sequence[Force]) -> str:
    """Return the form of what is on the desk."""
    fields = work.form

    say = said("note-field")

    sides = {"": "–", **{force.name: force.name for force in forces}}
    grade = fields.get("grade") or DEFAULT_GRADE
    reliability, credibility = grade[:1], grade[1:]
    parts = [
        f"<h3>{'New' if not work.base else 'Editing'} {escape(work.sketch.shape.value)}</h3>",
        '<div class="grid">',
        written("Title", "title", fields.get("title", ""), say),
        chosen("Kind", "kind", fields.get("kind", ""), [kind.value for kind in AnnotationKind], say),
        chosen("Label", "tlp", fields.get("tlp", ""), ["", *(label.label for label in Tlp)], say),
        chosen("Side", "side", fields.get("side", ""), sides, say),
        chosen("Opposing side", "opposing", fields.get("opposing", ""), sides, say),
        written("Valid from", "valid_from", fields.get("valid_from", ""), say, tip="061530ZMAY24"),
        written("Valid to", "valid_to", fields.get("valid_to", ""), say, tip="while it lasts"),
        chosen("Source", "reliability", reliability, _graded(RELIABILITY), say),
        chosen("Information", "credibility", credibility, _graded(CREDIBILITY), say),
        written("Sources, one a line", "sources", fields.get("sources", ""), say, lines=2),
        written(
            "Evidence",
            "evidence",
            fields.get("evidence", ""),
            say,
            lines=2,
            tip="acquisition:, change: or annotation: and its id, one a line",
        ),
        written("Notes", "notes", fields.get("notes", ""), say, lines=3),
        "</div>",
        '<div class="row">',
        button("+ A", said("note-link", what="a"), tip="Link acquisition A as evidence"),
        button("+ B", said("note-link", what="b"), tip="Link acquisition B as evidence"),
        button("+ change", said("note-link", what="change"), tip="Link the selected change as evidence"),
        button("New side …", said("note-force"), tip="Name a force and its colour"),
        "</div>",
        '<div class="row">',
        button("Save", said("pen", op="save"), tip="Save (Ctrl+Enter)", main=True),
        button("Put aside", said("pen", op="aside"), tip="Keep as a draft (Esc)"),
        "</div>",
    ]
    return "".join(parts)


def _graded(words: dict[str, str]) -> dict[str, str]:
    return {key: f"{key} · {text}" for key, text in words.items()}


def force_form(colours: Tokens) -> str:
    """Return the form of a new force."""
    return (
        '<h3>New side</h3><div class="grid"><label>Name<input type="text" name="force-name" data-with maxlength="40">'
        f'</label><label>Colour<input type="color" name="force-colour" value="{colours.kind_position}" data-with>'
        "</label></div>"
        '<div class="row"><button type="button" class="main" data-fields="1" '
        f"{said('note-force-save')}>Add side</button>"
        f"{button('Cancel', said('note-force-close'))}</div>"
    )


def details(picked: Chosen, colours: Tokens, compared: int | None, *, past: bool) -> str:
    """Return the chosen annotation with its history; `compared` is the revision opened beside its predecessor."""
    now = picked.now
    found = now.annotation
    title = found.title or f"{found.kind.value} without a title"
    until = dtg(found.valid_to) if found.valid_to else "lasting"
    sides = " against ".join(name for name in (found.side, found.opposing) if name)
    graded = f"{RELIABILITY[found.grade[0]]}, {CREDIBILITY[found.grade[1]]}"
    signed = f"{escape(now.author)} <i>(self-declared)</i>, {dtg(now.known_from)} · {escape(found.handling.banner)}"
    kind = escape(found.kind.value) + (" · " + escape(sides) if sides else "")
    lines = [
        f"<h3>{escape(title)}{' · removed' if now.removed else ''}</h3>",
        f"<p>{kind} · <b class='mono'>{found.grade}</b> <span class='muted'>{graded}</span></p>",
        f"<p class='mono' title='{iso(found.valid_from)}'>{dtg(found.valid_from)} – {until}</p>",
        f"<p class='muted'>{signed}</p>",
        f"<p>{escape(found.notes)}</p>" if found.notes else "",
        "".join(f"<p class='muted'>Source: {escape(source)}</p>" for source in found.sources),
        "".join(f"<p class='muted mono'>{link.kind.value} {escape(link.id)}</p>" for link in found.evidence),
    ]
    if not past:
        lines.append(
            '<div class="row">'
            + button("Edit", said("note-edit"), main=True, able=not now.removed)
            + button("Remove", said("note-remove"), tip="Take it off the map; its history stays", able=not now.removed)
            + button("Close", said("note-close"))
            + "</div>"
        )
    lines.append("<h3>History</h3>")
    lines.append(_history(picked, colours, compared, past=past))
    return "".join(lines)


def _history(picked: Chosen, colours: Tokens, compared: int | None, *, past: bool) -> str:
    items = []
    pairs = list(zip((None, *picked.history), picked.history, strict=False))
    for before, revision in reversed(pairs[-MOST_REVISIONS:]):
        changed = difference(before.annotation if before else None, revision.annotation)
        what = "removed" if revision.removed else "drawn" if before is None else ", ".join(changed) or "brought back"
        buttons = button(
            "Close" if compared == revision.version else "Compare", said("note-compare", version=revision.version),
            tip="Show what this revision changed",
        )  # fmt: skip
        if not past and (revision is not picked.now or picked.now.removed):
            buttons += button(
                "Bring back", said("note-back", version=revision.version), tip="Make this the present one"
            )
        body = ""
        if compared == revision.version:
            body = comparison(before.annotation if before else None, revision.annotation, colours)
        items.append(
            f'<div class="item"><b class="mono" title="{iso(revision.known_from)}">{dtg(revision.known_from)}</b> '
            f"{escape(revision.author)}: {escape(what)}<div class='row'>{buttons}</div>{body}</div>"
        )
    return "".join(items)


def difference(before: Annotation | None, after: Annotation) -> list[str]:
    """Return the names of what two revisions differ in."""
    if before is None:
        return []
    old, new = fields_of(before), fields_of(after)
    names = [WORDS[name].split(",")[0].lower() for name in FIELD_NAMES if old[name] != new[name]]
    return names if before.geometry.equals_exact(after.geometry, 0.0) else ["geometry", *names]


def comparison(
    before: Annotation | None, after: Annotation, colours: Tokens, heads: tuple[str, str] = ("Before", "After")
) -> str:
    """Return the drawn difference of the geometries and a table of the fields that differ."""
    picture = outlines(
        before.geometry if before else None, after.geometry, colours,
        "geometry before, dashed, and after",
    )  # fmt: skip
    old = fields_of(before) if before else dict.fromkeys(FIELD_NAMES, "")
    new = fields_of(after)
    rows = "".join(
        f"<tr><td>{WORDS[name]}</td><td><del>{escape(old[name])}</del></td><td><ins>{escape(new[name])}</ins></td></tr>"
        for name in FIELD_NAMES
        if old[name] != new[name]
    )
    table = f"<table><tr><th>Field</th><th>{heads[0]}</th><th>{heads[1]}</th></tr>{rows}</table>" if rows else ""
    return picture + (table or "<p class='muted'>No field differs.</p>")


def conflict_card(conflict: Conflict, colours: Tokens) -> str:
    """Return both edits side by side, and the choice between them."""
    theirs, mine = conflict.theirs, conflict.mine
    base = conflict.base.annotation if conflict.base else None
    sides = []
    for words, author, edit, made in (
        ("On the map", theirs.author, None if theirs.removed else theirs.annotation, theirs.known_from),
        ("Kept aside", conflict.author, mine, conflict.at),
    ):
        head = f"<b>{words}</b><br><span class='muted'>{escape(author)}, {dtg(made)}</span>"
        if edit is None:
            sides.append(f"<div>{head}<p>removed</p></div>")
            continue
        changed = ", ".join(difference(base, edit)) or "nothing changed"
        picture = outlines(base.geometry if base else None, edit.geometry, colours, f"{words}, the base dashed")
        sides.append(f"<div>{head}{picture}<p>{escape(changed)}</p></div>")
    title = theirs.annotation.title or theirs.annotation.kind.value
    present = None if theirs.removed else theirs.annotation
    fields = "" if mine is None else comparison(present, mine, colours, ("On the map", "Kept aside"))
    keep, take = (said("note-decide", version=conflict.version, take=take) for take in (False, True))
    choice = button("Keep what is on the map", keep) + button("Take the kept edit", take, main=True)
    return (
        f'<div class="item conflict"><b>Two edits of {escape(title)}</b><div class="two">{"".join(sides)}</div>{fields}'
        f'<div class="row">{choice}</div></div>'
    )


def draft_card(drafts: Sequence[Draft]) -> str:
    """Return the drafts that lie aside."""
    items = []
    for draft in drafts:
        fields = dict(draft.fields)
        name = fields.get("title") or f"{fields.get('kind') or 'drawing'} without a title"
        reason = f'<br><span class="warn">{escape(draft.reason)}</span>' if draft.reason else ""
        signed = f"{escape(draft.author)}, {dtg(draft.updated)}, {draft.sketch.vertices} vertices"
        items.append(
            f'<div class="item"><b>{escape(name)}</b> <span class="muted">{signed}</span>{reason}<div class="row">'
            f"{button('Go on', said('draft-resume', id=draft.id), main=True)}"
            f"{button('Throw away', said('draft-discard', id=draft.id))}</div></div>"
        )
    return f"<h3>Drafts, not recorded yet</h3>{''.join(items)}" if items else ""


def files_card(progress: Progress | None, lines: Sequence[str], ready: Path | None) -> str:
    """Return the way in and out for files."""
    if progress is not None:
        return (
            f"<h3>Files</h3><p>{escape(progress.text)} · {progress.done:.0%}</p>"
            f'<div class="row">{button("Cancel", said("exchange-cancel"))}</div>'
        )
    told = "".join(f"<p class='muted'>{escape(line)}</p>" for line in lines)
    link = f'<p><a href="exports/{quote(ready.name)}" download>{escape(ready.name)}</a></p>' if ready else ""
    formats = "".join(
        button(name, said("export", format=name), tip=f"What is on the map now, as {name}") for name in FORMATS
    )
    return (
        "<h3>Files</h3><label>Import GeoJSON, KML, KMZ or GeoPackage (or drop it on the page)"
        '<input type="file" name="file" accept=".geojson,.json,.kml,.kmz,.gpkg"></label>'
        f'<div class="row"><span class="muted">Export</span>{formats}</div>{told}{link}'
    )


def revision_rows(revisions: Sequence[Revision], related: Sequence[FrontRelation | None]) -> list[tuple[str, ...]]:
    """Return one row an annotation: id, title, kind, grade, valid from, distance to the front."""
    rows: list[tuple[str, ...]] = []
    for revision, relation in zip(revisions, related, strict=True):
        found = revision.annotation
        near = front_words(relation)
        rows.append((found.id, found.title or "–", found.kind.value, found.grade, dtg(found.valid_from), near))
    return rows
