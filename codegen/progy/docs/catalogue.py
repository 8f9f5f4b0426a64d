"""What is known of a database, as its documentation tells it: the schema, and what the models say beyond it.

Every page, picture and rule is made from this alone, so that they agree. Plain values; `build` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from progy.docs.patterns import matches
from progy.schema.canonical import not_null
from progy.schema.objects import Index, Table, Term, VirtualTable, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from progy.schema.models import Model, ModelColumn, ModelObject, Models
    from progy.schema.objects import Column as SchemaColumn
    from progy.schema.objects import ForeignKey, Schema, View
    from progy.schema.objects import Trigger as SchemaTrigger


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, a view or a virtual table."""

    name: str
    type: str
    """As declared; empty for none."""
    nullable: bool
    """Whether SQLite takes NULL."""
    default: str | None = None
    """An expression in SQL."""
    generated: str | None = None
    """A generated column's expression."""
    stored: bool = False
    """Whether a generated column's value is kept."""
    primary: bool = False
    """It is the primary key, or a part of it."""
    unique: bool = False
    """Its values alone are unique."""
    comment: str | None = None
    storage: str | None = None
    """How a value is stored where that isn't plain: `Unix seconds`, `0 or 1`, `JSON text`."""
    annotation: str | None = None
    """The Python type."""
    values: tuple[str | int, ...] = ()
    """An enumeration's values as they are stored."""
    shape: str | None = None
    """What JSON text holds, as a type."""
    line: int | None = field(default=None, compare=False)
    """Where its model declares it."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint, or a key that is one."""

    kind: Literal["PRIMARY KEY", "UNIQUE", "CHECK", "FOREIGN KEY"]
    columns: tuple[str, ...]
    definition: str
    """In SQL."""
    name: str | None = None
    parent: str | None = None
    """The table that a foreign key refers to."""
    parent_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger."""

    name: str
    sql: str
    comment: str | None = None
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """A table, a view or a virtual table."""

    name: str
    kind: Literal["table", "view", "virtual table"]
    columns: tuple[Column, ...]
    definition: tuple[str, ...]
    """CREATE statements, without semicolons: its own, then its indexes'."""
    comment: str | None = None
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    model: str | None = None
    """The class."""
    file: str | None = None
    line: int | None = None
    domain: str = ""
    """The module of its model, which groups tables where nobody grouped them; empty without one."""
    module: str | None = None
    """A virtual table's module."""
    reads: tuple[str, ...] = ()
    """The names of the tables and views that a view reads, or that a full-text index is made of."""

    def column(self, name: str) -> Column | None:
        """The column of that name, in any case, or None."""
        return next((column for column in self.columns if fold(column.name) == fold(name)), None)


