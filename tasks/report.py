"""The weekly report as a step: the page lies in a file, the run shows what stands out."""

from datetime import datetime

from prefect.artifacts import create_markdown_artifact

from tasks.reporting.records import Report
from tasks.resources import opened
from tasks.step import step
from tasks.summary_page import plain
from tasks.weekly_report import read_report, usual_place, write_page, write_picture


@step
def write_report(slug: str, as_of: datetime) -> str:
    """Where the page lies, a file on the machine of the worker; its picture lies beside it."""
    with opened(slug) as resources:
        report = read_report(resources, as_of=as_of)
        path = usual_place(resources, report)
        write_page(report, path)
        write_picture(report, path.with_suffix(".png"))
    create_markdown_artifact(
        key=f"report-{slug}",
        markdown=summary(report, str(path)),
        description=f"The week of {slug} until {report.period.until}",
    )
    return str(path)


def summary(report: Report, path: str) -> str:
    """What stands out and the figures of the week: words of ours, names of groups, numbers."""
    found = [f"- {plain(one.line)}" for one in report.findings]
    figures = [
        f"| {plain(one.name)} | {one.value} | {one.before} | {one.usual} |"
        for one in report.headline
    ]
    parts = [
        f"# {plain(report.organization)}, until {report.period.until}",
        "\n".join(found) or "Nothing stands out.",
        "\n".join(["| figure | this week | week before | usual |", "|---|---|---|---|", *figures]),
        f"The page: [{path}](file://{path})",
    ]
    return "\n\n".join(parts)
