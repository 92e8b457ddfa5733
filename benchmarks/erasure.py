"""Erasing one person among so many tickets of one organization.

    python -m benchmarks.erasure [--tickets 1000000]

Skeletons and sealed contents (of no meaning) of as many tickets, each with two comments, two
audits, two changes and two judgements, a tenth with a call. Timed is all of an erasure.
"""

import argparse
import os
import secrets
import shutil
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from cli.organizations import initialise
from tasks.resources import Resources, opened, opened_engine
from tasks.rights import approve, ask, erase, named
from tasks.settings import load_settings
from warehouse import embedded
from warehouse.organizations import add_organization, ensure_partitions

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


@contextmanager
def filled(tickets: int) -> Iterator[Resources]:
    """An organization with so many tickets, taken down at the end."""
    home = Path(tempfile.mkdtemp(prefix="vensor-bench-"))
    os.environ["VENSOR_HOME"] = str(home)
    os.environ["VENSOR_KEK"] = b64encode(secrets.token_bytes(32)).decode()
    initialise(load_settings())
    now = datetime.now(UTC)
    try:
        with opened_engine(load_settings()) as engine:
            add_organization(engine, slug=SLUG, name=SLUG, timezone="UTC", retention_days=30)
            first = (now - timedelta(days=32)).date()
            ensure_partitions(engine, first, (now + timedelta(days=2)).date())
        with opened(SLUG) as resources:
            for table, columns, values, series in ROWS:
                with resources.session() as connection:
                    connection.execute(
                        text(
                            f"insert into {table} (org_id, {columns}, changed_at)"
                            f" select {ORG}, {values}, {AT} from {series}"
                        ),
                        {"n": tickets},
                    )
            yield resources
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def seconds(resources: Resources, user_id: int) -> float:
    """How long the whole of an approved erasure takes."""
    request_id = ask(resources, "erase", named(resources, user_id=user_id))
    os.environ["VENSOR_ACTOR"] = "local:another"
    with opened(SLUG) as theirs:
        approve(theirs, request_id)
    del os.environ["VENSOR_ACTOR"]
    begun = time.perf_counter()
    erase(resources, request_id)
    return time.perf_counter() - begun


def main() -> None:
    """Prints the seconds of each of a few people."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    tickets = parser.parse_args().tickets
    with filled(tickets) as resources:
        users = [1 + one * (tickets // 4) // PEOPLE for one in range(PEOPLE)]
        took = [seconds(resources, one) for one in users]
    print(f"{tickets:,} tickets: " + ", ".join(f"{one:.2f}" for one in took) + " s a person")  # noqa: T201


if __name__ == "__main__":
    main()
