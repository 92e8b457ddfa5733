"""The functions by which the loader shares the budgets of Zendesk accounts, and nothing more."""

import os

import pytest
from sqlalchemy import Engine, create_engine

from warehouse.budgets import AccountBudgets, Report, account_key
from warehouse.errors import TransientError
from warehouse.sessions import Logins


def test_the_loader_takes_leases_by_the_warehouse_s_clock_and_sees_no_row(engine: Engine) -> None:
    """Two functions are all that it may use."""
    budgets = AccountBudgets(engine, f"https://{os.urandom(8).hex()}.zendesk.com")
    grants = budgets.take("/api/#/groups", holding=[], want=5, reports=[])
    assert {(grant.permits, grant.known) for grant in grants} == {(1, False)}
    (refused, _) = budgets.take("/api/#/groups", holding=[], want=5, reports=[])
    assert refused.permits == 0
    budgets.learn([Report(grant.bucket, grant.window_no, returned=1) for grant in grants])
    assert budgets.take("/api/#/groups", holding=[], want=5, reports=[])[0].permits == 1
    with engine.connect() as connection:
        for statement in (
            "select * from app.account_budgets",
            "call app.roll_budgets('x', now())",
            "select * from app.lease_budget('x', '/', '{}', 1, now())",
            "call app.settle_budgets('x', '[]', now())",
        ):
            with pytest.raises(Exception, match="permission denied"):
                connection.exec_driver_sql(statement)
            connection.rollback()


def test_a_warehouse_that_is_not_there_is_a_passing_fault(logins: Logins) -> None:
    """As it is for anything else that a run does."""
    engine = create_engine(logins.loader.set(port=9))
    with pytest.raises(TransientError, match="not reachable"):
        AccountBudgets(engine, "https://acme.zendesk.com").take("/", holding=[], want=1, reports=[])


def test_an_account_has_one_key_however_it_is_written() -> None:
    keys = {
        account_key(url)
        for url in (
            "https://acme.zendesk.com",
            "https://ACME.zendesk.com/",
            "https://acme.zendesk.com:443",
        )
    }
    assert len(keys) == 1
    assert account_key("https://globex.zendesk.com") not in keys
    assert account_key("http://127.0.0.1:80/acme/") == account_key("http://127.0.0.1/acme")
    assert account_key("http://127.0.0.1/acme") != account_key("http://127.0.0.1/globex")
