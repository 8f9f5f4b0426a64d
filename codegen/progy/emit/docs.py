"""The database's documentation: an index and a page for each table, as GitHub renders them.

The order of a page is that of tbls (github.com/k1LoW/tbls), which readers of such pages know. A section that is empty,
or would only repeat the columns, is left out.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from progy.emit import markdown, mermaid
from progy.schema.objects import Term, fold
from progy.schema.render import create_index, create_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TypeVar

    from jinja2 import Environment

    from progy.schema.models import Model, ModelColumn, Models
    from progy.schema.objects import Column, ForeignKey, Schema, Table, Trigger, View, VirtualTable

    _Named = TypeVar("_Named", Table, VirtualTable, View, Trigger)

INDEX = "README.md"
_NAME_LENGTH = 80
# Names that another file has, or that Windows keeps for devices.
_TAKEN = re.compile(r"readme|con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)
_READABLE_EDGES = 60


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page with a heading."""

    heading: str
    body: str


@dataclass(frozen=True, slots=True)
class Group:
    """The tables of one domain, in the index."""

    heading: str
    tables: str
    diagram: str


def pages(schema: Schema, models: Models | None, *, title: str) -> dict[str, str]:
    """Write the documentation of a schema.

    Args:
        schema: The schema; whatever should not be documented has been left out of it.
        models: What the models say of its tables, if there are models.
        title: The heading of the index, a plain text.

    Returns:
        The text of each file, by its name below the documentation's folder.
    """
    bare: list[VirtualTable | View] = [*schema.virtual_tables.values(), *schema.views.values()]
    tables = schema.tables.values()
    files = file_names([*(table.name for table in tables), *(found.name for found in bare)])
    writer = _Writer(schema, models, files)
    written = {INDEX: writer.index(title)}
    for table in tables:
        written[files[fold(table.name)]] = writer.table(table)
    for found in bare:
        written[files[fold(found.name)]] = writer.bare(found.name, found.sql)
    return dict(sorted(written.items()))


def file_names(tables: Sequence[str]) -> dict[str, str]:
    """A page's file name for each table.

    A name that is safe on every file system and in a link stays as it is; from any other the safe part is taken, with
    a hash of the whole. Names that differ in case alone, which SQLite tells apart outside ASCII, get different files.

    Args:
        tables: The tables' names, each different to SQLite.

    Returns:
        The file names by the folded names of the tables.
    """
    plain = {name for name in tables if _is_safe(name)}
    taken = {name.lower() for name in plain}
    names = {fold(name): f"{name}.md" for name in plain}
    for name in sorted(set(tables) - plain):
        readable = re.sub(r"[^A-Za-z0-9_]+", "-", name)[:_NAME_LENGTH].strip("-") or "table"
        digest = hashlib.sha256(fold(name).encode("utf-8", "surrogatepass")).hexdigest()
        stem = f"{readable}-{digest[:8]}"
        if stem.lower() in taken:
            stem = f"{readable}-{digest}"
        taken.add(stem.lower())
        names[fold(name)] = f"{stem}.md"
    return names


def _is_safe(name: str) -> bool:
    safe = re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", name) and not _TAKEN.fullmatch(name)
    return bool(safe) and len(name) <= _NAME_LENGTH


