"""What models say: how customers feel, whether procedures are followed, how good replies are."""

from collections.abc import Sequence

from tasks.reporting.drawn import by_name, parts_chart, shares_chart, usual_chart, values_chart
from tasks.reporting.models import break_notes, coverage_note, current, short_note
from tasks.reporting.period import Period
from tasks.reporting.records import Chart, Figure, Material, Section
from tasks.reporting.sections.promises import beside
from tasks.reporting.weekly import FEWEST_PEOPLE, figure, pairs, per_week, shares, usual
from tasks.reporting.words import NONE, Kind
from warehouse.report_rows import Quality, Sentiment, Sop

SENTIMENT, SOP, QUALITY = "sentiment", "sop", "quality"
CUSTOMER, OVERALL = "customer", "overall"
MOODS = ("var(--mood-1)", "var(--mood-2)", "var(--mood-3)")
WORST_STEPS = 8
NOT_RUN = "is not scored in these weeks: the stages of the models have not run."


def customers(material: Material) -> list[Sentiment]:
    """Customers' turns, by the model of today."""
    return current([row for row in material.sentiment if row.speaker == CUSTOMER], "n")


def negative(row: Sentiment) -> tuple[int, int]:
    return row.negative, row.n


def followed(row: Sop) -> tuple[int, int]:
    """(steps done, of those done and not done)."""
    return row.passed, row.passed + row.failed


def steps(material: Material) -> list[Sop]:
    """Steps of the procedures' versions of today, by the model of today."""
    rows = current(material.sop, "passed")
    latest: dict[str, tuple[int, str]] = {}
    for row in rows:
        known = latest.get(row.document_id)
        if known is None or (row.week, row.sop_version) < known:
            latest[row.document_id] = (row.week, row.sop_version)
    return [row for row in rows if latest[row.document_id][1] == row.sop_version]


def step_name(row: Sop) -> str:
    return f"Step {row.step_no} of “{row.document_title}”"


def sentiment(material: Material, period: Period) -> Section:
    title = "How customers feel"
    rows = customers(material)
    if not rows:
        return Section(SENTIMENT, title, f"Sentiment {NOT_RUN}")
    unhappy = shares(pairs(rows, negative), fewest=FEWEST_PEOPLE)
    beside_it = short_note(material.coverage, "score", rows[0].model_version, period)
    mean = figure(
        "Mean sentiment, −1 to +1", Kind.SCORE, _means(rows), period, better=True, note=beside_it
    )
    bad = figure("Negative turns", Kind.SHARE, unhappy, period, better=False, note=beside_it)
    lead = f"Customers' turns score {mean.value} on average; {bad.value} are negative."
    if mean.value == NONE:
        lead = "Too few turns were scored this week."
    note = coverage_note(material.coverage, "score", _versions(rows), period)
    notes = [note, *break_notes(material.coverage, "score")]
    drawn = _moods(rows, _customers(material.sentiment), period)
    return Section(SENTIMENT, title, lead, [mean, bad], drawn, notes=notes)


def _moods(rows: Sequence[Sentiment], every: Sequence[Sentiment], period: Period) -> list[Chart]:
    """Parts of the week by today's model, and the mean by each model, whose lines end with it."""
    parts = {
        "negative": per_week(rows, lambda row: row.negative),
        "neutral": per_week(rows, lambda row: row.neutral),
        "positive": per_week(rows, lambda row: row.positive),
    }
    versions = by_name(every, lambda row: row.model_version)
    means = {one: _means([row for row in every if row.model_version == one]) for one in versions}
    return [
        parts_chart("moods", "Customers' turns", parts, period, share=True, colours=MOODS),
        values_chart("mood", "Mean sentiment, by model", means, period, Kind.SCORE),
    ]


def _customers(rows: Sequence[Sentiment]) -> list[Sentiment]:
    return [row for row in rows if row.speaker == CUSTOMER]


def _means(rows: Sequence[Sentiment]) -> dict[int, float | None]:
    sums, n = per_week(rows, lambda row: row.score_sum), per_week(rows, lambda row: row.n)
    return shares({week: (sums[week], n[week]) for week in n}, fewest=FEWEST_PEOPLE)


def _versions(rows: Sequence[Sentiment | Sop | Quality]) -> list[str]:
    return sorted({row.model_version for row in rows})


