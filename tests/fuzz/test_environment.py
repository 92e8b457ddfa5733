"""Settings with values that they cannot have: one line that names the variable, not its value."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import ConfigurationError
from tasks.http import checked_base_url
from tasks.openai.flags import parse_flags
from tasks.openai.prices import load_prices
from tasks.resources import opened_kek
from tasks.settings import Settings, load_settings
from tasks.storage.stores import open_stores
from tests.conftest import KEK
from tests.fuzz.tally import ERROR, LOADED, OTHER, Tally, examples, tallied

SECRET = "Wilhelmina"
VALUES = (
    *("", " ", "x", "0", "-1", "9" * 5_000, "nan", "inf", "1e999", "true", "None", "\udcff\udcfe"),
    *("http://[", "http://[::1", "https://", "https://u:Wilhelmina@x.example/", "//", "::", "\n"),
    *("file://", "file:///no/such", "file://[", "s3://", "s3://b/p", "gs://b", "/", "~x", "\\\\x"),
    *("postgresql://u:Wilhelmina@h:port/d", "postgresql://u:Wilhelmina@[::1/d", "postgresql://"),
    *("postgresql://u:Wilhelmina@127.0.0.1:99999/d", "mysql://h/d", "postgresql://h/d?sslmode=no"),
    *("aws-kms://Wilhelmina", "gcp-kms://Wilhelmina", "hcvault://[", "hcvault://h/Wilhelmina"),
    *("{}", "[]", '{"key": 1}', '{"endpoint_url": "http://h"}', '{"endpoint_url": "http://["}'),
    *("[" * 100_000, "a=b", "responses=maybe", "=", ",,,", "A" * 44, "QQ==", "https://k@h/1"),
)
value = st.sampled_from(VALUES) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60
)
NAMES = sorted(
    str(one.validation_alias) if one.validation_alias else f"VENSOR_{name.upper()}"
    for name, one in Settings.model_fields.items()
)


@pytest.fixture(scope="module")
def tally() -> Iterator[Tally]:
    with tallied("settings") as found:
        yield found


def test_a_setting_that_cannot_be_is_named(
    tally: Tally, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each one, when it is read or first used; whatever else is set is as it should be."""
    assert len(NAMES) > 25
    monkeypatch.setenv("VENSOR_HOME", str(tmp_path))
    monkeypatch.setenv("VENSOR_KEK", KEK)
    for name in ("WAREHOUSE", "LOADER", "TRANSFORMER"):
        monkeypatch.setenv(f"VENSOR_{name}_URL", "postgresql://user:password@127.0.0.1:5432/vensor")

    @examples(len(NAMES))
    @given(st.sampled_from(NAMES), value)
    def set_one(name: str, told: str) -> None:
        with monkeypatch.context() as patch:
            patch.setitem(os.environ, name, told)
            tally.add(_outcome(name, told))

    set_one()


def _outcome(name: str, told: str) -> str:
    try:
        _used()
    except ConfigurationError as error:
        said = str(error)
        assert "\n" not in said
        assert SECRET not in said
        assert name in said or name == "VENSOR_HOME", (name, told, said)
        return ERROR
    except Exception:
        raise AssertionError((OTHER, name, told)) from None
    return LOADED


def _used() -> None:
    """Everything that a setting is made into before anything is asked of a server."""
    settings = load_settings()
    if not settings.embedded:
        settings.logins()
    opened_kek(settings)
    settings.media_hosts()
    with open_stores(settings, uuid4()):
        pass
    checked_base_url(settings.openai_base_url)
    parse_flags(settings.openai_flags)
    load_prices(settings.prices_path, settings.openai_base_url)
