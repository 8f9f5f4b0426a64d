"""Comments in models: what of them is a table's or a column's meaning, and what isn't."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from progy.schema.comments import Comments
from progy.schema.source import Sources

if TYPE_CHECKING:
    from pathlib import Path


def said(folder: Path, text: str, name: str = "User.email") -> str | None:
    file = folder / "models.py"
    file.write_text(text, encoding="utf-8")
    return Comments(Sources(folder)).of(str(file), name)


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        ('email: str\n    """Where receipts go."""', "Where receipts go."),
        ('email: str = Field(\n        unique=True,\n    )\n    """Where receipts go.\n\n    Once.\n    """', "Where receipts go.\n\nOnce."),
        ("#: Where receipts go.\n    email: str", "Where receipts go."),
        ("email: str  #: Where receipts go.", "Where receipts go."),
        ("# Where receipts go.\n    email: str", "Where receipts go."),
        ("email: str  # Where receipts go.", "Where receipts go."),
        ("email: str = Field(  # Where receipts go.\n        unique=True,\n    )", "Where receipts go."),
        ("email: str = Field(\n        unique=True,\n    )  # Where receipts go.", "Where receipts go."),
        ("id: int  # the id\n    # Where receipts go,\n    # in cents.\n    #\n    # Really.\n    email: str", "Where receipts go,\nin cents.\n\nReally."),
        ('# a note\n    email: str  # another\n    """Where receipts go."""', "Where receipts go."),
        ("# Where receipts go.\n    email: str  # small letters", "Where receipts go."),
        ("email: str  # where receipts go  # noqa: E501", "where receipts go"),
        ("# noqa: E501\n    # Where receipts go.\n    email: str", "Where receipts go."),
        ("# Todo lists are sent here.\n    email: str", "Todo lists are sent here."),
        ("# Unix: seconds\n    email: str", "Unix: seconds"),
        ("# type: home or work\n    email: str", "type: home or work"),
        ("if True:\n        # Where receipts go.\n        email: str", "Where receipts go."),
        ("email = Column(Text)  # Where receipts go.", "Where receipts go."),
        ("# 宛先\n    email: str", "宛先"),
        ("# Where `#1` goes\n    email: str", "Where `#1` goes"),
        ("# --- Contact ---\n    # Where receipts go.\n    email: str", "Where receipts go."),
        ("# id: int\n    # Where receipts go.\n    email: str", "Where receipts go."),
        ("# Where receipts go.\n    # TODO: split this\n    # into two\n    email: str", "Where receipts go."),
        ("# Where receipts go.\n    email: str\n    name: str", "Where receipts go."),
        ("# Where receipts go\n    email: str\n\n    name: str", "Where receipts go"),
        ("# Where receipts go\n    email: str\n    # What we call them\n    name: str", "Where receipts go"),
        ("id: int\n    # where receipts go\n    email: str\n    name: str", "where receipts go"),
        ("# Contact\n    email: str  # where receipts go\n    fax: str", "where receipts go"),
        ("email: str  # state: open | closed", "state: open | closed"),
        ("email: str  # NULL = never", "NULL = never"),
        ("email: str  # import date", "import date"),
        ("# One of:\n    # OPEN = 1\n    # PAID = 2\n    email: str", "One of:\nOPEN = 1\nPAID = 2"),
        ("email: str  # where\n    '''\n    old: str = Field()\n    '''", "where"),
        ("# region where they live\n    email: str", "region where they live"),
    ],
)  # fmt: skip
def test_what_is_a_meaning(tmp_path: Path, body: str, meaning: str) -> None:
    assert said(tmp_path, f"class User(SQLModel, table=True):\n    {body}\n") == meaning


@pytest.mark.parametrize(
    "body",
    [
        "email: str",
        "# A heading\n\n    email: str",
        "# --- Contact ---\n    email: str",
        "# Contact\n    # =======\n    email: str",
        "email: str  # noqa: E501",
        "email: str  # type: ignore[assignment]",
        "email: str  # pyright: ignore",
        "# TODO: split this\n    email: str",
        "# TODO: split this\n    # into two\n    email: str",
        "email: str  # todo(me): split this",
        "email: str  # lint: ignore",
        "email: str  # NOSONAR",
        "# Contact\n    email: str\n    fax: str",
        "id: int\n\n    # Contact details\n    email: str = Field(\n        unique=True\n    )\n    fax: str",
        "# Contact:\n    email: str",
        "# -- Contact --\n    email: str",
        "# == Contact ==\n    email: str",
        "# ── Contact\n    email: str",
        "# region Contact\n    # endregion\n    email: str",
        "#region Contact\n    email: str",
        "# The old one.\n    # old: str = Field()\n    email: str",
        "# email: EmailStr\n    email: str",
        "# def f(self):\n    email: str",
        "# old: str = Field()\n    email: str",
        "# old: str\n    email: str",
        '# old: str | None\n    # print("x")\n    email: str',
        "# ...\n    email: str",
        "#\n    email: str",
        'email: str\n    f"""{email}"""',
        'email: str\n    ""',
        "# Where receipts go.\n    name: str\n    email: str",
        'name: str = "# Where receipts go."\n    email: str',
        'text: str = """\n    # Where receipts go.\n    """\n    email: str',
        "def f(self): pass  # Where receipts go.\n    email: str",
        "  # Where receipts go.\n    email: str",
    ],
)
def test_what_is_none(tmp_path: Path, body: str) -> None:
    assert said(tmp_path, f"class User(SQLModel, table=True):\n    {body}\n") is None


def test_of_classes_and_variables(tmp_path: Path) -> None:
    text = "import x\n\n\n# Who buys.\n@decorated\nclass User:\n    class Inner:\n        x: int  # deep\n\n\n# Sold things.\nwares = Table('wares')\n"

    assert said(tmp_path, text, "User") == "Who buys."
    assert said(tmp_path, text, "User.Inner.x") == "deep"
    assert said(tmp_path, text, "wares") == "Sold things."
    assert Comments(Sources(tmp_path)).at(str(tmp_path / "models.py"), 12) == "Sold things."


def test_a_file_that_is_no_python(tmp_path: Path) -> None:
    assert said(tmp_path, "class User(:\n    email: str  # where\n") is None


def test_a_licence_is_no_meaning(tmp_path: Path) -> None:
    text = "# Copyright, all rights reserved.\nclass User:\n    email: str  # where receipts go\n"

    assert said(tmp_path, text, "User") is None
    assert said(tmp_path, text) == "where receipts go"


def test_a_comment_raises_no_warning(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    assert said(tmp_path, 'class User:\n    email: str  # "\\d+", 0or 1\n    x: int  # "\\d+"\n', "User.x") == '"\\d+"'
    assert not recwarn.list
