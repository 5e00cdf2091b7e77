"""`POST {path}/choice`: check where it comes from, decide, record it durably, set the cookie, answer. In that order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from starlette.responses import Response
from starlette.types import Receive

from consentkit.cookie import CategoryChoice, NoticeToken, StoredChoice, Verdict
from consentkit.decision import Decision
from consentkit.endpoints.answers import message_answer, saved_answer
from consentkit.endpoints.body import BodyError, read_body
from consentkit.endpoints.compose import Composed, adds_grants, compose, without_new_grants
from consentkit.endpoints.submission import Submission, media_type, parse
from consentkit.errors import LogError
from consentkit.http import header, header_values, is_loopback
from consentkit.log.record import Mechanism, Record, new_record_id
from consentkit.policy.fields import end_of
from consentkit.site import Visit

MAX_AGE = 400 * 86_400
_BODY_TEXTS = {400: "bad_request", 408: "bad_request", 413: "too_large", 415: "bad_request"}


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the visitor was shown: the verified token and the category digests of the policy it names."""

    token: NoticeToken
    digests: dict[str, bytes]


async def answer_choice(visit: Visit, receive: Receive) -> Response:
    """Carry out one choice. Every way it can fail leaves the gates as they were."""
    if not is_same_origin(visit):
        return message_answer(visit, 403, "cross_site")
    headers = visit.scope["headers"]
    try:
        kind = media_type(header_values(headers, b"content-type"))
        submission = parse(kind, await read_body(visit.scope, receive))
    except BodyError as error:
        return message_answer(visit, error.status, _BODY_TEXTS[error.status])
    shown = _shown(visit, submission)
    mechanism = _mechanism(visit, submission, shown)
    now = int(visit.site.clock())
    composed = compose(visit.site.policy, visit.decision, submission, shown.digests if shown else {}, mechanism, now)
    if shown is None and (_wants_grant(submission) or adds_grants(composed, visit.decision)):
        return message_answer(visit, 403, "not_from_notice")
    return await _carry_out(visit, submission, composed, shown, mechanism)


def is_same_origin(visit: Visit) -> bool:
    """Whether the request was made by our own page, as far as the browser says.

    `Sec-Fetch-Site` decides when it is there; else `Origin` must be ours; with neither it is no browser, and the
    notice token decides later.
    """
    headers = visit.scope["headers"]
    sites = header_values(headers, b"sec-fetch-site")
    if sites:
        return all(site in (b"same-origin", b"none") for site in sites)
    origins = header_values(headers, b"origin")
    ours = (is_loopback(visit.scope) or visit.site.policy.site.url).encode()
    return all(origin.lower() in (ours, visit.site.policy.site.url.encode()) for origin in origins)


def _shown(visit: Visit, submission: Submission) -> _Shown | None:
    token = visit.site.tokens.loads(submission.token) if submission.token else None
    digests = visit.site.revisions.by_policy.get(token.policy_digest) if token else None
    return _Shown(token, digests) if token is not None and digests is not None else None


def _wants_grant(submission: Submission) -> bool:
    if submission.action == "save":
        return bool(submission.categories or submission.services)
    return submission.action != "reject-all"


def _mechanism(visit: Visit, submission: Submission, shown: _Shown | None) -> Mechanism:
    if shown is None:
        return "direct"
    if submission.is_json:
        return "api"
    accept = header(visit.scope["headers"], b"accept") or b""
    return "script" if accept.startswith(b"application/json") else "form"


async def _carry_out(
    visit: Visit, submission: Submission, composed: Composed, shown: _Shown | None, mechanism: Mechanism
) -> Response:
    record = _record(visit, composed, shown, mechanism)
    granting = adds_grants(composed, visit.decision)
    try:
        await visit.site.log.append(record)
    except LogError:
        if not granting:
            visit.site.log.defer(record)
            return _accepted(visit, submission, composed, record, recorded=False)
        return _refuse_grant(visit, composed, shown, mechanism)
    return _accepted(visit, submission, composed, record, recorded=True)


