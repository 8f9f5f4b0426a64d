"""The guides hold: each block of code in them is loaded, run, type-checked or compared with what progy gives."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from markdown_it import MarkdownIt
from sqlalchemy import create_engine
from sqlalchemy.orm import registry
from sqlmodel import Session, SQLModel

from progy import config, generate
from progy.cli.main import run
from progy.d1.ledger import Ledger
from progy.emit.rows import RowTypes
from progy.errors import ModelError
from progy.migrations.directory import MigrationDirectory
from progy.migrations.generate import propose
from progy.project import Project
from progy.schema.load import load
from progy.worker import config as worker_config
from tests.unit.test_plan import PLANS

if TYPE_CHECKING:
    from collections.abc import Iterable


ROOT = Path(__file__).parents[2]
GUIDES = ("README.md", *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").glob("*.md"))))


@dataclass(frozen=True)
class Block:
    """A block of code in a guide."""

    guide: str
    line: int
    language: str
    text: str

    @property
    def kind(self) -> str:
        """What the block is, and so what is done with it; "unknown" when nothing is."""
        if self.excerpt:
            return "excerpt"
        if self.language == "python":
            uses = {"models": r"\btable=True\b", "worker": r"^from bindings\b"}
            return next((kind for kind, sign in uses.items() if re.search(sign, self.text, re.MULTILINE)), "unknown")
        if self.language == "sql" and self.text.startswith("-- "):
            return "plan"
        kinds = {
            "sh": "commands",
            "console": "commands",
            "sql": "sql",
            "toml": "toml",
            "json": "json",
            "jsonc": "json",
            "ts": "typescript",
        }
        return kinds.get(self.language, "unknown")

    @property
    def excerpt(self) -> str | None:
        """The generated file that the block is a part of, as its first line says."""
        found = re.match(r"(?:#|//) (bindings/\w+\.py|worker-configuration\.d\.ts)\n", self.text)
        return found[1] if found else None

    def __str__(self) -> str:
        """How pytest names it."""
        return f"{self.guide}:{self.line}"


def read(guide: str) -> list[Block]:
    tokens = MarkdownIt().parse((ROOT / guide).read_text(encoding="utf-8"))
    return [
        Block(guide, token.map[0] + 1, token.info.strip(), token.content)
        for token in tokens
        if token.type in {"fence", "code_block"} and token.map
    ]


BLOCKS = [block for guide in GUIDES for block in read(guide)]


def of_kind(kind: str, guide: str | None = None) -> list[Block]:
    return [block for block in BLOCKS if block.kind == kind and guide in {None, block.guide}]


def with_kind(*kinds: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", [block for kind in kinds for block in of_kind(kind)], ids=str)


def test_no_block_goes_untested() -> None:
    assert [str(block) for block in of_kind("unknown")] == []
    # TypeScript is compiled in tests/real/test_rows_in_typescript.py.
    tested = {"models", "sql", "plan", "worker", "excerpt", "commands", "toml", "json", "typescript"}
    assert {block.kind for block in BLOCKS} == tested


@pytest.mark.parametrize("guide", GUIDES)
def test_links_lead_somewhere(guide: str) -> None:
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", (ROOT / guide).read_text(encoding="utf-8"))
    for path, anchor in links:
        target = ((ROOT / guide).parent / path).resolve() if path else ROOT / guide
        assert path.startswith("https://") or target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def anchors(guide: Path) -> set[str]:
    """The names that GitHub gives to a guide's headings."""
    headings = re.findall(r"^#+ (.+)$", guide.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def migration(root: Path, models: str) -> str:
    """The migration that progy writes for a module of models, proven under D1's rules."""
    (root / "models.py").write_text(models, encoding="utf-8")
    proposal = propose(load(root), MigrationDirectory(root / "migrations"), Ledger())
    assert proposal is not None
    (file,) = proposal.files
    return file.text


@with_kind("models")
def test_models_make_a_schema(block: Block, tmp_path: Path) -> None:
    assert "CREATE TABLE" in migration(tmp_path, block.text)


@with_kind("sql")
def test_the_sql_below_a_model_is_what_progy_writes(block: Block, tmp_path: Path) -> None:
    above = [other for other in BLOCKS if other.guide == block.guide and other.line < block.line][-1]
    assert above.kind == "models", "SQL in a guide stands below the models that it is made from"
    assert migration(tmp_path, above.text) == block.text


@with_kind("plan")
def test_sql_that_progy_plans_is_part_of_a_plan_that_is_tested(block: Block) -> None:
    assert any(block.text in path.read_text(encoding="utf-8") for path in PLANS)


@with_kind("toml")
def test_toml_is_read(block: Block, tmp_path: Path) -> None:
    if "tool" not in tomllib.loads(block.text):
        (tmp_path / "wrangler.toml").write_text(block.text, encoding="utf-8")
        assert worker_config.load(tmp_path / "wrangler.toml").warnings == ()
        return
    (tmp_path / "pyproject.toml").write_text(block.text, encoding="utf-8")
    assert config.load(tmp_path).origins


@with_kind("json")
def test_json_is_a_workers_configuration(block: Block, tmp_path: Path) -> None:
    (tmp_path / f"wrangler.{block.language}").write_text(block.text, encoding="utf-8")
    worker = worker_config.load(tmp_path / f"wrangler.{block.language}")
    assert (bool(worker.bindings), worker.warnings) == (True, ())


@with_kind("commands")
def test_commands_are_understood(block: Block) -> None:
    prompts = block.language == "console"
    lines = [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ") or not prompts]
    calls = [shlex.split(part, comments=True) for line in lines for part in line.split("&&")]
    for program, *arguments in calls:
        name = program.rpartition("/")[2]
        assert name in {"progy", "npx", "pip", "pytest", "python3"}
        # With --help, a command looks at its arguments and does nothing.
        assert name != "progy" or run([*arguments, "--help"]) == 0


def write_models(root: Path, blocks: Iterable[Block]) -> None:
    package = root / "models"
    package.mkdir()
    parts = {f"part{number}": block.text for number, block in enumerate(blocks)}
    (package / "__init__.py").write_text("".join(f"from .{name} import *\n" for name in parts), encoding="utf-8")
    for name, text in parts.items():
        (package / f"{name}.py").write_text(text, encoding="utf-8")


SMALL_WORKER = '{"name": "shop", "d1_databases": [{"binding": "DB"}]}'
"""For a guide that shows no configuration."""

SDK = """
from typing import Any

class WorkerEntrypoint:
    env: Any

class Response:
    def __init__(self, body: str = ..., *, status: int = ...) -> None: ...
    @staticmethod
    def json(data: object) -> Response: ...
"""
"""What the guides use of the SDK, which needs Pyodide to be installed."""


@cache
def project_of(guide: str, root: Path) -> Path:
    """A project with the guide's configuration, models and code for the Worker, and what progy generates for it."""
    shown = of_kind("json", guide)
    text = shown[0].text if shown else SMALL_WORKER
    (root / "wrangler.jsonc").write_text(text, encoding="utf-8")
    models = of_kind("models", guide)
    write_models(root, models)
    list(generate.bindings(Project(root), load(root) if models else None).write())
    for number, block in enumerate(of_kind("worker", guide)):
        (root / f"worker{number}.py").write_text(block.text, encoding="utf-8")
    (root / "workers.pyi").write_text(SDK)
    return root


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {guide: tmp_path_factory.mktemp("guide") for guide in GUIDES}


@with_kind("excerpt")
def test_an_excerpt_stands_in_the_generated_file(block: Block, folders: dict[str, Path]) -> None:
    assert block.excerpt is not None
    text = (project_of(block.guide, folders[block.guide]) / block.excerpt).read_text(encoding="utf-8")
    assert block.text.partition("\n")[2].strip("\n") in text


CHECKERS = {
    "pyright": ("-m", "pyright", "--pythonpath", sys.executable),
    "mypy": ("-m", "mypy", "--strict", "--strict-equality", "--python-version", "3.11"),
}


def complaints(checker: str, root: Path, *paths: str) -> str:
    """What a strict type checker has to say of some files; nothing when they are fine."""
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "include": paths}
    (root / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, *CHECKERS[checker], *(paths if checker == "mypy" else ())]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("guide", sorted({block.guide for block in of_kind("worker")}))
def test_the_workers_code_type_checks(checker: str, guide: str, folders: dict[str, Path]) -> None:
    root = project_of(guide, folders[guide])
    files = [path.name for path in root.glob("worker*.py")]
    assert len(files) == len(of_kind("worker", guide))
    assert complaints(checker, root, "bindings", *files) == ""


@pytest.mark.parametrize("checker", CHECKERS)
def test_models_with_the_base_class_type_check(checker: str, tmp_path: Path) -> None:
    strict = [block for block in of_kind("models") if "__tablename__: ClassVar[Any]" in block.text]
    assert len(strict) == 1
    write_models(tmp_path, strict)
    assert complaints(checker, tmp_path, "models") == ""


def table(guide: str, *header: str) -> list[list[str]]:
    """The cells below a header, without the marks of code."""
    lines = (ROOT / guide).read_text(encoding="utf-8").splitlines()
    start = lines.index(f"| {' | '.join(header)} |") + 2
    found = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        found.append([re.sub(r"^`(.*)`$", r"\1", cell).replace("\\|", "|").replace("\\`", "`") for cell in cells])
    return found


PREAMBLE = """
import enum
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from progy import ExactDecimal, Json, UnixMillis, UnixSeconds, ValueEnum
from pydantic import BaseModel
from sqlalchemy import String, Text
from sqlmodel import Field, Relationship, SQLModel

class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"

class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2

class Settings(BaseModel):
    theme: str
"""
NOW = datetime(2026, 11, 23, 4, 42, 16, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "str": "hello",
    "int": 42,
    "float": 1.5,
    "bool": True,
    "bytes": b"\x01\xff",
    "datetime": NOW,
    "date": NOW.date(),
    "time": NOW.time(),
    "timedelta": timedelta(days=1),
    "Decimal": Decimal("1.50"),
    "UUID": UUID("12345678123456781234567812345678"),
    "Level": 2,
    "Literal": "m",
    "dict": {"theme": "dark"},
    "Settings": {"theme": "dark"},
    "list": [{"theme": "dark"}],
}
"""A value for each annotation; for Colour it is the class's own."""
FIELDS = table("docs/models.md", "field", "column", "a row in the Worker holds", "stored, for example")


def test_every_kind_of_field_is_told() -> None:
    assert {re.split(r"\W", field)[0] for field, *_ in FIELDS} == {*VALUES, "Colour"}
    assert {type(value) for value in VALUES.values()} >= {str, int, float, bool, bytes, datetime, date, time, Decimal}


@pytest.mark.filterwarnings("ignore:Dialect sqlite:sqlalchemy.exc.SAWarning")  # of Decimals, which become floats
@pytest.mark.parametrize(("field", "column", "held", "stored"), FIELDS, ids=[row[0] for row in FIELDS])
def test_what_a_column_holds(field: str, column: str, held: str, stored: str, tmp_path: Path) -> None:
    source = f"{PREAMBLE}\nclass Thing(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    x: {field}\n"
    assert f"  x {column} NOT NULL\n" in migration(tmp_path, source)
    rows = RowTypes(load(tmp_path))
    (type_,) = re.findall(r"^    x: (.+)$", rows.types["ThingRow"], re.MULTILINE)
    assert rows.aliases.get(type_, type_).rpartition(" = ")[2] == held
    assert repr(written(source, VALUES.get(re.split(r"\W", field)[0]))) == stored


def written(source: str, value: object) -> object:
    """What a Session stores for a value of `Thing.x`."""

    class Base(SQLModel, registry=registry()):
        """With a registry of its own, so that each test has the only Thing."""

    names: dict[str, Any] = {"__name__": __name__, "Base": Base}
    code = compile(source.replace("Thing(SQLModel", "Thing(Base"), "models.py", "exec", dont_inherit=True)
    exec(code, names)  # noqa: S102 - the guide's own lines
    engine = create_engine("sqlite://")
    names["Thing"].metadata.create_all(engine)
    with Session(engine) as session:
        session.add(names["Thing"](id=1, x=names["Colour"].GREEN if value is None else value))
        session.flush()
        found: object = session.connection().exec_driver_sql("SELECT x FROM thing").scalar()
    engine.dispose()
    return found


REFUSED = table("docs/models.md", "in a class", "error", "hint")


@pytest.mark.filterwarnings('ignore:Field name "metadata"', "ignore:Attribute name 'metadata'")
@pytest.mark.parametrize(("line", "message", "hint"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(line: str, message: str, hint: str, tmp_path: Path) -> None:
    key = "id: int | None = Field(default=None, primary_key=True)"
    model = f"class Thing(SQLModel, table=True):\n    {key}\n    name: str | None = None\n    {line}\n"
    with pytest.raises(ModelError) as caught:
        migration(tmp_path, PREAMBLE + model)
    told = re.fullmatch(r"models\.py:\d+: Thing(?:\.\w+)?: (.+)", str(caught.value))
    assert told is not None
    assert (told[1], caught.value.hint or "") == (message, hint)
