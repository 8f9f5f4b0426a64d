"""D1's rules as progy knows them and as real workerd has them, statement by statement.

A statement that one of the two takes and the other refuses fails its test, so that another workerd
with other rules is noticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from progy.d1.rules import FUNCTIONS, LIMITS, PRAGMAS, enforce, release
from tests.real.engine import D1, D1Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.real.engine import D1Database

SETUP = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent (id) ON DELETE CASCADE, note TEXT);
CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER);
CREATE INDEX child_parent ON child (parent);
CREATE VIEW names AS SELECT name FROM parent;
CREATE VIRTUAL TABLE texts USING fts5(body);
INSERT INTO parent VALUES (1, 'one');
INSERT INTO child VALUES (1, 1, 'x');
"""

ALLOWED = [
    # Tables.
    "CREATE TABLE t (a INT, b ANY) STRICT",
    "CREATE TABLE t (a PRIMARY KEY, b) WITHOUT ROWID",
    "CREATE TABLE t (a, b AS (a + 1), c AS (a * 2) STORED)",
    "CREATE TABLE t AS SELECT * FROM parent",
    "CREATE TABLE t (a DEFAULT CURRENT_TIMESTAMP, b DEFAULT (datetime('now')), c DEFAULT (unixepoch()))",
    "CREATE TABLE t (a COLLATE NOCASE, b COLLATE RTRIM, c COLLATE BINARY)",
    "CREATE TABLE t (a REFERENCES parent (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TABLE t (a REFERENCES _cf_KV (key))",
    "CREATE TABLE t (_cf_a)",
    "CREATE TABLE main.t (a)",
    "CREATE TABLE _cf (a)",
    "CREATE TABLE _cfx (a)",
    'CREATE TABLE `back``tick` ([square] TEXT, "double" TEXT)',
    "CREATE TABLE 'single' ('a' TEXT)",
    "CREATE TABLE IF NOT EXISTS parent (id)",
    "DROP TABLE child",
    "DROP TABLE parent",
    "DROP TABLE IF EXISTS nowhere",
    # ALTER TABLE.
    "ALTER TABLE child ADD COLUMN c INTEGER NOT NULL DEFAULT 5",
    "ALTER TABLE child ADD COLUMN c CHECK (c > 1)",
    "ALTER TABLE child ADD COLUMN c REFERENCES parent (id)",
    "ALTER TABLE child ADD COLUMN c AS (id + 1)",
    "ALTER TABLE child ADD COLUMN _cf_c",
    "ALTER TABLE child DROP COLUMN note",
    "ALTER TABLE child RENAME COLUMN note TO _cf_note",
    "ALTER TABLE parent RENAME COLUMN name TO title",
    "ALTER TABLE parent RENAME TO x_cf_x",
    "ALTER TABLE texts RENAME TO others",
    "ALTER TABLE child ADD COLUMN c DEFAULT 'RENAME TO _cf_x'",
    # Indexes, views, triggers.
    "CREATE UNIQUE INDEX i ON parent (name DESC) WHERE name IS NOT NULL",
    "CREATE INDEX i ON parent (lower(name), substr(name, 1, 2) COLLATE NOCASE)",
    'CREATE INDEX i ON parent ("nowhere")',
    "CREATE VIEW v AS SELECT * FROM _cf_KV",
    "CREATE TRIGGER g AFTER INSERT ON child BEGIN INSERT INTO _cf_KV VALUES (1, 2); END",
    "CREATE TRIGGER g BEFORE UPDATE OF name ON parent WHEN new.id = 1 BEGIN SELECT raise(ABORT, 'x'); END",
    "CREATE TRIGGER g INSTEAD OF INSERT ON names BEGIN INSERT INTO parent (name) VALUES (new.name); END",
    "DROP INDEX child_parent",
    "DROP VIEW names",
    # Virtual tables.
    "CREATE VIRTUAL TABLE v USING fts5(a, b, tokenize = 'porter')",
    "CREATE VIRTUAL TABLE v USING fts5vocab('texts', 'row')",
    "CREATE VIRTUAL TABLE v USING rtree(id, low, high)",
    "CREATE VIRTUAL TABLE v USING RTREE_I32(id, low, high)",
    "INSERT INTO texts VALUES ('a b')",
    "INSERT INTO texts (texts) VALUES ('integrity-check')",
    "SELECT highlight(texts, 0, '[', ']'), bm25(texts) FROM texts WHERE texts MATCH 'a'",
    "SELECT snippet(texts, 0, '[', ']', '...', 3), rank FROM texts('a')",
    "DROP TABLE texts",
    # Rows.
    "INSERT INTO parent VALUES (2, 'two') RETURNING *",
    "INSERT INTO parent VALUES (1, 'x') ON CONFLICT DO UPDATE SET name = excluded.name",
    "REPLACE INTO parent VALUES (1, 'z')",
    "UPDATE parent SET name = 'y' FROM child WHERE child.parent = parent.id",
    "DELETE FROM parent",
    "UPDATE sqlite_sequence SET seq = 7 WHERE name = 'counted'",
    "INSERT INTO sqlite_sequence VALUES ('counted', 5)",
    "DELETE FROM sqlite_sequence",
    "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 9) SELECT count(*) FROM c",
    "SELECT row_number() OVER (PARTITION BY parent ORDER BY id) FROM child",
    "SELECT rank() OVER w, lag(id) OVER w, ntile(2) OVER w FROM child WINDOW w AS (ORDER BY id)",
    "SELECT group_concat(name, ',' ORDER BY id) FILTER (WHERE id > 0) FROM parent",
    "SELECT * FROM parent FULL JOIN child ON child.parent = parent.id",
    "SELECT * FROM json_each('[1]'), json_tree('[1]'), jsonb_each('[1]'), jsonb_tree('[1]')",
    "SELECT '{}' -> 'a', '{}' ->> 'a', 1 IS NOT DISTINCT FROM 1, 1_000, 0x10, x'00'",
    'SELECT "nowhere"',
    "SELECT 1 AS _cf_x FROM parent AS _cf_p",
    "WITH _cf_c AS (SELECT 1) SELECT * FROM _cf_c",
    "SELECT name LIKE 'a' ESCAPE '\\', name GLOB 'a' FROM parent",
    "SELECT * FROM sqlite_schema, sqlite_temp_schema",
    "SELECT x.name FROM sqlite_schema AS m JOIN pragma_table_xinfo(m.name) AS x",
    "SELECT * FROM pragma_table_list",
    "SELECT * FROM pragma_foreign_key_check",
    # The rest.
    "EXPLAIN SELECT 1",
    "EXPLAIN QUERY PLAN SELECT * FROM parent",
    "ANALYZE",
    "ANALYZE parent",
    "REINDEX",
    "REINDEX child_parent",
    "REINDEX nocase",
]

