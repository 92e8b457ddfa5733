"""VIPs: whose tickets are always told of, by their organization, by tags, or by e-mail domain."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from tasks.conversation import TICKET_COLUMN
from tasks.errors import ConfigurationError
from tasks.resources import Resources
from tasks.zendesk.contents import TicketContent, UserContent
from warehouse import alert_findings, alert_rules
from warehouse.alert_findings import Found, Waiting
from warehouse.alert_rules import RuleSettings, Vip, VipKind
from warehouse.pending import sealed_tickets

USER_COLUMN = "zendesk.user_contents.sealed"
HASHED = "app.escalation_vips"


def vip_of(resources: Resources, kind: VipKind, told: str) -> Vip:
    """A VIP as it is stored: a domain as a keyed hash alone. Raises: ConfigurationError."""
    word = told.strip().lower().removeprefix("@")
    if kind == "organization" and not word.isdigit():
        raise ConfigurationError("an organization is told by its number in Zendesk")
    if kind == "domain" and ("@" in word or "." not in word):
        raise ConfigurationError("a domain is what stands behind the @ of an address: acme.com")
    if not word or " " in word:
        raise ConfigurationError(f"a {kind} has no spaces in it, and is not empty")
    value_hash = resources.cipher.blind_index(word, column=f"{HASHED}.{kind}")
    return Vip(kind, value_hash, None if kind == "domain" else word)


def find_vips(
    resources: Resources, connection: Connection, rule: RuleSettings, *, as_of: datetime
) -> list[Found]:
    """Open tickets of VIPs with activity within the rule's days, the latest first.

    Tags and addresses are sealed: they are opened for this where there is a VIP to be known by
    them, which the audit trail says.
    """
    listed = alert_rules.vips(connection)
    if not listed:
        return []
    known = {(one.kind, one.value_hash) for one in listed}
    waiting = alert_findings.waiting(connection, since=as_of - timedelta(days=rule.days or 0))
    traits: dict[int, set[str]] = {one.ticket_id: set() for one in waiting}
    _by_organization(listed, waiting, traits)
    if any(kind == "tag" for kind, _ in known):
        _by_tag(resources, connection, listed, traits)
    if any(kind == "domain" for kind, _ in known):
        _by_domain(resources, connection, known, waiting, traits)
    return [
        Found(
            ticket_id=one.ticket_id,
            figure=one.open_tickets,
            codes=sorted(traits[one.ticket_id]),
        )
        for one in waiting
        if traits[one.ticket_id] and one.open_tickets >= rule.threshold
    ]


def _by_organization(
    listed: Sequence[Vip], waiting: Sequence[Waiting], traits: Mapping[int, set[str]]
) -> None:
    ids = {one.shown or "" for one in listed if one.kind == "organization"}
    for one in waiting:
        if one.organizations & ids:
            traits[one.ticket_id].add("organization")


def _by_tag(
    resources: Resources,
    connection: Connection,
    listed: Sequence[Vip],
    traits: Mapping[int, set[str]],
) -> None:
    tags = {one.shown for one in listed if one.kind == "tag"}
    for one in sealed_tickets(connection, list(traits)):
        plain = resources.cipher.unseal(
            one.sealed, column=TICKET_COLUMN, row_id=str(one.ticket_id), changed_at=one.changed_at
        )
        told = msgspec.json.decode(plain, type=TicketContent).tags or []
        if tags.intersection(tag.lower() for tag in told):
            traits[one.ticket_id].add("tag")


def _by_domain(
    resources: Resources,
    connection: Connection,
    known: set[tuple[VipKind, bytes]],
    waiting: Sequence[Waiting],
    traits: Mapping[int, set[str]],
) -> None:
    important = set[int]()
    requesters = {one.requester_id for one in waiting if one.requester_id is not None}
    for user_id, changed_at, sealed in alert_findings.sealed_users(connection, sorted(requesters)):
        plain = resources.cipher.unseal(
            sealed, column=USER_COLUMN, row_id=str(user_id), changed_at=changed_at
        )
        email = msgspec.json.decode(plain, type=UserContent).email or ""
        domain = email.rpartition("@")[2]
        told = resources.cipher.blind_index(domain, column=f"{HASHED}.domain")
        if domain and ("domain", told) in known:
            important.add(user_id)
    for one in waiting:
        if one.requester_id in important:
            traits[one.ticket_id].add("domain")
