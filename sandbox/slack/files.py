"""Files: named, filled, shared; and gone from every message once they are deleted.

Source: docs.slack.dev, "Working with files". A file that is completed twice is shared twice: what
Slack does then is not written anywhere, and this is the worse of what it may do.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.slack.refusals import SlackRefusal, decoded
from sandbox.slack.store import Channel, Message, Store
from sandbox.state import State

Told = dict[str, Any]
PNG = b"\x89PNG"


class Files:
    """The files of the workspace. `post` puts a message into a channel."""

    def __init__(
        self,
        state: State,
        store: Store,
        base_url: str,
        find_channel: Callable[[Told], Channel],
        post: Callable[[Channel, Message, str | None], str],
    ) -> None:
        self._state = state
        self._store = store
        self._base = base_url
        self._channel = find_channel
        self._post = post

    def methods(self) -> dict[str, Callable[[Told], Told]]:
        """By their names."""
        return {
            "files.getUploadURLExternal": self._open,
            "files.completeUploadExternal": self._complete,
            "files.info": self._info,
            "files.delete": self._delete,
        }

    def routes(self) -> list[Route]:
        """Where bytes go in, and come out for the page."""
        return [
            Route("/upload/{file}", self._fill, methods=["POST"]),
            Route("/files/{file}", self._show),
        ]

    def _open(self, told: Told) -> Told:
        if not told.get("filename") or not str(told.get("length", "")).isdigit():
            raise SlackRefusal("invalid_arguments")
        with self._state.database() as database:
            # of all that ever were: the id of one that was deleted is not given again
            last = "select max(id) from (select id from files union select file from alts)"
            count = database.execute(last).fetchone()[0] or "F0"
            file_id = f"F{int(count[1:]) + 1:09d}"
            query = "insert into files (id, name) values (?, ?)"
            database.execute(query, (file_id, str(told["filename"])))
            alt = (file_id, str(told.get("alt_txt", "")))
            database.execute("insert into alts values (?, ?)", alt)
        return {"file_id": file_id, "upload_url": f"{self._base}/upload/{file_id}"}

    async def _fill(self, request: Request) -> Response:
        query = "update files set content = ? where id = ? and done = 0"
        told = (await request.body(), request.path_params["file"])
        with self._state.database() as database:
            filled = database.execute(query, told).rowcount == 1
        return Response("OK" if filled else "no such upload", 200 if filled else 404)

    async def _show(self, request: Request) -> Response:
        query = "select content from files where id = ? and done = 1"
        with self._state.database() as database:
            row = database.execute(query, (request.path_params["file"],)).fetchone()
        if row is None or not row[0].startswith(PNG):
            return Response("no such picture", 404)
        return Response(row[0], media_type="image/png")

    def _complete(self, told: Told) -> Told:
        channel, thread = None, told.get("thread_ts")
        if told.get("channel_id"):
            channel = self._channel({"channel": told["channel_id"]})
            if thread and self._store.find(channel, str(thread)) is None:
                raise SlackRefusal("thread_not_found")
        query = "update files set done = 1 where id = ? and content is not null returning name"
        files = []
        for one in decoded(told.get("files"), "invalid_arguments"):
            with self._state.database() as database:
                row = database.execute(query, (str(one.get("id")),)).fetchone()
            if row is None:
                raise SlackRefusal("file_not_found")
            files.append(self._shape(str(one["id"]), str(row[0]), str(one.get("title") or row[0])))
        if channel is not None:
            text = str(told.get("initial_comment") or "")
            message = {"type": "message", "text": text, "upload": True, "files": files}
            self._post(channel, message, str(thread) if thread else None)
        return {"files": [{"id": one["id"], "title": one["title"]} | one for one in files]}

    def _info(self, told: Told) -> Told:
        file_id = str(told.get("file", ""))
        query = "select name from files where id = ? and done = 1"
        with self._state.database() as database:
            row = database.execute(query, (file_id,)).fetchone()
        if row is None:
            raise SlackRefusal("file_not_found")
        shares: dict[str, list[Told]] = {}
        for message in self._store.every():
            if file_id in _files_of(message):
                thread = {"ts": message["ts"], "thread_ts": message.get("thread_ts")}
                shares.setdefault(message["channel"], []).append(thread)
        return {"file": self._shape(file_id, row[0], row[0]) | {"shares": {"public": shares}}}

    def _delete(self, told: Told) -> Told:
        """Out of every message too; one that was nothing but the file goes with it."""
        file_id = str(told.get("file", ""))
        with self._state.database() as database:
            gone = database.execute("delete from files where id = ? and done = 1", (file_id,))
            if gone.rowcount == 0:
                raise SlackRefusal("file_not_found")
        for channel in self._store.channels():
            for message in self._store.messages(channel):
                if file_id in _files_of(message):
                    self._without(channel, message, file_id)
        return {}

    def _without(self, channel: Channel, message: Message, file_id: str) -> None:
        left = [one for one in message["files"] if one["id"] != file_id]
        if left or message["text"]:
            self._store.replace(channel, message | {"files": left})
        else:
            self._store.remove(channel, message["ts"])

    def _shape(self, file_id: str, name: str, title: str) -> Told:
        with self._state.database() as database:
            row = database.execute("select alt from alts where file = ?", (file_id,)).fetchone()
        return {
            "id": file_id,
            "name": name,
            "title": title,
            "mimetype": "image/png" if name.endswith(".png") else "text/plain",
            "alt_txt": row[0] if row else "",
        }


def _files_of(message: Message) -> list[str]:
    return [one["id"] for one in message.get("files", ())]