REFUSED = [
    # Transactions, other databases, temporary objects.
    "BEGIN",
    "BEGIN IMMEDIATE",
    "COMMIT",
    "END",
    "ROLLBACK",
    "SAVEPOINT s",
    "RELEASE s",
    "ROLLBACK TO s",
    "VACUUM",
    "VACUUM INTO 'x'",
    "ATTACH ':memory:' AS other",
    "DETACH main",
    "CREATE TABLE other.t (a)",
    "CREATE TEMP TABLE t (a)",
    "CREATE TEMPORARY TABLE t AS SELECT 1",
    "CREATE TABLE temp.t (a)",
    "CREATE TEMP VIEW v AS SELECT 1",
    "CREATE VIEW temp.v AS SELECT 1",
    "CREATE TEMP TRIGGER g AFTER INSERT ON parent BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE temp.v USING fts5(a)",
    # Names.
    "CREATE TABLE _cf_t (a)",
    "CREATE TABLE _CF_t (a)",
    'CREATE TABLE "_Cf_" (a)',
    "CREATE TABLE IF NOT EXISTS _cf_t (a)",
    "CREATE VIEW _cf_v AS SELECT 1",
    "CREATE INDEX _cf_i ON parent (name)",
    "CREATE TRIGGER _cf_g AFTER INSERT ON parent BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE _cf_v USING fts5(a)",
    "ALTER TABLE parent RENAME TO _cf_parent",
    'ALTER TABLE parent RENAME TO "_CF_parent"',
    "ALTER TABLE parent RENAME /* to */ TO -- this\n[_cf_parent];",
    "ALTER TABLE texts RENAME TO _cf_texts",
    "CREATE TABLE sqlite_t (a)",
    "CREATE INDEX sqlite_i ON parent (name)",
    "ALTER TABLE parent RENAME TO sqlite_parent",
    # What SQLite's own tables hold.
    "INSERT INTO sqlite_schema VALUES (1, 2, 3, 4, 5)",
    "UPDATE sqlite_schema SET sql = ''",
    "DELETE FROM sqlite_master",
    "DROP TABLE sqlite_sequence",
    "DELETE FROM texts_data",
    "DROP TABLE texts_data",
    # Constraints in place, which parse and are refused.
    "ALTER TABLE child ALTER COLUMN note SET NOT NULL",
    "ALTER TABLE child ALTER COLUMN note DROP NOT NULL",
    "ALTER TABLE child ADD CONSTRAINT c CHECK (note <> '')",
    "ALTER TABLE child ADD CHECK (note <> '')",
    # ADD COLUMN as in stock SQLite.
    "ALTER TABLE child ADD COLUMN c NOT NULL",
    "ALTER TABLE child ADD COLUMN c UNIQUE",
    "ALTER TABLE child ADD COLUMN c PRIMARY KEY",
    "ALTER TABLE child ADD COLUMN c AS (id) STORED",
    "ALTER TABLE child ADD COLUMN c DEFAULT CURRENT_TIMESTAMP",
    "ALTER TABLE child ADD COLUMN c DEFAULT 1 REFERENCES parent (id)",
    "ALTER TABLE child ADD COLUMN c CHECK (c IS NOT NULL)",
    "ALTER TABLE child DROP COLUMN parent",
    # Modules, functions and tables that aren't there.
    "CREATE VIRTUAL TABLE v USING fts3(a)",
    "CREATE VIRTUAL TABLE v USING fts4(a)",
    "CREATE VIRTUAL TABLE v USING geopoly(a)",
    "CREATE VIRTUAL TABLE v USING dbstat",
    "CREATE VIRTUAL TABLE v USING csv(filename = 'x')",
    "SELECT * FROM dbstat",
    "SELECT * FROM generate_series(1, 2)",
    "SELECT * FROM sqlite_dbpage",
    "SELECT * FROM sqlite_stmt",
    "SELECT * FROM fts5vocab",
    "SELECT name REGEXP 'a' FROM parent",
    "SELECT name MATCH 'a' FROM parent",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY id) FROM parent",
    "CREATE TABLE t (a DEFAULT (sqlite_version()))",
    "CREATE TABLE t (a CHECK (json_pretty(a) <> ''))",
    "CREATE INDEX i ON parent (ceiling(id))",
    "CREATE TABLE t (a, b AS (power(a, 2)))",
    "CREATE TABLE t (a COLLATE nowhere)",
    "CREATE INDEX i ON parent (random())",
    "SELECT * FROM pragma_function_list",
    "SELECT * FROM pragma_table_info",
    "PRAGMA temp.table_list",
]

