"""The rules about migrations: exact findings, and what must hold for whatever progy generates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from progy.check.history import read
from progy.check.run import migration_findings, new_names
from progy.check.sources import Source
from progy.d1.ledger import Ledger
from progy.migrations.directory import Migration, MigrationDirectory
from progy.sql.comments import comments
from progy.sql.tokens import UnclosedQuoteError, tokens

if TYPE_CHECKING:
    from progy.check.findings import Finding
    from progy.check.replaying import Replayed


def checked(root: Path, *texts: str | bytes) -> tuple[list[Finding], Replayed]:
    """What the rules find in these migrations, the last of which is new."""
    folder = root / "migrations"
    folder.mkdir()
    for number, text in enumerate(texts, 1):
        (folder / f"{number:04d}.sql").write_bytes(text if isinstance(text, bytes) else text.encode())
    history = read(MigrationDirectory(folder), root, None)
    found, _, replayed = migration_findings(history, Ledger(), new_names(history, None))
    return sorted(found, key=lambda finding: finding.order), replayed


def told(root: Path, *texts: str | bytes) -> list[str]:
    found, _ = checked(root, *texts)
    return [f"{one.file}:{one.line} {one.code} {one.message}".removeprefix("migrations/") for one in found]


def codes(root: Path, *texts: str | bytes) -> list[str]:
    return [one.code for one in checked(root, *texts)[0]]


USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (USERS, []),
        ("", ["0001.sql:1 PD216 no statement: applying it does nothing"]),
        ("-- nothing yet\n", ["0001.sql:1 PD216 no statement: applying it does nothing"]),
        (USERS.strip().removesuffix(";"), ["0001.sql:1 PD206 the last statement has no semicolon, so wrangler's own, which it appends, becomes a part of it"]),
        (USERS + "-- the\n/* end */", ["0001.sql:2 PD210 a comment with no statement behind it: -- the", "0001.sql:3 PD210 a comment with no statement behind it: /* end */"]),
        ("-- a; b\n/* c; */ " + USERS, ["0001.sql:1 PD209 a semicolon in a comment, at which D1's server has split: -- a; b", "0001.sql:2 PD209 a semicolon in a comment, at which D1's server has split: /* c; */"]),
        ("SELECT '-- no; comment', \"/* nor; this */\";", []),
        (USERS.replace("\n", "\r\n"), ["0001.sql:1 PD207 its lines end with CRLF"]),
        ("SAVEPOINT a;\nSELECT 1;\n", ["0001.sql:1 PD202 SAVEPOINT: a migration is one transaction already, and D1 refuses another"]),
        ("SELECT 1;\nEND;\n", ["0001.sql:2 PD202 END: a migration is one transaction already, and D1 refuses another"]),
        ("SELECT 'BEGIN', 'COMMIT;', 'BEGIN transaction;';", []),
        ("-- BEGIN TRANSACTION is refused\n" + USERS, ["0001.sql:1 PD212 BEGIN TRANSACTION inside -- BEGIN TRANSACTION is refused, which wrangler, not looking at quotes, refuses the file for"]),
        ("\n\nSELECT\n'BEGIN TRANSACTION;' AS a;", ["0001.sql:4 PD212 BEGIN TRANSACTION inside 'BEGIN TRANSACTION;', which wrangler, not looking at quotes, takes out of it, with the file's first COMMIT;"]),
        ("PRAGMA foreign_keys;PRAGMA defer_foreign_keys=ON;PRAGMA legacy_alter_table=OFF;", []),
        ("PRAGMA main.recursive_triggers(1);", ["0001.sql:1 PD215 recursive_triggers stays on after the migration, even when that fails, for whoever uses the database next"]),
        ("CREATE TEMPORARY VIEW v AS SELECT 1;", ["0001.sql:1 PD203 D1 has no TEMP objects: CREATE TEMPORARY VIEW v AS SELECT 1"]),
        ("CREATE TABLE a (b TEXT PRIMARY KEY", ["0001.sql:1 PD201 incomplete input", "0001.sql:1 PD206 the last statement has no semicolon, so wrangler's own, which it appends, becomes a part of it"]),
        ("SELECT 'a;\n", ["0001.sql:1 PD201 a quote is never closed"]),
    ],
)  # fmt: skip
def test_what_is_amiss_in_a_text(text: str, expected: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, text) == expected


def test_what_is_no_text_is_said_and_ends_the_replay(tmp_path: Path) -> None:
    assert told(tmp_path, b"SELECT '\xff';", USERS, "SELECT 1;") == [
        "0001.sql:None PD213 not UTF-8 at byte 8; the 2 behind it weren't run",
    ]


def test_nul(tmp_path: Path) -> None:
    assert told(tmp_path, "SELECT 1;\nSELECT '\0';", USERS) == [
        "0001.sql:2 PD213 a NUL character, where SQLite stops to read; the one behind it wasn't run"
    ]


def test_a_failing_file_says_how_many_were_not_run_and_text_rules_look_at_all(tmp_path: Path) -> None:
    assert told(tmp_path, "SELECT 1;\nCREATE TABLE _cf_x (a);", "SELECT 1", "SELECT 1;") == [
        "0001.sql:2 PD201 D1 keeps names that start with _cf_ for itself: _cf_x; the 2 behind it weren't run",
        "0002.sql:1 PD206 the last statement has no semicolon, so wrangler's own, which it appends, becomes a part of it",
    ]


def test_limits(tmp_path: Path) -> None:
    statement = f"SELECT '{'a' * 99_991}'"
    assert len(statement) == 100_000
    assert told(tmp_path, "SELECT 1;" * 100 + "\nSELECT 1;", f"{statement};", f"{statement.replace('a', 'ä', 1)};") == [
        "0001.sql:2 PD204 101 statements; D1 takes 100 in a request, and a migration is one request",
        "0003.sql:1 PD205 a statement of 100,001 bytes; D1 takes 100,000",
    ]


SHOP = """\
CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT);
CREATE TABLE c (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a ON DELETE CASCADE);
CREATE TABLE n (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a ON DELETE SET NULL);
CREATE INDEX ic ON c (a);
CREATE INDEX inn ON n (a);
"""
GUARDS = """\
CREATE TRIGGER gc BEFORE DELETE ON c BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER gn UPDATE OF "A" ON n FOR EACH ROW BEGIN SELECT RAISE(IGNORE); END;
"""
REBUILD = """\
CREATE TABLE a2 (id INTEGER PRIMARY KEY, v TEXT);
INSERT INTO a2 SELECT id, v FROM a;
DROP TABLE a;
ALTER TABLE a2 RENAME TO a;
"""
DEFER = "PRAGMA defer_foreign_keys = ON;\n"
END = "DROP TRIGGER gc;\nDROP TRIGGER gn;\nPRAGMA defer_foreign_keys = OFF;\n"
LOSES = {"PD105", "PD106", "PD107"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DEFER + REBUILD, ["PD105", "PD105"]),
        (DEFER + GUARDS + REBUILD + END, []),
        # Guarded, and yet the count of broken references is never paid back.
        (DEFER + GUARDS + REBUILD, ["PD106"]),
        (GUARDS + REBUILD, ["PD106"]),
        # Guards that don't guard.
        (DEFER + GUARDS.replace("BEFORE DELETE", "AFTER DELETE") + REBUILD + END, ["PD105"]),
        (DEFER + GUARDS.replace("BEGIN SELECT", "WHEN OLD.id > 1 BEGIN SELECT") + REBUILD + END, ["PD105", "PD105"]),
        (DEFER + GUARDS.replace("RAISE(IGNORE)", "1") + REBUILD + END, ["PD105", "PD105"]),
        (DEFER + GUARDS.replace("SELECT RAISE", "DELETE FROM n; SELECT RAISE") + REBUILD + END, ["PD105", "PD105"]),
        (DEFER + GUARDS.replace('OF "A"', "OF id") + REBUILD + END, ["PD105"]),
        (DEFER + GUARDS.replace("DELETE ON c", "UPDATE ON c") + REBUILD + END, ["PD105"]),
        (DEFER + GUARDS + "DROP TRIGGER gc;\n" + REBUILD + END.replace("DROP TRIGGER gc;\n", ""), ["PD105"]),
        (DEFER + GUARDS.replace("gc BEFORE DELETE", '"delete" BEFORE INSERT') + REBUILD + END.replace("gc", '"delete"'), ["PD105"]),
        # A comment says nothing.
        ("-- guarded, safe\n" + DEFER + REBUILD, ["PD105", "PD105"]),
        # Whoever goes, too, has nothing to lose, when it goes first or last.
        ("DROP TABLE c;\nDROP TABLE n;\nDROP TABLE a;\n", []),
        ("DROP TABLE a;\nDROP TABLE c;\nDROP TABLE n;\n", []),
        ("DROP TABLE a;\nDROP TABLE c;\n", ["PD105"]),
        ("REPLACE INTO a VALUES (1, 'x');", ["PD107", "PD107"]),
        ("INSERT OR REPLACE INTO c VALUES (1, 1);", []),
        ("INSERT INTO a VALUES (1, 'x') ON CONFLICT DO NOTHING;", []),
        # Rows that come back under the final name pay the count back.
        (DEFER + GUARDS + "CREATE TABLE s AS SELECT * FROM a;\nDROP TABLE a;\nCREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT);\n"
         "INSERT INTO a SELECT * FROM s;\nDROP TABLE s;\nDROP TRIGGER gc;\nDROP TRIGGER gn;\n", []),
    ],
)  # fmt: skip
def test_what_dropping_a_table_does_to_others(text: str, expected: list[str], tmp_path: Path) -> None:
    assert [code for code in codes(tmp_path, SHOP, text) if code in LOSES] == expected


def test_what_is_said_of_children(tmp_path: Path) -> None:
    found, _ = checked(tmp_path, SHOP, DEFER + REBUILD)
    assert [one.message for one in found if one.code == "PD105"] == [
        "DROP TABLE a deletes its rows first, and n.a becomes NULL in every row that refers to one (ON DELETE SET NULL), and D1 reports success",
        "DROP TABLE a deletes its rows first, and with them every row of c that refers to one (ON DELETE CASCADE), and D1 reports success",
    ]


def test_a_tables_own_references_go_with_it(tmp_path: Path) -> None:
    tree = "CREATE TABLE t (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t ON DELETE CASCADE);\nCREATE INDEX i ON t (up);\n"
    right = "CREATE TABLE t2 (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t2 ON DELETE CASCADE);\nINSERT INTO t2 SELECT id, up FROM t;\nDROP TABLE t;\nALTER TABLE t2 RENAME TO t;\n"
    # The copy refers to the old table, whose end takes the copy's rows along.
    wrong = right.replace("REFERENCES t2", "REFERENCES t")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert "PD105" not in codes(tmp_path / "a", tree, right)
    assert "PD105" in codes(tmp_path / "b", tree, wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DELETE FROM a WHERE id = 1;", ["0002.sql:1 PD103 deletes rows of a, and with them rows of c (ON DELETE CASCADE), n (ON DELETE SET NULL)"]),
        ("DELETE FROM c;", ["0002.sql:1 PD103 deletes all rows of c"]),
        ("SELECT 1;\nALTER TABLE a DROP COLUMN v;", ["0002.sql:2 PD102 drops the column a.v and its values"]),
        ("CREATE UNIQUE INDEX u ON a (v);", ["0002.sql:1 PD302 u reads every row of a and writes an entry for each", "0002.sql:1 PD601 u fails where two rows of a have the same values"]),
        # The same index once more, and one that is gone at the end.
        ("DROP INDEX ic;\nCREATE INDEX ic ON c (a);\nCREATE INDEX x ON c (id);\nDROP INDEX x;", []),
        ("UPDATE a SET v = 'x';", ["0002.sql:1 PD303 writes every row of a"]),
        ("ALTER TABLE a RENAME TO b;", ["0002.sql:1 PD604 Workers that run still ask for a, and fail until they are deployed anew"]),
        ("ALTER TABLE a RENAME v TO w;", ["0002.sql:1 PD605 Workers that run still ask for a.v, and fail until they are deployed anew"]),
        ("ALTER TABLE a ADD w TEXT NOT NULL;", ["0002.sql:1 PD606 a takes w only while it has no rows: Cannot add a NOT NULL column with default value NULL"]),
        ("ALTER TABLE a ADD w INT DEFAULT 0 CHECK (w > 0);", ["0002.sql:1 PD606 a takes w only while it has no rows: CHECK constraint failed"]),
        ("ALTER TABLE a ADD w INT AS (id) STORED;", ["0002.sql:1 PD606 a takes w only while it has no rows: cannot add a STORED column"]),
        # What other columns decide isn't known.
        ("ALTER TABLE a ADD w INT DEFAULT 0 CHECK (w < id);", []),
        ("ALTER TABLE a ADD w INT AS (id + 1);", []),
        ("CREATE TABLE x (a INTEGER PRIMARY KEY);\nALTER TABLE x ADD b NOT NULL;\nCREATE UNIQUE INDEX y ON x (b);\nUPDATE x SET b = 1;\nDELETE FROM x;", []),
    ],
)  # fmt: skip
def test_what_a_new_migration_does(text: str, expected: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, SHOP, text) == expected


def test_a_rebuild_by_hand_that_forgets_a_column_and_adds_constraints(tmp_path: Path) -> None:
    before = "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, p INTEGER);\n"
    rebuild = """\
