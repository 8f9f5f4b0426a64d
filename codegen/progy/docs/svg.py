"""The picture of a database as SVG: tables as boxes, foreign keys as lines from row to row with crow's feet."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from progy.docs.layout import Box, Edge, Layout, arrange, smallness
from progy.docs.lettering import LETTER, SIZE, cut, filled, syllables, text, visible, width
from progy.schema.objects import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from progy.docs.catalogue import Catalogue, Column, Entity, Relation

Detail = Literal["columns", "keys", "names"]
"""What boxes show: the tables' names with all columns, with the keys, or alone."""

HEAD = 32
ROW = 20
KEYS = 42
"""Where names begin, right of the keys."""
NAME_LETTERS = 30
TYPE_LETTERS = 14
MOST_ROWS = 30
LARGE = 40
"""A picture of more tables that nobody can zoom shows their names alone."""
WIDE = 1600
"""A wider picture that nobody can zoom has letters too small to read: a README has room for 900 pixels."""
FAR_LETTERS = 40
FAR_ROWS = 4
FAR_ROW = 1.15
"""The height of a row of a name that fills its box, as a multiple of its letters' size."""
FAR_SIZE = 20
"""Of the letters where a box shows the name alone, in pixels."""
FAR_LARGEST = 46
TURN = "matrix(0 1 1 0 0 0)"
"""Puts x and y in each other's place."""
BAR = 4
"""Half the length of a bar across a line."""
APART = 12
"""Between lines that leave such a box."""
GROUPS = 10
"""So many colours there are."""

LIGHT = {
    "paper": "#ffffff", "box": "#ffffff", "ink": "#1f2328", "soft": "#59636e", "rule": "#d1d9e0", "line": "#6e7781",
    "on": "#0550ae", "veil": "#f6f8fa",
    "g": "#eaeef2", "h": "#6e7781",
    "g0": "#ddf4ff", "h0": "#0969da", "g1": "#dafbe1", "h1": "#1a7f37", "g2": "#fff1d5", "h2": "#9a6700",
    "g3": "#fbefff", "h3": "#8250df", "g4": "#ffebe9", "h4": "#cf222e", "g5": "#d8f6f2", "h5": "#0f766e",
    "g6": "#ffeff7", "h6": "#bf3989", "g7": "#e8eafc", "h7": "#4051b5", "g8": "#f0f4d4", "h8": "#5c6b00",
    "g9": "#ffe9d9", "h9": "#bc4c00",
}  # fmt: skip
DARK = {
    "paper": "#0d1117", "box": "#161b22", "ink": "#e6edf3", "soft": "#9da7b1", "rule": "#3d444d", "line": "#8b949e",
    "on": "#79c0ff", "veil": "#1c2128",
    "g": "#2a313a", "h": "#8b949e",
    "g0": "#0c2d55", "h0": "#58a6ff", "g1": "#0f3a1d", "h1": "#3fb950", "g2": "#423006", "h2": "#d29922",
    "g3": "#341e5c", "h3": "#bc8cff", "g4": "#541818", "h4": "#ff7b72", "g5": "#07403b", "h5": "#2dd4bf",
    "g6": "#4d1538", "h6": "#f778ba", "g7": "#242a5e", "h7": "#8f9bff", "g8": "#353b08", "h8": "#b9c832",
    "g9": "#4f2407", "h9": "#f0883e",
}  # fmt: skip
"""Colours by what they are for; `g` and `h` are a group's head and its mark. All text on them has contrast over 4.5."""