TAKEN_BY_THE_RULES_ONLY = {
    "SELECT * FROM carray(1, 2)": "in apsw's SQLite, and of no use without a pointer",
    "ANALYZE; SELECT * FROM sqlite_stat4": "in apsw's SQLite; schemas leave it out",
}
TAKEN_BY_WORKERD_ONLY = {
    "DELETE FROM parent LIMIT 1": "a build option that apsw's SQLite lacks; a subquery does the same",
    "UPDATE parent SET name = 'x' ORDER BY id LIMIT 1": "the same",
    f"SELECT max({', '.join(['1'] * 127)})": "Cloudflare's documentation says 32 arguments",
    "SELECT length(zeroblob(8000000))": "Cloudflare's documentation says 2,000,000 bytes",
}


def shadow_says(statement: str, parameters: Iterable[int] = (), *, setup: str = SETUP) -> str | None:
    """None when the rules take the statement, else why not."""
    connection = apsw.Connection(":memory:")
    for _ in connection.execute(setup + "BEGIN IMMEDIATE;"):
        pass
    rules = enforce(connection)
    try:
        for _ in connection.execute(statement, tuple(parameters)):
            pass
    except apsw.Error as error:
        return rules.explain(str(error))
    finally:
        connection.close()
    return None


def workerd_says(database: D1Database, statement: str, parameters: Iterable[int] = ()) -> str | None:
    """None when real D1 takes the statement, else why not."""
    try:
        database.query(statement, *parameters)
    except D1Error as error:
        return str(error)
    return None


