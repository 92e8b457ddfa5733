"""The report as one HTML file that needs nothing else: no network, no font, no folder beside it.

A policy in the page itself lets its own scripts run, by their hashes, and nothing be fetched.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib import resources

from tasks.reporting.findings import RULE
from tasks.reporting.markup import Html, el
from tasks.reporting.records import Chart, Figure, Finding, Report, Section, Sort, Table, Tone
from tasks.reporting.sparkline import sparkline
from tasks.reporting.words import NONE, days

SNIPPET = "window.vegaEmbed = vegaEmbed;"
MARKS = {Sort.CHANGE: "↕", Sort.PEERS: "≠", Sort.BREAK: "⇥", Sort.MISSING: "?"}


def render(report: Report) -> str:
    """The whole page."""
    scripts = [library(), packaged("page.js")]
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    policy += f" form-action 'none'; script-src {' '.join(map(_hash, scripts))}"
    title = f"{report.organization}: {week_in_words(report)}"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", title),
        el("style", Html(packaged("page.css"))),
    )
    specs = {one.key: one.spec for section in report.sections for one in section.charts}
    body = el(
        "body",
        el("a", "Skip to what stands out", href="#findings", class_="skip"),
        _header(report),
        el("main", _findings(report), _headline(report), map(_section, report.sections)),
        _footer(report),
        el("script", Html(_embedded(specs)), type="application/json", id="specs"),
        [el("script", Html(script)) for script in scripts],
    )
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


@cache
def library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, from the package that draws pictures too."""
    import vl_convert  # its engine takes seconds to start

    bundled: str = vl_convert.javascript_bundle(SNIPPET)
    return bundled.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def packaged(name: str) -> str:
    """What lies beside this module."""
    return resources.files("tasks.reporting").joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _embedded(specs: object) -> str:
    """JSON that cannot end the element that holds it."""
    return json.dumps(specs, ensure_ascii=False).replace("<", "\\u003c")


def week_in_words(report: Report) -> str:
    """The days that it is about."""
    return f"{days(report.period.days[0], report.period.until)} {report.period.until.year}"


def _header(report: Report) -> Html:
    links = [el("li", el("a", one.title, href=f"#{one.key}")) for one in report.sections]
    return el(
        "header",
        el("p", "Support report", class_="kicker"),
        el("h1", report.organization),
        el("p", week_in_words(report), class_="week"),
        el("p", f"Made on {report.made_at}, {report.timezone}. {' '.join(report.notes)}"),
        el("nav", el("ul", links), aria_label="Sections"),
    )


def _findings(report: Report) -> Html:
    items = [_finding(one) for one in report.findings]
    nothing = el("p", "Nothing stands out this week, by the rule below.", class_="quiet")
    rule = [el("p", words) for words in RULE]
    return el(
        "section",
        el("h2", "What stands out", id="findings-title"),
        el("ol", items, class_="findings") if items else nothing,
        el("details", el("summary", "How it is found"), rule, class_="rule"),
        id="findings",
        aria_labelledby="findings-title",
    )


def _finding(one: Finding) -> Html:
    how_far = f", distance {abs(one.distance):.1f}" if one.distance else ""
    sure = "" if one.clear else " Perhaps chance."
    kind = f"{one.sort.value}{how_far}."
    tag = el("span", MARKS[one.sort], aria_hidden="true", class_="mark")
    worse = Html("") if one.tone is not Tone.WORSE else el("span", "to look at", class_="badge")
    return el(
        "li",
        tag,
        el("h3", el("a", one.title, href=f"#{one.section}"), worse),
        el("p", one.words),
        el("ul", [el("li", words) for words in one.also], class_="also") if one.also else None,
        el("p", f"{kind}{sure}", class_="small"),
        class_="finding clear" if one.clear else "finding perhaps",
    )


def _headline(report: Report) -> Html:
    return el(
        "section",
        el("h2", "The week in figures", id="week-title"),
        el("ul", [_figure(one) for one in report.headline], class_="figures"),
        id="week",
        aria_labelledby="week-title",
    )


def _figure(one: Figure) -> Html:
    return el(
        "li",
        el("p", one.name, class_="name"),
        el("p", one.value, class_="value missing" if one.value == NONE else "value"),
        _change(one),
        el("p", f"week before {_whole(one.before)} · usual {_whole(one.usual)}", class_="small"),
        sparkline(one.trend),
        el("p", one.note, class_="small note") if one.note else None,
        class_="figure",
    )


def _whole(figure: str) -> str:
    """A figure that no line ends within."""
    return figure.replace(" ", "\u00a0")


def _change(one: Figure) -> Html:
    """The sign says the direction; the word says what it means. Colour only repeats the word."""
    if one.rose is None:
        return el("p", one.change, class_="change")
    sign = el("span", "▲ " if one.rose else "▼ ", aria_hidden="true")
    told = el("span", f" ({one.tone.value})") if one.tone is not Tone.NEITHER else None
    return el("p", sign, one.change, told, class_=f"change {one.tone.name.lower()}")


def _section(section: Section) -> Html:
    title = f"{section.key}-title"
    figures = el("ul", [_figure(one) for one in section.figures], class_="figures small-figures")
    return el(
        "section",
        el("h2", section.title, id=title),
        el("p", section.lead, class_="lead"),
        [el("p", note, class_="small note") for note in section.notes],
        figures if section.figures else None,
        el("div", [_chart(one) for one in section.charts], class_="charts")
        if section.charts
        else None,
        [_table(one) for one in section.tables],
        id=section.key,
        aria_labelledby=title,
    )


def _chart(chart: Chart) -> Html:
    hint = el("p", chart.hint, class_="small") if chart.hint else None
    return el(
        "figure",
        el("figcaption", el("h3", chart.title), hint),
        el("div", data_chart=chart.key, role="img", aria_label=chart.alt, class_="chart"),
        el(
            "details",
            el("summary", "Words and numbers of this chart"),
            el("p", chart.alt),
            _table(chart.table),
        ),
    )


def _table(table: Table) -> Html:
    """Scrolls by itself where it is too wide, also from the keyboard."""
    kinds = [_kind(table, place) for place in range(len(table.columns))]
    named = zip(table.columns, kinds, strict=True)
    head = [el("th", name, scope="col", class_=kind) for name, kind in named]
    rows = [_row(cells, kinds) for cells in table.rows]
    whole = el(
        "table",
        el("caption", table.caption),
        el("thead", el("tr", head)),
        el("tbody", rows),
    )
    return el("div", whole, class_="scroll", tabindex="0", role="region", aria_label=table.caption)


def _kind(table: Table, place: int) -> str:
    """Columns of words stand to the left, those of numbers to the right."""
    return "words" if all(row[place][:1].isalpha() for row in table.rows) else "numbers"


def _row(cells: Sequence[str], kinds: Sequence[str]) -> Html:
    first = el("th", cells[0], scope="row")
    rest = zip(cells[1:], kinds[1:], strict=True)
    return el("tr", first, [el("td", cell, class_=kind) for cell, kind in rest])


def _footer(report: Report) -> Html:
    words = (
        "Days are the organization's, from midnight to midnight. Groups and channels with"
        " fewer than 5 tickets this week are put together as “other”. No person and no text of a"
        " ticket is in this page."
    )
    no_script = el("noscript", el("p", "Charts need scripts; their tables hold the same numbers."))
    return el("footer", el("p", words), no_script)
