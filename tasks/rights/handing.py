"""Files for people: whole or not there at all, also where the process is killed meanwhile."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tasks.errors import ConfigurationError

NOT_HERE = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT)


def check_place(path: Path) -> None:
    """Raises: ConfigurationError where `whole_file` could not write one."""
    os.close(_open(path))


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that has no name until its block ends well: what is killed or fails leaves nothing.

    Only its owner may read it. Raises: ConfigurationError where there is a file of that name
    already, or its folder cannot take one.
    """
    descriptor = _open(path)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
        try:
            # src_dir_fd has Python call linkat(2), which follows the link of /proc
            os.link(f"/proc/self/fd/{file.fileno()}", path, src_dir_fd=file.fileno())
        except OSError as error:
            raise ConfigurationError(_why(path, error)) from None


def _open(path: Path) -> int:
    if path.exists():
        raise ConfigurationError(f"there is a {path} already: name another --out")
    try:
        # Linux: open(2), O_TMPFILE. Its blocks go with the process unless it is linked.
        return os.open(path.parent, os.O_TMPFILE | os.O_WRONLY, 0o600)
    except OSError as error:
        raise ConfigurationError(_why(path, error)) from None


def _why(path: Path, error: OSError) -> str:
    if error.errno in NOT_HERE and path.parent.is_dir():
        return (
            f"the file system of {path.parent} keeps no file without a name, and half an archive"
            " would stay there if this were killed: name an --out in another folder"
        )
    return f"cannot write {path} ({error.strerror})"
