"""SQL from Python's strings, as it should stand in a file of SQL."""

from __future__ import annotations

import re
from itertools import pairwise

from progy.sql.tokens import tokens

_COMMENT = re.compile(r"--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)


def tidied(sql: str, *, end: str, indent: str = "") -> str:
    """SQL as it stands in a migration: without comments and the margin it has in Python, a statement a line.

    Only what stands between tokens is touched: a string may go over several lines.

    Args:
        sql: SQL with at least one token.
        end: What it ends with in place of semicolons of its own.
        indent: What each line but the first begins with.

    Raises:
        UnclosedQuoteError: A string or quoted name doesn't end.
    """
    found = list(tokens(sql))
    while found[-1].is_operator(";") and len(found) > 1:
        found.pop()
    before = _COMMENT.sub("", sql[: found[0].start])
    gaps = [_COMMENT.sub("", sql[one.end : other.start]) for one, other in pairwise(found)]
    margin = min((len(gap.rpartition("\n")[2]) for gap in (before, *gaps) if "\n" in gap), default=0)
    text = found[0].text
    for (one, other), gap in zip(pairwise(found), gaps, strict=True):
        if "\n" in gap:
            text += f"\n{indent}{gap.rpartition(chr(10))[2][margin:]}"
        elif one.is_operator(";"):
            text += f"\n{indent}"
        else:
            text += gap or " " * (other.start > one.end)
        text += other.text
    return text + end
