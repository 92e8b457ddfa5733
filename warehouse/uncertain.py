"""Which scores a person should look at first: those that the model itself is least sure of.

Source: uncertainty sampling, Lewis and Gale, A sequential algorithm for training text classifiers
(1994).
"""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, text


@dataclass(frozen=True, kw_only=True)
class Doubtful:
    """A score that nobody has labelled: of a turn (comment and number) or a step of a procedure."""

    ticket_id: int
    target: Literal["turn", "step"]
    comment_id: int
    turn_no: int
    document_id: str
    step_no: int
    sop_version: bytes | None
    said: str
    confidence: float


def least_certain(connection: Connection, *, limit: int) -> list[Doubtful]:
    """The least certain turn and step of each ticket, one of each in turn, least certain first.

    Of several models' scores the last one counts. "unknown" is the least certain verdict.
    """
    rows = connection.execute(
        text("""
            with turns as (
                select distinct on (ticket_id, comment_id, turn_no)
                    ticket_id, 'turn' as target, comment_id, turn_no,
                    '' as document_id, 0 as step_no, null::bytea as sop_version,
                    label as said, confidence
                from ai.turn_sentiments where label is not null
                order by ticket_id, comment_id, turn_no, loaded_at desc, model_version
            ),
            steps as (
                select distinct on (ticket_id, document_id, step_no)
                    ticket_id, 'step' as target, 0::bigint as comment_id, 0 as turn_no,
                    document_id, step_no, sop_version, verdict as said, confidence
                from ai.sop_checks where reason not in ('no_request', 'no_agent_turn')
                order by ticket_id, document_id, step_no, loaded_at desc, model_version
            ),
            open as (
                select s.* from (select * from turns union all select * from steps) as s
                where not exists (
                    select from ai.labels as l
                    where
                        l.ticket_id = s.ticket_id and l.target = s.target
                        and l.comment_id = s.comment_id and l.turn_no = s.turn_no
                        and l.document_id = s.document_id and l.step_no = s.step_no
                )
            ),
            worst as (
                select distinct on (ticket_id, target) * from open
                order by ticket_id, target, confidence, comment_id, turn_no, document_id, step_no
            )
            select * from worst
            order by row_number() over (
                partition by target order by confidence, ticket_id
            ), target desc
            limit :limit
        """),
        {"limit": limit},
    )
    return [Doubtful(**row._mapping) for row in rows]
