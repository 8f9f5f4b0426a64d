"""Changes that were wrong once: what random schemas and the field's own pairs have found, made small."""

from __future__ import annotations

from tests.pairs import Case

CASES = [
    Case(
        "a CHECK beside a column that goes, and wanted again beside another",
        "CREATE TABLE m (a INTEGER, b INTEGER CHECK (a > 0))",
        "CREATE TABLE m (a INTEGER CHECK (a > 0))",
        ("INSERT INTO m VALUES (1, 2), (NULL, NULL)",),
    ),
    Case(
        "a column called rowid comes",
        "CREATE TABLE t (id TEXT PRIMARY KEY)",
        'CREATE TABLE t (id TEXT PRIMARY KEY, "rowid" INT)',
        ("INSERT INTO t (_rowid_, id) VALUES (10, 'a'), (20, 'b')",),
    ),
    Case(
        "a column called rowid goes",
        'CREATE TABLE t (id INTEGER PRIMARY KEY, a, "rowid" INT)',
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a)",
        ("INSERT INTO t VALUES (3, 'a', 7), (5, 'b', 8)",),
    ),
    Case(
        "a column called rowid has another type",
        'CREATE TABLE t (id INTEGER PRIMARY KEY DESC, "rowid" TEXT)',
        'CREATE TABLE t (id INTEGER PRIMARY KEY DESC, "rowid" REAL)',
        ("INSERT INTO t (oid, id, \"rowid\") VALUES (10, 3, '1'), (20, 5, NULL)",),
    ),
    Case(
        "a table refers to its own column, which an index makes unique",
        "CREATE TABLE u (a TEXT, b TEXT REFERENCES u (a) ON DELETE CASCADE); CREATE UNIQUE INDEX i ON u (a)",
        "CREATE TABLE u (a TEXT, b TEXT NOT NULL REFERENCES u (a) ON DELETE CASCADE); CREATE UNIQUE INDEX i ON u (a)",
        ("INSERT INTO u VALUES ('x', 'x'), ('y', 'x')",),
    ),
    Case(
        "a column with a reference at the table's end goes, while another table's column is renamed",
        "CREATE TABLE o (a REAL); CREATE TABLE t (id TEXT PRIMARY KEY, name TEXT, FOREIGN KEY (name) REFERENCES t)",
        "CREATE TABLE o (b REAL); CREATE TABLE t (id TEXT PRIMARY KEY)",
        ("INSERT INTO o VALUES (1.5)", "INSERT INTO t VALUES ('x', NULL), ('y', 'x')"),
        columns=(("o", "a", "b"),),
    ),
    Case(
        "a new table refers to the key that another is about to get",
        "CREATE TABLE a (id TEXT, name TEXT, PRIMARY KEY (name, id))",
        "CREATE TABLE a (id TEXT PRIMARY KEY); CREATE TABLE b (z TEXT REFERENCES a)",
        ("INSERT INTO a VALUES ('1', 'x'), ('2', 'x')",),
    ),
    Case(
        "a new cycle of references to the key that a table is about to get",
        "CREATE TABLE w (id INTEGER PRIMARY KEY, r INTEGER REFERENCES w ON DELETE SET NULL)",
        "CREATE TABLE i (id TEXT PRIMARY KEY, s INT, x INT, FOREIGN KEY (s, x) REFERENCES w (id, g));"
        "CREATE TABLE w (id INT, g INT, s INTEGER REFERENCES o, PRIMARY KEY (id, g));"
        "CREATE TABLE o (id INTEGER PRIMARY KEY, x TEXT REFERENCES i)",
        ("INSERT INTO w VALUES (1, NULL), (2, 1)",),
    ),
    Case(
        "a table that goes refers to a key that goes, and to itself",
        "CREATE TABLE u (id INTEGER PRIMARY KEY, x TEXT);"
        "CREATE TABLE ab (id INTEGER PRIMARY KEY, g INTEGER REFERENCES ab ON DELETE CASCADE, c INTEGER REFERENCES u)",
        "CREATE TABLE u (x TEXT)",
        ("INSERT INTO u VALUES (1, 'a'), (2, 'b')", "INSERT INTO ab VALUES (1, NULL, 1), (2, 1, 2)"),
    ),
    Case(
        "a table that goes refers to two keys that go",
        "CREATE TABLE p (n TEXT REFERENCES i ON DELETE RESTRICT, s INTEGER REFERENCES o ON DELETE CASCADE);"
        "CREATE TABLE i (id TEXT PRIMARY KEY, c INT); CREATE TABLE o (id INTEGER PRIMARY KEY)",
        "CREATE TABLE i (c INT); CREATE TABLE o (id TEXT)",
        ("INSERT INTO i VALUES ('a', 1)", "INSERT INTO o VALUES (1)", "INSERT INTO p VALUES ('a', 1), (NULL, NULL)"),
    ),
    Case(
        "an index that is a key of tables that go has its name taken",
        "CREATE TABLE o (z INT, s INT REFERENCES o (z) ON DELETE CASCADE, n REAL REFERENCES i (r)); CREATE TABLE i (r REAL);"
        "CREATE UNIQUE INDEX taken ON i (r DESC); CREATE UNIQUE INDEX own ON o (z DESC)",
        "CREATE TABLE t (g TEXT); CREATE UNIQUE INDEX taken ON t (g)",
        ("INSERT INTO i VALUES (1.5)", "INSERT INTO o VALUES (1, NULL, 1.5), (2, 1, NULL)"),
    ),
    Case(
        "a stored column is computed anew at each reading, and a view names it",
        "CREATE TABLE u (id INTEGER PRIMARY KEY, c, z TEXT AS (upper(c)) STORED); CREATE VIEW v AS SELECT u.z FROM u",
        "CREATE TABLE u (id INTEGER PRIMARY KEY, c, z INT AS (length(c)) VIRTUAL); CREATE VIEW v AS SELECT u.z FROM u",
        ("INSERT INTO u (id, c) VALUES (1, 'a'), (7, NULL)",),
    ),
    Case(
        "two tables that refer to each other go",
        "CREATE TABLE p (id INTEGER PRIMARY KEY, x TEXT REFERENCES ab ON DELETE CASCADE);"
        "CREATE TABLE ab (id TEXT PRIMARY KEY, g INT REFERENCES p DEFERRABLE INITIALLY DEFERRED, s TEXT REFERENCES ab)",
        "CREATE TABLE other (a)",
        ("INSERT INTO p VALUES (1, NULL)", "INSERT INTO ab VALUES ('x', 1, 'x')", "UPDATE p SET x = 'x'"),
    ),
    Case(
        "two tables that refer to each other go, and a row of one led nowhere",
        "CREATE TABLE p (id INTEGER PRIMARY KEY, x TEXT REFERENCES ab ON DELETE CASCADE);"
        "CREATE TABLE ab (id TEXT PRIMARY KEY, g INT REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE other (a)",
        (
            "PRAGMA defer_foreign_keys = ON; INSERT INTO p VALUES (1, 'x'); INSERT INTO ab VALUES ('x', 9); "  # noqa: ISC004 - one script
            "PRAGMA defer_foreign_keys = OFF",
        ),
    ),
    Case(
        "three tables go, two of them in a cycle, and a reference without an action leads out of it",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT REFERENCES u (id) ON DELETE SET NULL);"
        "CREATE TABLE p (id INTEGER PRIMARY KEY, g INT REFERENCES u (id) ON DELETE CASCADE, z INT REFERENCES t (id));"
        "CREATE TABLE u (id INTEGER PRIMARY KEY, r INT REFERENCES p ON DELETE SET NULL)",
        "CREATE TABLE other (a)",
        (
            "INSERT INTO u VALUES (1, NULL)",
            "INSERT INTO t VALUES (1, 1)",
            "INSERT INTO p VALUES (1, 1, 1)",
            "UPDATE u SET r = 1",
        ),
    ),
    Case(
        "two tables that refer to each other go, and one refers to a key that goes",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT REFERENCES u (id) ON DELETE SET NULL);"
        "CREATE TABLE p (id INTEGER PRIMARY KEY, g INT REFERENCES u (id) ON DELETE CASCADE, z INT REFERENCES t (id));"
        "CREATE TABLE u (id INTEGER PRIMARY KEY, r INT REFERENCES p ON DELETE SET NULL)",
        "CREATE TABLE t (id INTEGER)",
        (
            "INSERT INTO u VALUES (1, NULL)",
            "INSERT INTO t VALUES (1, 1), (5, NULL)",
            "INSERT INTO p VALUES (1, 1, 1)",
            "UPDATE u SET r = 1",
        ),
    ),
]  # fmt: skip
