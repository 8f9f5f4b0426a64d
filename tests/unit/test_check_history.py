"""Migrations beside those of another branch, and giving new ones other numbers."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progy.check.git import hashes
from progy.check.history import history_findings, read, top, twice
from progy.check.renumber import rename, renames
from progy.check.run import new_names
from progy.d1.connection import Connection
from progy.d1.ledger import Ledger, Record
from progy.d1.local import LocalDatabase
from progy.d1.look import look, read_ledger
from progy.errors import DatabaseError, ProgyError, UsageError
from progy.migrations.directory import MigrationDirectory, leading_number, order

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = Ledger()


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com", "-c", "core.autocrlf=false")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True, timeout=60)


def commit(root: Path, **files: str) -> None:
    write(root, **files)
    git(root, "add", "--all", ".")
    git(root, "commit", "--quiet", "--allow-empty", "--message=x")


def write(root: Path, **files: str) -> None:
    folder = root / "migrations"
    folder.mkdir(exist_ok=True, parents=True)
    for name, text in files.items():
        (folder / f"{name.removeprefix('m')}.sql").write_bytes(text.encode())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A work tree on the branch `main`, with one migration."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path, m0001_a="SELECT 1;\n")
    return tmp_path


def told(root: Path, since: str | None = "main") -> list[str]:
    found = history_findings(read(MigrationDirectory(root / "migrations"), root, since))
    return [f"{one.file} {one.code} {one.message}".removeprefix("migrations/") for one in found]


def test_nothing_is_said_of_what_is_the_same(repository: Path) -> None:
    assert told(repository) == []
    write(repository, m0002_b="SELECT 2;\n")
    assert told(repository) == []
    assert new_names(read(MigrationDirectory(repository / "migrations"), repository, "main"), None) == {"0002_b.sql"}


def test_an_edit(repository: Path) -> None:
    write(repository, m0001_a="SELECT 2;\n")
    assert told(repository) == [
        "0001_a.sql PD401 it isn't what main has: where it is applied already, the edit never arrives"
    ]


def test_line_ends_that_git_keeps_to_itself_are_no_edit(repository: Path) -> None:
    (repository / ".gitattributes").write_text("*.sql text\n")
    commit(repository)
    write(repository, m0001_a="SELECT 1;\r\n")
    assert told(repository) == []


def test_a_file_that_is_gone(repository: Path) -> None:
    (repository / "migrations" / "0001_a.sql").unlink()
    assert told(repository) == [
        "0001_a.sql PD402 main has it, and it isn't here: databases that have it no longer agree with the files"
    ]


def test_what_the_other_branch_did_since_is_not_held_against_this_one(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "mine")
    commit(repository, m0002_mine="SELECT 2;\n")
    git(repository, "checkout", "--quiet", "main")
    commit(repository, m0001_a="SELECT 'mended';\n", m0003_theirs="SELECT 3;\n")
    git(repository, "checkout", "--quiet", "mine")
    assert told(repository) == [
        (
            "0002_mine.sql PD403 new, and before 0003_theirs.sql, which is there already: a database that has that one "
            "applies this one behind it, a new database before it"
        )
    ]
    assert told(repository, "HEAD") == []


def test_a_number_taken_by_both(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "mine")
    commit(repository, m0002_mine="SELECT 2;\n")
    git(repository, "checkout", "--quiet", "main")
    commit(repository, m0002_theirs="SELECT 3;\n")
    git(repository, "checkout", "--quiet", "mine")
    # Before the merge, and after it.
    said = ["0002_mine.sql PD404 the number 2 is also that of 0002_theirs.sql"]
    assert told(repository) == said
    git(repository, "merge", "--quiet", "--no-edit", "main")
    assert told(repository) == said
    # Without another branch nobody knows which one is new.
    assert told(repository, None) == ["0002_theirs.sql PD404 the number 2 is also that of 0002_mine.sql"]


def test_a_project_in_a_folder_of_the_repository_and_a_name_of_another_alphabet(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    root = tmp_path / "apps" / "shop"
    commit(root, m0001_größe="SELECT 1;\n", m0002_b="SELECT 1;\n")
    write(root, m0001_größe="SELECT 2;\n")
    assert [line.split(" PD")[0] for line in told(root)] == ["0001_größe.sql"]
    assert len(hashes(["0001_größe.sql", "0002_b.sql"], root / "migrations")) == 2


def test_a_branch_without_migrations(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path)
    write(tmp_path, m0001_a="SELECT 1;\n")
    assert told(tmp_path) == []


def test_what_git_does_not_know(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    for reference in ("nowhere", "--output=x", "", "main:migrations"):
        with pytest.raises(UsageError, match="git knows no") as error:
            read(MigrationDirectory(repository / "migrations"), repository, reference)
        assert "git fetch" in str(error.value.hint)
    outside = tmp_path_factory.mktemp("outside")
    with pytest.raises(UsageError, match="no git work tree"):
        read(MigrationDirectory(outside), outside, "main")


def test_no_git_at_all(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(UsageError, match="needs git, and there is none"):
        read(MigrationDirectory(repository / "migrations"), repository, "main")


def test_files_that_the_pattern_leaves_out(tmp_path: Path) -> None:
    write(tmp_path, m0001_a="SELECT 1;")
    (tmp_path / "migrations" / "more").mkdir()
    (tmp_path / "migrations" / "more" / "0002.sql").touch()
    (tmp_path / "migrations" / "notes.md").touch()
    assert told(tmp_path, None) == [
        "more/0002.sql PD405 migrations_pattern, *.sql, doesn't match it, so nobody applies it"
    ]


def test_folders_count_by_their_own_number() -> None:
    assert twice(["0001_a/1.sql", "0001_a/2.sql", "0002_b/1.sql"]) == {}
    assert list(twice(["0001_a/1.sql", "1_b/1.sql"])) == [1]
    assert twice(["a.sql", "b.sql"]) == {}


@pytest.mark.parametrize(
    ("here", "elsewhere", "expected"),
    [
        (["1_a", "2_b"], [], []),
        (["1_a", "2_b", "2_c"], [], [("2_c", "3_c")]),
        # Those that follow may build on it.
        (["1_a", "2_b", "2_c", "3_d"], [], [("2_c", "4_c"), ("3_d", "5_d")]),
        (["1_a", "2_mine", "2_theirs"], ["1_a", "2_theirs"], [("2_mine", "3_mine")]),
        (["1_a", "2_mine"], ["1_a", "2_theirs"], [("2_mine", "3_mine")]),
        (["1_a", "2_mine", "3_theirs"], ["1_a", "3_theirs"], [("2_mine", "4_mine")]),
        # What the other branch has stays, even if it has a number twice.
        (["1_a", "2_b", "2_c"], ["1_a", "2_b", "2_c"], []),
        (["0009_a.sql", "0009_b.sql", "x.sql"], [], [("0009_b.sql", "0010_b.sql")]),
        (["01_a/m.sql", "01_b/m.sql", "01_b/n.sql"], [], [("01_b", "02_b")]),
        (["20240101_a", "20240101_b"], [], [("20240101_b", "20240102_b")]),
    ],
)
def test_new_numbers(here: list[str], elsewhere: list[str], expected: list[tuple[str, str]]) -> None:
    assert renames(here, elsewhere) == expected


names = st.lists(st.tuples(st.integers(1, 5), st.sampled_from("abcd")), max_size=6, unique=True).map(
    lambda pairs: sorted((f"{number:04d}_{letter}.sql" for number, letter in pairs), key=order)
)


@given(names, names)
def test_renumbering_mends_what_can_be_mended_and_keeps_the_order(here: list[str], elsewhere: list[str]) -> None:
    found = dict(renames(here, elsewhere))
    fixed = set(elsewhere)
    assert not fixed & found.keys()
    after = [found.get(name, name) for name in here]
    assert len(set(after)) == len(here)
    moved = [found[name] for name in here if name in found]
    assert moved == sorted(moved, key=order)
    for name in moved:
        others = [one for one in {*after, *elsewhere} if one != name]
        assert leading_number(name) not in {leading_number(one) for one in others}
        assert all(order(one) < order(name) for one in elsewhere)
    for group in twice(sorted({*after, *elsewhere}, key=order)).values():
        assert set(group) <= fixed
    assert renames(sorted(after, key=order), elsewhere) == []


def test_files_are_renamed_and_nothing_is_overwritten(tmp_path: Path) -> None:
    write(tmp_path, m0001_a="a", m0001_b="b", m0003_c="c")
    folder, nowhere = tmp_path / "migrations", tmp_path / "nowhere.sqlite"
    assert rename(folder, [("0001_b.sql", "0002_b.sql")], nowhere, LEDGER) == set()
    assert (folder / "0002_b.sql").read_text() == "b"
    with pytest.raises(ProgyError, match=r"0001_a\.sql can't be called 0003_c\.sql: there is one already"):
        rename(folder, [("0002_b.sql", "0004_b.sql"), ("0001_a.sql", "0003_c.sql")], nowhere, LEDGER)
    with pytest.raises(ProgyError, match="can't be renamed"):
        rename(folder, [("0002_b.sql", "0004_b.sql"), ("gone.sql", "0009.sql")], nowhere, LEDGER)
    assert not nowhere.exists()
    assert sorted(path.name for path in folder.iterdir()) == ["0001_a.sql", "0002_b.sql", "0003_c.sql"]
    assert top("a/b/c.sql") == "a"


def database(path: Path, *applied: str) -> Path:
    with Connection(path, create=True) as connection:
        connection.query(LEDGER.create_sql())
        for name in applied:
            connection.query(LEDGER.enter_sql([name]))
            connection.query(LEDGER.create_companion_sql())
            connection.query(LEDGER.record_sql([Record(name, "checksum", "1", "run")]))
    return path


def test_a_folder_that_is_applied_keeps_its_rows_in_the_ledger(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    (folder / "01_b").mkdir(parents=True)
    (folder / "01_b" / "m.sql").touch()
    path = database(tmp_path / "local.sqlite", "01_a/m.sql", "01_b/m.sql")
    before = read_ledger(path, LEDGER)
    assert rename(folder, [("01_b", "02_b")], path, LEDGER) == {"01_b"}
    assert (folder / "02_b" / "m.sql").exists()
    assert read_ledger(path, LEDGER) == (before[0], replace(before[1], name="02_b/m.sql"))
    with LocalDatabase(path) as found:
        assert [record.name for record in look(found, LEDGER).records] == ["01_a/m.sql", "02_b/m.sql"]


@pytest.mark.parametrize(
    ("applied", "sql", "said"),
    [
        (
            ("0002_b.sql", "0003_b.sql"),
            "",
            "nothing was renamed: 0002_b.sql would be called 0003_b.sql, and the local database has both applied",
        ),
        (
            ("0002_b.sql",),
            "CREATE TRIGGER no BEFORE UPDATE ON d1_migrations BEGIN SELECT RAISE(ABORT, 'never'); END",
            "nothing was renamed: never",
        ),
    ],
)
def test_a_ledger_that_cannot_follow_keeps_every_name(
    applied: tuple[str, ...], sql: str, said: str, tmp_path: Path
) -> None:
    write(tmp_path, m0002_a="a", m0002_b="b")
    path = database(tmp_path / "local.sqlite", *applied)
    if sql:
        with Connection(path) as connection:
            connection.query(sql)
    with pytest.raises(ProgyError, match=re.escape(said)):
        rename(tmp_path / "migrations", [("0002_b.sql", "0003_b.sql")], path, LEDGER)
    assert [row.name for row in read_ledger(path, LEDGER)] == list(applied)
    assert sorted(one.name for one in (tmp_path / "migrations").iterdir()) == ["0002_a.sql", "0002_b.sql"]


def test_a_file_that_is_no_database_renames_nothing(tmp_path: Path) -> None:
    write(tmp_path, m0002_b="b")
    path = tmp_path / "local.sqlite"
    path.write_text("no database, but long enough to be looked at " * 20)
    with pytest.raises(DatabaseError, match="nothing was renamed: file is not a database"):
        rename(tmp_path / "migrations", [("0002_b.sql", "0003_b.sql")], path, LEDGER)
    assert (tmp_path / "migrations" / "0002_b.sql").exists()
