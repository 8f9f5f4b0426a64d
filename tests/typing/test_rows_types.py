"""What type checkers make of rows: of the statements whose rows are known, and of the way to the model and back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from progy.emit.python import bindings
from progy.schema.models import Models
from progy.worker import config
from tests.conftest import CHECKOUT
from tests.hostile_rows import HOSTILE, TABLES, model
from tests.unit.handmade import MODELS, column

if TYPE_CHECKING:
    from collections.abc import Callable

MEMBERS = model("Members", "Member", (column("team", "int"), column("user id", "int"), column("since", "int")))
ALL = Models(
    (*MODELS.models, MEMBERS, *(table for table in TABLES if table.table not in {"users", "a-b"})),
    ddl=(
        "CREATE TABLE users (id TEXT PRIMARY KEY NOT NULL, email TEXT NOT NULL)",
        "CREATE UNIQUE INDEX users_email ON users (email)",
        'CREATE TABLE "Members" (team INTEGER NOT NULL, "user id" INTEGER NOT NULL, PRIMARY KEY (team, "user id"))',
        *(sql for sql in HOSTILE.ddl if sql.startswith('CREATE TABLE "order"')),
    ),
)

ACCEPTED = """
from __future__ import annotations

from typing import Any, assert_type

from bindings import Env, EverythingRow, MemberRow, UserInsert, UserRow, UserUpdate, classRow
from bindings.d1 import D1Result


async def selects(env: Env) -> None:
    users = await env.DB.prepare("SELECT * FROM users").all()
    assert_type(users, D1Result[UserRow])
    for row in users.results:
        assert_type(row["id"], str)
        assert_type(row["metadata"], str | None)
        assert_type(row["avatar"], list[int] | None)
        assert_type(row["email_verified"], int)
    assert_type(await env.DB.prepare("SELECT * FROM users WHERE id = ?").bind("1").first(), UserRow | None)
    assert_type(await env.DB.prepare("SELECT * FROM users WHERE email = ?").bind("a@b").first(), UserRow | None)
    members = env.DB.prepare('SELECT * FROM Members WHERE team = ? AND "user id" = ?')
    assert_type((await members.bind(1, 2).run()).results, list[MemberRow])
    orders = await env.DB.prepare('SELECT * FROM "order" WHERE id = ?').bind(1).first()
    assert_type(orders, classRow | None)
    session = env.DB.withSession("first-primary")
    assert_type((await session.prepare("SELECT * FROM users").all()).results, list[UserRow])


async def others(env: Env, sql: str) -> None:
    assert_type((await env.DB.prepare("SELECT id FROM users").all()).results, list[Any])
    assert_type((await env.DB.prepare(f"{sql} LIMIT 1").all()).results, list[Any])
    said: D1Result[UserRow] = await env.DB.prepare("SELECT * FROM users ORDER BY email").all()
    assert_type(said.results[0]["email"], str)
    everything: D1Result[EverythingRow] = await env.DB.prepare("SELECT 1").all()
    assert_type(everything.results[0]["two words"], int | float | None)
    assert_type(everything.results[0]["class"], list[int])


async def writes(env: Env) -> None:
    new: UserInsert = {"id": "1", "email": "a@b.c", "created_at": 0, "avatar": b"png", "email_verified": True}
    changes: UserUpdate = {"email": "b@c.d", "avatar": memoryview(b""), "metadata": None}
    changes["avatar"] = [0, 255]
    await env.DB.prepare("INSERT INTO users VALUES (?, ?, ?, ?)").bind(new["id"], new["email"], new["avatar"]).run()
    await env.DB.prepare("UPDATE users SET email = ?").bind(changes["email"]).run()
"""

REFUSED = """
from __future__ import annotations

from bindings import Env, UserInsert, UserRow, UserUpdate

UNKNOWN: UserUpdate = {"emial": ""}  # error
GENERATED: UserUpdate = {"name_length": 3}  # error
NULL: UserUpdate = {"email": None}  # error
SHORT: UserInsert = {"id": "1"}  # error


