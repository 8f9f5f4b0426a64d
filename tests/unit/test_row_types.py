"""The types of rows: which there are, what they are called, and for which statements they are known."""

from __future__ import annotations

import pytest

from progy.emit.row_names import meaning, row_names
from progy.emit.rows import Overload, RowTypes, prepare_overloads
from progy.emit.rows_typescript import declaration
from progy.errors import ModelError
from progy.schema.keys import unique_keys
from progy.schema.models import Model, ModelObject, Models
from progy.schema.views import view_rows
from tests.hostile_rows import HOSTILE, ID, model
from tests.unit.handmade import MODELS, column

KEYED = Models(
    (
        model("Order", "Purchase", (column("group"), column("two words"), column("b"), column("c"))),
        model("plain", "Plain", (column("a"),)),
    ),
    ddl=(
        """CREATE TABLE "Order" (
\t"group" TEXT NOT NULL,
\t"two words" TEXT,
\tb TEXT,
\tc TEXT,
\tPRIMARY KEY ("two words", "group"),
\tUNIQUE (c) ON CONFLICT REPLACE
)""",
        'CREATE UNIQUE INDEX i1 ON "Order" (b, "group")',
        'CREATE UNIQUE INDEX i2 ON "order" (B DESC)',
        'CREATE UNIQUE INDEX i3 ON "Order" (c COLLATE NOCASE)',
        'CREATE UNIQUE INDEX partial ON "Order" (c, b) WHERE b IS NOT NULL',
        'CREATE UNIQUE INDEX expression ON "Order" (lower(c))',
        'CREATE INDEX plain_index ON "Order" (b, c)',
        "CREATE TABLE plain (a TEXT)",
        "CREATE TABLE nobodys (a TEXT PRIMARY KEY)",
    ),
)


def test_the_columns_that_an_update_may_set() -> None:
    rows = RowTypes(MODELS)
    assert (
        rows.types["UserUpdate"]
        == '''\
class UserUpdate(TypedDict, total=False):
    """What an UPDATE of `users` may set; `UserRow` says what its columns mean."""

    id: str
    email: str
    email_verified: int
    created_at: int
    metadata: str | None
    avatar: bytes | memoryview | list[int] | None'''
    )
    assert (
        rows.types["OddUpdate"]
        == '''\
OddUpdate = TypedDict(
    "OddUpdate",
    {
        "id": int,
        "class": str,
        "two words": float | None,
        "dünn": str,
    },
    total=False,
)
"""What an UPDATE of `odd` may set; `OddRow` says what its columns mean."""'''
    )


def test_a_column_that_would_hide_a_type_makes_no_class() -> None:
    hidden = Models((model("t", "T", (column("int", "float"), column("n", "int"))),), ddl=())
    harmless = Models((model("t", "T", (column("bytes", "int"), column("n", "int"))),), ddl=())
    assert RowTypes(hidden).types["TRow"].startswith("TRow = TypedDict(")
    assert RowTypes(harmless).types["TRow"].startswith("class TRow(TypedDict):")


def test_names_are_the_classes_and_where_that_fails_the_tables() -> None:
    assert row_names(HOSTILE.models, reserved=("PrivateRow", "D1Update")) == {
        "1st": "Var1st",
        "": "Var",
        "a-b": "AB",
        "a_b": "AB2",
        "all": "Everything",
        "d1": "D12",
        "env": "Env",
        "order": "class",
        "private": "Private2",
        "qu\"o'te\n": "Quote",
        "users": "User",
        "日": "日",
        "日本": "User2",
        "本": "Var2",
    }


def test_keys_are_the_primary_one_and_the_unique_ones() -> None:
    assert unique_keys(KEYED) == {
        "Order": [("two words", "group"), ("B",), ("b", "group"), ("c",)],
        "plain": [],
    }


