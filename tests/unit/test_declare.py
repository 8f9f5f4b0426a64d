"""Views, triggers and virtual tables as models declare them: exact SQL, on a database, or an error with its place."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from progy import FTS5, Trigger, View, VirtualTable, migrate
from progy.d1.build import build
from progy.d1.connection import Connection
from progy.errors import ModelError
from progy.schema.load import load
from progy.schema.models import ModelObject, Models
from progy.schema.objects import Generated, Index, Term
from tests.unit.schemas import documented

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from progy.schema.objects import Schema


class Base(SQLModel, registry=registry()):
    """With a registry of its own."""


class User(Base, table=True):
    __tablename__ = "users"

    id: int = Field(primary_key=True)


class Shape(Base):
    id: int


order = Table("order", MetaData(), Column("id", Integer, primary_key=True), Column("group", Text))
active = View("active", "SELECT 1 AS one")
search = FTS5("search", ["body"])


def wrongly(value: object) -> Any:  # noqa: ANN401 - what a type checker would refuse
    """A value where it doesn't belong."""
    return value


def sql(declaration: View | Trigger | VirtualTable | FTS5) -> list[str]:
    return [part.sql for part in declaration.parts]


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        (View("v", "SELECT 1"), "CREATE VIEW v AS\nSELECT 1"),
        (View("v", "  SELECT 1 ;\n"), "CREATE VIEW v AS\nSELECT 1"),
        (View("v", "SELECT 1, 2", columns=["a", "order"]), 'CREATE VIEW v (a, "order") AS\nSELECT 1, 2'),
        (View('say "it"', "VALUES (1)"), 'CREATE VIEW "say ""it""" AS\nVALUES (1)'),
        (
            View(
                "v",
                """
                -- the newest; of each
                SELECT id,   -- its number
                  max(at) /* when */ AS at,

                  'two
                      lines -- and no comment' AS text
                FROM t/**/GROUP BY id
                """,
            ),
            "CREATE VIEW v AS\nSELECT id,\n  max(at)  AS at,\n  'two\n                      lines -- and no comment' AS text\nFROM t GROUP BY id",
        ),
        (View("v", "SELECT 1\n        FROM t"), "CREATE VIEW v AS\nSELECT 1\nFROM t"),
        (View("v", "WITH a AS (SELECT 1)\r\n  SELECT * FROM a"), "CREATE VIEW v AS\nWITH a AS (SELECT 1)\nSELECT * FROM a"),
        (
            Trigger("t", "after update", User, body="DELETE FROM a"),
            "CREATE TRIGGER t AFTER UPDATE ON users\nBEGIN\n  DELETE FROM a;\nEND",
        ),
        (
            Trigger("t", "BEFORE INSERT", "users", when="new.id > 1", body="SELECT raise(ABORT, 'no; never');"),
            "CREATE TRIGGER t BEFORE INSERT ON users\nWHEN new.id > 1\nBEGIN\n  SELECT raise(ABORT, 'no; never');\nEND",
        ),
        (
            Trigger(
                "of",
                'AFTER UPDATE  OF email, "group" ,[a b]',
                order,
                when="old.x\n  <> new.x",
                body="""
                    DELETE FROM a; UPDATE a
                      SET b = CASE WHEN 1 THEN 2 END;

                    DELETE FROM c;
                """,
            ),
            'CREATE TRIGGER "of" AFTER UPDATE OF email, "group", "a b" ON "order"\nWHEN old.x\n<> new.x\nBEGIN\n  DELETE FROM a;\n  UPDATE a\n    SET b = CASE WHEN 1 THEN 2 END;\n  DELETE FROM c;\nEND',
        ),
        (
            Trigger("t", "instead\nof delete", active, body="DELETE FROM a"),
            "CREATE TRIGGER t INSTEAD OF DELETE ON active\nBEGIN\n  DELETE FROM a;\nEND",
        ),
        (
            VirtualTable("places", "rtree", ["id", "min_x", "max_x", "+name TEXT"]),
            "CREATE VIRTUAL TABLE places USING rtree (\n  id,\n  min_x,\n  max_x,\n  +name TEXT\n)",
        ),
        (VirtualTable("all", "my module", []), 'CREATE VIRTUAL TABLE "all" USING "my module"'),
        (FTS5("f", ["title", "order"]), 'CREATE VIRTUAL TABLE f USING fts5 (\n  title,\n  "order"\n)'),
        (
            FTS5(
                "f",
                ("title", "lang"),
                content="",
                unindexed=["lang"],
                tokenize="unicode61 tokenchars '-'",
                prefix=(2, 3),
                options={"detail": "column", "columnsize": 0},
            ),
            "CREATE VIRTUAL TABLE f USING fts5 (\n  title,\n  lang UNINDEXED,\n  content = '',\n  tokenize = 'unicode61 tokenchars ''-''',\n  prefix = '2 3',\n  detail = 'column',\n  columnsize = '0'\n)",
        ),
        (
            FTS5("f", ["name"], content=User, content_rowid="id"),
            "CREATE VIRTUAL TABLE f USING fts5 (\n  name,\n  content = 'users',\n  content_rowid = 'id'\n)",
        ),
    ],
    ids=lambda value: None if isinstance(value, str) else value.name,
)  # fmt: skip
def test_what_is_made(declaration: View | Trigger | VirtualTable | FTS5, expected: str) -> None:
    assert sql(declaration) == [expected]


