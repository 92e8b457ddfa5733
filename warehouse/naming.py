"""The columns that name a person of the account: found by name and type, not listed table by table.

A new column that could name someone and is not known here fails tests/warehouse/test_naming.py.
"""

from functools import cache

from sqlalchemy import BigInteger, Column, LargeBinary, Table

from warehouse.tables import metadata

# Zendesk's ids of users, by the names that its API gives them.
OF_ANYONE = {
    "requester_id",
    "submitter_id",
    "author_id",
    "customer_id",
    "responder_id",
    "user_id",
    "zendesk_user_id",
}
OF_AGENTS = {"agent_id", "assignee_id"}
# What else says who someone is: blind indexes of addresses and numbers.
INDEXES = {"email_index", "phone_index", "value_index"}
# Rows that are about one person and nothing else: they go with the person.
OF_ONE_PERSON = (
    "zendesk.user_contents",
    "zendesk.user_identity_contents",
    "zendesk.user_identities",
    "zendesk.users",
    "app.corrections",
    "app.ai_opt_outs",
    "app.agent_pseudonyms",
)
# What people asked for: their names are in there until the request has ended.
REQUESTS = "app.privacy_requests"
# Fields of tickets whose changes have ids of people as values.
FIELDS_OF_ANYONE = ("requester_id",)
FIELDS_OF_AGENTS = ("assignee_id",)


@cache
def naming_columns(table: Table) -> tuple[Column[int], ...]:
    """The table's columns that hold a user's id."""
    names = OF_ANYONE | OF_AGENTS | ({"id"} if table.fullname == "zendesk.users" else set())
    return tuple(
        one for one in table.columns if one.name in names and isinstance(one.type, BigInteger)
    )


@cache
def index_columns(table: Table) -> tuple[Column[bytes], ...]:
    """The table's columns that hold a blind index of an address or number."""
    return tuple(
        one for one in table.columns if one.name in INDEXES and isinstance(one.type, LargeBinary)
    )


@cache
def tables_of_many() -> tuple[Table, ...]:
    """The tables whose rows stay, without whoever is named in them."""
    return tuple(
        one
        for one in metadata.sorted_tables
        if naming_columns(one) and one.fullname not in (*OF_ONE_PERSON, REQUESTS)
    )
