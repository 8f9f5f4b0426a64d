"""What the models say beyond the schema: the meaning of tables and columns, and what a row holds.

Plain values without SQLModel or SQLAlchemy, so that they can be kept between runs (`progy.cache`) and read by every
emitter. `progy.schema.load` makes them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """A column, as its model declares it.

    Everything about storage (type, default, keys) stands in the `Schema`; here is what SQLite can't keep.
    """

    name: str
    """The column's name in the database."""
    attribute: str
    """The attribute's name in the class; another than `name` when the model says so."""
    annotation: str
    """The Python type as a reader knows it: `str`, `datetime`, `PackageStatus`; without `None`."""
    row_type: str
    """What a row holds: `str`, `int`, `float`, `bytes`, `int | float`, or `Any`; without `None`."""
    nullable: bool
    optional: bool
    """An INSERT may leave it out: it is nullable, has a SQL default, or is an INTEGER PRIMARY KEY."""
    generated: bool = False
    """A generated column, which an INSERT may not name."""
    values: tuple[str | int, ...] = ()
    """An enumeration's values as they are stored, in the order of the class."""
    storage: str | None = None
    """How the value is stored when that isn't plain: `Unix seconds`, `0 or 1`, `JSON text`, `ISO 8601 text`."""
    shape: str | None = None
    """What JSON text holds, as a type: `{theme: str, tags?: list[str]}`."""
    description: str | None = None
    renamed_from: str | None = None
    """What it was called before, as the model says."""
    backfill: str | None = None
    """What the rows that are there get, an expression in SQL."""
    line: int | None = field(default=None, compare=False, repr=False)
    """Where the class's file declares it; the class's line for one that is inherited, None for one of no class."""


@dataclass(frozen=True, slots=True)
class Model:
    """A table, as its class declares it."""

    table: str
    name: str
    """The class's name: `User`."""
    module: str
    """The module that defines it: `models.auth`."""
    file: str
    """Its file, relative to the project's root, with forward slashes."""
    line: int
    columns: tuple[ModelColumn, ...]
    description: str | None = None
    """The class's docstring, dedented; None when it has none of its own."""
    renamed_from: str | None = None
    """What the table was called before, as the class says."""
    viewpoints: tuple[str, ...] = ()
    """The parts of the database that the class says it belongs to, for the documentation."""

    @property
    def domain(self) -> str:
        """The last part of the module's name, which groups tables: `auth` for `models.auth`."""
        return self.module.rpartition(".")[2]

    def column(self, name: str) -> ModelColumn | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class ModelObject:
    """A view, a trigger or a virtual table, as a module of the models declares it."""

    kind: Literal["view", "trigger", "virtual table"]
    name: str
    sql: str
    """Its CREATE statement; it stands in `Models.ddl`, too."""
    file: str
    """The file, relative to the project's root, with forward slashes."""
    line: int
    table: str | None = None
    """The table or view that a trigger is on, or that a full-text index reads."""
    columns: tuple[str, ...] = ()
    """The columns of `table` that it names there: after UPDATE OF, or those a full-text index reads."""
    event: Literal["INSERT", "UPDATE", "DELETE"] | None = None
    """What fires a trigger."""
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Models:
    """All models of a database and the DDL that makes their schema."""

    models: tuple[Model, ...]
    """By table name."""
    ddl: tuple[str, ...]
    """CREATE statements, in an order that can be executed: tables with their indexes, then the objects."""
    objects: tuple[ModelObject, ...] = ()
    """Virtual tables, views, triggers, in the order in which they are made."""

    def of(self, table: str) -> Model | None:
        """The model of a table, or None."""
        return next((model for model in self.models if model.table == table), None)

    def to_json(self) -> dict[str, Any]:
        """The models as what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Models:
        """The models that `to_json` gave."""
        objects = (ModelObject(**{**one, "columns": tuple(one["columns"])}) for one in value["objects"])
        return cls(tuple(map(_model, value["models"])), tuple(value["ddl"]), tuple(objects))


def _model(value: dict[str, Any]) -> Model:
    columns = tuple(ModelColumn(**{**column, "values": tuple(column["values"])}) for column in value["columns"])
    return Model(**{**value, "columns": columns, "viewpoints": tuple(value["viewpoints"])})
