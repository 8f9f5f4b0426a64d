"""The documentation's pages as GitHub renders them: an index, a page for each table and for each viewpoint.

The order of a table's page is that of tbls (github.com/k1LoW/tbls), which readers of such pages know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from progy.docs import markdown, mermaid
from progy.docs.entity import EntityPages
from progy.docs.files import INDEX, Files
from progy.docs.page import COMMAND, Section, diagram, render

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from progy.docs.catalogue import Catalogue, Entity, Viewpoint

_FEW = 25
"""How many tables one diagram may have when nobody has said which belong together."""


_Parts = tuple[str, list[str], list[Section]]
"""A page's heading, what stands below it, and its sections."""


class Further(NamedTuple):
    """A file beside the tables' pages, to which the index leads."""

    file: str
    heading: str
    about: str
    """What is in it, as Markdown of one line."""
    text: str | None = None
    """Its text; None where something else writes it."""


def pages(
    catalogue: Catalogue, further: Sequence[Further] = (), *, picture: str | None = None, command: str = COMMAND
) -> dict[str, str]:
    """Write the documentation of a database.

    Args:
        catalogue: What is known of it.
        further: Other pages, such as that of the bindings.
        picture: The file of a picture of all tables, which the index then shows.
        command: The command that renews them, which a comment has to be able to hold.

    Returns:
        The text of each file, by its name below the documentation's folder.
    """
    files = Files(catalogue)
    writer = EntityPages(catalogue, files, command)
    written = {INDEX: render(*_index(catalogue, files, writer, further, picture), footer="", command=command)}
    written |= {one.file: one.text for one in further if one.text is not None}
    for entity in catalogue.entities:
        file = files.of(entity.name)
        if file is not None:
            written[file] = writer.page(entity)
    for viewpoint in catalogue.viewpoints:
        written[files.of_viewpoint(viewpoint.name)] = render(*_viewpoint(catalogue, viewpoint, writer), command=command)
    return dict(sorted(written.items()))


def _index(
    catalogue: Catalogue, files: Files, writer: EntityPages, further: Iterable[Further], picture: str | None
) -> _Parts:
    viewpoints = [
        (
            f"[{markdown.line(one.name)}]({files.of_viewpoint(one.name)})",
            markdown.first_paragraph(one.description) if one.description else "",
            str(len(one.tables)),
        )
        for one in catalogue.viewpoints
    ]
    also = "".join(f"- [{one.heading}]({one.file}): {one.about}\n" for one in further)
    shown = f"[![Diagram of all tables]({picture})]({picture})" if picture else ""
    sections = [
        Section("Viewpoints", markdown.table(("Viewpoint", "Description", "Tables"), viewpoints)),
        *_listed(catalogue.entities, writer),
        Section("Relations", shown or _overview(catalogue)),
    ]
    return markdown.line(catalogue.title), [_summary(catalogue), also], sections


def _viewpoint(catalogue: Catalogue, viewpoint: Viewpoint, writer: EntityPages) -> _Parts:
    entities = [one for one in catalogue.entities if one.name in set(viewpoint.tables)]
    lead = [markdown.text(viewpoint.description)] if viewpoint.description else []
    sections = [Section("Relations", _diagram(catalogue, viewpoint.tables)), *_listed(entities, writer)]
    return markdown.line(viewpoint.name), lead, sections


def _listed(entities: Sequence[Entity], writer: EntityPages) -> list[Section]:
    """The tables, the virtual tables and the views, each kind by itself."""
    kinds = (("Tables", "table"), ("Virtual tables", "virtual table"), ("Views", "view"))
    return [
        Section(heading, writer.listed([one for one in entities if one.kind == kind], heading[:-1]))
        for heading, kind in kinds
    ]


def _overview(catalogue: Catalogue) -> str:
    """The diagram of everything, where that is little and in one part."""
    few = not catalogue.viewpoints and len(catalogue.entities) <= _FEW
    return _diagram(catalogue, [one.name for one in catalogue.entities]) if few else ""


def _diagram(catalogue: Catalogue, tables: Sequence[str]) -> str:
    inside = {*tables}
    relations = [one for one in catalogue.relations if one.child in inside]
    if not relations:
        return ""
    drawn = mermaid.viewpoint(catalogue, tables)
    if drawn is None:
        return f"{len(relations)} references, too many for one diagram: each table's page has its own.\n"
    return diagram(drawn)


def _summary(catalogue: Catalogue) -> str:
    kinds = [one.kind for one in catalogue.entities]
    words = [
        f"{kinds.count(kind)} {kind}{'' if kinds.count(kind) == 1 else 's'}"
        for kind in ("table", "virtual table", "view")
        if kind == "table" or kind in kinds
    ]
    columns = sum(len(one.columns) for one in catalogue.entities)
    words.append(f"{columns} column{'' if columns == 1 else 's'}")
    words.append(f"{len(catalogue.relations)} reference{'' if len(catalogue.relations) == 1 else 's'}")
    return f"{', '.join(words)}."
