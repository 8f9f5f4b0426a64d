"""Rectangles beside each other: parts of a picture in rows, boxes in columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Size = tuple[int, int]
"""Width and height, in pixels."""

BOX_GAP = 28
"""Between boxes above each other."""
COLUMN_GAP = 40
PART_GAP = 56
"""Between parts that nothing joins, and above the boxes that stand alone."""


def shelves(sizes: Sequence[Size], aspect: float) -> list[tuple[int, int]]:
    """Places for parts: in rows, the tallest first, within the width that makes the whole the wanted shape."""
    area = sum((width + PART_GAP) * (height + PART_GAP) for width, height in sizes)
    limit = max([math.sqrt(area * aspect), *(float(width) for width, _ in sizes)], default=0.0)
    places: list[tuple[int, int]] = [(0, 0)] * len(sizes)
    x = y = row = 0
    for at in sorted(range(len(sizes)), key=lambda at: (-sizes[at][1], at)):
        width, height = sizes[at]
        if x and x + width > limit:
            x, y, row = 0, y + row + PART_GAP, 0
        places[at] = (x, y)
        x, row = x + width + PART_GAP, max(row, height)
    return places


def columns(sizes: Sequence[Size], width: int, aspect: float) -> tuple[list[tuple[int, int]], int, int]:
    """Places for boxes in columns, each box in the column that is shortest, so that they read by rows.

    Args:
        sizes: The boxes; at least one.
        width: How wide the columns may be together; more where the wanted shape is wider.
        aspect: Width by height of the wanted shape.

    Returns:
        The places, and the width and height of all.
    """
    column = max(wide for wide, _ in sizes) + COLUMN_GAP
    area = sum(column * (tall + BOX_GAP) for _, tall in sizes)
    room = max(width, round(math.sqrt(area * aspect)))
    count = max(1, min(len(sizes), (room + COLUMN_GAP) // column))
    bottoms = [0] * count
    places: list[tuple[int, int]] = []
    for _, tall in sizes:
        number = bottoms.index(min(bottoms))
        places.append((number * column, bottoms[number]))
        bottoms[number] += tall + BOX_GAP
    return places, count * column - COLUMN_GAP, max(bottoms) - BOX_GAP
