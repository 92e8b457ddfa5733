"""Erasing one person among so many tickets of one organization.

Skeletons and sealed contents (of no meaning) of as many tickets, each with two comments, two
audits, two changes and two judgements, a tenth with a call. Timed is all of an erasure.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from benchmarks.benchmark import Benchmark
from benchmarks.figures import Figure
from benchmarks.stage import organization, seconds_of, warehouse
from tasks.resources import Resources, opened
from tasks.rights import approve, ask, erase, named

SLUG, PEOPLE = "bench", 5
AT = "date_trunc('day', now()) - make_interval(days => (g % 29)::int)"
ORG, TWO = "app.org_id()", "generate_series(0, 2 * :n - 1) as g"
WRITER = "case when g % 2 = 0 then 1 + (1 + g / 2) % (:n / 4) else 900000000 + g % 50 end"
SEALED = "decode(repeat('00', 100), 'hex')"
# (table, columns, what of g, how many); each with org_id and changed_at
ROWS = (
    ("zendesk.users", "id, role, email_index", "g, 'end-user', decode(md5(g::text), 'hex')",
     "generate_series(1, :n / 4) as g"),
    ("zendesk.tickets",
     "id, status, requester_id, submitter_id, assignee_id, created_at, updated_at",
     f"g, 'open', 1 + g % (:n / 4), 1 + g % (:n / 4), 900000000 + g % 50, {AT}, {AT}",
     "generate_series(1, :n) as g"),
    ("zendesk.comments", "id, ticket_id, author_id, kind, created_at",
     f"g, 1 + g / 2, {WRITER}, 'Comment', {AT}", TWO),
    ("zendesk.audits", "id, ticket_id, author_id, created_at",
     f"g, 1 + g / 2, {WRITER}, {AT}", TWO),
    ("zendesk.audit_events", "id, audit_id, ticket_id, event_type, field_name, value, created_at",
     "g, g, 1 + g / 2, 'Create', case when g % 2 = 0 then 'requester_id' else 'status' end,"
     f" (1 + (1 + g / 2) % (:n / 4))::text, {AT}", TWO),
    ("zendesk.calls", "id, ticket_id, customer_id, created_at",
     f"g, g * 10, 1 + g * 10 % (:n / 4), {AT}", "generate_series(1, :n / 10) as g"),
    ("zendesk.ticket_contents", "ticket_id, sealed", f"g, {SEALED}",
     "generate_series(1, :n) as g"),
    ("zendesk.comment_contents", "comment_id, ticket_id, sealed", f"g, 1 + g / 2, {SEALED}", TWO),
    ("ai.turn_sentiments",
     "comment_id, turn_no, model_version, ticket_id, score, confidence, said_at",
     f"g, 0, 'm', 1 + g / 2, 0, 1, {AT}", TWO),
)  # fmt: skip


def measure(tickets: int) -> Iterator[Figure]:
    """The seconds of each of a few people."""
    now = datetime.now(UTC)
    first = now - timedelta(days=32)
    with warehouse(metrics=False), organization(SLUG, first, now, retention_days=30) as resources:
        for table, columns, values, series in ROWS:
            with resources.session() as connection:
                connection.execute(
                    text(
                        f"insert into {table} (org_id, {columns}, changed_at)"
                        f" select {ORG}, {values}, {AT} from {series}"
                    ),
                    {"n": tickets},
                )
        for number in range(PEOPLE):
            taken = _seconds(resources, 1 + number * (tickets // 4) // PEOPLE)
            yield Figure(f"person {number + 1} among {tickets:,} tickets", taken, goal="≤ 2")


def _seconds(resources: Resources, user_id: int) -> float:
    """How long the whole of an approved erasure takes."""
    request_id = ask(resources, "erase", named(resources, user_id=user_id))
    os.environ["VENSOR_ACTOR"] = "local:another"
    with opened(SLUG) as theirs:
        approve(theirs, request_id)
    del os.environ["VENSOR_ACTOR"]
    return seconds_of(lambda: erase(resources, request_id))


BENCHMARK = Benchmark(
    "erasure",
    measure,
    small={"tickets": 20_000},
    full={"tickets": 1_000_000},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
