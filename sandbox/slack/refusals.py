"""How Slack says no: 200 with ``ok`` false, and 429 where it was too much."""

from typing import Any

import msgspec

# What an app may be allowed to do, and the method that needs it.
SCOPES = {
    "chat:write": ("chat.postMessage", "chat.update", "chat.delete"),
    "channels:read": ("conversations.info", "conversations.list"),
    "channels:history": ("conversations.history", "conversations.replies"),
    "channels:join": ("conversations.join",),
    "files:read": ("files.info",),
    "files:write": ("files.getUploadURLExternal", "files.completeUploadExternal", "files.delete"),
}
NEEDED = {method: scope for scope, methods in SCOPES.items() for method in methods}


class SlackRefusal(Exception):
    """An answer with ``ok`` false."""

    def __init__(
        self,
        error: str,
        *,
        detail: str | None = None,
        retry_after: int = 0,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.retry_after = retry_after
        self.body: dict[str, Any] = {"ok": False, "error": error} | (more or {})
        if detail:
            self.body |= {"errors": [detail]}
            self.body |= {"response_metadata": {"messages": [f"[ERROR] {detail}"]}}


def check_scope(method: str, allowed: set[str]) -> None:
    """Raises: SlackRefusal where the method needs a scope that is not among these."""
    needed = NEEDED.get(method)
    if needed and needed not in allowed:
        provided = ",".join(sorted(allowed))
        raise SlackRefusal("missing_scope", more={"needed": needed, "provided": provided})


def decoded(told: object, error: str) -> Any:
    """What JSON within an argument says. Raises: SlackRefusal of this error."""
    if not isinstance(told, str):
        return told
    try:
        return msgspec.json.decode(told)
    except msgspec.DecodeError as exc:
        raise SlackRefusal(error) from exc
