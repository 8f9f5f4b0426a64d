"""Each page of docs/checks is true: what it shows under "Found" is found, and what it shows under "Instead" isn't."""

from __future__ import annotations

import itertools
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from progy.check.documentation import lint
from progy.check.findings import GROUPS, RULES
from progy.check.run import check
from progy.cli.main import run
from progy.documented import documented
from progy.project import Project
from progy.sources import Sources
from tests.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = CHECKOUT / "docs" / "checks"


@dataclass
class Example:
    """A project as a page shows it."""

    files: dict[str, str] = field(default_factory=dict)
    main: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    documents: bool = False
    """Whether it is about what `progy docs lint` finds."""


def unfold(text: str) -> str:
    """What the page's signs stand for."""
    lines: list[str] = []
    for line in text.replace("␍", "\r").replace("⟦BOM⟧", "\ufeff").split("\n"):
        repeated = re.fullmatch(r"⋮ (\d+) times", line)
        lines += [lines[-1]] * int(repeated[1]) if repeated else [line]
    return "\n".join(lines)


def examples(code: str) -> dict[str, Example]:
    """The examples of a page, by heading."""
    found: dict[str, Example] = {}
    heading = ""
    tokens = MarkdownIt().parse((PAGES / f"{code}.md").read_text(encoding="utf-8"))
    for before, token in itertools.pairwise(tokens):
        if before.type == "heading_open" and before.tag == "h2":
            heading = token.content
            found[heading] = Example(documents=code.startswith("PD7"))
        elif token.type == "fence" and token.info == "sh":
            found[heading].commands += token.content.splitlines()
        elif token.type == "fence":
            name, _, text = token.content.partition("\n")
            place = re.fullmatch(r"(?:--|#|//) (on main: )?(\S+)", name)
            assert place, f"{code}: a block doesn't begin with the name of a file: {name}"
            (found[heading].main if place[1] else found[heading].files)[place[2]] = unfold(text)
    return found


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com", "-c", "core.autocrlf=false")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True, timeout=60)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def codes(example: Example, root: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What a check finds there."""
    root.mkdir()
    if example.main:
        git(root, "init", "--quiet", "--initial-branch=main")
        write(root, example.main)
        git(root, "add", ".")
        git(root, "commit", "--quiet", "--message=main")
        for name in example.main.keys() - example.files.keys():
            (root / name).unlink()
    if "models.py" in example.files:
        write(root, {"wrangler.jsonc": '{"name": "shop", "d1_databases": [{"binding": "DB"}]}'})
    write(root, example.files)
    monkeypatch.chdir(root)
    for command in example.commands:
        program, *arguments = command.split()
        assert program == "progy"
        assert run(arguments) == 0
    project = Project(root)
    if example.documents:
        source = "schema.sql" if "schema.sql" in example.files else None
        return {finding.code for finding in lint(documented(Sources(root, project), source)).findings}
    result = check(project, project.database(), since="main" if example.main else None)
    return {finding.code for finding in result.findings}


@pytest.mark.parametrize("code", RULES)
def test_a_page_shows_what_is_found_and_what_is_not(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = examples(code)
    assert list(shown) == ["Found", "Instead"]
    assert code in codes(shown["Found"], tmp_path / "found", monkeypatch)
    assert code not in codes(shown["Instead"], tmp_path / "instead", monkeypatch)


@pytest.mark.parametrize("code", RULES)
def test_what_a_page_advises_has_no_error_at_all(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = codes(examples(code)["Instead"], tmp_path / "instead", monkeypatch)
    assert {one for one in found if RULES[one].severity == "error"} == set()


@pytest.mark.parametrize("code", RULES)
def test_a_page_begins_with_its_rule(code: str) -> None:
    rule = RULES[code]
    text = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {code}: {rule.title}\n\n*{rule.severity}, {GROUPS[code[:3]]}*\n")


def test_the_index_lists_every_page_in_its_group() -> None:
    lines = (PAGES / "README.md").read_text(encoding="utf-8").splitlines()
    headings = [line.removeprefix("## ").lower() for line in lines if line.startswith("## ")]
    assert headings == [title.lower() for title in GROUPS.values()]
    rows = [line for line in lines if line.startswith("| [")]
    assert rows == [f"| [{one.code}]({one.code}.md) | {one.severity} | {one.title} |" for one in RULES.values()]
    assert {path.stem for path in PAGES.glob("*.md")} == {*RULES, "README"}


def test_links_lead_somewhere() -> None:
    for path in PAGES.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
