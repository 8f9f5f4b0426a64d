"""Tables whose names, columns and descriptions are as bad as SQLite lets them be."""

from __future__ import annotations

from progy.schema.models import Model, ModelColumn, Models
from progy.sql.names import always_quote
from tests.unit.handmade import column

NAMES = [
    "", " ", "class", "two words", 'quote"s', "it's", "new\nline", "tab\t", "back\\slash", "int", "str", "list", "float", "bytes", "memoryview",
    "Literal", "NotRequired", "TypedDict", "Any", "Kind", "dünn", "日本", "ﬁ", "*/", "`", "${x}", "constructor", "__proto__", "__private", "_one",
    "1st", "keys", "items", "get", "a-b", "None", "True", "self", "new", "readonly", "string", "number", "\u2028", "\x7f", '"""', "#", "UserRow", "match", "type",
]  # fmt: skip
"""Columns."""
DESCRIPTIONS = [
    'ends with "',
    '"""',
    "*/ } alert(",
    "back\\slash",
    "\\",
    "a\n\n b\n\tc",
    "{@link",
    "\x00\x1b\u2028",
    "  ",
    "x" * 300,
]


def model(table: str, name: str, columns: tuple[ModelColumn, ...], description: str | None = None) -> Model:
    return Model(
        table=table, name=name, module="m", file="models/m.py", line=1, columns=columns, description=description
    )


def _columns() -> tuple[ModelColumn, ...]:
    forms: list[dict[str, object]] = [
        {},
        {"row_type": "int", "nullable": True, "optional": True, "storage": "0 or 1"},
        {"row_type": "bytes", "optional": True},
        {"row_type": "int | float", "nullable": True, "optional": True},
        {"row_type": "Any", "generated": True},
        {"annotation": "Kind", "values": ("a", 'b"\\\n', "*/")},
        {"annotation": "Literal['x']", "values": ("x",), "nullable": True, "optional": True},
        {"row_type": "int", "annotation": "string", "values": (-1, 2)},
    ]
    found = []
    for number, name in enumerate(NAMES):
        given = {"description": DESCRIPTIONS[number % len(DESCRIPTIONS)], **forms[number % len(forms)]}
        found.append(column(name, **given))  # type: ignore[arg-type]
    return tuple(found)


ID = (column("id", "int", optional=True),)
TABLES = (
    model("1st", "1st", ID),
    model("", "", ID),
    model("a-b", "AB", ID),
    model("a_b", "AB", ID, description="The same class's name."),
    model("all", "Everything", _columns(), description=DESCRIPTIONS[2]),
    model("d1", "D1", ID),
    model("env", "Env", ID),
    model("order", "class", ID, description='"""'),
    model("private", "_Private", ID),
    model("qu\"o'te\n", "Quote", ID),
    model("users", "User", (*ID, column("kind", annotation="Kind", values=("other",)))),
    model("日", "日", ID),
    model("日本", "User2", ID),
    model("本", "ﬁ", ID),
)
HOSTILE = Models(
    TABLES,
    ddl=tuple(
        f"CREATE TABLE {always_quote(each.table)} ({', '.join(always_quote(one.name) for one in each.columns)}, PRIMARY KEY ({always_quote(each.columns[0].name)}))"
        for each in TABLES
    ),
)