def test_the_statements_whose_rows_are_known() -> None:
    order, plain = prepare_overloads(RowTypes(KEYED))
    assert (
        order.text
        == """\
    @overload
    def prepare(
        self,
        query: Literal[
            'SELECT * FROM "Order"',
            'SELECT * FROM "Order" WHERE "two words" = ? AND "group" = ?',
            'SELECT * FROM "Order" WHERE B = ?',
            'SELECT * FROM "Order" WHERE b = ? AND "group" = ?',
            'SELECT * FROM "Order" WHERE c = ?',
        ],
        /,
    ) -> D1PreparedStatement[PurchaseRow]: ..."""
    )
    assert (
        plain.text
        == """\
    @overload
    def prepare(
        self,
        query: Literal["SELECT * FROM plain"],
        /,
    ) -> D1PreparedStatement[PlainRow]: ..."""
    )


def test_so_many_tables_that_checkers_would_suffer_get_no_overloads() -> None:
    def tables(number: int) -> Models:
        return Models(tuple(model(f"t{n}", f"T{n}", ID) for n in range(number)), ddl=())

    assert len(prepare_overloads(RowTypes(tables(200)))) == 200
    assert prepare_overloads(RowTypes(tables(201))) == []


@pytest.mark.parametrize(
    ("description", "storage", "text"),
    [
        ("When it was made", "Unix seconds", "When it was made. Unix seconds."),
        ("What it costs.", "decimal text", "What it costs. Decimal text."),
        (None, "the member's name", "The member's name."),
        ('Says "hello."', "0 or 1", 'Says "hello." 0 or 1.'),
        ('Says "hello"', None, 'Says "hello".'),
        ("Why?", None, "Why?"),
        (" ", None, ""),
    ],
)
def test_what_a_column_means_is_in_sentences(description: str | None, storage: str | None, text: str) -> None:
    assert meaning(column("a", description=description, storage=storage)) == text


def test_a_column_that_no_class_can_name_costs_the_others_no_docstring() -> None:
    columns = (
        column("id", "int", description="The number."),
        column("two words", description="What it says."),
        column("float", "int"),
        column("price", "float", nullable=True),
    )
    rows = RowTypes(Models((Model("things", "Thing", "m", "m.py", 1, columns),), ddl=()))
    assert (
        rows.types["ThingRow"]
        == '''\
_ThingRowOthers = TypedDict(
    "_ThingRowOthers",
    {
        # What it says.
        "two words": str,
        "float": int,
    },
)
"""The columns of `ThingRow` that no class can name."""


class ThingRow(_ThingRowOthers):
    """A row of `things`, as a query gives it."""

    id: int
    """The number."""
    price: float | None'''
    )
    assert rows.types["ThingInsert"].startswith("ThingInsert = TypedDict(")
    assert "ThingRow" in rows.names
    assert "_ThingRowOthers" not in rows.names


def test_python_reads_what_is_made_of_hostile_names() -> None:
    rows = RowTypes(HOSTILE)
    text = "\n\n".join(
        (
            "from __future__ import annotations\nfrom typing import *",
            *rows.aliases.values(),
            *rows.types.values(),
            *(one.text.replace("    @overload\n    def", "class C:\n    def") for one in prepare_overloads(rows)),
        )
    )
    names: dict[str, type] = {}
    exec(compile(text, "rows", "exec"), names)  # noqa: S102 - it is Python that was made here
    assert set(rows.names) <= set(names)
    everything = HOSTILE.of("all")
    assert isinstance(everything, Model)
    named = [one for one in everything.columns if one.name]
    # Those that no class can name come first.
    assert sorted(names["EverythingRow"].__annotations__) == sorted(one.name for one in named)
    assert list(names["EverythingInsert"].__annotations__) == [one.name for one in named if not one.generated]


