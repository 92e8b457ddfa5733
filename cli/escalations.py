"""`vensor escalations`: what support leads were told of, and what they answer to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.table import Table
from sqlalchemy import Connection

from cli.display import print_json, stdout, wide
from cli.gate import needs
from tasks.errors import ConfigurationError
from tasks.resources import Resources, opened
from warehouse import alert_rules, alerts
from warehouse.alerts import Alert

if TYPE_CHECKING:
    from tasks.alert_cases import Words

# What rules and words go by takes a second to import: commands do it when they need it.
escalations = typer.Typer(help="Alerts on tickets, and their rules.", no_args_is_help=True)
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]
AlertId = Annotated[
    str, typer.Argument(metavar="ALERT", help="An alert's id, or 8 or more of its first signs.")
]
ID_SIGNS = 8


def register(app: typer.Typer) -> None:
    app.add_typer(escalations, name="escalations")


@escalations.command("list")
@needs("alerts.read")
def list_(
    org: Org,
    every: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False,
    days: Annotated[int, typer.Option(min=1, max=90, help="How far back.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Lists what the rules found, the most severe first. No name, and no word of a ticket.

    Example: [bold]vensor escalations list --org acme --all --days 30[/bold]
    """
    from tasks.alert_cases import reason_of, words_of

    with opened(org) as resources, resources.session() as connection:
        since = datetime.now(UTC) - timedelta(days=days)
        found = alerts.since(connection, since, unanswered=not every)
        words = words_of(resources, connection)
    if as_json:
        print_json([_as_dict(one) for one in found], default=str)
        return
    if not found:
        stdout.print(f"{org}: nothing found in {days} days{'' if every else ' is unanswered'}")
        return
    table = Table("alert", "ticket", "severity", "found", "what", "answer", box=None)
    for one in found:
        told = reason_of(words, one)
        table.add_row(
            one.alert_id.hex[:ID_SIGNS],
            str(one.ticket_id or ""),
            one.severity,
            words.instant(one.found_at),
            f"{told.title}: {told.detail}",
            told.answer or _muted(words, one),
        )
    wide.print(table)


@escalations.command("ack")
@needs("alerts.answer")
def ack(org: Org, alert: AlertId) -> None:
    """Takes on what is open in an alert's ticket: the same is not told again before its cooldown.

    Example: [bold]vensor escalations ack --org acme 1f0c2a9e[/bold]
    """
    with opened(org) as resources:
        _answer(resources, "ack", alert)
    stdout.print(f"{org}: acknowledged")


@escalations.command("wrong")
@needs("alerts.answer")
def wrong(org: Org, alert: AlertId) -> None:
    """Says that an alert was a wrong call: not told again, and a label for `vensor evaluate`.

    Example: [bold]vensor escalations wrong --org acme 1f0c2a9e[/bold]
    """
    with opened(org) as resources:
        _answer(resources, "wrong", alert)
    stdout.print(f"{org}: kept as a wrong call; `vensor evaluate` counts it")


@escalations.command("mute")
@needs("alerts.answer")
def mute(
    org: Org,
    alert: Annotated[
        str | None, typer.Argument(metavar="ALERT", help="One whose ticket is to be quiet.")
    ] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Or a rule.")] = None,
    channel: Annotated[bool, typer.Option("--channel", help="Or all of them.")] = False,
    hours: Annotated[int, typer.Option(min=0, max=720, help="For so long; 0 ends it.")] = 24,
) -> None:
    """Keeps a ticket, a rule or the channel quiet for some hours. What still holds is told then.

    Example: [bold]vensor escalations mute --org acme --rule churn --hours 48[/bold]
    """
    if [alert is not None, rule is not None, channel].count(True) != 1:
        raise ConfigurationError("say one of: an alert, --rule, --channel")
    until = datetime.now(UTC) + timedelta(hours=hours)
    with opened(org) as resources:
        if alert is not None:
            _answer(resources, "mute", alert, until=until)
        elif rule is not None:
            _mute_rule(resources, rule, until)
        else:
            _mute_channel(resources, until)
    stdout.print(f"{org}: quiet until {until:%Y-%m-%d %H:%M} UTC" if hours else f"{org}: unmuted")


