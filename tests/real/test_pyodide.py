"""The generated bindings inside Pyodide, with the real SDK, on workerd: the types promised are the types seen.

Pyodide comes from npm, in the two versions that workerd 2026-11 gives Python Workers: 0.28.2, and 314.0.6 from
compatibility date 2026-09-08 on. It runs inside workerd, so the bindings are workerd's own. What a Python Worker has
beyond that, memory snapshots and the entropy before the first request, isn't here.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from progy import from_row, to_row
from tests.conftest import Project
from tests.real.engine import NODE_FOLDER, _statements, node_executable
from tests.real.pyodide_side.models import Colour, Everything, Level, Settings

if TYPE_CHECKING:
    from tests.real.engine import Wrangler

SIDE = Path(__file__).parent / "pyodide_side"
SECONDS = 120
PYODIDES = ["pyodide", "pyodide-314"]

CONFIG = {
    "name": "main",
    "main": "src/entry.py",
    "compatibility_date": "2026-11-01",
    "compatibility_flags": ["python_workers"],
    "d1_databases": [{"binding": "DB", "database_name": "everything", "database_id": "everything"}],
    "kv_namespaces": [{"binding": "KV", "id": "space"}],
    "r2_buckets": [{"binding": "R2", "bucket_name": "bucket"}],
    "queues": {"producers": [{"binding": "QUEUE", "queue": "queue"}]},
    "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
    "services": [{"binding": "OTHER", "service": "other"}],
    "workflows": [{"binding": "FLOW", "name": "flow", "class_name": "Flow"}],
    "ratelimits": [{"name": "LIMIT", "namespace_id": "1", "simple": {"limit": 1, "period": 60}}],
    "analytics_engine_datasets": [{"binding": "DATA", "dataset": "data"}],
    "secrets_store_secrets": [{"binding": "STORED", "store_id": "store", "secret_name": "secret"}],
    "version_metadata": {"binding": "VERSION"},
    "images": {"binding": "IMAGES"},
    "hyperdrive": [{"binding": "HYPER", "id": "1", "localConnectionString": "postgres://me:pass@127.0.0.1:5432/db"}],
    "vars": {
        "TEXT": "text",
        "NUMBER": 1,
        "WHOLE": 1.0,
        "HALF": 1.5,
        "BIG": 2**60,
        "YES": True,
        "NULL": None,
        "class": "keyword",
        "not-a-name": "found",
        "LIST": [1, "two", None, [2.5], {"a": 1}],
        "NUMBERS": [0, 1, 2],
        "NONE": [],
        "EMPTY": {},
        "JSON": {
            "deep": {"text": "text", "null": None, "list": [{"a": 1}, {"a": 2, "b": True}]},
            "not-a-name": 1,
            "to_py": "method",
            "class": "keyword",
        },
    },
    "secrets": {"required": ["TOKEN"]},
}

ENTRY = """\
from bindings import Env
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    env: Env

    async def fetch(self, request):
        row = await self.env.DB.prepare("SELECT * FROM everything WHERE id = ?").bind(1).first()
        return Response.json({"label": row["label"], "text": self.env.TEXT})
"""

SESSION = """\
import json

from entry import Default
from tests.real.pyodide_side.session import play
from workers.rpc import _EnvWrapper


async def main(env, ctx):
    with open("/session/given.json") as file:
        told = await play(_EnvWrapper(env), json.load(file))
    response = await Default(ctx, env).fetch(None)
    return json.dumps({**told, "answer": await response.json()})
"""

ROWS = [
    Everything(
        id=1,
        label="it's",
        choice="b",
        number=2**53 - 2,
        ratio=1.5,
        flag=True,
        data=b"\x00\xff",
        moment=datetime(2026, 11, 23, 4, 42, 16, 928_084, tzinfo=UTC),
        seconds=datetime(2026, 11, 23, 4, 42, 16, tzinfo=UTC),
        millis=datetime(2026, 11, 23, 4, 42, 16, 928_000, tzinfo=UTC),
        day=date(2026, 11, 23),
        hour=time(4, 42, 16, 5),
        span=timedelta(days=1, seconds=2),
        price=Decimal("1.5"),
        exact=Decimal("0.10"),
        key=UUID(int=1),
        colour=Colour.GREEN,
        short=Colour.RED,
        level=Level.HIGH,
        stock={"a": [1, None, {"b": True}]},
        numbers=[1, 2**60],
        settings=Settings(theme="dark", since=datetime(2026, 11, 23, tzinfo=UTC)),
        keys="keys",
    ),
    Everything(id=2, label="nothing"),
    # Whole numbers in columns of REAL and NUMERIC, what is empty, and what is least.
    Everything(
        id=3, label="", number=-(2**53 - 2), ratio=5.0, flag=False, data=b"", price=Decimal(7), numbers=[], stock={}
    ),
]


def sdk() -> dict[str, str]:
    """The SDK's files. They import what only Pyodide has, so they can be found, but not imported, here."""
    spec = importlib.util.find_spec("workers")
    assert spec is not None, "workers-runtime-sdk isn't installed: pip install -e '.[dev]'"
    assert spec.origin is not None
    folder = Path(spec.origin).parent
    files = {f"workers/{path.relative_to(folder).as_posix()}": path.read_text() for path in folder.rglob("*.py")}
    # workerd makes this module from the Worker's compatibility date.
    flags = ("python_workflows_implicit_dependencies", "python_request_headers_preserve_commas")
    return {**files, "_cloudflare_compat_flags.py": "".join(f"{flag} = True\n" for flag in flags)}


