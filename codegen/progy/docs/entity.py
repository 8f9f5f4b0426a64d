"""The page of a table, a view or a virtual table, and its line in a list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.docs import markdown, mermaid
from progy.docs.page import Section, diagram, render
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from progy.docs.catalogue import Catalogue, Column, Entity
    from progy.docs.files import Files
    from progy.schema.objects import Term


class EntityPages:
    """Writes the pages of one catalogue."""

    def __init__(self, catalogue: Catalogue, files: Files, command: str) -> None:
        """Take what every page needs.

        Args:
            catalogue: What is known of the database.
            files: The pages' names.
            command: The command that renews them.
        """
        self._catalogue = catalogue
        self._files = files
        self._command = command

    def page(self, entity: Entity) -> str:
        """The page of a table, a view or a virtual table."""
        sections = [
            Section("Columns", self._columns(entity)),
            Section("Referenced tables", self._reads(entity)),
            Section("Viewpoints", self._viewpoints(entity)),
            Section("Constraints", self._constraints(entity)),
            Section("Indexes", _indexes(entity)),
            Section("Triggers", _triggers(entity)),
            Section("Definition", _definition(entity)),
            Section("Relations", self._relations(entity)),
        ]
        return render(markdown.code(entity.name), _lead(entity), sections, command=self._command)

    def listed(self, entities: Sequence[Entity], kind: str) -> str:
        """A table with a line for each: what it is, how many columns it has, what it refers to and what to it.

        Args:
            entities: Tables, or views, or virtual tables.
            kind: The heading of the names.
        """
        rows = [
            (
                self._link(one.name),
                markdown.first_paragraph(one.comment) if one.comment else "",
                markdown.code(one.module) if one.module else "",
                str(len(one.columns)) if one.columns else "",
                self._links(each.parent for each in self._catalogue.parents(one.name)),
                self._links(each.child for each in self._catalogue.children(one.name)),
            )
            for one in entities
        ]
        return markdown.table((kind, "Description", "Module", "Columns", "References", "Referenced by"), rows)

    def _link(self, table: str) -> str:
        file = self._files.of(table)
        return f"[{markdown.code(table)}]({file})" if file else markdown.code(table)

    def _links(self, tables: Iterable[str]) -> str:
        names = {fold(name): name for name in tables}
        return ", ".join(self._link(names[name]) for name in sorted(names))

    def _columns(self, entity: Entity) -> str:
        children, parents = self._catalogue.children(entity.name), self._catalogue.parents(entity.name)

        def has(names: Iterable[str], column: Column) -> bool:
            return fold(column.name) in map(fold, names)

        rows = [
            (
                markdown.code(column.name),
                markdown.code(column.type) if column.type else "any",
                _default(column),
                "yes" if column.nullable else "no",
                ", ".join(mermaid.marks(self._catalogue, entity, column)),
                self._links(one.child for one in children if has(one.parent_columns, column)),
                self._links(one.parent for one in parents if has(one.columns, column)),
                _meaning(column),
            )
            for column in entity.columns
        ]
        return markdown.table(("Name", "Type", "Default", "Null", "Key", "Children", "Parents", "Meaning"), rows)

    def _reads(self, entity: Entity) -> str:
        """What a view reads."""
        read = [one for name in entity.reads if (one := self._catalogue.entity(name))]
        rows = [
            (self._link(one.name), one.kind, markdown.first_paragraph(one.comment) if one.comment else "")
            for one in sorted(read, key=lambda one: fold(one.name))
        ]
        return markdown.table(("Name", "Kind", "Description"), rows)

    def _viewpoints(self, entity: Entity) -> str:
        rows = [
            (
                f"[{markdown.line(one.name)}]({self._files.of_viewpoint(one.name)})",
                markdown.first_paragraph(one.description) if one.description else "",
            )
            for one in self._catalogue.viewpoints
            if entity.name in one.tables
        ]
        return markdown.table(("Viewpoint", "Description"), rows)

    def _constraints(self, entity: Entity) -> str:
        rows = [
            (one.kind, markdown.code(one.name) if one.name is not None else "", markdown.code(one.definition))
            for one in entity.constraints
        ]
        return markdown.table(("Kind", "Name", "Definition"), rows)

    def _relations(self, entity: Entity) -> str:
        """The diagram, and the same in words: with what it can't show."""
        relations = [*self._catalogue.parents(entity.name)]
        relations += [one for one in self._catalogue.children(entity.name) if fold(one.child) != fold(entity.name)]
        if not relations:
            return ""
        rows = [
            (
                self._link(one.child),
                _names(one.columns),
                self._link(one.parent),
                _names(one.parent_columns),
                f"{'many' if one.many else 'one'} to {'one or none' if one.optional else 'one'}",
                one.on_delete if one.on_delete != "NO ACTION" else "",
                one.on_update if one.on_update != "NO ACTION" else "",
                "at commit" if one.deferred else "",
            )
            for one in relations
        ]
        headers = ("Child", "Columns", "Parent", "Its columns", "Rows", "On delete", "On update", "Checked")
        return f"{diagram(mermaid.around(self._catalogue, entity))}\n{markdown.table(headers, rows, keep=5)}"


