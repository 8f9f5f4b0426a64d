"""The SQL of migrations, exactly: each file in `plans/` holds two schemas and the migration between them.

`PROGY_WRITE_PLANS=1 pytest tests/unit/test_plan.py` writes what comes out now into the files, to be read and committed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from progy.d1.connection import Connection
from progy.diff.compare import compare
from progy.diff.decisions import ColumnRename, Decisions
from progy.diff.questions import UndecidedError
from progy.errors import SqlError, UnsupportedChangeError, UsageError
from progy.migrations.between import between
from progy.migrations.file import render_file
from progy.migrations.flags import Flags, resolve
from progy.migrations.naming import given_name, name_for
from progy.plan.parts import MOST_STATEMENTS, parts
from progy.plan.planner import plan
from progy.proof.prove import prove
from tests.unit.test_compare import schema

PLANS = sorted((Path(__file__).parent / "plans").glob("*.txt"))


def sections(path: Path) -> dict[str, str]:
    parts = re.split(r"^== (\w+)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def flags_of(text: str) -> Flags:
    given: dict[str, list[str]] = {}
    for flag in text.split():
        name, _, value = flag.partition("=")
        given.setdefault(name, []).append(value)
    return Flags(
        tuple(given.get("--rename", ())), tuple(given.get("--rename-table", ())), tuple(given.get("--backfill", ()))
    )


def migration(old: str, new: str, flags: str = "") -> str:
    before, after = schema(old), schema(new)
    return render_file(plan(before, after, resolve(flags_of(flags), before, after)))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_migration_between_two_schemas(path: Path) -> None:
    found = sections(path)
    text = migration(found["old"], found["new"], found.get("flags", ""))
    if os.environ.get("PROGY_WRITE_PLANS"):
        whole = path.read_text(encoding="utf-8")
        path.write_text(whole.partition("== migration\n")[0] + "== migration\n" + text, encoding="utf-8")
    assert text == sections(path)["migration"]


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_migration_is_proven(path: Path) -> None:
    found = sections(path)
    before, after = schema(found["old"]), schema(found["new"])
    made = plan(before, after, resolve(flags_of(found.get("flags", "")), before, after))
    with Connection() as shadow:
        with shadow.transaction():
            shadow.run(found["old"], where="old")
        proof = prove(
            shadow,
            render_file(made),
            before,
            after,
            renames=made.renames,
            filled=made.filled,
            computed=made.computed,
        )
    assert proof.untested == ()


def questions(old: str, new: str, flags: str = "") -> list[str]:
    with pytest.raises(UndecidedError) as caught:
        migration(old, new, flags)
    assert caught.value.exit_code == 2
    return [flag for question in caught.value.questions for _, flag in question.flags()]


@pytest.mark.parametrize(
    ("old", "new", "given", "flags"),
    [
        (
            "CREATE TABLE t (id, name TEXT, n INTEGER)", "CREATE TABLE t (id, full_name TEXT)", "",
            ["--rename t.name:t.full_name", "--no-renames"],
        ),
        (
            "CREATE TABLE t (id, age TEXT, size TEXT)", "CREATE TABLE t (id, ages INTEGER, bio TEXT)", "",
            ["--rename t.age:t.ages", "--no-renames", "--rename t.age:t.bio", "--rename t.size:t.bio", "--no-renames"],
        ),
        (
            "CREATE TABLE t (id, name TEXT, n INTEGER)", "CREATE TABLE t (id, full_name TEXT, m INTEGER)", "--rename=t.name:t.full_name",
            ["--rename t.n:t.m", "--no-renames"],
        ),
        (
            "CREATE TABLE account (id, name, at); CREATE TABLE other (x)", "CREATE TABLE accounts (id, name, at)", "",
            ["--rename-table account:accounts", "--no-renames"],
        ),
        (
            "CREATE TABLE account (id, name)", "CREATE TABLE accounts (id, full_name)", "--rename-table=account:accounts",
            ["--rename account.name:accounts.full_name", "--no-renames"],
        ),
        (
            "CREATE TABLE t (id)", "CREATE TABLE t (id, a TEXT NOT NULL, b TEXT NOT NULL DEFAULT '', c TEXT NOT NULL AS (a))", "",
            ["--backfill t.a=EXPRESSION"],
        ),
        (
            "CREATE TABLE t (id)", "CREATE TABLE t (id, a TEXT NOT NULL, b TEXT NOT NULL)", "--backfill=t.a=id",
            ["--backfill t.b=EXPRESSION"],
        ),
        # A column that may be a renamed one is asked for its value only when it is known to be new.
        (
            "CREATE TABLE t (id, name TEXT)", "CREATE TABLE t (id, full_name TEXT NOT NULL)", "",
            ["--rename t.name:t.full_name", "--no-renames"],
        ),
    ],
)  # fmt: skip
def test_what_is_open_is_asked_with_the_flags_for_each_reading(
    old: str, new: str, given: str, flags: list[str]
) -> None:
    assert questions(old, new, given) == flags


def test_columns_of_other_types_and_names_are_no_rename() -> None:
    assert "DROP COLUMN old_field" in migration(
        "CREATE TABLE t (old_field TEXT, id)", "CREATE TABLE t (id, at INTEGER)"
    )


def test_tables_that_share_little_are_no_rename() -> None:
    text = migration("CREATE TABLE logs (id, line, at)", "CREATE TABLE invoices (number, total, due)")
    assert "CREATE TABLE invoices" in text
    assert "DROP TABLE logs" in text


def strategies(old: str, new: str) -> dict[str, str]:
    return {one.table: one.kind for one in plan(schema(old), schema(new)).strategies}


P = "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT, b TEXT DEFAULT 'x');"
C = "CREATE TABLE c (p REFERENCES p (id));"
INDEXES = "CREATE INDEX i ON p (b); CREATE INDEX j ON p (b, id);"


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (P, P.replace("a TEXT", "a TEXT, c"), "alter in place"),
        (P, P.replace("a TEXT, ", ""), "alter in place"),
        (P, P.replace("a TEXT", "a INTEGER"), "rebuild"),
        (P, P.replace("a TEXT", "a INTEGER").replace("b TEXT DEFAULT 'x'", "b TEXT DEFAULT 'y'"), "rebuild"),
        (P + INDEXES, P.replace("a TEXT", "a INTEGER") + INDEXES, "column swap"),
        (P + INDEXES, P.replace("'x'", "'y'") + INDEXES, "rebuild"),
        (P + C, P.replace("a TEXT", "a INTEGER") + C, "column swap"),
        (P + C, P.replace("a TEXT", "a TEXT NOT NULL") + C, "guarded rebuild"),
        (P + C, P.replace("a TEXT", "a TEXT CHECK (a <> '')") + C, "guarded rebuild"),
        (P, P.replace("a TEXT", "a TEXT UNIQUE"), "alter in place"),
        (P, P.replace("a TEXT", "a TEXT, c TEXT DEFAULT CURRENT_TIMESTAMP"), "rebuild"),
        (P, P.replace("a TEXT", "a TEXT, c INTEGER DEFAULT 1 REFERENCES p (id)"), "guarded rebuild"),
        (P, P.replace("a TEXT", "a TEXT, c INTEGER DEFAULT 0 CHECK (c > 0)"), "rebuild"),
        (P, P.replace("a TEXT", "a TEXT, c AS (a) STORED"), "rebuild"),
        (P, P.replace(");", ") STRICT;"), "rebuild"),
        (P, P.replace("INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT"), "rebuild"),
    ],
)
def test_the_cheapest_way(old: str, new: str, kind: str) -> None:
    assert strategies(old, new)["p"] == kind


def test_an_enumeration_that_allows_more_stops_nothing() -> None:
    old = "CREATE TABLE t (s TEXT CHECK (s IN ('a', 'b')));"
    assert plan(schema(old), schema(old.replace("'b'", "'b', 'c'"))).notes == ()
    assert plan(schema(old), schema(old.replace("'b'", "'c'"))).notes == (
        "t: a row that breaks the new check (s IN ('a', 'c')) stops the migration",
    )


def test_notes_say_what_becomes_of_rows() -> None:
    made = plan(schema(P), schema(P.replace("b TEXT DEFAULT 'x'", "b TEXT NOT NULL DEFAULT 'x'")))
    assert made.notes == ("p.b: NULL becomes 'x', its default",)
    assert made.filled == {("p", "b")}


def test_a_comment_never_holds_a_semicolon_or_a_line_break() -> None:
    text = migration('CREATE TABLE "a;\n--b" (id)', "")
    assert text.startswith("-- data loss: drops the table a, --b and its rows\n-- A difference")
    assert '\n\nDROP TABLE "a;\n--b";\n' in text


@pytest.mark.parametrize(
    ("old", "new", "flags", "name"),
    [
        ("CREATE TABLE v (a)", "CREATE TABLE v (a, guard)", "", "add_guard_to_v"),
        ("CREATE TABLE v (a)", "CREATE TABLE v (a, b, c); CREATE INDEX i ON v (b)", "", "add_b_and_c_to_v"),
        ("CREATE TABLE v (a, b)", "CREATE TABLE v (a)", "", "drop_b_from_v"),
        ("CREATE TABLE v (a)", "CREATE TABLE v (a); CREATE TABLE w (a)", "", "create_w"),
        ("CREATE TABLE v (a)", "", "", "drop_v"),
        ("CREATE TABLE v (a)", "CREATE TABLE v (a); CREATE INDEX v_by_a ON v (a)", "", "create_v_by_a"),
        ("CREATE TABLE v (a, b)", "CREATE TABLE v (a); CREATE TABLE w (a)", "", "drop_b_from_v_and_create_w"),
        ("CREATE TABLE v (a TEXT)", "CREATE TABLE v (a INTEGER CHECK (a > 0))", "", "alter_v_a_and_alter_v"),
        ("CREATE TABLE v (a)", "CREATE TABLE w (a)", "--rename-table=v:w", "rename_v_to_w"),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 2", "", "create_v"),
        ("", "".join(f"CREATE TABLE table_number_{n} (a);" for n in range(9)), "", "create_table_number_0_and_more"),
        ("", 'CREATE TABLE "Größe; x" (a)', "", "create_groe_x"),
    ],
)
def test_names_that_say_what_changes(old: str, new: str, flags: str, name: str) -> None:
    before, after = schema(old), schema(new)
    assert name_for(plan(before, after, resolve(flags_of(flags), before, after)), initial=False) == name


def test_the_first_migration_is_called_initial() -> None:
    assert name_for(plan(schema(""), schema("CREATE TABLE a (b)")), initial=True) == "initial"


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


def large(count: int, declared: str) -> str:
    """Tables in chains of eight, with a view and a trigger here and there."""
    found = []
    for number in range(count):
        parent = number - number % 8 + max(number % 8 - 1, 0)
        found.append(
            f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, a {declared}, p INTEGER REFERENCES t{parent} (id) ON DELETE CASCADE);"
            f"CREATE INDEX i{number} ON t{number} (p); CREATE UNIQUE INDEX j{number} ON t{number} (a);"
        )
        if number % 5 == 0:
            found.append(f"CREATE VIEW v{number} AS SELECT a FROM t{number};")
            found.append(f"CREATE TRIGGER g{number} AFTER UPDATE ON t{number} BEGIN UPDATE t0 SET a = 1; END;")
    return "".join(found)


@pytest.mark.parametrize(("old", "new"), [("", "TEXT"), ("TEXT", "INTEGER"), ("INTEGER", "")])
def test_no_part_is_larger_than_d1_takes_and_each_leaves_a_whole_schema(old: str, new: str) -> None:
    ddl = large(40, old) if old else ""
    before, after = schema(ddl), schema(large(40, new) if new else "")
    whole, found = parts(before, after)
    assert (len(whole.statements) > MOST_STATEMENTS) == (len(found) > 1)
    with Connection() as database:
        with database.transaction():
            database.run(ddl, where="old")
        for part in found:
            assert 0 < len(part.plan.statements) <= MOST_STATEMENTS
            with database.transaction():
                database.run(render_file(part.plan), where="part")
            assert compare(database.schema(), part.new) == []
            assert database.query("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'progy_%'") == [(0,)]
        assert compare(database.schema(), after) == []
        # What can be read stays readable between the parts.
        for view in database.schema().views:
            database.query(f"SELECT * FROM {view}")


def test_one_table_that_needs_too_many_statements_is_refused_by_name() -> None:
    columns = ", ".join(f"c{number}" for number in range(97))
    indexes = "".join(f"CREATE INDEX i{number} ON t (c{number});" for number in range(97))
    with pytest.raises(UnsupportedChangeError) as caught:
        parts(schema(""), schema(f"CREATE TABLE t ({columns});{indexes}"))
    assert caught.value.message == "t alone needs 98 statements, and D1 takes 100 at once"


def test_parts_of_renames_are_renamed_first() -> None:
    old, new = large(40, "TEXT"), large(40, "INTEGER").replace("t39 ", "renamed ")
    before, after = schema(old), schema(new)
    _, found = parts(before, after, resolve(flags_of("--rename-table=t39:renamed"), before, after))
    assert [statement.sql for statement in found[0].plan.statements] == ["ALTER TABLE t39 RENAME TO renamed"]
    assert all(not part.plan.renames for part in found[1:])


@pytest.mark.parametrize(
    ("old", "new", "backfill", "message"),
    [
        (P, P.replace("a TEXT", "a TEXT, c"), "p.a='x'", None),
        (P, P, "p.a='x'", "the backfill of p.a would change no row"),
        (
            P.replace("a TEXT", "a TEXT NOT NULL"),
            P.replace("a TEXT", "a TEXT NOT NULL, c"),
            "p.a='x'",
            "would change no row",
        ),
        (P, P.replace("a TEXT", "a TEXT, c"), "p.id=id+100", "would change a primary key"),
        (
            P,
            P.replace("a TEXT", "a TEXT, c"),
            "p.a=(SELECT max(x.a) || p.a FROM p x)",
            "reads other rows of its own table",
        ),
    ],
)
def test_backfills_that_are_misunderstood_are_refused(old: str, new: str, backfill: str, message: str | None) -> None:
    before, after = schema(old), schema(new)
    decisions = resolve(Flags(backfills=(backfill,)), before, after)
    if message is None:
        assert "UPDATE p SET a = coalesce(a, 'x')" in render_file(plan(before, after, decisions))
        return
    with pytest.raises(UsageError, match=message):
        plan(before, after, decisions)


STRICT = "CREATE TABLE t (id INTEGER PRIMARY KEY, a ANY) STRICT;"
CONTENTLESS = "CREATE VIRTUAL TABLE f USING fts5(a, content='');"


@pytest.mark.parametrize(
    ("old", "new", "loss"),
    [
        (STRICT, STRICT.replace(" STRICT", ""), "stores t.a as ANY of a table that isn't STRICT: text that looks like a number becomes one, so that '007' is 7, and other text stays"),
        (CONTENTLESS, "", "drops what the full-text index f holds, which keeps no text to be filled from"),
        (CONTENTLESS, CONTENTLESS.replace("(a,", "(a, b,"), "drops what the full-text index f holds, which keeps no text to be filled from"),
        ("CREATE VIRTUAL TABLE f USING fts5(a, b);", "CREATE VIRTUAL TABLE f USING fts5(a);", "drops the column f.b and its values"),
        ("CREATE VIRTUAL TABLE f USING fts5(a, b);", "", "drops the table f and its rows"),
        (P, P.replace("a TEXT", "a TEXT AS (b)"), "replaces the values of p.a by what it computes"),
        (P.replace("a TEXT", "a AS (b) VIRTUAL"), P.replace("a TEXT, ", ""), None),
        (P.replace("a TEXT", "a TEXT AS (b) STORED"), P.replace("a TEXT", "a INTEGER AS (b) STORED"), None),
    ],
)  # fmt: skip
def test_losses(old: str, new: str, loss: str | None) -> None:
    assert plan(schema(old), schema(new)).losses == ((loss,) if loss else ())


FTS = """
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
CREATE VIEW v AS SELECT id, a FROM t;
CREATE VIRTUAL TABLE f USING fts5(a, content='t', content_rowid='id');
CREATE VIRTUAL TABLE g USING fts5(a, content='v', content_rowid='id');
"""


@pytest.mark.parametrize(
    ("new", "flags", "filled"),
    [
        (FTS.replace("a TEXT, b", "a TEXT, c TEXT, b"), "", []),
        (FTS.replace("b TEXT", "b TEXT CHECK (b <> '')"), "", []),
        (FTS.replace("a TEXT", "a INTEGER"), "", ["f", "g"]),
        (FTS.replace("a TEXT", "a TEXT NOT NULL DEFAULT ''"), "", ["f", "g"]),
        (FTS, "--rename=t.a:t.b --rename=t.b:t.a", ["f", "g"]),
        (FTS.replace("SELECT id, a", "SELECT id, b AS a"), "", ["g"]),
        (FTS.replace("id INTEGER PRIMARY KEY, a TEXT, b TEXT", "id INTEGER, a TEXT, b INTEGER PRIMARY KEY"), "", ["f", "g"]),
    ],
)  # fmt: skip
def test_full_text_indexes_are_filled_again_where_texts_or_rowids_change(
    new: str, flags: str, filled: list[str]
) -> None:
    text = migration(FTS, new, flags)
    assert re.findall(r"^INSERT INTO (\w) \(\w\) VALUES \('rebuild'\);", text, re.MULTILINE) == filled


def test_a_table_that_goes_looks_who_refers_to_it() -> None:
    text = migration(P, "")
    with Connection() as database:
        with database.transaction():
            database.run(P + "CREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE)", where="by hand")
        with pytest.raises(SqlError, match="other tables refer to p than its migrations know"), database.transaction():
            database.run(text, where="migration")


def test_a_constraints_own_word_on_conflicts_never_drops_rows() -> None:
    old = "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT UNIQUE ON CONFLICT REPLACE);"
    text = migration(old, old.replace("id INTEGER PRIMARY KEY", "id INTEGER PRIMARY KEY, z"), "--backfill=t.k='x'")
    with Connection() as database:
        with database.transaction():
            database.run(old + "INSERT INTO t VALUES (1, 'a'), (2, NULL), (3, NULL)", where="rows")
        with pytest.raises(SqlError, match=r"UNIQUE constraint failed: t\.k"), database.transaction():
            database.run(text, where="migration")


def test_a_backfill_never_clears_references() -> None:
    old = """
    CREATE TABLE p (id INTEGER PRIMARY KEY, k TEXT UNIQUE);
    CREATE TABLE c (id INTEGER PRIMARY KEY, k TEXT REFERENCES p (k) ON UPDATE SET NULL);
    """
    text = migration(old, old.replace("k TEXT UNIQUE", "k TEXT UNIQUE, z"), "--backfill=p.k=lower(k)")
    with Connection() as database:
        with database.transaction():
            database.run(old + "INSERT INTO p VALUES (1, 'A'); INSERT INTO c VALUES (1, 'A')", where="rows")
        with pytest.raises(SqlError, match="c would lose rows or references"), database.transaction():
            database.run(text, where="migration")


def test_many_references_to_one_table() -> None:
    columns = ", ".join(f"c{number} INTEGER REFERENCES p (id)" for number in range(98))
    child = f"CREATE TABLE many (id INTEGER PRIMARY KEY, {columns});"
    text = migration(P + child, P.replace("a TEXT", "a TEXT NOT NULL") + child)
    with Connection() as database:
        with database.transaction():
            database.run(
                P + child + "INSERT INTO p VALUES (1, 'a', 'b'); INSERT INTO many (id, c97) VALUES (1, 1)", where="rows"
            )
        with database.transaction():
            database.run(text, where="migration")
        assert database.query("SELECT c97 FROM many") == [(1,)]


@pytest.mark.parametrize(
    ("backfill", "value"),
    [
        ("o.date=date('now')", "coalesce(date, date('now'))"),
        ("o.text=CAST(id AS text)", "coalesce(text, CAST(id AS text))"),
        ("o.n=(SELECT u.n FROM u WHERE u.o = o.id)", "coalesce(n, (SELECT u.n FROM u WHERE u.o = o.id))"),
        ("o.n=max(n, 0)", "max(n, 0)"),
    ],
)
def test_a_backfill_names_its_own_column_only_where_sqlite_reads_it(backfill: str, value: str) -> None:
    old = "CREATE TABLE o (id INTEGER PRIMARY KEY, date TEXT, text TEXT, n INTEGER); CREATE TABLE u (o, n);"
    before, after = schema(old), schema(old.replace("n INTEGER", "n INTEGER, z"))
    text = render_file(plan(before, after, resolve(Flags(backfills=(backfill,)), before, after)))
    assert f"SET {backfill[2:].partition('=')[0]} = {value};" in text


@pytest.mark.parametrize(
    ("backfill", "message"),
    [
        ("p.c=max(a)", "the backfill of p.c gives one value for all rows together"),
        ('p.c=lower("nothing")', "the backfill of p.c: no such column"),
    ],
)
def test_a_backfill_is_a_value_of_each_row(backfill: str, message: str) -> None:
    before, after = schema(P), schema(P.replace("a TEXT", "a TEXT, c TEXT NOT NULL"))
    with pytest.raises(UsageError, match=message):
        plan(before, after, resolve(Flags(backfills=(backfill,)), before, after))


def test_a_column_that_is_swapped_loses_its_index_first() -> None:
    old = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT); CREATE INDEX i ON t (a); CREATE INDEX j ON t (b);"
    text = migration(old, old.replace("a TEXT", "a INTEGER").replace("CREATE INDEX i ON t (a);", ""))
    assert text.index("DROP INDEX i") < text.index("DROP COLUMN a")


def test_two_columns_cannot_have_been_one() -> None:
    old, new = schema("CREATE TABLE t (a)"), schema("CREATE TABLE t (b, c)")
    both = Decisions(columns=(ColumnRename("t", "a", "b"), ColumnRename("t", "a", "c")))
    with pytest.raises(UsageError, match="a is said to be b now, and a to be c"):
        plan(old, new, both)


def test_two_tables_that_get_their_keys_from_each_other_at_once_are_refused_by_name() -> None:
    old = schema("CREATE TABLE a (x INTEGER); CREATE TABLE b (y INTEGER);")
    new = schema(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b (id));"
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id));"
    )
    with pytest.raises(UnsupportedChangeError, match="tables that refer to each other change their keys at once"):
        between(old, new, Decisions(no_renames=True))
