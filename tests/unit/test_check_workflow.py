"""The example workflow: what its script puts into the comment, tried with a `gh` that only tells."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import CHECKOUT
from tests.unit.test_check_history import commit, git

if TYPE_CHECKING:
    from pathlib import Path

TELL = '#!/bin/sh\necho "$@"\nwhile [ $# -gt 0 ]; do [ "$1" = --body-file ] && cat "$2"; shift; done\n'


def workflow() -> Any:  # noqa: ANN401 - whatever YAML can hold
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load((CHECKOUT / "docs" / "ci" / "check.yml").read_text(encoding="utf-8"))


def steps() -> list[str]:
    return [step.get("run", "") for step in workflow()["jobs"]["check"]["steps"]]


def test_it_runs_the_check_on_pull_requests() -> None:
    assert set(workflow()[True]) == {"pull_request"}  # YAML 1.1 reads the key `on` as true
    assert 'progy check --since "$BASE" --format github' in steps()


def test_no_name_that_somebody_else_chooses_is_part_of_a_script() -> None:
    assert [command for command in steps() if "${{" in command] == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="GitHub's runners have bash")
def test_the_comment_holds_the_sql_of_new_migrations_only(tmp_path: Path) -> None:
    root, tools = tmp_path / "work", tmp_path / "tools"
    root.mkdir()
    tools.mkdir()
    (tools / "gh").write_text(TELL)
    (tools / "gh").chmod(0o755)
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, m0001_a="SELECT 'old';\n")
    git(root, "checkout", "--quiet", "-b", "mine")

    def comment() -> str:
        (script,) = (command for command in steps() if "gh pr comment" in command)
        path = f"{tools}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "BASE": "main", "NUMBER": "7", "RUNNER_TEMP": str(tools), "PATH": path}
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout

    assert comment() == ""
    commit(root, **{"m0002 it's new": "SELECT 'new';\n"})
    assert comment() == (
        f"pr comment 7 --edit-last --create-if-none --body-file {tools}/comment.md\n"
        "### New migrations\n\n**migrations/0002 it's new.sql**\n\n~~~~sql\nSELECT 'new';\n\n~~~~\n"
    )