def test_a_text_index_that_is_kept_current() -> None:
    made = sql(FTS5("s s", ["group"], content=order, content_rowid="id", sync=True))
    assert (
        ";\n\n".join(made)
        == """\
CREATE VIRTUAL TABLE "s s" USING fts5 (
  "group",
  content = 'order',
  content_rowid = 'id'
);

CREATE TRIGGER "s s_insert" AFTER INSERT ON "order"
BEGIN
  INSERT INTO "s s" (rowid, "group") VALUES (new.id, new."group");
END;

CREATE TRIGGER "s s_delete" AFTER DELETE ON "order"
BEGIN
  INSERT INTO "s s" ("s s", rowid, "group") VALUES ('delete', old.id, old."group");
END;

CREATE TRIGGER "s s_update" AFTER UPDATE ON "order"
BEGIN
  INSERT INTO "s s" ("s s", rowid, "group") VALUES ('delete', old.id, old."group");
  INSERT INTO "s s" (rowid, "group") VALUES (new.id, new."group");
END"""
    )


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: View("", "SELECT 1"), "View '': name is empty"),
        (lambda: View("v", wrongly(5)), "View 'v': select takes text, not 5"),
        (lambda: View("v", " -- nothing"), "View 'v': select is empty"),
        (lambda: View("v", "SELECT 'a"), "View 'v': select: a quote opened at character 7 is never closed"),
        (lambda: View("v", "DELETE FROM a"), "View 'v': a view is made of a SELECT, which doesn't begin with DELETE"),
        (lambda: View("v", "SELECT 1; SELECT 2"), "View 'v': a view is made of one statement, and this is more"),
        (lambda: View("v", "SELECT 1", columns="ab"), "View 'v': columns takes a list of texts, not 'ab'"),
        (lambda: View("v", "SELECT 1", columns=[""]), "View 'v': one of columns is empty"),
        (
            lambda: Trigger("t", "UPDATE", User, body="DELETE FROM a"),
            "Trigger 't': 'UPDATE' is no event: BEFORE, AFTER or INSTEAD OF, then INSERT, DELETE, UPDATE, or UPDATE OF and columns",
        ),
        (
            lambda: Trigger("t", "AFTER DELETE OF a", User, body="DELETE FROM a"),
            "Trigger 't': 'AFTER DELETE OF a' is no event: BEFORE, AFTER or INSTEAD OF, then INSERT, DELETE, UPDATE, or UPDATE OF and columns",
        ),
        *(
            (
                lambda columns=columns: Trigger("t", f"AFTER UPDATE OF {columns}", User, body="DELETE FROM a"),
                f"Trigger 't': {columns!r} is no list of columns",
            )
            for columns in ("a b", "a,", "(a)", "a, 1")
        ),
        (
            lambda: Trigger("t", "AFTER INSERT", active, body="DELETE FROM a"),
            "Trigger 't': active is a view, and a view's triggers fire INSTEAD OF what is done to it",
        ),
        (
            lambda: Trigger("t", "INSTEAD OF INSERT", User, body="DELETE FROM a"),
            "Trigger 't': users is a table, and only a view's triggers fire INSTEAD OF anything",
        ),
        (
            lambda: Trigger("t", "AFTER INSERT", Shape, body="DELETE FROM a"),
            "Trigger 't': Shape has no table: is table=True missing?",
        ),
        (
            lambda: Trigger("t", "AFTER INSERT", wrongly(search), body="DELETE FROM a"),
            "Trigger 't': search is neither a table nor a view",
        ),
        (lambda: Trigger("t", "AFTER INSERT", "", body="DELETE FROM a"), "Trigger 't': the table's name is empty"),
        (lambda: Trigger("t", "AFTER INSERT", wrongly(None), body="DELETE FROM a"), "Trigger 't': None is neither a table nor a view"),
        (lambda: Trigger("t", "AFTER INSERT", User, body=" "), "Trigger 't': body is empty"),
        (lambda: Trigger("t", "AFTER INSERT", User, body="SELECT 1", when=""), "Trigger 't': when is empty"),
        (lambda: VirtualTable("r", "", []), "VirtualTable 'r': module is empty"),
        (lambda: VirtualTable("r", "rtree", "id, a, b"), "VirtualTable 'r': arguments takes a list of texts, not 'id, a, b'"),
        (lambda: VirtualTable("r", "rtree", ["id", "--"]), "VirtualTable 'r': argument is empty"),
        (lambda: FTS5("f", "body"), "FTS5 'f': columns takes a list of texts, not 'body'"),
        (lambda: FTS5("f", []), "FTS5 'f': there are no columns to search"),
        (lambda: FTS5("f", ["a"], unindexed=["b"]), "FTS5 'f': the unindexed column b isn't among the columns"),
        (lambda: FTS5("f", ["a"], prefix=wrongly("2 3")), "FTS5 'f': prefix takes lengths, such as (2, 3), not '2 3'"),
        (
            lambda: FTS5("f", ["a"], options={"tokenize": "porter"}),
            "FTS5 'f': tokenize is an argument of its own, not one of the options",
        ),
        (lambda: FTS5("f", ["a"], options={"a b": 1}), "FTS5 'f': 'a b' is no option of FTS5's"),
        (lambda: FTS5("f", ["a"], sync=True), "FTS5 'f': sync needs a table to read from: content=Post, say"),
        (
            lambda: FTS5("f", ["a"], content="", content_rowid="id"),
            "FTS5 'f': content_rowid needs a table to read from: content=Post, say",
        ),
        (
            lambda: FTS5("f", ["a"], content=active, sync=True),
            "FTS5 'f': active is a view, which can't be followed: sync=True takes a table",
        ),
        (migrate, "migrate() takes renamed_from, backfill, or both"),
        (lambda: migrate(renamed_from=wrongly(5)), "migrate: renamed_from takes text, not 5"),
        (lambda: migrate(renamed_from=""), "migrate: renamed_from is empty"),
        (lambda: migrate(backfill="lower('"), "migrate: backfill: a quote opened at character 6 is never closed"),
        (lambda: migrate(backfill="1; DROP TABLE a"), "migrate: backfill takes an expression in SQL, not '1; DROP TABLE a'"),
        (lambda: migrate(backfill="-- no"), "migrate: backfill takes an expression in SQL, not '-- no'"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(declare: Callable[[], object], message: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        declare()
    assert str(caught.value) == message


def test_migrate_gives_arguments_that_sqlalchemy_keeps() -> None:
    assert migrate(renamed_from="name") == {"info": {"progy": {"renamed_from": "name"}}}
    column = Column("c", Text, **{**migrate(backfill=" lower(a) -- so"), "server_default": "x"})
    assert column.info == {"progy": {"backfill": "lower(a)"}}


HEADER = """\
from progy import FTS5, Trigger, View, VirtualTable, migrate
from sqlalchemy import Column, Computed, Integer, Text
from sqlmodel import Field, SQLModel

class Post(SQLModel, table=True):
    __tablename__ = "posts"
    id: int = Field(primary_key=True)
    title: str
    body: str
    length: int | None = Field(default=None, sa_column_args=[Computed("length(body)")])


"""
"""Twelve lines: what follows begins on the thirteenth."""


@pytest.fixture
def models(tmp_path: Path) -> Callable[..., Models]:
    """A function that loads models: these lines behind the header, and other files of the package."""

    def loaded(source: str, **others: str) -> Models:
        package = tmp_path / "models"
        package.mkdir()
        for name, text in {"__init__": "", "blog": HEADER + textwrap.dedent(source).lstrip("\n"), **others}.items():
            (package / f"{name}.py").write_text(text)
        return load(tmp_path)

    return loaded


def schema(models: Models) -> Schema:
    with Connection() as connection, connection.transaction():
        build(connection, models)
        return connection.schema()


def test_declarations_stand_behind_the_tables_each_behind_what_it_names(models: Callable[..., Models]) -> None:
    found = models(
        """
        z = Trigger("a", "AFTER INSERT", Post, body="SELECT 1")
        View("a", 'SELECT * FROM B')
        listed = [View("b", "SELECT * FROM c"), View("c", "SELECT id FROM posts", description="Ids.")]
        FTS5("posts_text", ["title", "body"], content=Post, sync=True, description="What was written.")
        VirtualTable("boxes", "rtree", ["id", "low", "high"])
        """,
        other="from models.blog import z\nfrom progy import View\n\nunread = View(\n    'unread', 'SELECT 1'\n)\n",
    )
    assert [(one.kind, one.name, one.table, f"{one.file}:{one.line}", one.description) for one in found.objects] == [
        ("virtual table", "boxes", None, "models/blog.py:17", None),
        ("virtual table", "posts_text", "posts", "models/blog.py:16", "What was written."),
        ("view", "c", None, "models/blog.py:15", "Ids."),
        ("view", "b", None, "models/blog.py:15", None),
        ("view", "a", None, "models/blog.py:14", None),
        ("view", "unread", None, "models/other.py:4", None),
        ("trigger", "a", "posts", "models/blog.py:13", None),
        ("trigger", "posts_text_delete", "posts", "models/blog.py:16", "Keeps posts_text current."),
        ("trigger", "posts_text_insert", "posts", "models/blog.py:16", "Keeps posts_text current."),
        ("trigger", "posts_text_update", "posts", "models/blog.py:16", "Keeps posts_text current."),
    ]
    assert found.ddl[1:] == tuple(one.sql for one in found.objects)
    assert Models.from_json(found.to_json()) == found
    made = schema(found)
    assert [*made.tables] == ["posts"]
    assert [*made.virtual_tables] == ["boxes", "posts_text"]
    assert [*made.views] == ["c", "b", "a", "unread"]
    assert [*made.triggers] == ["a", "posts_text_delete", "posts_text_insert", "posts_text_update"]


def test_objects_come_in_the_documentation(models: Callable[..., Models]) -> None:
    found = models(
        """
        View("short", "SELECT id FROM posts")
        FTS5("text", ["title"], content=Post, sync=True)
        Trigger("hide", "INSTEAD OF DELETE", "short", body="SELECT 1")
        """
    )
    written = documented(schema(found), found, title="Blog")
    assert {*written} == {"README.md", "posts.md", "short.md", "text.md"}
    assert "CREATE VIEW short AS\nSELECT id FROM posts;" in written["short.md"]
    assert "CREATE TRIGGER hide INSTEAD OF DELETE ON short" in written["short.md"]
    assert "CREATE TRIGGER text_update AFTER UPDATE ON posts" in written["posts.md"]


def test_a_text_index_follows_its_table(models: Callable[..., Models]) -> None:
    found = models("""FTS5("text", ["title", "body"], content=Post, sync=True, tokenize="porter")""")
    with Connection() as connection, connection.transaction():
        build(connection, found)

        def matches(word: str) -> list[tuple[Any, ...]]:
            return connection.query("SELECT rowid FROM text WHERE text MATCH ?", [word])

        connection.query("INSERT INTO posts (id, title, body) VALUES (1, 'Birds', 'flying'), (2, 'Fish', 'swimming')")
        assert (matches("fly"), matches("swim")) == ([(1,)], [(2,)])
        connection.query("UPDATE posts SET body = 'walks' WHERE id = 1")
        assert (matches("fly"), matches("walk")) == ([], [(1,)])
        connection.query("DELETE FROM posts WHERE id = 2")
        assert matches("swim") == []
        connection.query("INSERT INTO text (text, rank) VALUES ('integrity-check', 1)")


HOSTILE = ("select", 'a "b" c', "it's", "a]b", "ünïcode", "1st", "a;b", "-- a")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_quoted(models: Callable[..., Models], name: str) -> None:
    found = models(
        f"""
        name = {name!r}
        plain = SQLModel.metadata.tables["posts"]
        class Odd(SQLModel, table=True):
            __tablename__ = name + " table"
            id: int = Field(primary_key=True, sa_column_kwargs={{"name": name}})
        View(name, "SELECT 1", columns=[name])
        Trigger(name, "AFTER DELETE", Odd, body="SELECT 1")
        FTS5(name + " text", [name], content=Odd, content_rowid=name, sync=True)
        """
    )
    made = schema(found)
    assert [view.name for view in made.views.values()] == [name]
    assert [table.name for table in made.virtual_tables.values()] == [f"{name} text"]
    assert {trigger.table for trigger in made.triggers.values()} == {f"{name} table"}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("View('v', '')", "models/blog.py:13: View 'v': select is empty"),
        ("Trigger('t', 'AFTER', Post, body='SELECT 1')", "models/blog.py:13: Trigger 't': 'AFTER' is no event: BEFORE, AFTER or INSTEAD OF, then INSERT, DELETE, UPDATE, or UPDATE OF and columns"),
        ("class P(SQLModel, table=True):\n    __table_args__ = migrate()", "models/blog.py:14: migrate() takes renamed_from, backfill, or both"),
        ("View('Posts', 'SELECT 1')", "models/blog.py:13: the view Posts has the name of the table posts"),
        ("class P(SQLModel, table=True):\n    id: int = Field(primary_key=True, index=True)\nView('ix_p_id', 'SELECT 1')", "models/blog.py:15: the view ix_p_id has the name of the index ix_p_id of p"),
        ("View('a', 'SELECT 1')\nView('a', 'SELECT 2')", "models/blog.py:14: two views are called a, this one and one in models/blog.py:13"),
        ("View('a', 'SELECT 1')\nView('A', 'SELECT 2')", "models/blog.py:14: the view A has the name of the view a, in models/blog.py:13"),
        ("FTS5('a', ['b'])\nView('a', 'SELECT 2')", "models/blog.py:14: the view a has the name of the virtual table a, in models/blog.py:13"),
        ("FTS5('a', ['b'], content=Post, sync=True)\nTrigger('a_insert', 'AFTER DELETE', Post, body='SELECT 1')", "models/blog.py:14: two triggers are called a_insert, this one and one in models/blog.py:13"),
        ("View('_CF_v', 'SELECT 2')", "models/blog.py:13: D1 keeps names like _CF_v for itself"),
        ("class P(SQLModel, table=True):\n    __table_args__ = migrate(backfill='1')\n    id: int = Field(primary_key=True)", "models/blog.py:13: P: backfill is for columns"),
        ("class P(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    x: int = Field(sa_column=Column(Integer, Computed('id'), **migrate(backfill='1')))", "models/blog.py:15: P.x: a generated column's values follow from others: it takes no backfill"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(models: Callable[..., Models], source: str, message: str) -> None:
    with pytest.raises(ModelError) as caught:
        models(source)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("View('v', 'SELECT nope FROM posts')", "models/blog.py:13: the view v: it can't be read: no such column: nope"),
        ("View('v', 'SELECT * FROM nope')", "models/blog.py:13: the view v: it can't be read: no such table: main.nope"),
        ("View('v', 'SELECT id, title FROM posts', columns=['a'])", "models/blog.py:13: the view v: it can't be read: expected 1 columns for 'v' but got 2"),
        ("View('a', 'SELECT * FROM b')\nView('b', 'SELECT * FROM a')", "models/blog.py:14: the view b: it can't be read: view b is circularly defined"),
        ("View('v', 'SELECT json_pretty(title) FROM posts')", "models/blog.py:13: the view v: it can't be read: D1 refuses the function json_pretty()"),
        ("View('v', 'SELECT FROM')", 'models/blog.py:13: the view v: D1 would refuse it: near "FROM": syntax error'),
        ("FTS5('f', ['nope'], content=Post)", "models/blog.py:13: the virtual table f: it can't be read: no such column: posts.nope"),
        ("FTS5('f', ['select'], content=Post)", "models/blog.py:13: the virtual table f: it can't be read: no such column: posts.select"),
        ("FTS5('f', ['a'], content='nope')", "models/blog.py:13: the virtual table f: it can't be read: no such table: nope"),
        ("View('v', 'SELECT title FROM posts')\nFTS5('f', ['title'], content='v')", "models/blog.py:14: the virtual table f: it can't be read: no such column: v.rowid"),
        ("FTS5('f', ['a'], tokenize='nope')", "models/blog.py:13: the virtual table f: D1 would refuse it: no such tokenizer: nope"),
        ("VirtualTable('f', 'dbstat', [])", "models/blog.py:13: the virtual table f: D1 would refuse it: D1 refuses virtual tables of the module dbstat"),
        ("Trigger('t', 'AFTER INSERT', 'nope', body='SELECT 1')", "models/blog.py:13: the trigger t: D1 would refuse it: no such table: main.nope"),
        ("Trigger('t', 'AFTER INSERT', Post, body='SELECT new.nope')", "models/blog.py:13: the trigger t: it can't fire: no such column: new.nope"),
        ("Trigger('a', 'AFTER DELETE', Post, body='SELECT 1')\nTrigger('b', 'AFTER DELETE', Post, body='DELETE FROM nope')\nTrigger('c', 'AFTER DELETE', Post, body='SELECT 1')", "models/blog.py:14: the trigger b: it can't fire: no such table: main.nope"),
        ("Trigger('t', 'AFTER UPDATE', Post, body='SELECT 1', when='old.nope')", "models/blog.py:13: the trigger t: it can't fire: no such column: old.nope"),
        ("Trigger('t', 'AFTER UPDATE OF nope', Post, body='SELECT 1')", "models/blog.py:13: the trigger t: it can't fire: no such column: nope"),
        ("Trigger('t', 'AFTER UPDATE OF length', Post, body='SELECT 1')", "models/blog.py:13: the trigger t: it can't fire: cannot UPDATE generated column \"length\""),
        ("v = View('v', 'SELECT id FROM posts')\nTrigger('t', 'INSTEAD OF UPDATE', v, body='SELECT old.title')", "models/blog.py:14: the trigger t: it can't fire: no such column: old.title"),
        ("v = View('v', 'SELECT id FROM posts')\nTrigger('t', 'INSTEAD OF INSERT', v, body='SELECT json_pretty(new.id)')", "models/blog.py:14: the trigger t: it can't fire: D1 refuses the function json_pretty()"),
    ],
)  # fmt: skip
def test_what_does_not_work_is_found_before_it_is_used(
    models: Callable[..., Models], source: str, message: str
) -> None:
    found = models(source)
    with pytest.raises(ModelError) as caught:
        schema(found)
    told, statement = str(caught.value).split("\n", 1)
    assert told == message
    assert statement in {one.sql for one in found.objects}


def test_a_table_that_is_refused_is_named() -> None:
    with pytest.raises(ModelError) as caught:
        schema(Models((), ("CREATE TABLE a (b CHECK (json_pretty(b)))",)))
    assert str(caught.value) == (
        "D1 would refuse this: D1 refuses the function json_pretty()\nCREATE TABLE a (b CHECK (json_pretty(b)))"
    )


def test_what_works_is_made(models: Callable[..., Models]) -> None:
    found = models(
        """
        every = View("every", "SELECT id, title, length FROM posts")
        Trigger("v_insert", "INSTEAD OF INSERT", every, body="INSERT INTO posts (id, title, body) VALUES (new.id, new.title, '')")
        Trigger("v_update", "INSTEAD OF UPDATE OF title, length", every, body="UPDATE posts SET title = new.title WHERE id = old.id")
        Trigger("v_delete", "INSTEAD OF DELETE", every, body="DELETE FROM posts WHERE id = old.id")
        Trigger("again", "AFTER UPDATE", Post, when="new.title <> old.title", body="UPDATE posts SET body = '' WHERE id = new.id")
        FTS5("titles", ["title"], content=every, content_rowid="id")
        FTS5("kept", ["title"])
        FTS5("words", ["title"], content="", options={"contentless_delete": 1})
        """
    )
    made = schema(found)
    assert [*made.triggers] == ["again", "v_delete", "v_insert", "v_update"]
    assert [*made.virtual_tables] == ["kept", "titles", "words"]


def test_whatever_a_table_can_be_can_be_declared(models: Callable[..., Models]) -> None:
    found = models(
        """
        from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, text

        class Shelf(SQLModel, table=True):
            __table_args__ = ({"sqlite_strict": True, "sqlite_with_rowid": False},)[0]
            room: str = Field(primary_key=True)
            number: int = Field(primary_key=True)

        class Book(SQLModel, table=True):
            __table_args__ = (
                ForeignKeyConstraint(["room", "shelf"], ["shelf.room", "shelf.number"], onupdate="CASCADE"),
                UniqueConstraint("room", "title"),
                UniqueConstraint("title", sqlite_on_conflict="IGNORE"),
                CheckConstraint("length(title) > shelf", name="long_enough"),
                CheckConstraint("shelf < 100 OR room <> ''"),
                Index("book_titles", text("title COLLATE NOCASE DESC"), "room", sqlite_where=text("shelf > 1")),
                Index("book_first", text("substr(title, 1, 1)"), unique=True),
                {"sqlite_autoincrement": True},
            )
            id: int | None = Field(default=None, primary_key=True)
            title: str = Field(sa_type=String(collation="NOCASE"))
            room: str = Field(sa_column_kwargs={"server_default": "hall"})
            shelf: int = Field(sa_column_kwargs={"server_default": text("abs(-1)")})
            sequel_to: int | None = Field(
                sa_column_args=[ForeignKey("book.id", ondelete="SET NULL", deferrable=True, initially="DEFERRED")]
            )
            author_id: int = Field(foreign_key="author.id")
            short: str | None = Field(sa_column_args=[Computed("substr(title, 1, 9)")])
            long: str | None = Field(sa_column_args=[Computed("title || room", persisted=True)])

        class Author(SQLModel, table=True):
            id: int = Field(primary_key=True)
            best_id: int | None = Field(sa_column_args=[ForeignKey("book.id", use_alter=True, name="best")])
        """
    )
    made = schema(found)
    shelf, book, author = (made.tables[name] for name in ("shelf", "book", "author"))
    assert (shelf.strict, shelf.without_rowid) == (True, True)
    assert shelf.primary_key is not None
    assert shelf.primary_key.columns == ("room", "number")
    assert book.primary_key is not None
    assert book.primary_key.autoincrement
    columns = {column.name: column for column in book.columns}
    assert (columns["title"].collation, columns["title"].not_null) == ("NOCASE", True)
    assert (columns["room"].default, columns["shelf"].default) == ("'hall'", "(abs(-1))")
    assert (columns["short"].generated, columns["long"].generated) == (
        Generated("substr(title, 1, 9)", stored=False),
        Generated("title || room", stored=True),
    )
    assert {(key.columns, key.table, key.on_delete, key.on_update, key.deferred) for key in book.foreign_keys} == {
        (("room", "shelf"), "shelf", "NO ACTION", "CASCADE", False),
        (("sequel_to",), "book", "SET NULL", "NO ACTION", True),
        (("author_id",), "author", "NO ACTION", "NO ACTION", False),
    }
    assert [(key.columns, key.table, key.name) for key in author.foreign_keys] == [(("best_id",), "book", "best")]
    assert {(check.name, check.expression) for check in book.checks} == {
        ("long_enough", "length(title) > shelf"),
        (None, "shelf < 100 OR room <> ''"),
    }
    assert [(unique.terms, unique.conflict) for unique in book.uniques] == [((Term("title"),), "IGNORE")]
    assert made.indexes_of("book") == [
        Index("book_first", "book", (Term("substr(title, 1, 1)", is_column=False),), unique=True),
        Index("book_room_title_unique", "book", (Term("room"), Term("title")), unique=True),
        Index(
            "book_titles", "book", (Term("title", collation="NOCASE", descending=True), Term("room")), where="shelf > 1"
        ),
    ]


def test_what_a_migration_should_know_is_kept(models: Callable[..., Models]) -> None:
    found = models(
        """
        class Named(SQLModel):
            title: str = Field(sa_column_kwargs={**migrate(renamed_from="name"), "server_default": "?"})

        class Page(Named, table=True):
            __table_args__ = ({**migrate(renamed_from="sheets"), "sqlite_strict": True},)[0]
            id: int = Field(primary_key=True)
            slug: str = Field(sa_column=Column("key", Text, nullable=False, **migrate(renamed_from="slug", backfill="lower(title)")))
        """
    )
    page = found.of("page")
    assert page is not None
    assert page.renamed_from == "sheets"
    assert [(column.name, column.renamed_from, column.backfill) for column in page.columns] == [
        ("title", "name", None),
        ("id", None, None),
        ("key", "slug", "lower(title)"),
    ]
    assert Models.from_json(found.to_json()) == found
    assert "CREATE TABLE page (\n\ttitle TEXT NOT NULL DEFAULT '?'" in found.ddl[0]


def test_a_declaration_of_another_project_does_not_count(models: Callable[..., Models]) -> None:
    View("elsewhere", "SELECT 1")
    assert models("").objects == ()


def test_an_object_is_where_its_file_says() -> None:
    one = ModelObject("view", "v", "CREATE VIEW v AS\nSELECT 1", "models/a.py", 3)
    assert Models.from_json(Models((), (), (one,)).to_json()).objects == (one,)


def test_declaring_loads_no_sqlalchemy() -> None:
    code = (
        "import sys; from progy import FTS5, Trigger, View, migrate; "
        "Trigger('t', 'AFTER INSERT', 'users', body='SELECT 1').parts; migrate(backfill='1'); "
        "FTS5('f', ['a'], content=View('v', 'SELECT 1')).parts; "
        "print(sorted({'sqlalchemy', 'pydantic', 'sqlmodel'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
