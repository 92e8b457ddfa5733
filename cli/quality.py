"""`vensor quality` and `vensor topics`: by what measure tickets are judged, and what about."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from cli.display import stdout
from cli.gate import needs
from tasks.analysts import taxonomy
from tasks.assessment import Taxonomy, parse_taxonomy
from tasks.errors import ConfigurationError
from tasks.resources import Resources, opened
from warehouse.assessments import set_topics
from warehouse.quality import (
    CategoryFigures,
    Measure,
    QualityFigures,
    figures,
    figures_by_category,
    reset_scorecard,
    scorecard,
    set_measure,
)

quality = typer.Typer(help="The quality scorecard.", no_args_is_help=True)
topics = typer.Typer(help="What tickets are about.", no_args_is_help=True)
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]
MOST_BYTES = 1_000_000


def register(app: typer.Typer) -> None:
    app.add_typer(quality, name="quality")
    app.add_typer(topics, name="topics")


@quality.command("show")
@needs("metrics.read")
def show(org: Org) -> None:
    """Shows the scorecard, and what tickets get by it: 0 to 100.

    Example: [bold]vensor quality show --org acme[/bold]
    """
    with opened(org) as resources, resources.session() as connection:
        card = scorecard(connection)
        found = figures_by_category(connection)
        everything = figures(connection)
    stdout.print(_card_table(card, found))
    stdout.print(_in_words(everything))


@quality.command("set")
@needs("org.change")
def set_(
    org: Org,
    category: Annotated[str, typer.Option(help="Which, as `vensor quality show` names it.")],
    weight: Annotated[
        float | None, typer.Option(min=0, max=100, help="Beside the others' weights.")
    ] = None,
    critical: Annotated[
        bool | None,
        typer.Option("--critical/--not-critical", help="Whether its failure makes a ticket's 0."),
    ] = None,
    pass_at: Annotated[
        float | None, typer.Option(min=0, max=1, help="The score below which it fails.")
    ] = None,
) -> None:
    """Sets how one category counts. What is not said stays; tickets get their scores at once.

    Example: [bold]vensor quality set --org acme --category procedure --weight 40 --critical[/bold]
    """
    if weight is None and critical is None and pass_at is None:
        raise ConfigurationError("say what to set: --weight, --critical or --pass-at")
    with opened(org) as resources, resources.session() as connection:
        known = {one.category: one for one in scorecard(connection)}
        if category not in known:
            raise ConfigurationError(f"no category {category!r}; there are: {', '.join(known)}")
        former = known[category]
        measure = replace(
            former,
            weight=former.weight if weight is None else weight,
            critical=former.critical if critical is None else critical,
            pass_at=former.pass_at if pass_at is None else pass_at,
        )
        set_measure(connection, resources.organization.org_id, measure)
        resources.audit(
            connection,
            action="change.settings",
            purpose=f"scorecard: {category}",
            details={
                "weight": str(measure.weight),
                "critical": str(measure.critical),
                "pass_at": str(measure.pass_at),
            },
        )
    stdout.print(f"{org}: {category} {_measure_in_words(measure)}")


@quality.command("reset")
@needs("org.change")
def reset(org: Org) -> None:
    """Goes back to the scorecard that comes with vensor.

    Example: [bold]vensor quality reset --org acme[/bold]
    """
    with opened(org) as resources, resources.session() as connection:
        gone = reset_scorecard(connection)
        resources.audit(
            connection,
            action="change.settings",
            purpose="scorecard as packaged",
            details={"categories": gone},
        )
    stdout.print(f"{org}: the packaged scorecard")


@topics.command("show")
@needs("metrics.read")
def show_topics(
    org: Org, as_json: Annotated[bool, typer.Option("--json", help="Print JSON to edit.")] = False
) -> None:
    """Shows the topics that tickets are sorted into.

    Example: [bold]vensor topics show --org acme --json > topics.yml[/bold]
    """
    with opened(org) as resources:
        told = taxonomy(resources)
    if as_json:
        json.dump({"topics": _plain(told)}, sys.stdout, indent=1, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    table = Table("id", "title", "description", "cues", box=None, pad_edge=False)
    for one in told.topics:
        table.add_row(one.id, one.title, one.description, str(len(one.cues)))
    stdout.print(table)


@topics.command("set")
@needs("org.change")
def set_topics_(
    org: Org, path: Annotated[Path, typer.Argument(help="A YAML or JSON file of topics.")]
) -> None:
    """Sorts tickets into topics of one's own; the next run assesses them anew.

    Example: [bold]vensor topics set --org acme topics.yml[/bold]
    """
    told = parse_taxonomy(_read(path))
    with opened(org) as resources:
        _store(resources, told)
    stdout.print(f"{org}: {len(told.topics)} topics of its own")


@topics.command("reset")
@needs("org.change")
def reset_topics(org: Org) -> None:
    """Goes back to the topics that come with vensor.

    Example: [bold]vensor topics reset --org acme[/bold]
    """
    with opened(org) as resources:
        _store(resources, None)
    stdout.print(f"{org}: the packaged topics")


def _store(resources: Resources, told: Taxonomy | None) -> None:
    with resources.session() as connection:
        set_topics(
            connection,
            resources.organization.org_id,
            None if told is None else _plain(told),
        )
        resources.audit(
            connection,
            action="change.settings",
            purpose="topics",
            details={"topics": "as packaged" if told is None else len(told.topics)},
        )


def _plain(told: Taxonomy) -> list[dict[str, object]]:
    found: list[dict[str, object]] = msgspec.to_builtins(list(told.topics))
    return found


def _read(path: Path) -> bytes:
    """The file. Raises: ConfigurationError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigurationError(f"{path} is larger than {MOST_BYTES} bytes: no list of topics")
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({type(error).__name__})") from None


def _card_table(card: list[Measure], found: dict[str, CategoryFigures]) -> Table:
    table = Table("category", "weight", "critical", "passes at", box=None, pad_edge=False)
    for name in ("tickets", "passed", "mean"):
        table.add_column(name, justify="right")
    for one in card:
        told = found.get(one.category)
        table.add_row(
            one.category,
            f"{one.weight:g}",
            "yes" if one.critical else "",
            f"{one.pass_at:g}",
            *(("0", "", "") if told is None else _figures_row(told)),
        )
    return table


def _figures_row(told: CategoryFigures) -> tuple[str, str, str]:
    return (f"{told.tickets:,}", f"{told.passed / told.tickets:.0%}", f"{told.mean:.2f}")


def _in_words(found: QualityFigures) -> str:
    if found.mean is None:
        return "no ticket is measured yet: `vensor run` assesses them"
    return (
        f"{found.tickets:,} tickets: {found.mean:.1f} of 100 on average,"
        f" {found.failed_critical:,} of them 0 by a critical category"
    )


def _measure_in_words(one: Measure) -> str:
    critical = "critical, " if one.critical else ""
    return f"{critical}weight {one.weight:g}, passes at {one.pass_at:g}"
