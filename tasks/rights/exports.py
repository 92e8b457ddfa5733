"""Exports: an archive of what is held of a person, sealed under a key that is used once.

Made in one go from one snapshot of the warehouse, streamed from the rows into the seal into the
store: no byte of it lies plain, and no more of it than a piece is in memory. Killed at any instant,
what was begun is found by its row, ends with its key, and is made anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import Connection

from tasks.encryption.archives import iter_sealed, iter_unsealed, new_key
from tasks.errors import AlteredError, ConfigurationError, TransientError
from tasks.resources import Resources
from tasks.rights.answer import Answer
from tasks.rights.handing import whole_file
from tasks.rights.requests import LISTED_BY, end
from tasks.rights.subjects import Person, requested_by
from tasks.rights.zipped import iter_zip
from tasks.short_ids import the_one
from tasks.storage import open_archives, open_stores
from warehouse import exports, requests
from warehouse.exports import Begun, Export
from warehouse.held import find_scope
from warehouse.requests import Request
from warehouse.sessions import tenant_session

KEPT = timedelta(days=5)
KEY_COLUMN = "keys.export_keys.sealed"
WHY_NOT = {
    "making": "is being made, or was when its process was killed: `vensor privacy export` begins"
    " anew",
    "fetched": "was fetched, which can be done once: `vensor privacy export` makes another",
    "expired": "was not fetched within 5 days and is gone: `vensor privacy export` makes another",
    "deleted": "was deleted with the person's data, or another took its place",
}


@dataclass
class _Measured:
    """Bytes as they pass, counted and digested."""

    size_bytes: int = 0

    def __post_init__(self) -> None:
        self.digest = sha256()

    def passing(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.size_bytes += len(piece)
            self.digest.update(piece)
            yield piece


@dataclass(frozen=True, repr=False)
class _Making:
    """An archive that is being made, and its key."""

    request: Request
    person: Person
    as_of: datetime
    export_id: UUID = field(default_factory=uuid4)
    key: bytes = field(default_factory=new_key)


def make_export(resources: Resources, request: Request, *, as_of: datetime) -> UUID:
    """Makes the archive that a request asks for, in place of an earlier one of it; its id.

    It lies sealed for 5 days, or until it is fetched. The request waits for that.

    Raises: ConfigurationError where nobody of that name is known, TransientError where it was
    deleted, or begun anew, while it was made.
    """
    person = requested_by(resources, request)
    if not person.user_ids:
        raise ConfigurationError(
            "nobody of this name is known here, so nothing is held of them: `vensor privacy access`"
            " is the answer to give"
        )
    making = _Making(request, person, as_of)
    _begin(resources, making)
    plain, counts = _write(resources, making)
    wanted = _finish(resources, making, plain, counts)
    sweep_archives(resources)
    if not wanted:
        raise TransientError("the archive was deleted while it was made; try again")
    return making.export_id


def live_export(resources: Resources, request_id: UUID, as_of: datetime) -> Export | None:
    """The archive of a request that can be fetched, if there is one."""
    with resources.session() as connection:
        found = exports.find_all(connection, request_id=request_id)
    return next((one for one in found if one.state == "made" and one.expires_at > as_of), None)


def find_export(resources: Resources, told: str) -> Export:
    """The archive whose id is, or begins with, what was told.

    Raises: ConfigurationError unless it is one.
    """
    with resources.session() as connection:
        found = exports.find_all(connection)
    named = [one for one in found if str(one.export_id).startswith(told)]
    return the_one(named, told, "export", LISTED_BY)


def fetch_export(resources: Resources, export_id: UUID, out: Path, *, as_of: datetime) -> Export:
    """Writes an archive to `out`, plain, once: its key is destroyed with that, and it is deleted.

    The file is there when it is whole; killed before, nothing is, and it can be fetched again.

    Raises: ConfigurationError where it was fetched, has expired or does not exist.
    """
    with resources.session() as connection:
        export = exports.find(connection, export_id, lock=True)
        if export is None:
            raise ConfigurationError(f"no export {export_id}: see `{LISTED_BY}`")
        key = _key(resources, connection, export, as_of)
        with whole_file(out) as file:
            plain = _Measured()
            for piece in plain.passing(_plain(resources, export, key)):
                file.write(piece)
            if plain.digest.digest() != export.sha256:
                raise AlteredError(f"export {export_id} is not what was made: make another")
        exports.end(connection, export_id, "fetched")
        _note_fetched(resources, connection, export, as_of)
    sweep_archives(resources)
    return export


def expire_exports(resources: Resources, as_of: datetime) -> int:
    """Ends and deletes the archives that nobody fetched in 5 days; how many.

    The key of each goes first: while a store is away, what lies there opens for nobody.
    """
    with resources.session() as connection:
        ended = exports.expire(connection, as_of)
        if ended:
            resources.audit(
                connection,
                action="privacy.expire",
                purpose="archives that nobody fetched",
                details={"exports": ended},
            )
    sweep_archives(resources)
    return ended


def sweep_archives(resources: Resources) -> int:
    """Deletes from their store the archives that have ended; how many. Safe to repeat."""
    with resources.session() as connection:
        ended = exports.ended_locations(connection)
    if not ended:
        return 0
    with open_archives(resources.settings) as store:
        for export_id, location in ended.items():
            store.delete(location)
            with resources.session() as connection:
                exports.forget_location(connection, export_id)
    return len(ended)


def _begin(resources: Resources, making: _Making) -> None:
    sealed_key = resources.cipher.seal_secret(
        making.key, column=KEY_COLUMN, row_id=str(making.export_id)
    )
    begun = Begun(
        export_id=making.export_id,
        request_id=making.request.request_id,
        subject=making.person.subject,
        user_ids=making.person.user_ids,
        location=_location(resources, making),
        sealed_key=sealed_key,
        expires_at=making.as_of + KEPT,
    )
    with resources.session() as connection:
        exports.end_of_request(connection, making.request.request_id)
        exports.begin(connection, resources.organization.org_id, begun)
        resources.cipher.record_uses(connection)


def _write(resources: Resources, making: _Making) -> tuple[_Measured, dict[str, int]]:
    """(the archive's measures, its records of each kind)."""
    org_id, plain = resources.organization.org_id, _Measured()
    with (
        _snapshot(resources) as connection,
        open_stores(resources.settings, org_id) as stores,
        open_archives(resources.settings) as store,
    ):
        scope = find_scope(connection, making.person.subject, making.person.user_ids)
        answer = Answer(resources, stores, connection, scope, making.as_of, making.export_id)
        pieces = plain.passing(iter_zip(answer.members(), making.as_of))
        sealed = iter_sealed(making.key, pieces, org_id, making.export_id)
        store.write(_location(resources, making), sealed)
        return plain, answer.counts


def _finish(
    resources: Resources, making: _Making, plain: _Measured, counts: dict[str, int]
) -> bool:
    """Whether it is still wanted."""
    with resources.session() as connection:
        wanted = exports.finish(
            connection,
            making.export_id,
            size_bytes=plain.size_bytes,
            sha256=plain.digest.digest(),
            counts=counts,
        )
        resources.audit(
            connection,
            action="privacy.export",
            purpose="what is held of a person, for them",
            details={
                "request_id": str(making.request.request_id),
                "export_id": str(making.export_id),
                "subject": making.person.subject.hex(),
                "records": sum(counts.values()),
            },
        )
    return wanted


def _location(resources: Resources, making: _Making) -> str:
    return f"{resources.organization.org_id}/{making.export_id}"


@contextmanager
def _snapshot(resources: Resources) -> Iterator[Connection]:
    """A transaction that sees the warehouse as it is now, whatever is written meanwhile."""
    engine = resources.engine.execution_options(isolation_level="REPEATABLE READ")
    with tenant_session(engine, resources.organization.org_id) as connection:
        yield connection


def _key(resources: Resources, connection: Connection, export: Export, as_of: datetime) -> bytes:
    state = "expired" if export.state == "made" and export.expires_at <= as_of else export.state
    if state != "made":
        raise ConfigurationError(f"export {export.export_id} {WHY_NOT[state]}")
    sealed = exports.sealed_key(connection, export.export_id)
    if sealed is None:
        raise ConfigurationError(f"the key of export {export.export_id} is gone: make another")
    return resources.cipher.unseal_secret(sealed, column=KEY_COLUMN, row_id=str(export.export_id))


def _plain(resources: Resources, export: Export, key: bytes) -> Iterator[bytes]:
    with open_archives(resources.settings) as store:
        sealed = store.read(export.location or "")
        yield from iter_unsealed(key, sealed, resources.organization.org_id, export.export_id)


def _note_fetched(
    resources: Resources, connection: Connection, export: Export, as_of: datetime
) -> None:
    """The request is served with that; it may have been by an earlier archive."""
    request = requests.find(connection, export.request_id, lock=True)
    resources.audit(
        connection,
        action="privacy.fetch",
        purpose="what is held of a person, for them",
        details={"export_id": str(export.export_id), "subject": export.subject.hex()},
    )
    if request is not None and request.state in requests.PENDING:
        counts = {name: count for name, count in (export.counts or {}).items() if count}
        receipt: dict[str, int | str] = {
            "export_id": str(export.export_id),
            "sha256": (export.sha256 or b"").hex(),
            "size_bytes": export.size_bytes or 0,
            "made_at": export.made_at.isoformat(),
            **{f"records of {name}": count for name, count in counts.items()},
        }
        end(resources, connection, request, state="done", receipt=receipt)
