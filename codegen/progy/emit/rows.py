"""The types of tables' rows in Python: as a query gives them, and as an INSERT and an UPDATE take them."""

from __future__ import annotations

import keyword
import re
import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from progy.emit.python_modules import reserved as names_of_templates
from progy.emit.python_text import WIDTH, docstring, quoted
from progy.emit.row_names import SUFFIXES, Enumerations, meaning, row_names, settable
from progy.schema.keys import unique_keys
from progy.schema.views import kinds, view_rows
from progy.sql.names import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from progy.schema.models import Model, ModelColumn, Models

# D1 gives a BLOB as a list of numbers, and takes one; what KV and R2 give is a memoryview.
_SELECTED = {"bytes": "list[int]"}
_INSERTED = {"bytes": "bytes | memoryview | list[int]"}
_MOST_OVERLOADED = 200
"""Tables and views. mypy compares each with every other: 200 cost it 1.4 seconds, 500 nine, 1,000 half a minute."""
_NAME = re.compile(r"[^\W\d]\w*")


class RowTypes:
    """The row types of all tables.

    Args:
        models: The models.
        reserved: Names that the package has already.
    """

    def __init__(self, models: Models, reserved: Sequence[str] = ()) -> None:
        """Name and define the types of every table, and of every view's and virtual table's rows."""
        self.models = models
        self.views = view_rows(models)
        """The views and virtual tables, with their columns."""
        taken = names_of_templates() | set(reserved)
        self.stems = row_names((*models.models, *self.views), taken)
        """What the names of each table's or view's types begin with, by its name."""
        self.types: dict[str, str] = {}
        """The definitions of the rows, by name."""
        self._enumerations = Enumerations(
            taken | {f"{stem}{suffix}" for stem in self.stems.values() for suffix in SUFFIXES}
        )
        for model in models.models:
            self._add(self.stems[model.table], model)
        kind = kinds(models)
        for view in self.views:
            self._add_row(self.stems[view.table], view, f"A row of the {kind[view.table]} `{view.table}`")

    @property
    def aliases(self) -> dict[str, str]:
        """The definitions of the enumerations, by name."""
        return {name: _alias(name, values) for name, values in self._enumerations.values.items()}

    @property
    def names(self) -> list[str]:
        """Everything that can be imported."""
        return sorted((*self.aliases, *self.types))

    def _add(self, stem: str, model: Model) -> None:
        self._add_row(stem, model, f"A row of `{model.table}`")
        row, insert, update = (f"{stem}{suffix}" for suffix in SUFFIXES)
        says = f"`{row}` says what its columns mean"
        given = [(column, self._type(stem, column, _INSERTED)) for column in settable(model) if column.name]
        inserted = [(column, f"NotRequired[{type_}]" if column.optional else type_) for column, type_ in given]
        self.types[insert] = _TypedDict(insert, f"A row of `{model.table}` for an INSERT; {says}.", inserted).text()
        about = f"What an UPDATE of `{model.table}` may set; {says}."
        self.types[update] = _TypedDict(update, about, given, total=False).text()

    def _add_row(self, stem: str, model: Model, about: str) -> None:
        own = model.description.strip() if model.description else ""
        # SQLite lets a column have an empty name, and pyright no TypedDict's key.
        selected = [(column, self._type(stem, column, _SELECTED)) for column in model.columns if column.name]
        row = _TypedDict(f"{stem}Row", f"{about}, as a query gives it.\n\n{own}".strip(), selected)
        self.types[row.name] = row.text(documented=True)

    def _type(self, stem: str, column: ModelColumn, words: Mapping[str, str]) -> str:
        type_ = words.get(column.row_type, column.row_type)
        if column.values:
            type_ = self._enumerations.name(stem, column) or f"Literal[{', '.join(_literals(column.values))}]"
        return f"{type_} | None" if column.nullable else type_


@dataclass(frozen=True, slots=True)
class Overload:
    """What `prepare` gives for statements that select whole rows of one table."""

    row: str
    """The rows' type."""
    statements: tuple[str, ...]

    @property
    def text(self) -> str:
        """The method's lines, indented by four."""
        one = f"        query: Literal[{quoted(self.statements[0])}],"
        broken = [f"            {quoted(statement)}," for statement in self.statements]
        if len(self.statements) == 1:
            broken = [broken[0].removesuffix(",")]
        fits = len(self.statements) == 1 and len(one) <= WIDTH
        query = [one] if fits else ["        query: Literal[", *broken, "        ],"]
        lines = ["@overload", "def prepare(", "    self,"]
        signature = "\n".join((*(f"    {line}" for line in lines), *query, "        /,"))
        return f"{signature}\n    ) -> D1PreparedStatement[{self.row}]: ..."


