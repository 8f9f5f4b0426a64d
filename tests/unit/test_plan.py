"""The SQL of migrations: two schemas in, the file's text out, side by side. And what is refused."""

from __future__ import annotations

import pytest

from progy.d1.connection import Connection
from progy.diff.compare import compare
from progy.errors import UnsupportedChangeError
from progy.migrations.file import render_file
from progy.migrations.naming import given_name, name_for
from progy.plan.statements import plan
from progy.schema.objects import Schema
from tests.unit.test_compare import schema


def migration(old: str, new: str) -> str:
    before, after = schema(old), schema(new)
    return render_file(plan(compare(before, after), before, after))


def test_create_tables_in_the_order_of_their_references() -> None:
    new = """
        CREATE TABLE [order] (id integer primary key autoincrement, account text references accounts(id) on delete cascade,
            total numeric(10,2) not null default 0 check (total >= 0), parent integer references "order" (id),
            a text, b text, unique (a), constraint ab foreign key (a, b) references pairs (x, y) deferrable initially deferred);
        CREATE TABLE pairs (x text, y text, primary key (x desc, y), check (x <> y)) without rowid, strict;
        CREATE TABLE accounts (id text primary key not null, email text collate nocase, low text as (lower(email)) stored);
        CREATE INDEX big ON "order" (total desc, lower(a)) WHERE total > 100;
        CREATE UNIQUE INDEX accounts_email ON accounts (email COLLATE BINARY);
    """
    assert migration("", new) == (
        """\
CREATE TABLE accounts (
  id text PRIMARY KEY NOT NULL,
  email text COLLATE nocase,
  low text GENERATED ALWAYS AS (lower(email)) STORED
);
CREATE UNIQUE INDEX accounts_email ON accounts (email COLLATE BINARY);

CREATE TABLE pairs (
  x text,
  y text,
  PRIMARY KEY (x DESC, y),
  CHECK (x <> y)
) STRICT, WITHOUT ROWID;

CREATE TABLE "order" (
  id integer PRIMARY KEY AUTOINCREMENT,
  account text REFERENCES accounts (id) ON DELETE CASCADE,
  total numeric(10,2) NOT NULL DEFAULT 0 CHECK (total >= 0),
  parent integer REFERENCES "order" (id),
  a text,
  b text,
  UNIQUE (a),
  CONSTRAINT ab FOREIGN KEY (a, b) REFERENCES pairs (x, y) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX big ON "order" (total DESC, lower(a)) WHERE total > 100;
"""
    )


def test_add_columns() -> None:
    parent = "CREATE TABLE p (id TEXT PRIMARY KEY);"
    new = parent + (
        "CREATE TABLE a (id INTEGER, note TEXT, status TEXT NOT NULL DEFAULT 'new' CHECK (status <> ''), "
        "owner TEXT REFERENCES p (id) ON DELETE SET NULL, twice INT AS (id * 2) VIRTUAL, CHECK (note <> status));"
        "CREATE INDEX a_owner ON a (owner)"
    )
    assert migration(parent + "CREATE TABLE a (id INTEGER)", new) == (
        """\
ALTER TABLE a ADD COLUMN note TEXT;
ALTER TABLE a ADD COLUMN status TEXT NOT NULL DEFAULT 'new' CHECK (status <> '') CHECK (note <> status);
ALTER TABLE a ADD COLUMN owner TEXT REFERENCES p (id) ON DELETE SET NULL;
ALTER TABLE a ADD COLUMN twice INT GENERATED ALWAYS AS (id * 2) VIRTUAL;
CREATE INDEX a_owner ON a (owner);
"""
    )


def test_drops_come_with_a_comment_and_in_the_order_that_loses_no_more() -> None:
    old = """
        CREATE TABLE a (id, gone TEXT, stays);
        CREATE INDEX on_gone ON a (gone);
        CREATE TABLE parent (id INTEGER PRIMARY KEY);
        CREATE TABLE child (id, parent INTEGER REFERENCES parent (id) ON DELETE CASCADE);
        CREATE INDEX moved ON child (parent);
    """
    assert migration(old, "CREATE TABLE a (id, stays); CREATE INDEX moved ON a (id)") == (
        """\
DROP INDEX moved;

DROP INDEX on_gone;

-- Deletes the column a.gone and its values.
ALTER TABLE a DROP COLUMN gone;
CREATE INDEX moved ON a (id);

-- Deletes the table child and its rows.
DROP TABLE child;

-- Deletes the table parent and its rows.
DROP TABLE parent;
"""
    )