@escalations.command("test")
@needs("alerts.read")
def try_rules(
    org: Org, rule: Annotated[str | None, typer.Option("--rule", help="One rule alone.")] = None
) -> None:
    """Shows what the rules would find now, and changes nothing and tells nobody.

    Example: [bold]vensor escalations test --org acme --rule churn[/bold]
    """
    from tasks.alerting import find
    from tasks.choices import judge_version
    from tasks.escalation.rules import applied, find_rule

    if rule is not None:
        find_rule(rule)
    now = datetime.now(UTC)
    with opened(org) as resources:
        judge = judge_version(resources)
        table = Table("rule", "severity", "finds", "tickets", box=None)
        with resources.session("try the rules of escalation") as connection:
            for one in applied(alert_rules.own_rules(connection)):
                if rule in (None, one.rule):
                    found = find(resources, connection, one, as_of=now, judge=judge)
                    ids = ", ".join(str(each.ticket_id) for each in found[:10] if each.ticket_id)
                    more = ", …" if len(found) > 10 else ""
                    severity = one.severity if one.enabled else "off"
                    table.add_row(one.rule, severity, str(len(found)), f"{ids}{more}")
    stdout.print(table)


def _answer(resources: Resources, action: str, told: str, *, until: datetime | None = None) -> None:
    from tasks.escalation.answers import answer

    alert_id = _alert_id(resources, told)
    actor = resources.settings.actor
    answer(resources, action, alert_id, actor, datetime.now(UTC), until=until)


def _alert_id(resources: Resources, told: str) -> UUID:
    """The alert's id. Raises: ConfigurationError unless it is of exactly one."""
    signs = told.replace("-", "").lower()
    if len(signs) < ID_SIGNS or any(one not in "0123456789abcdef" for one in signs):
        raise ConfigurationError(
            f"an alert is told by {ID_SIGNS} or more signs of its id, as"
            f" `vensor escalations list --org {resources.organization.slug}` shows them"
        )
    with resources.session() as connection:
        found = alerts.find_ids(connection, signs)
    if len(found) != 1:
        what = "several alerts begin" if found else "no alert begins"
        raise ConfigurationError(f"{what} with {told!r}")
    return found[0]


def _mute_rule(resources: Resources, name: str, until: datetime) -> None:
    from tasks.escalation.rules import find_rule

    packaged = find_rule(name).settings()
    with resources.session() as connection:
        own = alert_rules.own_rules(connection).get(name, packaged)
        org_id = resources.organization.org_id
        alert_rules.set_rule(connection, org_id, replace(own, muted_until=until))
        _audit_mute(resources, connection, f"rule {name}", until)


def _mute_channel(resources: Resources, until: datetime) -> None:
    with resources.session() as connection:
        quiet = replace(alert_rules.quiet_hours(connection), muted_until=until)
        alert_rules.set_quiet_hours(connection, resources.organization.org_id, quiet)
        _audit_mute(resources, connection, "channel", until)


def _audit_mute(resources: Resources, connection: Connection, what: str, until: datetime) -> None:
    resources.audit(
        connection,
        action="alert.mute",
        purpose=f"mute {what}",
        details={"until": until.isoformat(timespec="seconds")},
    )


def _muted(words: "Words", one: Alert) -> str:
    if one.muted_until is None or one.muted_until <= datetime.now(UTC):
        return ""
    return f"muted until {words.instant(one.muted_until)}"


def _as_dict(one: Alert) -> dict[str, object]:
    return {
        name: getattr(one, name)
        for name in one.__dataclass_fields__
        if name not in {"sop_version", "message_key", "answered_by"}
    }
