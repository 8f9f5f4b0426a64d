"""progy: the database toolchain for Cloudflare D1, in Python.

What models import from here: column types, and what SQLModel has no words for. The types load SQLAlchemy, which
commands that don't need the models must not wait for; so each name is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from progy._version import __version__

if TYPE_CHECKING:
    from progy.declare import FTS5, Trigger, View, VirtualTable
    from progy.hints import migrate
    from progy.rows import from_row, to_row
    from progy.types import ExactDecimal, Json, UnixMillis, UnixSeconds, ValueEnum

__all__ = [
    "FTS5",
    "ExactDecimal",
    "Json",
    "Trigger",
    "UnixMillis",
    "UnixSeconds",
    "ValueEnum",
    "View",
    "VirtualTable",
    "__version__",
    "from_row",
    "migrate",
    "to_row",
]

_HOMES = {
    **dict.fromkeys(("FTS5", "Trigger", "View", "VirtualTable"), "progy.declare"),
    **dict.fromkeys(("from_row", "to_row"), "progy.rows"),
    "migrate": "progy.hints",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "progy.types")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
