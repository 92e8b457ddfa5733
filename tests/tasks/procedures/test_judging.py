"""Judging tickets by the procedures: what is stored, what is done again and what is not."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from tasks.embedding import LocalEmbedder
from tasks.procedures import Procedures, judge_pending, read_procedures
from tasks.resources import Resources
from tasks.scoring import Asked, Conversation, Found, LocalJudge, Sop
from tests.tasks.procedures.conftest import ASK, CHECK, IDENTITY, REFUNDS, TELL, JudgeNow, Put, Say

pytestmark = pytest.mark.usefixtures("desk")


class Counting(LocalJudge):
    """The real judge, which notes what it is asked, and may be killed in a batch."""

    def __init__(self, embedder: LocalEmbedder) -> None:
        super().__init__(embedder)
        self.asked: list[tuple[str, int]] = []
        self.killed_after: int | None = None

    def judge(
        self, sops: list[Sop], conversations: list[Conversation], asked: Asked
    ) -> list[Found]:
        self.asked += [
            (sops[position].title.split()[0], conversations[at].ticket_id)
            for position, places in asked.items()
            for at in places
        ]
        if self.killed_after is not None:
            self.killed_after -= 1
            if self.killed_after < 0:
                raise KeyboardInterrupt
        return super().judge(sops, conversations, asked)


def verdicts(resources: Resources) -> dict[tuple[int, str, int], str]:
    """Of present versions."""
    with resources.session() as connection:
        rows = connection.execute(
            text("""
                select c.ticket_id, c.document_id, c.step_no, c.verdict
                from ai.sop_checks as c
                inner join knowledge.documents as d
                    on c.document_id = d.document_id and c.sop_version = d.version
            """)
        )
        return {(row.ticket_id, row.document_id, row.step_no): row.verdict for row in rows}


def test_each_step_gets_its_verdict_where_somebody_asked(
    resources: Resources, judge_now: JudgeNow
) -> None:
    """A procedure that nobody asked for has no verdicts; a second run finds nothing to do."""
    done = judge_now()
    assert (done.tickets, done.checks) == (4, 5)
    assert verdicts(resources) == {
        (1, REFUNDS, 1): "met",
        (1, REFUNDS, 2): "met",
        (2, REFUNDS, 1): "not_met",
        (2, REFUNDS, 2): "met",
        (4, IDENTITY, 1): "not_met",
    }
    assert judge_now().tickets == 0


def test_a_ticket_with_new_words_is_judged_anew(
    resources: Resources, judge_now: JudgeNow, say: Say, as_of: datetime
) -> None:
    """What does not apply any more is gone."""
    judge_now()
    later = as_of + timedelta(minutes=1)
    say(2, "c:Please ignore this.", "a:I will.", at=later)
    assert judge_now().tickets == 1
    assert {key[0] for key in verdicts(resources)} == {1, 4}


def test_what_was_judged_for_the_same_words_and_version_is_not_judged_again(
    resources: Resources, embedder: LocalEmbedder, put: Put
) -> None:
    """Of two procedures one changes: only that one is asked about. A paid judge makes it count."""
    judge = Counting(embedder)
    judge_pending(resources, read_procedures(resources, embedder, judge))
    before, judge.asked = verdicts(resources), []
    put(CHECK, "Never ask for a password.", document_id=IDENTITY, title="Identity of the caller")
    judge_pending(resources, read_procedures(resources, embedder, judge))
    refunds = [one for one in judge.asked if one[0] == "Refund"]
    assert refunds == [("Refund", 3), ("Refund", 4)]  # of which there are no verdicts to keep
    after = verdicts(resources)
    assert {key: after[key] for key in before if key[1] == REFUNDS} == {
        key: told for key, told in before.items() if key[1] == REFUNDS
    }


def test_a_run_that_is_killed_goes_on_and_ends_with_the_same_rows(
    resources: Resources, embedder: LocalEmbedder, judge_now: JudgeNow, say: Say
) -> None:
    """Verdicts and marks of a batch are stored together, or neither."""
    for ticket_id in range(10, 90):
        say(ticket_id, "c:I want a refund.", "a:I have refunded your order.")
    judge = Counting(embedder)
    judge.killed_after = 1
    procedures = read_procedures(resources, embedder, judge)
    with pytest.raises(KeyboardInterrupt):
        judge_pending(resources, procedures)
    assert len({key[0] for key in verdicts(resources)}) == 63  # the first 64, but for ticket 3
    assert judge_now().tickets == 20
    assert len(verdicts(resources)) == 5 + 2 * 80


def test_a_former_version_s_verdicts_stay_until_the_next(
    resources: Resources, judge_now: JudgeNow, put: Put
) -> None:
    """Two versions of verdicts, one mark a ticket, and every version of the words."""
    for steps in ((ASK, TELL), (ASK,), (ASK, TELL, "Close by offering further help.")):
        put(*steps)
        judge_now()
    with resources.session() as connection:
        counts = connection.execute(
            text("""
                select
                    (select count(distinct sop_version) from ai.sop_checks where ticket_id = 1),
                    (select max(n) from (select count(*) as n from ai.ticket_work
                        where task = 'sop' group by ticket_id) as m),
                    (select count(*) from knowledge.versions where document_id = :id)
            """),
            {"id": REFUNDS},
        ).one()
    assert tuple(counts) == (2, 1, 3)


def test_evidence_is_hashed_and_no_word_of_it_is_stored(
    resources: Resources, judge_now: JudgeNow
) -> None:
    """The hash is keyed: it tells whether the words still stand, not what they are."""
    judge_now()
    with resources.session() as connection:
        rows = connection.execute(
            text("""
                select evidence_hash, evidence_comment_id, cast(c as text) as told
                from ai.sop_checks as c where ticket_id = 1 order by step_no
            """)
        ).all()
    assert [row.evidence_comment_id for row in rows] == [102, 104]
    assert all(len(row.evidence_hash) == 32 for row in rows)
    assert not any("order" in row.told.replace(REFUNDS, "") for row in rows)


def test_of_many_procedures_only_the_near_ones_are_asked_about(
    resources: Resources, embedder: LocalEmbedder, put: Put
) -> None:
    """Retrieval: among 30 others the right one is found, and most are not judged by."""
    for number in range(30):
        put("Note the shelf.", document_id=f"file:///{number}.md", title=f"Care of plant {number}")
    procedures: Procedures = read_procedures(resources, embedder, judge := Counting(embedder))
    judge_pending(resources, procedures)
    assert ("Refund", 1) in judge.asked
    assert ("Identity", 4) in judge.asked
    assert len(judge.asked) < 4 * 32 / 3
    assert verdicts(resources)[1, REFUNDS, 1] == "met"
