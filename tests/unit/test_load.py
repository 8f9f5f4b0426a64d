"""Models in files, in; plain values, or an error with a place and a way out, out."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import textwrap
import warnings
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING

import pytest
from sqlmodel import SQLModel

from progy.errors import ModelError
from progy.schema.load import load
from progy.schema.models import Model, ModelColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from progy.schema.models import Models

IMPORTS = "from sqlmodel import Field, Relationship, SQLModel\n"
USER = "class User(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n"


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a project's files: the models' by keyword, others by path."""

    def write(files: dict[str, str] | None = None, /, **modules: str) -> Path:
        wanted = {f"models/{name}.py": text for name, text in {"__init__": "", **modules}.items()}
        for name, text in {**wanted, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return tmp_path

    return write


def tables(models: Models) -> list[str]:
    return [model.table for model in models.models]


def test_a_model(project: Callable[..., Path]) -> None:
    root = project(
        shop='''\
        """A small shop."""

        import enum
        from datetime import datetime
        from typing import Any, Literal

        from sqlalchemy import Column, Computed, Text
        from sqlmodel import Field, SQLModel

        from progy import Json, UnixSeconds, ValueEnum


        class State(enum.Enum):
            OPEN = "open"
            PAID = "paid"


        class Order(SQLModel, table=True):
            """What someone bought.

            Kept for ten years.
            """

            __tablename__ = "orders"

            id: int | None = Field(default=None, primary_key=True, description="Counted up.")
            state: State = Field(sa_type=ValueEnum(State), sa_column_kwargs={"server_default": "open"})
            name: State | None = None
            paid_at: datetime | None = Field(default=None, sa_type=UnixSeconds)
            made_at: datetime
            gift: bool
            items: list[dict[str, Any]] = Field(sa_type=Json, sa_column_kwargs={"name": "lines", "comment": "As JSON."})
            size: Literal["s", "m"] = Field(sa_type=Text)
            total: str = Field(sa_column=Column(Text, Computed("upper(size)"), nullable=False))
        '''
    )
    assert load(root).models == (
        Model(
            table="orders",
            name="Order",
            module="models.shop",
            file="models/shop.py",
            line=18,
            description="What someone bought.\n\nKept for ten years.",
            columns=(
                ModelColumn("id", "id", "int", "int", nullable=False, optional=True, description="Counted up."),
                ModelColumn("state", "state", "State", "str", nullable=False, optional=True, values=("open", "paid")),
                ModelColumn(
                    "name",
                    "name",
                    "State",
                    "str",
                    nullable=True,
                    optional=True,
                    values=("OPEN", "PAID"),
                    storage="the member's name",
                ),
                ModelColumn(
                    "paid_at", "paid_at", "datetime", "int", nullable=True, optional=True, storage="Unix seconds"
                ),
                ModelColumn(
                    "made_at", "made_at", "datetime", "str", nullable=False, optional=False, storage="ISO 8601 text"
                ),
                ModelColumn("gift", "gift", "bool", "int", nullable=False, optional=False, storage="0 or 1"),
                ModelColumn(
                    "lines",
                    "items",
                    "list[dict[str, Any]]",
                    "str",
                    nullable=False,
                    optional=False,
                    storage="JSON text",
                    shape="list[dict[str, Any]]",
                    description="As JSON.",
                ),
                ModelColumn(
                    "size", "size", "Literal['s', 'm']", "str", nullable=False, optional=False, values=("s", "m")
                ),
                ModelColumn("total", "total", "str", "str", nullable=False, optional=True, generated=True),
            ),
        ),
    )


def test_every_module_counts_whether_imported_or_not(project: Callable[..., Path]) -> None:
    def model(name: str) -> str:
        return f"from sqlmodel import Field, SQLModel\nclass {name}(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n"

    root = project(
        {
            "models/deep/further/more.py": model("Deep"),
            "models/__main__.py": "raise RuntimeError('run')",
            "models/not-a-module.py": "raise RuntimeError('imported')",
            "models/templates/page.html": "",
        },
        a=model("A"),
        b=model("B"),
    )
    assert tables(load(root)) == ["a", "b", "deep"]


def test_models_may_be_a_module_or_lie_deeper(project: Callable[..., Path]) -> None:
    root = project({"app/tables.py": IMPORTS + USER, "app/db/models/auth.py": IMPORTS + USER.replace("User", "Person")})
    assert tables(load(root, "app.tables")) == ["user"]
    assert tables(load(root, "app.db.models")) == ["person"]


def test_mixins_link_tables_and_plain_tables(project: Callable[..., Path]) -> None:
    root = project(
        {
            "helpers.py": "from sqlmodel import Field, SQLModel\nclass Named(SQLModel):\n    name: str = Field(description='To show.')\n"
        },
        team="""\
        from sqlalchemy import Column, ForeignKey, Integer, Table
        from sqlmodel import Field, Relationship, SQLModel
        from helpers import Named

        class Link(SQLModel, table=True):
            team_id: int = Field(foreign_key="team.id", primary_key=True)
            hero_id: int = Field(foreign_key="hero.id", primary_key=True)

        class Team(Named, table=True):
            id: int = Field(primary_key=True)
            heroes: list["Hero"] = Relationship(back_populates="teams", link_model=Link)

        class Hero(Named, table=True):
            id: int = Field(primary_key=True)
            teams: list[Team] = Relationship(back_populates="heroes", link_model=Link)

        if True:
            secret_bases = Table(
                "secret-bases",
                SQLModel.metadata,
                Column("hero_id", ForeignKey("hero.id"), comment="Whose."),
                Column("floor", Integer),
                comment="Where they hide.",
            )
        """,
        __init__="from models.team import secret_bases",
    )
    found = load(root)
    assert tables(found) == ["hero", "link", "secret-bases", "team"]
    plain, hero = found.models[2], found.models[0]
    assert (plain.name, plain.module, plain.file, plain.line) == ("SecretBases", "models.team", "models/team.py", 18)
    assert plain.description == "Where they hide."
    assert plain.columns[0] == ModelColumn(
        "hero_id", "hero_id", "int", "int", nullable=True, optional=True, description="Whose."
    )
    name = hero.column("name")
    assert name is not None
    assert name.description == "To show."
    assert hero.description is None


def test_what_comments_say(project: Callable[..., Path]) -> None:
    root = project(
        base="""\
        from sqlmodel import Field, SQLModel

        class Record(SQLModel):
            id: int = Field(primary_key=True)  # Given by the database.
        """,
        shop="""\
        from sqlalchemy import Column, Integer, Table
        from sqlmodel import Field, SQLModel
        from progy import View
        from models.base import Record

        # Someone who buys.
        class Customer(Record, table=True):
            # Not this one.
            email: str = Field(description="Where receipts go.")
            # What we call them.
            name: str
            seats: int = Field(sa_column_kwargs={"comment": "How many."})  # nor this
            since: int
            \"\"\"When they came.\"\"\"

        class Guest(Record, table=True):
            id: int = Field(primary_key=True)

        # What is for sale.
        wares = Table("wares", SQLModel.metadata, Column("id", Integer, primary_key=True, doc="Its number."))

        # Those with a name.
        named = View("named", "SELECT id FROM customer")
        """,
    )
    found = load(root)
    assert {one.table: one.description for one in found.models} == {
        "customer": "Someone who buys.",
        "guest": None,
        "wares": "What is for sale.",
    }
    customer, guest, wares = found.models
    assert wares.columns[0].description == "Its number."
    assert {one.name: one.description for one in customer.columns} == {
        "id": "Given by the database.",
        "email": "Where receipts go.",
        "name": "What we call them.",
        "seats": "How many.",
        "since": "When they came.",
    }
    assert [one.description for one in guest.columns] == [None]
    assert [one.description for one in found.objects] == ["Those with a name."]


def test_another_metadata_and_plain_sqlalchemy_classes(project: Callable[..., Path]) -> None:
    root = project(
        other="""\
        from sqlalchemy import Column, Integer, MetaData, Table
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
        from sqlmodel import Field, SQLModel

        class Base(SQLModel, registry=registry()):
            pass

        class Mine(Base, table=True):
            id: int = Field(primary_key=True)

        class Declared(DeclarativeBase):
            pass

        class Classic(Declared):
            '''In SQLAlchemy's own style.'''
            __tablename__ = "classic"
            id: Mapped[int] = mapped_column(primary_key=True)
            note: Mapped[str | None]

        tables = MetaData()
        Table("hidden", tables, Column("id", Integer, primary_key=True))
        """,
        main="from sqlmodel import Field, SQLModel\n" + USER,
    )
    found = load(root)
    assert tables(found) == ["classic", "hidden", "mine", "user"]
    assert found.models[0].columns[1] == ModelColumn("note", "note", "str", "str", nullable=True, optional=True)
    assert found.models[0].description == "In SQLAlchemy's own style."
    assert (found.models[1].name, found.models[1].file) == ("Hidden", "models/__init__.py")


def test_single_table_inheritance_gives_one_model(project: Callable[..., Path]) -> None:
    root = project(
        staff="""\
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

        class Base(DeclarativeBase):
            pass

        class Person(Base):
            __tablename__ = "people"
            id: Mapped[int] = mapped_column(primary_key=True)
            kind: Mapped[str]
            __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}

        class Boss(Person):
            bonus: Mapped[int | None] = mapped_column("boss_bonus")
            __mapper_args__ = {"polymorphic_identity": "boss"}
        """
    )
    (model,) = load(root).models
    assert (model.name, model.line) == ("Person", 6)
    assert [(column.name, column.attribute) for column in model.columns] == [
        ("id", "id"),
        ("kind", "kind"),
        ("boss_bonus", "bonus"),
    ]


def test_loading_leaves_the_interpreter_as_it_was(
    project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project(
        {"helper.py": "X = 1"}, user="import sys\nsys.path.append('elsewhere')\nimport helper\n" + IMPORTS + USER
    )
    before = (sys.path[:], dict(SQLModel.metadata.tables), SQLModel.metadata)
    stand_in = type(sys)("models")
    monkeypatch.setitem(sys.modules, "models", stand_in)
    assert tables(load(root)) == tables(load(root)) == ["user"]
    assert (sys.path, dict(SQLModel.metadata.tables), SQLModel.metadata) == before
    assert sys.modules["models"] is stand_in
    assert "helper" not in sys.modules
    assert "models.user" not in sys.modules


def test_a_changed_model_is_seen_and_another_root_is_another_project(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name / "models").mkdir(parents=True)
        (tmp_path / name / "models" / "__init__.py").touch()
        (tmp_path / name / "models" / "x.py").write_text(IMPORTS + USER.replace("User", name.title()))
    assert tables(load(tmp_path / "first")) == ["first"]
    assert tables(load(tmp_path / "second")) == ["second"]
    (tmp_path / "first" / "models" / "x.py").write_text(IMPORTS + USER.replace("User", "Longer"))
    assert tables(load(tmp_path / "first")) == ["longer"]


def test_what_models_print_goes_to_stderr(project: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    load(project(user="print('hello')\n" + IMPORTS + USER))
    assert capsys.readouterr() == ("", "hello\n")


def test_a_warning_is_passed_on(project: Callable[..., Path]) -> None:
    with pytest.warns(UserWarning, match="old"):
        load(project(user="import warnings\nwarnings.warn('old')\n" + IMPORTS + USER))


def test_a_warning_that_is_an_error_to_the_user_is_one_here(project: Callable[..., Path]) -> None:
    assert error(project(user="import warnings\nwarnings.warn('old')\n" + IMPORTS + USER)) == (
        "models/user.py:2: UserWarning: old",
        None,
    )


def error(root: Path, dotted: str = "models") -> tuple[str, str | None]:
    with pytest.raises(ModelError) as caught:
        load(root, dotted)
    return str(caught.value), caught.value.hint


def test_no_module(project: Callable[..., Path]) -> None:
    hint = (
        "`[tool.progy] models` in pyproject.toml names the package with your SQLModel classes, as imported from the "
        "project's root or from src in it; without it, that is `models`"
    )
    assert error(project(), "tables") == ("there is no module tables", hint)
    assert error(project(), "models.tables") == ("there is no module models.tables", hint)
    assert error(project(), "models/tables")[0] == "there is no module models/tables"
    assert error(project(), "models.")[0] == "there is no module models."
    assert error(project(), ".models")[0] == "there is no module .models"
    assert error(project(), "")[0] == "there is no module "


def test_another_package_of_the_name(
    project: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "models").mkdir()
    (other / "models" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(other))
    root = project(user=IMPORTS + USER)
    assert tables(load(root)) == ["user"]
    (root / "models" / "__init__.py").unlink()
    assert error(root) == (
        "models: Python finds another package models, because this one has no __init__.py",
        "add an empty models/__init__.py",
    )


def test_no_table(project: Callable[..., Path]) -> None:
    root = project()
    assert error(root) == (
        "models/__init__.py: the models in models declare no table",
        "a table is a class like `class User(SQLModel, table=True):`",
    )
    project(a=IMPORTS + "class Tag(SQLModel): ...\n")
    assert error(root) == (
        "models/a.py:2: the models in models declare no table: table=True is missing in Tag",
        "a table is a class like `class Tag(SQLModel, table=True):`",
    )
    project(b="from models.a import *\nclass B(Tag): ...\nclass C(Tag): ...\nclass D(Tag): ...\nclass E(Tag): ...\n")
    assert error(root)[0] == (
        "models/a.py:2: the models in models declare no table: table=True is missing in Tag, B, C and 2 more"
    )


def test_models_may_lie_in_src(project: Callable[..., Path]) -> None:
    root = project(
        {
            "shared.py": "X = 1\n",
            "src/app/__init__.py": "",
            "src/app/base.py": "X = 1\n",
            "src/beside.py": "from shared import X\n",
            "src/app/models/user.py": "from app.base import X\nfrom beside import X\n" + IMPORTS + USER,
        }
    )
    (model,) = load(root, "app.models").models
    assert (model.module, model.file, model.line) == ("app.models.user", "src/app/models/user.py", 4)
    assert not {"app", "app.base", "beside", "shared"} & sys.modules.keys()
    assert str(root / "src") not in sys.path
    assert error(root, "src.app.models") == (
        "src/app/models/user.py:1: ModuleNotFoundError: No module named 'app'",
        'models = "app.models" in [tool.progy]: progy looks in src by itself',
    )
    project({"src/app/models/user.py": "1 / 0\n"})
    assert error(root, "app.models")[0] == "src/app/models/user.py:1: ZeroDivisionError: division by zero"


def test_the_root_comes_before_src(project: Callable[..., Path]) -> None:
    root = project({"src/models.py": IMPORTS + USER.replace("User", "Other")}, user=IMPORTS + USER)
    assert tables(load(root)) == ["user"]
    (root / "models" / "__init__.py").unlink()
    assert error(root)[0] == "models: Python finds another package models, because this one has no __init__.py"


def test_a_root_with_a_space_in_its_name(project: Callable[..., Path], tmp_path: Path) -> None:
    project({"my project/models/__init__.py": "", "my project/models/user.py": IMPORTS + USER})
    assert tables(load(tmp_path / "my project")) == ["user"]
    assert error(tmp_path, "my project.models")[0] == "there is no module my project.models"


def test_a_link_that_leads_nowhere(project: Callable[..., Path]) -> None:
    root = project(user=IMPORTS + USER)
    (root / "models" / ".#user.py").symlink_to("an editor's lock")
    assert tables(load(root)) == ["user"]
    (root / "models" / "shared.py").symlink_to("../../shared.py")
    assert error(root) == ("models/shared.py: a link to ../../shared.py, which isn't there", None)


def test_a_null_byte(project: Callable[..., Path]) -> None:
    message = "models/a.py: SyntaxError: source code string cannot contain null bytes"
    assert error(project(a="A = 1\n\0"))[0] == message
    root = project(__init__="\nfrom models.a import A\n")
    assert error(root)[0] == message
    (root / "models" / "_.py").symlink_to("nowhere")
    assert error(root)[0] == message
    project({"app/__init__.py": "\0", "app/models.py": ""})
    assert error(root, "app.models")[0] == "app/__init__.py: SyntaxError: source code string cannot contain null bytes"


def test_a_file_that_cannot_be_read(project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(a="A = 1\n", b="from models.a import A\n")
    read = SourceFileLoader.get_data

    def refuse(self: SourceFileLoader, path: str) -> bytes:
        if path == str(root / "models" / "a.py"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return read(self, path)

    monkeypatch.setattr(SourceFileLoader, "get_data", refuse)
    assert error(root)[0] == "models/a.py: can't be read: Permission denied"
    (root / "models" / "__init__.py").write_text("import models.b\n")
    assert error(root)[0] == "models/a.py: can't be read: Permission denied"


def test_a_folder_that_cannot_be_read(project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    root = project({"models/inner/a.py": "A = 1\n"})

    def refuse(self: Path) -> Iterator[Path]:
        if self.name == "inner":
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return iter([root / "models" / "inner"])

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    assert error(root)[0] == "models/inner: can't be read: Permission denied"


def test_what_a_module_fails_to_read_is_its_own_business(project: Callable[..., Path]) -> None:
    root = project(a="from pathlib import Path\nPath(__file__).with_name('words.txt').read_text()\n")
    assert error(root)[0].startswith("models/a.py:2: FileNotFoundError: [Errno 2] No such file or directory: ")


def test_a_file_that_python_is_too_small_for(project: Callable[..., Path]) -> None:
    message, _ = error(project(a=f"A = {'-' * 300_000}1\n"))
    assert re.fullmatch(r"models/a\.py: (MemoryError|RecursionError)\b.*", message)
    root = project({"app/__init__.py": f"A = {'-' * 300_000}1\n", "app/models.py": ""})
    assert re.fullmatch(r"(MemoryError|RecursionError)\b.*", error(root, "app.models")[0])


def test_an_interrupt_stays_one(project: Callable[..., Path]) -> None:
    before = (sys.path[:], sys.modules.get("models"))
    root = project(a="raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        load(root)
    assert (sys.path, sys.modules.get("models")) == before


@pytest.mark.parametrize(
    "source",
    [
        "class Tag(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n" * 2,
        USER + "    metadata: str\n",
    ],
)
def test_an_error_comes_without_the_warnings_of_libraries(project: Callable[..., Path], source: str) -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        error(project(a=IMPORTS + source))
    assert shown == []


@pytest.mark.filterwarnings("ignore:This declarative base already contains")
def test_a_class_declared_twice(project: Callable[..., Path]) -> None:
    hint = "give one of them another __tablename__"
    root = project(a=IMPORTS + USER + "\n" + USER)
    assert error(root) == ("models/a.py:5: the table user is declared twice, first by User in models/a.py:2", hint)
    project(a=IMPORTS + USER, b="\n\n" + IMPORTS + "\n" + USER)
    assert error(root) == ("models/b.py:5: the table user is declared twice, first by User in models/a.py:2", hint)


@pytest.mark.parametrize(
    ("imported", "field", "hint"),
    [
        ("from datetime import date", "date: date | None = None", "`import datetime as dt`, and write `dt.date`"),
        ("from datetime import date", "date: date = None", "`import datetime as dt`, and write `dt.date`"),
        (
            "from datetime import date",
            "date: date | None = Field(\n        default=None\n    )",
            "`import datetime as dt`, and write `dt.date`",
        ),
        ("from datetime import time", "time: Optional[time] = Field()", "`import datetime as dt`, and write `dt.time`"),
        (
            "from ipaddress import ip_address",
            "ip_address: ip_address | None = None",
            "`import ipaddress`, and write `ipaddress.ip_address`",
        ),
        ("kind = str", "kind: kind | None = None", "call one of them another name"),
        ("from .kinds import kind", "kind: kind | None = None", "call one of them another name"),
    ],
)
@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
def test_a_field_named_like_its_type(
    project: Callable[..., Path], future: str, imported: str, field: str, hint: str
) -> None:
    source = f"{future}from typing import Optional; {imported}\n{IMPORTS}{USER}    {field}\n"
    name = field.partition(":")[0]
    message = f"models/a.py:{source.count(chr(10), 0, source.index(field)) + 1}: User.{name}"
    root = project(a=source, kinds="kind = str\n")
    assert error(root) == (f"{message}: the field hides the type it is named like", hint)


def test_a_field_named_like_its_type_without_a_default(project: Callable[..., Path]) -> None:
    assert tables(load(project(a="from datetime import date\n" + IMPORTS + USER + "    date: date\n"))) == ["user"]


def server_default(value: str, annotation: str = "int", more: str = "") -> str:
    field = f"Field({more}sa_column_kwargs={{'server_default': {value}}})"
    return (
        f"class E(enum.Enum):\n    A = 'x'\nclass L(enum.IntEnum):\n    LOW = 1\n{USER}    x: {annotation} = {field}\n"
    )


@pytest.mark.parametrize(
    ("source", "told", "hint"),
    [
        (server_default("1"), "1 is no string", 'write it as text: "1"'),
        (server_default("-1.5", "float"), "-1.5 is no string", 'write it as text: "-1.5"'),
        (server_default("True", "bool"), "True is no string", 'write it as text: "1"'),
        (server_default("1", "Literal['a']", "sa_type=Text, "), "1 is no string", 'write it as text: "1"'),
        (server_default("E.A", "E"), "E.A is no string", 'write it as text: "A"'),
        (server_default("E.A", "E", "sa_type=ValueEnum(E), "), "E.A is no string", 'write it as text: "x"'),
        (server_default("L.LOW", "L", "sa_type=ValueEnum(L), "), "L.LOW is no string", 'write it as text: "1"'),
        (server_default("L.LOW", "int"), "L.LOW is no string", 'write it as text: "1"'),
        (server_default("dict"), "is of type type, and no string", "an expression is text(...), from sqlalchemy"),
    ],
)
def test_a_server_default_that_sqlalchemy_does_not_take(
    project: Callable[..., Path], source: str, told: str, hint: str
) -> None:
    above = "import enum; from progy import ValueEnum; from sqlalchemy import Text; from typing import Literal\n"
    assert error(project(a=above + IMPORTS + source)) == (f"models/a.py:9: User.x: the server default {told}", hint)


def test_a_server_default_of_a_column_that_sqlalchemy_does_not_take(project: Callable[..., Path]) -> None:
    source = "from sqlalchemy import Column, Integer\nc = Column(Integer, server_default=0)\n"
    assert error(project(a=source)) == ("models/a.py:2: the server default 0 is no string", 'write it as text: "0"')


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("class User(:\n", "models/a.py:3: SyntaxError: invalid syntax", None),
        (
            "if 1:\nx = 2\n",
            "models/a.py:4: IndentationError: expected an indented block after 'if' statement on line 3",
            None,
        ),
        ("class User(Foo): ...\n", "models/a.py:3: NameError: name 'Foo' is not defined", None),
        (
            "import no_such_package.inside\n",
            "models/a.py:3: ModuleNotFoundError: No module named 'no_such_package'",
            "install what provides no_such_package beside progy, or mend the name",
        ),
        ("import models.nope\n", "models/a.py:3: ModuleNotFoundError: No module named 'models.nope'", None),
        ("from json import nope\n", "models/a.py:3: ImportError: cannot import name 'nope' from 'json'", None),
        ("import sys\nsys.exit(3)\n", "models/a.py:4: the models call sys.exit while they are imported", None),
        ("1 / 0\n", "models/a.py:3: ZeroDivisionError: division by zero", None),
        ("raise KeyError\n", "models/a.py:3: KeyError", None),
        (
            "def f():\n    f()\nf()\n",
            "models/a.py:4: RecursionError: maximum recursion depth exceeded",
            None,
        ),
        (
            USER + "    kind: Literal['a', 'b']\n",
            "models/a.py:5: User.kind: a Literal needs a sa_type",
            "Field(sa_type=Text), from sqlalchemy",
        ),
        (
            USER + "    kind: Literal['a', 'b'] | None = None\n",
            "models/a.py:5: User.kind: a Literal needs a sa_type",
            "Field(sa_type=Text), from sqlalchemy",
        ),
        (
            USER + "    tags: list[str] | None = None\n",
            "models/a.py:5: User.tags: SQLModel has no column type for list[str]",
            "Field(sa_type=Json), from progy, stores it as JSON",
        ),
        (
            USER + "    more: SQLModel\n",
            "models/a.py:5: User.more: SQLModel has no column type for SQLModel",
            "Field(sa_type=Json), from progy, stores it as JSON",
        ),
        (
            USER + "    number: complex\n",
            "models/a.py:5: User.number: SQLModel has no column type for complex",
            "Field(sa_type=...) with a type from sqlalchemy or progy",
        ),
        (
            USER + "    either: int | str\n",
            "models/a.py:5: User.either: SQLModel has no column type for int | str",
            "Field(sa_type=...) with a type from sqlalchemy or progy",
        ),
        (
            USER + "    later: 'Later'\n",
            "models/a.py:5: User.later: the type Later isn't known where the class is made",
            "import or define it above the class; not under `if TYPE_CHECKING:`",
        ),
        (
            USER + "    boss: int = Field(foreign_key='user.id', ondelete='SET NULL')\n",
            'models/a.py:5: User.boss: RuntimeError: ondelete="SET NULL" requires nullable=True',
            None,
        ),
        (
            USER + "    boss = Field()\n",
            "models/a.py:3: PydanticUserError: Field 'boss' requires a type annotation",
            None,
        ),
        (
            USER
            + "class Again(SQLModel, table=True):\n    __tablename__ = 'user'\n    id: int = Field(primary_key=True)\n",
            "models/a.py:5: the table user is declared twice, first by User in models/a.py:3",
            "give one of them another __tablename__",
        ),
        (
            "class User(SQLModel, table=True):\n    name: str\n",
            "models/a.py:3: User has no primary key",
            "id: int | None = Field(default=None, primary_key=True)",
        ),
        (
            USER + "    boss: int = Field(foreign_key='users.id')\n",
            "models/a.py:5: User.boss: refers to users.id, but there is no table users",
            "did you mean user.id?",
        ),
        (
            USER + "    boss: int = Field(foreign_key='user.idd')\n",
            "models/a.py:5: User.boss: refers to user.idd, but the table user has no column idd",
            "did you mean user.id?",
        ),
        *(
            (
                USER + f"    boss_id: int = Field(foreign_key='{target}')\n    boss: 'User' = Relationship()\n",
                f"models/a.py:5: User.boss_id: refers to {target}, {reason}",
                hint,
            )
            for target, reason, hint in [
                ("users.id", "but there is no table users", "did you mean user.id?"),
                ("user.x", "but the table user has no column x", "did you mean user.id?"),
                ("user", "which isn't a table and a column", 'foreign_key="user.id"'),
            ]
        ),
        (
            USER.replace("User(", "Tag(")
            + "    __tablename__ = 'sqlite_tag'\n    up_id: int = Field(foreign_key='sqlite_tag.id')\n"
            "    up: 'Tag' = Relationship(back_populates='no')\n",
            "models/a.py:3: Tag: D1 keeps names like sqlite_tag for itself",
            None,
        ),
        (
            USER + "".join(f"    c{number}: int\n" for number in range(100)),
            "models/a.py:3: User: D1 allows 100 columns a table, and this one has 101",
            None,
        ),
        (
            "from sqlalchemy import Index\n"
            + USER
            + "    __table_args__ = (Index('mine', 'id'), Index('mine', 'id', unique=True))\n",
            "models/a.py:4: User: two indexes are called mine",
            None,
        ),
        (
            USER + "    boss: int = Field(foreign_key='user')\n",
            "models/a.py:5: User.boss: refers to user, which isn't a table and a column",
            'foreign_key="user.id"',
        ),
        (
            USER + "    others: list['Usr'] = Relationship()\n",
            "models/a.py:5: User.others: no model is called Usr",
            "did you mean User?",
        ),
        (
            USER + "    others: list['User'] = Relationship()\n",
            "models/a.py:5: User.others: no foreign key links the two tables",
            "give one of the two a Field(foreign_key=...)",
        ),
        (
            USER + "    a: int = Field(foreign_key='team.id')\n    b: int = Field(foreign_key='team.id')\n"
            "    team: 'Team' = Relationship()\n"
            "class Team(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n",
            "models/a.py:7: User.team: several foreign keys link the two tables",
            'Relationship(sa_relationship_kwargs={"foreign_keys": "[Child.parent_id]"}) says which one it is',
        ),
        (
            USER
            + "    team_id: int = Field(foreign_key='team.id')\n    team: 'Team' = Relationship(back_populates='users')\n"
            "class Team(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n",
            "models/a.py:6: User.team: Team has no relationship users to go with it",
            "back_populates names the attribute of the other class",
        ),
        (
            "from progy import ValueEnum\n"
            + USER
            + "    x: int = Field(sa_type=ValueEnum(enum.Enum('E', {'A': 1.5})))\n",
            "models/a.py:6: TypeError: E: ValueEnum takes values that are all str or all int",
            None,
        ),
        (
            "from sqlalchemy import Numeric\n"
            + USER
            + "    x: int = Field(sa_type=Numeric)\n    __table_args__ = {'sqlite_strict': True}\n",
            "models/a.py:6: User.x: a STRICT table has no type for decimal numbers",
            "Field(sa_type=ExactDecimal), from progy",
        ),
        (
            "from sqlalchemy import Column, ForeignKey, Table\nlinks = Table('links', SQLModel.metadata, Column('a', ForeignKey('b.c')))\n",
            "models/a.py:4: Links.a: refers to b.c, but there is no table b",
            None,
        ),
        (
            "def make():\n    class Inner(SQLModel, table=True):\n        id: int\nmake()\n",
            "models/a.py:4: Inner has no primary key",
            "id: int | None = Field(default=None, primary_key=True)",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    project: Callable[..., Path], source: str, message: str, hint: str | None
) -> None:
    found, advice = error(project(a="import enum; from typing import Literal\n" + IMPORTS + source))
    # Where a name couldn't be imported from is a path of this machine's.
    assert (found.partition(" (/")[0], advice) == (message, hint)


def test_a_cause_is_kept_for_debugging(project: Callable[..., Path]) -> None:
    with pytest.raises(ModelError) as caught:
        load(project(a="1 / 0\n"))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.filterwarnings('ignore:Field name "metadata"', "ignore:Attribute name 'metadata'")
def test_an_attribute_called_metadata(project: Callable[..., Path]) -> None:
    assert error(project(a=IMPORTS + USER + "    metadata: str\n")) == (
        "models/a.py:4: User.metadata: SQLAlchemy keeps the attribute `metadata` for itself",
        'call it another name, with sa_column_kwargs={"name": "metadata"} for the column',
    )


def test_relationships_with_annotations_as_strings(project: Callable[..., Path]) -> None:
    source = "from __future__ import annotations\n" + IMPORTS + USER + "    others: list['User'] = Relationship()\n"
    assert error(project(a=source)) == (
        "models/a.py:5: User.others: SQLModel can't read the relationship's annotation \"list['User']\"",
        "remove `from __future__ import annotations` from the file: SQLModel needs the annotation itself",
    )


def test_modules_that_import_each_other(project: Callable[..., Path]) -> None:
    root = project(a="from models.b import B\nA = 1\n", b="from models.a import A\nB = 1\n")
    message, hint = error(root)
    assert message.startswith(
        "models/b.py:1: ImportError: cannot import name 'A' from partially initialized module 'models.a'"
    )
    assert hint == (
        "the modules import each other: import under `if TYPE_CHECKING:` what only annotations need, and quote it, "
        'as in `list["User"]`'
    )


def test_the_place_is_the_projects_even_if_a_helper_of_its_fails(project: Callable[..., Path]) -> None:
    root = project({"helper.py": "def fail():\n    raise ValueError('no')\n"}, a="import helper\nhelper.fail()\n")
    assert error(root)[0] == "helper.py:2: ValueError: no"


def test_a_library_in_the_project_is_not_the_project(
    project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = "lib/python3/site-packages"
    root = project(
        {f"{library}/somelib.py": "def fail():\n    raise ValueError('no')\n"}, a="import somelib\nsomelib.fail()\n"
    )
    monkeypatch.syspath_prepend(str(root / library))
    assert error(root)[0] == "models/a.py:2: ValueError: no"
    assert sys.modules.pop("somelib")


def test_the_same_for_every_hash_seed(project: Callable[..., Path]) -> None:
    root = project(
        a="""\
        from typing import Any
        from sqlalchemy import CheckConstraint, Column, Computed, ForeignKey, Index, Integer, UniqueConstraint
        from sqlmodel import Field, SQLModel

        class Mixin(SQLModel):
            a: int = Field(sa_column_args=[ForeignKey("t.id"), ForeignKey("u.id"), CheckConstraint("a > 1"), CheckConstraint("a < 9")])

        class T(Mixin, table=True):
            __table_args__ = (
                UniqueConstraint("a"), UniqueConstraint("id", "a"), Index("i1", "a"), Index("i2", "a"),
                CheckConstraint("a > id"), CheckConstraint("a != id"),
            )
            id: int = Field(primary_key=True)

        class U(SQLModel, table=True):
            id: int = Field(primary_key=True)
        """
    )
    code = "import sys; from pathlib import Path; from progy.schema.load import load; print(load(Path(sys.argv[1])))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code, str(root)],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(seen) == 1
    assert "CREATE UNIQUE INDEX t_id_a_unique" in seen.pop()


def test_a_change_that_python_takes_for_none_is_seen(tmp_path: Path) -> None:
    """Bytecode counts as current when size and second of change are the source's."""
    text = "from sqlmodel import Field, SQLModel\nclass A(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    x: str\n"
    (tmp_path / "models").mkdir()
    for name, content in (("__init__.py", "from models.a import A\n"), ("a.py", text)):
        (tmp_path / "models" / name).write_text(content)
        os.utime(tmp_path / "models" / name, (1_000_000_000, 1_000_000_000))
    # As the user's own program would leave it.
    subprocess.run([sys.executable, "-m", "compileall", "-q", "models"], cwd=tmp_path, check=True)
    assert (tmp_path / "models" / "__pycache__").is_dir()
    (tmp_path / "models" / "a.py").write_text(text.replace("x: str", "x: int"))
    os.utime(tmp_path / "models" / "a.py", (1_000_000_000, 1_000_000_000))
    column = load(tmp_path).models[0].column("x")
    assert column is not None
    assert column.row_type == "int"


def test_nothing_is_left_beside_the_models(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").write_text(
        "from sqlmodel import Field, SQLModel\nclass A(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n"
    )
    hooks = list(sys.path_hooks)
    load(tmp_path)
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["__init__.py"]
    assert sys.path_hooks == hooks