TYPESCRIPT = """\
// Generated by progy from models/. Do not edit: `progy gen bindings` writes it.
/* eslint-disable */

export type PackageStatus =
	| "draft"
	| "published"
	| "archived"
	| "deleted"
	| "in_review"
	| "rejected"
	| "banned"
	| "in_development";

export type Level = 1 | 2;

/** A row of `odd`, as a query gives it. */
export interface OddRow {
	id: number;
	/** A keyword, "quoted". */
	class: string;
	"two words": number | null;
	"dünn": string;
}

/** A row of `odd` for an INSERT; {@link OddRow} says what its columns mean. */
export interface OddInsert {
	id?: number;
	class: string;
	"two words"?: number | null;
	"dünn": string;
}

/** What an UPDATE of `odd` may set. */
export type OddUpdate = Partial<OddInsert>;

/** A row of `registries_packages`, as a query gives it. */
export interface RegistryPackageRow {
	id: string;
	/** Its life. */
	status: PackageStatus;
	level: Level | null;
}

/** A row of `registries_packages` for an INSERT; {@link RegistryPackageRow} says what its columns mean. */
export interface RegistryPackageInsert {
	id: string;
	status?: PackageStatus;
	level?: Level | null;
}

/** What an UPDATE of `registries_packages` may set. */
export type RegistryPackageUpdate = Partial<RegistryPackageInsert>;

/**
 * A row of `users`, as a query gives it.
 *
 * Someone with an account.
 *
 * Made at the first sign-in.
 */
export interface UserRow {
	/** The account's id, given by Better-Auth. */
	id: string;
	email: string;
	/** 0 or 1. */
	email_verified: number;
	/** When it was made. Unix seconds. */
	created_at: number;
	/** JSON text. */
	metadata: string | null;
	avatar: number[] | null;
	name_length: number;
}

/** A row of `users` for an INSERT; {@link UserRow} says what its columns mean. */
export interface UserInsert {
	id: string;
	email: string;
	email_verified?: number | boolean;
	created_at: number;
	metadata?: string | null;
	avatar?: ArrayBuffer | ArrayBufferView | number[] | null;
}

/** What an UPDATE of `users` may set. */
export type UserUpdate = Partial<UserInsert>;
"""


def test_the_same_in_typescript() -> None:
    assert declaration(MODELS) == TYPESCRIPT


@pytest.mark.parametrize("models", [Models((), ddl=()), HOSTILE, KEYED])
def test_a_declaration_file_says_that_it_is_generated(models: Models) -> None:
    text = declaration(models)
    assert text.startswith("// Generated by progy from ")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "export " in text


NOTES = model(
    "notes",
    "Note",
    (
        column("id", "int", optional=True, description="Its number."),
        column("kind", annotation="Kind", values=("a", "b")),
        column("blob", "bytes", nullable=True, optional=True),
        column("done", "int", storage="0 or 1"),
    ),
)
TABLE = "CREATE TABLE notes (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, blob BLOB, done INTEGER NOT NULL)"


def with_views(**views: str) -> Models:
    objects = tuple(
        ModelObject("view", name, f"CREATE VIEW {name} AS {select}", "m.py", 1, description=f"For {name}.")
        for name, select in views.items()
    )
    fires = ModelObject("trigger", "t", "CREATE TRIGGER t AFTER INSERT ON nothing BEGIN SELECT 1; END", "m.py", 1)
    return Models((NOTES,), (TABLE, *(one.sql for one in (*objects, fires))), (*objects, fires))


@pytest.mark.parametrize(
    ("select", "columns"),
    [
        ("SELECT * FROM notes", "id: int, kind: a/b, blob: bytes | None, done: int"),
        ("SELECT n.kind AS sort, id FROM notes AS n WHERE done IN (0)", "sort: a/b, id: int"),
        ("SELECT a.id, b.id AS other FROM notes a JOIN notes b USING (kind)", "id: int, other: int"),
        ("SELECT a.id, b.id AS other FROM notes a LEFT JOIN notes b USING (kind)", "id: int | None, other: int | None"),
        ("SELECT kind, count(*) AS n FROM notes", "kind: a/b | None, n: Any"),
        ("SELECT kind, count(*) AS n FROM notes GROUP BY kind", "kind: a/b, n: Any"),
        ('SELECT kind, "Max"(id) AS last FROM notes', "kind: a/b | None, last: Any"),
        ("SELECT kind FROM notes WHERE lower(kind) = 'a'", "kind: a/b"),
        ("SELECT done, id + 1 AS next FROM notes", "done: int, next: Any"),
        ("SELECT id FROM notes UNION SELECT kind FROM notes", "id: Any"),
        ("SELECT (SELECT id FROM notes) AS first, kind FROM notes", "first: int | None, kind: a/b | None"),
        ("WITH x AS (SELECT kind FROM notes) SELECT kind FROM x", "kind: a/b | None"),
        ("SELECT blob FROM (SELECT blob FROM notes)", "blob: bytes | None"),
        ('SELECT "no such column" AS text, name FROM sqlite_schema', "text: Any, name: Any"),
        ("VALUES (1)", "column1: Any"),
    ],
)
def test_what_a_view_gives(select: str, columns: str) -> None:
    (view,) = view_rows(with_views(v=select))
    found = (
        f"{one.name}: {'/'.join(map(str, one.values)) or one.row_type}{' | None' * one.nullable}"
        for one in view.columns
    )
    assert ", ".join(found) == columns


