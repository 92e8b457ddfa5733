"""Sharing digests' pictures, each once: into the thread of its digest, after it.

Slack takes a file in three calls: it names one, takes its bytes, and shares it. Until the third
nobody sees it, so that a process that was killed before begins again with another. After the third
its outcome may not be known: then the thread is asked for a file of this name. One that is not
there (yet: Slack shares a moment after it has said yes) is deleted before another is made.
"""

from tasks.errors import ConfigurationError, RefusedError, TransientError
from tasks.escalation import SlackChannel
from tasks.escalation.slack import PICTURES, Upload
from tasks.escalation.trend import alt_text, as_trend, draw
from tasks.resources import Resources
from warehouse import pictures
from warehouse.outbound import Sending, record_sending
from warehouse.pictures import Picture


def share_pictures(resources: Resources, slack: SlackChannel) -> str:
    """Shares what is still to be; what kept pictures back, in words: it fails no run.

    One that Slack refuses is left out; one that it cannot take now is left to the next run.
    """
    with resources.session() as connection:
        waiting = pictures.unshared(connection)
    try:
        if waiting and PICTURES not in (slack.scopes() or {PICTURES}):
            for one in waiting:
                _mark(resources, one, "left_out")
            return f"the digest is without its picture: the app lacks the scope {PICTURES}"
        told = [_share_or_leave_out(resources, slack, one) for one in waiting]
    except (ConfigurationError, TransientError) as error:
        return f"the picture is left to the next run: {error}"
    return "; ".join(filter(None, told))


def _share_or_leave_out(resources: Resources, slack: SlackChannel, one: Picture) -> str:
    try:
        _share(resources, slack, one)
    except RefusedError as error:
        _mark(resources, one, "left_out")
        return f"the digest is without its picture: {error}"
    return ""


def _share(resources: Resources, slack: SlackChannel, one: Picture) -> None:
    trend = as_trend(one.trend)
    if one.picture_state != "waiting":
        found = slack.find_file(trend.file_name, one.slack_ts)
        if found is not None:
            _settle(resources, slack, one, found)
            return
        if one.file_id is not None:
            slack.delete_file(one.file_id)
    content = draw(trend)
    upload = slack.open_upload(trend.file_name, len(content), alt_text(trend))
    if not _mark(resources, one, "uploading", upload.file_id, sending=_sending(upload, content)):
        return  # taken back meanwhile, and nobody sees the file
    slack.fill(upload, content)
    if not _mark(resources, one, "uploaded"):
        return
    slack.share(upload.file_id, trend.title, one.slack_ts)
    _settle(resources, slack, one, upload.file_id)


def _settle(resources: Resources, slack: SlackChannel, one: Picture, file_id: str) -> None:
    """It is in the channel; unless its message was taken back meanwhile: then it goes again."""
    if not _mark(resources, one, "shared", file_id):
        slack.delete_file(file_id)


def _mark(
    resources: Resources,
    one: Picture,
    state: str,
    file_id: str | None = None,
    *,
    sending: Sending | None = None,
) -> bool:
    with resources.session() as connection:
        stands = pictures.mark(connection, one.message_key, state, file_id=file_id)
        if stands and sending is not None:
            record_sending(connection, resources.organization.org_id, sending)
    return stands


def _sending(upload: Upload, content: bytes) -> Sending:
    return Sending(
        recipient=upload.host,
        purpose="share a picture of counts",
        model=None,
        ticket_ids=[],
        items=1,
        payload_bytes=len(content),
    )
