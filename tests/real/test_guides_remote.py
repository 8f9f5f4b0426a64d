"""What the guides show of commands on databases: each is run, on real D1 too, and says what stands there.

Whatever differs from run to run (ids, bookmarks, times) may differ from the guide as well.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

import pytest

from tests.conftest import clean_environment
from tests.unit.test_guides import of_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Project
    from tests.real.cloudflare import Cloud

SECONDS = 60
CHANGING = (
    (r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
    (r"[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}", "BOOKMARK"),
    (r"\b[0-9a-f]{64}\.sqlite", "FILE.sqlite"),
    (r"\b[0-9a-f]{32}\b", "ACCOUNT"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+Z)?", "TIME"),
    (r"\b\d+ ms\b", "N ms"),
    (r"\b\d+ kB\b", "N kB"),
)
ASKED = re.compile(r"^\? .*(?:\[y/N\]|:) (\S+)$", re.MULTILINE)
"""A question as the guide shows it, with its answer."""


class Guide:
    """A guide's sessions, one after another, in a project where they are true.

    Args:
        name: The guide.
        project: The project.
        cloud: Where its remote databases are.
    """

    def __init__(self, name: str, project: Project, cloud: Cloud) -> None:
        self.sessions = [block.text for block in of_kind("commands", name) if block.language == "console"]
        self.project = project
        self.cloud = cloud

    def play(self) -> None:
        """Run the next session, and compare."""
        session = self.sessions.pop(0)
        found = ""
        for part in re.split(r"^(?=\$ )", session, flags=re.MULTILINE)[1:]:
            line = part.partition("\n")[0].removeprefix("$ ")
            found += f"$ {line}\n{self.run(line, ASKED.findall(part))}"
        assert comparable(found) == comparable(session)

    def run(self, line: str, answers: list[str]) -> str:
        """What a command shows: on a terminal if it asks something, else where nobody can be asked."""
        program, *arguments = shlex.split(line)
        assert program == "progy"
        command = [sys.executable, "-m", "progy", *arguments]
        environment = {**clean_environment(), **self.cloud.environment(), "NO_COLOR": "1"}
        if answers:
            environment.pop("CI", None)
            return on_a_terminal(command, self.project, environment, answers)
        return subprocess.run(
            command, cwd=self.project.root, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, encoding="utf-8", timeout=SECONDS, check=False,
        ).stdout  # fmt: skip

    def silently(self, *arguments: str) -> None:
        """Run a command that the guide doesn't show."""
        self.project.progy(*arguments, environment=self.cloud.environment())


def on_a_terminal(command: list[str], project: Project, environment: dict[str, str], answers: list[str]) -> str:
    """What a terminal shows in the end, the answers included; a line that was written over is its last text."""
    end, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
    process = subprocess.Popen(
        command, cwd=project.root, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    waiting, shown = list(answers), b""
    with contextlib.suppress(OSError):  # the other end is closed
        while found := os.read(end, 10_000):
            shown += found
            if waiting and re.search(rb"^\? .*(\[y/N\]|:) $", shown.rpartition(b"\n")[2]):
                os.write(end, waiting.pop(0).encode() + b"\n")
    process.wait(SECONDS)
    os.close(end)
    lines = shown.decode().replace("\r\n", "\n").split("\n")
    return "\n".join(line.rpartition("\r")[2].rstrip() for line in lines)


def comparable(text: str) -> str:
    """The text without what no two runs have in common; columns keep one blank between them."""
    for pattern, word in CHANGING:
        text = re.sub(pattern, word, text)
    return re.sub(r"-{3,}", "---", re.sub(r" {2,}", "  ", text))


@pytest.fixture
def shop(project: Project, cloud: Cloud) -> Iterator[str]:
    """The id of the shop's database on Cloudflare. Both that and the local one have the first migration, and rows."""
    uuid = cloud.create("shop")
    project.write("wrangler.jsonc", project.read("wrangler.jsonc").replace("shop-id", uuid))
    project.progy("gen", "migration")
    rows = (
        "INSERT INTO customers (email) VALUES ('ada@example.com'), ('bob@example.com');\n"
        "INSERT INTO orders (customer_id, note) VALUES (1, 'blue'), (2, NULL);\n"
    )
    for place in ("--local", "--remote"):
        project.progy("apply", place, "--yes", environment=cloud.environment())
    project.progy("execute", rows)
    cloud.query(uuid, rows)
    yield uuid
    assert cloud.waiting == 0


def test_applying(project: Project, cloud: Cloud, shop: str) -> None:
    guide = Guide("docs/applying.md", project, cloud)
    models = project.read("models.py")
    paid = models + '    paid: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})\n'
    project.write("models.py", paid)
    project.progy("gen", "migration", "orders are paid")
    guide.play()  # on your machine
    guide.play()  # on Cloudflare

    project.write("models.py", paid.replace("    note: str | None = None\n", ""))
    project.progy("gen", "migration", "notes go")
    guide.play()  # data would be lost

    cloud.query(shop, "CREATE INDEX by_hand ON orders (paid)")
    guide.play()  # status
    cloud.query(shop, "DROP INDEX by_hand")

    project.progy("apply", "--allow-data-loss")
    (project.root / "migrations/0003_notes_go.sql").rename(project.root / "migrations/0004_notes_go.sql")
    guide.play()  # repair
    (project.root / "migrations/0004_notes_go.sql").rename(project.root / "migrations/0003_notes_go.sql")

    text = project.read("wrangler.jsonc")
    old = cloud.create("old")
    project.write("wrangler.jsonc", text.replace(shop, old))
    guide.silently("apply", "--remote", "--yes", "--to", "2")
    cloud.query(old, "DROP TABLE d1_migrations")
    cloud.query(old, "DROP TABLE progy_d1_migrations")
    guide.play()  # baseline

    project.write("wrangler.jsonc", text)
    guide.play()  # going back
    assert guide.sessions == []
    assert [row["name"] for row in cloud.query(shop, "SELECT name FROM d1_migrations")] == ["0001_initial.sql"]


def test_data(project: Project, cloud: Cloud, shop: str) -> None:
    guide = Guide("docs/data.md", project, cloud)
    guide.play()  # a query
    guide.play()  # a statement that writes
    assert cloud.query(shop, "SELECT note FROM orders") == [{"note": "gift"}, {"note": None}]
    project.write(
        "seed.sql",
        "INSERT INTO customers (email) VALUES ('cleo@example.com');\n"
        "INSERT INTO orders (customer_id, note) VALUES (3, 'red');\n",
    )
    guide.play()  # an import
    guide.play()  # export
    assert "'cleo@example.com'" in project.read("backup.sql")
    guide.play()  # clean
    assert cloud.query(shop, "SELECT * FROM customers") == []
    guide.play()  # the account's databases
    assert guide.sessions == []
