"""Where boxes and lines of a picture go: boxes and edges in, coordinates out.

A layered layout after Sugiyama, from left to right, parents before children: cycles are broken, each box gets a layer,
tall layers become several, an edge over several layers passes through the layers between on a lane of its own, and
lanes and boxes are ordered so that few edges cross. Parts that nothing joins are laid out by themselves and packed;
boxes without edges stand in a strip below. Lines that end at the same place of a box share their way to it.

All is in pixels, y grows downwards, and the same input gives the same output.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low
from typing import TYPE_CHECKING

from progy.docs.packing import BOX_GAP, PART_GAP, Size, columns, shelves
from progy.docs.routes import Lane, Link, Point, route_channels

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LANE_GAP = 12
"""Between a lane and whatever is above or below it."""
LOOP = 30
"""How far a reference to itself goes out of a box, so that both its ends can be drawn."""
LOOP_STEP = 8
STEP = 10
"""A step in a line that is no higher looks like a mistake."""
FOLDED = 2
"""A picture wider than so many times the wanted shape is folded,"""
UNFOLDED = 1200
"""but not one that is no wider than this."""
SWEEPS = 10
ROOM = 1.15
"""How tall a picture may be, as a multiple of its tallest layer."""
HEIGHTS = (0.45, 0.6, 0.75, 0.9, 1.1, 1.4)
"""What is tried as the height of a layer, as multiples of what would fill the wanted shape."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box to place. Boxes of the same group are put beside each other where nothing else decides."""

    width: int
    height: int
    group: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one box to another, or to itself: the boxes by position, where it ends below each one's top."""

    child: int
    child_y: int
    parent: int
    parent_y: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is. The upper left corner is 0, 0."""

    width: int
    height: int
    places: tuple[Point, ...]
    """The upper left corner of each box."""
    routes: tuple[tuple[Point, ...], ...]
    """For each edge the corners of its line, which is horizontal and vertical by turns, from child to parent."""


def arrange(boxes: Sequence[Box], edges: Sequence[Edge], aspect: float = 1.5) -> Layout:
    """Place boxes and route edges.

    Args:
        boxes: The boxes.
        edges: The edges between them.
        aspect: Width by height that the picture should have, roughly.
    """
    loops: dict[int, int] = {}
    for edge in edges:
        if edge.child == edge.parent:
            loops[edge.child] = loops.get(edge.child, 0) + 1
    reserved = [
        Box(box.width + (LOOP + LOOP_STEP * (loops[at] - 1) if at in loops else 0), box.height, box.group)
        for at, box in enumerate(boxes)
    ]
    parts, alone = _parts(len(boxes), edges)
    tried = [_tries(reserved, boxes, part, edges, aspect) for part in parts]
    lone = [(at, (reserved[at].width, reserved[at].height)) for at in alone]
    best = [min(each, key=lambda one: smallness(one.width, one.height, aspect)) for each in tried]
    # The shape of the largest part is chosen with what stands beside and below it.
    wholes = [_packed([first, *best[1:]], lone, aspect) for first in (tried[0] if tried else ())]
    whole = min(wholes or [_packed([], lone, aspect)], key=lambda one: smallness(one.width, one.height, aspect))
    places = [whole.places[at] for at in range(len(boxes))]
    routes = whole.routes | dict(_loops(boxes, edges, places))
    return Layout(whole.width, whole.height, tuple(places), tuple(routes[at] for at in range(len(edges))))


@dataclass(slots=True)
class _Part:
    """A part of the picture, laid out by itself, or the whole of it."""

    width: int
    height: int
    places: dict[int, Point]
    routes: dict[int, tuple[Point, ...]]


def _packed(parts: Sequence[_Part], lone: Sequence[tuple[int, Size]], aspect: float) -> _Part:
    """The parts beside each other, and below them the boxes that stand alone."""
    whole = _Part(0, 0, {}, {})
    for (x, y), part in zip(shelves([(one.width, one.height) for one in parts], aspect), parts, strict=True):
        whole.places.update({at: (x + left, y + top) for at, (left, top) in part.places.items()})
        whole.routes.update(
            {at: tuple((x + left, y + top) for left, top in points) for at, points in part.routes.items()}
        )
        whole.width, whole.height = max(whole.width, x + part.width), max(whole.height, y + part.height)
    if lone:
        start = whole.height + PART_GAP if parts else 0
        found, across, height = columns([size for _, size in lone], whole.width, aspect)
        whole.places.update({at: (x, start + y) for (at, _), (x, y) in zip(lone, found, strict=True)})
        whole.width, whole.height = max(whole.width, across), start + height
    return whole


def smallness(width: int, height: int, aspect: float) -> tuple[float, int]:
    """What is least of the picture that can be shown largest.

    Args:
        width: Its width.
        height: Its height.
        aspect: Width by height of the room for it.
    """
    return max(width / aspect, height), height


def _parts(count: int, edges: Iterable[Edge]) -> tuple[list[list[int]], list[int]]:
    """The boxes that edges join, part by part, the largest first; and those that no edge joins to another."""
    near: list[list[int]] = [[] for _ in range(count)]
    for edge in edges:
        if edge.child != edge.parent:
            near[edge.child].append(edge.parent)
            near[edge.parent].append(edge.child)
    seen: set[int] = set()
    parts: list[list[int]] = []
    for start in range(count):
        if start in seen or not near[start]:
            continue
        part, waiting = [], [start]
        seen.add(start)
        while waiting:
            part.append(at := waiting.pop())
            new = sorted(set(near[at]) - seen)
            seen.update(new)
            waiting += new
        parts.append(sorted(part))
    return sorted(parts, key=lambda part: (-len(part), part)), [at for at in range(count) if not near[at]]


def _tries(
    reserved: Sequence[Box], boxes: Sequence[Box], part: Sequence[int], edges: Sequence[Edge], aspect: float
) -> list[_Part]:
    """Layouts of one part, with several heights of layers."""
    inner = [at for at, edge in enumerate(edges) if edge.child != edge.parent and edge.child in set(part)]
    area = sum((reserved[at].width + 90) * (reserved[at].height + BOX_GAP) for at in part)
    tallest = max(reserved[at].height for at in part)
    ranks = _ranks(part, [edges[at] for at in inner])
    limits = {max(tallest, round(math.sqrt(area / aspect) * factor)) for factor in HEIGHTS}
    tried: dict[tuple[tuple[int, ...], ...], _Part] = {}
    for limit in sorted(limits):
        layers = _limited(ranks, reserved, [edges[at] for at in inner], limit)
        key = tuple(map(tuple, layers))
        if key not in tried:
            tried[key] = _layered(reserved, boxes, layers, {at: edges[at] for at in inner})
    found = list(tried.values())
    if all(one.width > max(FOLDED * aspect * one.height, UNFOLDED) for one in found):
        for folded in _folded(ranks, [edges[at] for at in inner]):
            layers = _limited(folded, reserved, [edges[at] for at in inner], sum(box.height + BOX_GAP for box in boxes))
            found.append(_layered(reserved, boxes, layers, {at: edges[at] for at in inner}))
    return found


def _folded(ranks: dict[int, int], edges: Sequence[Edge]) -> Iterable[dict[int, int]]:
    """The layers to and fro: a long chain would be a picture of one row. No edge may stay within a layer."""
    for last in range(1, max(ranks.values()) // 2 + 1):
        folded = {at: min(rank % (2 * last), -rank % (2 * last)) for at, rank in ranks.items()}
        if all(folded[edge.child] != folded[edge.parent] for edge in edges):
            yield folded


def _ranks(part: Sequence[int], edges: Sequence[Edge]) -> dict[int, int]:
    """A layer for each box, so that children are right of their parents but where references go in circles."""
    children: dict[int, list[int]] = {at: [] for at in part}
    for edge in edges:
        children[edge.parent].append(edge.child)
    # Who is referred to most comes first, so that of a circle the edge is turned that costs least.
    balance = {at: len(children[at]) - sum(edge.child == at for edge in edges) for at in part}
    forward: dict[int, set[int]] = {at: set() for at in part}
    order: list[int] = []
    state: dict[int, int] = {}
    for start in sorted(part, key=lambda at: (-balance[at], at)):
        stack = [(start, iter(sorted(set(children[start]))))] if start not in state else []
        state.setdefault(start, 1)
        while stack:
            at, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                state[at] = 2
                order.append(at)
                stack.pop()
            elif state.get(child) == 1:
                forward[child].add(at)  # a circle: this edge goes the other way
            else:
                forward[at].add(child)
                if child not in state:
                    state[child] = 1
                    stack.append((child, iter(sorted(set(children[child])))))
    return _tightened(order[::-1], forward)


def _tightened(order: Sequence[int], forward: dict[int, set[int]]) -> dict[int, int]:
    """The longest path's layers, then each box moved next to its children if it has more of them than parents.

    Args:
        order: Boxes, each before those it leads to: also by a turned edge, which leads back along the path it closed.
        forward: What each box leads to.
    """
    rank = dict.fromkeys(order, 0)
    for at in order:
        for child in forward[at]:
            rank[child] = max(rank[child], rank[at] + 1)
    behind: dict[int, int] = dict.fromkeys(order, 0)
    for children in forward.values():
        for child in children:
            behind[child] += 1
    for at in reversed(order):
        if forward[at] and behind[at] < len(forward[at]):
            rank[at] = max(rank[at], min(rank[child] for child in forward[at]) - 1)
    return rank


def _limited(ranks: dict[int, int], boxes: Sequence[Box], edges: Sequence[Edge], limit: int) -> list[list[int]]:
    """The layers, none much taller than the limit: what is too much moves on, or the layer becomes several."""
    following: dict[int, list[int]] = {at: [] for at in ranks}
    for edge in edges:
        first, second = sorted((edge.parent, edge.child), key=lambda at: ranks[at])
        following[first].append(second)
    layers: list[list[int]] = [[] for _ in range(max(ranks.values()) + 1)]
    # Those that lead on stand last, next to what they lead to.
    for at in sorted(ranks, key=lambda at: (bool(following[at]), boxes[at].group, at)):
        layers[ranks[at]].append(at)

    def tall(layer: Iterable[int]) -> int:
        return sum(boxes[at].height + BOX_GAP for at in layer)

    result: list[list[int]] = []
    for number, layer in enumerate(layers):
        rest = list(layer)
        if number + 1 < len(layers):
            movable = [at for at in rest if not following[at]]
            while tall(rest) > limit and movable and tall([*layers[number + 1], movable[-1]]) <= limit:
                layers[number + 1].append(at := movable.pop())
                rest.remove(at)
        columns = max(1, round(tall(rest) / limit + 0.3))
        share = tall(rest) / columns
        column: list[int] = []
        for at in rest:
            if column and tall(column) + boxes[at].height / 2 > share:
                result.append(column)
                column = []
            column.append(at)
        if column:
            result.append(column)
    return result


def _layered(boxes: Sequence[Box], true: Sequence[Box], layers: list[list[int]], edges: dict[int, Edge]) -> _Part:
    """One part, from its layers."""
    lanes = _lanes(boxes, layers, edges)
    _reduce_crossings(lanes)
    _straighten(lanes)
    _even(lanes)
    widths = [max((boxes[at].width for at in layer), default=0) for layer in layers]
    routes, lefts, width = route_channels(lanes, widths, edges, [box.width for box in true])
    top = min(lane.y for layer in lanes.layers for lane in layer)
    height = max(lane.y + lane.height for layer in lanes.layers for lane in layer) - top
    places = {
        lane.box: (lefts[number], lane.y - top)
        for number, layer in enumerate(lanes.layers)
        for lane in layer
        if lane.box is not None
    }
    moved = {at: tuple((x, y - top) for x, y in route) for at, route in routes.items()}
    return _Part(width, height, places, moved)


@dataclass(slots=True)
class Lanes:
    """Layers of boxes and of lanes for the lines that pass through, and what joins neighbouring layers."""

    layers: list[list[Lane]]
    links: list[list[Link]]
    """Between each layer and the next."""
    ways: dict[int, list[Lane]]
    """For each edge what it passes, from child to parent."""


def _lanes(boxes: Sequence[Box], layers: list[list[int]], edges: dict[int, Edge]) -> Lanes:
    of_box: dict[int, Lane] = {}
    number_of: dict[int, int] = {}
    rows: list[list[Lane]] = []
    for number, layer in enumerate(layers):
        rows.append([])
        for at in layer:
            of_box[at] = Lane(at, boxes[at].height)
            number_of[at] = number
            rows[number].append(of_box[at])
    links: list[dict[tuple[int, int, int, int], Link]] = [{} for _ in layers]
    shared: dict[tuple[int, int, int], Lane] = {}
    ways: dict[int, list[Lane]] = {}
    for at, edge in edges.items():
        first, last = number_of[edge.parent], number_of[edge.child]
        step = 1 if first < last else -1
        way = [of_box[edge.parent]]
        for number in range(first + step, last, step):
            # Whatever ends at the same place shares its lanes.
            key = (edge.parent, edge.parent_y, number)
            if key not in shared:
                shared[key] = Lane(None, 0)
                rows[number].append(shared[key])
            way.append(shared[key])
        way.append(of_box[edge.child])
        ways[at] = way[::-1]
        pins = [edge.parent_y, *([0] * (len(way) - 2)), edge.child_y]
        for place in range(len(way) - 1):
            left, right = (place, place + 1) if step == 1 else (place + 1, place)
            link = Link(way[left], pins[left], way[right], pins[right], (edge.parent, edge.parent_y))
            links[min(first + step * place, first + step * (place + 1))].setdefault(
                (id(link.left), link.left_y, id(link.right), link.right_y), link
            )
    return Lanes(rows, [list(each.values()) for each in links], ways)


def _stack(layer: Sequence[Lane]) -> None:
    """Put lanes above each other, in their order, around 0."""
    y = 0
    for before, lane in zip([None, *layer], layer, strict=False):
        y += _gap(before, lane) if before else 0
        lane.y = y
        y += lane.height
    for lane in layer:
        lane.y -= y // 2


def _gap(above: Lane, below: Lane) -> int:
    return LANE_GAP if above.box is None or below.box is None else BOX_GAP


def _reduce_crossings(lanes: Lanes) -> None:
    """Order each layer by where its neighbours are, from left to right and back; the best order found stays."""
    for layer in lanes.layers:
        _stack(layer)
    best, fewest = [list(layer) for layer in lanes.layers], _crossings(lanes)
    for sweep in range(SWEEPS):
        numbers = range(1, len(lanes.layers)) if sweep % 2 == 0 else range(len(lanes.layers) - 2, -1, -1)
        for number in numbers:
            layer = lanes.layers[number]
            near: dict[int, list[int]] = {id(lane): [] for lane in layer}
            for link in lanes.links[number - 1] if sweep % 2 == 0 else lanes.links[number]:
                mine, others = (link.right, link.at_left) if sweep % 2 == 0 else (link.left, link.at_right)
                near[id(mine)].append(others)
            wanted = {
                id(lane): sum(near[id(lane)]) / len(near[id(lane)]) if near[id(lane)] else lane.y + lane.height / 2
                for lane in layer
            }
            layer.sort(key=lambda lane: wanted[id(lane)])
            _stack(layer)
        found = _crossings(lanes)
        if found < fewest:
            best, fewest = [list(layer) for layer in lanes.layers], found
    lanes.layers[:] = best
    for layer in lanes.layers:
        _stack(layer)


def _crossings(lanes: Lanes) -> int:
    """How many pairs of links cross."""
    count = 0
    for links in lanes.links:
        passed: list[int] = []
        for number, (_, right) in enumerate(sorted((link.at_left, link.at_right) for link in links)):
            at = bisect_right(passed, right)
            count += number - at
            passed.insert(at, right)
    return count


def _straighten(lanes: Lanes) -> None:
    """Move lanes up and down, in their order, to where their lines become straight."""
    near: dict[int, list[tuple[Link, bool]]] = {id(lane): [] for layer in lanes.layers for lane in layer}
    for links in lanes.links:
        for link in links:
            near[id(link.left)].append((link, True))
            near[id(link.right)].append((link, False))
    # Straight lines alone would let the picture drift into a diagonal: nothing goes much beyond the tallest layer.
    tallest = max(layer[-1].y + layer[-1].height - layer[0].y for layer in lanes.layers)
    reach = round(tallest * ROOM / 2) + BOX_GAP
    for sweep in range(SWEEPS):
        for layer in lanes.layers if sweep % 2 == 0 else lanes.layers[::-1]:
            wanted = []
            for lane in layer:
                tops = [
                    link.at_right - link.left_y if is_left else link.at_left - link.right_y
                    for link, is_left in near[id(lane)]
                ]
                top = median_low(tops) if tops else lane.y
                wanted.append(min(max(top, -reach), reach - lane.height))
            _settle(layer, wanted)


def _even(lanes: Lanes) -> None:
    """Take small steps out of lines that pass through layers, where there is room."""
    for number, links in enumerate(lanes.links):
        for link in links:
            if link.right.box is None:
                _level(lanes.layers[number + 1], link.right, link.at_left)
    for number, links in reversed([*enumerate(lanes.links)]):
        for link in links:
            if link.left.box is None:
                _level(lanes.layers[number], link.left, link.at_right)


def _level(layer: Sequence[Lane], lane: Lane, y: int) -> None:
    """Move a lane by a small step, if its neighbours leave room."""
    at = next(number for number, one in enumerate(layer) if one is lane)
    is_below = at == 0 or layer[at - 1].y + layer[at - 1].height + _gap(layer[at - 1], lane) <= y
    is_above = at == len(layer) - 1 or y + lane.height + _gap(lane, layer[at + 1]) <= layer[at + 1].y
    if abs(lane.y - y) <= STEP and is_below and is_above:
        lane.y = y


def _settle(layer: Sequence[Lane], wanted: Sequence[int]) -> None:
    """Put lanes as near as they can be to where they should be: least squares, by pooling adjacent violators."""
    offsets = [0]
    for above, below in pairwise(layer):
        offsets.append(offsets[-1] + above.height + _gap(above, below))
    pools: list[tuple[float, int]] = []
    for offset, top in zip(offsets, wanted, strict=True):
        mean, size = float(top - offset), 1
        while pools and pools[-1][0] >= mean:
            before, count = pools.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        pools.append((mean, size))
    tops = [round(mean) for mean, size in pools for _ in range(size)]
    for lane, offset, top in zip(layer, offsets, tops, strict=True):
        lane.y = top + offset


def _loops(
    boxes: Sequence[Box], edges: Sequence[Edge], places: Sequence[Point]
) -> Iterable[tuple[int, tuple[Point, ...]]]:
    """The routes of references to itself, on the box's right, one around the other."""
    seen: dict[int, int] = {}
    own = [at for at, edge in enumerate(edges) if edge.child == edge.parent]
    # The longest is the outermost: then none crosses another that ends at the same row.
    for at in sorted(own, key=lambda at: (abs(edges[at].child_y - edges[at].parent_y), at)):
        edge = edges[at]
        number = seen[edge.child] = seen.get(edge.child, -1) + 1
        x, y = places[edge.child]
        right = x + boxes[edge.child].width
        out = right + LOOP - 4 + LOOP_STEP * number
        start, end = y + edge.child_y, y + edge.parent_y
        yield at, ((right, start), (out, start), (out, end), (right, end))
