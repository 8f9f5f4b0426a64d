"""The lines of a layered picture, between its layers: horizontal and vertical, as few on top of each other as can be.

Between two layers is a channel. All lines in it that end at the same place of the same box are one net: it has one
vertical stretch, its trunk, from which the lines branch off. Trunks that would touch have tracks of their own, in an
order that makes few of them cross.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from progy.docs.layout import Edge, Lanes

Point = tuple[int, int]

MARGIN = 28
"""Between a box and the first track: the length of a crow's foot and a corner."""
TRACK = 9
"""Between tracks."""
NEAR = 5
"""Lines nearer to each other than this look like one."""
OVERLAP = 25
"""One pair of lines on top of each other is as bad as so many crossings."""


@dataclass(slots=True, eq=False)
class Lane:
    """A box in a layer, or, without one, the place where a line passes through the layer."""

    box: int | None
    height: int
    y: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A piece of a line, from a layer to the next: where it begins and ends below the tops of two lanes."""

    left: Lane
    left_y: int
    right: Lane
    right_y: int
    key: Point
    """The place where the line ends, as the parent's box and the distance from its top."""

    @property
    def at_left(self) -> int:
        """Where it begins."""
        return self.left.y + self.left_y

    @property
    def at_right(self) -> int:
        """Where it ends."""
        return self.right.y + self.right_y


@dataclass(slots=True, eq=False)
class _Net:
    key: Point
    lefts: frozenset[int]
    rights: frozenset[int]
    top: int
    bottom: int
    track: int = -1


def route_channels(
    lanes: Lanes, widths: Sequence[int], edges: Mapping[int, Edge], box_widths: Sequence[int]
) -> tuple[dict[int, tuple[Point, ...]], list[int], int]:
    """Find the lines' corners, and with them how far the layers are apart.

    Args:
        lanes: Boxes and lanes at their heights.
        widths: Each layer's width.
        edges: The edges by number.
        box_widths: Each box's width.

    Returns:
        Each edge's corners from child to parent; where each layer begins; the width of all.
    """
    lefts: list[int] = []
    trunks: list[dict[Point, int]] = []
    x = 0
    for number, width in enumerate(widths):
        lefts.append(x)
        x += width
        nets = _nets(lanes.links[number])
        tracks = _tracks(nets)
        trunks.append({net.key: x + MARGIN + TRACK * net.track for net in nets if net.track >= 0})
        x += 2 * MARGIN + TRACK * max(0, tracks - 1)
    place = {id(lane): number for number, layer in enumerate(lanes.layers) for lane in layer}
    routes: dict[int, tuple[Point, ...]] = {}
    for at, way in lanes.ways.items():
        edge = edges[at]
        numbers = [place[id(lane)] for lane in way]
        ys = [way[0].y + edge.child_y, *(lane.y for lane in way[1:-1]), way[-1].y + edge.parent_y]
        leftward = numbers[0] > numbers[-1]
        points = [(lefts[numbers[0]] + (0 if leftward else box_widths[edge.child]), ys[0])]
        for step in range(len(way) - 1):
            channel = min(numbers[step], numbers[step + 1])
            trunk = trunks[channel].get((edge.parent, edge.parent_y))
            if trunk is not None and ys[step] != ys[step + 1]:
                points += [(trunk, ys[step]), (trunk, ys[step + 1])]
        points.append((lefts[numbers[-1]] + (box_widths[edge.parent] if leftward else 0), ys[-1]))
        routes[at] = tuple(points)
    return routes, lefts, lefts[-1] + widths[-1]


def _nets(links: Sequence[Link]) -> list[_Net]:
    ends: dict[Point, tuple[set[int], set[int]]] = {}
    for link in links:
        lefts, rights = ends.setdefault(link.key, (set(), set()))
        lefts.add(link.at_left)
        rights.add(link.at_right)
    return [
        _Net(key, frozenset(lefts), frozenset(rights), min(lefts | rights), max(lefts | rights))
        for key, (lefts, rights) in ends.items()
    ]


def _cost(first: _Net, second: _Net) -> int:
    """What it costs if the first one's trunk is left of the second one's."""
    if first.bottom + NEAR < second.top or second.bottom + NEAR < first.top:
        return 0
    cost = 0
    for y in second.lefts:
        cost += first.top < y < first.bottom
        for other in first.rights:
            if abs(y - other) < NEAR:
                cost += OVERLAP
    for y in first.rights:
        cost += second.top < y < second.bottom
    return cost


def _tracks(nets: Sequence[_Net]) -> int:
    """Give each net that needs a trunk a track; how many tracks there are."""
    order = sorted((net for net in nets if net.top != net.bottom), key=lambda net: (-net.top, net.key))
    # Neighbours change places while that is better: a net that overlaps no other is never in the way.
    for _ in order:
        swapped = False
        for at in range(len(order) - 1):
            left, right = order[at : at + 2]
            if _cost(left, right) > _cost(right, left):
                order[at], order[at + 1] = right, left
                swapped = True
        if not swapped:
            break
    for at, net in enumerate(order):
        beside = [
            other.track for other in order[:at] if other.top - NEAR <= net.bottom and net.top - NEAR <= other.bottom
        ]
        net.track = max(beside, default=-1) + 1
    return max((net.track for net in order), default=-1) + 1
