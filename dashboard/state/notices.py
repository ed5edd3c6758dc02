"""What the app has to tell: one line at a time, with its weight."""

from dataclasses import dataclass
from enum import StrEnum

import param

from dashboard.state.background import explain


class Weight(StrEnum):
    """How much a notice matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for the user."""

    text: str
    weight: Weight = Weight.INFO


class Notices(param.Parameterized):
    """The sentence on show; None when there is nothing to say."""

    current = param.ClassSelector(class_=Notice, default=None, allow_None=True)

    def tell(self, text: str, weight: Weight = Weight.INFO) -> None:
        """Show a sentence."""
        self.current = Notice(text, weight)

    def fail(self, error: Exception) -> None:
        """Show an error in words; the unexpected goes to the log under an incident number."""
        self.current = Notice(explain(error), Weight.ERROR)

    def fade(self, notice: Notice) -> None:
        """Take a sentence away unless another one has taken its place."""
        if self.current is notice:
            self.current = None

    def clear(self) -> None:
        """Take the sentence away."""
        if self.current is not None:
            self.current = None
