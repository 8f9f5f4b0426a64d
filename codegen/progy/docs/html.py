"""The database as one HTML file: a picture to walk about in, and all that is known of each table.

The file asks for nothing from anywhere, and its own policy forbids it to. Without script it is a picture and a
document; the scripts in `web/` make of them something to use.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import quote

from progy.docs import svg
from progy.docs.lettering import cut, text, visible
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from progy.docs.catalogue import Catalogue, Column, Constraint, Entity, Relation, Trigger, Viewpoint
    from progy.docs.layout import Layout
    from progy.schema.objects import Index

ASPECT = 1.4
"""Width by height of what a screen has left beside the list of tables."""
NARROW = 1.0
"""The same for a table and its neighbours, which are shown beside that table's details."""
_SCRIPTS = ("picture.js", "choice.js", "controls.js")


def page(catalogue: Catalogue) -> str:
    """The whole file.

    Args:
        catalogue: The database.
    """
    drawing = svg.draw(catalogue)
    layout = drawing.arranged(ASPECT)
    style = _style()
    script = _script()
    return Template(_web("page.html")).substitute(
        title=text(catalogue.title),
        summary=text(svg.summary(catalogue)),
        policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; base-uri 'none'; "
        "form-action 'none'",
        style=style,
        script=script,
        views="".join(map(_option, catalogue.viewpoints)),
        list=_list(catalogue, drawing),
        small=' class="small"' if layout.width > svg.WIDE else "",
        width=layout.width,
        height=layout.height,
        box=f"-20 -20 {layout.width + 40} {layout.height + 40}",
        picture=_picture(drawing, layout),
        articles="".join(_article(catalogue, one, number) for number, one in enumerate(catalogue.entities)),
        data=_data(catalogue, drawing, layout),
    )


def anchor(name: str) -> str:
    """The id of a table's article, without blanks whatever the name is.

    A link to it is `#` and the same: browsers look for the id as it stands before they decode it.
    """
    return "table-" + quote(name.encode("utf-8", "replace"), safe="")


def _option(viewpoint: Viewpoint) -> str:
    return f'<option value="{text(viewpoint.name)}">{text(viewpoint.name)}</option>'


def _web(name: str) -> str:
    return (files("progy.docs") / "web" / name).read_text(encoding="utf-8")


def _script() -> str:
    """The page's script: its parts share one scope."""
    return f'"use strict";\n(() => {{\n{"".join(map(_web, _SCRIPTS))}}})();\n'


def _style() -> str:
    """The page's rules: light, dark if the reader's screen is, and either if the reader says so."""
    light, dark = (
        "".join(f"--{name}:{colour};" for name, colour in colours.items()) for colours in (svg.LIGHT, svg.DARK)
    )
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}\n"
        f"{_web('picture.css')}{svg.group_rules()}\n{_web('page.css')}"
    )


def _digest(source: str) -> str:
    """What the policy calls an inline script or style that it allows."""
    return "sha256-" + b64encode(sha256(source.encode()).digest()).decode()


def _data(catalogue: Catalogue, drawing: svg.Drawing, layout: Layout) -> str:
    """What the script can't read from the page: who refers to whom, and layouts of parts."""
    at = {fold(card.entity.name): number for number, card in enumerate(drawing.cards)}
    everything = range(len(drawing.relations))
    near: list[set[int]] = [{number} for number in range(len(drawing.cards))]
    lines: list[set[int]] = [set() for _ in drawing.cards]
    for number, edge in enumerate(drawing.edges):
        near[edge.child].add(edge.parent)
        near[edge.parent].add(edge.child)
        lines[edge.child].add(number)
        lines[edge.parent].add(number)
    value = {
        "size": [layout.width, layout.height],
        "relations": [[edge.child, edge.parent] for edge in drawing.edges],
        "views": {
            visible(one.name): _view(drawing, (at[fold(name)] for name in one.tables), everything, ASPECT)
            for one in catalogue.viewpoints
        },
        "around": [
            # Lines between neighbours say nothing of the table in the middle.
            _view(drawing, tables, sorted(lines[number]), NARROW)
            for number, tables in enumerate(near)
        ],
    }
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Neither the script's end nor a comment's beginning can stand in it.
    return _well_formed(written).replace("<", "\\u003c")


