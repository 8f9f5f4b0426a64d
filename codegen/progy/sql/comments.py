"""The comments of a SQL text, which the tokenizer leaves out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from progy.sql.tokens import Token


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment, with its marks: `-- …` without the line's end, or `/* … */`."""

    text: str
    start: int
    """Its first character in the text, from 0."""

    @property
    def end(self) -> int:
        """The place behind its last character."""
        return self.start + len(self.text)

    @property
    def closed(self) -> bool:
        """Whether it ends before the text does; `--` always does."""
        return self.text.startswith("--") or (len(self.text) >= len("/**/") and self.text.endswith("*/"))


def comments(sql: str, tokens: Iterable[Token]) -> list[Comment]:
    """The comments of a text, in order.

    Args:
        sql: The text.
        tokens: All its tokens.
    """
    found: list[Comment] = []
    behind = 0
    for token in tokens:
        found += _between(sql, behind, token.start)
        behind = token.end
    return [*found, *_between(sql, behind, len(sql))]


def _between(sql: str, at: int, end: int) -> Iterator[Comment]:
    """The comments between two tokens, where there is nothing else but white space."""
    while at < end:
        if sql.startswith("--", at):
            stop = sql.find("\n", at, end)
        elif sql.startswith("/*", at):
            stop = sql.find("*/", at + 2, end)
            stop += 2 * (stop != -1)
        else:
            at += 1
            continue
        stop = end if stop == -1 else stop
        yield Comment(sql[at:stop], at)
        at = stop
