"""What must hold for any two schemas, whatever the rows: the plan gives the second one and loses nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, event, given, seed, settings
from hypothesis import strategies as st

from progy.d1.connection import Connection
from progy.diff.compare import compare
from progy.schema import render
from tests import facts, oracle
from tests.changes import attempt, explained, script
from tests.judge import Shadow
from tests.mutations import COUNTS, NULLS, changed, pairs
from tests.strategies import schemas
from tests.world_rows import decisions, renames, rows
from tests.worlds import World

if TYPE_CHECKING:
    from progy.schema.objects import Schema

SLOW = list(HealthCheck)
# Hypothesis takes minutes to make a schema small; `tests.minimal` knows what one is.
# The same examples each time, so that a change is judged by what it changes: `tests.long_properties` looks for more.
UNSHRUNK = [Phase.generate]


@given(schemas(), st.integers(0, 3))
@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
def test_random_schemas_are_schemas_and_their_rows_fit(world: World, count: int) -> None:
    with Shadow() as shadow:
        assert shadow.migrate(script(world)) is None
        assert shadow.migrate("".join(f"{row};\n" for row in rows(world, world, count, nulls="bold"))) is None
        assert shadow.query("PRAGMA foreign_key_check") == []
        for table in world.tables:
            [(found,)] = shadow.query(f"SELECT count(*) FROM {oracle.quoted(table.name)}")
            assert isinstance(found, int)
            assert found >= count


@given(changed())
@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
def test_changed_schemas_are_schemas(pair: tuple[World, World]) -> None:
    for world in pair:
        with Shadow() as shadow:
            assert not script(world) or shadow.migrate(script(world)) is None


def test_random_changes_are_of_every_kind_and_mostly_keep_rows() -> None:
    """The properties below show something only as long as this holds."""
    seen: Counter[str] = Counter()

    @seed(1)
    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=SLOW)
    @given(changed())
    def look(pair: tuple[World, World]) -> None:
        old, new = pair
        seen["pairs"] += 1
        seen["renames"] += bool(decisions(old, new).tables or decisions(old, new).columns)
        for world in pair:
            seen["references"] += any(table.references for table in world.tables)
            seen["self-references"] += any(one.table == table.uid for table in world.tables for one in table.references)
            seen["composite references"] += any(
                len(one.columns) > 1 for table in world.tables for one in table.references
            )
            seen["strict"] += any(table.strict for table in world.tables)
            seen["without rowid"] += any(table.without_rowid for table in world.tables)
            seen["autoincrement"] += any(table.key and table.key.autoincrement for table in world.tables)
            seen["generated"] += any(column.generated for table in world.tables for column in table.columns)
            for kind in ("indexes", "views", "triggers", "texts"):
                seen[kind] += bool(getattr(world, kind))

    look()
    assert {kind: count for kind, count in seen.items() if count < 5} == {}
    assert seen["pairs"] >= 150


@given(schemas())
@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
def test_a_schema_that_is_read_and_written_again_is_the_same(world: World) -> None:
    """Progy's reading and writing of tables and indexes, held against SQLite's PRAGMAs."""
    with Shadow() as first, Shadow() as second:
        first.migrate(script(world))
        schema = first.schema()
        written = _as_sql(schema)
        assert second.migrate(written) is None, written
        assert facts.differences(facts.of(oracle.master(second)), facts.of(oracle.master(first))) == []
        assert compare(schema, second.schema()) == []
        assert compare(second.schema(), schema) == []


def _as_sql(schema: Schema) -> str:
    statements = [
        *map(render.create_table, schema.tables.values()),
        *(table.sql for table in schema.virtual_tables.values()),
        *map(render.create_index, schema.indexes.values()),
        *(view.sql for view in schema.views.values()),
        *(trigger.sql for trigger in schema.triggers.values()),
    ]
    return "".join(f"{statement};\n" for statement in statements)


@given(pairs())
@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
def test_comparing_finds_no_change_exactly_where_sqlite_shows_none(pair: tuple[World, World]) -> None:
    with Shadow() as first, Shadow() as second:
        for shadow, world in zip((first, second), pair, strict=True):
            shadow.migrate(script(world))
        same = facts.differences(facts.of(oracle.master(first)), facts.of(oracle.master(second))) == []
        event("same" if same else "different")
        assert (compare(first.schema(), second.schema()) == []) == same


@given(pairs(), COUNTS, NULLS)
@settings(max_examples=300, deadline=None, suppress_health_check=SLOW, phases=UNSHRUNK, derandomize=True)
def test_a_migration_gives_the_new_schema_and_loses_no_row(pair: tuple[World, World], count: int, nulls: str) -> None:
    result = attempt(*pair, count, nulls, Shadow())
    event(result.kind)
    assert result.failures == [], explained(*pair, count, nulls, Shadow)


def test_the_oracle_sees_what_a_careless_rebuild_does() -> None:
    """The judge itself: children that go with their parent, and one value that changes, are found."""
    old = "CREATE TABLE p (id INTEGER PRIMARY KEY, a); CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE CASCADE)"
    seed_rows = "INSERT INTO p VALUES (1, 'x'), (2, 'y'); INSERT INTO c VALUES (5, 1), (6, 2)"
    careless = "CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO n SELECT * FROM p; DROP TABLE p; ALTER TABLE n RENAME TO p"
    with Shadow() as shadow, Shadow() as wanted:
        for text in (old, seed_rows):
            assert shadow.migrate(text) is None
        assert wanted.migrate(old.replace("a)", "a TEXT)")) is None
        expected = oracle.expect(
            shadow, oracle.master(shadow), oracle.master(wanted), renames(decisions(World(), World())), {}
        )
        assert expected.count() == 4
        assert shadow.migrate(careless) is None
        assert facts.differences(facts.of(oracle.master(shadow)), facts.of(oracle.master(wanted))) == []
        assert expected.differences(shadow) == ["rows of c (id, p): lost [('5', '1'), ('6', '2')], have instead []"]
        assert shadow.migrate("UPDATE p SET a = 'z' WHERE id = 1; INSERT INTO c VALUES (5, 1), (6, 2)") is None
        assert expected.differences(shadow) == [
            """rows of p (id, a): lost [('1', "'x'")], have instead [('1', "'z'")]"""
        ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (a INTEGER)"),
        ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (a TEXT NOT NULL)"),
        ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (a TEXT COLLATE NOCASE)"),
        ("CREATE TABLE t (a DEFAULT 1)", "CREATE TABLE t (a DEFAULT '1')"),
        ("CREATE TABLE t (a CHECK (a > 1))", "CREATE TABLE t (a CHECK (a > 2))"),
        ("CREATE TABLE t (a INT PRIMARY KEY)", "CREATE TABLE t (a INTEGER PRIMARY KEY)"),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY)", "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)"),
        ("CREATE TABLE t (a, b, PRIMARY KEY (a, b))", "CREATE TABLE t (a, b, PRIMARY KEY (b, a))"),
        ("CREATE TABLE t (a, b, PRIMARY KEY (a, b))", "CREATE TABLE t (a, b, PRIMARY KEY (a, b DESC))"),
        ("CREATE TABLE t (a REFERENCES t)", "CREATE TABLE t (a REFERENCES t ON DELETE CASCADE)"),
        ("CREATE TABLE t (a REFERENCES t)", "CREATE TABLE t (a REFERENCES t DEFERRABLE INITIALLY DEFERRED)"),
        ("CREATE TABLE t (a UNIQUE)", "CREATE TABLE t (a UNIQUE ON CONFLICT IGNORE)"),
        ("CREATE TABLE t (a UNIQUE)", "CREATE TABLE t (a)"),
        ("CREATE TABLE t (a, b AS (a) STORED)", "CREATE TABLE t (a, b AS (a) VIRTUAL)"),
        ("CREATE TABLE t (a, b AS (a))", "CREATE TABLE t (a, b AS (a + 1))"),
        ("CREATE TABLE t (a TEXT) STRICT", "CREATE TABLE t (a TEXT)"),
        ("CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID", "CREATE TABLE t (a TEXT PRIMARY KEY)"),
        ("CREATE TABLE t (a); CREATE INDEX i ON t (a)", "CREATE TABLE t (a); CREATE INDEX i ON t (a DESC)"),
        ("CREATE TABLE t (a); CREATE INDEX i ON t (a)", "CREATE TABLE t (a); CREATE INDEX i ON t (a) WHERE a > 0"),
        ("CREATE TABLE t (a); CREATE INDEX i ON t (lower(a))", "CREATE TABLE t (a); CREATE INDEX i ON t (upper(a))"),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 2"),
    ],
)
def test_the_independent_reading_tells_schemas_apart(one: str, other: str) -> None:
    read = []
    for ddl in (one, other):
        with Connection() as connection:
            for statement in ddl.split("; "):
                connection.query(statement)
            read.append(facts.of([(str(a), str(b), c) for a, b, c in connection.query(oracle.MASTER)]))
    assert facts.differences(*read) != []
    assert facts.differences(read[0], read[0]) == []