def sop(material: Material, period: Period) -> Section:
    title = "Procedures"
    rows = steps(material)
    if not rows:
        return Section(SOP, title, f"No procedure {NOT_RUN}")
    every = pairs(rows, followed)
    values = shares(every, fewest=FEWEST_PEOPLE)
    beside_it = short_note(material.coverage, "sop", rows[0].model_version, period)
    one = figure("Steps followed", Kind.SHARE, values, period, better=True, note=beside_it)
    lead = f"{one.value} of the steps that were judged this week were followed ({one.change})."
    if one.value == NONE:
        lead = "Too few steps were judged this week."
    notes = [
        coverage_note(material.coverage, "sop", _versions(rows), period),
        _apart(rows),
        *break_notes(material.coverage, "sop"),
    ]
    weeks = shares_chart("sop-weeks", "Steps followed", {"followed": every}, period, of="of judged")
    drawn = [weeks, *_least_followed(rows, period)]
    return Section(SOP, title, lead, [one], drawn, notes=notes)


def _apart(rows: Sequence[Sop]) -> str:
    apart = per_week(rows, lambda row: row.not_applicable).get(0, 0)
    unknown = per_week(rows, lambda row: row.abstained).get(0, 0)
    return (
        f"Apart from these, this week: {apart:,.0f} did not apply, {unknown:,.0f} left too little"
        " to judge by. A ticket counts when it is solved."
    )


def _least_followed(rows: Sequence[Sop], period: Period) -> list[Chart]:
    """A bar for each of the worst steps; where all are of one procedure its title says it once."""
    titles = {row.document_title for row in rows}
    one = len(titles) == 1
    name = _short_step if one else step_name
    judged = {
        step: weekly
        for step in by_name(rows, name)
        if (weekly := pairs([row for row in rows if name(row) == step], followed)).get(0, (0, 0))[1]
        >= FEWEST_PEOPLE
    }
    worst = sorted(judged, key=lambda step: judged[step][0][0] / judged[step][0][1])[:WORST_STEPS]
    if not worst:
        return []
    figures = beside({step: judged[step] for step in worst}, period)
    of = f" of “{titles.pop()}”" if one else ""
    return [usual_chart("steps", f"The steps{of} that are followed least", figures, Kind.SHARE)]


def _short_step(row: Sop) -> str:
    return f"step {row.step_no}"


def quality(material: Material, period: Period) -> Section:
    title = "Quality of replies"
    rows = current(material.quality, "n")
    if not rows:
        return Section(QUALITY, title, f"Quality {NOT_RUN}")
    figures = _quality_figures(material, [row for row in rows if row.category == OVERALL], period)
    note = coverage_note(material.coverage, "assess", _versions(rows), period)
    notes = [note, *break_notes(material.coverage, "assess")]
    mark = figures[0]
    lead = f"Replies were marked {mark.value} on average ({mark.change})."
    if mark.value == NONE:
        lead = "Too few tickets were marked this week."
    return Section(QUALITY, title, lead, figures, _quality_charts(rows, period), notes=notes)


def _quality_figures(
    material: Material, overall: Sequence[Quality], period: Period
) -> list[Figure]:
    version = overall[0].model_version if overall else "no model"
    beside_it = short_note(material.coverage, "assess", version, period)
    fails = per_week(overall, lambda row: row.critical_fails)
    agreed = shares(pairs(overall, lambda row: (row.agreed_n, row.human_n)), fewest=FEWEST_PEOPLE)
    marks = _marks(overall)
    figures = [
        figure("Quality, 0 to 100", Kind.MARK, marks, period, better=True, note=beside_it),
        figure("Critical fails", Kind.COUNT, fails, period, better=False, note=beside_it),
    ]
    if any(value is not None for value in agreed.values()):
        figures.append(figure("People agree", Kind.SHARE, agreed, period, better=True))
    return figures


def _quality_charts(rows: Sequence[Quality], period: Period) -> list[Chart]:
    marks = {
        name: _marks([row for row in rows if row.category == name])
        for name in by_name(rows, lambda row: row.category)
    }
    overall = marks.pop(OVERALL, {})
    beside_usual = {name: (one.get(0), usual(one, period), "") for name, one in marks.items()}
    drawn = [values_chart("quality-weeks", "Quality", {"overall": overall}, period, Kind.MARK)]
    if beside_usual:
        drawn.append(usual_chart("categories", "Quality by category", beside_usual, Kind.MARK))
    return drawn


def _marks(rows: Sequence[Quality]) -> dict[int, float | None]:
    sums, n = per_week(rows, lambda row: row.score_sum), per_week(rows, lambda row: row.n)
    return shares({week: (sums[week], n[week]) for week in n}, fewest=FEWEST_PEOPLE)
