"""The project's own structure: imports point one way, modules stay readable, every command is documented."""

from __future__ import annotations

import ast
import re

import typer
from typer.core import TyperGroup

from progy.cli.main import app
from tests.conftest import CHECKOUT

SOURCE = CHECKOUT / "codegen" / "progy"

# From the bottom up, as ARCHITECTURE.md has them: each may import those before it.
LAYERS = [
    "_version", "errors", "sql", "declare", "hints", "types", "schema", "rows", "d1", "cloudflare", "diff", "plan", "worker", "emit", "proof", "migrations", "docs", "undo", "data", "apply", "cache",
    "config", "project", "targets", "runtime_types", "typegen", "generate", "sources", "documented", "check", "cli", "__main__",
]  # fmt: skip


def layer(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "_version"  # `progy` itself has the version and the column types


def test_imports_point_one_way() -> None:
    wrong = []
    seen = set()
    for path in sorted(SOURCE.rglob("*.py")):
        module = ".".join(("progy", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
        if module == "progy":
            continue
        seen.add(layer(module))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "progy":
                names = [node.module] if node.module != "progy" else [f"progy.{alias.name}" for alias in node.names]
                wrong += [
                    f"{module} imports {name}"
                    for name in names
                    if layer(name) in LAYERS and LAYERS.index(layer(name)) > LAYERS.index(layer(module))
                ]
    assert wrong == []
    assert seen == set(LAYERS)


def test_no_module_grows_past_six_hundred_lines() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in SOURCE.rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 600} == {}


def commands(group: TyperGroup, prefix: str = "progy") -> dict[str, list[str]]:
    """Every command's name, with its options."""
    found: dict[str, list[str]] = {}
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            found |= commands(command, f"{prefix} {name}")
        else:
            found[f"{prefix} {name}"] = [
                option for one in command.params for option in one.opts if option.startswith("--")
            ]
    return found


def test_every_command_is_in_the_readme_and_every_option_in_the_documentation() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    readme = (CHECKOUT / "README.md").read_text()
    text = readme + "".join(path.read_text() for path in sorted((CHECKOUT / "docs").glob("*.md")))
    found = commands(group)
    assert {"progy apply", "progy gen all"} <= set(found)
    assert [name for name in found if f"`{name}" not in readme] == []
    options = {option for names in found.values() for option in names}
    assert [option for option in sorted(options) if not re.search(rf"{option}\b", text)] == []


def test_what_the_guides_link_to_is_there() -> None:
    for path in [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
