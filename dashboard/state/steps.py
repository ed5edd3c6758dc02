"""What can be undone: two stacks of steps, bounded, each step knowing what was before and what came after."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

MOST = 500
"""Steps kept; the oldest are forgotten first."""

Step = TypeVar("Step")


@dataclass(slots=True)
class Steps(Generic[Step]):
    """Undo and redo of one session."""

    past: list[Step] = field(default_factory=list)
    future: list[Step] = field(default_factory=list)

    def did(self, step: Step) -> None:
        """Remember a step; what had been undone can no longer be redone."""
        self.past = [*self.past[-(MOST - 1) :], step]
        self.future.clear()

    def undo(self) -> Step | None:
        """Return the step to take back; None when there is none."""
        if not self.past:
            return None
        self.future.append(self.past.pop())
        return self.future[-1]

    def redo(self) -> Step | None:
        """Return the step to take again; None when there is none."""
        if not self.future:
            return None
        self.past.append(self.future.pop())
        return self.past[-1]
