"""What the ledgers tell: edited, renamed, removed, out of order, half a ledger, drift; and mending them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from progy import __version__
from progy.d1.ledger import Ledger
from progy.d1.local import LocalDatabase
from progy.d1.look import look
from tests.conftest import clean_environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project

A = "CREATE TABLE a (b);\n"
B = "CREATE TABLE b (c);\n"
FILES = ["0001_a.sql", "0002_b.sql"]
ROWS = "INSERT INTO a VALUES (1);\n"


@dataclass
class Shop:
    """A project with hand-written migrations, and its local database."""

    project: Project

    @property
    def path(self) -> Path:
        found = json.loads(self.project.progy("status", "--json").stdout)["database"]
        path: Path = self.project.root / found
        return path

    def sql(self, text: str) -> list[tuple[object, ...]]:
        with LocalDatabase(self.path) as database:
            return [row for result in database.execute(text, where="test") for row in result.rows]

    def doubts(self) -> list[str]:
        return [one["what"] for one in json.loads(self.project.progy("status", "--json").stdout)["doubts"]]

    def names(self) -> tuple[list[str], list[str]]:
        with LocalDatabase(self.path) as database:
            found = look(database, Ledger())
        return [row.name for row in found.rows], [record.name for record in found.records]


@pytest.fixture
def shop(project: Project) -> Shop:
    project.write("migrations/0001_a.sql", A)
    project.write("migrations/0002_b.sql", B)
    project.progy("apply")
    return Shop(project)


def test_what_our_ledger_says(shop: Shop) -> None:
    with LocalDatabase(shop.path) as database:
        found = look(database, Ledger())
    assert [row.name for row in found.rows] == ["0001_a.sql", "0002_b.sql"]
    first, second = found.records
    assert (first.name, first.version, first.bookmark) == ("0001_a.sql", __version__, None)
    assert first.run == second.run
    assert re.fullmatch("[0-9a-f]{16}", first.run)
    assert re.fullmatch("[0-9a-f]{64}", first.checksum)
    assert first.applied_at == found.rows[0].applied_at
    assert shop.doubts() == []
    # Another run is another one, and starts from a snapshot.
    shop.project.write("migrations/0003_c.sql", "CREATE TABLE c (d);\n")
    point = json.loads(shop.project.progy("apply", "--json").stdout)["point"]
    with LocalDatabase(shop.path) as database:
        third = look(database, Ledger()).records[2]
    assert third.run != first.run
    assert third.bookmark == point is not None


def test_line_ends_are_no_edit_and_anything_else_is(shop: Shop) -> None:
    (shop.project.root / "migrations/0001_a.sql").write_bytes(A.replace("\n", "\r\n").encode())
    assert shop.doubts() == []
    shop.project.write("migrations/0001_a.sql", A + "-- why\n")
    done = shop.project.progy("status")
    assert done.stdout.splitlines()[0].startswith("edited")
    assert done.stderr.startswith(
        "warning: 0001_a.sql was edited after it was applied\n"
        "  take the edit back, and make it a new migration; or, where it changes nothing: progy apply --repair\n"
    )
    assert shop.project.progy("status", "--exit-code", check=False).returncode == 1
    assert shop.project.progy("apply").stderr.endswith("DB (local) is up to date\n")


def test_an_edit_that_changes_nothing_is_recorded(shop: Shop) -> None:
    shop.project.write("migrations/0001_a.sql", "-- why\n" + A)
    done = shop.project.progy("apply", "--repair")
    assert done.stdout == "mended 0001_a.sql is recorded as it is now\n"
    assert shop.doubts() == []
    assert shop.project.progy("apply", "--repair").stderr == "DB (local): nothing to be mended\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("CREATE TABLE a (b, more);\n", "the database isn't what the migrations give (drop column a.more)"),
        (A + ROWS, "it changes rows, and nobody can say whether the edit would have changed others"),
        ("CREATE TABLE a (b\n", "nobody can say what the migrations give: a file is gone, or can't be run"),
    ],
)
def test_an_edit_that_may_change_something_is_not(shop: Shop, text: str, reason: str) -> None:
    shop.project.write("migrations/0001_a.sql", text)
    done = shop.project.progy("apply", "--repair", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: 0001_a.sql was edited after it was applied: {reason}\nhint: ")
    assert "0001_a.sql was edited after it was applied" in shop.doubts()


def test_a_renamed_file_is_not_applied_again(shop: Shop) -> None:
    old = shop.project.root / "migrations/0002_b.sql"
    old.rename(old.with_name("0003_b.sql"))
    assert shop.doubts() == ["0003_b.sql is applied already, as 0002_b.sql"]
    assert "renamed" in shop.project.progy("status").stdout
    done = shop.project.progy("apply", check=False)
    assert done.returncode == 1
    assert done.stderr.endswith(
        "error: applying would do a migration twice: 0003_b.sql is applied already, as 0002_b.sql\n"
        "hint: give it its old name again, or let the ledger know the new one: progy apply --repair\n"
    )
    before = shop.names()
    sql = shop.project.progy("apply", "--repair", "--dry-run").stdout
    assert sql.count("WHEN 'progy renames 0002_b.sql' THEN '0003_b.sql'") == 2
    assert shop.names() == before
    dry = shop.project.progy("apply", "--dry-run", check=False)
    assert (dry.returncode, "CREATE TABLE b (c);" in dry.stdout) == (1, True)
    assert shop.project.progy("apply", "--repair").stdout == "mended 0003_b.sql is the name of 0002_b.sql now\n"
    assert shop.names() == (["0001_a.sql", "0003_b.sql"],) * 2
    assert shop.doubts() == []
    assert shop.project.progy("apply").stderr == "DB (local) is up to date\n"


def test_a_removed_file_is_said_and_cannot_be_mended(shop: Shop) -> None:
    (shop.project.root / "migrations/0002_b.sql").unlink()
    assert shop.doubts() == ["0002_b.sql is applied, but its file is gone"]
    done = shop.project.progy("apply", "--repair", check=False)
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        1,
        "error: 0002_b.sql is applied, but its file is gone: take it back from where it was removed",
    )
    assert shop.doubts() == ["0002_b.sql is applied, but its file is gone"]


def test_a_row_that_somebody_took_out_of_wranglers_ledger(shop: Shop) -> None:
    shop.sql("DELETE FROM d1_migrations WHERE name = '0001_a.sql'")
    done = shop.project.progy("apply", check=False)
    assert done.returncode == 1
    assert "0001_a.sql was applied, but somebody took it out of wrangler's ledger" in done.stderr
    assert "half" in shop.project.progy("status").stdout
    assert shop.project.progy("apply", "--repair").stdout == "mended 0001_a.sql is in wrangler's ledger again\n"
    assert shop.names() == (["0002_b.sql", "0001_a.sql"], ["0001_a.sql", "0002_b.sql"])
    assert shop.doubts() == []


def test_wranglers_ledger_is_gone_and_ours_is_there(shop: Shop) -> None:
    shop.sql("DROP TABLE d1_migrations")
    assert shop.doubts() == [f"{name} was applied, but somebody took it out of wrangler's ledger" for name in FILES]
    shop.project.progy("apply", "--repair")
    assert shop.names() == (FILES, FILES)
    assert shop.doubts() == []


def test_half_a_ledger_whose_table_is_gone_is_not_entered_again(shop: Shop) -> None:
    shop.sql("DELETE FROM d1_migrations WHERE name = '0002_b.sql'; DROP TABLE b")
    done = shop.project.progy("apply", "--repair", check=False)
    assert "0002_b.sql isn't in wrangler's ledger: the database isn't what the migrations give" in done.stderr
    assert shop.names()[0] == ["0001_a.sql"]
    # Out of both, it is simply pending.
    shop.sql("DELETE FROM progy_d1_migrations WHERE name = '0002_b.sql'")
    assert shop.project.progy("apply").stdout.startswith("applied 0002_b.sql")


def test_a_database_that_only_wrangler_has_touched(shop: Shop) -> None:
    shop.sql("DROP TABLE progy_d1_migrations")
    assert shop.doubts() == []
    shop.project.write("migrations/0003_c.sql", "CREATE TABLE c (d);\n")
    assert shop.project.progy("apply").stdout.startswith("applied 0003_c.sql")
    assert shop.names() == (["0001_a.sql", "0002_b.sql", "0003_c.sql"], ["0003_c.sql"])
    done = shop.project.progy("apply", "--repair")
    assert done.stdout == ("mended 0001_a.sql is in progy's ledger, too\nmended 0002_b.sql is in progy's ledger, too\n")
    assert sorted(shop.names()[1]) == ["0001_a.sql", "0002_b.sql", "0003_c.sql"]


def test_drift_is_seen_said_and_gone_when_it_is_undone(shop: Shop) -> None:
    shop.sql("CREATE INDEX mine ON a (b); CREATE TABLE other (c)")
    found = json.loads(shop.project.progy("status", "--json").stdout)
    assert found["drift"] == ["create table other", "create index mine on a"]
    done = shop.project.progy("apply")
    assert done.stderr == (
        "warning: DB (local) isn't what its migrations give; they and then: create table other, create index mine on a\n"
        "  see it with: progy diff migrations local; the way back: progy diff local migrations\n"
        "DB (local) is up to date\n"
    )
    back = shop.project.progy("diff", "local", "migrations").stdout
    shop.sql(back)
    assert shop.doubts() == []
    # That it was the same is known for this schema only.
    shop.sql("CREATE INDEX mine ON a (b)")
    assert len(shop.doubts()) == 1


def test_a_later_one_that_is_applied_and_an_earlier_one_that_comes_by_a_merge(shop: Shop) -> None:
    shop.project.write("migrations/0001_z.sql", "CREATE TABLE z (y);\n")
    assert shop.doubts() == [
        "0001_z.sql is pending, but a later one is applied",
        "several migrations have the number 1",
    ]
    assert shop.project.progy("apply").stdout.startswith("applied 0001_z.sql")
    assert shop.doubts() == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DROP TABLE d1_migrations; CREATE TABLE d1_migrations (x)", "the table d1_migrations isn't wrangler's ledger: no such column: "),
        ("DROP TABLE progy_d1_migrations; CREATE TABLE progy_d1_migrations (x)", "the table progy_d1_migrations isn't progy's ledger: no such column: "),
    ],
)  # fmt: skip
def test_a_ledger_of_another_shape(shop: Shop, damage: str, said: str) -> None:
    path = shop.path
    with LocalDatabase(path) as database:
        database.write(damage, where="test")
    for command in (["status"], ["apply"]):
        done = shop.project.progy(*command, check=False)
        assert done.returncode == 1
        assert said in done.stderr


def test_a_baseline_of_a_database_that_lost_its_ledger(shop: Shop) -> None:
    shop.sql("DROP TABLE d1_migrations; DROP TABLE progy_d1_migrations; INSERT INTO a VALUES (7)")
    assert shop.doubts() == ["DB (local) has tables that the migrations make (a, b), and its ledger has no migration"]
    shop.project.write("migrations/0003_c.sql", "CREATE TABLE c (d);\n")
    done = shop.project.progy("baseline", "2")
    assert done.stdout == "recorded 0001_a.sql\nrecorded 0002_b.sql\n"
    assert done.stderr == "DB (local) is what its migrations give up to 0002_b.sql; none was run\n"
    assert shop.names() == (["0001_a.sql", "0002_b.sql"],) * 2
    assert shop.sql("SELECT b FROM a") == [(7,)]
    assert shop.project.progy("baseline", "0002_b").stderr == ("DB (local) has them all recorded up to 0002_b.sql\n")
    assert shop.project.progy("apply").stdout.startswith("applied 0003_c.sql")


def test_a_baseline_of_another_schema_writes_nothing(shop: Shop) -> None:
    shop.sql("DROP TABLE d1_migrations; DROP TABLE progy_d1_migrations; DROP TABLE b; ALTER TABLE a ADD COLUMN more")
    before = shop.path.read_bytes()
    done = shop.project.progy("baseline", "0002_b", check=False)
    assert done.returncode == 1
    assert done.stdout == "differs add column a.more\ndiffers drop table b\n"
    assert done.stderr.endswith(
        "error: DB (local) isn't what the migrations give up to 0002_b.sql; nothing was recorded\n"
        "hint: as SQL: progy diff migrations local; name another migration, or write those that make the difference\n"
    )
    shop.project.write("migrations/0003_c.sql", "CREATE TABLE c (d);\n")  # which the diff would show, too
    assert "\nhint: name another migration" in shop.project.progy("baseline", "2", check=False).stderr
    assert json.loads(shop.project.progy("baseline", "2", "--json", check=False).stdout)["differences"] == [
        "add column a.more", "drop table b",
    ]  # fmt: skip
    assert shop.path.read_bytes() == before
    assert shop.project.progy("baseline", "9", check=False).returncode == 2


def test_a_baseline_of_an_empty_database_is_refused(project: Project) -> None:
    project.write("migrations/0001_a.sql", A)
    done = project.progy("baseline", "1", check=False)
    assert (done.returncode, done.stderr) == (
        1, "error: DB (local) has no tables; nothing was recorded\nhint: apply the migrations: progy apply\n",
    )  # fmt: skip


def rename(shop: Shop, old: str, new: str) -> None:
    path = shop.project.root / "migrations" / old
    path.rename(path.with_name(new))


def test_numbers_that_move_up_by_one(shop: Shop) -> None:
    rename(shop, "0002_b.sql", "0003_b.sql")
    rename(shop, "0001_a.sql", "0002_a.sql")
    assert shop.doubts() == [
        "0002_a.sql is applied already, as 0001_a.sql",
        "0003_b.sql is applied already, as 0002_b.sql",
    ]
    shop.project.progy("apply", "--repair")
    assert shop.names() == (["0002_a.sql", "0003_b.sql"],) * 2
    assert shop.doubts() == []


def test_names_that_are_swapped(shop: Shop) -> None:
    ledger = Ledger()
    shop.sql("".join(ledger.rename_sql({"0001_a.sql": "0002_b.sql", "0002_b.sql": "0001_a.sql"})))
    assert shop.names() == (["0002_b.sql", "0001_a.sql"],) * 2


def test_a_renamed_file_of_wranglers_is_known_by_its_name(shop: Shop) -> None:
    shop.sql("DROP TABLE progy_d1_migrations")
    rename(shop, "0002_b.sql", "0007_b.sql")
    assert shop.doubts() == ["0007_b.sql seems to be applied already, as 0002_b.sql"]
    assert shop.project.progy("apply", check=False).returncode == 1
    # Not when the database hasn't what the file makes.
    shop.sql("DROP TABLE b")
    assert (
        "0007_b.sql seems to be applied as 0002_b.sql: the database isn't"
        in shop.project.progy("apply", "--repair", check=False).stderr
    )
    shop.sql(B)
    shop.project.progy("apply", "--repair")
    assert shop.names()[0] == ["0001_a.sql", "0007_b.sql"]


def test_two_files_of_one_text_that_are_renamed(project: Project) -> None:
    for number in (1, 2):
        project.write(f"migrations/000{number}_same.sql", "-- nothing\n")
    project.progy("apply")
    shop = Shop(project)
    rename(shop, "0001_same.sql", "0005_x.sql")
    rename(shop, "0002_same.sql", "0006_y.sql")
    project.progy("apply", "--repair")
    assert shop.names() == (["0005_x.sql", "0006_y.sql"],) * 2


def test_a_number_alone_is_no_name(project: Project) -> None:
    project.write("migrations/20240101.sql", A)
    project.progy("apply")
    (project.root / "migrations/20240101.sql").unlink()
    project.write("migrations/20240102.sql", B)
    assert Shop(project).doubts() == ["20240101.sql is applied, but its file is gone"]


def test_many_repairs_are_few_statements(project: Project) -> None:
    for number in range(1, 201):
        project.write(f"migrations/{number:04d}_t.sql", f"CREATE TABLE t{number} (a);\n")
    project.progy("apply")
    shop = Shop(project)
    shop.sql("DROP TABLE progy_d1_migrations; DELETE FROM d1_migrations WHERE id > 200")
    sql = project.progy("apply", "--repair", "--dry-run").stdout
    assert sql.count(";\n") < 5
    project.progy("apply", "--repair")
    assert len(shop.names()[1]) == 200


def test_rows_without_a_name_are_no_migrations(shop: Shop) -> None:
    shop.sql("INSERT INTO d1_migrations (name) VALUES (NULL), (NULL), (x'00ff')")
    assert shop.doubts() == []


def test_a_view_in_the_ledgers_place(project: Project) -> None:
    project.write("migrations/0001_a.sql", A)
    path = Shop(project).path
    with LocalDatabase(path) as database:
        database.write("CREATE VIEW d1_migrations AS SELECT 1 AS id, 'x' AS name, 'y' AS applied_at", where="test")
    done = project.progy("apply", check=False)
    assert "a view has the name of a ledger, d1_migrations or progy_d1_migrations" in done.stderr


def test_another_migrations_table_by_mistake(shop: Shop) -> None:
    shop.sql("INSERT INTO a VALUES (1)")
    text = shop.project.read("wrangler.jsonc")
    shop.project.write("wrangler.jsonc", text.replace('"shop-id"', '"shop-id", "migrations_table": "mine"'))
    done = shop.project.progy("apply", check=False)
    assert done.returncode == 1
    assert "the ledger mine is empty, and the ledger d1_migrations has these migrations" in done.stderr
    # Another project's ledger in the same database is no mistake.
    for number in (1, 2):
        shop.project.write(f"migrations/000{number}_{'ab'[number - 1]}.sql", f"CREATE TABLE other{number} (x);\n")
    assert shop.project.progy("apply").stdout.count("applied") == 2


def test_up_to_one_says_what_is_left(shop: Shop) -> None:
    shop.project.write("migrations/0003_c.sql", "CREATE TABLE c (d);\n")
    done = shop.project.progy("apply", "--to", "migrations/0002_b.sql")
    assert done.stderr == "DB (local) has everything up to 0002_b.sql; 1 migration is pending behind it\n"
    shop.project.write("migrations/0003_x.sql", "CREATE TABLE x (d);\n")
    wrong = shop.project.progy("apply", "--to", "3", check=False)
    assert wrong.stderr == "error: several migrations have the number 3\nhint: name one: 0003_c.sql, 0003_x.sql\n"


def test_the_script_of_a_file_that_ends_in_a_comment(project: Project) -> None:
    project.write("migrations/0001_a.sql", "CREATE TABLE a (b) -- the end;\n")
    script = project.progy("apply", "--dry-run").stdout
    assert script.endswith("CREATE TABLE a (b) -- the end;\n;\nCOMMIT;\n\n")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't have such names")
def test_a_name_that_is_not_utf_8(project: Project) -> None:
    project.write("migrations/0001_a.sql", A)
    (project.root / "migrations/0001_a.sql").rename(project.root / "migrations" / os.fsdecode(b"0001_\xff.sql"))
    done = project.progy("apply", check=False)
    assert done.returncode == 1
    assert "the name of 0001_\\udcff.sql isn't UTF-8" in done.stderr
    assert "Traceback" not in done.stderr


def test_nobody_reading_what_is_applied_stops_nothing(project: Project) -> None:
    for number in range(1, 4):
        project.write(f"migrations/{number:04d}_t.sql", f"CREATE TABLE t{number} (a);\n")
    subprocess.run(
        ["sh", "-c", f"{sys.executable} -m progy apply > /dev/full"],
        cwd=project.root,
        env=clean_environment(),
        check=True,
        timeout=60,
    )
    assert json.loads(project.progy("status", "--json").stdout)["applied"] == 3


def test_commands_that_are_advised_work_on_the_same_database(shop: Shop) -> None:
    text = shop.project.read("wrangler.jsonc")
    staging = ', "env": {"staging": {"d1_databases": [{"binding": "DB", "database_id": "other"}]}}}'
    shop.project.write("wrangler.jsonc", text.rstrip().removesuffix("}").rstrip(", \n") + staging)
    shop.project.progy("apply", "--env", "staging")
    shop.project.write("migrations/0001_a.sql", A + "-- edited\n")
    done = shop.project.progy("status", "--env", "staging")
    assert "progy apply --repair --env staging\n" in done.stderr
    assert "DB (local, staging): 2 applied\n" in done.stderr


def test_numbers_that_move_up_where_names_are_alike(project: Project) -> None:
    project.write("migrations/0001_t.sql", "CREATE TABLE t (a);\n")
    project.write("migrations/0002_data.sql", "INSERT INTO t VALUES ('a');\n")
    project.write("migrations/0003_data.sql", "INSERT INTO t VALUES ('b');\n")
    project.progy("apply")
    shop = Shop(project)
    # A merge puts another 0002_data.sql before them.
    rename(shop, "0003_data.sql", "0004_data.sql")
    rename(shop, "0002_data.sql", "0003_data.sql")
    project.write("migrations/0002_data.sql", "INSERT INTO t VALUES ('new');\n")
    done = project.progy("apply", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert shop.doubts()[-2:] == [
        "0003_data.sql is applied already, as 0002_data.sql", "0004_data.sql is applied already, as 0003_data.sql",
    ]  # fmt: skip
    project.progy("apply", "--repair")
    assert shop.names() == (["0001_t.sql", "0003_data.sql", "0004_data.sql"],) * 2
    assert shop.doubts() == ["0002_data.sql is pending, but a later one is applied"]
    project.progy("apply")
    assert shop.sql("SELECT a FROM t") == [("a",), ("b",), ("new",)]


def test_wranglers_ledger_under_another_name(shop: Shop) -> None:
    shop.sql("DROP TABLE progy_d1_migrations")
    text = shop.project.read("wrangler.jsonc")
    shop.project.write("wrangler.jsonc", text.replace('"shop-id"', '"shop-id", "migrations_table": "mine"'))
    assert shop.doubts() == ["the ledger mine is empty, and the ledger d1_migrations has these migrations"]
    assert shop.project.progy("apply", check=False).returncode == 1


def test_tables_that_are_there_and_no_ledger(project: Project) -> None:
    project.write("migrations/0001_a.sql", "CREATE TABLE IF NOT EXISTS a (b);\nINSERT INTO a VALUES (1);\n")
    shop = Shop(project)
    with LocalDatabase(shop.path) as database:
        database.write("CREATE TABLE others (x)", where="test")
    assert shop.doubts() == []
    shop.sql("CREATE TABLE a (b)")
    done = project.progy("apply", check=False)
    assert done.returncode == 1
    assert "DB (local) has tables that the migrations make (a), and its ledger has no migration" in done.stderr
    assert shop.sql("SELECT count(*) FROM a") == [(0,)]


def test_a_history_whose_seeds_need_rows_of_the_application(shop: Shop) -> None:
    shop.sql("CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (7)")
    shop.project.write("migrations/0003_p.sql", "CREATE TABLE IF NOT EXISTS p (id INTEGER PRIMARY KEY);\n")
    shop.project.write("migrations/0004_c.sql", "CREATE TABLE c (p REFERENCES p (id));\nINSERT INTO c VALUES (7);\n")
    shop.project.progy("apply")
    assert shop.doubts() == []
    shop.sql("DROP TABLE d1_migrations; DROP TABLE progy_d1_migrations")
    done = shop.project.progy("baseline", "4")
    assert (
        "warning: migrations/0004_c.sql:2 changes rows of c; rows aren't compared: look whether they are there"
        in done.stderr
    )
    assert len(shop.names()[0]) == 4


def test_a_baseline_behind_which_another_is_applied(shop: Shop) -> None:
    shop.sql("DELETE FROM d1_migrations WHERE id = 1; DELETE FROM progy_d1_migrations WHERE name = '0001_a.sql'")
    done = shop.project.progy("baseline", "1", check=False)
    assert "0002_b.sql is applied, which is later: name that" in done.stderr


def test_an_edit_keeps_what_else_the_ledger_says(shop: Shop) -> None:
    shop.project.write("migrations/0003_c.sql", "CREATE TABLE c (d);\n")
    shop.project.progy("apply")
    (before,) = shop.sql("SELECT run, bookmark, applied_at FROM progy_d1_migrations WHERE name = '0003_c.sql'")
    shop.project.write("migrations/0003_c.sql", "CREATE TABLE c (d); -- why\n")
    shop.project.progy("apply", "--repair")
    assert shop.sql("SELECT run, bookmark, applied_at FROM progy_d1_migrations WHERE name = '0003_c.sql'") == [before]
    # What is half and edited isn't taken unseen.
    shop.sql("DELETE FROM d1_migrations WHERE name = '0003_c.sql'")
    shop.project.write("migrations/0003_c.sql", "DROP TABLE IF EXISTS c;\nCREATE TABLE c (d);\n")
    done = shop.project.progy("apply", "--repair", check=False)
    assert "it changes rows, and nobody can say" in done.stderr
