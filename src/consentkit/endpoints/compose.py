"""From what a visitor sent to the choice that will stand: the verdict is always derived here, from the policy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from consentkit.cookie import CategoryChoice, StoredChoice, Verdict, category_key, service_key
from consentkit.decision import Decision
from consentkit.endpoints.submission import Submission
from consentkit.log.record import Action
from consentkit.policy.models import Policy

Digests = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Composed:
    """The choice as it would stand, what to call it in the record, and the services it allows or refuses."""

    choice: StoredChoice
    action: Action
    categories: Mapping[str, bool]
    services: Mapping[str, bool]


def compose(
    policy: Policy, decision: Decision, submission: Submission, digests: Digests, mechanism: str, now: int
) -> Composed:
    """The choice that follows from `submission`.

    `digests` are those of the declaration the visitor was shown: a category that was not part of it can't be
    granted. Unknown names are ignored; required categories are never part of a choice.
    """
    if submission.action == "grant":
        entries = _granted_too(policy, decision, submission, digests)
    else:
        entries = {
            name: _entry(policy, name, submission, digests)
            for name in policy.asked_categories
            if name in digests or not _wants(policy, name, submission)
        }
    issued = _issued_at(decision, submission, now)
    choice = StoredChoice(issued, mechanism, {category_key(name): entry for name, entry in entries.items()})
    action = _action(submission, decision, choice)
    services = {
        service: _allows(entry, service) for name, entry in entries.items() for service in policy.services_in(name)
    }
    granted = {
        name: entry.verdict is Verdict.GRANTED for name, entry in entries.items() if entry.verdict is not Verdict.OPEN
    }
    return Composed(choice, action, granted, services)


def without_new_grants(composed: Composed, decision: Decision) -> Composed | None:
    """The part of a choice that only takes away, for when a grant can't be recorded; None when that is nothing."""
    before = decision.choice
    kept: dict[int, CategoryChoice] = {}
    for key, entry in composed.choice.categories.items():
        old = before.categories.get(key) if before else None
        if entry.verdict is Verdict.DENIED:
            kept[key] = entry
        elif old is not None:
            kept[key] = old
    if not any(entry.verdict is Verdict.DENIED for entry in kept.values()):
        return None
    choice = replace(composed.choice, categories=kept)
    services = {name: yes and decision.consent.services[name] for name, yes in composed.services.items()}
    categories = {
        name: yes and name in decision.consent.allowed_categories for name, yes in composed.categories.items()
    }
    return Composed(choice, "custom" if choice.grants else "reject-all", categories, services)


def adds_grants(composed: Composed, decision: Decision) -> bool:
    """Whether the choice allows anything that the visitor's standing choice doesn't."""
    return any(
        yes and not (decision.choice is not None and decision.consent.services[service])
        for service, yes in composed.services.items()
    )


def _wants(policy: Policy, name: str, submission: Submission) -> bool:
    if submission.action == "accept-all" or name in submission.categories:
        return submission.action != "reject-all"
    return submission.action == "save" and bool(submission.services & policy.services_in(name).keys())


def _entry(policy: Policy, name: str, submission: Submission, digests: Digests) -> CategoryChoice:
    if not _wants(policy, name, submission):
        return CategoryChoice(Verdict.DENIED)
    services = policy.services_in(name).keys()
    chosen = submission.services & services
    if submission.action == "accept-all" or name in submission.categories or chosen == services:
        return CategoryChoice(Verdict.GRANTED, digests[name])
    return CategoryChoice(Verdict.PARTIAL, digests[name], frozenset(map(service_key, chosen)))


def _granted_too(
    policy: Policy, decision: Decision, submission: Submission, digests: Digests
) -> dict[str, CategoryChoice]:
    """The standing choice, with the named categories and services allowed as well."""
    standing: Mapping[int, CategoryChoice] = decision.choice.categories if decision.choice else {}
    keys = {name: category_key(name) for name in policy.asked_categories}
    entries = {name: standing[key] for name, key in keys.items() if key in standing}
    for name in policy.asked_categories:
        services = policy.services_in(name).keys()
        if name in digests and name in submission.categories:
            entries[name] = CategoryChoice(Verdict.GRANTED, digests[name])
        elif name in digests and submission.services & services:
            chosen = submission.services & services | _chosen_before(decision, entries.get(name), services)
            verdict = Verdict.PARTIAL if decision.consent.categories[name] != "undecided" else Verdict.OPEN
            entries[name] = CategoryChoice(verdict, digests[name], frozenset(map(service_key, chosen)))
    return entries


def _chosen_before(decision: Decision, entry: CategoryChoice | None, services: Collection[str]) -> set[str]:
    """The services of one category that the standing choice allows, as far as it is still in force."""
    if entry is None or entry.verdict is Verdict.DENIED:
        return set()
    consent = decision.consent
    return {service for service in services if consent.services[service] and consent.reasons[service] == "choice"}


def _issued_at(decision: Decision, submission: Submission, now: int) -> int:
    """Allowing one thing more never prolongs what was said earlier: then the earlier time stays."""
    if submission.action == "grant" and decision.choice is not None and decision.choice.categories:
        return min(decision.choice.issued_at, now)
    return now


def _action(submission: Submission, decision: Decision, choice: StoredChoice) -> Action:
    if choice.grants:
        return "accept-all" if submission.action == "accept-all" else "custom"
    if decision.choice is not None and decision.choice.grants:
        return "withdraw"
    return "reject-all" if submission.action in ("reject-all", "accept-all") else "custom"


def _allows(entry: CategoryChoice, service: str) -> bool:
    if entry.verdict in (Verdict.PARTIAL, Verdict.OPEN):
        return service_key(service) in entry.services
    return entry.verdict is Verdict.GRANTED
