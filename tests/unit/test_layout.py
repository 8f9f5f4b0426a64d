"""Where boxes and lines go: nothing lies on anything else, whatever refers to whatever."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from progy.docs import svg
from progy.docs.layout import Box, Edge, Layout, arrange
from tests.large import large

SMALL = Box(100, 60)


def line(child: int, parent: int) -> Edge:
    return Edge(child, 40, parent, 20)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Box], list[Edge]]:
    boxes = draw(
        st.lists(st.builds(Box, st.integers(80, 300), st.integers(60, 400), st.integers(0, 3)), min_size=1, max_size=14)
    )
    ends = st.integers(0, len(boxes) - 1)
    edges = draw(
        st.lists(st.builds(Edge, ends, st.sampled_from([30, 40, 45, 55]), ends, st.sampled_from([20, 25])), max_size=24)
    )
    return boxes, edges


def overlaps(boxes: list[Box], layout: Layout) -> list[tuple[int, int]]:
    placed = list(enumerate(zip(boxes, layout.places, strict=True)))
    return [
        (first, second)
        for first, (a, (ax, ay)) in placed
        for second, (b, (bx, by)) in placed
        if first < second and ax < bx + b.width and bx < ax + a.width and ay < by + b.height and by < ay + a.height
    ]


def hidden(boxes: list[Box], layout: Layout) -> list[tuple[int, int]]:
    """The edges that pass behind a box, with the box."""
    return [
        (number, at)
        for number, route in enumerate(layout.routes)
        for (x, y), (to_x, to_y) in pairwise(route)
        for at, (box, (left, top)) in enumerate(zip(boxes, layout.places, strict=True))
        if min(x, to_x) < left + box.width
        and max(x, to_x) > left
        and min(y, to_y) < top + box.height
        and max(y, to_y) > top
    ]


def wrong_ends(boxes: list[Box], edges: list[Edge], layout: Layout) -> list[int]:
    """The edges that don't go from the side of one box, at the right height, to the side of the other."""

    def is_end(point: tuple[int, int], box: int, below: int) -> bool:
        (left, top), (x, y) = layout.places[box], point
        return y == top + below and x in {left, left + boxes[box].width}

    return [
        number
        for number, (edge, route) in enumerate(zip(edges, layout.routes, strict=True))
        if not (is_end(route[0], edge.child, edge.child_y) and is_end(route[-1], edge.parent, edge.parent_y))
    ]


@given(graphs(), st.sampled_from([0.5, 1.0, 1.5, 3.0]))
@settings(max_examples=150, deadline=None)
def test_nothing_lies_on_anything_else(graph: tuple[list[Box], list[Edge]], aspect: float) -> None:
    boxes, edges = graph
    layout = arrange(boxes, edges, aspect)

    assert overlaps(boxes, layout) == []
    assert hidden(boxes, layout) == []
    assert wrong_ends(boxes, edges, layout) == []
    assert all(x == to_x or y == to_y for route in layout.routes for (x, y), (to_x, to_y) in pairwise(route))
    points = [*layout.places, *(point for route in layout.routes for point in route)]
    points += [(x + box.width, y + box.height) for box, (x, y) in zip(boxes, layout.places, strict=True)]
    assert all(0 <= x <= layout.width and 0 <= y <= layout.height for x, y in points)


@pytest.mark.parametrize("name", ["clinic", "market"])
@pytest.mark.parametrize("detail", ["columns", "keys", "names"])
def test_large_databases(name: str, detail: svg.Detail) -> None:
    drawing = svg.draw(large(name), detail)
    boxes = [card.box for card in drawing.cards]
    layout = drawing.arranged(1.4)

    assert overlaps(boxes, layout) == []
    assert hidden(boxes, layout) == []
    assert wrong_ends(boxes, list(drawing.edges), layout) == []
    # Names alone are drawn downwards where references go as deep.
    assert detail == "names" or 0.9 < layout.width / layout.height < 2.2


def test_nothing() -> None:
    assert arrange([], []) == Layout(0, 0, (), ())


def test_one_box_alone() -> None:
    assert arrange([SMALL], []) == Layout(100, 60, ((0, 0),), ())


def test_a_line_that_can_be_straight_is() -> None:
    assert arrange([SMALL, SMALL], [line(1, 0)]) == Layout(256, 80, ((0, 20), (156, 0)), (((156, 40), (100, 40)),))