async def wrong(env: Env) -> None:
    users = await env.DB.prepare("SELECT * FROM users").all()
    users.results[0]["emial"]  # error
    one = await env.DB.prepare("SELECT * FROM users WHERE id = ?").bind("1").first()
    one["email"]  # error
    members = await env.DB.prepare('SELECT * FROM Members WHERE team = ? AND "user id" = ?').bind(1, 2).all()
    members.results[0]["user_id"]  # error
    text: str = members.results[0]["team"]  # error
    row: UserRow = members.results[0]  # error
    session = await env.DB.withSession().prepare("SELECT * FROM users").all()
    session.results[0]["emial"]  # error
    print(text, row)
"""

MODEL = """
from __future__ import annotations

from collections.abc import Mapping
from typing import assert_type

from bindings import Env, UserRow
from progy import from_row, to_row
from sqlmodel import Field, SQLModel


class User(SQLModel, table=True):
    id: str = Field(primary_key=True)
    email: str


class Form(SQLModel):
    email: str


async def way(env: Env, row: UserRow, other: Mapping[str, object]) -> None:
    user = from_row(User, row)
    assert_type(user, User)
    assert_type(user.email, str)
    assert_type([from_row(User, each) for each in (other, {"id": "1", "email": ""})], list[User])
    assert_type(to_row(user), dict[str, str | int | float | bytes | None])
    await env.DB.prepare("INSERT INTO users (id, email) VALUES (?, ?)").bind(*to_row(user).values()).run()
"""

MODEL_REFUSED = """
from __future__ import annotations

from progy import from_row, to_row
from tests_models import Form, User


def wrong(row: dict[str, object]) -> None:
    form: Form = from_row(User, row)  # error
    from_row(User, [("id", "1")])  # error
    from_row(User(id="", email=""), row)  # error
    to_row(User)["id"].encode()  # error
    print(form)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("typing")
    (directory / "wrangler.json").write_text('{"d1_databases": [{"binding": "DB"}]}')
    files = bindings([config.load(directory / "wrangler.json")], {None: ()}, ALL)
    for name, text in files.items():
        path = directory / "bindings" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sources = {"accepted": ACCEPTED, "refused": REFUSED, "tests_models": MODEL, "model_refused": MODEL_REFUSED}
    for name, text in sources.items():
        (directory / f"{name}.py").write_text(text)
    return directory


def pyright(project: Path, version: str) -> dict[str, list[int]]:
    """The lines with an error, by file."""
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": version,
        "extraPaths": [str(CHECKOUT / "codegen")],
        "reportUnusedExpression": False,
    }
    (project / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    run = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    found: dict[str, list[int]] = {}
    for diagnostic in json.loads(run.stdout)["generalDiagnostics"]:
        name = str(Path(diagnostic["file"]).relative_to(project.resolve()))
        found.setdefault(name, []).append(diagnostic["range"]["start"]["line"] + 1)
    return found


def mypy(project: Path, version: str) -> dict[str, list[int]]:
    """The lines with an error, by file. Errors in other packages than the project's aren't shown."""
    settings = f"[mypy]\nstrict = True\npython_version = {version}\nmypy_path = {CHECKOUT / 'codegen'}\n"
    (project / "mypy.ini").write_text(f"{settings}[mypy-progy.*]\nfollow_imports = silent\n")
    command = [sys.executable, "-m", "mypy", "."]
    run = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    found: dict[str, list[int]] = {}
    for match in re.finditer(r"^(\S+?):(\d+): error", run.stdout, re.MULTILINE):
        found.setdefault(match[1], []).append(int(match[2]))
    return found


@pytest.mark.parametrize("version", ["3.12", "3.13"])
@pytest.mark.parametrize("checker", [pyright, mypy])
def test_strict_checkers_agree(
    checker: Callable[[Path, str], dict[str, list[int]]], project: Path, version: str
) -> None:
    marked = {
        f"{name}.py": [number for number, line in enumerate(text.split("\n"), 1) if line.endswith("# error")]
        for name, text in {"refused": REFUSED, "model_refused": MODEL_REFUSED}.items()
    }
    assert {name: sorted(set(lines)) for name, lines in checker(project, version).items()} == marked