def test_tables_dropped_in_a_cycle() -> None:
    old = "CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES b (id)); CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a (id))"
    assert migration(old, "") == (
        """\
-- The rows refer to each other until all of them are gone.
PRAGMA defer_foreign_keys = ON;

-- Deletes the table b and its rows.
DROP TABLE b;

-- Deletes the table a and its rows.
DROP TABLE a;
"""
    )


@pytest.mark.parametrize(
    ("action", "before"),
    [
        ("NO ACTION", ""),
        ("SET NULL", ""),
        (
            "RESTRICT",
            "-- The rows refer to each other until all of them are gone.\nPRAGMA defer_foreign_keys = ON;\n\n",
        ),
        (
            "CASCADE",
            """\
-- So that its rows don't delete each other one by one, which goes ten levels deep only.
CREATE TRIGGER "n goes whole" BEFORE DELETE ON n BEGIN SELECT RAISE(IGNORE); END;

""",
        ),
    ],
)
def test_a_table_whose_rows_refer_to_each_other_is_dropped(action: str, before: str) -> None:
    table = f"CREATE TABLE n (id INTEGER PRIMARY KEY, p INTEGER REFERENCES n (id) ON DELETE {action})"
    text = migration(table, "")
    assert text == f"{before}-- Deletes the table n and its rows.\nDROP TABLE n;\n"
    rows = ", ".join(f"({number}, {number - 1 or 'NULL'})" for number in range(1, 41))
    with Connection() as shadow:
        with shadow.transaction():
            shadow.run(f"{table};INSERT INTO n VALUES {rows}", where="rows")
        with shadow.transaction():
            shadow.run(text, where="plan")
        assert shadow.schema() == Schema()


def test_names_that_move_between_tables_and_indexes() -> None:
    assert migration("CREATE TABLE k (a); CREATE TABLE t (b)", "CREATE TABLE t (b); CREATE INDEX k ON t (b)") == (
        "-- Deletes the table k and its rows.\nDROP TABLE k;\n\nCREATE INDEX k ON t (b);\n"
    )
    assert migration("CREATE TABLE t (b); CREATE INDEX k ON t (b)", "CREATE TABLE k (a)") == (
        "DROP INDEX k;\n\nCREATE TABLE k (\n  a\n);\n\n-- Deletes the table t and its rows.\nDROP TABLE t;\n"
    )


def test_what_refers_to_a_table_goes_before_it_also_when_an_index_takes_its_name() -> None:
    old = "CREATE TABLE k (a INTEGER PRIMARY KEY); CREATE TABLE c (k REFERENCES k (a)); CREATE TABLE t (b)"
    text = migration(old, "CREATE TABLE t (b); CREATE INDEX k ON t (b)")
    with Connection() as shadow:
        with shadow.transaction():
            shadow.run(
                f"{old}; INSERT INTO k VALUES (1); INSERT INTO c VALUES (1); INSERT INTO t VALUES (7)", where="rows"
            )
        with shadow.transaction():
            shadow.run(text, where="plan")
        assert [index.name for index in shadow.schema().indexes.values()] == ["k"]
        assert shadow.query("SELECT b FROM t") == [(7,)]


def test_a_column_goes_before_those_that_its_check_names() -> None:
    old = "CREATE TABLE t (a, b CHECK (b > a), c CHECK (c > b), d); CREATE TABLE a (a CHECK (a > 0), b, stays)"
    text = migration(old, "CREATE TABLE t (d); CREATE TABLE a (stays)")
    assert text.index("t DROP COLUMN c") < text.index("t DROP COLUMN b") < text.index("t DROP COLUMN a")


def test_a_comment_never_holds_a_semicolon_or_a_line_break() -> None:
    assert (
        migration('CREATE TABLE "a;\n--b" (id)', "")
        == '-- Deletes the table a, --b and its rows.\nDROP TABLE "a;\n--b";\n'
    )


