"""The questions, on a terminal of the test's own; and that nobody is asked without one."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.conftest import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.conftest import Project

SECONDS = 30
QUESTION = """\
? is orders.remark a new column, or note renamed?
  1  orders.note is now called remark
  2  orders.remark is new, and note is dropped
  1 or 2: """


class Terminal:
    """A command whose stdin and stderr are a terminal; its stdout is a file."""

    def __init__(self, project: Project, arguments: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self.end, theirs = pty.openpty()
        self.output = project.root / "stdout"
        clean = {key: value for key, value in clean_environment().items() if key != "CI"}
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "progy", *arguments],
                cwd=project.root,
                env={**clean, "NO_COLOR": "1", **environment},
                stdin=theirs,
                stdout=out,
                stderr=theirs,
                start_new_session=True,
            )
        os.close(theirs)
        self.seen = ""

    def until(self, text: str) -> str:
        """What has been shown up to `text`, since the last call."""
        deadline = time.monotonic() + SECONDS
        while text not in self.seen:
            assert self._read(deadline), f"{text!r} never came, but {self.seen!r}"
        shown, _, self.seen = self.seen.partition(text)
        return shown + text

    def _read(self, deadline: float) -> bool:
        """Read some more; whether there was any."""
        if not select.select([self.end], [], [], max(0, deadline - time.monotonic()))[0]:
            return False
        try:
            found = os.read(self.end, 10_000)
        except OSError:  # the other end is closed
            return False
        self.seen += found.decode().replace("\r\n", "\n")
        return bool(found)

    def answer(self, text: str) -> None:
        os.write(self.end, text.encode() + b"\n")

    def done(self) -> tuple[int, str]:
        """The exit code, and what was shown since the last call."""
        deadline = time.monotonic() + SECONDS
        while self._read(deadline):
            pass
        return self.process.wait(SECONDS), self.seen


@contextlib.contextmanager
def terminal(project: Project, *arguments: str, **environment: str) -> Iterator[Terminal]:
    found = Terminal(project, arguments, environment)
    try:
        yield found
    finally:
        if found.process.poll() is None:
            found.process.kill()
            found.process.wait(SECONDS)
        os.close(found.end)


@pytest.fixture
def renamed(project: Project) -> Project:
    """A project whose models have `remark` where its only migration has `note`."""
    project.progy("gen", "migration")
    project.write("models.py", project.read("models.py").replace("note: str", "remark: str"))
    return project


def test_the_answer_rename(renamed: Project) -> None:
    with terminal(renamed, "gen", "migration") as shown:
        assert shown.until("1 or 2: ") == QUESTION
        shown.answer("1")
        assert shown.done() == (
            0, "1\n  as --rename orders.note:orders.remark\n  rename column orders.note to remark\n",
        )  # fmt: skip
        (written,) = shown.output.read_text().split()[1:]
    assert renamed.read(written) == "ALTER TABLE orders RENAME COLUMN note TO remark;\n"
    assert renamed.progy("gen", "migration", "--check").returncode == 0


def test_the_answer_new(renamed: Project) -> None:
    with terminal(renamed, "gen", "migration") as shown:
        shown.until("1 or 2: ")
        for nonsense in ("", "3", "yes"):
            shown.answer(nonsense)
            shown.until("1 or 2: ")
        shown.answer("2")
        code, rest = shown.done()
        (written,) = shown.output.read_text().split()[1:]
    assert code == 0
    assert "2\n  as new\n" in rest
    assert rest.endswith(f"{written.removeprefix('migrations/')} drops the column orders.note and its values\n")
    assert renamed.read(written) == (
        "-- data loss: drops the column orders.note and its values\n"
        "ALTER TABLE orders ADD COLUMN remark TEXT;\nALTER TABLE orders DROP COLUMN note;\n"
    )


def test_a_value_is_asked_for_until_it_makes_sense(project: Project) -> None:
    project.progy("gen", "migration")
    project.write("models.py", project.read("models.py") + "    size: int\n")
    with terminal(project, "gen", "all") as shown:
        shown.until("  size = ")
        shown.answer("length(")
        assert "a parenthesis is never closed" in shown.until("  size = ")
        shown.answer("length(title)")
        # What is rejected isn't told as a flag.
        assert shown.until("? ") == "length(title)\n  the backfill of orders.size: no such column: title\n? "
        shown.until("  size = ")
        shown.answer("notes")
        assert shown.until("\n? ") == (
            "notes\n  the backfill of orders.size: no such column: notes; "
            "did you mean note? If not, a text needs quotes: 'notes'\n? "
        )
        shown.until("  size = ")
        shown.answer("coalesce(length(note), 0)")
        code, rest = shown.done()
        written = [line for line in shown.output.read_text().splitlines() if "migrations/" in line]
    assert code == 0
    assert "  as --backfill 'orders.size=coalesce(length(note), 0)'\n" in rest
    assert written == ["wrote migrations/0002_add_size_to_orders.sql"]
    assert "coalesce(length(note), 0)" in project.read("migrations/0002_add_size_to_orders.sql")


def test_questions_come_one_by_one_and_may_depend_on_each_other(project: Project) -> None:
    project.progy("gen", "migration")
    text = project.read("models.py").replace('"orders"', '"purchases"').replace("    note: str", "    remark: str")
    project.write("models.py", text + "    memo: str | None = None\n")
    with terminal(project, "gen", "migration") as shown:
        assert "is purchases a new table, or orders renamed?" in shown.until("1 or 2: ")
        shown.answer("1")
        assert "is purchases.remark a new column, or note renamed?" in shown.until("1 or 2: ")
        shown.answer("2")
        # Had the first been `note`, there would be nothing left that could be the second.
        assert "is purchases.memo a new column, or note renamed?" in shown.until("1 or 2: ")
        shown.answer("1")
        code, rest = shown.done()
    assert code == 0
    assert "  rename table orders to purchases\n  rename column purchases.note to memo\n" in rest


@pytest.mark.parametrize("how", ["end of input", "interrupt"])
def test_whoever_goes_away_changes_nothing(renamed: Project, how: str) -> None:
    before = renamed.files()
    with terminal(renamed, "gen", "migration") as shown:
        shown.until("1 or 2: ")
        if how == "interrupt":
            os.killpg(shown.process.pid, signal.SIGINT)
        else:
            os.write(shown.end, b"\x04")
        code, rest = shown.done()
    assert (code, rest.splitlines()[-1]) == (130, "interrupted")
    assert {name: text for name, text in renamed.files().items() if name != "stdout"} == before


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(("gen", "migration"), {"CI": "true"}), (("gen", "migration", "--json"), {}), (("diff", "local", "models"), {})],
)
def test_nobody_is_asked_in_ci_with_json_or_by_diff(
    renamed: Project, arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    renamed.progy("apply")
    with terminal(renamed, *arguments, **environment) as shown:
        code, _ = shown.done()
    assert code == 2


def test_check_never_asks_and_calls_what_is_open_stale(renamed: Project) -> None:
    for command in (("gen", "migration"), ("gen", "all")):
        with terminal(renamed, *command, "--check") as shown:
            code, rest = shown.done()
        assert code == 1
        assert "a migration is missing, which needs answers:\n  is orders.remark a new column, or note renamed?" in rest
        assert rest.endswith(f"hint: progy {' '.join(command)}\n")


def test_without_a_terminal_the_flags_are_said(renamed: Project) -> None:
    before = renamed.files()
    done = renamed.progy("gen", "migration", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "    --rename orders.note:orders.remark   # orders.note is now called remark\n" in done.stderr
    assert renamed.files() == before


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("YES", 0), ("n", 3), ("", 3)])
def test_apply_asks_before_data_are_lost(renamed: Project, answer: str, code: int) -> None:
    renamed.progy("apply")
    renamed.progy("gen", "migration", "lossy", "--no-renames")
    with terminal(renamed, "apply") as shown:
        asked = shown.until("[y/N] ")
        shown.answer(answer)
        assert shown.done()[0] == code
    assert asked == (
        "warning: migrations/0002_lossy.sql:1 drops the column orders.note and its values\n"
        "? data may be lost or changed: apply 1 migration to DB (local)? [y/N] "
    )
    assert json.loads(renamed.progy("status", "--json").stdout)["pending"] == (0 if code == 0 else 1)


def test_what_is_neither_yes_nor_no_is_asked_again_with_a_word_of_why(renamed: Project) -> None:
    renamed.progy("apply")
    renamed.progy("gen", "migration", "lossy", "--no-renames")
    with terminal(renamed, "apply") as shown:
        shown.until("[y/N] ")
        shown.answer("maybe")
        again = shown.until("[y/N] ")
        shown.answer("n")
        assert shown.done()[0] == 3
    assert (
        "  neither yes nor no: answer y or n\n? data may be lost or changed: apply 1 migration to DB (local)? [y/N] "
        in again
    )
