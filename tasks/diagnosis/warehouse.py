"""The warehouse: its server, extension, clock, schema, roles and room."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import URL

from tasks.diagnosis.finding import Check, Finding, tried
from tasks.errors import VensorError
from tasks.settings import Settings, is_loopback
from warehouse import health
from warehouse.health import Growth, Server
from warehouse.migrate import revisions
from warehouse.restored import unbound_tables

OLDEST_SERVER = 160_000  # PostgreSQL 16
OLDEST_VECTOR = (0, 8, 0)
MOST_OFFSET = timedelta(seconds=5)
LEAST_BYTES = 1 << 30
LEAST_DAYS = 14
GIB = 1 << 30
INIT = "run `vensor init`"


def warehouse_checks(settings: Settings) -> list[Check]:
    """All of it. Raises: ConfigurationError where no login of it is named."""
    logins = settings.logins()
    return [
        tried("warehouse", lambda: check_server(settings, logins.loader)),
        tried("migrations", lambda: check_migrations(logins.migrator)),
        tried("roles", lambda: check_roles(logins.migrator)),
        tried("logins", lambda: check_logins([logins.migrator, logins.loader, logins.transformer])),
        tried("disk", lambda: check_disk(settings.home, logins.loader, ours=settings.embedded)),
    ]


def check_server(settings: Settings, loader: URL) -> list[Finding]:
    """Version, pgvector, encryption on the way, and whether its clock is this machine's."""
    with health.asked(loader) as connection:
        began = datetime.now(UTC)
        found = health.server(connection)
    kind = f"embedded under {settings.home}" if settings.embedded else "your own"
    new = found.version_num >= OLDEST_SERVER
    advice = "" if new else "move to PostgreSQL 16 or newer"
    return [
        Finding("warehouse", new, f"{kind}, PostgreSQL {found.version}", advice),
        _vector(found),
        _tls(found, loader),
        clock("clock: warehouse", found.now - began),
    ]


def clock(subject: str, offset: timedelta) -> Finding:
    """How far another clock is before this machine's: tokens, windows and retention go by it."""
    near = abs(offset) <= MOST_OFFSET
    told = f"{offset.total_seconds():+.1f} s from this machine's"
    return Finding(subject, near, told, "" if near else "let NTP set the clock of both")


def _vector(found: Server) -> Finding:
    if found.vector is None:
        told = "install it; its administrator runs `create extension vector`"
        return Finding("pgvector", False, "not there", told)
    version = tuple(int(part) for part in found.vector.split(".") if part.isdigit())
    new = version >= OLDEST_VECTOR
    return Finding("pgvector", new, found.vector, "" if new else "update it to 0.8 or newer")


def _tls(found: Server, loader: URL) -> Finding:
    if found.tls is not None:
        return Finding("TLS", True, f"{found.tls}, the server's certificate checked")
    if is_loopback(loader.host or "") or (loader.host or "").startswith("/"):
        return Finding("TLS", None, "none: the warehouse is on this machine")
    return Finding("TLS", False, "none", "turn ssl on in the server's settings")


def check_migrations(migrator: URL) -> list[Finding]:
    """Whether the schema is of this version."""
    present, head = revisions(migrator)
    if present == head:
        return [Finding("migrations", True, str(head))]
    if present is None:
        return [Finding("migrations", False, "none: there is no schema yet", INIT)]
    if present > str(head):
        told = f"{present}, which this vensor does not know: its own is {head}"
        return [Finding("migrations", False, told, "update vensor on this machine")]
    return [Finding("migrations", False, f"{present}, behind this vensor's {head}", INIT)]


def check_roles(migrator: URL) -> list[Finding]:
    """Whether the roles are there, are bound, and may do what they must and no more."""
    with health.asked(migrator) as connection:
        missing = health.missing_roles(connection)
        if missing:
            return [Finding("roles", False, f"there is no {', '.join(missing)}", INIT)]
        mighty = health.mighty_logins(connection)
        wrong = health.wrong_privileges(connection)
        unbound = unbound_tables(connection)
    faults = [f"{name} is bound by no policy: it is a superuser or bypasses" for name in mighty]
    faults += wrong + [f"{table} is not bound to a tenant" for table in unbound]
    if faults:
        told = "take back what was granted by hand; `vensor init` grants what is needed"
        return [Finding("roles", False, "; ".join(faults), told)]
    return [Finding("roles", True, f"{len(health.ROLES)}, each with its own privileges only")]


def check_logins(urls: list[URL]) -> list[Finding]:
    """Whether each kind of work gets in."""
    outside = [str(url.username) for url in urls if not _gets_in(url)]
    if outside:
        told = f"{', '.join(outside)} does not get in"
        return [Finding("logins", False, told, "look at user, password and host of its URL")]
    return [Finding("logins", True, ", ".join(str(url.username) for url in urls))]


def _gets_in(url: URL) -> bool:
    try:
        with health.asked(url):
            return True
    except VensorError:
        return False


def check_disk(home: Path, loader: URL, *, ours: bool) -> list[Finding]:
    """Room in VENSOR_HOME, where the embedded warehouse lies too, against what comes in a day."""
    with health.asked(loader) as connection:
        grows = health.growth(connection)
    return [_room(shutil.disk_usage(home).free, grows, ours=ours)]


def _room(free: int, grows: Growth, *, ours: bool) -> Finding:
    size = f"the database is {grows.total_bytes / GIB:.1f} GiB, {_mib(grows.daily_bytes)} a day"
    left = free / grows.daily_bytes if grows.daily_bytes else None
    enough = free >= LEAST_BYTES and (not ours or left is None or left >= LEAST_DAYS)
    where = "here" if ours else "elsewhere, whose disk its host watches"
    days = f", enough for {left:,.0f} days" if ours and left is not None else ""
    told = f"{free / GIB:,.1f} GiB free in VENSOR_HOME{days}; {size}, {where}"
    advice = "make room, or shorten clocks: `vensor org retention`"
    return Finding("disk", enough, told, "" if enough else advice)


def _mib(count: int) -> str:
    return f"{count / (1 << 20):,.1f} MiB"