class _Writer:
    """Writes the pages of one schema; knows what every page needs."""

    def __init__(self, schema: Schema, models: Models | None, files: Mapping[str, str]) -> None:
        self._schema = schema
        self._models = {fold(model.table): model for model in (models.models if models else ())}
        objects = models.objects if models else ()
        self._described = {fold(one.name): one.description for one in objects if one.kind != "trigger"}
        self._triggered = {fold(one.name): one.description for one in objects if one.kind == "trigger"}
        self._files = files

    def index(self, title: str) -> str:
        domains: dict[str, list[Table]] = {}
        for table in _by_name(self._schema.tables.values()):
            model = self._models.get(fold(table.name))
            domains.setdefault(model.domain if model else "", []).append(table)
        named = [name for name in domains if name]
        groups = [
            Group(
                heading=_heading(name, named),
                tables=self._listed(domains[name]),
                diagram=self._overview(domains[name]),
            )
            for name in sorted(domains, key=lambda name: (not name, name))
        ]
        virtual = [
            (self._link(found.name), markdown.code(found.module))
            for found in _by_name(self._schema.virtual_tables.values())
        ]
        views = [(self._link(view.name),) for view in _by_name(self._schema.views.values())]
        others = {
            "Virtual tables": markdown.table(("Table", "Module"), virtual),
            "Views": markdown.table(("View",), views),
        }
        groups += [Group(heading, body.rstrip(), "") for heading, body in others.items() if body]
        return _render(
            "index.md.jinja",
            title=markdown.line(title),
            summary=_summary(len(self._schema.tables), len(named)),
            groups=groups,
        )

    def table(self, table: Table) -> str:
        model = self._models.get(fold(table.name))
        sections = [
            Section("Columns", self._columns(table, model)),
            Section("Enumerations", _enumerations(model)),
            Section("Constraints", _constraints(table)),
            Section("Indexes", self._indexes(table)),
            Section("Triggers", self._triggers(table.name)),
            Section("Diagram", self._diagram(table)),
            Section("References", self._outward(table)),
            Section("Referenced by", self._inward(table)),
        ]
        return self._page(table.name, model.description if model else None, self._definition(table), sections, model)

    def bare(self, name: str, sql: str) -> str:
        triggers = Section("Triggers", self._triggers(name))
        return self._page(name, self._described.get(fold(name)), [sql], [triggers], self._models.get(fold(name)))

    def _page(
        self,
        name: str,
        description: str | None,
        definition: Sequence[str],
        sections: Sequence[Section],
        model: Model | None,
    ) -> str:
        lead = [markdown.text(description)] if description else []
        if model is not None:
            lead.append(f"Model: {markdown.code(model.name)} in {markdown.code(model.file)}")
        sql = markdown.fenced("sql", "\n\n".join(f"{statement};" for statement in definition))
        lead.append(f"<details>\n<summary>Definition</summary>\n\n{sql}\n</details>")
        return _render(
            "table.md.jinja",
            heading=markdown.code(name),
            lead="\n\n".join(lead),
            sections=[Section(each.heading, each.body.rstrip()) for each in sections if each.body],
        )

    def _link(self, table: str) -> str:
        file = self._files.get(fold(table))
        return f"[{markdown.code(table)}]({file})" if file else markdown.code(table)

    def _listed(self, tables: Sequence[Table]) -> str:
        rows = [
            (
                self._link(table.name),
                self._first_words(table),
                str(len(table.columns)),
                self._links(key.table for key in table.foreign_keys),
                self._links(child.name for child, _ in self._schema.referrers(table.name)),
            )
            for table in tables
        ]
        headers = ("Table", "Description", "Columns", "References", "Referenced by")
        return markdown.table(headers, rows).rstrip()

    def _links(self, tables: Iterable[str]) -> str:
        names = {fold(name): name for name in tables}
        return ", ".join(self._link(names[name]) for name in sorted(names))

    def _first_words(self, table: Table) -> str:
        model = self._models.get(fold(table.name))
        return markdown.first_paragraph(model.description) if model and model.description else ""

    def _overview(self, tables: Sequence[Table]) -> str:
        edges = sum(len(table.foreign_keys) for table in tables)
        if not 0 < edges <= _READABLE_EDGES:
            return ""
        diagram = mermaid.overview(self._schema, tables)
        return "" if diagram.left_out else markdown.fenced("mermaid", diagram.text).rstrip()

    def _columns(self, table: Table, model: Model | None) -> str:
        rows = [
            (
                markdown.code(column.name),
                markdown.code(column.type) if column.type else "any",
                _default(column),
                "no" if _never_null(table, column) else "yes",
                ", ".join(mermaid.marks(self._schema, table, column)),
                _meaning(model.column(column.name) if model else None),
            )
            for column in table.columns
        ]
        return markdown.table(("Name", "Type", "Default", "Null", "Key", "Meaning"), rows)

    def _indexes(self, table: Table) -> str:
        rows = [
            (
                markdown.code(index.name),
                _terms(index.terms),
                "yes" if index.unique else "no",
                markdown.code(index.where) if index.where else "",
            )
            for index in self._schema.indexes_of(table.name)
        ]
        return markdown.table(("Name", "Columns", "Unique", "Where"), rows, keep=3)

    def _outward(self, table: Table) -> str:
        keys = table.foreign_keys
        rows = [
            (
                _names(key.columns),
                self._link(key.table),
                _names(_referenced(key, self._schema.table(key.table))),
                *actions,
            )
            for key, actions in zip(keys, _actions(keys), strict=True)
        ]
        return markdown.table(("Columns", "Table", "Its columns", *_ACTIONS), rows, keep=3)

    def _inward(self, table: Table) -> str:
        found = self._schema.referrers(table.name)
        rows = [
            (self._link(child.name), _names(key.columns), _names(_referenced(key, table)), *actions)
            for (child, key), actions in zip(found, _actions([key for _, key in found]), strict=True)
        ]
        return markdown.table(("Table", "Its columns", "Columns", *_ACTIONS), rows, keep=3)

    def _triggers_of(self, table: str) -> list[Trigger]:
        return _by_name(trigger for trigger in self._schema.triggers.values() if fold(trigger.table) == fold(table))

    def _triggers(self, table: str) -> str:
        parts = []
        for trigger in self._triggers_of(table):
            description = self._triggered.get(fold(trigger.name))
            said = f"{markdown.text(description)}\n\n" if description else ""
            parts.append(f"{markdown.code(trigger.name)}\n\n{said}{markdown.fenced('sql', trigger.sql)}")
        return "\n".join(parts)

    def _definition(self, table: Table) -> list[str]:
        indexes = [create_index(index) for index in self._schema.indexes_of(table.name)]
        return [create_table(table), *indexes]

    def _diagram(self, table: Table) -> str:
        diagram = mermaid.around(self._schema, table)
        body = markdown.fenced("mermaid", diagram.text)
        if diagram.left_out:
            body += f"\nReferences that this diagram has no room for: {diagram.left_out}.\n"
        return body


