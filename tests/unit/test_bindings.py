from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from progy import generate
from progy.config import load
from progy.emit.python import bindings
from progy.emit.python_modules import Source, reserved
from progy.emit.python_text import docstring, quoted
from progy.emit.rows import RowTypes
from progy.errors import ConfigError
from progy.schema.models import Model, Models
from progy.worker import config, secrets
from progy.worker.kinds import BY_KEY, KINDS
from progy.worker.model import Binding, Worker
from tests.unit.handmade import MODELS, column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.worker.javascript import Json

ROOT = Path(__file__).parents[2]
TEMPLATE_FOLDER = ROOT / "codegen" / "progy" / "emit" / "templates" / "bindings"

EVERYTHING = r"""{
  "name": "everything",
  "kv_namespaces": [{"binding": "KV"}], "r2_buckets": [{"binding": "R2", "bucket_name": "photos"}],
  "d1_databases": [{"binding": "DB"}], "hyperdrive": [{"binding": "HYPER", "id": "1"}],
  "vectorize": [{"binding": "VECTORS", "index_name": "i"}], "send_email": [{"name": "MAIL"}],
  "analytics_engine_datasets": [{"binding": "DATA"}], "mtls_certificates": [{"binding": "MTLS", "certificate_id": "c"}],
  "dispatch_namespaces": [{"binding": "DISPATCH", "namespace": "n"}],
  "queues": {"producers": [{"binding": "QUEUE", "queue": "q"}]}, "k2": [{"binding": "K2", "stream": "s", "remote": true}],
  "secrets_store_secrets": [{"binding": "STORED", "store_id": "s", "secret_name": "n"}],
  "artifacts": [{"binding": "ARTIFACTS", "namespace": "n"}], "unsafe_hello_world": [{"binding": "HELLO"}],
  "flagship": [{"binding": "FLAGS"}], "worker_loaders": [{"binding": "LOADER"}],
  "ratelimits": [{"name": "LIMIT", "namespace_id": "1", "simple": {"limit": 1, "period": 10}}],
  "vpc_services": [{"binding": "VPC", "service_id": "s"}], "vpc_networks": [{"binding": "VPN", "tunnel_id": "t"}],
  "ai_search_namespaces": [{"binding": "SEARCHES", "namespace": "n"}], "agent_memory": [{"binding": "MEMORY", "namespace": "n"}],
  "ai_search": [{"binding": "SEARCH", "instance_name": "n"}], "browser": {"binding": "BROWSER"},
  "analytics": {"binding": "SQL"}, "ai": {"binding": "AI"}, "images": {"binding": "IMAGES"}, "stream": {"binding": "STREAM"},
  "media": {"binding": "MEDIA"}, "assets": {"binding": "ASSETS", "directory": "."},
  "version_metadata": {"binding": "VERSION"}, "logfwdr": {"bindings": [{"name": "x", "destination": "y"}]},
  "pipelines": [{"binding": "PIPE", "pipeline": "p"}],
  "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
  "services": [{"binding": "OTHER", "service": "other"}],
  "workflows": [{"binding": "FLOW", "name": "flow", "class_name": "Flow"}],
  "unsafe": {"bindings": [{"name": "UNSAFE_LIMIT", "type": "ratelimit"}, {"name": "ODD", "type": "odd"}]},
  "data_blobs": {"BLOB": "x.bin"}, "text_blobs": {"TEXT": "x.txt"},
  "vars": {
    "number": 1, "half": 1.5, "yes": true, "nothing": null, "big": 1e21, "class": "keyword", "not-a-name": "x", "to_py": 1,
    "quote": "it's \"so\"\u0001", "double": "\"", "LIST": [1, "two", {"a": 1}, {"a": 2, "b": [null]}], "EMPTY": {}, "NONE": [],
    "DEEP": {"one": {"x": [{"y": null}]}, "two": {"x": []}, "to_py": 1, "3": "three"}, "TYPED": {"a": {}}, "ANY": {},
    "KVNamespace": "named like a type", "str": "so is this", "property": "and this",
    "STRS": {"str": "x", "int": 4, "n": 1, "JsArray": [1], "SB": {"a": 1}, "StrsSb": "a class"},
    "COURSES": {"rust": {"repo": "r"}, "better-auth": {"repo": "r"}},
    "LONG": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
  },
  "secrets": {"required": ["TOKEN"]}
}"""

