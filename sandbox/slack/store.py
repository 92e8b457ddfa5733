"""Channels, messages and files of the workspace, kept in the state folder."""

import hashlib
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

import msgspec

from sandbox.state import State

Message = dict[str, Any]
LOBBY = "lobby"


@dataclass(frozen=True)
class Channel:
    """A public channel; ``is_member`` tells whether the bot is in it."""

    id: str
    name: str
    is_member: bool


class Store:
    """The workspace: one channel an account, and a lobby that the bot has not joined."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._names = {channel: f"support-{name}" for name, channel in state.world.channels.items()}
        bot = state.secret("slack:bot_token")
        lobby = "C" + hashlib.sha256(bot.encode()).hexdigest()[:10].upper()
        self._outside = {lobby: LOBBY}

    def channels(self) -> list[Channel]:
        """All channels, those of the accounts first."""
        with self._state.database() as database:
            joined = {row[0] for row in database.execute("select channel from joined")}
        inside = [Channel(one, name, True) for one, name in self._names.items()]
        return inside + [Channel(one, name, one in joined) for one, name in self._outside.items()]

    def channel(self, told: str) -> Channel | None:
        """The channel with this id or #name."""
        name = told.removeprefix("#")
        return next((one for one in self.channels() if told == one.id or name == one.name), None)

    def join(self, channel: Channel) -> None:
        """Makes the bot a member."""
        with self._state.database() as database:
            database.execute("insert or ignore into joined values (?)", (channel.id,))

    def post(self, channel: Channel, message: Message) -> str:
        """The new message's ``ts``, unique in its channel."""
        now = time.time()
        with self._state.database() as database:
            query = "select max(ts) from messages where channel = ?"
            last = database.execute(query, (channel.id,)).fetchone()[0]
            ts = f"{now:.6f}"
            if last and ts <= last:
                ts = f"{float(last) + 1e-6:.6f}"
            self._put(database, channel, message | {"ts": ts})
        return ts

    def replace(self, channel: Channel, message: Message) -> None:
        """Puts a changed message in its place."""
        with self._state.database() as database:
            self._put(database, channel, message)

    def remove(self, channel: Channel, ts: str) -> None:
        """Deletes a message."""
        with self._state.database() as database:
            database.execute("delete from messages where channel = ? and ts = ?", (channel.id, ts))

    def find(self, channel: Channel, ts: str) -> Message | None:
        """One message."""
        return next((one for one in self.messages(channel) if one["ts"] == ts), None)

    def messages(self, channel: Channel) -> list[Message]:
        """The channel's messages, oldest first."""
        query = "select body from messages where channel = ? order by ts"
        with self._state.database() as database:
            rows = database.execute(query, (channel.id,)).fetchall()
        return [msgspec.json.decode(row[0], type=Message) for row in rows]

    def every(self) -> list[Message]:
        """All messages of all channels, each with its channel."""
        return [
            one | {"channel": channel.id, "channel_name": channel.name}
            for channel in self.channels()
            for one in self.messages(channel)
        ]

    def _put(self, database: sqlite3.Connection, channel: Channel, message: Message) -> None:
        body = msgspec.json.encode(message).decode()
        row = (channel.id, message["ts"], body)
        database.execute("insert or replace into messages values (?, ?, ?)", row)
