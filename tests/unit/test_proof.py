"""A migration that is right is proven; one that isn't is found out, whatever it does wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from progy.d1.connection import Connection
from progy.diff.decisions import ColumnRename, TableRename
from progy.errors import ProofError, SqlError
from progy.proof.prove import prove

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from progy.proof.prove import Proof

USERS = """
CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL,
  age TEXT,
  bio TEXT
);
CREATE UNIQUE INDEX users_email ON users (email);
"""
POSTS = """
CREATE TABLE posts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER REFERENCES users (id) ON DELETE {},
  title TEXT NOT NULL DEFAULT ''
);
"""
LOG = "CREATE TABLE log (id INTEGER PRIMARY KEY, what TEXT NOT NULL);"
LOGGED = "CREATE TRIGGER logged AFTER {} ON users BEGIN INSERT INTO log (what) VALUES ('{}'); END;"

# `age` becomes an INTEGER.
RETYPED = USERS.replace("age TEXT", "age INTEGER")
REBUILD = """
CREATE TABLE new_users (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL,
  age INTEGER,
  bio TEXT
);
INSERT INTO new_users (id, email, age, bio) SELECT users.id, users.email, users.age, users.bio FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
CREATE UNIQUE INDEX users_email ON users (email);
"""
SWAP = """
ALTER TABLE users ADD COLUMN new_age INTEGER;
UPDATE users SET new_age = age;
ALTER TABLE users DROP COLUMN age;
ALTER TABLE users RENAME COLUMN new_age TO age;
"""
GUARD = "CREATE TRIGGER guard BEFORE {} ON posts BEGIN SELECT RAISE(IGNORE); END;\n"


def guarded(event: str, rebuild: str = REBUILD) -> str:
    guards = f"PRAGMA defer_foreign_keys = ON;\n{GUARD.format(event)}DROP TABLE users;"
    return rebuild.replace("DROP TABLE users;", guards) + "DROP TRIGGER guard; PRAGMA defer_foreign_keys = OFF;"


def database(sql: str) -> Connection:
    connection = Connection()
    with connection.transaction():
        connection.run(sql, where="history")
    return connection


def proof(  # noqa: PLR0913 - as prove takes it
    old: str,
    new: str,
    text: str,
    *,
    renames: Sequence[TableRename | ColumnRename] = (),
    filled: Collection[tuple[str, str]] = (),
    computed: Collection[tuple[str, str]] = (),
) -> Proof:
    with database(old) as shadow, database(new) as wanted:
        before = shadow.query("SELECT sql FROM sqlite_schema ORDER BY rowid")
        try:
            return prove(
                shadow, text, shadow.schema(), wanted.schema(), renames=renames, filled=filled, computed=computed
            )
        finally:
            assert shadow.query("SELECT sql FROM sqlite_schema ORDER BY rowid") == before


REQUIRED = RETYPED.replace("bio TEXT", "bio TEXT NOT NULL")
REQUIRE = REBUILD.replace("bio TEXT", "bio TEXT NOT NULL")

RIGHT = {
    "a new table beside others": (USERS, USERS + LOG, LOG, 0, 0),
    "a new index that refuses nothing": (USERS, USERS + "CREATE INDEX i ON users (age);", "CREATE INDEX i ON users (age);", 0, 0),
    "a new column": (LOG, LOG.replace("what TEXT NOT NULL", "what TEXT NOT NULL, more TEXT DEFAULT 'x'"), "ALTER TABLE log ADD COLUMN more TEXT DEFAULT 'x';", 8, 0),
    "a dropped column": (USERS, USERS.replace(",\n  bio TEXT", ""), "ALTER TABLE users DROP COLUMN bio;", 8, 0),
    "a rebuild": (USERS, RETYPED, REBUILD, 8, 0),
    "a column swap": (USERS, RETYPED, SWAP, 8, 0),
    "a guarded rebuild, CASCADE": (USERS + POSTS.format("CASCADE"), RETYPED + POSTS.format("CASCADE"), guarded("DELETE"), 16, 0),
    "a guarded rebuild, SET NULL": (USERS + POSTS.format("SET NULL"), RETYPED + POSTS.format("SET NULL"), guarded("UPDATE"), 16, 0),
    "a trigger that is put away": (
        USERS + LOG + LOGGED.format("UPDATE", "x"), RETYPED + LOG + LOGGED.format("UPDATE", "x"),
        f"DROP TRIGGER logged; {SWAP} {LOGGED.format('UPDATE', 'x')}", 16, 0,
    ),
    "a column that becomes required": (USERS, REQUIRED, REQUIRE, 8, 1),
    "a new unique index": (USERS, USERS + "CREATE UNIQUE INDEX i ON users (age);", "CREATE UNIQUE INDEX i ON users (age);", 8, 1),
    "values that become the same": (
        USERS.replace("age TEXT", "age TEXT UNIQUE"), RETYPED.replace("age INTEGER", "age INTEGER UNIQUE"),
        REBUILD.replace("age INTEGER", "age INTEGER UNIQUE"), 8, 1,
    ),
    "a dropped table": (USERS + LOG, USERS, "DROP TABLE log;", 8, 0),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "text", "rows", "violations"), RIGHT.values(), ids=RIGHT)
def test_what_is_right_is_proven(old: str, new: str, text: str, rows: int, violations: int) -> None:
    found = proof(old, new, text)
    assert (found.rows, found.violations, found.untested) == (rows, violations, ())


WRONG = {
    "a change is forgotten": (
        USERS, RETYPED.replace("bio TEXT", "bio BLOB"), REBUILD,
        "behind the generated migration these changes are still missing:\n  alter column users.bio (type TEXT -> BLOB)",
    ),
    "a statement fails": (
        USERS, RETYPED, "ALTER TABLE user RENAME TO users;",
        "the generated statement fails: no such table: user\nALTER TABLE user RENAME TO users",
    ),
    "children are deleted": (
        USERS + POSTS.format("CASCADE"), RETYPED + POSTS.format("CASCADE"), f"PRAGMA defer_foreign_keys = ON; {REBUILD}",
        "posts: 8 rows before the migration, 1 after it",
    ),
    "references are emptied": (
        USERS + POSTS.format("SET NULL"), RETYPED + POSTS.format("SET NULL"), f"PRAGMA defer_foreign_keys = ON; {REBUILD}",
        "posts.user_id: should hold -1, and holds None",
    ),
    "the commit fails": (
        USERS + POSTS.format("RESTRICT"), RETYPED + POSTS.format("RESTRICT"), f"PRAGMA defer_foreign_keys = ON; {REBUILD}",
        "rows that fit the old schema and the new one stop the migration: FOREIGN KEY constraint failed at the end: a row refers to one that isn't there\nCOMMIT",
    ),
    "a column isn't copied": (
        USERS, RETYPED, REBUILD.replace(", age, bio) SELECT users.id, users.email, users.age, ", ", bio) SELECT users.id, users.email, "),
        "users.age: should hold ' x ', and holds None",
    ),
    "two columns are mixed up": (
        USERS, RETYPED, REBUILD.replace("users.age, users.bio FROM", "users.bio, users.age FROM"),
        "users.age: should hold b'\\x00\\x7f', and holds ''",
    ),
    "values are cast": (
        USERS, RETYPED, SWAP.replace("= age", "= CAST(age AS INTEGER)"),
        "users.age: should hold ' x ', and holds 0",
    ),
    "a quoted name is a string": (
        USERS, RETYPED, REBUILD.replace("users.age, users.bio FROM", '"agee", users.bio FROM'),
        "users.age: should hold ' x ', and holds 'agee'",
    ),
    "values get into other rows": (
        USERS, RETYPED, REBUILD.replace("users.age, users.bio FROM", "lag(users.age, 1, (SELECT age FROM users ORDER BY id DESC)) OVER (ORDER BY id), users.bio FROM"),
        "users: values have got into other rows: 1, 'a', 'a', 'a' is gone",
    ),
    "rows are left out": (
        USERS, RETYPED, REBUILD.replace("FROM users;", "FROM users WHERE users.bio IS NOT NULL;"),
        "users: 8 rows before the migration, 7 after it",
    ),
    "rows are copied twice": (
        LOG, LOG.replace("what TEXT NOT NULL", "what BLOB NOT NULL"),
        "CREATE TABLE n (id INTEGER PRIMARY KEY, what BLOB NOT NULL); INSERT INTO n SELECT * FROM log; INSERT INTO n (what) SELECT what FROM log; DROP TABLE log; ALTER TABLE n RENAME TO log;",
        "log: 8 rows before the migration, 16 after it",
    ),
    "a trigger fires": (
        USERS + LOG + LOGGED.format("UPDATE", "x"), RETYPED + LOG + LOGGED.format("UPDATE", "x"), SWAP,
        "log: 0 rows before the migration, 8 after it, which doesn't concern it",
    ),
    "AUTOINCREMENT begins again": (
        POSTS.format("CASCADE") + USERS, POSTS.format("CASCADE").replace("title TEXT", "title BLOB") + USERS,
        POSTS.format("CASCADE").replace("posts", "new_posts").replace("title TEXT", "title BLOB")
        + "INSERT INTO new_posts SELECT * FROM posts; DROP TABLE posts; ALTER TABLE new_posts RENAME TO posts;",
        "posts: AUTOINCREMENT had come to 1000, and begins again behind 0",
    ),
    "AUTOINCREMENT begins again where rows are": (
        POSTS.format("CASCADE") + USERS, POSTS.format("CASCADE").replace("title TEXT", "title BLOB") + USERS,
        POSTS.format("CASCADE").replace("posts", "new_posts").replace("title TEXT", "title BLOB")
        + "INSERT INTO new_posts SELECT * FROM posts; DROP TABLE posts; ALTER TABLE new_posts RENAME TO posts;"
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'posts', 1000 WHERE NOT EXISTS (SELECT 1 FROM posts);",
        "posts: AUTOINCREMENT had come to 9007199254741993, and begins again behind 9007199254740993",
    ),
    "rowids are lost": (
        "CREATE TABLE t (a TEXT); CREATE VIRTUAL TABLE f USING fts5(a, content='t');",
        "CREATE TABLE t (a BLOB); CREATE VIRTUAL TABLE f USING fts5(a, content='t');",
        "CREATE TABLE n (a BLOB); INSERT INTO n (a) SELECT a FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
        "t's rowid: should hold 14, and holds 1",
    ),
    "what the new schema refuses is deleted": (
        USERS, REQUIRED, f"DELETE FROM users WHERE bio IS NULL; {REQUIRE}",
        "users: a row that the new schema refuses is no obstacle: NOT NULL constraint failed: users.bio",
    ),
    "doubles are left out": (
        USERS, USERS.replace("age TEXT", "age TEXT UNIQUE"),
        REBUILD.replace("age INTEGER", "age TEXT UNIQUE").replace("INSERT INTO", "INSERT OR IGNORE INTO"),
        "users: a row that the new schema refuses is no obstacle: UNIQUE constraint failed: users.age",
    ),
    "a reference that leads nowhere goes unseen": (
        USERS + LOG, USERS + LOG.replace("what TEXT NOT NULL", "what TEXT NOT NULL REFERENCES users (email)"),
        "PRAGMA defer_foreign_keys = ON; CREATE TABLE n (id INTEGER PRIMARY KEY, what TEXT NOT NULL REFERENCES users (email)); INSERT INTO n SELECT * FROM log; DROP TABLE log; ALTER TABLE n RENAME TO log; PRAGMA defer_foreign_keys = OFF;",
        "log: a row that the new schema refuses is no obstacle: a reference that leads nowhere",
    ),
    "what dangled before is in the way": (
        USERS + POSTS.format("CASCADE"), RETYPED + POSTS.format("CASCADE"),
        guarded("DELETE") + "CREATE TABLE c (n CONSTRAINT sound CHECK (n = 0)); INSERT INTO c SELECT count(*) FROM pragma_foreign_key_check('posts'); DROP TABLE c;",
        "a reference that led nowhere before, and isn't concerned, stops the migration: CHECK constraint failed: sound\nINSERT INTO c SELECT count(*) FROM pragma_foreign_key_check('posts')",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "text", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_found_out(old: str, new: str, text: str, message: str) -> None:
    with pytest.raises(ProofError) as caught:
        proof(old, new, text)
    assert caught.value.message == message
    assert caught.value.hint == "this is a bug in progy: please report it with the models; nothing was written"


def test_what_depends_on_tables_it_does_not_name_is_no_migration_of_progys() -> None:
    text = (
        SWAP
        + "CREATE TABLE c (n CHECK (n = 3)); INSERT INTO c SELECT count(*) FROM sqlite_schema WHERE type = 'table'; DROP TABLE c;"
    )
    with pytest.raises(
        ProofError, match=r"^it fails where only the tables are that it names: CHECK constraint failed: n = 3\n"
    ):
        proof(USERS + LOG, RETYPED + LOG, text)


def test_renames_are_followed() -> None:
    old = "CREATE TABLE a (x TEXT, y TEXT, z TEXT); CREATE TABLE b (x TEXT);"
    new = "CREATE TABLE b (y TEXT, x TEXT, w TEXT); CREATE TABLE a (x TEXT);"
    text = """
