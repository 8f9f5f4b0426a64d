"""What type checkers make of generated bindings: code that must pass, and lines that must not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from progy.emit.python import bindings
from progy.worker import config, secrets
from tests.unit.handmade import MODELS

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]

ACCEPTED = """
from __future__ import annotations

from typing import Literal, assert_type

from bindings import CloudflareBindings, Env, OddRow, PackageStatus, RegistryPackageRow, UserInsert, UserRow
from bindings.d1 import D1PreparedStatement, D1Result


async def rows(env: Env) -> None:
    users: D1Result[UserRow] = await env.DB.prepare("SELECT * FROM users WHERE id = ?").bind("1").all()
    for row in users.results:
        assert_type(row["id"], str)
        assert_type(row["metadata"], str | None)
        assert_type(row["avatar"], list[int] | None)
    assert_type(users["results"], list[UserRow])
    assert_type(users.meta.changes, int)
    assert_type(users["meta"]["changed_db"], bool)
    package: RegistryPackageRow | None = await env.DB.prepare("SELECT 1").first()
    if package is not None:
        assert_type(package["status"], PackageStatus)
    count: int = await env.DB.prepare("SELECT count(*) AS n FROM users").first("n")
    odd: OddRow = {"id": count, "class": "c", "two words": 1.5, "d\\u00fcnn": ""}
    print(odd["two words"])


async def writes(env: Env) -> None:
    new: UserInsert = {"id": "1", "email": "a@b.c", "created_at": 0, "avatar": b"png"}
    insert: D1PreparedStatement[UserRow] = env.DB.prepare("INSERT INTO users VALUES (?, ?)")
    bound = insert.bind(new["id"], None, 1, 1.5, True, b"")
    assert_type(await bound.first(), UserRow | None)
    assert_type((await bound.run()).results, list[UserRow])
    assert_type((await env.DB.batch([bound, env.DB.prepare("SELECT 1")]))[0].success, Literal[True])
    assert_type((await env.DB.exec("SELECT 1")).count, int)


async def others(env: Env) -> None:
    await env.KV.put("key", "value", {"expirationTtl": 60})
    assert_type(await env.KV.get("key"), str | None)
    names = [key["name"] for key in (await env.KV.list({"prefix": "a"}))["keys"]]
    assert_type(names, list[str])
    found = await env.R2.get("key")
    if found is not None:
        assert_type(await found.text(), str)
        assert_type(found.size, int)
    instance = await env.COURSE_GUARD.create({"id": "1", "params": {"course": "rust"}})
    assert_type((await instance.status())["status"] == "complete", bool)
    assert_type(env.COURSES.rust.repo, str)
    assert_type(env.COURSES.to_py()["better-auth"]["branch"], str)
    assert_type(env.GITHUB_TOKEN, str)
    url: str = env.BETTER_AUTH_URL
    print(url)


def same(env: CloudflareBindings) -> Env:
    return env
"""

REFUSED = """
from __future__ import annotations

import datetime

from bindings import Env, PackageStatus, UserInsert, UserRow
from bindings.d1 import D1Result

STATUS: PackageStatus = "lost"  # error
SHORT: UserInsert = {"id": "1"}  # error
GENERATED: UserInsert = {"id": "1", "email": "", "created_at": 0, "name_length": 3}  # error


async def wrong(env: Env) -> None:
    env.NO_SUCH_BINDING  # error
    env.DB.prepare("SELECT ?").bind(datetime.date(2026, 1, 1))  # error
    env.COURSES["rust"]  # error
    env.COURSES.rust.nothing  # error
    env.COURSES.to_py()["nothing"]  # error
    users: D1Result[UserRow] = await env.DB.prepare("SELECT * FROM users").all()
    users.results[0]["nothing"]  # error
    users["rows"]  # error
    number: int = users.results[0]["id"]  # error
    text: str = await env.KV.get("key")  # error
    await env.KV.put("key", 1)  # error
    await env.DB.batch((env.DB.prepare("SELECT 1"),))  # error
    await env.COURSE_GUARD.create({"name": "1"})  # error
    same = env.BETTER_AUTH_URL == "https://elsewhere.example"  # error
    print(number, text, same)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("typing")
    worker = config.load(ROOT / "wrangler.jsonc")
    files = bindings(worker, secrets.names(worker), MODELS, interface="CloudflareBindings")
    for name, text in files.items():
        path = directory / "bindings" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (directory / "accepted.py").write_text(ACCEPTED)
    (directory / "refused.py").write_text(REFUSED)
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "reportUnusedExpression": False}
    (directory / "pyrightconfig.json").write_text(json.dumps(settings))
    return directory


def pyright(project: Path) -> dict[str, list[int]]:
    """The lines with an error, by file."""
    command = [sys.executable, "-m", "pyright", "--outputjson"]
    run = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    found: dict[str, list[int]] = {}
    for diagnostic in json.loads(run.stdout)["generalDiagnostics"]:
        name = str(Path(diagnostic["file"]).relative_to(project.resolve()))
        found.setdefault(name, []).append(diagnostic["range"]["start"]["line"] + 1)
    return found


def mypy(project: Path) -> dict[str, list[int]]:
    """The lines with an error, by file."""
    command = [sys.executable, "-m", "mypy", "--strict", "--strict-equality", "--python-version", "3.11", "."]
    run = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    found: dict[str, list[int]] = {}
    for match in re.finditer(r"^(\S+?):(\d+): error", run.stdout, re.MULTILINE):
        found.setdefault(match[1], []).append(int(match[2]))
    return found


@pytest.mark.parametrize("checker", [pyright, mypy])
def test_strict_checkers_agree(checker: Callable[[Path], dict[str, list[int]]], project: Path) -> None:
    marked = [number for number, line in enumerate(REFUSED.split("\n"), 1) if line.endswith("# error")]
    found = {name: sorted(set(lines)) for name, lines in checker(project).items()}
    assert found == {"refused.py": marked}


def test_the_package_imports_with_nothing_installed(project: Path) -> None:
    script = f"import sys; sys.path.insert(0, {str(project)!r}); import bindings; print(bindings.Env.__name__)"
    command = [sys.executable, "-I", "-S", "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "Env\n"
