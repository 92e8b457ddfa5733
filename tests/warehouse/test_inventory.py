"""The inventory of data is what there is: a warehouse's catalog, the code's places, both ways.

Each message says the line of warehouse/data_inventory.yml that is missing.
"""

import importlib
import re
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary

from tasks.inventory import Entry, Tables, read_inventory, rows
from tasks.settings import PROJECT, Settings
from tests.flows.places import PLACES
from tests.warehouse.planted import connected
from warehouse import embedded
from warehouse.sessions import Logins
from warehouse.tables import DBT_SCHEMAS, SCHEMAS, metadata

INVENTORY = read_inventory()
NAMED = {name: group for group in INVENTORY.tables for name in group.tables}
MODELS = {table.fullname: table for table in metadata.sorted_tables}
CODE = [
    path for part in ("cli", "flows", "tasks", "warehouse") for path in Path(part).rglob("*.py")
]
# Settings that name a host or a key elsewhere, by how they are called.
ELSEWHERE = re.compile(r"(_url|_dsn|_hosts|^kek|^kek_previous)$")
# Ids of what belongs to no person: a table may have these and hold nobody's data.
Catalog = dict[str, tuple[str, frozenset[str]]]

RELATIONS = """
    select
        n.nspname || '.' || c.relname, case c.relkind when 'v' then 'view' else 'table' end,
        array_agg(a.attname::text)
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
        and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    group by 1, 2
"""


@pytest.fixture(scope="module")
def catalog(home: Path, logins: Logins) -> Catalog:
    """Every relation of a real warehouse that is no partition: (kind, columns)."""
    server = embedded.start(home)
    url = logins.loader.set(username="postgres", password=server.password)
    with connected(url) as connection:
        found = connection.execute(RELATIONS).fetchall()
    return {name: (kind, frozenset(columns)) for name, kind, columns in found}


def _of_dbt(name: str) -> bool:
    return name.split(".")[0] in DBT_SCHEMAS


def test_every_table_is_named_and_every_name_is_a_table(catalog: Catalog) -> None:
    """Tables and views outside dbt's schemas, also those of no tenant and Alembic's."""
    there = {name for name in catalog if not _of_dbt(name)}
    assert len(there) > 60
    missing = {name: _advice(name) for name in sorted(there - set(NAMED))}
    assert not missing, "\n".join(missing.values())
    gone = sorted(set(NAMED) - there)
    assert not gone, f"take {', '.join(gone)} out of warehouse/data_inventory.yml: no such table"
    twice = [name for group in INVENTORY.tables for name in group.tables]
    assert len(twice) == len(NAMED), "a table stands in two groups"


def _advice(name: str) -> str:
    """The line to add, and the groups that it could stand in."""
    kind = MODELS[name].info["class"] if name in MODELS else "none"
    fitting = [f"“{group.what}”" for group in INVENTORY.tables if group.kind == kind]
    return (
        f"add {name} to `tables:` of the group of warehouse/data_inventory.yml that is true of it,"
        f" or add a group with `class: {kind}` and `tables: [{name}]`; there are {fitting}"
    )


def test_a_table_is_of_the_class_that_its_model_says() -> None:
    """What retention goes by is what is told to people."""
    wrong = {
        name: f"{name} is {table.info['class']!r} in warehouse/tables, {NAMED[name].kind!r} here"
        for name, table in MODELS.items()
        if name in NAMED and NAMED[name].kind != table.info["class"]
    }
    assert not wrong, "\n".join(wrong.values())


def test_a_table_s_clock_fits_what_deletes_it() -> None:
    """Content by its day, skeletons of tickets with their ticket; nobody's data has no clock."""
    for name, table in MODELS.items():
        clock = NAMED[name].clock
        if table.info["class"] == "content":
            assert clock == "content", f"{name}: content ends by `clock: content`"
        if table.info["class"] == "skeleton" and "ticket_id" in table.columns:
            assert clock == "ticket", f"{name} goes with its ticket: `clock: ticket`"
        if clock == "ticket" and name != "zendesk.tickets":
            assert "ticket_id" in table.columns, f"{name} has no ticket_id to go by"
        if table.info.get("partitioned"):
            assert clock in {"content", "audit"}, f"{name}: partitions end by content or audit"
        if "org_id" in table.columns:
            assert clock not in {"nothing", "elsewhere"}, f"{name} has an org_id and no clock"


def test_what_is_sealed_is_said_to_be_sealed() -> None:
    """And what is said to be sealed has a sealed column, and no other bytes."""
    for name, table in MODELS.items():
        kept = NAMED[name].kept
        sealed = [column.name for column in table.columns if column.info.get("sealed")]
        assert bool(sealed) == ("sealed" in kept), f"{name}: `kept: {kept}`, sealed: {sealed}"
        if kept == "sealed":
            raw = [one.name for one in table.columns if isinstance(one.type, LargeBinary)]
            assert raw == sealed, f"{name}: {raw} are not all sealed"


