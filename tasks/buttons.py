"""Buttons of alerts: whose they are, and doing what was pressed."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from uuid import UUID

from tasks.connections import (
    find_connection,
    open_slack,
    store_connection,
    unsealed_credentials,
)
from tasks.errors import ConfigurationError
from tasks.escalation.listening import Press, listening
from tasks.escalation.sending import sending_of
from tasks.identity import serving
from tasks.resources import Resources, opened
from tasks.sanitising import without_values
from tasks.sentry import report_error
from warehouse import outbox
from warehouse.organizations import find_connection as find_any_connection
from warehouse.outbound import record_sending

PROVIDER = "slack_buttons"
Answer = Callable[[Resources, str, UUID, str, datetime], None]
logger = logging.getLogger(__name__)


def has_buttons(resources: Resources) -> bool:
    """Whether messages of this organization are to have buttons: an app's token is stored."""
    with resources.session() as connection:
        return find_any_connection(connection, PROVIDER) is not None


def store_app_token(resources: Resources, *, base_url: str, channel: str, token: str) -> None:
    """Stores an app-level token that `check_app_token` has tried, sealed."""
    store_connection(
        resources,
        provider=PROVIDER,
        base_url=base_url,
        account=channel,
        client_id=None,
        secret=token.encode(),
    )


@contextmanager
def listening_for(slugs: Sequence[str], answer: Answer) -> Iterator[int]:
    """Within, presses in the channels of these organizations are answered; how many channels.

    Slack tells an app of a press on one of its connections, whichever: so organizations that share
    an app share one. Raises: ConfigurationError where none of them has buttons, TransientError.
    """
    apps: dict[tuple[str, str], dict[str, str]] = {}
    for slug in slugs:
        with opened(slug) as resources:
            if not has_buttons(resources):
                continue
            base_url = find_connection(resources, PROVIDER).base_url
            token = unsealed_credentials(resources, find_connection(resources, PROVIDER)).decode()
            channel = find_connection(resources, "slack").account
        apps.setdefault((base_url, token), {})[channel] = slug
    if not apps:
        raise ConfigurationError(
            "no organization has buttons: `vensor connect slack --org … --buttons` turns them on"
        )
    with ExitStack() as stack:
        for (base_url, token), channels in apps.items():
            stack.enter_context(listening(base_url, token, Answering(channels, answer).hear))
        yield sum(map(len, apps.values()))


class Answering:
    """Does what is pressed in channels that are known; `channels` has their organizations."""

    def __init__(self, channels: Mapping[str, str], answer: Answer) -> None:
        self._channels = channels
        self._answer = answer

    def hear(self, press: Press) -> None:
        """Does it. What fails is logged and reported without values, and ends nothing."""
        slug = self._channels.get(press.channel)
        if slug is None:
            logger.warning("a button in a channel of no organization that is listened for")
            return
        try:
            with serving("answer an alert"), opened(slug) as resources:
                self._do(resources, press)
        except Exception as error:
            report_error(error, step="answer")
            logger.error("%s: a press failed: %s", slug, without_values(error))

    def _do(self, resources: Resources, press: Press) -> None:
        slack = open_slack(resources)
        if slack.channel != press.channel:  # it was connected to another since
            logger.warning("%s: a button in a channel of before", resources.organization.slug)
            return
        actor, as_of = f"slack:{press.user}", datetime.now(UTC)
        self._answer(resources, press.action, press.alert_id, actor, as_of)
        with resources.session() as connection:
            # what it says now: an answer changes the messages of its ticket, this one among them
            message = outbox.standing_at(connection, press.channel, press.ts)
            if message is None:
                return
            sending = sending_of(slack, message, "show an alert's answer")
            record_sending(connection, resources.organization.org_id, sending)
        slack.edit(press.ts, message.message_key, message.blocks, message.fallback)