ENVIRONMENTS = """{
  "name": "shop",
  "d1_databases": [{"binding": "DB", "database_name": "shop"}], "kv_namespaces": [{"binding": "LOCAL"}],
  "vars": {"API": "https://dev", "N": 1, "SHAPE": {"a": 1, "b": {"x": "y"}}, "MIX": {"k": 1}, "SAME": "s"},
  "secrets": {"required": ["TOKEN"]},
  "env": {
    "staging": {
      "d1_databases": [{"binding": "DB", "database_name": "shop-staging"}], "kv_namespaces": [{"binding": "CACHE"}],
      "vars": {"API": "https://staging", "N": 2.5, "SHAPE": {"a": "one", "c": [1]}, "MIX": "text", "SAME": "s"},
      "secrets": {"required": ["TOKEN"]}
    },
    "prod-eu": {
      "d1_databases": [{"binding": "DB", "database_name": "shop"}], "kv_namespaces": [{"binding": "CACHE"}],
      "vars": {"API": "https://prod", "N": 1, "SHAPE": {"a": 3, "b": {"x": "y"}}, "MIX": null, "SAME": "s"},
      "secrets": {"required": ["TOKEN", "PAGER"]}
    }
  }
}"""


def emit(directory: Path, text: str, models: Models | None = None, interface: str = "Env") -> dict[str, str]:
    (directory / "wrangler.json").write_text(text)
    workers = config.load_all(directory / "wrangler.json")
    return bindings(workers, secrets.names_of_each(workers), models, interface=interface)


def test_a_small_package(tmp_path: Path) -> None:
    text = '{"name": "w", "d1_databases": [{"binding": "DB"}], "vars": {"A": "a", "b-c": 1}}'
    (tmp_path / ".dev.vars").write_text("TOKEN=never shown")
    files = emit(tmp_path, text)
    assert list(files) == ["__init__.py", "d1.py", "javascript.py"]
    assert (
        files["__init__.py"]
        == '''\
# Generated by progy from wrangler.json. Do not edit: `progy gen bindings` writes it.
"""The bindings of the Worker `w`, typed for Python.

In its entry file:

    from bindings import Env

    class Default(WorkerEntrypoint):
        env: Env
"""

from __future__ import annotations

from typing import Literal, Protocol

from .d1 import D1Database

__all__ = [
    "Env",
]


class Env(Protocol):
    """`self.env`: bindings, variables and secrets, as the Workers SDK for Python hands them over."""

    DB: D1Database
    """D1 database. https://developers.cloudflare.com/d1/worker-api/d1-database/"""

    # Variables. https://developers.cloudflare.com/workers/configuration/environment-variables/
    A: Literal["a"]

    # Secrets. https://developers.cloudflare.com/workers/configuration/secrets/
    TOKEN: str

    # Names that Python can't write as an attribute: take them with getattr(env, name).
    #   "b-c": Literal[1]
'''
    )


