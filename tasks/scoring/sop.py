"""Procedures: a Help Center article as typed steps and a trigger."""

import re

from tasks.embedding.markup import Block, parse_blocks
from tasks.scoring.records import Sop, Step, StepKind
from tasks.scoring.sentences import split_sentences

_FORBIDDEN = re.compile(
    r"\b(?:must|may|should|shall|can)\s*(?:not|never|n't)\b|\bmustn(?:'|\u2019)t\b|\bcannot\b|"
    r"^(?:never|do not|don(?:'|\u2019)t|avoid|refuse|under no circumstances)\b|"
    r"\b(?:is|are) (?:not allowed|forbidden|prohibited)\b",
    re.I,
)
_CONDITIONAL = re.compile(
    r"^(?:if|when(?:ever)?|once|after|unless|in case|as soon as|where|should (?:the|a))\b", re.I
)
_TRIGGER = re.compile(
    r"\b(?:applies|apply|use this|follow this|covers|for (?:all|every|any) requests?|"
    r"whenever|when an? (?:customer|caller|user))\b",
    re.I,
)


def parse_sop(html: str, title: str) -> Sop:
    """The procedure in an article: its numbered items are the steps, in their order.

    A step is forbidden or conditional by the words of its first sentence, else required. The
    trigger is the title and the sentences before the steps that say when the procedure applies.
    An article without numbered items has no steps. Source: Help Center HTML or Markdown.
    """
    blocks = parse_blocks(html)
    texts = [block.text for block in blocks if block.kind == "step"]
    steps = tuple(Step(at, text, _kind(text)) for at, text in enumerate(texts, start=1))
    return Sop(title=title, steps=steps, trigger=(title, *_scope(blocks)))


def _kind(text: str) -> StepKind:
    first = split_sentences(text)[0].text
    if _FORBIDDEN.search(first):
        return "forbidden"
    return "conditional" if _CONDITIONAL.match(first) else "required"


def _scope(blocks: tuple[Block, ...]) -> tuple[str, ...]:
    sentences: list[str] = []
    for block in blocks:
        if block.kind == "step":
            break
        if block.kind == "paragraph":
            sentences.extend(sentence.text for sentence in split_sentences(block.text))
    return tuple(text for text in sentences if _TRIGGER.search(text))
