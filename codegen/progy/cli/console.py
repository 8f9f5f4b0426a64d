"""What a command says: results on stdout, everything else on stderr, colour only where somebody sees it."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from progy.diff.questions import Question
    from progy.errors import ProgyError

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Console:
    """The two streams. `json` makes results and errors one JSON value on stdout and keeps the rest quiet."""

    def __init__(self) -> None:
        """Begin quiet about tracebacks, unless PROGY_DEBUG is set, and with words instead of JSON."""
        self.json = False
        self._partial: dict[str, Any] = {}
        self.debug = bool(os.environ.get("PROGY_DEBUG"))

    def result(self, text: str = "") -> None:
        """A line of the result."""
        if not self.json:
            _write(sys.stdout, text)

    def progress(self, text: str) -> None:
        """A line of the result while there is more to be done: that nobody can read it any more stops nothing."""
        with contextlib.suppress(OSError):
            self.result(text)

    def value(self, value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
        """The result as JSON; printed with `--json` only."""
        if self.json:
            import json

            _write(sys.stdout, json.dumps(value, ensure_ascii=False, indent=2))

    def say(self, text: str = "", *, always: bool = False) -> None:
        """A line that isn't the result: progress, a summary, advice. With `--json` it is said only if `always` is."""
        if always or not self.json:
            _write(sys.stderr, text)

    def warn(self, text: str) -> None:
        """A warning. It is said with `--json`, too."""
        _write(sys.stderr, f"{style('warning:', 'yellow', sys.stderr)} {text}")

    @contextlib.contextmanager
    def reporting(self, result: dict[str, Any]) -> Iterator[None]:
        """Print the result as JSON in the end, also when the block fails: then the error stands in it."""
        with self.knowing(result):
            yield
        self.value(result)

    @contextlib.contextmanager
    def knowing(self, facts: dict[str, Any]) -> Iterator[None]:
        """Have facts, which may grow, stand beside the error in its JSON when the block fails."""
        self._partial = facts
        yield
        self._partial = {}

    def error(self, error: ProgyError) -> None:
        """An error: what, where, why, and what mends it."""
        if self.json:
            self.value({**self._partial, "error": error_value(error)})
            return
        place = f"{relative(error.where)}: " if error.where else ""
        _write(sys.stderr, f"{style('error:', 'red', sys.stderr)} {place}{error.message}")
        statement = getattr(error, "statement", None)
        if statement:
            _write(sys.stderr, "\n" + "\n".join(f"    {line}" for line in _excerpt(statement)) + "\n")
        if error.hint:
            _write(sys.stderr, f"{style('hint:', 'cyan', sys.stderr)} {error.hint}")

    def leave(self) -> None:
        """Let go of what a stream couldn't be given: Python would try again as it ends, and change the exit code."""
        for stream in (sys.stdout, sys.stderr):
            try:
                if stream is not None:
                    stream.flush()
            except OSError:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)


def error_value(error: ProgyError) -> dict[str, Any]:
    """An error as JSON gives it."""
    questions = getattr(error, "questions", None)
    found = {
        "kind": type(error).__name__,
        "message": error.message,
        "where": relative(error.where) if error.where else None,
        "hint": error.hint,
        "statement": getattr(error, "statement", None),
        "questions": [_question(question) for question in questions] if questions else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _question(asked: Question) -> dict[str, Any]:
    from progy.diff.questions import MissingValue, RenamedTable

    table = asked.name if isinstance(asked, RenamedTable) else asked.table
    kinds = {"RenamedTable": "table", "RenamedColumn": "column", "MissingValue": "value"}
    return {
        "kind": kinds[type(asked).__name__],
        "table": table,
        "name": asked.name,
        "candidates": [] if isinstance(asked, MissingValue) else list(asked.candidates),
        "flags": [{"flag": flag, "meaning": meaning} for meaning, flag in asked.flags()],
    }


def relative(where: str) -> str:
    """A place, `file:line`, by its path from the working directory when it lies below."""
    try:
        folder = os.getcwd()  # noqa: PTH109 - pathlib would have to be loaded
    except FileNotFoundError:  # it has been removed
        return where
    below = where.removeprefix(folder.rstrip(os.sep) + os.sep)
    return where if below == where else below.replace(os.sep, "/")


def _excerpt(statement: str) -> list[str]:
    """A statement's lines, or the first few of a long one."""
    lines = [line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…" for line in statement.splitlines()]
    if len(lines) <= _MOST_LINES:
        return lines
    return [*lines[:_FIRST_LINES], f"… ({len(lines)} lines; --json has all)"]


_WIDEST, _MOST_LINES, _FIRST_LINES = 200, 6, 3


def style(text: str, name: str, stream: TextIO | None = None) -> str:
    """The text in a colour or weight, where the stream is a terminal and nobody said NO_COLOR."""
    target = stream or sys.stdout
    return f"\033[{_CODES[name]}m{text}\033[0m" if target is not None and _wants_colour(target) else text


def count(number: int, noun: str) -> str:
    """`1 migration`, `2 migrations`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _wants_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def _write(stream: TextIO | None, text: str) -> None:
    if stream is not None:  # it may have been closed: `progy status >&-`
        stream.write(text + "\n")
        stream.flush()


console = Console()
"""The command's own."""
