"""Erasing people: all that is theirs goes, and what must be counted stays without them.

Every function runs in the organization's tenant session and is safe to repeat. Each statement finds
its rows by an index: a person's few rows among any number of others' (migration 0022).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Table,
    any_,
    bindparam,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from warehouse import tombstones
from warehouse.agents import forget_agents
from warehouse.naming import (
    FIELDS_OF_AGENTS,
    FIELDS_OF_ANYONE,
    OF_AGENTS,
    OF_ONE_PERSON,
    REQUESTS,
    index_columns,
    naming_columns,
    tables_of_many,
)
from warehouse.opt_outs import tables_of_models
from warehouse.tables import metadata
from warehouse.tables.ai import transcripts
from warehouse.tables.sharing import ai_opt_outs
from warehouse.tables.zendesk import (
    audit_events,
    call_contents,
    comment_contents,
    rating_contents,
    recording_chunks,
    recordings,
    satisfaction_ratings,
    survey_contents,
    survey_responses,
    ticket_contents,
    tickets,
)
from warehouse.theirs import Subject, Theirs, marked_of


def stop_recordings(connection: Connection, theirs: Theirs) -> int:
    """Takes their recordings from whoever would fetch or hear them, waiting for who is about to.

    Before anything else is locked: a transcript that is being stored holds its recording.
    """
    mine = or_(_in(recordings.c.call_id, theirs.call_ids), _in(recordings.c.ticket_id, theirs.own))
    here = recordings.c.reason.is_distinct_from("erased")
    gone = {"state": "gone", "reason": "erased", "location": None, "digest": None, "chunks": None}
    return connection.execute(update(recordings).where(mine, here).values(**gone)).rowcount


def forget_words(connection: Connection, theirs: Theirs) -> Counter[str]:
    """Deletes their words and whatever was made of tickets that hold any; rows by table."""
    done = Counter[str]()
    for table in _tables_of_tickets() if theirs.own else ():
        done[table.fullname] += _delete(connection, table, _in(table.c.ticket_id, theirs.own))
    for table in (call_contents, recording_chunks) if theirs.call_ids else ():
        done[table.fullname] += _delete(connection, table, _in(table.c.call_id, theirs.call_ids))
    if theirs.comment_ids:
        mine = _in(comment_contents.c.comment_id, theirs.comment_ids)
        done[comment_contents.fullname] += _delete(connection, comment_contents, mine)
    if theirs.shared:
        done += _forget_in_others(connection, theirs)
    return done


def _forget_in_others(connection: Connection, theirs: Theirs) -> Counter[str]:
    """What was made of others' tickets: of all their words, but that others' calls are heard."""
    done = Counter[str]()
    for table in tables_of_models():
        mine = _in(table.c.ticket_id, theirs.shared)
        if table is transcripts:
            mine &= _in(transcripts.c.comment_id, theirs.comment_ids)
        done[table.fullname] += _delete(connection, table, mine)
    return done


def forget_answers(connection: Connection, subject: Subject) -> Counter[str]:
    """Deletes what they said of how they were served, whoever asks in that ticket by now.

    Of an agent, also what they wrote of tickets that they submitted for customers.
    """
    ratings, surveys = satisfaction_ratings.c, survey_responses.c
    rated = select(ratings.id).where(_in(ratings.requester_id, subject.user_ids))
    answered = select(surveys.id).where(_in(surveys.responder_id, subject.user_ids))
    words = [(rating_contents.c.rating_id, rated), (survey_contents.c.response_id, answered)]
    if subject.agents:
        submitted = select(tickets.c.id).where(_in(tickets.c.submitter_id, subject.agents))
        words.append((ticket_contents.c.ticket_id, submitted))
    return Counter(
        {
            column.table.fullname: _delete(connection, column.table, column.in_(found))
            for column, found in words
        }
    )


def forget_names(connection: Connection, subject: Subject) -> Counter[str]:
    """Deletes who they are, and takes their ids out of every row that stays; rows by table."""
    done = Counter[str]()
    for table in tables_of_many():
        for column in naming_columns(table):
            ids = subject.agents if column.name in OF_AGENTS else subject.user_ids
            if ids:
                done[table.fullname] += _clear(connection, table, column, _in(column, ids))
    for value in (audit_events.c.value, audit_events.c.previous_value):
        for named in _events_naming(subject, value):
            done[audit_events.fullname] += _clear(connection, audit_events, value, named)
    if subject.agents:
        done["figures of agents"] += forget_agents(connection, sorted(subject.agents))
    for name in OF_ONE_PERSON:
        table = metadata.tables[name]
        done[name] += _delete(connection, table, _about(table, subject))
    return done


def measure_again(connection: Connection, ticket_ids: Collection[int]) -> None:
    """The next build of the metric tables takes these tickets for changed."""
    changed = update(tickets).where(_in(tickets.c.id, ticket_ids))
    connection.execute(changed.values(loaded_at=func.clock_timestamp()))


def left_of(connection: Connection, subject: Subject, theirs: Theirs) -> Counter[str]:
    """Rows that still name them or hold a word of theirs, by table; none after an erasure."""
    left = Counter[str]()
    for table in metadata.sorted_tables:
        if table.fullname == REQUESTS:
            continue
        for column in naming_columns(table):
            if column.name not in OF_AGENTS or subject.agents:
                left[table.fullname] += _count(connection, table, _in(column, subject.user_ids))
        for index in index_columns(table):
            found = index.in_(subject.emails)
            left[table.fullname] += _count(connection, table, found) if subject.emails else 0
    for value in (audit_events.c.value, audit_events.c.previous_value):
        for named in _events_naming(subject, value):
            left[audit_events.fullname] += _count(connection, audit_events, named)
    for table in _tables_of_tickets() if theirs.own else ():
        left[table.fullname] += _count(connection, table, _in(table.c.ticket_id, theirs.own))
    mine = _in(comment_contents.c.comment_id, theirs.comment_ids)
    left[comment_contents.fullname] += _count(connection, comment_contents, mine)
    return +left


def forget_marked(
    connection: Connection, ticket_ids: Sequence[int], call_ids: Sequence[int]
) -> int:
    """Deletes the words of tickets and calls that have just turned out to be an erased person's."""
    theirs = marked_of(connection, ticket_ids, call_ids)
    stop_recordings(connection, theirs)
    return forget_words(connection, theirs).total()


