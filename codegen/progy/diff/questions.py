"""What has to be asked before a change can be planned, each question with the flags that answer it."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from progy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class RenamedTable:
    """A table comes while others like it go: is it one of these under a new name?"""

    name: str
    candidates: tuple[str, ...]
    """The tables that go and could be meant, the likeliest first."""

    def __str__(self) -> str:
        """The question, for people."""
        return f"is {self.name} a new table, or {_either(self.candidates)} renamed?"

    def flags(self) -> list[tuple[str, str]]:
        """Each reading with the flag that means it."""
        found = [
            (f"{old} is now called {self.name}", f"--rename-table {quote(f'{old}:{self.name}')}")
            for old in self.candidates
        ]
        return [*found, (f"{self.name} is new, and {_both(self.candidates)} dropped", "--no-renames")]


@dataclass(frozen=True, slots=True)
class RenamedColumn:
    """A column comes while others of its table go: is it one of these under a new name?"""

    table: str
    """By its new name."""
    name: str
    candidates: tuple[str, ...]
    old_table: str
    """The table's name as it was."""

    def __str__(self) -> str:
        """The question, for people."""
        return f"is {self.table}.{self.name} a new column, or {_either(self.candidates)} renamed?"

    def flags(self) -> list[tuple[str, str]]:
        """Each reading with the flag that means it."""
        new = f"{self.table}.{self.name}"
        found = [
            (f"{self.old_table}.{old} is now called {self.name}", f"--rename {quote(f'{self.old_table}.{old}:{new}')}")
            for old in self.candidates
        ]
        return [*found, (f"{new} is new, and {_both(self.candidates)} dropped", "--no-renames")]


@dataclass(frozen=True, slots=True)
class MissingValue:
    """A new column is required: what do the rows hold that are there?"""

    table: str
    name: str
    type: str
    why: str
    """Why the column has no value by itself: `it is required and has no default`."""

    def __str__(self) -> str:
        """The question, for people."""
        return f"what do the rows of {self.table} that are there hold in {self.name}? {self.why}"

    def flags(self) -> list[tuple[str, str]]:
        """The flag that says it."""
        name = quote(f"{self.table}.{self.name}")
        return [("a SQL expression, a constant or of other columns", f"--backfill {name}=EXPRESSION")]


Question = RenamedTable | RenamedColumn | MissingValue


class UndecidedError(UsageError):
    """A change can be read in several ways, or needs a value, and nobody has said which.

    Args:
        questions: What is open, each with the flags that answer it.
    """

    def __init__(self, questions: Sequence[Question]) -> None:
        """Keep the questions, so that they can be asked where there is a terminal."""
        lines = []
        for question in questions:
            lines.append(f"  {question}")
            lines += [f"    {flag}   # {meaning}" for meaning, flag in question.flags()]
        listed = "\n".join(lines)
        super().__init__(
            f"the change can't be decided by progy alone, and nothing was written:\n{listed}",
            hint="run it again with the flags that say what you mean",
        )
        self.questions = tuple(questions)


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(names)


def _both(names: tuple[str, ...]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"
