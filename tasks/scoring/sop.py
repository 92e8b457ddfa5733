"""Procedures: a document as typed steps and a trigger."""

import re
from collections.abc import Iterator, Sequence

from tasks.embedding.markup import Block, parse_blocks
from tasks.scoring.clauses import actor_of, condition_of, deadline_of, kind_of
from tasks.scoring.records import Sop, Step
from tasks.scoring.sentences import split_sentences

_TRIGGER = re.compile(
    r"\b(?:applies|apply|use this|follow this|covers|for (?:all|every|any) requests?|"
    r"whenever|when an? (?:customer|caller|user))\b",
    re.I,
)


def parse_sop(source: str, title: str) -> Sop:
    """The procedure in a document: its numbered items are the steps, in their order.

    Numbers within numbers are steps of their own; an item that only leads to them by a colon is
    none, but they share its condition or its "must not". Bullets belong to their step. A step is
    forbidden or conditional by the words of its first sentence, else required. The trigger is the
    title and the sentences before the steps that say when the procedure applies. A document
    without numbered items has no steps. Source: HTML or Markdown.
    """
    blocks = parse_blocks(source)
    texts = _step_texts([block for block in blocks if block.kind == "step"])
    steps = tuple(_step(at, text) for at, text in enumerate(texts, start=1))
    return Sop(title=title, steps=steps, trigger=(title, *_scope(blocks)))


def _step_texts(blocks: Sequence[Block]) -> Iterator[str]:
    leads: dict[int, str] = {}
    for at, block in enumerate(blocks):
        leads = {level: text for level, text in leads.items() if level < block.level}
        text = block.text
        for level in sorted(leads, reverse=True):
            text = _led(leads[level], text)
        following = blocks[at + 1].level if at + 1 < len(blocks) else 0
        if block.text.endswith(":") and following > block.level:
            leads[block.level] = block.text
        else:
            yield text


def _led(lead: str, text: str) -> str:
    """A step in the words of the item that leads to it, where these change what it says."""
    kind = kind_of(lead)
    if kind == "conditional":
        return f"{lead[:-1]}, {text}"
    return f"{lead} {text}" if kind == "forbidden" else text


def _step(number: int, text: str) -> Step:
    first = split_sentences(text)[0].text
    return Step(
        number, text, kind_of(first), condition_of(first), actor_of(text, first), deadline_of(text)
    )


def _scope(blocks: tuple[Block, ...]) -> tuple[str, ...]:
    sentences: list[str] = []
    for block in blocks:
        if block.kind == "step":
            break
        if block.kind == "paragraph":
            sentences.extend(sentence.text for sentence in split_sentences(block.text))
    return tuple(text for text in sentences if _TRIGGER.search(text))