def prepared(d1: D1) -> D1Database:
    database = d1.fresh()
    database.query(SETUP)
    return database


@pytest.mark.parametrize("statement", ALLOWED)
def test_both_take(d1: D1, statement: str) -> None:
    assert (workerd_says(prepared(d1), statement), shadow_says(statement)) == (None, None)


@pytest.mark.parametrize("statement", REFUSED)
def test_both_refuse(d1: D1, statement: str) -> None:
    assert workerd_says(prepared(d1), statement) is not None
    assert shadow_says(statement) is not None


@pytest.mark.parametrize("statement", TAKEN_BY_THE_RULES_ONLY)
def test_exceptions_that_workerd_refuses(d1: D1, statement: str) -> None:
    assert workerd_says(prepared(d1), statement) is not None
    assert shadow_says(statement) is None


@pytest.mark.parametrize("statement", TAKEN_BY_WORKERD_ONLY, ids=lambda statement: statement[:50])
def test_exceptions_that_workerd_takes(d1: D1, statement: str) -> None:
    assert workerd_says(prepared(d1), statement) is None
    assert shadow_says(statement) is not None


def known_functions() -> list[tuple[str, int]]:
    """Every function of apsw's SQLite with every number of arguments worth a try."""
    rows = apsw.Connection(":memory:").execute("SELECT DISTINCT name, narg FROM pragma_function_list")
    return sorted({(name, count) for name, given in rows for count in (range(5) if given < 0 else (given,))})


def test_every_function(d1: D1) -> None:
    """Both sides say the same of every call, and the list holds what D1 has, no more and no less."""
    database = d1.fresh()
    differing, had = [], set()
    for name, count in known_functions():
        call = f"'{{}}' {name} 'a'" if name in {"->", "->>"} else f"{name}({', '.join(['1'] * count)})"
        # The word, not a call of it.
        statement = f"SELECT {name if name.startswith('current_') else call}"
        real = workerd_says(database, statement)
        if (real is None) != (shadow_says(statement, setup="") is None):
            differing.append((statement, real))
        if real is None or not ("no such function" in real or "not authorized" in real or "number of arg" in real):
            had.add(name)

    assert differing == []
    assert had == FUNCTIONS


@pytest.mark.parametrize(
    "name",
    ["regexp", "soundex", "uuid", "decimal", "ieee754", "sha3", "base64", "edit", "readfile", "eval", "stem"],
)
def test_functions_of_other_builds(d1: D1, name: str) -> None:
    statement = f"SELECT {name}(1)"

    assert "no such function" in (workerd_says(d1.fresh(), statement) or "")
    assert "no such function" in (shadow_says(statement) or "")


VALUES = (
    *(
        "0",
        "1",
        "2",
        "9",
        "10",
        "21",
        "00",
        "+1",
        "-0",
        "-1",
        "1.5",
        "1e1",
        "0x0",
        "0xff",
        "-0x1",
        "10000000000",
    ),
    *(
        "on",
        "OFF",
        "Yes",
        "no",
        "true",
        "FALSE",
        "full",
        "none",
        "normal",
        "once",
        "o",
        "n",
        "'on'",
        "' on'",
        "'on x'",
    ),
    *("'1'", "''", "parent", "'parent'", "child_parent", "nowhere", "_cf_KV", "'_CF_x'", "_cf", "main"),
)