def _lead(entity: Entity) -> list[str]:
    lead = [markdown.text(entity.comment)] if entity.comment else []
    place = f" in {markdown.code(entity.file)}" if entity.file else ""
    if entity.model is not None:
        lead.append(f"Model: {markdown.code(entity.model)}{place}")
    elif entity.kind != "table":
        module = f" of {markdown.code(entity.module)}" if entity.module else ""
        lead.append(f"{entity.kind.capitalize()}{module}{place}")
    return lead


def _names(columns: Iterable[str]) -> str:
    return ", ".join(map(markdown.code, columns))


def _default(column: Column) -> str:
    if column.generated is not None:
        return f"{'stored' if column.stored else 'computed'}: {markdown.code(column.generated)}"
    return markdown.code(column.default) if column.default is not None else ""


def _meaning(column: Column) -> str:
    """What a column means, what it may hold, and how that is stored."""
    parts = [markdown.cell(column.comment)] if column.comment else []
    if column.values:
        kind = f"{markdown.code(column.annotation)}: " if column.annotation else ""
        parts.append(f"{kind}{', '.join(markdown.code(str(value)) for value in column.values)}.")
    if column.shape:
        parts.append(f"Holds {markdown.code(column.shape)}.")
    if column.storage:
        parts.append(f"Stored as {markdown.line(column.storage)}.")
    return "\n".join(parts)


def _indexes(entity: Entity) -> str:
    rows = [
        (
            markdown.code(index.name),
            _terms(index.terms),
            "yes" if index.unique else "no",
            markdown.code(index.where) if index.where else "",
        )
        for index in entity.indexes
    ]
    return markdown.table(("Name", "Columns", "Unique", "Where"), rows, keep=3)


def _terms(terms: Iterable[Term]) -> str:
    return ", ".join(
        markdown.code(term.sql)
        + (f" COLLATE {markdown.code(term.collation)}" if term.collation else "")
        + (" DESC" if term.descending else "")
        for term in terms
    )


def _triggers(entity: Entity) -> str:
    parts = []
    for trigger in entity.triggers:
        said = f"{markdown.text(trigger.comment)}\n\n" if trigger.comment else ""
        parts.append(f"{markdown.code(trigger.name)}\n\n{said}{markdown.fenced('sql', trigger.sql)}")
    return "\n".join(parts)


def _definition(entity: Entity) -> str:
    sql = markdown.fenced("sql", "\n\n".join(f"{statement};" for statement in entity.definition))
    return f"<details>\n<summary>SQL</summary>\n\n{sql}\n</details>"
