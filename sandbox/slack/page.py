"""The messages as a page that a person can read."""

from datetime import UTC, datetime
from html import escape
from typing import Any

from sandbox.slack.store import Channel, Message

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:44rem;color:#1d1c1d}
h1{font-size:1.2rem} h2{font-size:1rem;margin-top:2rem}
article{border:1px solid #ddd;border-radius:8px;padding:.6rem 1rem;margin:.8rem 0}
article.reply{margin-left:2.5rem} time,.context{color:#616061;font-size:.85rem}
p{margin:.3rem 0;white-space:pre-wrap}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:.3rem 1rem}
.button{display:inline-block;border:1px solid #bbb;border-radius:4px;padding:.1rem .6rem;
margin-right:.4rem}
"""


def page_of(channels: list[tuple[Channel, list[Message]]]) -> str:
    """The HTML of all channels; nothing of a message is taken as markup."""
    parts = [_channel(channel, messages) for channel, messages in channels if messages]
    content = "".join(parts) or "<p>No messages yet.</p>"
    head = f'<meta charset="utf-8"><title>Slack</title><style>{STYLE}</style>'
    body = f"<body><h1>Slack (sandbox)</h1>{content}</body>"
    return f'<!doctype html><html lang="en">{head}{body}</html>'


def _channel(channel: Channel, messages: list[Message]) -> str:
    parents = [one for one in messages if "thread_ts" not in one]
    told = []
    for parent in parents:
        told.append(_message(channel, parent))
        told += [_message(channel, one) for one in messages if one.get("thread_ts") == parent["ts"]]
    return f"<h2>#{escape(channel.name)}</h2>{''.join(told)}"


def _message(channel: Channel, message: Message) -> str:
    at = datetime.fromtimestamp(float(message["ts"]), UTC)
    kind = ' class="reply"' if "thread_ts" in message else ""
    blocks = message.get("blocks")
    body = "".join(_block(one) for one in blocks) if blocks else _paragraph(message["text"])
    anchor = escape(f"{channel.id}-{message['ts']}")
    return f'<article id="{anchor}"{kind}><time>{at:%Y-%m-%d %H:%M:%S} UTC</time>{body}</article>'


def _block(block: dict[str, Any]) -> str:
    kind = block["type"]
    if kind == "divider":
        return "<hr>"
    if kind == "header":
        return f"<h3>{escape(_words(block['text']))}</h3>"
    if kind == "section":
        text = _paragraph(_words(block["text"])) if block.get("text") else ""
        fields = "".join(_paragraph(_words(one)) for one in block.get("fields", ()))
        return f'{text}<div class="fields">{fields}</div>' if fields else text
    if kind == "context":
        words = " ".join(_words(one) for one in block["elements"])
        return f'<p class="context">{escape(words)}</p>'
    if kind == "actions":
        told = (escape(_words(one.get("text"))) for one in block["elements"])
        return "".join(f'<span class="button">{one}</span>' for one in told)
    return f'<p class="context">[{escape(kind)}]</p>'


def _paragraph(words: str) -> str:
    return f"<p>{escape(words)}</p>"


def _words(told: object) -> str:
    """The text of a text object, or of an element that is one."""
    words = told.get("text", told.get("alt_text", "")) if isinstance(told, dict) else ""
    return words if isinstance(words, str) else _words(words)