def test_the_rows_of_a_table() -> None:
    rows = RowTypes(MODELS)
    assert (
        rows.types["UserRow"]
        == '''\
class UserRow(TypedDict):
    """A row of `users`, as a query gives it.

    Someone with an account.

    Made at the first sign-in.
    """

    id: str
    """The account's id, given by Better-Auth."""
    email: str
    email_verified: int
    """0 or 1."""
    created_at: int
    """When it was made. Unix seconds."""
    metadata: str | None
    """JSON text."""
    avatar: list[int] | None
    name_length: int'''
    )
    assert (
        rows.types["UserInsert"]
        == '''\
class UserInsert(TypedDict):
    """A row of `users` for an INSERT; `UserRow` says what its columns mean."""

    id: str
    email: str
    email_verified: NotRequired[int]
    created_at: int
    metadata: NotRequired[str | None]
    avatar: NotRequired[bytes | memoryview | list[int] | None]'''
    )
    assert (
        rows.types["OddRow"]
        == '''\
OddRow = TypedDict(
    "OddRow",
    {
        "id": int,
        # A keyword, "quoted".
        "class": str,
        "two words": float | None,
        "dünn": str,
    },
)
"""A row of `odd`, as a query gives it."""'''
    )
    assert rows.aliases["Level"] == "Level: TypeAlias = Literal[1, 2]"


def model(table: str, name: str, annotation: str, values: tuple[str, ...]) -> Model:
    columns = (column("kind", annotation=annotation, values=values),)
    return Model(table=table, name=name, module="m", file="m.py", line=1, columns=columns)


def test_names_that_are_taken_give_way() -> None:
    models = (
        model("a_users", "User", "Kind", ("a",)),
        model("b_users", "User", "Kind", ("b",)),
        model("c", "C", "Literal", ("c",)),
        model("d", "D", "list[str]", ("d",)),
        model("e", "E", "Bindings", ("e",)),
        model("f", "F", "Kind", ("a",)),
    )
    rows = RowTypes(Models(models, ddl=()), reserved=("Bindings",))
    assert set(rows.types) >= {"AUsersRow", "BUsersRow", "CRow"}
    assert rows.aliases == {
        "Kind": 'Kind: TypeAlias = Literal["a"]',
        "BUsersKind": 'BUsersKind: TypeAlias = Literal["b"]',
        "CKind": 'CKind: TypeAlias = Literal["c"]',
        "DKind": 'DKind: TypeAlias = Literal["d"]',
        "EKind": 'EKind: TypeAlias = Literal["e"]',
    }


TEMPLATES = sorted(path.name.removesuffix(".py.jinja") for path in TEMPLATE_FOLDER.glob("*.py.jinja"))