ALTER TABLE a RENAME TO stand_in; ALTER TABLE b RENAME TO a; ALTER TABLE stand_in RENAME TO b;
ALTER TABLE b RENAME COLUMN x TO stand_in; ALTER TABLE b RENAME COLUMN y TO x; ALTER TABLE b RENAME COLUMN stand_in TO y;
ALTER TABLE b RENAME COLUMN z TO w;
"""
    tables = [TableRename("a", "b"), TableRename("B", "a")]
    columns = [ColumnRename("b", "x", "y"), ColumnRename("b", "Y", "x"), ColumnRename("b", "z", "w")]
    assert proof(old, new, text, renames=[*tables, *columns]).rows == 16
    with pytest.raises(ProofError, match=r"^a\.y: should hold "):
        proof(old, new, text, renames=[*tables, columns[2]])


FILL = "UPDATE users SET bio = 'none' WHERE bio IS NULL;"


def test_columns_that_are_filled_may_have_been_null() -> None:
    found = proof(USERS, REQUIRED, FILL + REQUIRE, filled=[("users", "bio")])
    assert (found.rows, found.violations, found.untested) == (8, 0, ())


def test_filling_keeps_what_is_there() -> None:
    with pytest.raises(ProofError, match=r"^users\.bio: ' x ' is gone, where only NULLs are filled$"):
        proof(USERS, REQUIRED, FILL.replace("WHERE bio IS NULL", "") + REQUIRE, filled=[("users", "bio")])


def test_what_an_expression_computes_is_the_users_own() -> None:
    text = FILL.replace("'none' WHERE bio IS NULL", "coalesce(lower(bio), '')") + REQUIRE
    assert proof(USERS, REQUIRED, text, filled=[("users", "bio")], computed=[("users", "bio")]).rows == 8


def test_a_new_column_is_filled() -> None:
    new = USERS.replace("bio TEXT", "bio TEXT, name TEXT NOT NULL")
    text = REBUILD.replace("bio TEXT", "bio TEXT, name TEXT NOT NULL").replace("bio) SELECT", "bio, name) SELECT")
    text = text.replace("age INTEGER", "age TEXT").replace("users.bio FROM", "users.bio, lower(users.email) FROM")
    assert proof(USERS, new, text, filled=[("users", "name")]).rows == 8


def test_values_of_the_user_that_the_new_schema_refuses_are_no_bug() -> None:
    new = USERS.replace("bio TEXT", "bio TEXT, name TEXT NOT NULL UNIQUE")
    text = REBUILD.replace("bio TEXT", "bio TEXT, name TEXT NOT NULL UNIQUE").replace(
        "bio) SELECT", "bio, name) SELECT"
    )
    text = text.replace("age INTEGER", "age TEXT").replace("users.bio FROM", "users.bio, 'same' FROM")
    found = proof(USERS, new, text, filled=[("users", "name")])
    assert found.untested == (
        (
            "the values that rows of users get may be refused, which stops the migration: "
            "UNIQUE constraint failed: new_users.name"
        ),
    )
    assert found.rows == 1


def test_a_check_that_no_row_satisfies_is_said() -> None:
    old = "CREATE TABLE t (a INTEGER NOT NULL CHECK (a * a = 152399025), b TEXT);"
    found = proof(
        old,
        old.replace("b TEXT", "c TEXT"),
        "ALTER TABLE t RENAME COLUMN b TO c;",
        renames=[ColumnRename("t", "b", "c")],
    )
    assert found.untested == (
        "not proven with rows of t, of which none could be made: CHECK constraint failed: a * a = 152399025",
    )


def test_rows_that_the_history_inserts_are_no_bug_of_progy() -> None:
    seeds = "INSERT INTO users (email, age) VALUES ('a', 3);"
    assert proof(USERS + seeds, RETYPED, REBUILD).rows == 8
    with pytest.raises(SqlError) as caught:
        proof(USERS + seeds, REQUIRED, REQUIRE)
    assert caught.value.message == (
        "rows that the history's migrations insert don't fit the new schema: NOT NULL constraint failed: new_users.bio"
    )


def test_the_ledger_is_none_of_its_business() -> None:
    with database(USERS + "CREATE TABLE ledger (name);") as shadow, database(RETYPED) as wanted:
        assert prove(shadow, REBUILD, shadow.schema(ignore=["ledger"]), wanted.schema(), ignore=["ledger"]).rows == 8


def test_one_table_of_many_is_proven_by_itself() -> None:
    others = "".join(
        f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t{number - 1} (id));"
        for number in range(1, 50)
    )
    first = "CREATE TABLE t0 (id INTEGER PRIMARY KEY, a TEXT);"
    found = proof(first + others, first.replace(", a TEXT", "") + others, "ALTER TABLE t0 DROP COLUMN a;")
    assert found.rows == 16  # t0, and t1, which refers to it
