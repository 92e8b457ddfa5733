"""Who is erased is found nowhere any more, does not come back, and is counted all the same."""

from sqlalchemy import text

from tasks.resources import Resources
from tasks.rights import erase, named
from tests.tasks.rights.conftest import Approved, extract, from_the_beginning
from tests.tasks.rights.finding import Someone, found_of
from warehouse.naming import OF_ONE_PERSON
from warehouse.tables import metadata

EVERYWHERE = {
    "zendesk.users",
    "zendesk.user_contents",
    "zendesk.user_contents.sealed",
    "zendesk.user_identities",
    "zendesk.user_identity_contents.sealed",
    "zendesk.tickets",
    "zendesk.ticket_contents.sealed",
    "zendesk.comments",
    "zendesk.comment_contents.sealed",
    "zendesk.audits",
    "zendesk.audit_events",
}


def skeletons(resources: Resources) -> dict[str, int]:
    """The rows of every table of what is counted."""
    with resources.session() as connection:
        return {
            table.fullname: connection.execute(
                text(f"select count(*) from {table.fullname}")
            ).scalar_one()
            for table in metadata.sorted_tables
            if table.schema == "zendesk"
            and table.info["class"] == "skeleton"
            and table.fullname not in OF_ONE_PERSON
        }


def rows_of(resources: Resources, tickets: list[int]) -> dict[str, int]:
    """Rows of models and of contents that belong to these tickets."""
    with resources.session() as connection:
        counts = {
            table.fullname: connection.execute(
                text(f"select count(*) from {table.fullname} where ticket_id = any(:ids)"),
                {"ids": tickets},
            ).scalar_one()
            for table in metadata.sorted_tables
            if "ticket_id" in table.c and (table.schema == "ai" or table.info["class"] == "content")
        }
    return {name: count for name, count in counts.items() if count}


def test_an_erased_person_is_gone_and_three_full_syncs_bring_nothing_back(
    account: Resources, someone: Someone, approved: Approved
) -> None:
    """Every column of every table is searched, opened where it is sealed; counts stay as they were.

    The search finds them before: it could fail.
    """
    before, counted = found_of(account, someone), skeletons(account)
    assert before.keys() >= EVERYWHERE
    assert rows_of(account, someone.tickets).keys() >= {"ai.ticket_chunks", "ai.ticket_scores"}
    request_id = approved(account, named(account, email=someone.email))
    receipt = erase(account, request_id)
    assert found_of(account, someone) == {}
    assert rows_of(account, someone.tickets) == {}
    assert skeletons(account) == counted
    assert receipt["people"] == 1
    assert receipt["zendesk.ticket_contents"] >= len(someone.tickets)
    assert not [told for told in receipt.values() if str(told) in someone.marks]
    for _ in range(3):
        from_the_beginning(account)
        extract(account)
        assert found_of(account, someone) == {}
        assert rows_of(account, someone.tickets) == {}
        assert skeletons(account) == counted