@pytest.mark.parametrize("template", [name for name in TEMPLATES if name not in {"__init__", "rows", "vars"}])
def test_every_name_of_a_template_is_reserved(template: str) -> None:
    module = ast.parse(Source("", {}).render(template, uses=lambda _: True, overloads=(), example=None))
    used = {node.id for node in ast.walk(module) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    defined: set[str] = set()
    for node in module.body:
        match node:
            case (
                ast.ClassDef(name=name)
                | ast.Assign(targets=[ast.Name(id=name)])
                | ast.AnnAssign(target=ast.Name(id=name))
            ):
                defined.add(name)
    imported = {
        alias.asname or alias.name for node in module.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert defined
    assert (used | defined | imported) - reserved() == set()


def test_no_type_of_a_model_or_a_variable_has_a_name_that_means_something_else(tmp_path: Path) -> None:
    names = sorted(name for name in reserved() if name.isidentifier() and not name.startswith("_"))
    models = tuple(model(f"t{number}", f"T{number}", name, (name,)) for number, name in enumerate(names))
    upper: dict[str, Json] = {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper(): {"a": 1} for name in names}
    values: dict[str, Json] = {**upper, "Row": {"a": 1}, "JsDict": {"a": 1}, "STAGING_ENV": {"a": 1}, "SEAT": {"a": 1}}
    seat = model("seats", "Seats", "SeatDict", ("x",))
    workers = [
        Worker(Path("wrangler.json"), vars=values, bindings=(Binding("d1_databases", "DB", {}),)),
        Worker(Path("wrangler.json"), environment="staging", vars=values),
    ]
    files = bindings(workers, {}, Models((*models, seat), ddl=()))
    defined: list[str] = []
    for text in files.values():
        for node in ast.parse(text).body:
            match node:
                case ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                    defined.append(name)
                case ast.Assign(targets=[ast.Name(id=name)]) if name != "__all__":
                    defined.append(name)
    assert sorted(set(defined)) == sorted(defined)
    package = tmp_path / "bindings"
    package.mkdir()
    for name, text in files.items():
        (package / name).write_text(text)
    subprocess.run(
        [sys.executable, "-I", "-c", "import sys; sys.path[0] = '.'; import bindings"], cwd=tmp_path, check=True
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("class", "it is no name"),
        ("None", "it is no name"),
        ("a-b", "it is no name"),
        ("_Env", "a name that begins with _ is private"),
        ("Any", "another type is called so"),
        ("Protocol", "another type is called so"),
        ("D1Database", "another type is called so"),
        ("R2Bucket", "another type is called so"),
        ("UserRow", "another type is called so"),
        ("PackageStatus", "another type is called so"),
        ("StagingEnv", "another type is called so"),
        ("TopLevelEnv", "another type is called so"),
        ("ShapeDict", "another type is called so"),
    ],
)
def test_the_interface_cant_have_a_name_that_python_has_no_room_for(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        emit(tmp_path, ENVIRONMENTS, MODELS, interface=name)
    assert caught.value.message == f"in Python the interface can't have the name {name}: {why}"
    assert "--language typescript" in str(caught.value.hint)


def test_the_interface_is_looked_at_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "wrangler.json").write_text('{"name": "w"}')
    run = subprocess.run(
        [sys.executable, "-m", "progy", "typegen", "--env-interface", "class"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("error: in Python the interface can't have the name class: it is no name\n")
    assert [path.name for path in tmp_path.iterdir() if path.name != ".progy"] == ["wrangler.json"]


def test_a_name_bound_to_several_kinds_of_thing_has_the_page_of_each(tmp_path: Path) -> None:
    text = """{
      "kv_namespaces": [{"binding": "X"}], "env": {"a": {"r2_buckets": [{"binding": "X", "bucket_name": "pix"}]}}
    }"""
    assert '''\
    def X(self) -> KVNamespace | R2Bucket:
        """KV namespace or R2 bucket `pix`. https://developers.cloudflare.com/kv/api/
        https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
        """
''' in emit(tmp_path, text)["__init__.py"]


def test_each_environment_has_the_secrets_that_wrangler_reads_for_it(tmp_path: Path) -> None:
    (tmp_path / ".dev.vars").write_text("TOP=1\nBOTH=1")
    (tmp_path / ".dev.vars.staging").write_text("STAGED=1\nBOTH=1")
    (tmp_path / "wrangler.json").write_text('{"name": "w", "vars": {"A": 1}, "env": {"staging": {"vars": {"A": 1}}}}')
    (tmp_path / "pyproject.toml").write_text('[tool.progy]\nbindings = "b"\n')
    generated = generate.python(tmp_path, load(tmp_path), config.load_all(tmp_path / "wrangler.json"), None)
    text = next(output.text for output in generated.outputs if output.path.name == "__init__.py")
    classes = {
        node.name: [ast.unparse(each) for each in node.body if isinstance(each, ast.AnnAssign)]
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef)
    }
    assert classes == {
        "Env": ["A: Literal[1]", "BOTH: str"],
        "TopLevelEnv": ["TOP: str"],
        "StagingEnv": ["STAGED: str"],
    }


def test_an_empty_key_is_no_typed_dicts(tmp_path: Path) -> None:
    text = emit(tmp_path, '{"vars": {"A": {"": 1, "b": {"": 2}}}}')["vars.py"]
    assert "class ADict(TypedDict):\n    b: ABDict\n" in text
    assert "class ABDict(TypedDict):\n    pass\n" in text
    assert '    #   "": int\n' in text


def tables(names: Sequence[str]) -> Models:
    return Models(
        tuple(Model(name, f"T{number}", "m", "m.py", 1, (column("id"),)) for number, name in enumerate(names)), ddl=()
    )


@pytest.mark.parametrize(
    ("models", "says"),
    [
        (
            tables(["order", "a b", "things"]),
            '''\
Of `SELECT * FROM` a table, and of the same by a key, the rows are known: `prepare` has the statements. Of any other
statement say what a row holds where a result gets its name, and everything after it is checked:

    rows: D1Result[T2Row] = await env.DB.prepare("SELECT * FROM things LIMIT 10").all()
    row: T2Row | None = await env.DB.prepare("SELECT * FROM things LIMIT 1").first()
"""''',
        ),
        (
            tables([f"t{number}" for number in range(201)]),
            '''\
This many tables and views would slow type checkers down, so that no statement's rows are known by themselves. Of any
statement say what a row holds where a result gets its name, and everything after it is checked:

    rows: D1Result[T0Row] = await env.DB.prepare("SELECT * FROM t0 LIMIT 10").all()
    row: T0Row | None = await env.DB.prepare("SELECT * FROM t0 LIMIT 1").first()
"""''',
        ),
        (
            None,
            '''\
Say what a row holds where a result gets its name, and everything after it is checked:

    class Count(TypedDict):
        n: int

    count: Count | None = await env.DB.prepare("SELECT 1 AS n").first()
"""''',
        ),
    ],
    ids=["few", "many", "none"],
)
def test_d1_says_of_which_statements_the_rows_are_known(tmp_path: Path, models: Models | None, says: str) -> None:
    text = emit(tmp_path, '{"d1_databases": [{"binding": "DB"}]}', models)["d1.py"]
    docstring = text.partition('"""D1 databases. https://developers.cloudflare.com/d1/worker-api/\n\n')[2]
    assert docstring.startswith(f"{says}\n\nfrom __future__")


@pytest.mark.parametrize("text", ['ends with "quotes"', 'has """ inside', "a \\ backslash", "a\n\n  b\nc", "x" * 300])
def test_a_docstring_says_what_it_was_given(text: str) -> None:
    namespace: dict[str, str] = {}
    exec(f"text = {docstring(text, indent='')}", namespace)  # noqa: S102 - it is Python that was made here
    assert namespace["text"].split() == text.split()


KEYS = st.text(st.characters(), max_size=5) | st.sampled_from(
    ["str", "int", "class", "__class__", '"""', "f0", "to_py"]
)
"""Lone surrogates among them, which JSON can write."""
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


SIMPLE = st.dictionaries(KEYS, VALUES, max_size=3)


@settings(max_examples=60, deadline=None)
@given(st.lists(SIMPLE, min_size=1, max_size=3))
def test_whatever_a_variable_holds_python_can_read_its_types(levels: list[dict[str, Json]]) -> None:
    environments = (None, '"""\\', "\n\ud800")
    workers = [
        Worker(Path("wrangler.json"), environment=environment, name='"""', vars=variables)
        for environment, variables in zip(environments, levels, strict=False)
    ]
    files = bindings(workers, {None: ("a\n", 'b"')}, MODELS)
    for text in files.values():
        compile(text, "generated", "exec")
        text.encode()


@given(st.text())
def test_a_literal_is_the_text_it_was_made_from(text: str) -> None:
    assert ast.literal_eval(quoted(text)) == text


@pytest.mark.parametrize("text", [EVERYTHING, ENVIRONMENTS, "{}", '{"vars": {"a-b": 1}}'])
def test_generated_python_is_neat_and_imports(tmp_path: Path, text: str) -> None:
    package = tmp_path / "bindings"
    package.mkdir()
    for name, source in emit(tmp_path, text, MODELS, "CloudflareBindings").items():
        (package / name).write_text(source, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    for arguments in (
        # UP013: a dict called for a class with a field `str: str`, which would hide the type from the next.
        ["check", "--isolated", "--select=E4,E7,E9,F,I,UP,W", "--ignore=UP013", "--line-length=110"],
        ["format", "--isolated", "--line-length=110", "--check"],
    ):
        run = subprocess.run([*ruff, *arguments, str(package)], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import bindings; print(len(bindings.__all__))"
    run = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True)
    assert int(run.stdout) > 1


def test_the_text_is_the_same_for_any_hash_seed(tmp_path: Path) -> None:
    script = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "codegen")!r}]