def _view(drawing: svg.Drawing, tables: Iterable[int], relations: Sequence[int], aspect: float) -> list[object]:
    """A layout of some tables, shortly: its size; table, x, y and so on; the lines by number."""
    chosen, lines, layout = drawing.part(tables, relations, aspect)
    places = [value for at, place in zip(chosen, layout.places, strict=True) for value in (at, *place)]
    paths = [[at, svg.path(drawing.relations[at], route)] for at, route in zip(lines, layout.routes, strict=True)]
    return [layout.width, layout.height, places, paths]


def _well_formed(value: str) -> str:
    """The text, with nothing that UTF-8 can't say."""
    return value.encode("utf-8", "replace").decode()


def _picture(drawing: svg.Drawing, layout: Layout) -> str:
    """The lines, then each table as a link to its article."""
    tables = (
        f'<a class="{svg.kind_class(card)}" href="#{anchor(card.entity.name)}" transform="translate({x} {y})">'
        f"{svg.inside(card, titles=False)}{svg.far(card)}</a>\n"
        for card, (x, y) in zip(drawing.cards, layout.places, strict=True)
    )
    return "".join([*svg.lines(drawing, layout), *tables])


def _list(catalogue: Catalogue, drawing: svg.Drawing) -> str:
    """The list of tables, by the viewpoint whose colour they have, each with a box to hide it."""
    at = {fold(card.entity.name): number for number, card in enumerate(drawing.cards)}
    left = dict.fromkeys(at)
    groups: list[tuple[str, str, str | None, list[int]]] = []
    for number, viewpoint in enumerate(catalogue.viewpoints):
        members = [at[fold(name)] for name in viewpoint.tables if fold(name) in left]
        for name in viewpoint.tables:
            left.pop(fold(name), None)
        groups.append((f"g{number % svg.GROUPS}", viewpoint.name, viewpoint.description, members))
    groups.append(("g", "Others" if catalogue.viewpoints else "Tables", None, [at[name] for name in left]))
    return "".join(_group(*group, drawing) for group in groups if group[3])


def _group(css: str, name: str, about: str | None, members: Sequence[int], drawing: svg.Drawing) -> str:
    def item(number: int) -> str:
        table = drawing.cards[number].entity.name
        return (
            f'<li><input class="js" type="checkbox" checked data-table="{number}" aria-label="Show {text(table)}">'
            f'<a href="#{anchor(table)}">{text(cut(table, 60))}</a></li>'
        )

    said = f'<p class="soft">{_words(about)}</p>' if about else ""
    items = "".join(map(item, members))
    return (
        f'<section class="{css}"><h2><label><input class="js" type="checkbox" checked data-group>'
        '<svg class="mark" width="12" height="12" aria-hidden="true">'
        '<rect class="m" x=".5" y=".5" width="11" height="11" rx="3"/></svg>'
        f"{text(name)}</label> <small>{len(members)}</small></h2>{said}<ul>{items}</ul></section>\n"
    )


def _article(catalogue: Catalogue, entity: Entity, number: int) -> str:
    """All that is known of a table, in tbls's order but that what it is related to comes early."""
    heading = anchor(entity.name)
    facts = [entity.kind + (f" ({entity.module})" if entity.module else "")]
    facts += [f"{entity.model} in {entity.file}:{entity.line}"] if entity.model else []
    views = [one.name for one in catalogue.viewpoints if fold(entity.name) in map(fold, one.tables)]
    sections = [
        _columns(entity),
        _section("Refers to", (_relation(catalogue, one) for one in catalogue.parents(entity.name))),
        _section("Referred to by", (_reference(catalogue, one) for one in catalogue.children(entity.name))),
        _section("Reads", (_linked(catalogue, name) for name in entity.reads)),
        _section("Viewpoints", map(text, views)),
        _section("Constraints", map(_constraint, entity.constraints)),
        _section("Indexes", map(_index, entity.indexes)),
        _section("Triggers", map(_trigger, entity.triggers)),
        _folded("Definition", ";\n".join((*entity.definition, ""))),
    ]
    return (
        f'<article id="{heading}" tabindex="-1" aria-labelledby="name-{number}">'
        f'<h2 id="name-{number}">{text(entity.name)}</h2>\n'
        f'<p class="soft">{text(" · ".join(facts))}</p>{_prose(entity.comment)}{"".join(sections)}</article>\n'
    )


