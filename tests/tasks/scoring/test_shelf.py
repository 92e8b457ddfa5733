"""Finding the procedure that a conversation is about among fifty others.

The others (procedures.tsv) were written without looking at the conversations.
"""

import csv
import json

from tasks.scoring import Conversation, LocalJudge, Shelf, Sop, parse_sop
from tests.tasks.scoring.test_unseen import ARTICLES, HERE

# those of the file that govern the same as one of the three that the conversations were made for
TWINS = {"Refund requests", "Cancelling a subscription"}


def _sops() -> list[Sop]:
    own = [parse_sop(html, title) for title, html in ARTICLES.values()]
    with (HERE / "procedures.tsv").open(encoding="utf-8") as file:
        others = [
            parse_sop(f"{one['trigger']}\n\n1. {one['question']}\n2. {one['rule']}\n", one["title"])
            for one in csv.DictReader(file, delimiter="\t")
            if one["title"] not in TWINS
        ]
    return [*own, *others]


def _cases(talk) -> tuple[list[int | None], list[Conversation]]:
    told = json.loads((HERE / "unseen_conversations.json").read_text(encoding="utf-8"))
    names = list(ARTICLES)
    wanted = [
        names.index(one["sop"]) if set(one["want"]) != {"not_applicable"} else None for one in told
    ]
    return wanted, [talk(*one["said"]) for one in told]


def test_the_right_procedure_is_among_the_few_that_are_asked_about(talk, embedder) -> None:
    """Stated: of 16 conversations none is missed; a conversation is judged by 3.8 of 50."""
    sops = _sops()
    wanted, spoken = _cases(talk)
    asked = Shelf(sops, embedder).candidates(spoken)
    missed = [
        at for at, one in enumerate(wanted) if one is not None and at not in asked.get(one, ())
    ]
    pairs = sum(len(places) for places in asked.values())
    assert missed == []
    assert pairs / len(spoken) < len(sops) / 8


def test_the_verdicts_are_those_that_the_procedure_alone_gives(talk, embedder) -> None:
    """Retrieval takes away what does not apply, and adds nothing."""
    sops = _sops()
    wanted, spoken = _cases(talk)
    judge = LocalJudge(embedder)
    alone = judge.judge(sops[:3], spoken, {at: range(len(spoken)) for at in range(3)})
    among = judge.judge(sops, spoken, Shelf(sops, embedder).candidates(spoken))
    for one, first, second in zip(wanted, alone, among, strict=True):
        if one is not None:
            assert second.get(one) == first.get(one)


def test_few_procedures_are_all_asked_about(talk, embedder) -> None:
    """Without a search; nor is there one where there is no procedure, or one without a title."""
    sops = [parse_sop("<ol><li>Greet.</li></ol>", title) for title in ("", "B", "C")]
    spoken = [talk("c: Hello"), talk()]
    assert dict(Shelf(sops, embedder).candidates(spoken)) == {0: [0, 1], 1: [0, 1], 2: [0, 1]}
    assert dict(Shelf([], embedder).candidates(spoken)) == {}
    many = [parse_sop("", "")] * 6
    assert dict(Shelf(many, embedder).candidates(spoken)) == {}