from pathlib import Path
from tests.unit.test_bindings import EVERYTHING, MODELS, emit
print(emit(Path({str(tmp_path)!r}), EVERYTHING, MODELS))
"""
    texts = set()
    for seed in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", script]
        texts.add(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert len(texts) == 1


def test_a_name_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    worker = Worker(tmp_path / "wrangler.json", vars={"A": 1})
    with pytest.raises(ConfigError, match='the name "A" is given twice'):
        bindings([replace(worker, bindings=(Binding("ai", "A", {}),))], {}, None)


def env_of(files: dict[str, str]) -> str:
    """What follows the exports in `__init__.py`."""
    return files["__init__.py"].partition("\n]\n")[2].lstrip("\n")


def test_a_top_level_without_anything_takes_nothing_away(tmp_path: Path) -> None:
    workers = json.loads(ENVIRONMENTS)
    for key in ("d1_databases", "kv_namespaces", "vars", "secrets"):
        workers.pop(key, None)
    text = env_of(emit(tmp_path, json.dumps(workers)))
    assert "\n    DB: D1Database\n" in text.partition("class StagingEnv")[0]
    said = "what all environments have, the top level aside, which has nothing. Each by itself: `StagingEnv`"
    assert said in " ".join(text.split())
    assert "TopLevelEnv" not in text


def test_every_environment_and_what_all_have(tmp_path: Path) -> None:
    files = emit(tmp_path, ENVIRONMENTS)
    assert list(files) == ["__init__.py", "d1.py", "javascript.py", "kv.py", "vars.py"]
    assert (
        env_of(files)
        == '''\
class Env(Protocol):
    """`self.env`: bindings, variables and secrets, as the Workers SDK for Python hands them over.

    This is what all environments have, the top level too. Each by itself: `TopLevelEnv`, `StagingEnv`,
    `ProdEuEnv`.

    These are only in some:

    - `LOCAL`: `TopLevelEnv`
    - `CACHE`: `StagingEnv`, `ProdEuEnv`
    - `PAGER`: `ProdEuEnv`
    """

    DB: D1Database
    """D1 database `shop`, `shop-staging`. https://developers.cloudflare.com/d1/worker-api/d1-database/"""

    # Variables. https://developers.cloudflare.com/workers/configuration/environment-variables/
    @property
    def API(self) -> Literal["https://dev", "https://staging", "https://prod"]: ...

    @property
    def N(self) -> Literal[1] | float: ...

    SHAPE: Shape

    @property
    def MIX(self) -> Literal["text"] | Mix | JsNull: ...

    SAME: Literal["s"]

    # Secrets. https://developers.cloudflare.com/workers/configuration/secrets/
    TOKEN: str


