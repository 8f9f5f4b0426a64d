"""The types of a table's rows: as a query gives them, and as an INSERT takes them."""

from __future__ import annotations

import keyword
import textwrap
from collections import Counter
from typing import TYPE_CHECKING

from progy.emit.json_vars import pascal
from progy.emit.python_text import WIDTH, docstring, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.schema.models import Model, ModelColumn, Models

_RESERVED = frozenset({"Any", "Env", "Literal", "NotRequired", "TypeAlias", "TypedDict"})


class RowTypes:
    """The row types of all tables.

    Args:
        models: The models.
        reserved: Names that the package has already.
    """

    def __init__(self, models: Models, reserved: Sequence[str] = ()) -> None:
        """Name every table's types: after its class, or after the table when two classes share a name."""
        shared = Counter(model.name for model in models.models)
        self._names = {
            model.table: model.name if shared[model.name] == 1 else pascal(model.table) for model in models.models
        }
        own = {f"{name}{suffix}" for name in self._names.values() for suffix in ("Row", "Insert")}
        self._taken = own | _RESERVED | set(reserved)
        self.aliases: dict[str, str] = {}
        """The definitions of the enumerations, by name."""
        self.types: dict[str, str] = {}
        """The definitions of the rows, by name."""
        for model in models.models:
            self._add(model)

    @property
    def names(self) -> list[str]:
        """Everything that can be imported."""
        return sorted((*self.aliases, *self.types))

    def _add(self, model: Model) -> None:
        name = self._names[model.table]
        selected = [
            (column, f"{self._type(name, column, selected=True)}{' | None' if column.nullable else ''}")
            for column in model.columns
        ]
        inserted = [(column, self._inserted(name, column)) for column in model.columns if not column.generated]
        about = f"\n\n{model.description.strip()}" if model.description else ""
        row = f"A row of `{model.table}`, as a query gives it.{about}"
        self.types[f"{name}Row"] = _typed_dict(f"{name}Row", row, selected, documented=True)
        insert = f"A row of `{model.table}` for an INSERT; `{name}Row` says what its columns mean."
        self.types[f"{name}Insert"] = _typed_dict(f"{name}Insert", insert, inserted, documented=False)

    def _inserted(self, name: str, column: ModelColumn) -> str:
        type_ = f"{self._type(name, column, selected=False)}{' | None' if column.nullable else ''}"
        return f"NotRequired[{type_}]" if column.optional else type_

    def _type(self, name: str, column: ModelColumn, *, selected: bool) -> str:
        if column.values:
            return self._alias(name, column)
        # D1 takes bytes, and gives a BLOB back as an array of numbers.
        return "list[int]" if selected and column.row_type == "bytes" else column.row_type

    def _alias(self, name: str, column: ModelColumn) -> str:
        """The name of the enumeration: its class's, unless that means something else already."""
        values = [quoted(value) if isinstance(value, str) else str(value) for value in column.values]
        for candidate in (column.annotation, f"{name}{pascal(column.name)}"):
            definition = _literal(candidate, values)
            known = self.aliases.setdefault(candidate, definition) if self._free(candidate) else None
            if known == definition:
                return candidate
        return f"Literal[{', '.join(values)}]"

    def _free(self, name: str) -> bool:
        return name.isidentifier() and not keyword.iskeyword(name) and name not in self._taken


def _literal(name: str, values: Sequence[str]) -> str:
    line = f"{name}: TypeAlias = Literal[{', '.join(values)}]"
    if len(line) <= WIDTH:
        return line
    return "\n".join((f"{name}: TypeAlias = Literal[", *(f"    {value}," for value in values), "]"))


def _typed_dict(name: str, about: str, fields: Sequence[tuple[ModelColumn, str]], *, documented: bool) -> str:
    if not all(_is_field(column.name) for column, _ in fields):
        return _functional(name, about, fields, documented=documented)
    lines = [f"class {name}(TypedDict):", docstring(about)]
    for index, (column, type_) in enumerate(fields):
        lines += [""] if index == 0 else []
        lines.append(f"    {column.name}: {type_}")
        if documented and (text := _meaning(column)):
            lines.append(docstring(text))
    return "\n".join(lines)


def _functional(name: str, about: str, fields: Sequence[tuple[ModelColumn, str]], *, documented: bool) -> str:
    """The form that takes any name; it has no place for docstrings but after it."""
    lines = [f"{name} = TypedDict(", f'    "{name}",', "    {"]
    for column, type_ in fields:
        if documented and (text := _meaning(column)):
            lines += textwrap.wrap(text, WIDTH, initial_indent="        # ", subsequent_indent="        # ")
        lines.append(f"        {quoted(column.name)}: {type_},")
    return "\n".join((*lines, "    },", ")", docstring(about, indent="")))


def _is_field(name: str) -> bool:
    """Whether a class may have it as an annotated name that stays what it is."""
    return name.isidentifier() and name.isascii() and not keyword.iskeyword(name) and not name.startswith("__")


def _meaning(column: ModelColumn) -> str:
    parts = [part.strip().rstrip(".") for part in (column.description, column.storage) if part]
    return ". ".join(parts) + "." if parts else ""