def test_of_each_relation_of_dbt_exactly_one_rule_holds(catalog: Catalog) -> None:
    """A new model is told by its columns; one with an id of a person among sums fails."""
    told = set()
    for name, (kind, columns) in catalog.items():
        if not _of_dbt(name):
            continue
        rules = [one for one in INVENTORY.models if one.covers(name.split(".")[0], kind, columns)]
        assert len(rules) == 1, (
            f"{name} ({kind} with {sorted(columns)}): {len(rules)} rules of `models:` in"
            " warehouse/data_inventory.yml cover it; make it exactly one"
        )
        told.add(rules[0].what)
        strangers = rules[0].strangers(columns)
        assert not strangers, (
            f"{name} has {strangers}, which “{rules[0].what}” may not have: if they are of no"
            " person, add them to its `only_ids:`"
        )
    assert told == {one.what for one in INVENTORY.models}, "a rule covers nothing"


def test_only_listed_schemas_hold_anything(catalog: Catalog) -> None:
    """A schema that somebody adds is neither of ours nor dbt's until it is named."""
    schemas = {name.split(".")[0] for name in catalog}
    assert schemas <= {*SCHEMAS, *DBT_SCHEMAS, "search"}


def test_every_clock_exists_is_used_and_is_done_by_code() -> None:
    """A setting is a column, a function is there; what never ends says so by having none."""
    used = {entry.clock for _, entry in INVENTORY.entries()}
    assert used == set(INVENTORY.clocks)
    for name, clock in INVENTORY.clocks.items():
        for one in clock.code:
            module, _, function = one.partition(":")
            assert hasattr(importlib.import_module(module), function), f"{name}: no {one}"
        if clock.setting:
            table, _, column = clock.setting.rpartition(".")
            assert column in MODELS[table].columns, f"{name}: no column {clock.setting}"
        if not clock.code:
            assert name in {"proof", "replaced", "elsewhere", "nothing"}, f"{name} has no code"


def test_what_is_personal_ends() -> None:
    """Nothing that tells of a person stays for ever, but that an organization was deleted."""
    for where, entry in INVENTORY.entries():
        if entry.personal != "none" and entry.clock in {"proof", "replaced"}:
            assert where == "app.offboardings", f"{where} is personal and never ends"


def test_every_test_that_is_named_is_there() -> None:
    """A file, or a folder of them."""
    named = {one for _, entry in INVENTORY.entries() for one in entry.tested}
    assert sorted(one for one in named if not (PROJECT / one).exists()) == []


def test_places_where_marks_are_sought_are_places_of_the_inventory() -> None:
    """Both ways: what tests/flows/test_no_leaks.py searches, and what is said of it."""
    sought = {name for one in INVENTORY.places for name in one.sought}
    missing = set(PLACES) - sought
    assert not missing, f"add to `sought:` of a place in warehouse/data_inventory.yml: {missing}"
    assert not sought - set(PLACES), f"not in tests/flows/places.py: {sought - set(PLACES)}"


def test_what_code_writes_at_home_is_in_the_inventory() -> None:
    """Every `home / "…"` of the code, by its name or by a constant of the same file; both ways."""
    pattern = re.compile(r'\bhome / (?:"([^"{/]+)"|([A-Z][A-Z_]+))')
    there: set[str] = set()
    for told in (path.read_text() for path in CODE):
        for name, constant in pattern.findall(told):
            names = re.findall(rf'^{constant} = "([^"]+)"', told, re.M) if constant else [name]
            assert names, f"`home / {constant}`: give it its name in the same file"
            there.update(names)
    named = {name for one in INVENTORY.places for name in one.home}
    missing = sorted(there - named)
    assert not missing, f"add to `home:` of a place in warehouse/data_inventory.yml: {missing}"
    assert not named - there, f"no code writes {sorted(named - there)} below VENSOR_HOME"
    for one in INVENTORY.places:
        for folder in one.of_organization:
            assert folder.split("/")[0] in one.home, folder


def test_every_host_that_settings_name_is_in_the_inventory() -> None:
    """Where data or keys may go, or come from."""
    there = {name for name in Settings.model_fields if ELSEWHERE.search(name)}
    named = {name for one in INVENTORY.places for name in one.settings}
    missing = sorted(there - named)
    assert not missing, f"add to `settings:` of a place in warehouse/data_inventory.yml: {missing}"
    assert named == there


def test_the_record_says_all_of_it_in_a_row_each() -> None:
    """No cell is empty but those that may be; none breaks its line."""
    found = rows(INVENTORY)
    assert len(found) == len(list(INVENTORY.entries()))
    for row in found:
        assert all(row[name] for name in row.keys() - {"setting", "recipient"}), row
        assert not any("\n" in cell for cell in row.values())


def test_a_table_nobody_named_is_told_with_the_line_to_add() -> None:
    """So that whoever adds one knows what to write."""
    assert "tables: [app.new]" in _advice("app.new")
    assert isinstance(next(iter(NAMED.values())), Tables)
    assert isinstance(next(iter(NAMED.values())), Entry)
