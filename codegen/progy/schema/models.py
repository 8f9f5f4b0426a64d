"""What the models say beyond the schema: the meaning of tables and columns, and what a row holds.

Plain values without SQLModel or SQLAlchemy, so that they can be kept between runs (`progy.cache`) and read by every
emitter. `progy.schema.load` makes them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


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
    description: str | None = None


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

    @property
    def domain(self) -> str:
        """The last part of the module's name, which groups tables: `auth` for `models.auth`."""
        return self.module.rpartition(".")[2]

    def column(self, name: str) -> ModelColumn | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Models:
    """All models of a database and the DDL that makes their schema."""

    models: tuple[Model, ...]
    """By table name."""
    ddl: tuple[str, ...]
    """CREATE statements, in an order that can be executed."""

    def of(self, table: str) -> Model | None:
        """The model of a table, or None."""
        return next((model for model in self.models if model.table == table), None)

    def to_json(self) -> dict[str, Any]:
        """The models as what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Models:
        """The models that `to_json` gave."""
        return cls(tuple(map(_model, value["models"])), tuple(value["ddl"]))


def _model(value: dict[str, Any]) -> Model:
    columns = tuple(ModelColumn(**{**column, "values": tuple(column["values"])}) for column in value["columns"])
    return Model(**{**value, "columns": columns})
