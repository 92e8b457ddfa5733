"""Which key wraps, which opens, and how the home's file gives way to another."""

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.encryption.kek import file_rotation, key_encryption_keys
from tasks.encryption.providers.local import create_file, from_file
from tasks.errors import ConfigurationError, TransientError

SECRET, CONTEXT = bytes(range(32)), b"place"
MAKE = "import sys, pathlib; from tasks.encryption import key_encryption_keys as k;"
MAKE += "print(k(pathlib.Path(sys.argv[1]), None).key_uri)"


def _told() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def test_without_a_setting_the_home_has_a_key_that_is_private_and_made_once(tmp_path: Path) -> None:
    """Four processes at once agree on one; nothing else is left in the folder."""
    command = [sys.executable, "-c", MAKE, str(tmp_path / "home")]
    makers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({maker.communicate()[0] for maker in makers}) == 1
    assert [maker.returncode for maker in makers] == [0] * 4
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["kek"]
    assert stat.S_IMODE((tmp_path / "home" / "kek").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


def test_the_former_key_opens_and_the_present_one_wraps(tmp_path: Path) -> None:
    """VENSOR_KEK_PREVIOUS for what VENSOR_KEK does not open."""
    one, other = _told(), _told()
    uri, wrapped = key_encryption_keys(tmp_path, one).wrap(SECRET, CONTEXT)
    both = key_encryption_keys(tmp_path, other, one)
    assert both.unwrap(uri, wrapped, CONTEXT) == SECRET
    assert both.wrap(SECRET, CONTEXT)[0] == both.key_uri != uri
    assert not list(tmp_path.iterdir()), "the home needs no key of its own"


def test_the_home_s_key_opens_when_a_setting_takes_its_place(tmp_path: Path) -> None:
    """From the embedded default to a key of one's own without another setting."""
    uri, wrapped = key_encryption_keys(tmp_path, None).wrap(SECRET, CONTEXT)
    moved = key_encryption_keys(tmp_path, _told())
    assert moved.unwrap(uri, wrapped, CONTEXT) == SECRET
    assert moved.key_uri != uri


def test_a_key_that_is_missing_is_named_with_what_to_do(tmp_path: Path) -> None:
    """Not tried with every key there is."""
    uri, wrapped = key_encryption_keys(tmp_path, _told()).wrap(SECRET, CONTEXT)
    with pytest.raises(ConfigurationError, match="set VENSOR_KEK_PREVIOUS") as caught:
        key_encryption_keys(tmp_path, _told()).unwrap(uri, wrapped, CONTEXT)
    assert uri in str(caught.value)


@pytest.mark.parametrize("name", ["env:VENSOR_KEK", "file:kek"])
def test_what_was_wrapped_before_keys_had_names_opens(tmp_path: Path, name: str) -> None:
    """Under the present key or the former one."""
    one, other = _told(), _told()
    _, wrapped = key_encryption_keys(tmp_path, one).wrap(SECRET, CONTEXT)
    assert key_encryption_keys(tmp_path, one).unwrap(name, wrapped, CONTEXT) == SECRET
    assert key_encryption_keys(tmp_path, other, one).unwrap(name, wrapped, CONTEXT) == SECRET


def test_a_process_from_before_wraps_with_the_new_file_and_opens_both(tmp_path: Path) -> None:
    """It is asked for nothing: the file is read anew for each wrap."""
    old = key_encryption_keys(tmp_path, None)
    uri, wrapped = old.wrap(SECRET, CONTEXT)
    with file_rotation(tmp_path) as forget_former:
        during = old.wrap(SECRET, CONTEXT)
        assert during[0] != uri
        forget_former()
    assert old.unwrap(*during, CONTEXT) == SECRET
    assert old.unwrap(uri, wrapped, CONTEXT) == SECRET, "it has read that before the end"
    with pytest.raises(ConfigurationError, match="VENSOR_KEK_PREVIOUS"):
        key_encryption_keys(tmp_path, None).unwrap(uri, wrapped, CONTEXT)


def test_a_file_s_rotation_goes_on_from_wherever_it_was_killed(tmp_path: Path) -> None:
    """Before the new key, after it, at the end: no key is lost, and no third one is made."""
    create_file(tmp_path / "kek")
    first = from_file(tmp_path / "kek").key_uri
    os.link(tmp_path / "kek", tmp_path / "kek.previous")  # killed before the new key
    with file_rotation(tmp_path):
        second = from_file(tmp_path / "kek").key_uri
    assert second != first
    with file_rotation(tmp_path) as forget_former:  # killed before the end
        assert from_file(tmp_path / "kek").key_uri == second
        assert from_file(tmp_path / "kek.previous").key_uri == first
        forget_former()
    assert not (tmp_path / "kek.previous").exists()


def test_one_rotation_of_a_file_at_a_time(tmp_path: Path) -> None:
    """A second one would make a third key and could forget the second."""
    with (
        file_rotation(tmp_path),
        pytest.raises(TransientError, match="another process"),
        file_rotation(tmp_path),
    ):
        pass