_ACTIONS = ("ON DELETE", "ON UPDATE", "Checked")


def _actions(keys: Sequence[ForeignKey]) -> list[tuple[str, str, str]]:
    """What follows from a change of the parent, for each key: empty where all of a table's keys say NO ACTION."""
    deletes = any(key.on_delete != "NO ACTION" for key in keys)
    updates = any(key.on_update != "NO ACTION" for key in keys)
    return [
        (key.on_delete if deletes else "", key.on_update if updates else "", "at commit" if key.deferred else "")
        for key in keys
    ]


def _referenced(key: ForeignKey, parent: Table | None) -> tuple[str, ...]:
    """The columns a foreign key refers to, also when it leaves them to be the parent's primary key."""
    if key.references or parent is None or parent.primary_key is None:
        return key.references
    return parent.primary_key.columns


def _names(columns: Iterable[str]) -> str:
    return ", ".join(map(markdown.code, columns))


def _terms(terms: Iterable[Term]) -> str:
    return ", ".join(
        markdown.code(term.sql)
        + (f" COLLATE {markdown.code(term.collation)}" if term.collation else "")
        + (" DESC" if term.descending else "")
        for term in terms
    )


def _default(column: Column) -> str:
    if column.generated is not None:
        kind = "stored" if column.generated.stored else "computed"
        return f"{kind}: {markdown.code(column.generated.expression)}"
    return markdown.code(column.default) if column.default is not None else ""


def _never_null(table: Table, column: Column) -> bool:
    """Whether SQLite refuses NULL: a primary key alone doesn't, but for the rowid, STRICT and WITHOUT ROWID."""
    key = table.primary_key
    if column.not_null or key is None or fold(column.name) not in map(fold, key.columns):
        return column.not_null
    is_rowid = len(key.terms) == 1 and column.type.upper() == "INTEGER"
    return is_rowid or table.strict or table.without_rowid


def _meaning(column: ModelColumn | None) -> str:
    if column is None:
        return ""
    described = [markdown.text(column.description)] if column.description else []
    storage = _storage(column)
    stored = [f"Stored as {markdown.line(storage)}."] if storage else []
    return "\n".join([*described, *stored])


def _storage(column: ModelColumn) -> str | None:
    # SQLAlchemy's own Numeric: SQLite keeps what isn't an integer as a float of eight bytes.
    plain_decimal = column.annotation == "Decimal" and column.row_type == "int | float"
    return "a number, which may lose digits" if plain_decimal else column.storage


def _enumerations(model: Model | None) -> str:
    rows = [
        (
            markdown.code(column.name),
            markdown.code(column.annotation),
            ", ".join(markdown.code(str(value)) for value in column.values),
        )
        for column in (model.columns if model else ())
        if column.values
    ]
    return markdown.table(("Column", "Type in Python", "Values"), rows)


def _constraints(table: Table) -> str:
    """The constraints, but for a primary key of which the columns' marks say all there is."""
    rows = []
    key = table.primary_key
    if key is not None and (key.autoincrement or len(key.terms) > 1 or key.terms[0] != Term(key.columns[0])):
        automatic = " AUTOINCREMENT" if key.autoincrement else ""
        rows.append((f"PRIMARY KEY{automatic}", key.name, _terms(key.terms)))
    rows += [("UNIQUE", unique.name, _terms(unique.terms)) for unique in table.uniques]
    rows += [("CHECK", check.name, markdown.code(check.expression)) for check in table.checks]
    return markdown.table(
        ("Kind", "Name", "Definition"),
        [(kind, markdown.code(name) if name is not None else "", body) for kind, name, body in rows],
    )


def _by_name(found: Iterable[_Named]) -> list[_Named]:
    return sorted(found, key=lambda each: fold(each.name))


def _heading(domain: str, named: Sequence[str]) -> str:
    """A group's heading: a name that is the only one tells nothing apart."""
    if domain and len(named) > 1:
        return markdown.line(domain)
    return "Tables" if domain or not named else "Other tables"


def _summary(tables: int, domains: int) -> str:
    counted = f"{tables} table{'' if tables == 1 else 's'}"
    return f"{counted} in {domains} domains." if domains > 1 else f"{counted}."


def _render(template: str, **context: object) -> str:
    return _templates().get_template(template).render(context).rstrip("\n") + "\n"


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 45 ms

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates" / "docs"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - it writes Markdown, which `progy.emit.markdown` escapes
    )
