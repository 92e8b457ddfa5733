"""HTML that cannot be broken by what it holds: every text is escaped when it is put in."""

from collections.abc import Iterable
from html import escape

VOID = {"meta"}


class Html(str):
    """Markup that is made here. Any other string is text."""

    __slots__ = ()


Child = str | Iterable[Html] | None


def el(name: str, /, *children: Child, **attributes: str | bool) -> Html:
    """An element. `class_` is the attribute `class`, `aria_label` is `aria-label`."""
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{joined(children)}</{name}>")


def joined(children: Iterable[Child]) -> Html:
    """All of them, one after the other; text is escaped, None is nothing."""
    return Html("".join(_child(one) for one in children))


def _child(one: Child) -> str:
    if one is None:
        return ""
    if isinstance(one, Html):
        return str.__str__(one)
    return escape(one) if isinstance(one, str) else joined(one)


def _attribute(key: str, value: str | bool) -> str:
    if value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