def known_pragmas() -> list[str]:
    """Every PRAGMA of apsw's SQLite, and some that others have."""
    named = {row[0] for row in apsw.Connection(":memory:").execute("PRAGMA pragma_list")}
    others = {
        "default_cache_size",
        "data_store_directory",
        "parser_trace",
        "stats",
        "vdbe_trace",
        "key",
        "nowhere",
    }
    return sorted(named | others | set(PRAGMAS))


@pytest.mark.parametrize("pragma", known_pragmas())
def test_every_pragma(d1: D1, pragma: str) -> None:
    database = prepared(d1)
    values = VALUES if pragma in PRAGMAS else ("0", "1", "on", "parent")
    statements = [
        f"PRAGMA {pragma}",
        f"PRAGMA main.{pragma}",
        f"PRAGMA {pragma.upper()}",
        f"SELECT * FROM pragma_{pragma}",
        f"SELECT * FROM pragma_{pragma}('parent')",
        *(f"PRAGMA {pragma} = {value}" for value in values),
        *(f"PRAGMA {pragma}({value})" for value in values),
    ]

    differing = [
        (statement, real, ours)
        for statement in statements
        if ((real := workerd_says(database, statement)) is None) != ((ours := shadow_says(statement)) is None)
    ]

    assert differing == []


def _chain(depth: int) -> str:
    """Triggers that fire one another, `depth` of them, and the INSERT that sets them off."""
    tables = "".join(f"CREATE TABLE t{n} (a);" for n in range(depth + 1))
    triggers = "".join(
        f"CREATE TRIGGER g{n} AFTER INSERT ON t{n} BEGIN INSERT INTO t{n + 1} VALUES (1); END;" for n in range(depth)
    )
    return f"{tables}{triggers}INSERT INTO t0 VALUES (1)"


def _list(item: str, count: int, between: str = ", ") -> str:
    return between.join([item] * count)


def _names(count: int) -> str:
    return ", ".join(f"c{n}" for n in range(count))


LIMITED: dict[str, tuple[int, Callable[[int], str]]] = {
    "columns of a table": (100, lambda n: f"CREATE TABLE t ({_names(n)})"),
    "columns of a result": (100, lambda n: f"SELECT {_list('1', n)}"),
    "columns of an index": (100, lambda n: f"CREATE INDEX i ON parent ({_list('name', n)})"),
    "terms of ORDER BY": (100, lambda n: f"SELECT 1 FROM parent ORDER BY {_list('name', n)}"),
    "bytes of a statement": (100_000, lambda n: f"SELECT 1{' ' * (n - 8)}"),
    "bytes of a statement, not characters": (50_000, lambda n: f"SELECT '{'é' * (n - 5)}'"),
    "bytes of a LIKE pattern": (50, lambda n: f"SELECT 'a' LIKE '{'a' * n}'"),
    "bytes of a LIKE pattern, not characters": (25, lambda n: f"SELECT 'a' LIKE '{'é' * n}'"),
    "bytes of a GLOB pattern": (50, lambda n: f"SELECT 'a' GLOB '{'a' * n}'"),
    "terms of a compound SELECT": (5, lambda n: _list("SELECT 1", n, " UNION ALL ")),
    "depth of an expression": (100, lambda n: f"SELECT {_list('1', n, ' + ')}"),
    "depth of an expression, nested": (99, lambda n: f"SELECT {'NOT ' * n}1"),
    "number of a parameter": (100, lambda n: f"SELECT ?{n}"),
    "triggers that fire one another": (10, _chain),
    "tables of a join": (64, lambda n: "SELECT 1 FROM " + ", ".join(f"parent AS p{k}" for k in range(n))),
}


@pytest.mark.parametrize("what", LIMITED)
def test_limits(d1: D1, what: str) -> None:
    most, statement = LIMITED[what]
    for count, fits in ((most, True), (most + 1, False)):
        parameters = range(count) if what == "number of a parameter" else ()
        assert (workerd_says(prepared(d1), statement(count), parameters) is None) is fits
        assert (shadow_says(statement(count), parameters) is None) is fits


