"""Documents of the organization's own, added from files and taken away again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tasks.documents import (
    FileDocument,
    Reader,
    SourceFile,
    UnreadableDocumentError,
    address_of,
    fetch_bytes,
    iter_files,
)
from tasks.errors import ConfigurationError
from tasks.resources import Resources
from tasks.scoring import parse_sop
from warehouse import knowledge
from warehouse.knowledge import Document, Loaded

HELP_CENTER = "zendesk/"
Kind = Literal["article", "sop"]


@dataclass(frozen=True)
class Added:
    """What became of one file. `reason` says why it was refused, and what to do."""

    address: str
    state: Loaded | Literal["refused"]
    title: str = ""
    steps: int = 0
    reason: str = ""


def add_documents(
    resources: Resources, places: Sequence[str], *, kind: Kind, as_of: datetime
) -> Iterator[Added]:
    """What becomes of each file of these paths, folders and URLs, one after the other.

    A file that cannot be used is refused, and the others are still added; what says the same as
    before changes nothing. Each file and its entry in the audit trail is one transaction.
    """
    with Reader() as reader:
        for found in iter_files(places):
            if isinstance(found, SourceFile):
                yield _added(resources, reader, found, kind, as_of)
            else:
                address, error = found
                yield Added(address, "refused", reason=str(error))


def _added(
    resources: Resources, reader: Reader, file: SourceFile, kind: Kind, as_of: datetime
) -> Added:
    try:
        read = reader.read(file.name, fetch_bytes(file))
        steps = len(parse_sop(read.body, read.title).steps)
        if kind == "sop" and not steps:
            raise UnreadableDocumentError(
                "has no numbered steps to be judged by; number them, or add it with --kind article"
            )
    except UnreadableDocumentError as error:
        return Added(file.address, "refused", reason=str(error))
    state = _store(resources, file.address, read, kind, as_of)
    return Added(file.address, state, read.title, steps)


def _store(
    resources: Resources, address: str, read: FileDocument, kind: Kind, as_of: datetime
) -> Loaded:
    document = Document(address, kind, read.title, read.body, read.version, as_of)
    with resources.session() as connection:
        state = knowledge.put_document(
            connection, resources.organization.org_id, document, url=address
        )
        if state != "unchanged":
            resources.audit(
                connection,
                action="knowledge.add",
                purpose=kind,
                details={"document": address, "state": state},
            )
    return state


def remove_documents(resources: Resources, named: Sequence[str]) -> int:
    """Removes documents, by id or by the path they came from, with the verdicts by them; how many.

    Raises: ConfigurationError, before anything is removed, for one that is not there or is the Help
    Center's, from where it would come back.
    """
    with resources.session() as connection:
        kinds = knowledge.kinds(connection)
        ids = [one if one in kinds else address_of(one) for one in named]
        for one in ids:
            if one not in kinds:
                raise ConfigurationError(
                    f"no document {one!r}; `vensor knowledge list` names those there are"
                )
            if one.startswith(HELP_CENTER):
                raise ConfigurationError(f"{one} is the Help Center's; archive it there")
        removed = knowledge.forget_documents(connection, ids)
        for one in ids:
            resources.audit(
                connection,
                action="knowledge.remove",
                purpose=kinds[one],
                details={"document": one},
            )
    return removed
