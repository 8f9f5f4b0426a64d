"""Models in, plain values out: what a project's SQLModel classes declare, and their schema's DDL.

This module loads SQLModel (a quarter of a second): import it where models are needed, and not before.
"""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import MetaData, Table
from sqlalchemy.orm import Mapper, registry
from sqlmodel import SQLModel

from progy import declare
from progy.errors import ModelError
from progy.schema import declarations, describe, faults, imports, shapes
from progy.schema.comments import Comments
from progy.schema.ddl import statements
from progy.schema.dialect import DeclarationError, is_rowid, storage_type
from progy.schema.models import Model, ModelColumn, Models
from progy.schema.source import Sources
from progy.schema.taken import Names
from progy.types import Json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import ModuleType

    from sqlalchemy import Column


def load(root: Path, dotted: str = "models") -> Models:
    """Import a project's models and describe them.

    The package and every module in it are imported, afresh each time; this interpreter is left as it was.
    Counted are the tables of SQLModel's metadata and of every other MetaData that the modules name, and the views,
    triggers and virtual tables that are made meanwhile.
    Warnings are shown at the end, if there is no error: libraries warn of what the error then says better.

    Args:
        root: The project's root. From it, or from `src` in it, `dotted` is imported.
        dotted: The package, or the module, with the models.

    Raises:
        ModelError: The models can't be imported, declare no table, or declare what D1 can't hold.
    """
    if not all(part.isidentifier() for part in dotted.split(".")):
        raise faults.no_module(dotted)
    with warnings.catch_warnings(record=True) as warned:
        models = _load(Sources(root.resolve()), dotted)
    for each in warned:
        warnings.showwarning(each.message, each.category, each.filename, each.lineno)
    return models


def _load(sources: Sources, dotted: str) -> Models:
    folders = imports.search_path(sources.root, dotted)
    with imports.isolated(folders, dotted) as classes, declare.collected() as made:
        with faults.explained(dotted, sources, classes):
            modules = imports.import_all(folders, dotted, sources)
        registries, metadatas = _registries(modules, classes), _metadatas(modules)
        comments = Comments(sources)
        declared = _Declared(modules, registries, sources, comments)
        tables = [table for metadata in metadatas for table in metadata.tables.values()]
        if not tables:
            raise faults.no_table(dotted, modules, sources)
        try:
            # Before the relationships: of a reference that leads nowhere, theirs is the poorer error.
            names = Names()
            ddl = statements(metadatas, names)
            with faults.explained(dotted, sources, classes):
                for each in registries:
                    each.configure(cascade=True)
            models = tuple(declared.model(table) for table in sorted(tables, key=lambda table: table.name))
        except DeclarationError as error:
            table = next(table for table in tables if table.name == error.table)
            raise declared.located(error, table) from error
        objects = declarations.objects(made, sources, comments, names)
    return Models(models=models, ddl=(*ddl, *(one.sql for one in objects)), objects=objects)


@dataclass(frozen=True, slots=True)
class _Home:
    """Where a table is declared: by a class, or by a variable of a module."""

    name: str
    module: ModuleType
    line: int
    mapper: Mapper[Any] | None = None