class TopLevelEnv(Env, Protocol):
    """`self.env` at the top level."""

    LOCAL: KVNamespace
    """KV namespace. https://developers.cloudflare.com/kv/api/"""

    # Variables. https://developers.cloudflare.com/workers/configuration/environment-variables/
    @property
    def API(self) -> Literal["https://dev"]: ...

    @property
    def N(self) -> Literal[1]: ...

    @property
    def MIX(self) -> Mix: ...


class StagingEnv(Env, Protocol):
    """`self.env` in the environment `staging`."""

    CACHE: KVNamespace
    """KV namespace. https://developers.cloudflare.com/kv/api/"""

    # Variables. https://developers.cloudflare.com/workers/configuration/environment-variables/
    @property
    def API(self) -> Literal["https://staging"]: ...

    @property
    def N(self) -> float: ...

    @property
    def MIX(self) -> Literal["text"]: ...


class ProdEuEnv(Env, Protocol):
    """`self.env` in the environment `prod-eu`."""

    CACHE: KVNamespace
    """KV namespace. https://developers.cloudflare.com/kv/api/"""

    # Variables. https://developers.cloudflare.com/workers/configuration/environment-variables/
    @property
    def API(self) -> Literal["https://prod"]: ...

    @property
    def N(self) -> Literal[1]: ...

    @property
    def MIX(self) -> JsNull: ...

    # Secrets. https://developers.cloudflare.com/workers/configuration/secrets/
    PAGER: str
