"""`vensor escalations rules`: by what an organization's leads are told of tickets, and when."""

from dataclasses import replace
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import Connection

from cli.display import stdout, wide
from cli.escalations import Org, escalations
from cli.gate import needs
from tasks.errors import ConfigurationError
from tasks.resources import Resources, opened
from warehouse import alert_rules
from warehouse.alert_rules import QuietHours, RuleSettings, VipKind

vip = typer.Typer(help="Whose tickets are always told of.", no_args_is_help=True)
RuleName = Annotated[
    str, typer.Argument(metavar="RULE", help="As `vensor escalations rules` names it.")
]


class Level(StrEnum):
    """How severe what a rule finds is."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"


class Trait(StrEnum):
    """By what a VIP is known."""

    ORGANIZATION = "organization"
    TAG = "tag"
    DOMAIN = "domain"


def register(_app: typer.Typer) -> None:
    escalations.add_typer(vip, name="vip")


@escalations.command("rules")
@needs("metrics.read")
def rules(org: Org) -> None:
    """Shows the rules as they are applied, and the quiet hours.

    Example: [bold]vensor escalations rules --org acme[/bold]
    """
    from tasks.escalation.rules import applied, find_rule

    with opened(org) as resources, resources.session() as connection:
        own = alert_rules.own_rules(connection)
        quiet = alert_rules.quiet_hours(connection)
    table = Table("rule", "severity", "threshold", "days", "topic", "cooldown", "muted", box=None)
    for one in applied(own):
        table.add_row(
            one.rule,
            one.severity if one.enabled else "off",
            f"{one.threshold:g} ({find_rule(one.rule).measure})",
            "" if one.days is None else str(one.days),
            one.topic or "",
            f"{one.cooldown_hours} h",
            _muted_in_words(one.muted_until),
        )
    wide.print(table)
    stdout.print(_quiet_in_words(quiet))
    if muted := _muted_in_words(quiet.muted_until):
        stdout.print(f"the channel is muted {muted}")


@escalations.command("set")
@needs("org.change")
def set_(
    org: Org,
    rule: RuleName,
    severity: Annotated[Level | None, typer.Option(help="Critical is told at once.")] = None,
    threshold: Annotated[
        float | None, typer.Option(help="In the rule's measure, as `rules` shows it.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=90, help="How far back it looks.")] = None,
    topic: Annotated[str | None, typer.Option(help="What it counts.")] = None,
    cooldown_hours: Annotated[
        int | None, typer.Option(min=1, max=720, help="Until the same is told again.")
    ] = None,
) -> None:
    """Sets how a rule is applied, and switches it on. What is not said stays as it is.

    Example: [bold]vensor escalations set --org acme churn --threshold 0.6 --severity high[/bold]
    """
    told = {
        "severity": None if severity is None else severity.value,
        "threshold": threshold,
        "days": days,
        "topic": topic,
        "cooldown_hours": cooldown_hours,
    }
    changed = {name: value for name, value in told.items() if value is not None}
    with opened(org) as resources:
        _store(resources, rule, {**changed, "enabled": True})
    stdout.print(f"{org}: {rule} is set")


@escalations.command("off")
@needs("org.change")
def off(org: Org, rule: RuleName) -> None:
    """Switches a rule off; `set` switches it on again.

    Example: [bold]vensor escalations off --org acme repeated_contact[/bold]
    """
    with opened(org) as resources:
        _store(resources, rule, {"enabled": False})
    stdout.print(f"{org}: {rule} is off")


@escalations.command("reset")
@needs("org.change")
def reset(org: Org, rule: RuleName) -> None:
    """Goes back to the rule that comes with vensor.

    Example: [bold]vensor escalations reset --org acme churn[/bold]
    """
    from tasks.escalation.rules import find_rule

    find_rule(rule)
    with opened(org) as resources, resources.session() as connection:
        alert_rules.reset_rules(connection, [rule])
        _audit(resources, connection, f"rule {rule} as packaged", {})
    stdout.print(f"{org}: {rule} as packaged")


@escalations.command("quiet")
@needs("org.change")
def quiet(
    org: Org,
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%H:%M"], help="In its time zone.")
    ] = None,
    to: Annotated[datetime | None, typer.Option("--to", formats=["%H:%M"], help="Until.")] = None,
    critical_passes: Annotated[
        bool,
        typer.Option("--critical/--not-critical", help="Whether what is critical is told then."),
    ] = True,
) -> None:
    """Sets the hours in which nothing is told; without hours there are none.

    Example: [bold]vensor escalations quiet --org acme --from 22:00 --to 06:30 --not-critical[/bold]
    """
    if (from_ is None) is not (to is None):
        raise ConfigurationError("--from and --to go together")
    if from_ is not None and from_ == to:
        raise ConfigurationError("--from and --to are the same: `mute --channel` is for all day")
    with opened(org) as resources, resources.session() as connection:
        hours = replace(
            alert_rules.quiet_hours(connection),
            quiet_from=_time_of(from_),
            quiet_to=_time_of(to),
            critical_passes=critical_passes,
        )
        alert_rules.set_quiet_hours(connection, resources.organization.org_id, hours)
        _audit(resources, connection, "quiet hours", {"critical": str(critical_passes)})
    stdout.print(f"{org}: {_quiet_in_words(hours)}")


@vip.command("list")
@needs("alerts.read")
def list_vips(org: Org) -> None:
    """Lists who counts as important. Domains are kept as hashes, and shown as such.

    Example: [bold]vensor escalations vip list --org acme[/bold]
    """
    with opened(org) as resources, resources.session() as connection:
        found = alert_rules.vips(connection)
    for one in found:
        stdout.print(f"{one.kind} {one.shown or one.value_hash.hex()[:8]}")
    if not found:
        stdout.print(f"{org}: nobody; `vensor escalations vip add` adds one")


@vip.command("add")
@needs("org.change")
def add_vip(
    org: Org,
    kind: Annotated[Trait, typer.Argument(help="What it goes by.")],
    told: Annotated[str, typer.Argument(metavar="WHAT", help="A number, a tag, a domain.")],
) -> None:
    """Has tickets of a company, with a tag, or from a domain told of at once.

    Example: [bold]vensor escalations vip add --org acme domain initech.com[/bold]
    """
    _change_vip(org, kind, told, added=True)


@vip.command("remove")
@needs("org.change")
def remove_vip(
    org: Org,
    kind: Annotated[Trait, typer.Argument(help="What it goes by.")],
    told: Annotated[str, typer.Argument(metavar="WHAT", help="As it was added.")],
) -> None:
    """Takes somebody off the list.

    Example: [bold]vensor escalations vip remove --org acme tag gold[/bold]
    """
    _change_vip(org, kind, told, added=False)


def _change_vip(org: str, kind: Trait, told: str, *, added: bool) -> None:
    from tasks.vips import vip_of

    named: VipKind = kind.value
    with opened(org) as resources, resources.session() as connection:
        one = vip_of(resources, named, told)
        org_id = resources.organization.org_id
        if added:
            done = alert_rules.add_vip(connection, org_id, one)
        else:
            done = alert_rules.remove_vip(connection, one)
        what = f"VIP {'added' if added else 'removed'}"
        _audit(resources, connection, what, {"kind": kind.value, "changed": int(done)})
    if not done:
        raise ConfigurationError(
            f"{org}: this {kind.value} is {'on the list already' if added else 'not on the list'}"
        )
    stdout.print(f"{org}: {kind.value} {'added' if added else 'removed'}")


def _store(resources: Resources, name: str, changed: dict[str, object]) -> None:
    from tasks.escalation.rules import find_rule

    packaged = find_rule(name)
    _check_topic(resources, changed.get("topic"))
    with resources.session() as connection:
        former = alert_rules.own_rules(connection).get(name, packaged.settings())
        settings: RuleSettings = packaged.checked(replace(former, **changed))  # type: ignore[arg-type]
        alert_rules.set_rule(connection, resources.organization.org_id, settings)
        details: dict[str, int | str] = {key: str(told) for key, told in changed.items()}
        _audit(resources, connection, f"rule {name}", details)


def _check_topic(resources: Resources, topic: object) -> None:
    """Raises: ConfigurationError naming the topics that there are."""
    if topic is None:
        return
    from tasks.analysts import taxonomy

    known = [one.id for one in taxonomy(resources).topics]
    if topic not in known:
        raise ConfigurationError(f"no topic {topic!r}; there are: {', '.join(known)}")


def _audit(
    resources: Resources, connection: Connection, what: str, details: dict[str, int | str]
) -> None:
    resources.audit(
        connection, action="change.settings", purpose=f"escalations: {what}", details=details
    )


def _time_of(told: datetime | None) -> time | None:
    return None if told is None else told.time()


def _muted_in_words(until: datetime | None) -> str:
    """Empty for what is not muted, or no longer."""
    if until is None or until <= datetime.now(UTC):
        return ""
    return f"until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _quiet_in_words(quiet: QuietHours) -> str:
    if quiet.quiet_from is None or quiet.quiet_to is None:
        return "no quiet hours"
    passes = "what is critical is told" if quiet.critical_passes else "nothing is told"
    return f"quiet from {quiet.quiet_from:%H:%M} to {quiet.quiet_to:%H:%M}: {passes}"
