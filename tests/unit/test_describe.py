"""How annotations are spelled for readers."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, Union

import pytest

from progy.schema.describe import spelled


class Status(enum.StrEnum):
    OPEN = "open"


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (datetime, "datetime"),
        (dict[str, Any], "dict[str, Any]"),
        (int | None, "int | None"),
        (tuple[int, ...], "tuple[int, ...]"),
        (list[Annotated[int, {"no": "hash"}]], "list[int]"),
        (Callable[[int, "Status"], None], "Callable[[int, Status], None]"),
        (Union[int, "Status"], "int | Status"),
        (Literal["a", 1, Status.OPEN], "Literal['a', 1, Status.OPEN]"),
    ],
)
def test_spelled(annotation: object, text: str) -> None:
    assert spelled(annotation) == text