CREATE TABLE t2 (
  id INTEGER PRIMARY KEY,
  a INTEGER NOT NULL UNIQUE CHECK (a > 0),
  p INTEGER REFERENCES p
);
INSERT INTO t2 SELECT id, a, p FROM t;
DROP TABLE t;
ALTER TABLE t2 RENAME TO t;
CREATE INDEX i ON t (p);
"""
    assert told(tmp_path, before, rebuild) == [
        "0002.sql:8 PD102 the table that replaces t has no column b: its values are lost",
        "0002.sql:8 PD108 t.a is INTEGER now, which can't hold all that TEXT can",
        "0002.sql:8 PD301 copies every row of t into a new table",
        "0002.sql:8 PD602 t.a becomes required: where a row holds NULL, the migration fails unless it fills it",
        "0002.sql:8 PD603 t gets CHECK (a > 0): where a row violates it, the migration fails",
        "0002.sql:8 PD603 t gets FOREIGN KEY (p) REFERENCES p: where a row violates it, the migration fails",
        "0002.sql:8 PD603 t gets UNIQUE (a): where a row violates it, the migration fails",
    ]


def test_what_the_file_says_itself_is_not_said_twice(tmp_path: Path) -> None:
    swap = """\
-- data loss: stores a.v as INTEGER instead of TEXT: text that looks like a number becomes one
-- data loss: shortens c.id
ALTER TABLE a ADD COLUMN new_v INTEGER;
UPDATE a SET new_v = v WHERE v IS NOT NULL;
ALTER TABLE a DROP COLUMN v;
ALTER TABLE a RENAME COLUMN new_v TO v;
"""
    assert told(tmp_path, SHOP, swap) == [
        "0002.sql:1 PD108 stores a.v as INTEGER instead of TEXT: text that looks like a number becomes one",
        "0002.sql:2 PD104 shortens c.id",
    ]


def test_renaming_a_parent_is_no_new_reference(tmp_path: Path) -> None:
    assert [code for code in codes(tmp_path, SHOP, "ALTER TABLE a RENAME TO b;") if code == "PD603"] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE TABLE t (a);", ["0001.sql:1 PD502 t has no primary key: its rows can't be told apart or referred to"]),
        ("SELECT 1;\nCREATE TABLE t2 (a);\nALTER TABLE t2 RENAME TO t;", ["0001.sql:2 PD502 t has no primary key: its rows can't be told apart or referred to"]),
        ("CREATE VIRTUAL TABLE f USING fts5(a);", []),
        (USERS + "CREATE TABLE t (id INTEGER PRIMARY KEY);\nALTER TABLE t ADD u REFERENCES users (id);", ["0001.sql:3 PD501 t (u) refers to users and has no index: each row that goes there, or whose key changes, reads this whole table"]),
        # What begins an index, in any order, or leaves out NULLs.
        (USERS + "CREATE TABLE t (u REFERENCES users, v, PRIMARY KEY (u, v));", []),
        (USERS + "CREATE TABLE t (id INTEGER PRIMARY KEY REFERENCES users);", []),
        (USERS + 'CREATE TABLE t (id INTEGER PRIMARY KEY, u REFERENCES users);CREATE INDEX i ON t ("U", id) WHERE U IS NOT NULL;', []),
        (USERS + "CREATE TABLE t (id INTEGER PRIMARY KEY, u REFERENCES users UNIQUE);", []),
        ("CREATE TABLE p (a, b, PRIMARY KEY (a, b));CREATE TABLE t (id INTEGER PRIMARY KEY, x, y, FOREIGN KEY (x, y) REFERENCES p);CREATE INDEX i ON t (y, x, id);", []),
        (USERS + "CREATE TABLE t (id INTEGER PRIMARY KEY, u REFERENCES users);CREATE INDEX i ON t (u) WHERE id > 5;", ["0001.sql:2 PD501 t (u) refers to users and has no index: each row that goes there, or whose key changes, reads this whole table"]),
        ("CREATE TABLE t (id INTEGER PRIMARY KEY REFERENCES gone);", ["0001.sql:1 PD503 t (id) refers to gone, which isn't there: every write that has to look there fails"]),
        (USERS + "CREATE TABLE t (id INTEGER PRIMARY KEY REFERENCES users (nick));", ["0001.sql:2 PD503 t (id) refers to users.nick, which isn't there: every write that has to look there fails"]),
        (USERS + "CREATE TABLE t (id INTEGER PRIMARY KEY REFERENCES users (name));", ["0001.sql:2 PD503 t (id) refers to users (name), which is no key of it: every write that has to look there fails"]),
        ("CREATE TABLE p (a, b, PRIMARY KEY (a, b));CREATE TABLE t (id INTEGER PRIMARY KEY REFERENCES p);", ["0001.sql:1 PD503 t (id) refers to the key of p, which has 2 columns: every write that has to look there fails"]),
    ],
)  # fmt: skip
def test_what_is_said_of_the_schema(text: str, expected: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, text) == expected


@given(st.text(st.sampled_from("-/*\n '\"a;\\[]\r"), max_size=30))
@settings(max_examples=500)
def test_tokens_and_comments_together_are_the_text(text: str) -> None:
    try:
        parts = [(token.start, token.text) for token in tokens(text)]
    except UnclosedQuoteError:
        return
    parts += [(comment.start, comment.text) for comment in comments(text, tokens(text))]
    left = text
    for start, part in sorted(parts, reverse=True):
        assert text.startswith(part, start)
        left = left[:start] + left[start + len(part) :]
    assert left.strip(" \n\r\f\t") == ""


@given(st.text(st.sampled_from("a\r\n;"), max_size=30))
def test_lines_are_counted_from_one(text: str) -> None:
    source = Source(FakeMigration(text), "f")
    for place in range(len(text)):
        assert source.line(place) == text.count("\n", 0, place) + 1


class FakeMigration(Migration):
    """A migration without a file."""

    def __init__(self, text: str, name: str = "f.sql") -> None:
        super().__init__(name, Path(name))
        object.__setattr__(self, "text", text)
