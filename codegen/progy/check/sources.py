"""A migration file as the rules look at it: its statements and comments with their lines."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from progy.errors import ProgyError
from progy.sql.comments import comments
from progy.sql.tokens import UnclosedQuoteError, statements, tokens

if TYPE_CHECKING:
    from progy.migrations.directory import Migration
    from progy.sql.comments import Comment
    from progy.sql.tokens import Statement, Token


@dataclass(frozen=True)
class Source:
    """A migration's file. What can't be read or split has no text, or no statements."""

    migration: Migration
    file: str
    """Its path relative to the project's root, with forward slashes."""

    @cached_property
    def unreadable(self) -> str | None:
        """Why it can't be read as UTF-8, or None when it can."""
        try:
            _ = self.migration.text
        except ProgyError as error:
            return error.message
        return None

    @cached_property
    def text(self) -> str:
        """What it holds; empty when it can't be read."""
        return "" if self.unreadable else self.migration.text

    @cached_property
    def is_sound(self) -> bool:
        """Whether the text can be split into statements: no quote stays open, and no NUL ends it early."""
        return self._tokens is not None and "\0" not in self.text

    @cached_property
    def statements(self) -> list[Statement]:
        """Its statements; none when it isn't sound."""
        return statements(self.text) if self.is_sound else []

    @cached_property
    def tokens(self) -> list[Token]:
        """Its tokens; none when it isn't sound."""
        return self._tokens or [] if self.is_sound else []

    @cached_property
    def comments(self) -> list[Comment]:
        """Its comments; none when it isn't sound."""
        return comments(self.text, self.tokens) if self.is_sound else []

    def line(self, place: int) -> int:
        """The line, from 1, of a place in the text."""
        return bisect.bisect_left(self._line_ends, place) + 1

    @cached_property
    def _tokens(self) -> list[Token] | None:
        try:
            return list(tokens(self.text))
        except UnclosedQuoteError:
            return None

    @cached_property
    def _line_ends(self) -> list[int]:
        return [place for place, character in enumerate(self.text) if character == "\n"]


def end_line(statement: Statement) -> int:
    """The line of a statement's last token."""
    return statement.line + statement.sql.count("\n")
