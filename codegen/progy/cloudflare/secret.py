"""A token that isn't shown by accident: not printed, not logged, not in a traceback."""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "(token hidden)"

_ALLOWED = re.compile(r"[\x21-\x7e]+")


class Secret:
    """A token. Its text comes out by `reveal` only."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keep the text."""
        self._text = text

    def __repr__(self) -> str:
        """Nothing of it."""
        return HIDDEN

    def __reduce__(self) -> str:
        """Refuse to be pickled: a token belongs in no file of ours.

        Raises:
            TypeError: Always.
        """
        raise TypeError("a token is never written down")

    def __eq__(self, other: object) -> bool:
        """Whether they are the same token."""
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        """By its text."""
        return hash(self._text)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._text)

    def reveal(self) -> str:
        """The text itself. Only for an expression: what a local variable holds is shown by some tracebacks."""
        return self._text

    def usable(self) -> bool:
        """Whether it can stand in a header at all: a line end that was pasted along can't."""
        return _ALLOWED.fullmatch(self._text) is not None


def redact(text: str, secrets: Iterable[Secret]) -> str:
    """A text, a server's answer say, in which none of the secrets is left."""
    for secret in secrets:
        if secret:
            text = text.replace(secret.reveal(), HIDDEN)
    return text


def forget(error: BaseException) -> None:
    """Empty the frames that an exception came through, and those of what caused it.

    The libraries below hold a request's headers and body in local variables, which a traceback with locals (a
    debugger's, an error reporter's) would show.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            traceback.clear_frames(one.__traceback__)
            waiting += [one.__cause__, one.__context__]