@dataclass(frozen=True, slots=True)
class Card:
    """A table as the picture shows it."""

    entity: Entity
    group: int | None
    """The colour of the first viewpoint it is in."""
    rows: tuple[Column, ...]
    more: int
    """How many columns aren't shown."""
    box: Box
    types_at: int
    """Where types begin."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a picture is drawn from: the tables, in the catalogue's order, and the relations between them."""

    cards: tuple[Card, ...]
    relations: tuple[Relation, ...]
    edges: tuple[Edge, ...]
    """One for each relation."""
    detail: Detail

    def arranged(self, aspect: float) -> Layout:
        """All of it."""
        return arrange([card.box for card in self.cards], self.edges, aspect)

    def part(
        self, tables: Iterable[int], relations: Iterable[int], aspect: float
    ) -> tuple[list[int], list[int], Layout]:
        """Some tables by themselves, with those of the relations that are between them.

        Returns:
            The tables' and the relations' numbers as the layout has them, and the layout.
        """
        chosen = sorted(set(tables))
        number = {at: new for new, at in enumerate(chosen)}
        lines = [at for at in relations if self.edges[at].child in number and self.edges[at].parent in number]
        edges = [
            Edge(number[edge.child], edge.child_y, number[edge.parent], edge.parent_y)
            for edge in (self.edges[at] for at in lines)
        ]
        return chosen, lines, arrange([self.cards[at].box for at in chosen], edges, aspect)


def picture(catalogue: Catalogue, aspect: float = 1.1) -> str:
    """The whole database as an SVG file that stands for itself, light or dark as its reader's screen is.

    It names comments where a pointer rests, if it is opened by itself. Where all columns would make it too wide to be
    read it shows the keys, and where that is too wide, too, or tables are many, their names alone.

    Args:
        catalogue: The database.
        aspect: Width by height, roughly; a README is narrow.
    """
    drawing, layout, is_turned = _legible(catalogue, aspect)
    top, wide, depth = _top(catalogue, drawing, layout.width)
    edge = 16
    width, height = max(wide, layout.width) + 2 * edge, depth + layout.height + 2 * edge
    style = _css()
    rules = f"{resolved(style, LIGHT)}@media (prefers-color-scheme: dark){{{resolved(style, DARK)}}}"
    small = ' class="small"' if drawing.detail == "names" else ""
    joined = "".join(lines(drawing, layout))
    tables = (
        f'<g class="{kind_class(card)}" transform="translate({x} {y})">'
        f"{_small(card) if small else inside(card, titles=True)}</g>\n"
        for card, (x, y) in zip(drawing.cards, layout.places, strict=True)
    )
    body = "".join([f'<g transform="{TURN}">\n{joined}</g>\n' if is_turned else joined, *tables])
    return (
        "<!-- Generated by progy. -->\n"
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="name about">\n'
        f'<title id="name">{text(catalogue.title)}</title>\n<desc id="about">{text(summary(catalogue))}</desc>\n'
        f"<style>{rules}</style>\n"
        f'<rect class="paper" width="{width}" height="{height}" rx="8"/>\n'
        f'<g transform="translate({edge} {edge})">{top}<g{small} transform="translate(0 {depth})">\n{body}</g></g>\n'
        "</svg>\n"
    )


def summary(catalogue: Catalogue) -> str:
    """How much there is, in words."""
    counts = [
        (sum(one.kind == kind for one in catalogue.entities), kind, plural)
        for kind, plural in (("table", "tables"), ("view", "views"), ("virtual table", "virtual tables"))
    ]
    counts.append((len(catalogue.relations), "reference", "references"))
    return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count) or "no tables"


def _legible(catalogue: Catalogue, aspect: float) -> tuple[Drawing, Layout, bool]:
    """As much of the database as can be read without zooming; whether the layout's lines are to be turned."""
    details: tuple[Detail, ...] = ("columns", "keys") if len(catalogue.entities) <= LARGE else ()
    for detail in details:
        drawing = draw(catalogue, detail)
        layout = drawing.arranged(aspect)
        if layout.width <= WIDE:
            return drawing, layout, False
    drawing = draw(catalogue, "names")
    across, down = drawing.arranged(aspect), _downwards(drawing, aspect)
    is_turned = smallness(down.width, down.height, aspect) < smallness(across.width, across.height, aspect)
    return drawing, down if is_turned else across, is_turned


