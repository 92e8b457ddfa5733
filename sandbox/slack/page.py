"""The messages as a page that a person can read."""

import re
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any

from sandbox.slack.store import Channel, Message

STYLE = """
body{font:15px/1.45 system-ui,"DejaVu Sans",sans-serif;margin:1.5rem auto;max-width:44rem;
color:#1d1c1d;background:#fff;padding:0 1rem}
h1{font-size:1.2rem} h2{font-size:1rem;margin-top:2rem} h3{margin:.3rem 0 .6rem;font-size:1.15rem}
article{border:1px solid #ddd;border-radius:8px;padding:.6rem 1rem;margin:.8rem 0}
article.reply{margin-left:2.5rem} time,.context{color:#616061;font-size:.85rem}
p{margin:.3rem 0;white-space:pre-wrap} a{color:#1264a3;text-decoration:none}
code{background:#f4f4f4;border:1px solid #ddd;border-radius:3px;padding:0 .2rem;font-size:.85em}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:.3rem 1rem}
img{max-width:100%;border:1px solid #eee;border-radius:6px}
.button{display:inline-block;border:1px solid #bbb;border-radius:4px;padding:.1rem .6rem;
margin-right:.4rem}
"""
# What of Slack's markup is shown, of words that are escaped already.
LINK = re.compile(r"&lt;(https?://[^|&<>\"]+)\|([^&<>]+)&gt;")
BOLD, CODE = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])"), re.compile(r"`([^`\n]+)`")


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
    body += "".join(_file(one) for one in message.get("files", ()))
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
        return f'<p class="context">{_marked(words)}</p>'
    if kind == "actions":
        told = (escape(_words(one.get("text"))) for one in block["elements"])
        return "".join(f'<span class="button">{one}</span>' for one in told)
    return f'<p class="context">[{escape(kind)}]</p>'


def _file(one: dict[str, Any]) -> str:
    title, alt = escape(one["title"]), escape(one["alt_txt"])
    if not one["mimetype"].startswith("image/"):
        return f'<p class="context">[{title}]</p>'
    return f'<p class="context">{title}</p><img src="files/{escape(one["id"])}" alt="{alt}">'


def _paragraph(words: str) -> str:
    return f"<p>{_marked(words)}</p>" if words else ""


def _marked(words: str) -> str:
    """Words with links, bold and code as Slack shows them; nothing else in them is markup."""
    shown = LINK.sub(r'<a href="\1">\2</a>', escape(_unescaped(words)))
    return CODE.sub(r"<code>\1</code>", BOLD.sub(r"<b>\1</b>", shown))


def _unescaped(words: str) -> str:
    """Slack's three escapes, undone: a page has its own."""
    return unescape(words)


def _words(told: object) -> str:
    """The text of a text object, or of an element that is one."""
    words = told.get("text", told.get("alt_text", "")) if isinstance(told, dict) else ""
    return words if isinstance(words, str) else _words(words)