def prepare_overloads(rows: RowTypes) -> list[Overload]:
    """The statements of which it is known what they give: all of a table or view, and what has a key.

    A composite key's columns stand in the key's order; names are quoted as progy quotes them. One overload for each
    table, since checkers compare every overload with every other; with more than 200 tables and views, none.
    """
    tables = (*rows.models.models, *rows.views)
    if len(tables) > _MOST_OVERLOADED:
        return []
    keys = unique_keys(rows.models)
    return [
        Overload(f"{rows.stems[one.table]}Row", tuple(_statements(one.table, keys.get(one.table, ()))))
        for one in tables
    ]


@dataclass(frozen=True, slots=True)
class Example:
    """A table to show how rows are typed."""

    table: str
    row: str
    """Its rows' type."""


def example(rows: RowTypes) -> Example | None:
    """The first table with a name that is written as it is."""
    names = (model.table for model in rows.models.models)
    return next(
        (Example(name, f"{rows.stems[name]}Row") for name in names if _is_field(name) and quote(name) == name), None
    )


def _statements(table: str, keys: Sequence[Sequence[str]]) -> list[str]:
    select = f"SELECT * FROM {quote(table)}"  # noqa: S608 - quoted
    return [select, *(f"{select} WHERE {' AND '.join(f'{quote(column)} = ?' for column in key)}" for key in keys)]


@dataclass(frozen=True, slots=True)
class _TypedDict:
    name: str
    about: str
    fields: Sequence[tuple[ModelColumn, str]]
    total: bool = True

    def text(self, *, documented: bool = False) -> str:
        """The definition: a class where its fields' names allow it; `documented` with what each column means."""
        # A type checker looks names up in the class first: a column `int` would hide the type.
        used = {name for _, type_ in self.fields for name in _NAME.findall(type_)}
        named = [field for field in self.fields if _is_field(field[0].name) and field[0].name not in used]
        if len(named) == len(self.fields):
            return "\n".join(
                self._class("TypedDict" if self.total else "TypedDict, total=False", documented=documented)
            )
        if not documented or not any(meaning(column) for column, _ in named):
            return "\n".join(self._call(documented=documented))
        others = _TypedDict(
            f"_{self.name}Others",
            f"The columns of `{self.name}` that no class can name.",
            [field for field in self.fields if field not in named],
        )
        rest = replace(self, fields=named)
        lines = [*others._call(documented=True), "", "", *rest._class(others.name, documented=True)]  # noqa: SLF001 - of its own class
        return "\n".join(lines)

    def _class(self, bases: str, *, documented: bool) -> list[str]:
        lines = [f"class {self.name}({bases}):", docstring(self.about), ""]
        for column, type_ in self.fields:
            lines.append(f"    {column.name}: {type_}")
            if documented and (text := meaning(column)):
                lines.append(docstring(text))
        return lines

    def _call(self, *, documented: bool) -> list[str]:
        """The form that takes any name; it has no place for docstrings but after it."""
        lines = [f"{self.name} = TypedDict(", f'    "{self.name}",', "    {"]
        for column, type_ in self.fields:
            if documented and (text := meaning(column)):
                lines += _comment(text, "        # ")
            lines.append(f"        {quoted(column.name)}: {type_},")
        return [*lines, "    },", *([] if self.total else ["    total=False,"]), ")", docstring(self.about, indent="")]


def _comment(text: str, indent: str) -> list[str]:
    seen = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in " ".join(text.split()))
    return textwrap.wrap(seen, WIDTH, initial_indent=indent, subsequent_indent=indent)


def _literals(values: Sequence[str | int]) -> list[str]:
    return [quoted(value) if isinstance(value, str) else str(value) for value in values]


def _alias(name: str, values: Sequence[str | int]) -> str:
    literals = _literals(values)
    line = f"{name}: TypeAlias = Literal[{', '.join(literals)}]"
    if len(line) <= WIDTH:
        return line
    return "\n".join((f"{name}: TypeAlias = Literal[", *(f"    {literal}," for literal in literals), "]"))


def _is_field(name: str) -> bool:
    """Whether a class may have it as an annotated name that stays what it is."""
    return name.isidentifier() and name.isascii() and not keyword.iskeyword(name) and not name.startswith("__")
