"""How much of a database is described: a figure, by table."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from progy.docs.catalogue import Catalogue, Entity


@dataclass(frozen=True, slots=True)
class Count:
    """So many of so many."""

    described: int = 0
    all: int = 0

    def __add__(self, other: Count) -> Count:
        """Both together."""
        return Count(self.described + other.described, self.all + other.all)

    @property
    def percent(self) -> float:
        """From 0 to 100, cut off after one decimal: 100 is all of it. Nothing at all is described wholly."""
        return self.described * 1000 // self.all / 10 if self.all else 100.0

    def reaches(self, percent: float) -> bool:
        """Whether at least so many percent are described."""
        return self.described * 100 >= Fraction(str(percent)) * self.all

    @property
    def missing(self) -> int:
        """How many have no description."""
        return self.all - self.described


@dataclass(frozen=True, slots=True)
class Covered:
    """A table, view or virtual table, with what counts in it: itself, its columns, its triggers."""

    name: str
    kind: str
    itself: Count
    columns: Count
    triggers: Count
    lacking: tuple[str, ...]
    """The columns without a description."""
    unexplained: tuple[str, ...] = ()
    """The triggers without a description."""

    @property
    def total(self) -> Count:
        """All of it."""
        return self.itself + self.columns + self.triggers


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of a whole database."""

    entities: tuple[Covered, ...]
    """In the catalogue's order."""

    @property
    def total(self) -> Count:
        """All of it."""
        return sum((one.total for one in self.entities), Count())

    def kinds(self) -> dict[str, Count]:
        """By what is described: tables, views, virtual tables, columns, triggers; without those there are none of."""
        found = {
            "tables": Count(),
            "columns": Count(),
            "views": Count(),
            "virtual tables": Count(),
            "triggers": Count(),
        }
        for one in self.entities:
            found[f"{one.kind}s"] += one.itself
            found["columns"] += one.columns
            found["triggers"] += one.triggers
        return {name: count for name, count in found.items() if count.all}

    def worst(self) -> list[Covered]:
        """Those that lack most, first."""
        lacking = [one for one in self.entities if one.total.missing]
        return sorted(lacking, key=lambda one: (-one.total.missing, one.total.percent))


def measure(catalogue: Catalogue) -> Coverage:
    """Count what is described.

    A view's columns don't count, nor a virtual table's: what they mean is the meaning of what they read.
    """
    return Coverage(tuple(map(_covered, catalogue.entities)))


def _covered(entity: Entity) -> Covered:
    own = entity.columns if entity.kind == "table" else ()
    lacking = tuple(column.name for column in own if not column.comment)
    return Covered(
        entity.name,
        entity.kind,
        Count(bool(entity.comment), 1),
        Count(len(own) - len(lacking), len(own)),
        Count(sum(bool(one.comment) for one in entity.triggers), len(entity.triggers)),
        lacking,
        tuple(one.name for one in entity.triggers if not one.comment),
    )


def value(coverage: Coverage) -> dict[str, Any]:
    """What `--json` gives."""
    return {
        **_count(coverage.total),
        "kinds": {name: _count(count) for name, count in coverage.kinds().items()},
        "tables": [
            {
                "name": one.name,
                "kind": one.kind,
                **_count(one.total),
                "columns_without": list(one.lacking),
                "triggers_without": list(one.unexplained),
            }
            for one in coverage.entities
        ],
    }


def _count(count: Count) -> dict[str, Any]:
    return {"percent": count.percent, "described": count.described, "all": count.all}
