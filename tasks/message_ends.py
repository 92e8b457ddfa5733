"""Where messages end: in Slack first, and then here."""

from collections.abc import Sequence
from datetime import datetime

from tasks.connections import find_connection, unsealed_credentials
from tasks.errors import ConfigurationError, RefusedError, TransientError
from tasks.escalation import SlackChannel
from tasks.resources import Resources
from warehouse import outbox
from warehouse.outbox import Said


def delete_messages(resources: Resources, cutoff: datetime) -> tuple[int, int, str]:
    """Deletes messages past the clock: (rows that went, messages left, why, in words).

    A row goes once Slack has deleted its message and picture, or says that they are not there. What
    Slack refuses, or cannot do now, is left to the next run and stops nothing else.
    """
    with resources.session() as connection:
        unsaid = outbox.forget_unsaid(connection, cutoff)
        said = outbox.said_before(connection, cutoff)
    if not said:
        return unsaid, 0, ""
    left, why = list(said), ""
    try:
        why = _delete_each(resources, said, left)
    except (ConfigurationError, RefusedError, TransientError) as error:
        why = f"{error}; the next run tries again"
    return unsaid + len(said) - len(left), len(left), why


def _delete_each(resources: Resources, said: Sequence[Said], left: list[Said]) -> str:
    """Takes from `left` what is deleted; why others were refused, in words."""
    connected = find_connection(resources, "slack")
    token, why = unsealed_credentials(resources, connected).decode(), ""
    for one in said:
        slack = SlackChannel(base_url=connected.base_url, token=token, channel=one.channel)
        try:
            if one.file_id is not None:
                slack.delete_file(one.file_id)
            ts = one.slack_ts or slack.find(
                one.message_key, since=one.created_at, thread_ts=one.thread_ts
            )
            if ts is not None:
                slack.delete(ts)
        except RefusedError as error:
            why = f"{error}; the next run tries again"
            continue
        with resources.session() as connection:
            outbox.forget(connection, one.message_key)
        left.remove(one)
    return why
