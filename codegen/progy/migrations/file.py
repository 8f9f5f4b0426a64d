"""A migration file's text: made to be reviewed, and safe for D1 and wrangler.

The server splits a text on `;` and has tripped over CRLF, over comments with a semicolon and over comments that stand
alone; wrangler appends a statement of its own, so the last must end with a semicolon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.diff.changes import AddColumn, CreateIndex, CreateTable, DropColumn, DropIndex, DropTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.plan.statements import PlannedStatement


def render_file(statements: Sequence[PlannedStatement]) -> str:
    """The text of a migration: a blank line between tables, a comment before what loses data or isn't plain."""
    parts: list[str] = []
    for position, statement in enumerate(statements):
        comment = f"Deletes {statement.loses}." if statement.loses else statement.why and f"{statement.why}."
        if position and (comment or _subject(statement) != _subject(statements[position - 1])):
            parts.append("\n")
        if comment:
            parts.append(f"-- {comment_text(comment)}\n")
        parts.append(f"{statement.sql};\n")
    return "".join(parts)


def comment_text(text: str) -> str:
    """The text as it may stand in a comment: one line, no semicolon."""
    return " ".join(text.replace(";", ",").split())


def _subject(statement: PlannedStatement) -> str | None:
    """The name of the table that a statement is about."""
    match statement.change:
        case CreateIndex() | DropIndex():
            return statement.change.index.table
        case CreateTable() | DropTable() | AddColumn() | DropColumn():
            return statement.change.table.name
        case _:
            return None
