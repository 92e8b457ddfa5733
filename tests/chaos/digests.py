"""What the warehouse holds and Slack shows, table by table: equal for two days that ended alike.

Every table is in it, of both organizations, every column but those of `APART`, each of which says
why two good days may differ in it. What is sealed is compared by what it opens to.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import httpx
import msgspec
import psycopg
from psycopg import sql
from sqlalchemy import select

from cli.peers import Sandbox
from tasks.audio import iter_audio
from tasks.resources import Resources, opened
from tasks.storage import open_stores
from warehouse.recordings import stored_recordings
from warehouse.sealed import sealed_columns

SCHEMAS = ("app", "zendesk", "knowledge", "ai", "metrics")
LATENCY = ("latency_n", "latency_sum_ms", "latency_histogram")
SPENT = ("calls", "input_tokens", "output_tokens", "cost_usd", *LATENCY)
# By table or by column, of any table where no table is named; a table's name stands for all of it.
APART = {
    "app.runs": "the history of runs: a disturbed day has more of them",
    "app.run_stages": "the same, by stage",
    "app.account_budgets": "what Zendesk's minutes leave, as of now",
    "ai.usage": "what calls took: one that was made again is counted again",
    "metrics.fct_data_freshness.max_loaded_at": "when the newest row was loaded",
    "metrics.fct_data_freshness.rows_in": "of the history of runs",
    "metrics.fct_data_freshness.rows_out": "the same",
    **{f"metrics.fct_ai_coverage_daily.{one}": "what calls took, as in ai.usage" for one in SPENT},
    "app.connections.expires_at": "of tokens that were renewed",
    "app.outbox.slack_ts": "the instant at which Slack took it",
    "app.outbox.thread_ts": "the same, of the message that it answers",
    "app.outbox.file_id": "Slack's own id of a picture",
    "app.outbox.attempts": "one for each try",
    "app.outbox.posted_at": "the same, by our clock",
    "ai.alerts.alert_id": "drawn by chance",
    "ai.ticket_work.seen_at": "when a model read it",
    "ai.ticket_work.changed_at": "the same",
    "app.quarantine.quarantine_id": "drawn by chance",
    "app.metric_builds.built_at": "the clock's",
    "app.stream_modes.probed_at": "the run that found it out",
    "valid_from": "the run that first saw a version",
    "valid_to": "the run that saw it no longer",
}
# Of a table whose rows are not all compared, those that are.
ONLY = {
    # of gates and builds they are fingerprints of when the last row was loaded
    "app.watermarks": sql.SQL("where source = 'zendesk'"),
    # the others are of days, by the clock, on which a model was asked
    "metrics.fct_ai_coverage_daily": sql.SQL("where eligible > 0"),
}
# Sealed with a nonce of its own each time: compared as `opened_digests` has it.
SEALED = {f"{one.table.fullname}.{one.column.name}" for one in sealed_columns()}
PIECES = {"zendesk.recording_chunks.sealed"}
WHOLE = ("rows", "whole")
# Compared ticket by ticket as well: a fault may be one of single tickets.
BY_TICKET = {
    "sop_checks",
    "assessments",
    "assessment_reasons",
    "quality_scores",
    "escalations",
    "summaries",
}
TICKET = ", ticket "
SUM = sql.SQL("md5(coalesce(string_agg({value}, '|' order by {value}), ''))")
# By table, or whatever else is compared: its number of rows, and checksums.
Digests = dict[str, dict[str, str]]


def table_digests(connection: psycopg.Connection) -> Digests:
    """Each table as the superuser sees it, the rows of every organization; columns by themselves
    too, so that a difference can be told by name."""
    found: Digests = {}
    for table, columns in _columns(connection).items():
        names = [sql.Identifier(column) for column in columns]
        whole = sql.SQL("row({})::text").format(sql.SQL(", ").join(names))
        parts = [sql.SQL("{}::text").format(name) for name in names]
        sums = sql.SQL(", ").join(SUM.format(value=value) for value in (whole, *parts))
        statement = sql.SQL("select count(*)::text, {} from {} {}").format(
            sums, sql.Identifier(*table.split(".")), ONLY.get(table, sql.SQL(""))
        )
        told = connection.execute(statement).fetchone() or ()
        found[table] = dict(zip(("rows", "whole", *columns), told, strict=True))
        if table.partition(".")[2] in BY_TICKET:
            found |= _ticket_digests(connection, table, whole)
    return found


def _ticket_digests(connection: psycopg.Connection, table: str, row: sql.Composed) -> Digests:
    """The rows of each ticket, under the names of table and ticket."""
    statement = sql.SQL(
        "select org_id || '/' || ticket_id, count(*)::text, {} from {} group by 1"
    ).format(SUM.format(value=row), sql.Identifier(*table.split(".")))
    return {
        f"{table}{TICKET}{ticket}": {"rows": rows, "whole": whole}
        for ticket, rows, whole in connection.execute(statement).fetchall()
    }


def _columns(connection: psycopg.Connection) -> dict[str, list[str]]:
    """The columns to compare of each table. What the database's own clock sets is left out."""
    rows = connection.execute(
        """
        select
            format('%%s.%%s', n.nspname, c.relname), a.attname,
            coalesce(pg_get_expr(d.adbin, d.adrelid), '')
        from pg_class as c
        inner join pg_namespace as n on c.relnamespace = n.oid
        inner join pg_attribute as a on c.oid = a.attrelid
        left join pg_attrdef as d on a.attrelid = d.adrelid and a.attnum = d.adnum
        where
            c.relkind in ('r', 'p') and not c.relispartition and n.nspname = any(%s)
            and a.attnum > 0 and not a.attisdropped
        order by 1, a.attnum
        """,
        [list(SCHEMAS)],
    )
    found: dict[str, list[str]] = {}
    for table, column, default in rows:
        name = f"{table}.{column}"
        apart = APART.keys() & {table, column, name} or name in SEALED | PIECES
        if not apart and "clock_timestamp()" not in default:
            found.setdefault(table, []).append(column)
    return found