def _columns(entity: Entity) -> str:
    if not entity.columns:
        return ""
    rows = "".join(_column(entity, column) for column in entity.columns)
    return (
        f'<table><caption class="sr">Columns of {text(entity.name)}</caption><thead><tr><th scope="col">Column</th>'
        f'<th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>\n{rows}</tbody></table>'
    )


def _column(entity: Entity, column: Column) -> str:
    marks = "".join(f" <b>{key}</b>" for key in svg.keys(column, entity).split())
    details = [_code(column.type or "any"), "or NULL" if column.nullable else "never NULL"]
    details += [f"default {_code(column.default)}"] if column.default is not None else []
    if column.generated is not None:
        details.append(f"{'stored' if column.stored else 'computed'} as {_code(column.generated)}")
    meaning = [_prose(column.comment)]
    if column.values:
        meaning.append(f'<p class="soft">One of {", ".join(_code(str(value)) for value in column.values)}</p>')
    # What JSON text holds is mostly what the annotation says.
    kept = [text(column.annotation)] if column.annotation and column.annotation != column.shape else []
    kept += [text(column.storage)] if column.storage else []
    kept += [_code(column.shape)] if column.shape else []
    meaning += [f'<p class="soft">{", ".join(kept)}</p>'] if column.storage or column.shape else []
    return (
        f'<tr><th scope="row"><span>{_breakable(column.name)}</span>{marks}</th><td>{"<br>".join(details)}</td>'
        f"<td>{''.join(meaning)}</td></tr>\n"
    )


def _breakable(name: str) -> str:
    """A name that may go on in the next line after an underscore."""
    return text(name).replace("_", "_<wbr>")


def _section(title: str, items: Iterable[str]) -> str:
    listed = "".join(f"<li>{item}</li>" for item in items)
    return f"<h3>{title}</h3><ul>{listed}</ul>" if listed else ""


def _relation(catalogue: Catalogue, relation: Relation) -> str:
    """A relation as the child sees it."""
    mine, theirs = _code(", ".join(relation.columns)), _code(", ".join(relation.parent_columns))
    return f"{mine} → {_linked(catalogue, relation.parent)} {theirs}{_terms(relation)}"


def _reference(catalogue: Catalogue, relation: Relation) -> str:
    """A relation as the parent sees it."""
    mine, theirs = _code(", ".join(relation.parent_columns)), _code(", ".join(relation.columns))
    return f"{mine} ← {_linked(catalogue, relation.child)} {theirs}{_terms(relation)}"


def _linked(catalogue: Catalogue, name: str) -> str:
    """A table's name, as a link if the table is there."""
    said = text(name)
    return f'<a href="#{anchor(name)}">{said}</a>' if catalogue.entity(name) else said


def _terms(relation: Relation) -> str:
    actions = [("delete", relation.on_delete), ("update", relation.on_update)]
    said = [f"on {event} {action.lower()}" for event, action in actions if action != "NO ACTION"]
    said += ["optional"] if relation.optional else []
    said += [] if relation.many else ["one to one"]
    said += ["checked at the end of the transaction"] if relation.deferred else []
    return f' <span class="soft">{"; ".join(said)}</span>' if said else ""


def _constraint(one: Constraint) -> str:
    return (f"{text(one.name)}: " if one.name else "") + _code(one.definition)


def _index(index: Index) -> str:
    terms = ", ".join(term.sql + (" DESC" if term.descending else "") for term in index.terms)
    said = f"({terms})" + (f" WHERE {index.where}" if index.where else "")
    return f"{text(index.name)}: {_code(said)}" + (" unique" if index.unique else "")


def _trigger(trigger: Trigger) -> str:
    return f"{_prose(trigger.comment)}{_folded(trigger.name, trigger.sql + ';')}"


def _folded(title: str, sql: str) -> str:
    return f"<details><summary>{text(title)}</summary><pre><code>{text(sql)}</code></pre></details>"


def _code(value: str) -> str:
    return f"<code>{text(value)}</code>"


def _prose(words: str | None) -> str:
    """Paragraphs, with what stands between backticks as code."""
    if not words:
        return ""
    return "".join(f"<p>{_words(part)}</p>" for part in re.split(r"\n\s*\n", words.strip()))


def _words(words: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text(words))
