"""A migration file's text: made to be reviewed, and safe for D1 and wrangler.

The server splits a text on `;` and has tripped over CRLF, over comments with a semicolon and over comments that stand
alone; wrangler appends a statement of its own, so the last must end with a semicolon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from progy.plan.model import Plan

LOSS = "data loss:"
"""How the comment begins that says what a migration deletes, by which `progy apply` knows it."""


def render_file(plan: Plan) -> str:
    """The text of a migration: what it loses at the top, a blank line between tables."""
    parts = [f"-- {comment_text(f'{LOSS} {loss}')}\n" for loss in plan.losses]
    for position, statement in enumerate(plan.statements):
        if position and (statement.why or statement.table != plan.statements[position - 1].table):
            parts.append("\n")
        if statement.why:
            parts.append(f"-- {comment_text(statement.why)}\n")
        parts.append(f"{statement.sql};\n")
    return "".join(parts)


def comment_text(text: str) -> str:
    """The text as it may stand in a comment: one line, no semicolon."""
    return " ".join(text.replace(";", ",").split())
