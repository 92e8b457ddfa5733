"""The suite `after_scoring`: what must hold of what models said before it is counted.

Scores without their tickets, and codes with room for a person's data, are not counted. That a
budget ended before all tickets were read is a warning: coverage stands beside every figure.
"""

from tasks.quality.expected import (
    Expected,
    Severity,
    at_least,
    between,
    code,
    in_set,
    no_row,
    not_in_the_future,
    where,
)

MOST_UNSCORED = 0.05
SPEAKERS = ["customer", "agent", "system", "unknown"]
SENTIMENTS = ["very_negative", "negative", "neutral", "positive", "very_positive"]
PLACE = "evidence_start_char"


def _evidence() -> Expected:
    """A place in a comment: an end without a beginning, or before it, quotes nothing."""
    return where(
        "a stretch of a comment",
        PLACE,
        "num_nulls(evidence_comment_id, evidence_start_char, evidence_end_char) not in (0, 3)"
        " or evidence_end_char <= evidence_start_char",
    )


def covered(task: str, severity: Severity) -> Expected:
    """Fails where of the tickets with words, opted-out ones left out, too many were not read.

    Then counts those. Nothing is said before the task has run at all.
    """
    query = f"""
        with worded as (
            select ticket_id from zendesk.comment_contents
            union
            select ticket_id from ai.transcripts
        ),
        eligible as (
            select w.ticket_id from worded as w
            inner join zendesk.tickets as t on w.ticket_id = t.id
            where w.ticket_id not in (select o.ticket_id from ai.opted_out_tickets as o)
        ),
        unread as (
            select 1 from eligible as e
            where not exists (
                select from {{batch}} as w where w.ticket_id = e.ticket_id and w.task = '{task}'
            )
        )
        select 1 from unread
        where
            (select count(*) from unread) > {MOST_UNSCORED} * (select count(*) from eligible)
            and exists (select from {{batch}} as w where w.task = '{task}')
    """
    return no_row(f"{task} has read the tickets", "task", query, severity=severity)


SUITE: dict[str, list[Expected]] = {
    "ai.ticket_work": [
        covered("score", "critical"),
        covered("sop", "warning"),
        covered("assess", "warning"),
    ],
    "ai.turn_sentiments": [
        between("score", -1, 1),
        between("confidence", 0, 1),
        in_set("label", SENTIMENTS),
        in_set("speaker", SPEAKERS),
        not_in_the_future("said_at"),
    ],
    "ai.ticket_scores": [
        between("turns", 0),
        between("sentiment_start", -1, 1),
        between("sentiment_end", -1, 1),
        between("sentiment_minimum", -1, 1),
        between("sentiment_change", -2, 2),
        at_least("sentiment_start", "sentiment_minimum"),
        at_least("sentiment_end", "sentiment_minimum"),
    ],
    "ai.sop_checks": [between("confidence", 0, 1), code("reason"), _evidence()],
    "ai.assessments": [
        code("topic_id"),
        code("intent"),
        code("fallback"),
        between("topic_confidence", 0, 1),
        *(between(risk, 0, 1) for risk in ("effort", "churn_risk", "escalation_risk")),
        between("dropped_quotes", 0),
    ],
    "ai.assessment_reasons": [code("code"), between("weight", 0, 1), _evidence()],
    "ai.quality_scores": [code("reason"), between("score", 0, 1), _evidence()],
}
