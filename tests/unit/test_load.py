"""Models in files, in; plain values, or an error with a place and a way out, out."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from sqlmodel import SQLModel

from progy.errors import ModelError
from progy.schema.load import load
from progy.schema.models import Model, ModelColumn

if TYPE_CHECKING:
    from collections.abc import Callable
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
        "project's root; without it, that is `models`"
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
    assert error(project(base="from sqlmodel import SQLModel\nclass Base(SQLModel): ...\n")) == (
        "models/__init__.py: the models in models declare no table",
        "a table is a class like `class User(SQLModel, table=True):`",
    )


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