def test_children_are_right_of_their_parents() -> None:
    layout = arrange([SMALL] * 4, [line(1, 0), line(2, 1), line(3, 2)], aspect=20)

    assert [x for x, _ in layout.places] == sorted({x for x, _ in layout.places})


@pytest.mark.parametrize("close", [False, True], ids=["chain", "ring"])
def test_a_long_chain_is_folded(*, close: bool) -> None:
    boxes = [SMALL] * 30
    chain = [line(at + 1, at) for at in range(29)] + ([line(0, 29)] if close else [])

    layout = arrange(boxes, chain)

    assert 0.7 < layout.width / layout.height < 3
    assert hidden(boxes, layout) == []


def test_a_chain_that_is_not_too_wide_is_not_folded() -> None:
    layout = arrange([SMALL] * 7, [line(at + 1, at) for at in range(6)])

    assert [x for x, _ in layout.places] == sorted({x for x, _ in layout.places})


def test_a_circle_has_one_line_against_the_others() -> None:
    layout = arrange([SMALL] * 3, [line(1, 0), line(2, 1), line(0, 2)], aspect=20)

    assert sum(route[0][0] < route[-1][0] for route in layout.routes) == 1


def test_a_long_line_goes_round_the_box_between() -> None:
    boxes = [SMALL, SMALL, SMALL]
    layout = arrange(boxes, [line(1, 0), line(2, 1), line(2, 0)], aspect=20)

    assert hidden(boxes, layout) == []
    assert len({x for x, _ in layout.places}) == 3


def test_a_reference_to_itself_is_a_loop_on_the_right() -> None:
    layout = arrange([SMALL], [line(0, 0), Edge(0, 50, 0, 20)])

    assert layout.routes == (
        ((100, 40), (126, 40), (126, 20), (100, 20)),
        ((100, 50), (134, 50), (134, 20), (100, 20)),
    )
    assert layout.width == 138


def test_references_to_itself_do_not_cross() -> None:
    ends = (100, 40, 80, 60)
    layout = arrange([Box(100, 120)], [Edge(0, end, 0, 20) for end in ends])

    assert sorted(zip(ends, (route[1][0] for route in layout.routes), strict=True)) == [
        *((40, 126), (60, 134), (80, 142), (100, 150)),
    ]


def test_the_shape_is_chosen_with_what_stands_below() -> None:
    star = [line(child, 0) for child in range(1, 9)]

    alone, together = arrange([SMALL] * 9, star), arrange([SMALL] * 21, star)

    # With a dozen boxes below them, the children stand in more columns, that the whole keeps its shape.
    assert len({x for x, _ in together.places[:9]}) > len({x for x, _ in alone.places})
    assert 1 < together.width / together.height < 2


@pytest.mark.parametrize("count", [20, 30, 41, 80])
def test_long_lines_have_no_steps_that_look_like_mistakes(count: int) -> None:
    layout = arrange([SMALL] * count, [line(child, 0) for child in range(1, count)])

    steps = [abs(y - to_y) for route in layout.routes for (x, y), (to_x, to_y) in pairwise(route) if x == to_x]
    assert min(steps) > 10


def test_many_children_stand_in_several_columns() -> None:
    layout = arrange([SMALL] * 61, [line(child, 0) for child in range(1, 61)])

    assert len({x for x, _ in layout.places[1:]}) > 3
    assert 0.7 < layout.width / layout.height < 3


def test_lines_to_the_same_place_share_their_way() -> None:
    layout = arrange([SMALL] * 4, [line(child, 0) for child in (1, 2, 3)], aspect=0.2)

    trunks = {point[0] for route in layout.routes for point in route[1:-1]}
    assert len(trunks) == 1


def test_boxes_without_lines_stand_below_the_others() -> None:
    layout = arrange([SMALL] * 5, [line(1, 0), line(4, 4)], aspect=20)

    below = max(y for _, y in layout.places[:2]) + SMALL.height
    assert all(y > below for _, y in layout.places[2:])
    assert len({y for _, y in layout.places[2:]}) == 1


def test_parts_that_nothing_joins_stand_beside_each_other() -> None:
    pairs = [line(at + 1, at) for at in range(0, 12, 2)]

    layout = arrange([SMALL] * 12, pairs)

    assert len({layout.places[edge.parent] for edge in pairs}) == 6
    assert 0.5 < layout.width / layout.height < 4
