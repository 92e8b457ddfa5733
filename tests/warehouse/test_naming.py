"""Every column that could name a person is known to erasure, and finds them by an index."""

from itertools import chain

import pytest
from sqlalchemy import BigInteger, LargeBinary, Text

from warehouse.naming import (
    OF_AGENTS,
    OF_ANYONE,
    OF_ONE_PERSON,
    REQUESTS,
    index_columns,
    naming_columns,
    tables_of_many,
)
from warehouse.tables import metadata

COLUMNS = list(chain.from_iterable(table.columns for table in metadata.sorted_tables))
# Ids of what is no person. A new kind of id belongs here or in warehouse/naming.py.
NO_PERSON = {
    "audit_id",
    "brand_id",
    "call_id",
    "comment_id",
    "custom_status_id",
    "evidence_comment_id",
    "group_id",
    "id",
    "identity_id",
    "instance_id",
    "key_id",
    "line_id",
    "merged_into_id",
    "organization_id",
    "problem_id",
    "rating_id",
    "schedule_id",
    "sla_policy_id",
    "subject_id",  # of a legal hold: none that is in force is erased, one that ended goes with it
    "ticket_id",
}
# Hashes and ciphertexts of what is no address or number of a person's.
NO_INDEX = {
    "account_key",
    "checksum",
    "content_hash",
    "digest",
    "digests",
    "evidence_hash",
    "mac",
    "previous",
    "requested_hash",
    "sealed",
    "sha256",
    "signature",
    "sop_version",
    "subject",  # of a request: a record of what was asked for and done
    "token_hash",
    "value_hash",
    "version",
    "credentials",
    "wrapped",
}


def test_every_id_is_a_person_s_or_known_to_be_none() -> None:
    """Whoever adds a column that names someone has to say so: an erasure goes by that."""
    ids = {
        one.name
        for one in COLUMNS
        if isinstance(one.type, BigInteger) and (one.name.endswith("_id") or one.name == "id")
    }
    assert ids - OF_ANYONE - OF_AGENTS == NO_PERSON


def test_every_hash_is_a_person_s_or_known_to_be_none() -> None:
    found = {one.name for one in COLUMNS if isinstance(one.type, LargeBinary)}
    known = {one.name for table in metadata.sorted_tables for one in index_columns(table)}
    assert found - known - NO_INDEX == set()


def test_every_table_that_names_someone_goes_or_is_cleared() -> None:
    naming = {one.fullname for one in metadata.sorted_tables if naming_columns(one)}
    cleared = {one.fullname for one in tables_of_many()}
    assert naming <= {*OF_ONE_PERSON, REQUESTS} | cleared
    assert cleared == {
        "zendesk.tickets",
        "zendesk.comments",
        "zendesk.audits",
        "zendesk.satisfaction_ratings",
        "zendesk.survey_responses",
        "zendesk.calls",
        "zendesk.call_legs",
    }
    for table in tables_of_many():
        assert all(column.nullable for column in naming_columns(table)), table.name


def test_whoever_is_no_agent_is_found_by_an_index() -> None:
    """A person among a million tickets is erased in seconds. Agents' are found by reading all."""
    for table in tables_of_many():
        indexed = {tuple(one.columns.keys()) for one in table.indexes}
        for column in naming_columns(table):
            if column.name not in OF_AGENTS:
                assert ("org_id", column.name) in indexed, column


@pytest.mark.parametrize("name", ["value", "previous_value"])
def test_values_of_changes_are_the_only_texts_with_ids(name: str) -> None:
    """Any other text of a skeleton is a state, a name of the desk's own, or a code."""
    assert [
        one.table.fullname for one in COLUMNS if isinstance(one.type, Text) and one.name == name
    ].count("zendesk.audit_events") == 1