def opened_digests(slugs: Iterable[str]) -> Digests:
    """What is sealed in each column, opened, and the sounds of each organization.

    The connections' tokens are counted only: they are renewed as they end.
    """
    values: dict[str, list[bytes]] = {}
    for slug in slugs:
        with opened(slug) as resources:
            for name, value in (*_iter_values(resources), *_iter_sounds(resources)):
                values.setdefault(name, []).append(f"{slug}/".encode() + value)
    return {name: _digest(found) for name, found in values.items()}


def _iter_values(resources: Resources) -> Iterator[tuple[str, bytes]]:
    with resources.session("compare two days") as connection:
        for one in sealed_columns():
            statement = select(*one.ids(), one.instant(), one.column)
            for *ids, at, sealed in connection.execute(statement):
                if one.table.name == "connections":
                    yield one.name, str(ids).encode()
                    continue
                row_id = "/".join(map(str, ids))
                plain = resources.cipher.unseal(
                    bytes(sealed), column=one.name, row_id=row_id, changed_at=at
                )
                yield one.name, ("" if one.table.name == "quarantine" else row_id).encode() + plain


def _iter_sounds(resources: Resources) -> Iterator[tuple[str, bytes]]:
    """Each recording that is stored, by the digest of its bytes."""
    settings, org_id = resources.settings, resources.organization.org_id
    with resources.session("compare two days") as connection, open_stores(settings, org_id) as kept:
        for one in stored_recordings(connection):
            heard = sha256()
            for piece in iter_audio(resources, kept, connection, one):
                heard.update(piece)
            yield "recordings, as they sound", f"{one.call_id}/".encode() + heard.digest()


def _digest(values: list[bytes]) -> dict[str, str]:
    whole = sha256()
    for value in sorted(values):
        whole.update(sha256(value).digest())
    return {"rows": str(len(values)), "whole": whole.hexdigest()}


def slack_digest(sandbox: Sandbox) -> Digests:
    """The messages of each channel: what they say, in which order, and what they answer."""
    found: dict[str, list[bytes]] = {}
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    answer = httpx.get(f"{sandbox.control_url}/slack/messages", headers=headers, timeout=60)
    messages = answer.raise_for_status().json()["messages"]
    places = {one["ts"]: str(_key(one)) for one in messages}
    for one in messages:
        told = {"key": _key(one), "text": one["text"], "blocks": _without_files(one.get("blocks"))}
        told["answers"] = places.get(one.get("thread_ts", ""), "")
        said = found.setdefault(f"Slack, {one['channel_name']}", [])
        said.append(msgspec.json.encode(told | {"place": len(said)}))
    return {name: _digest(told) for name, told in found.items()}


def _key(message: dict[str, Any]) -> str:
    return str(message.get("metadata", {}).get("event_payload", {}).get("message_key", ""))


def _without_files(told: Any) -> Any:
    """Blocks without Slack's own ids of pictures."""
    if isinstance(told, list):
        return [_without_files(one) for one in told]
    if isinstance(told, dict):
        return {name: _without_files(one) for name, one in told.items() if name != "slack_file"}
    return told


@dataclass(frozen=True)
class Difference:
    """What is not as it should be: its name, the rows there are and should be, and the columns."""

    name: str
    rows: str
    expected: str
    columns: tuple[str, ...] = ()

    @property
    def ticket(self) -> str:
        """The ticket that these rows are of, where they are those of one."""
        return self.name.partition(TICKET)[2]

    def __str__(self) -> str:
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        return f"{self.name}: {self.rows} of {self.expected}{columns}"


def differing(found: Digests, expected: Digests) -> list[Difference]:
    """All that is not as expected, by name."""
    differences = []
    for name in sorted(found.keys() | expected.keys()):
        here, there = (one.get(name, {"rows": "0"}) for one in (found, expected))
        if here != there:
            columns = (one for one in here if here[one] != there.get(one) and one not in WHOLE)
            differences.append(Difference(name, here["rows"], there["rows"], tuple(columns)))
    return differences