def _refuse_grant(visit: Visit, composed: Composed, shown: _Shown | None, mechanism: Mechanism) -> Response:
    """The log is down: what was newly allowed is refused; what was taken away is taken away all the same."""
    answer = message_answer(visit, 503, "log_down", retry_after=30)
    narrowed = without_new_grants(composed, visit.decision)
    if narrowed is not None:
        record = _record(visit, narrowed, shown, mechanism)
        visit.site.log.defer(record)
        _set_cookie(visit, answer, _stamped(narrowed.choice, record))
    return answer


def _accepted(visit: Visit, submission: Submission, composed: Composed, record: Record, *, recorded: bool) -> Response:
    choice = _stamped(composed.choice, record)
    value = visit.site.cookies.dumps(choice)
    raw = value.encode()
    standing = visit.site.cookies.loads(raw)
    signal = bool(visit.consent.signals)
    decision = visit.site.decider.decide(raw, standing, visit.decision.regime, signal)
    answer = saved_answer(replace_decision(visit, decision), submission.return_to, recorded=recorded)
    _set_cookie(visit, answer, choice)
    for key, header_value in visit.site.cookie_gate.expiries(
        visit.scope["headers"], decision.consent, decision.refused
    ):
        answer.raw_headers.append((key, header_value))
    return answer


def replace_decision(visit: Visit, decision: Decision) -> Visit:
    """The same visit as it stands after the choice."""
    return replace(visit, decision=decision)


def _stamped(choice: StoredChoice, record: Record) -> StoredChoice:
    """A grant carries its record id; a refusal carries no identifier."""
    return replace(choice, record_id=record.record_id if choice.grants else None)


def _record(visit: Visit, composed: Composed, shown: _Shown | None, mechanism: Mechanism) -> Record:
    before = visit.decision.choice
    return Record(
        record_id=new_record_id(),
        previous_id=before.record_id if before else None,
        time=datetime.fromtimestamp(visit.site.clock(), UTC),
        site=visit.site.policy.site_id,
        mechanism=mechanism,
        action=composed.action,
        categories=composed.categories,
        services=composed.services,
        regime=shown.token.regime if shown else visit.decision.regime.name,
        region=visit.region,
        signals=tuple(sorted(visit.consent.signals)),
        locale=shown.token.locale if shown else visit.locale,
        policy_digest=shown.token.policy_digest if shown else visit.site.policy.digest,
        notice_digest=shown.token.notice_digest if shown else None,
        software=visit.site.software,
    )


def _set_cookie(visit: Visit, answer: Response, choice: StoredChoice) -> None:
    site = visit.site
    parts = [
        f"{site.cookie_name}={site.cookies.dumps(choice)}",
        "Path=/",
        f"Max-Age={_max_age(visit, choice)}",
    ]
    if site.policy.site.cookie_domain:
        parts.append(f"Domain={site.policy.site.cookie_domain}")
    if site.secure:
        parts.append("Secure")
    parts += ["HttpOnly", "SameSite=Lax"]
    answer.raw_headers.append((b"set-cookie", "; ".join(parts).encode("ascii")))


def _max_age(visit: Visit, choice: StoredChoice) -> int:
    """Seconds until nothing in the choice holds any more, at most the 400 days that browsers keep (RFC 6265bis)."""
    lifetime = visit.site.policy.choice.lifetime
    spans = {lifetime.refused if _is_refusal(entry) else lifetime.granted for entry in choice.categories.values()}
    end = max((end_of(span, choice.issued_at) for span in spans), default=choice.issued_at)
    return min(MAX_AGE, max(0, end - int(visit.site.clock())) + 86_400 * (not choice.grants))


def _is_refusal(entry: CategoryChoice) -> bool:
    return entry.verdict is Verdict.DENIED