REFUSED = {
    "a changed type": (
        "CREATE TABLE a (b TEXT)", "CREATE TABLE a (b INTEGER)",
        "alter column a.b (type TEXT -> INTEGER): the table would have to be rebuilt",
    ),
    "a changed key": (
        "CREATE TABLE a (b)", "CREATE TABLE a (b UNIQUE)",
        "alter table a (add unique (b)): the table would have to be rebuilt",
    ),
    "a view": ("", "CREATE VIEW v AS SELECT 1", "create view v: views, triggers and virtual tables aren't managed"),
    "a required column": (
        "CREATE TABLE a (b)", "CREATE TABLE a (b, c TEXT NOT NULL)",
        "add column a.c: it is required and has no default for the rows that are there; give it a server default or let it be NULL",
    ),
    "a default that isn't constant": (
        "CREATE TABLE a (b)", "CREATE TABLE a (b, c TEXT DEFAULT CURRENT_TIMESTAMP)",
        "add column a.c: the default CURRENT_TIMESTAMP isn't a constant, which a table that has rows refuses",
    ),
    "a reference with a default": (
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE a (b)",
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE a (b, c INTEGER DEFAULT 1 REFERENCES p (id))",
        "add column a.c: a column with a reference can't be added with a default; let it be NULL",
    ),
    "a default that its own check forbids": (
        "CREATE TABLE a (b)", "CREATE TABLE a (b, c INTEGER DEFAULT 0 CHECK (c > 0))",
        "add column a.c: its CHECK forbids 0, which the rows that are there would get",
    ),
    "a unique index on one default": (
        "CREATE TABLE a (b)", "CREATE TABLE a (b, c TEXT DEFAULT 'x'); CREATE UNIQUE INDEX i ON a (c)",
        "create index i on a: every row that is there would get the same default, which a unique index forbids",
    ),
    "an index that takes a table's name too early": (
        "CREATE TABLE k (a PRIMARY KEY); CREATE TABLE t (b, c REFERENCES k (a) ON DELETE CASCADE)",
        "CREATE TABLE t (b); CREATE INDEX k ON t (b)",
        "drop table k: an index takes a dropped table's name while tables that refer to this one stay; do it in two migrations",
    ),
    "a stored column": (
        "CREATE TABLE a (b)", "CREATE TABLE a (b, c AS (b) STORED)", "add column a.c: a STORED column can't be added in place",
    ),
    "a column of the key": (
        "CREATE TABLE a (b, c, PRIMARY KEY (b, c))", "CREATE TABLE a (c)", "drop column a.b: it belongs to the primary key",
    ),
    "a unique column": (
        "CREATE TABLE a (b UNIQUE, c)", "CREATE TABLE a (c)", "drop column a.b: it belongs to a UNIQUE constraint",
    ),
    "a column that is referred to": (
        "CREATE TABLE a (b, c); CREATE UNIQUE INDEX i ON a (b); CREATE TABLE d (e REFERENCES a (b))",
        "CREATE TABLE a (c); CREATE TABLE d (e REFERENCES a (b))",
        "drop column a.b: d refers to it",
    ),
    "a table that a view names": (
        "CREATE TABLE a (b); CREATE VIEW v AS SELECT b FROM A", "CREATE VIEW v AS SELECT b FROM A", "drop table a: v still names it",
    ),
    "a table that is referred to": (
        "CREATE TABLE a (b PRIMARY KEY); CREATE TABLE d (e REFERENCES a (b) ON DELETE CASCADE)",
        "CREATE TABLE d (e REFERENCES a (b) ON DELETE CASCADE)",
        "drop table a: d still refers to it",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_safe_statement_is_refused_by_name(name: str) -> None:
    old, new, message = REFUSED[name]
    with pytest.raises(UnsupportedChangeError) as caught:
        migration(old, new)
    assert f"  {message}" in caught.value.message.splitlines()


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("CREATE TABLE v (a)", "CREATE TABLE v (a, guard)", "add_guard_to_v"),
        ("CREATE TABLE v (a)", "CREATE TABLE v (a, b, c); CREATE INDEX i ON v (b)", "add_b_and_c_to_v"),
        ("CREATE TABLE v (a, b)", "CREATE TABLE v (a)", "drop_b_from_v"),
        ("CREATE TABLE v (a)", "CREATE TABLE v (a); CREATE TABLE w (a)", "create_w"),
        ("CREATE TABLE v (a)", "", "drop_v"),
        ("CREATE TABLE v (a)", "CREATE TABLE v (a); CREATE INDEX v_by_a ON v (a)", "create_v_by_a"),
        (
            "CREATE TABLE v (a, b)",
            "CREATE TABLE v (a, c); CREATE TABLE w (a)",
            "drop_b_from_v_and_create_w_and_add_c_to_v",
        ),
        (
            "",
            "".join(f"CREATE TABLE table_number_{n} (a);" for n in range(9)),
            "create_table_number_0_and_more",
        ),
        ("", 'CREATE TABLE "Größe; x" (a)', "create_groe_x"),
    ],
)
def test_names_that_say_what_changes(old: str, new: str, name: str) -> None:
    assert name_for(compare(schema(old), schema(new)), initial=False) == name


def test_the_first_migration_is_called_initial() -> None:
    assert name_for(compare(schema(""), schema("CREATE TABLE a (b)")), initial=True) == "initial"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("add user's e-mail", "add_user_s_e_mail"),
        ("AddEmail.sql", "add_email"),
        ("../../etc/passwd", "etc_passwd"),
    ],
)
def test_a_name_the_user_gives(given: str, name: str) -> None:
    assert given_name(given) == name
