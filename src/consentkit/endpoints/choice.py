"""`POST {path}/choice`: check where it comes from, decide, record it durably, set the cookie, answer. In that order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from starlette.responses import Response
from starlette.types import Receive

from consentkit.cookie import NoticeToken
from consentkit.endpoints.answers import message_answer, saved_answer, wants_json
from consentkit.endpoints.body import BodyError, read_body
from consentkit.endpoints.compose import Composed, Composer, Shown
from consentkit.endpoints.submission import Submission, media_type, parse
from consentkit.errors import LogError
from consentkit.gates.site_data import clear_site_data
from consentkit.http import header_values
from consentkit.log.record import Mechanism, Record, new_record_id
from consentkit.site import Site
from consentkit.visit import Visit

MAX_AGE = 400 * 86_400
_BODY_TEXTS = {400: "bad_request", 408: "bad_request", 413: "too_large", 415: "bad_request"}


async def answer_choice(visit: Visit, receive: Receive) -> Response:
    """Carry out one choice. Every way it can fail leaves the gates as they were."""
    if not is_same_origin(visit):
        return message_answer(visit, 403, "cross_site")
    try:
        kind = media_type(header_values(visit.scope["headers"], b"content-type"))
        submission = parse(kind, await read_body(visit.scope, receive))
    except BodyError as error:
        return message_answer(visit, error.status, _BODY_TEXTS[error.status])
    token = visit.site.tokens.loads(submission.token) if submission.token else None
    if token is not None:
        await visit.site.look_up(token.policy_digest)
    shown = _shown(visit, token)
    if shown is None and _wants_grant(submission):
        return message_answer(visit, 403, "not_from_notice")
    mechanism = _mechanism(visit, submission, shown)
    site = visit.site
    composer = Composer(site.policy, site.revisions, visit.decision, mechanism, int(site.clock()))
    composed = composer.compose(submission, shown)
    if submission.action == "grant" and not composer.grants_anything(submission, shown):
        return message_answer(visit, 400, "bad_request")
    if submission.action == "grant" and not composer.changes_anything(composed):
        return saved_answer(visit, submission.return_to, recorded=True)
    return await _carry_out(visit, submission, _Chosen(composer, composed, token if shown else None, mechanism))


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A choice on its way into the log and the cookie. `token` is that of the notice, if it was a good one."""

    composer: Composer
    composed: Composed
    token: NoticeToken | None
    mechanism: Mechanism


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
    ours = (visit.loopback or visit.site.policy.site.url).encode()
    return all(origin.lower() in (ours, visit.site.policy.site.url.encode()) for origin in origins)


def _shown(visit: Visit, token: NoticeToken | None) -> Shown | None:
    """What the form asked about; None without a good token, or for a declaration that isn't known any more."""
    digests = visit.site.revisions.by_policy.get(token.policy_digest) if token else None
    if token is None or digests is None:
        return None
    services = frozenset(name.removeprefix("+") for name in token.scope if name.startswith("+"))
    categories = frozenset(name for name in token.scope if name in digests)
    return Shown(categories, services, digests)


def _wants_grant(submission: Submission) -> bool:
    if submission.action == "save":
        return bool(submission.categories or submission.services)
    return submission.action != "reject-all"


def _mechanism(visit: Visit, submission: Submission, shown: Shown | None) -> Mechanism:
    if shown is None:
        return "direct"
    if submission.is_json:
        return "api"
    return "script" if wants_json(visit) else "form"


async def _carry_out(visit: Visit, submission: Submission, chosen: _Chosen) -> Response:
    record = _record(visit, chosen)
    try:
        await visit.site.log.append(record)
    except LogError:
        return _without_log(visit, submission, chosen)
    return _accepted(visit, submission, chosen, record, recorded=True)


def _without_log(visit: Visit, submission: Submission, chosen: _Chosen) -> Response:
    """The log is down: what would be newly allowed is refused; what is taken away is taken away all the same."""
    narrowed = chosen.composer.without_new_grants(chosen.composed)
    if narrowed is None:
        return message_answer(visit, 503, "log_down", retry_after=30)
    left = replace(chosen, composed=narrowed)
    record = _record(visit, left)
    visit.site.log.defer(record)
    answer = _accepted(visit, submission, left, record, recorded=False)
    if narrowed.services == chosen.composed.services:
        return answer
    refusal = message_answer(visit, 503, "log_down", retry_after=30)
    refusal.raw_headers += [(key, value) for key, value in answer.raw_headers if key == b"set-cookie"]
    return refusal


def _accepted(visit: Visit, submission: Submission, chosen: _Chosen, record: Record, *, recorded: bool) -> Response:
    """The choice stands: its cookie, and the deletion of what refused services had stored."""
    site, regime = visit.site, visit.decision.regime
    choice = chosen.composed.choice
    choice = replace(choice, record_id=record.record_id if choice.grants else None)
    raw = site.cookies.dumps(choice).encode()
    decision = site.decider.decide(raw, site.cookies.loads(raw), regime, bool(visit.consent.signals))
    answer = saved_answer(visit.deciding(decision), submission.return_to, recorded=recorded)
    ends = [site.decider.end(name, choice, entry, regime) for name, entry in chosen.composed.entries.items()]
    answer.raw_headers.append((b"set-cookie", _cookie(site, raw, max(ends, default=0) - int(site.clock()))))
    answer.raw_headers += site.cookie_gate.expiries(visit.headers, decision.enforcement)
    answer.raw_headers += clear_site_data(site.policy.choice.clear_site_data, visit.consent, decision.consent)
    return answer


def _record(visit: Visit, chosen: _Chosen) -> Record:
    before, token = visit.decision.choice, chosen.token
    return Record(
        record_id=new_record_id(),
        previous_id=before.record_id if before else None,
        time=datetime.fromtimestamp(visit.site.clock(), UTC),
        site=visit.site.policy.site_id,
        mechanism=chosen.mechanism,
        action=chosen.composed.action,
        categories=chosen.composed.categories,
        services=chosen.composed.services,
        regime=token.regime if token else visit.decision.regime.name,
        region=visit.region,
        signals=tuple(sorted(visit.consent.signals)),
        locale=token.locale if token else visit.locale,
        policy_digest=token.policy_digest if token else visit.site.policy.digest,
        notice_digest=token.notice_digest if token else None,
        software=visit.site.software,
    )


def _cookie(site: Site, value: bytes, seconds: int) -> bytes:
    """The `Set-Cookie` of a choice that ends in so many seconds; browsers keep it 400 days at most (RFC 6265bis)."""
    parts = [f"{site.cookie_name}={value.decode()}", "Path=/", f"Max-Age={min(MAX_AGE, max(0, seconds))}"]
    if site.policy.site.cookie_domain:
        parts.append(f"Domain={site.policy.site.cookie_domain}")
    if site.secure:
        parts.append("Secure")
    return "; ".join([*parts, "HttpOnly", "SameSite=Lax"]).encode("ascii")
