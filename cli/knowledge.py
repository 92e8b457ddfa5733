"""`vensor knowledge`: the documents of an organization's own."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cli.display import stderr, stdout, wide
from cli.gate import needs
from tasks.resources import opened
from warehouse.knowledge import listed_documents

knowledge = typer.Typer(help="Articles and procedures.", no_args_is_help=True)
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]


class Kind(StrEnum):
    """What a document is: a procedure that tickets are judged by, or an article."""

    SOP = "sop"
    ARTICLE = "article"


def register(app: typer.Typer) -> None:
    app.add_typer(knowledge, name="knowledge")


@knowledge.command("add")
@needs("knowledge.add")
def add(
    paths: Annotated[list[str], typer.Argument(help="Files, folders, or URLs such as s3://…")],
    org: Org,
    kind: Annotated[Kind, typer.Option(help="What they are.")] = Kind.SOP,
) -> None:
    """Adds documents (.md, .html, .pdf, .docx). What says the same as before changes nothing.

    A file that cannot be used is named with its reason; the others are added, and the status is 1.

    Example: [bold]vensor knowledge add --org acme procedures/ refunds.docx[/bold]
    """
    from tasks.knowledge import add_documents

    counts: dict[str, int] = {}
    with opened(org) as resources:
        for one in add_documents(resources, paths, kind=kind.value, as_of=datetime.now(UTC)):
            counts[one.state] = counts.get(one.state, 0) + 1
            if one.state == "refused":
                stderr.print(f"{one.address} {one.reason}", markup=False, soft_wrap=True)
            else:
                told = f"{one.steps} steps" if kind is Kind.SOP else "article"
                line = f"{one.state:9}  {one.title} ({told})  {one.address}"
                stdout.print(line, markup=False, soft_wrap=True)
    stdout.print(", ".join(f"{count} {state}" for state, count in counts.items()))
    if "refused" in counts:
        raise typer.Exit(1)


@knowledge.command("list")
@needs("knowledge.search")
def list_(org: Org) -> None:
    """Lists the documents, those of the Help Center among them.

    Example: [bold]vensor knowledge list --org acme[/bold]
    """
    table = Table(
        "kind", "title", "version", "versions", "passages", "id", box=None, pad_edge=False
    )
    with opened(org) as resources, resources.session() as connection:
        found = listed_documents(connection)
    for one in found:
        version = one.version.hex()[:12]
        counts = (str(one.versions), str(one.passages))
        table.add_row(one.kind, escape(one.title), version, *counts, escape(one.document_id))
    if found:
        wide.print(table)
    else:
        stdout.print("there is no document yet; `vensor knowledge add` adds some")


@knowledge.command("remove")
@needs("knowledge.remove")
def remove(
    documents: Annotated[list[str], typer.Argument(help="Ids, or the paths they came from.")],
    org: Org,
) -> None:
    """Removes documents with their versions, and the verdicts that were made by them.

    Example: [bold]vensor knowledge remove --org acme procedures/refunds.md[/bold]
    """
    from tasks.knowledge import remove_documents

    with opened(org) as resources:
        removed = remove_documents(resources, documents)
    stdout.print(f"{removed} removed")
