"""`vensor ai`: which models an organization uses, what they cost, what they may cost."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from cli.display import stdout
from cli.gate import needs
from tasks.choices import Chosen, chosen, opened_service
from tasks.errors import ConfigurationError, VensorError
from tasks.resources import Resources, opened
from warehouse.models import (
    CAPABILITIES,
    Capability,
    Choice,
    Provider,
    Used,
    choose,
    find_budget,
    find_choice,
    set_budget,
    spent_today,
    used_today,
)

ai = typer.Typer(help="Models: whose, which, at what cost.", no_args_is_help=True)
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]


class Where(StrEnum):
    OPENAI = "openai"
    LOCAL = "local"


class AgentChannel(StrEnum):
    FIRST = "first"
    SECOND = "second"
    NONE = "none"


def register(app: typer.Typer) -> None:
    app.add_typer(ai, name="ai")


@ai.command("use")
@needs("org.change")
def use(
    org: Org,
    transcribe: Annotated[Where | None, typer.Option(help="Who hears recordings.")] = None,
    embed: Annotated[Where | None, typer.Option(help="Who makes vectors of text.")] = None,
    analyse: Annotated[Where | None, typer.Option(help="Who judges conversations.")] = None,
    model: Annotated[str | None, typer.Option(help="The model, of openai only.")] = None,
    dimension: Annotated[
        int | None, typer.Option(min=1, max=4000, help="Values of a vector (--embed openai).")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Of calls: two letters such as de, or auto.")
    ] = None,
    agent_channel: Annotated[
        AgentChannel | None, typer.Option(help="The agent's channel of a stereo call.")
    ] = None,
) -> None:
    """Chooses who does what for one organization. Text is embedded anew by another model.

    Examples: [bold]vensor ai use --org acme --transcribe local --language en[/bold]
    [bold]vensor ai use --org acme --embed openai --model text-embedding-3-large[/bold]
    """
    told = {"transcribe": transcribe, "embed": embed, "analyse": analyse}
    wanted: dict[Capability, Provider] = {
        name: where.value for name in CAPABILITIES if (where := told[name]) is not None
    }
    _check(wanted, model=model, dimension=dimension, hearing=language or agent_channel)
    channel = None if agent_channel is None else agent_channel.value
    with opened(org) as resources:
        for name, provider in wanted.items():
            _choose(resources, name, Choice(provider, model, dimension, language, channel))
    stdout.print(f"{org}: {', '.join(f'{name} by {who}' for name, who in wanted.items())}")


@ai.command("status")
@needs("org.read")
def status(org: Org) -> None:
    """Shows who does what, what that cost today, and what the server of openai can do.

    Example: [bold]vensor ai status --org acme[/bold]
    """
    with opened(org) as resources:
        choices = [chosen(resources, name) for name in CAPABILITIES]
        with resources.session() as connection:
            budget, spent = find_budget(connection), spent_today(connection)
            used = used_today(connection)
        stdout.print(_choices_table(choices, used))
        hearing = choices[0]
        stdout.print(
            f"calls: language {hearing.language or 'auto'},"
            f" agent on channel {hearing.agent_channel} of two"
        )
        limit = "no budget" if budget is None else f"of {_dollars(budget)} a day"
        stdout.print(f"spent today (UTC): {_dollars(spent.usd)} {limit}")
        if spent.unpriced_calls:
            stdout.print(f"and {spent.unpriced_calls} calls whose price is not known")
        if any(one.provider == "openai" for one in choices):
            stdout.print(_server(resources))


@ai.command("budget")
@needs("org.change")
def budget(
    org: Org,
    usd_per_day: Annotated[
        float | None, typer.Option(min=0, help="Dollars a day (UTC) at most.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="As many as it takes.")] = False,
) -> None:
    """Sets what one organization's models may cost a day. What is left then waits for the next.

    Example: [bold]vensor ai budget --org acme --usd-per-day 20[/bold]
    """
    if none is (usd_per_day is not None):
        raise ConfigurationError("say either --usd-per-day N or --none")
    limit = None if usd_per_day is None else Decimal(str(usd_per_day))
    with opened(org) as resources, resources.session() as connection:
        set_budget(connection, resources.organization.org_id, limit)
        resources.audit(
            connection,
            action="change.settings",
            purpose="budget for models",
            details={"usd_per_day": "none" if limit is None else str(limit)},
        )
    stdout.print(f"{org}: {'no budget' if limit is None else f'{_dollars(limit)} a day'}")


def _check(
    wanted: Mapping[Capability, Provider],
    *,
    model: str | None,
    dimension: int | None,
    hearing: str | None,
) -> None:
    """Raises: ConfigurationError for options that do not go together."""
    if not wanted:
        raise ConfigurationError("say what for: --transcribe, --embed or --analyse")
    if model is not None and (len(wanted) > 1 or "local" in wanted.values()):
        raise ConfigurationError("--model goes with one capability, and with openai")
    if dimension is not None and wanted.get("embed") != "openai":
        raise ConfigurationError("--dimension goes with --embed openai")
    if hearing and "transcribe" not in wanted:
        raise ConfigurationError("--language and --agent-channel go with --transcribe")


def _choose(resources: Resources, capability: Capability, told: Choice) -> None:
    """Stores what was told; what was not stays as it was, a model only with its provider."""
    with resources.session() as connection:
        former = find_choice(connection, capability) or Choice(told.provider)
        same = former.provider == told.provider
        choice = Choice(told.provider, told.model or (former.model if same else None))
        if capability == "embed":
            dimension = told.dimension or (former.dimension if same else None)
            choice = replace(choice, dimension=dimension)
        if capability == "transcribe":
            choice = replace(
                choice,
                language=parse_language(told.language) if told.language else former.language,
                agent_channel=told.agent_channel or former.agent_channel,
            )
        choose(connection, resources.organization.org_id, capability, choice)
        resources.audit(
            connection,
            action="change.settings",
            purpose=f"choice of a model to {capability}",
            details={name: told for name, told in asdict(choice).items() if told is not None},
        )


def parse_language(told: str) -> str | None:
    """The language, or None for "auto". Raises: ConfigurationError."""
    if told == "auto":
        return None
    if len(told) != 2 or not told.isascii() or not told.isalpha():
        raise ConfigurationError(f"--language {told!r} is not two letters such as de, nor auto")
    return told.lower()


def _choices_table(choices: Sequence[Chosen], used: Sequence[Used]) -> Table:
    units = {(one.capability, one.provider): one for one in used}
    table = Table("what", "by", "model", "calls today", "cost today", box=None, pad_edge=False)
    for one in choices:
        told = units.get((one.capability, one.provider))
        calls, cost = ("0", "") if told is None else (str(told.calls), _dollars(told.cost_usd))
        table.add_row(one.capability, one.provider, _model(one), calls, cost)
    return table


def _model(one: Chosen) -> str:
    if one.provider == "local":
        return "packaged"
    return f"{one.model}@{one.dimension}" if one.capability == "embed" else one.model


def _server(resources: Resources) -> str:
    """What the server can do, found out by requests that cost nothing."""
    where = resources.settings.openai_base_url
    try:
        with opened_service(resources) as service:
            service.probe()
            return f"{where}: {service.flags.as_text()}"
    except VensorError as error:
        return f"{where}: {error}"


def _dollars(usd: Decimal | None) -> str:
    return "unknown" if usd is None else f"${usd:.4f}"
