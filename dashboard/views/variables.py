"""The theme's colours as variables of style sheets."""

from dashboard.model.palette import Tokens

_NAMES = (
    "page", "panel", "line", "text", "muted", "accent", "a", "b", "warning", "error", "banner", "banner_text",
    "exercise", "exercise_text",
)  # fmt: skip


def variables(colours: Tokens) -> dict[str, str]:
    """Return every variable that style sheets use, by name."""
    made = {f"--ng-{name.replace('_', '-')}": getattr(colours, name) for name in _NAMES}
    made["--ng-glass"] = f"{colours.panel}e6"
    return made


def declared(colours: Tokens) -> str:
    """Return the variables as declarations of a rule."""
    return " ".join(f"{name}: {value};" for name, value in variables(colours).items())
