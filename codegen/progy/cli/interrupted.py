"""Ctrl-C while something is being changed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from progy.errors import InterruptedCommandError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def telling(what: str, *hints: str | None) -> Iterator[None]:
    """Say what Ctrl-C in the block may have come too late for.

    Args:
        what: What is known: `the request may have been sent`.
        hints: How to look, and how to go back; None is left out.

    Raises:
        InterruptedCommandError: It was pressed.
    """
    try:
        yield
    except KeyboardInterrupt:
        hint = "; ".join(one for one in hints if one)
        raise InterruptedCommandError(f"interrupted; {what}", hint=hint or None) from None