'''
    )


def test_a_variable_has_one_shape_for_all_environments(tmp_path: Path) -> None:
    text = emit(tmp_path, ENVIRONMENTS)["vars.py"]
    assert (
        text[text.index("class ShapeBDict") :]
        == '''\
class ShapeBDict(TypedDict):
    x: str


class ShapeDict(TypedDict):
    a: int | str
    b: NotRequired[ShapeBDict]
    c: NotRequired[list[int]]


class MixDict(TypedDict):
    k: int


class ShapeB(Protocol):
    """`SHAPE.b`."""

    x: str

    def to_py(self) -> ShapeBDict:
        """The value as a dict."""
        ...


class Shape(Protocol):
    """The variable `SHAPE`."""

    a: int | str

    # Not always there: take these from `to_py()`, or with getattr(…, name, None).
    #   "b": ShapeB
    #   "c": JsArray[int, list[int]]

    def to_py(self) -> ShapeDict:
        """The value as a dict."""
        ...


class Mix(Protocol):
    """The variable `MIX`."""

    k: int

    def to_py(self) -> MixDict:
        """The value as a dict."""
        ...
'''
    )


def test_one_chosen_environment_is_simple(tmp_path: Path) -> None:
    (tmp_path / "wrangler.json").write_text(ENVIRONMENTS)
    worker = config.load(tmp_path / "wrangler.json", "prod-eu")
    text = bindings([worker], {"prod-eu": secrets.names(worker)}, None)["__init__.py"]
    assert re.findall("class (.*):", text) == ["Default(WorkerEntrypoint)", "Env(Protocol)"]
    assert '    API: Literal["https://prod"]\n' in text
    assert "    PAGER: str\n" in text


@pytest.mark.parametrize(
    ("environments", "names"),
    [
        (["staging", "camelCase", "prodEnv", "a_b-c"], ["StagingEnv", "CamelcaseEnv", "ProdenvEnv", "ABCEnv"]),
        (["eu.west", "1", "top-level"], ["EuwestEnv", "Env1Env", "TopLevelEnv_"]),
        (["", "a b", "ab", "\u00fc"], ["Env_", "AbEnv", "AbEnv_", "Env__"]),
    ],
)
def test_an_environment_is_called_as_in_typescript_where_python_can(environments: list[str], names: list[str]) -> None:
    workers = [Worker(Path("wrangler.json"), environment=name, vars={"A": 1}) for name in (None, *environments)]
    text = bindings(workers, {}, None)["__init__.py"]
    assert re.findall(r"class (\w+)\(Env, Protocol\)", text) == ["TopLevelEnv", *names]
    compile(text, "generated", "exec")


@pytest.mark.parametrize("kind", [kind.key for kind in KINDS])
def test_a_binding_brings_what_its_type_needs_and_nothing_else(kind: str) -> None:
    python = BY_KEY[kind].python
    worker = Worker(Path("wrangler.json"), bindings=(Binding(kind, "X", {}),))
    files = bindings([worker], {}, None)
    module, _, name = (python or "Any").rpartition(".")
    needed = {"__init__.py", *([f"{module}.py"] if module else [])}
    imported = {f"{other}.py" for text in files.values() for other in re.findall(r"^from \.(\w+) ", text, re.MULTILINE)}
    assert set(files) == needed | imported
    assert f"\n    X: {name}\n" in files["__init__.py"]
    assert f"https://developers.cloudflare.com/{BY_KEY[kind].docs}" in files["__init__.py"]
    for text in files.values():
        compile(text, "generated", "exec")


def test_a_text_too_long_to_compare_with_is_text(tmp_path: Path) -> None:
    worker = Worker(tmp_path / "wrangler.json", vars={"LONG": "x" * 10_000_000, "SHORT": "x" * 1000})
    text = bindings([worker], {}, None)["__init__.py"]
    assert "    LONG: str\n" in text
    assert len(text) < 5000


def test_names_that_python_or_pyodide_have(tmp_path: Path) -> None:
    names = ["class", "class_", "None", "__class__", "to_py", "to_py_", "a-b", "\ufb01", "\u00fc", "mro"]
    worker = Worker(tmp_path / "wrangler.json", vars=dict.fromkeys(names, 1))
    assert (
        bindings([worker], {}, None)["__init__.py"].partition("environment-variables/\n")[2]
        == """\
    class_: Literal[1]
    class__: Literal[1]
    None_: Literal[1]
    to_py_: Literal[1]
    \u00fc: Literal[1]
    mro: Literal[1]

    # Names that Python can't write as an attribute: take them with getattr(env, name).
    #   "__class__": Literal[1]
    #   "a-b": Literal[1]
    #   "\ufb01": Literal[1]

    # Pyodide has these names for itself, so that the values are out of reach; rename them.
    #   to_py
"""
    )


def test_a_member_called_like_a_type_hides_it_from_no_other(tmp_path: Path) -> None:
    text = """{
      "kv_namespaces": [{"binding": "KVNamespace"}],
      "vars": {"str": "a", "Literal": 1, "SHAPE": {"int": 1, "n": 2, "list": [1]}}, "secrets": {"required": ["TOKEN"]}
    }"""
    files = emit(tmp_path, text)
    assert "    KVNamespace: _KVNamespace\n" in files["__init__.py"]
    assert '    str: _Literal["a"]\n    Literal: _Literal[1]\n' in files["__init__.py"]
    assert "    TOKEN: _str\n" in files["__init__.py"]
    assert (
        "from builtins import str as _str\nfrom typing import Literal as _Literal\nfrom typing import Protocol\n"
        in files["__init__.py"]
    )
    assert "    int: _int\n    n: _int\n    list: JsArray[_int, _list[_int]]\n" in files["vars.py"]


def test_an_answer_is_kept_for_as_long_as_it_holds(tmp_path: Path) -> None:
    asked: list[str] = []
    source = tmp_path / "template.txt"
    source.write_text("one")

    def ask(question: str) -> str:
        def answer() -> str:
            asked.append(question)
            return f"{question!a} {source.read_text()}"

        return generate._kept(tmp_path, "name", question, answer)

    assert [ask("a"), ask("a"), ask("\ud800"), ask("a")] == ["'a' one", "'a' one", r"'\ud800' one", "'a' one"]
    assert asked == ["a", "\ud800", "a"]
    source.write_text("two")
    assert [ask("a"), ask("a")] == ["'a' two", "'a' two"]
    assert asked[3:] == ["a"]


def test_the_second_time_nothing_slow_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "wrangler.json").write_text(ENVIRONMENTS)
    script = f"""
import sys
sys.path[:0] = [{str(ROOT / "codegen")!r}]
from pathlib import Path
from progy import generate
from progy.config import load
from progy.worker import config
root = Path({str(tmp_path)!r})
generated = generate.python(root, load(root), config.load_all(root / "wrangler.json"), None)
print([output.text for output in generated.outputs])
print(sorted(set(sys.modules) & {{"jinja2", "datamodel_code_generator", "pydantic", "progy.emit.python"}}))
"""
    command = [sys.executable, "-c", script]
    first, second = (
        subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.splitlines()
        for _ in range(2)
    )
    assert first[0] == second[0]
    assert "datamodel_code_generator" in first[1]
    assert second[1] == "[]"
