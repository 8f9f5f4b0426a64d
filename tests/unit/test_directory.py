"""Which files are migrations, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from progy.errors import ConfigError, ProgyError
from progy.migrations.directory import MigrationDirectory, leading_number, relative_pattern

if TYPE_CHECKING:
    from pathlib import Path


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("SELECT 1;\n")


def names(folder: Path, pattern: str = "*.sql") -> list[str]:
    return [migration.name for migration in MigrationDirectory(folder, pattern).migrations()]


def test_numbers_come_before_names_and_nine_before_ten(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "10_j.sql",
        "9_i.sql",
        "0001_a.sql",
        "seed.sql",
        "0001_B.sql",
        "2-x.sql",
        "a.txt",
        ".3_hidden.sql",
    )
    assert names(tmp_path) == ["0001_B.sql", "0001_a.sql", "2-x.sql", "9_i.sql", "10_j.sql", "seed.sql"]


def test_links_and_folders_are_no_migrations(tmp_path: Path) -> None:
    touch(tmp_path, "0001_a.sql", "below/0002_b.sql")
    (tmp_path / "0003_link.sql").symlink_to(tmp_path / "0001_a.sql")
    (tmp_path / "0004_folder.sql").mkdir()
    assert names(tmp_path) == ["0001_a.sql"]


def test_patterns(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "1_a/migration.sql",
        "10_c/migration.sql",
        "2_b/migration.sql",
        "2_b/x/deep.sql",
        "0_top.sql",
    )
    assert names(tmp_path, "*/migration.sql") == [
        "1_a/migration.sql",
        "2_b/migration.sql",
        "10_c/migration.sql",
    ]
    assert names(tmp_path, "**/*.sql") == [
        "0_top.sql", "1_a/migration.sql", "2_b/migration.sql", "2_b/x/deep.sql", "10_c/migration.sql",
    ]  # fmt: skip
    assert names(tmp_path, "{0_top,none}.sql") == ["0_top.sql"]
    assert names(tmp_path, "[0-9]_?op.sql") == ["0_top.sql"]
    assert names(tmp_path, "[!0]*.sql") == []


def test_no_folder_is_an_empty_history(tmp_path: Path) -> None:
    directory = MigrationDirectory(tmp_path / "none")
    assert directory.migrations() == []
    assert directory.new("initial").name == "0001_initial.sql"


@pytest.mark.parametrize(
    ("name", "number"), [("0001_a", 1), ("12", 12), ("7-x_1", 7), ("x_1", None), (" 3_a", 3), ("a/1_b", None)]
)
def test_leading_numbers_are_read_as_javascript_does(name: str, number: int | None) -> None:
    assert leading_number(name) == number


def test_the_next_number_is_one_more_than_the_highest(tmp_path: Path) -> None:
    touch(tmp_path, "0001_a.sql", "0041_b.sql", "seed.sql")
    assert MigrationDirectory(tmp_path).new("c").path == tmp_path / "0042_c.sql"


def test_a_new_migration_that_nobody_would_find_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"0001_c\.sql, which migrations_pattern"):
        MigrationDirectory(tmp_path, "*/migration.sql").new("c")


@pytest.mark.parametrize(
    ("directory", "pattern", "relative"),
    [
        ("migrations", None, "*.sql"),
        ("migrations/", "migrations/*/migration.sql", "*/migration.sql"),
        ("./db\\m", "db/m/**/*.sql", "**/*.sql"),
        (".", "*.sql", "*.sql"),
    ],
)
def test_wranglers_pattern_begins_with_its_directory(directory: str, pattern: str | None, relative: str) -> None:
    assert relative_pattern(directory, pattern) == relative


def test_a_pattern_outside_the_directory_is_refused() -> None:
    with pytest.raises(ConfigError, match="doesn't begin with migrations_dir"):
        relative_pattern("migrations", "sql/*.sql")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_bytes(b"SELECT '\xff';")
    [migration] = MigrationDirectory(tmp_path).migrations()
    with pytest.raises(ProgyError, match=r"0001_a\.sql: not UTF-8 at byte 8"):
        _ = migration.text
