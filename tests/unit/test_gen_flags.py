"""`progy gen migration` and `gen all` with what a user says of a change, and the migrations that have no models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

NOTHING = "everything is up to date\n"
COMMANDS = pytest.mark.parametrize("command", [("gen", "migration"), ("gen", "all")])


@pytest.fixture
def started(project: Project) -> Project:
    """A project with its first migration, and everything else generated."""
    project.progy("gen", "all")
    return project


def change(project: Project, *replacements: tuple[str, str]) -> None:
    text = project.read("models.py")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    project.write("models.py", text)


@COMMANDS
def test_renames_by_flag(started: Project, command: tuple[str, ...]) -> None:
    change(started, ('"orders"', '"purchases"'), ("    note: str", "    remark: str"))
    done = started.progy(
        *command, "--rename-table", "orders:purchases", "--rename", "orders.note:purchases.remark", "--explain"
    )
    assert "rename table orders to purchases\n  rename column purchases.note to remark\n" in done.stderr
    (name,) = [name for name in started.files() if name.startswith("migrations/0002")]
    assert started.read(name).startswith(
        "ALTER TABLE orders RENAME TO purchases;\nALTER TABLE purchases RENAME COLUMN note TO remark;\n"
    )
    assert started.progy(*command).stderr == NOTHING


@COMMANDS
def test_a_flag_that_is_wrong_is_an_error_even_where_nothing_is_to_do(
    started: Project, command: tuple[str, ...]
) -> None:
    started.progy(*command)  # keeps that there is nothing to do
    done = started.progy(*command, "--rename", "orders.note:orders.remark", check=False)
    message = "error: --rename orders.note:orders.remark: there will be no column orders.remark\n"
    assert (done.returncode, done.stderr) == (2, message + "hint: did you mean orders.note?\n")


def test_nothing_that_is_kept_hides_a_flag(started: Project) -> None:
    started.progy("gen", "all")
    assert started.progy("gen", "all", "--no-renames").stderr == NOTHING
    change(started, ("    note: str", "    remark: str"))
    for _ in range(2):
        assert started.progy("gen", "all", check=False).returncode == 2
        assert started.progy("gen", "all", "--no-renames", "--check", check=False).returncode == 1
    assert "wrote migrations/0002" in started.progy("gen", "all", "--no-renames").stdout
    assert started.progy("gen", "all").stderr == NOTHING


def test_a_rename_that_is_done_is_said(started: Project) -> None:
    change(started, ("    note: str", "    remark: str"))
    flag = ("--rename", "orders.note:orders.remark")
    started.progy("gen", "migration", *flag)
    done = started.progy("gen", "migration", *flag, check=False)
    message = "error: --rename orders.note:orders.remark: orders.remark is there already: the rename seems to be done\n"
    assert (done.returncode, done.stderr) == (2, message + "hint: leave the flag out\n")


def test_a_backfill_by_flag(started: Project) -> None:
    change(started, ("    note: str | None = None\n", "    note: str | None = None\n    size: int\n"))
    refused = started.progy("gen", "migration", check=False)
    assert refused.returncode == 2
    assert "    --backfill orders.size=EXPRESSION" in refused.stderr
    wrong = started.progy("gen", "migration", "--backfill", "orders.size=length(nte)", check=False)
    assert (wrong.returncode, wrong.stderr) == (
        2, "error: the backfill of orders.size: no such column: nte\nhint: did you mean note?\n",
    )  # fmt: skip
    started.progy("gen", "migration", "--backfill", "orders.size=coalesce(length(note), 0)")
    assert "coalesce(length(note), 0)" in started.read("migrations/0002_add_size_to_orders.sql")


def test_explain_and_json(started: Project) -> None:
    change(
        started, ("    note: str | None = None\n", "    paid: bool = Field(sa_column_kwargs={'server_default': '0'})\n")
    )
    plain = started.progy("gen", "migration", "--no-renames", "--check", check=False)
    explained = started.progy("gen", "migration", "--no-renames", "--check", "--explain", check=False)
    assert "  orders: alter in place\n" not in plain.stderr
    assert "  orders: alter in place\n" in explained.stderr
    found = json.loads(started.progy("gen", "migration", "--no-renames", "--json").stdout)
    (written,) = found["written"]
    assert {key: found[key] for key in ("changes", "renames", "losses", "statements")} == {
        "changes": ["add column orders.paid", "drop column orders.note"],
        "renames": [],
        "losses": ["drops the column orders.note and its values"],
        "statements": [
            "ALTER TABLE orders ADD COLUMN paid INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE orders DROP COLUMN note",
        ],
    }
    assert started.read(written).startswith("-- data loss: drops the column orders.note and its values\n")


def test_an_empty_migration(started: Project) -> None:
    done = started.progy("gen", "migration", "--empty", "Names in lower case")
    assert done.stdout == "wrote migrations/0002_names_in_lower_case.sql\n"
    assert started.read("migrations/0002_names_in_lower_case.sql") == (
        "-- Write the statements here, each with a semicolon at its end, in place of this one, which does nothing.\n"
        "SELECT 1;\n"
    )
    assert started.progy("gen", "docs").stdout == "wrote docs/schema/migrations.md\n"
    assert started.progy("gen", "all", "--check").stderr == NOTHING
    assert started.progy("apply", "--json").returncode == 0
    assert json.loads(started.progy("status", "--json").stdout)["applied"] == 2
    assert json.loads(started.progy("gen", "migration", "--empty", "more", "--json").stdout) == {
        "written": ["migrations/0003_more.sql"], "changes": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [("--empty",), ("--empty", "a", "--check"), ("--empty", "a", "--no-renames"), ("--empty", "a", "--revert", "1"),
     ("--revert", "1", "--check"), ("--revert", "7")],
)  # fmt: skip
def test_options_that_make_no_sense_together(started: Project, arguments: tuple[str, ...]) -> None:
    before = started.files()
    assert started.progy("gen", "migration", *arguments, check=False).returncode == 2
    assert started.files() == before


def test_revert_takes_the_schema_back(started: Project) -> None:
    started.progy("apply")
    started.write(
        "migrations/0002_by_hand.sql",
        "CREATE VIEW emails AS SELECT email FROM customers;\n"
        "CREATE VIRTUAL TABLE search USING fts5(note, content='orders');\n"
        "CREATE TRIGGER noted AFTER INSERT ON orders BEGIN UPDATE orders SET note = 'new' WHERE id = NEW.id; END;\n",
    )
    started.write("migrations/0003_no_notes.sql", "DROP TRIGGER noted;\nALTER TABLE orders DROP COLUMN note;\n")
    done = started.progy("gen", "migration", "--revert", "0003_no_notes")
    assert done.stdout == "wrote migrations/0004_revert_0003_no_notes.sql\n"
    assert "warning: not undone: 0003_no_notes.sql drops the column orders.note and its values\n" in done.stderr
    assert "the next migration brings it back" in done.stderr
    text = started.read("migrations/0004_revert_0003_no_notes.sql")
    assert "ALTER TABLE orders ADD COLUMN note TEXT;\n" in text
    assert "CREATE TRIGGER noted" in text
    started.progy("gen", "migration", "back", "--revert", "2")
    text = started.read("migrations/0005_back.sql")
    assert "DROP VIEW emails;\n" in text
    assert "DROP TABLE search;\n" in text
    started.progy("apply", "--allow-data-loss")
    assert started.progy("diff", "local", "models").stdout == ""
    # It has been done: the schema is back, the values aren't.
    again = started.progy("gen", "migration", "--revert", "2")
    assert again.stdout == ""
    assert "warning: not undone: 0003_no_notes.sql drops the column orders.note and its values\n" in again.stderr


def test_revert_of_a_migration_that_only_changes_rows(started: Project) -> None:
    started.write("migrations/0002_tidy.sql", "DELETE FROM orders WHERE id < 0;\n")
    done = started.progy("gen", "migration", "--revert", "2")
    assert done.stdout == ""
    assert done.stderr == (
        f"warning: not undone: 0002_tidy.sql deletes rows of orders\n{NOTHING}"
        "the schema is what it was before 0002_tidy.sql; what migrations did to rows isn't undone\n"
    )
