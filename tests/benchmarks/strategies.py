"""What each way of changing a table costs, over the same statements on bare SQLite.

    python -m tests.benchmarks.strategies [--rows 1000000] [--workerd 100000]

A table of a million rows, with two tables of 300,000 rows each that refer to it, in a file. Bare is what the strategy
can't do without: its statements without the check table, the guards and their indexes, with foreign keys off. On D1's
own engine, where they can't be off, the rows read and written are counted, too.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from progy.d1.connection import Connection
from progy.diff.decisions import Decisions
from progy.migrations.file import render_file
from progy.plan.planner import plan
from progy.sql.tokens import statements
from tests.judge import Shadow
from tests.real.engine import NODE_FOLDER, install_node_modules, node_executable

if TYPE_CHECKING:
    from collections.abc import Sequence

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, age INTEGER, name TEXT, bio TEXT)"
INDEX = "CREATE UNIQUE INDEX users_email ON users (email)"
CHILDREN = [
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id) ON DELETE CASCADE, text TEXT)",
    "CREATE TABLE votes (id INTEGER PRIMARY KEY, voter INTEGER REFERENCES users (id) ON DELETE SET NULL, value INTEGER)",
    "CREATE INDEX posts_author ON posts (author)",
    "CREATE INDEX votes_voter ON votes (voter)",
]

# The change, and whether others refer to the table.
CASES = {
    "alter in place": (USERS.replace("bio TEXT)", "bio TEXT, note TEXT)"), True),
    "column swap": (USERS.replace("age INTEGER", "age TEXT"), True),
    "rebuild": (USERS.replace("name TEXT", "name TEXT CHECK (length(name) < 99)"), False),
    "guarded rebuild": (USERS.replace("name TEXT", "name TEXT CHECK (length(name) < 99)"), True),
    "guarded rebuild, children without an index": (USERS.replace("name TEXT", "name TEXT CHECK (length(name) < 99)"), True),
}  # fmt: skip


def schema(users: str, *, referred: bool, indexed: bool) -> list[str]:
    """The DDL of a case."""
    children = CHILDREN if indexed else CHILDREN[:2]
    return [users, INDEX, *(children if referred else [])]


def rows(count: int, *, referred: bool) -> list[str]:
    """The INSERTs that fill it."""
    numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0})"
    words = "'Some words about the user, as long as such words are'"
    values = f"i, 'user' || i || '@example.com', i % 90, 'User ' || i, {words}"
    found = [f"INSERT INTO users {numbers.format(count)} SELECT {values} FROM n"]
    if referred:
        few = count * 3 // 10
        found += [
            f"INSERT INTO posts {numbers.format(few)} SELECT i, (i * 7919) % {count} + 1, 'A post' FROM n",
            f"INSERT INTO votes {numbers.format(few)} SELECT i, (i * 7907) % {count} + 1, 1 FROM n",
        ]
    return found


def migration(old: Sequence[str], new: Sequence[str]) -> tuple[str, str]:
    """A change's strategy and its file."""
    with Shadow() as first, Shadow() as second:
        first.migrate(";\n".join(old))
        second.migrate(";\n".join(new))
        planned = plan(first.schema(), second.schema(), Decisions(no_renames=True))
    return planned.strategies[0].kind, render_file(planned)


def bare(text: str) -> list[str]:
    """The statements without what makes them safe."""
    safety = r"(CREATE TABLE|INSERT INTO|UPDATE|DROP TABLE) progy_check\b|PRAGMA|(CREATE|DROP) (TRIGGER|INDEX) progy_"
    return [one.sql for one in statements(text) if not re.match(safety, one.sql)]


def on_file(path: Path, text: str) -> float:
    """Seconds that a migration takes as progy applies it."""
    with Connection(path) as connection:
        began = time.perf_counter()
        with connection.transaction():
            connection.run(text, where="migration")
        return time.perf_counter() - began


def on_bare_sqlite(path: Path, found: Sequence[str]) -> float:
    """Seconds that statements take in one transaction, with foreign keys off."""
    connection = apsw.Connection(str(path))
    began = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    for statement in found:
        connection.execute(statement)
    connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def on_workerd(setup: Sequence[str], found: Sequence[str]) -> dict[str, float]:
    """Seconds and rows of a migration on D1's own engine."""
    script = Path(__file__).with_name("d1_meta.mjs")
    done = subprocess.run(
        [str(node_executable()), str(script), str(NODE_FOLDER)],
        input=json.dumps({"setup": setup, "migration": found}),
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.strategies", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workerd", type=int, default=0, help="so many rows on D1's own engine")
    options = parser.parse_args(arguments)
    if options.workerd:
        install_node_modules()
    sys.stdout.write(
        "| case | progy, s | bare SQLite, s | ratio | workerd, s | rows read | rows written |\n|---|---|---|---|---|---|---|\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, (users, referred) in CASES.items():
            indexed = "without an index" not in name
            old = schema(USERS, referred=referred, indexed=indexed)
            kind, text = migration(old, schema(users, referred=referred, indexed=indexed))
            assert name.startswith(kind), f"{name} is {kind} now"
            filled = Path(folder) / "filled.sqlite"
            filled.unlink(missing_ok=True)
            connection = apsw.Connection(str(filled))
            connection.pragma("journal_mode", "wal")
            for statement in [*old, *rows(options.rows, referred=referred)]:
                connection.execute(statement)
            connection.close()
            copies = [Path(shutil.copy(filled, Path(folder) / f"{number}.sqlite")) for number in range(2)]
            safe, unsafe = on_file(copies[0], text), on_bare_sqlite(copies[1], bare(text))
            line = f"| {name} | {safe:.2f} | {unsafe:.2f} | {safe / unsafe:.2f} |"
            if options.workerd:
                found = [one.sql for one in statements(text)]
                there = on_workerd([*old, *rows(options.workerd, referred=referred)], found)
                line += f" {there['seconds']:.2f} | {there['read']:,.0f} | {there['written']:,.0f} |"
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
            for copy in copies:
                copy.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
