"""How good an organization's scores are: by what people said, by its tickets, by held-out text."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from tasks.choices import opened_transcriber
from tasks.conversation import open_conversations
from tasks.embedding import LocalEmbedder
from tasks.evaluation import metrics
from tasks.evaluation.local import measure_hearing, measure_local
from tasks.evaluation.records import Judged, Measured, defined, split_version
from tasks.evaluation.verdicts import measure_procedures, measure_sentiment, stands
from tasks.progress import report
from tasks.resources import Resources
from tasks.scoring.records import Evidence
from tasks.scoring.sentiment import label_of
from warehouse import alerts, evaluations, knowledge, labels
from warehouse.evaluations import Capability, Figure, Pointer, Source, Stored
from warehouse.labels import Compared

TICKETS_AT_ONCE = 64
_KEY = ("evaluated_at", "source", "capability", "model", "prompt_version", "n")
# What only a confidence gives, and a ticket's score has none.
OF_CONFIDENCE: frozenset[Figure] = frozenset({"calibration_error", "abstention"})


@dataclass(frozen=True)
class Truths:
    """What is known from elsewhere to be true of tickets.

    `turns` are sentiments (-1 to 1) by comment, `steps` verdicts by ticket, title of the procedure
    and number of the step.
    """

    turns: Mapping[int, float] = field(default_factory=dict)
    steps: Mapping[tuple[int, str, int], str] = field(default_factory=dict)
    ticket_ids: frozenset[int] = frozenset()


def evaluate(
    resources: Resources, *, at: datetime, truths: Truths | None, held_out: bool
) -> list[Measured]:
    """Everything that can be measured, stored as of `at`, and by whom in the audit trail."""
    measured = [*_by_labels(resources), *_by_tickets(resources)]
    if truths is not None:
        measured += _by_truths(resources, truths)
    if held_out:
        measured += _by_held_out(resources)
    with resources.session() as connection:
        evaluations.record(connection, resources.organization.org_id, list(_stored(measured, at)))
        resources.audit(
            connection,
            action="evaluate",
            purpose="quality of scores",
            details={"figures": sum(len(one.figures) for one in measured)},
        )
    return measured


def _stored(measured: Iterable[Measured], at: datetime) -> Iterator[Stored]:
    for one in measured:
        for name, value in one.figures.items():
            yield Stored(
                at, one.source, one.capability, one.model, one.prompt_version, name, value, one.n
            )


def _by_labels(resources: Resources) -> Iterator[Measured]:
    with resources.session() as connection:
        turns = labels.compared_turns(connection)
        tickets = labels.compared_tickets(connection)
        steps = labels.compared_steps(connection)
        answered = alerts.answered_rules(connection)
    yield from _compared("labels", "sentiment", turns)
    yield from _compared("labels", "course", tickets)
    yield from _compared("labels", "procedures", steps)
    for rule in answered:
        right = metrics.share(rule.answered - rule.wrong, rule.answered)
        figures = defined(precision=right)
        yield Measured("labels", "alerts", rule.rule, "none", rule.answered, figures)


def _by_truths(resources: Resources, truths: Truths) -> Iterator[Measured]:
    ids = sorted(truths.ticket_ids)
    with resources.session() as connection:
        sops = knowledge.find_documents(connection, kind="sop")
        turns = labels.turn_scores(connection, ids)
        steps = labels.step_verdicts(connection, ids)
    titles = defaultdict(str, {one.document_id: one.title for one in sops})
    felt = [
        Compared(one.model_version, label_of(truth), one.label, 0.0, one.confidence)
        for one in turns
        if (truth := truths.turns.get(one.comment_id)) is not None
    ]
    done = [
        Compared(one.model_version, verdict, one.verdict, 0.0, one.confidence)
        for one in steps
        if (verdict := truths.steps.get((one.ticket_id, titles[one.document_id], one.step_no)))
    ]
    yield from _compared("sandbox", "sentiment", felt)
    yield from _compared("sandbox", "procedures", done)


def _compared(
    source: Source, capability: Capability, compared: Sequence[Compared]
) -> Iterator[Measured]:
    """The figures by version of the model, of whatever was compared."""
    by_version: dict[str, list[Judged]] = defaultdict(list)
    for one in compared:
        said = label_of(one.score) if one.said is None else one.said
        by_version[one.model_version].append(Judged(one.truth, said, one.confidence))
    for version, judged in by_version.items():
        if capability == "procedures":
            figures = measure_procedures(judged)
        else:
            figures = measure_sentiment(judged)
        if capability == "course":
            figures = {name: value for name, value in figures.items() if name not in OF_CONFIDENCE}
        yield Measured(source, capability, *split_version(version), len(judged), figures)


def _by_tickets(resources: Resources) -> Iterator[Measured]:
    """What needs no truth: the customers' own ratings, abstentions, whether evidence stands."""
    with resources.session() as connection:
        rated = evaluations.rated_tickets(connection)
        abstained = evaluations.abstentions(connection)
        pointers = evaluations.evidence(connection)
    for version in sorted({one.model_version for one in rated}):
        mine = [one for one in rated if one.model_version == version]
        correlation = metrics.spearman(
            [one.sentiment_end for one in mine], [one.rating for one in mine]
        )
        figures = defined(csat_spearman=correlation)
        yield Measured("tickets", "course", *split_version(version), len(mine), figures)
    for one in abstained:
        yield _of_steps(
            one.model_version, one.verdicts, abstention=metrics.share(one.unknown, one.verdicts)
        )
    for version, stood in _standing(resources, pointers).items():
        yield _of_steps(version, len(stood), quote_validity=metrics.share(sum(stood), len(stood)))


def _of_steps(version: str, n: int, **figures: float | None) -> Measured:
    return Measured("tickets", "procedures", *split_version(version), n, defined(**figures))


def _standing(resources: Resources, pointers: Sequence[Pointer]) -> dict[str, list[bool]]:
    """Whether each quotation still stands, by version; tickets whose words are gone left out."""
    by_ticket: dict[int, list[Pointer]] = defaultdict(list)
    for one in pointers:
        by_ticket[one.ticket_id].append(one)
    stood: dict[str, list[bool]] = defaultdict(list)
    ids = list(by_ticket)
    for at in range(0, len(ids), TICKETS_AT_ONCE):
        report("evaluate", at, total=len(ids), note="tickets with evidence")
        batch = ids[at : at + TICKETS_AT_ONCE]
        with resources.session("evaluate") as connection:
            opened = open_conversations(connection, resources.cipher, batch)
        for talk in opened:
            for one in by_ticket[talk.ticket_id]:
                place = Evidence(one.comment_id, one.turn_no, one.start_char, one.end_char)
                stood[one.model_version].append(stands(talk.conversation, place))
    return stood


def _by_held_out(resources: Resources) -> Iterator[Measured]:
    """The texts of this package and the calls of this repository; no word of the organization's."""
    report("evaluate", 0, note="held-out text")
    yield from measure_local(LocalEmbedder())
    report("evaluate", 0, note="telephone calls")
    with opened_transcriber(resources) as transcriber:
        yield measure_hearing(transcriber)


def former(resources: Resources) -> list[tuple[datetime, Measured]]:
    """Everything that was measured before and when, newest first."""
    with resources.session() as connection:
        stored = evaluations.history(connection)
    found = []
    for _, rows in groupby(stored, key=attrgetter(*_KEY)):
        mine = list(rows)
        one = mine[0]
        figures = {row.figure: row.value for row in mine}
        found.append(
            (
                one.evaluated_at,
                Measured(one.source, one.capability, one.model, one.prompt_version, one.n, figures),
            )
        )
    return found
