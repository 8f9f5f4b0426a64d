"""What models say of a change that no schema tells: the old name, and what the rows get that are there."""

from __future__ import annotations

from typing import Any

from progy.sql.tidy import tidied
from progy.sql.tokens import UnclosedQuoteError, tokens


def migrate(*, renamed_from: str | None = None, backfill: str | None = None) -> dict[str, Any]:
    """What a column was called, and what its rows hold: for the migration that brings the change.

    It is a dict of arguments: `Field(sa_column_kwargs=migrate(renamed_from="name"))`,
    `Column("full_name", Text, **migrate(renamed_from="name"))`, `__table_args__ = migrate(renamed_from="accounts")`.
    With others it is `{**migrate(renamed_from="name"), "server_default": "?"}`. Once the migrations have the change it
    says nothing, and may stay or go.

    Args:
        renamed_from: The name before.
        backfill: A column's value for the rows that are there, an expression in SQL: `"lower(email)"`.

    Returns:
        The arguments, in which SQLAlchemy keeps it: `info`.

    Raises:
        TypeError: An argument is no text.
        ValueError: There is no argument, or one is empty or no expression.
    """
    given = {"renamed_from": renamed_from, "backfill": backfill}
    said = {name: text for name, text in given.items() if text is not None}
    if not said:
        raise ValueError("migrate() takes renamed_from, backfill, or both")
    for name, text in said.items():
        if not isinstance(text, str):
            raise TypeError(f"migrate: {name} takes text, not {text!r}")
        if not text.strip():
            raise ValueError(f"migrate: {name} is empty")
    if backfill is not None:
        said["backfill"] = _expression(backfill)
    return {"info": {"progy": said}}


def _expression(sql: str) -> str:
    try:
        words = list(tokens(sql))
    except UnclosedQuoteError as error:
        raise ValueError(f"migrate: backfill: {error}") from None
    if not words or any(word.is_operator(";") for word in words):
        raise ValueError(f"migrate: backfill takes an expression in SQL, not {sql!r}")
    return tidied(sql, end="")