def python(version: str) -> Path:
    """An interpreter of that version: this one, one of pyenv's, or one on PATH; the test is skipped without."""
    if sys.version_info[:2] == tuple(int(part) for part in version.split(".")):
        return Path(sys.executable)
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    found = installed[-1] if installed else shutil.which(f"python{version}")
    if found is None:
        pytest.skip(f"no Python {version} here")
    return Path(found)


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a binding of every kind that miniflare has, and all that progy generates for it."""
    project = Project(tmp_path_factory.mktemp("pyodide"))
    shutil.copy(SIDE / "models.py", project.root)
    project.write("wrangler.json", json.dumps(CONFIG))
    project.write("src/entry.py", ENTRY)
    project.write(".dev.vars", "TOKEN=secret\n")
    # wrangler attaches what lies beside the entry.
    project.write("pyproject.toml", '[tool.progy]\nbindings = "src/bindings"\ntypescript = ""\n')
    project.progy("gen", "all", "--name", "first")
    return project


@pytest.fixture(scope="module", params=PYODIDES)
def seen(bound: Project, wrangler: Wrangler, request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the session tells."""
    source = bound.root / "src"
    (migration,) = (bound.root / "migrations").glob("*.sql")
    rows = [
        {name: {"hex": value.hex()} if isinstance(value, bytes) else value for name, value in to_row(row).items()}
        for row in ROWS
    ]
    given = {"schema": _statements(migration.read_text()), "rows": rows}
    files = {
        **sdk(),
        **{f"tests/real/{SIDE.name}/{path.name}": path.read_text() for path in SIDE.glob("*.py")},
        **{path.relative_to(source).as_posix(): path.read_text() for path in source.rglob("*.py")},
        "session.py": SESSION,
        "given.json": json.dumps(given),
    }
    asked = {"config": str(bound.root / "wrangler.json"), "pyodide": request.param, "files": files}
    done = subprocess.run(
        [node_executable(), "pyodide.mjs"],
        cwd=NODE_FOLDER,
        input=json.dumps(asked),
        # The answer is all that may be on standard output.
        env=wrangler.environment({"WRANGLER_LOG": "error"}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_types_promised_are_the_types_seen(seen: dict[str, Any]) -> None:
    assert seen["wrong"] == []


def test_every_method_that_is_promised_was_called(seen: dict[str, Any]) -> None:
    assert seen["untried"] == [
        "DurableObjectNamespace.jurisdiction",  # not implemented in workerd
        "Hyperdrive.connect",  # there is no database to connect to
    ]


def test_rows_become_the_models_they_were(seen: dict[str, Any]) -> None:
    for row, model in zip(seen["stored"], ROWS, strict=True):
        assert from_row(Everything, row).model_dump() == model.model_dump()


def test_a_worker_that_imports_them_answers(seen: dict[str, Any]) -> None:
    assert seen["answer"] == {"label": "it's", "text": "text"}


def test_wrangler_attaches_the_package(bound: Project, wrangler: Wrangler) -> None:
    done = wrangler.run("deploy", "--dry-run", cwd=bound.root, check=True)
    attached = {line.split("│")[1].strip() for line in done.stdout.splitlines() if "│ python │" in line}
    generated = {f"bindings/{path.name}" for path in (bound.root / "src" / "bindings").iterdir()}
    assert attached == generated
    assert {"bindings/__init__.py", "bindings/d1.py", "bindings/rows.py"} <= generated


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_they_import_with_nothing_installed(bound: Project, version: str) -> None:
    done = subprocess.run(
        [
            python(version),
            "-I",
            "-S",
            "-c",
            "import sys; sys.path.insert(0, 'src'); from bindings import Env, EverythingRow",
        ],
        cwd=bound.root,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_types_do_not_tell(seen: dict[str, Any]) -> None:
    too_large = "JsException: Error: D1_TYPE_ERROR: Type 'bigint' not supported for value '9007199254740991'"
    unique = "UNIQUE constraint failed: everything.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)"
    assert seen["facts"] == {
        "no such member": "AttributeError: NOTHING",
        "hasattr": False,
        "a name that is no identifier": "found",
        "null in a variable": "JsNull",
        "an item of a JSON variable": "TypeError: 'pyodide.ffi.JsProxy' object is not subscriptable",
        "a tuple of statements": "TypeError: <class 'tuple'> cannot be sent over RPC.",
        "the largest integer that binds": 2**53 - 2,
        "a larger one": too_large,
        "the largest integer that is read": 2**53 - 1,
        "a larger one read": float(2**53),
        "a whole REAL": 1,
        "the type of an integer bound": "real",
        "a column named keys": {"keys": "k", "other": "o"},
        "a constraint": f"JsException: Error: D1_ERROR: {unique}",
        "a bytearray": "TypeError: <class 'bytearray'> cannot be sent over RPC.",
    }
