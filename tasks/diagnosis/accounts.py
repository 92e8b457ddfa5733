"""What an organization is connected to: Zendesk, Slack, and the models of a server."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from tasks.choices import chosen
from tasks.connections import StoredCredentials, find_connection, open_slack
from tasks.diagnosis.finding import Finding, tried
from tasks.diagnosis.warehouse import clock
from tasks.extraction import probed_modes
from tasks.http import no_answer
from tasks.resources import Resources, opened
from tasks.settings import Settings
from tasks.zendesk import ZendeskClient, credential_notes
from tasks.zendesk.credentials import check_scopes
from warehouse.models import CAPABILITIES

COUNT = "/api/v2/tickets/count.json"
# Without the first two no message is posted once; the last is for the digest's picture.
SLACK_SCOPES = ("chat:write", "channels:history", "files:write")


def check_account(slug: str, now: datetime) -> list[Finding]:
    """The account at Zendesk and, where it answers, each of its streams. Raises: as a client."""
    found = check_zendesk(slug)
    return found + tried(f"{slug}: streams", lambda: check_streams(slug, now))()


def check_zendesk(slug: str) -> list[Finding]:
    """The account answers, with enough scopes, by a clock near ours. Raises: as a client does."""
    with opened(slug) as resources:
        base_url = find_connection(resources, "zendesk").base_url
        store = StoredCredentials(resources)
        with ZendeskClient.opened(base_url, store) as client:
            client.check()
            offset = _offset_of(client)
        credentials = store.load()
    check_scopes(credentials.scopes)
    allowed = f"allowed to {credentials.scopes}" if credentials.scopes else "by API token"
    notes = "; ".join(credential_notes(credentials, datetime.now(UTC)))
    found = [Finding(f"{slug}: Zendesk", True, f"{base_url}, {allowed}", notes)]
    return found if offset is None else [*found, offset_of_account(slug, offset)]


def _offset_of(client: ZendeskClient) -> str | None:
    """The Date of an answer."""
    try:
        with client.answered("GET", COUNT, {"Authorization": client.authorization()}) as answer:
            date: str | None = answer.headers.get("date")
            return date
    except httpx.HTTPError as error:
        raise no_answer(client.account, error) from None


def offset_of_account(slug: str, date: str) -> Finding:
    """How far Zendesk's clock is from ours, which is told in whole seconds."""
    return clock(f"{slug}: clock", parsedate_to_datetime(date) - datetime.now(UTC))


def check_streams(slug: str, now: datetime) -> list[Finding]:
    """How each stream is read, every way of it tried now, which takes a request each."""
    modes = probed_modes(slug, now)
    by = Counter(str(one.mode) for one in modes)
    told = ", ".join(f"{count} by {mode}" for mode, count in sorted(by.items()) if mode != "off")
    off = [f"{one.stream} ({one.reason})" for one in modes if one.mode == "off"]
    broken = [one.stream for one in modes if "broken" in (one.export, one.list)]
    if broken:
        advice = f"`vensor doctor --org {slug}` again later; docs/zendesk.md"
        return [Finding(f"{slug}: streams", False, f"no answer for {', '.join(broken)}", advice)]
    told += f"; not read: {', '.join(off)}" if off else ""
    advice = "scopes or the plan leave them out; docs/zendesk.md" if off else ""
    return [Finding(f"{slug}: streams", True, told, advice)]


def check_slack(slug: str) -> list[Finding]:
    """The token is good, the app is in the channel and may do what it has to."""
    with opened(slug) as resources:
        channel = open_slack(resources)
    team, granted = channel.check(), channel.scopes()
    told = f"workspace {team}, channel {channel.channel}"
    return [slack_finding(slug, told, granted)]


def slack_finding(slug: str, told: str, granted: frozenset[str] | None) -> Finding:
    """`granted` is None where Slack did not say."""
    subject = f"{slug}: Slack"
    if granted is None:
        return Finding(subject, True, f"{told}; it does not say which scopes the app has")
    missing = [one for one in SLACK_SCOPES if one not in granted]
    if missing:
        lacks = f"{told}; the app lacks {', '.join(missing)}"
        return Finding(subject, False, lacks, "add the scopes, install the app again")
    return Finding(subject, True, f"{told}, allowed to {', '.join(SLACK_SCOPES)}")


def check_models(settings: Settings) -> list[Finding]:
    """The server takes the key, and has these endpoints: asked by requests that are empty."""
    if settings.openai_api_key is None:
        return [Finding("models", None, "no OPENAI_API_KEY: models of this machine do the work")]
    from tasks.openai import openai_service

    with openai_service(settings) as service:
        service.probe()
        flags = service.flags.as_text()
    return [Finding("models", True, f"by {settings.openai_base_url}: {flags}")]


def check_chosen_models(slug: str) -> list[Finding]:
    """That the server has the models that the organization's words would go to."""
    with opened(slug) as resources:
        wanted = {one: chosen(resources, one) for one in CAPABILITIES}
        remote = {name: one.model for name, one in wanted.items() if one.provider == "openai"}
        if not remote:
            return [Finding(f"{slug}: models", True, "all on this machine")]
        known = _known_models(resources)
    missing = [f"{name}: {model}" for name, model in remote.items() if not known(model)]
    if missing:
        advice = "choose one that it has: `vensor ai use`"
        return [Finding(f"{slug}: models", False, f"not there: {', '.join(missing)}", advice)]
    told = ", ".join(f"{name} by {model}" for name, model in remote.items())
    return [Finding(f"{slug}: models", True, told)]


def _known_models(resources: Resources) -> Callable[[str], bool]:
    """Whether the server has a model. One that does not list any is taken to have it."""
    import openai

    from tasks.openai.client import open_client
    from tasks.openai.failures import translated

    with open_client(resources.settings, on_answer=lambda _answer: None) as client:
        try:
            names = {one.id for one in client.models.list()}
        except openai.NotFoundError:
            return lambda _model: True
        except openai.OpenAIError as error:
            raise translated(error, "the list of models", None) from None
    return names.__contains__