@dataclass(frozen=True, slots=True)
class Relation:
    """A foreign key, from the table that has it to the one it refers to."""

    child: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    many: bool
    """Whether several rows may refer to the same one."""
    optional: bool
    """Whether a row may refer to none."""
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"
    deferred: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """A part of the database that one looks at by itself."""

    name: str
    tables: tuple[str, ...]
    """Names of entities, in the catalogue's order."""
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All of it. Entities stand by name, as readers look for them; relations by child and columns."""

    title: str
    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...] = ()
    viewpoints: tuple[Viewpoint, ...] = ()
    """Those that were declared, by the settings and then by models; else, where models are in several modules, one for
    each module."""
    _by_name: dict[str, Entity] = field(default_factory=dict, init=False, compare=False, repr=False)
    _ends: dict[tuple[bool, str], list[Relation]] = field(default_factory=dict, init=False, compare=False, repr=False)
    """The relations by their ends: whether that is the parent, and its folded name."""

    def entity(self, name: str) -> Entity | None:
        """The entity of that name, in any case, or None."""
        if not self._by_name:
            self._by_name.update({fold(one.name): one for one in self.entities})
        return self._by_name.get(fold(name))

    def parents(self, name: str) -> list[Relation]:
        """The relations from a table to others, itself among them."""
        return self._at(name, parent=False)

    def children(self, name: str) -> list[Relation]:
        """The relations from others to a table, itself among them."""
        return self._at(name, parent=True)

    def _at(self, name: str, *, parent: bool) -> list[Relation]:
        if not self._ends:
            for one in self.relations:
                self._ends.setdefault((False, fold(one.child)), []).append(one)
                self._ends.setdefault((True, fold(one.parent)), []).append(one)
        return list(self._ends.get((parent, fold(name)), ()))


def build(
    schema: Schema,
    models: Models | None,
    *,
    title: str,
    viewpoints: Sequence[Viewpoint] = (),
    whole: Schema | None = None,
) -> Catalogue:
    """Put together what is known.

    Args:
        schema: The schema; whatever should not be documented has been left out of it.
        models: What the models say of its tables, if there are models.
        title: What the database is called.
        viewpoints: Those that the settings declare; their tables are names and patterns. Models may add tables to
            them, and further viewpoints. One that no table is in is left out.
        whole: The schema with what has been left out, which views may read; None where that is nothing.
    """
    said = {fold(model.table): model for model in (models.models if models else ())}
    objects = models.objects if models else ()
    about = {fold(one.name): one for one in objects if one.kind != "trigger"}
    fired = {fold(one.name): one for one in objects if one.kind == "trigger"}
    triggers = {
        name: tuple(
            _trigger(one, fired.get(fold(one.name)))
            for one in sorted(schema.triggers.values(), key=lambda one: fold(one.name))
            if fold(one.table) == name
        )
        for name in {fold(one.table) for one in schema.triggers.values()}
    }
    entities = [_table(schema, table, said.get(fold(table.name)), triggers) for table in schema.tables.values()]
    from progy.docs import views  # it needs this module's classes

    known = views.known(whole or schema, {fold(one.name): one.columns for one in entities})
    shown = {*schema.tables, *schema.virtual_tables, *schema.views}
    others: list[VirtualTable | View] = [*schema.virtual_tables.values(), *schema.views.values()]
    for one in others:
        name = fold(one.name)
        module = one.module if isinstance(one, VirtualTable) else None
        made = about.get(name)
        columns, reads = known[name]
        entities.append(
            Entity(
                one.name,
                "virtual table" if module else "view",
                columns,
                (one.sql,),
                made.description if made else None,
                triggers=triggers.get(name, ()),
                file=made.file if made else None,
                line=made.line if made else None,
                module=module,
                reads=tuple(one for one in reads if fold(one) in shown),
            )
        )
    entities.sort(key=lambda one: (fold(one.name), one.name))
    relations = sorted(_relations(schema), key=lambda one: (fold(one.child), one.columns, fold(one.parent)))
    chosen = _declared(entities, said, viewpoints)
    return Catalogue(title, tuple(entities), tuple(relations), tuple(chosen or _by_domain(entities)))


def _declared(
    entities: Sequence[Entity], said: Mapping[str, Model], viewpoints: Sequence[Viewpoint]
) -> list[Viewpoint]:
    """The viewpoints of the settings in their order, then those that only models name."""
    own = {name: model.viewpoints for name, model in said.items()}
    further = sorted({name for names in own.values() for name in names} - {one.name for one in viewpoints})
    found = [
        Viewpoint(
            one.name,
            tuple(
                entity.name
                for entity in entities
                if one.name in own.get(fold(entity.name), ()) or matches(entity.name, one.tables)
            ),
            one.description,
        )
        for one in (*viewpoints, *(Viewpoint(name, ()) for name in further))
    ]
    return [one for one in found if one.tables]


def _by_domain(entities: Sequence[Entity]) -> Iterator[Viewpoint]:
    domains = sorted({one.domain for one in entities if one.domain})
    if len(domains) > 1:
        for domain in domains:
            yield Viewpoint(domain, tuple(one.name for one in entities if one.domain == domain))


def _trigger(trigger: SchemaTrigger, made: ModelObject | None) -> Trigger:
    if made is None:
        return Trigger(trigger.name, trigger.sql)
    return Trigger(trigger.name, trigger.sql, made.description, made.file, made.line)


def _table(schema: Schema, table: Table, model: Model | None, triggers: Mapping[str, tuple[Trigger, ...]]) -> Entity:
    from progy.schema.render import create_index, create_table

    indexes = tuple(schema.indexes_of(table.name))
    columns = tuple(_column(schema, table, one, model.column(one.name) if model else None) for one in table.columns)
    return Entity(
        table.name,
        "table",
        columns,
        (create_table(table), *map(create_index, indexes)),
        comment=model.description if model else None,
        constraints=tuple(_constraints(schema, table)),
        indexes=indexes,
        triggers=triggers.get(fold(table.name), ()),
        model=model.name if model else None,
        file=model.file if model else None,
        line=model.line if model else None,
        domain=model.domain if model else "",
    )


def _column(schema: Schema, table: Table, column: SchemaColumn, said: ModelColumn | None) -> Column:
    key = {fold(name) for name in table.primary_key.columns} if table.primary_key else set[str]()
    name = fold(column.name)
    return Column(
        column.name,
        column.type,
        nullable=not not_null(column, table),
        default=column.default,
        generated=column.generated.expression if column.generated else None,
        stored=column.generated is not None and column.generated.stored,
        primary=name in key,
        unique=any(terms == {name} for terms in uniques(schema, table)),
        comment=said.description if said else None,
        storage=_storage(column, said) if said else None,
        annotation=said.annotation if said else None,
        values=said.values if said else (),
        shape=said.shape if said else None,
        line=said.line if said else None,
    )


def _storage(column: SchemaColumn, said: ModelColumn) -> str | None:
    # SQLAlchemy's own Numeric: SQLite keeps what isn't an integer as a float of eight bytes.
    plain_decimal = said.annotation == "Decimal" and column.type.upper().startswith(("NUMERIC", "DECIMAL"))
    return "a number, which may lose digits" if plain_decimal else said.storage


def uniques(schema: Schema, table: Table) -> list[set[str]]:
    """The folded names of the columns of each UNIQUE constraint and each whole unique index."""
    terms: list[Iterable[Term]] = [unique.terms for unique in table.uniques]
    terms += [index.terms for index in schema.indexes_of(table.name) if index.unique and index.where is None]
    return [{fold(term.sql) for term in each} for each in terms if all(term.is_column for term in each)]


def _constraints(schema: Schema, table: Table) -> Iterator[Constraint]:
    from progy.sql.names import quote

    def listed(names: Iterable[str]) -> str:
        return ", ".join(map(quote, names))

    def terms(found: Iterable[Term]) -> str:
        return ", ".join(
            quote(term.sql)
            + (f" COLLATE {quote(term.collation)}" if term.collation else "")
            + (" DESC" if term.descending else "")
            for term in found
        )

    if table.primary_key:
        key = table.primary_key
        automatic = " AUTOINCREMENT" if key.autoincrement else ""
        columns = _as_declared(table, key.columns)
        yield Constraint("PRIMARY KEY", columns, f"PRIMARY KEY ({terms(key.terms)}{automatic})", key.name)
    for unique in table.uniques:
        names = _as_declared(table, (term.sql for term in unique.terms))
        yield Constraint("UNIQUE", names, f"UNIQUE ({terms(unique.terms)})", unique.name)
    for check in table.checks:
        columns = _as_declared(table, (check.column,) if check.column else ())
        yield Constraint("CHECK", columns, f"CHECK ({check.expression})", check.name)
    for reference in table.foreign_keys:
        other = schema.table(reference.table)
        parent = referenced(reference, other)
        sql = f"FOREIGN KEY ({listed(reference.columns)}) REFERENCES {quote(reference.table)}"
        sql += f" ({listed(parent)})" if parent else ""
        sql += "".join(
            f" {event} {action}"
            for event, action in (("ON DELETE", reference.on_delete), ("ON UPDATE", reference.on_update))
            if action != "NO ACTION"
        )
        sql += " DEFERRABLE INITIALLY DEFERRED" if reference.deferred else ""
        columns, name = _as_declared(table, reference.columns), other.name if other else reference.table
        yield Constraint("FOREIGN KEY", columns, sql, reference.name, name, _as_declared(other, parent))


def _as_declared(table: Table | None, names: Iterable[str]) -> tuple[str, ...]:
    """Columns' names as their table has them: SQL takes any case, readers other than SQLite tell them apart."""
    found = {fold(column.name): column.name for column in table.columns} if table else {}
    return tuple(found.get(fold(name), name) for name in names)


def referenced(key: ForeignKey, parent: Table | None) -> tuple[str, ...]:
    """The columns a foreign key refers to, also when it leaves them to be the parent's primary key."""
    if key.references or parent is None or parent.primary_key is None:
        return key.references
    return parent.primary_key.columns


def _relations(schema: Schema) -> Iterator[Relation]:
    for table in schema.tables.values():
        primary = {fold(name) for name in table.primary_key.columns} if table.primary_key else set[str]()
        alone = [primary, *uniques(schema, table)]
        for key in table.foreign_keys:
            columns = [table.column(name) for name in key.columns]
            yield Relation(
                table.name,
                _as_declared(table, key.columns),
                parent.name if (parent := schema.table(key.table)) else key.table,
                _as_declared(parent, referenced(key, parent)),
                many=not any(one and one <= {fold(name) for name in key.columns} for one in alone),
                optional=any(column is None or not not_null(column, table) for column in columns),
                on_delete=key.on_delete,
                on_update=key.on_update,
                deferred=key.deferred,
                name=key.name,
            )
