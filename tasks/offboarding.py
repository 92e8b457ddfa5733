"""Ending an organization: what it takes along, then its keys, then every row, then the proof.

Each step is noted when it is done and safe to be done again: killed at any instant, the same call
goes on. The keys go before the rows: from then on no copy of its content opens, wherever it lies.
"""

import hmac
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from tasks.buttons import PROVIDER as BUTTONS
from tasks.certificates import CERTIFICATE, certified, write_certificate
from tasks.connections import (
    find_connection,
    forget_connection,
    revoke_zendesk,
    unsealed_credentials,
)
from tasks.errors import ConfigurationError, NotAllowedError, TransientError
from tasks.escalation import SlackChannel
from tasks.inventory import paths_of
from tasks.progress import report
from tasks.resources import Resources, opened
from tasks.rights import expire_exports
from tasks.storage import open_stores
from tasks.takeout import read_manifest, take_out
from warehouse import holds, keys, logins, offboarding, organizations
from warehouse.ledger import exclusive
from warehouse.offboarding import Offboarding
from warehouse.recordings import has_objects
from warehouse.sessions import directory, tenant_session

STAGE = "offboarding"
PURPOSE = "the organization leaves"
AFTER_ALL = datetime(9999, 1, 1, tzinfo=UTC)
Told = Mapping[str, Any]


@dataclass(frozen=True)
class Leaving:
    """What the steps work with.

    `unrevoked`: a service that is away does not hold it up. `content_key`: customers' words are
    taken along, sealed under the key in this file.
    """

    resources: Resources
    folder: Path
    unrevoked: bool
    forget_runs: Callable[[str], int]
    content_key: Path | None = None


def ask_to_delete(resources: Resources) -> Offboarding:
    """Asks for the organization's end, if nobody has yet; how far it is."""
    organization = resources.organization
    with resources.session() as connection:
        asked_by = resources.settings.actor
        if offboarding.ask(connection, organization.org_id, organization.slug, asked_by=asked_by):
            _audit(resources, connection, "org.delete.ask", {})
        found = offboarding.find(connection)
    if found is None:
        raise TransientError(f"the end of {organization.slug} was asked for and is not there")
    return found


def approve_deletion(resources: Resources) -> None:
    """Lets the end be done.

    Raises: NotAllowedError to whoever asked for it (four eyes), ConfigurationError where nobody did
    or it is approved.
    """
    actor, slug = resources.settings.actor, resources.organization.slug
    with resources.session() as connection:
        found = offboarding.find(connection)
        if found is None or found.approved_by is not None:
            state = "is approved already" if found else "was asked for by nobody"
            raise ConfigurationError(f"the end of {slug} {state}: `vensor org delete --org {slug}`")
        approved = offboarding.approve(connection, approved_by=actor)
        action = "org.delete.approve" if approved else "refused"
        _audit(resources, connection, action, {"asked_by": found.asked_by})
    if not approved:
        raise NotAllowedError(f"{actor} asked for it: another person must approve (four eyes)")


def delete_organization(leaving: Leaving) -> Path:
    """Ends the organization; where the certificate lies.

    Raises: ConfigurationError unless it is approved, or where the folder is another than before;
    TransientError where a run is under way, a service is away, or somebody writes meanwhile.
    """
    resources = leaving.resources
    with exclusive(resources.engine, resources.organization):
        found = _approved(leaving)
        for number, (name, work) in enumerate(STEPS.items()):
            report(STAGE, number, total=len(STEPS) + 1, note=name)
            if name not in found.steps:
                _note(resources, name, work(leaving))
        _delete_rows(resources)
        _end(resources)
    return write_certificate(resources.engine, leaving.folder) or leaving.folder / CERTIFICATE


def _approved(leaving: Leaving) -> Offboarding:
    """What may be done now. A legal hold keeps the organization, before anything of it ends."""
    slug = leaving.resources.organization.slug
    with leaving.resources.session() as connection:
        found = offboarding.find(connection)
        if found is not None and found.ended_at is not None:
            offboarding.reopen(connection)
            found = offboarding.find(connection)
    if found is None or found.approved_by is None:
        raise ConfigurationError(
            f"the end of {slug} is not approved: another owner, or a privacy officer, runs"
            f" `vensor org approve-delete --org {slug}`"
        )
    with leaving.resources.session() as connection:
        kept = len(holds.find_all(connection))
    if kept:
        raise NotAllowedError(
            f"{kept} legal holds keep rows of {slug}: lift them first; `vensor hold list --org"
            f" {slug}` shows them"
        )
    noted = found.steps.get("export")
    if noted is not None:
        there = read_manifest(leaving.folder)
        if there is None or there[1] != noted["manifest_sha256"]:
            raise ConfigurationError(f"--out {leaving.folder} is not the folder that it began with")
    return found


def _export(leaving: Leaving) -> Told:
    digest = take_out(leaving.resources, leaving.folder, content_key=leaving.content_key)
    manifest, _ = read_manifest(leaving.folder) or (None, "")
    rows, files = (manifest.rows, len(manifest.files)) if manifest else (0, 0)
    content = "sealed" if leaving.content_key else "none"
    return {"manifest_sha256": digest, "files": files, "rows": rows, "content": content}


