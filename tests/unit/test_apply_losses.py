"""`progy apply` deletes nothing that nobody has said yes to."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project

LOSSY = "ALTER TABLE orders DROP COLUMN note;\n"
WARNING = "warning: migrations/0003_lossy.sql:1 drops the column orders.note and its values\n"


def path_of(project: Project) -> Path:
    path: str = json.loads(project.progy("status", "--json").stdout)["database"]
    return project.root / path


def columns(project: Project) -> list[str]:
    connection = sqlite3.connect(path_of(project))
    found = [row[1] for row in connection.execute("PRAGMA table_info(orders)")]
    connection.close()
    return found


@pytest.fixture
def waiting(project: Project) -> Project:
    """A project whose database has the first migration; a harmless one and one that deletes are pending."""
    project.progy("gen", "migration")
    project.progy("apply")
    project.write("migrations/0002_more.sql", "CREATE TABLE more (a);\n")
    project.write("migrations/0003_lossy.sql", LOSSY)
    return project


def test_what_deletes_is_refused_and_nothing_is_applied(waiting: Project) -> None:
    done = waiting.progy("apply", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (
        3,
        "",
        WARNING + "error: data may be lost or changed; nothing was done: apply 2 migrations to DB (local)\n"
        "hint: progy apply --allow-data-loss\n",
    )
    assert "note" in columns(waiting)
    assert json.loads(waiting.progy("status", "--json").stdout)["pending"] == 2


def test_what_comes_before_can_be_applied_alone(waiting: Project) -> None:
    assert waiting.progy("apply", "--to", "0002_more").stdout.startswith("applied 0002_more.sql")
    assert "note" in columns(waiting)


def test_the_hint_goes_no_further_than_what_was_shown(waiting: Project) -> None:
    waiting.write("migrations/0004_worse.sql", "DROP TABLE orders;\n")
    done = waiting.progy("apply", "--to", "3", check=False)
    assert done.stderr.endswith("\nhint: progy apply --to 3 --allow-data-loss\n")


def test_a_yes_on_the_command_line(waiting: Project) -> None:
    done = waiting.progy("apply", "--allow-data-loss")
    assert done.stdout.count("applied ") == 2
    assert "note" not in columns(waiting)


def test_a_dry_run_says_what_would_be_deleted(waiting: Project) -> None:
    done = waiting.progy("apply", "--dry-run")
    assert LOSSY in done.stdout
    assert done.stderr == WARNING + "2 migrations would be applied to DB (local)\n"


def test_json(waiting: Project) -> None:
    losses = [{"migration": "0003_lossy.sql", "line": 1, "what": "drops the column orders.note and its values"}]
    refused = waiting.progy("apply", "--json", check=False)
    assert refused.returncode == 3
    found = json.loads(refused.stdout)
    assert (found["losses"], found["applied"], found["error"]["kind"]) == (losses, [], "RefusedError")
    assert json.loads(waiting.progy("apply", "--json", "--dry-run").stdout)["losses"] == losses
    found = json.loads(waiting.progy("apply", "--json", "--allow-data-loss").stdout)
    assert (found["losses"], [one["name"] for one in found["applied"]]) == (losses, ["0002_more.sql", "0003_lossy.sql"])
    assert json.loads(waiting.progy("apply", "--json").stdout)["losses"] == []


def test_a_new_database_has_nothing_to_lose(waiting: Project) -> None:
    path_of(waiting).unlink()
    assert waiting.progy("apply").stdout.count("applied ") == 3
    # wrangler makes the file, and a table of its own in it, before any migration is applied.
    path_of(waiting).unlink()
    connection = sqlite3.connect(path_of(waiting))
    connection.executescript("CREATE TABLE _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB);")
    connection.close()
    assert waiting.progy("apply").stdout.count("applied ") == 3


def test_tables_that_no_ledger_knows_may_hold_data(waiting: Project) -> None:
    path = path_of(waiting)
    path.unlink()
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE precious (a); INSERT INTO precious VALUES (1);")
    connection.close()
    waiting.write("migrations/0000_early.sql", "DROP TABLE precious;\n")
    assert waiting.progy("apply", check=False).returncode == 3


def test_a_generated_column_has_nothing_to_lose(waiting: Project) -> None:
    waiting.write("migrations/0002_more.sql", "ALTER TABLE orders ADD COLUMN twice AS (2 * id);\n")
    waiting.progy("apply", "--to", "2")
    waiting.write("migrations/0003_lossy.sql", "ALTER TABLE orders DROP COLUMN twice;\n")
    assert waiting.progy("apply").returncode == 0


def test_what_is_refused_was_said_when_the_migration_was_written(project: Project) -> None:
    project.progy("gen", "migration")
    project.progy("apply")
    text = project.read("models.py")
    project.write("models.py", text[: text.index("class Order")])
    written = project.progy("gen", "migration", "no orders")
    assert "warning: 0002_no_orders.sql drops the table orders and its rows\n" in written.stderr
    refused = project.progy("apply", check=False)
    assert refused.returncode == 3
    assert refused.stderr.startswith(
        "warning: migrations/0002_no_orders.sql:1 drops the table orders and its rows\nerror: "
    )