def forget_marked_again(connection: Connection) -> int:
    """The same for all that are marked: what whoever did not wait has stored of them since."""
    known = tombstones.read(connection)
    if not known.stones:
        return 0
    return forget_marked(connection, sorted(known.ticket_ids), sorted(known.call_ids))


def _tables_of_tickets() -> list[Table]:
    """Whatever holds words of tickets, or was made of them, but for what lies by call."""
    return [
        one
        for one in metadata.sorted_tables
        if "ticket_id" in one.columns
        and (one.info["class"] == "content" or one.schema == "ai")
        and one not in (call_contents, recording_chunks)
    ]


def _about(table: Table, subject: Subject) -> ColumnElement[bool]:
    """The rows about them: by id, but an opt-out by whatever it names them by."""
    named = [_in(column, subject.user_ids) for column in naming_columns(table)]
    if table is ai_opt_outs:
        known = sorted(subject.emails | subject.phones)
        named += [column.in_(known) for column in index_columns(table)]
    return or_(*named)


def _events_naming(subject: Subject, column: Column[Any]) -> Iterable[ColumnElement[bool]]:
    """The events whose value is one of them, a condition for each index that finds them."""
    field_name = audit_events.c.field_name
    for ids, names in ((subject.user_ids, FIELDS_OF_ANYONE), (subject.agents, FIELDS_OF_AGENTS)):
        for name in names if ids else ():
            yield (field_name == text(f"'{name}'")) & column.in_([str(one) for one in ids])


def _clear(
    connection: Connection, table: Table, column: Column[Any], rows: ColumnElement[bool]
) -> int:
    """Takes a value out; what is measured of the row is measured again."""
    values: dict[str, object] = {column.name: None}
    if "loaded_at" in table.columns:
        values["loaded_at"] = func.clock_timestamp()
    return connection.execute(update(table).where(rows).values(values)).rowcount


def _delete(connection: Connection, table: Table, rows: ColumnElement[bool]) -> int:
    return connection.execute(delete(table).where(rows)).rowcount


def _count(connection: Connection, table: Table, rows: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(table).where(rows)).scalar_one())


def _in(column: "Column[int]", ids: Collection[int]) -> ColumnElement[bool]:
    """As one array: its length is no part of the statement, and no limit of it."""
    return column == any_(bindparam(None, list(ids), type_=ARRAY(BigInteger), unique=True))
