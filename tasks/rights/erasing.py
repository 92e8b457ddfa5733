"""Erasing a person: the rows of the warehouse in one transaction, then what lies outside of it.

The tombstones come first in that transaction, and nobody loads a page or stores an answer of a
model while it runs. Killed at any instant, the request is approved still, and serving it again
goes on.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from tasks.errors import NotAllowedError, PermanentError
from tasks.escalation import linked_tickets
from tasks.quarantine import COLUMN as QUARANTINE
from tasks.resources import Resources
from tasks.zendesk.erased import Erased, mentions, stone_of
from warehouse import erasure, exports, holds, outbox, quarantine, tombstones
from warehouse.opt_outs import wait_for_writers
from warehouse.quarantine import Held
from warehouse.subjects import Names
from warehouse.theirs import Subject, Theirs, subject_of, theirs_of
from warehouse.tombstones import Stone

AGENTS = "agents among them"


@dataclass(frozen=True)
class Asked:
    """What an erasure is asked for by: its request, and whoever that names."""

    request_id: UUID
    subject: bytes
    names: Names


def erase_people(
    resources: Resources, connection: Connection, user_ids: Sequence[int], asked: Asked
) -> Counter[str]:
    """Erases these users, and keeps whoever is named so from coming in; rows by table.

    After `tombstones.wait_for_loading`, in one transaction.

    Raises: NotAllowedError where a legal hold keeps them; PermanentError, and nothing is changed,
    if anything of them is found afterwards.
    """
    subject = subject_of(connection, user_ids, asked.names)
    theirs = theirs_of(connection, subject)
    _refuse_held(resources, connection, subject, theirs)
    org_id = resources.organization.org_id
    tombstones.add(connection, org_id, _stones(resources, subject, asked))
    tombstones.mark(connection, ticket_ids=theirs.own, call_ids=theirs.call_ids)
    done = Counter({"zendesk.recordings": erasure.stop_recordings(connection, theirs)})
    wait_for_writers(connection)
    done += erasure.forget_words(connection, theirs)
    done += erasure.forget_answers(connection, subject)
    done["app.quarantine"] += _forget_quarantined(resources, connection)
    done["app.outbox"] += _take_back(connection, theirs)
    done["app.legal_holds"] += holds.forget_users(connection, user_ids)
    done["app.exports"] += exports.delete_of(connection, asked.subject, user_ids)
    done += erasure.forget_names(connection, subject)
    erasure.measure_again(connection, theirs.ticket_ids)
    done["tickets that stay, without the person"] = len(theirs.own)
    done["tickets of others that they were in"] = len(theirs.shared)
    done["people"], done[AGENTS] = len(subject.user_ids), len(subject.agents)
    _prove(connection, subject, theirs)
    return +done


def _refuse_held(
    resources: Resources, connection: Connection, subject: Subject, theirs: Theirs
) -> None:
    """A legal hold comes before an erasure (GDPR, article 17(3)(e))."""
    holds.lock(connection, resources.organization.org_id)
    held = holds.held_tickets(connection, theirs.ticket_ids)
    if held or any(holds.holds_user(connection, one) for one in subject.user_ids):
        slug = resources.organization.slug
        raise NotAllowedError(
            f"a legal hold keeps this person ({len(held)} of their tickets): nothing was erased;"
            f" see `vensor hold list --org {slug}`"
        )


def _stones(resources: Resources, subject: Subject, asked: Asked) -> dict[Stone, UUID]:
    named: list[tuple[str, int | bytes]] = [
        *(("agent" if one in subject.agents else "user", one) for one in subject.user_ids),
        *(("email", one) for one in subject.emails),
        *(("phone", one) for one in subject.phones),
    ]
    if asked.names.user_id is not None and asked.names.user_id not in subject.user_ids:
        named.append(("user", asked.names.user_id))
    return {stone_of(resources.cipher, kind, one): asked.request_id for kind, one in named}


def _forget_quarantined(resources: Resources, connection: Connection) -> int:
    """Deletes the records in quarantine that an erased person is in; how many."""
    held = quarantine.held_records(connection)
    if not held:
        return 0
    erased = Erased(resources.cipher, tombstones.read(connection))
    theirs = [one.quarantine_id for one in held if _holds(resources, one, erased)]
    for quarantine_id in theirs:
        quarantine.release(connection, quarantine_id)
    resources.audit(
        connection,
        action="read.content",
        purpose="find an erased person's records in quarantine",
        details={"records": len(held)},
    )
    return len(theirs)


def _holds(resources: Resources, one: Held, erased: Erased) -> bool:
    """Whether a person of the tombstones is in it; of what nobody can open, nobody can tell."""
    try:
        raw = resources.cipher.unseal(
            one.sealed, column=QUARANTINE, row_id=str(one.quarantine_id), changed_at=one.changed_at
        )
    except PermanentError:
        return True
    return mentions(one.kind, raw, erased)


def _take_back(connection: Connection, theirs: Theirs) -> int:
    """Takes back the messages that name tickets of theirs; how many."""
    wanted = set(theirs.ticket_ids)
    keys = [
        one.message_key
        for one in outbox.told(connection)
        if wanted.intersection(linked_tickets(msgspec.json.encode([one.blocks, one.fallback])))
    ]
    return outbox.take_back(connection, keys) if keys else 0


def _prove(connection: Connection, subject: Subject, theirs: Theirs) -> None:
    left = erasure.left_of(connection, subject, theirs)
    if left:
        told = ", ".join(f"{count} in {name}" for name, count in sorted(left.items()))
        raise PermanentError(f"an erasure would have left rows, so it changed nothing: {told}")