@pytest.mark.parametrize(
    "statement",
    [
        f"VALUES {_list('(1)', 5_000)}",
        f"INSERT INTO parent (name) VALUES {_list('(1)', 5_000)}",
        f"SELECT 1 IN ({_list('1', 5_000)})",
        f"WITH {', '.join(f'c{n} AS (SELECT 1)' for n in range(500))} SELECT 1",
        f"CREATE TRIGGER g AFTER INSERT ON parent BEGIN {'SELECT 1;' * 500} END",
    ],
    ids=["VALUES", "INSERT", "IN", "WITH", "TRIGGER"],
)
def test_what_has_no_limit(d1: D1, statement: str) -> None:
    assert (workerd_says(prepared(d1), statement), shadow_says(statement)) == (None, None)


@pytest.mark.parametrize(
    ("limit", "statement"),
    [
        (apsw.SQLITE_LIMIT_FUNCTION_ARG, lambda n: f"SELECT max({_list('1', n)})"),
        (apsw.SQLITE_LIMIT_LENGTH, lambda n: f"SELECT zeroblob({n})"),
    ],
    ids=["arguments", "bytes"],
)
def test_documented_limits(limit: int, statement: Callable[[int], str]) -> None:
    assert shadow_says(statement(LIMITS[limit])) is None
    assert shadow_says(statement(LIMITS[limit] + 1)) is not None


INTERNAL = [
    *("SELECT * FROM _cf_KV", "SELECT count(*) FROM _CF_kv", "INSERT INTO _cf_KV VALUES (2, 3)"),
    *(
        "UPDATE _cf_KV SET value = 1",
        "DELETE FROM _cf_KV",
        "DROP TABLE _cf_KV",
        "ALTER TABLE _cf_KV RENAME TO t",
    ),
    *("ALTER TABLE _cf_KV ADD COLUMN c", "CREATE INDEX i ON _cf_KV (value)", "PRAGMA table_info(_cf_KV)"),
    *("CREATE TRIGGER g AFTER INSERT ON _cf_KV BEGIN SELECT 1; END", "PRAGMA foreign_key_list(_cf_KV)"),
    *("SELECT * FROM sqlite_schema m JOIN pragma_table_xinfo(m.name)", "ANALYZE _cf_KV", "REINDEX _cf_KV"),
    *(
        "SELECT * FROM v",
        "PRAGMA foreign_key_check",
        "PRAGMA quick_check",
        "ANALYZE",
        "REINDEX",
        "PRAGMA table_list",
    ),
    "SELECT * FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) WHERE substr(m.name, 1, 4) <> '_cf_'",
    *(
        "SELECT name FROM sqlite_schema",
        "CREATE TABLE t (a REFERENCES _cf_KV (key))",
        "DROP VIEW v",
        "PRAGMA optimize",
    ),
]


@pytest.fixture(scope="module")
def with_internal_table(d1: D1, tmp_path_factory: pytest.TempPathFactory) -> Iterator[D1Database]:
    """A database that already has a table of D1's own, and a view that reads it."""
    root: Path = tmp_path_factory.mktemp("state")
    folder = root / "v3/d1/miniflare-D1DatabaseObject"
    folder.mkdir(parents=True)
    # The file of the name my-db, by the reference's table.
    file = folder / "ec6964cfd224c94b0358bda6020eae167fd0c44af4d39e0505191c37ef9140e8.sqlite"
    connection = apsw.Connection(str(file))
    connection.execute(INTERNAL_SETUP)
    connection.close()
    with d1.open(root, "my-db") as database:
        yield database


INTERNAL_SETUP = """
CREATE TABLE _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE VIEW v AS SELECT * FROM _cf_KV;
"""