class _Declared:
    """The tables' classes, and the modules that hold them."""

    def __init__(
        self, modules: list[ModuleType], registries: list[registry], sources: Sources, comments: Comments
    ) -> None:
        self._modules = modules
        self._sources = sources
        self._comments = comments
        self._mappers: dict[Table, list[Mapper[Any]]] = {}
        for mapper in sorted(
            (mapper for each in registries for mapper in each.mappers),
            key=lambda mapper: mapper.class_.__qualname__,
        ):
            if isinstance(mapper.local_table, Table):
                self._mappers.setdefault(mapper.local_table, []).append(mapper)

    def model(self, table: Table) -> Model:
        """The description of a table.

        Raises:
            DeclarationError: A column's name can't be used, or `migrate` has said what makes no sense.
        """
        home, said = self._home(table), _migrated(table)
        if "backfill" in said:
            raise DeclarationError("backfill is for columns", table=table.name)
        return Model(
            table=table.name,
            name=home.name,
            module=home.module.__name__,
            file=self._sources.of_module(home.module),
            line=home.line,
            columns=tuple(self._column(column, home) for column in table.columns if not column.system),
            description=_docstring(home.mapper) or table.comment or self._comment(home),
            renamed_from=said.get("renamed_from"),
            viewpoints=_viewpoints(table),
        )

    def _comment(self, home: _Home) -> str | None:
        """What a comment says of a table: above its class, or at its variable."""
        file = str(home.module.__file__)
        if home.mapper is None:
            return self._comments.at(file, home.line)
        return self._comments.of(file, home.mapper.class_.__qualname__)

    def _field_comment(self, mapper: Mapper[Any] | None, attribute: str) -> str | None:
        """What a comment says of an attribute, in the class or one it inherits from."""
        for one in mapper.class_.__mro__ if mapper else ():
            file = str(getattr(sys.modules.get(one.__module__), "__file__", None))
            said = self._comments.of(file, f"{one.__qualname__}.{attribute}")
            if said or attribute in vars(one).get("__annotations__", {}):
                return said
        return None

    def located(self, error: DeclarationError, table: Table) -> ModelError:
        """The error with class, attribute and line instead of the table's and the column's names."""
        home = self._home(table)
        name, line = home.name, home.line
        if error.column is not None:
            attribute = self._attribute(table.columns[error.column])[1]
            name = f"{name}.{attribute}"
            line = self._line(home, attribute) or line
        return ModelError(
            f"{name}: {error.reason}", where=f"{self._sources.of_module(home.module)}:{line}", hint=error.hint
        )

    def _home(self, table: Table) -> _Home:
        mappers = self._mappers.get(table)
        if mappers:
            # Several classes may share a table (single-table inheritance): the first one is the table's.
            mapper = next((each for each in mappers if each.inherits not in mappers), mappers[0])
            model: type = mapper.class_
            module = sys.modules.get(model.__module__, self._modules[0])
            line = self._sources.class_line(str(module.__file__), model.__qualname__)
            return _Home(model.__name__, module, line, mapper)
        name = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^0-9A-Za-z]+", table.name))
        for module in self._modules:
            for variable, value in vars(module).items():
                line_or_none = self._sources.variable_line(str(module.__file__), variable) if value is table else None
                if line_or_none is not None:
                    return _Home(name, module, line_or_none)
        return _Home(name, self._modules[0], 1)

    def _attribute(self, column: Column[Any]) -> tuple[Mapper[Any] | None, str]:
        """The class that maps a column, and the attribute's name; the column's own key if none does."""
        for mapper in self._mappers.get(column.table, ()):
            if any(column is one for one in mapper.columns.values()):  # == would make an expression of each
                return mapper, mapper.get_property_by_column(column).key
        return None, column.key

    def _line(self, home: _Home, attribute: str) -> int | None:
        """The line of an attribute in the table's class, if it has one."""
        if home.mapper is None:
            return None
        return self._sources.attribute_line(str(home.module.__file__), home.mapper.class_.__qualname__, attribute)

    def _column(self, column: Column[Any], home: _Home) -> ModelColumn:
        mapper, attribute = self._attribute(column)
        declared = storage_type(column)
        annotation, description = _field(mapper, attribute)
        said = _migrated(column)
        if attribute == "metadata" and mapper is not None:
            raise DeclarationError(
                faults.RESERVED,
                table=column.table.name,
                column=column.name,
                hint=faults.RESERVED_HINT,
            )
        if column.computed is not None and "backfill" in said:
            raise DeclarationError(
                "a generated column's values follow from others: it takes no backfill",
                table=column.table.name,
                column=column.name,
            )
        return ModelColumn(
            name=column.name,
            attribute=attribute,
            annotation=describe.spelled(_python_type(column) if annotation is None else annotation),
            row_type=describe.row_type(declared),
            nullable=bool(column.nullable) and not is_rowid(column),
            optional=bool(column.nullable) or column.server_default is not None or is_rowid(column),
            generated=column.computed is not None,
            values=describe.stored_values(column.type) or describe.literal_values(annotation),
            storage=(storage := describe.storage(column.type)),
            shape=_shape(column, annotation) if storage in describe.JSON_STORAGE else None,
            description=description or column.comment or column.doc or self._field_comment(mapper, attribute),
            renamed_from=said.get("renamed_from"),
            backfill=said.get("backfill"),
            line=self._line(home, attribute),
        )


def _registries(modules: Iterable[ModuleType], classes: registry) -> list[registry]:
    """SQLModel's registry, and those of other classes that the modules name."""
    found = [classes]
    for value in _values(modules):
        mapper = sqlalchemy.inspect(value, raiseerr=False) if isinstance(value, type) else None
        if isinstance(mapper, Mapper) and mapper.registry not in found:
            found.append(mapper.registry)
    return found


def _metadatas(modules: Iterable[ModuleType]) -> list[MetaData]:
    """SQLModel's metadata, and every other that the modules, their tables or their base classes name."""
    found = [SQLModel.metadata]
    for value in _values(modules):
        of_value = getattr(value, "metadata", None) if isinstance(value, type | Table | registry) else value
        if isinstance(of_value, MetaData) and of_value not in found:
            found.append(of_value)
    return found


def _values(modules: Iterable[ModuleType]) -> Iterator[object]:
    for module in modules:
        yield from vars(module).values()


def _field(mapper: Mapper[Any] | None, attribute: str) -> tuple[Any, str | None]:
    """A SQLModel field's annotation, without None, and its description; nothing for other columns."""
    model = mapper.class_ if mapper else None
    if not isinstance(model, type) or not issubclass(model, SQLModel) or attribute not in model.model_fields:
        return None, None
    field = model.model_fields[attribute]
    return describe.without_none(field.annotation), field.description


def _migrated(item: Table | Column[Any]) -> dict[str, str]:
    """What `progy.migrate` has said of a table or column."""
    said: dict[str, str] = item.info.get("progy", {})
    return said


def _viewpoints(table: Table) -> tuple[str, ...]:
    """The viewpoints that `info` names: `__table_args__ = {"info": {"viewpoints": ["Billing"]}}`.

    Raises:
        DeclarationError: They are no texts.
    """
    said = table.info.get("viewpoints", ())
    if not isinstance(said, list | tuple) or not all(isinstance(name, str) and name.strip() for name in said):
        raise DeclarationError(
            f"viewpoints in info is a list of names, not {said!r}",
            table=table.name,
            hint='__table_args__ = {"info": {"viewpoints": ["Billing"]}}',
        )
    return tuple(said)


def _python_type(column: Column[Any]) -> Any:  # noqa: ANN401 - any annotation
    try:
        return column.type.python_type
    except NotImplementedError:
        return Any


def _shape(column: Column[Any], annotation: Any) -> str | None:  # noqa: ANN401 - any annotation
    """What the JSON in a column holds: as its type says, or else as the attribute is annotated."""
    said = column.type.shape if isinstance(column.type, Json) else None
    return shapes.shape(annotation if said is None else said)


def _docstring(mapper: Mapper[Any] | None) -> str | None:
    """The class's own docstring: one that is inherited describes something else."""
    text = vars(mapper.class_).get("__doc__") if mapper else None
    return inspect.cleandoc(text) if text else None