def test_a_view_of_views_knows_no_more_than_they() -> None:
    models = with_views(
        plain="SELECT id, kind FROM notes",
        both="SELECT id FROM notes UNION SELECT 1",
        over="SELECT id FROM plain",
        all_="SELECT id FROM both",
    )
    found = {view.table: [(one.row_type, one.nullable) for one in view.columns] for view in view_rows(models)}
    assert found == {
        "plain": [("int", False), ("str", False)],
        "both": [("Any", False)],
        "over": [("int", True)],
        "all_": [("Any", False)],
    }


def test_of_a_virtual_table_the_columns_names_are_known() -> None:
    search = ModelObject(
        "virtual table", "note_search", "CREATE VIRTUAL TABLE note_search USING fts5 (kind, body)", "m.py", 1
    )
    found = ModelObject(
        "view",
        "found",
        "CREATE VIEW found AS SELECT n.done, s.body FROM note_search s JOIN notes n ON n.id = s.rowid",
        "m.py",
        2,
    )
    models = Models((NOTES,), (TABLE, search.sql, found.sql), (search, found))
    rows = RowTypes(models)
    assert (
        rows.types["NoteSearchRow"]
        == '''\
class NoteSearchRow(TypedDict):
    """A row of the virtual table `note_search`, as a query gives it."""

    kind: Any
    body: Any'''
    )
    assert "    done: int\n" in rows.types["FoundRow"]
    assert "NoteSearchInsert" not in rows.types
    assert Overload("NoteSearchRow", ("SELECT * FROM note_search",)) in prepare_overloads(rows)
    assert """\
/** A row of the virtual table `note_search`, as a query gives it. */
export interface NoteSearchRow {
	kind: unknown;
	body: unknown;
}
""" in declaration(models)


def test_a_views_rows_are_only_selected() -> None:
    models = with_views(open_notes="SELECT id, kind FROM notes WHERE done = 0", note="SELECT 1 AS one")
    rows = RowTypes(models)
    assert rows.names == ["Kind", "Note2Row", "NoteInsert", "NoteRow", "NoteUpdate", "OpenNotesRow"]
    assert (
        rows.types["OpenNotesRow"]
        == '''\
class OpenNotesRow(TypedDict):
    """A row of the view `open_notes`, as a query gives it.

    For open_notes.
    """

    id: int
    """Its number."""
    kind: Kind'''
    )
    assert {one.row: one.statements for one in prepare_overloads(rows)} == {
        "NoteRow": ("SELECT * FROM notes", "SELECT * FROM notes WHERE id = ?"),
        "OpenNotesRow": ("SELECT * FROM open_notes",),
        "Note2Row": ("SELECT * FROM note",),
    }
    assert """\
/**
 * A row of the view `open_notes`, as a query gives it.
 *
 * For open_notes.
 */
export interface OpenNotesRow {
	/** Its number. */
	id: number;
	kind: Kind;
}
""" in declaration(models)


def test_a_view_that_cannot_be_made_is_an_error_of_the_models() -> None:
    with pytest.raises(ModelError, match=r"a view's columns can't be told: no such table: main\.nowhere"):
        view_rows(with_views(v="SELECT * FROM nowhere"))