@pytest.mark.parametrize("statement", INTERNAL)
def test_internal_tables(with_internal_table: D1Database, statement: str) -> None:
    # The second statement undoes the first, so that the next test finds the database as it was.
    with pytest.raises(D1Error) as caught:
        with_internal_table.batch([statement, "SELECT undo"])
    real = None if "no such column: undo" in str(caught.value) else str(caught.value)

    assert (real is None) == (shadow_says(statement, setup=INTERNAL_SETUP) is None), real


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SELECT median(1)", "D1 refuses the function median()"),
        ("SELECT POWER(1, 2)", "D1 refuses the function power()"),
        ("PRAGMA user_version = 3", "D1 refuses PRAGMA user_version"),
        (
            "PRAGMA table_info",
            "D1 refuses PRAGMA table_info without a value: it takes the name of a table or index",
        ),
        (
            "PRAGMA recursive_triggers = 2",
            "D1 refuses PRAGMA recursive_triggers with '2': it takes on or off, or nothing",
        ),
        ("PRAGMA temp.table_list", "D1 refuses PRAGMA temp.table_list"),
        (
            "COMMIT",
            "D1 refuses BEGIN, COMMIT, ROLLBACK and SAVEPOINT: a migration is one transaction already",
        ),
        ("ATTACH 'x' AS y", "D1 refuses ATTACH, DETACH and VACUUM"),
        ("CREATE TEMP TABLE t (a)", "D1 refuses TEMP tables, indexes, views and triggers"),
        ("CREATE TABLE _CF_t (a)", "D1 keeps names that start with _cf_ for itself: _CF_t"),
        ("ALTER TABLE parent RENAME TO _cf_p", "D1 keeps names that start with _cf_ for itself: _cf_p"),
        ("CREATE VIRTUAL TABLE v USING fts4(a)", "D1 refuses virtual tables of the module fts4"),
        ("SELECT * FROM nowhere", "no such table: nowhere"),
    ],
)
def test_a_refusal_says_what_is_refused(statement: str, reason: str) -> None:
    assert shadow_says(statement) == reason


def test_vacuum_outside_a_transaction_is_refused() -> None:
    connection = apsw.Connection(":memory:")
    rules = enforce(connection)

    with pytest.raises(apsw.Error) as caught:
        connection.execute("VACUUM")

    assert rules.explain(str(caught.value)) == "D1 refuses ATTACH, DETACH and VACUUM"


def test_a_refusal_is_told_once() -> None:
    connection = apsw.Connection(":memory:")
    rules = enforce(connection)
    with pytest.raises(apsw.AuthError, match="not authorized"):
        connection.execute("PRAGMA user_version")

    assert rules.explain("not authorized") == "D1 refuses PRAGMA user_version"
    assert rules.explain("not authorized") == "not authorized"


def test_foreign_keys_are_on_inside_a_transaction_and_cannot_be_switched_off() -> None:
    for begin in ("", "BEGIN;"):
        connection = apsw.Connection(":memory:")
        connection.execute("PRAGMA foreign_keys = OFF;" + begin)
        enforce(connection)

        connection.execute("PRAGMA foreign_keys = OFF")

        assert connection.execute("PRAGMA foreign_keys").get == 1


def test_switches_do_not_outlive_a_migration() -> None:
    connection = apsw.Connection(":memory:")
    enforce(connection)
    connection.execute("PRAGMA ignore_check_constraints = ON; PRAGMA legacy_alter_table = ON")

    release(connection)

    assert connection.execute("PRAGMA ignore_check_constraints").get == 0
    assert connection.execute("PRAGMA legacy_alter_table").get == 0


def test_a_released_connection_can_do_again_what_it_could() -> None:
    connection = apsw.Connection(":memory:")
    limits = {limit: connection.limit(limit) for limit in LIMITS}
    connection.execute("BEGIN IMMEDIATE")
    enforce(connection)
    connection.execute("CREATE TABLE t (a)")

    release(connection)
    connection.execute("COMMIT; PRAGMA user_version = 3")

    assert {limit: connection.limit(limit) for limit in LIMITS} == limits


def test_deferred_violations_are_found_after_the_rules_are_off() -> None:
    connection = apsw.Connection(":memory:")
    connection.execute("BEGIN IMMEDIATE")
    enforce(connection)
    connection.execute(SETUP)
    connection.execute("PRAGMA defer_foreign_keys = ON; INSERT INTO child VALUES (2, 99, 'orphan')")

    release(connection)

    with pytest.raises(apsw.ConstraintError, match="FOREIGN KEY constraint failed"):
        connection.execute("COMMIT")