def _revoke(leaving: Leaving) -> Told:
    """Ends the tokens at Zendesk and Slack, and forgets both connections."""
    told = {}
    for provider, work in (("zendesk", _revoke_zendesk), ("slack", _revoke_slack)):
        with leaving.resources.session() as connection:
            if organizations.find_connection(connection, provider) is None:
                told[provider] = "was not connected"
                continue
        try:
            told[provider] = work(leaving.resources)
        except TransientError:
            if not leaving.unrevoked:
                raise
            told[provider] = "away: its token is left to be ended there by hand"
        forget_connection(leaving.resources, provider)
    forget_connection(leaving.resources, BUTTONS)
    return told


def _revoke_zendesk(resources: Resources) -> str:
    if revoke_zendesk(resources) == "api_token":
        return "forgotten; an API token is deleted in Zendesk's Admin Center, which alone can"
    return "revoked"


def _revoke_slack(resources: Resources) -> str:
    """Ends the bot token, unless another organization of this warehouse works with the same one."""
    connected = find_connection(resources, "slack")
    token = unsealed_credentials(resources, connected)
    others = (one.slug for one in directory(resources.engine))
    if any(_has_token(slug, token) for slug in others if slug != resources.organization.slug):
        return "forgotten; another organization works with the same token"
    channel = SlackChannel(
        base_url=connected.base_url, token=token.decode(), channel=connected.account
    )
    channel.revoke()
    return "revoked"


def _has_token(slug: str, token: bytes) -> bool:
    with opened(slug) as resources:
        with resources.session() as connection:
            connected = organizations.find_connection(connection, "slack")
        if connected is None:
            return False
        return hmac.compare_digest(unsealed_credentials(resources, connected), token)


def _drop_logins(leaving: Leaving) -> Told:
    with leaving.resources.session() as connection:
        names = [one.login for one in logins.all_logins(connection)]
        for name in names:
            logins.close(connection, name)
    with leaving.resources.session() as connection:
        sessions = sum(logins.drop(connection, name) for name in names)
    return {"logins": len(names), "sessions": sessions}


def _end_archives(leaving: Leaving) -> Told:
    return {"archives": expire_exports(leaving.resources, AFTER_ALL)}


def _count(leaving: Leaving) -> Told:
    """The rows that there are, by table: what is deleted from here on is told by this."""
    with leaving.resources.session() as connection:
        return offboarding.rows_left(connection)


def _destroy_keys(leaving: Leaving) -> Told:
    with leaving.resources.session() as connection:
        destroyed = keys.destroy_all(connection)
    return {"keys": destroyed, "at": datetime.now(UTC).isoformat()}


def _delete_recordings(leaving: Leaving) -> Told:
    resources = leaving.resources
    with open_stores(resources.settings, resources.organization.org_id) as stores:
        if stores.objects is not None:
            return {"objects": stores.objects.sweep(set())}
    with resources.session() as connection:
        if has_objects(connection):
            raise ConfigurationError(
                "recordings lie in a store of objects, and VENSOR_RECORDINGS_URL names none"
            )
    return {"objects": 0}


def _delete_files(leaving: Leaving) -> Told:
    organization = leaving.resources.organization
    home, files = leaving.resources.settings.home, 0
    for path in paths_of(home, organization.slug, organization.org_id):
        if path.is_dir():
            files += sum(one.is_file() for one in path.rglob("*"))
            shutil.rmtree(path)
        elif path.exists():
            files += 1
            path.unlink()
    return {"files": files}


def _forget_runs(leaving: Leaving) -> Told:
    return {"of_prefect": leaving.forget_runs(leaving.resources.organization.slug)}


# In this order: secrets are needed to revoke, and nothing of what is left is opened after the keys.
STEPS: Mapping[str, Callable[[Leaving], Told]] = {
    "export": _export,
    "revoke": _revoke,
    "logins": _drop_logins,
    "archives": _end_archives,
    "rows": _count,
    "keys": _destroy_keys,
    "recordings": _delete_recordings,
    "files": _delete_files,
    "runs": _forget_runs,
}


def _note(resources: Resources, name: str, told: Told) -> None:
    with resources.session() as connection:
        offboarding.note(connection, **{name: dict(told)})
        _audit(resources, connection, f"org.delete.{name}", told)


def _delete_rows(resources: Resources) -> None:
    """What dbt made by its own login, all else by a function that asks for the approval again."""
    org_id, done = resources.organization.org_id, Counter[str]()
    with (
        resources.transformer() as transformer,
        tenant_session(transformer, org_id) as connection,
    ):
        for name, rows in offboarding.delete_metrics(connection):
            done[name] += rows
    for name in offboarding.own_tables():
        while True:
            with resources.session() as connection:
                rows = offboarding.delete_some(connection, name)
            if not rows:
                break
            done[name] += rows
            report(STAGE, done.total(), note=name)


def _end(resources: Resources) -> None:
    """The last rows go, none is left in any table of the catalog, and the certificate is stored.

    Raises: TransientError where somebody wrote meanwhile.
    """
    organization = resources.organization
    with resources.session() as connection:
        offboarding.delete_last(connection)
        left = offboarding.rows_left(connection)
        if left:
            tables = ", ".join(f"{count:,} in {name}" for name, count in left.items())
            raise TransientError(f"rows of {organization.slug} were written meanwhile: {tables}")
        found = offboarding.find(connection)
        if found is None:
            raise TransientError(f"the end of {organization.slug} is no longer asked for")
        offboarding.finish(connection, certified(resources, found))
        _audit(resources, connection, "org.delete", {})


def _audit(resources: Resources, connection: Connection, action: str, told: Told) -> None:
    details = {name: one if isinstance(one, int) else str(one) for name, one in told.items()}
    resources.audit(connection, action=action, purpose=PURPOSE, details=details)
