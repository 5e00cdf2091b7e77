"""What the gates do for one consent state: which services they hold back, and which they only count."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Enforcement:
    """The services, by id, that one response or request must do without.

    `held` may not run or store now, for whatever reason. `refused` is the part of `held` that the visitor or a signal
    said no to; the rest waits for an answer. `reported` would be held too, but their category is in report-only mode:
    gates let them pass, and count what they would have done.
    """

    held: frozenset[str]
    refused: frozenset[str]
    reported: frozenset[str] = frozenset()

    @property
    def does_nothing(self) -> bool:
        """Whether no gate has anything to hold back or to count."""
        return not self.held and not self.reported


#: Where everything is allowed.
OPEN = Enforcement(frozenset(), frozenset())
