"""The columns of views and virtual tables in the catalogue, with models and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.d1.build import schema_of_models
from progy.docs.catalogue import Column, build
from progy.docs.pages import pages
from progy.docs.patterns import without
from progy.schema.load import load
from tests.unit.ddl import schema_of

if TYPE_CHECKING:
    from tests.conftest import Project

TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, team INTEGER DEFAULT 1, up TEXT AS (upper(name)));
CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
"""


def columns(view: str, *, exclude: tuple[str, ...] = (), more: str = "") -> list[tuple[str, str, bool]]:
    whole = schema_of(f"{TABLES}{more} CREATE VIEW v AS {view};")
    entity = build(without(whole, exclude), None, title="x", whole=whole).entity("v")
    assert entity is not None
    return [(column.name, column.type, column.nullable) for column in entity.columns]


def test_a_plain_view() -> None:
    assert columns("SELECT id, name AS called, up FROM users") == [
        ("id", "INTEGER", False), ("called", "TEXT", False), ("up", "TEXT", True),
    ]  # fmt: skip


def test_what_may_be_null_and_what_nobody_knows() -> None:
    assert columns("SELECT u.name, count(*) AS n FROM users u LEFT JOIN teams t ON t.id = u.team") == [
        ("name", "TEXT", True), ("n", "", True),
    ]  # fmt: skip
    assert columns("SELECT id FROM users UNION SELECT name FROM teams") == [("id", "", True)]
    assert columns("SELECT id FROM w", more="CREATE VIEW w AS SELECT id FROM teams;") == [("id", "INTEGER", True)]


def test_a_view_may_read_what_isnt_documented() -> None:
    view = "SELECT users.id, teams.name FROM users JOIN teams ON teams.id = team"
    assert columns(view, exclude=("teams",)) == [("id", "INTEGER", False), ("name", "", True)]


def reads(name: str, *, exclude: tuple[str, ...] = ()) -> tuple[str, ...]:
    whole = schema_of(
        f"{TABLES} CREATE VIEW a AS SELECT id, name FROM users;"
        "CREATE VIEW b AS SELECT *, (SELECT count(*) FROM teams) AS n FROM a;"
        "CREATE VIEW c AS WITH t AS (SELECT id FROM \"teams\") SELECT value FROM t, json_each('[1]');"
        "CREATE VIEW d AS SELECT 'users' AS teams;"
        "CREATE VIRTUAL TABLE f USING fts5(name, content='USERS', content_rowid='id');"
        "CREATE VIRTUAL TABLE g USING fts5(name);"
    )
    entity = build(without(whole, exclude), None, title="x", whole=whole).entity(name)
    assert entity is not None
    return entity.reads


def test_what_a_view_reads_and_an_index_is_made_of() -> None:
    assert {name: reads(name) for name in "abcdfg"} == {
        "a": ("users",),
        "b": ("teams", "a"),
        "c": ("teams",),
        "d": (),
        "f": ("users",),
        "g": (),
    }


def test_what_a_view_reads_is_not_told_where_that_is_not_documented() -> None:
    assert reads("b", exclude=("teams",)) == ("a",)


def test_the_page_of_a_virtual_table_says_what_it_is() -> None:
    whole = schema_of(f"{TABLES} CREATE VIRTUAL TABLE f USING fts5(name, content='users', content_rowid='id');")
    page = pages(build(whole, None, title="x"))["f.md"]

    assert "\n# `f`\n\nVirtual table of `fts5`\n\n## Columns\n" in page
    assert (
        "\n## Referenced tables\n\n| Name | Kind |\n| --- | --- |\n| [`users`](users.md) | table |\n\n## Definition\n"
        in page
    )


def test_a_view_that_doesnt_work_has_none_and_harms_no_other() -> None:
    whole = schema_of(f"{TABLES} CREATE VIEW a AS SELECT gone FROM users; CREATE VIEW b AS SELECT id FROM users;")
    found = {entity.name: len(entity.columns) for entity in build(whole, None, title="x").entities}
    assert found == {"a": 0, "b": 1, "teams": 2, "users": 4}


def test_a_virtual_table_without_what_it_hides() -> None:
    whole = schema_of(
        "CREATE VIRTUAL TABLE f USING fts5(title, body UNINDEXED); CREATE VIRTUAL TABLE r USING rtree(id, a, b);"
    )
    f, r = build(whole, None, title="x").entities
    assert [column.name for column in f.columns] == ["title", "body"]
    assert [column.name for column in r.columns] == ["id", "a", "b"]


def test_a_view_s_column_means_what_the_table_s_does(project: Project) -> None:
    project.write(
        "models.py",
        '''\
from datetime import datetime

from sqlmodel import Field, SQLModel

from progy import UnixSeconds, View


class User(SQLModel, table=True):
    """Who."""

    id: int | None = Field(default=None, primary_key=True)
    seen_at: datetime = Field(sa_type=UnixSeconds, description="The last time.", sa_column_kwargs={"server_default": "0"})


recent = View("recent", 'SELECT seen_at AS at FROM "user" WHERE seen_at > 0', description="Of late.")
''',
    )
    models = load(project.root)
    view = build(schema_of_models(models), models, title="x").entity("recent")
    assert view is not None
    assert (view.comment, view.file, view.line) == ("Of late.", "models.py", 15)
    assert view.columns == (
        Column(
            "at", "INTEGER", nullable=False, comment="The last time.", storage="Unix seconds", annotation="datetime"
        ),
    )  # fmt: skip
