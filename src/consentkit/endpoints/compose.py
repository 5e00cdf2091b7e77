"""From what a visitor sent to the choice that will stand: the verdict is always derived here, from the policy.

A submission speaks only of what its form asked about, but for "reject all". What else stands is carried over, with its
own age.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from consentkit.cookie import DAY, CategoryChoice, StoredChoice, Verdict, category_key, service_key
from consentkit.decision import Decision, Revisions
from consentkit.endpoints.submission import Submission
from consentkit.log.record import Action
from consentkit.policy.models import Policy

Entries = Mapping[str, CategoryChoice]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the form asked about: categories, single services, and the digests of what was declared then."""

    categories: frozenset[str]
    services: frozenset[str]
    digests: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Composed:
    """A choice as it would stand, what to call it in the record, and what it says of categories and services."""

    entries: Entries
    choice: StoredChoice
    action: Action
    categories: Mapping[str, bool]
    services: Mapping[str, bool]


class Composer:
    """Derives choices for one visitor: `decision` is what stands now, `now` the unix second."""

    def __init__(self, policy: Policy, revisions: Revisions, decision: Decision, mechanism: str, now: int) -> None:
        self._policy = policy
        self._revisions = revisions
        self._decision = decision
        self._mechanism = mechanism
        self._now = now
        self._standing = self._carried(decision.standing)
        self._overtaken = self._carried(decision.overtaken)

    def compose(self, submission: Submission, shown: Shown | None) -> Composed:
        """The choice that follows. Without `shown` only refusals are derived, of everything that is asked about."""
        if submission.action == "grant":
            changed = self._granted_too(submission, shown) if shown else {}
        else:
            asked = self._policy.asked_categories
            # "Reject all" means all, also on a banner that asks about one category again.
            everything = shown is None or submission.action == "reject-all"
            named = [name for name in asked if everything or (shown is not None and name in shown.categories)]
            changed = {name: self._verdict(name, submission, shown) for name in named}
            if submission.action == "reject-all":
                # Also what nobody is asked about just now, for want of a service that may come back.
                changed |= {name: CategoryChoice(Verdict.DENIED) for name in self._standing if name not in asked}
        return self._composed({**self._standing, **changed}, submission.action)

    def changes_anything(self, composed: Composed) -> bool:
        """Whether a choice says anything that doesn't stand already."""
        return composed.entries != self._standing

    def grants_anything(self, submission: Submission, shown: Shown | None) -> bool:
        """Whether a submission of `grant` names anything that its form asked about."""
        return shown is not None and bool(self._granted_too(submission, shown))

    def without_new_grants(self, composed: Composed) -> Composed | None:
        """The part of `composed` that only takes away, or None when that is nothing: for when the log is down."""
        kept: dict[str, CategoryChoice] = {}
        for name, entry in composed.entries.items():
            narrowed = self._narrowed(name, entry)
            if narrowed is not None:
                kept[name] = narrowed
        takes_away = any(kept.get(name) != entry for name, entry in self._standing.items())
        refuses_more = any(
            entry.verdict is Verdict.DENIED and name not in self._standing for name, entry in kept.items()
        )
        return self._composed(kept, "save") if takes_away or refuses_more else None

    def _carried(self, entries: Entries) -> dict[str, CategoryChoice]:
        """Parts of the standing choice as they are carried over: each keeps the day on which it was said."""
        return {name: self._aged(entry) for name, entry in entries.items()}

    def _aged(self, entry: CategoryChoice) -> CategoryChoice:
        before = self._decision.choice
        return replace(entry, age=max(0, self._now // DAY - before.said_at(entry) // DAY)) if before else entry

    def _refused_elsewhere(self) -> dict[int, CategoryChoice]:
        """Refusals of categories that this policy doesn't have: they hold should the category come back."""
        known = {category_key(name) for name in self._policy.all_categories}
        choice = self._decision.choice
        before: Mapping[int, CategoryChoice] = choice.categories if choice is not None else {}
        return {
            key: self._aged(entry)
            for key, entry in before.items()
            if key not in known and entry.verdict is Verdict.DENIED
        }

    def _verdict(self, name: str, submission: Submission, shown: Shown | None) -> CategoryChoice:
        services = self._shown_services(name, shown)
        chosen = submission.services & services if submission.action == "save" else frozenset[str]()
        whole = submission.action == "accept-all" or (submission.action == "save" and name in submission.categories)
        if shown is None or not (whole or chosen):
            return CategoryChoice(Verdict.DENIED)
        digest = shown.digests[name]
        if whole or chosen == services:
            return CategoryChoice(Verdict.GRANTED, digest)
        return CategoryChoice(Verdict.PARTIAL, digest, _keys(chosen))

    def _granted_too(self, submission: Submission, shown: Shown) -> dict[str, CategoryChoice]:
        """The named categories and services allowed as well, as far as the form asked about them."""
        changed: dict[str, CategoryChoice] = {}
        for name in self._policy.asked_categories:
            services = self._shown_services(name, shown)
            wanted = submission.services & services
            if name in submission.categories & shown.categories:
                changed[name] = CategoryChoice(Verdict.GRANTED, shown.digests[name])
            elif wanted and (name in shown.categories or wanted <= shown.services):
                changed[name] = self._with_services(name, wanted, shown.digests[name])
        return changed

    def _with_services(self, name: str, wanted: frozenset[str], digest: bytes) -> CategoryChoice:
        standing = self._standing.get(name)
        before = self._allowed_by(name, standing) if standing else frozenset[str]()
        if standing is not None and wanted <= before:
            # Said again: it counts from today, and the services beside it keep the age they have in common with it.
            verdict = standing.verdict if standing.verdict is not Verdict.DENIED else Verdict.PARTIAL
            return replace(standing, verdict=verdict, age=0) if wanted == before else standing
        if before | wanted == frozenset(self._policy.services_in(name)) and not before:
            return CategoryChoice(Verdict.GRANTED, digest)
        # Where single services were refused by name, what isn't granted stays refused, also after a widening.
        unanswered = standing is None and name not in self._overtaken
        still_open = unanswered or (standing is not None and standing.verdict is Verdict.OPEN)
        verdict = Verdict.OPEN if still_open else Verdict.PARTIAL
        age = standing.age if standing is not None and before else 0
        return CategoryChoice(verdict, digest, _keys(before | wanted), age)

    def _shown_services(self, name: str, shown: Shown | None) -> frozenset[str]:
        """The services of a category that were declared when the form was shown."""
        if shown is None or name not in shown.digests:
            return frozenset()
        return self._revisions.services(name, shown.digests[name]) or frozenset()

    def _allowed_by(self, name: str, entry: CategoryChoice) -> frozenset[str]:
        declared = self._revisions.services(name, entry.digest) if entry.digest else None
        services = declared if declared is not None else frozenset(self._policy.services_in(name))
        if entry.verdict is Verdict.GRANTED:
            return services
        return frozenset(service for service in services if service_key(service) in entry.services)

    def _narrowed(self, name: str, entry: CategoryChoice) -> CategoryChoice | None:
        """What is left of `entry` when nothing may be allowed that isn't already; None leaves the category open."""
        if entry.verdict is Verdict.DENIED:
            return entry
        standing = self._standing.get(name)
        if standing is None and entry.verdict is Verdict.PARTIAL and self._decision.regime.mode_for(name) != "opt-in":
            # What is left out is refused at once; what would be kept can't be recorded, so it is refused as well.
            return CategoryChoice(Verdict.DENIED)
        if standing is None or standing.verdict is Verdict.DENIED:
            return standing
        before = self._allowed_by(name, standing)
        left = before & self._allowed_by(name, entry)
        if left == before:
            return standing
        return (
            replace(standing, verdict=Verdict.PARTIAL, services=_keys(left)) if left else CategoryChoice(Verdict.DENIED)
        )

    def _composed(self, entries: Entries, submitted: str) -> Composed:
        written = {**{name: entry for name, entry in self._overtaken.items() if name not in entries}, **entries}
        keyed = self._refused_elsewhere() | {category_key(name): entry for name, entry in written.items()}
        choice = StoredChoice(self._now, self._mechanism, keyed)
        services: dict[str, bool] = {}
        for name, entry in entries.items():
            allowed = self._allowed_by(name, entry)
            if entry.verdict is not Verdict.OPEN:
                services.update(dict.fromkeys(self._policy.services_in(name), False))
            services.update(dict.fromkeys(allowed, True))
        closed = {name: entry for name, entry in entries.items() if entry.verdict is not Verdict.OPEN}
        categories = {name: entry.verdict is Verdict.GRANTED for name, entry in closed.items()}
        return Composed(entries, choice, self._action(choice, submitted), categories, services)

    def _action(self, choice: StoredChoice, submitted: str) -> Action:
        if choice.grants:
            return "accept-all" if submitted == "accept-all" else "custom"
        if any(entry.verdict is not Verdict.DENIED for entry in self._standing.values()):
            return "withdraw"
        return "reject-all" if submitted == "reject-all" else "custom"


def _keys(services: Iterable[str]) -> frozenset[bytes]:
    return frozenset(map(service_key, services))
