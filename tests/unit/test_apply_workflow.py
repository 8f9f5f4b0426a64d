"""The example workflow that applies: its scripts run with a `progy` that only tells, its commands known to the real one."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.core import TyperGroup

from progy.cli.main import app
from tests.conftest import CHECKOUT
from tests.unit.test_structure import commands

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = {"CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"}


def workflow() -> Any:  # noqa: ANN401 - whatever YAML can hold
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load((CHECKOUT / "docs" / "ci" / "apply.yml").read_text(encoding="utf-8"))


def job() -> Any:  # noqa: ANN401 - whatever YAML can hold
    return workflow()["jobs"]["apply"]


def scripts() -> list[str]:
    return [step["run"] for step in job()["steps"] if step.get("run", "").startswith(("progy", "if"))]


def test_it_applies_what_reaches_main_and_nothing_else() -> None:
    triggers = workflow()[True]  # YAML 1.1 reads the key `on` as true
    assert set(triggers) == {"push", "workflow_dispatch"}
    assert triggers["push"]["branches"] == ["main"]
    assert job()["if"] == "github.ref == 'refs/heads/main'"


def test_two_never_overlap_and_none_is_cut_short() -> None:
    assert workflow()["concurrency"] == {"group": "apply-production", "cancel-in-progress": False}


def test_it_is_allowed_no_more_than_it_needs() -> None:
    assert workflow()["permissions"] == {"contents": "read"}
    assert job()["environment"] == "production"
    assert SECRETS & set(job().get("env", {})) == set()
    with_token = [step.get("name") for step in job()["steps"] if "CLOUDFLARE_API_TOKEN" in step.get("env", {})]
    assert with_token == ["What will be applied", "Apply"]


def test_no_name_that_somebody_else_chooses_is_part_of_a_script() -> None:
    assert [step["run"] for step in job()["steps"] if "${{" in step.get("run", "")] == []


def test_a_human_allows_data_loss_for_one_run() -> None:
    asked = workflow()[True]["workflow_dispatch"]["inputs"]["allow_data_loss"]
    assert (asked["type"], asked["default"]) == ("boolean", False)
    (step,) = (step for step in job()["steps"] if "ALLOW_DATA_LOSS" in step.get("env", {}))
    assert step["env"]["ALLOW_DATA_LOSS"] == "${{ inputs.allow_data_loss }}"


@pytest.mark.skipif(shutil.which("bash") is None, reason="GitHub's runners have bash")
@pytest.mark.parametrize(
    ("allowed", "last"), [("", ""), ("false", ""), ("yes; true", ""), ("true", " --allow-data-loss")]
)
def test_what_it_runs(tmp_path: Path, allowed: str, last: str) -> None:
    assert run(tmp_path, allowed, fails="nothing") == (
        f"check\napply --remote --dry-run\napply --remote --yes{last}\n",
        0,
    )


@pytest.mark.skipif(shutil.which("bash") is None, reason="GitHub's runners have bash")
def test_it_fails_as_progy_does(tmp_path: Path) -> None:
    assert run(tmp_path, "", fails="apply --remote --yes")[1] == 3
    assert run(tmp_path, "true", fails="apply --remote --yes --allow-data-loss")[1] == 3
    assert run(tmp_path, "", fails="check") == ("check\n", 3)


def run(folder: Path, allowed: str, *, fails: str) -> tuple[str, int]:
    """What the steps ask of progy, one after another until one fails, and the last one's exit code."""
    tell = folder / "progy"
    tell.write_text(f'#!/bin/sh\necho "$@"\n[ "$*" != "{fails}" ] || exit 3\n')
    tell.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    said = ""
    for script in scripts():
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            env={**os.environ, "PATH": path, "ALLOW_DATA_LOSS": allowed},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        said += done.stdout
        if done.returncode:
            return said, done.returncode
    return said, 0


def test_progy_has_every_option_that_it_uses() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    known = commands(group)
    used = [line.split() for script in scripts() for line in script.splitlines() if line.strip().startswith("progy")]
    assert used
    for words in used:
        name = " ".join(words[:2])
        assert set(words[2:]) <= set(known[name]), words