def _downwards(drawing: Drawing, aspect: float) -> Layout:
    """A layout with parents above their children; its routes have x and y in each other's place.

    References go deep in most databases: downwards there is more room for names, which are wider than high.
    """
    boxes = [Box(card.box.height, card.box.width, card.box.group) for card in drawing.cards]
    shifts = [(card.box.width - card.box.height) // 2 for card in drawing.cards]
    edges = [
        Edge(one.child, one.child_y + shifts[one.child], one.parent, one.parent_y + shifts[one.parent])
        for one in drawing.edges
    ]
    found = arrange(boxes, edges, 1 / aspect)
    return Layout(found.height, found.width, tuple((y, x) for x, y in found.places), found.routes)


def draw(catalogue: Catalogue, detail: Detail = "columns") -> Drawing:
    """What a picture of the database is made of."""
    groups: dict[str, int] = {}
    for number, viewpoint in enumerate(catalogue.viewpoints):
        for name in viewpoint.tables:
            groups.setdefault(fold(name), number % GROUPS)
    cards = tuple(_card(catalogue, one, groups.get(fold(one.name)), detail) for one in catalogue.entities)
    at = {fold(card.entity.name): number for number, card in enumerate(cards)}
    # What refers to a table that isn't there has no line.
    relations = tuple(one for one in catalogue.relations if fold(one.child) in at and fold(one.parent) in at)
    referred = {one.parent for one in relations if one.parent != one.child}
    both = {one.parent for one in relations if one.optional} & {one.parent for one in relations if not one.optional}
    edges: list[Edge] = []
    taken: dict[tuple[int, int], int] = {}
    for one in relations:
        child, parent = at[fold(one.child)], at[fold(one.parent)]
        child_y = row_y(cards[child], one.columns)
        number = taken[child, child_y] = taken.get((child, child_y), -1) + 1
        # Several references by one column stand beside each other in its row; so do those that may be and must be.
        if cards[child].rows:
            child_y += (0, 6, -6)[number % 3]
        else:
            # The middle is for what refers to it.
            child_y += _fan(number + (one.child in referred), to_itself=child == parent)
        apart = (6 if one.optional else -6) if one.parent in both else 0
        edges.append(Edge(child, child_y, parent, row_y(cards[parent], one.parent_columns) + apart))
    return Drawing(cards, relations, tuple(edges), detail)


def _fan(number: int, *, to_itself: bool) -> int:
    """How far from the middle the lines of a box without rows begin: on one side and the other by turns."""
    side = 1 if number % 2 else -1
    return 14 * side if to_itself else APART * ((number + 1) // 2) * side


def row_y(card: Card, columns: Sequence[str]) -> int:
    """The middle of the row of the first of these columns; the head's for none, the box's where it has no rows."""
    if not card.rows:
        return card.box.height // 2
    first = fold(columns[0]) if columns else None
    number = next((at for at, column in enumerate(card.rows) if fold(column.name) == first), None)
    return HEAD // 2 if number is None else HEAD + ROW * number + ROW // 2


def _card(catalogue: Catalogue, entity: Entity, group: int | None, detail: Detail) -> Card:
    colour = GROUPS if group is None else group
    if detail == "names":
        across, down = _small_size(entity.name, len(catalogue.parents(entity.name)))
        return Card(entity, group, (), 0, Box(across, down, colour), 0)
    linked = {fold(name) for one in catalogue.parents(entity.name) for name in one.columns}
    linked |= {fold(name) for one in catalogue.children(entity.name) for name in one.parent_columns}
    keys = [column for column in entity.columns if column.primary or fold(column.name) in linked]
    room = 0 if detail == "keys" else max(0, MOST_ROWS - len(keys))
    rest = {fold(column.name) for column in [one for one in entity.columns if one not in keys][:room]}
    rows = tuple(one for one in entity.columns if one in keys or fold(one.name) in rest)
    more = len(entity.columns) - len(rows)
    if more == 1:
        rows, more = entity.columns, 0
    names = max((width(cut(column.name, NAME_LETTERS)) for column in rows), default=0)
    types = max((width(cut(_type(column), TYPE_LETTERS)) for column in rows), default=0)
    types_at = round(KEYS + (names + 1.5) * LETTER)
    wide = max(types_at + types * LETTER + 10, 24 + width(cut(entity.name, NAME_LETTERS)) * LETTER * 13 / SIZE, 150)
    tall = HEAD + ROW * (len(rows) + bool(more) + (not entity.columns)) + 6
    return Card(entity, group, rows, more, Box(round(wide), tall, colour), types_at)


def _small_size(name: str, lines: int) -> tuple[int, int]:
    """How wide and high a box is that shows the name alone, with room for the lines that leave it."""
    parts = syllables(cut(name, FAR_LETTERS))
    rows = next(rows for letters in (12, 14, 18, FAR_LETTERS) if len(rows := filled(parts, letters)) < FAR_ROWS)
    wide = 20 + max(map(width, rows)) * LETTER * FAR_SIZE / SIZE
    least = APART * (lines + 2)
    return max(110, least, round(wide)), max(40, least, 12 + math.ceil(len(rows) * FAR_SIZE * FAR_ROW))


def _type(column: Column) -> str:
    return (column.type or "any") + ("?" if column.nullable else "")


def keys(column: Column, entity: Entity) -> str:
    """What keys a column is of, shortly."""
    foreign = [one.columns for one in entity.constraints if one.kind == "FOREIGN KEY"]
    refers = any(fold(column.name) in map(fold, columns) for columns in foreign)
    found = [name for name, is_one in (("PK", column.primary), ("FK", refers)) if is_one]
    return " ".join(found) or ("UQ" if column.unique else "")


def lines(drawing: Drawing, layout: Layout) -> Iterator[str]:
    """The lines, each with its meaning as its title."""
    for relation, route in zip(drawing.relations, layout.routes, strict=True):
        yield f'<path class="e" d="{path(relation, route)}"><title>{text(meaning(relation))}</title></path>\n'


def meaning(relation: Relation) -> str:
    """A relation in words."""
    child, parent = (", ".join(columns) for columns in (relation.columns, relation.parent_columns))
    said = f"{relation.child} ({child}) → {relation.parent} ({parent}): "
    said += "a row refers to one row or none" if relation.optional else "every row refers to one row"
    said += ", several may refer to the same" if relation.many else ", no two to the same"
    return said + (f"; on delete {relation.on_delete.lower()}" if relation.on_delete != "NO ACTION" else "")


def path(relation: Relation, route: Sequence[tuple[int, int]]) -> str:
    """A line as a path's data: a crow's foot for many rows, a bar for one, a circle where there may be none.

    Whatever is referred to may have no row that does: the child's end has a circle always.
    """
    ways = [1 if after[0] > before[0] else -1 for before, after in (route[:2], route[:-3:-1])]
    (x, y), (end_x, end_y) = route[0], route[-1]
    child, parent = ways
    foot = f"M{x} {y - 5}l{11 * child} 5l{-11 * child} 5" if relation.many else f"M{x + 7 * child} {y - BAR}v{2 * BAR}"
    start = x + (11 if relation.many else 7) * child
    # A table's mark is drawn from it: the circle last, where the line begins.
    drawn = f"{foot}M{x} {y}H{start}{_circle(start, y, child)}"
    drawn += f"M{end_x + 7 * parent} {end_y - BAR}v{2 * BAR}"
    if relation.optional:
        drawn += f"M{end_x} {end_y}h{7 * parent}{_circle(end_x + 7 * parent, end_y, parent)}"
        stop = end_x + 14 * parent
    else:
        drawn += f"M{end_x + 11 * parent} {end_y - BAR}v{2 * BAR}"
        stop = end_x
    corners = [(start + 7 * child, y), *route[1:-1], (stop, end_y)]
    return drawn + _rounded(corners)


def _circle(x: int, y: int, way: int) -> str:
    return f"M{x} {y}a3.5 3.5 0 1 1 {7 * way} 0a3.5 3.5 0 1 1 {-7 * way} 0"


def _rounded(points: Sequence[tuple[int, int]], radius: int = 6) -> str:
    drawn = f"M{points[0][0]} {points[0][1]}"
    for before, (x, y), after in zip(points, points[1:], points[2:], strict=False):
        lengths = [abs(x - other[0]) + abs(y - other[1]) for other in (before, after)]
        turn = min(radius, *(length // 2 for length in lengths))
        start, end = (_towards((x, y), other, turn) for other in (before, after))
        drawn += f"L{start[0]} {start[1]}Q{x} {y} {end[0]} {end[1]}"
    return drawn + f"L{points[-1][0]} {points[-1][1]}"


def _towards(point: tuple[int, int], other: tuple[int, int], by: int) -> tuple[int, int]:
    (x, y), (to_x, to_y) = point, other
    return x + by * ((to_x > x) - (to_x < x)), y + by * ((to_y > y) - (to_y < y))


def inside(card: Card, *, titles: bool) -> str:
    """A table's box with what is in it, its upper left corner at 0, 0.

    Args:
        card: The table.
        titles: Whether comments are said as titles. What is cut always is.
    """
    entity, box = card.entity, card.box
    name = cut(entity.name, NAME_LETTERS)
    said = _title(entity.name, name, entity.comment if titles else None)
    head = (
        f'<rect class="b" width="{box.width}" height="{box.height}" rx="6"/>'
        f'<path class="h" d="M0 {HEAD}V6q0-6 6-6H{box.width - 6}q6 0 6 6V{HEAD}z"/>'
        f'<text class="n" x="12" y="21">{text(name)}{said}</text>'
    )
    parts: list[str] = []
    for number, column in enumerate(card.rows):
        y = HEAD + ROW * number + 14
        shown, type_ = cut(column.name, NAME_LETTERS), cut(_type(column), TYPE_LETTERS)
        mark = keys(column, entity)
        parts.append(
            (f'<text class="k" x="8" y="{y}">{mark}</text>' if mark else "")
            + f'<text class="{"p" if column.primary else "c"}" x="{KEYS}" y="{y}">{text(shown)}'
            + f"{_title(column.name, shown, column.comment if titles else None)}</text>"
            + f'<text class="y" x="{card.types_at}" y="{y}">{text(type_)}{_title(_type(column), type_, None)}</text>'
        )
    last = HEAD + ROW * len(card.rows) + 14
    if card.more:
        parts.append(f'<text class="y" x="{KEYS}" y="{last}">{card.more} more columns</text>')
    if not entity.columns:
        what = entity.kind + (f" ({entity.module})" if entity.module else "")
        parts.append(f'<text class="y" x="12" y="{last}">{text(cut(what, NAME_LETTERS))}</text>')
    # Who can't see the picture hears its tables' names here, and their columns from the articles.
    return f'{head}<g class="r" aria-hidden="true">{"".join(parts)}</g>'


def kind_class(card: Card) -> str:
    """The CSS classes of a table."""
    group = "g" if card.group is None else f"g{card.group}"
    return f"t {group}" + ("" if card.entity.kind == "table" else " v")


def _small(card: Card) -> str:
    """A box that shows the name alone."""
    rect = f'<rect class="b" width="{card.box.width}" height="{card.box.height}" rx="6"/>'
    shown = cut(card.entity.name, FAR_LETTERS)
    return rect + far(card, FAR_SIZE, _title(card.entity.name, shown, card.entity.comment))


def far(card: Card, largest: int = FAR_LARGEST, title: str = "") -> str:
    """A table's name in letters as large as its box has room for, to be read from afar.

    Args:
        card: The table.
        largest: The largest size of letters, in pixels.
        title: A title element.
    """
    parts = syllables(cut(card.entity.name, FAR_LETTERS))
    ways = {tuple(filled(parts, letters)): None for letters in range(4, FAR_LETTERS + 1)}

    def size(rows: tuple[str, ...]) -> float:
        across = (card.box.width - 14) / (max(1, *map(width, rows)) * LETTER / SIZE)
        return min(largest, across, (card.box.height - 8) / (len(rows) * FAR_ROW))

    rows = max((rows for rows in ways if len(rows) <= FAR_ROWS), key=size)
    # A scale, since the size is the style sheet's, and a style of its own the page's policy forbids.
    scale = size(rows) / SIZE
    spans = "".join(
        f'<tspan x="0" y="{SIZE * ((at - (len(rows) - 1) / 2) * FAR_ROW + 0.35):.1f}">{text(row)}</tspan>'
        for at, row in enumerate(rows)
    )
    return (
        f'<text class="far" aria-hidden="true" transform="translate({card.box.width / 2:g} {card.box.height / 2:g}) '
        f'scale({scale:.2f})">{spans}{title}</text>'
    )


def _title(full: str, shown: str, comment: str | None) -> str:
    said = [full] if shown != visible(full) else []
    said += [comment] if comment else []
    return f"<title>{text(chr(10).join(said))}</title>" if said else ""


def _top(catalogue: Catalogue, drawing: Drawing, limit: int) -> tuple[str, int, int]:
    """What stands above the picture, in letters like its own, and how wide and high it is."""
    if not drawing.cards:
        words = summary(catalogue)
        return f'<text class="c" y="12">{text(words)}</text>', round(width(words) * LETTER), SIZE
    if drawing.detail != "names":
        return _legend(catalogue, drawing, limit)
    scale = FAR_SIZE / SIZE
    legend, wide, tall = _legend(catalogue, drawing, round(limit / scale))
    return f'<g transform="scale({scale:.2f})">{legend}</g>', round(wide * scale), round(tall * scale)


def _legend(catalogue: Catalogue, drawing: Drawing, limit: int) -> tuple[str, int, int]:
    """The groups' colours, and how much room they take."""
    used = {card.group for card in drawing.cards}
    drawn, x, y, most = "", 0, 0, 0
    for number, viewpoint in enumerate(catalogue.viewpoints):
        if number % GROUPS not in used:
            continue
        name = cut(viewpoint.name, NAME_LETTERS)
        said = _title(viewpoint.name, name, viewpoint.description)
        wide = round(width(name) * LETTER) + 36
        if x and x + wide > limit:
            x, y = 0, y + ROW
        drawn += (
            f'<g class="g{number % GROUPS}"><rect class="m" x="{x}" y="{y}" width="12" height="12" rx="3"/>'
            f'<text class="c" x="{x + 18}" y="{y + 10}">{text(name)}{said}</text></g>'
        )
        x += wide
        most = max(most, x)
    return drawn, most, y + 32 if drawn else 0


@cache
def _css() -> str:
    from importlib.resources import files

    return (files("progy.docs") / "web" / "picture.css").read_text(encoding="utf-8") + group_rules()


def group_rules() -> str:
    """The rules that give groups their colours."""
    names = ["", *map(str, range(GROUPS))]
    parts = ".g{0} .h,.g{0} .m,.small .g{0} .b"
    return "".join(f"{parts.format(one)}{{fill:var(--g{one});stroke:var(--h{one})}}" for one in names)


def resolved(css: str, colours: dict[str, str]) -> str:
    """Rules with the colours in them: what draws SVG outside browsers seldom knows CSS's variables."""
    return re.sub(r"var\(--(\w+)\)", lambda found: colours[found[1]], css)
