"""Posting to Slack, at most once for each message key.

Slack has no idempotency key. Each message carries its key in its metadata; after a call whose
outcome is not known, the channel's history, or the thread's, is asked before the message is sent
again. A file has no metadata: it is known by its name in its thread. Changing a message to what it
says already changes nothing: that is just done again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpx
from slack_sdk.errors import SlackApiError, SlackClientError

from tasks.errors import ConfigurationError, RefusedError, TransientError
from tasks.escalation.web import web_client
from tasks.http import http_client, no_answer

EVENT = "vensor_message"
PAGE = 200
GONE = {"message_not_found", "file_not_found", "file_deleted"}
PICTURES = "files:write"
PASSING = {"ratelimited", "service_unavailable", "internal_error", "fatal_error", "request_timeout"}
HINTS = {
    "invalid_auth": "the token is not valid; run `vensor connect slack` with a new one",
    "token_revoked": "the token was revoked; run `vensor connect slack` with a new one",
    "channel_not_found": "the channel is not known to the app",
    "not_in_channel": "invite the app to the channel (/invite)",
    "missing_scope": "the app needs the scopes chat:write and channels:history",
    "thread_not_found": "the message that it belongs to is gone",
}


@dataclass(frozen=True)
class Upload:
    """A file that Slack has named and shows nobody yet, and where its bytes go."""

    file_id: str
    url: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


class SlackChannel:
    """One channel of one workspace."""

    def __init__(self, *, base_url: str, token: str, channel: str) -> None:
        self._client = web_client(base_url, token)
        self.channel = channel
        self.host = urlsplit(base_url).hostname or ""

    def check(self) -> str:
        """The workspace's name. Raises: RefusedError if the token or channel is not good."""
        try:
            team = self._client.auth_test()
            self._client.conversations_info(channel=self.channel)
        except (SlackApiError, SlackClientError, OSError) as error:
            _raise(error, "check")
        return str(team["team"])

    def scopes(self) -> frozenset[str] | None:
        """What the app may do; None where Slack does not say. Raises: as `check`."""
        try:
            told = self._client.auth_test().headers or {}
        except (SlackApiError, SlackClientError, OSError) as error:
            _raise(error, "check")
        found = {name.lower(): value for name, value in told.items()}.get("x-oauth-scopes")
        return None if found is None else frozenset(map(str.strip, str(found).split(",")))

    def revoke(self) -> None:
        """Ends the token. One that has ended already is as good. Raises: TransientError."""
        try:
            self._client.auth_revoke()
        except (SlackApiError, SlackClientError, OSError) as error:
            try:
                _raise(error, "revoke the token")
            except ConfigurationError:
                return

    def post(
        self,
        message_key: str,
        blocks: Sequence[Mapping[str, Any]],
        fallback: str,
        *,
        thread_ts: str | None = None,
    ) -> str:
        """The timestamp of the message posted, in the thread of the one at `thread_ts`.

        Raises: TransientError when it is not known whether it was (ask `find`), RefusedError.
        """
        try:
            answer = self._client.chat_postMessage(
                channel=self.channel,
                blocks=[dict(block) for block in blocks],
                text=fallback,
                unfurl_links=False,
                unfurl_media=False,
                metadata=_metadata(message_key),
                thread_ts=thread_ts,
            )
        except (SlackApiError, SlackClientError, OSError) as error:
            _raise(error, "post")
        return str(answer["ts"])

    def edit(
        self, ts: str, message_key: str, blocks: Sequence[Mapping[str, Any]], fallback: str
    ) -> bool:
        """Has the message of this timestamp say this; False if it is not there.

        Raises: RefusedError, ConfigurationError, TransientError.
        """
        try:
            self._client.chat_update(
                channel=self.channel,
                ts=ts,
                blocks=[dict(block) for block in blocks],
                text=fallback,
                metadata=_metadata(message_key),
            )
        except SlackApiError as error:
            if error.response.get("error") in GONE:
                return False
            _raise(error, "edit")
        except (SlackClientError, OSError) as error:
            _raise(error, "edit")
        return True

    def find(
        self, message_key: str, *, since: datetime | None = None, thread_ts: str | None = None
    ) -> str | None:
        """The timestamp of the message with this key, or None.

        Among the channel's latest 200, or all since then; or among all answers to `thread_ts`.
        """
        if thread_ts is not None:
            return _ts_of(message_key, self._replies(thread_ts, gone=True))
        cursor: str | None = None
        while True:
            messages, cursor = self._history(since, cursor)
            found = _ts_of(message_key, messages)
            if found is not None or since is None or not cursor:
                return found

    def delete(self, ts: str) -> bool:
        """Deletes the message of this timestamp; False if it is not there.

        Raises: RefusedError, ConfigurationError, TransientError.
        """
        try:
            self._client.chat_delete(channel=self.channel, ts=ts)
        except SlackApiError as error:
            if error.response.get("error") in GONE:
                return False
            _raise(error, "delete")
        except (SlackClientError, OSError) as error:
            _raise(error, "delete")
        return True

    def open_upload(self, name: str, length: int, alt: str) -> Upload:
        """A file of this name, which nobody sees before it is shared. Raises: as `post`."""
        try:
            answer = self._client.files_getUploadURLExternal(
                filename=name, length=length, alt_txt=alt
            )
        except (SlackApiError, SlackClientError, OSError) as error:
            _raise(error, "take a file")
        return Upload(str(answer["file_id"]), str(answer["upload_url"]))

    def fill(self, upload: Upload, content: bytes) -> None:
        """Sends a file's bytes, without the token: its address is all they need."""
        parts = urlsplit(upload.url)
        try:
            with http_client(f"{parts.scheme}://{parts.netloc}") as client:
                answer = client.post(upload.url, content=content)
        except httpx.HTTPError as error:
            raise no_answer("Slack (take a file)", error) from None
        if not answer.is_success:
            raise TransientError(f"Slack could not take a file now ({answer.status_code})")

    def share(self, file_id: str, title: str, thread_ts: str) -> None:
        """Shows a file in the thread of a message. Slack says yes before it does it.

        Raises: as `post`; when it is not known whether it was shared, ask `find_file`.
        """
        try:
            self._client.files_completeUploadExternal(
                files=[{"id": file_id, "title": title}],
                channel_id=self.channel,
                thread_ts=thread_ts,
            )
        except (SlackApiError, SlackClientError, OSError) as error:
            _raise(error, "share a file")

    def find_file(self, name: str, thread_ts: str) -> str | None:
        """The id of the file of this name in a thread, or None."""
        for message in self._replies(thread_ts):
            for one in message.get("files", ()):
                if one.get("name") == name:
                    return str(one["id"])
        return None

    def delete_file(self, file_id: str) -> bool:
        """Deletes a file wherever it is shared; False if it is not there. Raises: as `delete`."""
        try:
            self._client.files_delete(file=file_id)
        except SlackApiError as error:
            if error.response.get("error") in GONE:
                return False
            _raise(error, "delete a file")
        except (SlackClientError, OSError) as error:
            _raise(error, "delete a file")
        return True

    def _history(
        self, since: datetime | None, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """(messages, the newest first; where those before them begin)."""
        try:
            answer = self._client.conversations_history(
                channel=self.channel,
                include_all_metadata=True,
                limit=PAGE,
                oldest=None if since is None else f"{since.timestamp():.6f}",
                cursor=cursor,
            )
        except (SlackApiError, SlackClientError, OSError) as error:
            _raise(error, "read history")
        following = (answer.get("response_metadata") or {}).get("next_cursor")
        return list(answer["messages"]), following or None

    def _replies(self, thread_ts: str, *, gone: bool = False) -> Iterator[dict[str, Any]]:
        """The messages of a thread, that which it hangs from first; that may be `gone`."""
        cursor: str | None = None
        while True:
            try:
                answer = self._client.conversations_replies(
                    channel=self.channel,
                    ts=thread_ts,
                    include_all_metadata=True,
                    limit=PAGE,
                    cursor=cursor,
                )
            except SlackApiError as error:
                if gone and error.response.get("error") in {
                    "message_not_found",
                    "thread_not_found",
                }:
                    return
                _raise(error, "read a thread")
            except (SlackClientError, OSError) as error:
                _raise(error, "read a thread")
            yield from answer["messages"]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return


def _ts_of(message_key: str, messages: Iterable[Mapping[str, Any]]) -> str | None:
    for message in messages:
        payload = message.get("metadata", {}).get("event_payload", {})
        if payload.get("message_key") == message_key:
            return str(message["ts"])
    return None


def _metadata(message_key: str) -> dict[str, Any]:
    return {"event_type": EVENT, "event_payload": {"message_key": message_key}}


def _raise(error: Exception, operation: str) -> NoReturn:
    if not isinstance(error, SlackApiError):
        raise no_answer(f"Slack ({operation})", error)
    code = str(error.response.get("error", "unknown"))
    needed = error.response.get("needed")
    if code == "missing_scope" and needed:
        raise RefusedError(f"Slack refused to {operation}: the app lacks the scope {needed}")
    if code in PASSING or error.response.status_code >= 500:
        raise TransientError(f"Slack could not {operation} now ({code})")
    if code in {"invalid_auth", "token_revoked", "not_authed"}:
        raise ConfigurationError(f"Slack refused to {operation}: {HINTS.get(code, code)}")
    raise RefusedError(f"Slack refused to {operation} ({code}): {HINTS.get(code, 'see its docs')}")
