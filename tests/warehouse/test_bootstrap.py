"""Preparing a warehouse of one's own."""

from pathlib import Path

import pytest

from warehouse import embedded
from warehouse.bootstrap import create_database
from warehouse.errors import ConfigurationError
from warehouse.sessions import Logins


@pytest.mark.parametrize("wrong", [{"database": "no_such"}, {"password": "wrong"}, {"port": 1}])
def test_an_administrator_who_cannot_log_in_is_told_what_to_look_at(
    home: Path, logins: Logins, wrong: dict[str, str | int]
) -> None:
    """The setting, in a line; neither its password nor what the driver says of it."""
    server = embedded.start(home)
    right = logins.migrator.set(
        username=embedded.SUPERUSER, password=server.password, database="postgres"
    )
    with pytest.raises(ConfigurationError, match="VENSOR_WAREHOUSE_URL") as refused:
        create_database(right.set(**wrong), logins)
    assert server.password not in str(refused.value)
    assert refused.value.__cause__ is None
